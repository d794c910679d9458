"""What cannot be deleted while something hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.support import GUARD, PASSWORD, certificate, enable, refused

if TYPE_CHECKING:
    from collections.abc import Callable


def _with_policy(iam: Any, user: str) -> None:
    iam.attach_user_policy(UserName=user, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")


def _with_inline_policy(iam: Any, user: str) -> None:
    iam.put_user_policy(UserName=user, PolicyName="inline", PolicyDocument=GUARD)


def _in_group(iam: Any, user: str) -> None:
    iam.create_group(GroupName=f"group-of-{user}")
    iam.add_user_to_group(UserName=user, GroupName=f"group-of-{user}")


def _with_key(iam: Any, user: str) -> None:
    iam.create_access_key(UserName=user)


def _with_password(iam: Any, user: str) -> None:
    iam.create_login_profile(UserName=user, Password=PASSWORD)


def _with_device(iam: Any, user: str) -> None:
    created = iam.create_virtual_mfa_device(VirtualMFADeviceName=f"device-of-{user}")
    enable(iam, user, created["VirtualMFADevice"]["SerialNumber"])


def _with_ssh_key(iam: Any, user: str) -> None:
    iam.upload_ssh_public_key(UserName=user, SSHPublicKeyBody="ssh-rsa AAAA made up")


def _with_certificate(iam: Any, user: str) -> None:
    iam.upload_signing_certificate(UserName=user, CertificateBody=certificate())


def _with_service_credential(iam: Any, user: str) -> None:
    iam.create_service_specific_credential(UserName=user, ServiceName="codecommit.amazonaws.com")


@pytest.mark.parametrize(
    ("hang_on", "remedy"),
    (
        pytest.param(_with_policy, "detach all policies", id="an attached policy"),
        pytest.param(_with_inline_policy, "delete policies", id="an inline policy"),
        pytest.param(_in_group, "remove users from group", id="a group"),
        pytest.param(_with_key, "delete access keys", id="a key"),
        pytest.param(_with_password, "delete login profile", id="a password"),
        pytest.param(_with_device, "delete MFA device", id="a device"),
        pytest.param(_with_ssh_key, "delete SSH public keys", id="an SSH key"),
        pytest.param(_with_certificate, "delete signing certificates", id="a certificate"),
        pytest.param(
            _with_service_credential, "service specific credentials", id="a service's credential"
        ),
    ),
)
def test_a_user_is_not_deleted_while_it_has(
    iam: Any, user: str, hang_on: Callable[[Any, str], None], remedy: str
) -> None:
    """DeleteConflict says what to take away first."""
    hang_on(iam, user)
    with refused("DeleteConflict", remedy):
        iam.delete_user(UserName=user)


def test_a_user_with_nothing_is_deleted(iam: Any, user: str) -> None:
    """And gone."""
    iam.delete_user(UserName=user)
    with refused("NoSuchEntity"):
        iam.get_user(UserName=user)


def test_a_group_is_not_deleted_while_it_has_members_or_policies(
    iam: Any, user: str, group: str, policy: str
) -> None:
    """One after the other."""
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    with refused("DeleteConflict"):
        iam.delete_group(GroupName=group)
    iam.remove_user_from_group(UserName=user, GroupName=group)
    with refused("DeleteConflict"):
        iam.delete_group(GroupName=group)
    iam.detach_group_policy(GroupName=group, PolicyArn=policy)
    iam.delete_group(GroupName=group)


def test_a_policy_is_not_deleted_while_attached(iam: Any, user: str, policy: str) -> None:
    """Detached, it is."""
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.detach_user_policy(UserName=user, PolicyArn=policy)
    iam.delete_policy(PolicyArn=policy)


def test_a_policy_is_not_deleted_while_a_boundary(iam: Any, user: str, policy: str) -> None:
    """A permissions boundary holds it as an attachment does."""
    iam.put_user_permissions_boundary(UserName=user, PermissionsBoundary=policy)
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)


def test_a_policy_is_not_deleted_with_more_than_one_version(iam: Any, policy: str) -> None:
    """The others have to be deleted first."""
    iam.create_policy_version(PolicyArn=policy, PolicyDocument=GUARD)
    with refused("DeleteConflict"):
        iam.delete_policy(PolicyArn=policy)
    iam.delete_policy_version(PolicyArn=policy, VersionId="v2")
    iam.delete_policy(PolicyArn=policy)


def test_a_device_is_not_deleted_while_assigned(iam: Any, user: str, device: str) -> None:
    """Deactivated, it is."""
    enable(iam, user, device)
    with refused("DeleteConflict"):
        iam.delete_virtual_mfa_device(SerialNumber=device)
    iam.deactivate_mfa_device(UserName=user, SerialNumber=device)
    iam.delete_virtual_mfa_device(SerialNumber=device)
    with refused("NoSuchEntity"):
        iam.delete_virtual_mfa_device(SerialNumber=device)
