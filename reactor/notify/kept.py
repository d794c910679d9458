"""What is read once in some minutes: the webhook's URL, the account's alias."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED_SECONDS = 300.0


@dataclass(slots=True)
class Kept:
    """What is read once in some minutes, and outlives an invocation."""

    clock: Callable[[], float] = time.monotonic
    _values: dict[str, tuple[float, str]] = field(default_factory=dict, init=False, repr=False)

    def get(self, name: str, read: Callable[[], str]) -> str:
        """Return what was read not long ago, or read it."""
        known = self._values.get(name)
        if known is None or known[0] < self.clock():
            known = (self.clock() + REMEMBERED_SECONDS, read())
            self._values[name] = known
        return known[1]

    def forget(self, name: str) -> None:
        """Read it anew the next time."""
        self._values.pop(name, None)
