"""What an invocation has to tell: heard from its journal, handed over at its end.

Nothing here may keep a record, a plan or an invocation from coming to its end: a mistake in it is
kept, and told at the end as any other failure.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reactor.errors import ReactorError, as_ours, shorten
from reactor.model import Alarm, AlarmKind, Trigger
from reactor.notify.digests import Gathered, Told
from reactor.notify.findings import KINDS
from reactor.notify.notices import (
    MOST_ITEMS,
    Notice,
    NoticeKind,
    Place,
    alarm_notice,
    digest,
    notice_of,
)
from reactor.notify.reports import Stand, Standing
from reactor.reconcile import Clock, Settled

_CLOSES = (Standing.COMPLIES, Standing.EXCUSED)  # as Stand.to_close
# Of an asynchronous invocation's payload; Lambda takes 1 MB (developer guide, quotas; 256 KB until
# October 2025). A sweep of as many users as an account may have takes a few.
PAYLOAD_BYTES = 900_000


@dataclass(slots=True)
class Outbox:
    """The journal's listener, for one invocation. `told` outlives it.

    `notices`, `findings`: whether anybody wants them.
    """

    place: Place
    told: Told
    clock: Clock
    notices: bool = True
    findings: bool = True
    error: ReactorError | None = field(default=None, init=False)  # a mistake of ours
    _single: list[Notice] = field(default_factory=list, init=False)
    _alarms: list[Notice] = field(default_factory=list, init=False)
    _failures: set[str] = field(default_factory=set, init=False)
    _sweep: Gathered | None = field(default=None, init=False)
    _missed: bool = field(default=False, init=False)
    _stand: Stand = field(init=False)

    def __post_init__(self) -> None:
        self._stand = Stand(self.clock())

    def settled(self, each: Settled) -> None:
        """Hear of a subject."""
        self._safely(lambda: self._settled(each))

    def alarm(self, alarm: Alarm, trigger: Trigger | None) -> None:
        """Hear of an alarm."""
        self._safely(lambda: self._alarm(alarm, trigger))

    def part(self, part: int) -> None:
        """Hear that a sweep's part begins: from now on there will be one digest."""
        self._sweep = self._sweep or Gathered()
        self._sweep.parts.append(part)

    def sweep(self, summary: Mapping[str, Any], *, is_left: bool) -> None:
        """Hear what a sweep comes to; one that is at its end has a digest."""
        if self._sweep is not None and not is_left:
            self._sweep.summary = summary

    def hand_over(self, give: Callable[[bytes], None]) -> ReactorError | None:
        """Give what there is to tell, payload by payload; return the first error, if any.

        What was not given counts as not told: the next sweep tells it.
        """
        at = self.clock()
        self._safely(lambda: self._hand_over(give, at))
        return self.error

    def _hand_over(self, give: Callable[[bytes], None], at: datetime) -> None:
        errors = list[ReactorError]()
        for payload in self._payloads(at):
            try:
                give(payload)
            except Exception as error:  # noqa: BLE001 - it is returned; the others may get through
                errors.append(as_ours(error))
        if errors:
            raise errors[0]
        if self._sweep is not None:
            self._sweep.take_for_told(self.told, at)

    def _payloads(self, at: datetime) -> Iterator[bytes]:
        """Yield what to hand over, each within what one invocation takes; nothing if nothing is."""
        notices = [each.describe() for each in self._all_notices(at)] if self.notices else []
        stand = self._stand
        if self._sweep is None:
            # Who complies is left to the sweep, if one looks: else each event would have findings
            # read.
            stand.ids = _of_no_sweep(stand.ids)
        elif self._is_whole():
            stand.whole = True
        yield from _packed(self.place.run, notices, stand)

    def _settled(self, each: Settled) -> None:
        state = each.observation.state
        self._missed |= state is None or each.out_of_time
        if self.findings:
            self._stand.add(each)
        if self._sweep is not None:
            self._sweep.add(each)
            return
        notice = notice_of(each, self.place) if self.notices else None
        if notice is not None:
            self._single.append(notice)
            if notice.kind is NoticeKind.NOT_REMEDIATED:
                self._failures.update(shorten(error) for error in each.errors)

    def _alarm(self, alarm: Alarm, trigger: Trigger | None) -> None:
        if self._sweep is not None:
            self._sweep.alarms.append(alarm)
            return
        told_already = alarm.kind is AlarmKind.PERMANENT_FAILURE and alarm.what in self._failures
        if not told_already:
            self._alarms.append(alarm_notice(alarm, trigger, self.place, self.clock()))

    def _all_notices(self, at: datetime) -> list[Notice]:
        found = self._alarms + _few(self._single, self.place, at)
        if self._sweep is None:
            return found
        if self._sweep.summary is None:
            # Another invocation goes on with the sweep, and does not know of these.
            left = self._sweep.left_over(self.told, at)
            return [alarm_notice(each, None, self.place, at) for each in left]
        notice = self._sweep.notice(self.place, self.told, at)
        return [] if notice is None else [notice]

    def _is_whole(self) -> bool:
        """Whether this invocation has looked at everybody: a whole sweep, and none missed."""
        sweep = self._sweep
        ended = sweep is not None and sweep.began_here and sweep.summary is not None
        return ended and not self._missed

    def _safely(self, hear: Callable[[], None]) -> None:
        try:
            hear()
        except Exception as error:  # noqa: BLE001 - it is told at the end; see above
            self.error = self.error or as_ours(error)


def not_handed_over(error: ReactorError) -> Alarm:
    """Return the alarm for what never came as far as a channel."""
    return Alarm(
        AlarmKind.NOTICE_UNDELIVERED,
        f"what happened was not handed over to be told: {shorten(error)}",
        error.remedy,
        {"channel": "notify"},
    )


def _of_no_sweep(ids: Mapping[Standing, Mapping[str, list[str]]]) -> dict[Standing, Any]:
    """Return those whose findings are to be closed now, because no sweep comes to close them."""
    found = {
        standing: {
            type_: some
            for type_, some in ids.get(standing, {}).items()
            if type_ in KINDS and not KINDS[type_].swept
        }
        for standing in _CLOSES
    }
    return {standing: types for standing, types in found.items() if types}


def _few(notices: list[Notice], place: Place, at: datetime) -> list[Notice]:
    """Return notices as they are, or one in place of many: an event may concern thousands."""
    if len(notices) <= MOST_ITEMS:
        return notices
    kinds = {kind: [each.name for each in notices if each.kind is kind] for kind in NoticeKind}
    numbers = {kind.value: len(names) for kind, names in kinds.items() if names}
    said = ", ".join(f"{many} {kind}" for kind, many in numbers.items())
    many = digest(
        NoticeKind.MANY,
        f"an event concerned {len(notices)} {_kinds(notices)}: {said}",
        place,
        at=at,
        counts=numbers,
        samples={kind.value: names for kind, names in kinds.items()},
        next_step="the function's log has a record of each",
    )
    first = notices[0]
    return [
        replace(
            many,
            caller=first.caller,
            source_address=first.source_address,
            event=first.event,
            event_time=first.event_time,
        )
    ]


def _kinds(notices: list[Notice]) -> str:
    """Return what they are of, in plain words: `users`."""
    return " and ".join(sorted({f"{each.subject.get('kind', 'subject')}s" for each in notices}))


def _packed(run: str, notices: list[dict[str, Any]], stand: Stand) -> Iterator[bytes]:
    """Yield payloads: the ids all in the first, so that who is gone can be told by them."""
    box = _Box(run, stand)
    for key, items in (
        ("notices", notices),
        ("reports", [each.describe() for each in stand.reports]),
    ):
        for each in items:
            if not box.has_room_for(each):
                yield box.payload()
                box = _Box(run, Stand(stand.at))
            box.put(key, each)
    if not box.is_empty:
        yield box.payload()


class _Box:
    """One payload, while it is filled. It takes a stand's ids, and its reports one by one."""

    def __init__(self, run: str, stand: Stand) -> None:
        self._head = stand.describe_ids()
        self._reports: list[object] = []
        self._body: dict[str, Any] = {"asked_by": run, "notices": []}
        self._bytes = len(_json(self._body)) + len(_json(self._head))

    @property
    def is_empty(self) -> bool:
        return not (self._body["notices"] or self._reports or self._head["ids"])

    def has_room_for(self, item: object) -> bool:
        return self._bytes + len(_json(item)) + 2 <= PAYLOAD_BYTES

    def put(self, key: str, item: object) -> None:
        (self._reports if key == "reports" else self._body["notices"]).append(item)
        self._bytes += len(_json(item)) + 2

    def payload(self) -> bytes:
        stand = {"stand": {**self._head, "reports": self._reports}}
        says = self._reports or self._head["ids"]
        return _json({**self._body, **(stand if says else {})})


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
