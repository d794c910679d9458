"""The events that can make a bucket public by its ACL: one table, its rule's pattern, the parser.

CloudTrail names some of them otherwise than the API does (DeletePublicAccessBlock of a bucket is
logged as DeleteBucketPublicAccessBlock, of an account as DeleteAccountPublicAccessBlock); both are
listened to. EventBridge delivers the events of its own region only, and so of the buckets there.

Nothing in an event is believed beyond its shape: it says which bucket to look at. One that should
name a bucket and does not concerns every bucket, because leaving the name out is a way to hide.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reactor.buckets.resources import BUCKET_NAME
from reactor.buckets.state import LOG_DELIVERY, OWNER_ENFORCED
from reactor.errors import shorten
from reactor.model import Cause, Claim, Hint, Subject, SubjectKind, Trigger, TriggerKind
from reactor.settings import Settings
from reactor.triggers.cloudtrail import account_of, why_foreign
from reactor.triggers.records import REGION, event_of, items, mapping, text
from reactor.triggers.rules import CLOUDTRAIL_DETAIL_TYPE

# The second is what the account's own block may go by: no published record settles it.
EVENT_SOURCES = ("s3.amazonaws.com", "s3-control.amazonaws.com")
_SOURCES = ("aws.s3", "aws.s3-control")

_TAGGED = "resourceArn"  # the member by which TagResource and UntagResource name a resource
_ARN = re.compile(r"arn:.+", re.ASCII)
_BUCKET_ARN = re.compile(rf"arn:[a-z-]+:s3:::{BUCKET_NAME.pattern}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Row:
    """One event: why it matters, what it may claim, and whether it is the whole account's.

    `of_tags`: it matters only where a tag may exempt a bucket. `member` of the request names it.
    """

    event: str
    why: str
    claim: Claim
    of_account: bool = False
    of_tags: bool = False
    member: str = "bucketName"


# The canned ACLs that grant nothing to everybody (S3 user guide, ACL overview).
_PRIVATE_ACLS = {
    "private",
    "aws-exec-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
    "log-delivery-write",
}

# With this payload an operator has the function look at every bucket, as after an event about the
# account: when it is new to the account, and as long as the brake makes some wait.
LOOK_AT_ALL = {"look_at": SubjectKind.EVERY_BUCKET.value}
GOES_ON = "the function buckets, told to look at every bucket (docs/buckets.md),"

_LIFTED = "grants to everybody that were ignored may count again"
_ENABLED = "ACLs that were disabled may count again"
_RETAGGED = "the tag that exempted it may be gone"

CATALOGUE = {
    row.event: row
    for row in (
        Row("PutBucketAcl", "the ACL may grant something to everybody", Claim.ACL_OPENED),
        Row("CreateBucket", "it may be made with such an ACL", Claim.BUCKET_CREATED),
        Row("DeleteBucketPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("DeletePublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("PutBucketPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("PutPublicAccessBlock", _LIFTED, Claim.BLOCK_LIFTED),
        Row("DeleteBucketOwnershipControls", _ENABLED, Claim.ACLS_ENABLED),
        Row("PutBucketOwnershipControls", _ENABLED, Claim.ACLS_ENABLED),
        Row("PutBucketTagging", _RETAGGED, Claim.BUCKET_RETAGGED, of_tags=True),
        Row("DeleteBucketTagging", _RETAGGED, Claim.BUCKET_RETAGGED, of_tags=True),
        # By these a bucket is tagged that has attribute-based access control on (PutBucketAbac).
        Row("TagResource", _RETAGGED, Claim.BUCKET_RETAGGED, of_tags=True, member=_TAGGED),
        Row("UntagResource", _RETAGGED, Claim.BUCKET_RETAGGED, of_tags=True, member=_TAGGED),
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


def buckets_pattern(settings: Settings) -> dict[str, Any]:
    """Return the pattern of the rule that wakes `buckets`. Failed calls changed nothing."""
    by_tag = bool(settings.bucket_exempt_tags)
    return {
        "source": list(_SOURCES),
        "detail-type": [CLOUDTRAIL_DETAIL_TYPE],
        "detail": {
            "eventSource": list(EVENT_SOURCES),
            "eventName": sorted(
                row.event for row in CATALOGUE.values() if by_tag or not row.of_tags
            ),
            "errorCode": [{"exists": False}],
        },
    }


def parse(
    payload: object, *, account: str | None, received_at: datetime, settings: Settings
) -> Reading:
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
    hints = _hints(row, mapping(detail.get("requestParameters")), subject, trigger, settings)
    return Reading(trigger, Cause(trigger, subject, hints))


def _why_ignored(detail: Mapping[str, Any]) -> str | None:
    """Return why the event concerns no bucket; None when it does concern some."""
    source, name = detail.get("eventSource"), detail.get("eventName")
    if source not in EVENT_SOURCES:
        return f"an event of another service: {shorten(source, 80)}"
    if not isinstance(name, str) or name not in CATALOGUE:
        return f"not an event that can make a bucket public: {shorten(name, 80)}"
    if detail.get("errorCode") is not None:
        return f"the call failed: {shorten(detail['errorCode'], 80)}"
    tagged = mapping(detail.get("requestParameters")).get(_TAGGED)
    if text(tagged, _ARN) is not None and text(tagged, _BUCKET_ARN) is None:
        return f"it is about no bucket: {shorten(tagged, 80)}"
    return None


def _subject(row: Row, detail: Mapping[str, Any], account: str) -> Subject:
    bucket = None if row.of_account else _bucket(detail)
    if bucket is None:
        return Subject(SubjectKind.EVERY_BUCKET, account)
    region = _region(detail, row)
    return Subject(SubjectKind.BUCKET, account, name=bucket, region=region)


def _bucket(detail: Mapping[str, Any]) -> str | None:
    """Return the bucket that a record names: in its request, or else among its resources."""
    request = mapping(detail.get("requestParameters"))
    name = text(request.get("bucketName"), BUCKET_NAME)
    if name is not None:
        return name
    resources = map(mapping, items(detail.get("resources")))
    for each in (request.get(_TAGGED), *(resource.get("ARN") for resource in resources)):
        arn = text(each, _BUCKET_ARN)
        if arn is not None:
            return arn.rpartition(":")[2]
    return None


def _region(detail: Mapping[str, Any], row: Row) -> str | None:
    """Return the bucket's region; CreateBucket may be logged in another than the bucket's."""
    if row.claim is Claim.BUCKET_CREATED:
        request = mapping(detail.get("requestParameters"))
        where = mapping(request.get("CreateBucketConfiguration")).get("LocationConstraint")
        if where is not None:
            return text(where, REGION)
    return text(detail.get("awsRegion"), REGION)


def _hints(
    row: Row, request: Mapping[str, Any], subject: Subject, trigger: Trigger, settings: Settings
) -> tuple[Hint, ...]:
    """Return what the event claims, if it says when it happened, and does not rule it out."""
    at = None if trigger.event is None else trigger.event.time
    if at is None or _rules_out(row.claim, request, settings):
        return ()
    return (Hint(row.claim, at, subject.account if row.of_account else subject.name or ""),)


def _rules_out(claim: Claim, request: Mapping[str, Any], settings: Settings) -> bool:
    """Tell whether a request says for sure that it has not done what its event may claim."""
    match claim:
        case Claim.ACL_OPENED:
            return _is_private(request)
        case Claim.BUCKET_RETAGGED:
            tags = list(_tags(request.get("Tagging")))
            return any(tag.covers(*each) for tag in settings.bucket_exempt_tags for each in tags)
        case _:
            return _tightens(request)


def _is_private(request: Mapping[str, Any]) -> bool:
    """Tell whether an ACL is set that grants nothing to everybody, and all of it is understood.

    S3 takes a canned ACL, or grants in headers, or grants in the body; of the headers it is not
    known how they are logged.
    """
    canned = _listed(request.get("x-amz-acl"))
    grants = mapping(mapping(request.get("AccessControlPolicy")).get("AccessControlList"))
    grantees = [mapping(mapping(each).get("Grantee")) for each in _listed(grants.get("Grant"))]
    if canned:
        return all(isinstance(each, str) and each in _PRIVATE_ACLS for each in canned)
    return bool(grantees) and all(_is_somebody(each) for each in grantees)


def _is_somebody(grantee: Mapping[str, Any]) -> bool:
    """Tell whether a grantee is an account, or a group that is not everybody."""
    if "URI" not in grantee:
        return isinstance(grantee.get("ID"), str)
    return bool(grantee["URI"] == LOG_DELIVERY)


def _tags(tagging: object) -> Iterator[tuple[str, str]]:
    """Yield the tags that PutBucketTagging leaves a bucket with."""
    for each in _listed(mapping(mapping(tagging).get("TagSet")).get("Tag")):
        key, value = mapping(each).get("Key"), mapping(each).get("Value")
        if isinstance(key, str) and isinstance(value, str):
            yield key, value


def _tightens(request: Mapping[str, Any]) -> bool:
    """Tell whether a request has public ACLs ignored, or ACLs disabled: then it lifts nothing."""
    block = mapping(request.get("PublicAccessBlockConfiguration"))
    rules = _listed(mapping(request.get("OwnershipControls")).get("Rule"))
    disabled = any(mapping(each).get("ObjectOwnership") == OWNER_ENFORCED for each in rules)
    # Booleans have been seen written as text.
    return disabled or block.get("IgnorePublicAcls") in (True, "true")


def _listed(found: object) -> list[Any]:
    """Return what a record has there, once or several times: XML with one item is no list in it."""
    if found is None:
        return []
    return found if isinstance(found, list) else [found]
