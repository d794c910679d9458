"""The most memory that a process has had, as Linux keeps it (VmHWM in proc_pid_status(5))."""

import re
from pathlib import Path

_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def peak_megabytes(process: int | str = "self") -> float | None:
    """Return it in MB (2**20 bytes); None for a process that is gone, and where Linux is not."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    found = _PEAK.search(status)
    return int(found[1]) / 1024 if found else None
