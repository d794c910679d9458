"""The MFA guardrail as `reconcile` wants it: observation, judgement and actions in one place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from reactor.errors import Permanent
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
                self.keep_guard(False)
                return Outcome(action, OutcomeStatus.DONE)
            case SweepEveryone():
                self.sweep_everyone()
                return Outcome(action, OutcomeStatus.DONE)
            case _:
                raise TypeError(f"not an action of this guardrail: {action!r}")

    def _put_on(self, action: AttachGuard | JoinGuardGroup) -> Outcome:
        """Put the guard on a user, the other way where this one is closed for good."""
        if action.unless_enrolled and self.iam.devices_of(action.user):
            return Outcome(action, OutcomeStatus.ALREADY, "it has enrolled a device meanwhile")
        try:
            self._go(action)
        except Permanent as first:
            if action.otherwise is None:
                raise _nowhere_else(action, first) from first
            self._go_otherwise(action.otherwise, first)
            why = f"{first}; done by {action.otherwise.name} instead"
            return Outcome(action, OutcomeStatus.DONE, why, recheck=action.recheck)
        return Outcome(action, OutcomeStatus.DONE, recheck=action.recheck)

    def _go(self, way: AttachGuard | JoinGuardGroup) -> None:
        if isinstance(way, AttachGuard):
            self.iam.attach(way.user, way.policy_arn)
            return
        if way.keep:
            self.keep_guard(True)
        if not way.member:
            self.iam.join(way.user, way.group)

    def _go_otherwise(self, way: AttachGuard | JoinGuardGroup, first: Permanent) -> None:
        try:
            self._go(way)
        except Permanent as second:
            raise Permanent(
                f"the guard fits neither way: {first}; {second}",
                remedy="detach a policy from the user, or take it out of a group; or have one of"
                " the two quotas raised (policies up to 20); the next sweep tries again",
            ) from second


def _nowhere_else(action: AttachGuard | JoinGuardGroup, first: Permanent) -> Permanent:
    """Return a failure with the reason for which no other way was tried, where there is one."""
    closed = action.closed if isinstance(action, AttachGuard) else ""
    return Permanent(f"{first}; {closed}", remedy=first.remedy) if closed else first


def _taken_off(action: DetachGuard | LeaveGuardGroup, done: bool) -> Outcome:
    status = OutcomeStatus.DONE if done else OutcomeStatus.ALREADY
    return Outcome(action, status, recheck=action.recheck and done)
