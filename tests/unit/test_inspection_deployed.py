"""reactor.inspection.deployed: a function's settings, and whether its rule may wake it."""

from typing import Any

import pytest

from reactor.inspection.deployed import permission, variables
from reactor.inspection.findings import State
from tests.fakes.inspection import STAGE, VARIABLES, denied, lets_in

REMEDY = "make deploy STAGE=prod"
RULE = "arn:aws:events:us-east-1:123456789012:rule/mfa-reactor-prod-react-event"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:mfa-reactor-prod-react"


@pytest.mark.parametrize(
    ("found", "names"),
    [
        pytest.param({**VARIABLES, "REACTOR_MODE": "observe"}, "REACTOR_MODE", id="another value"),
        pytest.param({"REACTOR_MODE": "enforce"}, "REACTOR_SCOPE", id="one missing"),
        pytest.param({**VARIABLES, "REACTOR_LIFT": "secret"}, "REACTOR_LIFT", id="one more"),
        pytest.param({}, "REACTOR_MODE, REACTOR_SCOPE", id="none"),
    ],
)
def test_other_settings(found: dict[str, str], names: str) -> None:
    """The names of those that differ are told, and no values."""
    finding = variables(STAGE, "react", VARIABLES, found)
    assert (finding.check, finding.state) == ("settings-react", State.FAILED)
    assert finding.what.endswith(f"has other settings than .chalice/config.json: {names}")
    assert "secret" not in finding.what
    assert finding.remedy == REMEDY


def test_the_same_settings() -> None:
    """Each by its name, whatever their order."""
    assert variables(STAGE, "react", VARIABLES, dict(reversed(VARIABLES.items()))).ok


def test_settings_that_are_not_known() -> None:
    """What cannot be read is never ok; a function that is not there has none."""
    unread = variables(STAGE, "react", VARIABLES, denied("lambda:GetFunctionConfiguration"))
    assert (unread.state, unread.remedy) == (
        State.UNKNOWN,
        "allow lambda:GetFunctionConfiguration",
    )
    assert variables(STAGE, "react", {}, None).state is State.FAILED


def changed(**members: Any) -> dict[str, Any]:
    """Return the policy that Chalice gives `react`, with members of its statement replaced."""
    policy = lets_in(STAGE, "react")
    return {**policy, "Statement": [{**policy["Statement"][0], **members}]}


OTHER = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "lambda:*"}


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(lets_in(STAGE, "react"), id="as Chalice makes it"),
        pytest.param(
            {"Statement": [OTHER, *lets_in(STAGE, "react")["Statement"]]}, id="others besides"
        ),
        pytest.param({"Statement": lets_in(STAGE, "react")["Statement"][0]}, id="without a list"),
        pytest.param(changed(Condition={}), id="whatever rule it is"),
        pytest.param(changed(Principal="*"), id="whoever it is"),
        pytest.param(changed(Action=["Lambda:Invoke*"]), id="a wildcard"),
        pytest.param(
            changed(
                Condition={
                    "StringEquals": {"aws:SourceAccount": "123456789012"},
                    "ArnEquals": {"aws:SourceArn": [RULE, "arn:other"]},
                }
            ),
            id="the account's rule",
        ),
        pytest.param(
            changed(Condition={"ArnLike": {"AWS:SourceArn": RULE.replace("react", "*")}}),
            id="any rule of the stage",
        ),
    ],
)
def test_let_in(policy: dict[str, Any]) -> None:
    """What counts is that the rule may, however it is written."""
    finding = permission(STAGE, "react", policy)
    assert (finding.check, finding.state) == ("permission-react", State.OK), finding.what


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(None, id="no policy"),
        pytest.param({"Statement": []}, id="no statement"),
        pytest.param(lets_in(STAGE, "watch"), id="another function's rule"),
        pytest.param(changed(Effect="Deny"), id="denied"),
        pytest.param(changed(Principal={"Service": "s3.amazonaws.com"}), id="another service"),
        pytest.param(changed(Principal={"AWS": "*"}), id="principals that are no services"),
        pytest.param(changed(Action="lambda:GetFunction"), id="another action"),
        pytest.param(changed(Resource=f"{FUNCTION}:live"), id="an alias only"),
        pytest.param(
            changed(Condition={"ArnLike": {"AWS:SourceArn": f"{RULE}x"}}), id="another rule"
        ),
        pytest.param(
            changed(Condition={"StringEquals": {"AWS:SourceArn": RULE.replace("react", "*")}}),
            id="a wildcard that is none",
        ),
        pytest.param(
            changed(Condition={"StringEquals": {"AWS:SourceAccount": "999999999999"}}),
            id="another account",
        ),
        pytest.param(
            changed(Condition={"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            id="a condition that is not understood",
        ),
    ],
)
def test_not_let_in(policy: dict[str, Any] | None) -> None:
    """A rule that may not wake its function is as deaf as a disabled one."""
    finding = permission(STAGE, "react", policy)
    assert finding.state is State.FAILED
    assert "does not let the rule mfa-reactor-prod-react-event in" in finding.what
    assert finding.remedy == REMEDY


def test_unknown() -> None:
    """What cannot be read is never ok."""
    assert permission(STAGE, "react", denied("lambda:GetPolicy")).state is State.UNKNOWN
