"""The two ways to carry the guard: attached to the user, or through the guard's own group.

REACTOR_GUARD_VIA names the regular one. Where a quota is in its way, the other is taken, and a
sweep moves the user to the regular one when there is room again. Pure, as the rules that use it.
"""

from dataclasses import replace

from reactor.guard.identity import Standing
from reactor.model import Action
from reactor.settings import Restore, Settings, Via
from reactor.users.actions import (
    AttachGuard,
    DetachGuard,
    JoinGuardGroup,
    KeepGuard,
    LeaveGuardGroup,
)
from reactor.users.claims import Believed
from reactor.users.state import UserState

# Managed policies of a user, and groups of a user (IAM user guide, quotas). More may have been
# granted: then a move is put off that could be made, and nothing is lost by it.
ROOM = 10


def on(
    user: UserState, believed: Believed, settings: Settings, *, recheck: bool
) -> tuple[Action, ...]:
    """Plan the guard for a user: the regular way, and the other for a quota in the way of it.

    A group of the guard's name that is not ours is no way: its members might get anything.
    """
    again = user.asked_before
    attach = AttachGuard(user.name, user.guard.arn, recheck, unless_enrolled=again)
    join = JoinGuardGroup(user.name, user.guard.group, recheck, unless_enrolled=again)
    if user.group_standing is Standing.FOREIGN:
        return (*_kept(user), replace(attach, closed=str(user.guard.group_refusal())))
    if settings.guard_via is Via.USER:
        # Where the group is not the regular way, nobody may have had a need of it before.
        return (*_kept(user), replace(attach, otherwise=replace(join, keep=True)))
    keep = not believed.guard_group_holds
    # A group that lacks the guard is mended for all of its members at once.
    member = keep and believed.in_guard_group
    return (replace(join, otherwise=attach, keep=keep, member=member),)


def _kept(user: UserState) -> tuple[Action, ...]:
    missing = user.guard_standing is Standing.MISSING
    return (KeepGuard(user.guard.arn),) if missing else ()


def is_shared(action: Action) -> bool:
    """Tell whether an action repairs what many share, and changes no user."""
    return isinstance(action, KeepGuard) or (isinstance(action, JoinGuardGroup) and action.member)


def off(user: UserState, *, recheck: bool = False) -> tuple[Action, ...]:
    """Plan to take the guard off a user, whichever way it came.

    Another group that carries it is its owner's decision; and a policy of the guard's name that is
    somebody else's was not put there by us. The guard's own group is ours, whatever it carries: a
    user cannot be deleted while it is in it.
    """
    detach = (DetachGuard(user.name, user.guard.arn, recheck=recheck),)
    leave = (LeaveGuardGroup(user.name, user.guard.group, recheck=recheck),)
    return (
        *(detach if user.guarded_directly and user.guard_is_usable else ()),
        *(leave if user.in_guard_group else ()),
    )


def moved(user: UserState, settings: Settings) -> tuple[Action, ...]:
    """Plan the move of a guarded user to the regular way; nothing without room, or without need.

    What reads show as on already is put on all the same: they may be old, and nobody must be
    without the guard for it.
    """
    name, guard = user.name, user.guard
    if settings.guard_via is Via.USER:
        room = user.guarded_directly or len(user.policies) < ROOM
        if not user.in_guard_group or not room:
            return ()
        return (AttachGuard(name, guard.arn), LeaveGuardGroup(name, guard.group))
    room = user.in_guard_group or len(user.groups) < ROOM
    # With REACTOR_GUARD_RESTORE=alarm nothing mends a group that was read as it was before.
    holds = user.guard_group_holds and settings.guard_restore is Restore.ALWAYS
    if not user.guarded_directly or not holds or not room:
        return ()
    return (JoinGuardGroup(name, guard.group), DetachGuard(name, guard.arn))
