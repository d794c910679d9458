"""Notices to an SNS topic and to an event bus, and the account's alias for them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactor.aws.errors import asking
from reactor.errors import ReactorError, Transient, shorten

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_sns import SNSClient

SOURCE = "mfa-reactor"
ENTRIES_A_CALL = 10  # PutEvents
# Of all entries of a call. AWS takes 1 MB since January 2026, and 256 KB before; no notice is near.
CALL_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Publication:
    """A message to a topic: people's mail gets `subject` and `text`, all others `said` as JSON.

    `kind` is an attribute by which a subscription can choose.
    """

    kind: str
    subject: str
    text: str
    said: Mapping[str, Any]


def publish(client: "SNSClient", topic: str, publication: Publication) -> None:
    """Publish a message. Raises ReactorError when the topic did not take it."""
    message = {"default": json.dumps(publication.said), "email": publication.text}
    with asking("sns:Publish"):
        client.publish(
            TopicArn=topic,
            Subject=publication.subject,
            Message=json.dumps(message),
            MessageStructure="json",
            MessageAttributes={"kind": {"DataType": "String", "StringValue": publication.kind}},
        )


def put_events(client: "EventBridgeClient", bus: str, entries: Sequence[tuple[str, str]]) -> int:
    """Put events on a bus, each a detail type and its detail as JSON; return how many it took.

    After a call that fails no more are made. Raises PartlyTaken when some were not taken, and
    another ReactorError when none can have been.
    """
    begun, refused = 0, dict[int, str]()
    for some in _calls(entries):
        try:
            refused |= {begun + each: why for each, why in _put(client, bus, some).items()}
        except ReactorError as error:
            if not begun:
                raise
            refused |= dict.fromkeys(range(begun, len(entries)), str(error))
            break
        begun += len(some)
    if refused:
        raise PartlyTaken(refused, len(entries))
    return len(entries)


class PartlyTaken(Transient):
    """Some were not taken: those that `left` has the positions of."""

    def __init__(self, refused: Mapping[int, str], of: int) -> None:
        why = shorten(next(iter(refused.values())))
        super().__init__(
            f"events:PutEvents failed for {len(refused)} of {of} events, {why}",
            remedy="see the message",
        )
        self.left = tuple(refused)


def _put(
    client: "EventBridgeClient", bus: str, entries: Sequence[tuple[str, str]]
) -> dict[int, str]:
    """Make one call; return which entries it did not take, by position, with the reason."""
    with asking("events:PutEvents"):
        answer = client.put_events(
            Entries=[
                {"Source": SOURCE, "DetailType": kind, "Detail": detail, "EventBusName": bus}
                for kind, detail in entries
            ]
        )
    return {
        position: f"{each['ErrorCode']}: {each.get('ErrorMessage', '')}"
        for position, each in enumerate(answer["Entries"])
        if each.get("ErrorCode")
    }


def account_alias(client: "IAMClient") -> str:
    """Return the account's alias, nothing when it has none."""
    with asking("iam:ListAccountAliases"):
        # An account has one at most.
        aliases = client.list_account_aliases()["AccountAliases"]
    return aliases[0] if aliases else ""


def _calls(entries: Sequence[tuple[str, str]]) -> list[list[tuple[str, str]]]:
    """Return entries in as many as a call takes, by their number and by their size."""
    calls: list[list[tuple[str, str]]] = [[]]
    room = CALL_BYTES
    for entry in entries:
        size = sum(len(text.encode()) for text in entry) + len(SOURCE)
        if calls[-1] and (len(calls[-1]) == ENTRIES_A_CALL or size > room):
            calls.append([])
            room = CALL_BYTES
        calls[-1].append(entry)
        room -= size
    return [each for each in calls if each]
