"""The kinds of resources that a stack can have, and the API calls that make, change and end them.

A property that CloudFormation gives another name or form than the API is turned here; all others
go through as they are, and one that the API does not know fails the resource.
"""

from __future__ import annotations

import json
from typing import Any

from typing_extensions import override

from sandbox.cloudformation.config_rules import ConfigRule, Permission
from sandbox.cloudformation.intrinsics import Made
from sandbox.cloudformation.kind import Clients, Kind, Properties, gone
from sandbox.cloudformation.notifications import EventSourceMapping, TopicPolicy


class _Queue(Kind):
    fixed = frozenset({"QueueName", "FifoQueue"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        sqs, name = clients("sqs"), properties.get("QueueName") or name[:80]
        url = sqs.create_queue(
            QueueName=name, Attributes=_attributes(properties), tags=_tags(properties)
        )["QueueUrl"]
        return self._made(sqs, url, name)

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        changeable = {n: v for n, v in properties.items() if n not in self.fixed}
        clients("sqs").set_queue_attributes(
            QueueUrl=made.physical_id, Attributes=_attributes(changeable)
        )
        return made

    @override
    def delete(self, clients: Clients, made: Made, _: Properties) -> None:
        with gone("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
            clients("sqs").delete_queue(QueueUrl=made.physical_id)

    def _made(self, sqs: Any, url: str, name: str) -> Made:
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        arn = found["Attributes"]["QueueArn"]
        return Made(url, {"Arn": arn, "QueueName": name, "QueueUrl": url})


class _QueuePolicy(Kind):
    fixed = frozenset({"Queues"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        self._set(clients, properties["Queues"], json.dumps(properties["PolicyDocument"]))
        return Made(name, {"Id": name})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        return self.create(clients, made.physical_id, properties)

    @override
    def delete(self, clients: Clients, _: Made, properties: Properties) -> None:
        with gone("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"):
            self._set(clients, properties["Queues"], "")

    def _set(self, clients: Clients, urls: list[str], policy: str) -> None:
        for url in urls:
            clients("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


class _EventInvokeConfig(Kind):
    fixed = frozenset({"FunctionName", "Qualifier"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        clients("lambda").put_function_event_invoke_config(
            **_numbers(properties, "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
        )
        return Made(name)

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        return self.create(clients, made.physical_id, properties)

    @override
    def delete(self, clients: Clients, _: Made, properties: Properties) -> None:
        which = {name: properties[name] for name in self.fixed if name in properties}
        with gone("ResourceNotFoundException"):
            clients("lambda").delete_function_event_invoke_config(**which)


class _Alarm(Kind):
    fixed = frozenset({"AlarmName"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        cloudwatch, name = clients("cloudwatch"), properties.get("AlarmName") or name
        whole = ("EvaluationPeriods", "DatapointsToAlarm", "Period")
        numbered = _numbers(properties, *whole)
        if "Threshold" in numbered:
            numbered["Threshold"] = float(numbered["Threshold"])
        cloudwatch.put_metric_alarm(**{**numbered, "AlarmName": name})
        [alarm] = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return Made(name, {"Arn": alarm["AlarmArn"]})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        return self.create(clients, made.physical_id, properties)

    @override
    def delete(self, clients: Clients, made: Made, _: Properties) -> None:
        with gone("ResourceNotFound"):
            clients("cloudwatch").delete_alarms(AlarmNames=[made.physical_id])


class _Topic(Kind):
    fixed = frozenset({"TopicName", "FifoTopic"})

    @override
    def create(self, clients: Clients, name: str, properties: Properties) -> Made:
        sns, name = clients("sns"), properties.get("TopicName") or name
        arn = sns.create_topic(
            Name=name, Attributes=self._settings(properties), Tags=properties.get("Tags", [])
        )["TopicArn"]
        for each in properties.get("Subscription", []):
            sns.subscribe(TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        return Made(arn, {"TopicArn": arn, "TopicName": name})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        sns, arn = clients("sns"), made.physical_id
        for name, value in self._settings(properties).items():
            sns.set_topic_attributes(TopicArn=arn, AttributeName=name, AttributeValue=value)
        wanted = {(e["Protocol"], e["Endpoint"]) for e in properties.get("Subscription", [])}
        for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
            if (each["Protocol"], each["Endpoint"]) in wanted:
                wanted.discard((each["Protocol"], each["Endpoint"]))
            else:
                sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
        for protocol, endpoint in sorted(wanted):
            sns.subscribe(TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        return made

    @override
    def delete(self, clients: Clients, made: Made, _: Properties) -> None:
        with gone("NotFound", "NotFoundException"):
            clients("sns").delete_topic(TopicArn=made.physical_id)

    def _settings(self, properties: Properties) -> dict[str, str]:
        others = {"TopicName", "Subscription", "Tags"}
        return _attributes({n: v for n, v in properties.items() if n not in others})


class _Subscription(Kind):
    fixed = frozenset({"TopicArn", "Protocol", "Endpoint", "Region"})

    @override
    def create(self, clients: Clients, _: str, properties: Properties) -> Made:
        found = self._sns(clients, properties).subscribe(
            **{n: v for n, v in properties.items() if n in self.fixed and n != "Region"},
            Attributes=self._settings(properties),
            ReturnSubscriptionArn=True,
        )
        return Made(found["SubscriptionArn"], {"Arn": found["SubscriptionArn"]})

    @override
    def update(self, clients: Clients, made: Made, properties: Properties) -> Made:
        for name, value in self._settings(properties).items():
            self._sns(clients, properties).set_subscription_attributes(
                SubscriptionArn=made.physical_id, AttributeName=name, AttributeValue=value
            )
        return made

    @override
    def delete(self, clients: Clients, made: Made, properties: Properties) -> None:
        with gone("NotFound", "NotFoundException"):
            self._sns(clients, properties).unsubscribe(SubscriptionArn=made.physical_id)

    def _sns(self, clients: Clients, properties: Properties) -> Any:
        """A client where the topic is, which may be in another region than the stack."""
        return clients("sns", properties.get("Region"))

    def _settings(self, properties: Properties) -> dict[str, str]:
        return _attributes({n: v for n, v in properties.items() if n not in self.fixed})


KINDS: dict[str, Kind] = {
    "AWS::CloudWatch::Alarm": _Alarm(),
    "AWS::Config::ConfigRule": ConfigRule(),
    "AWS::Lambda::EventInvokeConfig": _EventInvokeConfig(),
    "AWS::Lambda::EventSourceMapping": EventSourceMapping(),
    "AWS::Lambda::Permission": Permission(),
    "AWS::SNS::Subscription": _Subscription(),
    "AWS::SNS::Topic": _Topic(),
    "AWS::SNS::TopicPolicy": TopicPolicy(),
    "AWS::SQS::Queue": _Queue(),
    "AWS::SQS::QueuePolicy": _QueuePolicy(),
}


def _attributes(properties: Properties) -> dict[str, str]:
    """Properties as the attributes of a queue or topic: all of them texts."""
    return {n: _text(v) for n, v in properties.items() if n not in ("QueueName", "Tags")}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _tags(properties: Properties) -> dict[str, str]:
    return {tag["Key"]: str(tag["Value"]) for tag in properties.get("Tags", [])}


def _numbers(properties: Properties, *names: str) -> Properties:
    """Parameters are texts, and CloudFormation takes them for numbers where one is wanted."""
    return {n: int(v) if n in names else v for n, v in properties.items()}
