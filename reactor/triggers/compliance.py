"""Notices of compliance, whoever brings them: what a rule of AWS Config found of which resource.

    payload of a function -> messages, each settled on its own -> items -> resources to look at

EventBridge delivers one event, an SNS topic one or more records, an SQS queue a batch of messages.
A message is AWS Config's own, or a list of items as other tools write them; as it is, or wrapped by
SNS or EventBridge on its way through a queue. Nothing in it is believed: it says whom to look at,
and AWS is asked what is so. What cannot be read is told, and not tried again, for it stays so. How
many items a message has is bounded by the size that SNS and SQS let it have: none is left out.
"""

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reactor.errors import shorten
from reactor.model import Compliance
from reactor.triggers.records import REGION, RESOURCE_ID, mapping, quoted, text

CONFIG_EVENT_SOURCE = "aws.config"
COMPLIANCE_DETAIL_TYPE = "Config Rules Compliance Change"
_DEPTH = 4  # EventBridge to SNS to SQS, and one to spare

_RESOURCE_TYPE = re.compile(r"AWS::[A-Za-z0-9]{1,64}::[A-Za-z0-9]{1,64}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_ACCOUNTS = ("awsAccountId", "accountId")  # AWS Config's word, and that of lists of items
_RULE = re.compile(r"[!-~ ]{1,128}", re.ASCII)
_QUEUE = re.compile(r"arn:[a-z-]+:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_.-]{1,80}", re.ASCII)
# What a rule found that needs no look: it is so, or does not concern the rule.
_IN_ORDER = frozenset({Compliance.COMPLIANT, Compliance.NOT_APPLICABLE})


@dataclass(frozen=True, slots=True)
class Item:
    """What a notice says of one resource: its AWS Config type and id, and by which rule.

    None where it does not say. `rules` are the names and ids that the rule goes by.
    """

    rules: frozenset[str]
    resource_type: str
    resource_id: str
    region: str | None = None
    account: str | None = None
    compliance: Compliance | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a payload. `id` is by what SQS knows it; None elsewhere.

    `queue` is the ARN of the queue whose mapping may give it back when an answer names it; None
    elsewhere, and where it cannot be read.

    `unread` are the reasons why it, or parts of it, could not be read.
    """

    id: str | None
    items: tuple[Item, ...]
    unread: tuple[str, ...]
    queue: str | None = None


def messages(payload: object) -> tuple[Message, ...]:
    """Return the messages that a function was given. Never raises, whatever the payload holds.

    An EventBridge pipe hands over a queue's records as a bare list. Whether it heeds an answer is
    up to how it invokes, which nobody tells us.
    """
    if isinstance(payload, list) and payload and all("body" in mapping(each) for each in payload):
        return tuple(replace(_of_record(each), queue=None) for each in payload)
    records = mapping(payload).get("Records")
    if not isinstance(records, list):
        return (_message(None, payload),)
    return tuple(_of_record(mapping(each)) for each in records)


def is_batch(payload: object) -> bool:
    """Tell whether a payload is what a queue or a topic invokes a function with."""
    records = mapping(payload).get("Records")
    return isinstance(records, list) and any(
        {"body", "Sns"} & mapping(each).keys() for each in records
    )


def rule_of(item: Item, rules: Collection[str]) -> str | None:
    """Return by which of some rules' names a notice goes; None when it is another rule's."""
    return min(item.rules & set(rules), default=None)


def why_not_looked_at(item: Item, *, rules: Collection[str], account: str) -> str | None:
    """Return why nobody need look at what a notice is about; None when somebody must.

    `rules` are the names and ids that the settings name, `account` is ours (12 digits). A notice
    that does not say what was found, or that it could not be told, is reason to look.
    """
    if rule_of(item, rules) is None:
        return f"the rule {min(item.rules)} is not in REACTOR_CONFIG_RULES"
    if item.account not in (None, account):
        return f"it is about account {item.account}"
    if item.compliance in _IN_ORDER:
        return f"the rule found it {item.compliance}"
    return None


def _of_record(record: Mapping[str, Any]) -> Message:
    if "body" in record:
        queue = text(record.get("eventSourceARN"), _QUEUE)
        return replace(_message(quoted(record.get("messageId")), record["body"]), queue=queue)
    return _message(None, mapping(record.get("Sns")).get("Message"))


def _message(name: str | None, content: object) -> Message:
    items: list[Item] = []
    unread: list[str] = []
    for each in _unwrapped(content, _DEPTH):
        found = each if isinstance(each, str) else _item(each)
        if isinstance(found, Item):
            items.append(found)
        else:
            unread.append(found)
    if not items and not unread:
        unread.append("it holds no item")
    return Message(name, tuple(items), tuple(unread))


def _unwrapped(content: object, depth: int) -> Iterator[Mapping[str, Any] | str]:
    """Yield what may be an item, taken out of its wrapping, or why something cannot be one."""
    if isinstance(content, str):
        content = _parsed(content)
    if depth == 0:
        yield "it is wrapped too often"
    elif isinstance(content, list):
        for each in content:
            yield from _unwrapped(each, depth - 1)
    elif not isinstance(content, dict):
        yield f"it is neither an object nor a list: {shorten(content, 80)}"
    elif "detail-type" in content:
        yield from _of_event(content)
    elif "Message" in content and "TopicArn" in content:
        yield from _unwrapped(content["Message"], depth - 1)
    else:
        yield content


def _of_event(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any] | str]:
    kind = event["detail-type"]
    if kind != COMPLIANCE_DETAIL_TYPE or event.get("source") != CONFIG_EVENT_SOURCE:
        yield f"it is an event of another kind: {shorten(kind, 80)}"
    else:
        yield mapping(event.get("detail"))


def _parsed(content: str) -> object:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content


def _item(content: Mapping[str, Any]) -> Item | str:
    """Read an item in AWS Config's words, or in those of a list of items."""
    resource_type = text(content.get("resourceType"), _RESOURCE_TYPE)
    resource_id = text(content.get("resourceId"), RESOURCE_ID)
    if resource_type is None or resource_id is None:
        return f"resourceType and resourceId are missing, or no such: {_members(content)}"
    rules = frozenset(_rules(content))
    if not rules:
        return f"neither configRuleName nor configRuleId names a rule: {_members(content)}"
    said = {name: content[name] for name in _ACCOUNTS if content.get(name) is not None}
    unread = _unread_account(said)
    if unread is not None:
        return unread
    return Item(
        rules,
        resource_type,
        resource_id,
        text(content.get("awsRegion", content.get("region")), REGION),
        next(iter(said.values()), None),
        _compliance(mapping(content.get("newEvaluationResult")).get("complianceType")),
    )


def _unread_account(said: Mapping[str, object]) -> str | None:
    """Return why it cannot be told whose a notice is; what says so must not be taken for ours."""
    for name, account in said.items():
        if text(account, _ACCOUNT) is None:
            return f"{name} is not an account's id: {shorten(account, 80)}"
    if len(set(said.values())) > 1:
        return f"{' and '.join(said)} are not the same"
    return None


def _rules(content: Mapping[str, Any]) -> Iterable[str]:
    """Yield the rule's names: its own, its id, and the id at the end of its ARN."""
    arn = content.get("configRuleARN", content.get("configRuleArn"))
    end = arn.rpartition("/")[2] if isinstance(arn, str) else None
    for each in (content.get("configRuleName"), content.get("configRuleId"), end):
        name = text(each, _RULE)
        if name is not None:
            yield name


def _compliance(value: object) -> Compliance | None:
    try:
        return Compliance(str(value))
    except ValueError:
        return None


def _members(content: Mapping[str, Any]) -> str:
    return shorten(", ".join(sorted(map(str, content))), 80) or "it is empty"
