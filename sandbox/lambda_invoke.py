"""Lambda's Invoke, answered by the workers and not by moto."""

from __future__ import annotations

import base64
import uuid
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote

from moto.awslambda.exceptions import UnknownFunctionException

from sandbox.concurrency import ThrottledError
from sandbox.functions import Function, find_function
from sandbox.lineage import Lineage, LoopError
from sandbox.logs import tail
from sandbox.wire import Call, Refusal, Reply

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from sandbox.asynchronous import Asynchronous
    from sandbox.invocations import Invoker

# What an invocation may bring. The limits are AWS's quotas; code and words are those that people
# report, and not those of the API's model, which has RequestTooLargeException.
SYNCHRONOUS_BYTES = 6 * 1024 * 1024
ASYNCHRONOUS_BYTES = 1024 * 1024


def find_called(call: Call, account: str) -> Function:
    """Raises Refusal for a function that does not exist. The caller holds the account's lock."""
    name = unquote(call.path.split("/functions/", 1)[1].rsplit("/invocations", 1)[0])
    try:
        return find_function(account, call.region, name)
    except UnknownFunctionException as error:
        message = f"Function not found: {name}"
        raise Refusal("ResourceNotFoundException", message, HTTPStatus.NOT_FOUND) from error


def invoke(
    function: Function, request: Request, invoker: Invoker, asynchronous: Asynchronous
) -> Reply:
    """Waits for the answer (RequestResponse) or queues the event (Event)."""
    payload = request.get_data(as_text=True) or "{}"
    kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    trace_header = request.headers.get("X-Amzn-Trace-Id")
    _check_size(request.get_data(), kind)
    if kind == "Event":
        request_id = asynchronous.enqueue(function.arn, payload, trace_header=trace_header)
        return Reply(HTTPStatus.ACCEPTED, [("x-amzn-RequestId", request_id)], b"")
    if kind == "DryRun":
        return Reply(HTTPStatus.NO_CONTENT, [], b"")
    request_id = str(uuid.uuid4())
    try:
        lineage = Lineage.read(trace_header).invoke(function.arn, may_loop=function.may_loop)
        outcome = invoker.invoke(function.arn, payload, lineage=lineage, request_id=request_id)
    except LoopError as error:
        raise Refusal("RecursiveInvocationException", str(error)) from error
    except ThrottledError as error:
        status = HTTPStatus.TOO_MANY_REQUESTS
        raise Refusal("TooManyRequestsException", "Rate Exceeded.", status) from error
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


def _check_size(payload: bytes, kind: str) -> None:
    size = len(payload)
    if kind == "Event" and size > ASYNCHRONOUS_BYTES:
        message = (
            f"{size} byte payload is too large for the Event invocation type "
            f"(limit {ASYNCHRONOUS_BYTES} bytes)"
        )
    elif size > SYNCHRONOUS_BYTES:
        message = (
            f"Request must be smaller than {SYNCHRONOUS_BYTES} bytes for the InvokeFunction "
            "operation"
        )
    else:
        return
    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    raise Refusal("RequestEntityTooLargeException", message, status)
