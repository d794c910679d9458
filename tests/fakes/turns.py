"""Several pieces of work at the same time, call by call, in an order that a test chooses.

Each runs in a thread of its own, but only one at a time: it stops before each call to the fake IAM,
and goes on when it is chosen. So a test that fails, fails again.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from tests.fakes.iam import Call

PATIENCE_SECONDS = 30  # until a test that hangs fails


@dataclass(slots=True)
class _Worker:
    work: Callable[[], object]
    stopped: SimpleQueue["_Worker"]
    may_go_on: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    error: BaseException | None = None
    ended: bool = False

    def run(self) -> None:
        self.stop()
        try:
            self.work()
        except BaseException as error:  # noqa: BLE001 - it is raised where the test waits
            self.error = error
        self.ended = True
        self.stopped.put(self)

    def stop(self) -> None:
        self.stopped.put(self)
        assert self.may_go_on.acquire(timeout=PATIENCE_SECONDS), "nobody lets it go on"


class Turns:
    """Takes turns: `on_call` is a FakeIam's, `choose` says which of so many goes on next."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self._choose = choose
        self._workers: dict[int, _Worker] = {}

    def on_call(self, _call: Call) -> None:
        """Wait for a turn; who does none of the work need not."""
        worker = self._workers.get(threading.get_ident())
        if worker is not None:
            worker.stop()

    def take(self, *work: Callable[[], object]) -> None:
        """Do all of the work. Raises what one of them raised."""
        stopped: SimpleQueue[_Worker] = SimpleQueue()
        waiting: list[_Worker] = []
        for each in work:
            worker = _Worker(each, stopped)
            thread = threading.Thread(target=self._begin, args=(worker,), daemon=True)
            thread.start()
            waiting.append(stopped.get(timeout=PATIENCE_SECONDS))
        while waiting:
            chosen = waiting.pop(self._choose(len(waiting)))
            chosen.may_go_on.release()
            now = stopped.get(timeout=PATIENCE_SECONDS)
            if now.error is not None:
                raise now.error
            if not now.ended:
                waiting.append(now)

    def _begin(self, worker: _Worker) -> None:
        self._workers[threading.get_ident()] = worker
        worker.run()
