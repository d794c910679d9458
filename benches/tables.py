"""Tables of stored figures: for the terminal, and as Markdown for docs/performance.md.

`python -m benches.tables` prints what the last `make bench` has stored in build/bench, `--markdown`
as it stands in the documentation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Group
from rich.table import Table
from rich.text import Text

from benches.sweeps import (
    Expectation,
    Ratio,
    Sweep,
    expectations,
    place_name,
    ratios,
)

RESULTS = Path("build/bench")


@dataclass(frozen=True, slots=True)
class Cells:
    """A table before it has a form. `bad` are the numbers of rows that are told in red."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    bad: frozenset[int] = frozenset()

    def rich(self) -> Table:
        """Return it for a terminal."""
        table = Table(title=self.title)
        for number, heading in enumerate(self.headings):
            table.add_column(heading, justify="left" if number == 0 else "right")
        for number, row in enumerate(self.rows):
            table.add_row(*(Text(cell) for cell in row), style="red" if number in self.bad else "")
        return table

    def markdown(self) -> str:
        """Return it for a page; its title is a line of its own."""
        head = f"| {' | '.join(self.headings)} |"
        rule = f"|---|{'---:|' * (len(self.headings) - 1)}"
        rows = [f"| {' | '.join(row)} |" for row in self.rows]
        return "\n".join([f"{self.title}:", "", head, rule, *rows])


def sweeps_at(sweeps: Sequence[Sweep], place: tuple[int, bool, bool]) -> Cells:
    """Return everybody's sweep of one account."""
    there = [each for each in sweeps if each.place == place]
    headings = ("", "IAM reads", "writes", "other", "throttled", "s", "MB", "left")
    return Cells(
        place_name(place),
        headings,
        [_row(each) for each in there],
        frozenset(
            n for n, each in enumerate(there) if not each.done or (each.again and each.attached)
        ),
    )


def _row(sweep: Sweep) -> tuple[str, ...]:
    seconds = f"{sweep.seconds:.2f}" if sweep.seconds < 10 else f"{sweep.seconds:,.0f}"  # noqa: PLR2004
    if not sweep.done:
        seconds = f"not done after {seconds}: {sweep.looked_at:,} of {sweep.users:,} users"
    writes = f"{sweep.writes:,}"
    if sweep.again and sweep.attached:
        writes += " (attached again)"
    return (
        sweep.contestant,
        f"{sweep.reads:,}",
        writes,
        f"{sweep.others:,}",
        f"{sweep.throttles:,}",
        seconds,
        megabytes(sweep.peak_megabytes),
        f"{sweep.left:,}",
    )


def megabytes(amount: float | None) -> str:
    """Return an amount of memory, or that it was not measured."""
    return "not measured" if amount is None else f"{amount:.0f}"


def ratios_of(found: dict[tuple[int, bool, bool], list[Ratio]]) -> Cells:
    """Return how the others compare with us, and we with the bare reads."""
    rows = [
        (place_name(place), each.what, f"{each.reads:,.1f}", _times(each))
        for place, those in found.items()
        for each in those
    ]
    return Cells("how many times", ("account", "whose", "IAM reads", "time"), rows)


def _times(ratio: Ratio) -> str:
    return f"{'at least ' if ratio.at_least else ''}{ratio.seconds:,.1f}"


def expected(found: Sequence[Expectation]) -> Cells:
    """Return what is expected and what is so."""
    rows = [(each.what, each.expected, each.found, "yes" if each.holds else "NO") for each in found]
    bad = frozenset(number for number, each in enumerate(found) if not each.holds)
    return Cells("expectations", ("of what", "expected", "found", "holds"), rows, bad)


def calls_of(sweep: Sweep) -> Cells:
    """Return one sweep's calls by operation."""
    title = f"calls of {sweep.contestant}, {place_name(sweep.place)}"
    rows = [(name, f"{count:,}") for name, count in sweep.calls.items()]
    return Cells(title, ("operation", "calls"), rows)


def cells_of(sweeps: Sequence[Sweep]) -> list[Cells]:
    """Return all tables of the sweeps."""
    places = dict.fromkeys(each.place for each in sweeps)
    return [
        *(sweeps_at(sweeps, place) for place in places),
        ratios_of(ratios(sweeps)),
        expected(expectations(sweeps)),
    ]


def of_sweeps(sweeps: Sequence[Sweep]) -> Group:
    """Return the tables for a terminal."""
    return Group(*(each.rich() for each in cells_of(sweeps)))
