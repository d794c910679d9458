"""The stacks of one region, with their change sets."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.utilities.utils import get_partition

from sandbox.cloudformation.engine import FailedError, Resource, Run, order
from sandbox.cloudformation.intrinsics import Evaluator, references
from sandbox.cloudformation.template import Template, invalid

if TYPE_CHECKING:
    from sandbox.cloudformation.kind import Clients

_STACK_TYPE = "AWS::CloudFormation::Stack"
# A stack that was never made can only be deleted; one under review has no resources yet.
_NOT_UPDATABLE = {"ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a stack is to be: a template, with these parameters and tags."""

    template: Template
    parameters: dict[str, str]
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(slots=True)
class ChangeSet:
    """A way to change a stack, looked at before it is gone."""

    id: str
    name: str
    wanted: Wanted
    changes: list[dict[str, Any]]
    created: datetime
    description: str | None = None
    status: str = "CREATE_COMPLETE"
    status_reason: str | None = None
    execution_status: str = "AVAILABLE"


@dataclass(slots=True)
class Stack:
    """A stack as it is."""

    id: str
    name: str
    region: str
    account: str
    created: datetime
    status: str = "REVIEW_IN_PROGRESS"
    status_reason: str | None = None
    updated: datetime | None = None
    deleted: datetime | None = None
    is_: Wanted | None = None
    resources: dict[str, Resource] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    change_sets: dict[str, ChangeSet] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    token: str | None = None  # the client's, of the operation under way or the last

    def bring_to(self, wanted: Wanted, clients: Clients) -> None:
        """Makes or changes the stack. A failure is rolled back, and told by the status."""
        verb = "CREATE" if self.is_ is None else "UPDATE"
        self._note(self.name, _STACK_TYPE, f"{verb}_IN_PROGRESS", None)
        evaluator = self._evaluator(wanted)
        try:
            self.resources = self._run(clients).apply(wanted.template, evaluator)
        except FailedError as error:
            rolled_back = "ROLLBACK_COMPLETE" if verb == "CREATE" else "UPDATE_ROLLBACK_COMPLETE"
            self._end(rolled_back, f"The following resource(s) failed: [{error}]")
            return
        self.is_ = wanted
        self.outputs = _outputs(wanted.template, evaluator)
        self.updated = None if verb == "CREATE" else datetime.now(UTC)
        self._end(f"{verb}_COMPLETE", None)

    def delete(self, clients: Clients) -> None:
        """Ends the stack and its resources, but those that are to be retained."""
        run = self._run(clients)
        run.delete_all()
        self.resources = {}
        self.deleted = datetime.now(UTC)
        self._end("DELETE_COMPLETE", None)

    def changes(self, wanted: Wanted) -> list[dict[str, Any]]:
        """What would become of each resource; nothing when the stack is so already."""
        order(wanted.template)
        if self.is_ is None:
            before, changed = {}, set()
        elif self.is_ == wanted:
            return []
        else:
            before = self.is_.template.section("Resources")
            old, new = self.is_.parameters, wanted.parameters
            changed = {name for name in new if old.get(name) != new[name]}
        after = wanted.template.section("Resources")
        found = [(name, "Remove") for name in before if name not in after]
        for name, declared in after.items():
            if name not in before:
                found.append((name, "Add"))
            elif declared != before[name] or changed & set(references(declared)):
                found.append((name, "Modify"))
        return [
            {
                "Type": "Resource",
                "ResourceChange": {
                    "Action": action,
                    "LogicalResourceId": name,
                    "ResourceType": {**before, **after}[name]["Type"],
                },
            }
            for name, action in found
        ]

    def check_updatable(self) -> None:
        """Raises Refusal(ValidationError) for a stack that was never made."""
        if self.status in _NOT_UPDATABLE:
            message = f"Stack:{self.id} is in {self.status} state and can not be updated."
            raise invalid(message)

    def _run(self, clients: Clients) -> Run:
        return Run(clients, self.name, self.resources, self._note)

    def _evaluator(self, wanted: Wanted) -> Evaluator:
        partition = get_partition(self.region)
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::NotificationARNs": [],
            "AWS::Partition": partition,
            "AWS::Region": self.region,
            "AWS::StackId": self.id,
            "AWS::StackName": self.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com",
        }
        return Evaluator(wanted.template, wanted.parameters, pseudo)

    def _end(self, status: str, reason: str | None) -> None:
        self.status, self.status_reason = status, reason
        self._note(self.name, _STACK_TYPE, status, reason)

    def _note(self, logical_id: str, type_name: str, status: str, reason: str | None) -> None:
        self.events.append(
            {
                "StackId": self.id,
                "EventId": str(uuid.uuid4()),
                "StackName": self.name,
                "LogicalResourceId": logical_id,
                "ResourceType": type_name,
                "ResourceStatus": status,
                "ResourceStatusReason": reason,
                "Timestamp": datetime.now(UTC),
                "ClientRequestToken": self.token,
            }
        )


def _outputs(template: Template, evaluator: Evaluator) -> list[dict[str, Any]]:
    return [
        {
            "OutputKey": name,
            "OutputValue": str(evaluator.evaluate(declared["Value"])),
            "Description": declared.get("Description"),
        }
        for name, declared in template.section("Outputs").items()
        if evaluator.holds(declared.get("Condition"))
    ]
