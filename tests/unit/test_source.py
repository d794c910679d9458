"""What no line of the reactor may hold, whatever else it does."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "app.py", *sorted((ROOT / "reactor").rglob("*.py"))]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_arn_of_one_partition(path: Path) -> None:
    """An ARN that begins with the commercial partition's name is wrong in the two others."""
    found = [line for line in path.read_text().splitlines() if "arn:aws:" in line]
    assert found == []
