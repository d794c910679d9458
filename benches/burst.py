"""What becomes of 500 users that are created within a minute, where IAM lets 20 calls a second.

As terraform or a migration does it: CreateUser and CreateAccessKey for each. In the sandbox, with
50 ms added to every AWS call and Lambda's real pauses before a second and third try. One token
bucket serves all IAM operations, 20 a second and no more than 20 at once; AWS publishes no figures,
has a bucket an operation, and larger ones, so that this is worse. The calls of who creates the
users are not counted.

`python -m benches.burst` measures beside it the same without what is there for it: concurrency that
nothing bounds (so far as this machine goes) and botocore's legacy retries. That takes longer.
"""

import json
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from reactor.names import Function, failed_queue, function_name, undelivered_queue
from reactor.roles.files import write_files
from sandbox import Sandbox, deploy

USERS = 500
SECONDS = 60
CALLS_PER_SECOND = 20
LATENCY_MS = 50
LAMBDA_PAUSES = (60.0, 120.0)
PATIENCE = 1800  # seconds after the last user; one that is not settled then is not waited for
STAGE = "prod"
PREFIX = "burst-"  # of the users' names
ADMINISTRATOR = "SandboxAdministrator"
PROJECT = Path(__file__).parents[1]
PROGRESS = 10  # seconds between two lines of it


@dataclass(frozen=True, slots=True)
class Setup:
    """How the stage is set up: as it is, or with other retries and without bounds.

    `workers` are the processes that this machine runs for each function, at most.
    """

    retries: str | None = None  # botocore's mode
    bounded: bool = True
    workers: int = 5


AS_IT_IS = {"as it is": Setup()}
NAIVE = {"naive": Setup(retries="legacy", bounded=False, workers=20)}


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of one burst; times in seconds."""

    users: int
    guarded: int
    guarded_after_median: float
    guarded_after_worst: float
    settled_after: float  # the first user's creation
    calls: dict[str, int]  # by function; those that IAM throttled, too
    throttled: dict[str, int]
    attempts: dict[str, int]
    retries: dict[str, int]
    longest_attempt: float
    messages: int  # in both queues


def run(setups: Mapping[str, Setup] = AS_IT_IS) -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    measured = {name: measure(setup, name) for name, setup in setups.items()}
    figures = {
        "seconds": SECONDS,
        "calls_per_second": CALLS_PER_SECOND,
        "latency_milliseconds": LATENCY_MS,
        "bursts": {name: asdict(burst) for name, burst in measured.items()},
    }
    return figures, _table(measured)


def measure(setup: Setup, name: str, users: int = USERS, seconds: float = SECONDS) -> Burst:
    """Measure one setup in an account of its own; says every ten seconds how far it is."""
    with Sandbox.start(
        retry_pauses_seconds=LAMBDA_PAUSES, workers_per_function=setup.workers
    ) as sandbox:
        _deploy(sandbox, setup)
        iam = sandbox.client("iam")
        iam.create_user(UserName="first")  # has the guard created, which happens once an account
        sandbox.control.settle()
        before = len(sandbox.control.invocations())
        sandbox.control.clear_calls()
        sandbox.control.set_latency(LATENCY_MS)
        sandbox.control.set_throttle(CALLS_PER_SECOND, spared_roles=[ADMINISTRATOR])
        started = time.time()
        report = _reporter(sandbox, name, started, users)
        for number in range(users):
            time.sleep(max(0, started + number * seconds / users - time.time()))
            user = f"{PREFIX}{number}"
            iam.create_user(UserName=user)
            iam.create_access_key(UserName=user)
            report()
        _wait(sandbox, report)
        sandbox.control.set_throttle(None)
        return _burst(sandbox, users, started, before)


def _deploy(sandbox: Sandbox, setup: Setup) -> None:
    copies: list[Path] = []

    def prepare(project: Path) -> None:
        copies.append(project)
        if setup.retries is not None:
            _set_retries(project / "reactor" / "aws" / "account.py", setup.retries)
        if not setup.bounded:
            _unbind(project / ".chalice" / "config.json")
        write_files(project / ".chalice")

    deploy(
        sandbox,
        project=PROJECT,
        stage=STAGE,
        settings={"REACTOR_MODE": "enforce"},
        before_deploy=prepare,
    )
    [project] = copies
    if not (project / "infra").exists():
        shutil.copytree(PROJECT / "infra", project / "infra")
    command = (sys.executable, "-m", "reactor", "--stage", STAGE, "operations", "apply")
    subprocess.run(command, cwd=project, env=sandbox.environment(), check=True, capture_output=True)


def _set_retries(path: Path, mode: str) -> None:
    source, found = re.subn(r"retries=\{.*\}", f'retries={{"mode": "{mode}"}}', path.read_text())
    if not found:
        raise ValueError(f"{path.name} sets no retries: this bench would measure something else")
    path.write_text(source)


def _unbind(path: Path) -> None:
    config = json.loads(path.read_text())
    for function in config["stages"][STAGE]["lambda_functions"].values():
        function.pop("reserved_concurrency", None)
    path.write_text(json.dumps(config))


def _reporter(sandbox: Sandbox, name: str, started: float, users: int) -> Callable[[], None]:
    console, last = Console(), [started]

    def report() -> None:
        if time.time() - last[0] < PROGRESS:
            return
        last[0] = time.time()
        guarded = len(_guarded_at(sandbox.control.records()))
        after = round(last[0] - started)
        console.print(f"[dim]{name}: {after} s, {guarded} of {users} users guarded[/dim]")

    return report


def _wait(sandbox: Sandbox, report: Callable[[], None]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            sandbox.control.settle(PROGRESS)
        except TimeoutError:
            report()
        else:
            return


def _burst(sandbox: Sandbox, users: int, started: float, before: int) -> Burst:
    attempts = sandbox.control.invocations()[before:]
    calls = [each for each in sandbox.control.calls() if each["service"] == "iam"]
    records = sandbox.control.records()
    created, guarded = dict(_events(records, "CreateUser")), _guarded_at(records)
    waits = [(at - created[name]).total_seconds() for name, at in guarded.items()]
    return Burst(
        users=users,
        guarded=len(guarded),
        guarded_after_median=statistics.median(waits),
        guarded_after_worst=max(waits),
        settled_after=max(each["ended"] for each in attempts) - started,
        calls=_by_function(calls),
        throttled=_by_function([each for each in calls if each["error"] == "Throttling"]),
        attempts=_by_function(attempts),
        retries=_by_function([each for each in attempts if each["attempt"] > 1]),
        longest_attempt=max(each["ended"] - each["started"] for each in attempts),
        messages=sum(_waiting(sandbox, q(STAGE)) for q in (failed_queue, undelivered_queue)),
    )


def _events(records: Sequence[Mapping[str, Any]], name: str) -> list[tuple[str, datetime]]:
    """Return of which of the burst's users, and when (in whole seconds), such calls succeeded."""
    found = [
        (str(each["requestParameters"]["userName"]), datetime.fromisoformat(each["eventTime"]))
        for each in records
        if each["eventName"] == name and "errorCode" not in each
    ]
    return [(user, at) for user, at in found if user.startswith(PREFIX)]


def _guarded_at(records: Sequence[Mapping[str, Any]]) -> dict[str, datetime]:
    attached = _events(records, "AttachUserPolicy")
    return dict(reversed(attached))  # the first of each


def _by_function(items: Sequence[Mapping[str, Any]]) -> dict[str, int]:
    """Count calls by the function whose role made them, or attempts by function."""
    counts: Counter[str] = Counter()
    for function in Function:
        name = function_name(STAGE, function)
        counts[function] = sum(
            each.get("function") == name or name in (each.get("caller") or "") for each in items
        )
    return {name: count for name, count in counts.items() if count}


def _waiting(sandbox: Sandbox, queue: str) -> int:
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def _table(measured: dict[str, Burst]) -> Table:
    title = f"{USERS} users in {SECONDS} s, {CALLS_PER_SECOND} IAM calls a second"
    table = Table(title=title)
    table.add_column("")
    for name in measured:
        table.add_column(name, justify="right")
    bursts = list(measured.values())
    rows: dict[str, list[object]] = {
        "users guarded": [f"{each.guarded} of {each.users}" for each in bursts],
        "s to the guard, median": [f"{each.guarded_after_median:.0f}" for each in bursts],
        "s to the guard, worst": [f"{each.guarded_after_worst:.0f}" for each in bursts],
        "s until all was settled": [f"{each.settled_after:.0f}" for each in bursts],
        "IAM calls": [_counts(each.calls) for each in bursts],
        "of these throttled": [_counts(each.throttled) for each in bursts],
        "Lambda attempts": [_counts(each.attempts) for each in bursts],
        "of these second and third": [_counts(each.retries) for each in bursts],
        "s, longest attempt": [f"{each.longest_attempt:.0f}" for each in bursts],
        "messages in the queues": [each.messages for each in bursts],
    }
    for what, values in rows.items():
        table.add_row(what, *map(str, values))
    return table


def _counts(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    return each or "none"


if __name__ == "__main__":
    Console().print(run(AS_IT_IS | NAIVE)[1])
