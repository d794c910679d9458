"""Many users who are known by their ids, as notices of compliance name them: read in bulk.

    bulk data -> would get the guard? -> asked for a credential -> whom it lacks, one by one

They are singled out as one alone is, so that here, too, who is being deleted is left alone (see
reactor.users.rules). Only who would get the guard is asked, and only until a credential is found.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial

from reactor.errors import OutOfTime, ReactorError
from reactor.model import Cause, Observation, Subject, SubjectKind
from reactor.users.bulk import Bulk
from reactor.users.ports import CREDENTIAL_READS
from reactor.users.reading import operations
from reactor.users.rules import needs_credentials
from reactor.users.state import UserState

ASKED_TOGETHER = 24  # a few seconds' worth
Seen = Observation[UserState]


def read_several(cause: Cause, bulk: Bulk, read_one: Callable[[Subject], Seen]) -> Iterator[Seen]:
    """Yield an observation of each user whose id is among the subject's.

    `read_one` reads one whom the bulk data lacks: it may be gone, or have been renamed between two
    pages. All were asked for, so that no brake holds for them. Raises ReactorError as Bulk does.
    """
    missing = set(cause.subject.ids)
    for seen in _with_credentials(cause, bulk):
        known = seen.state.id if seen.state is not None else ""
        missing.discard(known)
        yield replace(seen, subject=replace(seen.subject, id=known), swept=False)
    for each in sorted(missing):
        yield read_one(Subject(SubjectKind.USER, cause.subject.account, id=each))


def _with_credentials(cause: Cause, bulk: Bulk) -> Iterator[Seen]:
    """Yield what bulk data tells, and of those who would get the guard whether they may sign in.

    They are asked while the bulk data still comes: else all the time that there is for reading
    might go into that, with every try, and nobody would ever be changed.
    """
    waiting: list[tuple[Seen, UserState]] = []
    ended: ReactorError | None = None
    try:
        for seen in bulk.observe(cause, only_ids=cause.subject.ids):
            state = seen.state if seen.error is None else None
            if state is None or not needs_credentials(state, bulk.reader.settings):
                yield seen
                continue
            waiting.append((seen, state))
            if len(waiting) == ASKED_TOGETHER:
                yield from _asked(waiting, bulk)
                waiting = []
    except ReactorError as error:
        ended = error
    yield from _asked(waiting, bulk)
    if ended is not None:
        raise ended


def _asked(users: Sequence[tuple[Seen, UserState]], bulk: Bulk) -> Iterator[Seen]:
    calls = (
        (place, partial(_has_credentials, bulk, state)) for place, (_, state) in enumerate(users)
    )
    for place, has in bulk.calls.stream(calls):
        seen, state = users[place]
        reads = tuple(sorted({*seen.reads, *operations(CREDENTIAL_READS)}))
        if isinstance(has, ReactorError):
            yield replace(seen, reads=reads, error=has)
        else:
            yield replace(seen, reads=reads, state=replace(state, has_credentials=has))


def _has_credentials(bulk: Bulk, user: UserState) -> bool:
    """Ask one user for a credential of any kind, and no further once there is one."""
    if not bulk.has_time():
        raise OutOfTime
    return any(call() for call in bulk.reader.calls(CREDENTIAL_READS, user.name).values())
