"""What a contestant of the bench is, and how one that is a process is run and watched."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from benches.contestants.memory import peak_megabytes

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
    command: Sequence[str], environment: Mapping[str, str], limit_seconds: float
) -> Ran:
    """Run a contestant's process to its end, or to the limit.

    Raises CalledProcessError, with what it printed, when it fails.
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
    if done and process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, stderr=said)
    return Ran(done, peak)
