"""reactor.aws.simulator, without an account: botocore's stubs answer."""

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.simulator import AwsSimulator
from reactor.errors import Transient
from reactor.holes.ports import Refused, Ruling, Simulated, Simulation
from tests.fakes.account import ACCOUNT

ALICE, BOB = (f"arn:aws:iam::{ACCOUNT}:user/{name}" for name in ("alice", "bob"))
ASKED = Simulation(
    documents=("{1}", "{2}"),
    actions=("iam:GetUser", "iam:ListUsers"),
    resources=(),
    caller=ALICE,
    context={"aws:username": "alice"},
)
REQUEST = {
    "PolicyInputList": ["{1}", "{2}"],
    "ActionNames": ["iam:GetUser", "iam:ListUsers"],
    "CallerArn": ALICE,
    "ContextEntries": [
        {
            "ContextKeyName": "aws:username",
            "ContextKeyType": "string",
            "ContextKeyValues": ["alice"],
        }
    ],
    "MaxItems": 1000,
}


def simulator(*answers: Any) -> AwsSimulator:
    """Return a simulator that answers so, in order; a text is an error's code."""
    client: Any = boto3.client(
        "iam", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    for answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error("simulate_custom_policy", answer, "no")
        else:
            stubber.add_response("simulate_custom_policy", *answer)
    stubber.activate()
    return AwsSimulator(client)


def result(action: str, decision: str, resource: str = "*", **more: Any) -> dict[str, Any]:
    """Return an entry of the answer."""
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": decision,
        **more,
    }


def test_all_pages_are_read() -> None:
    """The documents, the caller and the context go with each request."""
    first = {
        "EvaluationResults": [result("iam:GetUser", "allowed")],
        "IsTruncated": True,
        "Marker": "next",
    }
    second = {"EvaluationResults": [result("iam:ListUsers", "explicitDeny")]}
    asked = simulator((first, REQUEST), (second, {**REQUEST, "Marker": "next"})).simulate(ASKED)
    assert asked == (
        Simulated("iam:GetUser", "*", Ruling.ALLOWED),
        Simulated("iam:ListUsers", "*", Ruling.DENIED),
    )


ON_USERS = Simulation(
    documents=("{}",), actions=("iam:GetUser",), resources=(ALICE, BOB), caller=None, context={}
)
BOTH = (
    Simulated("iam:GetUser", ALICE, Ruling.ALLOWED),
    Simulated("iam:GetUser", BOB, Ruling.DENIED),
)


@pytest.mark.parametrize(
    "results",
    [
        pytest.param(
            [
                result(
                    "iam:GetUser",
                    "explicitDeny",
                    "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}",
                    ResourceSpecificResults=[
                        {"EvalResourceName": ALICE, "EvalResourceDecision": "allowed"},
                        {"EvalResourceName": BOB, "EvalResourceDecision": "explicitDeny"},
                    ],
                )
            ],
            id="below the action, as it is now",
        ),
        pytest.param(
            [
                result("iam:GetUser", "allowed", ALICE),
                result("iam:GetUser", "explicitDeny", BOB),
            ],
            id="an entry each, as it was",
        ),
    ],
)
def test_what_is_named_is_answered_one_by_one(results: list[Any]) -> None:
    """Never the decision on all of them together; nobody is the caller where none is given."""
    request = {
        "PolicyInputList": ["{}"],
        "ActionNames": ["iam:GetUser"],
        "ResourceArns": [ALICE, BOB],
        "ContextEntries": [],
        "MaxItems": 1000,
    }
    assert simulator(({"EvaluationResults": results}, request)).simulate(ON_USERS) == BOTH


def test_context() -> None:
    """Each value with the type that the simulator needs to compare it."""
    asked = Simulation(
        documents=("{}",),
        actions=("iam:GetUser",),
        resources=(),
        caller=None,
        context={
            "my:yes": True,
            "my:not": False,
            "my:age": 3601,
            "my:via": ("one", "two"),
            "my:address": "192.0.2.7",
            "my:network": "2001:db8::/32",
            "my:account": "123456789012",
            "my:time": "2026-01-31T12:00:00Z",
        },
    )
    entries = [
        {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": values}
        for name, kind, values in (
            ("my:yes", "boolean", ["true"]),
            ("my:not", "boolean", ["false"]),
            ("my:age", "numeric", ["3601"]),
            ("my:via", "stringList", ["one", "two"]),
            ("my:address", "ip", ["192.0.2.7"]),
            ("my:network", "ip", ["2001:db8::/32"]),
            ("my:account", "string", ["123456789012"]),
            ("my:time", "date", ["2026-01-31T12:00:00Z"]),
        )
    ]
    request = {
        "PolicyInputList": ["{}"],
        "ActionNames": ["iam:GetUser"],
        "ContextEntries": entries,
        "MaxItems": 1000,
    }
    answer = {"EvaluationResults": [result("iam:GetUser", "implicitDeny")]}
    (seen,) = simulator((answer, request)).simulate(asked)
    assert seen.ruling is Ruling.NOT_ALLOWED


@pytest.mark.parametrize("code", ["InvalidInput", "PolicyEvaluation", "ValidationError"])
def test_a_refusal_is_for_the_request(code: str) -> None:
    """It is told apart: another request may be taken."""
    with pytest.raises(Refused, match=f"iam:SimulateCustomPolicy refuses: {code}: no"):
        simulator(code).simulate(ASKED)


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling", "ServiceFailure"])
def test_an_error_is_no_answer(code: str) -> None:
    """It names the operation."""
    with pytest.raises(Transient, match=f"iam:SimulateCustomPolicy failed: {code}"):
        simulator(code).simulate(ASKED)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param({"EvaluationResults": [result("iam:GetUser", "perhaps")]}, id="a new word"),
        pytest.param({"EvaluationResults": [{"EvalActionName": "iam:GetUser"}]}, id="no decision"),
    ],
)
def test_an_answer_that_is_not_understood_is_an_error(answer: Any) -> None:
    """It is neither allowed nor denied."""
    client = simulator()
    client._client = Answering(answer)  # type: ignore[assignment] # botocore's stub checks shapes
    with pytest.raises(Transient, match="not understood"):
        client.simulate(ASKED)


class Answering:
    """A client whose paginator gives one page."""

    def __init__(self, page: Any) -> None:
        self._page = page

    def get_paginator(self, _: str) -> "Answering":
        """Return itself."""
        return self

    def paginate(self, **_: Any) -> list[Any]:
        """Return the page."""
        return [self._page]


def test_operations() -> None:
    """What the SDK knows of a service, with the parameters; of an unknown one nothing."""
    models = simulator()
    iam, sts = models.operations("iam"), models.operations("sts")
    assert iam["EnableMFADevice"] == {
        "UserName",
        "SerialNumber",
        "AuthenticationCode1",
        "AuthenticationCode2",
    }
    assert iam["GetAccountSummary"] == frozenset()
    assert "AssumeRole" in sts
    assert models.operations("no-such-service") == {}
