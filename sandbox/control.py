"""The control endpoint's side of the server: what a test may ask that no AWS API offers.

One POST to /_sandbox/COMMAND with a JSON object of arguments; a JSON value comes back, or an error
with a status of 400 and more.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

from moto.core.exceptions import ServiceException
from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition
from werkzeug.wrappers import Request, Response

from sandbox.compliance import compliance_change
from sandbox.iam.responses import StrictIamResponse
from sandbox.iam.root import Credentials
from sandbox.queues import show_hidden
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from contextlib import AbstractContextManager

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from sandbox.asynchronous import Asynchronous
    from sandbox.callers import Callers
    from sandbox.config.rules import ConfigRules
    from sandbox.event_sources import EventSources
    from sandbox.events import Bus
    from sandbox.faults import Faults
    from sandbox.gateway import Gateway
    from sandbox.iam.backend import StrictIAMBackend
    from sandbox.invocations import Invoker
    from sandbox.pool import Pool
    from sandbox.recorder import Recorder
    from sandbox.schedules import Schedules
    from sandbox.staleness import Staleness
    from sandbox.unfinished import Unfinished

PREFIX = "/_sandbox/"
_TICK_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Control:
    """Every part that can be asked for something, and how each is asked."""

    gateway: Gateway
    callers: Callers
    bus: Bus
    schedules: Schedules
    event_sources: EventSources
    invoker: Invoker
    pool: Pool
    recorder: Recorder
    asynchronous: Asynchronous
    unfinished: Unfinished
    faults: Faults
    staleness: Staleness
    config_rules: ConfigRules
    account_lock: AbstractContextManager[Any]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Runs one command."""
        status, answer = self._run(Request(environ))
        response = Response(json.dumps(answer), status, mimetype="application/json")
        return response(environ, start_response)

    def _run(self, request: Request) -> tuple[HTTPStatus, Any]:
        command = self._commands().get(request.path.removeprefix(PREFIX))
        if command is None or request.method != "POST":
            error = f"no command {request.method} {request.path}"
            return HTTPStatus.NOT_FOUND, {"error": error}
        try:
            return HTTPStatus.OK, command(**json.loads(request.get_data() or b"{}"))
        except TimeoutError as still_running:
            return HTTPStatus.REQUEST_TIMEOUT, {"error": str(still_running)}
        except (Refusal, ServiceException, KeyError, TypeError, ValueError) as error:
            message = getattr(error, "message", None) or repr(error)
            return HTTPStatus.BAD_REQUEST, {"error": message}

    def _commands(self) -> dict[str, Callable[..., Any]]:
        return {
            "age_credential_report": self._age_credential_report,
            "calls": self.gateway.calls,
            "clear_calls": self.gateway.clear_calls,
            "compliance_change": self._compliance_change,
            "console_session": self._console_session,
            "enrol_passkey": self._enrol_passkey,
            "fail_evaluations": self.config_rules.fail_evaluations,
            "fire_schedule": self.schedules.fire,
            "invocations": self.invoker.invocations,
            "invoke_config_rule": self.config_rules.invoke,
            "invoke_event": self.bus.put,
            "lose_next_event": self.bus.lose_next_event,
            "records": self.recorder.records,
            "reset_functions": self.pool.reset,
            "root_session": self._root_session,
            "set_event_age_speed": self.asynchronous.set_age_speed,
            "set_failures": self.faults.set_failures,
            "set_latency": self.gateway.set_latency,
            "set_page_size": self._set_page_size,
            "set_root": self._set_root,
            "set_schedule_speed": self.schedules.set_speed,
            "set_staleness": self._set_staleness,
            "set_throttle": self.faults.set_throttle,
            "set_throttled_pauses": self.asynchronous.set_throttled_pauses,
            "settle": self._settle,
            "show_hidden_messages": self._show_hidden_messages,
        }

    def _set_page_size(
        self, items: int | None, seed: int | None = None, operations: Sequence[str] | None = None
    ) -> None:
        with self.account_lock:
            StrictIamResponse.page_size.set(items, seed, operations)

    def _set_staleness(self, seconds: float, seed: int | None = None) -> None:
        with self.account_lock:
            self.staleness.set(seconds, seed)

    def _set_root(self, region: str, **has: bool) -> None:
        with self.account_lock:
            self._iam(region).root = Credentials(**has)

    def _enrol_passkey(self, user_name: str, name: str, region: str) -> str:
        with self.account_lock:
            return self._iam(region).enrol_passkey(user_name, name)

    def _age_credential_report(self, hours: float, region: str) -> None:
        with self.account_lock:
            self._iam(region).age_credential_report(hours)

    def _iam(self, region: str) -> StrictIAMBackend:
        backend = iam_backends[self.callers.account][get_partition(region)]
        return cast("StrictIAMBackend", backend)

    def _settle(self, timeout_seconds: float) -> None:
        until = time.monotonic() + timeout_seconds
        while not self._is_settled():
            running = self.unfinished.settle(max(0, until - time.monotonic()))
            if time.monotonic() >= until:
                waiting = ", ".join(running or self.event_sources.waiting())
                raise TimeoutError(f"still running after {timeout_seconds} s: {waiting}")
            time.sleep(_TICK_SECONDS)

    def _is_settled(self) -> bool:
        """Whether nothing runs or waits at one moment: a batch that was taken counts as running."""
        with self.account_lock:
            return not self.event_sources.waiting() and not self.unfinished.settle(0)

    def _compliance_change(self, region: str, **change: str) -> list[str]:
        return self.bus.put(compliance_change(self.bus.account, region, **change))

    def _show_hidden_messages(self, queue_name: str, region: str) -> int:
        with self.account_lock:
            return show_hidden(self.callers.account, region, queue_name)

    def _console_session(self, user_name: str, mfa: bool, region: str) -> dict[str, str | None]:
        with self.account_lock:
            credentials = self.callers.open_user_session(
                get_partition(region), user_name, mfa=mfa, console=True
            )
        return asdict(credentials)

    def _root_session(self, region: str) -> dict[str, str | None]:
        return asdict(self.callers.open_root_session(get_partition(region)))
