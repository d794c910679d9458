"""Whatever happens to an account and to its events, nothing is lost: see the machine itself."""

from tests.fakes.account import GUARD_ARN
from tests.property.machine import EventLoser

TestEventLoser = EventLoser.TestCase


def test_a_redriven_request_is_answered_anew() -> None:
    """Its own sweep looked at everybody and failed on one; a redrive comes by another way."""
    machine = EventLoser()
    machine.start(
        scope="everyone",
        lift="never",
        exempt=frozenset(["exempt_parameter"]),
        via="user",
        brake="0",
        weather="calm",
        crowd=False,
    )
    machine.change_list(listed=frozenset({"frank"}), after=(2,))
    machine.create_user(name="frank", path="/", by="admin", after=(2,))
    machine.make_credential(name="frank", kind="keys", by="admin", after=(2,))
    machine.let_it_arrive()
    machine.outage(operation="attach_user_policy")
    machine.change_list(listed=frozenset(), after=(2,))
    machine.let_it_arrive()
    assert machine.account.world.carries("frank", GUARD_ARN)
