"""MFA devices, passwords, boundaries: what they are checked for and remember."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox import Sandbox, SandboxError
from tests.sandbox.support import CODES, PASSWORD, enable, refused


def test_a_device_must_exist_to_be_enabled(iam: Any, user: str, sandbox: Any) -> None:
    """A virtual one has to be created first."""
    with refused("NoSuchEntity"):
        enable(iam, user, f"arn:aws:iam::{sandbox.account}:mfa/never-created")


def test_a_device_has_one_holder(iam: Any, user: str, device: str, name: Any) -> None:
    """Neither another user nor the same may enable it again."""
    other = iam.create_user(UserName=name("Other"))["User"]["UserName"]
    enable(iam, user, device)
    for whose in (user, other):
        with refused("EntityAlreadyExists"):
            enable(iam, whose, device)


@pytest.mark.parametrize("code", ("12345a", "      "))
def test_codes_have_six_digits(iam: Any, user: str, device: str, code: str) -> None:
    """Others are no codes."""
    with refused("InvalidAuthenticationCode"):
        iam.enable_mfa_device(
            UserName=user, SerialNumber=device, **{**CODES, "AuthenticationCode2": code}
        )


def test_dates_are_whole_seconds(iam: Any, user: str, device: str) -> None:
    """What is done in the same second cannot be told apart, as at AWS."""
    enable(iam, user, device)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"][0]["EnableDate"].microsecond == 0
    assert iam.get_user(UserName=user)["User"]["CreateDate"].microsecond == 0


def test_an_enabled_device_is_found_by_its_serial_number(iam: Any, user: str, device: str) -> None:
    """GetMFADevice names its holder."""
    enable(iam, user, device)
    found = iam.get_mfa_device(SerialNumber=device, UserName=user)
    assert (found["UserName"], found["SerialNumber"]) == (user, device)
    assert found["EnableDate"]


def test_a_device_shows_its_secret_once(iam: Any, device: str) -> None:
    """When it is made, and not in the list."""
    (listed,) = (
        each
        for page in iam.get_paginator("list_virtual_mfa_devices").paginate()
        for each in page["VirtualMFADevices"]
        if each["SerialNumber"] == device
    )
    assert set(listed) == {"SerialNumber"}


@pytest.mark.parametrize("enabled", (True, False), ids=("assigned", "unassigned"))
def test_a_device_is_listed_by_its_status(
    iam: Any, user: str, device: str, *, enabled: bool
) -> None:
    """Who has it is told of an assigned one only; all are in the list of any."""
    if enabled:
        enable(iam, user, device)
    holders = {
        status: {
            each["SerialNumber"]: each.get("User", {}).get("UserName")
            for page in iam.get_paginator("list_virtual_mfa_devices").paginate(
                AssignmentStatus=status
            )
            for each in page["VirtualMFADevices"]
        }
        for status in ("Assigned", "Unassigned", "Any")
    }
    holder = user if enabled else None
    status, other = ("Assigned", "Unassigned") if enabled else ("Unassigned", "Assigned")
    assert (holders[status][device], holders["Any"][device]) == (holder, holder)
    assert device not in holders[other]


def test_a_passkey_is_enrolled_by_the_control_alone(sandbox: Sandbox, iam: Any, user: str) -> None:
    """No call can; it is listed with the user's devices, and not with the virtual ones."""
    serial = sandbox.control.enrol_passkey(user, "yubikey")
    assert serial.startswith(f"arn:aws:iam::{sandbox.account}:u2f/user/{user}/yubikey-")
    (listed,) = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert listed["SerialNumber"] == serial
    pages = iam.get_paginator("list_virtual_mfa_devices").paginate()
    virtual = [each["SerialNumber"] for page in pages for each in page["VirtualMFADevices"]]
    assert serial not in virtual
    with refused("NoSuchEntity"):
        enable(iam, user, serial + "2")
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []


def test_a_passkey_counts_among_a_users_eight_devices(sandbox: Sandbox, user: str) -> None:
    """The ninth is refused, of whatever kind."""
    for _ in range(8):
        sandbox.control.enrol_passkey(user)
    with pytest.raises(SandboxError, match="MFADevicesPerUser: 8"):
        sandbox.control.enrol_passkey(user)


def test_a_hardware_token_needs_no_creation(iam: Any, user: str, name: Any) -> None:
    """Its maker has told AWS of it."""
    serial = name("GAKT1234567")
    enable(iam, user, serial)
    (listed,) = iam.list_mfa_devices(UserName=user)["MFADevices"]
    assert listed["SerialNumber"] == serial


def test_a_sign_in_with_the_password_is_remembered(sandbox: Sandbox, iam: Any, user: str) -> None:
    """GetUser and ListUsers tell when; calls with a key are none."""
    sandbox.client_for_user(user).get_user()
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    assert "PasswordLastUsed" not in iam.get_user(UserName=user)["User"]
    sandbox.console_client(user, mfa=False)
    used = iam.get_user(UserName=user)["User"]["PasswordLastUsed"]
    pages = iam.get_paginator("list_users").paginate()
    listed = {each["UserName"]: each for page in pages for each in page["Users"]}
    assert listed[user]["PasswordLastUsed"] == used


def test_a_keys_last_use_is_remembered(sandbox: Sandbox, iam: Any, user: str) -> None:
    """Of which service, in which region; a key that was never used has no date."""
    its_own = sandbox.client_for_user(user)
    (key,) = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    unused = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert unused == {"ServiceName": "N/A", "Region": "N/A"}
    its_own.get_user()
    used = iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
    assert (used["ServiceName"], used["Region"]) == ("iam", "us-east-1")
    assert used["LastUsedDate"] >= key["CreateDate"]


def test_a_password_must_be_changed_when_told_so(iam: Any, user: str) -> None:
    """CreateLoginProfile remembers it, UpdateLoginProfile changes it and keeps the password."""
    iam.create_login_profile(UserName=user, Password=PASSWORD, PasswordResetRequired=True)
    assert iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"]
    iam.update_login_profile(UserName=user, PasswordResetRequired=False)
    assert not iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"]


def test_a_user_changes_its_password_with_the_old_one(sandbox: Any, iam: Any, user: str) -> None:
    """And with no other."""
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    its_own = sandbox.client_for_user(user)
    its_own.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "2")
    with refused("AccessDenied"):
        its_own.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "3")


def test_a_user_without_a_password_has_no_login_profile(iam: Any, user: str) -> None:
    """Each of the calls says NoSuchEntity."""
    for call in (iam.get_login_profile, iam.delete_login_profile):
        with refused("NoSuchEntity", f"Login Profile for User {user} cannot be found."):
            call(UserName=user)


def test_a_boundary_is_kept_and_shown(iam: Any, user: str, policy: str) -> None:
    """In GetUser and in GetAccountAuthorizationDetails, and not in ListUsers."""
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    boundary = iam.get_user(UserName=user)["User"]["PermissionsBoundary"]
    assert boundary["PermissionsBoundaryArn"] == policy
    details = iam.get_account_authorization_details(Filter=["User"], MaxItems=1000)
    of_user = {each["UserName"]: each for each in details["UserDetailList"]}
    assert of_user[user]["PermissionsBoundary"] == boundary
    listed = {each["UserName"]: each for each in iam.list_users(MaxItems=1000)["Users"]}
    assert "PermissionsBoundary" not in listed[user]
    iam.delete_user_permissions_boundary(UserName=user)
    assert "PermissionsBoundary" not in iam.get_user(UserName=user)["User"]
    with refused("NoSuchEntity"):
        iam.delete_user_permissions_boundary(UserName=user)


def test_a_boundary_must_exist(iam: Any, user: str, name: Any, sandbox: Any) -> None:
    """When it is put, and when a user is created with it."""
    missing = f"arn:aws:iam::{sandbox.account}:policy/{name('none')}"
    with refused("NoSuchEntity"):
        iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=missing)
    newcomer = name("Newcomer")
    with refused("NoSuchEntity"):
        iam.create_user(UserName=newcomer, PermissionsBoundary=missing)
    with refused("NoSuchEntity"):
        iam.get_user(UserName=newcomer)


def test_a_user_is_created_with_its_boundary(iam: Any, policy: str, name: Any) -> None:
    """In one call."""
    newcomer = name("Newcomer")
    created = iam.create_user(UserName=newcomer, PermissionsBoundary=policy)["User"]
    assert created["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy


def test_service_credentials_are_listed_and_deleted(iam: Any, user: str) -> None:
    """Their passwords are shown once."""
    made = iam.create_service_specific_credential(
        UserName=user, ServiceName="codecommit.amazonaws.com"
    )["ServiceSpecificCredential"]
    assert made["ServicePassword"]
    listed = iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"]
    assert [each["ServiceSpecificCredentialId"] for each in listed] == [
        made["ServiceSpecificCredentialId"]
    ]
    iam.delete_service_specific_credential(
        UserName=user, ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"]
    )
    iam.delete_user(UserName=user)
