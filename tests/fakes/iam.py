"""A fake of IAM: reactor.users.ports.Iam and reactor.guard.ports.Keeping, in memory.

It answers as reactor.aws does, down to which missing thing is an answer and which an error. Every
call is logged; calls can be made to fail, and reads to be stale.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from reactor.errors import Permanent, ReactorError, Transient
from reactor.guard.comparison import parse
from reactor.guard.ports import ManagedPolicy, PolicyVersion
from reactor.partitions import policy_arn
from reactor.users.ports import AccountPage, GroupDetail, Holders, User, UserDetail
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, Account, IamUser, Policy, World

Place = tuple[int, str]  # in the pages of an account: users before groups
POLICIES_PER_USER = 10  # AWS's quota
INLINE_DOCUMENT = {"Version": "2012-10-17", "Statement": []}
USER_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
VERSIONS_PER_POLICY = 5
GROUPS_PER_USER = 10
WRITES = frozenset(
    {
        "attach",
        "detach",
        "join",
        "leave",
        "create_policy",
        "tag_policy",
        "create_version",
        "delete_version",
        "create_group",
        "move_group",
        "attach_to_group",
        "detach_from_group",
        "delete_from_group",
        "delete_group",
        "delete_policy",
    }
)


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the method, and whom or what it was about."""

    method: str
    about: str = ""


@dataclass(slots=True)
class Fault:
    """Calls that fail: of a method, about something, only the n-th; None means any."""

    error: ReactorError
    method: str | None = None
    about: str | None = None
    nth: int | None = None
    met: int = field(default=0, init=False)
    raised: int = field(default=0, init=False)

    def strike(self, call: Call) -> None:
        """Raise the error if the call is one of those."""
        if self.method not in {None, call.method}:
            return
        if self.about is not None and self.about.lower() != call.about.lower():
            return
        self.met += 1
        if self.nth in {None, self.met}:
            self.raised += 1
            raise self.error


def throttled() -> Transient:
    """Return the error that may pass."""
    return Transient("iam: failed: Throttling: Rate exceeded", remedy="wait")


class FakeIam:
    """IAM of one account.

    `staleness` is asked at each read for how many seconds ago it is answered from; `on_call` is
    told of each call before it is answered, so that a test can let something happen in between.
    `page` is how many users and groups one page has, `place` by what users are in order there.
    """

    def __init__(self, account: Account, *, page: int = 3) -> None:
        self.account = account
        self.log: list[Call] = []
        self.faults: list[Fault] = []
        self.staleness: Callable[[], float] = lambda: 0.0
        self.on_call: Callable[[Call], None] = lambda _: None
        self.page = page
        self.place: Callable[[IamUser], str] = lambda user: user.id

    @property
    def writes(self) -> list[Call]:
        """The calls that change something, in order."""
        return [call for call in self.log if call.method in WRITES]

    @property
    def reads(self) -> list[str]:
        """The methods of the other calls, in order."""
        return [call.method for call in self.log if call.method not in WRITES]

    def fail(
        self,
        method: str | None = None,
        *,
        about: str | None = None,
        nth: int | None = None,
        error: ReactorError | None = None,
    ) -> Fault:
        """Make calls fail from now on, with a throttling unless another error is given."""
        fault = Fault(error or throttled(), method, about, nth)
        self.faults.append(fault)
        return fault

    def user(self, name: str) -> User | None:
        """Answer GetUser."""
        world = self._read("user", name)
        self._refuse_impossible(name)
        user = world.user(name)
        return None if user is None else _as_shown(user)

    def names_by_id(self) -> Mapping[str, str]:
        """Answer ListUsers."""
        return {user.id: user.name for user in self._read("names_by_id", "").users.values()}

    def attached_policies(self, user: str) -> frozenset[str]:
        """Answer ListAttachedUserPolicies."""
        return self._user("attached_policies", user).policies

    def groups_of(self, user: str) -> tuple[str, ...]:
        """Answer ListGroupsForUser."""
        return tuple(sorted(self._user("groups_of", user).groups))

    def groups_with(self, policy_arn: str) -> frozenset[str]:
        """Answer ListEntitiesForPolicy."""
        groups = self._read("groups_with", policy_arn).groups
        return frozenset(group for group, carried in groups.items() if policy_arn in carried)

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Answer GetPolicy."""
        policy = self._read("policy", policy_arn).policies.get(policy_arn)
        return None if policy is None else ManagedPolicy(policy.tags, policy.default)

    def policy_version(self, policy_arn: str, version: str) -> PolicyVersion:
        """Answer GetPolicyVersion."""
        world = self._read("policy_version", policy_arn)
        found = _policy(world, policy_arn).versions.get(version)
        if found is None:
            raise Transient(f"{version} of {policy_arn}: NoSuchEntity", remedy="-")
        return PolicyVersion(version, found.made_at, parse(found.document))

    def other_versions(self, policy_arn: str) -> tuple[str, ...]:
        """Answer ListPolicyVersions, which has the newest first."""
        policy = self._read("other_versions", policy_arn).policies.get(policy_arn)
        if policy is None:
            return ()
        return tuple(each for each in reversed(list(policy.versions)) if each != policy.default)

    def members_of(self, group: str) -> tuple[str, ...] | None:
        """Answer GetGroup, None for a group that is not there."""
        world = self._read("members_of", group)
        if group not in world.groups:
            return None
        return tuple(sorted(user.name for user in world.users.values() if group in user.groups))

    def holders_of(self, policy_arn: str) -> Holders:
        """Answer ListEntitiesForPolicy, for users and groups."""
        world = self._read("holders_of", policy_arn)
        users = sorted(user.name for user in world.users.values() if policy_arn in user.policies)
        groups = sorted(group for group, carried in world.groups.items() if policy_arn in carried)
        return Holders(tuple(users), tuple(groups))

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Answer ListMFADevices."""
        return self._user("devices_of", user).devices

    def has_password(self, user: str) -> bool:
        """Answer GetLoginProfile, which says NoSuchEntity for a missing user, too."""
        found = self._read("has_password", user).user(user)
        return found is not None and found.password

    def has_active_key(self, user: str) -> bool:
        """Answer ListAccessKeys."""
        return any(self._user("has_active_key", user).keys)

    def has_active_ssh_key(self, user: str) -> bool:
        """Answer ListSSHPublicKeys."""
        return any(self._user("has_active_ssh_key", user).ssh_keys)

    def has_active_service_credential(self, user: str) -> bool:
        """Answer ListServiceSpecificCredentials."""
        return any(self._user("has_active_service_credential", user).service_credentials)

    def has_active_certificate(self, user: str) -> bool:
        """Answer ListSigningCertificates."""
        return any(self._user("has_active_certificate", user).certificates)

    def device_owner(self, serial: str) -> str | None:
        """Answer ListVirtualMFADevices, which knows no hardware tokens and no passkeys."""
        for user in self._read("device_owner", serial).users.values():
            if ":mfa/" in serial and any(serial == device.serial for device in user.devices):
                return user.name
        return None

    def account_pages(self) -> Iterator[AccountPage]:
        """Answer GetAccountAuthorizationDetails: a call a page, made as it is due, groups last.

        A page shows what is behind the page before it, in the order that `place` gives users.
        """
        behind: Place = (0, "")
        for number in itertools.count(1):
            world = self._read("account_pages", f"page {number}")
            placed: dict[Place, UserDetail | GroupDetail] = {
                (1, self.place(each)): _in_detail(each) for each in world.users.values()
            }
            placed |= {(2, name): GroupDetail(name, held) for name, held in world.groups.items()}
            left = sorted(each for each in placed if each > behind)
            page = [placed[each] for each in left[: self.page]]
            yield AccountPage(
                tuple(each for each in page if isinstance(each, UserDetail)),
                tuple(each for each in page if isinstance(each, GroupDetail)),
            )
            if len(left) <= self.page:
                return
            behind = left[self.page - 1]

    def managed_documents(self) -> Iterator[tuple[str, object]]:
        """Answer GetAccountAuthorizationDetails, for managed policies."""
        for arn, policy in self._read("managed_documents", "").policies.items():
            yield arn, parse(policy.document)

    def virtual_devices(self) -> Mapping[str, tuple[Device, ...]]:
        """Answer ListVirtualMFADevices."""
        users = self._read("virtual_devices", "").users.values()
        found = {
            user.id: tuple(each for each in user.devices if ":mfa/" in each.serial)
            for user in users
        }
        return {user: devices for user, devices in found.items() if devices}

    def attach(self, user: str, policy_arn: str) -> None:
        """Do AttachUserPolicy."""
        self._call("attach", user)
        found = self._there(self.account.world, "attach", user)
        if policy_arn not in self.account.world.policies:
            raise Transient(f"no policy {policy_arn}: NoSuchEntity", remedy="-")
        if policy_arn in found.policies:
            return
        if len(found.policies) >= POLICIES_PER_USER:
            raise Permanent("LimitExceeded: PoliciesPerUser: 10", remedy="detach some")
        self.account.change(user, policies=found.policies | {policy_arn})

    def detach(self, user: str, policy_arn: str) -> bool:
        """Do DetachUserPolicy."""
        self._call("detach", user)
        found = self.account.world.user(user)
        if found is None or policy_arn not in found.policies:
            return False
        self.account.change(user, policies=found.policies - {policy_arn})
        return True

    def join(self, user: str, group: str) -> None:
        """Do AddUserToGroup."""
        self._call("join", user)
        found = self._there(self.account.world, "join", user)
        if group not in self.account.world.groups:
            raise Transient(f"no group {group}: NoSuchEntity", remedy="-")
        if group in found.groups:
            return
        if len(found.groups) >= GROUPS_PER_USER:
            raise Permanent("LimitExceeded: GroupsPerUser: 10", remedy="leave some")
        self.account.change(user, groups=found.groups | {group})

    def leave(self, user: str, group: str) -> bool:
        """Do RemoveUserFromGroup."""
        self._call("leave", user)
        found = self.account.world.user(user)
        if found is None or group not in found.groups:
            return False
        self.account.change(user, groups=found.groups - {group})
        return True

    def group_path(self, group: str) -> str | None:
        """Answer GetGroup, for the group itself."""
        world = self._read("group_path", group)
        return world.paths.get(group, "/") if group in world.groups else None

    def policies_of_group(self, group: str) -> frozenset[str]:
        """Answer ListAttachedGroupPolicies."""
        return self._read("policies_of_group", group).groups.get(group, frozenset())

    def inline_policies_of_group(self, group: str) -> tuple[str, ...]:
        """Answer ListGroupPolicies."""
        inline = self._read("inline_policies_of_group", group).inline
        return tuple(sorted(inline.get(group, frozenset())))

    def create_group(self, group: str, path: str) -> bool:
        """Do CreateGroup."""
        self._call("create_group", group)
        if group in self.account.world.groups:
            return False
        self.account.put_group(group, path=path)
        return True

    def move_group(self, group: str, path: str) -> None:
        """Do UpdateGroup, with another path."""
        self._call("move_group", group)
        self.account.put_group(group, *self._group(group), path=path)

    def attach_to_group(self, group: str, policy_arn: str) -> None:
        """Do AttachGroupPolicy."""
        self._call("attach_to_group", group)
        _policy(self.account.world, policy_arn)
        self.account.put_group(group, *self._group(group), policy_arn)

    def detach_from_group(self, group: str, policy_arn: str) -> bool:
        """Do DetachGroupPolicy."""
        self._call("detach_from_group", group)
        carried = self.account.world.groups.get(group, frozenset())
        if policy_arn not in carried:
            return False
        self.account.put_group(group, *(carried - {policy_arn}))
        return True

    def delete_from_group(self, group: str, policy: str) -> bool:
        """Do DeleteGroupPolicy."""
        self._call("delete_from_group", group)
        inline = self.account.world.inline.get(group, frozenset())
        self.account.put_inline(group, *(inline - {policy}))
        return policy in inline

    def delete_group(self, group: str) -> bool:
        """Do DeleteGroup."""
        self._call("delete_group", group)
        world = self.account.world
        if group not in world.groups:
            return False
        if world.groups[group] or any(group in user.groups for user in world.users.values()):
            raise Transient(f"{group}: DeleteConflict", remedy="-")
        self.account.remove_group(group)
        return True

    def delete_policy(self, policy_arn: str) -> bool:
        """Do DeletePolicyVersion of each version, and DeletePolicy."""
        self._call("delete_policy", policy_arn)
        world = self.account.world
        if policy_arn not in world.policies:
            return False
        held = any(policy_arn in user.policies for user in world.users.values())
        if held or any(policy_arn in carried for carried in world.groups.values()):
            raise Transient(f"{policy_arn}: DeleteConflict", remedy="-")
        self.account.remove_policy(policy_arn)
        return True

    def tag_policy(self, policy_arn: str, tags: Mapping[str, str]) -> None:
        """Do TagPolicy."""
        self._call("tag_policy", policy_arn)
        held = _policy(self.account.world, policy_arn).tags
        self.account.tag_policy(policy_arn, {**held, **tags})

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Do CreatePolicy."""
        arn = policy_arn("aws", ACCOUNT, name)
        self._call("create_policy", arn)
        if arn in self.account.world.policies:
            return False
        self.account.put_policy(arn, dict(tags), document)
        return True

    def create_version(self, policy_arn: str, document: str) -> bool:
        """Do CreatePolicyVersion, as the default."""
        self._call("create_version", policy_arn)
        if len(_policy(self.account.world, policy_arn).versions) >= VERSIONS_PER_POLICY:
            return False
        self.account.put_version(document, policy_arn)
        return True

    def delete_version(self, policy_arn: str, version: str) -> bool:
        """Do DeletePolicyVersion."""
        self._call("delete_version", version)
        policy = self.account.world.policies.get(policy_arn)
        if policy is None or version not in policy.versions:
            return False
        if version == policy.default:
            raise Transient(f"{version} is the default: DeleteConflict", remedy="-")
        self.account.remove_version(version, policy_arn)
        return True

    def _call(self, method: str, about: str) -> None:
        call = Call(method, about)
        self.log.append(call)
        self.on_call(call)
        for fault in self.faults:
            fault.strike(call)

    def _read(self, method: str, about: str) -> World:
        self._call(method, about)
        return self.account.as_of(timedelta(seconds=self.staleness()))

    def _refuse_impossible(self, name: str) -> None:
        if not USER_NAME.fullmatch(name):
            raise Transient(f"userName {name}: ValidationError", remedy="-")

    def _group(self, group: str) -> frozenset[str]:
        if group not in self.account.world.groups:
            raise Transient(f"no group {group}: NoSuchEntity", remedy="-")
        return self.account.world.groups[group]

    def _user(self, method: str, name: str) -> IamUser:
        return self._there(self._read(method, name), method, name)

    def _there(self, world: World, method: str, name: str) -> IamUser:
        user = world.user(name)
        if user is None:
            raise Transient(f"{method} of {name}: NoSuchEntity", remedy="-")
        return user


def _policy(world: World, arn: str) -> Policy:
    if arn not in world.policies:
        raise Transient(f"no policy {arn}: NoSuchEntity", remedy="-")
    return world.policies[arn]


def _as_shown(user: IamUser) -> User:
    return User(user.name, user.arn, user.path, user.tags, id=user.id)


def _in_detail(user: IamUser) -> UserDetail:
    inline = (INLINE_DOCUMENT,) * user.inline_policies
    return UserDetail(_as_shown(user), user.policies, tuple(sorted(user.groups)), inline)
