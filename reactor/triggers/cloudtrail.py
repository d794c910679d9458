"""From a CloudTrail event in EventBridge's envelope to the causes it gives.

Nothing in an event is believed beyond its shape (reactor.triggers.records). What cannot concern
anybody is ignored with a reason; what should concern somebody but does not say whom concerns every
user, because leaving the name out is a way to hide.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reactor.errors import shorten
from reactor.model import USER_NAME, Cause, Claim, Hint, Subject, SubjectKind, Trigger, TriggerKind
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import (
    CATALOGUE,
    IAM_EVENT_SOURCE,
    PARAMETER_EVENT_SOURCE,
    PARAMETER_EVENTS,
    Names,
    Row,
)
from reactor.triggers.matching import matches
from reactor.triggers.records import (
    GROUP_NAME,
    NAME_OR_ARN,
    POLICY_ARN,
    ROOT_USER,
    SERIAL,
    caller_of,
    event_of,
    mapping,
    quoted,
    text,
)
from reactor.triggers.rules import CLOUDTRAIL_DETAIL_TYPE, is_the_guard, pattern_of

_FORM_OF_CLAIM = {
    Claim.POLICY_DETACHED: POLICY_ARN,
    Claim.GROUP_LEFT: GROUP_NAME,
    Claim.DEVICE_REMOVED: SERIAL,
    Claim.USER_RENAMED: USER_NAME,
    Claim.GROUP_RENAMED: GROUP_NAME,
    Claim.PERMISSIONS_GIVEN: NAME_OR_ARN,
    Claim.PERMISSIONS_CHANGED: NAME_OR_ARN,
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a payload: causes, or the reason why it concerns nobody.

    `heard_by` are the functions that re-evaluate users or the guard and whose rules would deliver
    it. An event may concern somebody and be heard by nobody, when under the settings it cannot
    change a verdict.
    """

    trigger: Trigger
    heard_by: tuple[Function, ...]
    causes: tuple[Cause, ...] = ()
    ignored: str | None = None

    @property
    def matched(self) -> bool:
        """Whether some rule delivers it."""
        return bool(self.heard_by)


def parse(
    payload: object, *, account: str | None, received_at: datetime, settings: Settings
) -> Reading:
    """Read one EventBridge delivery.

    `account` is the account we are in (12 digits); events of others are ignored. None, for reading
    an event offline, takes the event's own. Never raises for anything a payload may hold.
    """
    detail = mapping(mapping(payload).get("detail"))
    trigger = Trigger(TriggerKind.IAM_EVENT, received_at, event_of(detail))
    heard_by = _heard_by(payload, settings)
    ignored = why_foreign(payload, account) or _why_ignored(detail)
    if ignored is not None:
        return Reading(trigger, heard_by, ignored=ignored)
    row = CATALOGUE[detail["eventName"]]
    subject = _subject(row, detail, account or account_of(payload), settings)
    if subject is None:
        return Reading(trigger, heard_by, ignored=_why_nobody(row, detail, settings))
    hints = _hints(row, detail, subject, trigger)
    cause = Cause(trigger, subject, hints, caller_of(detail).user)
    return Reading(trigger, heard_by, causes=(cause,))


def envelope_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put a bare CloudTrail record into the envelope in which EventBridge would deliver it."""
    source = str(record.get("eventSource", "")).removesuffix(".amazonaws.com")
    return {
        "version": "0",
        "id": record.get("eventID"),
        "detail-type": CLOUDTRAIL_DETAIL_TYPE,
        "source": f"aws.{source}",
        "account": record.get("recipientAccountId")
        or mapping(record.get("userIdentity")).get("accountId"),
        "time": record.get("eventTime"),
        "region": record.get("awsRegion"),
        "resources": [],
        "detail": dict(record),
    }


def account_of(payload: object) -> str:
    """Return the account that an event itself names; nothing where it names none."""
    said = mapping(payload)
    theirs = said.get("account") or mapping(said.get("detail")).get("recipientAccountId")
    return quoted(theirs) or ""


def why_foreign(payload: object, account: str | None) -> str | None:
    """Return why a payload is no event of this account; None when it is one.

    Another account's rule may send its events to our bus, and whoever may invoke the function can
    send it anything.
    """
    if not isinstance(payload, dict):
        return f"malformed: the payload is a {type(payload).__name__}, not an object"
    detail = mapping(payload.get("detail"))
    if not detail:
        return "malformed: the event has no detail"
    # An old record has no recipientAccountId; the envelope always names an account.
    for theirs in (payload.get("account"), detail.get("recipientAccountId")):
        if account is not None and theirs is not None and theirs != account:
            return f"an event of another account: {shorten(theirs, 80)}"
    if account is not None and payload.get("account") is None:
        return "malformed: the event names no account"
    return None


def _heard_by(payload: object, settings: Settings) -> tuple[Function, ...]:
    patterns = {function: pattern_of(function, settings) for function in Function}
    return tuple(
        function
        for function, pattern in patterns.items()
        if pattern is not None and matches(pattern, payload)
    )


def _why_ignored(detail: Mapping[str, Any]) -> str | None:
    """Return why the event concerns nobody; None when it does concern somebody."""
    source, name = detail.get("eventSource"), detail.get("eventName")
    # No set: it may be of a type that cannot be in one.
    if source not in (IAM_EVENT_SOURCE, PARAMETER_EVENT_SOURCE):
        return f"an event of another service: {shorten(source, 80)}"
    row = CATALOGUE.get(name) if isinstance(name, str) else None
    if row is None or (source == PARAMETER_EVENT_SOURCE) != (row.event in PARAMETER_EVENTS):
        return f"not an event that can weaken MFA: {shorten(name, 80)}"
    error = detail.get("errorCode")
    if row.failed_with and error is None:
        return "the user is deleted: nobody is left to look at"
    if error is not None and error != row.failed_with:
        return f"the call failed: {shorten(error, 80)}"
    return None


def _subject(
    row: Row, detail: Mapping[str, Any], account: str, settings: Settings
) -> Subject | None:
    """Return whom an event concerns; None when nobody."""
    request = mapping(detail.get("requestParameters"))
    everyone = Subject(SubjectKind.EVERY_USER, account)
    match row.names:
        case Names.NOBODY:
            return None
        case Names.EVERYONE:
            return everyone if _is_the_list(request, settings) else None
        case Names.SERIAL:
            serial = text(request.get("serialNumber"), SERIAL)
            return Subject(SubjectKind.MFA_SERIAL, account, serial=serial) if serial else everyone
        case Names.MEMBERS | Names.RENAMED_MEMBERS:
            group = _renamed(request, "groupName", "newGroupName")
            return Subject(SubjectKind.GROUP_MEMBERS, account, name=group) if group else everyone
        case Names.HOLDERS:
            arn = text(request.get("policyArn"), POLICY_ARN)
            # Once the guard is deleted, it hangs on nobody any more.
            if arn is None or (row.event == "DeletePolicy" and is_the_guard(arn, settings)):
                return everyone
            return Subject(SubjectKind.POLICY_HOLDERS, account, arn=arn)
        case _:
            return _user_subject(row, detail, account) or everyone


def _user_subject(row: Row, detail: Mapping[str, Any], account: str) -> Subject | None:
    request = mapping(detail.get("requestParameters"))
    if request.get("userName") == ROOT_USER:
        return Subject(SubjectKind.ROOT, account)
    if row.names is Names.RENAMED_USER:
        name = _renamed(request, "userName", "newUserName")
    else:
        name = text(request.get("userName"), USER_NAME)
    by_caller = row.names is Names.USER_OR_CALLER and _leaves_the_user_out(row, detail)
    caller = caller_of(detail)
    # Before the answer: there, root goes by the name of a user (seen in published records).
    if by_caller and caller.is_root:
        return Subject(SubjectKind.ROOT, account)
    if name is None and row.names in {Names.NEW_USER, Names.USER_OR_CALLER}:
        name = _user_in_response(detail)
    # A role is never meant: IAM refuses such a call from one.
    if name is None and by_caller:
        name = caller.user
    return None if name is None else Subject(SubjectKind.USER, account, name=name)


def _leaves_the_user_out(row: Row, detail: Mapping[str, Any]) -> bool:
    """Tell whether a call named no user, rather than that its record does not say whom.

    CloudTrail writes null for requestParameters without members, and leaves out what is too large.
    """
    request = detail.get("requestParameters")
    if request is None:
        return not row.about  # what a claim is about must be given: it was there and is lost
    return isinstance(request, dict) and not {"userName", "omitted", "reason"} & request.keys()


def _renamed(request: Mapping[str, Any], old: str, new: str) -> str | None:
    """Return the name by which something is found now: the new one, if the event brings one."""
    return text(request.get(new if request.get(new) is not None else old), USER_NAME)


def _user_in_response(detail: Mapping[str, Any]) -> str | None:
    """Return the user that an answer names: its one member is what was made, a user's or a user."""
    for made in mapping(detail.get("responseElements")).values():
        name = text(mapping(made).get("userName"), USER_NAME)
        if name is not None:
            return name
    return None


def _is_the_list(request: Mapping[str, Any], settings: Settings) -> bool:
    """Tell whether a change of a parameter is, or may be, one of the exemption list."""
    if not settings.exempt_parameter:
        return False
    names = request.get("names", request.get("name"))
    given = names if isinstance(names, list) else [names]
    arn = f":parameter/{settings.exempt_parameter.removeprefix('/')}"
    return any(
        not isinstance(each, str) or each == settings.exempt_parameter or each.endswith(arn)
        for each in given
    )


def _why_nobody(row: Row, detail: Mapping[str, Any], settings: Settings) -> str:
    if row.names is Names.NOBODY:
        return "the device belongs to nobody yet"
    request = mapping(detail.get("requestParameters"))
    given = request.get("names", request.get("name"))
    whose = shorten(settings.exempt_parameter or "none is named", 80)
    return f"another parameter than the exemption list ({whose}): {shorten(given, 80)}"


def _hints(
    row: Row, detail: Mapping[str, Any], subject: Subject, trigger: Trigger
) -> tuple[Hint, ...]:
    """Return what the event claims, if it says when it happened."""
    at = None if trigger.event is None else trigger.event.time
    request = mapping(detail.get("requestParameters"))
    if row.claim is None or at is None:
        return ()
    if row.claim is Claim.CREDENTIAL_MADE and request.get("status") == "Inactive":
        return ()  # a key was switched off
    if row.event == "CreatePolicyVersion" and request.get("setAsDefault") in (None, False, "false"):
        return ()  # the policy says what it said before
    form = _FORM_OF_CLAIM.get(row.claim)
    about = subject.name if form is None else text(request.get(row.about), form)
    return () if about is None else (Hint(row.claim, at, about),)
