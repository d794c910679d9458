"""CloudFormation stacks: made or changed as a template says, and waited for."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError, WaiterError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, shorten

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient

_STACK_TYPE = "AWS::CloudFormation::Stack"
# CloudFormation takes a minute or two; an hour is more than any of the resources may take.
_WAITING: Any = {"Delay": 5, "MaxAttempts": 720}
# What a request that was sent again may be answered, where its token was not known to be ours.
_THERE_ALREADY = {"AlreadyExistsException", "TokenAlreadyExistsException"}
_NOT_WHOLE = {"CREATE_FAILED", "DELETE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED"}


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
    if status in _NOT_WHOLE:
        raise Permanent(f"{what}: it is not whole, and cannot be changed", remedy=_remake(name))
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
    _wait(client, "stack_create_complete", _create(client, name, template, given), name)
    return StackChange.CREATED


def _create(client: "CloudFormationClient", name: str, template: str, given: Any) -> str:  # noqa: ANN401 - boto3's
    """Ask for a stack; return its id. Raises Permanent when somebody else is making it.

    An answer that is late has botocore send the request again. By the token CloudFormation knows it
    for the same one, and every event of what it began has it (API reference, CreateStack). What it
    answers then is not said: if that the stack is there, the events tell whether it is ours.
    """
    token = str(uuid.uuid4())
    with asking("cloudformation:CreateStack"):
        try:
            return client.create_stack(
                StackName=name,
                TemplateBody=template,
                Parameters=given,
                ClientRequestToken=token,
            )["StackId"]
        except ClientError as error:
            if code_of(error) not in _THERE_ALREADY:
                raise
    for event in _events(client, name):
        if event.get("ClientRequestToken") == token:
            return str(event["StackId"])
    raise Permanent(
        f"the stack {name} was made by somebody else just now",
        remedy="try again when that has ended",
    )


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
            client.update_stack(
                StackName=name,
                TemplateBody=template,
                Parameters=given,
                ClientRequestToken=str(uuid.uuid4()),  # as in _create
            )
        except ClientError as error:
            if "No updates are to be performed" not in str(error):
                raise
            return StackChange.UNCHANGED
    _wait(client, "stack_update_complete", stack.id, name)
    return StackChange.CHANGED


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
    for event in _events(client, stack_id):
        status, of_stack = event.get("ResourceStatus", ""), event["ResourceType"] == _STACK_TYPE
        if of_stack and status in {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}:
            break
        if status.endswith("_FAILED") and not of_stack:
            reason = shorten(event.get("ResourceStatusReason", ""))
            found = f"{event['LogicalResourceId']}: {reason}"
    return found


def _events(client: "CloudFormationClient", stack: str) -> list[Any]:
    """Return what happened to a stack, by its name or id, the newest first."""
    with asking("cloudformation:DescribeStackEvents"):
        pages = client.get_paginator("describe_stack_events").paginate(StackName=stack)
        return [each for page in pages for each in page["StackEvents"]]
