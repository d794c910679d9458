"""The account that sweeps are measured on: the same for every contestant, and the same again.

Of 200 users, by their numbers: 10 are exempt by their tag (and have no device), 100 have a virtual
device, one has a passkey and one a hardware token; the other 88 must carry the guard. Everybody but
the exempt has a password. There are no groups.
"""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from sandbox import Sandbox

PASSWORD = "Correct-Horse-1"  # noqa: S105 - of users in the sandbox
TAG = ("userType", "Service")
AT_ONCE = 8

Item = TypeVar("Item")


class Kind(StrEnum):
    """What a user has, which decides whether it must carry the guard."""

    EXEMPT = "exempt"
    VIRTUAL = "virtual device"
    PASSKEY = "passkey"
    HARDWARE = "hardware token"
    WITHOUT = "without"


def kind_of(number: int, *, plain: bool = False) -> Kind:
    """Return what the user of a number has; in a plain account no passkey and no token."""
    if number % 2 == 0:
        return Kind.VIRTUAL
    if number % 20 == 7:  # noqa: PLR2004 - one in twenty
        return Kind.EXEMPT
    if plain:
        return Kind.WITHOUT
    return {51: Kind.PASSKEY, 151: Kind.HARDWARE}.get(number % 200, Kind.WITHOUT)


def name_of(number: int) -> str:
    """Return the name of the user of a number."""
    return f"user-{number:05}"


@dataclass(slots=True)
class Account:
    """The account in a sandbox, which grows from one size to the next.

    In a `plain` one nobody has a passkey or a hardware token.
    """

    sandbox: Sandbox
    plain: bool = False
    users: int = 0
    iam: Any = field(init=False)  # an administrator's client

    def __post_init__(self) -> None:
        self.iam = self.sandbox.client("iam")

    def grow(self, users: int) -> None:
        """Add users until there are so many."""
        each(self._create, range(self.users, users))
        self.users = max(self.users, users)

    def must_carry(self) -> frozenset[str]:
        """Return the names of those who must carry the guard."""
        return frozenset(
            name_of(each)
            for each in range(self.users)
            if kind_of(each, plain=self.plain) is Kind.WITHOUT
        )

    def guarded(self, policy_arn: str) -> frozenset[str]:
        """Return the names of the users to whom a policy is attached."""
        pages = self.iam.get_paginator("list_entities_for_policy")
        found = pages.paginate(PolicyArn=policy_arn, PaginationConfig={"PageSize": 1000})
        return frozenset(user["UserName"] for page in found for user in page["PolicyUsers"])

    def guard(self, policy_arn: str) -> None:
        """Attach a policy to all who must carry it, where a sweep has not."""
        each(
            lambda name: self.iam.attach_user_policy(UserName=name, PolicyArn=policy_arn),
            self.must_carry() - self.guarded(policy_arn),
        )

    def release(self, policy_arn: str) -> None:
        """Detach a policy from everybody: the account is then as it was before any sweep."""
        each(
            lambda name: self.iam.detach_user_policy(UserName=name, PolicyArn=policy_arn),
            self.guarded(policy_arn),
        )

    def _create(self, number: int) -> None:
        iam, name, kind = self.iam, name_of(number), kind_of(number, plain=self.plain)
        tags = [TAG] if kind is Kind.EXEMPT else []
        iam.create_user(UserName=name, Tags=[{"Key": key, "Value": value} for key, value in tags])
        if kind is not Kind.EXEMPT:
            iam.create_login_profile(UserName=name, Password=PASSWORD)
        match kind:
            case Kind.VIRTUAL:
                made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name)
                _enable(iam, name, made["VirtualMFADevice"]["SerialNumber"])
            case Kind.HARDWARE:
                _enable(iam, name, f"GAKT{number:08}")
            case Kind.PASSKEY:
                self.sandbox.control.enrol_passkey(name)


def _enable(iam: Any, user: str, serial: str) -> None:  # noqa: ANN401 - a boto3 client
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **codes)


def each(call: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Make a call for each item, some at the same time."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(call, items))
