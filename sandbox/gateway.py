"""The way of one AWS call: who calls, may they, moto's answer, its record, and on to the rules.

moto keeps its state in globals and is not thread-safe, so one lock goes round everything that
touches it. Never round added latency, nor round a function that runs: it calls back in here.
"""

from __future__ import annotations

import io
import sys
import threading
import time
import traceback
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

from sandbox import authorization
from sandbox.buckets import refuse_as_s3_does
from sandbox.queues import refuse_others_queues
from sandbox.recorded import is_recorded
from sandbox.unplayed import refuse_what_is_not_played
from sandbox.wire import Call, Refusal, Reply, error_reply, read_call, read_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from sandbox.callers import Caller, Callers
    from sandbox.faults import Faults
    from sandbox.recorder import Recorder
    from sandbox.staleness import Staleness

    # Answers a call that moto is not asked about.
    Answer = Callable[[Call, Request], Reply]

_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One line of the list of calls. Times are seconds since the epoch, latency included."""

    service: str
    action: str
    region: str
    caller: str | None
    started: float
    ended: float
    status: int
    error: str | None


class Gateway:
    """The WSGI application that AWS clients talk to."""

    def __init__(  # noqa: PLR0913 - all named; a call passes through each of them
        self,
        moto: WSGIApplication,
        *,
        ours: Mapping[tuple[str, str], Answer],
        callers: Callers,
        recorder: Recorder,
        faults: Faults,
        staleness: Staleness,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._moto = moto
        self._ours = ours
        self._callers = callers
        self._recorder = recorder
        self._faults = faults
        self._staleness = staleness
        self._account_lock = lock
        self._notes_lock = threading.Lock()
        self._calls: list[AnsweredCall] = []
        self._latency_seconds = 0.0
        self._slow: frozenset[str] | None = None

    def set_latency(self, milliseconds: float, operations: Sequence[str] | None = None) -> None:
        """Makes calls take so much longer: all, or those of these operations only."""
        self._latency_seconds = milliseconds / 1000
        self._slow = None if operations is None else frozenset(operations)

    def calls(self) -> list[dict[str, Any]]:
        """Every call answered, in the order of the answers."""
        with self._notes_lock:
            return [asdict(call) for call in self._calls]

    def clear_calls(self) -> None:
        """Forgets the calls so far."""
        with self._notes_lock:
            self._calls.clear()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answers one AWS call, and sees to what follows from it."""
        started = time.time()
        request = Request(environ)
        request.get_data(cache=True)  # before its form is parsed, which would use it up
        call = read_call(request)
        self._take_time(call)
        logged_before = call is not None and self._recorder.is_logged_before(call)
        caller, reply = self._identify_and_answer(call, request)
        if call is not None:
            self._note(call, caller, reply, started, logged_before=logged_before)
        response = Response(reply.body, reply.status, reply.headers)
        return response(environ, start_response)

    def _take_time(self, call: Call | None) -> None:
        is_slow = self._slow is None or (call is not None and call.action in self._slow)
        if is_slow and self._latency_seconds:
            time.sleep(self._latency_seconds)

    def _identify_and_answer(
        self, call: Call | None, request: Request
    ) -> tuple[Caller | None, Reply]:
        if call is None:
            message = "Request is missing Authentication Token"
            refusal = Refusal("MissingAuthenticationToken", message, HTTPStatus.FORBIDDEN)
            return None, error_reply(None, refusal)
        try:
            with self._account_lock:
                caller = self._callers.identify(call.access_key_id, call.region)
        except Refusal as refusal:
            return None, error_reply(call, refusal)
        return caller, self._answer(call, caller, request)

    def _answer(self, call: Call, caller: Caller, request: Request) -> Reply:
        try:
            self._faults.judge(call, caller)
            with self._account_lock:
                authorization.judge(call, caller)
                refuse_as_s3_does(call, caller)
                refuse_others_queues(call, caller)
            refuse_what_is_not_played(call)
            ours = self._ours.get((call.service, call.action)) or self._ours.get((call.service, ""))
            return ours(call, request) if ours else self._ask_moto(call, request)
        except Refusal as refusal:
            return error_reply(call, refusal)
        except NotImplementedError as error:
            message = f"The sandbox does not play {call.service}:{call.action}: {error}"
            status = HTTPStatus.NOT_IMPLEMENTED
            return error_reply(call, Refusal("NotImplementedInSandbox", message, status))
        except Exception as error:  # noqa: BLE001 - a server answers, whatever moto runs into
            traceback.print_exc(file=sys.stderr)
            return error_reply(call, Refusal("InternalFailure", repr(error), _SERVER_ERROR))

    def _ask_moto(self, call: Call, request: Request) -> Reply:
        with self._account_lock, self._staleness.during(call):
            body, status, headers = run_wsgi_app(self._moto, _rewound(request), buffered=True)
        return Reply(int(status.split()[0]), list(headers), b"".join(body))

    def _note(
        self,
        call: Call,
        caller: Caller | None,
        reply: Reply,
        started: float,
        *,
        logged_before: bool,
    ) -> None:
        result: dict[str, Any] = {}
        recorded = is_recorded(call.service, call.action)
        failed = reply.status >= HTTPStatus.BAD_REQUEST
        if recorded or (failed and call.action):
            result = read_result(call, reply)
        if recorded and caller is not None:
            self._recorder.record(call, caller, result, reply, logged_before=logged_before)
        answered = AnsweredCall(
            call.service,
            call.action,
            call.region,
            caller.arn if caller else None,
            started,
            time.time(),
            reply.status,
            (result.get("Error") or {}).get("Code") if failed else None,
        )
        with self._notes_lock:
            self._calls.append(answered)


def _rewound(request: Request) -> WSGIEnvironment:
    """The request's environment with its body unread again, for the next who reads it."""
    environ = dict(request.environ)
    environ["wsgi.input"] = io.BytesIO(request.get_data())
    environ.pop("werkzeug.request", None)
    return environ
