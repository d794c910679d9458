"""Observe, decide, act, record: one function for every trigger and every guardrail.

It is level-triggered: a cause says whom to look at, what is done follows from what AWS says now. So
an event that comes twice, late, or out of order, does no harm.

Two passes. First every subject is observed and decided, then the plans are carried out, because how
many a run may change (the brake) can be settled only when all that would change are known. One
failing subject never stops the others; `Run.raise_unsettled` reports them at the end.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from reactor.errors import Permanent, ReactorError, Transient, Unsettled, as_ours, shorten
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


@dataclass(frozen=True, slots=True)
class Settled:
    """One subject of a run, settled: what was read, decided, and done."""

    cause: Cause
    observation: Observation[Any]
    decision: Decision
    outcomes: tuple[Outcome, ...]
    at: datetime
    held_back: bool = False  # by the brake

    @property
    def errors(self) -> tuple[ReactorError, ...]:
        """What kept this subject from being settled, if anything."""
        found = [self.observation.error, self.decision.error]
        found += [outcome.error for outcome in self.outcomes]
        return tuple(error for error in found if error is not None)

    @property
    def unsettled(self) -> bool:
        """Whether another try may settle, or must confirm, what this one did."""
        if self.decision.recheck or any(isinstance(error, Transient) for error in self.errors):
            return True
        return any(outcome.recheck for outcome in self.outcomes)

    @property
    def failed(self) -> bool:
        """Whether something went wrong."""
        return bool(self.errors)

    @property
    def changed(self) -> bool:
        """Whether the plan was carried out to its end; what only prepares that end is no change."""
        return bool(self.outcomes) and self.outcomes[-1].status is OutcomeStatus.DONE


Recorder = Callable[[Settled], None]


@dataclass(slots=True)
class Run:
    """All subjects of one run. `spent` is how many places of the brake it took."""

    settled: list[Settled] = field(default_factory=list)
    spent: int = 0

    @property
    def held_back(self) -> list[Settled]:
        """Those who wait for the next sweep because of the brake."""
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
    brake: int = 0,
    spent: int = 0,
    record: Recorder | None = None,
) -> Run:
    """Bring the cause's subjects into order, as far as `execute` carries plans out.

    Of those found by looking at everybody, at most `brake` are changed, the most dangerous first
    (0 = all), `spent` of them already, by runs before. `record` is called once for each subject as
    soon as it is settled.
    """
    judged = [
        (seen, _judge(guardrail, seen, cause, clock())) for seen in _observe(guardrail, cause)
    ]
    # Those in order first, for nothing is waited for; sorting keeps the order of the rest.
    judged.sort(key=lambda each: (bool(each[1].plan), -each[1].danger))
    run = Run()
    for seen, decision in judged:
        braked = seen.swept and bool(decision.plan) and not decision.unbraked
        waits = braked and 0 < brake <= spent + run.spent
        outcomes = _carry_out(guardrail, decision.plan, execute, waits=waits)
        run.spent += braked and _spends_the_brake(outcomes)
        settled = Settled(cause, seen, decision, outcomes, clock(), held_back=waits)
        run.settled.append(settled)
        if record is not None:
            record(settled)
    return run


def _spends_the_brake(outcomes: Sequence[Outcome]) -> bool:
    """Whether a plan counts as a change: not when it is known to have failed for good.

    Or else users who can never be changed would keep the brake's places, and nobody else would ever
    be looked after.
    """
    for_good = any(isinstance(outcome.error, Permanent) for outcome in outcomes)
    return bool(outcomes) and not for_good


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
    guardrail: Guardrail, plan: tuple[Action, ...], execute: Executor, *, waits: bool
) -> tuple[Outcome, ...]:
    outcomes: list[Outcome] = []
    for action in plan:
        if waits:
            outcomes.append(
                Outcome(action, OutcomeStatus.SKIPPED, "brake: waits for a later sweep")
            )
        elif any(before.status is OutcomeStatus.FAILED for before in outcomes):
            # Actions build on one another: the guard must exist before it is attached.
            outcomes.append(Outcome(action, OutcomeStatus.SKIPPED, "an action before it failed"))
        else:
            outcomes.append(execute(guardrail, action))
    return tuple(outcomes)


def _label(subject: Subject) -> str:
    return f"{subject.kind} {subject.name or subject.serial or subject.arn or ''}".strip()


def tally(run: Run) -> dict[str, int]:
    """Return how many subjects got each verdict, for people."""
    return dict(Counter(each.decision.verdict.compliance.value for each in run.settled))
