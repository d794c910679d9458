"""A journal that keeps its records in place of writing them."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from reactor.audit import Journal
from reactor.reconcile import Settled
from reactor.settings import Mode

Record = dict[str, Any]


# What Python's logging has for itself, and takes from nobody.
RESERVED = {*logging.makeLogRecord({}).__dict__, "message", "asctime"}


class Uncounted:
    """Metrics that nobody looks at."""

    metric_set: Mapping[str, Any] = {}

    def add_metric(self, **metric: Any) -> None:
        """Take a metric."""

    def set_default_dimensions(self, **dimensions: str) -> None:
        """Take the dimensions."""


class Ledger(Journal):
    """The real journal's records, as a list; `named` are the events that they name."""

    def __init__(self, mode: Mode = Mode.ENFORCE) -> None:
        # Not the real one's start: its Logger and Metrics are the process's own, and slow.
        self._mode = mode
        self._run: dict[str, object] = {}
        self._in_order = {}
        self._metrics: Any = Uncounted()
        self.records: list[Record] = []
        self.named: set[object] = set()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Let another function write in the block: each has a journal of its own, in truth."""
        run = self._run
        try:
            yield
        finally:
            self._run = run

    def _write(self, sentence: str, record: Mapping[str, object]) -> None:
        assert sentence
        assert not record.keys() & RESERVED, "the real logger refuses such a member"
        self.records.append({**self._run, **record})
        self.named.add(_event_id(self.records[-1]))

    def _count(self, each: Settled) -> None:
        assert each.at


def _event_id(record: Record) -> object:
    return ((record.get("trigger") or {}).get("event") or {}).get("id")
