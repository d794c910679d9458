"""What is in an account: users, groups and policies, with all that it has been.

A `World` is frozen; every change makes a new one, and `Account` keeps them with their times, so
that a read can be answered from a while ago, as IAM answers.
"""

import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reactor.guard.document import canonical, guard_document
from reactor.guard.identity import GROUP_PATH
from reactor.partitions import policy_arn
from reactor.settings import Settings
from reactor.users.state import Device

ACCOUNT = "123456789012"
GUARD_ARN = policy_arn("aws", ACCOUNT, "MfaReactorGuard")
GUARD_GROUP = "MfaReactorGuard"
GUARD_TAGS = {"mfa-reactor": "guard"}
DEFAULTS = Settings.from_environment({})
INLINE_DOCUMENT: Mapping[str, object] = {"Version": "2012-10-17", "Statement": []}
GUARD_DOCUMENT = canonical(guard_document("aws", ACCOUNT, DEFAULTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class IamUser:
    """A user with everything that hangs on it. Of each credential: whether it is active."""

    name: str
    path: str = "/"
    tags: tuple[tuple[str, str], ...] = ()
    groups: frozenset[str] = frozenset()
    policies: frozenset[str] = frozenset()
    inline: Mapping[str, object] = field(default_factory=dict)  # documents, by the policies' names
    devices: tuple[Device, ...] = ()
    password: bool = False
    keys: tuple[bool, ...] = ()
    ssh_keys: tuple[bool, ...] = ()
    service_credentials: tuple[bool, ...] = ()
    certificates: tuple[bool, ...] = ()
    created_at: datetime | None = None  # None: before anything that a test looks at
    id: str = ""  # given by `Account.put_user`, and kept when the user is renamed

    @property
    def arn(self) -> str:
        """The user's ARN, its path in it."""
        return f"arn:aws:iam::{ACCOUNT}:user{self.path}{self.name}"

    @property
    def has_credentials(self) -> bool:
        """Whether anything is left to sign in or to call with."""
        return self.password or any(
            (*self.keys, *self.ssh_keys, *self.service_credentials, *self.certificates)
        )


@dataclass(frozen=True, slots=True)
class Version:
    """A version of a policy: its document's text, and when it was made."""

    document: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Policy:
    """A managed policy: its versions by their ids, and the id of the default one.

    `made` counts all versions there ever were: IAM gives no id a second time.
    """

    tags: Mapping[str, str]
    versions: Mapping[str, Version]
    default: str = "v1"
    made: int = 1

    @property
    def document(self) -> str:
        """The text of the default version's document."""
        return self.versions[self.default].document


@dataclass(frozen=True, slots=True)
class World:
    """The account at one moment. Users are found by their name in lower case.

    `exemption_list` is the text of the parameter that the settings may name; None: there is none.
    """

    users: Mapping[str, IamUser] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)  # the policies of each
    paths: Mapping[str, str] = field(default_factory=dict)  # of groups that are not below /
    # The documents of groups' inline policies, by their names, of some groups.
    inline: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    policies: Mapping[str, Policy] = field(default_factory=dict)
    exemption_list: str | None = None

    def user(self, name: str) -> IamUser | None:
        """Return a user, by its name in any case."""
        return self.users.get(name.lower())

    def carries(self, name: str, arn: str) -> bool:
        """Tell whether a policy reaches a user, directly or through a group."""
        user = self.users[name.lower()]
        return arn in user.policies or any(
            arn in self.groups.get(group, frozenset()) for group in user.groups
        )


class Account:
    """The account now, and as it was."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self._past: list[tuple[datetime, World]] = []
        self.world = World()
        self._ids = itertools.count(1)
        self.event_numbers = itertools.count(1)  # every call has an event of its own

    def as_of(self, age: timedelta) -> World:
        """Return the account as it was `age` ago, or before its first change."""
        if not age:
            return self.world
        moment = self.clock() - age
        return next((world for at, world in reversed(self._past) if at <= moment), World())

    def lately(self, age: timedelta) -> list[World]:
        """Return all that the account has been since `age` ago."""
        moment = self.clock() - age
        return [self.as_of(age), *(world for at, world in self._past if at > moment)]

    def put_user(self, name: str, **members: Any) -> IamUser:
        """Add a user, or put another in its place."""
        user = IamUser(name=name, **members)
        user = replace(user, id=user.id or f"AIDA{next(self._ids):017}")
        groups = {group: frozenset[str]() for group in user.groups} | dict(self.world.groups)
        self._become(
            replace(self.world, users={**self.world.users, name.lower(): user}, groups=groups)
        )
        return user

    def change(self, name: str, **members: Any) -> IamUser:
        """Change some of a user's members."""
        user = replace(self.world.users[name.lower()], **members)
        self._become(replace(self.world, users={**self.world.users, name.lower(): user}))
        return user

    def remove_user(self, name: str) -> None:
        """Take a user away, whatever hangs on it."""
        users = {key: user for key, user in self.world.users.items() if key != name.lower()}
        self._become(replace(self.world, users=users))

    def rename_user(self, name: str, to: str) -> None:
        """Give a user another name; all that hangs on it stays."""
        users = dict(self.world.users)
        user = replace(users.pop(name.lower()), name=to)
        self._become(replace(self.world, users={**users, to.lower(): user}))

    def rename_group(self, name: str, to: str) -> None:
        """Give a group another name, its members and policies with it."""
        groups = {to if each == name else each: held for each, held in self.world.groups.items()}
        users = {
            key: replace(user, groups=user.groups - {name} | {to}) if name in user.groups else user
            for key, user in self.world.users.items()
        }
        paths = {to if each == name else each: path for each, path in self.world.paths.items()}
        self._become(replace(self.world, groups=groups, users=users, paths=paths))

    def remove_group(self, name: str) -> None:
        """Take a group away, its members out of it."""
        groups = {each: held for each, held in self.world.groups.items() if each != name}
        paths = {each: path for each, path in self.world.paths.items() if each != name}
        users = {
            key: replace(user, groups=user.groups - {name})
            for key, user in self.world.users.items()
        }
        self._become(replace(self.world, groups=groups, users=users, paths=paths))

    def put_list(self, text: str | None) -> None:
        """Write the exemption list, or delete it."""
        self._become(replace(self.world, exemption_list=text))

    def put_group(self, name: str, *policies: str, path: str | None = None) -> None:
        """Add a group with these policies, or give it these, and another path, instead."""
        groups = {**self.world.groups, name: frozenset(policies)}
        paths = dict(self.world.paths) if path is None else {**self.world.paths, name: path}
        self._become(replace(self.world, groups=groups, paths=paths))

    def put_guard_group(self, *policies: str) -> None:
        """Add the guard's group as the keeper leaves it, with these policies besides."""
        self.put_group(GUARD_GROUP, GUARD_ARN, *policies, path=GROUP_PATH)

    def put_inline(self, group: str, *policies: str) -> None:
        """Give a group these inline policies, which allow nothing, instead of its own."""
        self.put_inline_documents(group, dict.fromkeys(policies, INLINE_DOCUMENT))

    def put_inline_documents(self, group: str, documents: Mapping[str, object]) -> None:
        """Give a group inline policies of these names instead of its own."""
        self._become(replace(self.world, inline={**self.world.inline, group: documents}))

    def put_policy(
        self,
        arn: str = GUARD_ARN,
        tags: Mapping[str, str] | None = None,
        document: str = GUARD_DOCUMENT,
    ) -> None:
        """Add a policy; without arguments, the guard as the keeper leaves it."""
        versions = {"v1": Version(document, self.clock())}
        self._put_policy(arn, Policy(GUARD_TAGS if tags is None else tags, versions))

    def put_version(self, document: str, arn: str = GUARD_ARN, *, default: bool = True) -> str:
        """Add a version to a policy, however many it has, and return its id."""
        policy = self.world.policies[arn]
        version = f"v{policy.made + 1}"
        self._put_policy(
            arn,
            replace(
                policy,
                versions={**policy.versions, version: Version(document, self.clock())},
                default=version if default else policy.default,
                made=policy.made + 1,
            ),
        )
        return version

    def choose_version(self, version: str, arn: str = GUARD_ARN) -> None:
        """Make a version the default."""
        self._put_policy(arn, replace(self.world.policies[arn], default=version))

    def remove_version(self, version: str, arn: str = GUARD_ARN) -> None:
        """Take a version away."""
        policy = self.world.policies[arn]
        left = {key: each for key, each in policy.versions.items() if key != version}
        self._put_policy(arn, replace(policy, versions=left))

    def tag_policy(self, arn: str, tags: Mapping[str, str]) -> None:
        """Give a policy these tags instead of its own."""
        self._put_policy(arn, replace(self.world.policies[arn], tags=tags))

    def remove_policy(self, arn: str = GUARD_ARN) -> None:
        """Take a policy away, with its versions."""
        left = {key: each for key, each in self.world.policies.items() if key != arn}
        self._become(replace(self.world, policies=left))

    def _put_policy(self, arn: str, policy: Policy) -> None:
        self._become(replace(self.world, policies={**self.world.policies, arn: policy}))

    def _become(self, world: World) -> None:
        self.world = world
        self._past.append((self.clock(), world))
