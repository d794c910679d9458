"""Events that wait for a function, as Lambda keeps them.

An event is tried up to three times, with pauses between (shortened: a minute and two at AWS). When
the function is throttled, the event waits until it is not, or pauses as at AWS if told to; that is
no attempt. It gives up when the tries are used up, the event is too old or one too many in its
chain of requests, and hands what is left to the function's on-failure destination.
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
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from sandbox.concurrency import ThrottledError
from sandbox.lineage import Lineage, LoopError

if TYPE_CHECKING:
    from sandbox.destinations import Destinations
    from sandbox.functions import Function
    from sandbox.invocations import FindFunction, Invoker
    from sandbox.unfinished import Unfinished

_THROTTLED_SECONDS = 0.1  # until a throttled event is looked at again, if nothing ends before
# The pauses grow "exponentially from 1 second […] to a maximum of 5 minutes" (Lambda's developer
# guide, error handling of asynchronous invocation); that they double is our guess.
_LONGEST_PAUSE_SECONDS = 300


@dataclass(order=True, slots=True)
class Event:
    """What waits in a function's queue. Times are monotonic seconds."""

    due: float
    number: int
    function_arn: str = field(compare=False)
    payload: str = field(compare=False)
    event_id: str = field(compare=False)
    request_id: str = field(compare=False)
    lineage: Lineage = field(compare=False)  # that of its sender
    queued: float = field(compare=False)
    attempts: int = field(compare=False, default=0)  # those made
    throttles: int = field(compare=False, default=0)  # since the last of them
    answer: str | None = field(compare=False, default=None)  # the last attempt's


class Asynchronous:
    """The queues of all functions, and who works them off."""

    def __init__(  # noqa: PLR0913 - all named; it stands between as many parts
        self,
        *,
        invoker: Invoker,
        find: FindFunction,
        destinations: Destinations,
        unfinished: Unfinished,
        pauses_seconds: tuple[float, ...],
        workers_per_function: int,
    ) -> None:
        self._invoker = invoker
        self._find = find
        self._destinations = destinations
        self._unfinished = unfinished
        self._pauses = pauses_seconds
        self._pollers = workers_per_function
        self._age_speed = 1.0
        self._pause_speed: float | None = None
        self._queues: dict[str, list[Event]] = defaultdict(list)
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._stopped = False

    def enqueue(
        self,
        function_arn: str,
        payload: str,
        *,
        event_id: str | None = None,
        trace_header: str | None = None,
    ) -> str:
        """Queues an event; returns the request id that all its attempts share.

        Without a tracing header it begins a chain of requests.
        """
        request_id = str(uuid.uuid4())
        now = time.monotonic()
        event = Event(
            now,
            next(self._numbers),
            function_arn,
            payload,
            event_id or request_id,
            request_id,
            Lineage.read(trace_header),
            queued=now,
        )
        self._unfinished.add(request_id, function_arn.rsplit(":", 1)[-1])
        with self._changed:
            if function_arn not in self._queues:
                self._start_pollers(function_arn)
            heapq.heappush(self._queues[function_arn], event)
            self._changed.notify_all()
        return request_id

    def set_age_speed(self, times: float) -> None:
        """Makes queued events grow old `times` as fast."""
        self._age_speed = times

    def set_throttled_pauses(self, times: float | None) -> None:
        """Has throttled events wait as at AWS, `times` as fast; None: until there is room."""
        self._pause_speed = times

    def stop(self) -> None:
        """Lets the pollers end; what is queued is not tried any more."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _start_pollers(self, function_arn: str) -> None:
        for number in range(self._pollers):
            threading.Thread(
                target=self._poll, args=(function_arn,), name=f"poller-{number}", daemon=True
            ).start()

    def _poll(self, function_arn: str) -> None:
        while (event := self._next(function_arn)) is not None:
            try:
                again = self._handle(event)
            except ThrottledError:
                self._put_back(event)
                continue
            except Exception as error:  # noqa: BLE001 - the function may be gone; others go on
                if not self._stopped:
                    traceback.print_exc(file=sys.stderr)
                name = function_arn.rsplit(":", 1)[-1]
                self._invoker.note_not_run(name, event.event_id, repr(error))
                again = None
            with self._changed:
                if again is not None:
                    heapq.heappush(self._queues[function_arn], again)
                self._changed.notify_all()
            if again is None:
                self._unfinished.done(event.request_id)

    def _next(self, function_arn: str) -> Event | None:
        """The next event that is due, waiting for it; None when the sandbox stops."""
        queue = self._queues[function_arn]
        with self._changed:
            while not self._stopped:
                now = time.monotonic()
                if queue and queue[0].due <= now:
                    return heapq.heappop(queue)
                self._changed.wait(queue[0].due - now if queue else None)
        return None

    def _put_back(self, event: Event) -> None:
        """A throttled event keeps its place, and this poller waits for something to end.

        Or the event pauses, longer each time, and whatever else is due has its turn.
        """
        queue, speed = self._queues[event.function_arn], self._pause_speed
        with self._changed:
            if speed is not None:
                seconds = min(2**event.throttles, _LONGEST_PAUSE_SECONDS) / speed
                due, throttles = time.monotonic() + seconds, event.throttles + 1
                heapq.heappush(queue, replace(event, due=due, throttles=throttles))
                self._changed.notify_all()
                return
            heapq.heappush(queue, event)
            if not self._stopped:
                self._changed.wait(_THROTTLED_SECONDS)

    def _handle(self, event: Event) -> Event | None:
        """One attempt; the event to try again later, if it failed and tries are left."""
        function = self._find(event.function_arn)
        age = (time.monotonic() - event.queued) * self._age_speed
        if age > function.maximum_age_seconds:
            error = f"EventAgeExceeded: older than {function.maximum_age_seconds} s"
            self._drop(function, event, "EventAgeExceeded", error)
            return None
        try:
            lineage = event.lineage.invoke(function.arn, may_loop=function.may_loop)
        except LoopError as error:
            self._drop(function, event, "RetriesExhausted", f"RecursiveInvocationsDropped: {error}")
            return None
        outcome = self._invoker.invoke(
            event.function_arn,
            event.payload,
            lineage=lineage,
            event_id=event.event_id,
            request_id=event.request_id,
            attempt=event.attempts + 1,
        )
        if outcome.error_type is None:
            return None
        tried = replace(event, attempts=event.attempts + 1, answer=outcome.payload)
        retries = min(self._find(event.function_arn).maximum_retries, len(self._pauses))
        if tried.attempts > retries:
            self._give_up(function, tried, "RetriesExhausted")
            return None
        due = time.monotonic() + self._pauses[tried.attempts - 1]
        return replace(tried, due=due, throttles=0)

    def _drop(self, function: Function, event: Event, condition: str, error: str) -> None:
        self._invoker.note_not_run(function.name, event.event_id, error)
        self._give_up(function, event, condition)

    def _give_up(self, function: Function, event: Event, condition: str) -> None:
        failure = self._destinations.send(function, event, condition)
        if failure is not None:
            self._invoker.note_not_run(function.name, event.event_id, failure)
