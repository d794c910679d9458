"""By when the calls of an invocation must end: each is bound to the deadline it was begun under.

A session outlives its invocations. What is still under way when one of them ends is frozen with its
environment (Lambda developer guide, "Lambda execution environment lifecycle"), and goes on minutes
later, in the middle of another. It must not write then, on what was decided now: so a deadline that
has been followed by another is over, whatever the clock says.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from reactor.errors import OutOfTime

Answer = TypeVar("Answer")

LAST_SECONDS = 5.0  # of an invocation, for its records and metrics, to hand on, and to end
SHARE_OF_SHORT = 8  # where the function has less than 40 seconds, an eighth of what it has
FOREVER = 1e9  # seconds, as far as threads can wait: at the command line nobody counts them


@dataclass(slots=True, eq=False)
class Deadline:
    """By when all waiting must end: `seconds` until then, or no more once it `is_over`."""

    seconds: Callable[[], float] = lambda: FOREVER
    is_over: bool = field(default=False, init=False)

    def left(self) -> float:
        """Return the seconds until then, 0 when it is past."""
        return 0.0 if self.is_over else max(0.0, self.seconds())

    def check(self) -> None:
        """Raise OutOfTime when it is past."""
        if self.left() <= 0:
            raise OutOfTime


class Deadlines:
    """The deadlines of one session's calls, one after another."""

    def __init__(self) -> None:
        self._latest = Deadline()
        self._bound = threading.local()

    def begin(self, seconds_left: Callable[[], float]) -> None:
        """Begin an invocation, which has so many seconds; the one before is over.

        `seconds_left` must go by a clock that does not stand still while Lambda has frozen the
        environment, as its context's does.
        """
        last = min(LAST_SECONDS, seconds_left() / SHARE_OF_SHORT)
        self._latest.is_over = True
        self._latest = Deadline(lambda: seconds_left() - last)

    @property
    def current(self) -> Deadline:
        """The deadline of the call that this thread makes; or else the latest."""
        bound: Deadline = getattr(self._bound, "deadline", self._latest)
        return bound

    def binding(self, call: Callable[[], Answer]) -> Callable[[], Answer]:
        """Return a call that any thread can make under the deadline that holds here and now."""
        deadline = self.current

        def bound() -> Answer:
            self._bound.deadline = deadline
            try:
                return call()
            finally:
                del self._bound.deadline

        return bound
