"""What a user costs a sweep beside AWS's time: from the bulk data to the decision, and the record.

In process, without a network: the client answers at once, with pages as botocore hands them over,
so that neither the wire nor botocore's parser is measured. Each figure is the processor's time of
the fastest of some runs over 5,000 users with 10 tags and 10 groups each.
"""

import contextlib
import gc
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table

from benches.answers import ACCOUNT, Client, answers
from benches.cells import Cells
from reactor.audit import Journal
from reactor.aws.account import AwsSession, Home
from reactor.guard.identity import Guard
from reactor.model import Cause, Subject, SubjectKind, Trigger, TriggerKind
from reactor.reconcile import observe_only, reconcile
from reactor.runtime import now, users_guardrail
from reactor.settings import Mode, Settings
from reactor.users.guardrail import Users

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

USERS = 5000
RUNS = 5
LIMIT_MICROSECONDS = 50
HOME = Home("aws", "us-east-1", ACCOUNT)
EVERYBODY = Cause(
    Trigger(TriggerKind.SCHEDULE, datetime(2026, 1, 1, tzinfo=UTC)),
    Subject(SubjectKind.EVERY_USER, HOME.account),
)
# What a scope makes of the account: who is in order, and who must be changed.
CASES = {
    "everyone, all guarded": ("everyone", True),
    "everyone, nobody guarded": ("everyone", False),
    "without-mfa, all guarded": ("without-mfa", True),
    "without-mfa, a device each": ("without-mfa", False),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds a user."""

    observed: float
    decided: float
    recorded: float

    @property
    def decision(self) -> float:
        """From the bulk data to the decision."""
        return self.observed + self.decided


def run() -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    with _silence():
        journal = Journal(Mode.OBSERVE)  # takes standard output as it is now
        journal.begin("bench", stage="bench")
        gc.freeze()  # as the functions' start does
        costs = {name: _cost(*case, journal) for name, case in CASES.items()}
    figures = {
        "users": USERS,
        "runs": RUNS,
        "limit_microseconds": LIMIT_MICROSECONDS,
        "microseconds": {
            name: {"observed": c.observed, "decided": c.decided, "recorded": c.recorded}
            for name, c in costs.items()
        },
    }
    return figures, cells_of(figures).rich()


def _cost(scope: str, guarded: bool, journal: Journal) -> Cost:
    settings = Settings.from_environment({"REACTOR_SCOPE": scope})
    guardrail = _guardrail(settings, guarded=guarded)
    observed = _fastest(lambda: list(guardrail.observe(EVERYBODY)))
    states = [each.state for each in guardrail.observe(EVERYBODY) if each.state is not None]
    at = now()
    decided = _fastest(lambda: [guardrail.decide(each, EVERYBODY, at) for each in states])
    settled = reconcile(EVERYBODY, guardrail, execute=observe_only, clock=now).settled
    recorded = _fastest(lambda: list(map(journal.settled, settled)))
    return Cost(observed, decided, recorded)


def _guardrail(settings: Settings, *, guarded: bool) -> Users:
    guard = Guard.of(settings, partition=HOME.partition, account=HOME.account)
    session = AwsSession(HOME.region)
    session.iam = cast("IAMClient", Client(answers(guard, USERS, guarded=guarded)))
    return users_guardrail(
        settings, session, HOME, keep_guard=lambda _: None, sweep_everyone=lambda: None
    )


def _fastest(work: Callable[[], object]) -> float:
    """Return the microseconds a user of the fastest run."""
    seconds = []
    for _ in range(RUNS):
        began = time.process_time()
        work()
        seconds.append(time.process_time() - began)
    return min(seconds) / USERS * 1e6


@contextlib.contextmanager
def _silence() -> Iterator[None]:
    """Let the records go nowhere, at the price of a write."""
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):  # noqa: PTH123
        yield


def cells_of(figures: Mapping[str, Any]) -> Cells:
    """Return the table; what costs more than it may is told in red."""
    costs = {name: Cost(**each) for name, each in figures["microseconds"].items()}
    limit = figures["limit_microseconds"]
    rows = [
        (name, f"{c.observed:.1f}", f"{c.decided:.1f}", f"{c.decision:.1f}", f"{c.recorded:.1f}")
        for name, c in costs.items()
    ]
    bad = {number for number, each in enumerate(costs.values()) if each.decision >= limit}
    title = f"microseconds a user; a decision must cost less than {limit}"
    headings = ("scope", "to a state", "to a verdict", "decision", "a record")
    return Cells(title, headings, rows, frozenset(bad))
