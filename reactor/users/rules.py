"""The judgement: who must carry the guard, who must not, and what follows. Pure.

A ladder of guard returns, each with its why; the first rung that holds decides.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from reactor.errors import Transient
from reactor.guard.identity import Standing
from reactor.model import (
    Action,
    Cause,
    Claim,
    Compliance,
    Decision,
    Hint,
    SubjectKind,
    Verdict,
)
from reactor.settings import Lift, Scope, Settings
from reactor.users.actions import AttachGuard, CreateGuard, DetachGuard
from reactor.users.exemptions import exemption_of
from reactor.users.state import Device, Presence, UserState, known

# A user not found this soon after CreateUser is not visible yet; later it has been deleted again.
CREATION_LAG = timedelta(seconds=60)
# Lambda tries again one and then two more minutes on. A read that contradicts an event is judged
# again by those tries, and the last of them must be able to end well.
RECHECK_LIFETIME = timedelta(seconds=150)


def decide(user: UserState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    """Judge a user and plan what would bring it into order."""
    if user.presence is Presence.GONE:
        return _gone(user, cause, now)
    if user.presence is Presence.ROOT:
        # No policy can be attached to root, and none would bind it.
        return _settled("root", "policies do not bind the root user")
    exemption = exemption_of(user, settings)
    if exemption is not None:
        lifted = settings.lift is not Lift.NEVER
        return _settled("exempt", exemption.reason, plan=_take_off(user) if lifted else ())
    if user.has_credentials is False:
        # An event about this user found it so (a sweep does not ask): it is being deleted. To put
        # the guard back would make the DeleteUser that follows fail.
        return _settled("being-deleted", "no credential is left; the sweep looks at it again")
    return _judge_scope(user, settings, cause, now)


def _gone(user: UserState, cause: Cause, now: datetime) -> Decision:
    created = _claims(cause, Claim.USER_CREATED, now, CREATION_LAG)
    if any(hint.about.lower() == user.name.lower() for hint in created):
        unseen = Transient(
            f"the user {user.name} was created just now, and IAM does not show it yet",
            remedy="nothing: Lambda tries again in a minute, and the sweep looks at every user",
        )
        verdict = Verdict(Compliance.INSUFFICIENT_DATA, "just-created", (str(unseen),))
        return Decision(verdict, error=unseen)
    return _settled("gone", "there is no such user")


def _judge_scope(user: UserState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    detached = _guard_was_detached(user, cause, now)
    holds = guard_holds(user) and not detached
    if holds and settings.lift is not Lift.COMPLIANT:
        # Before the scope: in it or not, this user is in order, and sweeps need not ask which.
        return _settled("guarded", _how_guarded(user), compliance=Compliance.COMPLIANT)
    excuse = _out_of_scope(user, settings.scope, cause, now)
    if excuse.reason:
        plan = _take_off(user) if settings.lift is Lift.COMPLIANT else ()
        return _settled("out-of-scope", excuse.reason, compliance=Compliance.COMPLIANT, plan=plan)
    if holds:
        return _settled("guarded", _how_guarded(user), compliance=Compliance.COMPLIANT)
    return _put_on(user, cause, now, voided=excuse.voided, detached=detached)


@dataclass(frozen=True, slots=True)
class _Excuse:
    """Why a user is out of scope; no reason when it is not.

    `voided`: it would be out of scope if an event's claim did not void its devices.
    """

    reason: str = ""
    voided: bool = False


def _out_of_scope(user: UserState, scope: Scope, cause: Cause, now: datetime) -> _Excuse:
    if scope is Scope.EVERYONE:
        return _Excuse()
    if scope is Scope.CONSOLE and not known(user.has_password, "whether it has a password"):
        return _Excuse("has no password")
    devices = known(user.devices, "the user's MFA devices")
    holding = [each for each in devices if not _is_void(each, cause, now)]
    if holding:
        return _Excuse(f"has the MFA device {holding[0].serial}")
    return _Excuse(voided=bool(devices))


def _is_void(device: Device, cause: Cause, now: datetime) -> bool:
    """Whether a young event says that this device was removed after it was enabled.

    A serial can come back: the device of that name enabled after the event is another one.
    """
    return any(
        hint.about == device.serial and device.enabled_at <= hint.at
        for hint in _claims(cause, Claim.DEVICE_REMOVED, now)
    )


def _guard_was_detached(user: UserState, cause: Cause, now: datetime) -> bool:
    """Whether a young event says that the guard, which the read shows attached, was detached."""
    if cause.subject.kind is not SubjectKind.USER:
        return False  # it does not say from whom
    if user.guarded_through:
        return False  # a group carries the guard as well, and holds it
    return user.guarded_directly and any(
        hint.about == user.guard.arn for hint in _claims(cause, Claim.POLICY_DETACHED, now)
    )


def guard_holds(user: UserState) -> bool:
    """Tell whether this very guard, and no look-alike, is attached to the user or a group of it."""
    return _is_ours_to_use(user) and (user.guarded_directly or bool(user.guarded_through))


def _is_ours_to_use(user: UserState) -> bool:
    return user.guard_standing in {Standing.OURS, Standing.GIVEN}


def _how_guarded(user: UserState) -> str:
    if user.guarded_directly:
        return "the guard is attached"
    return f"the guard is attached to its group {user.guarded_through[0]}"


def _put_on(
    user: UserState, cause: Cause, now: datetime, *, voided: bool, detached: bool
) -> Decision:
    """Plan the guard. `voided`, `detached`: on an event's word, against the read.

    A device taken for removed is looked at again: the event may be wrong, and the guard too much. A
    guard taken for detached is not: to attach it again comes after the detachment whatever was
    read, and leaves nothing open. (So an event that comes twice costs one call and no alarm.)
    """
    why = _why_unguarded(user, voided=voided, detached=detached)
    verdict = Verdict(Compliance.NON_COMPLIANT, "must-carry-guard", (why,))
    refusal = user.guard.refusal(user.guard_standing)
    if refusal is not None:
        return Decision(verdict, error=refusal, danger=_danger(user))
    recheck = voided and _recheck_is_due(cause, now)
    plan: tuple[Action, ...] = (AttachGuard(user.name, user.guard.arn, recheck=recheck),)
    if user.guard_standing is Standing.MISSING:
        plan = (CreateGuard(user.guard.arn), *plan)
    return Decision(verdict, plan, danger=_danger(user))


def _why_unguarded(user: UserState, *, voided: bool, detached: bool) -> str:
    if detached:
        return "the guard was detached, by an event that IAM does not show yet"
    if voided:
        return "its MFA device was removed, by an event that IAM does not show yet"
    if user.guard_standing is Standing.FOREIGN:
        return "the policy in the guard's place is not ours"
    return "the guard is not attached, neither to the user nor to a group of it"


def _recheck_is_due(cause: Cause, now: datetime) -> bool:
    return any(hint.is_young(now, RECHECK_LIFETIME) for hint in cause.hints)


def _take_off(user: UserState) -> tuple[Action, ...]:
    # Only what stands on the user itself: a group's policy is the group owner's decision. And only
    # our own guard: a policy of its name that is somebody else's was not put there by us.
    if not (user.guarded_directly and _is_ours_to_use(user)):
        return ()
    return (DetachGuard(user.name, user.guard.arn),)


def _danger(user: UserState) -> int:
    """Rank whom to mend first: the more policies reach a user, the more it may be allowed."""
    return len(user.policies) + user.inline_policies + len(user.groups)


def _claims(
    cause: Cause, claim: Claim, now: datetime, lifetime: timedelta | None = None
) -> Iterable[Hint]:
    for hint in cause.hints:
        young = hint.is_young(now) if lifetime is None else hint.is_young(now, lifetime)
        if hint.claim is claim and young:
            yield hint


def _settled(
    rule: str,
    reason: str,
    *,
    compliance: Compliance = Compliance.NOT_APPLICABLE,
    plan: tuple[Action, ...] = (),
) -> Decision:
    return Decision(Verdict(compliance, rule, (reason,)), plan)
