"""What a stage has beside what Chalice deploys: a stack, and two settings that get lost.

The stack is CloudFormation's. A rule's target loses its dead-letter queue with every `chalice
deploy`, which puts it anew as Id and Arn only (chalice 1.34). A function loses its on-failure
destination when it is deleted, and CloudFormation does not see that. Both are put back here, and
only when they differ: nothing is written where all is in order.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, Transient, shorten

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_lambda import LambdaClient

# As infra/operations.yaml has them, for a destination that is put back.
RETRIES = 2
EVENT_AGE_SECONDS = 21600
_MISSING = "ResourceNotFoundException"
_STACK_TYPE = "AWS::CloudFormation::Stack"
# CloudFormation takes a minute or two; an hour is more than any of the resources may take.
_WAITING: Any = {"Delay": 5, "MaxAttempts": 720}
_NEVER_MADE = {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


class StackChange(StrEnum):
    """What became of a stack."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "as it was"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it is, with the values of its parameters and outputs."""

    id: str
    status: str
    parameters: Mapping[str, str]
    outputs: Mapping[str, str]


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


def find_stack(client: "CloudFormationClient", name: str) -> Stack | None:
    """Return a stack by its name or id, None when there is none."""
    with asking("cloudformation:DescribeStacks"):
        try:
            [found] = client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            # CloudFormation has one code for all that is wrong with a request.
            if "does not exist" not in str(error):
                raise
            return None
        return Stack(
            found["StackId"],
            found["StackStatus"],
            {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
            {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        )


def require_changeable(name: str, status: str) -> None:
    """Raise Permanent when CloudFormation would not change a stack of this status."""
    what = f"the stack {name} is in {status}"
    if status in _NEVER_MADE:
        raise Permanent(f"{what}: it was never made", remedy=_remake(name))
    if status == "UPDATE_ROLLBACK_FAILED":
        command = f"aws cloudformation continue-update-rollback --stack-name {name}"
        raise Permanent(f"{what}: it is half changed", remedy=f"{command}, then try again")
    if status.endswith("_IN_PROGRESS"):
        raise Permanent(f"{what}: somebody is changing it", remedy="try again when that has ended")


def apply_stack(
    client: "CloudFormationClient",
    name: str,
    template: str,
    parameters: Mapping[str, str | None],
) -> StackChange:
    """Make a stack, or bring it to what the template says, and wait for it.

    A parameter that is None keeps its value, or its default where it has none yet. Raises
    Permanent when the stack cannot be made or changed, with the reason of the resource that failed.
    """
    stack = find_stack(client, name)
    if stack is not None:
        return _update(client, stack, name, template, parameters)
    given = [_parameter(key, value) for key, value in parameters.items() if value is not None]
    with asking("cloudformation:CreateStack"):
        made = client.create_stack(StackName=name, TemplateBody=template, Parameters=given)
    _wait(client, "stack_create_complete", made["StackId"], name)
    return StackChange.CREATED


def _update(
    client: "CloudFormationClient",
    stack: Stack,
    name: str,
    template: str,
    parameters: Mapping[str, str | None],
) -> StackChange:
    require_changeable(name, stack.status)
    given = [_parameter(key, value) for key, value in parameters.items() if value is not None]
    for key, value in parameters.items():
        if value is None and key in stack.parameters:
            given.append({"ParameterKey": key, "UsePreviousValue": True})
    with asking("cloudformation:UpdateStack"):
        try:
            client.update_stack(StackName=name, TemplateBody=template, Parameters=given)
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return StackChange.UNCHANGED
    _wait(client, "stack_update_complete", stack.id, name)
    return StackChange.CHANGED


def set_failure_destination(client: "LambdaClient", function: str, queue_arn: str) -> bool:
    """Have Lambda send what a function fails on to a queue; False when it does so."""
    with asking("lambda:GetFunctionEventInvokeConfig"):
        try:
            found: Any = client.get_function_event_invoke_config(FunctionName=function)
        except ClientError as error:
            if code_of(error) != _MISSING:
                raise
            found = {}
    destination = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    if destination == queue_arn:
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


def _parameter(key: str, value: str) -> Any:  # noqa: ANN401 - boto3's
    return {"ParameterKey": key, "ParameterValue": value}


def _remake(name: str) -> str:
    return (
        f"aws cloudformation delete-stack --stack-name {name}, wait a minute (so long SQS keeps the"
        " name of a deleted queue), then try again"
    )


def _wait(client: "CloudFormationClient", waiter: Any, stack_id: str, name: str) -> None:  # noqa: ANN401 - a literal to boto3
    with asking("cloudformation:DescribeStacks"):
        try:
            client.get_waiter(waiter).wait(StackName=stack_id, WaiterConfig=_WAITING)
        except WaiterError as error:
            created = waiter == "stack_create_complete"
            verb = "made" if created else "changed"
            why = _first_failure(client, stack_id) or shorten(error)
            remedy = f"mend that; {_remake(name)}" if created else "mend that, then try again"
            what = f"the stack {name} could not be {verb}: {why}"
            raise Permanent(what, remedy=remedy) from error


def _first_failure(client: "CloudFormationClient", stack_id: str) -> str | None:
    """Return what failed first in the last change of a stack; what follows failed because of it."""
    found = None
    pages = client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
    for event in (each for page in pages for each in page["StackEvents"]):  # the newest first
        status, of_stack = event.get("ResourceStatus", ""), event["ResourceType"] == _STACK_TYPE
        if of_stack and status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
        if status.endswith("_FAILED") and not of_stack:
            reason = shorten(event.get("ResourceStatusReason", ""))
            found = f"{event['LogicalResourceId']}: {reason}"
    return found
