"""reactor.inspection.roles: a function's role against the policy that it is deployed with."""

import json
from dataclasses import replace
from typing import Any

import pytest

from reactor.inspection.facts import Role
from reactor.inspection.findings import State
from reactor.inspection.roles import role
from reactor.names import Function
from reactor.roles.policies import policy
from tests.fakes.harness import settings
from tests.fakes.inspection import STAGE, TRUST, denied

GUARD = "arn:*:iam::*:policy/Guard"
ONLY_THE_GUARD = {"ArnLike": {"iam:PolicyARN": GUARD}}


def statement(*actions: str, resource: Any = "*", **more: Any) -> dict[str, Any]:
    """Return a statement that allows actions."""
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def document(*statements: dict[str, Any]) -> dict[str, Any]:
    """Return a policy document."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


WANTED = document(
    statement("iam:GetUser", "iam:ListAccessKeys", resource=["arn:*:iam::*:user/*"]),
    statement("iam:AttachUserPolicy", resource="*", Condition=ONLY_THE_GUARD),
)


def a_role(*documents: dict[str, Any], attached: tuple[str, ...] = ()) -> Role:
    """Return a role with these inline policies."""
    inline = {f"policy-{number}": each for number, each in enumerate(documents)}
    return Role("mfa-reactor-prod-react", inline, attached, TRUST)


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param((WANTED,), id="as deployed"),
        pytest.param(
            (
                document(
                    statement("IAM:getuser", resource="arn:*:iam::*:user/*", Sid="Any"),
                    statement("iam:ListAccessKeys", resource="arn:*:iam::*:user/*"),
                ),
                document(
                    statement("iam:AttachUserPolicy", resource=["*"], Condition=ONLY_THE_GUARD)
                ),
            ),
            id="the same in other words",
        ),
        pytest.param(
            ({**WANTED, "Statement": WANTED["Statement"]}, document()), id="an empty one besides"
        ),
    ],
)
def test_ok(documents: tuple[dict[str, Any], ...]) -> None:
    """What counts is what is allowed, however it is written."""
    finding = role(STAGE, "react", WANTED, a_role(*documents))
    assert (finding.check, finding.state) == ("role-react", State.OK), finding.what


def test_one_statement_may_stand_without_a_list() -> None:
    """IAM takes a single statement, action and resource as they are."""
    bare = {"Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}}
    assert role(STAGE, "react", bare, a_role(bare)).ok


WIDER_CONDITION = document(
    WANTED["Statement"][0], statement("iam:AttachUserPolicy", Condition={"Bool": {"x": "true"}})
)


@pytest.mark.parametrize(
    ("found", "what"),
    [
        pytest.param(None, "has no role", id="no function"),
        pytest.param(a_role(), "lacks iam:attachuserpolicy on *, iam:getuser", id="no policy"),
        pytest.param(
            a_role(document(*WANTED["Statement"][:1])), "lacks iam:attachuserpolicy", id="lacks one"
        ),
        pytest.param(a_role(WIDER_CONDITION), "lacks iam:attachuserpolicy", id="another condition"),
        pytest.param(
            a_role(
                document(
                    statement("iam:GetUser", "iam:ListAccessKeys", resource="arn:*:iam::*:user/a"),
                    WANTED["Statement"][1],
                )
            ),
            "lacks iam:getuser on arn:*:iam::*:user/*",
            id="a narrower resource",
        ),
        pytest.param(
            a_role(WANTED, document(statement("iam:DeleteUser"))),
            "may do more than it needs: iam:deleteuser on *",
            id="an action too many",
        ),
        pytest.param(
            a_role(document(statement("iam:*"))), "more than it needs: iam:* on *", id="everything"
        ),
        pytest.param(
            a_role(document(WANTED["Statement"][0], statement("iam:AttachUserPolicy"))),
            "more than it needs: iam:attachuserpolicy",
            id="a condition dropped",
        ),
        pytest.param(
            a_role(WANTED, document({"Effect": "Deny", "Action": "*", "Resource": "*"})),
            "statements that are not ours",
            id="a denial",
        ),
        pytest.param(
            a_role(WANTED, document({"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"})),
            "statements that are not ours",
            id="all but some actions",
        ),
        pytest.param(
            a_role(WANTED, attached=("arn:aws:iam::aws:policy/AdministratorAccess",)),
            "policies attached: arn:aws:iam::aws:policy/AdministratorAccess",
            id="an attached policy",
        ),
    ],
)
def test_failed(found: Role | None, what: str) -> None:
    """Too little, too much, or what cannot be judged: each with what to do."""
    finding = role(STAGE, "react", WANTED, found)
    assert finding.state is State.FAILED
    assert what in finding.what
    assert finding.remedy


def trusting(principal: Any, **more: Any) -> dict[str, Any]:
    """Return a statement of a trust policy."""
    return {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal, **more}


OURS = TRUST["Statement"][0]


@pytest.mark.parametrize(
    ("statements", "others"),
    [
        pytest.param(
            [OURS, trusting({"AWS": "arn:aws:iam::1:root"})], "arn:aws:iam::1:root", id="an account"
        ),
        pytest.param(trusting("*"), "*", id="everybody"),
        pytest.param(trusting({"AWS": "*"}, Condition={"Bool": {"x": "true"}}), "*", id="if"),
        pytest.param(
            trusting({"Service": ["lambda.amazonaws.com", "ec2.amazonaws.com"]}),
            "ec2.amazonaws.com",
            id="another service",
        ),
        pytest.param(trusting({"AWS": "lambda.amazonaws.com"}), "lambda.", id="no service"),
        pytest.param(
            {"Effect": "Allow", "Action": "sts:*", "NotPrincipal": {"AWS": "x"}}, "*", id="all but"
        ),
    ],
)
def test_others_than_lambda(statements: Any, others: str) -> None:
    """Whoever else may assume a role has all that it may, under whatever condition."""
    found = replace(a_role(WANTED), trust={"Statement": statements})
    finding = role(STAGE, "react", WANTED, found)
    assert finding.state is State.FAILED
    assert f"can be assumed by others than Lambda: {others}" in finding.what
    assert "update-assume-role-policy --role-name mfa-reactor-prod-react" in finding.remedy


def test_lambda_alone() -> None:
    """What a trust policy denies, and how a single statement is written, lets nobody in."""
    for statements in (OURS, [OURS, {**trusting("*"), "Effect": "Deny"}]):
        assert role(
            STAGE, "react", WANTED, replace(a_role(WANTED), trust={"Statement": statements})
        ).ok


def test_boundary() -> None:
    """It can take away what the policy gives: ours have none."""
    arn = "arn:aws:iam::123456789012:policy/Boundary"
    finding = role(STAGE, "react", WANTED, replace(a_role(WANTED), boundary=arn))
    assert finding.state is State.FAILED
    assert f"has a permissions boundary: {arn}" in finding.what
    assert "delete-role-permissions-boundary" in finding.remedy


def test_a_stages_own_roles_are_in_order() -> None:
    """A role that is as reactor.roles has it needs nothing and has nothing too much."""
    for function in Function:
        own = policy(function, "prod", settings(lift="exempt"))
        assert role(STAGE, function, own, a_role(own)).ok
        text = json.dumps(own).replace("${aws:PrincipalAccount}", "999999999999")
        # Of many differences the first few are named.
        lacking = {
            Function.BUCKETS: "s3:getbucketacl",
            Function.COMPLIANCE: "sqs:deletemessage",
        }.get(function, "sqs:sendmessage")
        assert lacking in role(STAGE, function, own, a_role(json.loads(text))).what


def test_unknown() -> None:
    """A role that cannot be read is never ok."""
    finding = role(STAGE, "react", WANTED, denied("iam:GetRolePolicy"))
    assert (finding.state, finding.remedy) == (State.UNKNOWN, "allow iam:GetRolePolicy")


def test_only_some_differences_are_named() -> None:
    """The rest is counted."""
    many = document(*(statement(f"s3:Action{number}") for number in range(9)))
    finding = role(STAGE, "react", many, a_role())
    assert finding.what.endswith("s3:action2 on * and 6 more")
