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
# Of an asynchronous invocation's payload. Lambda takes 1 MB since October 2025, and took 256 KB
# before (developer guide, quotas); no word says that all partitions have that by now.
PAYLOAD_BYTES = 250_000
_FRAME_BYTES = 1_000  # of that, for all but the items
_IDS_AN_ITEM = 500


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
            stand.whole = self.findings
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
    """Yield payloads, the notices first: nothing that findings need keeps people waiting."""
    some, room = list[tuple[str, Any]](), PAYLOAD_BYTES - _FRAME_BYTES
    for each in (*(("notices", notice) for notice in notices), *_items(stand)):
        size = len(_json(each))
        if some and size > room:
            yield _payload(run, stand.at, some)
            some, room = [], PAYLOAD_BYTES - _FRAME_BYTES
        some.append(each)
        room -= size
    if some:
        yield _payload(run, stand.at, some)


def _items(stand: Stand) -> Iterator[tuple[str, Any]]:
    """Yield what a stand says, in items that may travel apart.

    Ids by which who is gone can be told do not; as many users as an account may have are few.
    """
    ids = stand.describe_ids()["ids"]
    if stand.whole:
        yield "whole", ids
    else:
        for standing, types in ids.items():
            for type_, each in types.items():
                for start in range(0, len(each), _IDS_AN_ITEM):
                    yield "ids", (standing, type_, each[start : start + _IDS_AN_ITEM])
    for report in stand.latest:
        yield "reports", report.describe()


def _payload(run: str, at: datetime, items: list[tuple[str, Any]]) -> bytes:
    by_key: dict[str, list[Any]] = {key: [] for key in ("notices", "whole", "ids", "reports")}
    for key, item in items:
        by_key[key].append(item)
    ids: dict[str, dict[str, list[str]]] = by_key["whole"][0] if by_key["whole"] else {}
    for standing, type_, some in by_key["ids"]:
        ids.setdefault(standing, {}).setdefault(type_, []).extend(some)
    said: dict[str, Any] = {"asked_by": run, "notices": by_key["notices"]}
    if len(by_key["notices"]) < len(items):
        whole, reports = bool(by_key["whole"]), by_key["reports"]
        said["stand"] = {"at": at.isoformat(), "whole": whole, "ids": ids, "reports": reports}
    return _json(said)


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
