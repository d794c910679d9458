"""A table before it has a form: for the terminal, or as Markdown for the documentation."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table
from rich.text import Text


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


def megabytes(amount: float | None) -> str:
    """Return an amount of memory, or that it was not measured."""
    return "not measured" if amount is None else f"{amount:.0f}"
