"""Scope `privileged` on the fake: what is read for it, how often, and what follows from events."""

from datetime import timedelta
from typing import Any

import pytest

from reactor.errors import Unsettled
from reactor.guard.document import canonical
from reactor.model import Cause, Claim, Compliance, Decision, Hint, Subject, SubjectKind
from reactor.users.observe import FEW
from reactor.users.policies import ONE_BY_ONE
from reactor.users.ports import READS
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import (
    about_everyone,
    about_group,
    about_user,
    detached,
    left,
    removed,
    trigger,
)
from tests.fakes.harness import RETRIES_AFTER, Harness, settings

P = f"arn:aws:iam::{ACCOUNT}:policy/"
OF_AWS = "arn:aws:iam::aws:policy/AdministratorAccess"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
PASSKEY = f"arn:aws:iam::{ACCOUNT}:u2f/user/alice/key-1"
DEVICE = {"devices": (Device(SERIAL, START - timedelta(days=1)),)}
READER, WRITER = "s3:Get*", "iam:Put*"
GIVEN, CHANGED = Claim.PERMISSIONS_GIVEN, Claim.PERMISSIONS_CHANGED


def document(action: str, effect: str = "Allow") -> dict[str, Any]:
    """A document of one statement."""
    return {"Statement": {"Effect": effect, "Action": action, "Resource": "*"}}


def prepared(**chosen: str) -> Harness:
    """A harness with the guard, and policies, groups and users who carry nothing yet."""
    chosen = {"scope": "privileged", "dangerous_actions": "iam:*,sts:AssumeRole"} | chosen
    harness = Harness(settings(**chosen))
    harness.account.put_policy()
    for name, text in (("reader", READER), ("writer", WRITER)):
        harness.account.put_policy(P + name, {}, canonical(document(text)))
    harness.account.put_policy(f"{P}denier", {}, canonical(document("iam:*", "Deny")))
    harness.account.put_policy(OF_AWS, {}, canonical(document("*")))
    harness.account.put_group("staff", f"{P}reader")
    harness.account.put_user("alice", password=True)
    harness.clock.advance(3600)
    return harness


def give(harness: Harness, way: str, action: str) -> None:
    """Let alice do something, in one of the four ways."""
    name = "writer" if action == WRITER else "reader"
    if way == "attached":
        harness.account.change("alice", policies=frozenset({P + name}))
    elif way == "inline":
        harness.account.change("alice", inline={"own": document(action)})
    else:
        harness.account.change("alice", groups=frozenset({"crew"}))
        harness.account.put_group("crew", *([P + name] if way == "a group's" else []))
        if way == "a group's inline":
            harness.account.put_inline_documents("crew", {"own": document(action)})


WAYS = ("attached", "inline", "a group's", "a group's inline")
SINGLE = pytest.mark.parametrize("single", [True, False], ids=["an event", "a sweep"])


def decided(harness: Harness, *, single: bool) -> Decision:
    """What is decided about alice."""
    run = harness.react(about_user("alice") if single else about_everyone())
    (found,) = [each for each in run.settled if each.observation.subject.name == "alice"]
    assert found.observation.error is None
    return found.decision


@SINGLE
@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_do_something_dangerous_must_carry_the_guard(way: str, *, single: bool) -> None:
    """However the policy comes to it; the reason says by which."""
    harness = prepared()
    give(harness, way, WRITER)
    verdict = decided(harness, single=single).verdict
    assert (verdict.compliance, verdict.rule) == (Compliance.NON_COMPLIANT, "must-carry-guard")
    assert verdict.reasons[1].startswith("may do iam:*: policy ")
    assert verdict.reasons[1].endswith("statement 1, allows iam:Put*")
    assert harness.carries_guard("alice")


@SINGLE
@pytest.mark.parametrize("way", WAYS)
def test_whoever_may_do_nothing_dangerous_is_out_of_scope(way: str, *, single: bool) -> None:
    """And nobody touches it."""
    harness = prepared()
    give(harness, way, READER)
    verdict = decided(harness, single=single).verdict
    assert verdict.compliance is Compliance.COMPLIANT
    assert (verdict.rule, verdict.reasons) == ("out-of-scope", ("may do nothing dangerous",))
    assert harness.iam.writes == []


@SINGLE
@pytest.mark.parametrize("serial", [SERIAL, PASSKEY])
def test_whoever_has_a_device_is_out_of_scope(serial: str, *, single: bool) -> None:
    """Of any kind, whatever it may do."""
    harness = prepared()
    give(harness, "inline", WRITER)
    harness.account.change("alice", devices=(Device(serial, START),))
    verdict = decided(harness, single=single).verdict
    assert (verdict.rule, verdict.reasons) == ("out-of-scope", (f"has the MFA device {serial}",))


@SINGLE
def test_a_denial_for_good_takes_away(*, single: bool) -> None:
    """One through a group binds what the user itself is allowed."""
    harness = prepared()
    give(harness, "attached", WRITER)
    harness.account.put_group("denied", f"{P}denier")
    harness.account.change("alice", groups=frozenset({"denied"}))
    assert decided(harness, single=single).verdict.rule == "out-of-scope"


@SINGLE
@pytest.mark.parametrize(
    ("only_custom", "rule"), [("false", "must-carry-guard"), ("true", "out-of-scope")]
)
def test_awss_own_policies(only_custom: str, rule: str, *, single: bool) -> None:
    """They count, unless only customers' do."""
    harness = prepared(only_custom_policies=only_custom)
    harness.account.change("alice", policies=frozenset({OF_AWS}))
    assert decided(harness, single=single).verdict.rule == rule


@SINGLE
def test_a_guarded_user_is_asked_nothing_more(*, single: bool) -> None:
    """It is in order whatever it may do."""
    harness = prepared()
    harness.account.change("alice", policies=frozenset({GUARD_ARN, OF_AWS}))
    assert decided(harness, single=single).verdict.rule == "guarded"
    assert not {"policy_version", "managed_documents"} & set(harness.iam.reads)


@SINGLE
def test_lift(*, single: bool) -> None:
    """With REACTOR_LIFT=compliant the guard comes off who may do nothing dangerous any more."""
    harness = prepared(lift="compliant")
    harness.account.change("alice", policies=frozenset({GUARD_ARN, f"{P}reader"}))
    decided(harness, single=single)
    assert not harness.carries_guard("alice")


class TestReads:
    """What is read, in how many rounds."""

    def test_one_by_one(self) -> None:
        """The first round is as in scope `without-mfa`; who is still open is asked in three more.

        Which policies there are; what they say, with the versions of groups' ones; what these say.
        """
        harness = prepared()
        give(harness, "attached", READER)
        harness.account.change(
            "alice", groups=frozenset({"staff"}), inline={"own": document("x:y")}
        )
        harness.account.put_inline("staff", "one", "two")
        harness.account.put_group("staff", f"{P}writer", f"{P}reader")
        (seen,) = harness.observer.observe(about_user("alice"))
        assert harness.rounds.sizes == [12, 4, 5, 1]
        assert {READS[each] for each in ONE_BY_ONE} <= set(seen.reads)
        assert seen.state is not None
        powers = {(each.name, each.group) for each in seen.state.powers or ()}
        told = seen.state.facts()["policies"]
        assert isinstance(told, list)
        assert told[:2] == ["policy reader (attached)", "policy own (inline)"]
        assert "policy one (through group staff)" in told
        own = {("reader", ""), ("own", "")}
        through = {(each, "staff") for each in ("reader", "writer", "one", "two")}
        assert powers == own | through

    def test_no_call_waits_inside_of_a_round(self) -> None:
        """However many policies there are: each read is a call of its own, in four rounds."""
        harness = prepared()
        own, crews = ({f"{whose}-{n}": document("x:y") for n in range(10)} for whose in "ab")
        names = ("reader", "writer")
        harness.account.change(
            "alice", groups=frozenset({"crew", "staff"}), inline=own, policies=frozenset({OF_AWS})
        )
        harness.account.put_group("crew", *(P + each for each in names))
        harness.account.put_inline_documents("crew", crews)
        (seen,) = harness.observer.observe(about_user("alice"))
        assert seen.state is not None
        assert len(seen.state.powers or ()) == len(own) + len(crews) + len(names) + 2
        assert len(harness.rounds.sizes) == 4
        assert len(harness.iam.log) == sum(harness.rounds.sizes)

    @pytest.mark.parametrize(
        "members",
        [
            pytest.param(DEVICE, id="a device"),
            pytest.param({"policies": frozenset({GUARD_ARN})}, id="the guard"),
            pytest.param({"tags": (("userType", "Service"),)}, id="exempt"),
            pytest.param({"password": False}, id="being deleted"),
        ],
    )
    def test_one_round_is_enough(self, members: dict[str, Any]) -> None:
        """Whose verdict is known then is not asked for its policies."""
        harness = prepared()
        harness.account.change("alice", **members)
        list(harness.observer.observe(about_user("alice")))
        assert len(harness.rounds.sizes) == 1

    def test_a_device_that_an_event_denies(self) -> None:
        """Then it matters what the user may do."""
        harness = prepared()
        give(harness, "inline", WRITER)
        harness.account.change("alice", **DEVICE)
        run = harness.react(about_user("alice", removed(SERIAL, harness.clock())))
        assert [each.decision.verdict.rule for each in run.settled] == ["must-carry-guard"]

    def test_a_guard_that_an_event_denies(self) -> None:
        """Then, too."""
        harness = prepared()
        give(harness, "attached", READER)
        harness.account.change("alice", policies=frozenset({GUARD_ARN, f"{P}reader"}))
        run = harness.react(about_user("alice", detached(GUARD_ARN, harness.clock())))
        assert [each.decision.verdict.rule for each in run.settled] == ["out-of-scope"]

    def test_a_sweep_asks_the_dangerous_only(self) -> None:
        """Of five users, one is asked for devices; policies are listed once."""
        harness = prepared()
        give(harness, "attached", WRITER)
        harness.account.put_user("reader", policies=frozenset({f"{P}reader"}))
        harness.account.put_user("nobody")
        harness.account.put_user("enrolled", policies=frozenset({OF_AWS}), **DEVICE)
        harness.account.put_user(
            "exempt", policies=frozenset({OF_AWS}), tags=(("userType", "Service"),)
        )
        harness.sweep()
        asked = [each.about for each in harness.iam.log if each.method == "devices_of"]
        assert asked == ["alice"]
        assert harness.iam.reads.count("managed_documents") == 1
        assert "policy_version" not in harness.iam.reads

    def test_a_sweep_of_users_in_order_reads_no_policies(self) -> None:
        """Nobody's verdict depends on them."""
        harness = prepared()
        harness.account.change("alice", **DEVICE)
        harness.sweep()
        assert "managed_documents" not in harness.iam.reads

    @SINGLE
    def test_awss_own_are_read_once(self, *, single: bool) -> None:
        """And kept, for the next event or sweep; customers' own are read each time."""
        harness = prepared()
        harness.account.change("alice", policies=frozenset({OF_AWS}))
        cause = about_user("alice") if single else about_everyone()
        list(harness.observer.observe(cause))
        before = len(harness.iam.log)
        list(harness.observer.observe(cause))
        again = {each.method for each in harness.iam.log[before:]}
        assert not {"policy_version", "managed_documents"} & again
        harness.account.change("alice", policies=frozenset({OF_AWS, f"{P}writer"}))
        list(harness.observer.observe(cause))
        assert {"policy_version", "managed_documents"} & set(harness.iam.reads[before:])

    def test_a_policy_that_is_not_listed_is_asked_for(self) -> None:
        """Perhaps not all that AWS has are."""
        harness = prepared()
        harness.account.change("alice", policies=frozenset({OF_AWS}))
        listed = dict(harness.iam.managed_documents())
        listed.pop(OF_AWS)
        harness.iam.managed_documents = lambda **_: iter(listed.items())  # type: ignore[method-assign]
        assert decided(harness, single=False).verdict.rule == "must-carry-guard"
        assert "policy_version" in harness.iam.reads

    def test_a_user_asked_in_an_earlier_part(self) -> None:
        """Who has no device is not asked again to be judged; its policies come with the pages."""
        harness = prepared()
        give(harness, "attached", WRITER)
        user = harness.account.world.users["alice"]
        harness.bulk.known = type(harness.bulk.known)(lacking=frozenset({user.id}))
        assert decided(harness, single=False).verdict.rule == "must-carry-guard"
        assert harness.iam.reads.count("devices_of") == 1  # before it is changed


FAILING = (
    "inline_policies_of_user",
    "inline_policy_of_user",
    "policies_of_group",
    "inline_policies_of_group",
    "inline_policy_of_group",
    "policy_version",
)


class TestErrors:
    """What could not be read is never "nothing dangerous"."""

    @pytest.mark.parametrize("read", FAILING)
    def test_of_one_user(self, read: str) -> None:
        """Whichever read fails: nothing is decided, and it is tried again."""
        harness = prepared()
        give(harness, "inline", READER)
        harness.account.change("alice", groups=frozenset({"staff"}))
        harness.account.put_inline("staff", "own")
        fault = harness.iam.fail(read)
        run = harness.react(about_user("alice"))
        assert fault.raised == 1
        assert [each.decision.verdict.rule for each in run.settled] == ["not-read"]
        with pytest.raises(Unsettled):
            run.raise_unsettled()

    @pytest.mark.parametrize("read", ["policy", "policy_version"])
    @pytest.mark.parametrize("way", ["attached", "a group's"])
    def test_of_a_managed_policy(self, way: str, read: str) -> None:
        """In whichever round it is asked for, and whether its version or what that says."""
        harness = prepared()
        give(harness, way, READER)
        fault = harness.iam.fail(read, about=f"{P}reader")
        run = harness.react(about_user("alice"))
        assert fault.raised == 1
        assert [each.decision.verdict.rule for each in run.settled] == ["not-read"]

    def test_of_another_user(self) -> None:
        """What failed for one leaves the others judged who were read in the same rounds."""
        harness = prepared()
        for name in ("bob", "carol"):
            harness.account.put_user(name, password=True, groups=frozenset({"staff"}))
            harness.account.change(name, inline={"own": document(WRITER)})
        harness.iam.fail("inline_policy_of_user", about="bob")
        run = harness.react(about_group("staff"))
        rules = {e.observation.subject.name: e.decision.verdict.rule for e in run.settled}
        assert rules == {"bob": "not-read", "carol": "must-carry-guard"}

    def test_of_a_listing(self) -> None:
        """Nobody whose verdict depends on it is judged."""
        harness = prepared()
        give(harness, "attached", READER)
        harness.account.put_user("enrolled", **DEVICE)
        harness.iam.fail("managed_documents")
        rules = {
            e.observation.subject.name: e.decision.verdict.rule for e in harness.sweep().settled
        }
        assert rules == {"alice": "not-read", "enrolled": "out-of-scope"}

    def test_of_one_policy_in_a_sweep(self) -> None:
        """Only whoever it reaches is not judged."""
        harness = prepared()
        harness.account.change("alice", policies=frozenset({f"{P}gone"}))
        harness.account.put_user("bob", policies=frozenset({f"{P}reader"}))
        rules = {
            e.observation.subject.name: e.decision.verdict.rule for e in harness.sweep().settled
        }
        assert rules == {"alice": "not-read", "bob": "out-of-scope"}

    def test_of_a_group_that_no_page_shows(self) -> None:
        """It was made meanwhile: what it carries is not known."""
        harness = prepared()
        harness.account.change("alice", groups=frozenset({"made-just-now"}))
        rules = [each.decision.verdict.rule for each in harness.sweep().settled]
        assert rules == ["not-read"]


def claim(claim: Claim, about: str, harness: Harness, ago: float = 0) -> Hint:
    """A claim, so many seconds old."""
    return Hint(claim, harness.clock() - timedelta(seconds=ago), about)


class TestStaleReads:
    """An event that may have widened what a user may do, which the read may not show."""

    @pytest.mark.parametrize(
        ("what", "about", "again"),
        [
            pytest.param(GIVEN, f"{P}other", True, id="attached, and not shown"),
            pytest.param(GIVEN, f"{P}reader", False, id="attached, and shown"),
            pytest.param(GIVEN, "crew", True, id="joined, and not shown"),
            pytest.param(GIVEN, "staff", False, id="joined, and shown"),
            pytest.param(CHANGED, "own", True, id="says something else: no read tells"),
            pytest.param(Claim.POLICY_DETACHED, f"{P}denier", True, id="a denial, still shown"),
            pytest.param(Claim.POLICY_DETACHED, f"{P}reader", False, id="no denial, still shown"),
            pytest.param(Claim.POLICY_DETACHED, f"{P}other", False, id="detached, and not shown"),
            pytest.param(Claim.GROUP_LEFT, "DENIED", True, id="a group's denial, still shown"),
            pytest.param(Claim.GROUP_LEFT, "staff", False, id="a group that denies nothing"),
        ],
    )
    def test_looked_at_again(self, what: Claim, about: str, *, again: bool) -> None:
        """While it is young, and only where the read does not show it."""
        harness = prepared(lift="compliant")
        harness.account.put_group("denied", f"{P}denier")
        harness.account.change("alice", policies=frozenset({f"{P}reader", f"{P}denier"}))
        harness.account.change("alice", groups=frozenset({"staff", "denied"}))
        for ago, expected in ((1, again), (149, again), (150, False)):
            run = harness.react(about_user("alice", claim(what, about, harness, ago)))
            (settled,) = run.settled
            assert settled.decision.verdict.rule == "out-of-scope"
            assert settled.unsettled is expected

    def test_a_harmless_inline_policy_fails_twice(self) -> None:
        """What comes at once is still young at Lambda's next try; the last one ends well.

        So five a minute apart are ten errors, which is what the alarm `review-errors` counts.
        """
        harness = prepared()
        give(harness, "inline", READER)
        cause = about_user("alice", claim(CHANGED, "own", harness, ago=5))
        failed = []
        for wait in (0, *RETRIES_AFTER):
            harness.clock.advance(wait)
            failed += [each.unsettled for each in harness.react(cause).settled]
        assert failed == [True, True, False]

    def test_the_guard_stays_meanwhile(self) -> None:
        """What may be stale takes it off nobody."""
        harness = prepared(lift="compliant")
        harness.account.change("alice", policies=frozenset({GUARD_ARN}))
        run = harness.react(about_user("alice", claim(GIVEN, f"{P}writer", harness)))
        assert [each.unsettled for each in run.settled] == [True]
        assert harness.carries_guard("alice")
        harness.clock.advance(200)
        harness.react(about_user("alice"))
        assert not harness.carries_guard("alice")

    def test_a_device_settles_it(self) -> None:
        """Whatever the user may do, it is out of scope."""
        harness = prepared()
        harness.account.change("alice", **DEVICE)
        (settled,) = harness.react(about_user("alice", claim(CHANGED, "own", harness))).settled
        assert settled.decision.verdict.rule == "out-of-scope"
        assert not settled.unsettled
        assert not harness.carries_guard("alice")

    def test_in_other_scopes_it_does_not_matter(self) -> None:
        """Nobody asks what a user may do."""
        harness = prepared(scope="console")
        harness.account.change("alice", password=False, keys=(True,))
        (settled,) = harness.react(about_user("alice", claim(CHANGED, "own", harness))).settled
        assert settled.decision.verdict.rule == "out-of-scope"
        assert not settled.unsettled
        assert not (set(ONE_BY_ONE) - {"policy"}) & set(harness.iam.reads)  # the guard is one


@pytest.mark.parametrize("members", [2, FEW + 1], ids=["a few members", "many members"])
def test_a_groups_members(members: int) -> None:
    """What a group is given, all its members may do; few are read one by one, many in bulk."""
    harness = prepared()
    harness.account.put_group("staff", f"{P}writer")
    names = [f"user-{number}" for number in range(members)]
    for name in names:
        harness.account.put_user(name, password=True, groups=frozenset({"staff"}))
    harness.react(about_group("staff", claim(GIVEN, f"{P}writer", harness))).raise_unsettled()
    assert {call.about for call in harness.iam.writes} == set(names)


def test_a_policys_holders() -> None:
    """What a policy says now, its holders may do, and members of groups that hold it."""
    harness = prepared()
    give(harness, "attached", READER)
    harness.account.put_user("member", password=True, groups=frozenset({"staff"}))
    harness.account.put_user("other", password=True)
    harness.account.put_version(canonical(document("*")), f"{P}reader")
    holders = Subject(SubjectKind.POLICY_HOLDERS, ACCOUNT, arn=f"{P}reader")
    hint = claim(CHANGED, f"{P}reader", harness)
    harness.react(Cause(trigger(), holders, (hint,))).raise_unsettled()
    assert {call.about for call in harness.iam.writes} == {"alice", "member"}


def test_a_group_left_that_carried_the_guard() -> None:
    """Who may do something dangerous is guarded again, on the event's word."""
    harness = prepared()
    give(harness, "inline", WRITER)
    harness.account.put_group("crew", GUARD_ARN)
    harness.account.change("alice", groups=frozenset({"crew"}))
    harness.react(about_user("alice", left("crew", harness.clock())))
    assert [call.method for call in harness.iam.writes] == ["attach"]
