"""Reading users' state: one round of parallel calls for one user, bulk data for all.

Only what the rules can need under the current settings is asked. An answer that is an error is
never taken for "no": the user's observation then carries the error instead of a state.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from reactor.errors import ReactorError
from reactor.gathering import Call, Calling, answer_of
from reactor.model import USER_NAME, Cause, Claim, Observation, Subject, SubjectKind, TriggerKind
from reactor.users.bulk import Bulk
from reactor.users.by_id import read_by_id
from reactor.users.ports import CREDENTIAL_READS, READS, User, UserDetail
from reactor.users.reading import Answers, Reader, operations, scope_reads, with_answers
from reactor.users.rules import needs_powers
from reactor.users.several import read_several
from reactor.users.state import Presence, UserState

COMMON = ""  # the key, no user's name, of the reads that serve every user of a round
# What singles users out; the others look at everybody, or only judge.
_SINGLE_OUT = frozenset({TriggerKind.IAM_EVENT, TriggerKind.COMPLIANCE})
FEW = 16  # up to so many users are asked about one by one; of more, what bulk data says is enough


@dataclass(frozen=True, slots=True)
class Observer:
    """Reads the users of one account: some by themselves, many and all in bulk."""

    reader: Reader
    calls: Calling
    bulk: Bulk

    def observe(self, cause: Cause) -> Iterator[Observation[UserState]]:
        """Yield an observation for each user that the cause's subject stands for.

        Raises ReactorError when what every judgement rests on cannot be read.
        """
        subject = cause.subject
        match subject.kind:
            case SubjectKind.EVERY_USER if cause.trigger.kind is TriggerKind.IAM_EVENT:
                yield self._in_place_of_a_user(subject, Presence.EVERYBODY)
            case SubjectKind.EVERY_USER:
                yield from self.bulk.observe(cause)
            case SubjectKind.MFA_SERIAL:
                yield from self._owners(cause)
            case SubjectKind.GROUP_MEMBERS | SubjectKind.POLICY_HOLDERS:
                yield from self._named_by_iam(cause)
            case SubjectKind.ROOT:
                yield self._in_place_of_a_user(subject, Presence.ROOT)
            case SubjectKind.USER if subject.id:
                yield self._by_id(subject, cause)
            case SubjectKind.SEVERAL_USERS:
                yield from read_several(cause, self.bulk, lambda each: self._by_id(each, cause))
            case SubjectKind.USER if subject.name:
                yield from self._users([subject.name], cause)
            case _:
                raise ValueError(f"not a subject of this guardrail: {subject}")

    def _by_id(self, subject: Subject, cause: Cause) -> Observation[UserState]:
        return read_by_id(subject, lambda name: self._users([name], cause)[0], self.reader)

    def _in_place_of_a_user(
        self, subject: Subject, presence: Presence, *reads: str
    ) -> Observation[UserState]:
        return Observation(
            subject, UserState(subject.name or "", presence, self.reader.guard), reads
        )

    def _named_by_iam(self, cause: Cause) -> Iterator[Observation[UserState]]:
        """Find a group's members, or whoever a policy reaches, and read them."""
        subject, reads = cause.subject, [READS["members_of"]]
        if subject.kind is SubjectKind.GROUP_MEMBERS:
            members = self._ask(partial(self.reader.iam.members_of, subject.name or ""))
            if members is None:
                yield self._in_place_of_a_user(subject, Presence.GONE, *reads)
                return
            names = set(members)
        else:
            holders = self._ask(partial(self.reader.iam.holders_of, subject.arn or ""))
            groups = {group: partial(self.reader.iam.members_of, group) for group in holders.groups}
            found = self.calls.gather(groups).values()
            names = set(holders.users).union(*(answer_of(each) or () for each in found))
            reads.append(READS["holders_of"])
        if not names:
            yield self._in_place_of_a_user(subject, Presence.NOBODY, *reads)
        elif len(names) <= FEW:
            yield from self._users(sorted(names), cause)
        else:
            yield from self._many(names, cause)

    def _ask(self, call: Call) -> Any:  # noqa: ANN401 - any answer
        """Make one call, and wait for it no longer than there is time."""
        ((_, answer),) = self.calls.stream([(COMMON, call)])
        return answer_of(answer)

    def _many(self, names: set[str], cause: Cause) -> Iterator[Observation[UserState]]:
        """Read many users from bulk data; they were asked for, so no brake holds for them."""
        missing = {name.lower(): name for name in names}
        for seen in self.bulk.observe(cause, frozenset(missing)):
            missing.pop((seen.subject.name or "").lower(), None)
            yield replace(seen, swept=False)
        if missing:
            yield from self._users(sorted(missing.values()), cause)

    def _users(self, names: Sequence[str], cause: Cause) -> list[Observation[UserState]]:
        """Read some users in a single round of calls."""
        answers = self._gather_each(
            self._user_calls(names, cause) | {COMMON: self.reader.common_calls()}
        )
        common = answers.pop(COMMON)
        return self._with_powers(
            [self._observation(_user(cause, name), own | common) for name, own in answers.items()],
            cause,
        )

    def _with_powers(
        self, seen: list[Observation[UserState]], cause: Cause
    ) -> list[Observation[UserState]]:
        """Read what those may do whose verdict depends on it and is still open."""
        settings, found = self.reader.settings, list(seen)
        wanting = {
            place: each.state
            for place, each in enumerate(seen)
            if each.state is not None and needs_powers(each.state, settings, cause)
        }
        if wanting:
            from reactor.users.policies import ONE_BY_ONE, Policies  # noqa: PLC0415 - one scope only

            policies = Policies(self.reader.iam, self.calls, self.reader.kept)
            read = policies.one_by_one(list(wanting.values()))
            for (place, state), powers in zip(wanting.items(), read, strict=True):
                reads = tuple(sorted({*seen[place].reads, *operations(ONE_BY_ONE)}))
                found[place] = (
                    replace(seen[place], state=None, reads=reads, error=powers)
                    if isinstance(powers, ReactorError)
                    else replace(seen[place], state=replace(state, powers=powers), reads=reads)
                )
        return found

    def _gather_each(self, calls: Mapping[str, Mapping[str, Call]]) -> dict[str, Answers]:
        """Make the calls of several users in one round, and sort the answers by user again."""
        answers: dict[str, Answers] = {name: {} for name in calls}
        flat = {(name, each): call for name, own in calls.items() for each, call in own.items()}
        for (name, each), answer in self.calls.gather(flat).items():
            answers[name][each] = answer
        return answers

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
        common = self.reader.common_calls()
        common["device_owner"] = partial(self.reader.iam.device_owner, serial)
        answers = self._gather_each(
            self._user_calls(tuple(names.values()), cause) | {COMMON: common}
        )
        shared = answers.pop(COMMON)
        owner = shared.pop("device_owner")
        seen = self._with_powers(
            [self._observation(_user(cause, name), own | shared) for name, own in answers.items()],
            cause,
        )
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
        questions = {"user", "attached_policies", "groups_of", *scope_reads(self.reader.settings)}
        # Whether a user is being deleted matters where we react to what someone does to it, or a
        # rule finds; and of one created just now, the lack of credentials says nothing.
        if cause.trigger.kind in _SINGLE_OUT and not _is_new(cause):
            questions.update(CREDENTIAL_READS)
        return {name: self.reader.calls(questions, name) for name in names}

    def _observation(self, subject: Subject, answers: Answers) -> Observation[UserState]:
        reads = operations(answers)
        try:
            user: User | None = answer_of(answers["user"])
            if user is None:
                gone = UserState(subject.name or "", Presence.GONE, self.reader.guard)
                return Observation(subject, gone, reads)
            state = self._state(user, answers)
        except ReactorError as error:
            return Observation(subject, None, reads, error)
        # From here on the name as IAM spells it: the event may have another case.
        return Observation(replace(subject, name=user.name), state, reads)

    def _state(self, user: User, answers: Answers) -> UserState:
        detail = UserDetail(
            user, answer_of(answers["attached_policies"]), answer_of(answers["groups_of"])
        )
        state = self.reader.state(detail, self.reader.common(answers))
        credentials: bool | None = None
        if all(each in answers for each in CREDENTIAL_READS):
            credentials = any(tuple(answer_of(answers[each]) for each in CREDENTIAL_READS))
        return replace(with_answers(state, answers), has_credentials=credentials)


def _is_gone(seen: Observation[UserState]) -> bool:
    return seen.state is not None and seen.state.presence is Presence.GONE


def _is_new(cause: Cause) -> bool:
    """Tell whether a young event says that the user was created just now."""
    now = cause.trigger.received_at
    return any(hint.claim is Claim.USER_CREATED and hint.is_young(now) for hint in cause.hints)


def _user(cause: Cause, name: str) -> Subject:
    return Subject(SubjectKind.USER, cause.subject.account, name=name)
