"""Others' records of real calls, beside the repository where they are at hand; none are in it."""

import json
from pathlib import Path
from typing import Any

from reactor.triggers.cloudtrail import envelope_of

FOLDER = Path(__file__).parents[2].parent / "shared" / "cloudtrail"


def recorded() -> dict[str, dict[str, Any]]:
    """Return the published records by file name, none where there is no such folder."""
    return {path.name: json.loads(path.read_text())["event"] for path in FOLDER.glob("*.json")}


def delivered(event: dict[str, Any]) -> dict[str, Any]:
    """Return a record as EventBridge delivers it; some are published so already."""
    return envelope_of(event) if "eventSource" in event else event
