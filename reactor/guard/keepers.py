"""Both keepers of a guard, one after the other, and what they answer to who asked them.

The group's comes second, and only on a guard that is fit to be carried: to attach what stands in
the guard's place to the group would give it to everybody in it.
"""

from dataclasses import dataclass

from reactor.guard.group import GroupKeeper
from reactor.guard.keeper import Keeper
from reactor.model import Cause, Hint, OutcomeStatus, Subject, SubjectKind, Trigger
from reactor.reconcile import Clock, Executor, Guardrail, Pace, Recorder, Run, reconcile


@dataclass(frozen=True, slots=True)
class Keepers:
    """The keepers of an account's guard: of the policy, and of the group that carries it."""

    policy: Keeper
    group: GroupKeeper
    account: str

    def keep(  # noqa: PLR0913 - as reconcile; all but the first two by name
        self,
        execute: Executor,
        trigger: Trigger,
        *,
        clock: Clock,
        hints: tuple[Hint, ...] = (),
        record: Recorder | None = None,
        pace: Pace | None = None,
    ) -> Run:
        """Bring the guard into order, and then its group."""
        guard = self.policy.guard
        parts: tuple[tuple[Guardrail, Subject], ...] = (
            (self.policy, Subject(SubjectKind.GUARD, self.account, arn=guard.arn)),
            (self.group, Subject(SubjectKind.GUARD_GROUP, self.account, name=guard.group)),
        )
        run = Run()
        for keeper, subject in parts:
            if any(each.failed for each in run.settled):
                break
            cause = Cause(trigger, subject, hints)
            part = reconcile(
                cause, keeper, execute=execute, clock=clock, record=record, pace=pace or Pace()
            )
            run.settled += part.settled
        return run


def asked(run: Run, *, with_group: bool) -> Run:
    """Return the part of a run that was asked for: the guard, or its group, too."""
    kinds = {SubjectKind.GUARD, *({SubjectKind.GUARD_GROUP} if with_group else ())}
    return Run([each for each in run.settled if each.observation.subject.kind in kinds])


def answer(run: Run) -> dict[str, object]:
    """Return what the keeper says of a run that needs no other try: `in_order`, or why not."""
    errors = [error for each in run.settled for error in each.errors]
    skipped = any(
        outcome.status is OutcomeStatus.SKIPPED for each in run.settled for outcome in each.outcomes
    )
    return {
        "in_order": not errors and not skipped,
        "errors": [f"{error}; {error.remedy}" for error in errors],
        "permanent": bool(errors),  # had another try been able to help, the run had raised
    }
