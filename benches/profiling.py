"""`make profile`: where a warm sweep and a warm reaction spend their time, by pyinstrument.

In a process of their own without Lambda: the sweep on generated pages of 5,000 users, the reaction
to CreateUser in the sandbox, 20 ms a call in both. Each is done once before. The trees go to
build/bench/profile-*.txt. They show the thread that decides; the time of the calls that others make
for it is in its waiting (`gather`), and whatever else there is of size is ours.
"""

import json
import subprocess
import sys
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pyinstrument import Profiler

from benches.contestants.contestant import PROJECT
from benches.contestants.in_process import SETTINGS, context_of, sweeper
from benches.growth import environment, server
from benches.pages import ACCOUNT
from benches.restoring import make_guard
from reactor.names import Function
from reactor.start import start
from sandbox import Sandbox

RESULTS = PROJECT / "build" / "bench"
USERS = 5000
REACTIONS = 20
LATENCY_MS = 20
_INTERVAL = 0.0005  # seconds between two looks at the stack


def main() -> None:
    """Profile both, and tell where the trees are."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with server(USERS) as url:
        _inside(environment(url), "sweep")
    with Sandbox.start() as sandbox:
        make_guard(sandbox)
        envelopes = sandbox.directory / "envelopes.json"
        envelopes.write_text(json.dumps(_creations(sandbox, REACTIONS + 1)))
        sandbox.control.set_latency(LATENCY_MS)
        _inside(sandbox.environment(), "reaction", str(envelopes))


def profile_sweep() -> None:
    """Profile one sweep of the generated pages."""
    sweep = sweeper(ACCOUNT)
    sweep()
    _profile("sweep", sweep)


def profile_reaction(envelopes: Path) -> None:
    """Profile the reactions to all events but the first."""
    first, *others = json.loads(envelopes.read_text())
    reactor = start(SETTINGS | {"REACTOR_SCOPE": "everyone"})
    reactor.react(first, context_of(Function.REACT, ACCOUNT))

    def react() -> None:
        for each in others:
            reactor.react(each, context_of(Function.REACT, ACCOUNT))

    _profile("reaction", react)


def _creations(sandbox: Sandbox, users: int) -> list[dict[str, Any]]:
    """Create users; return the events of it as EventBridge delivers them."""
    iam = sandbox.client("iam")
    for number in range(users):
        iam.create_user(UserName=f"user-{number}")
    records = [each for each in sandbox.control.records() if each["eventName"] == "CreateUser"]
    return [_envelope(each) for each in records]


def _envelope(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": record["recipientAccountId"],
        "time": record["eventTime"],
        "region": record["awsRegion"],
        "resources": [],
        "detail": dict(record),
    }


def _inside(variables: Mapping[str, str], *arguments: str) -> None:
    """Run this module again, in a process that sees one account only, and print what it says."""
    command = (sys.executable, "-m", "benches.profiling", *arguments)
    subprocess.run(command, env=dict(variables), cwd=PROJECT, stdout=subprocess.DEVNULL, check=True)
    print((RESULTS / f"profile-{arguments[0]}.txt").read_text())


def _profile(name: str, work: Callable[[], object]) -> None:
    profiler = Profiler(interval=_INTERVAL)
    with profiler:
        work()
    (RESULTS / f"profile-{name}.txt").write_text(profiler.output_text(unicode=True))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sweep"]:
            profile_sweep()
        case ["reaction", path]:
            profile_reaction(Path(path))
        case _:
            main()
