"""Users as a sweep settles them, made up for what counts, remembers and tells of them."""

from reactor.errors import OutOfTime, ReactorError
from reactor.guard.identity import Guard
from reactor.model import (
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
from reactor.reconcile import Settled
from reactor.users.actions import AttachGuard
from reactor.users.state import Device, Presence, UserState
from tests.fakes.account import ACCOUNT, DEFAULTS, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import about_everyone

GUARD = Guard.of(DEFAULTS, partition="aws", account=ACCOUNT)
RULES = {
    "guarded": Compliance.COMPLIANT,
    "out-of-scope": Compliance.COMPLIANT,
    "exempt": Compliance.NOT_APPLICABLE,
    "must-carry-guard": Compliance.NON_COMPLIANT,
    "not-read": Compliance.INSUFFICIENT_DATA,
}


def id_for(name: str) -> str:
    """Return the id that a user of this name has in these tests."""
    return f"AIDA{name.upper():0>17}"


def settled(  # noqa: PLR0913 - all but the first by name
    name: str,
    rule: str = "guarded",
    *,
    status: OutcomeStatus | None = None,
    error: ReactorError | None = None,
    seen_error: ReactorError | None = None,
    devices: tuple[Device, ...] | None = None,
    has_password: bool | None = None,
    recheck: bool = False,
    held_back: bool = False,
    cause: Cause | None = None,
) -> Settled:
    """Return a user judged by a rule, with an outcome if there is a status."""
    state = UserState(
        name,
        Presence.EXISTS,
        GUARD,
        arn=f"arn:aws:iam::{ACCOUNT}:user/{name}",
        id=id_for(name),
        devices=devices,
        has_password=has_password,
    )
    subject = Subject(SubjectKind.USER, ACCOUNT, name=name)
    verdict = Verdict(RULES[rule], rule, (f"because of {name}",))
    action = AttachGuard(name, GUARD_ARN)
    outcomes = () if status is None else (Outcome(action, status, error=error),)
    plan = tuple(each.action for each in outcomes)
    return Settled(
        about_everyone() if cause is None else cause,
        Observation(subject, state, error=seen_error, swept=True),
        Decision(verdict, plan, recheck=recheck),
        outcomes,
        START,
        held_back=held_back,
    )


def changed(name: str) -> Settled:
    """Return a user whom the sweep has put the guard on."""
    return settled(name, "must-carry-guard", status=OutcomeStatus.DONE)


def failing(name: str, error: ReactorError) -> Settled:
    """Return a user whom it could not put the guard on."""
    return settled(name, "must-carry-guard", status=OutcomeStatus.FAILED, error=error)


def observed(name: str) -> Settled:
    """Return a user whom it would have put the guard on, in enforce mode."""
    return settled(name, "must-carry-guard", status=OutcomeStatus.SKIPPED)


def out_of_time(name: str, *, lacks: bool = False, has_password: bool | None = None) -> Settled:
    """Return a user whom there was no time to change, or to ask; `lacks` says that it was asked."""
    return settled(
        name,
        "must-carry-guard" if lacks else "not-read",
        status=OutcomeStatus.SKIPPED if lacks else None,
        error=OutOfTime() if lacks else None,
        seen_error=None if lacks else OutOfTime(),
        devices=() if lacks else None,
        has_password=has_password,
    )


def everybody(error: ReactorError) -> Settled:
    """Return what stands for all users when they cannot be read."""
    cause = about_everyone()
    verdict = Verdict(Compliance.INSUFFICIENT_DATA, "not-read", (str(error),))
    seen: Observation[UserState] = Observation(cause.subject, None, error=error)
    return Settled(cause, seen, Decision(verdict), (), START)
