"""A boto3 client whose answers are ready, for benches that measure neither wire nor parser."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard

ACCOUNT = "123456789012"
PAGE = 1000
_MADE = datetime(2025, 1, 1, tzinfo=UTC)


class Client:
    """boto3's IAM client, as far as a sweep reads in bulk; its answers are ready."""

    def __init__(self, pages: Mapping[str, list[dict[str, Any]]]) -> None:
        self._pages = pages
        # Operations go by their Python names here, whatever asks for their others.
        self.meta = SimpleNamespace(method_to_api_mapping={each: each for each in pages})

    def get_paginator(self, operation: str) -> SimpleNamespace:
        """Return what gives all pages of an operation."""
        return SimpleNamespace(paginate=lambda **_: iter(self._pages[operation]))

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        """Return the operation as a call that gives the page of a marker."""
        if operation not in self._pages:
            raise AttributeError(f"the bench has no answer to {operation}")
        return lambda Marker="0", **_: self._pages[operation][int(Marker)]  # noqa: N803 - AWS's name


def answers(guard: Guard, users: int, *, guarded: bool) -> dict[str, list[dict[str, Any]]]:
    """Return the pages by operation: so many users, each with 10 tags, 10 groups and a device."""
    policies = [{"PolicyName": guard.name, "PolicyArn": guard.arn}] if guarded else []
    shown = [_user(number, policies) for number in range(users)]
    policy = {"Tags": [{"Key": TAG_KEY, "Value": TAG_VALUE}], "DefaultVersionId": "v1"}
    return {
        "get_account_authorization_details": _paged("UserDetailList", shown, GroupDetailList=[]),
        "list_virtual_mfa_devices": _paged("VirtualMFADevices", [_device(n) for n in range(users)]),
        "list_mfa_devices": [{"MFADevices": [_device(0)]}],  # asked where the bulk is not believed
        "list_entities_for_policy": [{"PolicyGroups": [], "PolicyUsers": []}],
        "get_policy": [{"Policy": policy}],
        "get_group": [{"Group": {"Path": "/"}, "Users": []}],
    }


def _paged(member: str, items: list[Any], **others: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    starts = range(0, max(1, len(items)), PAGE)
    return [
        {
            member: items[start : start + PAGE],
            **others,
            "IsTruncated": start + PAGE < len(items),
            "Marker": str(number + 1),
        }
        for number, start in enumerate(starts)
    ]


def _id(number: int) -> str:
    return f"AIDA{number:016}"


def _device(number: int) -> dict[str, Any]:
    name = f"user-{number:05}"
    serial = f"arn:aws:iam::{ACCOUNT}:mfa/{name}"
    return {
        "SerialNumber": serial,
        "EnableDate": _MADE,
        "User": {"UserName": name, "UserId": _id(number)},
    }


def _user(number: int, policies: list[dict[str, str]]) -> dict[str, Any]:
    name = f"user-{number:05}"
    return {
        "UserName": name,
        "UserId": _id(number),
        "Path": "/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "CreateDate": _MADE,
        "GroupList": [f"group-{number + each}" for each in range(10)],
        "AttachedManagedPolicies": policies,
        "Tags": [{"Key": f"key-{each}", "Value": f"value-{each}"} for each in range(10)],
    }
