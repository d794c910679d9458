"""How much memory a process had at the most, as Linux tells it."""

from __future__ import annotations

import math
import re
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_megabytes(pid: int) -> int | None:
    """None for a process that has ended, and where the system does not tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return None
    peak = _PEAK.search(status)
    return math.ceil(int(peak[1]) / 1024) if peak else None
