"""The changes that the guardrail plans. Each declares the IAM permissions it needs."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class AttachGuard:
    """Attach the guard to a user.

    `recheck`: done on an event's word against the read, so another look must confirm it.
    `otherwise`: what is done instead when a quota is in the way; `closed`: why there is no such.
    `unless_enrolled`: the user's devices were asked for minutes ago, and are asked for once more.
    """

    user: str
    policy_arn: str
    recheck: bool = False
    otherwise: "JoinGuardGroup | None" = None
    closed: str = ""
    unless_enrolled: bool = False
    name: str = field(default="attach-guard", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:AttachUserPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"user": self.user, "policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class JoinGuardGroup:
    """Put a user into the group that carries the guard; what it shares with AttachGuard, as there.

    `keep`: after the keeper has brought the group into order; `otherwise` also when it cannot.
    `member`: the user is in it already, so that this is all there is to do.
    """

    user: str
    group: str
    recheck: bool = False
    otherwise: AttachGuard | None = None
    keep: bool = False
    member: bool = False
    unless_enrolled: bool = False
    name: str = field(default="join-guard-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:AddUserToGroup"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"user": self.user, "group": self.group}


@dataclass(frozen=True, slots=True)
class DetachGuard:
    """Take the guard off a user who need not carry it, or carries it in another way.

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
class LeaveGuardGroup:
    """Take a user out of the group that carries the guard; else as DetachGuard."""

    user: str
    group: str
    recheck: bool = False
    name: str = field(default="leave-guard-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:RemoveUserFromGroup"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"user": self.user, "group": self.group}


@dataclass(frozen=True, slots=True)
class KeepGuard:
    """Have the keeper make the guard; what users' functions may do themselves is only to ask."""

    policy_arn: str
    name: str = field(default="keep-guard", init=False)
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


UserAction = (
    AttachGuard | JoinGuardGroup | DetachGuard | LeaveGuardGroup | KeepGuard | SweepEveryone
)
