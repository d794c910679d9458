"""Tables of what the last benches have stored in build/bench.

`python -m benches.tables` prints them, `--markdown` as they stand in the documentation, and
`--write` renews them there: in docs/performance.md, and the few figures of README.md, between the
two marks of each.
"""

import argparse
import json
import textwrap
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from benches import comparisons, deciding, parts, points, privileges, sweeping
from benches.cells import Cells
from benches.sweeps import stored

PAGE, README = Path("docs/performance.md"), Path("README.md")
BEGIN = "<!-- figures: renewed by python -m benches.tables --write -->"
END = "<!-- end of the figures -->"
_PARTS = sweeping.RESULT.with_name("parts.json")
_DECIDING = sweeping.RESULT.with_name("deciding.json")
_PRIVILEGES = sweeping.RESULT.with_name("privileges.json")


def all_stored() -> Iterator[Cells]:
    """Yield the table of everything that is stored."""
    if sweeping.RESULT.exists():
        yield from comparisons.cells_of(stored(sweeping.RESULT))
    if points.RESULT.exists():
        yield from points.cells_of(points.stored())
    if _PARTS.exists():
        yield parts.cells_of(json.loads(_PARTS.read_text()))
    if _DECIDING.exists():
        yield deciding.cells_of(json.loads(_DECIDING.read_text()))
    if _PRIVILEGES.exists():
        yield privileges.cells_of(json.loads(_PRIVILEGES.read_text()))


def renewed(page: str, figures: str) -> str:
    """Return a page with other figures between its marks. Raises ValueError when it has none."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page lacks its marks, {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{figures}\n\n{END}{after}"


def _wrapped(item: str) -> str:
    return textwrap.fill(item, 110, subsequent_indent="  ")


def main() -> None:
    """Print the tables, or write them."""
    parser = argparse.ArgumentParser(prog="benches.tables", description="Show what was measured.")
    parser.add_argument("--markdown", action="store_true")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE}")
    asked = parser.parse_args()
    if asked.write:
        write()
    elif asked.markdown:
        print(markdown())
    else:
        for each in all_stored():
            Console().print(each.rich())


def markdown() -> str:
    """Return all tables for a page."""
    return "\n\n".join(each.markdown() for each in all_stored())


def write() -> None:
    """Renew the tables of the documentation, and the figures of the README."""
    PAGE.write_text(renewed(PAGE.read_text(), markdown()))
    if sweeping.RESULT.exists() and (found := comparisons.headlines(stored(sweeping.RESULT))):
        lines = "\n".join(_wrapped(f"- {each}") for each in found)
        README.write_text(renewed(README.read_text(), lines))


if __name__ == "__main__":
    main()
