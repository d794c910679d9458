"""reactor.cli.report: a look, and what was then done about it."""

import pytest

from reactor.cli.report import Change, Report, change_of, name_of
from reactor.reconcile import Brake, Run, enforce, observe_only, reconcile
from reactor.settings import Settings
from reactor.sweeps.progress import id_of
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP
from tests.fakes.events import about_everyone
from tests.fakes.harness import Harness, settings


def harness(chosen: Settings | None = None) -> Harness:
    """An account with the guard and its group."""
    here = Harness(chosen)
    here.account.put_policy()
    here.account.put_guard_group()
    return here


def swept(here: Harness, *, enforced: bool, brake: int = 0) -> Run:
    """A sweep."""
    execute = enforce if enforced else observe_only
    return reconcile(
        about_everyone(), here.users, execute=execute, clock=here.clock, brake=Brake(brake)
    )


def test_what_a_plan_comes_to() -> None:
    """On, off, or from one way to the other; nothing for who is in order."""
    here = harness(settings(lift="exempt"))
    here.account.put_user("to-guard")
    here.account.put_user(
        "exempted", policies=frozenset({GUARD_ARN}), tags=(("userType", "Service"),)
    )
    here.account.put_user("to-move", groups=frozenset({GUARD_GROUP}))
    here.account.put_user("in-order", policies=frozenset({GUARD_ARN}))
    look = Report.of(ACCOUNT, swept(here, enforced=False))
    assert {name_of(each): change_of(each) for each in look.users} == {
        "to-guard": Change.ON,
        "exempted": Change.OFF,
        "to-move": Change.MOVE,
        "in-order": None,
    }
    assert [name_of(each) for each in look.to_guard] == ["to-guard"]
    assert {name_of(each) for each in look.to_change} == {"to-guard", "exempted", "to-move"}


def test_after_a_look_who_was_changed_is_shown_as_changed_and_who_waits_as_waiting() -> None:
    """The counts are those of both together."""
    here = harness()
    for name in ("alice", "bob", "carol"):
        here.account.put_user(name)
    look = Report.of(ACCOUNT, swept(here, enforced=False, brake=2))
    tried = {id_of(each) for each in look.to_change}
    done = swept(here, enforced=True, brake=2)
    done.settled = [each for each in done.settled if id_of(each) in tried]
    both = look.after(done, tried)
    assert len(both.users) == 3
    assert (both.changed, both.waiting, both.failed, both.in_order) == (2, 1, 0, False)


@pytest.mark.parametrize(
    ("readable", "left"),
    [
        pytest.param(True, ["alice"], id="all was read, so it is gone"),
        pytest.param(False, ["alice", "bob"], id="not all was read, so it may be there"),
    ],
)
def test_a_user_who_is_not_found_the_second_time(readable: bool, left: list[str]) -> None:
    """Deleted meanwhile, it is no user any more; unread, it is not in order."""
    here = harness()
    here.account.put_user("alice")
    here.account.put_user("bob")
    look = Report.of(ACCOUNT, swept(here, enforced=False))
    here.account.remove_user("bob")
    if not readable:
        here.iam.fail("policy", nth=1)
    both = look.after(swept(here, enforced=True), {id_of(each) for each in look.users})
    assert [name_of(each) for each in both.users] == left
    assert both.in_order is readable


def test_a_user_who_fails_does_not_keep_another_who_is_gone() -> None:
    """All was read, and what was read does not depend on what then became of it."""
    here = harness()
    here.account.put_user("alice")
    here.account.put_user("bob")
    look = Report.of(ACCOUNT, swept(here, enforced=False))
    here.account.remove_user("bob")
    here.iam.fail("attach", nth=1)
    both = look.after(swept(here, enforced=True), {id_of(each) for each in look.users})
    assert ([name_of(each) for each in both.users], both.failed) == (["alice"], 1)


def test_a_user_who_is_renamed_meanwhile_is_the_same_user() -> None:
    """It is shown once, by its new name, with what was done."""
    here = harness()
    here.account.put_user("alice")
    look = Report.of(ACCOUNT, swept(here, enforced=False))
    here.account.rename_user("alice", "alicia")
    both = look.after(swept(here, enforced=True), {id_of(each) for each in look.users})
    assert ([name_of(each) for each in both.users], both.changed) == (["alicia"], 1)
