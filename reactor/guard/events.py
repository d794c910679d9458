"""What an event about the guard says that spares a look at it, or an alarm about it.

The keeper's own CreatePolicyVersion comes back to it as an event, while reads may still show the
document that it replaced: judged on such a read, it would restore, and be woken again, and so on
until IAM's reads are fresh. The watch asks, too: what the keeper does is no reason for an alarm.

A record is not trusted: whatever is not exactly what is asked for is False.
"""

from collections.abc import Mapping
from typing import Any

from reactor.guard.comparison import parse, same_document
from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard
from reactor.model import Claim, Event, Hint


def edits(detail: Mapping[str, Any], event: Event, guard: Guard) -> tuple[Hint, ...]:
    """Return what a CloudTrail record says was edited: the guard's group, or else the guard."""
    if event.time is None:
        return ()
    if "groupName" in _members(detail):
        return (Hint(Claim.GUARD_GROUP_EDITED, event.time, guard.group),)
    return (Hint(Claim.GUARD_EDITED, event.time, guard.arn),)


def why_in_order(
    detail: Mapping[str, Any], guard: Guard, document: Mapping[str, Any]
) -> str | None:
    """Return why what a CloudTrail record tells of left all in order; None when it may not have.

    Our own restorations, as a rule: to look again, at reads that lag, would restore again.
    """
    if gives_our_document(detail, guard, document):
        return "it gives the guard the document that it should have"
    if leaves_our_mark(detail):
        return "it leaves the guard the tag by which it is ours"
    if _mends_the_group(detail, guard):
        return "it gives the guard's group what it should have, or takes off what it should not"
    return None


def gives_our_document(
    detail: Mapping[str, Any], guard: Guard, document: Mapping[str, Any]
) -> bool:
    """Tell whether a CloudTrail record is of a call that gave the guard our `document`.

    Such a call restores the guard, whoever made it. To forge one gains nothing: no other event is
    passed over for it.
    """
    request = _request_of(detail, "CreatePolicyVersion")
    if request.get("policyArn") != guard.arn:
        return False
    default = request.get("setAsDefault")
    # CloudTrail has been seen to write other booleans as text.
    if default is not True and default != "true":
        return False
    return _has(document, request)


def creates_our_guard(detail: Mapping[str, Any], guard: Guard, document: Mapping[str, Any]) -> bool:
    """Tell whether a CloudTrail record is of a call that made the guard as the keeper makes it."""
    request = _request_of(detail, "CreatePolicy")
    if request.get("policyName") != guard.name or request.get("path", "/") != "/":
        return False
    if request.get("tags") != [{"key": TAG_KEY, "value": TAG_VALUE}]:
        return False
    return _has(document, request)


def gives_our_mark(detail: Mapping[str, Any], guard: Guard) -> bool:
    """Tell whether a CloudTrail record is of a call that gave the guard our tag, and no other."""
    request = _request_of(detail, "TagPolicy")
    ours = [{"key": TAG_KEY, "value": TAG_VALUE}]
    return request.get("policyArn") == guard.arn and request.get("tags") == ours


def leaves_our_mark(detail: Mapping[str, Any]) -> bool:
    """Tell whether a CloudTrail record is of a change of a policy's tags other than the guard's.

    That is the tag by which a guard is ours; keys compare without case, to be on the safe side.
    """
    tags = _request_of(detail, "TagPolicy").get("tags")
    keys = _request_of(detail, "UntagPolicy").get("tagKeys")
    if isinstance(tags, list):
        keys = [each.get("key") if isinstance(each, dict) else None for each in tags]
    if not isinstance(keys, list) or not all(isinstance(each, str) for each in keys):
        return False
    return TAG_KEY.casefold() not in {each.casefold() for each in keys}


def _mends_the_group(detail: Mapping[str, Any], guard: Guard) -> bool:
    attached = _request_of(detail, "AttachGroupPolicy").get("policyArn")
    detached = _request_of(detail, "DetachGroupPolicy").get("policyArn")
    return attached == guard.arn or (isinstance(detached, str) and detached != guard.arn)


def _request_of(detail: Mapping[str, Any], event: str) -> Mapping[str, Any]:
    """Return the request of a successful call to IAM; an empty one for every other record."""
    if detail.get("eventSource") != "iam.amazonaws.com" or detail.get("eventName") != event:
        return {}
    # A call that failed has changed nothing; its record may still have the request.
    if detail.get("errorCode") is not None or detail.get("errorMessage") is not None:
        return {}
    return _members(detail)


def _members(detail: Mapping[str, Any]) -> Mapping[str, Any]:
    request = detail.get("requestParameters")
    return request if isinstance(request, dict) else {}


def _has(document: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    given = request.get("policyDocument")
    return isinstance(given, str) and same_document(parse(given), document)
