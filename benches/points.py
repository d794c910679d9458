"""The figures of sweeps as users grow, and their  Pure."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benches import pages
from benches.cells import Cells, megabytes
from benches.sweeps import OURS

RESULT = Path("build/bench/growth.json")
LATENCY_MS = 20
MEMORY_LIMIT = 256  # MB, at 5,000 users with 10 groups and 10 tags each
LIMIT_OF_IAM = 5000  # users


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A sweep with nothing to do."""

    contestant: str
    simulated: bool
    users: int
    calls: dict[str, int]  # of IAM, by operation
    seconds: float
    peak_megabytes: float | None


def figures(points: Sequence[Point]) -> dict[str, Any]:
    """Return what is stored."""
    return {
        "latency_milliseconds": LATENCY_MS,
        "tags_each": pages.TAGS_EACH,
        "groups_each": pages.GROUPS_EACH,
        "groups": pages.GROUPS,
        "points": [asdict(each) for each in points],
    }


def stored(path: Path = RESULT) -> list[Point]:
    """Read the points that a bench has stored."""
    return [Point(**each) for each in json.loads(path.read_text())["points"]]


def cells_of(points: Sequence[Point]) -> list[Cells]:
    """Return the tables: how it grows, and the memory at IAM's limit."""
    headings = ("whose", "users", "IAM calls", "s", "ms a 1,000 users", "MB")
    rows = [
        (
            f"{each.contestant}, {'generated pages' if each.simulated else 'sandbox'}",
            f"{each.users:,}",
            f"{sum(each.calls.values()):,}",
            f"{each.seconds:.2f}",
            f"{each.seconds / each.users * 1e6:,.0f}",
            megabytes(each.peak_megabytes),
        )
        for each in sorted(points, key=lambda each: (each.simulated, each.contestant, each.users))
    ]
    cells = [Cells("as users grow, nothing to do", headings, rows)]
    if at_the_limit := [each for each in points if _is_at_the_limit(each)]:
        cells.append(_memory(at_the_limit))
    return cells


def _is_at_the_limit(point: Point) -> bool:
    return point.simulated and point.contestant == OURS and point.users == LIMIT_OF_IAM


def _memory(points: Sequence[Point]) -> Cells:
    """Return the memory where it matters, told in red where it is too much or was not measured."""
    found = [each.peak_megabytes for each in points]
    what = f"{LIMIT_OF_IAM:,} users, {pages.GROUPS_EACH} groups and {pages.TAGS_EACH} tags each"
    rows = [(what, f"below {MEMORY_LIMIT} MB", f"{megabytes(each)} MB") for each in found]
    bad = {number for number, each in enumerate(found) if each is None or each >= MEMORY_LIMIT}
    return Cells("peak memory", ("of what", "expected", "found"), rows, frozenset(bad))
