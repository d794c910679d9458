"""What is known of a user who is locked out, for the person who helps: facts, and how to read them.

Only the command line asks (`mfa-reactor user`); what follows from the facts is for
reactor.cli.rescue to say. The guardrail's state is among them, as it was judged.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from reactor.errors import ReactorError
from reactor.gathering import Call, Gather
from reactor.model import Verdict
from reactor.users.rules import guard_holds
from reactor.users.state import Device, UserState

DEVICES_PER_USER = 8  # of all kinds; no quota of it is in GetAccountSummary (IAM quotas)


class DeviceKind(StrEnum):
    """What a device is, which its serial tells."""

    VIRTUAL = "authenticator app"
    PASSKEY = "passkey or security key"
    HARDWARE = "hardware token"
    OTHER = "device of an unknown kind"


@dataclass(frozen=True, slots=True)
class Password:
    """A console password: since when (UTC), and whether another must be set at the sign-in."""

    made_at: datetime
    must_change: bool


@dataclass(frozen=True, slots=True)
class Use:
    """When (UTC), for which service and in which region a key was last used."""

    at: datetime
    service: str
    region: str


@dataclass(frozen=True, slots=True)
class AccessKey:
    """An access key's id, and what became of it; `used` is None when IAM knows of no use."""

    id: str
    active: bool
    made_at: datetime
    used: Use | None = None


@dataclass(frozen=True, slots=True)
class VirtualDevice:
    """A virtual device of the account, and who has it: a user's name, or root's ARN, or nobody."""

    serial: str
    owner: str | None = None

    def would_be(self, user: str) -> bool:
        """Whether it has the name that enrolment proposes to a user: its own, without a path."""
        return self.serial.partition(":mfa/")[2].lower() == user.lower()


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """The account's own quotas per user, and what its root user has to sign in with.

    A password that is not told of (None) may be there: only newer answers tell.
    """

    policies_per_user: int
    groups_per_user: int
    root_has_mfa: bool
    root_has_password: bool | None


class Reads(Protocol):
    """What is asked of AWS. Every method reads all pages, and raises ReactorError."""

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return a user's MFA devices of every kind."""

    def password(self, user: str) -> Password | None:
        """Return a user's console password, None when it has none."""

    def password_used_at(self, user: str) -> datetime | None:
        """Return when a user last signed in with its password, None when IAM knows of none."""

    def keys(self, user: str) -> tuple[AccessKey, ...]:
        """Return a user's access keys, without their use."""

    def use_of(self, key: str) -> Use | None:
        """Return the last use of an access key, None when IAM knows of none."""

    def virtual_devices(self, *, assigned: bool) -> tuple[VirtualDevice, ...]:
        """Return the account's virtual devices that somebody has, or nobody."""

    def account_summary(self) -> AccountSummary:
        """Return what IAM sums up of the account."""

    def user_names(self) -> tuple[str, ...]:
        """Return the names of all users."""

    def delete_virtual_device(self, serial: str) -> None:
        """Delete a virtual device; an assigned one is an error."""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of a user: as the guardrail judged it, and what it can sign in with.

    `namesakes` are the virtual devices under the name that enrolment proposes to this user.
    """

    user: UserState
    verdict: Verdict
    account: AccountSummary
    devices: tuple[Device, ...] = ()
    password: Password | None = None
    password_used_at: datetime | None = None
    keys: tuple[AccessKey, ...] = ()
    namesakes: tuple[VirtualDevice, ...] = ()

    @property
    def name(self) -> str:
        """The user's name, as IAM spells it."""
        return self.user.name

    @property
    def guarded(self) -> bool:
        """Whether the guard binds it."""
        return guard_holds(self.user)

    @property
    def exempt(self) -> bool:
        """Whether the operator has excused it."""
        return self.verdict.rule == "exempt"

    @property
    def active_keys(self) -> tuple[AccessKey, ...]:
        """The keys that it can call with."""
        return tuple(key for key in self.keys if key.active)

    @property
    def code_devices(self) -> tuple[Device, ...]:
        """The devices that show codes, which is what sts:GetSessionToken takes."""
        return tuple(each for each in self.devices if kind_of(each.serial) in _SHOW_CODES)

    @property
    def orphans(self) -> tuple[str, ...]:
        """The serials of devices that nobody has, and that enrolment would stumble over."""
        return tuple(each.serial for each in self.namesakes if each.owner is None)

    @property
    def has_room_for_a_device(self) -> bool:
        """Whether one more can be enrolled."""
        return len(self.devices) < DEVICES_PER_USER

    @property
    def has_room_for_a_policy(self) -> bool:
        """Whether one more can be attached."""
        return len(self.user.policies) < self.account.policies_per_user


_SHOW_CODES = {DeviceKind.VIRTUAL, DeviceKind.HARDWARE}


def kind_of(serial: str) -> DeviceKind:
    """Return what a serial tells (IAM user guide, checking MFA status, and seen in accounts)."""
    if not serial.startswith("arn:"):
        return DeviceKind.HARDWARE
    resource = serial.split(":", 5)[-1]
    if resource.startswith("mfa/"):
        return DeviceKind.VIRTUAL
    return DeviceKind.PASSKEY if resource.startswith("u2f/") else DeviceKind.OTHER


def read(reads: Reads, gather: Gather, user: UserState, verdict: Verdict) -> Facts:
    """Read what a user can sign in with, in two rounds of parallel calls. Raises ReactorError."""
    answers = gathered(
        gather,
        {
            "devices": functools.partial(reads.devices_of, user.name),
            "password": functools.partial(reads.password, user.name),
            "password_used_at": functools.partial(reads.password_used_at, user.name),
            "keys": functools.partial(reads.keys, user.name),
            "assigned": functools.partial(reads.virtual_devices, assigned=True),
            "unassigned": functools.partial(reads.virtual_devices, assigned=False),
            "account": reads.account_summary,
        },
    )
    devices = (*answers.pop("assigned"), *answers.pop("unassigned"))
    keys: tuple[AccessKey, ...] = answers.pop("keys")
    uses = gathered(gather, {key.id: functools.partial(reads.use_of, key.id) for key in keys})
    return Facts(
        user,
        verdict,
        keys=tuple(AccessKey(key.id, key.active, key.made_at, uses[key.id]) for key in keys),
        namesakes=tuple(each for each in devices if each.would_be(user.name)),
        **answers,
    )


def gathered(gather: Gather, calls: Mapping[Any, Call]) -> dict[Any, Any]:
    """Return the answers to calls made at the same time. Raises ReactorError if one of them did."""
    answers = gather(calls)
    for answer in answers.values():
        if isinstance(answer, ReactorError):
            raise answer
    return answers
