"""The events that can make a bucket public by its ACL: one table, its rule's pattern, the parser.

CloudTrail names some of them otherwise than the API does (DeletePublicAccessBlock of a bucket is
logged as DeleteBucketPublicAccessBlock, of an account as DeleteAccountPublicAccessBlock); both are
listened to. EventBridge delivers the events of its own region only, and so of the buckets there.

Nothing in an event is believed beyond its shape: it says which bucket to look at. One that should
name a bucket and does not concerns every bucket, because leaving the name out is a way to hide.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reactor.buckets.resources import BUCKET_NAME
from reactor.buckets.state import OWNER_ENFORCED
from reactor.errors import shorten
from reactor.model import Cause, Claim, Hint, Subject, SubjectKind, Trigger, TriggerKind
from reactor.triggers.cloudtrail import account_of, why_foreign
from reactor.triggers.records import event_of, mapping, text
from reactor.triggers.rules import CLOUDTRAIL_DETAIL_TYPE

# The second is what the account's own block may go by: no published record settles it.
EVENT_SOURCES = ("s3.amazonaws.com", "s3-control.amazonaws.com")
_SOURCES = ("aws.s3", "aws.s3-control")

_BUCKET_ARN = re.compile(rf"arn:[a-z-]+:s3:::{BUCKET_NAME.pattern}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One event: what it may claim, why it matters, and whether it is the whole account's."""

    event: str
    why: str
    claim: Claim | None = None
    of_account: bool = False


# With this payload an operator has the function look at every bucket, as after an event about the
# account: when it is new to the account, and as long as the brake makes some wait.
LOOK_AT_ALL = {"look_at": SubjectKind.EVERY_BUCKET.value}
GOES_ON = "the function buckets, told to look at every bucket (docs/buckets.md),"

_LIFTED = "grants to everybody that were ignored may count again"
_ENABLED = "ACLs that were disabled may count again"

CATALOGUE = {
    row.event: row
    for row in (
        Row("PutBucketAcl", "the ACL may grant something to everybody"),
        Row("CreateBucket", "it may be made with such an ACL", Claim.BUCKET_CREATED),
        Row("DeleteBucketPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("DeletePublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("PutBucketPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("PutPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("DeleteBucketOwnershipControls", _ENABLED, Claim.ACLS_ENABLED),
        Row("PutBucketOwnershipControls", _ENABLED, Claim.ACLS_ENABLED),
        Row("DeleteAccountPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED, of_account=True),
        Row("PutAccountPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED, of_account=True),
    )
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was made of a payload: a cause, or the reason why it concerns no bucket."""

    trigger: Trigger
    cause: Cause | None = None
    ignored: str | None = None


def buckets_pattern() -> dict[str, Any]:
    """Return the pattern of the rule that wakes `buckets`. Failed calls changed nothing."""
    return {
        "source": list(_SOURCES),
        "detail-type": [CLOUDTRAIL_DETAIL_TYPE],
        "detail": {
            "eventSource": list(EVENT_SOURCES),
            "eventName": sorted(CATALOGUE),
            "errorCode": [{"exists": False}],
        },
    }


def parse(payload: object, *, account: str | None, received_at: datetime) -> Reading:
    """Read one EventBridge delivery, or LOOK_AT_ALL, in the account that we are in (12 digits).

    None, for reading an event offline, takes the event's own. Never raises for anything a payload
    may hold.
    """
    if payload == LOOK_AT_ALL:
        asked = Trigger(TriggerKind.OPERATOR, received_at)
        return Reading(asked, Cause(asked, Subject(SubjectKind.EVERY_BUCKET, account or "")))
    detail = mapping(mapping(payload).get("detail"))
    trigger = Trigger(TriggerKind.S3_EVENT, received_at, event_of(detail))
    ignored = why_foreign(payload, account) or _why_ignored(detail)
    if ignored is not None:
        return Reading(trigger, ignored=ignored)
    row = CATALOGUE[detail["eventName"]]
    subject = _subject(row, detail, account or account_of(payload))
    return Reading(trigger, Cause(trigger, subject, _hints(row, detail, subject, trigger)))


def _why_ignored(detail: Mapping[str, Any]) -> str | None:
    """Return why the event concerns no bucket; None when it does concern some."""
    source, name = detail.get("eventSource"), detail.get("eventName")
    if source not in EVENT_SOURCES:
        return f"an event of another service: {shorten(source, 80)}"
    if not isinstance(name, str) or name not in CATALOGUE:
        return f"not an event that can make a bucket public: {shorten(name, 80)}"
    if detail.get("errorCode") is not None:
        return f"the call failed: {shorten(detail['errorCode'], 80)}"
    return None


def _subject(row: Row, detail: Mapping[str, Any], account: str) -> Subject:
    bucket = None if row.of_account else _bucket(detail)
    if bucket is None:
        return Subject(SubjectKind.EVERY_BUCKET, account)
    region = _region(detail, row)
    return Subject(SubjectKind.BUCKET, account, name=bucket, region=region)


def _bucket(detail: Mapping[str, Any]) -> str | None:
    """Return the bucket that a record names: in its request, or else among its resources."""
    name = text(mapping(detail.get("requestParameters")).get("bucketName"), BUCKET_NAME)
    resources = detail.get("resources")
    for each in resources if name is None and isinstance(resources, list) else ():
        arn = text(mapping(each).get("ARN"), _BUCKET_ARN)
        if arn is not None:
            return arn.rpartition(":")[2]
    return name


def _region(detail: Mapping[str, Any], row: Row) -> str | None:
    """Return the bucket's region; CreateBucket may be logged in another than the bucket's."""
    if row.claim is Claim.BUCKET_CREATED:
        request = mapping(detail.get("requestParameters"))
        where = mapping(request.get("CreateBucketConfiguration")).get("LocationConstraint")
        if where is not None:
            return text(where, _REGION)
    return text(detail.get("awsRegion"), _REGION)


def _hints(
    row: Row, detail: Mapping[str, Any], subject: Subject, trigger: Trigger
) -> tuple[Hint, ...]:
    """Return what the event claims, if it says when it happened."""
    at = None if trigger.event is None else trigger.event.time
    request = mapping(detail.get("requestParameters"))
    if row.claim is None or at is None or _tightens(request):
        return ()
    return (Hint(row.claim, at, subject.name or ""),)


def _tightens(request: Mapping[str, Any]) -> bool:
    """Tell whether a request has public ACLs ignored, or ACLs disabled: then it lifts nothing."""
    block = mapping(request.get("PublicAccessBlockConfiguration"))
    rule = mapping(request.get("OwnershipControls")).get("Rule")
    # CloudTrail makes of XML with one item no list.
    rules = rule if isinstance(rule, list) else [rule]
    disabled = any(mapping(each).get("ObjectOwnership") == OWNER_ENFORCED for each in rules)
    # Booleans have been seen written as text.
    return disabled or block.get("IgnorePublicAcls") in (True, "true")
