"""Time that stands still until it is told to go on."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class FakeClock:
    """A reactor.reconcile.Clock that a test moves."""

    def __init__(self, at: datetime = START) -> None:
        self._now = at

    def __call__(self) -> datetime:
        """Return the time."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Let time pass, and return what it is then."""
        self._now += timedelta(seconds=seconds)
        return self._now
