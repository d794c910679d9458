"""The keeper: brings the guard itself into order. A guardrail of its own, with one subject.

It alone may write the guard's document, which everybody carries: whoever can write it is as good as
an administrator. So it takes no word from whoever calls it: the document is generated here, the ARN
comes from the settings.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from reactor.errors import ReactorError, Transient
from reactor.guard.document import canonical, guard_document
from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard, Standing
from reactor.model import (
    Action,
    Cause,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Verdict,
)


class Policies(Protocol):
    """Managed policies of one account."""

    def policy_tags(self, policy_arn: str) -> Mapping[str, str] | None:
        """Return a managed policy's tags, or None when there is no such policy."""

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Create a customer-managed policy; False when there is one of that name."""


# What the keeper's reads need; its writes declare theirs.
READS: Mapping[str, str] = {"policy_tags": "iam:GetPolicy"}


@dataclass(frozen=True, slots=True)
class GuardState:
    """What stands at the guard's ARN now."""

    guard: Guard
    standing: Standing

    def facts(self) -> dict[str, object]:
        """Return what was read, for the record."""
        return {"arn": self.guard.arn, "standing": self.standing.value}


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

    def describe(self) -> dict[str, str]:
        """Return what it is done to."""
        return {"policy": self.guard.arn}


@dataclass(frozen=True, slots=True)
class Keeper:
    """The guard of one account."""

    policies: Policies
    guard: Guard
    partition: str
    account: str

    def observe(self, cause: Cause) -> Iterator[Observation[GuardState]]:
        """Read what stands at the guard's ARN."""
        tags = self.policies.policy_tags(self.guard.arn)
        state = GuardState(self.guard, self.guard.standing(tags))
        yield Observation(cause.subject, state, reads=(READS["policy_tags"],))

    def decide(self, state: GuardState, cause: Cause, now: datetime) -> Decision:  # noqa: ARG002 - a Guardrail
        """Judge it: there, and ours or given."""
        refusal = self.guard.refusal(state.standing)
        if refusal is not None:
            return Decision(
                _verdict(Compliance.NON_COMPLIANT, "guard-refused", refusal), error=refusal
            )
        if state.standing is Standing.MISSING:
            document = canonical(guard_document(self.partition, self.account))
            verdict = _verdict(Compliance.NON_COMPLIANT, "guard-missing", "there is no guard")
            return Decision(verdict, (CreatePolicy(self.guard, document),))
        return Decision(_verdict(Compliance.COMPLIANT, "guard-in-place", state.standing))

    def perform(self, action: Action) -> Outcome:
        """Create the guard. Raises ReactorError when something else has taken its name."""
        if not isinstance(action, CreatePolicy):
            raise TypeError(f"not an action of the keeper: {action!r}")
        tags = {TAG_KEY: TAG_VALUE}
        if self.policies.create_policy(self.guard.name, action.document, tags):
            return Outcome(action, OutcomeStatus.DONE)
        # Someone was faster: another keeper, or somebody with a policy of that name.
        standing = self.guard.standing(self.policies.policy_tags(self.guard.arn))
        if standing is Standing.OURS:
            return Outcome(action, OutcomeStatus.ALREADY)
        raise self.guard.refusal(standing) or _not_yet_visible(self.guard)


def _verdict(compliance: Compliance, rule: str, why: object) -> Verdict:
    return Verdict(compliance, rule, (str(why),))


def _not_yet_visible(guard: Guard) -> ReactorError:
    return Transient(
        f"IAM says that {guard.arn} exists, and that it does not",
        remedy="nothing, it is tried again; if it lasts, a policy of that name, in other case or"
        " below a path, is in the way: aws iam list-policies --scope Local",
    )
