"""The progress bar: the users read, and how many of them are settled; both go on side by side."""

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
    done: int = 0

    def read(self) -> None:
        self.seen += 1
        if self.done:
            self.shown.update(self.task, total=self.seen)
        else:
            self.shown.update(self.task, completed=self.seen)

    def settled(self) -> None:
        self.done += 1
        self.shown.update(
            self.task, description="settling", total=max(self.seen, self.done), completed=self.done
        )


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
