"""What events claim, laid over what was read: IAM is eventually consistent, and may lag behind.

A young claim may take a device, or the guard, off the state that the rules judge. It never adds
either, and it never touches what exempts a user: a forged or belated event can at most put the
guard on somebody.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from reactor.model import RECHECK_LIFETIME, Cause, Claim, Hint, SubjectKind
from reactor.users.state import Device, UserState


@dataclass(frozen=True, slots=True)
class Believed:
    """The state to judge, and how it differs from the read.

    `voided`: a device less. `detached`: no guard any more. `contradicted`: these, or one of several
    ways to carry the guard less. Of the guard's own group, as far as that is known:
    `in_guard_group`, the user is in it; `guard_group_holds`, it carries the guard.
    """

    user: UserState
    voided: bool = False
    detached: bool = False
    contradicted: bool = False
    in_guard_group: bool = False
    guard_group_holds: bool = False


def believe(user: UserState, cause: Cause, now: datetime) -> Believed:
    """Take off a user's state what young events say was removed."""
    if not cause.hints:  # as of everybody whom a sweep looks at
        member, holds = user.in_guard_group, user.guard_group_holds
        return Believed(user, in_guard_group=member, guard_group_holds=holds)
    groups = _guarded_groups(user, cause, now)
    policies = _policies(user, cause, now)
    devices = user.devices
    if devices is not None:
        devices = tuple(each for each in devices if not _is_void(each, cause, now))
    believed = replace(user, guarded_groups=groups, policies=policies, devices=devices)
    group = user.guard.group.lower()
    ways = (user.guarded_directly, user.guarded_through)
    fewer_ways = ways != (believed.guarded_directly, believed.guarded_through)
    voided = devices != user.devices
    return Believed(
        believed,
        voided=voided,
        detached=_is_guarded(user) and not _is_guarded(believed),
        contradicted=voided or fewer_ways,
        in_guard_group=user.in_guard_group and group not in _left(cause, now),
        guard_group_holds=user.guard_group_holds and group not in _unguarded(user, cause, now),
    )


def permissions_lag(user: UserState, cause: Cause, now: datetime) -> bool:
    """Tell whether a young event may have widened what a user may do, and the read not show it.

    Of what was attached or joined the read tells, and of what denied something and was taken away.
    Of a policy that says something else now it does not: that is looked at again in any case.
    """
    powers = user.powers
    if powers is None:
        return False
    if any(claims(cause, Claim.PERMISSIONS_CHANGED, now, RECHECK_LIFETIME)):
        return True
    shown = {user.guard.arn, *user.groups, *(each.arn for each in powers)}
    given = claims(cause, Claim.PERMISSIONS_GIVEN, now, RECHECK_LIFETIME)
    if any(hint.about not in shown for hint in given):
        return True
    denying = [each for each in powers if each.document.denies]
    still = {each.arn for each in denying} | {each.group.lower() for each in denying}
    taken = (Claim.POLICY_DETACHED, Claim.GROUP_LEFT)
    return any(
        hint.about in still or hint.about.lower() in still
        for claim in taken
        for hint in claims(cause, claim, now, RECHECK_LIFETIME)
    )


def claims(
    cause: Cause, claim: Claim, now: datetime, lifetime: timedelta | None = None
) -> Iterable[Hint]:
    """Yield the hints of a kind that are still young."""
    for hint in cause.hints:
        young = hint.is_young(now) if lifetime is None else hint.is_young(now, lifetime)
        if hint.claim is claim and young:
            yield hint


def _policies(user: UserState, cause: Cause, now: datetime) -> frozenset[str]:
    if cause.subject.kind is not SubjectKind.USER:
        return user.policies  # detached from somebody else, or from a group
    detached = {hint.about for hint in claims(cause, Claim.POLICY_DETACHED, now)}
    return user.policies - (detached & {user.guard.arn})


def _guarded_groups(user: UserState, cause: Cause, now: datetime) -> frozenset[str]:
    """Return the groups that carry the guard and have the user as a member, as far as is known."""
    gone = _left(cause, now) | _unguarded(user, cause, now)
    return frozenset(group for group in user.guarded_groups if group.lower() not in gone)


def _left(cause: Cause, now: datetime) -> set[str]:
    """Return, in lower case, the groups that the user is said to have left."""
    return {hint.about.lower() for hint in claims(cause, Claim.GROUP_LEFT, now)}


def _unguarded(user: UserState, cause: Cause, now: datetime) -> set[str]:
    """Return, in lower case, the group that the guard is said to have been detached from."""
    of_a_group = cause.subject.kind is SubjectKind.GROUP_MEMBERS
    detached = claims(cause, Claim.POLICY_DETACHED, now)
    if of_a_group and any(hint.about == user.guard.arn for hint in detached):
        return {(cause.subject.name or "").lower()}
    return set()


def _is_void(device: Device, cause: Cause, now: datetime) -> bool:
    """Whether a young event says that this device was removed after it was enabled.

    A serial can come back: the device of that name enabled after the event is another one.
    """
    return any(
        hint.about == device.serial and device.enabled_at <= hint.at
        for hint in claims(cause, Claim.DEVICE_REMOVED, now)
    )


def _is_guarded(user: UserState) -> bool:
    return user.guarded_directly or bool(user.guarded_through)
