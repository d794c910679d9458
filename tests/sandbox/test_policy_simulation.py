"""SimulateCustomPolicy: answered by the oracle in AWS's form, or not at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox import Sandbox
from tests.sandbox.support import refused

ADMINISTRATOR = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
)
# The policy, and the positions in the answers, of the AWS CLI's documentation.
AFTER_A_DATE = (
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*",'
    '"Condition":{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}'
)
NOT_OTHERS = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Deny", "Action": "iam:Delete*", "Resource": "*"},
            {
                "Effect": "Deny",
                "Action": "iam:GetUser",
                "NotResource": "arn:aws:iam::123456789012:user/${aws:username}",
                "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            },
        ],
    },
    indent=4,
)
ALICE, BOB = (f"arn:aws:iam::123456789012:user/{name}" for name in ("alice", "bob"))


def entry(key: str, *values: str, kind: str = "string") -> dict[str, Any]:
    """Return a context entry."""
    return {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": kind}


def simulate(iam: Any, *policies: str, **arguments: Any) -> list[dict[str, Any]]:
    """Return the results of a simulation."""
    answer = iam.simulate_custom_policy(PolicyInputList=list(policies), **arguments)
    assert answer["IsTruncated"] is False
    return list(answer["EvaluationResults"])


@pytest.mark.parametrize(
    ("now", "decision", "missing"),
    [
        pytest.param(None, "implicitDeny", ["aws:CurrentTime"], id="the key is not given"),
        pytest.param("2019-04-25T11:00:00Z", "allowed", [], id="the condition holds"),
        pytest.param("2014-04-25T11:00:00Z", "implicitDeny", [], id="it does not hold"),
    ],
)
def test_the_documented_examples(
    iam: Any, now: str | None, decision: str, missing: list[str]
) -> None:
    """The three examples of the AWS CLI's documentation have the results that it shows."""
    entries = [] if now is None else [entry("aws:CurrentTime", now, kind="date")]
    statement = {
        "SourcePolicyId": "PolicyInputList.1",
        "SourcePolicyType": "IAM Policy",
        "StartPosition": {"Line": 1, "Column": 38},
        "EndPosition": {"Line": 1, "Column": 167},
    }
    (result,) = simulate(
        iam, AFTER_A_DATE, ActionNames=["dynamodb:CreateBackup"], ContextEntries=entries
    )
    assert result == {
        "EvalActionName": "dynamodb:CreateBackup",
        "EvalResourceName": "*",
        "EvalDecision": decision,
        "MatchedStatements": [statement] if decision == "allowed" else [],
        "MissingContextValues": missing,
    }


def test_each_resource_has_its_own_result(iam: Any) -> None:
    """The statement that denies one is named with its place, and decides for the whole."""
    (result,) = simulate(
        iam,
        ADMINISTRATOR,
        NOT_OTHERS,
        ActionNames=["iam:GetUser"],
        ResourceArns=[ALICE, BOB],
        CallerArn=ALICE,
        ContextEntries=[
            entry("AWS:UserName", "alice"),
            entry("aws:MultiFactorAuthPresent", "false", kind="boolean"),
        ],
    )
    of_alice, of_bob = result["ResourceSpecificResults"]
    assert (of_alice["EvalResourceName"], of_alice["EvalResourceDecision"]) == (ALICE, "allowed")
    assert (of_bob["EvalResourceName"], of_bob["EvalResourceDecision"]) == (BOB, "explicitDeny")
    (statement,) = of_bob["MatchedStatements"]
    assert statement["SourcePolicyId"] == "PolicyInputList.2"
    lines = statement["StartPosition"]["Line"], statement["EndPosition"]["Line"]
    assert [NOT_OTHERS.splitlines()[each - 1].strip() for each in lines] == ["{", "}"]
    assert "iam:GetUser" in "".join(NOT_OTHERS.splitlines()[slice(*lines)])
    assert result["EvalDecision"] == "explicitDeny"
    assert result["MatchedStatements"] == [statement]
    assert result["EvalResourceName"] == "arn:${Partition}:iam::${Account}:user/${UserNameWithPath}"
    assert result["MissingContextValues"] == of_bob["MissingContextValues"] == []


def test_missing_context_is_told(iam: Any) -> None:
    """Keys of conditions and of variables, each once; a key that is not given is absent."""
    (result,) = simulate(
        iam, ADMINISTRATOR, NOT_OTHERS, ActionNames=["iam:GetUser"], ResourceArns=[BOB]
    )
    assert result["EvalDecision"] == "allowed"
    assert result["MissingContextValues"] == ["aws:MultiFactorAuthPresent", "aws:username"]


def test_a_boundary_limits(iam: Any) -> None:
    """What the boundary does not allow is not allowed, and it is told."""
    (result,) = simulate(
        iam,
        ADMINISTRATOR,
        PermissionsBoundaryPolicyInputList=[NOT_OTHERS],
        ActionNames=["iam:ListUsers"],
    )
    assert result["EvalDecision"] == "implicitDeny"
    assert result["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}


def test_keys_of_several_values(iam: Any) -> None:
    """The type of an entry says whether its key has several."""
    policy = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": {
                "Effect": "Allow",
                "Action": "iam:TagUser",
                "Resource": "*",
                "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}},
            },
        }
    )
    for keys, decision in ((["a", "b"], "allowed"), (["a", "c"], "implicitDeny")):
        entries = [entry("aws:TagKeys", *keys, kind="stringList")]
        (result,) = simulate(
            iam, policy, ActionNames=["iam:TagUser"], ResourceArns=[BOB], ContextEntries=entries
        )
        assert result["EvalDecision"] == decision


def test_pages(iam: Any) -> None:
    """MaxItems actions a page, in the order in which they were asked for."""
    actions = ["iam:GetUser", "s3:ListAllMyBuckets", "sts:GetCallerIdentity"]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[ADMINISTRATOR], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    names = [[each["EvalActionName"] for each in page["EvaluationResults"]] for page in pages]
    assert names == [actions[:2], actions[2:]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        pytest.param(
            {"PolicyInputList": ["{"]}, "PolicyInputList.1", id="a policy that is no JSON"
        ),
        pytest.param(
            {"PolicyInputList": ["[]"]}, "PolicyInputList.1", id="a policy that is a list"
        ),
        pytest.param(
            {"PolicyInputList": [ADMINISTRATOR, '{"Version":"2012-10-17"}']},
            "PolicyInputList.2",
            id="a policy without a statement",
        ),
        pytest.param(
            {"PolicyInputList": [ADMINISTRATOR.replace('"Action"', '"Effect":"Deny","Action"')]},
            "twice",
            id="a member that is there twice",
        ),
        pytest.param({"ActionNames": ["iam:*"]}, "iam:*", id="an action with a wildcard"),
        pytest.param({"ActionNames": ["iam:Nothing"]}, "iam:Nothing", id="an action that is none"),
        pytest.param({"ResourceArns": ["alice"]}, "alice", id="a resource that is no ARN"),
        pytest.param(
            {"CallerArn": "arn:aws:sts::123456789012:federated-user/x"}, "caller", id="a session"
        ),
        pytest.param(
            {"ContextEntries": [entry("aws:username", "a", "b")]}, "aws:username", id="two values"
        ),
        pytest.param({"Marker": "no marker"}, "Marker", id="a marker of nobody"),
        pytest.param(
            {"PermissionsBoundaryPolicyInputList": [ADMINISTRATOR] * 2}, "one", id="two boundaries"
        ),
    ],
)
def test_what_is_no_question(iam: Any, arguments: dict[str, Any], message: str) -> None:
    """It is refused with InvalidInput, which says what is wrong."""
    question = {"PolicyInputList": [ADMINISTRATOR], "ActionNames": ["iam:GetUser"], **arguments}
    with refused("InvalidInput", message):
        iam.simulate_custom_policy(**question)


def test_what_is_not_asked_is_not_answered(iam: Any) -> None:
    """A resource's policy would need more than the oracle is asked."""
    with refused("NotImplementedInSandbox", "ResourcePolicy"):
        simulate(iam, ADMINISTRATOR, ActionNames=["s3:GetObject"], ResourcePolicy=ADMINISTRATOR)


def test_without_the_oracle_there_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Node.js is missing the call is refused, with what would help; all else works."""
    monkeypatch.setenv("PATH", "/nowhere")
    with Sandbox.start(trail=False) as sandbox:
        iam = sandbox.client("iam")
        assert iam.list_users()["Users"] == []
        with refused("NotImplementedInSandbox", "make oracle"):
            simulate(iam, ADMINISTRATOR, ActionNames=["iam:GetUser"])
