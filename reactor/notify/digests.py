"""One digest a sweep, and none when nothing has happened since the one before.

A stage that observes finds the same users open at each sweep, and an alarm that nobody has seen to
is raised at each: what was told is remembered, and told again a day later at the latest.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from reactor.model import Alarm, AlarmKind, Compliance, SubjectKind
from reactor.notify.notices import Notice, NoticeKind, Place, digest
from reactor.reconcile import Settled
from reactor.sweeps.counts import WAYS

AGAIN_AFTER = timedelta(hours=24)
# What a digest says in its own members, or in its numbers.
_SAID_OTHERWISE = frozenset({AlarmKind.BRAKE, AlarmKind.PERMANENT_FAILURE})
# What lasts, each in a set of its own: who failed, who is open, who waits, the alarms, the numbers.
Standing = tuple[frozenset[Any], ...]
_LASTING = ("failed", "open")  # of a sweep's numbers
_NEXT = "the log of the function sweep has a record of each user"


@dataclass(slots=True)
class Told:
    """What was last told of what lasts, and when; it lives as long as the environment.

    `alarms` are those that were told apart from a digest, by kind and words.
    """

    standing: Standing = ()
    at: datetime | None = None
    alarms: dict[tuple[AlarmKind, str], datetime] = field(default_factory=dict)

    def is_news(self, standing: Standing, at: datetime) -> bool:
        """Tell whether this is to be told.

        That nothing is wrong is news only after something was.
        """
        same = not any(standing) if self.at is None else standing == self.standing
        repeats = any(standing) and self.at is not None and at - self.at >= AGAIN_AFTER
        return not same or repeats

    def is_new(self, alarm: Alarm, at: datetime) -> bool:
        """Tell whether an alarm is to be told apart from a digest."""
        last = self.alarms.get((alarm.kind, alarm.what))
        return last is None or at - last >= AGAIN_AFTER


@dataclass(slots=True)
class Gathered:
    """What a sweep's invocation has to tell, until its end."""

    remediated: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # by name, why
    open: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    alarms: list[Alarm] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    summary: Mapping[str, Any] | None = None  # of a sweep that is at its end

    @property
    def began_here(self) -> bool:
        """Whether this invocation has the whole of what the sweep has found so far."""
        return 1 in self.parts

    def add(self, each: Settled) -> None:
        """Take a subject."""
        name = each.observation.subject.name or each.observation.subject.kind.value
        is_open = each.decision.verdict.compliance is Compliance.NON_COMPLIANT
        if each.failed:
            self.failed[name] = str(each.errors[0])
        elif each.held_back:
            self.waiting.add(name)
        elif each.changed and is_open:
            self.remediated.append(name)
        elif is_open and each.observation.subject.kind is SubjectKind.USER:
            self.open.add(name)

    def notice(self, place: Place, told: Told, at: datetime) -> Notice | None:
        """Return the digest of a sweep that is at its end; None when there is nothing new in it."""
        alarms = self._to_tell()
        numbers = {**_counts(self.summary), "waiting": len(self.waiting), "alarms": len(alarms)}
        changed = self.remediated or numbers["remediated"]
        if not changed and not told.is_news(self._standing(), at):
            return None
        return digest(
            NoticeKind.SWEEP,
            f"a sweep remediated {numbers['remediated']} of {numbers['users']} users,"
            f" {numbers['failed']} failed, {numbers['open']} are left open",
            place,
            at=at,
            counts={key: value for key, value in numbers.items() if value},
            samples={
                "remediated": self.remediated,
                "failed": [f"{name}: {why}" for name, why in sorted(self.failed.items())],
                "waiting for the brake": sorted(self.waiting),
                "open": sorted(self.open),
                "alarms": [f"{each.what} → {each.remedy}" for each in alarms],
            },
            next_step=_NEXT,
        )

    def left_over(self, told: Told, at: datetime) -> list[Alarm]:
        """Return the alarms that no digest of this invocation tells of, and that are new."""
        return [each for each in self._to_tell() if told.is_new(each, at)]

    def take_for_told(self, told: Told, at: datetime) -> None:
        """Remember what of this was told at that time: only once it was handed over."""
        if self.summary is not None:
            standing = self._standing()
            if told.is_news(standing, at):
                told.standing, told.at = standing, at
            return
        before = told.alarms
        found = {
            (each.kind, each.what): at if told.is_new(each, at) else before[each.kind, each.what]
            for each in self._to_tell()
        }
        # What the first part does not find any more is in order, and news when it comes back.
        told.alarms = found if self.began_here else {**before, **found}

    def _to_tell(self) -> list[Alarm]:
        return [each for each in self.alarms if each.kind not in _SAID_OTHERWISE]

    def _standing(self) -> Standing:
        numbers = _counts(self.summary)
        lasting = frozenset((way, numbers[way]) for way in _LASTING if numbers[way])
        if not self.began_here:
            # Whom this invocation came to look at is chance; the numbers are of them all.
            return (lasting,)
        return (
            frozenset(self.failed),
            frozenset(self.open),
            frozenset(self.waiting),
            frozenset((each.kind, each.what) for each in self._to_tell()),
            lasting,
        )


def _counts(summary: Mapping[str, Any] | None) -> dict[str, int]:
    return {way: int((summary or {}).get(way, 0)) for way in WAYS}
