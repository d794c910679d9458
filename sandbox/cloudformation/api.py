"""CloudFormation's operations, answered at once: a stack is complete when the call returns."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.core.serialize import QuerySerializer
from moto.core.utils import get_service_model
from moto.utilities.utils import get_partition

from sandbox.cloudformation.answers import description, parameters, resources
from sandbox.cloudformation.requests import read_text, read_wanted
from sandbox.cloudformation.stacks import ChangeSet, Stack
from sandbox.cloudformation.template import invalid, parse
from sandbox.wire import Call, Refusal, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.cloudformation.kind import Clients

_NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create "
    "a change set."
)


class CloudFormation:
    """All stacks of the account. One operation at a time."""

    def __init__(self, account: str, clients: Callable[[Call], Clients]) -> None:
        self._account = account
        self._clients = clients
        self._stacks: list[Stack] = []
        # (region, client's token) -> the operation, its parameters, its stack
        self._begun_by: dict[tuple[str, str], tuple[str, dict[str, Any], Stack]] = {}
        self._lock = threading.Lock()
        self._operations: dict[str, Callable[[Call], dict[str, Any]]] = {
            "CreateChangeSet": self._create_change_set,
            "CreateStack": self._create_stack,
            "DeleteChangeSet": self._delete_change_set,
            "DeleteStack": self._delete_stack,
            "DescribeChangeSet": self._describe_change_set,
            "DescribeStackEvents": self._describe_stack_events,
            "DescribeStackResources": self._describe_stack_resources,
            "DescribeStacks": self._describe_stacks,
            "ExecuteChangeSet": self._execute_change_set,
            "GetTemplate": self._get_template,
            "GetTemplateSummary": self._get_template_summary,
            "ListStackResources": self._list_stack_resources,
            "UpdateStack": self._update_stack,
            "ValidateTemplate": self._get_template_summary,
        }

    def __call__(self, call: Call) -> Reply:
        """Raises Refusal for what is wrong, and for operations that are not played."""
        operation = self._operations.get(call.action)
        if operation is None:
            message = f"The sandbox does not play cloudformation:{call.action}."
            raise Refusal("NotImplementedInSandbox", message, 501)
        with self._lock:
            result = operation(call)
        model = get_service_model("cloudformation").operation_model(call.action)
        answer = QuerySerializer(model).serialize(result)
        headers = [("Content-Type", "text/xml"), ("x-amzn-RequestId", str(uuid.uuid4()))]
        return Reply(200, headers, str(answer["body"]).encode())

    def _create_stack(self, call: Call) -> dict[str, Any]:
        if (begun := self._begun(call)) is not None:
            return {"StackId": begun.id}
        if self._live(call) is not None:
            raise Refusal(
                "AlreadyExistsException", f"Stack [{call.parameters['StackName']}] already exists"
            )
        wanted = read_wanted(call, None)
        stack = self._new_stack(call)
        stack.changes(wanted)
        self._stacks.append(stack)
        self._begin(call, stack)
        stack.bring_to(wanted, self._clients(call))
        return {"StackId": stack.id}

    def _update_stack(self, call: Call) -> dict[str, Any]:
        if (begun := self._begun(call)) is not None:
            return {"StackId": begun.id}
        stack = self._find(call)
        stack.check_updatable()
        wanted = read_wanted(call, stack.is_)
        if not stack.changes(wanted) and stack.is_ == wanted:
            raise invalid("No updates are to be performed.")
        self._begin(call, stack)
        stack.bring_to(wanted, self._clients(call))
        return {"StackId": stack.id}

    def _delete_stack(self, call: Call) -> dict[str, Any]:
        if (stack := self._live(call)) is not None:
            stack.token = call.parameters.get("ClientRequestToken")
            stack.delete(self._clients(call))
        return {}

    def _create_change_set(self, call: Call) -> dict[str, Any]:
        kind, stack = call.parameters.get("ChangeSetType", "UPDATE"), self._live(call)
        if kind == "CREATE" and (stack is None or stack.status == "REVIEW_IN_PROGRESS"):
            wanted = read_wanted(call, None)
            stack = stack or self._new_stack(call)
        elif kind == "UPDATE" and stack is not None:
            stack.check_updatable()
            wanted = read_wanted(call, stack.is_)
        else:
            raise invalid(f"Stack [{call.parameters['StackName']}] is not one to {kind}")
        changes = stack.changes(wanted)
        if stack not in self._stacks:
            self._stacks.append(stack)
        name = call.parameters["ChangeSetName"]
        arn = stack.id.split(":stack/")[0] + f":changeSet/{name}/{uuid.uuid4()}"
        change_set = ChangeSet(arn, name, wanted, changes, datetime.now(UTC))
        change_set.description = call.parameters.get("Description")
        if stack.is_ == wanted:
            change_set.status, change_set.status_reason = "FAILED", _NO_CHANGES
            change_set.execution_status = "UNAVAILABLE"
        stack.change_sets[name] = change_set
        return {"Id": arn, "StackId": stack.id}

    def _execute_change_set(self, call: Call) -> dict[str, Any]:
        stack, change_set = self._find_change_set(call)
        if change_set.execution_status != "AVAILABLE":
            message = f"ChangeSet [{change_set.id}] cannot be executed in its current status"
            raise Refusal("InvalidChangeSetStatus", message)
        change_set.execution_status = "EXECUTE_COMPLETE"
        stack.token = call.parameters.get("ClientRequestToken")
        stack.bring_to(change_set.wanted, self._clients(call))
        return {}

    def _delete_change_set(self, call: Call) -> dict[str, Any]:
        stack, change_set = self._find_change_set(call)
        del stack.change_sets[change_set.name]
        return {}

    def _describe_change_set(self, call: Call) -> dict[str, Any]:
        stack, change_set = self._find_change_set(call)
        return {
            "ChangeSetId": change_set.id,
            "ChangeSetName": change_set.name,
            "Changes": change_set.changes,
            "CreationTime": change_set.created,
            "Description": change_set.description,
            "ExecutionStatus": change_set.execution_status,
            "Parameters": parameters(change_set.wanted),
            "StackId": stack.id,
            "StackName": stack.name,
            "Status": change_set.status,
            "StatusReason": change_set.status_reason,
        }

    def _describe_stacks(self, call: Call) -> dict[str, Any]:
        if "StackName" in call.parameters:
            return {"Stacks": [description(self._find(call, deleted=True))]}
        here = (each for each in self._stacks if each.region == call.region)
        return {"Stacks": [description(each) for each in here if each.deleted is None]}

    def _describe_stack_events(self, call: Call) -> dict[str, Any]:
        return {"StackEvents": self._find(call, deleted=True).events[::-1]}

    def _describe_stack_resources(self, call: Call) -> dict[str, Any]:
        stack = self._find(call)
        own = {"StackName": stack.name, "StackId": stack.id}
        return {"StackResources": [{**own, **each} for each in resources(stack, "Timestamp")]}

    def _list_stack_resources(self, call: Call) -> dict[str, Any]:
        return {"StackResourceSummaries": resources(self._find(call), "LastUpdatedTimestamp")}

    def _get_template(self, call: Call) -> dict[str, Any]:
        stack = self._find(call)
        return {"TemplateBody": stack.is_.template.text if stack.is_ else ""}

    def _get_template_summary(self, call: Call) -> dict[str, Any]:
        stack = self._find(call) if "StackName" in call.parameters else None
        kept = stack.is_.template if stack is not None and stack.is_ is not None else None
        template = kept or parse(read_text(call))
        return {
            "Description": template.document.get("Description"),
            "Parameters": [
                {
                    "ParameterKey": name,
                    "DefaultValue": declared.get("Default"),
                    "Description": declared.get("Description"),
                    "ParameterType": declared["Type"],
                }
                for name, declared in template.section("Parameters").items()
            ],
            "ResourceTypes": sorted(
                {each["Type"] for each in template.section("Resources").values()}
            ),
        }

    def _begin(self, call: Call, stack: Stack) -> None:
        """Remembers by the client's token, if it has one, which request began this."""
        stack.token = call.parameters.get("ClientRequestToken")
        if stack.token is not None:
            self._begun_by[call.region, stack.token] = (call.action, dict(call.parameters), stack)

    def _begun(self, call: Call) -> Stack | None:
        """The stack of the same request, sent again. Raises Refusal for another with its token.

        That it is answered as the first was is our reading of what AWS promises: CloudFormation
        knows that it is no attempt at a second stack of that name.
        """
        token = call.parameters.get("ClientRequestToken")
        before = None if token is None else self._begun_by.get((call.region, token))
        if before is None:
            return None
        action, parameters, stack = before
        if (action, parameters) == (call.action, call.parameters) and stack.deleted is None:
            return stack
        raise Refusal("TokenAlreadyExistsException", "A client request token already exists.")

    def _new_stack(self, call: Call) -> Stack:
        name, partition = call.parameters["StackName"], get_partition(call.region)
        arn = f"arn:{partition}:cloudformation:{call.region}:{self._account}:stack/{name}"
        return Stack(f"{arn}/{uuid.uuid4()}", name, call.region, self._account, datetime.now(UTC))

    def _live(self, call: Call) -> Stack | None:
        wanted = call.parameters["StackName"]
        for stack in self._stacks:
            named = stack.name == wanted and stack.region == call.region
            if stack.deleted is None and (named or stack.id == wanted):
                return stack
        return None

    def _find(self, call: Call, *, deleted: bool = False) -> Stack:
        wanted = call.parameters["StackName"]
        found = self._live(call)
        if found is None and deleted:
            found = next((stack for stack in self._stacks if stack.id == wanted), None)
        if found is None:
            raise invalid(f"Stack with id {wanted} does not exist")
        return found

    def _find_change_set(self, call: Call) -> tuple[Stack, ChangeSet]:
        wanted = call.parameters["ChangeSetName"]
        for stack in self._stacks:
            for change_set in stack.change_sets.values():
                if change_set.id == wanted:
                    return stack, change_set
        if "StackName" in call.parameters:
            stack = self._find(call)
            if wanted in stack.change_sets:
                return stack, stack.change_sets[wanted]
        raise Refusal("ChangeSetNotFound", f"ChangeSet [{wanted}] does not exist", 404)
