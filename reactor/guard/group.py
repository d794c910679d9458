"""The keeper of the guard's group: the other way for users to carry the guard.

The group is there where REACTOR_GUARD_VIA is `group`, and where a quota once kept the guard off a
user itself. It is ours by its path, for IAM's groups take no tags. It carries the guard and nothing
else: whoever could give it another policy would give that to everybody in it.

As with the guard itself, reads may be a minute old. To attach once too often does no harm; what an
event says and the read does not show is looked at again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from reactor.errors import Permanent, Transient
from reactor.gathering import Gather, answer_of
from reactor.guard.actions import (
    AdoptGroup,
    AttachToGroup,
    CreateGroup,
    DeleteFromGroup,
    DetachFromGroup,
    ReportDrift,
)
from reactor.guard.identity import GROUP_PATH, Guard, Standing
from reactor.guard.ports import Groups
from reactor.guard.state import GroupState
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

# What the reads need; the writes declare theirs.
READS: Mapping[str, str] = {
    "group_path": "iam:GetGroup",
    "policies_of_group": "iam:ListAttachedGroupPolicies",
    "inline_policies_of_group": "iam:ListGroupPolicies",
}
POLICIES = 10  # managed ones that a group can have (IAM user guide, quotas)
_NOWHERE = Guard("", given=False)
# What its writes need, for the keeper's role: to make a group, to attach the guard, to mend it.
MAKES: frozenset[str] = CreateGroup(_NOWHERE).permissions
ATTACHES: frozenset[str] = AttachToGroup(_NOWHERE).permissions
MENDS: frozenset[str] = (
    DetachFromGroup(_NOWHERE, "").permissions | DeleteFromGroup(_NOWHERE, "").permissions
)


@dataclass(frozen=True, slots=True)
class GroupKeeper:
    """The group of one account's guard.

    `wanted`: it must be there. Else it is only kept in order where it is ours, and there.
    `adopt`: a group that is not ours is made so, as an operator asked for.
    """

    groups: Groups
    gather: Gather
    guard: Guard
    report: Callable[[Alarm], None]
    wanted: bool
    restore: Restore = Restore.ALWAYS
    adopt: bool = False

    def observe(self, cause: Cause) -> Iterator[Observation[GroupState]]:
        """Read the group; there is nothing to judge where none is wanted and none of ours is."""
        state = self._look()
        adopted = self.adopt and state.standing is Standing.FOREIGN
        if self.wanted or adopted or state.standing is Standing.OURS:
            yield Observation(cause.subject, state, reads=tuple(READS.values()))

    def decide(self, state: GroupState, cause: Cause, now: datetime) -> Decision:
        """Judge it: there, ours, carrying the guard, and nothing else."""
        if state.standing is Standing.FOREIGN and not self.adopt:
            refusal = self.guard.group_refusal()
            return Decision(
                _verdict(Compliance.NON_COMPLIANT, "guard-group-refused", refusal), error=refusal
            )
        if state.standing is Standing.MISSING:
            why = "there is no group that carries the guard"
            verdict = _verdict(Compliance.NON_COMPLIANT, "guard-group-missing", why)
            making = (CreateGroup(self.guard), AttachToGroup(self.guard))
            # One that was never there is no reason to call anybody, one that was taken away is.
            told = _is_contradicted(cause, now)
            report = (ReportDrift(self._alarm(state)),) if told else ()
            return Decision(verdict, (*report, *making))
        if not state.in_order:
            return self._mending(state)
        # What else was read may be as stale as what the event says is not so any more.
        recheck = _is_contradicted(cause, now)
        why = "it carries the guard, and nothing else"
        return Decision(
            _verdict(Compliance.COMPLIANT, "guard-group-in-place", why), recheck=recheck
        )

    def perform(self, action: Action) -> Outcome:
        """Carry out one action. Raises ReactorError as AWS fails."""
        done, group = True, self.guard.group
        match action:
            case ReportDrift():
                self.report(action.alarm)
            case CreateGroup():
                if not self.groups.create_group(group, GROUP_PATH):
                    return self._found(action)
            case AdoptGroup():
                self.groups.move_group(group, GROUP_PATH)
            case AttachToGroup():
                self.groups.attach_to_group(group, self.guard.arn)
            case DetachFromGroup():
                done = self.groups.detach_from_group(group, action.policy_arn)
            case DeleteFromGroup():
                done = self.groups.delete_from_group(group, action.policy)
            case _:
                raise TypeError(f"not an action of the group's keeper: {action!r}")
        return Outcome(action, OutcomeStatus.DONE if done else OutcomeStatus.ALREADY)

    def _look(self) -> GroupState:
        """Return what stands there, in one round trip."""
        calls = {each: partial(getattr(self.groups, each), self.guard.group) for each in READS}
        answers = {each: answer_of(answer) for each, answer in self.gather(calls).items()}
        carried = answers["policies_of_group"]
        return GroupState(
            self.guard,
            self.guard.group_standing(answers["group_path"]),
            attached=self.guard.arn in carried,
            other_policies=tuple(sorted(carried - {self.guard.arn})),
            inline_policies=tuple(sorted(answers["inline_policies_of_group"])),
        )

    def _mending(self, state: GroupState) -> Decision:
        adopted = (AdoptGroup(self.guard),) if state.standing is Standing.FOREIGN else ()
        verdict = _verdict(Compliance.NON_COMPLIANT, "guard-group-drifted", _what_is_wrong(state))
        if adopted:
            return Decision(verdict, (*adopted, *_mends(state)))
        report = ReportDrift(self._alarm(state))
        if self.restore is Restore.ALARM:
            # Who asks for a group that holds must not be told that this one does.
            return Decision(verdict, (report,), error=_left_as_it_is(state))
        return Decision(verdict, (report, *_mends(state)))

    def _alarm(self, state: GroupState) -> Alarm:
        missing = state.standing is Standing.MISSING
        kept = "it stays so" if self.restore is Restore.ALARM and not missing else "it is mended"
        return Alarm(
            AlarmKind.GUARD_DRIFTED,
            f"somebody changed the guard's group: {_what_is_wrong(state)}; {kept}",
            "see who did it (CloudTrail: DetachGroupPolicy, AttachGroupPolicy, PutGroupPolicy,"
            " UpdateGroup, DeleteGroup)",
            state.facts(),
        )

    def _found(self, action: Action) -> Outcome:
        """Settle a group that somebody was faster to create: another keeper, or somebody else."""
        state = self._look()
        if state.standing is Standing.OURS:
            return Outcome(action, OutcomeStatus.ALREADY)
        if state.standing is Standing.FOREIGN:
            raise self.guard.group_refusal()
        raise Transient(
            f"IAM says that the group {self.guard.group} exists, and that it does not",
            remedy="nothing, it is tried again; if it lasts, a group of that name in other case is"
            " in the way: aws iam list-groups",
        )


def _mends(state: GroupState) -> tuple[Action, ...]:
    """Return what brings a group of ours into order: the guard first, for that is what it is for.

    Unless its ten places are taken: then room is made before.
    """
    guard = state.guard
    attach: tuple[Action, ...] = () if state.attached else (AttachToGroup(guard),)
    tidy: tuple[Action, ...] = (
        *(DetachFromGroup(guard, each) for each in state.other_policies),
        *(DeleteFromGroup(guard, each) for each in state.inline_policies),
    )
    return (*tidy, *attach) if len(state.other_policies) >= POLICIES else (*attach, *tidy)


def _left_as_it_is(state: GroupState) -> Permanent | None:
    """Return what is wrong with a group that lacks the guard and is not mended."""
    if state.attached:
        return None
    return Permanent(
        f"the group {state.guard.group} does not carry the guard, and REACTOR_GUARD_RESTORE=alarm"
        " leaves it so",
        remedy="mend it: mfa-reactor guard apply (mfa-reactor guard diff shows what changes)",
    )


def _what_is_wrong(state: GroupState) -> str:
    if state.standing is Standing.MISSING:
        return "it is gone, by its name at least"
    lacks = [] if state.attached else ["it does not carry the guard"]
    strange = [*state.other_policies, *state.inline_policies]
    return "; ".join([*lacks, *([f"it carries {', '.join(strange)}"] if strange else [])])


def _is_contradicted(cause: Cause, now: datetime) -> bool:
    return any(
        hint.claim is Claim.GUARD_GROUP_EDITED and hint.is_young(now, RECHECK_LIFETIME)
        for hint in cause.hints
    )


def _verdict(compliance: Compliance, rule: str, why: object) -> Verdict:
    return Verdict(compliance, rule, (str(why),))
