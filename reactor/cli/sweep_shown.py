"""What `sweep` shows people: what it would do to whom, what that means for them, what became of it.

On any account the last lines are those that matter: numbers, the first few names, and what to
think of before saying yes.
"""

from collections import Counter
from collections.abc import Iterator

from reactor.cli import output, report
from reactor.cli.impact import Impact
from reactor.cli.report import Report, many
from reactor.model import OutcomeStatus
from reactor.reconcile import Settled
from reactor.settings import Mode, Settings

_NAMED_AT_MOST = 5  # users of a head; all of them are in the document
_SHARED_BY = 5  # users: so many, and their common reason becomes a heading
_IN_USE = (
    "used a key in the 24 hours before the report: service accounts in disguise? Under the guard,"
    " what they call without MFA is denied. Exempt them first, or give them roles"
)
_PASSKEY_ONLY = (
    "passkeys only: these do for the console, but sts:GetSessionToken takes none. For the command"
    " line there is `aws login`, or an authenticator app besides"
)


def put_look(found: Report, impact: Impact, settings: Settings) -> None:
    """Write what would be done, and the impact."""
    concerned = [each for each in found.users if each.decision.plan or each.failed]
    concerned.sort(key=lambda each: each.held_back)
    _put_plans(concerned)
    output.put(f"{found.count_line()} ({_judged_by(settings)})")
    if found.waiting:
        most = settings.max_remediations
        output.put(f"{found.waiting} wait: a sweep changes {most} at most (--max)")
    put_impact(impact)
    if concerned and settings.mode is Mode.OBSERVE:
        output.put("Nothing was changed: --enforce carries this out.")


def _put_plans(concerned: list[Settled]) -> None:
    """Show what would be done to whom; a reason that many share is said once."""
    shared = Counter(_reason(each) for each in concerned)
    for reason, number in shared.items():
        if number >= _SHARED_BY:
            output.put_item("", f"{many(number)} {': '.join(reason)}")
            rows = [
                (report.name_of(each), report.actions_of(each, enforced=False).replace("\n", ", "))
                for each in concerned
                if _reason(each) == reason
            ]
            report.put_rows(("User", "To do"), rows)
    others = [
        (report.name_of(each), *_reason(each), report.actions_of(each, enforced=False))
        for each in concerned
        if shared[_reason(each)] < _SHARED_BY
    ]
    report.put_rows(("User", "Verdict", "Reason", "To do"), others)


def _reason(each: Settled) -> tuple[str, str]:
    return each.decision.verdict.compliance.value, report.reasons_of(each)


def _judged_by(settings: Settings) -> str:
    ways = {
        "tag": settings.exempt_tags,
        "list": settings.exempt_parameter,
        "name": settings.exempt_names,
        "path": settings.exempt_paths,
        "group": settings.exempt_groups,
    }
    exempt = ", ".join(way for way, chosen in ways.items() if chosen) or "nothing"
    return f"scope {settings.scope}, exempt by {exempt}"


def put_impact(impact: Impact, *, on_error: bool = False) -> None:
    """Write the impact on standard output, or error; nothing when nobody would get the guard."""
    if not impact.everybody:
        return
    rows = [
        (head, str(len(names)).rjust(len("Users")), _some(names)) for head, names in _heads(impact)
    ]
    headings = ("Impact", "Users", "Among them")
    output.put_table(headings, rows, whole=frozenset({"Impact", "Users"}), on_error=on_error)
    for remark in _remarks(impact):
        output.put_item("- ", remark, on_error=on_error)


def _heads(impact: Impact) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what is known, and who it is true of."""
    yield "would get the guard", impact.everybody
    if impact.waiting:
        yield "  by this sweep", impact.now
        yield "  by later ones", impact.waiting
    known = {
        "have a password": impact.with_password,
        "used a key in 24 hours": impact.keys_in_use,
        "have passkeys only": impact.passkey_only,
    }
    for head, names in known.items():
        if names is not None:
            yield head, names
    if impact.not_in_report:
        yield "are not in the report", impact.not_in_report


def _remarks(impact: Impact) -> Iterator[str]:
    if impact.report_at is not None:
        time = f"{impact.report_at:%Y-%m-%d %H:%M} UTC"
        yield f"passwords, keys and MFA are those of IAM's credential report of {time}"
        if impact.not_in_report:
            absent = len(impact.not_in_report)
            yield f"{many(absent)} {_verb(absent, 'is', 'are')} not in the report of {time}"
    if impact.unread:
        rows = len(impact.unread)
        yield (
            f"{rows} {_verb(rows, 'row', 'rows')} of the report could not be read, and"
            f" {_verb(rows, 'its user counts', 'their users count')} as not in it:"
            f" {impact.unread[0]}{'' if rows == 1 else '; …'}"
        )
    if impact.keys_in_use:
        yield f"{many(len(impact.keys_in_use))} {_IN_USE}"
    if impact.passkey_only:
        only = len(impact.passkey_only)
        yield f"{many(only)} {_verb(only, 'has', 'have')} {_PASSKEY_ONLY}"
    for problem in impact.problems:
        what = "passwords and keys" if impact.report_at is None else "passkeys"
        yield f"{what} are not known: {problem}; {problem.remedy}"


def _verb(number: int, one: str, several: str) -> str:
    return one if number == 1 else several


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - _NAMED_AT_MOST
    first = ", ".join(names[:_NAMED_AT_MOST])
    return f"{first} and {more} more" if more > 0 else first


def put_outcome(found: Report) -> None:
    """Say what became of it: in numbers, and of whom it did not go as planned."""
    odd = [each for each in found.users if not each.held_back and not _went_as_planned(each)]
    rows = [(report.name_of(each), report.actions_of(each, enforced=True)) for each in odd]
    report.put_rows(("User", "Outcome"), rows)
    waiting = f", {found.waiting} wait for a later sweep" if found.waiting else ""
    output.put(f"{found.changed} changed, {found.failed} failed{waiting}")


def _went_as_planned(each: Settled) -> bool:
    return all(one.status is OutcomeStatus.DONE and not one.why for one in each.outcomes)
