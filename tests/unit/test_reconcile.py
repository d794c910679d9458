"""reactor.reconcile with a guardrail of its own: whole batches, the brake, and what raises."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from reactor.errors import OutOfTime, Permanent, ReactorError, Transient, Unanswered, Unsettled
from reactor.gathering import Call, Key, Stream, in_turn
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
from reactor.reconcile import (
    Brake,
    Executor,
    Pace,
    Run,
    Settled,
    enforce,
    observe_only,
    reconcile,
    report_only,
    tally,
)
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import FakeClock
from tests.fakes.events import about_everyone
from tests.fakes.streams import Jumbled

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
    unbraked: bool = False

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
        return Decision(
            Verdict(verdict, "painted", ("-",)),
            state.plan,
            state.danger,
            state.error,
            unbraked=state.unbraked,
        )

    def perform(self, action: Action) -> Outcome:
        """Paint a house, or fail as the action says."""
        assert isinstance(action, Paint)
        if action.error is not None:
            raise action.error
        self.done.append(action.subject)
        return Outcome(action, OutcomeStatus.DONE, recheck=action.recheck)


def run(
    painters: Painters,
    execute: Executor = enforce,
    brake: int | Brake = 0,
    pace: Pace | None = None,
) -> tuple[Run, list[Settled]]:
    """Reconcile the whole street, and return what was recorded."""
    recorded: list[Settled] = []
    done = reconcile(
        about_everyone(),
        painters,
        execute=execute,
        clock=FakeClock(),
        brake=brake if isinstance(brake, Brake) else Brake(brake),
        pace=pace or Pace(),
        record=recorded.append,
    )
    return done, recorded


def names(settled: Sequence[Settled]) -> list[str | None]:
    """Return whom these are about."""
    return [each.observation.subject.name for each in settled]


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


def test_who_only_reports_performs_nothing_at_all() -> None:
    """Neither what changes the account nor what does not; the verdicts are what is wanted."""
    painters = Painters([house("a", changes=False), house("b", error=TRANSIENT)])
    done, recorded = run(painters, report_only)
    assert painters.done == []
    outcomes = [outcome for settled in recorded for outcome in settled.outcomes]
    assert {(each.status, each.why) for each in outcomes} == {
        (OutcomeStatus.SKIPPED, "only reported")
    }
    done.raise_unsettled()


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
            assert each.outcomes[0].why == "brake: waits for a later look"
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

    def test_what_runs_before_have_spent_counts(self) -> None:
        """A sweep in parts has one brake: a part has what those before it left."""
        painters = Painters([house("a"), house("b"), house("c")])
        finished, _ = run(painters, brake=Brake(3, spent=2))
        assert (painters.done, finished.spent) == (["a"], 1)
        assert names(finished.held_back) == ["b", "c"]

    @pytest.mark.parametrize("spent", [2, 3, 1000])
    def test_with_no_place_left_nobody_is_changed(self, spent: int) -> None:
        """A brake that is spent, or overspent, makes everybody wait."""
        painters = Painters([house("a"), House("fine"), house("b")])
        finished, recorded = run(painters, brake=Brake(2, spent=spent))
        assert (painters.done, finished.spent) == ([], 0)
        assert names(finished.held_back) == ["a", "b"]
        assert len(recorded) == 3

    def test_what_repairs_the_guard_for_all_has_no_brake(self) -> None:
        """A plan that changes no user takes no place, and comes before those that do."""
        shared = House("shared", (Paint("shared"),), danger=-9, unbraked=True)
        painters = Painters([house("a"), shared, house("b")])
        finished, _ = run(painters, brake=1)
        assert painters.done == ["shared", "a"]
        assert (finished.spent, names(finished.held_back)) == (1, ["b"])

    def test_moves_come_last(self) -> None:
        """Who carries the guard already, and is to carry it another way, waits for who does not."""
        painters = Painters([house("move", -1), house("powerless", 0), house("mighty", 9)])
        finished, _ = run(painters, brake=2)
        assert painters.done == ["mighty", "powerless"]
        assert names(finished.held_back) == ["move"]

    @pytest.mark.parametrize("room", [1, 2, 3, 8])
    @pytest.mark.parametrize("most", [1, 2, 3, 5])
    def test_never_more_than_the_most(self, room: int, most: int) -> None:
        """However many are changed at a time and whichever is first: the brake holds to the one."""
        bad = [house(f"never {number}", 9, error=PERMANENT) for number in range(3)]
        painters = Painters([*bad, *(house(f"{number}") for number in range(6))])
        stream = Jumbled(room)
        finished, recorded = run(painters, brake=most, pace=Pace(stream))
        assert len(painters.done) == finished.spent == most
        assert len(recorded) == 9
        assert stream.most <= most, "more under way than there were places"
        assert sorted(painters.done) == sorted(f"{number}" for number in range(most))

    def test_all_who_fail_for_good_give_their_places_on(self) -> None:
        """With nobody left to change, failures are failures, and nobody waits."""
        painters = Painters([house(f"{number}", error=PERMANENT) for number in range(5)])
        finished, recorded = run(painters, brake=2, pace=Pace(Jumbled()))
        assert (finished.spent, finished.held_back) == (0, [])
        assert all(each.failed for each in recorded)


@dataclass(slots=True)
class Ranking:
    """A Rank that counts how often it was asked; the longest name first, or as it is told."""

    asked: int = 0

    def __call__(self, seen: Sequence[Observation[House]]) -> Sequence[int]:
        """Rank by the length of the names."""
        self.asked += 1
        return [len(each.subject.name or "") for each in seen]


class TestRank:
    """Asking in earnest who is the most dangerous."""

    STREET = (house("a", 9), House("fine"), house("ccc", 1), house("bb", 5))

    @pytest.mark.parametrize(
        ("brake", "spent", "asked"),
        [
            pytest.param(0, 0, 0, id="no brake"),
            pytest.param(3, 0, 0, id="a place for each"),
            pytest.param(2, 0, 1, id="too few places"),
            pytest.param(3, 1, 1, id="too few of what is left"),
        ],
    )
    def test_only_when_the_brake_binds(self, brake: int, spent: int, asked: int) -> None:
        """To rank may cost reads: it is asked once, and only if not all can be changed."""
        ranking = Ranking()
        run(Painters(list(self.STREET)), brake=Brake(brake, spent, ranking))
        assert ranking.asked == asked

    def test_it_outweighs_what_bulk_data_say(self) -> None:
        """The rank decides; what was thought before does only between equals."""
        painters = Painters([*self.STREET, house("d", 7), house("eee", 2)])
        finished, _ = run(painters, brake=Brake(4, rank=Ranking()))
        assert painters.done == ["eee", "ccc", "bb", "a"]
        assert names(finished.held_back) == ["d"]

    def test_moves_come_last_whatever_their_rank(self) -> None:
        """Who is guarded already waits, whatever it may do."""
        painters = Painters([house("a very mighty one", -1), house("b"), house("cc")])
        finished, _ = run(painters, brake=Brake(2, rank=Ranking()))
        assert painters.done == ["cc", "b"]
        assert names(finished.held_back) == ["a very mighty one"]

    def test_is_not_told_of_those_without_a_brake(self) -> None:
        """Whoever needs no place is not ranked, nor keeps others from being changed at once."""
        shared = House("shared", (Paint("shared"),), unbraked=True)
        ranking = Ranking()
        run(Painters([shared, house("a")]), brake=Brake(1, rank=ranking))
        assert ranking.asked == 0


class TestOrder:
    """Two passes: those in order at once, the others when all are known."""

    def test_in_order_is_settled_as_it_is_read(self) -> None:
        """Whoever is in order is recorded before the next is read; nobody is changed till then."""
        told: list[str] = []

        @dataclass(slots=True)
        class Told(Painters):
            """Tells what it does."""

            def observe(self, cause: Cause) -> Iterator[Observation[House]]:
                """Tell of each as it is read."""
                for seen in super(Told, self).observe(cause):
                    told.append(f"read {seen.subject.name}")
                    yield seen

            def perform(self, action: Action) -> Outcome:
                """Tell of each as it is changed."""
                told.append("paint")
                return super(Told, self).perform(action)

        reconcile(
            about_everyone(),
            Told([House("a"), house("b"), House("c")]),
            execute=enforce,
            clock=FakeClock(),
            record=lambda each: told.append(f"record {each.observation.subject.name}"),
        )
        assert told == [
            *("read a", "record a", "read b", "read c", "record c"),
            *("paint", "record b"),
        ]

    def test_several_at_a_time(self) -> None:
        """Plans are carried out by the stream, each with its own outcomes whichever ends first."""
        stream = Jumbled(3)
        painters = Painters(
            [house("a", error=TRANSIENT), house("b"), house("c", error=PERMANENT), house("d")]
        )
        finished, recorded = run(painters, pace=Pace(stream))
        assert stream.most == 3
        assert recorded == finished.settled
        told = {each.observation.subject.name: each.errors for each in recorded}
        assert told == {"a": (TRANSIENT,), "b": (), "c": (PERMANENT,), "d": ()}

    def test_a_plan_stays_in_order(self) -> None:
        """Several subjects at a time, but the actions of one after another."""
        plans = [
            House(name, (Paint(f"{name}1"), Paint(f"{name}2", error=TRANSIENT), Paint(f"{name}3")))
            for name in "ab"
        ]
        painters = Painters(list(plans))
        _, recorded = run(painters, pace=Pace(Jumbled()))
        assert sorted(painters.done) == ["a1", "b1"]
        statuses = [OutcomeStatus.DONE, OutcomeStatus.FAILED, OutcomeStatus.SKIPPED]
        assert [[each.status for each in one.outcomes] for one in recorded] == [statuses] * 2


class Hourglass:
    """Has time for so many questions."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def __call__(self) -> bool:
        """Tell whether there is time."""
        self.left -= 1
        return self.left >= 0


class TestOutOfTime:
    """When the function's time is up, what is not begun is left as it is, and known."""

    @pytest.mark.parametrize("brake", [0, 2, 50], ids=["no brake", "brake binds", "brake is far"])
    def test_nothing_is_begun_or_spent(self, brake: int) -> None:
        """Each outcome is skipped, with the reason; no place of the brake is taken; it raises."""
        painters = Painters([house("a"), House("fine"), house("b"), house("c")])
        finished, _ = run(painters, brake=brake, pace=Pace(has_time=lambda: False))
        assert (painters.done, finished.spent, finished.held_back) == ([], 0, [])
        left = [each for each in finished.settled if each.out_of_time]
        assert names(left) == ["a", "b", "c"]
        assert left == finished.unsettled
        for each in left:
            (outcome,) = each.outcomes
            assert outcome.status is OutcomeStatus.SKIPPED
            assert isinstance(outcome.error, OutOfTime)
            assert not each.changed
        with pytest.raises(Unsettled, match=r"^3 of 4 subjects .* there was no time left for it$"):
            finished.raise_unsettled()

    @pytest.mark.parametrize("stream", [in_turn, Jumbled(3)], ids=["in turn", "a few at a time"])
    @pytest.mark.parametrize("brake", [0, 4])
    def test_what_there_is_time_for(self, stream: Stream, brake: int) -> None:
        """The most dangerous are changed while there is time; the others are left, none waits."""
        painters = Painters([house(f"{danger}", danger) for danger in range(6)])
        finished, _ = run(painters, brake=brake, pace=Pace(stream, Hourglass(2)))
        assert sorted(painters.done) == ["4", "5"]
        assert finished.spent == 2
        assert finished.held_back == []
        assert sorted(map(str, names(finished.unsettled))) == ["0", "1", "2", "3"]

    def test_whoever_was_changed_and_must_be_looked_at_again_is_not_out_of_time(self) -> None:
        """Only who was not begun is out of time."""
        finished, _ = run(Painters([house("a", error=TRANSIENT), house("b", recheck=True)]))
        assert names(finished.unsettled) == ["a", "b"]
        assert not any(each.out_of_time for each in finished.settled)

    @pytest.mark.parametrize(
        ("error", "status", "spent"),
        [
            pytest.param(OutOfTime(), OutcomeStatus.SKIPPED, 0, id="not begun"),
            pytest.param(Unanswered(), OutcomeStatus.FAILED, 1, id="perhaps done"),
        ],
    )
    @pytest.mark.parametrize("brake", [0, 2])
    def test_what_the_stream_gives_up(
        self, error: OutOfTime, status: OutcomeStatus, spent: int, brake: int
    ) -> None:
        """Each action has it as its outcome; what may have been done has taken its place."""

        def stream(calls: Iterable[tuple[Key, Call]], /) -> Iterator[tuple[Key, Any]]:
            for key, call in calls:
                yield key, error if key == 0 else call()

        two = House("a", (Paint("a"), Paint("a")), danger=2)
        finished, _ = run(Painters([two, house("b")]), brake=brake, pace=Pace(stream))
        given_up, done = finished.settled
        assert given_up.out_of_time
        assert not done.out_of_time
        assert [(each.status, each.error) for each in given_up.outcomes] == [(status, error)] * 2
        assert given_up.took_place is bool(spent)
        assert finished.spent == 1 + spent

    def test_of_who_is_read_without_time(self) -> None:
        """An observation that there was no time for is out of time, too, and nobody's place."""
        painters = Painters([OutOfTime(), house("b")])
        finished, _ = run(painters, brake=1)
        assert painters.done == ["b"]
        assert names([each for each in finished.settled if each.out_of_time]) == ["house 0"]
