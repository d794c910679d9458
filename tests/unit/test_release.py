"""reactor.cli.release on the fake: the guard off everybody, and nothing else touched."""

import pytest

from reactor.cli.release import Release
from reactor.errors import Permanent
from reactor.model import Cause, OutcomeStatus, Subject, SubjectKind, TriggerKind
from reactor.reconcile import Run, enforce, observe_only, reconcile
from reactor.users.actions import AttachGuard
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP
from tests.fakes.events import trigger
from tests.fakes.harness import Harness

OTHER = f"arn:aws:iam::{ACCOUNT}:policy/other"


@pytest.fixture
def here() -> Harness:
    """An account in which users carry the guard in each of the ways, and one does not."""
    here = Harness()
    here.account.put_policy()
    here.account.put_policy(OTHER, {})
    here.account.put_guard_group()
    here.account.put_group("crew", GUARD_ARN, OTHER)
    here.account.put_user("alice", policies=frozenset({GUARD_ARN, OTHER}))
    here.account.put_user("bob", groups=frozenset({GUARD_GROUP, "crew"}))
    here.account.put_user("carol", policies=frozenset({GUARD_ARN}), groups=frozenset({GUARD_GROUP}))
    here.account.put_user("dora", policies=frozenset({OTHER}))
    return here


def release(here: Harness, *, delete: bool = False, enforced: bool = True) -> Run:
    """Release the guard of an account."""
    subject = Subject(SubjectKind.POLICY_HOLDERS, ACCOUNT, arn=GUARD_ARN)
    return reconcile(
        Cause(trigger(TriggerKind.OPERATOR), subject),
        Release(here.iam, here.guard, delete=delete),
        execute=enforce if enforced else observe_only,
        clock=here.clock,
    )


def test_nobody_carries_it_any_more(here: Harness) -> None:
    """Users, the guard's group and another group; all else stays as it was."""
    release(here)
    assert not any(here.carries_guard(name) for name in ("alice", "bob", "carol", "dora"))
    world = here.account.world
    assert world.groups == {GUARD_GROUP: frozenset(), "crew": frozenset({OTHER})}
    assert world.users["alice"].policies == world.users["dora"].policies == {OTHER}
    assert world.users["bob"].groups == {"crew"}
    assert GUARD_ARN in world.policies


def test_a_second_run_finds_nothing_to_do(here: Harness) -> None:
    """It can be made again, however far the first came."""
    release(here)
    before = len(here.iam.writes)
    release(here)
    assert len(here.iam.writes) == before


def test_nothing_of_it_is_left(here: Harness) -> None:
    """With --delete, the group and the guard go last, versions and all."""
    here.account.put_version("{}")
    release(here, delete=True)
    assert set(here.account.world.groups) == {"crew"}
    assert set(here.account.world.policies) == {OTHER}
    assert [call.method for call in here.iam.writes][-2:] == ["delete_group", "delete_policy"]


@pytest.mark.parametrize("tags", [pytest.param({}, id="plain"), {"mfa-reactor": "other"}])
def test_what_is_not_ours_is_not_released(here: Harness, tags: dict[str, str]) -> None:
    """A policy without our tag was put on nobody by us: it stays where it is, and that is said."""
    here.account.tag_policy(GUARD_ARN, tags)
    (settled,) = release(here, delete=True).settled
    assert isinstance(settled.errors[0], Permanent)
    assert here.iam.writes == []


def test_anothers_group_is_not_deleted(here: Harness) -> None:
    """One of the guard's name with another path keeps its members, and loses the guard."""
    here.account.put_group(GUARD_GROUP, GUARD_ARN, path="/")
    release(here, delete=True)
    assert here.account.world.users["bob"].groups == {GUARD_GROUP, "crew"}
    assert not here.carries_guard("bob")


def test_one_failure_does_not_stop_the_others(here: Harness) -> None:
    """It is reported, and the next run mends it."""
    here.iam.fail("detach", about="alice", nth=1)
    run = release(here)
    failed = [each.observation.subject.name for each in run.settled if each.failed]
    assert failed == ["alice"]
    assert not here.carries_guard("carol")
    release(here)
    assert not here.carries_guard("alice")


def test_a_look_changes_nothing(here: Harness) -> None:
    """What the question tells of is only planned."""
    run = release(here, delete=True, enforced=False)
    statuses = {outcome.status for each in run.settled for outcome in each.outcomes}
    assert (statuses, here.iam.writes) == ({OutcomeStatus.SKIPPED}, [])


def test_an_unreadable_account_is_an_error(here: Harness) -> None:
    """It is not taken for one in which nobody carries it."""
    here.iam.fail("holders_of")
    (settled,) = release(here).settled
    assert settled.failed


def test_others_are_refused(here: Harness) -> None:
    """It carries out what it plans, and nothing else."""
    with pytest.raises(TypeError, match="not an action of a release"):
        Release(here.iam, here.guard).perform(AttachGuard("alice", GUARD_ARN))
