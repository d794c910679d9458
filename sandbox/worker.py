"""One execution environment of a function: a process that is started, fed events and killed."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import selectors
import signal
import subprocess
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.memory import peak_megabytes

if TYPE_CHECKING:
    from collections.abc import Mapping

INIT_TIMEOUT_SECONDS = 10.0
_MAIN = Path(__file__).with_name("worker_main.py")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One event of a log."""

    at_milliseconds: int
    text: str


@dataclass(slots=True)
class Outcome:
    """What became of one attempt. `error_type` is None when the handler returned."""

    payload: str
    error_type: str | None = None
    lines: list[LogLine] = field(default_factory=list)
    init_seconds: float | None = None
    duration_seconds: float = 0.0
    peak_megabytes: int | None = None  # of its process's memory; None where that cannot be told

    @property
    def error(self) -> str | None:
        """The error's type and what was said of it; None when the handler returned."""
        return None if self.error_type is None else f"{self.error_type}: {self.payload}"


@dataclass(frozen=True, slots=True)
class Launch:
    """What a worker is started with."""

    revision: str
    handler: str
    task_root: Path
    runtime: Path  # a directory with boto3's and the runtime's distributions
    log_stream: str
    environment: Mapping[str, str]


class Worker:
    """A process that runs one function's events, one after the other."""

    def __init__(self, launch: Launch) -> None:
        self.revision = launch.revision
        self.log_stream = launch.log_stream
        self.alive = True
        self._ready = False
        self._peak_megabytes: int | None = None
        self._mark = f"\x1e{secrets.token_hex(8)}\x1e"
        self._said = b""
        self._answers = b""
        requests_read, self._requests = os.pipe()
        self._responses, responses_write = os.pipe()
        self._output, output_write = os.pipe()
        arguments = [requests_read, responses_write, self._mark]
        arguments += [launch.task_root, launch.runtime, launch.handler]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(_MAIN), *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=output_write,
            stderr=output_write,
            pass_fds=(requests_read, responses_write),
            env=dict(launch.environment),
            cwd=launch.task_root,
            start_new_session=True,  # a function's own children die with it
        )
        for theirs in (requests_read, responses_write, output_write):
            os.close(theirs)

    def invoke(
        self,
        request_id: str,
        function_arn: str,
        payload: str,
        *,
        trace_id: str,
        timeout_seconds: float,
    ) -> Outcome:
        """Runs one event. Afterwards `alive` says whether the process can take another."""
        before: list[LogLine] = []
        init_seconds = None
        if not self._ready:
            started = time.monotonic()
            failed = self._initialize(before)
            init_seconds = time.monotonic() - started
            self._note_peak()
            if failed is not None:
                failed.peak_megabytes = self._peak_megabytes
                failed.init_seconds = init_seconds
                return failed
        deadline = time.time() + timeout_seconds
        request = {
            "request_id": request_id,
            "function_arn": function_arn,
            "trace_id": trace_id,
            "deadline_ms": int(deadline * 1000),
            "payload": payload,
        }
        start = LogLine(_now_milliseconds(), f"START RequestId: {request_id} Version: $LATEST")
        started = time.monotonic()
        outcome = self._run(request, timeout_seconds)
        outcome.duration_seconds = time.monotonic() - started
        outcome.init_seconds = init_seconds
        outcome.peak_megabytes = self._peak_megabytes
        outcome.lines = [*before, start, *outcome.lines]
        return outcome

    def kill(self) -> None:
        """Ends the process and what it has started."""
        self.alive = False
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for ours in (self._requests, self._responses, self._output):
            with contextlib.suppress(OSError):  # killed twice
                os.close(ours)

    def _initialize(self, lines: list[LogLine]) -> Outcome | None:
        answer = self._await_answer(INIT_TIMEOUT_SECONDS, lines)
        self._ready = answer is not None and answer["kind"] == "ready"
        if self._ready:
            return None
        if answer is not None:  # the bundle could not be imported
            error = json.loads(answer["payload"])
            outcome = Outcome(answer["payload"], error["errorType"], lines)
        else:
            outcome = self._ended("init", INIT_TIMEOUT_SECONDS, lines)
        self.kill()
        return outcome

    def _run(self, request: dict[str, Any], timeout_seconds: float) -> Outcome:
        lines: list[LogLine] = []
        with contextlib.suppress(BrokenPipeError):  # a dead process is told from its silence
            _write_all(self._requests, json.dumps(request).encode() + b"\n")
        answer = self._await_answer(timeout_seconds, lines)
        self._note_peak()
        if answer is None:
            outcome = self._ended(request["request_id"], timeout_seconds, lines)
            self.kill()
            return outcome
        if answer["kind"] == "result":
            return Outcome(answer["payload"], None, lines)
        return Outcome(answer["payload"], json.loads(answer["payload"])["errorType"], lines)

    def _ended(self, request_id: str, timeout_seconds: float, lines: list[LogLine]) -> Outcome:
        """No answer came: the time ran out, or the process ended of itself."""
        status = self._process.poll()
        if status is None:
            stamp = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
            text = f"{stamp} {request_id} Task timed out after {timeout_seconds:.2f} seconds"
            lines.append(LogLine(_now_milliseconds(), text))
            return Outcome(json.dumps({"errorMessage": text}), "Sandbox.Timedout", lines)
        text = f"RequestId: {request_id} Error: Runtime exited with error: exit status {status}"
        lines.append(LogLine(_now_milliseconds(), text))
        error = {"errorType": "Runtime.ExitError", "errorMessage": text}
        return Outcome(json.dumps(error), "Runtime.ExitError", lines)

    def _await_answer(self, seconds: float, lines: list[LogLine]) -> dict[str, str] | None:
        """The next answer, with all output before it in `lines`.

        None at the deadline, or when the process ends.
        """
        mark = self._mark.encode()
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            selector.register(self._responses, selectors.EVENT_READ)
            while mark not in self._said or b"\n" not in self._answers:
                ready = selector.select(max(0.0, deadline - time.monotonic()))
                if not ready or not self._take(ready, selector):
                    self._split(self._said, lines)
                    self._said = b""
                    self._process_reaped(bool(ready))
                    return None
        said, _, self._said = self._said.partition(mark)
        self._split(said, lines)
        answer, _, self._answers = self._answers.partition(b"\n")
        parsed: dict[str, str] = json.loads(answer)
        return parsed

    def _take(
        self, ready: list[tuple[selectors.SelectorKey, int]], selector: selectors.BaseSelector
    ) -> bool:
        """Reads what there is; False when the process has said its last."""
        for key, _ in ready:
            chunk = os.read(key.fd, 65536)
            if not chunk and key.fd == self._responses:
                # It may close this pipe first when it ends, with its last words still in the other.
                selector.unregister(self._responses)
                continue
            if not chunk:
                return False
            if key.fd == self._output:
                self._said += chunk
            else:
                self._answers += chunk
        return True

    def _note_peak(self) -> None:
        """Of a process that has ended, what was noted last stays."""
        peak = peak_megabytes(self._process.pid)
        self._peak_megabytes = peak if peak is not None else self._peak_megabytes

    def _process_reaped(self, ended: bool) -> None:
        if ended:  # its pipes are closed; its exit status follows at once
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(1)

    def _split(self, said: bytes, lines: list[LogLine]) -> None:
        # The runtime writes a traceback with carriage returns, to keep it one event of the log.
        text = said.decode("utf-8", "replace")
        at = _now_milliseconds()
        lines += [LogLine(at, line.replace("\r", "\n")) for line in text.split("\n") if line]


def log_stream_name() -> str:
    """A new stream's, as Lambda names them."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[$LATEST]{uuid.uuid4().hex}"


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _now_milliseconds() -> int:
    return int(time.time() * 1000)
