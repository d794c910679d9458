"""reactor.users.guardrail: each action once, on the fake."""

import pytest

from reactor.errors import Permanent, Transient
from reactor.model import OutcomeStatus
from reactor.reconcile import enforce
from reactor.users.actions import AttachGuard, DetachGuard, KeepGuard
from reactor.users.state import Device
from tests.fakes.account import GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import about_user
from tests.fakes.harness import Harness
from tests.unit.test_reconcile import Paint


@pytest.fixture
def harness() -> Harness:
    """Return an account with the guard and alice."""
    harness = Harness()
    harness.account.put_policy()
    harness.account.put_user("alice", password=True)
    return harness


def test_attach(harness: Harness) -> None:
    """Attaching is done, and asks for the recheck that was planned."""
    for recheck in (False, True):
        outcome = harness.users.perform(AttachGuard("alice", GUARD_ARN, recheck=recheck))
        assert (outcome.status, outcome.recheck) == (OutcomeStatus.DONE, recheck)
    assert harness.carries_guard("alice")


@pytest.mark.parametrize("enrolled", [False, True])
def test_whoever_was_asked_minutes_ago_is_asked_again(harness: Harness, enrolled: bool) -> None:
    """Who has enrolled since then does not get the guard."""
    if enrolled:
        harness.account.change("alice", devices=(Device("a-passkey", START),))
    outcome = harness.users.perform(AttachGuard("alice", GUARD_ARN, unless_enrolled=True))
    assert outcome.status is (OutcomeStatus.ALREADY if enrolled else OutcomeStatus.DONE)
    assert harness.carries_guard("alice") is not enrolled


def test_detach(harness: Harness) -> None:
    """Taking off what is not on is "already so"."""
    harness.account.change("alice", policies=frozenset({GUARD_ARN}))
    statuses = [harness.users.perform(DetachGuard("alice", GUARD_ARN)).status for _ in range(2)]
    assert statuses == [OutcomeStatus.DONE, OutcomeStatus.ALREADY]
    assert not harness.carries_guard("alice")


def test_missing_guard_is_created_and_attached() -> None:
    """A reaction in an account without the guard has the keeper create it, then attaches it."""
    harness = Harness()
    harness.account.put_user("alice", password=True)
    run = harness.react(about_user("alice"))
    run.raise_unsettled()
    assert [call.method for call in harness.iam.writes] == ["create_policy", "attach"]
    assert harness.carries_guard("alice")


def test_failing_keeper_leaves_the_user_for_another_try() -> None:
    """Without a guard nothing is attached; the reaction is tried again."""
    harness = Harness()
    harness.account.put_user("alice", password=True)
    harness.iam.fail("create_policy")
    run = harness.react(about_user("alice"))
    assert [each.status for each in run.settled[0].outcomes] == [
        OutcomeStatus.FAILED,
        OutcomeStatus.SKIPPED,
    ]
    assert run.settled[0].unsettled


def test_quota_is_permanent(harness: Harness) -> None:
    """A user with ten policies cannot take another: recorded, alarmed, not tried again."""
    harness.account.change("alice", policies=frozenset(str(number) for number in range(10)))
    outcome = enforce(harness.users, AttachGuard("alice", GUARD_ARN))
    assert outcome.status is OutcomeStatus.FAILED
    assert isinstance(outcome.error, Permanent)


def test_user_deleted_meanwhile_is_tried_again(harness: Harness) -> None:
    """A user that vanishes between read and write is gone on the next try."""
    harness.account.remove_user("alice")
    outcome = enforce(harness.users, AttachGuard("alice", GUARD_ARN))
    assert isinstance(outcome.error, Transient)


def test_foreign_action_is_a_mistake(harness: Harness) -> None:
    """Only the guardrail's own actions are carried out."""
    with pytest.raises(TypeError, match="not an action of this guardrail"):
        harness.users.perform(Paint("alice"))


@pytest.mark.parametrize(
    ("action", "on"),
    [
        pytest.param(AttachGuard("a", "p"), {"user": "a", "policy": "p"}, id="attach"),
        pytest.param(DetachGuard("a", "p"), {"user": "a", "policy": "p"}, id="detach"),
        pytest.param(KeepGuard("p"), {"policy": "p"}, id="create"),
    ],
)
def test_described(action: AttachGuard | DetachGuard | KeepGuard, on: dict[str, str]) -> None:
    """A record says what an action was done to."""
    assert action.describe() == on
