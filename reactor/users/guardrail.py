"""The MFA guardrail as `reconcile` wants it: observation, judgement and actions in one place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from reactor.errors import Permanent, QuotaReached
from reactor.model import Action, Cause, Decision, Observation, Outcome, OutcomeStatus
from reactor.settings import Settings
from reactor.users.actions import (
    AttachGuard,
    DetachGuard,
    JoinGuardGroup,
    KeepGuard,
    LeaveGuardGroup,
    SweepEveryone,
)
from reactor.users.observe import Observer
from reactor.users.ports import Iam
from reactor.users.rules import decide
from reactor.users.state import UserState


@dataclass(frozen=True, slots=True)
class Users:
    """The users of one account.

    `keep_guard` has the keeper bring the guard into order, and its group if it is told to (True),
    and returns when that is done;
    `sweep_everyone` has a sweep begin. They raise ReactorError when that cannot be had.
    """

    observer: Observer
    iam: Iam
    settings: Settings
    keep_guard: Callable[[bool], None]
    sweep_everyone: Callable[[], None]

    def observe(self, cause: Cause) -> Iterable[Observation[UserState]]:
        """Read the state of each user that the cause concerns."""
        return self.observer.observe(cause)

    def decide(self, state: UserState, cause: Cause, now: datetime) -> Decision:
        """Judge one user."""
        return decide(state, self.settings, cause, now)

    def perform(self, action: Action) -> Outcome:
        """Carry out one action. Raises ReactorError when that fails."""
        match action:
            case AttachGuard() | JoinGuardGroup():
                return self._put_on(action)
            case DetachGuard():
                return _taken_off(action, self.iam.detach(action.user, action.policy_arn))
            case LeaveGuardGroup():
                return _taken_off(action, self.iam.leave(action.user, action.group))
            case KeepGuard():
                self.keep_guard(action.with_group)
                return Outcome(action, OutcomeStatus.DONE)
            case SweepEveryone():
                self.sweep_everyone()
                return Outcome(action, OutcomeStatus.DONE)
            case _:
                raise TypeError(f"not an action of this guardrail: {action!r}")

    def _put_on(self, action: AttachGuard | JoinGuardGroup) -> Outcome:
        """Put the guard on a user, the other way where a quota is in the way of this one."""
        try:
            self._go(action)
        except QuotaReached as first:
            if action.otherwise is None:
                raise
            self._go_otherwise(action.otherwise, first)
            why = f"{first}; done by {action.otherwise.name} instead"
            return Outcome(action, OutcomeStatus.DONE, why, recheck=action.recheck)
        return Outcome(action, OutcomeStatus.DONE, recheck=action.recheck)

    def _go(self, way: AttachGuard | JoinGuardGroup) -> None:
        if isinstance(way, AttachGuard):
            self.iam.attach(way.user, way.policy_arn)
        else:
            self.iam.join(way.user, way.group)

    def _go_otherwise(self, way: AttachGuard | JoinGuardGroup, first: QuotaReached) -> None:
        if isinstance(way, JoinGuardGroup):
            # Where it is not the regular way, nobody has had a need of the group before.
            self.keep_guard(True)
        try:
            self._go(way)
        except QuotaReached as second:
            raise Permanent(
                f"the guard fits neither way: {first}; {second}",
                remedy="detach a policy from the user, or take it out of a group; or have one of"
                " the two quotas raised (policies up to 20); the next sweep tries again",
            ) from second


def _taken_off(action: DetachGuard | LeaveGuardGroup, done: bool) -> Outcome:
    status = OutcomeStatus.DONE if done else OutcomeStatus.ALREADY
    return Outcome(action, status, recheck=action.recheck and done)
