"""Attempts at the guard that IAM denied. Of such a call, only errorMessage says what it was about.

It reads `User: ARN is not authorized to perform: ACTION on resource: RESOURCE`, and then why:
` because no …` or ` with an explicit deny in …`, at whose end the denying policy's ARN may stand
(IAM user guide, troubleshooting access denied). That policy is often the guard itself, which says
nothing of what was tried: so only what stands between is read.
"""

from reactor.guard.identity import Guard
from reactor.model import Alarm, AlarmKind
from reactor.watch.calls import Call, brief
from reactor.watch.changes import GUARD_EVENTS

# The resource in their message is the user or the group (seen in published records); which policy
# was to be detached is not said.
_UNNAMED = frozenset({"DetachGroupPolicy", "DetachUserPolicy"})
DENIED_EVENTS = GUARD_EVENTS | _UNNAMED | {"CreatePolicy", "DeletePolicyVersion"}
_ENDS = (" because ", " with an explicit deny")


def denied_at_guard(call: Call, guard: Guard) -> Alarm | None:
    """Return the alarm for a denied call that was, or may have been, aimed at the guard."""
    if call.service != "iam" or not call.denied or call.name not in DENIED_EVENTS:
        return None
    resource = _resource(call.message)
    certain = _names_the_guard(call, resource, guard)
    # Without a resource the message cannot clear the call.
    if not certain and resource is not None and call.name not in _UNNAMED:
        return None
    return Alarm(
        AlarmKind.DENIED_AT_GUARD,
        f"{call.by} was denied {brief(call.name)} {_aim(resource, guard, certain=certain)}",
        "ask the caller; if nobody meant it, the credentials are in wrong hands: make them inactive"
        " and see what else they did",
        {
            "policy": guard.arn,
            "certain": certain,
            "resource": None if resource is None else brief(resource),
        },
    )


def _aim(resource: str | None, guard: Guard, *, certain: bool) -> str:
    if certain:
        return f"at the guard {brief(guard.arn)}"
    if resource is None:
        return "maybe at the guard"
    return f"on {brief(resource)}, maybe to take the guard off"


def _resource(message: str | None) -> str | None:
    """Return the resource that a message names, such as `policy ARN version v2` or `user NAME`."""
    rest = (message or "").partition(" on resource: ")[2]
    for end in _ENDS:
        rest = rest.partition(end)[0]
    return rest.strip() or None


def _names_the_guard(call: Call, resource: str | None, guard: Guard) -> bool:
    words = (resource or "").split()
    if call.name == "CreatePolicy":  # a policy that is not there yet has no ARN in the message
        return not guard.given and guard.name in words
    return guard.arn in words
