"""A fake of boto3's IAM client on a fake account, for the real reactor.aws.iam to call.

It answers as IAM does, with pages, NoSuchEntity and quotas; reads are as old as `Weather` says.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, NoReturn

from botocore.exceptions import ClientError

from reactor.partitions import policy_arn
from tests.fakes.account import ACCOUNT, Account, IamUser, Policy, World
from tests.fakes.clock import START

POLICIES_PER_USER = 10  # AWS's quotas
GROUPS_PER_USER = 10
VERSIONS_PER_POLICY = 5
USERS_A_PAGE = 3
LONG_AGO = START - timedelta(days=365)

Answer = dict[str, Any]


def fail(code: str, message: str = "-") -> NoReturn:
    """Raise what boto3 raises of an error."""
    raise ClientError({"Error": {"Code": code, "Message": message}}, "Operation")


@dataclass(slots=True)
class Weather:
    """How AWS is doing.

    `storm` holds an error code for each of the next calls, empty for one that goes well. `broken`
    operations, by boto3's names, fail whenever they are called. `ages` are how many seconds ago the
    reads are answered from, in turn.
    """

    storm: list[str] = field(default_factory=list)
    broken: frozenset[str] = frozenset()
    ages: tuple[int, ...] = (0,)
    calls: int = 0
    struck: int = 0
    stale: bool = False  # whether a read showed an account that is not so any more
    _reads: int = 0

    def call(self, operation: str = "") -> None:
        """Let a call through, or raise the error whose turn it is."""
        self.calls += 1
        code = self.storm.pop(0) if self.storm else ""
        if operation in self.broken:
            code = "ServiceFailure"
        if code:
            self.struck += 1
            fail(code, "Rate exceeded" if "Throttl" in code else "-")

    def world(self, account: Account) -> World:
        """Return the account as the next read shows it."""
        self.call()
        self._reads += 1
        seen = account.as_of(timedelta(seconds=self.ages[self._reads % len(self.ages)]))
        self.stale = self.stale or seen is not account.world
        return seen


class IamClient:
    """What reactor.aws.iam calls of boto3's IAM client. `on_write` is told what was changed."""

    def __init__(
        self, account: Account, weather: Weather, on_write: Callable[[str, Answer], None]
    ) -> None:
        self._account = account
        self._weather = weather
        self._on_write = on_write
        self._pages: dict[str, Callable[..., Iterator[Answer]]] = {
            "list_attached_user_policies": self._attached,
            "list_groups_for_user": self._groups,
            "list_users": self._users,
            "list_entities_for_policy": self._entities,
            "get_group": self._group,
            "list_mfa_devices": self._devices,
            "list_access_keys": self._listing("keys", "AccessKeyMetadata"),
            "list_ssh_public_keys": self._listing("ssh_keys", "SSHPublicKeys"),
            "list_signing_certificates": self._listing("certificates", "Certificates"),
            "list_virtual_mfa_devices": self._virtual_devices,
            "get_account_authorization_details": self._details,
            "list_policy_versions": self._versions,
            "list_attached_group_policies": self._attached_to_group,
            "list_group_policies": self._inline_of_group,
        }
        names = {each: each.title().replace("_", "") for each in self._pages}
        self.meta = SimpleNamespace(method_to_api_mapping=names)

    def get_paginator(self, operation: str) -> Any:
        """Return what pages an operation; a call is made as its page is due."""
        pages = self._pages[operation]
        if operation in self._weather.broken:
            self._weather.call(operation)
        return SimpleNamespace(paginate=lambda PaginationConfig, **asked: pages(**asked))  # noqa: ARG005, N803 - boto3's

    def get_user(self, UserName: str) -> Answer:  # noqa: N803 - boto3's, here and below
        """Answer GetUser."""
        return {"User": _shown(_user(self._read(), UserName))}

    def get_account_summary(self) -> Answer:
        """Answer GetAccountSummary, for an account whose root user has MFA."""
        self._weather.call()
        return {"SummaryMap": {"AccountMFAEnabled": 1, "AccountPasswordPresent": 1}}

    def get_login_profile(self, UserName: str) -> Answer:  # noqa: N803
        """Answer GetLoginProfile."""
        user = _user(self._read(), UserName)
        return {"LoginProfile": {}} if user.password else fail("NoSuchEntity")

    def list_service_specific_credentials(self, UserName: str) -> Answer:  # noqa: N803
        """Answer ListServiceSpecificCredentials."""
        active = _user(self._read(), UserName).service_credentials
        return {"ServiceSpecificCredentials": [_status(each) for each in active]}

    def get_policy(self, PolicyArn: str) -> Answer:  # noqa: N803
        """Answer GetPolicy."""
        policy = _policy(self._read(), PolicyArn)
        tags = [{"Key": key, "Value": value} for key, value in policy.tags.items()]
        return {"Policy": {"Tags": tags, "DefaultVersionId": policy.default}}

    def get_policy_version(self, PolicyArn: str, VersionId: str) -> Answer:  # noqa: N803
        """Answer GetPolicyVersion."""
        version = _policy(self._read(), PolicyArn).versions.get(VersionId)
        if version is None:
            fail("NoSuchEntity")
        made_at = version.made_at.replace(microsecond=0)
        shown = {"VersionId": VersionId, "CreateDate": made_at, "Document": version.document}
        return {"PolicyVersion": shown}

    def attach_user_policy(self, UserName: str, PolicyArn: str) -> None:  # noqa: N803
        """Do AttachUserPolicy."""
        self._weather.call("attach_user_policy")
        user = _user(self._account.world, UserName)
        _policy(self._account.world, PolicyArn)
        if PolicyArn not in user.policies and len(user.policies) >= POLICIES_PER_USER:
            fail("LimitExceeded")
        self._on_write("AttachUserPolicy", {"userName": UserName, "policyArn": PolicyArn})
        self._account.change(UserName, policies=user.policies | {PolicyArn})

    def detach_user_policy(self, UserName: str, PolicyArn: str) -> None:  # noqa: N803
        """Do DetachUserPolicy."""
        self._weather.call()
        user = _user(self._account.world, UserName)
        if PolicyArn not in user.policies:
            fail("NoSuchEntity")
        self._on_write("DetachUserPolicy", {"userName": UserName, "policyArn": PolicyArn})
        self._account.change(UserName, policies=user.policies - {PolicyArn})

    def add_user_to_group(self, GroupName: str, UserName: str) -> None:  # noqa: N803
        """Do AddUserToGroup."""
        self._weather.call("add_user_to_group")
        user = _user(self._account.world, UserName)
        _group(self._account.world, GroupName)
        if GroupName not in user.groups and len(user.groups) >= GROUPS_PER_USER:
            fail("LimitExceeded")
        self._on_write("AddUserToGroup", {"userName": UserName, "groupName": GroupName})
        self._account.change(UserName, groups=user.groups | {GroupName})

    def remove_user_from_group(self, GroupName: str, UserName: str) -> None:  # noqa: N803
        """Do RemoveUserFromGroup."""
        self._weather.call()
        user = _user(self._account.world, UserName)
        if GroupName not in user.groups:
            fail("NoSuchEntity")
        self._on_write("RemoveUserFromGroup", {"userName": UserName, "groupName": GroupName})
        self._account.change(UserName, groups=user.groups - {GroupName})

    def get_group(self, GroupName: str, MaxItems: int) -> Answer:  # noqa: ARG002, N803
        """Answer GetGroup, for the group itself."""
        world = self._read()
        _group(world, GroupName)
        return {"Group": {"GroupName": GroupName, "Path": world.paths.get(GroupName, "/")}}

    def create_group(self, GroupName: str, Path: str) -> None:  # noqa: N803
        """Do CreateGroup."""
        self._weather.call()
        if GroupName in self._account.world.groups:
            fail("EntityAlreadyExists")
        self._account.put_group(GroupName, path=Path)
        self._on_write("CreateGroup", {"groupName": GroupName, "path": Path})

    def attach_group_policy(self, GroupName: str, PolicyArn: str) -> None:  # noqa: N803
        """Do AttachGroupPolicy."""
        self._weather.call()
        _policy(self._account.world, PolicyArn)
        held = _group(self._account.world, GroupName)
        self._account.put_group(GroupName, *held, PolicyArn)
        self._on_write("AttachGroupPolicy", {"groupName": GroupName, "policyArn": PolicyArn})

    def detach_group_policy(self, GroupName: str, PolicyArn: str) -> None:  # noqa: N803
        """Do DetachGroupPolicy."""
        self._weather.call()
        held = _group(self._account.world, GroupName)
        if PolicyArn not in held:
            fail("NoSuchEntity")
        self._account.put_group(GroupName, *(held - {PolicyArn}))
        self._on_write("DetachGroupPolicy", {"groupName": GroupName, "policyArn": PolicyArn})

    def delete_group_policy(self, GroupName: str, PolicyName: str) -> None:  # noqa: N803
        """Do DeleteGroupPolicy."""
        self._weather.call()
        held = self._account.world.inline.get(GroupName, frozenset())
        if PolicyName not in held:
            fail("NoSuchEntity")
        self._account.put_inline(GroupName, *(held - {PolicyName}))
        self._on_write("DeleteGroupPolicy", {"groupName": GroupName, "policyName": PolicyName})

    def create_policy(
        self,
        PolicyName: str,  # noqa: N803
        PolicyDocument: str,  # noqa: N803
        Description: str,  # noqa: ARG002, N803
        Tags: list[dict[str, str]],  # noqa: N803
    ) -> None:
        """Do CreatePolicy."""
        self._weather.call()
        arn = policy_arn("aws", ACCOUNT, PolicyName)
        if arn in self._account.world.policies:
            fail("EntityAlreadyExists")
        self._account.put_policy(arn, {each["Key"]: each["Value"] for each in Tags}, PolicyDocument)
        self._on_write("CreatePolicy", {"policyName": PolicyName})

    def create_policy_version(
        self,
        PolicyArn: str,  # noqa: N803
        PolicyDocument: str,  # noqa: N803
        SetAsDefault: bool,  # noqa: N803
    ) -> None:
        """Do CreatePolicyVersion."""
        self._weather.call("create_policy_version")
        if len(_policy(self._account.world, PolicyArn).versions) >= VERSIONS_PER_POLICY:
            fail("LimitExceeded")
        self._account.put_version(PolicyDocument, PolicyArn, default=SetAsDefault)
        request = {
            "policyArn": PolicyArn,
            "policyDocument": PolicyDocument,
            "setAsDefault": SetAsDefault,
        }
        self._on_write("CreatePolicyVersion", request)

    def tag_policy(self, PolicyArn: str, Tags: list[dict[str, str]]) -> None:  # noqa: N803
        """Do TagPolicy."""
        self._weather.call()
        held = _policy(self._account.world, PolicyArn).tags
        self._account.tag_policy(
            PolicyArn, {**held, **{each["Key"]: each["Value"] for each in Tags}}
        )
        tags = [{"key": each["Key"], "value": each["Value"]} for each in Tags]
        self._on_write("TagPolicy", {"policyArn": PolicyArn, "tags": tags})

    def delete_policy_version(self, PolicyArn: str, VersionId: str) -> None:  # noqa: N803
        """Do DeletePolicyVersion."""
        self._weather.call()
        policy = _policy(self._account.world, PolicyArn)
        if VersionId not in policy.versions:
            fail("NoSuchEntity")
        if VersionId == policy.default:
            fail("DeleteConflict")
        self._account.remove_version(VersionId, PolicyArn)
        self._on_write("DeletePolicyVersion", {"policyArn": PolicyArn, "versionId": VersionId})

    def _read(self) -> World:
        return self._weather.world(self._account)

    def _attached(self, UserName: str) -> Iterator[Answer]:  # noqa: N803
        policies = sorted(_user(self._read(), UserName).policies)
        yield {"AttachedPolicies": [{"PolicyArn": each} for each in policies]}

    def _groups(self, UserName: str) -> Iterator[Answer]:  # noqa: N803
        groups = sorted(_user(self._read(), UserName).groups)
        yield {"Groups": [{"GroupName": each} for each in groups]}

    def _entities(self, PolicyArn: str, EntityFilter: str = "") -> Iterator[Answer]:  # noqa: N803
        world = self._read()
        _policy(world, PolicyArn)
        users = [each.name for each in world.users.values() if PolicyArn in each.policies]
        groups = [name for name, policies in world.groups.items() if PolicyArn in policies]
        yield {
            "PolicyUsers": [{"UserName": each} for each in users if EntityFilter != "Group"],
            "PolicyGroups": [{"GroupName": each} for each in groups],
        }

    def _group(self, GroupName: str) -> Iterator[Answer]:  # noqa: N803
        world = self._read()
        _group(world, GroupName)
        members = [each for each in world.users.values() if GroupName in each.groups]
        yield {"Users": [{"UserName": each.name} for each in members]}

    def _attached_to_group(self, GroupName: str) -> Iterator[Answer]:  # noqa: N803
        held = _group(self._read(), GroupName)
        yield {"AttachedPolicies": [{"PolicyArn": each} for each in sorted(held)]}

    def _inline_of_group(self, GroupName: str) -> Iterator[Answer]:  # noqa: N803
        world = self._read()
        _group(world, GroupName)
        yield {"PolicyNames": sorted(world.inline.get(GroupName, frozenset()))}

    def _devices(self, UserName: str) -> Iterator[Answer]:  # noqa: N803
        devices = _user(self._read(), UserName).devices
        yield {
            "MFADevices": [
                {
                    "SerialNumber": each.serial,
                    "EnableDate": each.enabled_at.replace(microsecond=0),
                }
                for each in devices
            ]
        }

    def _listing(self, kind: str, member: str) -> Callable[..., Iterator[Answer]]:
        def pages(UserName: str) -> Iterator[Answer]:  # noqa: N803
            yield {member: [_status(each) for each in getattr(_user(self._read(), UserName), kind)]}

        return pages

    def _virtual_devices(self, AssignmentStatus: str) -> Iterator[Answer]:  # noqa: ARG002, N803
        users = self._read().users.values()
        yield {
            "VirtualMFADevices": [
                {
                    "SerialNumber": device.serial,
                    "EnableDate": device.enabled_at.replace(microsecond=0),
                    "User": {"UserName": user.name, "UserId": user.id},
                }
                for user in users
                for device in user.devices
                if ":mfa/" in device.serial
            ]
        }

    def _users(self) -> Iterator[Answer]:
        yield {"Users": [_shown(each) for each in self._read().users.values()]}

    def _details(self, Filter: list[str]) -> Iterator[Answer]:  # noqa: ARG002, N803
        world = self._read()
        users = list(world.users.values())
        groups = [
            {"GroupName": name, "AttachedManagedPolicies": [{"PolicyArn": each} for each in held]}
            for name, held in world.groups.items()
        ]
        for start in range(0, max(len(users), 1), USERS_A_PAGE):
            if start:
                self._weather.call()
            last = start + USERS_A_PAGE >= len(users)
            yield {
                "UserDetailList": [_detail(each) for each in users[start : start + USERS_A_PAGE]],
                "GroupDetailList": groups if last else [],
            }

    def _versions(self, PolicyArn: str) -> Iterator[Answer]:  # noqa: N803
        policy = _policy(self._read(), PolicyArn)
        yield {
            "Versions": [
                {"VersionId": each, "IsDefaultVersion": each == policy.default}
                for each in policy.versions
            ]
        }


def _user(world: World, name: str) -> IamUser:
    return world.user(name) or fail("NoSuchEntity", name)


def _policy(world: World, arn: str) -> Policy:
    return world.policies.get(arn) or fail("NoSuchEntity", arn)


def _group(world: World, name: str) -> frozenset[str]:
    """Return the policies of a group; fail when there is no such group."""
    if name not in world.groups:
        fail("NoSuchEntity", name)
    return world.groups[name]


def _status(active: bool) -> Answer:
    return {"Status": "Active" if active else "Inactive"}


def _shown(user: IamUser) -> Answer:
    tags = [{"Key": key, "Value": value} for key, value in user.tags]
    return {
        "UserName": user.name,
        "UserId": user.id,
        "Arn": user.arn,
        "Path": user.path,
        "CreateDate": (user.created_at or LONG_AGO).replace(microsecond=0),
        "Tags": tags,
    }


def _detail(user: IamUser) -> Answer:
    return {
        **_shown(user),
        "AttachedManagedPolicies": [{"PolicyArn": each} for each in sorted(user.policies)],
        "GroupList": sorted(user.groups),
    }
