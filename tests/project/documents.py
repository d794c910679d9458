"""What the documents quote from the code, made from the code.

`python -m tests.project.documents` prints the README's table of settings, and the tables of
docs/events.md.
"""

from collections.abc import Iterator
from dataclasses import fields
from datetime import UTC, datetime

from reactor.buckets.events import CATALOGUE as BUCKET_EVENTS
from reactor.guardrails import GUARDRAILS
from reactor.leads import Lead, Nowhere, of_invocation, of_notice
from reactor.model import Claim, Resource, Subject, SubjectKind
from reactor.names import Function
from reactor.settings import Settings, variable
from reactor.triggers.catalogue import ALWAYS, CATALOGUE, NEVER, Row
from reactor.triggers.compliance import Item
from reactor.triggers.config import Asked, Kind
from reactor.triggers.rules import ON_ITS_GROUP, ON_THE_GUARD

_RULE, _ID, _ACCOUNT = "a-rule", "AIDAEXAMPLE", "123456789012"
_ARN = f"arn:aws:iam::{_ACCOUNT}:policy/example"
_WHOM = {
    SubjectKind.USER: "the user",
    SubjectKind.BUCKET: "the bucket",
    SubjectKind.POLICY_HOLDERS: "whoever the policy is attached to",
    SubjectKind.EVERY_USER: "every user",
}


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


def notices_table() -> str:
    """Return the table of what `compliance` makes of notices, by the resources they are about."""
    lines = ["| notice of | whom it concerns | where |", "|---|---|---|"]
    rule, buckets = {"REACTOR_CONFIG_RULES": _RULE}, {"REACTOR_BUCKETS": "true"}
    usual, all_of_it = (Settings.from_environment(each) for each in (rule, rule | buckets))
    for each in _types():
        item = Item(frozenset({_RULE}), each, _ID)
        found = of_notice(item, all_of_it, _ACCOUNT)
        always = of_notice(item, usual, _ACCOUNT) == found
        where = "always" if always else "`REACTOR_BUCKETS` is `true`"
        whom = _whom(found.subject) if isinstance(found, Lead) else f"nobody: {found.why}"
        lines.append(f"| `{each}` | {whom} | {where} |")
    return "\n".join(lines)


def invocations_table() -> str:
    """Return the table of whom `config` judges, by what AWS Config invokes it for."""
    lines = ["| invoked for | of | whom it judges |", "|---|---|---|"]
    for kind in Kind:
        scheduled = kind is Kind.SCHEDULE
        for each in ("",) if scheduled else _types():
            resource = None if scheduled else Resource(each, _ID, arn=_ARN)
            asked = Asked(_RULE, kind, "", datetime.now(UTC), {}, {}, resource)
            found = of_invocation(asked, Settings.from_environment({}), _ACCOUNT)
            if not isinstance(found, Nowhere):
                whom = ", ".join(map(_whom, found))
                lines.append(f"| `{kind}` | {f'`{each}`' if each else ''} | {whom} |")
    return "\n".join(lines)


def _types() -> Iterator[str]:
    for row in GUARDRAILS:
        yield from row.subjects


def _whom(subject: Subject) -> str:
    return _WHOM[subject.kind]


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
    tables = (settings_table, events_tables, bucket_events_table, notices_table, invocations_table)
    print(*(each() for each in tables), sep="\n\n")  # noqa: T201 - a command
