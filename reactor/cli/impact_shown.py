"""The impact of a sweep, for people: a short table of numbers and names, and what they mean."""

from collections.abc import Iterator

from reactor.cli import output
from reactor.cli.impact import Impact
from reactor.cli.report import many

_NAMED_AT_MOST = 5  # users of a head; all of them are in the document
_IN_USE = (
    "used a key in the 24 hours before the report: service accounts in disguise? Under the guard,"
    " what they call without MFA is denied. Exempt them first, or give them roles"
)
_PASSKEY_ONLY = (
    "passkeys only: that does for the console, but sts:GetSessionToken takes no passkey. On the"
    " command line it takes `aws login`, or an authenticator app besides"
)


def show(impact: Impact, *, on_error: bool = False) -> None:
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
