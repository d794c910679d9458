"""What must be taken away before a thing can be deleted. moto deletes it anyway."""

from __future__ import annotations

from moto.iam.exceptions import DeleteConflictException
from moto.iam.models import IAMBackend
from typing_extensions import override

from sandbox.iam.boundaries import boundary_arn
from sandbox.iam.service_credentials import service_credentials


class Conflicts(IAMBackend):
    """Raises DeleteConflict, and says what to do first."""

    __module__ = "moto.iam.models"

    @override
    def delete_user(self, user_name: str) -> None:
        user = self.get_user(user_name)
        what_is_left = (
            (user.managed_policies, "detach all policies first."),
            (user.policies, "delete policies first."),
            (self.get_groups_for_user(user_name), "remove users from group first."),
            (user.access_keys, "delete access keys first."),
            (user.password, "delete login profile first."),
            (user.mfa_devices, "delete MFA device first."),
            (user.ssh_public_keys, "delete SSH public keys first."),
            (user.signing_certificates, "delete signing certificates first."),
            (service_credentials(user), "delete service specific credentials first."),
        )
        for left, remedy in what_is_left:
            if left:
                raise DeleteConflictException(f"Cannot delete entity, must {remedy}")
        super().delete_user(user_name)

    @override
    def delete_group(self, group_name: str) -> None:
        group = self.get_group(group_name)
        if group.users:
            raise DeleteConflictException(
                "Cannot delete entity, must remove users from group first."
            )
        if group.managed_policies:
            raise DeleteConflictException("Cannot delete entity, must detach all policies first.")
        if group.policies:
            raise DeleteConflictException("Cannot delete entity, must delete policies first.")
        super().delete_group(group_name)

    @override
    def delete_policy(self, policy_arn: str) -> None:
        policy = self.get_policy(policy_arn)
        used_as_boundary = any(boundary_arn(user) == policy_arn for user in self.users.values())
        if policy.attachment_count or used_as_boundary:
            raise DeleteConflictException("Cannot delete a policy attached to entities.")
        if len(policy.versions) > 1:
            raise DeleteConflictException(
                "This policy has more than one version. Before you delete a policy, you must "
                "delete the policy's versions. The default version is deleted with the policy."
            )
        super().delete_policy(policy_arn)

    @override
    def delete_virtual_mfa_device(self, serial_number: str) -> None:
        device = self.virtual_mfa_devices.get(serial_number)
        if device is not None and device.user is not None:
            raise DeleteConflictException("MFA VirtualDevice must be deactivated first.")
        super().delete_virtual_mfa_device(serial_number)
