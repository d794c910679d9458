"""Refuses what a function's role does not allow.

Only sessions of roles that Lambda may assume are judged: a function that works here must carry its
permissions, while people and tools in a test may do anything. What counts is the Action of the
role's policies; Resource and Condition are not looked at, so an Allow is taken as wide as it can be
meant, and a Deny counts only where it has no Condition and names every resource.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sandbox.wire import Call, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.iam.models import ManagedPolicy, Role

    from sandbox.callers import Caller

# Where the permission is called otherwise than the operation.
_PERMISSION = {
    ("lambda", "Invoke"): "InvokeFunction",
    ("s3", "DeletePublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3", "GetPublicAccessBlock"): "GetBucketPublicAccessBlock",
    ("s3", "ListBuckets"): "ListAllMyBuckets",
    ("s3", "PutPublicAccessBlock"): "PutBucketPublicAccessBlock",
    ("s3control", "DeletePublicAccessBlock"): "PutAccountPublicAccessBlock",
    ("s3control", "GetPublicAccessBlock"): "GetAccountPublicAccessBlock",
    ("s3control", "PutPublicAccessBlock"): "PutAccountPublicAccessBlock",
}
_PREFIX = {"s3control": "s3"}  # of permissions, where it is not the service's
_SHORT = ("iam", "sts", "s3", "s3control")  # whose denial is called AccessDenied


def judge(call: Call, caller: Caller) -> None:
    """Raises Refusal(AccessDenied) when the caller's role does not allow the call."""
    if caller.role is None or not _assumed_by_lambda(caller.role):
        return
    if (call.service, call.action) == ("sts", "GetCallerIdentity"):
        return  # needs no permission, and cannot be denied
    permission = _PERMISSION.get((call.service, call.action), call.action)
    action = f"{_PREFIX.get(call.service, call.service)}:{permission}"
    if not allows(caller.role, action):
        raise _denied(call, caller, action)


def allows(role: Role, action: str) -> bool:
    """Whether some Allow of the role's policies names the action, and no plain Deny does."""
    statements = list(_statements(role))
    if any(_denies(statement, action) for statement in statements):
        return False
    return any(s.get("Effect") == "Allow" and _names(s, action) for s in statements)


def _assumed_by_lambda(role: Role) -> bool:
    return "lambda.amazonaws.com" in json.dumps(_document(role.assume_role_policy_document))


def _statements(role: Role) -> Iterator[dict[str, Any]]:
    documents = [*role.policies.values()]
    documents += [_default_document(policy) for policy in role.managed_policies.values()]
    for document in documents:
        yield from _as_list(_document(document).get("Statement", []))


def _default_document(policy: ManagedPolicy) -> str:
    return next(v.document for v in policy.versions if v.version_id == policy.default_version_id)


def _document(document: str | dict[str, Any]) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(document) if isinstance(document, str) else document
    return parsed


def _denies(statement: dict[str, Any], action: str) -> bool:
    unconditional = not statement.get("Condition")
    everywhere = "*" in _as_list(statement.get("Resource", "*"))
    denies = statement.get("Effect") == "Deny"
    return denies and unconditional and everywhere and _names(statement, action)


def _names(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(p, action) for p in _as_list(statement["NotAction"]))
    return any(_matches(p, action) for p in _as_list(statement.get("Action", [])))


def _matches(pattern: str, action: str) -> bool:
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, action, re.IGNORECASE) is not None


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _denied(call: Call, caller: Caller, action: str) -> Refusal:
    message = (
        f"User: {caller.arn} is not authorized to perform: {action} on resource: "
        f"{_resource(call)} because no identity-based policy allows the {action} action"
    )
    code = "AccessDenied" if call.service in _SHORT else "AccessDeniedException"
    return Refusal(code, message, 403 if call.service in (*_SHORT, "lambda") else 400)


def _resource(call: Call) -> str:
    """IAM names the resource by its kind and what the request called it."""
    for parameter, kind in (("UserName", "user"), ("GroupName", "group"), ("PolicyArn", "policy")):
        if name := call.parameters.get(parameter):
            return f"{kind} {name}"
    return "*"
