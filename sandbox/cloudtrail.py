"""From an API call to the record CloudTrail writes of it. Pure: the time is an argument.

Request and result are written in lowerCamelCase. What botocore's model marks sensitive is left out,
and so are the codes of an MFA device, which it does not mark; a parameter's value is hidden. A
refused or throttled call has neither request nor result, a failed one has its request. Calls about
buckets are written as they were sent, refused or not (sandbox.bucket_records).
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from typing import TYPE_CHECKING, Any

from botocore.model import ListShape, OperationModel, ServiceModel, Shape, StructureShape

from sandbox import recorded
from sandbox.partitions import record_region
from sandbox.wire import Call, model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.callers import Caller

EVENT_VERSION = "1.11"
LARGEST_REQUEST_BYTES = 100_000  # about: elastic/detection-rules pull 4788; AWS gives no figure

_TLS = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"}

# Read-write structures that AWS leaves out of a result while they are empty.
_LEFT_OUT_WHEN_EMPTY = {"Tags"}
# Codes on the wire whose records tell nothing of the request, and the name that they have there.
_UNREAD = {
    "AccessDenied": "AccessDenied",
    "AccessDeniedException": "AccessDenied",
    "Throttling": "ThrottlingException",
    "ThrottlingException": "ThrottlingException",
}


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
        "eventSource": recorded.event_source(call.service),
        "eventName": recorded.event_name(call.service, call.action),
        "awsRegion": record_region(call.service, call.region),
        "sourceIPAddress": call.source_ip,
        "userAgent": call.user_agent,
        **_what_came_of_it(call, result),
        "requestID": request_id,
        "eventID": str(uuid.uuid4()),
        "readOnly": not recorded.is_write(call.action),
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": caller.account,
        "eventCategory": "Management",
        "tlsDetails": {
            **_TLS,
            "clientProvidedHostHeader": recorded.endpoint(call.service, call.region),
        },
    }
    if call.source_ip == call.user_agent:  # a service that calls in the name of its own caller
        written["userIdentity"]["invokedBy"] = call.source_ip
    if call.service == "ssm" and "Error" not in result and "Name" in call.parameters:
        written["resources"] = [_parameter(call, caller)]
    if call.service == "s3" and "Bucket" in call.parameters:
        written["resources"] = [_bucket(call, caller)]
    if caller.session is not None and caller.session.console:
        written["sessionCredentialFromConsole"] = "true"
    return written


def _what_came_of_it(call: Call, result: Mapping[str, Any]) -> dict[str, Any]:
    """The error if there was one, what was asked and what was answered."""
    model = model_of(call.service)
    operation = model.operation_model(call.action)
    error = result.get("Error")
    if not error and call.written is not None:
        return {"requestParameters": _request(call, operation), "responseElements": None}
    if not error:
        return {
            "requestParameters": _request(call, operation),
            "responseElements": _members(result, operation.output_shape, request=False),
        }
    unread = error["Code"] in _UNREAD and call.written is None
    return {
        "errorCode": _UNREAD.get(error["Code"]) or _error_name(model, error["Code"]),
        "errorMessage": error["Message"],
        "requestParameters": None if unread else _request(call, operation),
        "responseElements": None,
    }


def _parameter(call: Call, caller: Caller) -> dict[str, str]:
    """The parameter that a call of the parameter store is about, as its record names it."""
    name = str(call.parameters["Name"]).lstrip("/")
    arn = f"arn:{caller.partition}:ssm:{call.region}:{caller.account}:parameter/{name}"
    return {"accountId": caller.account, "ARN": arn}


def _bucket(call: Call, caller: Caller) -> dict[str, str]:
    """The bucket that a call is about, as its record names it."""
    arn = f"arn:{caller.partition}:s3:::{call.parameters['Bucket']}"
    return {"accountId": caller.account, "type": "AWS::S3::Bucket", "ARN": arn}


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
    members = call.written
    if members is None:
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
        if member is None or name in recorded.LEFT_OUT or value is None:
            continue
        if hidden := recorded.HIDDEN.get(member.name) if request else None:
            written[_camel(name)] = hidden
            continue
        if _sensitive(member):
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
