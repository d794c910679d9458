"""How fast IAM is called, and how often it was: hooks on a client, for every attempt of every call.

A sweep may have thousands of users to ask about and to change, and IAM throttles the whole account:
whoever else calls it, people in the console among them, must not be starved. botocore's adaptive
retries slow a client down when it is throttled; the pace keeps it from coming to that.
"""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from reactor.aws.deadlines import FOREVER, Deadlines
from reactor.aws.errors import SERVER_ERRORS, THROTTLES, is_never_sent
from reactor.errors import OutOfTime, Unanswered

_READS = ("Get", "List", "Generate")
# They serve a thousand users at once, and are few.
_NOT_PACED = frozenset({"GetAccountAuthorizationDetails", "ListVirtualMFADevices"})


@dataclass(slots=True)
class RateLimit:
    """So many calls a second; threads that call at the same time share it.

    Evenly, but for what was not used of the last `saved` seconds: a handful need not wait.
    """

    per_second: float
    saved: float = 0.2
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    _next: float = field(default=float("-inf"), init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def wait(self, most: float = FOREVER) -> None:
        """Wait for the caller's turn.

        Raises OutOfTime, and takes no turn, when that would come after `most` seconds.
        """
        with self._lock:
            now = self.clock()
            turn = max(now, self._next - self.saved)
            if turn - now > most:
                raise OutOfTime
            self._next = max(now, self._next) + 1 / self.per_second
        if turn > now:
            self.sleep(turn - now)


class Meter:
    """Counts a client's calls by operation and those that were throttled, and keeps their pace.

    It lets no attempt through after its call's deadline, nor has one wait for a turn after that.
    """

    def __init__(self, deadlines: Deadlines | None = None) -> None:
        self._deadlines = Deadlines() if deadlines is None else deadlines
        self._lock = threading.Lock()
        self._calls: Counter[str] = Counter()
        self._throttled: Counter[str] = Counter()
        self._reads: RateLimit | None = None
        self._writes: RateLimit | None = None
        self._call = threading.local()  # `is_lost`: an attempt of it has no answer to go by

    def watch(self, client: Any) -> None:  # noqa: ANN401 - any boto3 client
        """Count and pace a client's attempts from now on.

        Such as come too late raise OutOfTime, which botocore does not try again; Unanswered when
        an attempt before may have been carried out.
        """
        # botocore emits both for each attempt. Hooks on the longer name come first, then those on
        # the shorter, where its adaptive retries wait: an attempt is late behind them, if at all.
        client.meta.events.register("before-send.iam", self._before)
        self.end_in_time(client)
        client.meta.events.register("response-received.iam", self._after)

    def end_in_time(self, client: Any) -> None:  # noqa: ANN401 - any boto3 client
        """Let no attempt of a client's through that comes too late, and do no more with it."""
        client.meta.events.register("before-call", self._begin)
        client.meta.events.register_last("before-send", self._refuse_late)
        client.meta.events.register("response-received", self._note)

    def keep_pace(self, *, reads: float, writes: float) -> None:
        """Let so many reads and writes a second through; reading in bulk is not held up."""
        if self._reads is None or self._reads.per_second != reads:
            self._reads = RateLimit(reads)
        if self._writes is None or self._writes.per_second != writes:
            self._writes = RateLimit(writes)

    def take(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many attempts each operation took, and how many were throttled; forget them.

        Operations are named as in records, `iam:GetUser`.
        """
        with self._lock:
            taken = dict(self._calls), dict(self._throttled)
            self._calls.clear()
            self._throttled.clear()
        return taken

    def _before(self, event_name: str, **_: object) -> None:
        operation = event_name.rpartition(".")[2]
        limit = self._reads if operation.startswith(_READS) else self._writes
        if limit is not None and operation not in _NOT_PACED:
            with self._saying_what_is_lost():
                limit.wait(self._deadlines.current.left())
        self._refuse_late()  # Lambda may have frozen us while we waited
        with self._lock:
            self._calls[f"iam:{operation}"] += 1

    def _refuse_late(self, **_: object) -> None:
        with self._saying_what_is_lost():
            self._deadlines.current.check()

    @contextmanager
    def _saying_what_is_lost(self) -> Iterator[None]:
        try:
            yield
        except OutOfTime:
            if self._call.is_lost:
                raise Unanswered from None
            raise

    def _begin(self, **_: object) -> None:
        self._call.is_lost = False

    def _note(
        self,
        parsed_response: dict[str, Any] | None = None,
        exception: Exception | None = None,
        **_: object,
    ) -> None:
        """Take notice of an attempt that AWS may have carried out, without saying so.

        botocore makes all attempts of a call in one thread.
        """
        answer = parsed_response or {}
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        failed = status >= SERVER_ERRORS and answer.get("Error", {}).get("Code") not in THROTTLES
        unsent = exception is None or isinstance(exception, OutOfTime) or is_never_sent(exception)
        self._call.is_lost |= failed or not unsent

    def _after(
        self, event_name: str, parsed_response: dict[str, Any] | None = None, **_: object
    ) -> None:
        code = (parsed_response or {}).get("Error", {}).get("Code")
        if code in THROTTLES:
            with self._lock:
                self._throttled[f"iam:{event_name.rpartition('.')[2]}"] += 1
