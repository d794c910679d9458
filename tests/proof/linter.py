"""The linter parliament, as a process: its import warns, which in our tests is an error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.oracle.words import Document

_PARLIAMENT = Path(sys.executable).with_name("parliament")


def findings(documents: Sequence[Document], directory: Path) -> str:
    """Return what it says of some policies, each written into a directory: nothing, if it can.

    Raises RuntimeError when it could not look.
    """
    for number, document in enumerate(documents):
        (directory / f"{number}.json").write_text(json.dumps(document))
    ran = subprocess.run(  # noqa: S603 - a tool of ours, on files of ours
        [_PARLIAMENT, "--directory", directory, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != int(bool(ran.stdout)):
        raise RuntimeError(ran.stderr)
    return ran.stdout
