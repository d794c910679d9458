"""Events as EventBridge delivers them, and the causes, hints and triggers that come of events."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reactor.model import Cause, Claim, Event, Hint, Subject, SubjectKind, Trigger, TriggerKind
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START

Envelope = dict[str, Any]

ROOT = {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT}


def iam_user(name: str) -> dict[str, Any]:
    """Return the identity of a call by an IAM user."""
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    return {"type": "IAMUser", "arn": arn, "accountId": ACCOUNT, "userName": name}


def role(name: str) -> dict[str, Any]:
    """Return the identity of a call in a role's session."""
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "Role", "userName": name}},
    }


ROLE = role("admin")


def event(  # noqa: PLR0913 - the parts of an event, most by name
    name: str,
    request: Mapping[str, Any] | None,
    *,
    at: datetime = START,
    account: str = ACCOUNT,
    identity: Mapping[str, Any] | None = None,
    response: Mapping[str, Any] | None = None,
    service: str = "iam",
) -> Envelope:
    """Return a small but true event of a call, by a role and to IAM unless told otherwise."""
    time = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "version": "0",
        "id": "0b9a4a8e-7d0f-4b5c-9f0e-1a2b3c4d5e6f",
        "detail-type": "AWS API Call via CloudTrail",
        "source": f"aws.{service}",
        "account": account,
        "time": time,
        "region": "us-east-1",
        "resources": [],
        "detail": {
            "eventVersion": "1.11",
            "userIdentity": dict(ROLE if identity is None else identity),
            "eventTime": time,
            "eventSource": f"{service}.amazonaws.com",
            "eventName": name,
            "awsRegion": "us-east-1",
            "sourceIPAddress": "203.0.113.7",
            "requestParameters": None if request is None else dict(request),
            "responseElements": None if response is None else dict(response),
            "eventID": "9d8f5e1c-4a3b-4c2d-8e7f-6a5b4c3d2e1f",
            "eventType": "AwsApiCall",
            "recipientAccountId": account,
        },
    }


def denied(envelope: Envelope) -> Envelope:
    """Return the event of the same call, denied: CloudTrail then tells neither asked nor answer."""
    nothing = {"requestParameters": None, "responseElements": None}
    return _with_detail(envelope, errorCode="AccessDenied", **nothing)


def too_large(envelope: Envelope) -> Envelope:
    """Return the event of the same call as it is when its request is too large for CloudTrail."""
    left = {"reason": "requestParameters too large", "omitted": True, "originalSize": 131_072}
    return _with_detail(envelope, requestParameters=left, responseElements=None)


def _with_detail(envelope: Envelope, **members: Any) -> Envelope:
    return {**envelope, "detail": {**envelope["detail"], **members}}


def trigger(kind: TriggerKind = TriggerKind.IAM_EVENT, *, received_at: datetime = START) -> Trigger:
    """Return a trigger, with an event where its kind has one."""
    if kind is not TriggerKind.IAM_EVENT:
        return Trigger(kind, received_at)
    told = Event("event-1", "DetachUserPolicy", START, "arn:aws:iam::1:role/admin", "203.0.113.7")
    return Trigger(kind, received_at, told)


def about_user(name: str, *hints: Hint, received_at: datetime = START) -> Cause:
    """Return the cause that an event about a user gives."""
    subject = Subject(SubjectKind.USER, ACCOUNT, name=name)
    return Cause(trigger(received_at=received_at), subject, hints)


def about_device(serial: str, *, caller: str | None = None, hints: tuple[Hint, ...] = ()) -> Cause:
    """Return the cause that the deletion of a virtual device gives."""
    subject = Subject(SubjectKind.MFA_SERIAL, ACCOUNT, serial=serial)
    return Cause(trigger(), subject, hints, caller)


def about_group(name: str, *hints: Hint) -> Cause:
    """Return the cause that an event about a group's members gives."""
    return Cause(trigger(), Subject(SubjectKind.GROUP_MEMBERS, ACCOUNT, name=name), hints)


def about_everyone(*hints: Hint, kind: TriggerKind = TriggerKind.SCHEDULE) -> Cause:
    """Return the cause of a sweep."""
    return Cause(trigger(kind), Subject(SubjectKind.EVERY_USER, ACCOUNT), hints)


def about_root() -> Cause:
    """Return the cause that an event about the root user gives."""
    return Cause(trigger(), Subject(SubjectKind.ROOT, ACCOUNT))


def created(name: str, at: datetime = START) -> Hint:
    """Return the claim that a user was created."""
    return Hint(Claim.USER_CREATED, at, name)


def detached(arn: str, at: datetime = START) -> Hint:
    """Return the claim that a policy was detached."""
    return Hint(Claim.POLICY_DETACHED, at, arn)


def left(group: str, at: datetime = START) -> Hint:
    """Return the claim that a user left a group."""
    return Hint(Claim.GROUP_LEFT, at, group)


def removed(serial: str, at: datetime = START) -> Hint:
    """Return the claim that a device was removed."""
    return Hint(Claim.DEVICE_REMOVED, at, serial)
