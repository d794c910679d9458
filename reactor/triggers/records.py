"""A CloudTrail record read with suspicion: members may be missing, null, of another type, forged.

Nothing is believed beyond its shape, and text that others wrote is cut short before it is repeated.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reactor.errors import shorten
from reactor.model import USER_NAME, Event

# How CloudTrail writes the root user where a user's name belongs (seen in published records).
ROOT_USER = "AWS ROOT USER"
# The forms that the IAM API reference gives names on reads, which are wider than on writes.
GROUP_NAME = USER_NAME
SERIAL = re.compile(r"[\w+=/:,.@-]{9,256}", re.ASCII)
POLICY_ARN = re.compile(r"arn:[!-~]{16,2044}", re.ASCII)

RESOURCE_ID = re.compile(r"[!-~]{1,768}", re.ASCII)  # of AWS Config's API reference
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-[0-9]{1,2}", re.ASCII)
NAME_OR_ARN = re.compile(rf"{GROUP_NAME.pattern}|{POLICY_ARN.pattern}", re.ASCII)

_LONG_TERM_KEY = "AKIA"  # IAM user guide, unique identifiers; temporary keys start with ASIA


@dataclass(frozen=True, slots=True)
class Caller:
    """Who made a call. `arn` and `account` as the record says, cut short.

    `user` is an IAM user's name, `role` the name of the role whose session it is; each None for
    whoever is not that. `by_long_term_key` and `with_mfa` say how the call was signed; a role's
    session is not judged by `with_mfa` (published records of roles say false throughout).
    """

    kind: str | None
    arn: str | None
    account: str | None
    user: str | None
    role: str | None
    role_arn: str | None
    by_long_term_key: bool
    with_mfa: bool

    @property
    def is_root(self) -> bool:
        """Whether it was the root user."""
        return self.kind == "Root"


def caller_of(detail: Mapping[str, Any]) -> Caller:
    """Read who made the call."""
    identity = mapping(detail.get("userIdentity"))
    session = mapping(identity.get("sessionContext"))
    issuer = mapping(session.get("sessionIssuer"))
    is_user = identity.get("type") == "IAMUser"
    is_role = identity.get("type") == "AssumedRole"
    key = identity.get("accessKeyId")
    mfa = mapping(session.get("attributes")).get("mfaAuthenticated")
    return Caller(
        kind=quoted(identity.get("type")),
        arn=quoted(identity.get("arn")),
        account=quoted(identity.get("accountId")),
        # In an assumed role's record, userName is a role's name and stands under sessionIssuer; in
        # root's, it may be the account's alias.
        user=text(identity.get("userName"), USER_NAME) if is_user else None,
        role=quoted(issuer.get("userName")) if is_role else None,
        role_arn=quoted(issuer.get("arn")) if is_role else None,
        by_long_term_key=isinstance(key, str) and key.startswith(_LONG_TERM_KEY),
        with_mfa=mfa == "true" or mfa is True,
    )


def event_of(detail: Mapping[str, Any]) -> Event:
    """Read what the records of ours repeat of an event."""
    identity = mapping(detail.get("userIdentity"))
    caller = identity.get("arn") or identity.get("invokedBy") or identity.get("type")
    return Event(
        id=quoted(detail.get("eventID")),
        name=quoted(detail.get("eventName")),
        time=time_of(detail.get("eventTime")),
        caller=quoted(caller),
        source_address=quoted(detail.get("sourceIPAddress")),
        caller_role=caller_of(detail).role,
    )


def time_of(value: object) -> datetime | None:
    """Read an event's time; None when it is none."""
    try:
        time = datetime.fromisoformat(str(value))
        # An event time without a zone is not CloudTrail's.
        return None if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text(value: object, pattern: re.Pattern[str]) -> str | None:
    """Return `value` if it is a string of the form that IAM gives such names."""
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def quoted(value: object) -> str | None:
    """Return foreign text for a record: a string cut short, or nothing."""
    return shorten(value) if isinstance(value, str) and value else None


def mapping(value: object) -> Mapping[str, Any]:
    """Return `value` if it is an object, or an empty one."""
    return value if isinstance(value, dict) else {}


def items(value: object) -> list[Any]:
    """Return `value` if it is a list, or an empty one."""
    return value if isinstance(value, list) else []
