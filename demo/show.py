"""What is seen of the demo: each row as it happens, wide or narrow, in a terminal or not.

A finished row is printed once and for all; only the running one is redrawn, and only in a terminal.
So nothing scrolls away from a small window, and a log of it reads as the terminal did. What goes
into the picture is printed a second time, on a console of fixed width that records.
"""

import io
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, RenderableType
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from demo.play import Result
from demo.story import Step
from reactor.model import OutcomeStatus

WIDEST = 112  # columns; wider rows are hard to follow with the eye
PICTURE_WIDTH = 110
WIDE = PICTURE_WIDTH  # here calls are shown whole, and tables with all their columns
_COLOURS = {"COMPLIANT": "green", "NON_COMPLIANT": "yellow", "NOT_APPLICABLE": "cyan"}
_GOOD = {OutcomeStatus.DONE, OutcomeStatus.ALREADY}
_CAPTION = (
    "ms: from the call's answer to the audit record, which is written when the guard is attached"
    " (of the sweep: from its schedule going off). Measured on this machine; in AWS, CloudTrail and"
    " EventBridge come on top. cold: a function's first run, which starts its process."
)


class Show:
    """The screen, and the picture if one is wanted."""

    def __init__(self, picture: Path | None) -> None:
        self.console = Console(highlight=False)
        wanted = self.console.width if picture is None else PICTURE_WIDTH
        self.console.width = min(wanted, WIDEST)
        self._picture = picture
        self._recorder = Console(
            record=True,
            width=self.console.width,
            file=io.StringIO(),
            force_terminal=True,
            color_system="truecolor",
            highlight=False,
        )
        if picture is not None:
            self._recorder.print(Text("$ make demo\n", style="bold"))

    def print(self, renderable: RenderableType = "", *, picture: bool = True) -> None:
        """Print, into the picture as well unless told otherwise."""
        self.console.print(renderable)
        if picture:
            self._recorder.print(renderable)

    @property
    def is_wide(self) -> bool:
        """Whether there is room for more than the least."""
        return self.console.width >= WIDE

    def save_picture(self) -> None:
        """Write the picture, if one is wanted."""
        if self._picture is None:
            return
        # The same id each time: another picture then differs only where the demo did.
        picture = self._recorder.export_svg(title="make demo", unique_id="demo")
        # The font that it would fetch from the network is only a wish; the reader has one.
        self._picture.write_text(re.sub(r"\s*@font-face \{.*?\}", "", picture, flags=re.DOTALL))

    @contextmanager
    def working(self, what: str) -> Iterator[None]:
        """Show that something is being set up, and then how long it took."""
        started = time.monotonic()
        with Live(_line(Spinner("dots"), what, ""), console=self.console, transient=True):
            yield
        seconds = f"{time.monotonic() - started:.1f} s"
        self.print(_line(Text("✓", style="green"), what, seconds))

    @contextmanager
    def playing(self, step: Step) -> Iterator[None]:
        """Show the row of a step that is under way."""
        row = self._row(Spinner("dots"), self._what(step), step.user, "…", "", "")
        with Live(row, console=self.console, transient=True):
            yield

    def heading(self, rule: str, settings: str) -> None:
        """Print what the reactor was told, and the table's head."""
        words = Text.assemble(rule, "\n", (settings, "dim"))
        self.print(Padding(words, (1, 0, 1, 2)))
        names = ("what happened", "whom", "verdict", "action", "ms")
        self.print(self._row("", *(Text(name, style="bold") for name in names)))
        self.print(Rule(style="dim", characters="─"))

    def step(self, result: Result) -> None:
        """Print the row of a step that ended, and what is wrong with it, if anything."""
        mark = ("✓", "green") if result.as_expected else ("✗", "bold red")
        self.print(
            self._row(
                Text(*mark),
                self._what(result.step),
                result.step.user,
                _verdict(result),
                _actions(result),
                _time(result),
            )
        )
        for problem in result.problems:
            self.print(Padding(Text(problem, style="bold red"), (0, 0, 0, 2)))

    def caption(self) -> None:
        """Print what the columns mean."""
        self.print(Rule(style="dim", characters="─"))
        self.print(Padding(Text(_CAPTION, style="dim"), (0, 0, 0, 2)))

    def end(self, text: str, next_steps: str, *, good: bool) -> None:
        """Print the summary."""
        colour = "green" if good else "red"
        words = Text.assemble((text, f"bold {colour}"), "\n", (next_steps, "default"))
        self.print()
        self.print(Panel(words, border_style=colour, expand=False, padding=(0, 2)))

    def _what(self, step: Step) -> Table:
        words = step.call.whole if self.is_wide else step.call.short
        call = Text(words, style="cyan", no_wrap=True, overflow="ellipsis")
        return _stacked(step.what, call)

    def _row(self, mark: RenderableType, *cells: RenderableType) -> Table:
        """Lay one row out; all rows have the same columns, so that they make a table."""
        row = Table.grid(padding=(0, 1), expand=True)
        row.add_column(width=1)
        row.add_column(ratio=1)
        row.add_column(width=9)
        row.add_column(width=16)
        row.add_column(width=12)
        row.add_column(width=5, justify="right")
        row.add_row(mark, *cells)
        return row


def _line(mark: RenderableType, what: str, time_taken: str) -> Table:
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=1)
    line.add_column(ratio=1)
    line.add_column(width=7, justify="right")
    line.add_row(mark, what, Text(time_taken, style="dim"))
    return line


def _stacked(*parts: RenderableType) -> Table:
    """Put parts below one another; what is too long is cut, not wrapped."""
    stack = Table.grid(expand=True)
    for part in parts:
        stack.add_row(part)
    return stack


def _time(result: Result) -> Table:
    milliseconds = "–" if result.milliseconds is None else str(result.milliseconds)
    how = "cold" if result.evidence and result.evidence.cold else ""
    return _stacked(Text(milliseconds, justify="right"), Text(how, style="dim", justify="right"))


def _verdict(result: Result) -> RenderableType:
    if result.evidence is None:
        return Text("nobody noticed" if result.step.lost else "no record", style="dim")
    verdict = result.evidence.record["verdict"]
    colour = _COLOURS.get(verdict["compliance"], "red")
    return _stacked(Text(verdict["compliance"], style=colour), Text(verdict["rule"], style="dim"))


def _actions(result: Result) -> RenderableType:
    guard = Text("guard on", style="green") if result.guarded else Text("no guard", style="dim")
    done = [] if result.evidence is None else result.evidence.record["actions"]
    lines = [
        Text(each["action"], style="" if each["outcome"] in _GOOD else "strike red")
        for each in done
    ]
    lines = lines or [Text("none", style="dim")]
    return _stacked(*lines, guard)
