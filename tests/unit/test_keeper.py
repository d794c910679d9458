"""reactor.guard.keeper on the fake: the guard is created and restored, and never taken over."""

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from reactor.errors import Permanent, ReactorError, Transient, Unsettled
from reactor.guard import actions, group, keeper
from reactor.guard.actions import (
    AdoptGroup,
    AdoptPolicy,
    AttachToGroup,
    CreateGroup,
    CreatePolicy,
    DeleteFromGroup,
    DetachFromGroup,
    MakeRoom,
    ReportDrift,
    RestoreDocument,
)
from reactor.guard.document import guard_document
from reactor.guard.identity import Guard
from reactor.model import (
    Alarm,
    AlarmKind,
    Cause,
    Claim,
    Hint,
    Outcome,
    OutcomeStatus,
    Subject,
    SubjectKind,
    TriggerKind,
)
from reactor.reconcile import Run, Settled, enforce, observe_only, reconcile
from reactor.settings import Mode
from reactor.users.actions import AttachGuard
from tests.fakes.account import (
    ACCOUNT,
    DEFAULTS,
    GUARD_ARN,
    GUARD_DOCUMENT,
    GUARD_TAGS,
    Account,
    Policy,
)
from tests.fakes.clock import FakeClock
from tests.fakes.events import trigger
from tests.fakes.harness import Rounds, keepers, settings
from tests.fakes.iam import Call, FakeIam

GIVEN_ARN = f"arn:aws:iam::{ACCOUNT}:policy/team/Guard"
OPEN: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}
OURS = guard_document("aws", ACCOUNT, DEFAULTS)
TAMPERED = json.dumps(OPEN)
LOOKS = ("iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions")


class Kept:
    """An account, and its keeper."""

    def __init__(self, **chosen: str) -> None:
        self.settings = settings(**chosen)
        self.clock = FakeClock()
        self.account = Account(self.clock)
        self.iam = FakeIam(self.account)
        self.guard = Guard.of(self.settings, partition="aws", account=ACCOUNT)
        self.alarms: list[Alarm] = []
        self.rounds = Rounds()
        both = keepers(self.iam, self.settings, self.rounds, self.alarms)
        self.keeper = both.policy

    @property
    def policy(self) -> Policy:
        """What stands at the guard's ARN."""
        return self.account.world.policies[self.guard.arn]

    @property
    def written(self) -> list[str]:
        """The methods that changed something, in order."""
        return [call.method for call in self.iam.writes]

    def tamper(self, document: str = TAMPERED, *, versions: int = 2) -> None:
        """Make a guard that has so many versions, the last of them holding this document."""
        self.account.put_policy(self.guard.arn)
        for _ in range(versions - 2):
            self.account.put_version("{}", self.guard.arn)
        self.account.put_version(document, self.guard.arn)

    def keep(self, *, event_at: datetime | None = None) -> Run:
        """Have the keeper look at the guard, asked by one of ours or woken by an event."""
        woken = trigger(TriggerKind.REACTOR if event_at is None else TriggerKind.IAM_EVENT)
        edit = () if event_at is None else (Hint(Claim.GUARD_EDITED, event_at, self.guard.arn),)
        subject = Subject(SubjectKind.GUARD, ACCOUNT, arn=self.guard.arn)
        execute = enforce if self.settings.mode is Mode.ENFORCE else observe_only
        return reconcile(
            Cause(woken, subject, edit), self.keeper, execute=execute, clock=self.clock
        )


def one(run: Run) -> Settled:
    """Return the one subject of a run."""
    (settled,) = run.settled
    return settled


def changes(run: Run) -> list[Outcome]:
    """Return what became of the actions, but for the alarm's, which always goes well."""
    return [each for each in one(run).outcomes if each.action.name != "report-drift"]


def result(run: Run) -> tuple[str, list[str]]:
    """Return the rule that decided, and what became of the changes."""
    return one(run).decision.verdict.rule, [each.status.value for each in changes(run)]


def facts(run: Run) -> dict[str, object]:
    """Return what the record says was read."""
    state = one(run).observation.state
    assert state is not None
    return dict(state.facts())


class TestCreation:
    """A guard that is missing."""

    def test_missing_guard_is_created(self) -> None:
        """It is created with our tag and the generated document; a second look finds it so."""
        here = Kept()
        assert result(here.keep()) == ("guard-missing", ["done"])
        assert here.policy.tags == GUARD_TAGS
        assert json.loads(here.policy.document) == OURS
        assert result(here.keep()) == ("guard-in-place", [])
        assert here.written == ["create_policy"]

    def test_observe_mode_creates_nothing(self) -> None:
        """What is missing stays missing, and is said."""
        here = Kept(mode="observe")
        assert result(here.keep()) == ("guard-missing", ["skipped"])
        assert here.written == []

    @pytest.mark.parametrize(
        ("tags", "document", "status", "error"),
        [
            pytest.param(GUARD_TAGS, GUARD_DOCUMENT, "already so", None, id="by another keeper"),
            pytest.param(GUARD_TAGS, TAMPERED, "failed", Transient, id="with another document"),
            pytest.param({}, GUARD_DOCUMENT, "failed", Permanent, id="by somebody else"),
        ],
    )
    def test_created_meanwhile(
        self, tags: dict[str, str], document: str, status: str, error: type[ReactorError] | None
    ) -> None:
        """Who is faster decides: another keeper's guard will do, a foreign policy is refused."""
        here = Kept()

        def be_faster(call: Call) -> None:
            if call.method == "create_policy":
                here.account.put_policy(GUARD_ARN, tags, document)

        here.iam.on_call = be_faster
        run = here.keep()
        assert result(run) == ("guard-missing", [status])
        assert [type(each) for each in one(run).errors] == ([] if error is None else [error])

    def test_iam_disagrees_with_itself(self) -> None:
        """A guard that exists for CreatePolicy and not yet for GetPolicy is tried again."""
        here = Kept()
        here.clock.advance(60)
        here.account.put_policy()
        here.iam.staleness = lambda: 30
        run = here.keep()
        assert result(run) == ("guard-missing", ["failed"])
        assert isinstance(one(run).errors[0], Transient)
        with pytest.raises(Unsettled, match="that it does not"):
            run.raise_unsettled()
        here.clock.advance(60)
        assert result(here.keep()) == ("guard-in-place", [])


class TestWhoseItIs:
    """What the keeper leaves alone."""

    @pytest.mark.parametrize(
        "tags",
        [pytest.param({}, id="no tag"), pytest.param({"mfa-reactor": "x"}, id="another tag")],
    )
    def test_foreign_policy_is_refused(self, tags: dict[str, str]) -> None:
        """Without our tag and our document it is left alone, with a word on how to adopt it."""
        here = Kept()
        here.account.put_policy(GUARD_ARN, tags, TAMPERED)
        run = here.keep()
        assert result(run) == ("guard-refused", [])
        (error,) = one(run).errors
        assert isinstance(error, Permanent)
        assert "adopt it" in error.remedy
        assert (here.written, one(run).observation.reads) == ([], LOOKS)
        run.raise_unsettled()

    @pytest.mark.parametrize(
        "tags",
        [
            pytest.param({"team": "it"}, id="no tag"),
            pytest.param({"mfa-reactor": "x"}, id="another"),
        ],
    )
    def test_what_says_what_ours_says_gets_its_tag_again(self, tags: dict[str, str]) -> None:
        """To take the tag off is no way to keep the guard from being put on anybody."""
        here = Kept()
        here.account.put_policy(GUARD_ARN, tags)
        assert result(here.keep()) == ("guard-untagged", ["done"])
        assert here.policy.tags == {**tags, **GUARD_TAGS}
        assert [each.kind for each in here.alarms] == [AlarmKind.GUARD_DRIFTED]
        assert here.written == ["tag_policy"]

    def test_with_alarm_alone_its_tag_is_not_restored(self) -> None:
        """It stays refused, and that is told."""
        here = Kept(guard_restore="alarm")
        here.account.put_policy(GUARD_ARN, {})
        run = here.keep()
        assert result(run) == ("guard-untagged", [])
        assert isinstance(one(run).errors[0], Permanent)
        assert (len(here.alarms), here.written) == (1, [])

    @pytest.mark.parametrize("tags", [pytest.param({}, id="plain"), GUARD_TAGS])
    def test_given_guard_is_never_edited(self, tags: dict[str, str]) -> None:
        """A guard named by its ARN is used as it is, whatever is in it and on it."""
        here = Kept(guard_policy=GIVEN_ARN)
        here.account.put_policy(GIVEN_ARN, tags, TAMPERED)
        run = here.keep(event_at=here.clock())
        assert result(run) == ("guard-in-place", [])
        assert facts(run) == {"arn": GIVEN_ARN, "standing": "kept by someone else, as configured"}
        assert (here.written, one(run).observation.reads) == ([], LOOKS[:1])
        run.raise_unsettled()

    def test_given_guard_is_never_created(self) -> None:
        """One that is missing is refused."""
        here = Kept(guard_policy=GIVEN_ARN)
        assert result(here.keep()) == ("guard-refused", [])
        assert here.written == []


class TestRestoration:
    """A guard that is ours, with a document that is not."""

    def test_drifted_guard_is_restored(self) -> None:
        """Our document is its default again; a second look finds it in place and does nothing."""
        here = Kept()
        here.tamper()
        run = here.keep()
        assert result(run) == ("guard-drifted", ["done"])
        assert one(run).observation.reads == LOOKS
        assert (here.policy.default, here.policy.document) == ("v3", GUARD_DOCUMENT)
        again = here.keep()
        assert result(again) == ("guard-in-place", [])
        assert one(again).observation.reads == LOOKS
        assert here.written == ["create_version"]

    def test_an_old_version_made_the_default(self) -> None:
        """SetDefaultPolicyVersion needs no new version to do harm, and is undone alike."""
        here = Kept()
        here.tamper()
        here.keep()
        here.account.choose_version("v2")
        assert result(here.keep()) == ("guard-drifted", ["done"])
        assert here.policy.document == GUARD_DOCUMENT

    def test_a_version_that_does_not_hold_is_left_alone(self) -> None:
        """Another document in a version that is not the default changes nothing for anybody."""
        here = Kept()
        here.account.put_policy()
        here.account.put_version(TAMPERED, default=False)
        assert result(here.keep()) == ("guard-in-place", [])
        assert here.written == []

    @pytest.mark.parametrize(
        "document",
        [
            pytest.param(json.dumps(OURS, indent=4), id="white space"),
            pytest.param(
                json.dumps(
                    {
                        "Statement": OURS["Statement"][::-1],
                        "Version": "2012-10-17",
                    }
                ),
                id="order",
            ),
        ],
    )
    def test_another_way_of_writing_is_no_drift(self, document: str) -> None:
        """What says the same is left as somebody wrote it."""
        here = Kept()
        here.tamper(document)
        assert result(here.keep()) == ("guard-in-place", [])
        assert here.written == []

    @pytest.mark.parametrize(
        "document",
        [
            pytest.param(
                json.dumps(guard_document("aws", "9" * 12, DEFAULTS)), id="another account's"
            ),
            pytest.param(
                json.dumps(guard_document("aws-cn", ACCOUNT, DEFAULTS)), id="other partition"
            ),
            pytest.param("{}", id="empty"),
            pytest.param("no JSON", id="not JSON"),
            pytest.param("[" * 100_000, id="nested without end"),
        ],
    )
    def test_any_other_document_is_drift(self, document: str) -> None:
        """Whatever is not ours is replaced, read or not."""
        here = Kept()
        here.tamper(document)
        assert result(here.keep()) == ("guard-drifted", ["done"])
        assert here.policy.document == GUARD_DOCUMENT

    def test_observe_mode_plans_the_same(self) -> None:
        """Room and restoration are planned, and skipped."""
        here = Kept(mode="observe")
        here.tamper(versions=5)
        run = here.keep()
        assert result(run) == ("guard-drifted", ["skipped", "skipped"])
        assert [each.name for each in one(run).decision.plan] == [
            "report-drift",
            "make-room",
            "restore-document",
        ]
        assert here.written == []
        run.raise_unsettled()


class TestAlarm:
    """Somebody changed the guard: that is told, with the document, before anything is done."""

    def test_the_document_is_told_before_it_is_replaced(self) -> None:
        """Were the keeper to die in between, what it found would be in the log."""
        here = Kept()
        here.tamper()
        told: list[object] = []

        def look(call: Call) -> None:
            if call.method == "create_version":
                told.extend(each.details["document"] for each in here.alarms)

        here.iam.on_call = look
        here.keep()
        (alarm,) = here.alarms
        assert told == [OPEN]
        assert alarm.kind is AlarmKind.GUARD_DRIFTED
        assert "v2" in alarm.what
        assert "it is restored" in alarm.what

    @pytest.mark.parametrize("mode", Mode)
    def test_with_alarm_alone_nothing_is_restored(self, mode: Mode) -> None:
        """REACTOR_GUARD_RESTORE=alarm leaves the document to the operator."""
        here = Kept(guard_restore="alarm", mode=mode.value)
        here.tamper(versions=5)
        run = here.keep()
        assert result(run) == ("guard-drifted", [])
        assert (here.policy.document, here.written) == (TAMPERED, [])
        assert ["it stays so" in each.what for each in here.alarms] == [True]
        run.raise_unsettled()

    def test_with_alarm_alone_a_missing_guard_is_made(self) -> None:
        """Without one nobody could be guarded."""
        here = Kept(guard_restore="alarm")
        assert result(here.keep()) == ("guard-missing", ["done"])

    def test_observe_mode_tells_of_it(self) -> None:
        """To tell changes nothing."""
        here = Kept(mode="observe")
        here.tamper()
        here.keep()
        assert len(here.alarms) == 1


class TestAdoption:
    """A policy of the guard's name that is not ours, and an operator who wants it to be."""

    @pytest.mark.parametrize(
        ("document", "versions", "written"),
        [
            pytest.param(GUARD_DOCUMENT, 2, ["tag_policy"], id="with our document"),
            pytest.param(TAMPERED, 2, ["tag_policy", "create_version"], id="with another"),
            pytest.param(
                TAMPERED, 5, ["tag_policy", "delete_version", "create_version"], id="and no room"
            ),
        ],
    )
    def test_it_is_tagged_and_restored(
        self, document: str, versions: int, written: list[str]
    ) -> None:
        """Its other tags stay, its document is ours, and nobody is told of tampering."""
        here = Kept()
        here.tamper(document, versions=versions)
        here.account.tag_policy(GUARD_ARN, {"team": "it"})
        here.keeper = replace(here.keeper, adopt=True)
        assert result(here.keep()) == ("guard-adopted", ["done"] * len(written))
        assert here.written == written
        assert (here.policy.tags, here.policy.document) == (
            {"team": "it", **GUARD_TAGS},
            GUARD_DOCUMENT,
        )
        assert here.alarms == []
        assert result(here.keep()) == ("guard-in-place", [])

    def test_observe_mode_adopts_nothing(self) -> None:
        """It is planned, and skipped."""
        here = Kept(mode="observe")
        here.account.put_policy(GUARD_ARN, {}, TAMPERED)
        here.keeper = replace(here.keeper, adopt=True)
        assert result(here.keep()) == ("guard-adopted", ["skipped", "skipped"])
        assert here.written == []


def test_it_is_restored_in_three_round_trips() -> None:
    """What stands there and its versions, the document, and the restoration."""
    here = Kept()
    here.tamper()
    here.keep()
    assert here.rounds.sizes == [2]
    assert [call.method for call in here.iam.log] == [
        "policy",
        "other_versions",
        "policy_version",
        "create_version",
    ]


class TestRoom:
    """A guard that has as many versions as may be."""

    def test_the_oldest_goes_by_its_number(self) -> None:
        """v2 is older than v11, and the default stays whatever its number."""
        here = Kept()
        here.tamper(versions=11)
        for number in (1, 3, 4, 5, 6, 7):
            here.account.remove_version(f"v{number}")
        here.account.choose_version("v2")
        assert sorted(here.policy.versions) == ["v10", "v11", "v2", "v8", "v9"]
        run = here.keep()
        assert result(run) == ("guard-drifted", ["done", "done"])
        assert changes(run)[0].action.describe() == {"policy": GUARD_ARN, "version": "v8"}
        assert sorted(here.policy.versions) == ["v10", "v11", "v12", "v2", "v9"]
        assert (here.policy.default, here.policy.document) == ("v12", GUARD_DOCUMENT)

    def test_four_versions_leave_room(self) -> None:
        """Nothing is deleted that need not be."""
        here = Kept()
        here.tamper(versions=4)
        assert result(here.keep()) == ("guard-drifted", ["done"])
        assert len(here.policy.versions) == 5

    def test_what_any_read_calls_the_default_is_kept(self) -> None:
        """Where the reads are of different moments, neither default is taken for the oldest."""
        here = Kept()
        here.account.put_policy(document=TAMPERED)
        for _ in range(4):
            here.account.put_version("{}", default=False)

        def change(call: Call) -> None:
            if call.method == "other_versions":
                here.account.choose_version("v2")

        here.iam.on_call = change
        run = here.keep()
        assert changes(run)[0].action.describe()["version"] == "v3"
        assert here.policy.document == GUARD_DOCUMENT

    def test_a_version_that_became_the_default_is_not_deleted(self) -> None:
        """IAM refuses it; nothing is restored over it unseen, and it is tried again."""
        here = Kept()
        here.tamper(versions=5)

        def change(call: Call) -> None:
            if call.method == "delete_version":
                here.account.choose_version("v1")

        here.iam.on_call = change
        run = here.keep()
        assert result(run) == ("guard-drifted", ["failed", "skipped"])
        with pytest.raises(Unsettled, match="DeleteConflict"):
            run.raise_unsettled()
        here.iam.on_call = lambda _: None
        assert result(here.keep()) == ("guard-in-place", [])

    def test_a_version_that_is_gone_already(self) -> None:
        """Another keeper deleted it: there is room, and the restoration goes on."""
        here = Kept()
        here.tamper(versions=5)

        def be_faster(call: Call) -> None:
            if call.method == "delete_version":
                here.account.remove_version("v1")

        here.iam.on_call = be_faster
        assert result(here.keep()) == ("guard-drifted", ["already so", "done"])
        assert here.policy.document == GUARD_DOCUMENT

    @pytest.mark.parametrize(
        ("document", "status"),
        [
            pytest.param(GUARD_DOCUMENT, "already so", id="by another keeper"),
            pytest.param(TAMPERED, "failed", id="by whoever tampers"),
        ],
    )
    def test_the_room_is_taken_meanwhile(self, document: str, status: str) -> None:
        """Who took it decides: restored is restored, anything else is tried again, not given up."""
        here = Kept()
        here.tamper(versions=4)

        def be_faster(call: Call) -> None:
            if call.method == "create_version":
                here.account.put_version(document)

        here.iam.on_call = be_faster
        run = here.keep()
        assert result(run) == ("guard-drifted", [status])
        assert [type(each) for each in one(run).errors] == [Transient] * (status == "failed")
        here.iam.on_call = lambda _: None
        here.keep().raise_unsettled()
        assert here.policy.document == GUARD_DOCUMENT


class TestTwoKeepers:
    """Two functions at work at the same time."""

    @pytest.mark.parametrize("versions", [2, 3, 4, 5])
    @pytest.mark.parametrize("before", ["other_versions", "delete_version", "create_version"])
    def test_end_with_our_document(self, before: str, versions: int) -> None:
        """Wherever the second comes in between, the guard is ours, and neither fails for good."""
        here = Kept()
        here.tamper(versions=versions)
        second: list[Run] = []

        def come_between(call: Call) -> None:
            if call.method == before:
                here.iam.on_call = lambda _: None
                second.append(here.keep())

        here.iam.on_call = come_between
        first = here.keep()
        assert len(second) == (before != "delete_version" or versions == 5)
        runs = [first, *second]
        errors = [error for run in runs for error in one(run).errors]
        assert all(isinstance(error, Transient) for error in errors)
        assert here.policy.document == GUARD_DOCUMENT
        assert len(here.policy.versions) <= 5
        assert result(here.keep()) == ("guard-in-place", [])


class TestFailures:
    """AWS does not answer, or not with what was asked for."""

    @pytest.mark.parametrize("read", keeper.READS)
    def test_failing_read_changes_nothing(self, read: str) -> None:
        """What could not be read is neither missing nor drifted, and is tried again."""
        here = Kept()
        here.tamper(versions=5)
        here.iam.fail(read)
        run = here.keep()
        assert result(run) == ("not-read", [])
        assert here.written == []
        with pytest.raises(Unsettled):
            run.raise_unsettled()

    @pytest.mark.parametrize(
        ("write", "outcomes"),
        [("delete_version", ["failed", "skipped"]), ("create_version", ["done", "failed"])],
    )
    def test_failing_write_is_tried_again(self, write: str, outcomes: list[str]) -> None:
        """Nothing is given up, and the next try ends well."""
        here = Kept()
        here.tamper(versions=5)
        here.iam.fail(write, nth=1)
        run = here.keep()
        assert result(run) == ("guard-drifted", outcomes)
        with pytest.raises(Unsettled, match="Throttling"):
            run.raise_unsettled()
        here.keep().raise_unsettled()
        assert here.policy.document == GUARD_DOCUMENT

    @pytest.mark.parametrize("moment", ["policy_version", "other_versions", "create_version"])
    def test_guard_deleted_meanwhile(self, moment: str) -> None:
        """It is tried again, and then made anew."""
        here = Kept()
        here.tamper()

        def delete(call: Call) -> None:
            if call.method == moment:
                here.account.remove_policy()

        here.iam.on_call = delete
        with pytest.raises(Unsettled, match="NoSuchEntity"):
            here.keep().raise_unsettled()
        here.iam.on_call = lambda _: None
        assert result(here.keep()) == ("guard-missing", ["done"])
        assert here.policy.document == GUARD_DOCUMENT


class TestStaleReads:
    """IAM shows what was."""

    def test_one_restoration_too_many_does_no_harm(self) -> None:
        """A look that does not see the restoration yet restores once more; then all is in order."""
        here = Kept()
        here.tamper()
        here.clock.advance(300)
        here.keep()
        here.clock.advance(10)
        here.iam.staleness = lambda: 60
        assert result(here.keep()) == ("guard-drifted", ["done"])
        here.clock.advance(61)
        assert result(here.keep()) == ("guard-in-place", [])
        assert here.policy.document == GUARD_DOCUMENT

    def test_looks_without_end_never_take_our_document_away(self) -> None:
        """However many stale looks there are, versions make room, and the default is ours."""
        here = Kept()
        here.tamper()
        here.clock.advance(300)
        here.iam.staleness = lambda: 60
        for _ in range(12):
            here.keep()
            assert here.policy.document == GUARD_DOCUMENT
            assert len(here.policy.versions) <= 5
            here.clock.advance(4)
        here.clock.advance(61)
        assert result(here.keep()) == ("guard-in-place", [])

    def test_a_change_not_seen_yet_is_looked_for_again(self) -> None:
        """An event about a guard that looks in order raises, and a later try restores."""
        here = Kept()
        here.account.put_policy()
        here.clock.advance(3600)
        event_at = here.clock()
        here.account.put_version(TAMPERED)
        here.clock.advance(5)
        here.iam.staleness = lambda: 30
        run = here.keep(event_at=event_at)
        assert result(run) == ("guard-in-place", [])
        assert one(run).decision.verdict.compliance.value == "INSUFFICIENT_DATA"
        with pytest.raises(Unsettled, match="IAM shows no change"):
            run.raise_unsettled()
        here.clock.advance(60)
        run = here.keep(event_at=event_at)
        assert result(run) == ("guard-drifted", ["done"])
        run.raise_unsettled()

    @pytest.mark.parametrize(
        ("seconds", "settled"),
        [
            pytest.param(-61, True, id="from the future"),
            pytest.param(-60, False, id="a clock that is fast"),
            pytest.param(0, False, id="now"),
            pytest.param(149, False, id="the second try"),
            pytest.param(150, True, id="the third try"),
        ],
    )
    def test_how_long_an_event_asks_for_another_look(self, seconds: int, *, settled: bool) -> None:
        """So long that Lambda's second try looks again, and that its third can end well."""
        here = Kept()
        here.account.put_policy()
        event_at = here.clock.advance(3600)
        here.clock.advance(seconds)
        assert one(here.keep(event_at=event_at)).unsettled is not settled

    @pytest.mark.parametrize(
        ("seconds", "settled"),
        [
            pytest.param(-1, False, id="before"),
            pytest.param(0, False, id="at the same time"),
            pytest.param(0.9, False, id="in the same second, which is all that events tell"),
            pytest.param(1, True, id="after"),
        ],
    )
    def test_which_version_is_younger_than_the_event(
        self, seconds: float, *, settled: bool
    ) -> None:
        """Only a default version made after the event has surely been read after it."""
        here = Kept()
        event_at = here.clock()
        here.clock.advance(seconds)
        here.account.put_policy()
        here.clock.advance(10)
        assert one(here.keep(event_at=event_at)).unsettled is not settled

    def test_a_guard_restored_after_the_event_needs_no_other_look(self) -> None:
        """The same event a second time finds a default version younger than itself."""
        here = Kept()
        here.tamper()
        event_at = here.clock()
        here.clock.advance(5)
        here.keep(event_at=event_at).raise_unsettled()
        run = here.keep(event_at=event_at)
        assert result(run) == ("guard-in-place", [])
        run.raise_unsettled()

    def test_who_asks_without_an_event_is_answered(self) -> None:
        """Our own functions wait for the answer; a guard in order is in order."""
        here = Kept()
        here.account.put_policy()
        run = here.keep()
        run.raise_unsettled()
        assert result(run) == ("guard-in-place", [])


class TestRecord:
    """What the record says."""

    def test_guard_in_place(self) -> None:
        """The guard, whose it is, and the version that was judged."""
        here = Kept()
        here.account.put_policy()
        assert facts(here.keep()) == {"arn": GUARD_ARN, "standing": "ours", "version": "v1"}

    def test_tampered_document(self) -> None:
        """The document that is replaced is in the record, as it was."""
        here = Kept()
        here.tamper(versions=3)
        assert facts(here.keep()) == {
            "arn": GUARD_ARN,
            "standing": "ours",
            "version": "v3",
            "document": OPEN,
            "other_versions": ["v2", "v1"],
        }

    @pytest.mark.parametrize(
        ("document", "characters"),
        [
            pytest.param("no\nJSON " * 10_000, 300, id="not JSON"),
            pytest.param(json.dumps({"Sid": "x y" * 40_000}), 10_000, id="huge JSON"),
        ],
    )
    def test_what_others_wrote_is_bounded(self, document: str, characters: int) -> None:
        """It is one line, as long as a record can bear."""
        here = Kept()
        here.tamper(document)
        said = facts(here.keep())["document"]
        assert isinstance(said, str)
        assert len(said) == characters
        assert "\n" not in said


class TestActions:
    """The keeper's changes as data."""

    def test_what_they_are_done_to(self) -> None:
        """They say it, and keep documents out of logs."""
        guard = Kept().guard
        for action in (CreatePolicy(guard, "the document"), RestoreDocument(guard, "the document")):
            assert action.describe() == {"policy": GUARD_ARN}
            assert "the document" not in repr(action)
        assert MakeRoom(guard, "v1").describe() == {"policy": GUARD_ARN, "version": "v1"}

    def test_each_does_what_it_says(self) -> None:
        """Carried out by themselves, in order, they are done."""
        here = Kept()
        plan = (
            CreatePolicy(here.guard, "{}"),
            RestoreDocument(here.guard, "[]"),
            MakeRoom(here.guard, "v1"),
        )
        outcomes = [here.keeper.perform(action).status for action in plan]
        assert outcomes == [OutcomeStatus.DONE] * 3
        assert [(key, each.document) for key, each in here.policy.versions.items()] == [
            ("v2", "[]")
        ]

    def test_others_are_refused(self) -> None:
        """The keeper carries out what it plans, and nothing else."""
        with pytest.raises(TypeError, match="not an action of the keeper"):
            Kept().keeper.perform(AttachGuard("alice", GUARD_ARN))

    def test_writes_are_what_the_actions_need(self) -> None:
        """The role's permissions are those of every action there is, and no others."""
        guard = Kept().guard
        every: list[Any] = [
            CreatePolicy(guard, ""),
            MakeRoom(guard, "v1"),
            RestoreDocument(guard, ""),
            CreateGroup(guard),
            AttachToGroup(guard),
            DetachFromGroup(guard, ""),
            DeleteFromGroup(guard, ""),
        ]
        operators = {AdoptPolicy, AdoptGroup}  # asked for by a person, with a person's powers
        kinds = {each for each in vars(actions).values() if hasattr(each, "permissions")}
        assert kinds - operators == {ReportDrift} | {type(each) for each in every}
        declared = frozenset[str]().union(*(each.permissions for each in every))
        of_the_group = group.MAKES | group.ATTACHES | group.MENDS
        assert declared == keeper.MAKES | keeper.RESTORES | of_the_group
        assert declared == {
            "iam:AttachGroupPolicy",
            "iam:CreateGroup",
            "iam:CreatePolicy",
            "iam:CreatePolicyVersion",
            "iam:DeleteGroupPolicy",
            "iam:DeletePolicyVersion",
            "iam:DetachGroupPolicy",
            "iam:TagPolicy",
        }
