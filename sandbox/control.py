"""The control endpoint's side of the server: what a test may ask that no AWS API offers.

One POST to /_sandbox/COMMAND with a JSON object of arguments; a JSON value comes back, or an error
with a status of 400 and more.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from moto.core.exceptions import ServiceException
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request, Response

from sandbox.callers import Callers
from sandbox.events import Bus
from sandbox.gateway import Gateway
from sandbox.invocations import Invoker
from sandbox.pool import Pool
from sandbox.schedules import Schedules
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STILL_RUNNING = 408


class Control:
    def __init__(
        self,
        gateway: Gateway,
        callers: Callers,
        bus: Bus,
        schedules: Schedules,
        invoker: Invoker,
        pool: Pool,
        lock: AbstractContextManager[Any],
    ) -> None:
        self._gateway = gateway
        self._callers = callers
        self._schedules = schedules
        self._invoker = invoker
        self._account_lock = lock
        self._commands: dict[str, Callable[..., Any]] = {
            "calls": gateway.calls,
            "clear_calls": gateway.clear_calls,
            "console_session": self._console_session,
            "fire_schedule": schedules.fire,
            "invocations": invoker.invocations,
            "invoke_event": bus.put,
            "lose_next_event": bus.lose_next_event,
            "records": gateway.records,
            "reset_functions": pool.reset,
            "root_session": self._root_session,
            "set_latency": self._set_latency,
            "set_schedule_speed": schedules.set_speed,
            "settle": self._settle,
        }

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        request = Request(environ)
        status, answer = self._run(request)
        response = Response(json.dumps(answer), status, mimetype="application/json")
        return response(environ, start_response)

    def _run(self, request: Request) -> tuple[int, Any]:
        command = self._commands.get(request.path.removeprefix("/_sandbox/"))
        if command is None or request.method != "POST":
            return 404, {"error": f"no command {request.method} {request.path}"}
        try:
            return 200, command(**json.loads(request.get_data() or b"{}"))
        except TimeoutError as still_running:
            return STILL_RUNNING, {"error": str(still_running)}
        except (Refusal, ServiceException, KeyError, TypeError, ValueError) as error:
            return 400, {"error": getattr(error, "message", None) or repr(error)}

    def _set_latency(self, milliseconds: float) -> None:
        self._gateway.latency_seconds = milliseconds / 1000

    def _settle(self, timeout_seconds: float) -> None:
        if running := self._invoker.settle(timeout_seconds):
            raise TimeoutError(f"still running after {timeout_seconds} s: {', '.join(running)}")

    def _console_session(self, user_name: str, mfa: bool, region: str) -> dict[str, str | None]:
        with self._account_lock:
            credentials = self._callers.open_user_session(
                get_partition(region), user_name, mfa=mfa, console=True
            )
        return asdict(credentials)

    def _root_session(self, region: str) -> dict[str, str | None]:
        return asdict(self._callers.open_root_session(get_partition(region)))
