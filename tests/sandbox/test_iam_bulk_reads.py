"""The reads that tell of a whole account: in what pages they come, and what they say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Sandbox, SandboxError
from tests.sandbox.support import GUARD, PASSWORD, enable, pages, refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox import Control

_USERS = 30
_BOTH = ["User", "Group"]


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account of its own, so that a list has in it what this module made."""
    with Sandbox.start() as sandbox:
        iam = sandbox.client("iam")
        for number in range(_USERS):
            iam.create_user(UserName=f"user-{number:02}")
            iam.create_virtual_mfa_device(VirtualMFADeviceName=f"device-{number:02}")
        iam.create_group(GroupName="everybody")
        yield sandbox


@pytest.fixture
def short(account: Sandbox) -> Iterator[Control]:
    """The control; afterwards pages are as long as is asked."""
    yield account.control
    account.control.set_page_size(None)


@pytest.fixture
def own(account: Sandbox) -> Any:
    """IAM of that account."""
    return account.client("iam")


def _details(iam: Any, **arguments: Any) -> Iterator[dict[str, Any]]:
    """The pages of GetAccountAuthorizationDetails, users and groups."""
    while True:
        answer = iam.get_account_authorization_details(Filter=_BOTH, **arguments)
        yield answer
        if not answer["IsTruncated"]:
            return
        arguments["Marker"] = answer["Marker"]


def _users(answer: dict[str, Any]) -> list[str]:
    return [each["UserName"] for each in answer["UserDetailList"]]


def test_pages_may_be_shorter_than_asked(short: Control, own: Any) -> None:
    """Each has so many items at most, and says that there are more."""
    short.set_page_size(12)
    assert [len(page) for page in pages(own.list_users, "Users", MaxItems=1000)] == [12, 12, 6]
    assert [len(page) for page in pages(own.list_users, "Users", MaxItems=10)] == [10, 10, 10]
    sizes = [len(page["UserDetailList"]) for page in _details(own, MaxItems=1000)]
    assert sizes == [12, 12, 6]
    short.set_page_size(None)
    assert [len(page) for page in pages(own.list_users, "Users", MaxItems=1000)] == [30]


def test_pages_of_some_operations_may_be_shorter(short: Control, own: Any) -> None:
    """Those of others are not."""
    short.set_page_size(16, operations=["ListVirtualMFADevices"])
    devices = pages(own.list_virtual_mfa_devices, "VirtualMFADevices")
    assert [len(page) for page in devices] == [16, 14]
    assert [len(page) for page in pages(own.list_users, "Users")] == [30]


def test_pages_may_have_any_length(short: Control, own: Any) -> None:
    """The same for the same seed, some of them empty, and nobody is left out or comes twice."""

    def run() -> list[list[str]]:
        short.set_page_size(5, seed=3)
        return [_users(page) for page in _details(own, MaxItems=1000)]

    first = run()
    assert run() == first
    lengths = [len(page) for page in first]
    assert set(lengths) == {0, 1, 2, 3, 4, 5}
    assert [] in first[:-1]
    assert [name for page in first for name in page] == [f"user-{n:02}" for n in range(_USERS)]


def test_paginators_get_over_an_empty_page(short: Control, own: Any) -> None:
    """A paginator gives up when the same marker comes twice: here none does."""
    short.set_page_size(1, seed=1)
    found = [
        user["UserName"]
        for page in own.get_paginator("list_users").paginate()
        for user in page["Users"]
    ]
    assert found == [f"user-{n:02}" for n in range(_USERS)]


def test_a_page_size_must_be_one_that_ends(short: Control) -> None:
    """Neither none at all, nor of an operation that has no pages."""
    with pytest.raises(SandboxError, match="1 or more"):
        short.set_page_size(0)
    with pytest.raises(SandboxError, match="GetUser"):
        short.set_page_size(1, operations=["GetUser"])


def _delete(iam: Any) -> None:
    for name in ("user-03", "user-25"):
        iam.delete_user(UserName=name)


def _restore(iam: Any) -> None:
    for name in ("user-03", "user-25"):
        iam.create_user(UserName=name)


def _create(iam: Any) -> None:
    for name in ("user-00-a", "user-25-a"):
        iam.create_user(UserName=name)


def _uncreate(iam: Any) -> None:
    for name in ("user-00-a", "user-25-a"):
        iam.delete_user(UserName=name)


def _rename(iam: Any) -> None:
    iam.update_user(UserName="user-03", NewUserName="user-99")
    iam.update_user(UserName="user-25", NewUserName="a-user-25")


def _unrename(iam: Any) -> None:
    iam.update_user(UserName="user-99", NewUserName="user-03")
    iam.update_user(UserName="a-user-25", NewUserName="user-25")


@pytest.mark.parametrize(
    ("change", "undo", "there_all_the_time", "may_come"),
    (
        pytest.param(_delete, _restore, _USERS - 2, {"user-03"}, id="deleted"),
        pytest.param(_create, _uncreate, _USERS, {"user-25-a"}, id="created"),
        # user-03 comes again by its new name; user-25 not at all: it went where the list has been.
        pytest.param(_rename, _unrename, _USERS - 2, {"user-03", "user-99"}, id="renamed"),
    ),
)
def test_who_is_there_all_the_time_comes_once(
    own: Any,
    change: Callable[[Any], None],
    undo: Callable[[Any], None],
    there_all_the_time: int,
    may_come: set[str],
) -> None:
    """Whoever else is deleted, created or renamed between two pages."""
    found: list[str] = []
    reading = _details(own, MaxItems=10)
    found += _users(next(reading))
    change(own)
    try:
        for page in reading:
            found += _users(page)
    finally:
        undo(own)
    assert len(found) == len(set(found))
    touched = {"user-03", "user-25"} if there_all_the_time < _USERS else set()
    untouched = {f"user-{n:02}" for n in range(_USERS)} - touched
    assert untouched <= set(found)
    assert set(found) - untouched == may_come


def test_who_is_renamed_between_two_pages_keeps_its_id(own: Any) -> None:
    """Who comes twice is known by its UserId."""
    reading = _details(own, MaxItems=10)
    before = {each["UserId"]: each["UserName"] for each in next(reading)["UserDetailList"]}
    own.update_user(UserName="user-03", NewUserName="user-99")
    try:
        rest = [each for page in reading for each in page["UserDetailList"]]
    finally:
        own.update_user(UserName="user-99", NewUserName="user-03")
    [again] = [each for each in rest if each["UserId"] in before]
    assert (before[again["UserId"]], again["UserName"]) == ("user-03", "user-99")


def test_a_detail_of_a_user_has_what_aws_documents(
    sandbox: Sandbox, iam: Any, group: str, policy: str, name: Any
) -> None:
    """No device, password or key is in it; policies come as they were written."""
    user = name("Detailed")
    iam.create_user(UserName=user, Path="/a/", Tags=[{"Key": "k", "Value": "v"}])
    bare = _user_detail(iam, user)
    assert bare["AttachedManagedPolicies"] == bare["GroupList"] == []
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=GUARD)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    sandbox.console_client(user, mfa=False)
    sandbox.client_for_user(user).get_user()
    detail = _user_detail(iam, user)
    assert set(detail) == {
        *("Path", "UserName", "UserId", "Arn", "CreateDate", "UserPolicyList", "GroupList"),
        *("AttachedManagedPolicies", "PermissionsBoundary", "Tags"),
    }
    [inline] = detail["UserPolicyList"]
    assert inline["PolicyName"] == "inline"
    assert inline["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert detail["GroupList"] == [group]
    assert [each["PolicyArn"] for each in detail["AttachedManagedPolicies"]] == [policy]
    assert detail["Tags"] == [{"Key": "k", "Value": "v"}]
    assert detail["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy


def _user_detail(iam: Any, user: str) -> dict[str, Any]:
    details: list[dict[str, Any]] = [
        each
        for answer in _details(iam, MaxItems=1000)
        for each in answer["UserDetailList"]
        if each["UserName"] == user
    ]
    [detail] = details
    return detail


def test_a_detail_of_a_group_has_what_aws_documents(iam: Any, group: str, policy: str) -> None:
    """Its members are not in it."""
    iam.put_group_policy(GroupName=group, PolicyName="inline", PolicyDocument=GUARD)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    [detail] = [
        each
        for answer in _details(iam, MaxItems=1000)
        for each in answer["GroupDetailList"]
        if each["GroupName"] == group
    ]
    assert set(detail) == {
        *("Path", "GroupName", "GroupId", "Arn", "CreateDate", "GroupPolicyList"),
        "AttachedManagedPolicies",
    }
    assert detail["GroupPolicyList"][0]["PolicyDocument"]["Statement"][0]["Effect"] == "Deny"
    assert [each["PolicyArn"] for each in detail["AttachedManagedPolicies"]] == [policy]


def test_policies_travel_encoded(iam: Any, user: str, policy: str, group: str) -> None:
    """As URLs are; boto3 decodes them."""
    bodies: list[bytes] = []
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=GUARD)
    iam.put_group_policy(GroupName=group, PolicyName="inline", PolicyDocument=GUARD)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.meta.events.register(
        "before-parse.iam.GetAccountAuthorizationDetails",
        lambda response_dict, **_: bodies.append(response_dict["body"]),
    )
    iam.get_account_authorization_details(MaxItems=1000)
    [body] = bodies
    assert b"%7B%22Version%22%3A" in body
    assert b'{"Version"' not in body


def test_a_detail_of_a_policy_has_all_its_versions(iam: Any, user: str, policy: str) -> None:
    """And how often it is attached, and is a boundary."""
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=GUARD, SetAsDefault=True)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    [detail] = [
        each
        for page in iam.get_paginator("get_account_authorization_details").paginate(
            Filter=["LocalManagedPolicy"]
        )
        for each in page["Policies"]
        if each["Arn"] == policy
    ]
    assert set(detail) == {
        *("PolicyName", "PolicyId", "Arn", "Path", "DefaultVersionId", "AttachmentCount"),
        *("PermissionsBoundaryUsageCount", "IsAttachable", "CreateDate", "UpdateDate"),
        "PolicyVersionList",
    }
    assert detail["PolicyName"] == policy.rsplit("/", 1)[1]
    assert detail["DefaultVersionId"] == "v2"
    assert (detail["AttachmentCount"], detail["PermissionsBoundaryUsageCount"]) == (1, 1)
    versions = {each["VersionId"]: each for each in detail["PolicyVersionList"]}
    assert {v: each["IsDefaultVersion"] for v, each in versions.items()} == {
        "v1": False,
        "v2": True,
    }
    assert versions["v1"]["Document"]["Statement"][0]["Effect"] == "Deny"


def test_a_filter_gives_what_it_names(own: Any) -> None:
    """Of AWS's own policies those in use; without a filter all kinds come."""
    own.create_policy(PolicyName="ours", PolicyDocument=GUARD)
    of_aws = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    own.attach_user_policy(UserName="user-00", PolicyArn=of_aws)
    members = ("UserDetailList", "GroupDetailList", "RoleDetailList", "Policies")

    def found(*filters: str) -> dict[str, set[str]]:
        answer = own.get_account_authorization_details(Filter=list(filters), MaxItems=1000)
        return {m: {each["Arn"].split(":", 5)[-1] for each in answer[m]} for m in members}

    whole = found()
    for kind, member in (("User", 0), ("Group", 1), ("Role", 2)):
        only = found(kind)
        assert only.pop(members[member]) == whole[members[member]]
        assert not any(only.values())
    assert found("LocalManagedPolicy")["Policies"] == {"policy/ours"}
    in_use = {"policy/ReadOnlyAccess", "policy/AdministratorAccess"}
    assert found("AWSManagedPolicy")["Policies"] == in_use
    assert whole["Policies"] == {"policy/ours"} | in_use
    with refused("ValidationError", "enum value set"):
        found("Nothing")


def test_a_virtual_device_tells_who_has_it(iam: Any, sandbox: Sandbox, name: Any) -> None:
    """Since when, and nothing of its secret; what is a user's only is not in a list."""
    user = name("Holder")
    iam.create_user(UserName=user, Path="/a/", Tags=[{"Key": "k", "Value": "v"}])
    arn = f"arn:aws:iam::{sandbox.account}:user/a/{user}"
    made = iam.create_virtual_mfa_device(
        VirtualMFADeviceName=name("Device"), Tags=[{"Key": "k", "Value": "v"}]
    )["VirtualMFADevice"]["SerialNumber"]
    assert set(_device(iam, made)) == {"SerialNumber"}
    enable(iam, user, made)
    listed = _device(iam, made)
    assert set(listed) == {"SerialNumber", "User", "EnableDate"}
    assert set(listed["User"]) == {"Path", "UserName", "UserId", "Arn", "CreateDate"}
    assert (listed["User"]["UserName"], listed["User"]["Arn"]) == (user, arn)
    assert dt.datetime.now(dt.UTC) - listed["EnableDate"] < dt.timedelta(minutes=1)
    iam.update_user(UserName=user, NewUserName=f"{user}-2")
    assert _device(iam, made)["User"]["UserName"] == f"{user}-2"
    iam.deactivate_mfa_device(UserName=f"{user}-2", SerialNumber=made)
    assert set(_device(iam, made)) == {"SerialNumber"}


def _device(iam: Any, serial_number: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = [
        each
        for page in pages(iam.list_virtual_mfa_devices, "VirtualMFADevices")
        for each in page
        if each["SerialNumber"] == serial_number
    ]
    [device] = found
    return device


def test_roots_virtual_device_is_listed(account: Sandbox, own: Any) -> None:
    """Its holder has no name; another kind of device of root's is not in the list."""
    serial = f"arn:aws:iam::{account.account}:mfa/root-account-mfa-device"
    has = {"mfa": True, "password": True, "access_keys": False}

    def listed() -> list[str]:
        assigned = own.list_virtual_mfa_devices(AssignmentStatus="Assigned")
        return [each["SerialNumber"] for each in assigned["VirtualMFADevices"]]

    assert listed() == []
    account.control.set_root(**has, virtual_mfa=True)
    try:
        assert listed() == [serial]
        assert set(_device(own, serial)["User"]) == {"UserId", "Arn", "CreateDate"}
        assert _device(own, serial)["User"]["Arn"] == f"arn:aws:iam::{account.account}:root"
    finally:
        account.control.set_root(**has)
    with pytest.raises(SandboxError, match="root has MFA"):
        account.control.set_root(mfa=False, password=True, access_keys=False, virtual_mfa=True)


def test_another_assignment_status_is_refused(iam: Any) -> None:
    """ValidationError."""
    with refused("ValidationError", "enum value set: [Assigned, Unassigned, Any]"):
        iam.list_virtual_mfa_devices(AssignmentStatus="Lost")
