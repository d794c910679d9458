"""Running functions: one attempt at a time, with what it printed in its log group.

What the function printed goes to its log group, if its role may write there. Everything that was
tried is kept for the tests.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sandbox.concurrency import Concurrency
from sandbox.functions import Function
from sandbox.logs import write_log

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sandbox.lineage import Lineage
    from sandbox.pool import Pool
    from sandbox.unfinished import Unfinished
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


class Invoker:
    """Runs functions, and remembers every attempt."""

    def __init__(
        self,
        pool: Pool,
        find: FindFunction,
        unfinished: Unfinished,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._pool = pool
        self._find = find
        self._unfinished = unfinished
        self._account_lock = lock
        self._concurrency = Concurrency()
        self._log: list[Invocation] = []
        self._log_lock = threading.Lock()

    def invoke(  # noqa: PLR0913 - all named but two
        self,
        function_arn: str,
        payload: str,
        *,
        lineage: Lineage,
        event_id: str | None = None,
        request_id: str | None = None,
        attempt: int = 1,
    ) -> Outcome:
        """One attempt; the caller waits. The lineage is the invocation's own.

        Raises ThrottledError when as many executions of the function run as may.
        """
        request_id = request_id or str(uuid.uuid4())
        function = self._find(function_arn)
        with (
            self._concurrency.execution(function),
            self._unfinished.counted(request_id, function.name),
            self._pool.worker(function) as (worker, cold),
        ):
            started = time.time()
            outcome = worker.invoke(
                request_id,
                function.arn,
                payload,
                trace_id=lineage.header,
                timeout_seconds=function.timeout_seconds,
            )
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

    def note_not_run(self, function: str, event_id: str, error: str) -> None:
        """What went wrong outside the function: no attempt was made."""
        now = time.time()
        self._keep(Invocation(function, event_id, "", 0, now, now, False, error, False))

    def invocations(self) -> list[dict[str, Any]]:
        """Every attempt, oldest first."""
        with self._log_lock:
            return [asdict(invocation) for invocation in self._log]

    def _keep(self, invocation: Invocation) -> None:
        with self._log_lock:
            self._log.append(invocation)
