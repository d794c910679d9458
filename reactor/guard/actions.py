"""The changes of the guard that its keeper plans. Each declares the IAM permissions it needs."""

from dataclasses import dataclass, field

from reactor.guard.identity import Guard
from reactor.model import Alarm


@dataclass(frozen=True, slots=True)
class ReportDrift:
    """Raise the alarm, with what was found, before it is overwritten."""

    alarm: Alarm
    name: str = field(default="report-drift", init=False)
    permissions: frozenset[str] = field(default=frozenset(), init=False)
    changes: bool = field(default=False, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to: nothing that has a name."""
        return {}


@dataclass(frozen=True, slots=True)
class CreatePolicy:
    """Create the guard, tagged as ours."""

    guard: Guard
    document: str = field(repr=False)
    name: str = field(default="create-policy", init=False)
    permissions: frozenset[str] = field(
        # Tags given on creation are authorized on their own (IAM user guide, tagging policies).
        default=frozenset({"iam:CreatePolicy", "iam:TagPolicy"}),
        init=False,
    )
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class AdoptPolicy:
    """Give a policy of the guard's name the tag by which it is ours.

    One that does not say what ours says gets it only when an operator asks for it.
    """

    guard: Guard
    name: str = field(default="adopt-policy", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:TagPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class MakeRoom:
    """Delete a version of the guard, so that there can be another."""

    guard: Guard
    version: str
    name: str = field(default="make-room", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DeletePolicyVersion"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn, "version": self.version}


@dataclass(frozen=True, slots=True)
class RestoreDocument:
    """Give the guard our document again, by a new default version."""

    guard: Guard
    document: str = field(repr=False)
    name: str = field(default="restore-document", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:CreatePolicyVersion"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class CreateGroup:
    """Create the group that carries the guard for its members, at the path by which it is ours."""

    guard: Guard
    name: str = field(default="create-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:CreateGroup"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group}


@dataclass(frozen=True, slots=True)
class AdoptGroup:
    """Move a group of the guard's name to the path by which it is ours. Only an operator may."""

    guard: Guard
    name: str = field(default="adopt-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:UpdateGroup"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group}


@dataclass(frozen=True, slots=True)
class AttachToGroup:
    """Attach the guard to its group."""

    guard: Guard
    name: str = field(default="attach-to-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:AttachGroupPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group, "policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class DetachFromGroup:
    """Take off the guard's group another policy, which everybody in it would have."""

    guard: Guard
    policy_arn: str
    name: str = field(default="detach-from-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DetachGroupPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group, "policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class DeleteFromGroup:
    """Delete an inline policy of the guard's group, which everybody in it would have."""

    guard: Guard
    policy: str
    name: str = field(default="delete-from-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DeleteGroupPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group, "policy": self.policy}
