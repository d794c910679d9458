"""Two settings of a deployed stage that get lost, and are put back here.

A rule's target loses its dead-letter queue with every `chalice deploy`, which puts it anew as Id
and Arn only (chalice 1.34). A function loses its on-failure destination when it is deleted, or when
somebody sets it to something else, and CloudFormation, which made it, does not see that. Nothing is
written where all is in order.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, Transient, shorten
from reactor.inspection.facts import EVENT_AGE_SECONDS, RETRIES

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

_MISSING = "ResourceNotFoundException"


def missing_functions(client: "LambdaClient", names: Iterable[str]) -> list[str]:
    """Return which of the functions are not there."""
    missing = []
    for name in names:
        with asking("lambda:GetFunctionConfiguration"):
            try:
                client.get_function_configuration(FunctionName=name)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                missing.append(name)
    return missing


def set_failure_destination(client: "LambdaClient", function: str, queue_arn: str) -> bool:
    """Have Lambda send what a function fails on, with all tries, to a queue; False when it does."""
    with asking("lambda:GetFunctionEventInvokeConfig"):
        try:
            found: Any = client.get_function_event_invoke_config(FunctionName=function)
        except ClientError as error:
            if code_of(error) != _MISSING:
                raise
            found = {}
    destination = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    tries = found.get("MaximumRetryAttempts"), found.get("MaximumEventAgeInSeconds")
    if destination == queue_arn and tries == (RETRIES, EVENT_AGE_SECONDS):
        return False
    with asking("lambda:PutFunctionEventInvokeConfig"):
        client.put_function_event_invoke_config(
            FunctionName=function,
            MaximumRetryAttempts=RETRIES,
            MaximumEventAgeInSeconds=EVENT_AGE_SECONDS,
            DestinationConfig={"OnFailure": {"Destination": queue_arn}},
        )
    return True


def set_dead_letter_queue(
    client: "EventBridgeClient", rule: str, function_arn: str, queue_arn: str
) -> bool:
    """Have EventBridge keep what it cannot deliver to a rule's function; False when it does so.

    Raises Permanent when the rule has no such target, Transient when EventBridge does not take it.
    """
    targets = [each for each in _targets(client, rule) if each["Arn"] == function_arn]
    if not targets:
        raise Permanent(
            f"the rule {rule} does not lead to the function {function_arn}",
            remedy="deploy the stage again: chalice deploy makes its rules",
        )
    wanted = {"Arn": queue_arn}
    lacking: list[Any] = [
        {**each, "DeadLetterConfig": wanted}
        for each in targets
        if each.get("DeadLetterConfig") != wanted
    ]
    if not lacking:
        return False
    with asking("events:PutTargets"):
        answer = client.put_targets(Rule=rule, Targets=lacking)
    if answer["FailedEntryCount"]:
        raise Transient(
            f"events:PutTargets failed for {rule}: {shorten(answer['FailedEntries'])}",
            remedy="try again; if it lasts, see the message",
        )
    return True


def _targets(client: "EventBridgeClient", rule: str) -> list[Any]:
    with asking("events:ListTargetsByRule"):
        pages = client.get_paginator("list_targets_by_rule").paginate(Rule=rule)
        try:
            return [each for page in pages for each in page["Targets"]]
        except ClientError as error:
            if code_of(error) != _MISSING:
                raise
            return []
