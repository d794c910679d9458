"""The ladder of reactor.users.rules, as decision tables. Time is an argument, nothing is read."""

from datetime import timedelta
from typing import Any

import pytest

from reactor.errors import Permanent, Transient
from reactor.guard.identity import Guard, Standing
from reactor.model import Cause, Claim, Decision, Hint, Subject, SubjectKind
from reactor.settings import Settings
from reactor.users.actions import DetachGuard
from reactor.users.rules import decide
from reactor.users.state import Device, Presence, UserState
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import (
    about_everyone,
    about_root,
    about_user,
    created,
    detached,
    removed,
    trigger,
)
from tests.fakes.harness import settings

GUARD = Guard(GUARD_ARN, given=False)
GIVEN = Guard("arn:aws:iam::123456789012:policy/team/Guard", given=True)
LOOK_ALIKE = "arn:aws:iam::123456789012:policy/team/MfaReactorGuard"
SERIAL = "arn:aws:iam::123456789012:mfa/alice"
DEVICE = Device(SERIAL, START - timedelta(days=30))
KEY = Device("arn:aws:iam::123456789012:u2f/user/alice/1", START - timedelta(days=30))

ATTACH = ("attach-guard",)
DETACH = ("detach-guard",)


def alice(**members: Any) -> UserState:
    """Return the state of a user with a credential and without the guard, which is in order."""
    state: dict[str, Any] = {
        "guard": GUARD,
        "guard_standing": Standing.OURS,
        "arn": "arn:aws:iam::123456789012:user/alice",
        "has_credentials": True,
        "has_password": True,
        "devices": (),
        **members,
    }
    return UserState("alice", Presence.EXISTS, **state)


def after(seconds: float, state: UserState, cause: Cause, chosen: Settings) -> Decision:
    """Decide that long after the events of the cause."""
    return decide(state, chosen, cause, START + timedelta(seconds=seconds))


def names(decision: Decision) -> tuple[str, ...]:
    """Return the names of the planned actions."""
    return tuple(action.name for action in decision.plan)


GUARDED = {"policies": frozenset({GUARD_ARN})}
GUARDED_BY_GROUP = {"groups": ("staff",), "guarded_groups": frozenset({"staff"})}
WITH_DEVICE = {"devices": (DEVICE,)}
NO_PASSWORD = {"has_password": False}


@pytest.mark.parametrize(
    ("scope", "members", "compliance", "rule", "plan"),
    [
        pytest.param(scope, members, compliance, rule, plan, id=f"{scope}: {sentence}")
        for sentence, members, verdicts in (
            (
                "a user with a password and no device",
                {},
                {
                    "everyone": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "without-mfa": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "console": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                },
            ),
            (
                "a user with a password and a device",
                WITH_DEVICE,
                {
                    "everyone": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "without-mfa": ("COMPLIANT", "out-of-scope", ()),
                    "console": ("COMPLIANT", "out-of-scope", ()),
                },
            ),
            (
                "a user with a passkey as its only device",
                {"devices": (KEY,)},
                {
                    "everyone": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "without-mfa": ("COMPLIANT", "out-of-scope", ()),
                    "console": ("COMPLIANT", "out-of-scope", ()),
                },
            ),
            (
                "a user with keys only and no device",
                NO_PASSWORD,
                {
                    "everyone": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "without-mfa": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "console": ("COMPLIANT", "out-of-scope", ()),
                },
            ),
            (
                "a user with keys only and a device",
                NO_PASSWORD | WITH_DEVICE,
                {
                    "everyone": ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                    "without-mfa": ("COMPLIANT", "out-of-scope", ()),
                    "console": ("COMPLIANT", "out-of-scope", ()),
                },
            ),
            (
                "the guard on the user itself",
                GUARDED,
                dict.fromkeys(("everyone", "without-mfa", "console"), ("COMPLIANT", "guarded", ())),
            ),
            (
                "the guard on a group of the user",
                GUARDED_BY_GROUP,
                dict.fromkeys(("everyone", "without-mfa", "console"), ("COMPLIANT", "guarded", ())),
            ),
            (
                "a policy of the guard's name but another ARN",
                {"policies": frozenset({LOOK_ALIKE})},
                dict.fromkeys(
                    ("everyone", "without-mfa", "console"),
                    ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                ),
            ),
            (
                "the guard on a group that the user is not in",
                {"groups": ("staff",), "guarded_groups": frozenset({"others"})},
                dict.fromkeys(
                    ("everyone", "without-mfa", "console"),
                    ("NON_COMPLIANT", "must-carry-guard", ATTACH),
                ),
            ),
        )
        for scope, (compliance, rule, plan) in verdicts.items()
    ],
)
def test_scope(
    scope: str, members: dict[str, Any], compliance: str, rule: str, plan: tuple[str, ...]
) -> None:
    """Who must carry the guard follows from the scope, what it holds by, and nothing else."""
    decision = after(1, alice(**members), about_user("alice"), settings(scope=scope))
    assert (decision.verdict.compliance, decision.verdict.rule) == (compliance, rule)
    assert names(decision) == plan
    assert decision.error is None


@pytest.mark.parametrize(
    ("chosen", "members", "reason"),
    [
        pytest.param(
            {}, {"tags": (("userType", "SERVICE"),)}, "has the tag userType=SERVICE", id="by tag"
        ),
        pytest.param(
            {"exempt_parameter": "/mfa/exempt"},
            {"listed_exempt": frozenset({"alice"})},
            "is on the exemption list /mfa/exempt",
            id="by name on the list",
        ),
        pytest.param(
            {"exempt_parameter": "/mfa/exempt"},
            {"listed_exempt": frozenset({"arn:aws:iam::123456789012:user/alice"})},
            "is on the exemption list /mfa/exempt",
            id="by ARN on the list",
        ),
        pytest.param(
            {"exempt_names": "AL*"}, {}, "its name matches AL*", id="by a pattern of names"
        ),
        pytest.param(
            {"exempt_paths": "/service/"},
            {"path": "/service/ses/"},
            "its path /service/ses/ is below /service/",
            id="by path",
        ),
        pytest.param(
            {"exempt_groups": "break-glass"},
            {"groups": ("break-glass",)},
            "is a member of the group break-glass",
            id="by group",
        ),
    ],
)
def test_exempt(chosen: dict[str, str], members: dict[str, Any], reason: str) -> None:
    """Each exemption is named as the reason, comes before the guard, and plans nothing."""
    for more in ({}, GUARDED, {"has_credentials": False}, {"guard_standing": Standing.FOREIGN}):
        decision = after(1, alice(**{**more, **members}), about_user("alice"), settings(**chosen))
        assert decision.verdict.compliance == "NOT_APPLICABLE"
        assert decision.verdict.rule == "exempt"
        assert decision.verdict.reasons == (reason,)
        assert (decision.plan, decision.error) == ((), None)


@pytest.mark.parametrize(
    ("seconds", "hint", "rule", "transient"),
    [
        pytest.param(1, None, "gone", False, id="nobody said it exists"),
        pytest.param(59, "alice", "just-created", True, id="created 59 s ago"),
        pytest.param(59, "ALICE", "just-created", True, id="created under another case"),
        pytest.param(60, "alice", "gone", False, id="created 60 s ago"),
        pytest.param(1, "bob", "gone", False, id="another user was created"),
        pytest.param(-61, "alice", "gone", False, id="created in more than a minute from now"),
    ],
)
def test_missing_user(seconds: float, hint: str | None, rule: str, *, transient: bool) -> None:
    """A user that is not there is gone, but for the minute after its creation it may yet appear."""
    hints = () if hint is None else (created(hint),)
    state = UserState("alice", Presence.GONE, GUARD)
    decision = after(seconds, state, about_user("alice", *hints), settings())
    assert decision.verdict.rule == rule
    assert isinstance(decision.error, Transient) == transient
    assert decision.verdict.compliance == ("INSUFFICIENT_DATA" if transient else "NOT_APPLICABLE")
    assert decision.plan == ()


def test_root() -> None:
    """No policy binds the root user, so nothing is planned for it."""
    decision = after(1, UserState("", Presence.ROOT, GUARD), about_root(), settings())
    assert decision.verdict.rule == "root"
    assert (decision.plan, decision.error) == ((), None)


class TestBeingDeleted:
    """A user without any credential is being deleted, unless it was created just now."""

    def test_no_credential_is_left(self) -> None:
        """An event does not put the guard back: that would make the DeleteUser fail."""
        state = alice(has_credentials=False)
        decision = after(1, state, about_user("alice", detached(GUARD_ARN)), settings())
        assert decision.verdict.rule == "being-deleted"
        assert decision.verdict.compliance == "NOT_APPLICABLE"
        assert decision.plan == ()

    def test_sweep_looks_at_it_again(self) -> None:
        """A sweep puts the guard on a user without credentials."""
        decision = after(1, alice(has_credentials=None), about_everyone(), settings())
        assert names(decision) == ATTACH


@pytest.mark.parametrize("missing", ["devices", "has_password"])
def test_unread_members_are_no_answer(missing: str) -> None:
    """Unread devices are not "no device", an unread password is not "no password"."""
    with pytest.raises(LookupError, match="was not read"):
        after(1, alice(**{missing: None}), about_user("alice"), settings(scope="console"))


class TestGuardStanding:
    """What stands in the guard's place decides whether it can be put on anybody."""

    def test_missing_guard_is_created_first(self) -> None:
        """The keeper is asked before the guard is attached."""
        decision = after(1, alice(guard_standing=Standing.MISSING), about_user("alice"), settings())
        assert names(decision) == ("keep-guard", "attach-guard")

    @pytest.mark.parametrize(
        ("guard", "standing", "says"),
        [
            pytest.param(GUARD, Standing.FOREIGN, "is not ours", id="somebody else's policy"),
            pytest.param(GIVEN, Standing.MISSING, "there is no policy", id="a given, missing one"),
        ],
    )
    def test_refused(self, guard: Guard, standing: Standing, says: str) -> None:
        """A guard that cannot be trusted is put on nobody, and someone is told what to do."""
        state = alice(guard=guard, guard_standing=standing)
        decision = after(1, state, about_user("alice"), settings())
        assert decision.verdict.compliance == "NON_COMPLIANT"
        assert decision.plan == ()
        assert isinstance(decision.error, Permanent)
        assert says in str(decision.error)
        assert decision.error.remedy

    def test_foreign_guard_on_the_user_does_not_count(self) -> None:
        """A policy in the guard's place that is not ours protects nobody, so far as we know."""
        state = alice(guard_standing=Standing.FOREIGN, **GUARDED)
        decision = after(1, state, about_user("alice"), settings())
        assert decision.verdict.compliance == "NON_COMPLIANT"
        assert decision.verdict.reasons == ("the policy in the guard's place is not ours",)

    def test_given_guard_is_attached_as_it_is(self) -> None:
        """A guard that someone else keeps is attached by its own ARN and never created."""
        state = alice(guard=GIVEN, guard_standing=Standing.GIVEN)
        decision = after(1, state, about_user("alice"), settings())
        assert [action.describe() for action in decision.plan] == [
            {"user": "alice", "policy": GIVEN.arn}
        ]


@pytest.mark.parametrize(
    ("chosen", "members", "rule", "plan"),
    [
        pytest.param({"lift": lift, **chosen}, members, rule, plan, id=f"lift {lift}: {sentence}")
        for sentence, chosen, members, rule, lifted in (
            (
                "an exempt user with the guard",
                {"scope": "console", "exempt_names": "ali*"},
                GUARDED,
                "exempt",
                {"never": (), "exempt": DETACH, "compliant": DETACH},
            ),
            (
                "an exempt user without the guard",
                {"scope": "console", "exempt_names": "ali*"},
                {},
                "exempt",
                {"never": (), "exempt": (), "compliant": ()},
            ),
            (
                "an exempt user guarded through its group",
                {"scope": "console", "exempt_names": "ali*"},
                GUARDED_BY_GROUP,
                "exempt",
                {"never": (), "exempt": (), "compliant": ()},
            ),
        )
        for lift, plan in lifted.items()
    ]
    + [
        pytest.param(
            {"scope": "without-mfa", "lift": lift}, members, rule, plan, id=f"{lift}: {sentence}"
        )
        for lift, sentence, members, rule, plan in (
            ("never", "enrolled and guarded", GUARDED | WITH_DEVICE, "guarded", ()),
            ("exempt", "enrolled and guarded", GUARDED | WITH_DEVICE, "guarded", ()),
            ("compliant", "enrolled and guarded", GUARDED | WITH_DEVICE, "out-of-scope", DETACH),
            (
                "compliant",
                "enrolled and guarded by group",
                GUARDED_BY_GROUP | WITH_DEVICE,
                "out-of-scope",
                (),
            ),
            ("compliant", "enrolled and not guarded", WITH_DEVICE, "out-of-scope", ()),
            ("compliant", "not enrolled and guarded", GUARDED, "guarded", ()),
            ("compliant", "not enrolled, not guarded", {}, "must-carry-guard", ATTACH),
        )
    ],
)
def test_lift(
    chosen: dict[str, str], members: dict[str, Any], rule: str, plan: tuple[str, ...]
) -> None:
    """The guard comes off the user itself, and only as far as REACTOR_LIFT says."""
    decision = after(1, alice(**members), about_user("alice"), settings(**chosen))
    assert (decision.verdict.rule, names(decision)) == (rule, plan)
    assert decision.verdict.compliance in {"COMPLIANT", "NOT_APPLICABLE", "NON_COMPLIANT"}


@pytest.mark.parametrize("scope", ["without-mfa", "console"])
@pytest.mark.parametrize("more", [{}, {"exempt_names": "ali*"}], ids=["enrolled", "exempt"])
def test_lift_leaves_a_foreign_policy(scope: str, more: dict[str, str]) -> None:
    """A policy of the guard's name that is not ours is not taken off: we did not put it on."""
    state = alice(guard_standing=Standing.FOREIGN, **GUARDED, **WITH_DEVICE)
    chosen = settings(scope=scope, lift="compliant", **more)
    assert after(1, state, about_user("alice"), chosen).plan == ()


class TestDeviceHint:
    """What an event says of a removed device, against a read that still shows it."""

    @pytest.mark.parametrize(
        ("seconds", "enabled", "serial", "rule"),
        [
            pytest.param(1, -1, SERIAL, "must-carry-guard", id="enabled before the event"),
            pytest.param(1, 0, SERIAL, "must-carry-guard", id="enabled in the event's second"),
            pytest.param(9, 1, SERIAL, "out-of-scope", id="enabled again after the event"),
            pytest.param(1, -1, KEY.serial, "out-of-scope", id="another device was removed"),
            pytest.param(299, -1, SERIAL, "must-carry-guard", id="the event is 4:59 old"),
            pytest.param(300, -1, SERIAL, "out-of-scope", id="the event is five minutes old"),
            pytest.param(-60, -120, SERIAL, "must-carry-guard", id="clocks differ by a minute"),
            pytest.param(-61, -120, SERIAL, "out-of-scope", id="the event is from the future"),
        ],
    )
    def test_voids_a_device(self, seconds: float, enabled: float, serial: str, rule: str) -> None:
        """A young event voids the device it names, if that was enabled before."""
        device = Device(SERIAL, START + timedelta(seconds=enabled))
        cause = about_user("alice", removed(serial))
        decision = after(seconds, alice(devices=(device,)), cause, settings(scope="without-mfa"))
        assert decision.verdict.rule == rule

    def test_another_device_still_counts(self) -> None:
        """One removed device of two leaves the user enrolled."""
        cause = about_user("alice", removed(SERIAL))
        decision = after(1, alice(devices=(DEVICE, KEY)), cause, settings(scope="console"))
        assert decision.verdict.reasons == (f"has the MFA device {KEY.serial}",)

    @pytest.mark.parametrize(
        ("seconds", "recheck"),
        [
            pytest.param(149, True, id="149 s after the event"),
            pytest.param(150, False, id="150 s after the event"),
        ],
    )
    def test_recheck(self, seconds: float, *, recheck: bool) -> None:
        """What was done against the read is judged again by Lambda's tries, the last excepted."""
        cause = about_user("alice", removed(SERIAL))
        decision = after(seconds, alice(**WITH_DEVICE), cause, settings(scope="without-mfa"))
        assert [getattr(action, "recheck", None) for action in decision.plan] == [recheck]

    def test_no_recheck_without_contradiction(self) -> None:
        """A read that shows the device gone confirms the event; nothing is left to recheck."""
        cause = about_user("alice", removed(SERIAL))
        decision = after(1, alice(), cause, settings(scope="without-mfa"))
        assert [getattr(action, "recheck", None) for action in decision.plan] == [False]


class TestGuardDetachedHint:
    """What an event says of the detached guard, against a read that still shows it attached."""

    @pytest.mark.parametrize(
        ("seconds", "arn", "members", "rule", "recheck"),
        [
            pytest.param(1, GUARD_ARN, GUARDED, "must-carry-guard", [False], id="young"),
            pytest.param(299, GUARD_ARN, GUARDED, "must-carry-guard", [False], id="still young"),
            pytest.param(300, GUARD_ARN, GUARDED, "guarded", [], id="five minutes old"),
            pytest.param(-61, GUARD_ARN, GUARDED, "guarded", [], id="from the future"),
            pytest.param(1, LOOK_ALIKE, GUARDED, "guarded", [], id="about a look-alike"),
            pytest.param(
                1, GUARD_ARN, GUARDED_BY_GROUP, "guarded", [], id="while a group carries the guard"
            ),
            pytest.param(1, GUARD_ARN, {}, "must-carry-guard", [False], id="and read so, too"),
        ],
    )
    def test_young_claim_outweighs_the_read(
        self, seconds: float, arn: str, members: dict[str, Any], rule: str, recheck: list[bool]
    ) -> None:
        """For five minutes the guard counts as detached; to attach it leaves nothing open."""
        decision = after(seconds, alice(**members), about_user("alice", detached(arn)), settings())
        assert decision.verdict.rule == rule
        assert [getattr(action, "recheck", None) for action in decision.plan] == recheck

    @pytest.mark.parametrize("scope", ["everyone", "without-mfa", "console"])
    def test_without_a_name_it_concerns_nobody(self, scope: str) -> None:
        """An event that does not say whose guard was detached makes nobody's guard doubtful."""
        members = {"has_credentials": None, "has_password": None, "devices": None, **GUARDED}
        cause = about_everyone(detached(GUARD_ARN))
        decision = after(1, alice(**members), cause, settings(scope=scope))
        assert (decision.verdict.rule, decision.plan) == ("guarded", ())


@pytest.mark.parametrize(
    "hint",
    [
        pytest.param(created("alice"), id="created"),
        pytest.param(detached(GUARD_ARN), id="guard detached"),
        pytest.param(removed(SERIAL), id="device removed"),
    ],
)
def test_hints_never_change_an_exemption(hint: Any) -> None:
    """Whatever an event claims, an exempt user stays exempt."""
    state = alice(tags=(("userType", "Service"),), **GUARDED, **WITH_DEVICE)
    decision = after(1, state, about_user("alice", hint), settings(scope="without-mfa"))
    assert (decision.verdict.rule, decision.plan) == ("exempt", ())


def test_danger_ranks_by_what_reaches_the_user() -> None:
    """The more policies and groups a user has, the earlier it is mended."""
    plain = after(1, alice(), about_everyone(), settings())
    mighty = alice(policies=frozenset({"a", "b"}), inline={"own": {}}, groups=("x",))
    assert (plain.danger, after(1, mighty, about_everyone(), settings()).danger) == (0, 4)


def claimed(claim: Claim, about: str = "alice", *, kind: SubjectKind = SubjectKind.USER) -> Cause:
    """Return the cause of an event that makes a claim about a user, or about a group."""
    subject = Subject(kind, ACCOUNT, name=about)
    return Cause(trigger(), subject, (Hint(claim, START, about),))


class TestDeletionBlocked:
    """A DeleteUser that failed."""

    CAUSE = claimed(Claim.DELETION_BLOCKED)

    def test_the_guard_comes_off_who_has_no_credential(self) -> None:
        """And another look is asked for while a stale read may be why none was seen."""
        state = alice(has_credentials=False, **GUARDED)
        decision = after(5, state, self.CAUSE, settings())
        assert (decision.verdict.rule, names(decision)) == ("deletion-blocked", DETACH)
        (action,) = decision.plan
        assert isinstance(action, DetachGuard)
        assert action.recheck
        (later,) = after(160, state, self.CAUSE, settings()).plan
        assert isinstance(later, DetachGuard)
        assert not later.recheck

    def test_the_second_look_finds_the_credential(self) -> None:
        """It was made while IAM showed none: the guard goes back on."""
        decision = after(60, alice(has_credentials=True), self.CAUSE, settings())
        assert names(decision) == ATTACH

    def test_it_stays_on_who_has_a_credential(self) -> None:
        """A failing DeleteUser is no way to get rid of it."""
        assert names(after(5, alice(**GUARDED), self.CAUSE, settings())) == ()

    def test_exempt_users_too(self) -> None:
        """Whoever was guarded before it became exempt must not be kept from deletion."""
        tags = (("userType", "Service"),)
        state = alice(has_credentials=False, tags=tags, **GUARDED)
        assert names(after(5, state, self.CAUSE, settings())) == DETACH


@pytest.mark.parametrize("claim", [Claim.CREDENTIAL_MADE, Claim.PASSWORD_MADE])
def test_a_credential_that_is_not_visible_is_looked_for_again(claim: Claim) -> None:
    """As long as Lambda tries; then the read is right."""
    state = alice(has_credentials=False)
    decision = after(90, state, claimed(claim), settings())
    assert decision.verdict.rule == "credential-not-visible"
    assert isinstance(decision.error, Transient)
    assert after(150, state, claimed(claim), settings()).verdict.rule == "being-deleted"


def test_a_password_that_is_not_visible_is_looked_for_again() -> None:
    """In scope `console`, for it decides there; who is guarded already is in order."""
    chosen, cause = settings(scope="console"), claimed(Claim.PASSWORD_MADE)
    unseen = after(5, alice(**NO_PASSWORD), cause, chosen)
    assert unseen.verdict.rule == "credential-not-visible"
    assert after(150, alice(**NO_PASSWORD), cause, chosen).verdict.rule == "out-of-scope"
    assert after(5, alice(**NO_PASSWORD, **GUARDED), cause, chosen).verdict.rule == "guarded"
    key = claimed(Claim.CREDENTIAL_MADE)
    assert after(5, alice(**NO_PASSWORD), key, chosen).verdict.rule == "out-of-scope"


def test_the_user_before_is_not_judged_in_the_new_ones_place() -> None:
    """A name that was deleted and made again: the read still shows the guarded one of before."""
    cause = about_user("alice", created("alice"))
    before = alice(created_at=START - timedelta(days=1), **GUARDED)
    decision = after(5, before, cause, settings())
    assert decision.verdict.rule == "just-created"
    assert isinstance(decision.error, Transient)
    assert after(5, alice(created_at=START, **GUARDED), cause, settings()).error is None


def missing_group() -> UserState:
    """Return the state in the place of a group that is not there."""
    return UserState("staff", Presence.GONE, GUARD)


def test_a_group_under_its_new_name_is_looked_for_again() -> None:
    """For a minute; then it is gone."""
    cause = claimed(Claim.GROUP_RENAMED, "staff", kind=SubjectKind.GROUP_MEMBERS)
    assert isinstance(after(5, missing_group(), cause, settings()).error, Transient)
    assert after(61, missing_group(), cause, settings()).verdict.rule == "gone"


def test_a_group_that_lost_the_guard_and_its_name() -> None:
    """Its members may be anybody; where it lost another policy, nobody is concerned."""
    subject = Subject(SubjectKind.GROUP_MEMBERS, ACCOUNT, name="staff")
    guard = Cause(trigger(), subject, (detached(GUARD_ARN),))
    assert names(after(5, missing_group(), guard, settings())) == ("sweep-everyone",)
    other = Cause(trigger(), subject, (detached(LOOK_ALIKE),))
    assert after(5, missing_group(), other, settings()).verdict.rule == "gone"


SECOND_DEVICE = Device(f"{SERIAL}-2", START - timedelta(days=30))


class TestContradictedReads:
    """An event contradicts the read: what else was read may be as stale, so it is read again."""

    def test_one_of_two_devices_was_removed(self) -> None:
        """The other may be gone as well, by an event that knows of nothing but that one."""
        state = alice(devices=(DEVICE, SECOND_DEVICE))
        cause = about_user("alice", removed(SERIAL))
        decision = after(5, state, cause, settings(scope="without-mfa"))
        assert (decision.verdict.rule, decision.recheck) == ("out-of-scope", True)
        assert not after(160, state, cause, settings(scope="without-mfa")).recheck

    def test_one_of_two_ways_to_carry_the_guard_was_taken(self) -> None:
        """So may be the other."""
        state = alice(**GUARDED, **GUARDED_BY_GROUP)
        for hint in (detached(GUARD_ARN), Hint(Claim.GROUP_LEFT, START, "staff")):
            decision = after(5, state, about_user("alice", hint), settings())
            assert (decision.verdict.rule, decision.recheck) == ("guarded", True)

    def test_a_read_that_agrees_is_believed(self) -> None:
        """The removed device is not shown any more: nothing needs another look."""
        cause = about_user("alice", removed(SERIAL))
        decision = after(5, alice(devices=(KEY,)), cause, settings(scope="without-mfa"))
        assert (decision.verdict.rule, decision.recheck) == ("out-of-scope", False)

    def test_a_failed_deletion_of_somebody_with_a_credential(self) -> None:
        """Tools delete the user within a second of its last credential; IAM may show it still."""
        decision = after(5, alice(**GUARDED), claimed(Claim.DELETION_BLOCKED), settings())
        assert (decision.verdict.rule, decision.recheck) == ("guarded", True)
        late = after(160, alice(**GUARDED), claimed(Claim.DELETION_BLOCKED), settings())
        assert not late.recheck
