"""`make bench`: run every bench, print tables, store the figures in build/bench/*.json.

The charts of them are drawn beside; `python -m benches.charts` renews those of the documentation.
`python -m benches deciding growth` runs the benches named, and no others.
"""

import json
import sys
from pathlib import Path

from rich.console import Console

from benches import (
    burst,
    charts,
    deciding,
    growth,
    importing,
    parts,
    privileges,
    reaction,
    restoring,
    sweeping,
)

RESULTS = Path("build/bench")
BENCHES = {
    each.__name__.rpartition(".")[2]: each
    for each in (
        importing,
        deciding,
        privileges,
        reaction,
        restoring,
        growth,
        parts,
        burst,
        sweeping,
    )
}


def main(*names: str) -> None:
    """Run the benches one after another: at the same time they would measure each other."""
    if unknown := set(names) - BENCHES.keys():
        raise SystemExit(f"no bench {', '.join(unknown)}: there are {', '.join(BENCHES)}")
    console = Console()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for name in names or BENCHES:
        console.rule(name)
        figures, table = BENCHES[name].run()
        console.print(table)
        path = RESULTS / f"{name}.json"
        path.write_text(json.dumps(figures, indent=2) + "\n")
        console.print(f"[dim]stored in {path}[/dim]")
    for path in charts.write(RESULTS):
        console.print(f"[dim]drawn in {path}[/dim]")


if __name__ == "__main__":
    main(*sys.argv[1:])
