"""What helps a locked-out user: its reads, and one deletion (reactor.users.rescue.Reads)."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.aws.users import AwsUsers
from reactor.users.rescue import AccessKey, AccountSummary, Password, Use, VirtualDevice
from reactor.users.state import Device

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000  # the most that IAM gives at once; it may give less and say IsTruncated


class AwsRescue:
    """reactor.users.rescue.Reads on AWS."""

    def __init__(self, client: "IAMClient") -> None:
        self._client = client

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return a user's MFA devices of every kind."""
        return AwsUsers(self._client).devices_of(user)

    def password(self, user: str) -> Password | None:
        """Return a user's console password, None when it has none."""
        with asking("iam:GetLoginProfile"):
            try:
                profile = self._client.get_login_profile(UserName=user)["LoginProfile"]
            except ClientError as error:
                if code_of(error) != "NoSuchEntity":
                    raise
                return None
            # The API reference has it as not required; what is not said is not asked of the user.
            return Password(profile["CreateDate"], profile.get("PasswordResetRequired", False))

    def password_used_at(self, user: str) -> datetime | None:
        """Return when a user last signed in with its password, None when IAM knows of none."""
        with asking("iam:GetUser"):
            return self._client.get_user(UserName=user)["User"].get("PasswordLastUsed")

    def keys(self, user: str) -> tuple[AccessKey, ...]:
        """Return a user's access keys, without their use."""
        with asking("iam:ListAccessKeys"):
            return tuple(
                AccessKey(each["AccessKeyId"], each["Status"] == "Active", each["CreateDate"])
                for page in self._pages("list_access_keys", UserName=user)
                for each in page["AccessKeyMetadata"]
            )

    def use_of(self, key: str) -> Use | None:
        """Return the last use of an access key, None when IAM knows of none."""
        with asking("iam:GetAccessKeyLastUsed"):
            used: Any = self._client.get_access_key_last_used(AccessKeyId=key)["AccessKeyLastUsed"]
            at = used.get("LastUsedDate")  # left out of a key that was never used, or before 2015
            return Use(at, used["ServiceName"], used["Region"]) if at else None

    def virtual_devices(self, *, assigned: bool) -> tuple[VirtualDevice, ...]:
        """Return the account's virtual devices that somebody has, or nobody."""
        status = "Assigned" if assigned else "Unassigned"
        with asking("iam:ListVirtualMFADevices"):
            return tuple(
                VirtualDevice(each["SerialNumber"], _owner(each) if assigned else None)
                for page in self._pages("list_virtual_mfa_devices", AssignmentStatus=status)
                for each in page["VirtualMFADevices"]
            )

    def account_summary(self) -> AccountSummary:
        """Return what IAM sums up of the account."""
        with asking("iam:GetAccountSummary"):
            summary: Any = self._client.get_account_summary()["SummaryMap"]
            password = summary.get("AccountPasswordPresent")
            return AccountSummary(
                policies_per_user=summary["AttachedPoliciesPerUserQuota"],
                groups_per_user=summary["GroupsPerUserQuota"],
                root_has_mfa=summary["AccountMFAEnabled"] > 0,
                root_has_password=None if password is None else password > 0,
            )

    def user_names(self) -> tuple[str, ...]:
        """Return the names of all users."""
        with asking("iam:ListUsers"):
            pages = self._pages("list_users")
            return tuple(each["UserName"] for page in pages for each in page["Users"])

    def delete_virtual_device(self, serial: str) -> None:
        """Delete a virtual device; IAM refuses it of one that somebody has (DeleteConflict)."""
        with asking("iam:DeleteVirtualMFADevice"):
            self._client.delete_virtual_mfa_device(SerialNumber=serial)

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Any]:  # noqa: ANN401 - boto3's
        # getattr-like by name, because the typed overloads know only literals.
        paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
        yield from paginator.paginate(**arguments, PaginationConfig={"PageSize": _PAGE})


def _owner(device: Any) -> str:  # noqa: ANN401 - boto3's
    """Return whose an assigned device is; root has no UserName there."""
    user = device.get("User", {})
    return str(user.get("UserName") or user.get("Arn") or "somebody")
