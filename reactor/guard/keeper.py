"""The keeper: brings the guard itself into order. A guardrail of its own, with one subject.

It alone may write the guard's document, which everybody carries: whoever can write it is as good as
an administrator. So it takes no word from whoever calls it: the document is generated here, the ARN
comes from the settings. An event's word leads at most to another look.

Why it converges although IAM's reads may be a minute old: all that it ever writes is one document,
so to write it once too often adds a version and changes nothing else.

- A read that does not show our restoration yet leads to one more. Our own events do not wake us
  (reactor.guard.events), so such looks do not breed others, and they end when the reads are fresh.
- A read that does not show yet what an event is about finds the guard in order. The invocation
  raises then, and Lambda's tries judge again on fresh reads.
- Where somebody was faster, IAM says so: a full list of versions, a version gone. Then the guard is
  in order by now, or it is tried again. IAM itself refuses to delete the default version.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reactor.errors import Transient
from reactor.guard.actions import CreatePolicy, MakeRoom, RestoreDocument
from reactor.guard.comparison import same_document
from reactor.guard.document import canonical
from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard, Standing
from reactor.guard.ports import Policies
from reactor.guard.state import GuardState
from reactor.model import (
    CLOCK_TOLERANCE,
    RECHECK_LIFETIME,
    Action,
    Cause,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Verdict,
)

# What the keeper's reads need; its writes declare theirs.
READS: Mapping[str, str] = {
    "policy": "iam:GetPolicy",
    "policy_version": "iam:GetPolicyVersion",
    "other_versions": "iam:ListPolicyVersions",
}
VERSIONS = 5  # a policy can have (IAM user guide, quotas)

_NOWHERE = Guard("", given=False)
# What the keeper's writes need, for its role.
WRITES: frozenset[str] = (
    CreatePolicy(_NOWHERE, "").permissions
    | MakeRoom(_NOWHERE, "").permissions
    | RestoreDocument(_NOWHERE, "").permissions
)


@dataclass(frozen=True, slots=True)
class Keeper:
    """The guard of one account."""

    policies: Policies
    guard: Guard
    account: str
    document: Mapping[str, Any]

    def observe(self, cause: Cause) -> Iterator[Observation[GuardState]]:
        """Read what stands at the guard's ARN, and no more than it takes to judge it."""
        state, reads = self._look()
        yield Observation(cause.subject, state, reads=reads)

    def decide(self, state: GuardState, cause: Cause, now: datetime) -> Decision:
        """Judge it: there, ours with our document, or given."""
        refusal = self.guard.refusal(state.standing)
        if refusal is not None:
            return Decision(
                _verdict(Compliance.NON_COMPLIANT, "guard-refused", refusal), error=refusal
            )
        if state.standing is Standing.MISSING:
            verdict = _verdict(Compliance.NON_COMPLIANT, "guard-missing", "there is no guard")
            return Decision(verdict, (CreatePolicy(self.guard, canonical(self.document)),))
        if state.drifted:
            return self._restoration(state)
        if _may_be_older_than_the_event(state, cause, now):
            unseen = Transient(
                f"an event says that {self.guard.arn} was changed, and IAM shows no change",
                remedy="nothing: Lambda tries again in a minute, when what IAM shows is newer",
            )
            verdict = _verdict(Compliance.INSUFFICIENT_DATA, "guard-in-place", unseen)
            return Decision(verdict, error=unseen)
        return Decision(_verdict(Compliance.COMPLIANT, "guard-in-place", state.standing))

    def perform(self, action: Action) -> Outcome:
        """Carry out one action.

        Raises Transient when somebody else was faster and the guard is not in order yet, Permanent
        when its name is taken, ReactorError as AWS fails.
        """
        if isinstance(action, CreatePolicy):
            tags = {TAG_KEY: TAG_VALUE}
            done = self.policies.create_policy(self.guard.name, action.document, tags)
            return Outcome(action, OutcomeStatus.DONE) if done else self._found(action)
        if isinstance(action, MakeRoom):
            done = self.policies.delete_version(self.guard.arn, action.version)
            return Outcome(action, OutcomeStatus.DONE if done else OutcomeStatus.ALREADY)
        if isinstance(action, RestoreDocument):
            done = self.policies.create_version(self.guard.arn, action.document)
            return Outcome(action, OutcomeStatus.DONE) if done else self._found(action)
        raise TypeError(f"not an action of the keeper: {action!r}")

    def _look(self) -> tuple[GuardState, tuple[str, ...]]:
        """Return what stands there, with the operations asked."""
        policy = self.policies.policy(self.guard.arn)
        standing = self.guard.standing(None if policy is None else policy.tags)
        state = GuardState(self.guard, standing)
        if policy is None or standing is not Standing.OURS:
            return state, _operations("policy")
        version = self.policies.policy_version(self.guard.arn, policy.default)
        state = replace(state, version=version)
        if same_document(version.document, self.document):
            return state, _operations("policy", "policy_version")
        others = self.policies.other_versions(self.guard.arn)
        return replace(state, drifted=True, other_versions=others), _operations(*READS)

    def _restoration(self, state: GuardState) -> Decision:
        default = "" if state.version is None else state.version.id
        verdict = _verdict(
            Compliance.NON_COMPLIANT,
            "guard-drifted",
            f"the document of its default version, {default}, is not ours",
        )
        restore = RestoreDocument(self.guard, canonical(self.document))
        if len(state.other_versions) + 1 < VERSIONS:
            return Decision(verdict, (restore,))
        # The reads may be of different moments: what any of them calls the default is kept.
        oldest = min((each for each in state.other_versions if each != default), key=_number)
        return Decision(verdict, (MakeRoom(self.guard, oldest), restore))

    def _found(self, action: Action) -> Outcome:
        """Settle an action that somebody was faster than, another keeper or somebody else."""
        state, _ = self._look()
        if state.in_order:
            return Outcome(action, OutcomeStatus.ALREADY)
        raise self.guard.refusal(state.standing) or _in_the_way(state)


def _may_be_older_than_the_event(state: GuardState, cause: Cause, now: datetime) -> bool:
    """Whether a guard found in order may have been read as it was before the event.

    A default version made after the event cannot have been.
    """
    event = cause.trigger.event
    if event is None or event.time is None or state.version is None:
        return False
    young = -CLOCK_TOLERANCE <= now - event.time < RECHECK_LIFETIME
    return young and state.version.made_at.replace(microsecond=0) <= event.time


def _number(version: str) -> int:
    """Return the number in a version's id: `v12`, or `v12.` and more (IAM API reference)."""
    return int(version.removeprefix("v").partition(".")[0])


def _operations(*reads: str) -> tuple[str, ...]:
    return tuple(READS[each] for each in reads)


def _verdict(compliance: Compliance, rule: str, why: object) -> Verdict:
    return Verdict(compliance, rule, (str(why),))


def _in_the_way(state: GuardState) -> Transient:
    if state.drifted:
        return Transient(
            f"somebody else is writing versions of {state.guard.arn}",
            remedy="nothing, it is tried again; if it lasts, see who does (CloudTrail,"
            " CreatePolicyVersion), or whether it has versions that cannot be deleted",
        )
    return Transient(
        f"IAM says that {state.guard.arn} exists, and that it does not",
        remedy="nothing, it is tried again; if it lasts, a policy of that name, in other case or"
        " below a path, is in the way: aws iam list-policies --scope Local",
    )
