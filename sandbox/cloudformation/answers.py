"""Stacks as the answers describe them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sandbox.cloudformation.stacks import Stack, Wanted


def parameters(wanted: Wanted | None) -> list[dict[str, str]]:
    """The parameters' values."""
    values = wanted.parameters if wanted else {}
    return [{"ParameterKey": n, "ParameterValue": v} for n, v in values.items()]


def description(stack: Stack) -> dict[str, Any]:
    """The stack, as DescribeStacks has it."""
    return {
        "CreationTime": stack.created,
        "DeletionTime": stack.deleted,
        "Description": stack.is_.template.document.get("Description") if stack.is_ else None,
        "LastUpdatedTime": stack.updated,
        "Outputs": stack.outputs,
        "Parameters": parameters(stack.is_),
        "StackId": stack.id,
        "StackName": stack.name,
        "StackStatus": stack.status,
        "StackStatusReason": stack.status_reason,
        "Tags": [{"Key": k, "Value": v} for k, v in (stack.is_.tags if stack.is_ else ())],
    }


def resources(stack: Stack, when: str) -> list[dict[str, Any]]:
    """The stack's resources; `when` is what the time of the last change is called."""
    return [
        {
            "LogicalResourceId": name,
            "PhysicalResourceId": resource.made.physical_id,
            "ResourceType": resource.type,
            "ResourceStatus": "CREATE_COMPLETE",
            when: stack.updated or stack.created,
        }
        for name, resource in stack.resources.items()
    ]
