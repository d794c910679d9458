"""What an event about the guard says that spares the keeper a look at it.

The keeper's own CreatePolicyVersion comes back to it as an event, while reads may still show the
document that it replaced: judged on such a read, it would restore, and be woken again, and so on
until IAM's reads are fresh.
"""

from collections.abc import Mapping
from typing import Any

from reactor.guard.comparison import parse, same_document
from reactor.guard.document import guard_document
from reactor.guard.identity import Guard


def gives_our_document(
    detail: Mapping[str, Any], guard: Guard, partition: str, account: str
) -> bool:
    """Tell whether a CloudTrail record is of a call that gave the guard our document.

    Such a call restores the guard, whoever made it. `detail` is not trusted: whatever is not
    exactly that is False, and the keeper looks. To forge one gains nothing: no other event is
    passed over for it.
    """
    if detail.get("eventSource") != "iam.amazonaws.com":
        return False
    if detail.get("eventName") != "CreatePolicyVersion":
        return False
    # A call that failed has changed nothing; its record may still have the request.
    if detail.get("errorCode") is not None or detail.get("errorMessage") is not None:
        return False
    request = detail.get("requestParameters")
    if not isinstance(request, dict) or request.get("policyArn") != guard.arn:
        return False
    default = request.get("setAsDefault")
    # CloudTrail has been seen to write other booleans as text.
    if default is not True and default != "true":
        return False
    document = request.get("policyDocument")
    return isinstance(document, str) and same_document(
        parse(document), guard_document(partition, account)
    )
