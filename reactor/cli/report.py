"""What a run over users comes to: rows for people, a document for tools, an exit status."""

from collections.abc import Iterable
from dataclasses import dataclass

from reactor.errors import ReactorError
from reactor.model import Compliance, OutcomeStatus, SubjectKind
from reactor.reconcile import Run, Settled, tally

# The order in which people want to read them.
_ORDER = (
    Compliance.NON_COMPLIANT,
    Compliance.INSUFFICIENT_DATA,
    Compliance.COMPLIANT,
    Compliance.NOT_APPLICABLE,
)
_CARRIED_OUT = {OutcomeStatus.DONE, OutcomeStatus.ALREADY}


@dataclass(frozen=True, slots=True)
class Report:
    """A run's users, the worst first, and what went wrong."""

    account: str
    users: tuple[Settled, ...]
    errors: tuple[ReactorError, ...]

    @classmethod
    def of(cls, account: str, run: Run) -> "Report":
        """Sort a run. Raises the ReactorError that kept it from reading anything at all."""
        users = [each for each in run.settled if each.observation.subject.kind is SubjectKind.USER]
        errors = _distinct(error for each in run.settled for error in each.errors)
        if errors and not users:
            raise errors[0]
        users.sort(key=lambda each: (_ORDER.index(_compliance(each)), name_of(each).lower()))
        return cls(account, tuple(users), errors)

    @property
    def counts(self) -> dict[str, int]:
        """How many users got each verdict; every verdict is there."""
        found = tally(Run(list(self.users)))
        return {each.value: found.get(each.value, 0) for each in _ORDER}

    @property
    def changed(self) -> int:
        """How many users were changed."""
        return sum(each.changed for each in self.users)

    @property
    def failed(self) -> int:
        """How many users something went wrong with."""
        return sum(each.failed for each in self.users)

    @property
    def waiting(self) -> int:
        """How many users wait because of the brake."""
        return sum(each.held_back for each in self.users)

    @property
    def in_order(self) -> bool:
        """Whether every user is as it should be, or has been made so."""
        return not self.errors and all(_in_order(each) for each in self.users)

    def count_line(self) -> str:
        """Return the counts in a sentence."""
        many = "1 user" if len(self.users) == 1 else f"{len(self.users)} users"
        counts = [f"{number} {word}" for word, number in self.counts.items() if number]
        return f"{many} in account {self.account}{': ' if counts else ''}{', '.join(counts)}"

    def document(self, *, outcomes: bool = False) -> dict[str, object]:
        """Return the report as JSON types, with what became of each action if asked for."""
        return {
            "users": [
                {**_user(each), **({"actions": _outcomes(each)} if outcomes else {})}
                for each in self.users
            ],
            "counts": self.counts,
            "errors": [{"what": str(each), "remedy": each.remedy} for each in self.errors],
        }


def name_of(each: Settled) -> str:
    """Return the user's name."""
    return each.observation.subject.name or ""


def reasons_of(each: Settled) -> str:
    """Return the verdict's reasons in one text."""
    return "; ".join(each.decision.verdict.reasons)


def actions_of(each: Settled, *, enforced: bool) -> str:
    """Return the actions, a line each, and what became of them if they were carried out."""
    if each.held_back:
        return "waits for a later sweep"
    if not enforced:
        return "\n".join(action.name for action in each.decision.plan)
    return "\n".join(
        f"{outcome.action.name}: {outcome.status}" + (f" ({outcome.why})" if outcome.why else "")
        for outcome in each.outcomes
    )


def _outcomes(each: Settled) -> list[dict[str, object]]:
    """Return what became of each action, as the audit records have it."""
    return [
        {
            "action": outcome.action.name,
            "on": outcome.action.describe(),
            "outcome": outcome.status.value,
            "why": outcome.why,
        }
        for outcome in each.outcomes
    ]


def _user(each: Settled) -> dict[str, object]:
    verdict = each.decision.verdict
    return {
        "user": name_of(each),
        "verdict": verdict.compliance.value,
        "rule": verdict.rule,
        "reasons": list(verdict.reasons),
        "plan": [{"action": one.name, "on": one.describe()} for one in each.decision.plan],
    }


def _compliance(each: Settled) -> Compliance:
    return each.decision.verdict.compliance


def _in_order(each: Settled) -> bool:
    if each.decision.verdict.rule == "gone":
        return False  # somebody asked for this user by name
    if _compliance(each) in {Compliance.COMPLIANT, Compliance.NOT_APPLICABLE}:
        return True
    outcomes = [outcome.status for outcome in each.outcomes]
    return bool(outcomes) and all(status in _CARRIED_OUT for status in outcomes)


def _distinct(errors: Iterable[ReactorError]) -> tuple[ReactorError, ...]:
    return tuple({str(error): error for error in errors}.values())
