"""What is queued, running or waiting for a retry, so that one can wait for all of it to end."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Unfinished:
    """Invocations that were asked for and have no end yet."""

    def __init__(self) -> None:
        self._functions: dict[str, str] = {}  # request id -> the function's name
        self._changed = threading.Condition()

    def add(self, request_id: str, function: str) -> None:
        """An invocation begins to count."""
        with self._changed:
            self._functions[request_id] = function

    def done(self, request_id: str) -> None:
        """It has come to its end, whatever that was."""
        with self._changed:
            self._functions.pop(request_id, None)
            self._changed.notify_all()

    @contextmanager
    def counted(self, request_id: str, function: str) -> Iterator[None]:
        """Counts an invocation while it runs, unless it counts already."""
        with self._changed:
            mine = request_id not in self._functions
        if mine:
            self.add(request_id, function)
        try:
            yield
        finally:
            if mine:
                self.done(request_id)

    def settle(self, timeout_seconds: float) -> list[str]:
        """Waits until there are none. Returns the functions of those that there still are."""
        with self._changed:
            self._changed.wait_for(lambda: not self._functions, timeout_seconds)
            return sorted(self._functions.values())
