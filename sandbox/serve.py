"""The server's process: `python -m sandbox.serve [--port 0] [--account 123456789012]`.

Prints one line of JSON with its URL and an administrator's credentials for each partition when it
is ready. It listens on 127.0.0.1 only, and ends with SIGTERM, Ctrl-C, or (asked to) with the
process that started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

DEFAULT_WORKERS_PER_FUNCTION = 4  # each is a process
DEFAULT_PAUSES_SECONDS = (0.2, 0.4)  # AWS waits one minute, then two


def main() -> None:
    """Serve until told to end."""
    arguments = _arguments()
    _forget_the_real_account()
    # Only now: moto and botocore read the environment when they are imported.
    from sandbox.server import Server  # noqa: PLC0415

    server = Server(
        arguments.account,
        arguments.port,
        arguments.retry_pauses,
        trail=not arguments.no_trail,
        concurrency_limit=arguments.concurrency_limit,
        workers_per_function=arguments.workers_per_function,
    )
    ready = {
        "url": server.url,
        "account": arguments.account,
        "credentials": {name: asdict(c) for name, c in server.administrators().items()},
    }
    print(json.dumps(ready), flush=True)  # noqa: T201 - who started it waits for this line
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=server.stop).start())
    if arguments.until_stdin_closes:
        threading.Thread(target=_stop_at_end_of_input, args=(server.stop,), daemon=True).start()
    server.serve_forever()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.serve", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument("--account", default="123456789012")
    parser.add_argument(
        "--retry-pauses",
        type=lambda text: tuple(float(seconds) for seconds in text.split(",")),
        default=os.environ.get("SANDBOX_RETRY_PAUSES") or DEFAULT_PAUSES_SECONDS,
        help="seconds before the second and the third attempt (AWS: 60,120)",
    )
    parser.add_argument("--no-trail", action="store_true", help="start without a trail")
    parser.add_argument("--concurrency-limit", type=int, default=1000, help="of each region")
    parser.add_argument(
        "--workers-per-function",
        type=int,
        default=DEFAULT_WORKERS_PER_FUNCTION,
        help="the most executions of a function at once, whatever is reserved for it",
    )
    parser.add_argument("--until-stdin-closes", action="store_true")
    return parser.parse_args()


def _forget_the_real_account() -> None:
    """Nothing started here may find credentials, a profile or a region of the person's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["MOTO_DISABLE_GLOBAL_CORS"] = "true"  # no web page may talk to it


def _stop_at_end_of_input(stop: Callable[[], None]) -> None:
    sys.stdin.read()
    stop()


if __name__ == "__main__":
    main()
