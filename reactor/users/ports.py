"""What the guardrail asks of AWS. reactor.aws answers it; the tests' fake of IAM does, too.

Every method reads all pages, and raises ReactorError for whatever is not an answer.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from reactor.guard.ports import ManagedPolicy
from reactor.users.state import Device

if TYPE_CHECKING:
    from reactor.users.credentials import CredentialReport  # reads CSV, which no reaction does


@dataclass(frozen=True, slots=True)
class User:
    """An IAM user as GetUser shows it."""

    name: str
    arn: str
    path: str
    tags: tuple[tuple[str, str], ...]
    created_at: datetime | None = None  # UTC
    id: str = ""  # AIDA…: stays the same when the user is renamed, and is never given again


@dataclass(frozen=True, slots=True)
class UserDetail:
    """An IAM user as GetAccountAuthorizationDetails shows it."""

    user: User
    policies: frozenset[str]  # ARNs attached to it
    groups: tuple[str, ...]
    inline: tuple[object, ...] = ()  # the documents of its inline policies, JSON values


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """An IAM group as GetAccountAuthorizationDetails shows it."""

    name: str
    policies: frozenset[str]  # ARNs attached to it
    inline: tuple[object, ...] = ()  # the documents of its inline policies, JSON values


@dataclass(frozen=True, slots=True)
class AccountPage:
    """A page of GetAccountAuthorizationDetails: users and groups, in no order that is known."""

    users: tuple[UserDetail, ...]
    groups: tuple[GroupDetail, ...] = ()


@dataclass(frozen=True, slots=True)
class Holders:
    """The names of the users and the groups that a policy is attached to."""

    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Iam(Protocol):
    """IAM of one account. A user that is not there is None or empty only where this says so."""

    def user(self, name: str) -> User | None:
        """Return the user (names compare without case), or None when there is none."""

    def names_by_id(self) -> Mapping[str, str]:
        """Return the name of every user, by its id."""

    def attached_policies(self, user: str) -> frozenset[str]:
        """Return the ARNs of the managed policies attached to a user."""

    def groups_of(self, user: str) -> tuple[str, ...]:
        """Return the names of a user's groups."""

    def groups_with(self, policy_arn: str) -> frozenset[str]:
        """Return the groups that a policy is attached to; none when there is no such policy."""

    def members_of(self, group: str) -> tuple[str, ...] | None:
        """Return the names of a group's members, or None when there is no such group."""

    def group_path(self, group: str) -> str | None:
        """Return a group's path, or None when there is no such group."""

    def holders_of(self, policy_arn: str) -> Holders:
        """Return whom a policy is attached to; nobody when there is no such policy."""

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Return a managed policy, or None when there is none."""

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return a user's MFA devices of every kind."""

    def has_password(self, user: str) -> bool:
        """Tell whether a user has a console password; False when there is no such user."""

    def has_active_key(self, user: str) -> bool:
        """Tell whether a user has an active access key."""

    def has_active_ssh_key(self, user: str) -> bool:
        """Tell whether a user has an active SSH public key (CodeCommit)."""

    def has_active_service_credential(self, user: str) -> bool:
        """Tell whether a user has an active service-specific credential."""

    def has_active_certificate(self, user: str) -> bool:
        """Tell whether a user has an active signing certificate."""

    def device_owner(self, serial: str) -> str | None:
        """Return the user whom a virtual device is assigned to, None when that is nobody."""

    def account_pages(self) -> Iterator[AccountPage]:
        """Yield the account's users and groups, a page as it arrives.

        Who is made, renamed or deleted meanwhile may be missing, or come twice.
        """

    def virtual_devices(self) -> Mapping[str, tuple[Device, ...]]:
        """Return the virtual devices of all users who have one, by the user's id.

        It proves that a user has a device, never that it has none: other kinds are not in it.
        """

    def managed_documents(self) -> Iterator[tuple[str, object]]:
        """Yield the ARN of each managed policy, and its default version's document.

        A JSON value, or text where it is none. Of AWS's own policies perhaps only those in use.
        """

    def attach(self, user: str, policy_arn: str) -> None:
        """Attach a managed policy to a user; nothing happens when it is attached already."""

    def detach(self, user: str, policy_arn: str) -> bool:
        """Detach a managed policy from a user; False when it was not attached."""

    def join(self, user: str, group: str) -> None:
        """Put a user into a group; nothing happens when it is in it already."""

    def leave(self, user: str, group: str) -> bool:
        """Take a user out of a group; False when it was not in it."""


class CredentialReports(Protocol):
    """IAM's credential report: a hint, never a decision."""

    def credential_report(self) -> "CredentialReport | None":
        """Return it, None when it is not there in the time that is waited for it."""


# What each read needs, for the roles' policies and the records.
READS: Mapping[str, str] = {
    "user": "iam:GetUser",
    "names_by_id": "iam:ListUsers",
    "attached_policies": "iam:ListAttachedUserPolicies",
    "groups_of": "iam:ListGroupsForUser",
    "groups_with": "iam:ListEntitiesForPolicy",
    "group_path": "iam:GetGroup",
    "members_of": "iam:GetGroup",
    "holders_of": "iam:ListEntitiesForPolicy",
    "policy": "iam:GetPolicy",
    "devices_of": "iam:ListMFADevices",
    "has_password": "iam:GetLoginProfile",
    "has_active_key": "iam:ListAccessKeys",
    "has_active_ssh_key": "iam:ListSSHPublicKeys",
    "has_active_service_credential": "iam:ListServiceSpecificCredentials",
    "has_active_certificate": "iam:ListSigningCertificates",
    "device_owner": "iam:ListVirtualMFADevices",
    "account_pages": "iam:GetAccountAuthorizationDetails",
    "virtual_devices": "iam:ListVirtualMFADevices",
    "managed_documents": "iam:GetAccountAuthorizationDetails",
    "exemption_list": "ssm:GetParameter",
}
# What the report needs besides: first it must be made, then it can be had.
REPORT_READS: Mapping[str, str] = {
    "generate_credential_report": "iam:GenerateCredentialReport",
    "credential_report": "iam:GetCredentialReport",
}

CREDENTIAL_READS = (
    "has_password",
    "has_active_key",
    "has_active_ssh_key",
    "has_active_service_credential",
    "has_active_certificate",
)
