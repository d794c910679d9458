"""One sweep, part by part, for as long as the invocation has time.

A part looks at everybody in bulk, and then asks and changes users for a minute at most: what was
read is not acted on much longer. When the invocation's time runs out, what is left is handed on.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from reactor.audit import Journal
from reactor.reconcile import Clock, Recorder, Run, Settled
from reactor.sweeps.counts import is_quiet
from reactor.sweeps.drift import Drift
from reactor.sweeps.progress import Progress

LOOK_SECONDS = 60.0  # for how long after a look what it found is acted on
RESERVE_SECONDS = 15.0  # of the function's time: for the calls under way, and to hand on
SHARE_IN_RESERVE = 4  # where the function has less than a minute, a quarter of what it has


class Look(Protocol):
    """Looks at everybody, from `progress` on, and acts while `has_time`."""

    def __call__(self, progress: Progress, has_time: Callable[[], bool], record: Recorder) -> Run:
        """Return the run; reads that fail are in it."""


@dataclass(frozen=True, slots=True)
class Swept:
    """How far an invocation has brought a sweep, with its last part; `is_left`: not to its end."""

    progress: Progress
    run: Run
    is_left: bool


@dataclass(frozen=True, slots=True)
class Sweeper:
    """Carries a sweep on.

    `seconds_left` is the invocation's time; `take_calls` returns IAM calls made since it was last
    called, by operation, and the throttled ones among them.
    """

    look: Look
    journal: Journal
    drift: Drift
    clock: Clock
    seconds_left: Callable[[], float]
    take_calls: Callable[[], tuple[dict[str, int], dict[str, int]]]
    brake: int = 0

    def carry_on(self, progress: Progress) -> Swept:
        """Carry a sweep on until it is at its end, or time is short."""
        reserve = min(RESERVE_SECONDS, self.seconds_left() / SHARE_IN_RESERVE)
        if progress.part == 1:
            progress.counts.drift = self.drift.begin(progress.sweep)
        elif not self.drift.goes_on(progress.sweep):
            progress.counts.drift = None
        while True:
            run, put_off = self._part(progress, reserve)
            after = progress.after(run)
            some_left = any(each.out_of_time for each in run.settled)
            # Whoever failed is looked at a second time: it may be gone, or IAM be less busy.
            again = not some_left and bool(run.unsettled) and not progress.again
            # The first part may have used its time up on waiting for the guard to be made.
            stuck = some_left and after.known == progress.known and progress.part > 1
            is_left = (some_left or again) and not stuck
            for each in put_off if not is_left else ():
                self._tell(each, progress)
            self._sum_up(progress, is_left=is_left)
            after = replace(after, again=progress.again or again)
            if not is_left:
                return Swept(after, run, is_left=False)
            if self.seconds_left() <= 2 * reserve:
                return Swept(after, run, is_left=True)
            progress = after

    def _part(self, progress: Progress, reserve: float) -> tuple[Run, list[Settled]]:
        """Return the run, and those in it who are told of by another part, if one follows."""
        until = max(reserve, self.seconds_left() - LOOK_SECONDS)
        self.journal.part(progress.sweep, progress.part)
        put_off: list[Settled] = []

        def record(each: Settled) -> None:
            if each.out_of_time or (each.unsettled and not progress.again):
                put_off.append(each)
            else:
                self._tell(each, progress)

        run = self.look(progress, lambda: self.seconds_left() > until, record)
        progress.counts.took(*self.take_calls())
        self.journal.held_back(run, self.brake)
        self.journal.permanent_failures(run)
        return run, put_off

    def _tell(self, each: Settled, progress: Progress) -> None:
        counts = progress.counts
        counts.add(each)
        drifted = self.drift.is_new(each)
        if counts.drift is not None:
            counts.drift += drifted
        if is_quiet(each):
            self.journal.in_order(each)
        else:
            self.journal.settled(each)

    def _sum_up(self, progress: Progress, *, is_left: bool) -> None:
        seconds = round((self.clock() - progress.began).total_seconds(), 3)
        self.journal.sweep({**progress.counts.describe(), "seconds": seconds}, is_left=is_left)
