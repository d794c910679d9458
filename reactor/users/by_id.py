"""A user who is known by its id: AWS Config, and whoever notifies of compliance, know it so.

A name is given again, an id never is. So the name that came with the id is a lead and no more: it
may be another user's by now, and this one may have another name.
"""

from collections.abc import Callable
from dataclasses import replace

from reactor.errors import Transient
from reactor.model import Observation, Subject
from reactor.users.ports import READS
from reactor.users.reading import Reader
from reactor.users.state import Presence, UserState

ReadByName = Callable[[str], Observation[UserState]]


def read_by_id(subject: Subject, read: ReadByName, reader: Reader) -> Observation[UserState]:
    """Return what `read` tells of the user that has the subject's id, by whatever name.

    All users are listed only where the subject has no name, or one that leads to nobody or to
    somebody else. Raises ReactorError when that cannot be had.
    """
    seen = read(subject.name) if subject.name else None
    if seen is not None and (seen.error is not None or _is_it(seen, subject)):
        return _known_by_id(seen, subject)
    reads = {READS["names_by_id"], *(() if seen is None else seen.reads)}
    name = reader.iam.names_by_id().get(subject.id or "")
    if name is None:
        gone = UserState(subject.name or "", Presence.GONE, reader.guard)
        return Observation(subject, gone, tuple(sorted(reads)))
    found = read(name)
    found = replace(found, reads=tuple(sorted({*reads, *found.reads})))
    if found.error is None and not _is_it(found, subject):
        moving = Transient(
            f"the user {subject.id} was renamed or deleted while it was read",
            remedy="nothing: it is tried again",
        )
        return Observation(subject, None, found.reads, moving)
    return _known_by_id(found, subject)


def _is_it(seen: Observation[UserState], subject: Subject) -> bool:
    return seen.state is not None and seen.state.id == subject.id


def _known_by_id(seen: Observation[UserState], subject: Subject) -> Observation[UserState]:
    return replace(seen, subject=replace(seen.subject, id=subject.id))
