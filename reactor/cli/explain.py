"""`explain`: what the reactor would make of an event. Offline: no credentials, no region.

The event may be a CloudTrail record as it stands in a log file, the envelope in which EventBridge
delivers it, what AWS Config, a queue or a topic invokes a function with, or a file that holds one
of these under `event`, as collections of samples do.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

import typer

from reactor.buckets.events import CATALOGUE as BUCKET_EVENTS
from reactor.cli.explanations import Explanation, Kind, explanation_of
from reactor.cli.inputs import WrongUse, read_json
from reactor.cli.operator import Operator
from reactor.cli.output import clean, put, put_json
from reactor.model import Subject, SubjectKind
from reactor.names import Function
from reactor.settings import variable
from reactor.triggers.catalogue import CATALOGUE

EXAMPLES = """\
Examples:
  mfa-reactor explain event.json
  mfa-reactor explain event.json --account 123456789012
  jq '.Records[7]' trail.json | mfa-reactor explain - --json

The event may be a CloudTrail record, or EventBridge's envelope round one; a notice of what a rule
of AWS Config found, as it is or as a queue or a topic brings it; or AWS Config's own invocation.
It works offline, and looks at no user: `check USER` does.
"""
ACCOUNT = re.compile(r"[0-9]{12}")

_SUBJECTS = {
    SubjectKind.USER: "the user {label}",
    SubjectKind.GROUP_MEMBERS: "the members of the group {label}",
    SubjectKind.POLICY_HOLDERS: "whoever the policy {label} is attached to",
    SubjectKind.MFA_SERIAL: "whoever had the MFA device {label}",
    SubjectKind.ROOT: "the root user",
    SubjectKind.EVERY_USER: "every user{unnamed}",
    SubjectKind.GUARD: "the guard {label}",
    SubjectKind.BUCKET: "the bucket {label}",
    SubjectKind.EVERY_BUCKET: "every bucket",
}


@dataclass(frozen=True, slots=True)
class _Words:
    """How people read of one kind of payload. `looks` and `would` go before a subject."""

    name: str
    unheard: str
    nobody: str
    looks: str = "Looks at"
    would: str = "Would look at"
    unnamed: str = ""  # why it is everybody


_WORDS = {
    Kind.EVENT: _Words(
        "the event",
        "no rule delivers it to react, review or keeper under these settings",
        "No user is looked at",
        unnamed=", because the event does not say whom it concerns",
    ),
    Kind.BUCKETS: _Words(
        "the event", "nothing delivers it to buckets under these settings", "No bucket is looked at"
    ),
    Kind.NOTICES: _Words(
        "notices of compliance",
        "nothing delivers them to compliance under these settings",
        "Nothing is looked at",
    ),
    Kind.INVOCATION: _Words(
        "an invocation by AWS Config", "nothing hears it", "It leads to nobody", "Judges", "Judges"
    ),
}


def explain(
    context: typer.Context,
    event: Annotated[str, typer.Argument(metavar="EVENT.json", help="A file; - is stdin.")],
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Read it as if deployed in this account (12 digits)."),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", metavar="", help="Print one JSON document instead of sentences."),
    ] = False,
) -> None:
    """Say what an event would do: which functions hear it, whom they would look at, and why."""
    if account is not None and not ACCOUNT.fullmatch(account):
        raise WrongUse(f"--account is {account!r}: an account has 12 digits")
    settings = Operator.of(context).settings()
    explanation = explanation_of(read_json(event), account, settings)
    if as_json:
        put_json(explanation.document())
    else:
        put("\n".join(_sentences(explanation)))


def _sentences(explanation: Explanation) -> list[str]:
    words = _WORDS[explanation.kind]
    name = words.name if explanation.event is None else clean(explanation.event)
    lines = [f"{name}: {_heard(explanation)}."]
    if Function.KEEPER in explanation.heard_by:
        lines.append("The keeper looks at the guard itself, and brings it into order.")
    if explanation.ignored is not None:
        return [*lines, f"{words.nobody}: {clean(explanation.ignored)}."]
    heard = set(explanation.heard_by) - {Function.KEEPER}
    verb = words.looks if heard else words.would
    lines += [f"{verb} {_who(each, words)}." for each in explanation.subjects]
    lines += [f"Left out: {clean(each)}." for each in explanation.left_out]
    return [*lines, *_reasons(explanation)]


def _heard(explanation: Explanation) -> str:
    if not explanation.heard_by:
        return _WORDS[explanation.kind].unheard
    return f"heard by {' and '.join(explanation.heard_by)}"


def _who(subject: Subject, words: _Words) -> str:
    who = _SUBJECTS[subject.kind].format(label=subject.label, unnamed=words.unnamed)
    account = f" (account {clean(subject.account)})" if subject.account else ""
    return f"{clean(who)}{account}"


def _reasons(explanation: Explanation) -> Iterable[str]:
    """Yield why an event matters, and when."""
    if explanation.kind is Kind.EVENT and explanation.event in CATALOGUE:
        row = CATALOGUE[explanation.event]
        yield f"Why it matters: {row.why}."
        yield f"When it can change a verdict: {row.matters.words}."
    if explanation.kind is Kind.BUCKETS and explanation.event in BUCKET_EVENTS:
        yield f"Why it matters: {BUCKET_EVENTS[explanation.event].why}."
        yield f"When it is heard: {variable('buckets')} is `true`."
    if explanation.kind is Kind.INVOCATION:
        yield "It only reports: nothing is changed."
