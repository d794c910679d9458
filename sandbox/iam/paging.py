"""MaxItems and Marker, for the calls that moto answers in one piece.

A marker is the last item's place in a fixed order, not a count: an item deleted between two pages
must not make the next page skip another.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from moto.iam.exceptions import ValidationError

DEFAULT_ITEMS = 100
MAXIMUM_ITEMS = 1_000

# The lists that make up a page, in the order they are given out.
LISTS: dict[str, tuple[str, ...]] = {
    "GetAccountAuthorizationDetails": (
        "UserDetailList",
        "GroupDetailList",
        "RoleDetailList",
        "Policies",
    ),
    "GetGroup": ("Users",),
    "ListAccessKeys": ("AccessKeyMetadata",),
    "ListAttachedGroupPolicies": ("AttachedPolicies",),
    "ListAttachedRolePolicies": ("AttachedPolicies",),
    "ListAttachedUserPolicies": ("AttachedPolicies",),
    "ListEntitiesForPolicy": ("PolicyGroups", "PolicyUsers", "PolicyRoles"),
    "ListGroupPolicies": ("PolicyNames",),
    "ListGroups": ("Groups",),
    "ListGroupsForUser": ("Groups",),
    "ListMFADevices": ("MFADevices",),
    "ListPolicies": ("Policies",),
    "ListRoles": ("Roles",),
    "ListUserPolicies": ("PolicyNames",),
    "ListUserTags": ("Tags",),
    "ListUsers": ("Users",),
    "ListVirtualMFADevices": ("VirtualMFADevices",),
}

_Place = tuple[int, str]


def page(
    action: str, result: dict[str, Any], max_items: str | int | None, marker: str | None
) -> dict[str, Any]:
    """The page of `result` that the call asked for."""
    limit = item_limit(max_items)
    after = _read(marker) if marker else None
    items = [
        ((number, _identity(item)), item)
        for number, name in enumerate(LISTS[action])
        for item in result.get(name) or ()
    ]
    items.sort(key=lambda placed: placed[0])
    rest = [placed for placed in items if after is None or placed[0] > after]
    given = rest[:limit]
    paged = {**result, "IsTruncated": len(rest) > len(given)}
    for number, name in enumerate(LISTS[action]):
        paged[name] = [item for place, item in given if place[0] == number]
    paged["Marker"] = _write(given[-1][0]) if paged["IsTruncated"] else None
    return paged


def item_limit(max_items: str | int | None) -> int:
    """How many items a page may have. Raises ValidationError for what MaxItems cannot be."""
    limit = DEFAULT_ITEMS if max_items is None else int(max_items)
    if not 1 <= limit <= MAXIMUM_ITEMS:
        raise ValidationError(
            f"1 validation error detected: Value '{limit}' at 'maxItems' failed to satisfy "
            f"constraint: Member must have value between 1 and {MAXIMUM_ITEMS}"
        )
    return limit


def _identity(item: Any) -> str:
    if isinstance(item, str):
        return item
    if isinstance(item, dict):
        return str(item.get("SerialNumber") or item.get("PolicyArn") or item.get("Key"))
    for attribute in ("arn", "serial_number", "access_key_id"):
        if hasattr(item, attribute):
            return str(getattr(item, attribute))
    raise TypeError(f"no identity known for {type(item).__name__}")


def _write(place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def _read(marker: str) -> _Place:
    try:
        number, identity = json.loads(base64.urlsafe_b64decode(marker))
    except ValueError as error:
        raise ValidationError(f"Invalid Marker: {marker}") from error
    return int(number), str(identity)
