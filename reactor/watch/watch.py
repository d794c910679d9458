"""From a delivered event to the alarms that it raises. Pure, and it takes anything for an event."""

from dataclasses import dataclass
from datetime import datetime

from reactor.guard.identity import Guard
from reactor.model import Alarm, Trigger, TriggerKind
from reactor.settings import Settings
from reactor.triggers.records import event_of, mapping
from reactor.watch.abuse import abuse
from reactor.watch.calls import Call, call_of, why_no_call
from reactor.watch.changes import change
from reactor.watch.denied import denied_at_guard
from reactor.watch.muting import why_muted


@dataclass(frozen=True, slots=True)
class Sighting:
    """What an event gave rise to: alarms, or the reason why there is none."""

    trigger: Trigger
    alarms: tuple[Alarm, ...] = ()
    ignored: str | None = None


def look(  # noqa: PLR0913 - what it is about; all but the first by name
    payload: object,
    *,
    account: str,
    stage: str,
    settings: Settings,
    guard: Guard,
    received_at: datetime,
) -> Sighting:
    """Judge one EventBridge delivery to this account's stage. Never raises, whatever it holds."""
    event = event_of(mapping(mapping(payload).get("detail")))
    trigger = Trigger(TriggerKind.IAM_EVENT, received_at, event)
    ignored = why_no_call(payload, account)
    if ignored is not None:
        return Sighting(trigger, ignored=ignored)
    call = call_of(mapping(payload))
    found = _alarms(call, guard=guard, settings=settings, stage=stage)
    if not found:
        return Sighting(trigger, ignored="nothing to alarm about")
    muted = [
        why_muted(alarm, call, guard=guard, account=account, stage=stage, settings=settings)
        for alarm in found
    ]
    raised = tuple(alarm for alarm, why in zip(found, muted, strict=True) if why is None)
    return Sighting(trigger, raised, None if raised else muted[0])


def _alarms(call: Call, *, guard: Guard, settings: Settings, stage: str) -> list[Alarm]:
    changed = change(call, guard=guard, settings=settings, stage=stage)
    denied = denied_at_guard(call, guard)
    single = [alarm for alarm in (changed, denied) if alarm is not None]
    return [*single, *abuse(call, settings)]
