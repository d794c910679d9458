"""What becomes of a payload, read by the parser of the function that it is for. Offline."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from reactor.buckets import events as buckets
from reactor.errors import Permanent, SettingError, shorten
from reactor.functions import functions_of
from reactor.leads import Lead, Nowhere, of_invocation, of_notice
from reactor.model import Subject
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers import cloudtrail, config
from reactor.triggers.compliance import COMPLIANCE_DETAIL_TYPE, Message, is_batch, messages
from reactor.triggers.matching import matches
from reactor.triggers.records import mapping, quoted
from reactor.triggers.rules import pattern_of

# Other documents that people have at hand, by a member that only they have.
_OTHER_DOCUMENTS = {
    "Records": "many records in one file, such as a CloudTrail log: give one of them",
    "configurationItemStatus": "an AWS Config configuration item, not an event",
}


class Kind(StrEnum):
    """What a payload may be."""

    EVENT = "event"  # of IAM or of the exemption list, or nothing that anybody hears
    BUCKETS = "buckets"  # an event of S3, or an operator's request
    NOTICES = "notices"  # of compliance
    INVOCATION = "invocation"  # by AWS Config


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of a payload: which functions hear it, whom it leads to, why to nobody.

    `ignored` is why nobody is looked at, None when somebody is; then `left_out` says what of it
    leads to nobody.
    """

    kind: Kind
    heard_by: tuple[Function, ...]
    event: str | None
    subjects: tuple[Subject, ...] = ()
    ignored: str | None = None
    left_out: tuple[str, ...] = ()

    def document(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "matched": bool(self.heard_by),
            "heard_by": [each.value for each in self.heard_by],
            "event": self.event,
            "subjects": [each.describe() for each in self.subjects],
            "ignored": self.ignored,
            "left_out": list(self.left_out),
        }


def explanation_of(document: object, account: str | None, settings: Settings) -> Explanation:
    """Explain a document of any shape, offline."""
    payload = _payload(document)
    if isinstance(payload, dict) and "invokingEvent" in payload:
        return _of_invocation(payload, account, settings)
    if payload == buckets.LOOK_AT_ALL or _is_of_buckets(payload):
        return _of_buckets(payload, account, settings)
    notices = messages(payload)
    if _is_of_compliance(payload) or any(each.items for each in notices):
        return _of_notices(payload, notices, account, settings)
    return _of_event(payload, account, settings)


def _payload(document: object) -> object:
    """Return what EventBridge would deliver for a record, an envelope, or a sample's file."""
    inner: Any = document
    if isinstance(inner, dict) and isinstance(inner.get("event"), dict):
        inner = inner["event"]
    if isinstance(inner, dict) and "detail" not in inner and _is_record(inner):
        return cloudtrail.envelope_of(inner)
    return inner


def _is_record(document: Mapping[str, Any]) -> bool:
    return "eventName" in document or "eventSource" in document


def _is_of_buckets(payload: object) -> bool:
    detail = mapping(mapping(payload).get("detail"))
    return detail.get("eventSource") in buckets.EVENT_SOURCES


def _is_of_compliance(payload: object) -> bool:
    return is_batch(payload) or mapping(payload).get("detail-type") == COMPLIANCE_DETAIL_TYPE


def _of_event(payload: object, account: str | None, settings: Settings) -> Explanation:
    reading = cloudtrail.parse(
        payload, account=account, received_at=datetime.now(UTC), settings=settings
    )
    name = None if reading.trigger.event is None else reading.trigger.event.name
    ignored = _other_kind(payload) or reading.ignored or _why_forged(payload)
    subjects = () if ignored else tuple(cause.subject for cause in reading.causes)
    return Explanation(Kind.EVENT, reading.heard_by, name, subjects, ignored)


def _other_kind(payload: object) -> str | None:
    """Return what a payload is that no CloudTrail record is in; None when one may be."""
    members, detail = mapping(payload), mapping(mapping(payload).get("detail"))
    if detail and "eventSource" not in detail and isinstance(members.get("detail-type"), str):
        return f"an event of another kind: {shorten(members['detail-type'], 80)}"
    if "detail" in members:
        return None
    return next((what for member, what in _OTHER_DOCUMENTS.items() if member in members), None)


def _why_forged(payload: object) -> str | None:
    """Return why no rule delivers what a parser has read; None when one may."""
    said = mapping(payload)
    true = cloudtrail.envelope_of(mapping(said.get("detail")))
    if all(said.get(member) == true[member] for member in ("source", "detail-type")):
        return None
    return "its envelope is not CloudTrail's, and no rule delivers it"


def _of_buckets(payload: object, account: str | None, settings: Settings) -> Explanation:
    reading = buckets.parse(
        payload, account=account, received_at=datetime.now(UTC), settings=settings
    )
    name = None if reading.trigger.event is None else reading.trigger.event.name
    reaches = payload == buckets.LOOK_AT_ALL or matches(buckets.buckets_pattern(settings), payload)
    heard_by = _if_there(Function.BUCKETS, settings) if reaches else ()
    ignored = reading.ignored or (None if reaches else _why_forged(payload))
    subjects = () if ignored or reading.cause is None else (reading.cause.subject,)
    return Explanation(Kind.BUCKETS, heard_by, name, subjects, ignored)


def _of_notices(
    payload: object, notices: tuple[Message, ...], account: str | None, settings: Settings
) -> Explanation:
    """Explain notices: those of a queue or a topic need no rule, but a function."""
    heard_by = _if_there(Function.COMPLIANCE, settings)
    if "detail-type" in mapping(payload):
        pattern = pattern_of(Function.COMPLIANCE, settings)
        heard_by = heard_by if pattern is not None and matches(pattern, payload) else ()
    subjects: dict[Subject, None] = {}
    left_out: dict[str, None] = {}
    for message in notices:
        named = f"message {message.id}: " if message.id else ""
        left_out.update({f"{named}{why}": None for why in message.unread})
        for item in message.items:
            found = of_notice(item, settings, account or item.account or "")
            if isinstance(found, Lead):
                subjects[found.subject] = None
            else:
                left_out[f"{named}{item.resource_id}: {found.why}"] = None
    if subjects:
        return Explanation(Kind.NOTICES, heard_by, None, tuple(subjects), left_out=tuple(left_out))
    return Explanation(Kind.NOTICES, heard_by, None, ignored="; ".join(left_out))


def _of_invocation(
    payload: Mapping[str, Any], account: str | None, settings: Settings
) -> Explanation:
    home = account or quoted(payload.get("accountId")) or ""
    heard_by = _if_there(Function.CONFIG, settings)
    try:
        asked = config.parse(payload, account=home)
        found = of_invocation(asked, config.of_rule(settings, asked), home)
    except (Permanent, SettingError) as error:
        return Explanation(Kind.INVOCATION, heard_by, None, ignored=str(error))
    if isinstance(found, Nowhere):
        return Explanation(Kind.INVOCATION, heard_by, asked.kind.value, ignored=found.why)
    return Explanation(Kind.INVOCATION, heard_by, asked.kind.value, found)


def _if_there(function: Function, settings: Settings) -> tuple[Function, ...]:
    """Return a function that is invoked by others than a rule of ours, where the stage has it."""
    return (function,) if function in functions_of(settings) else ()
