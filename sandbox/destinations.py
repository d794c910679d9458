"""What Lambda sends on of an event that a function could not handle."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends

from sandbox.authorization import allows
from sandbox.queues import find_queue, send

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from sandbox.asynchronous import Event
    from sandbox.functions import Function


class Destinations:
    """The functions' on-failure destinations; queues only."""

    def __init__(self, lock: AbstractContextManager[Any]) -> None:
        self._account_lock = lock

    def send(self, function: Function, event: Event, condition: str) -> str | None:
        """Sends the record of a failure where the function wants it.

        Returns why it could not; None when it could, or nobody wants it.
        """
        if function.on_failure is None:
            return None
        with self._account_lock:
            role = iam_backends[function.account][function.partition].get_role_by_arn(
                function.role_arn
            )
            if not allows(role, "sqs:SendMessage"):
                return f"not sent to {function.on_failure}: the role lacks sqs:SendMessage"
            queue = find_queue(function.on_failure)
            if queue is None:
                return f"not sent to {function.on_failure}: no such queue"
            send(queue, failure_record(function, event, condition))
        return None


def failure_record(function: Function, event: Event, condition: str) -> dict[str, Any]:
    """The document that Lambda documents. Without an attempt there is no response in it."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
        "requestContext": {
            "requestId": event.request_id,
            "functionArn": f"{function.arn}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": event.attempts,
        },
        "requestPayload": _parsed(event.payload),
    }
    if event.answer is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        }
        record["responsePayload"] = _parsed(event.answer)
    return record


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
