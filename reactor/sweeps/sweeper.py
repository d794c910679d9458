"""One sweep, part by part, for as long as the invocation has time.

A part looks at everybody in bulk, and then asks and changes users for a minute at most: what was
read is not acted on much longer. When the invocation's time runs out, what is left is handed on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Protocol

from reactor.audit import Journal
from reactor.reconcile import RESERVE_SECONDS, Clock, Recorder, Run, Settled
from reactor.sweeps.counts import is_quiet
from reactor.sweeps.drift import Finds
from reactor.sweeps.progress import Progress

LOOK_SECONDS = 60.0  # for how long after a look what it found is acted on
SHARE_IN_RESERVE = 4  # where the function has less than a minute, a quarter of what it has


class Look(Protocol):
    """Looks at everybody, from `progress` on, and acts while `has_time`."""

    def __call__(self, progress: Progress, has_time: Callable[[], bool], record: Recorder) -> Run:
        """Return the run; reads that fail are in it."""


class End(Enum):
    """How an invocation leaves a sweep."""

    WHOLE = auto()  # everybody was looked at
    STUCK = auto()  # no part gets any further
    LEFT = auto()  # another invocation goes on
    CUT = auto()  # another would have to, and may not


@dataclass(frozen=True, slots=True)
class Swept:
    """How far an invocation has brought a sweep, with its last part."""

    progress: Progress
    run: Run
    end: End


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries a sweep on.

    `seconds_left` is the invocation's time; `take_calls` returns IAM calls made since it was last
    called, by operation, and the throttled ones among them. `may_hand_on`: another invocation can
    go on when the time is up.
    """

    look: Look
    journal: Journal
    finds: Finds
    clock: Clock
    seconds_left: Callable[[], float]
    take_calls: Callable[[], tuple[dict[str, int], dict[str, int]]]
    brake: int = 0
    may_hand_on: bool = True

    def carry_on(self, progress: Progress) -> Swept:
        """Carry a sweep on until it is at its end, or time is short."""
        reserve = min(RESERVE_SECONDS, self.seconds_left() / SHARE_IN_RESERVE)
        known = self.finds.before is not None
        drift = progress.counts.drift if progress.part > 1 else 0
        progress.counts.drift = drift if known else None
        while True:
            part = _Part(progress, self.journal, self.finds)
            run, reading = self._look(part, reserve)
            after = progress.after(run)
            needed = reserve + max(reserve, reading)
            goes_on = progress.goes_on(run, after, slowly_read=reading > reserve)
            end = self._end(needed, goes_on=goes_on, run=run)
            is_left = end is None or end is End.LEFT
            if not is_left:
                part.tell_of_the_rest()
            self._sum_up(progress, is_left=is_left)
            progress = after
            if end is not None:
                return Swept(progress, run, end)

    def _end(self, needed: float, *, goes_on: bool, run: Run) -> End | None:
        """Return how this invocation ends; None when it has time for another part.

        That one has to read everybody anew before it comes to anything.
        """
        if not goes_on:
            return End.STUCK if any(each.out_of_time for each in run.settled) else End.WHOLE
        if self.seconds_left() > needed:
            return None
        return End.LEFT if self.may_hand_on else End.CUT

    def _look(self, part: "_Part", reserve: float) -> tuple[Run, float]:
        """Return what a part came to, and the seconds that it took before it first acted."""
        until = max(reserve, self.seconds_left() - LOOK_SECONDS)
        self.journal.part(part.progress.sweep, part.progress.part)
        began, acted = self.clock(), list[datetime]()

        def has_time() -> bool:
            if not acted:
                acted.append(self.clock())
            return self.seconds_left() > until

        run = self.look(part.progress, has_time, part.take)
        reading = ((*acted, self.clock())[0] - began).total_seconds()
        part.progress.counts.took(*self.take_calls())
        self.journal.held_back(run, self.brake)
        self.journal.permanent_failures(run)
        return run, reading

    def _sum_up(self, progress: Progress, *, is_left: bool) -> None:
        seconds = round((self.clock() - progress.began).total_seconds(), 3)
        self.journal.sweep({**progress.counts.describe(), "seconds": seconds}, is_left=is_left)


@dataclass(slots=True)
class _Part:
    """One part: who is `put_off` to the next one, if there is one; the others are told of.

    What was begun for those who are put off is recorded at once: the next part may find it done,
    and nothing to do.
    """

    progress: Progress
    journal: Journal
    finds: Finds
    put_off: list[Settled] = field(default_factory=list)

    def take(self, each: Settled) -> None:
        """Take what is settled."""
        if not self.progress.puts_off(each):
            self._tell(each)
            return
        self.put_off.append(each)
        if each.may_have_changed:
            self.journal.record(each)

    def tell_of_the_rest(self) -> None:
        """Tell of those who were put off: no other part looks at them."""
        for each in self.put_off:
            self._tell(each, recorded=each.may_have_changed)

    def _tell(self, each: Settled, *, recorded: bool = False) -> None:
        counts = self.progress.counts
        counts.add(each)
        drifted = self.finds.is_new(each)
        if counts.drift is not None:
            counts.drift += drifted
        if recorded:
            self.journal.count(each)
        elif is_quiet(each):
            self.journal.in_order(each)
        else:
            self.journal.settled(each)
