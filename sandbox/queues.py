"""Queues that AWS itself sends to: events, dead letters of rules, failures of functions."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.sqs.models import Queue, SQSBackend, sqs_backends
from typing_extensions import override

from sandbox.iam.statements import statements
from sandbox.resource_policies import as_list, holds
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.callers import Caller
    from sandbox.wire import Call


class StrictSQSBackend(SQSBackend):
    """A policy stays until it is changed, and nobody waits for a message inside the lock."""

    __module__ = "moto.sqs.models"

    @override
    def set_queue_attributes(self, queue_name: str, attributes: dict[str, Any]) -> Queue:
        policy = self.get_queue(queue_name).policy
        return super().set_queue_attributes(queue_name, {"Policy": policy, **attributes})

    @override
    def receive_message(
        self, queue_name: str, count: int, wait_seconds_timeout: int, *more: Any, **named: Any
    ) -> Any:
        return super().receive_message(queue_name, count, 0, *more, **named)


def refuse_others_queues(call: Call, caller: Caller) -> None:
    """Raises Refusal where the queue of an account is asked for that we know nothing of.

    moto takes it for the caller's own. AWS says the same of what is not there and what is hidden.
    """
    owner = call.parameters.get("QueueOwnerAWSAccountId", caller.account)
    if (call.service, call.action) == ("sqs", "GetQueueUrl") and owner != caller.account:
        message = "The specified queue does not exist or you do not have access to it."
        raise Refusal("AWS.SimpleQueueService.NonExistentQueue", message)


def find_queue(arn: str) -> Queue | None:
    """The queue, if it exists. The caller holds the account's lock."""
    region, account, name = arn.split(":")[3:6]
    found: Queue | None = sqs_backends[account][region].queues.get(name)
    return found


def show_hidden(account: str, region: str, name: str) -> int:
    """Ends the visibility timeouts of a queue's messages; returns how many came back.

    Raises Refusal without such a queue. The caller holds the account's lock.
    """
    queue = sqs_backends[account][region].queues.get(name)
    if queue is None:
        raise Refusal("NonExistentQueue", f"no queue {name} in {region}")
    hidden = [message for message in queue._messages if not message.visible]  # noqa: SLF001 - moto's
    for message in hidden:
        message.visible_at = 0.0
    return len(hidden)


def is_fifo(arn: str) -> bool:
    """Whether it is a queue that neither rules nor functions can send to."""
    return arn.endswith(".fifo")


def send(queue: Queue, body: Any, attributes: Mapping[str, str] | None = None) -> None:
    """Puts a JSON message in the queue. The caller holds the account's lock."""
    typed = {
        name: {"DataType": "String", "StringValue": value}
        for name, value in (attributes or {}).items()
    }
    backend = sqs_backends[queue.account_id][queue.region]
    backend.send_message(queue.name, json.dumps(body), message_attributes=typed)


def lets_in(queue: Queue, service: str, source_arn: str) -> bool:
    """Whether the queue's policy lets the service send in the name of the source."""
    if not queue.policy:
        return False
    document = json.loads(queue.policy) if isinstance(queue.policy, str) else queue.policy
    told = {"aws:sourcearn": source_arn}
    return any(_allows(each, service) and holds(each, told) for each in statements(document))


def refuse_fifo(arn: str, code: str) -> None:
    """Raises Refusal for a queue that AWS would not take; the code is the service's."""
    if is_fifo(arn):
        message = f"{arn} is not valid. Reason: FIFO queues are not supported."
        raise Refusal(code, message, HTTPStatus.BAD_REQUEST)


def _allows(statement: dict[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    services = principal.get("Service", []) if isinstance(principal, dict) else principal
    actions = [each.lower() for each in as_list(statement.get("Action", []))]
    return (
        statement.get("Effect") == "Allow"
        and bool({"*", service} & set(as_list(services)))
        and bool({"*", "sqs:*", "sqs:sendmessage"} & set(actions))
    )
