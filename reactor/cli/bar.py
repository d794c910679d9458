"""The progress bar: first the users read, whose number is not known yet, then those settled."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich import progress
from rich.console import Console


@dataclass(slots=True)
class _Bar:
    shown: progress.Progress
    task: progress.TaskID
    seen: int = 0
    reading: bool = True

    def read(self) -> None:
        self.seen += 1
        self.shown.update(self.task, completed=self.seen)

    def settled(self) -> None:
        if self.reading:
            self.reading = False
            self.shown.update(self.task, description="settling", total=self.seen, completed=0)
        self.shown.advance(self.task)


@contextmanager
def bar() -> Iterator[_Bar]:
    """Show a bar on standard error; it is gone when the block ends."""
    columns = (
        progress.TextColumn("{task.description} users"),
        progress.BarColumn(),
        progress.TextColumn("{task.completed:.0f}"),
        progress.TimeElapsedColumn(),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        yield _Bar(shown, shown.add_task("reading", total=None))
