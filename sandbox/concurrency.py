"""How many executions of each function run, and how many may.

A function runs at most as often at once as it has concurrency reserved; those without a reservation
share what is left of the account's.
"""

from __future__ import annotations

import threading
from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.functions import Function


class ThrottledError(Exception):
    """As many executions run as may."""


class Concurrency:
    """Counts executions, those that wait for a worker included."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()  # function ARN -> executions
        self._unreserved: Counter[str] = Counter()  # region -> executions without a reservation
        self._lock = threading.Lock()

    @contextmanager
    def execution(self, function: Function) -> Iterator[None]:
        """One execution. Raises ThrottledError, before it begins, when it is one too many."""
        reserved = function.reserved_concurrency
        with self._lock:
            if reserved is None:
                full = self._unreserved[function.region] >= function.unreserved_concurrency
            else:
                full = self._running[function.arn] >= reserved
            if full:
                raise ThrottledError(function.name)
            self._count(function, reserved, 1)
        try:
            yield
        finally:
            with self._lock:
                self._count(function, reserved, -1)

    def _count(self, function: Function, reserved: int | None, number: int) -> None:
        self._running[function.arn] += number
        if reserved is None:
            self._unreserved[function.region] += number
