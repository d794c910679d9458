"""The users of one account, as their guardrail asks for them (reactor.users.ports.Iam)."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.aws.iam import MISSING, AwsIam, document_of, was_there
from reactor.users.ports import AccountPage, GroupDetail, Holders, User, UserDetail
from reactor.users.state import Device

# A managed policy comes with all its versions, five of up to 131,072 characters each (white space,
# which counts for nothing in IAM's quota, included), and longer by as much as is URL-encoded: a
# thousand of them need not fit into a function's memory.
_POLICIES_A_PAGE = 50


class AwsUsers(AwsIam):
    """reactor.users.ports.Iam on AWS."""

    def user(self, name: str) -> User | None:
        """Return a user, None when there is none."""
        with asking("iam:GetUser"):
            try:
                return _user(self._client.get_user(UserName=name)["User"])
            except ClientError as error:
                if code_of(error) != MISSING:
                    raise
                return None

    def names_by_id(self) -> Mapping[str, str]:
        """Return the name of every user, by its id."""
        return self._once("ListUsers", "", self._names_by_id)

    def _names_by_id(self) -> Mapping[str, str]:
        pages = self._pages("list_users")
        return {each["UserId"]: each["UserName"] for page in pages for each in page["Users"]}

    def attached_policies(self, user: str) -> frozenset[str]:
        """Return the ARNs attached to a user."""
        pages = self._pages("list_attached_user_policies", UserName=user)
        return frozenset(each["PolicyArn"] for page in pages for each in page["AttachedPolicies"])

    def groups_of(self, user: str) -> tuple[str, ...]:
        """Return the names of a user's groups."""
        pages = self._pages("list_groups_for_user", UserName=user)
        return tuple(each["GroupName"] for page in pages for each in page["Groups"])

    def groups_with(self, policy_arn: str) -> frozenset[str]:
        """Return the groups that carry a policy; none when there is no such policy."""
        operation, only = "list_entities_for_policy", "Group"
        pages = self._pages_if_there(operation, PolicyArn=policy_arn, EntityFilter=only)
        return frozenset(each["GroupName"] for page in pages for each in page["PolicyGroups"])

    def members_of(self, group: str) -> tuple[str, ...] | None:
        """Return the names of a group's members, None when there is no such group."""
        pages = self._pages_if_there("get_group", GroupName=group)
        if not pages:
            return None
        return tuple(each["UserName"] for page in pages for each in page["Users"])

    def holders_of(self, policy_arn: str) -> Holders:
        """Return whom a policy is attached to; nobody when there is no such policy."""
        pages = self._pages_if_there("list_entities_for_policy", PolicyArn=policy_arn)
        return Holders(
            tuple(each["UserName"] for page in pages for each in page["PolicyUsers"]),
            tuple(each["GroupName"] for page in pages for each in page["PolicyGroups"]),
        )

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return a user's MFA devices of every kind."""
        pages = self._pages("list_mfa_devices", UserName=user)
        return tuple(
            Device(each["SerialNumber"], each["EnableDate"])
            for page in pages
            for each in page["MFADevices"]
        )

    def has_password(self, user: str) -> bool:
        """Tell whether a user has a console password."""
        with asking("iam:GetLoginProfile"):
            try:
                self._client.get_login_profile(UserName=user)
            except ClientError as error:
                if code_of(error) != MISSING:
                    raise
                return False
        return True

    def has_active_key(self, user: str) -> bool:
        """Tell whether a user has an active access key."""
        pages = self._pages("list_access_keys", UserName=user)
        return _any_active(each for page in pages for each in page["AccessKeyMetadata"])

    def has_active_ssh_key(self, user: str) -> bool:
        """Tell whether a user has an active SSH public key."""
        pages = self._pages("list_ssh_public_keys", UserName=user)
        return _any_active(each for page in pages for each in page["SSHPublicKeys"])

    def has_active_service_credential(self, user: str) -> bool:
        """Tell whether a user has an active service-specific credential."""
        with asking("iam:ListServiceSpecificCredentials"):
            # Two a service and user: one answer holds them all, botocore has no paginator.
            answer = self._client.list_service_specific_credentials(UserName=user)
        return _any_active(iter(answer["ServiceSpecificCredentials"]))

    def has_active_certificate(self, user: str) -> bool:
        """Tell whether a user has an active signing certificate."""
        pages = self._pages("list_signing_certificates", UserName=user)
        return _any_active(each for page in pages for each in page["Certificates"])

    def device_owner(self, serial: str) -> str | None:
        """Return the user whom a virtual device is assigned to."""
        pages = self._pages("list_virtual_mfa_devices", AssignmentStatus="Assigned")
        for page in pages:
            for device in page["VirtualMFADevices"]:
                if device["SerialNumber"] == serial and "UserName" in device.get("User", {}):
                    return str(device["User"]["UserName"])
        return None

    def account_pages(self) -> Iterator[AccountPage]:
        """Yield the account's users and groups, a page as it arrives."""
        for page in self._pages("get_account_authorization_details", Filter=["User", "Group"]):
            with asking("iam:GetAccountAuthorizationDetails"):
                yield AccountPage(
                    tuple(_user_detail(each) for each in page["UserDetailList"]),
                    tuple(_group_detail(each) for each in page["GroupDetailList"]),
                )

    def managed_documents(self) -> Iterator[tuple[str, object]]:
        """Yield each managed policy's ARN and its default version's document."""
        operation, only = (
            "get_account_authorization_details",
            ["LocalManagedPolicy", "AWSManagedPolicy"],
        )
        for page in self._pages(operation, page=_POLICIES_A_PAGE, Filter=only):
            with asking("iam:GetAccountAuthorizationDetails"):
                found = [(each["Arn"], _default_document(each)) for each in page["Policies"]]
            yield from found

    def virtual_devices(self) -> Mapping[str, tuple[Device, ...]]:
        """Return the virtual devices of all users who have one, by the user's id."""
        found: dict[str, tuple[Device, ...]] = {}
        for page in self._pages("list_virtual_mfa_devices", AssignmentStatus="Assigned"):
            for each in page["VirtualMFADevices"]:
                # Root's is among them: its id is the account's, and no user has that.
                owner = each.get("User", {}).get("UserId", "")
                device = Device(each["SerialNumber"], each["EnableDate"])
                found[owner] = (*found.get(owner, ()), device)
        return found

    def attach(self, user: str, policy_arn: str) -> None:
        """Attach a policy to a user."""
        with asking("iam:AttachUserPolicy"):
            self._client.attach_user_policy(UserName=user, PolicyArn=policy_arn)

    def detach(self, user: str, policy_arn: str) -> bool:
        """Detach a policy from a user; False when it was not attached."""
        with asking("iam:DetachUserPolicy"):
            return was_there(
                lambda: self._client.detach_user_policy(UserName=user, PolicyArn=policy_arn)
            )

    def join(self, user: str, group: str) -> None:
        """Put a user into a group."""
        with asking("iam:AddUserToGroup"):
            self._client.add_user_to_group(GroupName=group, UserName=user)

    def leave(self, user: str, group: str) -> bool:
        """Take a user out of a group; False when it was not in it."""
        with asking("iam:RemoveUserFromGroup"):
            return was_there(
                lambda: self._client.remove_user_from_group(GroupName=group, UserName=user)
            )


def _user(each: Any) -> User:  # noqa: ANN401 - GetUser's and UserDetailList's shapes differ
    tags = tuple((tag["Key"], tag["Value"]) for tag in each.get("Tags", []))
    return User(
        each["UserName"], each["Arn"], each["Path"], tags, each.get("CreateDate"), each["UserId"]
    )


def _user_detail(each: Any) -> UserDetail:  # noqa: ANN401 - boto3's
    return UserDetail(
        _user(each),
        _attached(each),
        tuple(each.get("GroupList", [])),
        _inline(each.get("UserPolicyList", [])),
    )


def _group_detail(each: Any) -> GroupDetail:  # noqa: ANN401 - boto3's
    return GroupDetail(each["GroupName"], _attached(each), _inline(each.get("GroupPolicyList", [])))


def _attached(each: Any) -> frozenset[str]:  # noqa: ANN401 - boto3's
    return frozenset(policy["PolicyArn"] for policy in each.get("AttachedManagedPolicies", []))


def _inline(policies: Any) -> tuple[object, ...]:  # noqa: ANN401 - boto3's
    return tuple(document_of(each["PolicyDocument"]) for each in policies)


def _default_document(policy: Any) -> object:  # noqa: ANN401 - boto3's
    (default,) = (each for each in policy["PolicyVersionList"] if each["IsDefaultVersion"])
    return document_of(default["Document"])


def _any_active(credentials: Iterator[Any]) -> bool:
    return any([each["Status"] == "Active" for each in credentials])  # noqa: C419 - read all pages
