"""Writes a sweep in two parts, as a process of its own: see test_audit.py."""

from reactor.audit import Journal
from reactor.model import OutcomeStatus
from reactor.settings import Mode
from reactor.sweeps.counts import Counts
from tests.fakes.parts import changed, settled


def main() -> None:
    """Write users in order, some with records of their own, and two summaries, in two runs."""
    journal = Journal(Mode.ENFORCE)
    counts = Counts(users=266, exempt=5, compliant=260, remediated=1)
    journal.begin("request-1", stage="prod")
    journal.part("sweep-1", 1)
    for number in range(4):
        journal.in_order(settled(f"svc-{number}", "exempt"))
    for number in range(260):
        journal.in_order(settled(f"user-{number}"))
        if number == 254:
            journal.settled(changed("alice"))
            journal.settled(settled("svc-9", "exempt", status=OutcomeStatus.DONE))
    journal.in_order(settled("svc-8", "out-of-scope"))
    counts.compliant += 1
    journal.sweep({**counts.describe(), "seconds": 5.0}, is_left=True)
    journal.flush()
    journal.begin("request-2", stage="prod")
    journal.part("sweep-1", 2)
    journal.in_order(settled("bob"))
    counts.users, counts.drift = 268, 3
    counts.took({"iam:GetUser": 3}, {})
    journal.sweep({**counts.describe(), "seconds": 7.5}, is_left=False)
    journal.swept()
    journal.flush()


if __name__ == "__main__":
    main()
