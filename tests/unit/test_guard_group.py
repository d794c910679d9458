"""reactor.guard.group on the fake: the guard's group is made, kept, and never taken over."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from reactor.errors import Permanent, Transient, Unsettled
from reactor.guard.actions import AttachToGroup, CreateGroup
from reactor.guard.group import READS
from reactor.model import AlarmKind, Cause, Claim, Hint, Subject, SubjectKind, TriggerKind
from reactor.reconcile import Run, Settled, enforce, observe_only, reconcile
from reactor.settings import Mode
from reactor.users.actions import AttachGuard
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP
from tests.fakes.events import trigger
from tests.fakes.harness import Harness, keepers, settings
from tests.fakes.iam import Call

OTHER = f"arn:aws:iam::{ACCOUNT}:policy/admin"


class Kept(Harness):
    """An account with a guard, and the keeper of its group."""

    def __init__(self, *, with_group: bool = False, adopt: bool = False, **chosen: str) -> None:
        super().__init__(settings(**{"guard_via": "group", **chosen}))
        self.account.put_policy()
        self.account.put_policy(OTHER, {})
        self.of_the_group = keepers(
            self.iam,
            self.settings,
            self.rounds,
            self.alarms,
            with_group=with_group,
            adopt=adopt,
        ).group

    @property
    def carried(self) -> set[str]:
        """The policies of the guard's group, inline ones by their names."""
        world = self.account.world
        return set(world.groups[GUARD_GROUP] | world.inline.get(GUARD_GROUP, {}).keys())

    def look(self, *, event_at: datetime | None = None) -> Run:
        """Have the keeper look at the group, asked by one of ours or woken by an event."""
        edit = () if event_at is None else (Hint(Claim.GUARD_GROUP_EDITED, event_at, GUARD_GROUP),)
        subject = Subject(SubjectKind.GUARD_GROUP, ACCOUNT, name=GUARD_GROUP)
        cause = Cause(trigger(TriggerKind.REACTOR), subject, edit)
        execute = enforce if self.settings.mode is Mode.ENFORCE else observe_only
        return reconcile(cause, self.of_the_group, execute=execute, clock=self.clock)


def one(run: Run) -> Settled:
    """Return the one subject of a run."""
    (settled,) = run.settled
    return settled


def result(run: Run) -> tuple[str, list[str]]:
    """Return the rule that decided, and each action with what became of it."""
    settled = one(run)
    did = [f"{each.action.name} {each.status}" for each in settled.outcomes]
    return settled.decision.verdict.rule, did


def test_a_missing_group_is_made() -> None:
    """At the path by which it is ours, carrying the guard; a second look finds it so."""
    here = Kept()
    made = ["create-group done", "attach-to-group done"]
    assert result(here.look()) == ("guard-group-missing", made)
    assert here.account.world.paths[GUARD_GROUP] == "/mfa-reactor/"
    assert here.carried == {GUARD_ARN}
    assert result(here.look()) == ("guard-group-in-place", [])


def test_one_round_trip_tells_all() -> None:
    """Its path and its policies are read at the same time."""
    here = Kept()
    assert one(here.look()).observation.reads == tuple(READS.values())
    assert here.rounds.sizes == [3]


@pytest.mark.parametrize(
    ("with_group", "there", "looked_at"),
    [
        pytest.param(False, "", False, id="nobody has had a need of it"),
        pytest.param(True, "", True, id="somebody has a need of it"),
        pytest.param(False, "/mfa-reactor/", True, id="it is there"),
        pytest.param(False, "/", False, id="another's, which nobody has a need of"),
    ],
)
def test_where_users_carry_the_guard_themselves(
    there: str, *, with_group: bool, looked_at: bool
) -> None:
    """The group is kept where there is one of ours, or where one is asked for."""
    here = Kept(guard_via="user", with_group=with_group)
    if there:
        here.account.put_group(GUARD_GROUP, path=there)
    run = here.look()
    assert bool(run.settled) is looked_at
    assert bool(here.iam.writes) is looked_at


@pytest.mark.parametrize(
    ("policies", "inline", "did"),
    [
        pytest.param((), (), ["attach-to-group done"], id="the guard detached"),
        pytest.param(
            (GUARD_ARN, OTHER), (), ["detach-from-group done"], id="another policy attached"
        ),
        pytest.param((GUARD_ARN,), ("x",), ["delete-from-group done"], id="an inline policy put"),
        pytest.param(
            (OTHER,),
            ("x", "y"),
            [
                "attach-to-group done",
                "detach-from-group done",
                "delete-from-group done",
                "delete-from-group done",
            ],
            id="all at once, the guard first",
        ),
    ],
)
def test_a_changed_group_is_mended(
    policies: tuple[str, ...], inline: tuple[str, ...], did: list[str]
) -> None:
    """It carries the guard and nothing else again; what it carried is told before."""
    here = Kept()
    here.account.put_group(GUARD_GROUP, *policies, path="/mfa-reactor/")
    here.account.put_inline(GUARD_GROUP, *inline)
    assert result(here.look()) == ("guard-group-drifted", ["report-drift done", *did])
    assert here.carried == {GUARD_ARN}
    (alarm,) = here.alarms
    assert alarm.kind is AlarmKind.GUARD_DRIFTED
    assert alarm.details["other_policies"] == [each for each in policies if each != GUARD_ARN]
    assert result(here.look()) == ("guard-group-in-place", [])


def test_ten_policies_make_room_first() -> None:
    """A group can have no more: one must go before the guard can come."""
    here = Kept()
    ten = [f"{OTHER}{number}" for number in range(10)]
    here.account.put_group(GUARD_GROUP, *ten, path="/mfa-reactor/")
    _, did = result(here.look())
    assert did == ["report-drift done", *["detach-from-group done"] * 10, "attach-to-group done"]
    assert here.carried == {GUARD_ARN}


@pytest.mark.parametrize(
    ("carried", "fails"),
    [
        pytest.param({GUARD_ARN, OTHER}, False, id="another policy beside the guard"),
        pytest.param({OTHER}, True, id="without the guard: nobody in it is guarded"),
    ],
)
def test_with_alarm_alone_nothing_is_mended(carried: set[str], *, fails: bool) -> None:
    """REACTOR_GUARD_RESTORE=alarm leaves it to the operator; who needs the group is told so."""
    here = Kept(guard_restore="alarm")
    here.account.put_group(GUARD_GROUP, *carried, path="/mfa-reactor/")
    run = here.look()
    assert result(run) == ("guard-group-drifted", ["report-drift done"])
    assert here.carried == carried
    assert [type(each) for each in one(run).errors] == ([Permanent] if fails else [])


def test_a_group_that_is_taken_away_is_told_of() -> None:
    """By an event that says so; one that was never there is no reason to call anybody."""
    here = Kept()
    here.look()
    assert here.alarms == []
    here.account.remove_group(GUARD_GROUP)
    rule, did = result(here.look(event_at=here.clock()))
    assert (rule, did[0]) == ("guard-group-missing", "report-drift done")
    assert [each.kind for each in here.alarms] == [AlarmKind.GUARD_DRIFTED]


@pytest.mark.parametrize(
    ("chosen", "tags"),
    [
        pytest.param({}, {}, id="another's policy in its place"),
        pytest.param({"guard_policy": f"{OTHER}x"}, None, id="a given guard that is missing"),
    ],
)
def test_what_is_not_the_guard_is_put_on_no_group(
    chosen: dict[str, Any], tags: dict[str, str] | None
) -> None:
    """Everybody in the group would have it: the group waits until the guard is in order."""
    here = Kept(**chosen)
    if tags is not None:
        here.account.put_policy(GUARD_ARN, tags, "{}")
    run = here.keep(with_group=True)
    assert [each.decision.verdict.rule for each in run.settled] == ["guard-refused"]
    assert here.iam.writes == []
    assert not run.unsettled


def test_observe_mode_makes_and_mends_nothing() -> None:
    """What would be done is planned, and skipped."""
    here = Kept(mode="observe")
    skipped = ["create-group skipped", "attach-to-group skipped"]
    assert result(here.look()) == ("guard-group-missing", skipped)
    assert here.iam.writes == []


def test_anothers_group_is_refused() -> None:
    """A group of that name with another path may carry anything: nobody is put into it."""
    here = Kept()
    here.account.put_group(GUARD_GROUP, OTHER)
    run = here.look()
    assert result(run) == ("guard-group-refused", [])
    (error,) = one(run).errors
    assert isinstance(error, Permanent)
    assert "guard apply --adopt" in error.remedy
    assert here.iam.writes == []


@pytest.mark.parametrize(
    ("policies", "did"),
    [
        pytest.param((GUARD_ARN,), ["adopt-group done"], id="with the guard alone"),
        pytest.param(
            (OTHER,),
            ["adopt-group done", "attach-to-group done", "detach-from-group done"],
            id="with another policy",
        ),
    ],
)
def test_anothers_group_is_adopted_when_an_operator_says_so(
    policies: tuple[str, ...], did: list[str]
) -> None:
    """It gets our path, and carries the guard and nothing else."""
    here = Kept(adopt=True)
    here.account.put_group(GUARD_GROUP, *policies)
    assert result(here.look()) == ("guard-group-drifted", did)
    assert here.carried == {GUARD_ARN}
    assert result(here.look()) == ("guard-group-in-place", [])
    assert here.alarms == []


@pytest.mark.parametrize(
    ("path", "status", "error"),
    [
        pytest.param("/mfa-reactor/", "already so", None, id="by another keeper"),
        pytest.param("/", "failed", Permanent, id="by somebody else"),
    ],
)
def test_created_meanwhile(path: str, status: str, error: type[Exception] | None) -> None:
    """Who is faster decides."""
    here = Kept()

    def be_faster(call: Call) -> None:
        if call.method == "create_group":
            here.account.put_group(GUARD_GROUP, path=path)

    here.iam.on_call = be_faster
    settled = one(here.look())
    assert settled.outcomes[0].status == status
    assert [type(each) for each in settled.errors] == ([] if error is None else [error])


def test_iam_disagrees_with_itself() -> None:
    """A group that exists for CreateGroup and not yet for GetGroup is tried again."""
    here = Kept()
    here.clock.advance(60)
    here.account.put_guard_group()
    here.iam.staleness = lambda: 30
    run = here.look()
    assert isinstance(one(run).errors[0], Transient)
    with pytest.raises(Unsettled, match="that it does not"):
        run.raise_unsettled()


@pytest.mark.parametrize("read", READS)
def test_failing_read_changes_nothing(read: str) -> None:
    """What could not be read is neither missing nor in order."""
    here = Kept()
    here.account.put_group(GUARD_GROUP, OTHER, path="/mfa-reactor/")
    here.iam.fail(read)
    run = here.look()
    assert result(run) == ("not-read", [])
    assert here.iam.writes == []
    with pytest.raises(Unsettled):
        run.raise_unsettled()


@pytest.mark.parametrize(
    ("seconds", "unsettled"),
    [
        pytest.param(0, True, id="now"),
        pytest.param(149, True, id="the second try"),
        pytest.param(150, False, id="the third try"),
    ],
)
def test_an_event_that_the_read_does_not_show_is_looked_at_again(
    seconds: int, *, unsettled: bool
) -> None:
    """IAM may show the group as it was before the event."""
    here = Kept()
    here.account.put_guard_group()
    event_at = here.clock()
    here.clock.advance(seconds)
    assert one(here.look(event_at=event_at)).unsettled is unsettled


def test_adoption_where_users_carry_the_guard_themselves() -> None:
    """The group is adopted there, too: a quota may have need of it."""
    here = Kept(adopt=True, guard_via="user")
    here.account.put_group(GUARD_GROUP, GUARD_ARN)
    assert result(here.look()) == ("guard-group-drifted", ["adopt-group done"])


def test_others_are_refused() -> None:
    """The keeper carries out what it plans, and nothing else."""
    here = Kept()
    with pytest.raises(TypeError, match="not an action of the group's keeper"):
        here.of_the_group.perform(AttachGuard("alice", GUARD_ARN))


def test_what_was_not_attached_is_already_off() -> None:
    """Somebody was faster to take it off."""
    here = Kept()
    here.account.put_guard_group(OTHER)

    def be_faster(call: Call) -> None:
        if call.method == "detach_from_group":
            here.account.put_guard_group()

    here.iam.on_call = be_faster
    assert result(here.look())[1] == ["report-drift done", "detach-from-group already so"]


def test_facts() -> None:
    """The record says what was found."""
    here = Kept()
    here.account.put_guard_group(OTHER)
    state: Any = one(here.look()).observation.state
    assert state.facts() == {
        "group": GUARD_GROUP,
        "standing": "ours",
        "attached": True,
        "other_policies": [OTHER],
        "inline_policies": [],
    }
    missing = replace(state, standing=here.guard.group_standing(None))
    assert missing.facts() == {"group": GUARD_GROUP, "standing": "missing"}


def test_actions_name_the_group() -> None:
    """And the policy where there is one."""
    guard = Kept().guard
    assert CreateGroup(guard).describe() == {"group": GUARD_GROUP}
    assert AttachToGroup(guard).describe() == {"group": GUARD_GROUP, "policy": GUARD_ARN}
