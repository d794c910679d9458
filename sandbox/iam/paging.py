"""MaxItems and Marker, for the calls that moto answers in one piece.

A marker is the last item's place in a fixed order, not a count: an item deleted between two pages
must not make the next page skip another. The place is that of the ARN, for what has one: who is
renamed between two pages changes its place, and may come twice or not at all.

IAM may give fewer items than it was asked for, and still more to come. A test says when it does.
"""

from __future__ import annotations

import base64
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import ValidationError

if TYPE_CHECKING:
    from collections.abc import Sequence

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
_START: _Place = (-1, "")


@dataclass(slots=True)
class PageSize:
    """How many items IAM gives at most, whatever it is asked for; it sets no limit to begin with.

    With `dice` it is any number up to that, and none is one of them: a page may be empty and not
    the last.
    """

    items: int | None = None
    dice: random.Random | None = None
    operations: frozenset[str] = field(default_factory=frozenset)  # empty is all

    def set(
        self, items: int | None, seed: int | None = None, operations: Sequence[str] | None = None
    ) -> None:
        """Makes pages (of these operations) shorter; None is off. Raises ValueError for none."""
        if items is not None and items < 1:
            raise ValueError("a page size is 1 or more: with pages of none no list ends")
        unknown = set(operations or ()) - set(LISTS)
        if unknown:
            raise ValueError(f"these do not come in pages: {', '.join(sorted(unknown))}")
        self.items = items
        self.dice = None if seed is None else random.Random(seed)  # noqa: S311 - dice for tests
        self.operations = frozenset(operations or ())

    def limit(self, action: str, asked: int) -> int:
        """How many items the next page of this operation has."""
        if self.items is None or (self.operations and action not in self.operations):
            return asked
        return min(asked, self.dice.randint(0, self.items) if self.dice else self.items)


def page(
    action: str,
    result: dict[str, Any],
    max_items: str | int | None,
    marker: str | None,
    size: PageSize,
) -> dict[str, Any]:
    """The page of `result` that the call asked for."""
    limit = size.limit(action, item_limit(max_items))
    number_of_page, after = _read(marker) if marker else (0, _START)
    items = [
        ((number, _identity(item)), item)
        for number, name in enumerate(LISTS[action])
        for item in result.get(name) or ()
    ]
    items.sort(key=lambda placed: placed[0])
    rest = [placed for placed in items if placed[0] > after]
    given = rest[:limit]
    paged = {**result, "IsTruncated": len(rest) > len(given)}
    for number, name in enumerate(LISTS[action]):
        paged[name] = [item for place, item in given if place[0] == number]
    last = given[-1][0] if given else after
    paged["Marker"] = _write(number_of_page + 1, last) if paged["IsTruncated"] else None
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
        names = ("Arn", "SerialNumber", "PolicyArn", "Key")
        return next(str(item[name]) for name in names if name in item)
    for attribute in ("arn", "serial_number", "access_key_id"):
        if hasattr(item, attribute):
            return str(getattr(item, attribute))
    raise TypeError(f"no identity known for {type(item).__name__}")


def _write(number_of_page: int, place: _Place) -> str:
    # The number makes the marker after an empty page another than the one before it: clients take
    # the same marker twice for a loop.
    return base64.urlsafe_b64encode(json.dumps([number_of_page, *place]).encode()).decode()


def _read(marker: str) -> tuple[int, _Place]:
    try:
        number_of_page, number, identity = json.loads(base64.urlsafe_b64decode(marker))
        return int(number_of_page), (int(number), str(identity))
    except (TypeError, ValueError) as error:
        raise ValidationError(f"Invalid Marker: {marker}") from error
