"""What a run over users comes to: rows for people, a document for tools, an exit status."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import typer

from reactor.cli import output
from reactor.errors import ReactorError
from reactor.model import Compliance, OutcomeStatus, SubjectKind
from reactor.reconcile import Run, Settled, tally
from reactor.sweeps.progress import id_of
from reactor.users.actions import DetachGuard, LeaveGuardGroup

# The order in which people want to read them.
_ORDER = (
    Compliance.NON_COMPLIANT,
    Compliance.INSUFFICIENT_DATA,
    Compliance.COMPLIANT,
    Compliance.NOT_APPLICABLE,
)
_CARRIED_OUT = {OutcomeStatus.DONE, OutcomeStatus.ALREADY}


class Change(StrEnum):
    """What a plan comes to for a user."""

    ON = "put the guard on"
    OFF = "take the guard off"
    MOVE = "move the guard to the regular way for"


@dataclass(frozen=True, slots=True)
class Report:
    """A run's users, the worst first, and what went wrong."""

    account: str
    users: tuple[Settled, ...]
    errors: tuple[ReactorError, ...]

    @classmethod
    def of(cls, account: str, run: Run) -> "Report":
        """Sort a run. Raises the ReactorError that kept it from reading anything at all."""
        users, errors = _users(run), _errors(run)
        if errors and not users:
            raise errors[0]
        return cls(account, _sorted(users), errors)

    def after(self, run: Run, tried: Collection[str]) -> "Report":
        """Return this look together with the run that then changed those it had to change.

        Who was `tried` (users' ids) and is not in the run, though all was read, is gone.
        """
        done = {id_of(each): each for each in _users(run)}
        errors = _distinct((*self.errors, *_errors(run)))
        users = [done.get(id_of(each), each) for each in self.users]
        if len(done) == len(run.settled):  # else one says why not everybody was read
            lost = set(tried) - set(done)
            users = [each for each in users if id_of(each) not in lost]
        return replace(self, users=_sorted(users), errors=errors)

    @property
    def to_change(self) -> tuple[Settled, ...]:
        """Whose plan would be carried out now; the brake lets no more through."""
        return tuple(each for each in self.users if each.decision.plan and not each.held_back)

    @property
    def to_guard(self) -> tuple[Settled, ...]:
        """Who would get the guard, now or when the brake lets them through."""
        return tuple(each for each in self.users if change_of(each) is Change.ON)

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
        counts = [f"{number} {word}" for word, number in self.counts.items() if number]
        whom = f"{many(len(self.users))} in account {self.account}"
        return f"{whom}: {', '.join(counts)}" if counts else whom

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


def many(number: int) -> str:
    """Return so many users in words."""
    return "1 user" if number == 1 else f"{number} users"


def name_of(each: Settled) -> str:
    """Return the user's name."""
    return each.observation.subject.name or ""


def reasons_of(each: Settled) -> str:
    """Return the verdict's reasons in one text."""
    return "; ".join(each.decision.verdict.reasons)


def change_of(each: Settled) -> Change | None:
    """Return what a user's plan comes to, None when there is none."""
    plan = each.decision.plan
    if not plan:
        return None
    if _compliance(each) is Compliance.NON_COMPLIANT:
        return Change.ON
    takes_off = all(isinstance(one, DetachGuard | LeaveGuardGroup) for one in plan)
    return Change.OFF if takes_off else Change.MOVE


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


def _users(run: Run) -> list[Settled]:
    return [each for each in run.settled if each.observation.subject.kind is SubjectKind.USER]


def _errors(run: Run) -> tuple[ReactorError, ...]:
    return _distinct(error for each in run.settled for error in each.errors)


def _sorted(users: Iterable[Settled]) -> tuple[Settled, ...]:
    def key(each: Settled) -> tuple[int, str]:
        return _ORDER.index(_compliance(each)), name_of(each).lower()

    return tuple(sorted(users, key=key))


def _distinct(errors: Iterable[ReactorError]) -> tuple[ReactorError, ...]:
    return tuple({str(error): error for error in errors}.values())


def put_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table of users on standard output; nothing without any."""
    if rows:
        output.put_table(headings, rows, whole=frozenset({"Verdict"}))


def end(found: Report) -> None:
    """End the command: what went wrong on standard error, a line each, and the exit status."""
    for error in found.errors:
        output.say(output.one_line(f"mfa-reactor: {error}; {error.remedy}"))
    raise typer.Exit(0 if found.in_order else 1)
