"""The changes that the guardrail plans. Each declares the IAM permissions it needs."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AttachGuard:
    """Attach the guard to a user.

    `recheck`: done on an event's word against the read, so another look must confirm it.
    """

    user: str
    policy_arn: str
    recheck: bool = False
    name: str = field(default="attach-guard", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:AttachUserPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"user": self.user, "policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class DetachGuard:
    """Take the guard off a user who need not carry it any more, or is being deleted.

    `recheck`: done on one read that may be stale, so another look must confirm it.
    """

    user: str
    policy_arn: str
    recheck: bool = False
    name: str = field(default="detach-guard", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DetachUserPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"user": self.user, "policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class CreateGuard:
    """Have the keeper create the guard; what users' functions may do themselves is only to ask."""

    policy_arn: str
    name: str = field(default="create-guard", init=False)
    permissions: frozenset[str] = field(default=frozenset({"lambda:InvokeFunction"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class SweepEveryone:
    """Have `sweep` look at every user: an event concerns somebody, and does not say whom."""

    name: str = field(default="sweep-everyone", init=False)
    permissions: frozenset[str] = field(default=frozenset({"lambda:InvokeFunction"}), init=False)
    changes: bool = field(default=False, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to: nothing that has a name."""
        return {}


UserAction = AttachGuard | DetachGuard | CreateGuard | SweepEveryone
