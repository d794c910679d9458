"""The MFA guardrail as `reconcile` wants it: observation, judgement and actions in one place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from reactor.model import Action, Cause, Decision, Observation, Outcome, OutcomeStatus
from reactor.settings import Settings
from reactor.users.actions import AttachGuard, CreateGuard, DetachGuard, SweepEveryone
from reactor.users.observe import Observer
from reactor.users.ports import Iam
from reactor.users.rules import decide
from reactor.users.state import UserState


@dataclass(frozen=True, slots=True)
class Users:
    """The users of one account.

    `keep_guard` has the keeper bring the guard into order and returns when that is done;
    `sweep_everyone` has a sweep begin. They raise ReactorError when that cannot be had.
    """

    observer: Observer
    iam: Iam
    settings: Settings
    keep_guard: Callable[[], None]
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
            case AttachGuard():
                self.iam.attach(action.user, action.policy_arn)
                return Outcome(action, OutcomeStatus.DONE, recheck=action.recheck)
            case DetachGuard():
                detached = self.iam.detach(action.user, action.policy_arn)
                status = OutcomeStatus.DONE if detached else OutcomeStatus.ALREADY
                return Outcome(action, status, recheck=action.recheck and detached)
            case CreateGuard():
                self.keep_guard()
                return Outcome(action, OutcomeStatus.DONE)
            case SweepEveryone():
                self.sweep_everyone()
                return Outcome(action, OutcomeStatus.DONE)
            case _:
                raise TypeError(f"not an action of this guardrail: {action!r}")
