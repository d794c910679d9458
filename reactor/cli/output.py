"""What people see: tables on standard output, remarks and progress on standard error.

Names, tags and paths are foreign text: they are never read as markup, and characters that a
terminal would obey are shown as escapes.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from reactor.errors import shorten
from reactor.model import Alarm

_LINE_LIMIT = 1000  # characters of a line on standard error
_COLOURS = {
    "COMPLIANT": "green",
    "NON_COMPLIANT": "bold red",
    "INSUFFICIENT_DATA": "yellow",
    "NOT_APPLICABLE": "dim",
    "ok": "green",
    "failed": "bold red",
    "unknown": "yellow",
}


def clean(text: object) -> str:
    """Return foreign text as one that a terminal cannot be made to obey."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in str(text)
    )


def one_line(text: object) -> str:
    """Return foreign text as one clean line."""
    return clean(shorten(text, _LINE_LIMIT))


def say(line: str) -> None:
    """Write a line on standard error."""
    typer.echo(line, err=True)


def say_alarm(alarm: Alarm) -> None:
    """Write what a run brought to light on standard error, as a line."""
    say(one_line(f"mfa-reactor: {alarm.what}; {alarm.remedy}"))


def put(text: str) -> None:
    """Write a line on standard output, whatever its width."""
    typer.echo(text)


def put_json(document: object) -> None:
    """Write a JSON document on standard output."""
    typer.echo(json.dumps(document, indent=2))


def put_table(  # noqa: PLR0913 - its parts; all but the first two by name
    headings: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    whole: frozenset[str] = frozenset(),
    title: str | None = None,
    lines: bool = False,
    on_error: bool = False,
) -> None:
    """Write a table, on standard output or error.

    Columns named in `whole` never break; the others fold to the width.
    """
    shape = box.HORIZONTALS if lines else box.SIMPLE_HEAD
    table = Table(
        box=shape, title=title, title_justify="left", show_lines=lines, pad_edge=False, padding=0
    )
    table.padding = (0, 1)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in whole, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(each) for each in row))
    Console(highlight=False, stderr=on_error).print(table)


def put_facts(facts: Iterable[tuple[str, str]]) -> None:
    """Write facts, a name and what there is to say of it, below one another."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 1))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for name, text in facts:
        table.add_row(name, _cell(text))
    Console(highlight=False).print(table)


def put_item(mark: str, text: str, *, on_error: bool = False) -> None:
    """Write a paragraph behind a mark, folded to the width; words, and so ARNs, stay whole."""
    typer.echo(
        textwrap.fill(
            clean(text),
            Console().width,
            initial_indent=mark,
            subsequent_indent=" " * len(mark),
            break_long_words=False,
            break_on_hyphens=False,
        ),
        err=on_error,
    )


def put_command(line: str) -> None:
    """Write a command to copy: a line of its own, whatever its width."""
    typer.secho(f"     {clean(line)}", fg=typer.colors.CYAN)


def put_heading(text: str) -> None:
    """Write a heading, with an empty line before it."""
    typer.secho(f"\n{clean(text)}", bold=True)


def _cell(text: str) -> Text:
    safe = "\n".join(clean(line) for line in text.split("\n"))
    return Text(safe, style=_COLOURS.get(text, ""))


class Progress(Protocol):
    """Counts what a run has got to."""

    def read(self) -> None:
        """One more user was read."""

    def settled(self) -> None:
        """One more user was settled, of those read so far."""


class _Silent:
    def read(self) -> None:
        pass

    def settled(self) -> None:
        pass


@contextmanager
def progress() -> Iterator[Progress]:
    """Show a progress bar on standard error while the block runs, if that is a terminal."""
    if not sys.stderr.isatty():
        yield _Silent()
        return
    from reactor.cli.bar import bar  # noqa: PLC0415 - rich's progress is slow to import

    with bar() as shown:
        yield shown
