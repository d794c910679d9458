"""Lambda's Invoke, answered by the workers and not by moto."""

from __future__ import annotations

import base64
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sandbox.logs import tail
from sandbox.wire import Call, Reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from sandbox.functions import Function
    from sandbox.invocations import Invoker


def function_name(call: Call) -> str:
    """The function's name or ARN, as the path of the call has it."""
    return unquote(call.path.split("/functions/", 1)[1].rsplit("/invocations", 1)[0])


def invoke(function: Function, request: Request, invoker: Invoker) -> Reply:
    """Waits for the answer (RequestResponse) or queues the event (Event)."""
    payload = request.get_data(as_text=True) or "{}"
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind == "Event":
        request_id = invoker.enqueue(function.arn, payload)
        return Reply(HTTPStatus.ACCEPTED, [("x-amzn-RequestId", request_id)], b"")
    if kind == "DryRun":
        return Reply(HTTPStatus.NO_CONTENT, [], b"")
    request_id = str(uuid.uuid4())
    outcome = invoker.invoke(function.arn, payload, request_id=request_id)
    headers = [
        ("Content-Type", "application/json"),
        ("x-amzn-RequestId", request_id),
        ("X-Amz-Executed-Version", "$LATEST"),
    ]
    if outcome.error_type is not None:
        headers.append(("X-Amz-Function-Error", "Unhandled"))
    if request.headers.get("X-Amz-Log-Type") == "Tail":
        headers.append(("X-Amz-Log-Result", base64.b64encode(tail(outcome).encode()).decode()))
    return Reply(HTTPStatus.OK, headers, outcome.payload.encode())
