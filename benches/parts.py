"""5,000 unguarded users, a throttled IAM, a function of 60 seconds: how long, in how many parts.

In the sandbox, with 20 ms added to every call. IAM lets 20 calls a second through, 40 at once, in
one bucket for all operations, those of the administrator uncounted. Everything else is as it is
deployed by default, but for the brake, which is off; scope `everyone`.
"""

import itertools
import json
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benches.accounts import each, name_of
from benches.cells import Cells
from reactor.names import Function, function_name
from reactor.roles.files import write_files
from sandbox import Deployment, Sandbox, deploy
from sandbox.server import ADMINISTRATOR_ROLE

USERS = 5_000
TIMEOUT_SECONDS = 60
LATENCY_MS = 20
CALLS_PER_SECOND, BURST = 20, 40
LIMIT_SECONDS = 15 * 60
PATIENCE_SECONDS = 1_800
STAGE = "prod"
SWEEP = function_name(STAGE, Function.SWEEP)
SETTINGS = {"REACTOR_MODE": "enforce", "REACTOR_MAX_REMEDIATIONS": "0"}
PROJECT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class LongSweep:
    """What came of it. `twice` are users whom more than one call attached the guard to."""

    users: int
    guarded: int
    twice: int
    seconds: float  # from the first invocation's start to the last one's end
    invocations: int
    failed: int  # of these
    longest_pause: float  # seconds, between two invocations
    parts: int
    calls: int
    throttled: int


def run(users: int = USERS) -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    with Sandbox.start() as sandbox:
        iam = sandbox.client("iam")
        each(lambda number: iam.create_user(UserName=name_of(number)), range(users))
        deployment = deploy(
            sandbox,
            project=PROJECT,
            stage=STAGE,
            settings=SETTINGS,
            before_deploy=_write_roles,
        )
        sandbox.client("lambda").update_function_configuration(
            FunctionName=SWEEP, Timeout=TIMEOUT_SECONDS
        )
        measured = _measure(sandbox, deployment, users)
    figures = {
        "timeout_seconds": TIMEOUT_SECONDS,
        "latency_milliseconds": LATENCY_MS,
        "calls_per_second": CALLS_PER_SECOND,
        "burst": BURST,
        "limit_seconds": LIMIT_SECONDS,
        "sweep": asdict(measured),
    }
    return figures, cells_of(figures).rich()


def _write_roles(project: Path) -> None:
    write_files(project / ".chalice")


def _measure(sandbox: Sandbox, deployment: Deployment, users: int) -> LongSweep:
    control = sandbox.control
    control.set_latency(LATENCY_MS)
    control.set_throttle(CALLS_PER_SECOND, burst=BURST, spared_roles=[ADMINISTRATOR_ROLE])
    control.clear_calls()
    sandbox.client("lambda").invoke(FunctionName=SWEEP, InvocationType="Event", Payload=b"{}")
    _wait(sandbox)
    control.set_throttle(None)
    control.set_latency(0)
    runs = [run for run in control.invocations() if run["function"] == SWEEP]
    calls = [call for call in control.calls() if SWEEP in (call["caller"] or "")]
    attached = Counter(
        record["requestParameters"]["userName"]
        for record in control.records()
        if record["eventName"] == "AttachUserPolicy" and not record.get("errorCode")
    )
    lines = [json.loads(line) for line in deployment.log_events("sweep") if line.startswith("{")]
    pauses = [after["started"] - before["ended"] for before, after in itertools.pairwise(runs)]
    return LongSweep(
        users=users,
        guarded=len(attached),
        twice=sum(times > 1 for times in attached.values()),
        seconds=runs[-1]["ended"] - runs[0]["started"],
        invocations=len(runs),
        failed=sum(not run["ok"] for run in runs),
        longest_pause=max(pauses, default=0.0),
        parts=sum(line.get("schema") == "mfa-reactor/sweep/1" for line in lines),
        calls=sum(call["service"] == "iam" for call in calls),
        throttled=sum(call["error"] == "Throttling" for call in calls),
    )


def _wait(sandbox: Sandbox) -> None:
    console, end = Console(), time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        try:
            sandbox.control.settle(30)
        except TimeoutError:
            records = sandbox.control.records()
            done = sum(record["eventName"] == "AttachUserPolicy" for record in records)
            console.print(f"[dim]{done} guarded[/dim]")
        else:
            return


def cells_of(figures: dict[str, Any]) -> Cells:
    """Return the table; what misses its goal is told in red."""
    sweep = LongSweep(**figures["sweep"])
    missed = (
        sweep.guarded < sweep.users or sweep.twice > 0 or sweep.seconds > figures["limit_seconds"]
    )
    title = (
        f"one sweep, a function of {figures['timeout_seconds']} s,"
        f" {figures['calls_per_second']} IAM calls a second"
    )
    headings = (
        "users",
        "guarded",
        "twice",
        "seconds",
        "invocations",
        "longest pause",
        "calls",
        "throttled",
    )
    row = (
        f"{sweep.users:,}",
        f"{sweep.guarded:,}",
        str(sweep.twice),
        f"{sweep.seconds:.0f}",
        str(sweep.invocations),
        f"{sweep.longest_pause:.1f} s",
        f"{sweep.calls:,}",
        str(sweep.throttled),
    )
    return Cells(title, headings, (row,), frozenset({0}) if missed else frozenset())
