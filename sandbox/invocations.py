"""Invoking functions as Lambda does.

A synchronous caller waits for one attempt. An event goes into the function's queue and is tried up
to three times, with pauses between (shortened: a minute and two at AWS). What the function printed
goes to its log group, if its role may write there. Everything that was tried is kept for the tests.
"""

from __future__ import annotations

import heapq
import itertools
import sys
import threading
import time
import traceback
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from sandbox.functions import Function
from sandbox.logs import write_log
from sandbox.pool import WORKERS_PER_FUNCTION, Pool

if TYPE_CHECKING:
    from sandbox.worker import Outcome

# Looks a function up, under the account's lock; raises when it is gone.
FindFunction = Callable[[str], Function]


@dataclass(frozen=True, slots=True)
class Invocation:
    """One attempt. Times are seconds since the epoch."""

    function: str
    event_id: str
    request_id: str
    attempt: int
    started: float
    ended: float
    ok: bool
    error: str | None
    cold: bool


@dataclass(order=True, slots=True)
class _Event:
    due: float
    number: int
    function_arn: str = field(compare=False)
    payload: str = field(compare=False)
    event_id: str = field(compare=False)
    request_id: str = field(compare=False)
    attempt: int = field(compare=False, default=1)


class Invoker:
    """Tries events, again when they fail, and remembers every attempt."""

    def __init__(
        self,
        pool: Pool,
        find: FindFunction,
        lock: AbstractContextManager[Any],
        pauses_seconds: tuple[float, ...],
    ) -> None:
        self._pool = pool
        self._find = find
        self._account_lock = lock
        self._pauses = pauses_seconds
        self._queues: dict[str, list[_Event]] = defaultdict(list)
        self._unfinished: dict[str, str] = {}  # request id -> what it is
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._log: list[Invocation] = []
        self._stopped = False

    def invoke(
        self,
        function_arn: str,
        payload: str,
        *,
        event_id: str | None = None,
        request_id: str | None = None,
        attempt: int = 1,
    ) -> Outcome:
        """One attempt; the caller waits."""
        request_id = request_id or str(uuid.uuid4())
        function = self._find(function_arn)
        counted = self._counted(request_id, function.name)
        with counted, self._pool.worker(function) as (worker, cold):
            started = time.time()
            outcome = worker.invoke(request_id, function.arn, payload, function.timeout_seconds)
            with self._account_lock:
                write_log(function, worker.log_stream, request_id, outcome)
            self._keep(
                Invocation(
                    function=function.name,
                    event_id=event_id or request_id,
                    request_id=request_id,
                    attempt=attempt,
                    started=started,
                    ended=time.time(),
                    ok=outcome.error_type is None,
                    error=outcome.error,
                    cold=cold,
                )
            )
        return outcome

    def enqueue(self, function_arn: str, payload: str, *, event_id: str | None = None) -> str:
        """Queues an event; returns the request id that all its attempts share."""
        request_id = str(uuid.uuid4())
        event = _Event(
            time.monotonic(),
            next(self._numbers),
            function_arn,
            payload,
            event_id or request_id,
            request_id,
        )
        with self._changed:
            if function_arn not in self._queues:
                self._start_pollers(function_arn)
            self._unfinished[request_id] = function_arn.rsplit(":", 1)[-1]
            heapq.heappush(self._queues[function_arn], event)
            self._changed.notify_all()
        return request_id

    def note_not_run(self, function: str, event_id: str, error: str) -> None:
        """An event that never reached the function: no attempt was made."""
        now = time.time()
        self._keep(Invocation(function, event_id, "", 0, now, now, False, error, False))

    def invocations(self) -> list[dict[str, Any]]:
        """Every attempt, oldest first."""
        with self._changed:
            return [asdict(invocation) for invocation in self._log]

    def settle(self, timeout_seconds: float) -> list[str]:
        """Waits until nothing is queued, running or waiting for a retry. Returns what still is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._unfinished, timeout_seconds)
            return sorted(self._unfinished.values())

    def stop(self) -> None:
        """Lets the pollers end; what is queued is not tried any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _start_pollers(self, function_arn: str) -> None:
        for number in range(WORKERS_PER_FUNCTION):
            threading.Thread(
                target=self._poll, args=(function_arn,), name=f"poller-{number}", daemon=True
            ).start()

    def _poll(self, function_arn: str) -> None:
        while (event := self._next(function_arn)) is not None:
            try:
                retry = self._attempt(event)
            except Exception as error:  # noqa: BLE001 - the function may be gone; others go on
                if not self._stopped:
                    traceback.print_exc(file=sys.stderr)
                name = function_arn.rsplit(":", 1)[-1]
                self.note_not_run(name, event.event_id, repr(error))
                retry = None
            with self._changed:
                if retry is not None:
                    heapq.heappush(self._queues[function_arn], retry)
                else:
                    self._unfinished.pop(event.request_id, None)
                self._changed.notify_all()

    def _next(self, function_arn: str) -> _Event | None:
        """The next event that is due, waiting for it; None when the sandbox stops."""
        queue = self._queues[function_arn]
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                if queue and queue[0].due <= now:
                    return heapq.heappop(queue)
                self._changed.wait(queue[0].due - now if queue else None)
        return None

    def _attempt(self, event: _Event) -> _Event | None:
        """One attempt; the event to try again later, if it failed and tries are left."""
        outcome = self.invoke(
            event.function_arn,
            event.payload,
            event_id=event.event_id,
            request_id=event.request_id,
            attempt=event.attempt,
        )
        retries = self._find(event.function_arn).maximum_retries
        if outcome.error_type is None or event.attempt > min(retries, len(self._pauses)):
            return None
        due = time.monotonic() + self._pauses[event.attempt - 1]
        return replace(event, due=due, attempt=event.attempt + 1)

    @contextmanager
    def _counted(self, request_id: str, what: str) -> Iterator[None]:
        """Counts a synchronous invocation as unfinished; an event's is counted in its queue."""
        with self._changed:
            mine = request_id not in self._unfinished
            self._unfinished[request_id] = what
        try:
            yield
        finally:
            with self._changed:
                if mine:
                    self._unfinished.pop(request_id, None)
                self._changed.notify_all()

    def _keep(self, invocation: Invocation) -> None:
        with self._changed:
            self._log.append(invocation)
