"""What is known for some minutes: the webhook's URL, the account's alias, that Slack is busy."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

REMEMBERED_SECONDS = 300.0


@dataclass(slots=True)
class Kept:
    """What is known for some minutes, and outlives an invocation."""

    clock: Callable[[], float] = time.monotonic
    _values: dict[str, tuple[float, str]] = field(default_factory=dict, init=False, repr=False)

    def get(self, name: str, read: Callable[[], str]) -> str:
        """Return what was read not long ago, or read it."""
        known = self.known(name)
        if known is None:
            known = read()
            self.keep(name, known)
        return known

    def known(self, name: str) -> str | None:
        """Return what is kept, if it still is."""
        until, value = self._values.get(name, (0.0, ""))
        return value if self.clock() < until else None

    def keep(self, name: str, value: str, seconds: float = REMEMBERED_SECONDS) -> None:
        """Keep it for so long, and what was kept long enough no longer."""
        now = self.clock()
        for each, (until, _) in list(self._values.items()):
            if until <= now:
                self.forget(each)
        self._values[name] = (now + seconds, value)

    def forget(self, name: str) -> None:
        """Read it anew the next time."""
        self._values.pop(name, None)
