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
# What lasts, each in a set of its own: who failed, who is open, who waits, the alarms.
Standing = tuple[frozenset[Any], ...]
_NEXT = "the log of the function sweep has a record of each user"


@dataclass(slots=True)
class Told:
    """What the last digest said of what lasts, and when; it lives as long as the environment."""

    standing: Standing = ()
    at: datetime | None = None

    def is_news(self, standing: Standing, at: datetime) -> bool:
        """Tell whether this is to be told, and take it for told if so.

        That nothing is wrong is news only after something was.
        """
        same = not any(standing) if self.at is None else standing == self.standing
        if same and (not any(standing) or self.at is None or at - self.at < AGAIN_AFTER):
            return False
        self.standing, self.at = standing, at
        return True


@dataclass(slots=True)
class Gathered:
    """What a sweep's invocation has to tell, until its end."""

    remediated: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)  # by name, why
    open: set[str] = field(default_factory=set)
    waiting: set[str] = field(default_factory=set)
    alarms: list[Alarm] = field(default_factory=list)
    summary: Mapping[str, Any] | None = None

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
        alarms = [each for each in self.alarms if each.kind not in _SAID_OTHERWISE]
        standing: Standing = (
            frozenset(self.failed),
            frozenset(self.open),
            frozenset(self.waiting),
            frozenset((each.kind, each.what) for each in alarms),
        )
        is_news = told.is_news(standing, at)
        if not is_news and not self.remediated:
            return None
        numbers = {**_counts(self.summary), "waiting": len(self.waiting), "alarms": len(alarms)}
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

    def left_over(self) -> list[Alarm]:
        """Return the alarms that no digest of this invocation tells of."""
        return [each for each in self.alarms if each.kind not in _SAID_OTHERWISE]


def _counts(summary: Mapping[str, Any] | None) -> dict[str, int]:
    return {way: int((summary or {}).get(way, 0)) for way in WAYS}
