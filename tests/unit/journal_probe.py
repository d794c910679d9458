"""Writes one of everything that the journal writes, as a process of its own: see test_audit.py."""

from dataclasses import replace

from reactor.audit import Journal
from reactor.reconcile import Run
from reactor.settings import Mode
from reactor.triggers.cloudtrail import parse
from tests.fakes.clock import START
from tests.fakes.events import about_user
from tests.fakes.harness import Harness


def main() -> None:
    """Write the record of a reaction and of an ignored event, metrics, then an alarm."""
    harness = Harness()
    harness.account.put_policy()
    harness.account.put_user("alice", password=True)
    harness.clock.advance(7.5)
    journal = Journal(Mode.ENFORCE)
    journal.begin("request-1", stage="prod")
    run = harness.react(about_user("alice", received_at=START))
    for settled in run.settled:
        journal.settled(settled)
    reading = parse({}, account=None, received_at=START, settings=harness.settings)
    journal.ignored(reading.trigger, str(reading.ignored), harness.clock())
    journal.held_back(run, 1)
    journal.flush()
    journal.begin("request-2", stage="prod")
    journal.held_back(Run([replace(each, held_back=True) for each in run.settled]), 1)
    journal.flush()


if __name__ == "__main__":
    main()
