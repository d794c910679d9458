"""Observe, decide, act, record: one function for every trigger and every guardrail.

It is level-triggered: a cause says whom to look at, what is done follows from what AWS says now. So
an event that comes twice, late, or out of order, does no harm.

Two passes. Subjects are observed and decided as they are read, and those in order are settled at
once; then the plans of the others are carried out, a few at a time, because how many a run may
change (the brake) can be settled only when all that would change are known. One failing subject
never stops the others; `Run.raise_unsettled` reports them at the end.
"""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from reactor.errors import (
    OutOfTime,
    Permanent,
    ReactorError,
    Transient,
    Unanswered,
    Unclear,
    Unexpected,
    Unsettled,
    as_ours,
    shorten,
)
from reactor.gathering import Call, Stream, answer_of, in_turn
from reactor.model import (
    Action,
    Cause,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Subject,
    Verdict,
)

# Of a function's time, at its end: for the calls under way, and to record, tell or hand on.
RESERVE_SECONDS = 15.0

Clock = Callable[[], datetime]


class Guardrail(Protocol):
    """What a guardrail brings: reads, a pure judgement, and the actions it plans.

    `observe` yields an observation for each single subject that the cause's subject stands for;
    what it cannot read it yields with the error, and goes on. It raises ReactorError only when
    nothing can be read at all. `perform` returns DONE or ALREADY, or raises ReactorError.
    """

    def observe(self, cause: Cause) -> Iterable[Observation[Any]]:
        """Read the state of each subject."""

    def decide(self, state: Any, cause: Cause, now: datetime) -> Decision:  # noqa: ANN401 - the guardrail's own
        """Judge a state; pure."""

    def perform(self, action: Action) -> Outcome:
        """Carry out one action."""


Executor = Callable[[Guardrail, Action], Outcome]


def enforce(guardrail: Guardrail, action: Action) -> Outcome:
    """Carry an action out; a failure becomes its outcome."""
    try:
        return guardrail.perform(action)
    except Exception as error:  # noqa: BLE001 - it is in the outcome, and the run goes on
        ours = as_ours(error)
        return Outcome(action, OutcomeStatus.FAILED, str(ours), ours)


def observe_only(guardrail: Guardrail, action: Action) -> Outcome:
    """Record an action instead of carrying it out, unless it changes nothing."""
    if not action.changes:
        return enforce(guardrail, action)
    return Outcome(action, OutcomeStatus.SKIPPED, "observe mode")


def report_only(_guardrail: Guardrail, action: Action) -> Outcome:
    """Perform nothing at all, not even what changes nothing: whoever asks wants the verdict."""
    return Outcome(action, OutcomeStatus.SKIPPED, "only reported")


@dataclass(frozen=True, slots=True)
class Settled:
    """One subject of a run, settled: what was read, decided, and done."""

    cause: Cause
    observation: Observation[Any]
    decision: Decision
    outcomes: tuple[Outcome, ...]
    at: datetime
    held_back: bool = False  # by the brake
    took_place: bool = False  # of the brake
    errors: tuple[ReactorError, ...] = field(init=False)  # what kept it from being settled

    def __post_init__(self) -> None:
        found = [self.observation.error, self.decision.error]
        found += [outcome.error for outcome in self.outcomes]
        object.__setattr__(self, "errors", tuple(each for each in found if each is not None))

    @property
    def unsettled(self) -> bool:
        """Whether another try may settle, or must confirm, what this one did."""
        if self.decision.recheck or any(isinstance(error, Transient) for error in self.errors):
            return True
        return any(outcome.recheck for outcome in self.outcomes)

    @property
    def out_of_time(self) -> bool:
        """Whether there was no time for it: it is as it was, or nobody knows (Unanswered)."""
        return any(isinstance(error, OutOfTime) for error in self.errors)

    @property
    def may_have_changed(self) -> bool:
        """Whether any of the plan was carried out, or may have been."""
        return any(
            each.status is OutcomeStatus.DONE or isinstance(each.error, Unclear | Unexpected)
            for each in self.outcomes
        )

    @property
    def failed(self) -> bool:
        """Whether something went wrong."""
        return bool(self.errors)

    @property
    def changed(self) -> bool:
        """Whether the plan was carried out to its end; what only prepares that end is no change."""
        return bool(self.outcomes) and self.outcomes[-1].status is OutcomeStatus.DONE


Recorder = Callable[[Settled], None]


# Ranks observations of whom a run would change, the higher the sooner.
Rank = Callable[[Sequence[Observation[Any]]], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Brake:
    """How many of those found by looking at everybody are changed: `most` (0 is all).

    `spent` of them were changed by runs before. `rank` is asked when there are more, and may read.
    `has_place` tells of one that a run before has counted: it is tried again for nothing.
    """

    most: int = 0
    spent: int = 0
    rank: Rank | None = None
    has_place: Callable[[Observation[Any]], bool] = lambda _: False


@dataclass(frozen=True, slots=True)
class Pace:
    """How plans are carried out: by which stream of calls, and while there is time."""

    stream: Stream = in_turn
    has_time: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Run:
    """All subjects of one run. `spent` is how many places of the brake it took."""

    settled: list[Settled] = field(default_factory=list)
    spent: int = 0

    @property
    def held_back(self) -> list[Settled]:
        """Those who wait for a later look because of the brake."""
        return [each for each in self.settled if each.held_back]

    @property
    def unsettled(self) -> list[Settled]:
        """Those who should be tried again."""
        return [each for each in self.settled if each.unsettled]

    def raise_unsettled(self) -> None:
        """Raise Unsettled, with counts, when a subject should be tried again."""
        open_ones = self.unsettled
        if not open_ones:
            return
        first = open_ones[0]
        why = first.errors[0] if first.errors else "an event says otherwise than what was read"
        raise Unsettled(
            f"{len(open_ones)} of {len(self.settled)} subjects must be tried again; the first,"
            f" {_label(first.observation.subject)}: {shorten(why)}"
        )


def reconcile(  # noqa: PLR0913 - its parts; all but the first two by name
    cause: Cause,
    guardrail: Guardrail,
    *,
    execute: Executor,
    clock: Clock,
    brake: Brake = Brake(),
    pace: Pace = Pace(),
    record: Recorder | None = None,
) -> Run:
    """Bring the cause's subjects into order, as far as `execute` carries plans out.

    The most dangerous first, as far as `brake` lets them, and while `pace` has time; who is left
    for want of time has an OutOfTime among its errors. `record` is called once for each subject as
    soon as it is settled, in the caller's thread.
    """
    run = Run()

    def settle(
        judged: _Judged,
        outcomes: tuple[Outcome, ...] = (),
        *,
        waits: bool = False,
        place: bool = False,
    ) -> None:
        settled = Settled(cause, judged.seen, judged.decision, outcomes, clock(), waits, place)
        run.settled.append(settled)
        if record is not None:
            record(settled)

    wanting: list[_Judged] = []
    for seen in _observe(guardrail, cause):
        judged = _Judged(seen, _judge(guardrail, seen, cause, clock()))
        if judged.decision.plan:
            wanting.append(judged)
        else:
            settle(judged)
    wanting.sort(key=lambda each: -each.decision.danger)
    perform = _Performer(guardrail, execute, pace)
    free, braked = _apart(wanting, brake)
    for judged, outcomes in perform(free):
        settle(judged, outcomes)
    unread = _not_read_to_its_end(run, cause) if _binds(brake, len(braked)) else None
    queue = deque(braked if unread else _ranked(braked, brake))
    # Whoever fails for good gives its place back, to the next in the queue.
    while queue and unread is None and (places := _places(brake, run, len(queue))):
        for judged, outcomes in perform([queue.popleft() for _ in range(places)]):
            place = _spends_the_brake(outcomes)
            run.spent += place
            settle(judged, outcomes, place=place)
    why = "brake: waits for a later look" if unread is None else "brake: waits for a whole read"
    for judged in queue:
        settle(judged, _skipped(judged.decision.plan, why, unread), waits=True)
    return run


@dataclass(frozen=True, slots=True)
class _Judged:
    """A subject that was observed and decided."""

    seen: Observation[Any]
    decision: Decision

    @property
    def braked(self) -> bool:
        """Whether changing it takes a place of the brake."""
        return self.seen.swept and not self.decision.unbraked


@dataclass(frozen=True, slots=True)
class _Performer:
    """Carries plans out, a few at a time, while there is time."""

    guardrail: Guardrail
    execute: Executor
    pace: Pace

    def __call__(
        self, subjects: Sequence[_Judged]
    ) -> Iterator[tuple[_Judged, tuple[Outcome, ...]]]:
        calls = ((place, self._call(each)) for place, each in enumerate(subjects))
        for place, outcomes in self.pace.stream(calls):
            each = subjects[place]
            if isinstance(outcomes, OutOfTime):
                yield each, _out_of_time(each.decision.plan, outcomes)
            else:
                yield each, answer_of(outcomes)

    def _call(self, judged: _Judged) -> Call:
        """Return what carries a plan out; it is asked for when there is room for it."""
        plan = judged.decision.plan
        if not self.pace.has_time():
            return lambda: _out_of_time(plan, OutOfTime())
        return lambda: _carry_out(self.guardrail, plan, self.execute)


def _apart(wanting: Iterable[_Judged], brake: Brake) -> tuple[list[_Judged], list[_Judged]]:
    """Return those whom the brake does not concern, and those who must have a place of it."""
    free: list[_Judged] = []
    braked: list[_Judged] = []
    for each in wanting:
        (braked if each.braked and not brake.has_place(each.seen) else free).append(each)
    return free, braked


def _ranked(braked: list[_Judged], brake: Brake) -> list[_Judged]:
    """Return whom to change first first; asked in earnest only when not all can be."""
    if brake.rank is None or brake.spent >= brake.most or not _binds(brake, len(braked)):
        return braked
    ranks = brake.rank([each.seen for each in braked])
    # Who is guarded already, and merely moves, comes last whatever it may do.
    keys = [(each.decision.danger >= 0, rank) for each, rank in zip(braked, ranks, strict=True)]
    order = sorted(range(len(braked)), key=keys.__getitem__, reverse=True)
    return [braked[place] for place in order]


def _not_read_to_its_end(run: Run, cause: Cause) -> ReactorError | None:
    """Return what kept the cause's subjects from being read, or some of them; None if all were.

    The most dangerous may be among those: then nobody takes a place of a brake that has too few.
    """
    whole = (each.observation for each in run.settled if each.observation.subject == cause.subject)
    error = next((each.error for each in whole if each.error is not None), None)
    if error is None:
        return None
    return Transient(f"not all could be read: {shorten(error)}", remedy=error.remedy)


def _binds(brake: Brake, wanting: int) -> bool:
    """Tell whether the brake keeps some of those from being changed who should be."""
    return bool(brake.most) and brake.spent + wanting > brake.most


def _places(brake: Brake, run: Run, waiting: int) -> int:
    """Return for how many of those who wait the brake has a place."""
    if not brake.most:
        return waiting
    return min(waiting, max(0, brake.most - brake.spent - run.spent))


def _spends_the_brake(outcomes: Sequence[Outcome]) -> bool:
    """Whether a plan counts as a change: not when there was nothing to do, or it failed for good.

    Or else users who can never be changed would keep the brake's places, and nobody else would ever
    be looked after.
    """
    errors = [each.error for each in outcomes]
    if any(isinstance(error, Unanswered) for error in errors):
        return True  # it may have been done
    if all(each.status is OutcomeStatus.ALREADY for each in outcomes):
        return False
    return not any(isinstance(error, Permanent | OutOfTime) for error in errors)


def _observe(guardrail: Guardrail, cause: Cause) -> Iterable[Observation[Any]]:
    """Yield what the guardrail observes; when it fails as a whole, one observation that says so."""
    try:
        yield from guardrail.observe(cause)
    except Exception as error:  # noqa: BLE001 - it is in the observation, and ends in the record
        yield Observation(cause.subject, None, error=as_ours(error))


def _judge(guardrail: Guardrail, seen: Observation[Any], cause: Cause, now: datetime) -> Decision:
    if seen.error is not None or seen.state is None:
        why = seen.error or Permanent("nothing was read", remedy="report this as a bug")
        return Decision(Verdict(Compliance.INSUFFICIENT_DATA, "not-read", (shorten(why),)))
    try:
        return guardrail.decide(seen.state, cause, now)
    except Exception as error:  # noqa: BLE001 - a bug in a rule must not keep others from theirs
        ours = as_ours(error)
        verdict = Verdict(Compliance.INSUFFICIENT_DATA, "not-judged", (shorten(ours),))
        return Decision(verdict, error=ours)


def _carry_out(
    guardrail: Guardrail, plan: tuple[Action, ...], execute: Executor
) -> tuple[Outcome, ...]:
    outcomes: list[Outcome] = []
    for action in plan:
        if any(before.status is OutcomeStatus.FAILED for before in outcomes):
            # Actions build on one another: the guard must exist before it is attached.
            outcomes.append(Outcome(action, OutcomeStatus.SKIPPED, "an action before it failed"))
        else:
            outcomes.append(execute(guardrail, action))
    return tuple(outcomes)


def _skipped(
    plan: tuple[Action, ...], why: str, error: ReactorError | None = None
) -> tuple[Outcome, ...]:
    return tuple(Outcome(action, OutcomeStatus.SKIPPED, why, error) for action in plan)


def _out_of_time(plan: tuple[Action, ...], error: OutOfTime) -> tuple[Outcome, ...]:
    """Return the outcomes of a plan for which, or for whose answers, there was no time."""
    if isinstance(error, Unanswered):
        return tuple(Outcome(each, OutcomeStatus.FAILED, str(error), error) for each in plan)
    return _skipped(plan, "no time left", error)


def _label(subject: Subject) -> str:
    return f"{subject.kind} {subject.label}".strip()


def tally(run: Run) -> dict[str, int]:
    """Return how many subjects got each verdict, for people."""
    return dict(Counter(each.decision.verdict.compliance.value for each in run.settled))
