"""What `sweep --enforce` does after consent: a look, a minute of acting on it, and another look.

As a sweep of the deployed reactor does it (reactor.sweeps.sweeper), for as long as it takes.
Nothing is handed on, and nothing is told before the end: each user once, as it was left.
"""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from reactor.model import SubjectKind
from reactor.reconcile import Run, Settled
from reactor.sweeps.progress import Progress, id_of


class Look(Protocol):
    """Looks at those consented to, from `progress` on, and acts while `has_time`."""

    def __call__(self, progress: Progress, has_time: Callable[[], bool]) -> Run:
        """Return the run; reads that fail are in it."""


def carry_out(look: Look, began: datetime, seconds: Callable[[], float] = time.monotonic) -> Run:
    """Look and act until nobody is left for want of time; who failed is looked at once more.

    Returns the last that became of each user. It ends, too, when a look gets no further.
    """
    progress = Progress("", began, scheduled=False)
    last: dict[str, Settled] = {}
    while True:
        run = look(progress, _look_time(seconds))
        last = _together(last, run, progress)
        after = progress.after(run)
        if not progress.goes_on(run, after):
            return Run(list(last.values()), after.spent)
        progress = after


def _look_time(seconds: Callable[[], float]) -> Callable[[], bool]:
    """Return what says whether a look that begins now may still be acted on."""
    from reactor.sweeps.sweeper import LOOK_SECONDS  # noqa: PLC0415 - imports Powertools

    until = seconds() + LOOK_SECONDS
    return lambda: seconds() < until


def _together(last: dict[str, Settled], run: Run, progress: Progress) -> dict[str, Settled]:
    """Return what has become of each user by a run after others.

    Who was left by those and is not in this one is gone, if all was read.
    """
    users = all(each.observation.subject.kind is SubjectKind.USER for each in run.settled)
    kept = {
        user: each
        for user, each in last.items()
        if each.observation.subject.kind is SubjectKind.USER
        and (not users or user in progress.known.done)
    }
    return kept | {id_of(each): each for each in run.settled}
