"""How long an invocation lives: calls that take time, and Lambda, which ends what takes too long.

Lambda stops the process wherever it is (developer guide, "Lambda execution environment lifecycle"):
what it has done stays done, and so does what it has written; nothing else of it does. The call that
is under way may still have its effect, of which nobody hears.
"""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from tests.fakes.clock import FakeClock


class Killed(BaseException):
    """Lambda has ended the invocation. No error of ours, so that nothing of ours handles it."""


@dataclass(frozen=True, slots=True)
class Kill:
    """An end of an invocation: at the call after so many, or at the change after so many."""

    after: int
    of: Literal["calls", "changes"] = "calls"


@dataclass(slots=True)
class Lifetime:
    """The life of one invocation: told of each call, of each line written, and asked for the time.

    It has `seconds`. Where calls take time (`slowness`, in seconds, in turn) that is the clock's;
    where they take none, a second goes by each time that it asks how many are left. It is ended
    when they are over, or by `kill`; `lands`: the call that is under way has its effect.
    """

    clock: FakeClock
    seconds: int
    slowness: tuple[float, ...] = ()
    kill: Kill | None = None
    lands: bool = False
    ended: bool = field(default=False, init=False)
    _until: datetime = field(init=False)
    _made: Counter[str] = field(default_factory=Counter, init=False)
    _asked: Iterator[int] = field(init=False)
    _slow: Iterator[float] = field(init=False)

    def __post_init__(self) -> None:
        self._until = self.clock() + timedelta(seconds=self.seconds)
        self._asked = itertools.count(self.seconds, -1)
        self._slow = itertools.cycle(self.slowness)

    def call(self) -> None:
        """Let a call be made, which takes its time. Raises Killed when that is the end."""
        self.go_on()
        if self.slowness:
            self.clock.advance(next(self._slow))
        self.ended = self._is_late
        self._count("calls")

    def change(self) -> None:
        """Let the call that is under way change something. Raises Killed when it comes too late."""
        self._count("changes")

    def go_on(self) -> None:
        """Let anything else be done. Raises Killed when it has been ended."""
        self.ended = self.ended or self._is_late
        if self.ended:
            raise Killed

    def milliseconds_left(self) -> int:
        """Return what the context of a Lambda function says."""
        left: float = next(self._asked)
        if self.slowness:
            left = (self._until - self.clock()).total_seconds()
        return max(0, int(left * 1000))

    def _count(self, what: str) -> None:
        kill = self.kill
        killed = kill is not None and kill.of == what and kill.after == self._made[what]
        self.ended = self.ended or killed
        self._made[what] += 1
        if self.ended and not self.lands:
            raise Killed

    @property
    def _is_late(self) -> bool:
        return bool(self.slowness) and self.clock() >= self._until
