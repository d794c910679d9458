"""From an API call to the record CloudTrail writes of it. Pure: the time is an argument.

Request and result are written in lowerCamelCase. What botocore's model marks sensitive is left out,
and so are the codes of an MFA device, which it does not mark. A refused call has neither request
nor result, a failed one has its request.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from sandbox.partitions import record_region
from sandbox.wire import Call, model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.callers import Caller

EVENT_VERSION = "1.11"
LARGEST_REQUEST_BYTES = 100_000  # about; CloudTrail gives no figure

_TLS = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"}

# GenerateCredentialReport and the Simulate calls change nothing either.
_READ_ONLY = ("Get", "List", "Simulate", "Generate")
_LEFT_OUT = {"AuthenticationCode1", "AuthenticationCode2"}
# Read-write structures that AWS leaves out of a result while they are empty.
_LEFT_OUT_WHEN_EMPTY = {"Tags"}


def is_write(action: str) -> bool:
    """Whether the operation changes something, by its name."""
    return not action.startswith(_READ_ONLY)


def record(
    call: Call,
    caller: Caller,
    *,
    result: Mapping[str, Any],
    request_id: str,
    at: dt.datetime,
) -> dict[str, Any]:
    """The record of a call whose `result` is what boto3 handed back: members, or {"Error": …}."""
    written: dict[str, Any] = {
        "eventVersion": EVENT_VERSION,
        "userIdentity": _user_identity(caller),
        "eventTime": _iso(at),
        "eventSource": f"{call.service}.amazonaws.com",
        "eventName": call.action,
        "awsRegion": record_region(call.service, call.region),
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent,
        **_what_came_of_it(call, result),
        "requestID": request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": not is_write(call.action),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.account,
        "eventCategory": "Management",
        "tlsDetails": {**_TLS, "clientProvidedHostHeader": f"{call.service}.amazonaws.com"},
    }
    if caller.session is not None and caller.session.console:
        written["sessionCredentialFromConsole"] = "true"
    return written


def _what_came_of_it(call: Call, result: Mapping[str, Any]) -> dict[str, Any]:
    """The error if there was one, what was asked and what was answered."""
    model = model_of(call.service)
    operation = model.operation_model(call.action)
    error = result.get("Error")
    if not error:
        return {
            "requestParameters": _request(call, operation),
            "responseElements": _members(result, operation.output_shape, request=False),
        }
    refused = error["Code"] == "AccessDenied"
    return {
        "errorCode": _error_name(model, error["Code"]),
        "errorMessage": error["Message"],
        "requestParameters": None if refused else _request(call, operation),
        "responseElements": None,
    }


def _user_identity(caller: Caller) -> dict[str, Any]:
    identity: dict[str, Any] = {
        "type": caller.kind,
        "principalId": caller.principal_id,
        "arn": caller.arn,
        "accountId": caller.account,
        "accessKeyId": caller.access_key_id,
    }
    if caller.user_name is not None:
        identity["userName"] = caller.user_name
    if caller.session is None:
        return identity
    context: dict[str, Any] = {
        "attributes": {
            "creationDate": _iso(caller.session.created),
            "mfaAuthenticated": "true" if caller.session.mfa else "false",
        },
    }
    if caller.role is not None:
        issuer = {
            "type": "Role",
            "principalId": caller.role.id,
            "arn": caller.role.arn,
            "accountId": caller.account,
            "userName": caller.role.name,
        }
        context = {"sessionIssuer": issuer, **context}
    identity["sessionContext"] = context
    return identity


def _request(call: Call, operation: OperationModel) -> dict[str, Any] | None:
    """The request's members, unless they are too large: then only how large they were."""
    members = _members(call.parameters, operation.input_shape, request=True)
    size = len(json.dumps(members))
    if size <= LARGEST_REQUEST_BYTES:
        return members
    return {"reason": "requestParameters too large", "omitted": True, "originalSize": size}


def _members(
    values: Mapping[str, Any], shape: Shape | None, *, request: bool
) -> dict[str, Any] | None:
    """A structure's members as written, or None when nothing of it is."""
    if not isinstance(shape, StructureShape):
        return None
    written = {}
    for name, value in values.items():
        member = shape.members.get(name)
        if member is None or name in _LEFT_OUT or _sensitive(member) or value is None:
            continue
        if not request and name in _LEFT_OUT_WHEN_EMPTY and not value:
            continue
        written[_camel(name)] = _value(value, member, request=request)
    return written or None


def _value(value: Any, shape: Shape, *, request: bool) -> Any:
    if isinstance(shape, StructureShape):
        return _members(value, shape, request=request)
    if isinstance(shape, ListShape):
        return [_value(item, shape.member, request=request) for item in value]
    if isinstance(value, dt.datetime):
        return _spoken(value)
    return value


def _sensitive(shape: Shape) -> bool:
    return bool(shape.metadata.get("sensitive"))


def _camel(name: str) -> str:
    # Only the first letter: "VirtualMFADeviceName" is written "virtualMFADeviceName".
    return name[0].lower() + name[1:]


def _error_name(model: ServiceModel, code: str) -> str:
    """CloudTrail writes the exception's class name, boto3 the short code on the wire."""
    for shape in model.error_shapes:
        if shape.metadata.get("error", {}).get("code") == code:
            return str(shape.name)
    return code


def _iso(at: dt.datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _spoken(at: dt.datetime) -> str:
    """Dates inside responseElements: Jul 10, 2023 12:24:49 PM (the hour without a zero)."""
    hour = at.hour % 12 or 12
    return f"{at:%b} {at.day}, {at.year} {hour}:{at:%M:%S} {at:%p}"
