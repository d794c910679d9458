"""What a stage costs a month: the README's table, reckoned from prices and what is stated here.

`python -m tests.project.costs` prints the table; `python -m tests.project.costs lines 100` what a
sweep of that many users in order writes, by the real journal, in a process of its own.

Prices are on-demand list prices in us-east-1 in USD, without the free tiers but for X-Ray's, as
https://aws.amazon.com/lambda/pricing/, /cloudwatch/pricing/ and /xray/pricing/ have them. They were
read on 2026-11-26 in copies of these pages and, as the pages draw most numbers by script, in what
others quote from them. Amounts are rounded up to the cent, what is logged to the hundredth of a GB.
"""

import json
import math
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from reactor.audit import Journal
from reactor.settings import Mode, Settings
from reactor.sweeps.counts import Counts
from tests.fakes.parts import settled

ROOT = Path(__file__).parents[2]

PER_GB_SECOND = 0.0000133334  # Lambda on arm64
PER_REQUEST = 0.20 / 1_000_000
PER_GB_LOGGED = 0.50
PER_METRIC = 0.30
PER_ALARM = 0.10
FREE_TRACES = 100_000  # X-Ray's, which do not end with the first year

DAYS = 30
USERS = 100
# With cold starts and the keeper's answers; docs/performance.md measures less.
SWEEP_SECONDS = 2.0
REACTION_SECONDS = 0.3
REACTIONS_A_SWEEP = 1
REACTION_BYTES = 2_000  # a record, its metrics, and Lambda's own lines
LAMBDAS_BYTES = 400  # its START, END and REPORT, with X-Ray's
_METRIC = re.compile(r'^ +"([A-Z][a-z]\w+)":|name="([A-Z]\w+)"', re.MULTILINE)
CALLS = {
    "iam:GetAccountAuthorizationDetails": 2,
    "iam:ListVirtualMFADevices": 1,
    "iam:GetPolicy": 1,
    "iam:GetPolicyVersion": 1,
    "iam:ListPolicyVersions": 1,
    "iam:ListEntitiesForPolicy": 1,
    "iam:GetGroup": 1,
}


class Row(NamedTuple):
    """A row of the table; USD a month."""

    what: str
    how_much: str
    usd: float


@dataclass(frozen=True, slots=True)
class Month:
    """What a stage does in a month, with a sweep each so many minutes, and what that costs."""

    sweep_bytes: int
    minutes: int = Settings.from_environment({}).sweep_minutes

    @property
    def sweeps(self) -> int:
        """How many sweeps there are."""
        return DAYS * 24 * 60 // self.minutes

    @property
    def gigabytes(self) -> float:
        """What is logged."""
        a_sweep = self.sweep_bytes + REACTIONS_A_SWEEP * REACTION_BYTES
        return _up(self.sweeps * a_sweep / 10**9)

    @property
    def logs(self) -> float:
        """What that costs."""
        return _up(self.gigabytes * PER_GB_LOGGED)

    @property
    def functions(self) -> float:
        """What Lambda costs."""
        seconds = self.sweeps * (SWEEP_SECONDS + REACTIONS_A_SWEEP * REACTION_SECONDS)
        invocations = self.sweeps * (1 + REACTIONS_A_SWEEP)
        return _up(seconds * memory() / 1024 * PER_GB_SECOND + invocations * PER_REQUEST)

    def rows(self) -> list[Row]:
        """Return what is paid for. Raises ValueError when X-Ray would be, too."""
        if self.sweeps * (1 + REACTIONS_A_SWEEP) > FREE_TRACES:
            raise ValueError("more invocations than X-Ray traces for nothing")
        metrics, alarms = len(metric_names()), len(alarm_names())
        kilobytes = math.ceil(self.sweep_bytes / 1000)
        return [
            Row(
                f"Lambda, arm64, {memory()} MB",
                f"{self.sweeps:,} sweeps of {SWEEP_SECONDS:g} s and as many reactions"
                f" of {REACTION_SECONDS:g} s",
                self.functions,
            ),
            Row(
                "CloudWatch Logs",
                f"some {kilobytes} kB a sweep, {REACTION_BYTES // 1000} kB a reaction:"
                f" {self.gigabytes:.2f} GB",
                self.logs,
            ),
            Row("CloudWatch metrics", f"{metrics} custom metrics", metrics * PER_METRIC),
            Row("CloudWatch alarms", f"{alarms} alarms", alarms * PER_ALARM),
            Row("X-Ray, EventBridge", "below the free tier; AWS's own events are free", 0.0),
        ]

    @property
    def total(self) -> float:
        """What all of it costs, to ten cents."""
        return round(sum(row.usd for row in self.rows()), 1)


def costs_table(month: Month) -> str:
    """Return the README's table."""
    rows = [f"| {row.what} | {row.how_much} | {row.usd:.2f} |" for row in month.rows()]
    return "\n".join(["| what | how much | USD a month |", "|---|---|---|", *rows])


def memory() -> int:
    """Return the functions' memory in MB, as they are deployed."""
    return int(json.loads((ROOT / ".chalice" / "config.json").read_text())["lambda_memory_size"])


def alarm_names(template: str = "operations.yaml", *, every: bool = False) -> list[str]:
    """Return the alarms that a template always makes, without what they share of their names.

    `every`: those, too, that it makes only where the stage has more than it must.
    """
    text = (ROOT / "infra" / template).read_text()
    condition = r"(?:    Condition: \w+\n)?" if every else ""
    alarm = r'AlarmName: !Sub "mfa-reactor-\$\{Stage\}-([a-z-]+)"'
    return re.findall(rf"AWS::CloudWatch::Alarm\n{condition}    Properties:\n      {alarm}", text)


def metric_names() -> set[str]:
    """Return the metrics that the journal counts, by its source."""
    source = (ROOT / "reactor" / "audit.py").read_text()
    return {name for found in _METRIC.findall(source) for name in found if name}


def bytes_of_a_sweep(users: int) -> int:
    """Return how many bytes a sweep of so many users in order logs, Lambda's own lines included."""
    asked = [sys.executable, "-m", "tests.project.costs", "lines", str(users)]
    ran = subprocess.run(asked, cwd=ROOT, capture_output=True, check=True)  # noqa: S603 - our own
    return len(ran.stdout) + LAMBDAS_BYTES


def _write_lines(users: int) -> None:
    journal, counts = Journal(Mode.ENFORCE, {}), Counts(drift=0)
    request = "8f3a1c1e-6e9f-4a4c-9d3e-2f3f0d0e2a11"
    journal.begin(request, stage="prod")
    journal.part(request, 1)
    for each in (settled(f"firstname.name-{number:04}") for number in range(users)):
        counts.add(each)
        journal.in_order(each)
    counts.took(CALLS, {})
    journal.sweep({**counts.describe(), "seconds": 1.234}, is_left=False)
    journal.swept()
    journal.flush()


def _up(amount: float) -> float:
    """Round up to the hundredth."""
    return math.ceil(amount * 100) / 100


if __name__ == "__main__":
    if sys.argv[1:2] == ["lines"]:
        _write_lines(int(sys.argv[2]))
    else:
        print(costs_table(Month(bytes_of_a_sweep(USERS))))  # noqa: T201 - a command
