"""How long the app's import takes, beside that of boto3 with an IAM client, which it cannot avoid.

Both in the bundle as Lambda gets it, in an interpreter that sees nothing else, bytecode compiled.
The two are measured in turns, and the fastest of each compared: on a shared machine the fastest run
is the one that was disturbed least.
"""

import compileall
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.table import Table

from sandbox.packaging import libraries_of_lambda, unpacked_bundle

RUNS = 15
BARE = "import boto3; boto3.client('iam')"
APP = "import app"


def run() -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    with tempfile.TemporaryDirectory() as directory:
        bundle = unpacked_bundle(Path(__file__).parents[1], Path(directory) / "bundle")
        libraries = libraries_of_lambda(Path(directory) / "libraries")
        compileall.compile_dir(bundle, quiet=2)
        times: dict[str, list[float]] = {BARE: [], APP: []}
        for _ in range(RUNS):
            times[BARE].append(_seconds(BARE, [libraries]))
            times[APP].append(_seconds(APP, [bundle, libraries]))
    best = {code: min(each) for code, each in times.items()}
    ratio = best[APP] / best[BARE]
    figures = {"runs": RUNS, "seconds_fastest": best, "ratio": ratio}
    return figures, _table(best, ratio)


def _seconds(code: str, path: list[Path]) -> float:
    """Time the code in a clean interpreter, without its own start."""
    script = (
        f"import sys, time; sys.path[:0] = {[str(each) for each in path]!r};"
        f"start = time.perf_counter(); {code}; print(time.perf_counter() - start)"
    )
    environment = {
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "none",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_LAMBDA_FUNCTION_NAME": "mfa-reactor-prod-react",
    }
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(ran.stdout)


def _table(best: dict[str, float], ratio: float) -> Table:
    table = Table(title=f"import, fastest of {RUNS}; ratio {ratio:.2f}")
    table.add_column("what")
    table.add_column("ms", justify="right")
    for code, seconds in best.items():
        table.add_row(code, f"{seconds * 1000:.0f}")
    return table
