"""Settings of functions that moto does not heed, or lacks.

Concurrency, what becomes of asynchronous events, and whether a function may invoke itself.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, ClassVar

from moto.awslambda.exceptions import InvalidParameterValueException, UnknownFunctionException
from moto.awslambda.models import EventInvokeConfig, LambdaFunction
from moto.iam.models import iam_backends
from typing_extensions import override

from sandbox.authorization import allows
from sandbox.mappings import StrictMappings
from sandbox.queues import find_queue, is_fifo
from sandbox.wire import Call, Refusal

# So much of the account's concurrency must stay unreserved, in accounts that have it.
UNRESERVED_AT_LEAST = 100
RECURSIVE_LOOP = ("Allow", "Terminate")
_RECURSIVE_LOOP = "recursive_loop"


class StrictLambdaBackend(StrictMappings):
    """What may be reserved, where failed events may go, and what may be polled."""

    __module__ = "moto.awslambda_simple.models"
    concurrency_limit: ClassVar[int] = 1000  # one account a process, as everything in moto

    @property
    def unreserved_concurrency(self) -> int:
        """What the functions without a reservation share."""
        return self.concurrency_limit - self._reserved_by_others("")

    @override
    def put_function_concurrency(self, function_name: str, reserved_concurrency: Any) -> Any:
        function = self.get_function(function_name)
        left = self.concurrency_limit - self._reserved_by_others(function.function_name)
        least = min(UNRESERVED_AT_LEAST, self.concurrency_limit)
        if left - int(reserved_concurrency) < least:
            raise InvalidParameterValueException(
                "Specified ReservedConcurrentExecutions for function decreases account's "
                f"UnreservedConcurrentExecution below its minimum value of [{least}]."
            )
        function.reserved_concurrency = int(reserved_concurrency)
        return function.reserved_concurrency

    @override
    def put_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        function = self.get_function(function_name)
        kept = EventInvokeConfig(function.function_arn, function.last_modified, config)
        if destination := on_failure(config):
            self._check_destination(function, destination)
        function.event_invoke_config = [kept]
        return kept.response()

    @override
    def update_function_event_invoke_config(
        self, function_name: str, config: dict[str, Any]
    ) -> dict[str, Any]:
        before = self.get_function(function_name).event_invoke_config
        kept = before[0].config if before else {}
        return self.put_function_event_invoke_config(function_name, {**kept, **config})

    def account_settings(self) -> dict[str, Any]:
        """GetAccountSettings, which moto lacks."""
        return {
            "AccountLimit": {
                "TotalCodeSize": 80_530_636_800,
                "CodeSizeUnzipped": 262_144_000,
                "CodeSizeZipped": 52_428_800,
                "ConcurrentExecutions": self.concurrency_limit,
                "UnreservedConcurrentExecutions": self.unreserved_concurrency,
            },
            "AccountUsage": {
                "TotalCodeSize": sum(int(each.code_size) for each in self.list_functions()),
                "FunctionCount": len(list(self.list_functions())),
            },
        }

    def put_function_recursion_config(self, function_name: str, setting: str) -> dict[str, Any]:
        """PutFunctionRecursionConfig. Raises Refusal for another setting than there are."""
        if setting not in RECURSIVE_LOOP:
            raise Refusal(
                "ValidationException",
                f"1 validation error detected: Value '{setting}' at 'recursiveLoop' failed to "
                "satisfy constraint: Member must satisfy enum value set: "
                f"[{', '.join(RECURSIVE_LOOP)}]",
            )
        setattr(self.get_function(function_name), _RECURSIVE_LOOP, setting)
        return self.get_function_recursion_config(function_name)

    def get_function_recursion_config(self, function_name: str) -> dict[str, Any]:
        """GetFunctionRecursionConfig."""
        return {"RecursiveLoop": recursive_loop(self.get_function(function_name))}

    def _reserved_by_others(self, function_name: str) -> int:
        return sum(
            each.reserved_concurrency or 0
            for each in self.list_functions()
            if each.function_name != function_name
        )

    def _check_destination(self, function: LambdaFunction, arn: str) -> None:
        if ":sqs:" not in arn:
            message = f"The sandbox does not play the destination {arn}; queues are."
            raise Refusal("NotImplementedInSandbox", message, HTTPStatus.NOT_IMPLEMENTED)
        if is_fifo(arn) or find_queue(arn) is None:
            raise InvalidParameterValueException(f"The destination ARN {arn} is invalid.")
        role = iam_backends[self.account_id][self.partition].get_role_by_arn(function.role)
        if not allows(role, "sqs:SendMessage"):
            raise InvalidParameterValueException(
                "The function's execution role does not have permissions to call SendMessage "
                f"on {arn}"
            )


def recursive_loop(function: LambdaFunction) -> str:
    """What Lambda does when the function is invoked in a loop."""
    return str(getattr(function, _RECURSIVE_LOOP, "Terminate"))


def on_failure(config: dict[str, Any]) -> str | None:
    """Where an event goes that could not be handled, by the function's event invoke config."""
    destinations = config.get("DestinationConfig") or {}
    destination = (destinations.get("OnFailure") or {}).get("Destination")
    return str(destination) if destination else None


def recursion_config(call: Call, backend: StrictLambdaBackend) -> dict[str, Any]:
    """Answers Get- and PutFunctionRecursionConfig. Raises Refusal."""
    name = str(call.parameters["FunctionName"])
    try:
        if call.action == "PutFunctionRecursionConfig":
            return backend.put_function_recursion_config(name, call.parameters["RecursiveLoop"])
        return backend.get_function_recursion_config(name)
    except UnknownFunctionException as error:
        message = f"Function not found: {name}"
        raise Refusal("ResourceNotFoundException", message, HTTPStatus.NOT_FOUND) from error
