"""Our sweep in a process of its own, without Lambda: from the reads to the records.

`python -m benches.contestants.in_process ACCOUNT`, against what AWS_ENDPOINT_URL names: one sweep
to warm up, and one that is measured. The records go to standard output, as a function's do. What it
tells of the second one on standard error is the same as bulk.py's.
"""

import json
import sys
import time

from benches.contestants.memory import peak_megabytes
from reactor.audit import Journal
from reactor.aws.account import AwsSession, Home
from reactor.model import Cause, Subject, SubjectKind, Trigger, TriggerKind
from reactor.reconcile import Run, reconcile
from reactor.runtime import executor_of, now, users_guardrail
from reactor.settings import Settings

SETTINGS = Settings.from_environment(
    {"REACTOR_MODE": "enforce", "REACTOR_SCOPE": "without-mfa", "REACTOR_MAX_REMEDIATIONS": "0"}
)


def sweep(session: AwsSession, home: Home, journal: Journal) -> Run:
    """Look at every user once, and write the records."""
    users = users_guardrail(
        SETTINGS, session, home, keep_guard=_in_order, sweep_everyone=lambda: None
    )
    return reconcile(
        Cause(Trigger(TriggerKind.SCHEDULE, now()), Subject(SubjectKind.EVERY_USER, home.account)),
        users,
        execute=executor_of(SETTINGS.mode),
        clock=now,
        record=journal.settled,
    )


def _in_order(_with_group: bool) -> None:
    """Stand in the keeper's place: the guard is in order in this account."""


def main(account: str) -> None:
    """Sweep twice, and tell of the second time."""
    session = AwsSession("us-east-1")
    home, journal = Home("aws", "us-east-1", account), Journal(SETTINGS.mode)
    journal.begin("bench", stage="bench")
    sweep(session, home, journal).raise_unsettled()
    began = time.time()
    run = sweep(session, home, journal)
    found = {"began": began, "ended": time.time(), "peak_megabytes": peak_megabytes()}
    run.raise_unsettled()
    print(json.dumps(found), file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1])
