"""IAM of one account, as the guardrails ask for it (reactor.users.ports, reactor.guard.ports)."""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import ReactorError
from reactor.guard.comparison import parse
from reactor.guard.ports import ManagedPolicy, PolicyVersion
from reactor.users.ports import Holders, User, UserDetail
from reactor.users.state import Device

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000  # the most that IAM gives at once; it may give less and say IsTruncated
_MISSING = "NoSuchEntity"


class AwsIam:
    """reactor.users.ports.Iam and reactor.guard.ports.Keeping on AWS.

    Each method asks one operation, reads all its pages, and raises ReactorError for every error
    that is not itself the answer.
    """

    def __init__(self, client: "IAMClient") -> None:
        self._client = client

    def user(self, name: str) -> User | None:
        """Return a user, None when there is none."""
        with asking("iam:GetUser"):
            try:
                return _user(self._client.get_user(UserName=name)["User"])
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None

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

    def policy_tags(self, policy_arn: str) -> Mapping[str, str] | None:
        """Return a policy's tags, None when there is no such policy."""
        with asking("iam:GetPolicy"):
            try:
                policy = self._client.get_policy(PolicyArn=policy_arn)["Policy"]
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
        return {tag["Key"]: tag["Value"] for tag in policy.get("Tags", [])}

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
                if code_of(error) != _MISSING:
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

    def every_user(self) -> Iterator[UserDetail]:
        """Yield every user with its policies and groups, as pages arrive."""
        for page in self._pages("get_account_authorization_details", Filter=["User"]):
            for each in page["UserDetailList"]:
                yield UserDetail(
                    user=_user(each),
                    policies=frozenset(
                        policy["PolicyArn"] for policy in each.get("AttachedManagedPolicies", [])
                    ),
                    groups=tuple(each.get("GroupList", [])),
                    inline_policies=len(each.get("UserPolicyList", [])),
                )

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

    def group_path(self, group: str) -> str | None:
        """Return a group's path, None when there is no such group."""
        with asking("iam:GetGroup"):
            try:
                # Its members come with it, and one of them is the least that can be asked for.
                return self._client.get_group(GroupName=group, MaxItems=1)["Group"]["Path"]
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None

    def policies_of_group(self, group: str) -> frozenset[str]:
        """Return the ARNs of a group's managed policies; none when there is no such group."""
        pages = self._pages_if_there("list_attached_group_policies", GroupName=group)
        return frozenset(each["PolicyArn"] for page in pages for each in page["AttachedPolicies"])

    def inline_policies_of_group(self, group: str) -> tuple[str, ...]:
        """Return the names of a group's inline policies; none when there is no such group."""
        pages = self._pages_if_there("list_group_policies", GroupName=group)
        return tuple(str(each) for page in pages for each in page["PolicyNames"])

    def create_group(self, group: str, path: str) -> bool:
        """Create a group; False when there is one of that name."""
        with asking("iam:CreateGroup"):
            try:
                self._client.create_group(GroupName=group, Path=path)
            except ClientError as error:
                if code_of(error) != "EntityAlreadyExists":
                    raise
                return False
        return True

    def move_group(self, group: str, path: str) -> None:
        """Give a group another path."""
        with asking("iam:UpdateGroup"):
            self._client.update_group(GroupName=group, NewPath=path)

    def attach_to_group(self, group: str, policy_arn: str) -> None:
        """Attach a managed policy to a group."""
        with asking("iam:AttachGroupPolicy"):
            self._client.attach_group_policy(GroupName=group, PolicyArn=policy_arn)

    def detach_from_group(self, group: str, policy_arn: str) -> bool:
        """Detach a managed policy from a group; False when it was not attached."""
        with asking("iam:DetachGroupPolicy"):
            return was_there(
                lambda: self._client.detach_group_policy(GroupName=group, PolicyArn=policy_arn)
            )

    def delete_from_group(self, group: str, policy: str) -> bool:
        """Delete an inline policy of a group; False when there is none of that name."""
        with asking("iam:DeleteGroupPolicy"):
            return was_there(
                lambda: self._client.delete_group_policy(GroupName=group, PolicyName=policy)
            )

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Create a managed policy; False when there is one of that name."""
        with asking("iam:CreatePolicy"):
            try:
                self._client.create_policy(
                    PolicyName=name,
                    PolicyDocument=document,
                    Description="Denies what is done without MFA. Kept by mfa-reactor.",
                    Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                )
            except ClientError as error:
                if code_of(error) != "EntityAlreadyExists":
                    raise
                return False
        return True

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Return a managed policy, None when there is none."""
        with asking("iam:GetPolicy"):
            try:
                policy = self._client.get_policy(PolicyArn=policy_arn)["Policy"]
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
            tags = {tag["Key"]: tag["Value"] for tag in policy.get("Tags", [])}
            return ManagedPolicy(tags, policy["DefaultVersionId"])

    def policy_version(self, policy_arn: str, version: str) -> PolicyVersion:
        """Return a version of a policy; it is an error when there is none."""
        with asking("iam:GetPolicyVersion"):
            answer = self._client.get_policy_version(PolicyArn=policy_arn, VersionId=version)
            found = answer["PolicyVersion"]
            return PolicyVersion(
                found["VersionId"], found["CreateDate"], _document(found["Document"])
            )

    def other_versions(self, policy_arn: str) -> tuple[str, ...]:
        """Return the ids of a policy's versions that are not the default; none without a policy."""
        pages = self._pages_if_there("list_policy_versions", PolicyArn=policy_arn)
        return tuple(
            each["VersionId"]
            for page in pages
            for each in page["Versions"]
            if not each["IsDefaultVersion"]
        )

    def create_version(self, policy_arn: str, document: str) -> bool:
        """Create a policy's new default version; False when there are as many as may be."""
        with asking("iam:CreatePolicyVersion"):
            try:
                self._client.create_policy_version(
                    PolicyArn=policy_arn, PolicyDocument=document, SetAsDefault=True
                )
            except ClientError as error:
                if code_of(error) != "LimitExceeded":
                    raise
                return False
        return True

    def delete_version(self, policy_arn: str, version: str) -> bool:
        """Delete a version of a policy; False when there is none."""
        with asking("iam:DeletePolicyVersion"):
            return was_there(
                lambda: self._client.delete_policy_version(PolicyArn=policy_arn, VersionId=version)
            )

    def tag_policy(self, policy_arn: str, tags: Mapping[str, str]) -> None:
        """Give a policy these tags besides its others."""
        with asking("iam:TagPolicy"):
            self._client.tag_policy(
                PolicyArn=policy_arn,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Any]:  # noqa: ANN401 - boto3's
        name = self._client.meta.method_to_api_mapping[operation]
        with asking(f"iam:{name}"):
            # getattr-like by name, because the typed overloads know only literals.
            paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
            yield from paginator.paginate(**arguments, PaginationConfig=_paging())

    def _pages_if_there(self, operation: str, **arguments: Any) -> list[Any]:  # noqa: ANN401 - boto3's
        """Return all pages; none when what is asked about does not exist."""
        try:
            return list(self._pages(operation, **arguments))
        except ReactorError as error:
            if isinstance(error.__cause__, ClientError) and code_of(error.__cause__) == _MISSING:
                return []
            raise


def was_there(call: Callable[[], object]) -> bool:
    """Make a call; tell whether what it is about was there."""
    try:
        call()
    except ClientError as error:
        if code_of(error) != _MISSING:
            raise
        return False
    return True


def _paging() -> Any:  # noqa: ANN401 - boto3's
    return {"PageSize": _PAGE}


def _user(each: Any) -> User:  # noqa: ANN401 - GetUser's and UserDetailList's shapes differ
    tags = tuple((tag["Key"], tag["Value"]) for tag in each.get("Tags", []))
    return User(each["UserName"], each["Arn"], each["Path"], tags, each.get("CreateDate"))


def _document(document: object) -> object:
    """Return a policy's document: botocore has decoded it, unless it is no JSON."""
    return parse(unquote(document)) if isinstance(document, str) else document


def _any_active(credentials: Iterator[Any]) -> bool:
    return any([each["Status"] == "Active" for each in credentials])  # noqa: C419 - read all pages
