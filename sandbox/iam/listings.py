"""What the bulk reads say of each thing: the members that AWS documents, where moto has others.

A managed policy of AWS's own comes only if something carries it: that is what those say who read
whole accounts, AWS does not document it. Each policy comes with all of its versions that there are;
of AWS's own moto knows the last one only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from moto.iam.exceptions import ValidationError

from sandbox.iam.boundaries import boundary_arn

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from moto.iam.models import IAMBackend, ManagedPolicy, User, VirtualMfaDevice

    from sandbox.iam.backend import StrictIAMBackend

_ENTITY_TYPES = ("User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy")
_ASSIGNMENT_STATUSES = ("Assigned", "Unassigned", "Any")


def managed_policies(backend: IAMBackend, filters: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The Policies of GetAccountAuthorizationDetails.

    Raises ValidationError for a filter that there is not.
    """
    for number, wanted in enumerate(filters, 1):
        _check(f"filter.{number}.member", wanted, _ENTITY_TYPES)
    wanted_types = set(filters) or set(_ENTITY_TYPES)
    of_aws = {policy.arn for policy in backend.aws_managed_policies}
    for policy in backend.managed_policies.values():
        bounded = sum(boundary_arn(user) == policy.arn for user in backend.users.values())
        if policy.arn not in of_aws:
            given = "LocalManagedPolicy" in wanted_types
        else:
            in_use = bool(policy.attachment_count or bounded)
            given = in_use and "AWSManagedPolicy" in wanted_types
        if given:
            yield _managed_policy(policy, bounded)


def virtual_devices(backend: StrictIAMBackend, status: str) -> Iterator[dict[str, Any]]:
    """The VirtualMFADevices of ListVirtualMFADevices.

    Raises ValidationError for a status that there is not.
    """
    _check("assignmentStatus", status, _ASSIGNMENT_STATUSES)
    listed = [_virtual_device(device) for device in backend.virtual_mfa_devices.values()]
    if backend.root.virtual_mfa:
        listed.append(_roots_device(backend))
    for device in listed:
        if status in ("Any", "Assigned" if "User" in device else "Unassigned"):
            yield device


def _managed_policy(policy: ManagedPolicy, bounded: int) -> dict[str, Any]:
    detail = {
        "PolicyName": policy.name,
        "PolicyId": policy.id,
        "Arn": policy.arn,
        "Path": policy.path,
        "DefaultVersionId": policy.default_version_id,
        "AttachmentCount": policy.attachment_count,
        "PermissionsBoundaryUsageCount": bounded,
        "IsAttachable": policy.is_attachable,
        "CreateDate": policy.create_date,
        "UpdateDate": policy.update_date,
        "PolicyVersionList": [
            {
                "Document": quote(version.document),
                "VersionId": version.version_id,
                "IsDefaultVersion": version.is_default,
                "CreateDate": version.create_date,
            }
            for version in policy.versions
        ],
    }
    return {**detail, "Description": policy.description} if policy.description else detail


def _virtual_device(device: VirtualMfaDevice) -> dict[str, Any]:
    """Without its secret, which is shown once, and without tags."""
    detail = {"SerialNumber": device.serial_number}
    if device.user is None:
        return detail
    return {**detail, "User": _holder(device.user), "EnableDate": device.enable_date}


def _holder(user: User) -> dict[str, Any]:
    """A user in a list: neither tags nor a permissions boundary are in it."""
    detail = {
        "Path": user.path,
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "CreateDate": user.create_date,
    }
    last_used = user.password_last_used
    return {**detail, "PasswordLastUsed": last_used} if last_used else detail


def _roots_device(backend: StrictIAMBackend) -> dict[str, Any]:
    """Root's: its holder has neither name nor path."""
    arn = f"arn:{backend.partition}:iam::{backend.account_id}"
    holder = {
        "UserId": backend.account_id,
        "Arn": f"{arn}:root",
        "CreateDate": backend.root_since,
    }
    return {
        "SerialNumber": f"{arn}:mfa/root-account-mfa-device",
        "User": holder,
        "EnableDate": backend.root_since,
    }


def _check(member: str, value: str, allowed: Collection[str]) -> None:
    if value not in allowed:
        raise ValidationError(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
            f"constraint: Member must satisfy enum value set: [{', '.join(allowed)}]"
        )
