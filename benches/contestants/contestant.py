"""What a contestant of the bench is, and how one that is a process is run and watched."""

import json
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benches.contestants.memory import peak_megabytes
from reactor.errors import shorten

PROJECT = Path(__file__).parents[2]
_LOOK_EVERY = 0.05  # seconds between two looks at a process


@dataclass(frozen=True, slots=True)
class Ran:
    """What is known of one sweep but for its calls.

    `began` and `ended` (seconds since the epoch) where the contestant's own log tells them; where
    it does not, its first and its last call do.
    """

    done: bool
    peak_megabytes: float | None
    began: float | None = None
    ended: float | None = None
    parts: int = 1  # invocations or processes
    failed: int = 0  # of these
    why: str = ""  # the last that it said when it failed


class Contestant(Protocol):
    """One who sweeps the account of a sandbox."""

    @property
    def name(self) -> str:
        """What it is called in the tables."""

    @property
    def writes(self) -> bool:
        """Whether it brings the account into order, or only reads."""

    def sweep(self, limit_seconds: float) -> Ran:
        """Sweep once; end what is not done in so many seconds."""

    def made(self, call: Mapping[str, Any]) -> bool:
        """Tell whether it made one of the calls that the sandbox answered."""


def run_process(
    command: Sequence[str],
    environment: Mapping[str, str],
    limit_seconds: float,
    *,
    tells: bool = False,
) -> Ran:
    """Run a contestant's process to its end, which may be a failure, or to the limit.

    One that `tells` says on standard error, as JSON, when it `began` and `ended`.
    """
    end, peak = time.monotonic() + limit_seconds, None
    with subprocess.Popen(
        command,
        env=dict(environment),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while process.poll() is None and time.monotonic() < end:
            peak = peak_megabytes(process.pid) or peak
            time.sleep(_LOOK_EVERY)
        done = process.poll() is not None
        if not done:
            process.kill()
        _, said = process.communicate()
    last = (said.splitlines() or [""])[-1]
    if done and process.returncode:
        return Ran(done=False, peak_megabytes=peak, failed=1, why=shorten(last))
    told = json.loads(last) if tells and done else {}
    return Ran(done, peak, told.get("began"), told.get("ended"))
