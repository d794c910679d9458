"""`make bench`: run every bench, print tables, store the figures in build/bench/*.json.

The charts of them are drawn beside; `python -m benches.charts` renews those of the documentation.
"""

import json
from pathlib import Path

from rich.console import Console

from benches import (
    burst,
    charts,
    deciding,
    growth,
    importing,
    reaction,
    restoring,
    sweeping,
)

RESULTS = Path("build/bench")


def main() -> None:
    """Run the benches one after another: at the same time they would measure each other."""
    console = Console()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for bench in (importing, deciding, reaction, restoring, growth, burst, sweeping):
        console.rule(bench.__name__.rpartition(".")[2])
        figures, table = bench.run()
        console.print(table)
        path = RESULTS / f"{bench.__name__.rpartition('.')[2]}.json"
        path.write_text(json.dumps(figures, indent=2) + "\n")
        console.print(f"[dim]stored in {path}[/dim]")
    for path in charts.write(RESULTS):
        console.print(f"[dim]drawn in {path}[/dim]")


if __name__ == "__main__":
    main()
