"""AWS's policy simulator, and what the SDK knows of services (reactor.holes.ports.Simulator)."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import botocore.session
from botocore.exceptions import ClientError, DataNotFoundError

from reactor.aws.errors import asking, code_of
from reactor.errors import shorten
from reactor.holes.ports import Context, Refused, Ruling, Simulated, Simulation, Value

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

_PAGE = 1000  # the most that IAM gives at once; it may give less and say IsTruncated
_REFUSALS = {"InvalidInput", "PolicyEvaluation", "ValidationError"}
_ANY = "*"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]+Z)?")


class AwsSimulator:
    """reactor.holes.ports.Simulator on AWS."""

    def __init__(self, client: "IAMClient") -> None:
        self._client = client
        self._models = botocore.session.get_session()

    def simulate(self, asked: Simulation) -> tuple[Simulated, ...]:
        """Return one answer for each action and resource, of all pages."""
        with asking("iam:SimulateCustomPolicy"):
            try:
                pages = self._client.get_paginator("simulate_custom_policy").paginate(
                    **_request(asked), PaginationConfig={"PageSize": _PAGE}
                )
                return tuple(
                    answer
                    for page in pages
                    for each in page["EvaluationResults"]
                    for answer in _answers(each, asked)
                )
            except ClientError as error:
                if code_of(error) not in _REFUSALS:
                    raise
                raise _refusal(error) from error

    def operations(self, service: str) -> Mapping[str, frozenset[str]]:
        """Return a service's operations with the names of their parameters; none if unknown."""
        with asking("the SDK"):
            try:
                model = self._models.get_service_model(service)
            except DataNotFoundError:
                return {}
            operations = (model.operation_model(name) for name in model.operation_names)
            return {each.name: _parameters(each.input_shape) for each in operations}


def _request(asked: Simulation) -> dict[str, Any]:
    request: dict[str, Any] = {
        "PolicyInputList": list(asked.documents),
        "ActionNames": list(asked.actions),
        "ContextEntries": _entries(asked.context),
    }
    if asked.resources:
        request["ResourceArns"] = list(asked.resources)
    if asked.caller is not None:
        request["CallerArn"] = asked.caller
    return request


def _entries(context: Context) -> list[dict[str, Any]]:
    return [
        {"ContextKeyName": key, "ContextKeyType": _type(value), "ContextKeyValues": _values(value)}
        for key, value in context.items()
    ]


def _type(value: Value) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "numeric"
    return _type_of_text(value) if isinstance(value, str) else "stringList"


def _type_of_text(text: str) -> str:
    """Return the type by which the simulator compares a text, as what it looks like."""
    if _DATE.fullmatch(text):
        return "date"
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        return "string"
    return "ip"


def _values(value: Value) -> list[str]:
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return list(value) if isinstance(value, tuple) else [str(value)]


def _answers(each: Any, asked: Simulation) -> Iterator[Simulated]:  # noqa: ANN401 - boto3's
    """Yield an entry's answers: of any resource, or of each that was named.

    What was named comes below the action; formerly an entry each, and still where it is one only
    (API reference, EvaluationResult).
    """
    action = each["EvalActionName"]
    if not asked.resources:
        yield Simulated(action, _ANY, Ruling(each["EvalDecision"]))
        return
    named = each.get("ResourceSpecificResults")
    if named:
        for one in named:
            ruling = Ruling(one["EvalResourceDecision"])
            yield Simulated(action, one["EvalResourceName"], ruling)
    else:
        yield Simulated(action, each["EvalResourceName"], Ruling(each["EvalDecision"]))


def _refusal(error: ClientError) -> Refused:
    message = shorten(error.response.get("Error", {}).get("Message", ""))
    return Refused(
        f"iam:SimulateCustomPolicy refuses: {code_of(error)}: {message}",
        remedy="mend the policy document; IAM would not take it either",
    )


def _parameters(shape: Any) -> frozenset[str]:  # noqa: ANN401 - botocore's
    return frozenset() if shape is None else frozenset(shape.members)
