"""reactor.holes.policy: documents that somebody else wrote, taken apart."""

import json
from typing import Any

import pytest

from reactor.holes.policy import NotAPolicy, Policy, keys_of

NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
KNOWN = {"aws:MultiFactorAuthPresent", "aws:username"}


def deny(**members: Any) -> dict[str, Any]:
    """Return a denial."""
    return {"Effect": "Deny", "Action": "*", "Resource": "*", **members}


def policy(*statements: dict[str, Any]) -> Policy:
    """Return a policy of statements."""
    return Policy.of({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("not json", "not JSON", id="text"),
        pytest.param('{"Statement": [], "Statement": []}', "twice", id="a member twice"),
        pytest.param("[1]", "no Statement", id="a list"),
        pytest.param("{}", "no Statement", id="an object without statements"),
        pytest.param('{"Statement": ["x"]}', "no Effect", id="a statement that is text"),
        pytest.param('{"Statement": {"Effect": "deny"}}', "no Effect", id="effect in other case"),
        pytest.param(
            '{"Statement": {"Effect": "Deny", "Condition": []}}', "Condition", id="a list for one"
        ),
        pytest.param(" " * 131_073, "131,073 characters", id="too long"),
        pytest.param("[" * 100_000, "not JSON", id="too deep"),
    ],
)
def test_what_is_no_policy(text: str, why: str) -> None:
    """It is refused with what it lacks."""
    with pytest.raises(NotAPolicy, match=why):
        Policy.of_text(text)


def test_one_statement_needs_no_brackets() -> None:
    """As IAM reads it."""
    assert Policy.of_text(json.dumps({"Statement": deny()})) == Policy((deny(),), {})


def test_what_is_sent_is_what_was_read() -> None:
    """Version and Id go with the statements; of no statement there is nothing to send."""
    text = json.dumps({"Version": "2012-10-17", "Id": "x", "Statement": [deny()]})
    assert json.loads(Policy.of_text(text).text or "") == json.loads(text)
    assert Policy.of_text('{"Statement": []}').text is None


@pytest.mark.parametrize(
    ("statement", "keys"),
    [
        pytest.param(deny(), set(), id="none"),
        pytest.param(deny(Condition=NO_MFA), {"aws:MultiFactorAuthPresent"}, id="a condition"),
        pytest.param(
            deny(Condition={"Bool": {"a:b": "true"}, "Null": {"c:d": "true"}}),
            {"a:b", "c:d"},
            id="several",
        ),
        pytest.param(deny(Resource="arn:aws:s3:::x/${aws:username}"), {"aws:username"}, id="var"),
        pytest.param(
            deny(NotResource=["${ aws:username , 'nobody' }"]), {"aws:username"}, id="default"
        ),
        pytest.param(
            deny(Condition={"StringLike": {"s3:prefix": "${aws:PrincipalTag/Team}/*"}}),
            {"s3:prefix", "aws:PrincipalTag/Team"},
            id="a variable in a condition",
        ),
        pytest.param(deny(Resource="a${*}b${?}c${$}"), set(), id="a star that is a star"),
    ],
)
def test_keys(statement: dict[str, Any], keys: set[str]) -> None:
    """A statement depends on the keys of its conditions, and on its variables."""
    assert keys_of(statement) == keys


@pytest.mark.parametrize(
    ("statement", "kept"),
    [
        pytest.param(deny(), True, id="a denial without condition"),
        pytest.param(deny(Condition=NO_MFA), True, id="a denial under a known key"),
        pytest.param(
            deny(Condition={"BoolIfExists": {"AWS:multifactorauthpresent": "false"}}),
            True,
            id="a known key in other case",
        ),
        pytest.param(
            deny(Condition={**NO_MFA, "NotIpAddress": {"aws:SourceIp": "192.0.2.1"}}),
            False,
            id="a denial that an unknown key may lift",
        ),
        pytest.param(
            deny(NotResource="arn:aws:iam::*:user/${aws:PrincipalTag/who}"),
            False,
            id="a denial that leaves out what an unknown key names",
        ),
        pytest.param(
            {
                "Effect": "Allow",
                "Action": "*",
                "Resource": "*",
                "Condition": {"Bool": {"x:y": "1"}},
            },
            True,
            id="a permission, whatever it depends on",
        ),
    ],
)
def test_the_firm_part(statement: dict[str, Any], kept: bool) -> None:
    """Only denials that are known to hold are in it."""
    firm = policy(deny(Sid="always"), statement).firm(KNOWN)
    assert (statement in firm.statements) is kept
    assert firm.statements[0]["Sid"] == "always"
    assert policy(statement).unknown(KNOWN) == (frozenset() if kept else keys_of(statement) - KNOWN)


def test_what_denials_leave_out() -> None:
    """By name, of denials only, each once."""
    found = policy(
        deny(NotAction=["iam:GetUser", "s3:*"], NotResource="arn:aws:s3:::public/*"),
        deny(NotAction="s3:*", NotResource=["*", "arn:aws:iam::*:user/x", "arn:*"]),
        {"Effect": "Allow", "NotAction": "ec2:*", "NotResource": "arn:aws:sqs:*:*:x"},
    )
    assert found.excepted_actions == ("iam:GetUser", "s3:*")
    assert found.excepted_resources == (
        "*",
        "arn:*",
        "arn:aws:iam::*:user/x",
        "arn:aws:s3:::public/*",
    )
    assert found.excepted_elsewhere == ("arn:aws:s3:::public/*",)


def test_accounts() -> None:
    """Those whose users, roles and so on it names; AWS's own policies are nobody's."""
    found = policy(
        deny(Resource=["arn:aws:iam::111111111111:user/a", "arn:aws:iam::aws:policy/b"]),
        deny(Resource="arn:aws-cn:sts::222222222222:assumed-role/c/d"),
    )
    assert found.accounts == ("111111111111", "222222222222")
