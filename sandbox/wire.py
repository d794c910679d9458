"""AWS's wire protocols, as far as the gateway has to read and write them itself.

moto parses and answers the calls; the gateway needs a call's name and parameters before moto sees
them (to judge, refuse or record it), the result after (to record it), and a way to answer with an
error in the form the client's parser expects.
"""

from __future__ import annotations

import json
import re
import uuid
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import botocore.parsers
import botocore.session
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request as MotoRequest
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model

from sandbox.bucket_records import request_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from botocore.model import ServiceModel
    from werkzeug.wrappers import Request

_SERVICE = {"monitoring": "cloudwatch"}  # where the name that is signed is not the model's
_S3_CONTROL_PATH = "/v20180820/"  # both sign as s3
_SCOPE = re.compile(r"Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/")


@dataclass(frozen=True, slots=True)
class Call:
    """One AWS API call as it arrived.

    `parameters` are the operation's members under the names the API has for them. Of calls about
    S3's objects they are left out.
    """

    service: str
    region: str
    action: str
    access_key_id: str
    user_agent: str
    source_ip: str
    path: str
    parameters: dict[str, Any] = field(default_factory=dict)
    # What CloudTrail writes of the request, where that is not its members.
    written: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(eq=False)  # and not frozen: who lets it pass notes its way in it
class Refusal(Exception):  # noqa: N818 - an answer, which happens to travel as an exception
    """An error answer decided outside moto."""

    code: str
    message: str
    status: int = 400
    headers: tuple[tuple[str, str], ...] = ()


@lru_cache
def model_of(service: str) -> ServiceModel:
    """Botocore's model of a service, by its signing name."""
    return botocore.session.Session().get_service_model(service)


def read_call(request: Request) -> Call | None:
    """The call in an HTTP request, or None when it is not signed and so nobody's call."""
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    if scope is None:
        return None
    service = _SERVICE.get(scope["service"], scope["service"])
    if service == "s3" and request.path.startswith(_S3_CONTROL_PATH):
        service = "s3control"
    action, url_parameters = _action(request, service)
    user_agent = request.headers.get("User-Agent", "")
    by_service = user_agent.split(" ")[0]
    if not by_service.endswith(".amazonaws.com"):
        by_service = ""
    return Call(
        service=service,
        region=scope["region"],
        action=action,
        access_key_id=scope["key"],
        user_agent=by_service or user_agent,
        source_ip=by_service or request.remote_addr or "127.0.0.1",
        path=request.path,
        parameters=_parameters(request, service, action, url_parameters),
        written=_written(request, service, scope["region"], url_parameters),
    )


def _written(
    request: Request, service: str, region: str, in_path: dict[str, Any]
) -> dict[str, Any] | None:
    if service == "s3control":
        return request_of(request, None, region)
    if service != "s3" or "Key" in in_path:
        return None
    return request_of(request, in_path.get("Bucket"), region)


def _action(request: Request, service: str) -> tuple[str, dict[str, Any]]:
    """The operation's name ("" when there is none), and what of it stands in the path."""
    if target := request.headers.get("X-Amz-Target"):
        return target.rsplit(".", 1)[-1], {}
    if action := request.form.get("Action"):
        return action, {}
    try:
        operation, in_path = get_service_router(service).match(MotoRequest(request.environ))
    except Exception:  # noqa: BLE001 - moto's router has an error for each way not to know a path
        return "", {}
    return str(operation.name), dict(in_path)


def _parameters(
    request: Request, service: str, action: str, url_parameters: dict[str, Any]
) -> dict[str, Any]:
    by_query = bool(request.form.get("Action"))
    protocol = "query" if by_query else _rest_protocol(service, action)
    if protocol == "rest-xml" and "Key" in url_parameters:
        return {"Bucket": url_parameters["Bucket"]}  # an object may be large, and is no XML
    if protocol is not None:
        operation = get_service_model(service).operation_model(action)
        parsed = PROTOCOL_PARSERS[protocol](operation).parse(
            {
                "method": request.method,
                "values": request.values,
                "headers": request.headers,
                "body": b"" if by_query else request.get_data(),
                "url_path": request.path,
                "url_params": url_parameters,
            }
        )
        return {name: value for name, value in parsed.items() if value is not None}
    try:
        body = json.loads(request.get_data() or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _rest_protocol(service: str, action: str) -> str | None:
    protocol = str(model_of(service).resolved_protocol) if action else ""
    return protocol if protocol.startswith("rest-") else None


def read_result(call: Call, reply: Reply) -> dict[str, Any]:
    """What boto3 would hand its caller: the result's members, or `{"Error": …}`."""
    model = model_of(call.service)
    parser = botocore.parsers.create_parser(model.resolved_protocol)
    shape: Any = model.operation_model(call.action).output_shape  # None where nothing comes back
    parsed: dict[str, Any] = parser.parse(
        {"status_code": reply.status, "headers": dict(reply.headers), "body": reply.body}, shape
    )
    parsed.pop("ResponseMetadata", None)
    return parsed


def json_reply(answer: Mapping[str, Any]) -> Reply:
    """The answer of a service that speaks JSON."""
    headers = [("Content-Type", "application/json")]
    return Reply(HTTPStatus.OK, headers, json.dumps(answer).encode())


def error_reply(call: Call | None, refusal: Refusal) -> Reply:
    """The refusal as the document that the called service's clients can parse."""
    service = call.service if call else ""
    try:
        protocol = str(model_of(service).metadata["protocol"])
    except botocore.exceptions.BotoCoreError:
        protocol = "query"
    code, message, request_id = refusal.code, refusal.message, str(uuid.uuid4())
    headers = [("x-amzn-RequestId", request_id), ("x-amzn-errortype", code), *refusal.headers]
    if protocol in ("json", "rest-json"):
        body = json.dumps({"__type": code, "message": message, "Message": message})
        return Reply(
            refusal.status, [*headers, ("Content-Type", "application/json")], body.encode()
        )
    error = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if protocol == "rest-xml":
        body = f"<Error>{error}<RequestId>{request_id}</RequestId></Error>"
    else:
        sender = "Sender" if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR else "Receiver"
        body = (
            f"<ErrorResponse><Error><Type>{sender}</Type>{error}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Reply(refusal.status, [*headers, ("Content-Type", "text/xml")], body.encode())
