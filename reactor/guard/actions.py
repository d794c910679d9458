"""The changes of the guard that the keeper plans. Each declares the IAM permissions it needs."""

from dataclasses import dataclass, field

from reactor.guard.identity import Guard


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
