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


def _request_of(detail: Mapping[str, Any], event: str) -> Mapping[str, Any]:
    """Return the request of a successful call to IAM; an empty one for every other record."""
    if detail.get("eventSource") != "iam.amazonaws.com" or detail.get("eventName") != event:
        return {}
    # A call that failed has changed nothing; its record may still have the request.
    if detail.get("errorCode") is not None or detail.get("errorMessage") is not None:
        return {}
    request = detail.get("requestParameters")
    return request if isinstance(request, dict) else {}


def _has(document: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    given = request.get("policyDocument")
    return isinstance(given, str) and same_document(parse(given), document)
