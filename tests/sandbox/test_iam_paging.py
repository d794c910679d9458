"""MaxItems and Marker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Sandbox
from tests.sandbox.support import GUARD, enable, pages, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

_USERS = 103


@pytest.fixture(scope="module")
def crowd() -> Iterator[Any]:
    """IAM in an account of its own with more users than a page has."""
    with Sandbox.start() as sandbox:
        iam = sandbox.client("iam")
        for number in range(_USERS):
            iam.create_user(UserName=f"user-{number:03}", Path="/a/" if number % 2 else "/")
        iam.create_group(GroupName="everybody")
        for number in range(5):
            iam.add_user_to_group(GroupName="everybody", UserName=f"user-{number:03}")
        yield iam


def test_a_page_has_a_hundred_users_unless_asked(crowd: Any) -> None:
    """All of them come, once, in pages."""
    sizes = [len(page) for page in pages(crowd.list_users, "Users")]
    assert sizes == [100, 3]
    found = [user["UserName"] for page in pages(crowd.list_users, "Users") for user in page]
    assert sorted(found) == [f"user-{number:03}" for number in range(_USERS)]


def test_a_page_has_as_many_users_as_asked(crowd: Any) -> None:
    """Up to a thousand."""
    assert [len(p) for p in pages(crowd.list_users, "Users", MaxItems=60)] == [60, 43]
    assert [len(p) for p in pages(crowd.list_users, "Users", MaxItems=1000)] == [_USERS]


def test_a_page_counts_only_what_the_path_lets_in(crowd: Any) -> None:
    """PathPrefix comes before MaxItems."""
    sizes = [len(p) for p in pages(crowd.list_users, "Users", PathPrefix="/a/", MaxItems=30)]
    assert sizes == [30, 21]


def test_authorization_details_come_in_pages_of_items_of_all_kinds(crowd: Any) -> None:
    """Users and groups together fill a page."""
    first = crowd.get_account_authorization_details(Filter=["User", "Group"])
    second = crowd.get_account_authorization_details(
        Filter=["User", "Group"], Marker=first["Marker"]
    )
    assert len(first["UserDetailList"]) == 100
    assert len(second["UserDetailList"]) == 3
    assert [group["GroupName"] for group in second["GroupDetailList"]] == ["everybody"]
    assert not second["IsTruncated"]


def test_authorization_details_have_a_thousand_items_at_most(crowd: Any) -> None:
    """More is refused."""
    assert not crowd.get_account_authorization_details(Filter=["User"], MaxItems=1000)[
        "IsTruncated"
    ]
    with refused("ValidationError"):
        crowd.get_account_authorization_details(Filter=["User"], MaxItems=1001)


def test_what_is_deleted_between_two_pages_makes_the_next_skip_nobody(crowd: Any) -> None:
    """A marker is a place, not a count."""
    first = crowd.list_users(MaxItems=50)
    gone = first["Users"][-10]
    crowd.delete_user(UserName=gone["UserName"])
    try:
        rest = crowd.list_users(MaxItems=1000, Marker=first["Marker"])["Users"]
        assert len(first["Users"]) + len(rest) == _USERS
    finally:
        crowd.create_user(UserName=gone["UserName"], Path=gone["Path"])


@pytest.mark.parametrize("marker", ("made-up", "MQ==", "WzEsMl0="))
def test_a_marker_that_nobody_gave_out_is_refused(crowd: Any, marker: str) -> None:
    """ValidationError."""
    with refused("ValidationError", "Invalid Marker"):
        crowd.list_users(Marker=marker)


def test_other_lists_come_in_pages_too(iam: Any, user: str, group: str, name: Any) -> None:
    """Each of those that a client of the account reads."""
    for _ in range(3):
        policy = iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD)["Policy"]["Arn"]
        iam.attach_user_policy(UserName=user, PolicyArn=policy)
        created = iam.create_virtual_mfa_device(VirtualMFADeviceName=name("D"))
        enable(iam, user, created["VirtualMFADevice"]["SerialNumber"])
        another = iam.create_group(GroupName=name("G"))["Group"]["GroupName"]
        iam.add_user_to_group(UserName=user, GroupName=another)
        member = iam.create_user(UserName=name("U"))["User"]["UserName"]
        iam.add_user_to_group(UserName=member, GroupName=group)
        iam.attach_user_policy(UserName=member, PolicyArn=policy)
    for method, member, arguments, total in (
        (iam.list_attached_user_policies, "AttachedPolicies", {"UserName": user}, 3),
        (iam.list_mfa_devices, "MFADevices", {"UserName": user}, 3),
        (iam.list_groups_for_user, "Groups", {"UserName": user}, 3),
        (iam.get_group, "Users", {"GroupName": group}, 3),
        (iam.list_entities_for_policy, "PolicyUsers", {"PolicyArn": policy}, 2),
    ):
        whole = pages(method, member, **arguments)
        in_parts = pages(method, member, MaxItems=1, **arguments)
        assert [len(page) for page in whole] == [total], method
        assert [len(page) for page in in_parts] == [1] * total, method
        assert [each for page in in_parts for each in page] == whole[0], method


def test_virtual_devices_come_in_pages(iam: Any, name: Any) -> None:
    """Those without a holder too."""
    made = {
        iam.create_virtual_mfa_device(VirtualMFADeviceName=name("D"))["VirtualMFADevice"][
            "SerialNumber"
        ]
        for _ in range(3)
    }
    found = pages(iam.list_virtual_mfa_devices, "VirtualMFADevices", MaxItems=2)
    assert made <= {device["SerialNumber"] for page in found for device in page}
    assert all(len(page) <= 2 for page in found)


def test_a_policys_entities_are_listed_for_a_policy_that_exists(iam: Any, sandbox: Any) -> None:
    """Another is NoSuchEntity, not an empty list."""
    with refused("NoSuchEntity"):
        iam.list_entities_for_policy(PolicyArn=f"arn:aws:iam::{sandbox.account}:policy/none")
