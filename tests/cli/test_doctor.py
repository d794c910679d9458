"""`mfa-reactor doctor`: what it takes, what it prints, and its exit status."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from reactor.cli import app
from reactor.guard.document import canonical, guard_document
from tests.fakes.account import ACCOUNT, DEFAULTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.command import CommandLine


NOT_DEPLOYED = "stage prod is not deployed in us-east-1 of account 123456789012"


def test_without_a_stage_it_is_wrong_use(outsider: CommandLine) -> None:
    """One line names the stages that there are; no credentials are asked for."""
    ran = outsider("doctor")
    assert (ran.status, ran.stdout) == (2, "")
    assert ran.error_line == (
        "mfa-reactor: which stage? Say mfa-reactor --stage dev or prod before doctor"
    )


def test_a_stage_that_there_is_not_is_wrong_use(outsider: CommandLine) -> None:
    """One line names those that there are."""
    ran = outsider("--stage", "live", "doctor")
    assert ran.status == 2
    assert ran.error_line.endswith(
        "there is no stage live in .chalice/config.json: it has dev, prod"
    )


def test_where_nothing_is_deployed_from_it_is_wrong_use(
    outsider: CommandLine, tmp_path: Path
) -> None:
    """The stages are known in the directory that is deployed from only."""
    for command in (("doctor",), ("--stage", "prod", "doctor")):
        ran = replace(outsider, directory=tmp_path)(*command)
        assert ran.status == 2
        assert "there is no .chalice/config.json" in ran.error_line


def test_without_credentials_one_line_says_so(outsider: CommandLine) -> None:
    """It is no finding about the stage."""
    ran = outsider("--stage", "prod", "doctor")
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.error_line == (
        "mfa-reactor: there are no AWS credentials; sign in, or set AWS_PROFILE"
    )


def test_a_stage_that_is_not_deployed(command: CommandLine) -> None:
    """One finding stands for all that is missing, the account's own checks are made."""
    ran = command("--stage", "prod", "doctor", "--json")
    assert (ran.status, ran.stderr) == (1, "")
    assert {key: ran.document[key] for key in ("stage", "account", "region", "ok")} == {
        "stage": "prod",
        "account": "123456789012",
        "region": "us-east-1",
        "ok": False,
    }
    states = {each["check"]: each["state"] for each in ran.document["findings"]}
    assert states == {
        "region": "ok",
        "stage": "failed",
        "trail": "ok",
        "exemption-list": "ok",
        "root": "ok",
    }
    (failed,) = [each for each in ran.document["findings"] if each["state"] == "failed"]
    assert failed["what"] == NOT_DEPLOYED
    assert failed["remedy"].startswith("chalice deploy --stage prod")


TIGHT = canonical(guard_document("aws", ACCOUNT, DEFAULTS))
LEAKY = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Deny",
            "NotAction": ["iam:CreateLoginProfile", "iam:ListUsers"],
            "Resource": "*",
            "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}},
        },
    }
)


@pytest.fixture
def given(iam: Any, name: Callable[[str], str]) -> Callable[[str | None], str]:
    """Creates a policy that someone else keeps, of a document; returns its ARN."""

    def create(document: str | None) -> str:
        policy = name("Given")
        if document is not None:
            iam.create_policy(PolicyName=policy, PolicyDocument=document)
        return f"arn:aws:iam::{ACCOUNT}:policy/{policy}"

    return create


@pytest.mark.parametrize(
    ("document", "state", "says"),
    [
        pytest.param(TIGHT, "ok", "leaves nothing open without MFA but to enrol", id="tight"),
        pytest.param(
            LEAKY,
            "failed",
            "has 3 holes: 2 critical, 1 low; iam:CreateLoginProfile on another user, for one",
            id="with holes",
        ),
        pytest.param(None, "unknown", "there is no policy", id="missing"),
    ],
)
def test_a_guard_of_someone_else_is_judged(
    command: CommandLine,
    given: Callable[[str | None], str],
    document: str | None,
    state: str,
    says: str,
) -> None:
    """By the code of `guard check`: a hole in it is told of without being looked for."""
    arn = given(document)
    ran = command("--stage", "prod", "doctor", "--json", REACTOR_GUARD_POLICY=arn)
    assert (ran.status, ran.stderr) == (1, "")  # the stage is not deployed
    finding = ran.document["findings"][-1]
    assert (finding["check"], finding["state"]) == ("guard-document", state)
    assert arn in finding["what"]
    assert says in finding["what"]
    assert bool(finding["remedy"]) is (state != "ok")


@pytest.mark.parametrize("columns", ["80", "160"])
def test_the_table(command: CommandLine, columns: str) -> None:
    """Each check with its state and, where it is not ok, what to do; no line is too long."""
    ran = command("--stage", "prod", "doctor", COLUMNS=columns)
    assert (ran.status, ran.stderr) == (1, "")
    assert max(map(len, ran.stdout.splitlines())) <= int(columns)
    text = " ".join(ran.stdout.split())
    assert "trail ok the trail management-events logs IAM's writes" in text
    assert "→ chalice deploy --stage prod" in text
    assert "stage prod in account 123456789012: 4 ok, 1 failed" in text


def test_the_help_has_examples_that_fit_80_columns() -> None:
    """An example is a line that can be copied: it is not broken."""
    ran = CliRunner().invoke(app, ["doctor", "--help"], env={"COLUMNS": "80"})
    assert ran.exit_code == 0
    _, examples, after = ran.stdout.partition("Examples:")
    assert examples
    assert all(len(line.split()) != 1 for line in after.splitlines())
