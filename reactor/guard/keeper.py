"""The keeper of the guard: brings the policy into order. A guardrail with one subject.

It alone may write the guard's document, which everybody carries: whoever can write it is as good as
an administrator. So it takes no word from whoever calls it: document and ARN are made of the
settings. An event's word leads at most to another look.

Why it converges although IAM's reads may be a minute old: all that it ever writes is one document,
so to write it once too often adds a version and changes nothing else.

- A read that does not show our restoration yet leads to one more. Our own events do not wake us
  (reactor.guard.events), so such looks do not breed others, and they end when the reads are fresh.
- A read that does not show yet what an event is about finds the guard in order. The invocation
  raises then, and Lambda's tries judge again on fresh reads.
- Where somebody was faster, IAM says so: a full list of versions, a version gone. Then the guard is
  in order by now, or it is tried again. IAM itself refuses to delete the default version.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from reactor.errors import Transient
from reactor.gathering import Gather, answer_of
from reactor.guard.actions import (
    AdoptPolicy,
    CreatePolicy,
    MakeRoom,
    ReportDrift,
    RestoreDocument,
)
from reactor.guard.comparison import for_record, same_document
from reactor.guard.document import canonical
from reactor.guard.identity import TAG_KEY, TAG_VALUE, Guard, Standing
from reactor.guard.ports import Policies
from reactor.guard.state import GuardState
from reactor.model import (
    RECHECK_LIFETIME,
    Action,
    Alarm,
    AlarmKind,
    Cause,
    Claim,
    Compliance,
    Decision,
    Observation,
    Outcome,
    OutcomeStatus,
    Verdict,
)
from reactor.settings import Restore

# What the keeper's reads need; its writes declare theirs.
READS: Mapping[str, str] = {
    "policy": "iam:GetPolicy",
    "policy_version": "iam:GetPolicyVersion",
    "other_versions": "iam:ListPolicyVersions",
}
_NOWHERE = Guard("", given=False)
# What its writes need, for its role: to make a guard, and to restore one.
MAKES: frozenset[str] = CreatePolicy(_NOWHERE, "").permissions
RESTORES: frozenset[str] = (
    MakeRoom(_NOWHERE, "").permissions | RestoreDocument(_NOWHERE, "").permissions
)
VERSIONS = 5  # a policy can have (IAM user guide, quotas)


@dataclass(frozen=True, slots=True)
class Keeper:
    """The guard of one account, and what should stand there.

    `adopt`: a policy that is not ours is made so, as an operator asked for.
    """

    policies: Policies
    gather: Gather
    guard: Guard
    document: Mapping[str, Any]
    report: Callable[[Alarm], None]
    restore: Restore = Restore.ALWAYS
    adopt: bool = False

    def observe(self, cause: Cause) -> Iterator[Observation[GuardState]]:
        """Read what stands at the guard's ARN, and no more than it takes to judge it."""
        state, reads = self._look()
        yield Observation(cause.subject, state, reads=reads)

    def decide(self, state: GuardState, cause: Cause, now: datetime) -> Decision:
        """Judge it: there, ours with our document, or given."""
        if state.standing is Standing.FOREIGN and self.adopt:
            return self._adoption(state)
        if state.standing is Standing.FOREIGN and not state.drifted:
            return self._retagging(state)
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
        match action:
            case ReportDrift():
                self.report(action.alarm)
                return Outcome(action, OutcomeStatus.DONE)
            case CreatePolicy():
                tags = {TAG_KEY: TAG_VALUE}
                done = self.policies.create_policy(self.guard.name, action.document, tags)
                return Outcome(action, OutcomeStatus.DONE) if done else self._found(action)
            case AdoptPolicy():
                self.policies.tag_policy(self.guard.arn, {TAG_KEY: TAG_VALUE})
                return Outcome(action, OutcomeStatus.DONE)
            case MakeRoom():
                done = self.policies.delete_version(self.guard.arn, action.version)
                return Outcome(action, OutcomeStatus.DONE if done else OutcomeStatus.ALREADY)
            case RestoreDocument():
                done = self.policies.create_version(self.guard.arn, action.document)
                return Outcome(action, OutcomeStatus.DONE) if done else self._found(action)
            case _:
                raise TypeError(f"not an action of the keeper: {action!r}")

    def _look(self) -> tuple[GuardState, tuple[str, ...]]:
        """Return what stands there, with the operations asked, in two round trips."""
        arn = self.guard.arn
        asked = ("policy",) if self.guard.given else ("policy", "other_versions")
        answers = self.gather({each: partial(getattr(self.policies, each), arn) for each in asked})
        policy = answer_of(answers["policy"])
        standing = self.guard.standing(None if policy is None else policy.tags)
        state = GuardState(self.guard, standing)
        if policy is None or self.guard.given:
            return state, _operations(*asked)
        version = self.policies.policy_version(arn, policy.default)
        state = replace(state, version=version)
        if not same_document(version.document, self.document):
            others = answer_of(answers["other_versions"])
            state = replace(state, drifted=True, other_versions=others)
        return state, _operations(*READS)

    def _adoption(self, state: GuardState) -> Decision:
        verdict = _verdict(
            Compliance.NON_COMPLIANT, "guard-adopted", "the policy of its name is not ours yet"
        )
        restoration = self._restoring(state) if state.drifted else ()
        return Decision(verdict, (AdoptPolicy(self.guard), *restoration))

    def _retagging(self, state: GuardState) -> Decision:
        """Plan for a policy that says, word for word, what ours says, and has lost the tag.

        To take the tag off would else be a way to keep the guard from being put on anybody. Whose
        it was does not matter: it is what we would write.
        """
        why = f"it has our document, and not the tag {TAG_KEY}={TAG_VALUE}"
        verdict = _verdict(Compliance.NON_COMPLIANT, "guard-untagged", why)
        report = ReportDrift(self._alarm(state, why))
        if self.restore is Restore.ALARM:
            return Decision(verdict, (report,), error=self.guard.refusal(state.standing))
        return Decision(verdict, (report, AdoptPolicy(self.guard)))

    def _restoration(self, state: GuardState) -> Decision:
        default = "" if state.version is None else state.version.id
        why = f"the document of its default version, {default}, is not ours"
        verdict = _verdict(Compliance.NON_COMPLIANT, "guard-drifted", why)
        report = ReportDrift(self._alarm(state, why))
        if self.restore is Restore.ALARM:
            return Decision(verdict, (report,))
        return Decision(verdict, (report, *self._restoring(state)))

    def _restoring(self, state: GuardState) -> tuple[Action, ...]:
        restore = RestoreDocument(self.guard, canonical(self.document))
        if len(state.other_versions) + 1 < VERSIONS:
            return (restore,)
        # The reads may be of different moments: what any of them calls the default is kept.
        default = None if state.version is None else state.version.id
        oldest = min((each for each in state.other_versions if each != default), key=_number)
        return (MakeRoom(self.guard, oldest), restore)

    def _alarm(self, state: GuardState, why: str) -> Alarm:
        document = None if state.version is None else for_record(state.version.document)
        kept = "it is restored" if self.restore is Restore.ALWAYS else "it stays so"
        return Alarm(
            AlarmKind.GUARD_DRIFTED,
            f"somebody changed the guard: {why}; {kept}",
            "see who did it (CloudTrail: CreatePolicyVersion, SetDefaultPolicyVersion,"
            " UntagPolicy), unless the settings that make the document were changed; mfa-reactor"
            " guard diff shows what",
            {"policy": self.guard.arn, "document": document},
        )

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
    return state.version is not None and any(
        hint.claim is Claim.GUARD_EDITED
        and hint.is_young(now, RECHECK_LIFETIME)
        and state.version.made_at.replace(microsecond=0) <= hint.at
        for hint in cause.hints
    )


def _number(version: str) -> int:
    """Return the number in a version's id: `v12`, or `v12.` and more (IAM API reference)."""
    return int(version.removeprefix("v").partition(".")[0])


def _operations(*reads: str) -> tuple[str, ...]:
    return tuple(READS[each] for each in READS if each in reads)


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
