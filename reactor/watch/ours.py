"""What a stage of the reactor is made of in AWS: by which calls it is changed, and its names.

One row a kind of thing. The rule's pattern and the judgement of a call are both made from it. The
pattern knows no stage, for Chalice imports the app without one; so it delivers what begins as ours
do, and the names are compared here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reactor.names import (
    APP,
    Function,
    failed_queue,
    function_name,
    operations_stack,
    rule_name,
    undelivered_queue,
)


@dataclass(frozen=True, slots=True)
class Thing:
    """A kind of thing of ours: its service, and the members of a request that can name it.

    `changes` is how the events begin that change one; tags are left aside.
    """

    what: str
    service: str
    members: tuple[str, ...]
    changes: tuple[str, ...]


# Each instance of a function makes itself a stream in its log group: the one such call that comes
# of our own work, the watch's as well.
STREAM_MADE = "CreateLogStream"
THINGS = (
    Thing(
        "function",
        "lambda",
        ("functionName",),
        # Lambda's event names come with and without a date: UpdateFunctionCode20150331v2.
        ("Add", "Create", "Delete", "Put", "Remove", "Update"),
    ),
    # EnableRule as well: a rule that was disabled brought no word of it, so the way back is the one
    # trace that the watch can have.
    Thing("rule", "events", ("name", "rule"), ("Delete", "Disable", "Enable", "Put", "Remove")),
    Thing(
        "log group",
        "logs",
        ("logGroupName", "logGroupIdentifier"),
        ("Associate", "Delete", "Disassociate", "Put"),
    ),
    Thing("role", "iam", ("roleName",), ("Attach", "Create", "Delete", "Detach", "Put", "Update")),
    Thing("queue", "sqs", ("queueUrl",), ("AddP", "DeleteQ", "Purge", "RemoveP", "Set")),
    Thing(
        "stack",
        "cloudformation",
        ("stackName",),
        ("CreateStack", "DeleteStack", "Execute", "Rollback", "SetStack", "Update"),
    ),
    # In records CloudWatch is called by the name that its requests are signed with.
    Thing(
        "alarm",
        "monitoring",
        ("alarmName", "alarmNames"),
        ("DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm"),
    ),
    # A subscription's ARN has the topic's name in it. Its filter can silence it as well.
    Thing(
        "topic",
        "sns",
        ("topicArn", "subscriptionArn"),
        ("DeleteTopic", "RemovePermission", "Set", "Unsubscribe"),
    ),
)
# What infra/operations.yaml has alarms for: of each function, and of the stage.
_OF_EACH_FUNCTION = ("errors", "failures-lost")
_OF_EACH_RULE = ("dead-letters-lost",)
_OF_THE_STAGE = ("undelivered-waiting", "failed-waiting", "sweep-missing", "reported")


def changed_thing(
    service: str, event: str, request: Mapping[str, Any], stage: str
) -> tuple[Thing, str] | None:
    """Return which thing of this stage a successful call changed, and its name; None if none."""
    for thing in THINGS:
        if thing.service == service and event.startswith(thing.changes):
            for member in thing.members:
                name = _own_name(request.get(member), stage)
                if name is not None:
                    return thing, name
    return None


def _own_name(value: object, stage: str) -> str | None:
    """Return the name of ours in a name, an ARN, a URL, a path or a list of names; None if none."""
    values = value if isinstance(value, list) else [value]
    parts = {part for each in values if isinstance(each, str) for part in re.split("[:/]", each)}
    return next((name for name in _names(stage) if name in parts), None)


def _names(stage: str) -> tuple[str, ...]:
    """Return every name that something of this stage has; functions share theirs with roles."""
    return (
        *(function_name(stage, each) for each in Function),
        *(rule_name(stage, each) for each in Function if each.has_rule),
        undelivered_queue(stage),
        failed_queue(stage),
        operations_stack(stage),
        *alarm_names(stage),
        topic_name(stage),
    )


def alarm_names(stage: str) -> tuple[str, ...]:
    """Return the names of a stage's CloudWatch alarms."""
    of_functions = (
        f"{each}-{what}"
        for each in Function
        for what in (*_OF_EACH_FUNCTION, *(_OF_EACH_RULE if each.has_rule else ()))
    )
    return tuple(f"{APP}-{stage}-{what}" for what in (*_OF_THE_STAGE, *of_functions))


def topic_name(stage: str) -> str:
    """Return the name of the topic that the alarms notify, unless another was given."""
    return f"{APP}-{stage}-alarms"
