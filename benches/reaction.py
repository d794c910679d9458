"""How long the guard takes, from an event's receipt to the finished attach, and in how many calls.

In the sandbox, with 50 ms added to every AWS call: about what IAM takes for a function beside it.
The calls are those that the sandbox answered to the function's role; sequential round trips are the
longest chain of calls of which each began after the one before had ended.
"""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from reactor.roles.files import write_files
from sandbox import Sandbox, deploy

LATENCY_MS = 50
WARM_RUNS = 20
COLD_RUNS = 5
ROLE = "mfa-reactor-prod-react"
PASSWORD = "Correct-Horse-1"  # noqa: S105 - of users in the sandbox


@dataclass(frozen=True, slots=True)
class Reaction:
    """One measured reaction; times in milliseconds since the function got the event."""

    guarded_after: float
    calls: int
    round_trips: int


def run() -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    with Sandbox.start() as sandbox:
        deploy(
            sandbox,
            project=Path(__file__).parents[1],
            stage="prod",
            settings={"REACTOR_MODE": "enforce"},
            before_deploy=_write_roles,
        )
        _create(sandbox, "first")  # has the guard created, which only the first reaction ever does
        sandbox.control.set_latency(LATENCY_MS)
        measured = {
            "CreateUser, cold": _measure(sandbox, _create, COLD_RUNS, cold=True),
            "CreateUser, warm": _measure(sandbox, _create, WARM_RUNS),
            "DetachUserPolicy, warm": _measure(sandbox, _detach, WARM_RUNS),
        }
    return _figures(measured), _table(measured)


def _write_roles(project: Path) -> None:
    write_files(project / ".chalice")


def _measure(
    sandbox: Sandbox,
    weaken: Callable[[Sandbox, str], None],
    times: int,
    *,
    cold: bool = False,
) -> list[Reaction]:
    return [
        _one(
            sandbox,
            weaken,
            f"{weaken.__name__.strip('_')}-{'cold' if cold else 'warm'}-{number}",
            cold=cold,
        )
        for number in range(times)
    ]


def _one(
    sandbox: Sandbox, weaken: Callable[[Sandbox, str], None], user: str, *, cold: bool
) -> Reaction:
    if weaken is _detach:
        _prepare(sandbox, user)
    if cold:
        sandbox.control.reset_functions()
    sandbox.control.clear_calls()
    weaken(sandbox, user)
    invocation = sandbox.control.invocations()[-1]
    calls = [each for each in sandbox.control.calls() if ROLE in (each["caller"] or "")]
    (attach,) = [each for each in calls if each["action"] == "AttachUserPolicy"]
    return Reaction(
        guarded_after=(attach["ended"] - invocation["started"]) * 1000,
        calls=len(calls),
        round_trips=longest_chain(calls),
    )


def _create(sandbox: Sandbox, user: str) -> None:
    sandbox.client("iam").create_user(UserName=user)
    sandbox.control.settle()


def _prepare(sandbox: Sandbox, user: str) -> None:
    """Make a user whose guard can be detached: with a password, or it is being deleted."""
    _create(sandbox, user)
    sandbox.client("iam").create_login_profile(UserName=user, Password=PASSWORD)
    sandbox.control.settle()


def _detach(sandbox: Sandbox, user: str) -> None:
    iam = sandbox.client("iam")
    for each in iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=user, PolicyArn=each["PolicyArn"])
    sandbox.control.settle()


def longest_chain(calls: Sequence[dict[str, Any]]) -> int:
    """Return the length of the longest chain of calls each of which follows another's end."""
    chains: list[tuple[float, int]] = []
    for call in sorted(calls, key=lambda each: float(each["started"])):
        before = [length for ended, length in chains if ended <= call["started"]]
        chains.append((call["ended"], 1 + max(before, default=0)))
    return max((length for _, length in chains), default=0)


def _figures(measured: dict[str, list[Reaction]]) -> dict[str, Any]:
    return {
        "latency_milliseconds": LATENCY_MS,
        "reactions": {
            name: {
                "runs": len(runs),
                "guarded_after_milliseconds_median": _median(runs),
                "guarded_after_milliseconds_worst": max(each.guarded_after for each in runs),
                "calls": max(each.calls for each in runs),
                "sequential_round_trips": max(each.round_trips for each in runs),
            }
            for name, runs in measured.items()
        },
    }


def _median(runs: list[Reaction]) -> float:
    return statistics.median(each.guarded_after for each in runs)


def _table(measured: dict[str, list[Reaction]]) -> Table:
    table = Table(title=f"receipt to finished attach, {LATENCY_MS} ms added to every call")
    for heading in ("event", "runs", "ms, median", "ms, worst", "calls", "round trips"):
        table.add_column(heading, justify="left" if heading == "event" else "right")
    for name, runs in measured.items():
        table.add_row(
            name,
            str(len(runs)),
            f"{_median(runs):.0f}",
            f"{max(each.guarded_after for each in runs):.0f}",
            str(max(each.calls for each in runs)),
            str(max(each.round_trips for each in runs)),
        )
    return table
