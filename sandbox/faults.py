"""IAM calls that are throttled or fail on AWS's side, as often as a test wants it."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from sandbox.wire import Call, Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.callers import Caller

_EVERY = ""  # stands for all operations
_FAILURES = (
    (
        "ServiceFailure",
        "The request processing has failed because of an unknown error, exception or failure.",
        HTTPStatus.INTERNAL_SERVER_ERROR,
    ),
    (
        "ServiceUnavailable",
        "The request has failed due to a temporary failure of the server.",
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)


@dataclass(slots=True)
class _Bucket:
    """Tokens that come back at a rate, up to as many as fit."""

    rate: float
    burst: float
    tokens: float
    filled: float  # monotonic seconds
    spared: frozenset[str]  # names of the roles whose calls neither need nor take tokens

    def fill(self, now: float) -> None:
        self.tokens = min(self.burst, self.tokens + (now - self.filled) * self.rate)
        self.filled = now


class Faults:
    """What is wrong with IAM just now. Nothing, to begin with."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._buckets: dict[str, _Bucket] = {}
        self._share = 0.0
        self._failing: set[str] | None = None
        self._users: set[str] | None = None
        self._random = random.Random(0)  # noqa: S311 - dice for tests

    def set_throttle(
        self,
        rate_per_second: float | None,
        burst: float | None = None,
        operations: Sequence[str] | None = None,
        spared_roles: Sequence[str] = (),
    ) -> None:
        """Lets so many calls a second through, and as many at once as `burst` (the rate, or 1).

        Without operations it is one bucket for all calls; with them, each has a bucket of its own
        besides. The calls of sessions of spared roles are not counted. A rate of None takes the
        buckets away again, without operations all of them.
        """
        with self._lock:
            if rate_per_second is None:
                for name in operations or list(self._buckets):
                    self._buckets.pop(name, None)
                return
            fit = max(1.0, rate_per_second) if burst is None else float(burst)
            for name in operations or [_EVERY]:
                self._buckets[name] = _Bucket(
                    rate_per_second, fit, fit, time.monotonic(), frozenset(spared_roles)
                )

    def set_failures(
        self,
        share: float,
        operations: Sequence[str] | None = None,
        seed: int = 0,
        users: Sequence[str] | None = None,
    ) -> None:
        """Lets this share of the calls fail with a 5xx; nothing is done then.

        Of these operations only, and of calls that name one of these users only. The same seed and
        calls fail the same.
        """
        with self._lock:
            self._share = share
            self._failing = set(operations) if operations is not None else None
            self._users = set(users) if users is not None else None
            self._random = random.Random(seed)  # noqa: S311

    def judge(self, call: Call, caller: Caller) -> None:
        """Raises Refusal for a call that is throttled or fails."""
        if call.service != "iam":
            return
        with self._lock:
            if not self._take(call.action, caller):
                raise Refusal("Throttling", "Rate exceeded", HTTPStatus.BAD_REQUEST)
            if self._fails(call):
                raise Refusal(*self._random.choice(_FAILURES))

    def _take(self, action: str, caller: Caller) -> bool:
        """A token from each bucket that the call draws on, or from none of them."""
        role = caller.role.name if caller.role else None
        buckets = [self._buckets[name] for name in (_EVERY, action) if name in self._buckets]
        buckets = [bucket for bucket in buckets if role not in bucket.spared]
        for bucket in buckets:
            bucket.fill(time.monotonic())
        if any(bucket.tokens < 1 for bucket in buckets):
            return False
        for bucket in buckets:
            bucket.tokens -= 1
        return True

    def _fails(self, call: Call) -> bool:
        if not self._share or (self._failing is not None and call.action not in self._failing):
            return False
        if self._users is not None and call.parameters.get("UserName") not in self._users:
            return False
        return self._random.random() < self._share
