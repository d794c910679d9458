"""The judgement: who must carry the guard, who must not, and what follows. Pure.

A ladder of guard returns, each with its why; the first rung that holds decides.
"""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from reactor.errors import Transient
from reactor.guard.identity import Standing
from reactor.model import (
    RECHECK_LIFETIME,
    Action,
    Cause,
    Claim,
    Compliance,
    Decision,
    SubjectKind,
    Verdict,
)
from reactor.settings import Lift, Scope, Settings
from reactor.users import ways
from reactor.users.actions import SweepEveryone
from reactor.users.claims import Believed, believe, claims, permissions_lag
from reactor.users.exemptions import exemption_of
from reactor.users.state import Presence, UserState, known

if TYPE_CHECKING:
    from reactor.users.privileges.powers import Grant

# What is not found this soon after it was made is not visible yet; later it is gone again.
VISIBILITY_LAG = timedelta(seconds=60)
# Between IAM's clock, which dates a user's creation, and CloudTrail's, which dates the call.
_SKEW = timedelta(seconds=10)
_LEAST = -1  # danger, below that of anybody who must be changed


def decide(user: UserState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    """Judge a user, or who stands in a user's place, and plan what would bring it into order."""
    match user.presence:
        case Presence.GONE:
            return _gone(user, cause, now)
        case Presence.NOBODY:
            return _settled("nobody", "it has no users: nobody is concerned")
        case Presence.EVERYBODY:
            return _everybody()
        case Presence.ROOT:
            # No policy can be attached to root, and none would bind it.
            return _settled("root", "policies do not bind the root user")
        case Presence.EXISTS:
            return _judge(user, settings, cause, now)


def _judge(user: UserState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    if _is_the_one_before(user, cause, now):
        return _not_visible("just-created", f"the user {user.name}")
    stripped = user.has_credentials is False  # asked on events only, not by sweeps
    if stripped and any(hint.claim is Claim.DELETION_BLOCKED for hint in cause.hints):
        # Even of an exempt user, and whenever it was: with no credential, the guard guards nothing.
        # But the read may be stale, and a credential just made: another look puts the guard back.
        reason = "it is being deleted, and cannot be while a policy is attached to it"
        plan = ways.off(user, recheck=_recheck_is_due(cause, now))
        return _settled("deletion-blocked", reason, plan=plan)
    exemption = exemption_of(user, settings)
    if exemption is not None:
        lifted = settings.lift is not Lift.NEVER
        return _settled("exempt", exemption.reason, plan=ways.off(user) if lifted else ())
    made = (Claim.CREDENTIAL_MADE, Claim.PASSWORD_MADE)
    if stripped and any(any(claims(cause, each, now, RECHECK_LIFETIME)) for each in made):
        return _not_visible("credential-not-visible", f"the new credential of {user.name}")
    if stripped:
        # To put the guard back would make the DeleteUser that follows fail.
        return _settled("being-deleted", "no credential is left; the sweep looks at it again")
    return _judge_scope(user, settings, cause, now)


def _is_the_one_before(user: UserState, cause: Cause, now: datetime) -> bool:
    """Whether this is another user of the same name, deleted before a young event made one."""
    return any(
        user.created_at is not None and user.created_at < hint.at - _SKEW
        for hint in claims(cause, Claim.USER_CREATED, now, VISIBILITY_LAG)
    )


def _gone(user: UserState, cause: Cause, now: datetime) -> Decision:
    """Judge a user, or a group, that was not found."""
    what = "group" if cause.subject.kind is SubjectKind.GROUP_MEMBERS else "user"
    named = (Claim.USER_CREATED, Claim.USER_RENAMED, Claim.GROUP_RENAMED)
    if any(
        hint.about.lower() == user.name.lower()
        for claim in named
        for hint in claims(cause, claim, now, VISIBILITY_LAG)
    ):
        return _not_visible("just-created", f"the {what} {user.name}")
    if what == "group" and any(
        hint.about == user.guard.arn for hint in claims(cause, Claim.POLICY_DETACHED, now)
    ):
        # It lost the guard and was renamed or deleted since: its members may be anybody.
        return _everybody()
    return _settled("gone", f"there is no such {what}")


def _not_visible(rule: str, what: str) -> Decision:
    unseen = Transient(
        f"{what} was made just now, and IAM does not show it yet",
        remedy="nothing: Lambda tries again in a minute, and the sweep looks at every user",
    )
    return Decision(Verdict(Compliance.INSUFFICIENT_DATA, rule, (str(unseen),)), error=unseen)


def _everybody() -> Decision:
    reason = "the event may concern anybody: a sweep looks at every user"
    verdict = Verdict(Compliance.INSUFFICIENT_DATA, "every-user", (reason,))
    return Decision(verdict, (SweepEveryone(),))


def _judge_scope(user: UserState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    believed = believe(user, cause, now)
    holds = guard_holds(believed.user)
    # What else was read may be as stale: of two devices removed, each event knows but one.
    recheck = _recheck_is_due(cause, now) and (
        believed.contradicted or _deletion_is_contradicted(user, cause)
    )
    guarded = _guarded(user, believed, settings, cause, recheck=recheck) if holds else None
    if guarded is not None and settings.lift is not Lift.COMPLIANT:
        # Before the scope: in it or not, this user is in order, and sweeps need not ask which.
        return guarded
    unseen = any(claims(cause, Claim.PASSWORD_MADE, now, RECHECK_LIFETIME))
    if settings.scope is Scope.CONSOLE and unseen and user.has_password is False:
        return _not_visible("credential-not-visible", f"the new password of {user.name}")
    excuse = _out_of_scope(believed.user, settings)
    if excuse:
        # It may do more than is seen, perhaps; with a device it is out of scope whatever it may do.
        lags = not believed.user.devices and permissions_lag(user, cause, now)
        plan = ways.off(user) if settings.lift is Lift.COMPLIANT and not lags else ()
        return _compliant("out-of-scope", excuse, plan=plan, recheck=recheck or lags)
    if guarded is not None:
        return guarded
    return _put_on(user, believed, settings, cause, now)


def _deletion_is_contradicted(user: UserState, cause: Cause) -> bool:
    """Whether a DeleteUser failed, perhaps for the guard alone, though a credential was read.

    Tools delete the user within a second of its last credential.
    """
    blocked = any(hint.claim is Claim.DELETION_BLOCKED for hint in cause.hints)
    return blocked and (user.guarded_directly or user.in_guard_group)


def _out_of_scope(user: UserState, settings: Settings) -> str:
    """Return why a user is out of scope; nothing when it is not."""
    scope = settings.scope
    if scope is Scope.EVERYONE:
        return ""
    if user.devices:  # then nobody need have asked for a password, or for what it may do
        return f"has the MFA device {user.devices[0].serial}"
    if scope is Scope.PRIVILEGED and danger_to(user, settings) is None:
        return "may do nothing dangerous"  # then nobody need have asked for devices
    known(user.devices, "the user's MFA devices")
    if scope is Scope.CONSOLE and not known(user.has_password, "whether it has a password"):
        return "has no password"
    return ""


def danger_to(user: UserState, settings: Settings) -> "Grant | None":
    """Return what allows a user something dangerous, None when nothing does."""
    from reactor.users.privileges.powers import danger_of  # noqa: PLC0415 - one scope only

    powers = known(user.powers, "what the user may do")
    return danger_of(powers, settings.dangerous_actions, only_custom=settings.only_custom_policies)


def needs_scope(user: UserState, settings: Settings, cause: Cause) -> bool:
    """Tell whether a verdict may depend on what only the scope asks."""
    if settings.scope is Scope.EVERYONE or exemption_of(user, settings) is not None:
        return False
    if user.has_credentials is False:  # being deleted
        return False
    # What an event claims may take off the guard that was read.
    claimed = {hint.claim for hint in cause.hints}
    holds = guard_holds(user) and not claimed & {Claim.POLICY_DETACHED, Claim.GROUP_LEFT}
    return not holds or settings.lift is Lift.COMPLIANT


def needs_credentials(user: UserState, settings: Settings) -> bool:
    """Tell whether the guard would be put on a user of whom no credential is known so far."""
    if user.has_password or guard_holds(user) or exemption_of(user, settings) is not None:
        return False
    return not _out_of_scope(user, settings)


def needs_powers(user: UserState, settings: Settings, cause: Cause) -> bool:
    """Tell whether a verdict may depend on what the user may do, which is not known yet."""
    if settings.scope is not Scope.PRIVILEGED or user.powers is not None:
        return False
    voided = any(hint.claim is Claim.DEVICE_REMOVED for hint in cause.hints)
    return not (user.devices and not voided) and needs_scope(user, settings, cause)


def guard_holds(user: UserState) -> bool:
    """Tell whether this very guard, and no look-alike, is attached to the user or a group of it."""
    return user.guard_is_usable and (user.guarded_directly or bool(user.guarded_through))


def _how_guarded(user: UserState) -> str:
    if user.guarded_directly:
        return "the guard is attached"
    return f"the guard is attached to its group {user.guarded_through[0]}"


def _guarded(
    user: UserState, believed: Believed, settings: Settings, cause: Cause, *, recheck: bool
) -> Decision:
    """Judge one who carries the guard; a sweep moves it to the regular way if there is room."""
    plan = ways.moved(user, settings) if cause.subject.kind is SubjectKind.EVERY_USER else ()
    # Who is guarded either way waits for those who are not.
    danger = _LEAST if plan else 0
    return _compliant(
        "guarded", _how_guarded(believed.user), plan=plan, recheck=recheck, danger=danger
    )


def _put_on(
    user: UserState, believed: Believed, settings: Settings, cause: Cause, now: datetime
) -> Decision:
    """Plan the guard; on an event's word against the read, where `believed` says so.

    A device taken for removed is looked at again: the event may be wrong, and the guard too much. A
    guard taken for detached is not: to attach it again comes after the detachment whatever was
    read, and leaves nothing open. (So an event that comes twice costs one call and no alarm.)
    """
    reasons = _why_unguarded(believed), *_why_in_scope(user, settings)
    verdict = Verdict(Compliance.NON_COMPLIANT, "must-carry-guard", reasons)
    refusal = user.guard.refusal(user.guard_standing)
    if refusal is not None:
        return Decision(verdict, error=refusal, danger=_danger(user))
    recheck = believed.voided and _recheck_is_due(cause, now)
    plan = ways.on(user, believed, settings, recheck=recheck)
    # Whether the keeper saw what the group has lost, only a fresh read tells.
    lost = believed.guard_group_holds is not user.guard_group_holds
    again = lost and _recheck_is_due(cause, now)
    shared = all(ways.is_shared(each) for each in plan)
    return Decision(verdict, plan, danger=_danger(user), recheck=again, unbraked=shared)


def _why_in_scope(user: UserState, settings: Settings) -> tuple[str, ...]:
    """Return why a user is in scope, where that is not plain to see."""
    danger = danger_to(user, settings) if settings.scope is Scope.PRIVILEGED else None
    return () if danger is None else (danger.describe(),)


def _why_unguarded(believed: Believed) -> str:
    if believed.detached:
        return "the guard was detached, by an event that IAM does not show yet"
    if believed.voided:
        return "its MFA device was removed, by an event that IAM does not show yet"
    if believed.user.guard_standing is Standing.FOREIGN:
        return "the policy in the guard's place is not ours"
    return "the guard is not attached, neither to the user nor to a group of it"


def _recheck_is_due(cause: Cause, now: datetime) -> bool:
    return any(hint.is_young(now, RECHECK_LIFETIME) for hint in cause.hints)


def _danger(user: UserState) -> int:
    """Rank whom to mend first: the more policies reach a user, the more it may be allowed."""
    return len(user.policies) + len(user.inline) + len(user.groups)


def _compliant(
    rule: str,
    reason: str,
    *,
    plan: tuple[Action, ...] = (),
    recheck: bool = False,
    danger: int = 0,
) -> Decision:
    verdict = Verdict(Compliance.COMPLIANT, rule, (reason,))
    return Decision(verdict, plan, recheck=recheck, danger=danger)


def _settled(rule: str, reason: str, *, plan: tuple[Action, ...] = ()) -> Decision:
    return Decision(Verdict(Compliance.NOT_APPLICABLE, rule, (reason,)), plan)
