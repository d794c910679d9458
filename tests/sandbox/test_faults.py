"""IAM on a bad day: throttled, failing, and telling of the past."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.sandbox.support import refused, without_retries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Control, Sandbox


@pytest.fixture
def faults(sandbox: Sandbox) -> Iterator[Control]:
    """The control; afterwards nothing is wrong."""
    yield sandbox.control
    sandbox.control.set_throttle(None)
    sandbox.control.set_failures(0)
    sandbox.control.set_staleness(0)


@pytest.fixture
def plain(sandbox: Sandbox) -> Any:
    """IAM through a client that does not try again."""
    return without_retries(sandbox, "iam")


def test_more_calls_than_the_bucket_holds_are_throttled(
    sandbox: Sandbox, faults: Control, plain: Any, user: str
) -> None:
    """As IAM says it; the list of calls and the record tell of it, other services go on."""
    faults.clear_calls()
    faults.set_throttle(0.001, burst=2)
    plain.get_user(UserName=user)
    plain.get_user(UserName=user)
    with refused("Throttling", "Rate exceeded"):
        plain.untag_user(UserName=user, TagKeys=["a"])
    sandbox.client("ssm").describe_parameters()
    faults.set_throttle(None)
    plain.get_user(UserName=user)
    noted = [(c["action"], c["status"], c["error"]) for c in faults.calls()]
    assert noted[2:4] == [("UntagUser", 400, "Throttling"), ("DescribeParameters", 200, None)]
    record = sandbox.control.records()[-1]
    assert (record["errorCode"], record["errorMessage"]) == ("ThrottlingException", "Rate exceeded")
    assert record["requestParameters"] is None


def test_the_bucket_fills_again(faults: Control, plain: Any, user: str) -> None:
    """At its rate."""
    # Slow enough that two calls in a row find it empty on a busy machine, too.
    faults.set_throttle(2, burst=1)
    plain.get_user(UserName=user)
    with refused("Throttling"):
        plain.get_user(UserName=user)
    time.sleep(0.6)
    plain.get_user(UserName=user)


def test_an_operation_may_have_a_bucket_of_its_own(faults: Control, plain: Any, user: str) -> None:
    """Others are not throttled by it; it can be taken away alone."""
    faults.set_throttle(0.001, burst=1, operations=["GetUser", "ListUsers"])
    plain.get_user(UserName=user)
    plain.list_users()
    with refused("Throttling"):
        plain.get_user(UserName=user)
    plain.list_groups()
    faults.set_throttle(None, operations=["GetUser"])
    plain.get_user(UserName=user)
    with refused("Throttling"):
        plain.list_users()


def test_the_calls_of_a_spared_role_are_not_counted(
    sandbox: Sandbox, faults: Control, plain: Any, user: str
) -> None:
    """They pass and take nothing from the others, who are throttled as before."""
    other = without_retries(sandbox, "iam", sandbox.control.console_session(user, mfa=True))
    faults.set_throttle(0.001, burst=1, spared_roles=["SandboxAdministrator"])
    plain.get_user(UserName=user)
    plain.get_user(UserName=user)
    other.get_user(UserName=user)
    with refused("Throttling"):
        other.get_user(UserName=user)
    plain.get_user(UserName=user)


def test_clients_try_a_throttled_call_again(faults: Control, iam: Any, user: str) -> None:
    """As they do with AWS."""
    faults.set_throttle(20, burst=1)
    answers = [iam.get_user(UserName=user) for _ in range(3)]
    assert {answer["User"]["UserName"] for answer in answers} == {user}


def test_a_share_of_the_calls_fails(faults: Control, plain: Any, user: str) -> None:
    """With 500 and 503; the same seed fails the same, and nothing is done then."""

    def run() -> list[int]:
        faults.clear_calls()
        faults.set_failures(0.5, operations=["GetUser"], seed=7)
        for _ in range(40):
            try:
                plain.get_user(UserName=user)
            except ClientError:
                continue
        plain.list_groups()
        return [call["status"] for call in faults.calls()]

    first = run()
    assert first == run()
    assert first[-1] == 200
    assert set(first) == {200, 500, 503}
    assert 10 <= first.count(200) <= 30
    faults.set_failures(1)
    with pytest.raises(ClientError, match=r"ServiceFailure|ServiceUnavailable"):
        plain.delete_user(UserName=user)
    faults.set_failures(0)
    plain.get_user(UserName=user)


def test_calls_about_some_users_fail(faults: Control, plain: Any, user: str, name: Any) -> None:
    """Those that name one of them, and no others."""
    other = plain.create_user(UserName=name("User"))["User"]["UserName"]
    faults.set_failures(1, operations=["GetUser"], users=[user])
    with pytest.raises(ClientError, match=r"ServiceFailure|ServiceUnavailable"):
        plain.get_user(UserName=user)
    plain.get_user(UserName=other)
    plain.list_user_tags(UserName=user)


def test_reads_see_the_past_and_writes_the_present(faults: Control, plain: Any, user: str) -> None:
    """Two seconds later they see what was written."""
    faults.set_staleness(2)
    plain.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "1"}])
    written = time.monotonic()
    assert plain.list_user_tags(UserName=user)["Tags"] == []
    assert "Tags" not in plain.get_user(UserName=user)["User"]
    with refused("EntityAlreadyExists"):
        plain.create_user(UserName=user)
    while time.monotonic() - written < 2.05:
        time.sleep(0.05)
    assert plain.list_user_tags(UserName=user)["Tags"] == [{"Key": "a", "Value": "1"}]


def test_who_was_just_created_cannot_be_read(faults: Control, plain: Any, name: Any) -> None:
    """And who was just deleted still can."""
    faults.set_staleness(2)
    created = name("U")
    plain.create_user(UserName=created)
    with refused("NoSuchEntity"):
        plain.get_user(UserName=created)
    time.sleep(2.1)
    plain.delete_user(UserName=created)
    assert plain.get_user(UserName=created)["User"]["UserName"] == created
    assert created in [each["UserName"] for each in plain.list_users()["Users"]]
    time.sleep(2.1)
    with refused("NoSuchEntity"):
        plain.get_user(UserName=created)


def test_a_read_sees_the_state_that_held_then(faults: Control, plain: Any, user: str) -> None:
    """Of several, the one; never an older one than it was told to see."""
    faults.set_staleness(0.5)
    times = {}
    past = 0
    for number in range(8):
        before = time.monotonic()
        plain.tag_user(UserName=user, Tags=[{"Key": "n", "Value": str(number)}])
        times[str(number)] = time.monotonic()
        time.sleep(0.1)
        asked = time.monotonic()
        seen = plain.list_user_tags(UserName=user)["Tags"]
        held = [n for n, at in times.items() if at <= asked - 0.5]
        if held:
            assert int(seen[0]["Value"]) >= int(held[-1])
        if time.monotonic() - before < 0.5 and seen:
            assert int(seen[0]["Value"]) < number
            past += 1
    assert past, "the machine is too slow for this test"


def test_reads_may_look_back_at_random(faults: Control, plain: Any, user: str) -> None:
    """Some see what was just written, some do not."""
    faults.set_staleness(3, seed=3)
    plain.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "1"}])
    time.sleep(1.2)
    seen = {len(plain.list_user_tags(UserName=user)["Tags"]) for _ in range(20)}
    assert seen == {0, 1}
