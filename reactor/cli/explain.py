"""`explain`: what the reactor would make of an event. Offline: no credentials, no region.

The event may be a CloudTrail record as it stands in a log file, the envelope in which EventBridge
delivers it, or a file that holds either under `event`, as collections of samples do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from reactor.cli.inputs import WrongUse, read_json
from reactor.cli.operator import Operator
from reactor.cli.output import clean, put, put_json
from reactor.model import Subject, SubjectKind
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import CATALOGUE
from reactor.triggers.cloudtrail import Reading, envelope_of, parse

EXAMPLES = """\
Examples:
  mfa-reactor explain event.json
  mfa-reactor explain event.json --account 123456789012
  jq '.Records[7]' trail.json | mfa-reactor explain - --json

The event may be a CloudTrail record, or EventBridge's envelope round one.
It works offline, and looks at no user: `check USER` does.
"""
ACCOUNT = re.compile(r"[0-9]{12}")

# Other documents that people have at hand, by a member that only they have.
_OTHER_DOCUMENTS = {
    "Records": "many records in one file, such as a CloudTrail log: give one of them",
    "invokingEvent": "an AWS Config invocation, not an IAM event",
    "configurationItemStatus": "an AWS Config configuration item, not an IAM event",
}
_SUBJECTS = {
    SubjectKind.USER: "the user {name}",
    SubjectKind.GROUP_MEMBERS: "the members of the group {name}",
    SubjectKind.POLICY_HOLDERS: "whoever the policy {arn} is attached to",
    SubjectKind.MFA_SERIAL: "whoever had the MFA device {serial}",
    SubjectKind.ROOT: "the root user",
    SubjectKind.EVERY_USER: "every user, because the event does not say whom it concerns",
    SubjectKind.GUARD: "the guard {arn}",
}


@dataclass(frozen=True, slots=True)
class Explanation:
    """What becomes of an event: which functions hear it, whom it leads to, why to nobody."""

    heard_by: tuple[Function, ...]
    event: str | None
    subjects: tuple[Subject, ...]
    ignored: str | None

    def document(self) -> dict[str, object]:
        """Return it as JSON types."""
        return {
            "matched": bool(self.heard_by),
            "heard_by": [each.value for each in self.heard_by],
            "event": self.event,
            "subjects": [each.describe() for each in self.subjects],
            "ignored": self.ignored,
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


def explanation_of(document: object, account: str | None, settings: Settings) -> Explanation:
    """Explain a document of any shape, offline."""
    payload = _payload(document)
    reading = parse(payload, account=account, received_at=datetime.now(UTC), settings=settings)
    name = None if reading.trigger.event is None else reading.trigger.event.name
    ignored = _ignored(payload, reading)
    subjects = () if ignored else tuple(cause.subject for cause in reading.causes)
    return Explanation(reading.heard_by, name, subjects, ignored)


def _payload(document: object) -> object:
    """Return what EventBridge would deliver for a record, an envelope, or a sample's file."""
    inner: Any = document
    if isinstance(inner, dict) and isinstance(inner.get("event"), dict):
        inner = inner["event"]
    if isinstance(inner, dict) and "detail" not in inner and _is_record(inner):
        return envelope_of(inner)
    return inner


def _is_record(document: Mapping[str, Any]) -> bool:
    return "eventName" in document or "eventSource" in document


def _ignored(payload: object, reading: Reading) -> str | None:
    if isinstance(payload, dict) and "detail" not in payload:
        for member, what in _OTHER_DOCUMENTS.items():
            if member in payload:
                return what
    if reading.ignored is None and not _is_cloudtrails(payload):
        return "its envelope is not CloudTrail's, and no rule delivers it"
    return reading.ignored


def _is_cloudtrails(payload: Any) -> bool:  # noqa: ANN401 - it has been read
    true = envelope_of(payload["detail"])
    return all(payload.get(member) == true[member] for member in ("source", "detail-type"))


def _sentences(explanation: Explanation) -> list[str]:
    name = "the event" if explanation.event is None else clean(explanation.event)
    lines = [f"{name}: {_heard(explanation)}."]
    if Function.KEEPER in explanation.heard_by:
        lines.append("The keeper looks at the guard itself, and brings it into order.")
    if explanation.ignored is not None:
        return [*lines, f"No user is looked at: {clean(explanation.ignored)}."]
    heard = {Function.REACT, Function.REVIEW} & set(explanation.heard_by)
    for subject in explanation.subjects:
        who = _SUBJECTS[subject.kind].format(**subject.describe())
        verb = "Looks" if heard else "Would look"
        lines.append(f"{verb} at {clean(who)} (account {clean(subject.account)}).")
    if explanation.event in CATALOGUE:
        row = CATALOGUE[explanation.event]
        lines.append(f"Why it matters: {row.why}.")
        lines.append(f"When it can change a verdict: {row.matters.words}.")
    return lines


def _heard(explanation: Explanation) -> str:
    if not explanation.heard_by:
        return "no rule delivers it to react, review or keeper under these settings"
    return f"heard by {' and '.join(explanation.heard_by)}"
