"""What the guardrail knows of a user, read once and frozen.

None means "not read", never "none": a rule that touches such a member has a bug, and says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from reactor.guard.identity import Guard, Standing
from reactor.model import Resource
from reactor.users.resources import USER_TYPE

if TYPE_CHECKING:
    from reactor.users.privileges.powers import Policy  # which one scope looks at

Known = TypeVar("Known")


class Presence(StrEnum):
    """Whether there is such a user, or who stands in a user's place."""

    EXISTS = "exists"
    GONE = "gone"
    ROOT = "root"
    NOBODY = "nobody"  # a group has no members, a policy no holders
    EVERYBODY = "everybody"  # the event may concern anyone; who reacts to it reads none of them


@dataclass(frozen=True, slots=True)
class Device:
    """An MFA device that a user has enabled: its serial, and since when (UTC)."""

    serial: str
    enabled_at: datetime


@dataclass(frozen=True, slots=True)
class UserState:
    """One user and the guard, as AWS shows them now."""

    name: str
    presence: Presence
    guard: Guard
    guard_standing: Standing = Standing.MISSING
    arn: str = ""
    path: str = "/"
    created_at: datetime | None = None
    tags: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] = ()
    policies: frozenset[str] = frozenset()  # ARNs attached to the user itself
    guarded_groups: frozenset[str] = frozenset()  # groups, of anyone, that carry the guard
    group_standing: Standing = Standing.MISSING  # of the guard's own group
    listed_exempt: frozenset[str] = frozenset()  # entries of the exemption list, lower case
    devices: tuple[Device, ...] | None = None
    has_password: bool | None = None
    has_credentials: bool | None = None  # asked for events only, of users who are not new
    inline: Mapping[str, object] = field(default_factory=dict)  # by name; read in bulk only
    powers: "tuple[Policy, ...] | None" = None  # whatever reaches it; read in one scope
    id: str = ""  # AIDA…
    asked_before: bool = False  # for devices, minutes ago

    @property
    def guarded_directly(self) -> bool:
        """Whether the guard is attached to the user itself."""
        return self.guard.arn in self.policies

    @property
    def guarded_through(self) -> tuple[str, ...]:
        """The user's groups that carry the guard."""
        return tuple(group for group in self.groups if group in self.guarded_groups)

    @property
    def guard_is_usable(self) -> bool:
        """Whether the policy in the guard's place is the guard, ours or given."""
        return self.guard_standing in {Standing.OURS, Standing.GIVEN}

    @property
    def in_guard_group(self) -> bool:
        """Whether the user is in the guard's own group, whatever that carries just now."""
        return self.group_standing is Standing.OURS and self.guard.group in self.groups

    @property
    def guard_group_holds(self) -> bool:
        """Whether the guard's own group is ours and carries the guard."""
        return self.group_standing is Standing.OURS and self.guard.group in self.guarded_groups

    def resource(self) -> Resource | None:
        """Return the user as AWS Config and Security Hub know it; None when there is none."""
        if self.presence is not Presence.EXISTS or not self.id:
            return None
        return Resource(USER_TYPE, self.id, arn=self.arn)

    def facts(self) -> dict[str, object]:
        """Return what was read, for the record; what was not read is left out."""
        if self.presence is not Presence.EXISTS:
            return {"presence": self.presence.value}
        facts: dict[str, object] = {
            "presence": self.presence.value,
            "arn": self.arn,
            "tags": dict(self.tags),
            "groups": list(self.groups),
            "guard": {
                "arn": self.guard.arn,
                "standing": self.guard_standing.value,
                "attached": self.guarded_directly,
                "groups": list(self.guarded_through),
            },
        }
        if self.devices is not None:
            facts["devices"] = [
                {"serial": each.serial, "enabled_at": each.enabled_at.isoformat()}
                for each in self.devices
            ]
        if self.has_password is not None:
            facts["password"] = self.has_password
        if self.has_credentials is not None:
            facts["credentials"] = self.has_credentials
        if self.powers is not None:
            carried = sorted(self.powers, key=lambda each: each.place)
            facts["policies"] = [each.describe() for each in carried]
        return facts


def known(value: Known | None, what: str) -> Known:
    """Return a member that the rules need; raise LookupError if it was not read (a bug)."""
    if value is None:
        raise LookupError(f"{what} was not read, and no rule may take that for an answer")
    return value
