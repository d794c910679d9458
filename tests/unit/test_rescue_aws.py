"""reactor.aws.rescue without an account: botocore's stubs answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.rescue import AwsRescue
from reactor.errors import Transient
from reactor.users.rescue import AccessKey, AccountSummary, Password, Use, VirtualDevice
from reactor.users.state import Device

ARN = "arn:aws:iam::123456789012:"
MADE = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
KEY = "AKIAIOSFODNN7EXAMPLE"
LIST = "list_virtual_mfa_devices"
USER = {
    "UserName": "alice",
    "Path": "/",
    "UserId": "AIDAIOSFODNN7EXAMPLE",
    "Arn": f"{ARN}user/alice",
    "CreateDate": MADE,
}


class Stubbed:
    """AwsRescue on a client that gives the answers put into it, in order."""

    def __init__(self) -> None:
        client = boto3.client("iam", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.reads = AwsRescue(client)

    def answers(self, method: str, answer: dict[str, Any], **arguments: Any) -> None:
        """Answer the next call, which must be this one."""
        self.stubber.add_response(method, answer, arguments)

    def fails(self, method: str, code: str) -> None:
        """Refuse the next call, which must be of this method."""
        self.stubber.add_client_error(method, code, "words")


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """AWS; all that was put into it must be asked for."""
    made = Stubbed()
    with made.stubber:
        yield made
        made.stubber.assert_no_pending_responses()


@pytest.mark.parametrize("must_change", (True, False))
def test_password(stubbed: Stubbed, *, must_change: bool) -> None:
    """GetLoginProfile says whether another must be set."""
    profile = {"UserName": "alice", "CreateDate": MADE, "PasswordResetRequired": must_change}
    stubbed.answers("get_login_profile", {"LoginProfile": profile}, UserName="alice")
    assert stubbed.reads.password("alice") == Password(MADE, must_change=must_change)


def test_password_of_which_no_change_is_told(stubbed: Stubbed) -> None:
    """The member is not required; without it nothing is asked of the user."""
    profile = {"UserName": "alice", "CreateDate": MADE}
    stubbed.answers("get_login_profile", {"LoginProfile": profile}, UserName="alice")
    assert stubbed.reads.password("alice") == Password(MADE, must_change=False)


def test_no_password(stubbed: Stubbed) -> None:
    """NoSuchEntity is the answer, and no other error is."""
    stubbed.fails("get_login_profile", "NoSuchEntity")
    assert stubbed.reads.password("alice") is None
    stubbed.fails("get_login_profile", "AccessDenied")
    with pytest.raises(Transient, match="iam:GetLoginProfile failed: AccessDenied"):
        stubbed.reads.password("alice")


@pytest.mark.parametrize(
    ("members", "used_at"),
    [
        pytest.param({"PasswordLastUsed": MADE}, MADE, id="used"),
        pytest.param({}, None, id="never used"),
    ],
)
def test_last_sign_in(stubbed: Stubbed, members: dict[str, Any], used_at: datetime | None) -> None:
    """GetUser leaves it out where IAM knows of none."""
    user = {
        "UserName": "alice",
        "Path": "/",
        "UserId": "AIDA" + "A" * 17,
        "Arn": f"{ARN}user/alice",
    }
    answer = {"User": {**user, "CreateDate": MADE, **members}}
    stubbed.answers("get_user", answer, UserName="alice")
    assert stubbed.reads.password_used_at("alice") == used_at


def test_keys_of_all_pages(stubbed: Stubbed) -> None:
    """With their status."""
    for status, rest in (("Active", {"IsTruncated": True, "Marker": "m"}), ("Inactive", {})):
        key = {"UserName": "alice", "AccessKeyId": KEY, "Status": status, "CreateDate": MADE}
        asked = {"Marker": "m"} if status == "Inactive" else {}
        answer = {"AccessKeyMetadata": [key], "IsTruncated": False, **rest}
        stubbed.answers("list_access_keys", answer, UserName="alice", MaxItems=1000, **asked)
    assert stubbed.reads.keys("alice") == (
        AccessKey(KEY, active=True, made_at=MADE),
        AccessKey(KEY, active=False, made_at=MADE),
    )


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        pytest.param(
            {"LastUsedDate": MADE, "ServiceName": "s3", "Region": "eu-west-1"},
            Use(MADE, "s3", "eu-west-1"),
            id="used",
        ),
        pytest.param({"ServiceName": "N/A", "Region": "N/A"}, None, id="never used"),
    ],
)
def test_last_use_of_a_key(stubbed: Stubbed, used: dict[str, Any], expected: Use | None) -> None:
    """When, of which service, where."""
    answer = {"UserName": "alice", "AccessKeyLastUsed": used}
    stubbed.answers("get_access_key_last_used", answer, AccessKeyId=KEY)
    assert stubbed.reads.use_of(KEY) == expected


def test_assigned_devices(stubbed: Stubbed) -> None:
    """They say whose they are; all pages are read."""
    for number, more in (("1", {"IsTruncated": True, "Marker": "m"}), ("2", {})):
        user = {**USER, "UserName": f"user{number}"}
        device = {"SerialNumber": f"{ARN}mfa/{number}", "User": user, "EnableDate": MADE}
        asked = {"Marker": "m"} if number == "2" else {}
        answer = {"VirtualMFADevices": [device], "IsTruncated": False, **more}
        stubbed.answers(LIST, answer, AssignmentStatus="Assigned", MaxItems=1000, **asked)
    assert stubbed.reads.virtual_devices(assigned=True) == (
        VirtualDevice(f"{ARN}mfa/1", "user1"),
        VirtualDevice(f"{ARN}mfa/2", "user2"),
    )


def test_unassigned_devices(stubbed: Stubbed) -> None:
    """Are those that AWS itself lists as such."""
    answer = {"VirtualMFADevices": [{"SerialNumber": f"{ARN}mfa/alice"}]}
    stubbed.answers(LIST, answer, AssignmentStatus="Unassigned", MaxItems=1000)
    assert stubbed.reads.virtual_devices(assigned=False) == (VirtualDevice(f"{ARN}mfa/alice"),)


@pytest.mark.parametrize(
    ("device", "owner"),
    [
        pytest.param({"User": {"Arn": f"{ARN}root"}}, f"{ARN}root", id="root's has no user name"),
        pytest.param({}, "somebody", id="of whom nothing is told"),
    ],
)
def test_an_assigned_device_is_somebodys(device: dict[str, Any], owner: str) -> None:
    """Whatever it says of whom: never nobody's, or it would be deleted."""
    page = {"VirtualMFADevices": [{"SerialNumber": f"{ARN}mfa/x", **device}]}
    # The stubs insist on what botocore's model requires, and AWS does not give of root.
    client: Any = SimpleNamespace(
        get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [page])
    )
    (found,) = AwsRescue(client).virtual_devices(assigned=True)
    assert found == VirtualDevice(f"{ARN}mfa/x", owner)


@pytest.mark.parametrize(
    ("members", "password"),
    [
        pytest.param({"AccountPasswordPresent": 1}, True, id="with a password"),
        pytest.param({"AccountPasswordPresent": 0}, False, id="without one"),
        pytest.param({}, None, id="of which nothing is told"),
    ],
)
def test_account_summary(
    stubbed: Stubbed, members: dict[str, int], *, password: bool | None
) -> None:
    """The quotas are the account's own: they can be raised."""
    quotas = {"AttachedPoliciesPerUserQuota": 20, "GroupsPerUserQuota": 10}
    answer = {"SummaryMap": {**quotas, "AccountMFAEnabled": 1, **members}}
    stubbed.answers("get_account_summary", answer)
    expected = AccountSummary(20, 10, root_has_mfa=True, root_has_password=password)
    assert stubbed.reads.account_summary() == expected


def test_user_names(stubbed: Stubbed) -> None:
    """Of all pages."""
    first = {"Users": [{**USER, "UserName": "alice"}], "IsTruncated": True, "Marker": "m"}
    second = {"Users": [{**USER, "UserName": "bob"}]}
    stubbed.answers("list_users", first, MaxItems=1000)
    stubbed.answers("list_users", second, MaxItems=1000, Marker="m")
    assert stubbed.reads.user_names() == ("alice", "bob")


def test_devices_of_every_kind(stubbed: Stubbed) -> None:
    """As the guardrail reads them."""
    device = {"UserName": "alice", "SerialNumber": "GAKT12345678", "EnableDate": MADE}
    answer = {"MFADevices": [device]}
    stubbed.answers("list_mfa_devices", answer, UserName="alice", MaxItems=1000)
    assert stubbed.reads.devices_of("alice") == (Device("GAKT12345678", MADE),)


def test_a_device_that_is_assigned_is_not_deleted(stubbed: Stubbed) -> None:
    """IAM refuses it, and that is no success."""
    serial = f"{ARN}mfa/alice"
    stubbed.answers("delete_virtual_mfa_device", {}, SerialNumber=serial)
    stubbed.reads.delete_virtual_device(serial)
    stubbed.fails("delete_virtual_mfa_device", "DeleteConflict")
    with pytest.raises(Transient, match="iam:DeleteVirtualMFADevice failed: DeleteConflict"):
        stubbed.reads.delete_virtual_device(serial)
