"""The IAM events that can weaken MFA: one row an event.

The rule's pattern, what the parser makes of an event, and the documentation come from this table
and from nothing else.
"""

from dataclasses import dataclass
from enum import StrEnum

from reactor.model import Claim

IAM_SOURCE = "aws.iam"
IAM_EVENT_SOURCE = "iam.amazonaws.com"
CLOUDTRAIL_DETAIL_TYPE = "AWS API Call via CloudTrail"


class Names(StrEnum):
    """How an event names whom it concerns."""

    USER = "requestParameters.userName, else the user in responseElements"
    USER_OR_CALLER = "requestParameters.userName, else the caller"
    SERIAL = "requestParameters.serialNumber"


@dataclass(frozen=True, slots=True)
class Row:
    """One event: its name, how it names its subject, what it claims, why it matters."""

    event: str
    names: Names
    claim: Claim
    about: str  # the member of requestParameters that the claim is about
    why: str


CATALOGUE = {
    row.event: row
    for row in (
        Row(
            "CreateUser",
            Names.USER,
            Claim.USER_CREATED,
            "userName",
            "a new user has neither a device nor the guard",
        ),
        Row(
            "DetachUserPolicy",
            Names.USER,
            Claim.POLICY_DETACHED,
            "policyArn",
            "the policy may be the guard",
        ),
        Row(
            "DeactivateMFADevice",
            Names.USER_OR_CALLER,
            Claim.DEVICE_REMOVED,
            "serialNumber",
            "it may have been the user's last device",
        ),
        Row(
            "DeleteVirtualMFADevice",
            Names.SERIAL,
            Claim.DEVICE_REMOVED,
            "serialNumber",
            "follows a deactivation; the last that is heard of the device if that event is lost",
        ),
    )
}


def rule_pattern() -> dict[str, object]:
    """Return the pattern of the EventBridge rule that delivers the catalogue's events.

    Failed calls changed nothing: their records have an errorCode, and are left out.
    eventSource is matched because other services have events of the same names.
    """
    return {
        "source": [IAM_SOURCE],
        "detail-type": [CLOUDTRAIL_DETAIL_TYPE],
        "detail": {
            "eventSource": [IAM_EVENT_SOURCE],
            "eventName": sorted(CATALOGUE),
            "errorCode": [{"exists": False}],
        },
    }


def matches(pattern: dict[str, object], event: object) -> bool:
    """Tell whether EventBridge would match `event` with a pattern of the kind made above.

    Understands exact strings and `{"exists": …}`, the two that this project's rules are made of.
    """
    if not isinstance(event, dict):
        return False
    return all(_member_matches(wanted, event.get(key)) for key, wanted in pattern.items())


def _member_matches(wanted: object, value: object) -> bool:
    if isinstance(wanted, dict):
        return matches(wanted, value)
    if not isinstance(wanted, list):
        raise TypeError(f"an event pattern holds lists and objects, not {wanted!r}")
    return any(_choice_matches(choice, value) for choice in wanted)


def _choice_matches(choice: object, value: object) -> bool:
    if isinstance(choice, dict) and set(choice) == {"exists"}:
        # A member that is null is there for EventBridge; CloudTrail leaves errorCode out instead.
        return bool(choice["exists"]) == (value is not None)
    return choice in value if isinstance(value, list) else choice == value
