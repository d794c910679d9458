"""Our sweep function in a process of its own, without Lambda.

`python -m benches.contestants.in_process ACCOUNT`, against what AWS_ENDPOINT_URL names: one sweep
to warm up, and one that is measured. The records go to standard output, as a function's do. What it
tells of the second one on standard error is the same as bulk.py's.
"""

import json
import sys
import time
from collections.abc import Callable
from types import SimpleNamespace

from benches.contestants.memory import peak_megabytes
from reactor.names import Function, function_name
from reactor.start import start

REGION = "us-east-1"
STAGE = "prod"
SECONDS = 900.0  # the function's timeout
SETTINGS = {
    "AWS_REGION": REGION,
    "REACTOR_MODE": "enforce",
    "REACTOR_SCOPE": "without-mfa",
    "REACTOR_MAX_REMEDIATIONS": "0",
}


def context_of(function: Function, account: str) -> SimpleNamespace:
    """Return what Lambda passes to a function, as far as it is looked at."""
    name, end = function_name(STAGE, function), time.monotonic() + SECONDS
    return SimpleNamespace(
        invoked_function_arn=f"arn:aws:lambda:{REGION}:{account}:function:{name}",
        function_name=name,
        aws_request_id="bench",
        get_remaining_time_in_millis=lambda: int((end - time.monotonic()) * 1000),
    )


def sweeper(account: str) -> Callable[[], None]:
    """Start the function; return what invokes it as the schedule does."""
    reactor = start(SETTINGS)
    return lambda: reactor.sweep({}, context_of(Function.SWEEP, account))


def main(account: str) -> None:
    """Sweep twice, and tell of the second time."""
    sweep = sweeper(account)
    sweep()
    began = time.time()
    sweep()
    found = {"began": began, "ended": time.time(), "peak_megabytes": peak_megabytes()}
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
