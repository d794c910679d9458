"""Lambda's event source mappings of queues: what may be set up, as AWS checks it.

moto's own queues invoke a function while a message is sent; here they do not, and
sandbox.event_sources polls them.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import InvalidParameterValueException
from moto.awslambda_simple.models import LambdaSimpleBackend
from moto.iam.models import iam_backends
from typing_extensions import override

from sandbox.authorization import allows
from sandbox.queues import find_queue
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from moto.awslambda.models import EventSourceMapping, LambdaFunction
    from moto.sqs.models import Queue

REPORTS = "ReportBatchItemFailures"
# What the function's role needs for Lambda to work a queue off (developer guide, SQS).
PERMISSIONS = ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
_BATCH_WITHOUT_WINDOW = 10
_CONCURRENCY = range(2, 1001)


class StrictMappings(LambdaSimpleBackend):
    """The mappings of a region."""

    __module__ = "moto.awslambda_simple.models"

    @override
    def create_event_source_mapping(self, spec: dict[str, Any]) -> EventSourceMapping:
        queue = find_queue(str(spec.get("EventSourceArn", "")))
        if queue is None:
            message = "Error occurred while ReceiveMessage. SQS Error Code: NonExistentQueue."
            raise InvalidParameterValueException(message)
        function = self.get_function(str(spec.get("FunctionName", "")))
        self._check(function, queue, spec)
        made = super().create_event_source_mapping(spec)
        queue.lambda_event_source_mappings.clear()
        return made

    @override
    def update_event_source_mapping(
        self, uuid: str, spec: dict[str, Any]
    ) -> EventSourceMapping | None:
        _check_numbers(spec)
        return super().update_event_source_mapping(uuid, spec)

    @override
    def list_event_source_mappings(
        self, event_source_arn: str, function_name: str
    ) -> Iterable[EventSourceMapping]:
        found = super().list_event_source_mappings(event_source_arn, "")
        if not function_name:
            return found
        arn = _unqualified(self.get_function(function_name).function_arn)
        return [each for each in found if _unqualified(each.function_arn) == arn]

    @property
    def mappings(self) -> list[EventSourceMapping]:
        """All of them."""
        return list(self._event_source_mappings.values())

    def _check(self, function: LambdaFunction, queue: Queue, spec: dict[str, Any]) -> None:
        _check_numbers(spec)
        for each in self.list_event_source_mappings(queue.queue_arn, function.function_name):
            raise Refusal(
                "ResourceConflictException",
                f'An event source mapping with SQS arn (" {queue.queue_arn} ") and function ('
                f'" {function.function_name} ") already exists. Please update or delete the '
                f"existing mapping with UUID {each.uuid}",
                HTTPStatus.CONFLICT,
            )
        role = iam_backends[self.account_id][self.partition].get_role_by_arn(function.role)
        for permission in PERMISSIONS:
            if not allows(role, f"sqs:{permission}"):
                raise InvalidParameterValueException(
                    "The provided execution role does not have permissions to call "
                    f"{permission} on SQS"
                )
        if int(queue.visibility_timeout) < int(function.timeout):  # type: ignore[attr-defined]
            raise InvalidParameterValueException(
                f"Queue visibility timeout: {queue.visibility_timeout} seconds is less than "  # type: ignore[attr-defined]
                f"Function timeout: {function.timeout} seconds"
            )


def _check_numbers(spec: dict[str, Any]) -> None:
    window = int(spec.get("MaximumBatchingWindowInSeconds") or 0)
    if int(spec.get("BatchSize") or 0) > _BATCH_WITHOUT_WINDOW and window < 1:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    most = (spec.get("ScalingConfig") or {}).get("MaximumConcurrency")
    if most is not None and int(most) not in _CONCURRENCY:
        raise InvalidParameterValueException(
            f"MaximumConcurrency must be between {_CONCURRENCY[0]} and {_CONCURRENCY[-1]}"
        )


def _unqualified(arn: str) -> str:
    return arn.removesuffix(":$LATEST")
