"""Reading users' state: one round of parallel calls for one user, bulk data for all.

Only what the rules can need under the current settings is asked. An answer that is an error is
never taken for "no": the user's observation then carries the error instead of a state.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from reactor.errors import ReactorError
from reactor.gathering import Call, Gather, answer_of
from reactor.guard.identity import Guard
from reactor.model import USER_NAME, Cause, Claim, Observation, Subject, SubjectKind, TriggerKind
from reactor.settings import Lift, Scope, Settings
from reactor.users.exemptions import exemption_of, parse_list
from reactor.users.ports import (
    CREDENTIAL_READS,
    READS,
    Iam,
    User,
    UserDetail,
)
from reactor.users.rules import guard_holds
from reactor.users.state import Presence, UserState

Answers = dict[str, Any]  # by read; a ReactorError stands in the place of its answer
COMMON = ""  # the key, no user's name, of the reads that serve every user of a round
USERS_AT_ONCE = 8  # users whose open questions a sweep asks at the same time
FEW = 16  # up to so many users are asked about one by one; of more, what bulk data says is enough


def scope_reads(settings: Settings) -> tuple[str, ...]:
    """Return the reads about a user that only some scopes need."""
    if settings.scope is Scope.EVERYONE:
        return ()
    if settings.scope is Scope.CONSOLE:
        return ("devices_of", "has_password")
    return ("devices_of",)


@dataclass(frozen=True, slots=True)
class Common:
    """What is the same for every user of a run: the guard, its group, and the exemption list."""

    guarded_groups: frozenset[str]
    group_path: str | None
    guard_tags: Mapping[str, str] | None
    listed_exempt: frozenset[str]


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads the users of one account.

    `exemption_list` returns the text of the SSM parameter that the settings name; it is not called
    when they name none.
    """

    iam: Iam
    exemption_list: Callable[[], str]
    gather: Gather
    guard: Guard
    settings: Settings

    def observe(self, cause: Cause) -> Iterator[Observation[UserState]]:
        """Yield an observation for each user that the cause's subject stands for.

        Raises ReactorError when what every judgement rests on cannot be read.
        """
        subject = cause.subject
        match subject.kind:
            case SubjectKind.EVERY_USER if cause.trigger.kind is TriggerKind.IAM_EVENT:
                yield self._in_place_of_a_user(subject, Presence.EVERYBODY)
            case SubjectKind.EVERY_USER:
                yield from self._in_bulk(cause)
            case SubjectKind.MFA_SERIAL:
                yield from self._owners(cause)
            case SubjectKind.GROUP_MEMBERS | SubjectKind.POLICY_HOLDERS:
                yield from self._named_by_iam(cause)
            case SubjectKind.ROOT:
                yield self._in_place_of_a_user(subject, Presence.ROOT)
            case SubjectKind.USER if subject.name:
                yield from self._users([subject.name], cause)
            case _:
                raise ValueError(f"not a subject of this guardrail: {subject}")

    def _in_place_of_a_user(
        self, subject: Subject, presence: Presence, *reads: str
    ) -> Observation[UserState]:
        return Observation(subject, UserState(subject.name or "", presence, self.guard), reads)

    def _named_by_iam(self, cause: Cause) -> Iterator[Observation[UserState]]:
        """Find a group's members, or whoever a policy reaches, and read them."""
        subject, reads = cause.subject, [READS["members_of"]]
        if subject.kind is SubjectKind.GROUP_MEMBERS:
            members = self.iam.members_of(subject.name or "")
            if members is None:
                yield self._in_place_of_a_user(subject, Presence.GONE, *reads)
                return
            names = set(members)
        else:
            holders = self.iam.holders_of(subject.arn or "")
            groups = {
                group: functools.partial(self.iam.members_of, group) for group in holders.groups
            }
            found = self.gather(groups).values()
            names = set(holders.users).union(*(answer_of(each) or () for each in found))
            reads.append(READS["holders_of"])
        if not names:
            yield self._in_place_of_a_user(subject, Presence.NOBODY, *reads)
        elif len(names) <= FEW:
            yield from self._users(sorted(names), cause)
        else:
            yield from self._many(names, cause)

    def _many(self, names: set[str], cause: Cause) -> Iterator[Observation[UserState]]:
        """Read many users from bulk data; they were asked for, so no brake holds for them."""
        missing = {name.lower(): name for name in names}
        for seen in self._in_bulk(cause, frozenset(missing)):
            missing.pop((seen.subject.name or "").lower(), None)
            yield replace(seen, swept=False)
        if missing:
            yield from self._users(sorted(missing.values()), cause)

    def _users(self, names: Sequence[str], cause: Cause) -> list[Observation[UserState]]:
        """Read some users in a single round of calls."""
        answers = self._gather_each(self._user_calls(names, cause) | {COMMON: self._common_calls()})
        common = answers.pop(COMMON)
        return [
            self._observation(_user(cause, name), own | common) for name, own in answers.items()
        ]

    def _gather_each(self, calls: Mapping[str, Mapping[str, Call]]) -> dict[str, Answers]:
        """Make the calls of several users in one round, and sort the answers by user again."""
        answers: dict[str, Answers] = {name: {} for name in calls}
        flat = {(name, each): call for name, own in calls.items() for each, call in own.items()}
        for (name, each), answer in self.gather(flat).items():
            answers[name][each] = answer
        return answers

    def _in_bulk(
        self, cause: Cause, only: frozenset[str] | None = None
    ) -> Iterator[Observation[UserState]]:
        """Read every user, or those of the names in `only` (lower case), from bulk data.

        Asks per user only what that leaves open.
        """
        answers = self.gather(self._common_calls())
        common = self._common(answers)
        details = _until_error(self.iam.every_user())
        while some := list(itertools.islice(details, USERS_AT_ONCE)):
            states = [self._bulk_state(each, common) for each in some if _is_detail(each)]
            wanted = [each for each in states if only is None or each.name.lower() in only]
            yield from self._answer_open_questions(cause, wanted)
            answer_of(some[-1])  # those before a page that could not be read are judged anyway

    def _owners(self, cause: Cause) -> Iterator[Observation[UserState]]:
        """Find whom a deleted device may have belonged to: its name, the caller, IAM's listing.

        A device must be deactivated before it is deleted, and that event names the user. This one
        is the second chance, so a plausible owner is enough: the user of the device's name, or the
        one whom IAM still lists, or a caller who has no device left. All leads are followed at
        once, to stay within one round of reads. When they settle nothing, it may have been
        anybody's.
        """
        serial = cause.subject.serial or ""
        leads = [serial.rpartition("/")[2], cause.caller_user or ""]
        # A device's name may be longer than a user's; IAM refuses to be asked for such a user.
        names = {name.lower(): name for name in leads if USER_NAME.fullmatch(name)}
        common = self._common_calls()
        common["device_owner"] = functools.partial(self.iam.device_owner, serial)
        answers = self._gather_each(
            self._user_calls(tuple(names.values()), cause) | {COMMON: common}
        )
        shared = answers.pop(COMMON)
        owner = shared.pop("device_owner")
        seen = [
            self._observation(_user(cause, name), own | shared) for name, own in answers.items()
        ]
        if isinstance(owner, ReactorError):
            seen.append(Observation(cause.subject, None, (READS["device_owner"],), owner))
        elif owner is not None and owner.lower() not in names:
            seen += self._users([owner], cause)
        found = [each for each in seen if not _is_gone(each)]
        others_device = leads[0].lower() != leads[1].lower() and owner is None
        if others_device and [each.subject.name for each in found] == [cause.caller_user]:
            # An administrator who tidies up, perhaps, and not the owner.
            found = [each for each in found if each.state is None or not each.state.devices]
        everyone = Subject(SubjectKind.EVERY_USER, cause.subject.account)
        yield from found or self.observe(replace(cause, subject=everyone))

    def _user_calls(self, names: Sequence[str], cause: Cause) -> dict[str, dict[str, Call]]:
        questions = {"user", "attached_policies", "groups_of", *scope_reads(self.settings)}
        # Whether a user is being deleted matters where we react to what someone does to it; and of
        # one created just now, the lack of credentials says nothing.
        if cause.trigger.kind is TriggerKind.IAM_EVENT and not _is_new(cause):
            questions.update(CREDENTIAL_READS)
        return {name: self._calls(questions, name) for name in names}

    def _calls(self, questions: Iterable[str], name: str) -> dict[str, Call]:
        return {each: functools.partial(getattr(self.iam, each), name) for each in questions}

    def _common_calls(self) -> dict[str, Call]:
        calls: dict[str, Call] = {
            each: functools.partial(getattr(self.iam, each), self.guard.arn)
            for each in ("groups_with", "policy")
        }
        calls["group_path"] = functools.partial(self.iam.group_path, self.guard.group)
        if self.settings.exempt_parameter:
            calls["exemption_list"] = self.exemption_list
        return calls

    def _common(self, answers: Answers) -> Common:
        listed = frozenset[str]()
        if self.settings.exempt_parameter:
            listed = parse_list(answer_of(answers["exemption_list"]))
        policy = answer_of(answers["policy"])
        return Common(
            answer_of(answers["groups_with"]),
            answer_of(answers["group_path"]),
            None if policy is None else policy.tags,
            listed,
        )

    def _observation(self, subject: Subject, answers: Answers) -> Observation[UserState]:
        reads = _operations(answers)
        try:
            user: User | None = answer_of(answers["user"])
            if user is None:
                gone = UserState(subject.name or "", Presence.GONE, self.guard)
                return Observation(subject, gone, reads)
            state = self._state(user, answers)
        except ReactorError as error:
            return Observation(subject, None, reads, error)
        # From here on the name as IAM spells it: the event may have another case.
        return Observation(replace(subject, name=user.name), state, reads)

    def _state(self, user: User, answers: Answers) -> UserState:
        detail = UserDetail(
            user, answer_of(answers["attached_policies"]), answer_of(answers["groups_of"]), 0
        )
        state = self._bulk_state(detail, self._common(answers))
        credentials: bool | None = None
        if all(each in answers for each in CREDENTIAL_READS):
            credentials = any(tuple(answer_of(answers[each]) for each in CREDENTIAL_READS))
        return replace(_with_answers(state, answers), has_credentials=credentials)

    def _bulk_state(self, detail: UserDetail, common: Common) -> UserState:
        return UserState(
            name=detail.user.name,
            presence=Presence.EXISTS,
            guard=self.guard,
            guard_standing=self.guard.standing(common.guard_tags),
            arn=detail.user.arn,
            path=detail.user.path,
            created_at=detail.user.created_at,
            tags=detail.user.tags,
            groups=detail.groups,
            policies=detail.policies,
            guarded_groups=common.guarded_groups,
            group_standing=self.guard.group_standing(common.group_path),
            listed_exempt=common.listed_exempt,
            inline_policies=detail.inline_policies,
        )

    def _answer_open_questions(
        self, cause: Cause, states: list[UserState]
    ) -> Iterator[Observation[UserState]]:
        calls = {each.name: self._open_questions(each, cause) for each in states}
        answers = self._gather_each(calls)
        for state in states:
            yield self._completed(cause.subject.account, state, answers[state.name])

    def _open_questions(self, state: UserState, cause: Cause) -> dict[str, Call]:
        """Return what the bulk data leaves open about a user."""
        if exemption_of(state, self.settings) is not None:
            return {}
        # What an event claims may take off the guard that was read; then the scope is asked for.
        settled = guard_holds(state) and not cause.hints
        if settled and self.settings.lift is not Lift.COMPLIANT:
            return {}
        return self._calls(scope_reads(self.settings), state.name)

    def _completed(
        self, account: str, state: UserState, answers: Answers
    ) -> Observation[UserState]:
        subject = Subject(SubjectKind.USER, account, name=state.name)
        reads = (READS["every_user"], *_operations(answers))
        try:
            return Observation(subject, _with_answers(state, answers), reads, swept=True)
        except ReactorError as error:
            return Observation(subject, None, reads, error, swept=True)


def _with_answers(state: UserState, answers: Answers) -> UserState:
    return replace(
        state,
        devices=answer_of(answers.get("devices_of")),
        has_password=answer_of(answers.get("has_password")),
    )


def _until_error(details: Iterator[UserDetail]) -> Iterator[UserDetail | ReactorError]:
    """Yield what can be read, and then the error that ended it, if one did."""
    try:
        yield from details
    except ReactorError as error:
        yield error


def _is_detail(each: UserDetail | ReactorError) -> TypeGuard[UserDetail]:
    return isinstance(each, UserDetail)


def _is_gone(seen: Observation[UserState]) -> bool:
    return seen.state is not None and seen.state.presence is Presence.GONE


def _operations(answers: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(sorted({READS[each] for each in answers}))


def _is_new(cause: Cause) -> bool:
    """Tell whether a young event says that the user was created just now."""
    now = cause.trigger.received_at
    return any(hint.claim is Claim.USER_CREATED and hint.is_young(now) for hint in cause.hints)


def _user(cause: Cause, name: str) -> Subject:
    return Subject(SubjectKind.USER, cause.subject.account, name=name)
