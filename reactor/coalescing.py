"""Many requests for a sweep become a few sweeps.

Whoever can make IAM write an event that does not say whom it concerns can ask for a sweep, and do
so a thousand times. One sweep at a time runs (its function's reserved concurrency is 1); a request
made before the last good sweep began is answered by that sweep; and sweeps that events asked for
keep a distance, in which further requests gather behind the one that waits.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

SPACING = timedelta(seconds=10)  # between the beginnings of two sweeps that events asked for


@dataclass(slots=True)
class Coalescer:
    """What one function's environment remembers of its sweeps.

    A new environment remembers nothing, and sweeps once more than needed.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    _began: datetime | None = field(default=None, init=False)
    _good: datetime | None = field(default=None, init=False)

    def is_answered(self, asked_at: datetime) -> bool:
        """Tell whether a sweep that began later than the request has ended well."""
        return self._good is not None and asked_at < self._good

    def wait_for_turn(self) -> None:
        """Wait until the last sweep's beginning is long enough ago."""
        if self._began is None:
            return
        left = (self._began + SPACING - self.clock()).total_seconds()
        if left > 0:
            self.sleep(left)

    def begin(self) -> datetime:
        """Note that a sweep begins; return when."""
        self._began = self.clock()
        return self._began

    def end_well(self, began: datetime) -> None:
        """Note that the sweep that began then has looked at every user."""
        self._good = began
