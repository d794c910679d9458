"""The workers of all functions: started when needed, kept warm, a few at a time for each."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.callers import Credentials
from sandbox.functions import Function, function_environment, unpack
from sandbox.packaging import libraries_of_lambda
from sandbox.worker import Launch, Worker, log_stream_name

# Opens a session of the function's role, under the account's lock.
OpenSession = Callable[[Function], Credentials]


class Pool:
    """Gives out workers and takes them back."""

    def __init__(self, url: str, open_session: OpenSession, workers_per_function: int) -> None:
        self._url = url
        self._open_session = open_session
        self._directory = Path(tempfile.mkdtemp(prefix="sandbox-functions-"))
        self._runtime = libraries_of_lambda(self._directory / "runtime", runtime=True)
        self._slots: dict[str, threading.Semaphore] = defaultdict(
            lambda: threading.Semaphore(workers_per_function)
        )
        self._idle: dict[str, list[Worker]] = defaultdict(list)
        self._busy: set[Worker] = set()
        self._generation = 0
        self._lock = threading.Lock()

    @contextmanager
    def worker(self, function: Function) -> Iterator[tuple[Worker, bool]]:
        """A worker for one event, and whether it is a new one. Waits while all are busy."""
        with self._lock:
            slot = self._slots[function.arn]
        with slot:
            generation = self._generation
            worker = self._warm(function)
            cold = worker is None
            worker = worker or self._start(function)
            with self._lock:
                self._busy.add(worker)
            try:
                yield worker, cold
            finally:
                self._put_back(function, worker, keep=generation == self._generation)

    def reset(self) -> None:
        """From now on every worker is new; the busy ones end with the event they have."""
        with self._lock:
            self._generation += 1
            idle = [worker for workers in self._idle.values() for worker in workers]
            self._idle.clear()
        for worker in idle:
            worker.kill()

    def stop(self) -> None:
        """Ends every worker, whatever it is doing."""
        self.reset()
        with self._lock:
            busy = list(self._busy)
        for worker in busy:
            worker.kill()
        shutil.rmtree(self._directory, ignore_errors=True)

    def _warm(self, function: Function) -> Worker | None:
        """The worker used last. Those of an older deployment are ended on the way."""
        while True:
            with self._lock:
                if not self._idle[function.arn]:
                    return None
                worker = self._idle[function.arn].pop()
            if worker.revision == function.revision:
                return worker
            worker.kill()

    def _start(self, function: Function) -> Worker:
        with self._lock:  # two workers must not unpack the same bundle at once
            task_root = unpack(function, self._directory)
        log_stream = log_stream_name()
        environment = function_environment(
            function,
            self._open_session(function),
            url=self._url,
            log_stream=log_stream,
            task_root=task_root,
        )
        launch = Launch(
            revision=function.revision,
            handler=function.handler,
            task_root=task_root,
            runtime=self._runtime,
            log_stream=log_stream,
            environment=environment,
        )
        return Worker(launch)

    def _put_back(self, function: Function, worker: Worker, *, keep: bool) -> None:
        with self._lock:
            self._busy.discard(worker)
            if worker.alive and keep:
                self._idle[function.arn].append(worker)
                return
        if worker.alive:
            worker.kill()
