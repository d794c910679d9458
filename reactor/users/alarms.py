"""What a judgement of users brings to light that somebody should look at."""

from collections.abc import Collection

from reactor.model import Alarm, AlarmKind, Claim
from reactor.reconcile import Settled
from reactor.settings import Via


def taken_off_by_us(
    each: Settled, our_roles: Collection[str], *, lifts: bool, via: Via
) -> Alarm | None:
    """Return the alarm for a guard that our own role took off a user who must carry it.

    Our functions never do that, so somebody else is using the role. Judged by what the user must
    carry now: where our function had a reason to take it off, the verdict says the same again. With
    `lifts` (REACTOR_LIFT takes guards off) the reason may be gone since, and the guard back on.
    """
    event = each.cause.trigger.event
    state = each.observation.state
    if event is None or event.caller_role not in our_roles or state is None:
        return None
    guard = state.guard
    direct, through_group = (Claim.POLICY_DETACHED, guard.arn), (Claim.GROUP_LEFT, guard.group)
    claimed = {(hint.claim, hint.about) for hint in each.cause.hints} & {direct, through_group}
    must_carry = each.decision.verdict.rule == "must-carry-guard"
    if lifts:
        unexplained = must_carry and not (state.guarded_directly or state.in_guard_group)
    else:
        # A sweep moves users to the regular way. Else we take it off none but those without a
        # credential. Mended meanwhile, or covered by another group, it is as strange.
        moved = {direct} if via is Via.GROUP and state.in_guard_group else set()
        moved |= {through_group} if via is Via.USER and state.guarded_directly else set()
        unexplained = not claimed <= moved and (must_carry or state.has_credentials is True)
    if not (claimed and unexplained):
        return None
    user = each.observation.subject.name
    return Alarm(
        AlarmKind.GUARD_TAKEN_OFF,
        f"{event.caller} took the guard off {user}, who must carry it",
        "find out who uses the reactor's role: who may pass or assume it, and who changed the"
        f" function {event.caller_role} lately",
        {"user": user, "role": event.caller_role, "put_back": each.changed},
    )
