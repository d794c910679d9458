"""Calls, seconds and memory of a sweep with nothing to do, as users grow: 100 to 50,000.

Up to 5,000, IAM's own limit, in the sandbox: the deployed function, warm. From 1,000 on also on
generated pages (benches/pages.py), where the sweep runs in a process of its own without Lambda, and
the bare bulk reads beside it. A call takes 20 ms in both. On the pages every user has 10 tags and
is in 10 groups, in the sandbox it has none: there the answers are smaller.

`python -m benches.growth --largest 1000` stops earlier.
"""

import argparse
import json
import statistics
import subprocess
import sys
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console, Group

from benches import pages
from benches.accounts import Account
from benches.contestants.contestant import PROJECT
from benches.contestants.ours import Ours
from benches.points import LATENCY_MS, LIMIT_OF_IAM, RESULT, Point, cells_of, figures
from benches.sweeps import BULK, OURS
from sandbox import Sandbox
from sandbox.environment import client_environment

DEPLOYED = (100, 300, 1000, 3000, 5000)
SIMULATED = (1000, 5000, 10_000, 20_000, 30_000, 50_000)
RUNS = 3  # of each up to IAM's limit, and the median counts; one above it
NEVER = 1e-6


def run(largest: int = SIMULATED[-1]) -> tuple[dict[str, Any], Group]:
    """Measure accounts of up to so many users; return the figures and tables."""
    points: list[Point] = []
    for point in (*_deployed(largest), *_simulated(largest)):
        points.append(point)
        print(f"{point.contestant}, {point.users:,} users: {point.seconds:.2f} s", flush=True)
    return figures(points), Group(*(each.rich() for each in cells_of(points)))


def _deployed(largest: int) -> Iterator[Point]:
    with Sandbox.start(trail=False) as sandbox:
        sandbox.control.set_schedule_speed(NEVER)
        account, ours = Account(sandbox, plain=True), Ours.deployed(sandbox)
        for users in (each for each in DEPLOYED if each <= largest):
            account.grow(users)
            account.guard(ours.guard_arn)
            sandbox.control.set_latency(LATENCY_MS)
            yield _median([_of_function(ours, users) for _ in range(RUNS)])
            sandbox.control.set_latency(0)


def _of_function(ours: Ours, users: int) -> Point:
    control = ours.sandbox.control
    control.clear_calls()
    ran = ours.sweep(limit_seconds=900)
    calls = [each for each in control.calls() if ours.made(each) and each["service"] == "iam"]
    return Point(
        contestant=OURS,
        simulated=False,
        users=users,
        calls=dict(Counter(each["action"] for each in calls)),
        seconds=(ran.ended or 0.0) - (ran.began or 0.0),
        peak_megabytes=ran.peak_megabytes,
    )


def _simulated(largest: int) -> Iterator[Point]:
    for users in (each for each in SIMULATED if each <= largest):
        with server(users) as url:
            _run(url, "bulk")  # the pages are made now, and kept
            for name, module in ((BULK, "bulk"), (OURS, "in_process")):
                runs = RUNS if users <= LIMIT_OF_IAM else 1
                yield _median([_of_process(name, module, url, users) for _ in range(runs)])


def _of_process(name: str, module: str, url: str, users: int) -> Point:
    _calls(url)
    told = json.loads(_run(url, module))
    return Point(
        contestant=name,
        simulated=True,
        users=users,
        calls=dict(Counter(_calls(url, since=told["began"]))),
        seconds=told["ended"] - told["began"],
        peak_megabytes=told["peak_megabytes"],
    )


def _run(url: str, module: str) -> str:
    """Run a contestant on the pages; return the last line of what it told."""
    ran = subprocess.run(
        (sys.executable, "-m", f"benches.contestants.{module}", pages.ACCOUNT),
        env=environment(url),
        cwd=PROJECT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=True,
    )
    return ran.stderr.splitlines()[-1]


def environment(url: str) -> dict[str, str]:
    """Return the environment of a client of the pages: no other IAM is in its reach."""
    credentials = {"access_key_id": "none", "secret_access_key": "none"}
    home = PROJECT / "build"
    return client_environment(url=url, region="us-east-1", home=home, credentials=credentials)


def _calls(url: str, since: float = 0.0) -> list[str]:
    """Return the names of the calls since a time, and forget them."""
    with urllib.request.urlopen(f"{url}/calls") as answer:  # noqa: S310 - our own server
        return [each["action"] for each in json.load(answer) if each["started"] >= since]


@contextmanager
def server(users: int) -> Iterator[str]:
    """Serve an IAM of so many users; yields its URL."""
    with subprocess.Popen(
        (sys.executable, "-m", "benches.page_server", str(users)),
        stdin=subprocess.PIPE,  # closes with us, and the server ends with it
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
    ) as process:
        try:
            yield process.stdout.readline().strip() if process.stdout else ""
        finally:
            process.terminate()


def _median(points: Sequence[Point]) -> Point:
    median = statistics.median_low(each.seconds for each in points)
    return next(each for each in points if each.seconds == median)


def main() -> None:
    """Measure what the command line asks for, and store it."""
    parser = argparse.ArgumentParser(prog="benches.growth", description="Measure growth.")
    parser.add_argument("--largest", type=int, default=SIMULATED[-1], help="users")
    found, table = run(parser.parse_args().largest)
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")
    Console().print(table)


if __name__ == "__main__":
    main()
