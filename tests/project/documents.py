"""What the documents quote from the code, made from the code.

`python -m tests.project.documents` prints the README's table of settings, and the tables of
docs/events.md.
"""

from dataclasses import fields

from reactor.buckets.events import CATALOGUE as BUCKET_EVENTS
from reactor.model import Claim
from reactor.names import Function
from reactor.settings import Settings, variable
from reactor.triggers.catalogue import ALWAYS, CATALOGUE, NEVER, Row
from reactor.triggers.rules import ON_ITS_GROUP, ON_THE_GUARD


def settings_table() -> str:
    """Return the README's table of settings."""
    rows = ["| name | default | meaning |", "|---|---|---|"]
    for each in fields(Settings):
        default = f"`{each.metadata['default']}`" if each.metadata["default"] else "empty"
        unit = f" {each.metadata['unit']}" if each.metadata["default"] else ""
        rows.append(
            f"| `{variable(each.name)}` | {default}{unit.rstrip()} | {each.metadata['meaning']} |"
        )
    return "\n".join(rows)


def events_tables() -> str:
    """Return the tables of docs/events.md: a function each, then what none of them hears."""
    rows = sorted(CATALOGUE.values(), key=lambda row: row.event)
    tables = []
    for function in (Function.REACT, Function.REVIEW, Function.KEEPER):
        heard = [row for row in rows if row.function is function and row.matters is not NEVER]
        tables += [f"## `{function}`", _heard(heard)]
    tables.append(_kept())
    unheard = [row for row in rows if row.matters is NEVER]
    return "\n\n".join([*tables, "## None of them", _unheard(unheard)])


def bucket_events_table() -> str:
    """Return the table of the events that `buckets` hears."""
    lines = ["| event | whom it concerns | hint | why |", "|---|---|---|---|"]
    for row in BUCKET_EVENTS.values():
        whom = "every bucket" if row.of_account else f"`requestParameters.{row.member}`"
        why = row.why + (" (only with `REACTOR_BUCKET_EXEMPT_TAGS`)" if row.of_tags else "")
        lines.append(f"| `{row.event}` | {whom} | `{row.claim}` | {why} |")
    return "\n".join(lines)


def _heard(rows: list[Row]) -> str:
    lines = ["| event | whom it concerns | hint | delivered | why |", "|---|---|---|---|---|"]
    for row in rows:
        hint = f"`{row.claim}`" if row.claim else ""
        lines.append(
            f"| `{row.event}` | {row.names} | {hint} | {_delivered(row)} | {row.why} |",
        )
    return "\n".join(lines)


def _kept() -> str:
    """Return what the keeper hears besides, of which others hear for whom it concerns."""
    lines = ["| besides | what it is done to | hint | why |", "|---|---|---|---|"]
    for what, hint, events in (
        ("the guard", Claim.GUARD_EDITED, ON_THE_GUARD),
        ("the guard's group", Claim.GUARD_GROUP_EDITED, ON_ITS_GROUP),
    ):
        lines += [f"| `{event}` | {what} | `{hint}` | {why} |" for event, why in events.items()]
    return "\n".join(lines)


def _unheard(rows: list[Row]) -> str:
    lines = ["| event | whom it concerns | why it is not delivered |", "|---|---|---|"]
    lines += [f"| `{row.event}` | {row.names} | {row.why} |" for row in rows]
    return "\n".join(lines)


def _delivered(row: Row) -> str:
    if row.failed_with:
        return f"when it failed with `{row.failed_with}`"
    if row.of_the_guard:
        guards = "for the guard, or where the event does not say which policy"
        when = "" if row.of_others is ALWAYS else f" if {row.of_others.words}"
        others = "" if row.of_others is NEVER else f"; to `review` for other policies{when}"
        return f"{guards}{others}"
    return row.matters.words.replace("REACTOR_", "if REACTOR_", 1)


if __name__ == "__main__":
    print(settings_table(), events_tables(), bucket_events_table(), sep="\n\n")  # noqa: T201 - a command
