"""The guard taken off everybody, as plan and outcomes: a guardrail for the command line.

In this order, so that a run that ends half-way can simply be made again: off the users, out of the
group, off the groups; and where it is to be deleted, the group and the policy last.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reactor.errors import Permanent
from reactor.guard.identity import Guard, Standing
from reactor.guard.ports import ManagedPolicy
from reactor.model import (
    Action,
    Cause,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Subject,
    SubjectKind,
    Verdict,
)
from reactor.users.actions import DetachGuard, LeaveGuardGroup
from reactor.users.ports import Holders


class Holding(Protocol):
    """What carries the guard in one account. reactor.aws.removal answers it, and a test's fake."""

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Return a managed policy, or None when there is none."""

    def holders_of(self, policy_arn: str) -> Holders:
        """Return the users and groups that a policy is attached to."""

    def group_path(self, group: str) -> str | None:
        """Return a group's path, or None when there is no such group."""

    def members_of(self, group: str) -> tuple[str, ...] | None:
        """Return the names of a group's members, or None when there is no such group."""

    def detach(self, user: str, policy_arn: str) -> bool:
        """Detach a policy from a user; False when it was not attached."""

    def leave(self, user: str, group: str) -> bool:
        """Take a user out of a group; False when it was not in it."""

    def detach_from_group(self, group: str, policy_arn: str) -> bool:
        """Detach a policy from a group; False when it was not attached."""

    def delete_group(self, group: str) -> bool:
        """Delete a group; False when there is none."""

    def delete_policy(self, policy_arn: str) -> bool:
        """Delete a policy and its versions; False when there is none."""


@dataclass(frozen=True, slots=True)
class DetachGuardFrom:
    """Take the guard off a group, the guard's own or another."""

    group: str
    policy_arn: str
    name: str = field(default="detach-guard-from", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DetachGroupPolicy"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.group, "policy": self.policy_arn}


@dataclass(frozen=True, slots=True)
class DeleteGuardGroup:
    """Delete the guard's group."""

    guard: Guard
    name: str = field(default="delete-guard-group", init=False)
    permissions: frozenset[str] = field(default=frozenset({"iam:DeleteGroup"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"group": self.guard.group}


@dataclass(frozen=True, slots=True)
class DeleteGuard:
    """Delete the guard, with its versions."""

    guard: Guard
    name: str = field(default="delete-guard", init=False)
    permissions: frozenset[str] = field(
        default=frozenset({"iam:DeletePolicy", "iam:DeletePolicyVersion"}), init=False
    )
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class Carrier:
    """Who or what carries the guard, or is it: how it is released, and when its turn is."""

    plan: tuple[Action, ...]
    turn: int

    def facts(self) -> Mapping[str, object]:
        """Return nothing: the plan tells it."""
        return {}


@dataclass(frozen=True, slots=True)
class Release:
    """The guard of one account, to be taken off everybody; `delete`: and deleted.

    A policy or a group that is not ours is never deleted.
    """

    holding: Holding
    guard: Guard
    delete: bool = False

    def observe(self, cause: Cause) -> Iterator[Observation[Carrier]]:
        """Find all who carry the guard.

        Raises ReactorError when that cannot be read, or when what has its name is not ours: nobody
        got that from us.
        """
        policy = self.holding.policy(self.guard.arn)
        standing = self.guard.standing(None if policy is None else policy.tags)
        if standing is Standing.FOREIGN:
            raise Permanent(
                f"the policy {self.guard.arn} is not ours, and was put on nobody by mfa-reactor",
                remedy="nothing is to be released; see who put it on whom: aws iam"
                f" list-entities-for-policy --policy-arn {self.guard.arn}",
            )
        guard, account = self.guard, cause.subject.account
        holders = self.holding.holders_of(guard.arn)
        ours = self.guard.group_standing(self.holding.group_path(guard.group)) is Standing.OURS
        members = (self.holding.members_of(guard.group) or ()) if ours else ()
        for user in sorted({*holders.users, *members}):
            plan = _off(guard, user, attached=user in holders.users, member=user in members)
            yield _seen(Subject(SubjectKind.USER, account, name=user), plan, turn=1)
        for group in holders.groups:
            subject = Subject(SubjectKind.GROUP_MEMBERS, account, name=group)
            yield _seen(subject, (DetachGuardFrom(group, guard.arn),), turn=2)
        if self.delete and ours:
            subject = Subject(SubjectKind.GUARD_GROUP, account, name=guard.group)
            yield _seen(subject, (DeleteGuardGroup(guard),), turn=3)
        if self.delete and standing is Standing.OURS:
            subject = Subject(SubjectKind.GUARD, account, arn=guard.arn)
            yield _seen(subject, (DeleteGuard(guard),), turn=4)

    def decide(self, state: Carrier, cause: Cause, now: datetime) -> Decision:  # noqa: ARG002 - as any guardrail
        """Judge: whoever carries it is released."""
        verdict = Verdict(Compliance.NOT_APPLICABLE, "released", ("an operator releases it",))
        return Decision(verdict, state.plan, danger=-state.turn)

    def perform(self, action: Action) -> Outcome:
        """Carry out one action. Raises ReactorError as AWS fails."""
        match action:
            case DetachGuard():
                done = self.holding.detach(action.user, action.policy_arn)
            case LeaveGuardGroup():
                done = self.holding.leave(action.user, action.group)
            case DetachGuardFrom():
                done = self.holding.detach_from_group(action.group, action.policy_arn)
            case DeleteGuardGroup():
                done = self.holding.delete_group(self.guard.group)
            case DeleteGuard():
                done = self.holding.delete_policy(self.guard.arn)
            case _:
                raise TypeError(f"not an action of a release: {action!r}")
        return Outcome(action, OutcomeStatus.DONE if done else OutcomeStatus.ALREADY)


def _off(guard: Guard, user: str, *, attached: bool, member: bool) -> tuple[Action, ...]:
    detach: tuple[Action, ...] = (DetachGuard(user, guard.arn),) if attached else ()
    leave: tuple[Action, ...] = (LeaveGuardGroup(user, guard.group),) if member else ()
    return (*detach, *leave)


def _seen(subject: Subject, plan: tuple[Action, ...], *, turn: int) -> Observation[Carrier]:
    return Observation(subject, Carrier(plan, turn))
