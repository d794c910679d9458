"""reactor.reconcile with a guardrail of its own: whole batches, the brake, and what raises."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from reactor.errors import Permanent, ReactorError, Transient, Unsettled
from reactor.model import (
    Action,
    Cause,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Subject,
    SubjectKind,
    Verdict,
)
from reactor.reconcile import Brake, Executor, Run, Settled, enforce, observe_only, reconcile, tally
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import FakeClock
from tests.fakes.events import about_everyone

TRANSIENT = Transient("throttled", remedy="wait")
PERMANENT = Permanent("a quota is in the way", remedy="have it raised")


@dataclass(frozen=True, slots=True)
class Paint:
    """An action on one subject; what becomes of it is said beforehand."""

    subject: str
    name: str = "paint"
    permissions: frozenset[str] = frozenset()
    changes: bool = True
    error: ReactorError | None = None
    recheck: bool = False

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"subject": self.subject}


@dataclass(frozen=True, slots=True)
class House:
    """A state that says how it is to be judged."""

    name: str
    plan: tuple[Paint, ...] = ()
    danger: int = 0
    error: ReactorError | None = None

    def facts(self) -> dict[str, object]:
        """Return nothing: these tests read no records."""
        return {}


def house(name: str, danger: int = 0, **action: ReactorError | bool | None) -> House:
    """Return a house that must be painted."""
    return House(name, (Paint(name, **action),), danger)  # type: ignore[arg-type]


@dataclass(slots=True)
class Painters:
    """A guardrail over these houses; an error in a house's place is a failed observation."""

    street: list[House | ReactorError]
    end: ReactorError | None = None
    swept: bool = True
    done: list[str] = field(default_factory=list)

    def observe(self, cause: Cause) -> Iterator[Observation[House]]:
        """Yield the houses, then raise `end` if there is one."""
        for number, each in enumerate(self.street):
            name = each.name if isinstance(each, House) else f"house {number}"
            subject = Subject(SubjectKind.USER, cause.subject.account, name=name)
            if isinstance(each, House):
                yield Observation(subject, each, swept=self.swept)
            else:
                yield Observation(subject, None, error=each)
        if self.end is not None:
            raise self.end

    def decide(self, state: House, cause: Cause, now: datetime) -> Decision:  # noqa: ARG002
        """Judge a house as it says."""
        verdict = Compliance.NON_COMPLIANT if state.plan else Compliance.COMPLIANT
        return Decision(Verdict(verdict, "painted", ("-",)), state.plan, state.danger, state.error)

    def perform(self, action: Action) -> Outcome:
        """Paint a house, or fail as the action says."""
        assert isinstance(action, Paint)
        if action.error is not None:
            raise action.error
        self.done.append(action.subject)
        return Outcome(action, OutcomeStatus.DONE, recheck=action.recheck)


def run(
    painters: Painters, execute: Executor = enforce, brake: int = 0
) -> tuple[Run, list[Settled]]:
    """Reconcile the whole street, and return what was recorded."""
    recorded: list[Settled] = []
    clock = FakeClock()
    cause = about_everyone()
    done = reconcile(
        cause, painters, execute=execute, clock=clock, brake=Brake(brake), record=recorded.append
    )
    return done, recorded


def test_all_settled() -> None:
    """Each subject is recorded once, what needs it is done, and nothing is raised."""
    painters = Painters([House("a"), house("b")])
    done, recorded = run(painters)
    assert painters.done == ["b"]
    assert recorded == done.settled
    assert [each.changed for each in recorded] == [False, True]
    assert tally(done) == {"COMPLIANT": 1, "NON_COMPLIANT": 1}
    done.raise_unsettled()


@pytest.mark.parametrize(
    "failing",
    [
        pytest.param(TRANSIENT, id="cannot be read"),
        pytest.param(house("b", error=TRANSIENT), id="cannot be changed"),
        pytest.param(House("b", error=TRANSIENT), id="cannot be judged yet"),
    ],
)
def test_batch_goes_on_past_a_failing_subject(failing: House | ReactorError) -> None:
    """One failing subject stops no other; at the end the run raises with the counts."""
    painters = Painters([house("a"), failing, house("c")])
    done, recorded = run(painters)
    assert painters.done == ["a", "c"]
    assert len(recorded) == 3
    failed = [each.observation.subject.name for each in recorded if each.failed]
    assert len(failed) == 1
    assert "a" not in failed
    assert "c" not in failed
    with pytest.raises(
        Unsettled, match=r"^1 of 3 subjects must be tried again; the first, user .*: throttled$"
    ):
        done.raise_unsettled()


class Confused(Painters):
    """A guardrail with a mistake in it."""

    def decide(self, state: House, cause: Cause, now: datetime) -> Decision:
        """Fail on the one house as no rule should."""
        if state.name == "b":
            raise LookupError("no such colour")
        return super().decide(state, cause, now)


def test_a_mistake_in_a_rule_keeps_nobody_else_from_theirs() -> None:
    """What nobody foresaw is recorded with the subject, tried again, and stops no other."""
    painters = Confused([house("a"), house("b"), house("c")])
    done, recorded = run(painters)
    assert painters.done == ["a", "c"]
    (confused,) = (each for each in recorded if each.failed)
    assert confused.decision.verdict.rule == "not-judged"
    assert "LookupError: no such colour" in str(confused.errors[0])
    with pytest.raises(Unsettled):
        done.raise_unsettled()


def test_permanent_failure_is_recorded_and_not_raised() -> None:
    """What another try cannot mend is a failure in the record, and no reason to try again."""
    done, (record,) = run(Painters([house("a", error=PERMANENT)]))
    assert (record.failed, record.unsettled, record.errors) == (True, False, (PERMANENT,))
    assert [(each.status, each.why) for each in record.outcomes] == [
        (OutcomeStatus.FAILED, "a quota is in the way")
    ]
    done.raise_unsettled()


def test_acting_against_the_read_must_be_confirmed() -> None:
    """An action that asks for a recheck is done, and the run raises all the same."""
    painters = Painters([house("a", recheck=True)])
    done, (record,) = run(painters)
    assert (painters.done, record.failed, record.unsettled) == (["a"], False, True)
    with pytest.raises(Unsettled, match="an event says otherwise than what was read"):
        done.raise_unsettled()


@pytest.mark.parametrize("before", [[], [house("a")]])
def test_observation_failing_as_a_whole(before: list[House | ReactorError]) -> None:
    """What cannot be read at all is INSUFFICIENT_DATA and raises; who was read before is mended."""
    painters = Painters(before, end=TRANSIENT)
    done, recorded = run(painters)
    assert painters.done == ["a"] * len(before)
    everyone = Subject(SubjectKind.EVERY_USER, ACCOUNT)
    (whole,) = (each for each in recorded if each.observation.subject == everyone)
    assert whole.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
    assert whole.decision.verdict.reasons == ("throttled",)
    with pytest.raises(Unsettled):
        done.raise_unsettled()


def test_second_action_is_skipped_when_the_first_failed() -> None:
    """Actions build on one another; what follows a failed one is skipped, and says so."""
    plan = (Paint("a", "first", error=TRANSIENT), Paint("a", "second"), Paint("a", "third"))
    painters = Painters([House("a", plan)])
    _, (record,) = run(painters)
    assert painters.done == []
    assert [(each.action.name, each.status) for each in record.outcomes][:2] == [
        ("first", OutcomeStatus.FAILED),
        ("second", OutcomeStatus.SKIPPED),
    ]
    assert record.outcomes[1].why == "an action before it failed"


def test_nothing_after_a_failed_action_is_done() -> None:
    """The third action is not carried out either: the one it builds on was skipped."""
    plan = (Paint("a", "first", error=TRANSIENT), Paint("a", "second"), Paint("a", "third"))
    painters = Painters([House("a", plan)])
    run(painters)
    assert painters.done == []


def test_observe_mode_performs_nothing() -> None:
    """Observing is the same plan with an executor that only records; nothing is to be retried."""
    painters = Painters([house("a", error=TRANSIENT), house("b", recheck=True)])
    done, recorded = run(painters, observe_only)
    assert painters.done == []
    assert [(each.status, each.why) for settled in recorded for each in settled.outcomes] == [
        (OutcomeStatus.SKIPPED, "observe mode")
    ] * 2
    assert [each.changed for each in recorded] == [False, False]
    done.raise_unsettled()


def test_observe_mode_performs_what_changes_nothing() -> None:
    """To ask for a sweep changes nothing in the account, and is done when observing, too."""
    painters = Painters([house("a", changes=False), house("b")])
    run(painters, observe_only)
    assert painters.done == ["a"]


class TestBrake:
    """How many subjects one run may change."""

    STREET = (house("low", 1), House("fine"), house("high", 9), house("middle", 5))

    @pytest.mark.parametrize(
        ("brake", "done", "waiting"),
        [
            pytest.param(0, ["high", "middle", "low"], [], id="no brake"),
            pytest.param(3, ["high", "middle", "low"], [], id="just enough"),
            pytest.param(2, ["high", "middle"], ["low"], id="one too few"),
            pytest.param(1, ["high"], ["middle", "low"], id="one only"),
        ],
    )
    def test_most_dangerous_first(self, brake: int, done: list[str], waiting: list[str]) -> None:
        """Only so many are changed, the most dangerous; the others wait, which is recorded."""
        painters = Painters(list(self.STREET))
        finished, recorded = run(painters, brake=brake)
        assert painters.done == done
        assert [each.observation.subject.name for each in finished.held_back] == waiting
        assert len(recorded) == len(self.STREET)
        for each in finished.held_back:
            assert [outcome.status for outcome in each.outcomes] == [OutcomeStatus.SKIPPED]
            assert each.outcomes[0].why == "brake: waits for a later sweep"
        finished.raise_unsettled()

    def test_subjects_in_order_do_not_count(self) -> None:
        """Who needs no change takes nobody's place."""
        painters = Painters([*(House(f"fine {n}") for n in range(9)), house("a")])
        finished, _ = run(painters, brake=1)
        assert painters.done == ["a"]
        assert finished.held_back == []

    def test_who_cannot_be_changed_keeps_nobody_from_it(self) -> None:
        """A brake, not a gate: who fails for good, sweep after sweep, takes nobody's place."""
        painters = Painters([house("never", 9, error=PERMANENT), house("a", 1), house("b")])
        finished, _ = run(painters, brake=1)
        assert painters.done == ["a"]
        assert [each.observation.subject.name for each in finished.held_back] == ["b"]

    def test_what_may_have_been_changed_counts(self) -> None:
        """A call that failed without an answer may have gone through."""
        painters = Painters([house("perhaps", 9, error=TRANSIENT), house("a", 1)])
        finished, _ = run(painters, brake=1)
        assert painters.done == []
        assert [each.observation.subject.name for each in finished.held_back] == ["a"]

    def test_whom_an_event_named_is_not_braked(self) -> None:
        """A single reaction never waits."""
        painters = Painters([house("a"), house("b")], swept=False)
        finished, _ = run(painters, brake=1)
        assert painters.done == ["a", "b"]
        assert finished.held_back == []

    def test_equals_wait_in_order(self) -> None:
        """Of equally dangerous subjects, the first read come first."""
        painters = Painters([house("a"), house("b"), house("c")])
        run(painters, brake=2)
        assert painters.done == ["a", "b"]
