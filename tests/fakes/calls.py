"""Calls of any service as the watch hears of them: the sandbox writes their records."""

from collections.abc import Mapping
from typing import Any

from reactor.guard.identity import Guard
from reactor.names import function_name
from reactor.settings import Settings
from reactor.triggers.cloudtrail import envelope_of
from reactor.watch.watch import Sighting, look
from sandbox.callers import Caller
from sandbox.cloudtrail import record
from sandbox.wire import Call
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START

STAGE = "prod"
LIST = "/mfa/exempt"
SETTINGS = Settings.from_environment(
    {
        "REACTOR_EXEMPT_PARAMETER": LIST,
        "REACTOR_EXEMPT_NAMES": "svc-*",
        "REACTOR_EXEMPT_PATHS": "/service/",
        "REACTOR_EXEMPT_GROUPS": "Robots",
        "REACTOR_TRUSTED_ROLES": f"deployer,arn:aws:iam::{ACCOUNT}:role/ci/pipeline",
    }
)
GUARD = Guard(GUARD_ARN, given=False)
# Whoever makes a record in the sandbox; the identities below take the place of this one.
_ANYBODY = Caller("Root", ACCOUNT, "aws", "ASIAX", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
# Services that records call otherwise than botocore does.
_RECORDED_AS = {"cloudwatch": "monitoring"}

Identity = Mapping[str, Any]


def user(name: str = "carol", *, path: str = "/", mfa: bool | None = None) -> Identity:
    """Return an IAM user's identity: with its key, or in a session with or without MFA."""
    identity = {
        "type": "IAMUser",
        "arn": f"arn:aws:iam::{ACCOUNT}:user{path}{name}",
        "accountId": ACCOUNT,
        "userName": name,
    }
    if mfa is None:
        return {**identity, "accessKeyId": "AKIAEXAMPLE"}
    return {**identity, "accessKeyId": "ASIAEXAMPLE", "sessionContext": _session(mfa=mfa)}


def root(*, mfa: bool) -> Identity:
    """Return the root user's identity in the console."""
    return {
        "type": "Root",
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": _session(mfa=mfa),
    }


def role(name: str, *, path: str = "/", account: str = ACCOUNT) -> Identity:
    """Return the identity of a role's session; published ones say that they are without MFA."""
    issuer = {
        "type": "Role",
        "arn": f"arn:aws:iam::{account}:role{path}{name}",
        "accountId": account,
        "userName": name,
    }
    return {
        "type": "AssumedRole",
        "arn": f"arn:aws:sts::{account}:assumed-role/{name}/session",
        "accountId": account,
        "accessKeyId": "ASIAEXAMPLE",
        "sessionContext": {"sessionIssuer": issuer, **_session(mfa=False)},
    }


def function(name: str, stage: str = STAGE) -> Identity:
    """Return the identity of one of our functions."""
    return role(function_name(stage, name))


def _session(*, mfa: bool) -> Identity:
    return {"attributes": {"mfaAuthenticated": "true" if mfa else "false"}}


ADMIN = role("admin")


def happened(
    service: str,
    action: str,
    by: Identity = ADMIN,
    *,
    error: tuple[str, str] | None = None,
    result: Mapping[str, Any] | None = None,
    **parameters: Any,
) -> dict[str, Any]:
    """Return the event of a call; `error` is AWS's code and message when it failed."""
    call = Call(
        service=service,
        region="us-east-1",
        action=action,
        access_key_id="ASIAX",
        user_agent="aws-cli/2",
        source_ip="203.0.113.7",
        path="/",
        parameters=parameters,
    )
    answer = dict(result or {})
    if error is not None:
        answer = {"Error": {"Code": error[0], "Message": error[1]}}
    written = record(call, _ANYBODY, result=answer, request_id="request", at=START)
    source = f"{_RECORDED_AS.get(service, service)}.amazonaws.com"
    return envelope_of({**written, "eventSource": source, "userIdentity": dict(by)})


def denied(action: str, resource: str, why: str, by: Identity = ADMIN) -> dict[str, Any]:
    """Return the event of a call to IAM that was denied, on a resource as the message has it."""
    message = (
        f"User: {by['arn']} is not authorized to perform: iam:{action} on resource: {resource}"
    )
    return happened("iam", action, by, error=("AccessDenied", f"{message}{why}"))


def seen(
    payload: object,
    *,
    settings: Settings = SETTINGS,
    guard: Guard = GUARD,
    account: str = ACCOUNT,
    stage: str = STAGE,
) -> Sighting:
    """Look at a delivery."""
    return look(
        payload, account=account, stage=stage, settings=settings, guard=guard, received_at=START
    )


def kinds(payload: object, **given: Any) -> list[str]:
    """Return the kinds of the alarms that a delivery raises."""
    return [alarm.kind.value for alarm in seen(payload, **given).alarms]
