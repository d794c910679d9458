"""Running `mfa-reactor` in a process of its own, with and without a terminal."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PROJECT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "reactor")
SECONDS = 60


@dataclass(frozen=True, slots=True)
class Result:
    """What a run of the command left: its status and what it wrote."""

    status: int
    stdout: str
    stderr: str

    @property
    def document(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)

    @property
    def error_line(self) -> str:
        """The one line on standard error; fails when it is not exactly one."""
        (line,) = self.stderr.splitlines()
        return line


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command in an environment that holds nothing of the person who runs the tests."""

    environment: dict[str, str]
    directory: Path = field(default=PROJECT)

    def __call__(self, *arguments: str, stdin: str = "", **variables: str) -> Result:
        """Run it without a terminal."""
        ran = subprocess.run(  # noqa: S603 - our own module
            [*COMMAND, *arguments],
            cwd=self.directory,
            env={**self.environment, **variables},
            input=stdin.encode(),
            capture_output=True,
            timeout=SECONDS,
            check=False,
        )
        return Result(ran.returncode, ran.stdout.decode(), ran.stderr.decode())

    def on_terminal(
        self,
        *arguments: str,
        answer: str = "",
        before_answer: Callable[[], None] | None = None,
        **variables: str,
    ) -> Result:
        """Run it with a terminal for standard input and error, on which `answer` is typed.

        With `before_answer`, that is called when it asks, and only then is the answer typed.
        """
        ours, theirs = pty.openpty()
        try:
            with subprocess.Popen(  # noqa: S603 - our own module
                [*COMMAND, *arguments],
                cwd=self.directory,
                env={**self.environment, "TERM": "xterm", **variables},
                stdin=theirs,
                stderr=theirs,
                stdout=subprocess.PIPE,
            ) as process:
                os.close(theirs)
                asked = ""
                if before_answer is not None:
                    asked = _until(ours, "[y/N]")
                    before_answer()
                os.write(ours, answer.encode())
                shown = asked + _all_of(ours)
                stdout, _ = process.communicate(timeout=SECONDS)
        finally:
            os.close(ours)
        return Result(process.returncode, stdout.decode(), shown)


def _until(terminal: int, words: str) -> str:
    shown = b""
    while words.encode() not in shown:
        shown += os.read(terminal, 4096)
    return shown.decode()


def _all_of(terminal: int) -> str:
    parts = []
    # Linux reports a terminal whose other side is closed as an error, macOS as the end of a file.
    with contextlib.suppress(OSError):
        while part := os.read(terminal, 4096):
            parts.append(part)
    return b"".join(parts).decode()
