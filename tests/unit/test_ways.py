"""The two ways to carry the guard, on the fake: the regular one, the other, and moving between."""

from dataclasses import replace

import pytest

from reactor.errors import Permanent, Transient
from reactor.model import Alarm, Claim, Hint, OutcomeStatus, TriggerKind
from reactor.reconcile import Run, Settled
from reactor.settings import Via
from reactor.users.alarms import taken_off_by_us
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP, Account
from tests.fakes.clock import START
from tests.fakes.events import about_group, about_user, created, detached, left, trigger
from tests.fakes.harness import Harness, settings

TEN = frozenset(f"arn:aws:iam::{ACCOUNT}:policy/{number}" for number in range(10))
NINE = frozenset(sorted(TEN)[1:])
TEN_GROUPS = frozenset(f"g{number}" for number in range(10))
OURS = "/mfa-reactor/"


def harness(via: str = "user", *, group: str | None = OURS, **chosen: str) -> Harness:
    """Return an account with the guard, its group at a path, and alice, who has a password."""
    found = Harness(settings(guard_via=via, **chosen))
    found.account.put_policy()
    if group is not None:
        found.account.put_group(GUARD_GROUP, GUARD_ARN, path=group)
    found.account.put_user("alice", password=True)
    return found


def one(run: Run) -> Settled:
    """Return the one subject of a run."""
    (settled,) = run.settled
    return settled


def did(run: Run) -> list[str]:
    """Return each action on the one subject, with what became of it."""
    return [f"{each.action.name} {each.status}" for each in one(run).outcomes]


def ways(account: Account) -> tuple[bool, bool]:
    """Tell whether alice carries the guard herself, and whether she is in its group."""
    alice = account.world.users["alice"]
    return GUARD_ARN in alice.policies, GUARD_GROUP in alice.groups


@pytest.mark.parametrize(
    ("via", "group", "actions", "carried"),
    [
        pytest.param("user", None, ["attach-guard done"], (True, False), id="herself"),
        pytest.param("group", OURS, ["join-guard-group done"], (False, True), id="by its group"),
        pytest.param(
            "group",
            None,
            ["join-guard-group done"],
            (False, True),
            id="by its group, which is made first",
        ),
        pytest.param(
            "group", "/", ["attach-guard done"], (True, False), id="herself: the group is another's"
        ),
    ],
)
def test_the_regular_way(
    via: str, group: str | None, actions: list[str], carried: tuple[bool, bool]
) -> None:
    """REACTOR_GUARD_VIA decides; into a group that is not ours nobody is put."""
    here = harness(via, group=group)
    run = here.react(about_user("alice"))
    run.raise_unsettled()
    assert did(run) == actions
    assert ways(here.account) == carried
    assert here.carries_guard("alice")


def test_nothing_at_all_is_there_yet() -> None:
    """The keeper makes policy and group when it is asked once, and the user joins."""
    here = Harness(settings(guard_via="group"))
    here.account.put_user("alice", password=True)
    run = here.react(about_user("alice"))
    assert did(run) == ["join-guard-group done"]
    assert here.keeper_calls == 1
    assert here.carries_guard("alice")


class TestQuotas:
    """Ten policies, ten groups: the other way is tried."""

    @pytest.mark.parametrize("group", [None, OURS])
    def test_ten_policies(self, group: str | None) -> None:
        """She joins the group, which the keeper makes where nobody has needed it before."""
        here = harness(group=group)
        here.account.change("alice", policies=TEN)
        run = here.react(about_user("alice"))
        run.raise_unsettled()
        assert did(run) == ["attach-guard done"]
        assert "PoliciesPerUser" in one(run).outcomes[0].why
        assert "join-guard-group" in one(run).outcomes[0].why
        assert ways(here.account) == (False, True)
        assert here.carries_guard("alice")

    def test_ten_groups(self) -> None:
        """It is attached to herself."""
        here = harness("group")
        here.account.change("alice", groups=TEN_GROUPS)
        run = here.react(about_user("alice"))
        assert did(run) == ["join-guard-group done"]
        assert "GroupsPerUser" in one(run).outcomes[0].why
        assert ways(here.account) == (True, False)

    @pytest.mark.parametrize("via", Via)
    def test_neither_fits(self, via: Via) -> None:
        """It fails for good, naming both quotas; the record and the alarm name the user."""
        here = harness(via.value)
        here.account.change("alice", policies=TEN, groups=TEN_GROUPS)
        settled = one(here.react(about_user("alice")))
        (error,) = settled.errors
        assert isinstance(error, Permanent)
        assert "PoliciesPerUser" in str(error)
        assert "GroupsPerUser" in str(error)
        assert not settled.unsettled
        assert settled.observation.subject.name == "alice"

    def test_ten_policies_and_a_group_that_is_anothers(self) -> None:
        """There is one way only, and its quota is named."""
        here = harness(group="/")
        here.account.change("alice", policies=TEN)
        (error,) = one(here.react(about_user("alice"))).errors
        assert isinstance(error, Permanent)
        assert "PoliciesPerUser" in str(error)
        assert "the group MfaReactorGuard is not ours" in str(error)

    def test_the_other_way_fails(self) -> None:
        """What may pass is tried again."""
        here = harness()
        here.account.change("alice", policies=TEN)
        here.iam.fail("join")
        settled = one(here.react(about_user("alice")))
        assert isinstance(settled.errors[0], Transient)
        assert settled.unsettled


class TestTakingOff:
    """Whichever way it came."""

    def test_of_an_exempt_user(self) -> None:
        """REACTOR_LIFT=exempt takes it off, and out of the group."""
        here = harness(lift="exempt")
        here.account.change(
            "alice",
            policies=frozenset({GUARD_ARN}),
            groups=frozenset({GUARD_GROUP}),
            tags=(("userType", "Service"),),
        )
        assert did(here.react(about_user("alice"))) == [
            "detach-guard done",
            "leave-guard-group done",
        ]
        assert ways(here.account) == (False, False)

    def test_of_a_user_who_is_deleted_while_there_is_no_guard(self) -> None:
        """The group alone keeps it from being deleted, whatever became of the policy."""
        here = harness()
        here.account.put_group(GUARD_GROUP)
        here.account.remove_policy()
        here.account.change("alice", password=False, groups=frozenset({GUARD_GROUP}))
        blocked = Hint(Claim.DELETION_BLOCKED, here.clock(), "alice")
        assert did(here.react(about_user("alice", blocked))) == ["leave-guard-group done"]

    def test_another_group_that_carries_it_is_left_alone(self) -> None:
        """It is its owner's decision."""
        here = harness(lift="exempt")
        here.account.put_group("crew", GUARD_ARN)
        here.account.change("alice", groups=frozenset({"crew"}), tags=(("userType", "Service"),))
        assert did(here.react(about_user("alice"))) == []

    def test_a_group_of_its_name_that_is_anothers_is_left_alone(self) -> None:
        """Nobody is taken out of what is not ours."""
        here = harness(lift="exempt", group="/")
        here.account.change(
            "alice", groups=frozenset({GUARD_GROUP}), tags=(("userType", "Service"),)
        )
        assert did(here.react(about_user("alice"))) == []


class TestTheGroupIsTamperedWith:
    """What happens to members of the guard's group."""

    def test_a_member_leaves(self) -> None:
        """She is put back, whatever the read still shows."""
        here = harness("group")
        here.clock.advance(60)
        here.account.change("alice", groups=frozenset({GUARD_GROUP}))
        here.clock.advance(60)
        here.account.change("alice", groups=frozenset())
        here.clock.advance(1)
        here.iam.staleness = lambda: 30
        run = here.react(about_user("alice", left(GUARD_GROUP, here.clock())))
        assert did(run) == ["join-guard-group done"]
        assert ways(here.account) == (False, True)

    def test_the_guard_is_detached_from_the_group(self) -> None:
        """It is attached once for all members; none is put into a group that it is in."""
        here = harness("group")
        here.account.change("alice", groups=frozenset({GUARD_GROUP}))
        here.account.put_user("bob", password=True, groups=frozenset({GUARD_GROUP}))
        here.account.put_group(GUARD_GROUP)
        run = here.react(about_group(GUARD_GROUP, detached(GUARD_ARN, here.clock())))
        assert [[each.action.name for each in settled.outcomes] for settled in run.settled] == [
            ["join-guard-group"],
            ["join-guard-group"],
        ]
        assert [call.method for call in here.iam.writes] == ["attach_to_group"]
        assert here.carries_guard("alice")
        assert here.carries_guard("bob")

    def test_to_mend_it_spends_no_brake(self) -> None:
        """One call mends it for all who are in it, and nobody waits for a later sweep."""
        here = harness("group", max_remediations="1")
        here.account.put_group(GUARD_GROUP)
        for name in ("alice", "bob", "carol"):
            here.account.put_user(name, password=True, groups=frozenset({GUARD_GROUP}))
        run = here.sweep()
        assert (run.spent, run.held_back) == (0, [])
        assert all(here.carries_guard(name) for name in ("alice", "bob", "carol"))

    @pytest.mark.parametrize("groups", [set(), {GUARD_GROUP}], ids=["not a member", "a member"])
    def test_where_it_is_left_so_she_carries_it_herself(self, groups: set[str]) -> None:
        """With REACTOR_GUARD_RESTORE=alarm the keeper does not mend it: the other way is taken."""
        here = harness("group", guard_restore="alarm")
        here.account.put_group(GUARD_GROUP)
        here.account.change("alice", groups=frozenset(groups))
        settled = one(here.react(about_user("alice")))
        assert "REACTOR_GUARD_RESTORE=alarm" in settled.outcomes[0].why
        assert "done by attach-guard instead" in settled.outcomes[0].why
        assert here.carries_guard("alice")

    def test_where_it_is_left_so_nobody_is_moved_to_it(self) -> None:
        """What was read of the group may be old, and nothing would mend it."""
        here = harness("group", guard_restore="alarm")
        here.account.change("alice", policies=frozenset({GUARD_ARN}))
        assert did(here.sweep()) == []

    def test_where_it_is_left_so_a_quota_leaves_no_way(self) -> None:
        """It fails for good, and says why neither is open."""
        here = harness("user", guard_restore="alarm")
        here.account.put_group(GUARD_GROUP)
        here.account.change("alice", policies=TEN)
        (error,) = one(here.react(about_user("alice"))).errors
        assert "PoliciesPerUser" in str(error)
        assert "REACTOR_GUARD_RESTORE=alarm" in str(error)

    def test_a_keeper_that_fails_for_now_is_asked_again(self) -> None:
        """What may pass is no reason to go the other way."""
        here = harness("group")
        here.account.put_group(GUARD_GROUP)
        here.iam.fail("attach_to_group")
        settled = one(here.react(about_user("alice")))
        assert settled.unsettled
        assert not here.carries_guard("alice")

    def test_the_read_does_not_show_it_yet(self) -> None:
        """The keeper may not see it either: it is looked at again on fresh reads."""
        here = harness("group")
        here.account.change("alice", groups=frozenset({GUARD_GROUP}))
        here.clock.advance(60)
        here.account.put_group(GUARD_GROUP)
        here.clock.advance(1)
        here.iam.staleness = lambda: 30
        cause = about_group(GUARD_GROUP, detached(GUARD_ARN, here.clock()))
        assert one(here.react(cause)).unsettled
        here.clock.advance(60)
        here.iam.staleness = lambda: 0
        run = here.react(cause)
        assert here.carries_guard("alice")
        assert not one(run).unsettled


class TestMoving:
    """A sweep moves users to the regular way once there is room."""

    @pytest.mark.parametrize(
        ("via", "policies", "groups", "actions"),
        [
            pytest.param(
                "user",
                NINE,
                {GUARD_GROUP},
                ["attach-guard done", "leave-guard-group done"],
                id="to herself, with room for it",
            ),
            pytest.param("user", TEN, {GUARD_GROUP}, [], id="not without room"),
            pytest.param(
                "user",
                {GUARD_ARN},
                {GUARD_GROUP},
                ["attach-guard done", "leave-guard-group done"],
                id="she has it both ways",
            ),
            pytest.param("user", {GUARD_ARN}, set(), [], id="she has it the regular way"),
            pytest.param(
                "group",
                {GUARD_ARN},
                set(),
                ["join-guard-group done", "detach-guard done"],
                id="to the group",
            ),
            pytest.param("group", {GUARD_ARN}, TEN_GROUPS, [], id="not with ten groups"),
            pytest.param(
                "group",
                {GUARD_ARN},
                {GUARD_GROUP},
                ["join-guard-group done", "detach-guard done"],
                id="both ways, where the group is regular",
            ),
            pytest.param("group", set(), {GUARD_GROUP}, [], id="she is in the group"),
        ],
    )
    def test_a_sweep(
        self, via: str, policies: set[str], groups: set[str], actions: list[str]
    ) -> None:
        """The guard is on the regular way before it is taken off the other."""
        here = harness(via)
        here.account.change("alice", policies=frozenset(policies), groups=frozenset(groups))
        assert did(here.sweep()) == actions
        assert here.carries_guard("alice")
        assert did(here.sweep()) == []

    @pytest.mark.parametrize("via", Via)
    def test_on_an_old_read_she_is_never_without(self, via: Via) -> None:
        """The regular way, lost since, is put on again before the other is taken off."""
        here = harness(via.value)
        both = {"policies": frozenset({GUARD_ARN}), "groups": frozenset({GUARD_GROUP})}
        here.account.change("alice", **both)
        here.clock.advance(60)
        lost = "policies" if via is Via.USER else "groups"
        here.account.change("alice", **{lost: frozenset()})
        here.clock.advance(1)
        here.iam.staleness = lambda: 30
        here.sweep()
        assert here.carries_guard("alice")

    def test_not_to_a_group_that_is_anothers(self) -> None:
        """The regular way is not there."""
        here = harness("group", group="/")
        here.account.change("alice", policies=frozenset({GUARD_ARN}))
        assert did(here.sweep()) == []

    def test_not_by_a_reaction(self) -> None:
        """What is in order can wait for the sweep."""
        here = harness("group")
        here.account.change("alice", policies=frozenset({GUARD_ARN}))
        assert did(here.react(about_user("alice"))) == []

    def test_what_fails_leaves_her_guarded(self) -> None:
        """Nothing is taken off before the other is on."""
        here = harness("group")
        here.account.change("alice", policies=frozenset({GUARD_ARN}))
        here.iam.fail("join")
        assert did(here.sweep()) == ["join-guard-group failed", "detach-guard skipped"]
        assert here.carries_guard("alice")

    def test_who_lacks_the_guard_comes_first(self) -> None:
        """Within the brake, a move waits for those who are not guarded at all."""
        here = harness("group", max_remediations="1")
        here.account.change("alice", policies=frozenset({GUARD_ARN}))
        here.account.put_user("bob", password=True)
        here.sweep()
        assert here.carries_guard("bob")
        assert ways(here.account) == (True, False)
        here.sweep()
        assert ways(here.account) == (False, True)


class TestOurRole:
    """The guard taken off by our own role: a move, or somebody who uses the role."""

    @pytest.mark.parametrize(
        ("via", "left_group", "policies", "groups", "is_told"),
        [
            pytest.param("group", False, set(), {GUARD_GROUP}, False, id="moved to the group"),
            pytest.param("user", False, set(), {GUARD_GROUP}, True, id="no move: the wrong way"),
            pytest.param("user", True, {GUARD_ARN}, set(), False, id="moved to herself"),
            pytest.param("group", True, {GUARD_ARN}, set(), True, id="out of the regular group"),
            pytest.param("group", False, set(), set(), True, id="off, and nowhere on"),
            pytest.param("user", True, set(), set(), True, id="out, and nowhere on"),
        ],
    )
    def test_alarm(
        self,
        via: str,
        policies: set[str],
        groups: set[str],
        *,
        left_group: bool,
        is_told: bool,
    ) -> None:
        """A sweep's move is what it is there for, anything else is an alarm."""
        here = harness(via)
        here.account.change("alice", policies=frozenset(policies), groups=frozenset(groups))
        claim = left(GUARD_GROUP, START) if left_group else detached(GUARD_ARN, START)
        cause = about_user("alice", claim)
        event = cause.trigger.event
        assert event is not None
        by_us = replace(event, caller_role="mfa-reactor-prod-sweep", caller="the sweep's role")
        cause = replace(cause, trigger=replace(trigger(TriggerKind.IAM_EVENT), event=by_us))
        settled = one(here.react(cause))
        alarm: Alarm | None = taken_off_by_us(
            settled, {"mfa-reactor-prod-sweep"}, lifts=False, via=here.settings.guard_via
        )
        assert (alarm is not None) is is_told


def test_a_user_just_created_takes_the_regular_way() -> None:
    """CreateUser's event leads to the group, too."""
    here = harness("group")
    run = here.react(about_user("alice", created("alice", here.clock())))
    assert one(run).outcomes[0].status is OutcomeStatus.DONE
    assert ways(here.account) == (False, True)
