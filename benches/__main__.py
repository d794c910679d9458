"""`make bench`: run every bench, print tables, store the figures in build/bench/*.json."""

import json
from pathlib import Path

from rich.console import Console

from benches import burst, importing, reaction, restoring

RESULTS = Path("build/bench")


def main() -> None:
    """Run the benches one after another: at the same time they would measure each other."""
    console = Console()
    RESULTS.mkdir(parents=True, exist_ok=True)
    for bench in (importing, reaction, restoring, burst):
        console.rule(bench.__name__.rpartition(".")[2])
        figures, table = bench.run()
        console.print(table)
        path = RESULTS / f"{bench.__name__.rpartition('.')[2]}.json"
        path.write_text(json.dumps(figures, indent=2) + "\n")
        console.print(f"[dim]stored in {path}[/dim]")


if __name__ == "__main__":
    main()
