"""A Stream (reactor.gathering) that makes its calls in an order of the test's choice."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from reactor.errors import ReactorError
from reactor.gathering import Call, settled

Key = TypeVar("Key", bound=Hashable)
LAST = -1


class Jumbled:
    """Has room for a few calls; `choose` says which of so many under way ends next, by its place.

    Unless told otherwise the last that was begun ends first. `most` is how many were ever under way
    at the same time.
    """

    def __init__(self, room: int = 4, choose: Callable[[int], int] = lambda _: LAST) -> None:
        self.room = room
        self.choose = choose
        self.most = 0

    def __call__(
        self, calls: Iterable[tuple[Key, Call]], /
    ) -> Iterator[tuple[Key, Any | ReactorError]]:
        """Make the calls, and yield what they came to."""
        coming, running = iter(calls), list[tuple[Key, Call]]()
        while True:
            running += islice(coming, self.room - len(running))
            if not running:
                return
            self.most = max(self.most, len(running))
            key, call = running.pop(self.choose(len(running)))
            yield key, settled(call)
