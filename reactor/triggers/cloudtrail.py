"""From a CloudTrail event in EventBridge's envelope to the causes it gives.

Nothing in an event is believed beyond its shape: members may be missing, null, of another type, or
forged. What cannot concern anybody is ignored with a reason; what should concern somebody but does
not say whom concerns every user, because leaving the name out is a way to hide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reactor.errors import shorten
from reactor.model import Cause, Claim, Event, Hint, Subject, SubjectKind, Trigger, TriggerKind
from reactor.triggers.catalogue import (
    CATALOGUE,
    CLOUDTRAIL_DETAIL_TYPE,
    IAM_EVENT_SOURCE,
    Names,
    Row,
    matches,
    rule_pattern,
)

# How CloudTrail writes the root user where a user's name belongs (seen in published records).
ROOT_USER = "AWS ROOT USER"
_USER_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)  # IAM API reference, userName on reads
_SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)  # IAM API reference, serialNumber
_POLICY_ARN = re.compile(r"arn:[!-~]{16,2044}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a payload: causes, or the reason why it concerns nobody."""

    trigger: Trigger
    matched: bool
    causes: tuple[Cause, ...] = ()
    ignored: str | None = None


def parse(payload: object, *, account: str | None, received_at: datetime) -> Reading:
    """Read one EventBridge delivery.

    `account` is the account we are in (12 digits); events of others are ignored. None, for reading
    an event offline, takes the event's own. Never raises for anything a payload may hold.
    """
    detail = _mapping(_mapping(payload).get("detail"))
    event = _event(detail)
    trigger = Trigger(TriggerKind.IAM_EVENT, received_at, event)
    matched = matches(rule_pattern(), payload)
    ignored = _why_ignored(payload, detail, account)
    if ignored is not None:
        return Reading(trigger, matched, ignored=ignored)
    named = _mapping(payload).get("account") or detail.get("recipientAccountId")
    home = account or _quoted(named) or ""
    row = CATALOGUE[detail["eventName"]]
    cause = Cause(
        trigger,
        _subject(row, detail, home),
        _hints(row, detail, event.time),
        _caller_user(_mapping(detail.get("userIdentity"))),
    )
    return Reading(trigger, matched, causes=(cause,))


def envelope_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put a bare CloudTrail record into the envelope in which EventBridge would deliver it."""
    source = str(record.get("eventSource", "")).removesuffix(".amazonaws.com")
    return {
        "version": "0",
        "id": record.get("eventID"),
        "detail-type": CLOUDTRAIL_DETAIL_TYPE,
        "source": f"aws.{source}",
        "account": record.get("recipientAccountId")
        or _mapping(record.get("userIdentity")).get("accountId"),
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [],
        "detail": dict(record),
    }


def _why_ignored(payload: object, detail: Mapping[str, Any], account: str | None) -> str | None:
    """Return why the payload concerns nobody; None when it does concern somebody."""
    if not isinstance(payload, dict):
        return f"malformed: the payload is a {type(payload).__name__}, not an object"
    if not detail:
        return "malformed: the event has no detail"
    if detail.get("eventSource") != IAM_EVENT_SOURCE:
        return f"an event of another service: {shorten(detail.get('eventSource'), 80)}"
    name = detail.get("eventName")
    if not isinstance(name, str) or name not in CATALOGUE:
        return f"not an event that can weaken MFA: {shorten(name, 80)}"
    if detail.get("errorCode") is not None:
        return f"the call failed: {shorten(detail['errorCode'], 80)}"
    # An old record has no recipientAccountId; the envelope always names an account.
    for theirs in (payload.get("account"), detail.get("recipientAccountId")):
        if account is not None and theirs is not None and theirs != account:
            return f"an event of another account: {shorten(theirs, 80)}"
    if account is not None and payload.get("account") is None:
        return "malformed: the event names no account"
    return None


def _subject(row: Row, detail: Mapping[str, Any], account: str) -> Subject:
    request = _mapping(detail.get("requestParameters"))
    if row.names is Names.SERIAL:
        serial = _text(request.get("serialNumber"), _SERIAL)
        if serial is None:
            return Subject(SubjectKind.EVERY_USER, account)
        return Subject(SubjectKind.MFA_SERIAL, account, serial=serial)
    if request.get("userName") == ROOT_USER:
        return Subject(SubjectKind.ROOT, account)
    name = _text(request.get("userName"), _USER_NAME) or _user_in_response(detail)
    if name is not None:
        return Subject(SubjectKind.USER, account, name=name)
    left_out = row.about in request and "userName" not in request
    if row.names is Names.USER_OR_CALLER and left_out:
        return _caller_as_subject(_mapping(detail.get("userIdentity")), account)
    return Subject(SubjectKind.EVERY_USER, account)


def _user_in_response(detail: Mapping[str, Any]) -> str | None:
    response = _mapping(detail.get("responseElements"))
    return _text(_mapping(response.get("user")).get("userName"), _USER_NAME)


def _caller_as_subject(identity: Mapping[str, Any], account: str) -> Subject:
    """Whom a call without a userName is about: the caller, where that is a user or root.

    A role is never meant: IAM refuses such a call from one.
    """
    if identity.get("type") == "Root":
        return Subject(SubjectKind.ROOT, account)
    caller = _caller_user(identity)
    if caller is not None:
        return Subject(SubjectKind.USER, account, name=caller)
    return Subject(SubjectKind.EVERY_USER, account)


def _caller_user(identity: Mapping[str, Any]) -> str | None:
    # In an assumed role's record, userName is a role's name and stands under sessionIssuer.
    if identity.get("type") != "IAMUser":
        return None
    return _text(identity.get("userName"), _USER_NAME)


def _hints(row: Row, detail: Mapping[str, Any], at: datetime | None) -> tuple[Hint, ...]:
    patterns = {
        Claim.USER_CREATED: _USER_NAME,
        Claim.POLICY_DETACHED: _POLICY_ARN,
        Claim.DEVICE_REMOVED: _SERIAL,
    }
    about = _text(_mapping(detail.get("requestParameters")).get(row.about), patterns[row.claim])
    if row.claim is Claim.USER_CREATED:
        about = about or _user_in_response(detail)
    if about is None or at is None:
        return ()
    return (Hint(row.claim, at, about),)


def _event(detail: Mapping[str, Any]) -> Event:
    identity = _mapping(detail.get("userIdentity"))
    caller = identity.get("arn") or identity.get("invokedBy") or identity.get("type")
    return Event(
        id=_quoted(detail.get("eventID")),
        name=_quoted(detail.get("eventName")),
        time=_time(detail.get("eventTime")),
        caller=_quoted(caller),
        source_address=_quoted(detail.get("sourceIPAddress")),
    )


def _time(value: object) -> datetime | None:
    try:
        time = datetime.fromisoformat(str(value))
        # An event time without a zone is not CloudTrail's.
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object, pattern: re.Pattern[str]) -> str | None:
    """Return `value` if it is a string of the form that IAM gives such names."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _quoted(value: object) -> str | None:
    """Return foreign text for the record: a string cut short, or nothing."""
    return shorten(value) if isinstance(value, str) and value else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
