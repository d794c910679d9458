"""Sweeps of a whole account: ours, Cloud Custodian's, a blog's Lambda, and the bare bulk reads.

On the same sandbox, one after the other, with 20 ms added to every AWS call; then again with IAM
throttled to 20 calls a second, 40 at once, in one bucket for all operations. Each contestant finds
the account as the others found it: who must carry the guard does not. It sweeps, and once more with
nothing to do. The account hears of no call (it has no trail), so that nobody's writes wake
functions beside the one that is measured.

Time is from the first call's start to the last one's end. For ours it is from the invocation's
start to its end, with all parts, and for the bulk reads, in a process as warm as ours, until they
are parsed. The starts of interpreters are in nobody's. Sweeps of less than ten seconds are made
five times, in turns, and the median counts. One that is not done after ten minutes is ended.

`python -m benches.sweeping --users 100 1000` measures smaller accounts; `--no-throttle` is quicker.
"""

import argparse
import json
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console, Group

from benches import comparisons
from benches.accounts import Account
from benches.contestants import processes
from benches.contestants.ours import Ours
from benches.sweeps import Sweep, as_figures, place_name
from benches.turns import BURST, CALLS_PER_SECOND, LATENCY_MS, Bench
from sandbox import Sandbox

SIZES = (100, 1000, 5000)
LIMIT_SECONDS = 600
NEVER = 1e-6  # speed of the schedules' clock
RESULT = Path("build/bench/sweeping.json")


def run(
    sizes: Sequence[int] = SIZES,
    *,
    throttles: Sequence[bool] = (False, True),
    limit_seconds: float = LIMIT_SECONDS,
) -> tuple[dict[str, Any], Group]:
    """Measure, and return the figures and tables of them. What is measured is stored at once."""
    sweeps: list[Sweep] = []
    with Sandbox.start(trail=False) as sandbox:
        sandbox.control.set_schedule_speed(NEVER)
        bench = _bench(sandbox, limit_seconds)
        for users in sizes:
            bench.account.grow(users)
            for throttled in throttles:
                for sweep in bench.measure(throttled=throttled):
                    _say(sweep)
                    sweeps.append(sweep)
                    store(sweeps)
    return figures(sweeps), comparisons.of_sweeps(sweeps)


def _bench(sandbox: Sandbox, limit_seconds: float) -> Bench:
    ours = Ours.deployed(sandbox)
    contestants = (
        processes.bulk(sandbox),
        ours,
        processes.custodian(sandbox, ours.guard_arn),
        processes.naive(sandbox, ours.guard_arn),
    )
    return Bench(Account(sandbox), ours.guard_arn, contestants, limit_seconds)


def _say(sweep: Sweep) -> None:
    what = f"{sweep.contestant}, {place_name(sweep.place)}"
    took = f"{comparisons.seconds_of(sweep)}{' s' if sweep.done else ''}"
    print(f"{what}: {took}; {sweep.reads:,} reads, {sweep.writes:,} writes", flush=True)
    if sweep.why:
        print(sweep.why, flush=True)


def figures(sweeps: Sequence[Sweep]) -> dict[str, Any]:
    """Return what is stored."""
    return {
        "latency_milliseconds": LATENCY_MS,
        "throttle": {"calls_per_second": CALLS_PER_SECOND, "burst": BURST},
        "limit_seconds": LIMIT_SECONDS,
        "versions": {
            "python": platform.python_version(),
            "c7n": processes.custodian_version(),
            "moto": version("moto"),
        },
        "sweeps": as_figures(sweeps),
    }


def store(sweeps: Sequence[Sweep]) -> None:
    """Write the figures so far."""
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    RESULT.write_text(json.dumps(figures(sweeps), indent=2) + "\n")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="benches.sweeping", description="Measure sweeps.")
    parser.add_argument("--users", type=int, nargs="+", default=SIZES)
    parser.add_argument("--limit", type=float, default=LIMIT_SECONDS, help="seconds for a sweep")
    parser.add_argument("--no-throttle", action="store_true")
    asked = parser.parse_args()
    throttles = (False,) if asked.no_throttle else (False, True)
    _, found = run(sorted(asked.users), throttles=throttles, limit_seconds=asked.limit)
    Console().print(found)


if __name__ == "__main__":
    main()
