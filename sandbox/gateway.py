"""The way of one AWS call: who calls, may they, moto's answer, its record, and on to the rules.

moto keeps its state in globals and is not thread-safe, so one lock goes round everything that
touches it. Never round added latency, nor round a function that runs: it calls back in here.
"""

from __future__ import annotations

import base64
import io
import json
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Request, Response

from sandbox import authorization, cloudtrail
from sandbox.callers import Caller, Callers
from sandbox.events import Bus, iam_region, refuse_what_is_not_played
from sandbox.functions import find_function
from sandbox.invocations import Invoker
from sandbox.logs import tail
from sandbox.put_events import put_events
from sandbox.wire import Call, Refusal, Reply, error_reply, read_call, read_result

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECORDED_SERVICES = {"iam"}


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """One line of the list of calls. Times are seconds since the epoch; added latency is in them."""

    service: str
    action: str
    region: str
    caller: str | None
    started: float
    ended: float
    status: int
    error: str | None


class Gateway:
    def __init__(
        self,
        moto: WSGIApplication,
        callers: Callers,
        bus: Bus,
        invoker: Invoker,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._moto = moto
        self._callers = callers
        self._bus = bus
        self._invoker = invoker
        self._account_lock = lock
        self._notes_lock = threading.Lock()
        self._records: list[dict[str, Any]] = []
        self._calls: list[AnsweredCall] = []
        self.latency_seconds = 0.0

    def records(self) -> list[dict[str, Any]]:
        with self._notes_lock:
            return list(self._records)

    def calls(self) -> list[dict[str, Any]]:
        with self._notes_lock:
            return [asdict(call) for call in self._calls]

    def clear_calls(self) -> None:
        with self._notes_lock:
            self._calls.clear()

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        started = time.time()
        request = Request(environ)
        request.get_data(cache=True)  # before its form is parsed, which would use it up
        call = read_call(request)
        if self.latency_seconds:
            time.sleep(self.latency_seconds)
        caller: Caller | None = None
        try:
            if call is None:
                message = "Request is missing Authentication Token"
                raise Refusal("MissingAuthenticationToken", message, 403)
            with self._account_lock:
                caller = self._callers.identify(call.access_key_id, call.region)
            reply = self._answer(call, caller, request)
        except Refusal as refusal:
            reply = error_reply(call, refusal)
        if call is not None:
            self._note(call, caller, reply, started)
        response = Response(reply.body, reply.status, reply.headers)
        return response(environ, start_response)

    def _answer(self, call: Call, caller: Caller, request: Request) -> Reply:
        try:
            with self._account_lock:
                authorization.judge(call, caller)
            refuse_what_is_not_played(call)
            if (call.service, call.action) == ("lambda", "Invoke"):
                return self._invoke(call, request)
            if (call.service, call.action) == ("events", "PutEvents"):
                return put_events(call, self._bus)
            return self._ask_moto(request)
        except Refusal as refusal:
            return error_reply(call, refusal)
        except NotImplementedError as error:
            message = f"The sandbox does not play {call.service}:{call.action}: {error}"
            return error_reply(call, Refusal("NotImplementedInSandbox", message, 501))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            return error_reply(call, Refusal("InternalFailure", repr(error), 500))

    def _ask_moto(self, request: Request) -> Reply:
        with self._account_lock:
            body, status, headers = run_wsgi_app(
                self._moto, _rewound(request), buffered=True
            )
        return Reply(int(status.split()[0]), list(headers), b"".join(body))

    def _invoke(self, call: Call, request: Request) -> Reply:
        name = unquote(call.path.split("/functions/", 1)[1].rsplit("/invocations", 1)[0])
        payload = request.get_data(as_text=True) or "{}"
        with self._account_lock:
            try:
                function = find_function(self._callers.account, call.region, name)
            except UnknownFunctionException as error:
                message = f"Function not found: {name}"
                raise Refusal("ResourceNotFoundException", message, 404) from error
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        if kind == "Event":
            request_id = self._invoker.enqueue(function.arn, payload)
            return Reply(202, [("x-amzn-RequestId", request_id)], b"")
        if kind == "DryRun":
            return Reply(204, [], b"")
        request_id = str(uuid.uuid4())
        outcome = self._invoker.invoke(function.arn, payload, request_id=request_id)
        headers = [("x-amzn-RequestId", request_id), ("Content-Type", "application/json")]
        headers.append(("X-Amz-Executed-Version", "$LATEST"))
        if outcome.error_type is not None:
            headers.append(("X-Amz-Function-Error", "Unhandled"))
        if request.headers.get("X-Amz-Log-Type") == "Tail":
            log = base64.b64encode(tail(outcome).encode()).decode()
            headers.append(("X-Amz-Log-Result", log))
        return Reply(200, headers, outcome.payload.encode())

    def _note(self, call: Call, caller: Caller | None, reply: Reply, started: float) -> None:
        result: dict[str, Any] = {}
        recorded = call.service in RECORDED_SERVICES and cloudtrail.is_write(call.action)
        if recorded or reply.status >= 400:
            result = read_result(call, reply)
        error = (result.get("Error") or {}).get("Code") if reply.status >= 400 else None
        if recorded and caller is not None:
            self._record(call, caller, result, reply)
        answered = AnsweredCall(
            call.service,
            call.action,
            call.region,
            caller.arn if caller else None,
            started,
            time.time(),
            reply.status,
            error,
        )
        with self._notes_lock:
            self._calls.append(answered)

    def _record(
        self, call: Call, caller: Caller, result: dict[str, Any], reply: Reply
    ) -> None:
        ids = [value for name, value in reply.headers if name.lower() == "x-amzn-requestid"]
        request_id = ids[0] if ids else str(uuid.uuid4())
        record = cloudtrail.record(
            call,
            caller,
            region=iam_region(call.region),
            result=result,
            request_id=request_id,
            at=datetime.now(UTC),
        )
        with self._notes_lock:
            self._records.append(record)
        # What leaves the account is JSON; nothing of moto's may be shared with it.
        self._bus.deliver_record(json.loads(json.dumps(record)))


def _rewound(request: Request) -> WSGIEnvironment:
    """The request's environment with its body unread again, for the next who reads it."""
    environ = dict(request.environ)
    environ["wsgi.input"] = io.BytesIO(request.get_data())
    environ.pop("werkzeug.request", None)
    return environ
