"""How much of each thing there may be, and attaching the same policy twice counting once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from moto.iam.exceptions import IAMException, LimitExceededException
from moto.iam.models import IAMBackend, ManagedPolicy, PolicyVersion, User
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sized

USERS_PER_ACCOUNT = 5_000
POLICIES_PER_USER = 10
POLICIES_PER_GROUP = 10
POLICIES_PER_ROLE = 10
GROUPS_PER_USER = 10
MFA_DEVICES_PER_USER = 8
POLICY_CHARACTERS = 6_144  # without white space
INLINE_CHARACTERS_PER_USER = 2_048  # in all of a user's inline policies, without white space


class Quotas(IAMBackend):
    """Raises LimitExceeded for one more than there may be."""

    __module__ = "moto.iam.models"

    @override
    def create_user(
        self,
        region_name: str,
        user_name: str,
        path: str = "/",
        tags: list[dict[str, str]] | None = None,
    ) -> User:
        check_quota(self.users, USERS_PER_ACCOUNT, "UsersPerAccount")
        return super().create_user(region_name, user_name, path, tags)

    @override
    def attach_user_policy(self, policy_arn: str, user_name: str) -> None:
        attached = self.get_user(user_name).managed_policies
        if policy_arn in attached:
            return
        check_quota(attached, POLICIES_PER_USER, "PoliciesPerUser")
        super().attach_user_policy(policy_arn, user_name)

    @override
    def attach_group_policy(self, policy_arn: str, group_name: str) -> None:
        attached = self.get_group(group_name).managed_policies
        if policy_arn in attached:
            return
        check_quota(attached, POLICIES_PER_GROUP, "PoliciesPerGroup")
        super().attach_group_policy(policy_arn, group_name)

    @override
    def attach_role_policy(self, policy_arn: str, role_name: str) -> None:
        attached = self.get_role(role_name).managed_policies
        if policy_arn in attached:
            return
        check_quota(attached, POLICIES_PER_ROLE, "PoliciesPerRole")
        super().attach_role_policy(policy_arn, role_name)

    @override
    def add_user_to_group(self, group_name: str, user_name: str) -> None:
        groups = self.get_groups_for_user(user_name)
        if self.get_group(group_name) in groups:
            return
        check_quota(groups, GROUPS_PER_USER, "GroupsPerUser")
        super().add_user_to_group(group_name, user_name)

    @override
    def enable_mfa_device(
        self,
        user_name: str,
        serial_number: str,
        authentication_code_1: str,
        authentication_code_2: str,
    ) -> None:
        devices = self.get_user(user_name).mfa_devices
        check_quota(devices, MFA_DEVICES_PER_USER, "MFADevicesPerUser")
        super().enable_mfa_device(
            user_name, serial_number, authentication_code_1, authentication_code_2
        )

    @override
    def create_policy(
        self,
        description: str,
        path: str,
        policy_document: str,
        policy_name: str,
        tags: list[dict[str, str]],
    ) -> ManagedPolicy:
        _check_policy_size(policy_document)
        return super().create_policy(description, path, policy_document, policy_name, tags)

    @override
    def create_policy_version(
        self, policy_arn: str, policy_document: str, set_as_default: bool
    ) -> PolicyVersion:
        _check_policy_size(policy_document)
        return super().create_policy_version(policy_arn, policy_document, set_as_default)

    @override
    def put_user_policy(self, user_name: str, policy_name: str, policy_json: str) -> None:
        user = self.get_user(user_name)
        documents = {**user.policies, policy_name: policy_json}
        if sum(map(_characters, documents.values())) > INLINE_CHARACTERS_PER_USER:
            raise LimitExceededException(
                f"Maximum policy size of {INLINE_CHARACTERS_PER_USER} bytes exceeded for user "
                f"{user.name}"
            )
        super().put_user_policy(user_name, policy_name, policy_json)


def check_quota(things: Sized, quota: int, name: str) -> None:
    """Raises LimitExceeded when one more would be too many."""
    if len(things) >= quota:
        raise LimitExceededException(f"Cannot exceed quota for {name}: {quota}")


def _check_policy_size(document: str) -> None:
    if _characters(document) > POLICY_CHARACTERS:
        raise IAMException(
            "LimitExceeded", f"Cannot exceed quota for PolicySize: {POLICY_CHARACTERS}"
        )


def _characters(document: str) -> int:
    return len(re.sub(r"\s", "", document))
