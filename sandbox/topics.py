"""SNS: from a topic to the functions and queues that are subscribed to it.

moto keeps topics and subscriptions, filters, and wraps messages for queues. Whether the function's
or the queue's own policy lets the topic in is judged here, and functions get their events as any
asynchronous invocation. What is not let in is lost, as at AWS after its tries, and noted.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from moto.awslambda.exceptions import UnknownFunctionException
from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.sns.models import SNSBackend, Subscription
from typing_extensions import override

from sandbox.partitions import is_opt_in
from sandbox.queues import find_queue, lets_in
from sandbox.resource_policies import lets_invoke

if TYPE_CHECKING:
    from sandbox.asynchronous import Asynchronous
    from sandbox.invocations import FindFunction, Invoker

_SERVICE = "sns.amazonaws.com"


def sender(topic_arn: str, endpoint: str) -> str:
    """As which service SNS brings an endpoint what a topic sends."""
    region, at = topic_arn.split(":")[3], endpoint.split(":")[3]
    return f"sns.{region}.amazonaws.com" if region != at and is_opt_in(region) else _SERVICE


class Deliveries:
    """What a topic sends its messages with."""

    def __init__(self, *, invoker: Invoker, asynchronous: Asynchronous, find: FindFunction) -> None:
        self._invoker = invoker
        self._asynchronous = asynchronous
        self._find = find

    def invoke(self, function_arn: str, topic_arn: str, payload: str, message_id: str) -> None:
        """Queues the message for the function, if that lets the topic in."""
        try:
            function = self._find(function_arn)
        except UnknownFunctionException:
            self.lose(function_arn, message_id, "no such function")
            return
        # It does not say whose the topic is (Lambda's guide, SNS: no --source-account).
        service = sender(topic_arn, function_arn)
        if lets_invoke(function.statements, service, source_arn=topic_arn):
            self._asynchronous.enqueue(function.arn, payload, event_id=message_id)
        else:
            why = f"its resource policy does not let {service} for {topic_arn}"
            self.lose(function_arn, message_id, why)

    def lose(self, endpoint: str, message_id: str, why: str) -> None:
        """Notes a message that could not be delivered."""
        name = endpoint.rsplit(":", 1)[-1]
        self._invoker.note_not_run(name, message_id, f"not delivered to {endpoint}: {why}")


class StrictSubscription(Subscription):
    """A subscription whose endpoint must let the topic in."""

    __module__ = "moto.sns.models"

    @override
    def publish(self, message: str, message_id: str, *more: Any, **named: Any) -> None:
        if self.protocol == "sqs":
            queue = find_queue(self.endpoint)
            service = sender(self.topic.arn, self.endpoint)
            if queue is None or not lets_in(queue, service, self.topic.arn):
                why = "no such queue" if queue is None else f"its policy does not let {service} in"
                StrictSNSBackend.deliveries.lose(self.endpoint, message_id, why)
                return
        if self.protocol != "lambda":
            super().publish(message, message_id, *more, **named)
        elif self._wants(message, named):
            payload = json.dumps(self._event(message, message_id, named))
            StrictSNSBackend.deliveries.invoke(self.endpoint, self.topic.arn, payload, message_id)

    def _wants(self, message: str, named: dict[str, Any]) -> bool:
        matcher = self._filter_policy_matcher
        return matcher is None or bool(matcher.matches(named.get("message_attributes"), message))

    def _event(self, message: str, message_id: str, named: dict[str, Any]) -> dict[str, Any]:
        """What Lambda's developer guide shows of an event of SNS's; one record each."""
        if named.get("message_structure") == "json":
            message = self._parse_message_structure(message, self.protocol)
        record = {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": self.topic.arn,
            "Subject": named.get("subject"),
            "Message": message,
            "Timestamp": iso_8601_datetime_with_milliseconds(),
            "SignatureVersion": "1",
            "Signature": "EXAMPLE",
            "SigningCertUrl": "EXAMPLE",
            "UnsubscribeUrl": "EXAMPLE",
            "MessageAttributes": named.get("message_attributes") or {},
        }
        event = {
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": self.arn,
            "Sns": record,
        }
        return {"Records": [event]}


class StrictSNSBackend(SNSBackend):
    """Topics whose subscriptions are strict."""

    __module__ = "moto.sns.models"
    deliveries: ClassVar[Deliveries]  # one account a process, as everything in moto

    @override
    def subscribe(self, topic_arn: str, endpoint: str, protocol: str) -> Subscription:
        found = super().subscribe(topic_arn, endpoint, protocol)
        found.__class__ = StrictSubscription  # moto makes them itself, of its own class
        return found
