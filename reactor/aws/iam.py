"""IAM of one account, as the guardrails ask for it (reactor.users.ports, reactor.guard.keeper)."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.users.ports import User, UserDetail
from reactor.users.state import Device

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000  # the most that IAM gives at once; it may give less and say IsTruncated
_MISSING = "NoSuchEntity"


class AwsIam:
    """reactor.users.ports.Iam and reactor.guard.keeper.Policies on AWS.

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
        with asking("iam:ListEntitiesForPolicy"):
            try:
                pages = list(
                    self._client.get_paginator("list_entities_for_policy").paginate(
                        PolicyArn=policy_arn, EntityFilter="Group", PaginationConfig=_paging()
                    )
                )
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return frozenset()
        return frozenset(each["GroupName"] for page in pages for each in page["PolicyGroups"])

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
            try:
                self._client.detach_user_policy(UserName=user, PolicyArn=policy_arn)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return False
        return True

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

    def _pages(self, operation: str, **arguments: Any) -> Iterator[Any]:  # noqa: ANN401 - boto3's
        name = self._client.meta.method_to_api_mapping[operation]
        with asking(f"iam:{name}"):
            # getattr-like by name, because the typed overloads know only literals.
            paginator: Any = self._client.get_paginator(operation)  # type: ignore[call-overload]
            yield from paginator.paginate(**arguments, PaginationConfig=_paging())


def _paging() -> Any:  # noqa: ANN401 - boto3's
    return {"PageSize": _PAGE}


def _user(each: Any) -> User:  # noqa: ANN401 - GetUser's and UserDetailList's shapes differ
    tags = tuple((tag["Key"], tag["Value"]) for tag in each.get("Tags", []))
    return User(each["UserName"], each["Arn"], each["Path"], tags)


def _any_active(credentials: Iterator[Any]) -> bool:
    return any([each["Status"] == "Active" for each in credentials])  # noqa: C419 - read all pages
