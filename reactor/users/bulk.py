"""Everybody at once, from bulk data: a few pages, whoever many users there are.

    pages of users and groups -> in order, or open? -> a virtual device? -> asked one by one

In scope `privileged` only they are asked who may do something dangerous, which pages tell, too.

Pages are fetched ahead while users are judged. What bulk data cannot tell (a hardware token, a
passkey, a password) is asked only about users whom it matters for, when everybody else is done.
A user who comes twice, because it was renamed or pages shifted, is taken once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from reactor.errors import OutOfTime, ReactorError
from reactor.gathering import Calling, always, settled
from reactor.model import Cause, Claim, Observation, Subject, SubjectKind
from reactor.settings import Scope
from reactor.users.ports import READS, AccountPage, GroupDetail
from reactor.users.reading import Answers, Reader, operations, scope_reads, with_answers
from reactor.users.rules import danger_to, needs_scope
from reactor.users.state import Device, UserState

ASKED_IN_ANY_ORDER = 200  # they take a few seconds; to order more is worth the report's two calls
Devices = Mapping[str, tuple[Device, ...]]  # by the user's id


@dataclass(frozen=True, slots=True)
class SoFar:
    """What earlier parts of the same sweep have found out, by users' ids.

    `done`: who needs no look any more. Who was asked, and has no device, is `lacking`; or
    `passwordless`, if it was asked for a password, too, and has none.
    """

    done: frozenset[str] = frozenset()
    lacking: frozenset[str] = frozenset()
    passwordless: frozenset[str] = frozenset()


@dataclass(slots=True)
class Bulk:
    """Reads everybody in one account.

    `has_time` says whether there is time for another question; without it, users are left open
    (OutOfTime). `to_ask` orders those who are asked, where they are so many that it may matter.
    `groups` are those of the account, by name, when everybody was read.
    """

    reader: Reader
    calls: Calling
    known: SoFar = field(default_factory=SoFar)
    has_time: Callable[[], bool] = always
    to_ask: Callable[[list[UserState]], list[UserState]] | None = None
    groups: dict[str, GroupDetail] = field(default_factory=dict, init=False)

    def observe(
        self,
        cause: Cause,
        only: frozenset[str] | None = None,
        only_ids: frozenset[str] | None = None,
    ) -> Iterator[Observation[UserState]]:
        """Yield an observation of each user, or of some.

        Those whose names are in `only` (lower case), and whose ids are in `only_ids`; None is all.
        Raises ReactorError when what every judgement rests on cannot be read, and when a page
        cannot, after those before it.
        """
        iam = self.reader.iam
        pages = self.calls.ahead(iam.account_pages())
        devices = self.calls.ahead(self._virtual_devices(cause))
        undecided: list[UserState] = []
        ended: ReactorError | None = None
        try:
            for state in self._states(pages, only, only_ids):
                if needs_scope(state, self.reader.settings, cause):
                    undecided.append(state)
                else:
                    yield self._seen(cause, state)
        except ReactorError as error:
            ended = error
        found = settled(partial(next, devices))  # waited for in any case: it is under way
        yield from self._decide(undecided, found, cause)
        if ended is not None:
            raise ended

    def _virtual_devices(self, cause: Cause) -> Iterator[Devices]:
        """Yield the devices, once; none where no verdict needs them, or an event denies one."""
        denied = any(hint.claim is Claim.DEVICE_REMOVED for hint in cause.hints)
        if scope_reads(self.reader.settings) and not denied:
            yield self.reader.iam.virtual_devices()
        else:
            yield {}

    def _states(
        self,
        pages: Iterator[AccountPage],
        only: frozenset[str] | None,
        only_ids: frozenset[str] | None,
    ) -> Iterator[UserState]:
        common = self.reader.common(self.calls.gather(self.reader.common_calls()))
        taken = set(self.known.done)
        for page in pages:
            self.groups.update((each.name, each) for each in page.groups)
            for detail in page.users:
                wanted = only is None or detail.user.name.lower() in only
                wanted = wanted and (only_ids is None or detail.user.id in only_ids)
                if wanted and detail.user.id not in taken:
                    taken.add(detail.user.id)
                    yield self.reader.state(detail, common)

    def _decide(
        self, undecided: list[UserState], devices: Devices | ReactorError, cause: Cause
    ) -> Iterator[Observation[UserState]]:
        """Yield those with a virtual device while the others are asked about."""
        if isinstance(devices, ReactorError):
            for state in undecided:
                yield self._seen(cause, state, "virtual_devices", error=devices)
            return
        enrolled = [each for each in undecided if each.id in devices]
        rest, told = self._by_powers([each for each in undecided if each.id not in devices], cause)
        known = self.known.lacking | self.known.passwordless
        asked = [each for each in rest if each.id not in known]
        if self.to_ask is not None and len(asked) > ASKED_IN_ANY_ORDER:
            asked = self.to_ask(asked)
        answered = self.calls.ahead(self._ask(asked, cause))
        yield from told
        for state in enrolled:
            yield self._seen(cause, replace(state, devices=devices[state.id]), "virtual_devices")
        for state in rest:
            if state.id in known:
                yield self._asked_before(cause, state)
        yield from answered

    def _by_powers(
        self, states: list[UserState], cause: Cause
    ) -> tuple[list[UserState], list[Observation[UserState]]]:
        """Return who may do something dangerous, and what was seen of the others.

        So that only they are asked for devices. In other scopes that is everybody.
        """
        reader = self.reader
        if reader.settings.scope is not Scope.PRIVILEGED:
            return states, []
        from reactor.users.policies import IN_BULK, Policies  # noqa: PLC0415 - one scope only

        dangerous, told = list[UserState](), list[Observation[UserState]]()
        read = Policies(reader.iam, self.calls, reader.kept).in_bulk(states, self.groups)
        for state, powers in zip(states, read, strict=True):
            if isinstance(powers, ReactorError):
                told.append(self._seen(cause, state, *IN_BULK, error=powers))
                continue
            able = replace(state, powers=powers)
            if danger_to(able, reader.settings) is None:
                told.append(self._seen(cause, able, *IN_BULK))
            else:
                dangerous.append(able)
        return dangerous, told

    def _asked_before(self, cause: Cause, state: UserState) -> Observation[UserState]:
        """Return what an earlier part of the sweep was told about a user."""
        reads = scope_reads(self.reader.settings)
        has_password = state.id in self.known.lacking if "has_password" in reads else None
        known = replace(state, devices=(), has_password=has_password, asked_before=True)
        return self._seen(cause, known, *reads)

    def _ask(self, states: list[UserState], cause: Cause) -> Iterator[Observation[UserState]]:
        calls = ((place, partial(self._answers, state)) for place, state in enumerate(states))
        for place, answers in self.calls.stream(calls):
            state = states[place]
            if isinstance(answers, ReactorError):
                yield self._seen(cause, state, error=answers)
                continue
            try:
                complete = with_answers(state, answers)
            except ReactorError as error:
                yield self._seen(cause, state, *answers, error=error)
            else:
                yield self._seen(cause, complete, *answers)

    def _answers(self, state: UserState) -> Answers:
        """Ask what the scope needs of one user, and no more: who has a device is out of it."""
        if not self.has_time():
            raise OutOfTime
        answers: dict[str, object] = {}
        for read, call in self.reader.calls(scope_reads(self.reader.settings), state.name).items():
            answers[read] = settled(call)
            if answers[read]:
                break
        return answers

    def _seen(
        self, cause: Cause, state: UserState, *reads: str, error: ReactorError | None = None
    ) -> Observation[UserState]:
        subject = Subject(SubjectKind.USER, cause.subject.account, name=state.name)
        asked = (READS["account_pages"], *operations(reads))
        return Observation(subject, state, asked, error, swept=True)
