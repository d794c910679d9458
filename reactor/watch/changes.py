"""Changes of what mfa-reactor rests on: the guard, the exemption list, the reactor, the trail.

Each is an alarm unless the caller is one of those who deploy (muting.py). What IAM can mend, other
functions mend at once; so the guard taken off a user is no alarm: it is mended, and recorded there.
"""

from reactor.guard.events import leaves_our_mark
from reactor.guard.identity import Guard
from reactor.model import Alarm, AlarmKind
from reactor.settings import Settings
from reactor.watch.calls import Call, brief
from reactor.watch.ours import changed_thing

# What changes the guard, or takes it off many at once. DeletePolicyVersion is not among them: IAM
# refuses to delete the version in force (API reference, DeletePolicyVersion).
GUARD_EVENTS = frozenset(
    {
        "CreatePolicyVersion",
        "DeletePolicy",
        "DetachGroupPolicy",
        "SetDefaultPolicyVersion",
        "TagPolicy",
        "UntagPolicy",
    }
)
TRAIL_EVENTS = frozenset({"DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"})
_TAGGING = {"TagPolicy", "UntagPolicy"}


def change(call: Call, *, guard: Guard, settings: Settings, stage: str) -> Alarm | None:
    """Return the alarm for a call that changed something of these; None for any other call."""
    if call.error is not None:
        return None
    if call.service == "cloudtrail":
        return _of_the_trail(call)
    if call.service == "ssm":
        return _of_the_exemption_list(call, settings)
    if call.service == "iam" and _may_change_the_guard(call, guard):
        return _of_the_guard(call, guard)
    return _of_the_reactor(call, stage)


def _may_change_the_guard(call: Call, guard: Guard) -> bool:
    if call.name == "CreatePolicy":
        return _takes_the_name(call, guard)
    if call.name not in GUARD_EVENTS:
        return False
    if call.name in _TAGGING and (guard.given or leaves_our_mark(call.record)):
        return False
    # Without an ARN in it, it may be: CloudTrail leaves out what is too large.
    return bool(call.request.get("policyArn", guard.arn) == guard.arn)


def _takes_the_name(call: Call, guard: Guard) -> bool:
    """Tell whether a new policy is, or may be, one of the guard's name.

    Names are unique in an account without regard to case and path (API reference, CreatePolicy):
    such a policy stands where the guard should be, and passes for it when it has its tag.
    """
    if guard.given:
        return False
    made = call.response.get("policy")
    told = made.get("policyName") if isinstance(made, dict) else None
    name = call.request.get("policyName", told)
    return not isinstance(name, str) or name.casefold() == guard.name.casefold()


def _of_the_guard(call: Call, guard: Guard) -> Alarm:
    named = {"policyArn", "policyName"} & set(call.request)
    did = f"changed the guard {brief(guard.arn)}: {brief(call.name)}"
    if not named:
        did = f"called {brief(call.name)} on a policy left out of the record: maybe the guard"
    return Alarm(
        AlarmKind.GUARD_CHANGED,
        f"{call.by} {did}",
        "ask the caller; see that the guard stands as it should: mfa-reactor guard;"
        " if nobody meant it, take the caller's credentials away; a role that deploys belongs in"
        " REACTOR_TRUSTED_ROLES",
        {"policy": guard.arn, "certain": bool(named)},
    )


def _of_the_exemption_list(call: Call, settings: Settings) -> Alarm | None:
    parameter = settings.exempt_parameter
    if not parameter or "Parameter" not in call.name:
        return None
    given = call.request.get("names", call.request.get("name"))
    names = given if isinstance(given, list) else [given]
    if not any(_is_parameter(each, parameter) for each in names):
        return None
    return Alarm(
        AlarmKind.EXEMPTIONS_CHANGED,
        f"{call.by} changed the exemption list {brief(parameter)}: {brief(call.name)}",
        "ask the caller; compare the list with the one before:"
        f" aws ssm get-parameter-history --name {parameter}",
        {"parameter": parameter},
    )


def _is_parameter(name: object, parameter: str) -> bool:
    arn = f":parameter/{parameter.removeprefix('/')}"
    return isinstance(name, str) and (name == parameter or name.endswith(arn))


def _of_the_trail(call: Call) -> Alarm | None:
    if call.name not in TRAIL_EVENTS:
        return None
    trail = call.request.get("name", call.request.get("trailName"))
    named = brief(trail) if isinstance(trail, str) else None
    return Alarm(
        AlarmKind.TRAIL_CHANGED,
        f"{call.by} changed the trail {named or 'that the record does not name'}:"
        f" {brief(call.name)}",
        "see that a trail still logs management writes, or no event arrives and only the sweep"
        " works: aws cloudtrail get-trail-status, aws cloudtrail get-event-selectors",
        {"trail": named},
    )


def _of_the_reactor(call: Call, stage: str) -> Alarm | None:
    if not call.of_management:
        return None
    changed = changed_thing(call.service, call.name, call.request, stage)
    if changed is None:
        return None
    thing, name = changed
    return Alarm(
        AlarmKind.REACTOR_CHANGED,
        f"{call.by} changed the reactor's {thing.what} {name}: {brief(call.name)}",
        f"ask the caller; deploy again to bring it back: chalice deploy --stage {stage};"
        " a role that deploys belongs in REACTOR_TRUSTED_ROLES",
        {"resource": name, "kind": thing.what},
    )
