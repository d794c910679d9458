"""Run the state machine for long, and print what it has been through: `make soak`.

RUNS says how many runs (10,000), PROCESSES how many at a time (as many as there are processors).
Each batch has a seed of its own, printed with what fails: SEED takes another first one.
"""

import os
import random
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.property.machine import FIGURES, EventLoser

BATCH = 250  # runs
STEPS = 50  # at most, of a run


def batch(number: int, runs: int) -> Counter[str]:
    """Run the machine that often, and return what it has been through."""
    FIGURES.clear()
    chosen = settings(
        max_examples=runs,
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )

    class Seeded(EventLoser):
        """The machine; hypothesis keeps the seed on the class."""

    run_state_machine_as_test(seed(number)(Seeded), settings=chosen)
    return Counter(FIGURES)


def main() -> int:
    """Run all batches; return 1 when one of them failed."""
    runs = int(os.environ.get("RUNS", "10000"))
    processes = int(os.environ.get("PROCESSES", str(os.cpu_count() or 1)))
    first = int(os.environ.get("SEED", str(random.randrange(10**6))))  # noqa: S311 - no secret
    sizes = [min(BATCH, runs - start) for start in range(0, runs, BATCH)]
    began, figures, failed = time.monotonic(), Counter[str](), 0
    say(f"{runs:,} runs in batches of {BATCH}, {processes} at a time, seeds from {first}")
    with ProcessPoolExecutor(processes) as pool:
        batches = {
            pool.submit(batch, first + number, size): first + number
            for number, size in enumerate(sizes)
        }
        for done in as_completed(batches):
            error = done.exception()
            if error is None:
                figures += done.result()
                seconds = time.monotonic() - began
                say(f"{figures['runs']:>10,} runs, {seconds:,.0f} s")
            else:
                failed += 1
                say("".join(traceback.format_exception(error)))
                say(f"the batch with SEED={batches[done]} failed")
    figures["seconds"] = round(time.monotonic() - began)
    width = max(len(name) for name in figures)
    for name, count in sorted(figures.items()):
        say(f"{name:<{width}}  {count:>12,}")
    return 1 if failed else 0


def say(line: str) -> None:
    """Print a line at once: a soak is watched."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
