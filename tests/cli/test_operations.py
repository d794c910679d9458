"""`mfa-reactor operations apply`: what it refuses, in one line. The rest is tested end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from reactor.aws.operations import EVENT_AGE_SECONDS, RETRIES, require_changeable
from reactor.errors import Permanent
from tests.cli.command import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import CommandLine

pytestmark = pytest.mark.xdist_group("cli")

APPLY = ("--stage", "prod", "operations", "apply")


def test_it_must_be_told_which_stage(outsider: CommandLine) -> None:
    """There is no stage that it could take for the one meant."""
    ran = outsider("operations", "apply")
    assert ran.status == 2
    assert ran.error_line == (
        "mfa-reactor: which stage? Say mfa-reactor --stage STAGE operations apply"
    )


def test_it_runs_where_one_deploys_from(outsider: CommandLine, tmp_path: Path) -> None:
    """Elsewhere there is no template, and the line names the one that is missing."""
    (tmp_path / ".chalice").symlink_to(PROJECT / ".chalice")
    ran = replace(outsider, directory=tmp_path)(*APPLY)
    assert ran.status == 2
    assert ran.error_line == (
        "mfa-reactor: there is no infra/operations.yaml:"
        " run this in the directory that you deploy from"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    (
        pytest.param(("--topic", "alarms"), "--topic is 'alarms'", id="a topic's name"),
        pytest.param(
            ("--topic", "arn:aws:sns:us-east-1:123456789012:x.fifo"), "standard", id="a FIFO topic"
        ),
        pytest.param(("--email", "nobody"), "--email is 'nobody'", id="no address"),
        pytest.param(("--email", "a@x, b@x"), "it takes one address", id="two addresses"),
        pytest.param(
            ("--topic", "arn:aws:sns:eu-west-1:123456789012:x"),
            "--topic is in eu-west-1: alarms in us-east-1 notify topics there",
            id="a topic of another region",
        ),
    ),
)
def test_whom_to_notify_is_checked_first(
    command: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    """Before anything is changed, in words of our own."""
    ran = command(*APPLY, *arguments)
    assert ran.status == 2
    assert said in ran.error_line


def test_a_stage_that_is_not_deployed_is_said_to_be_so(command: CommandLine) -> None:
    """With the account and region where it was looked for, and what to do."""
    ran = command(*APPLY)
    assert ran.status == 1
    assert ran.error_line == (
        "mfa-reactor: stage prod is not deployed in account 123456789012, us-east-1;"
        " make deploy STAGE=prod deploys it first"
    )


@pytest.mark.parametrize(
    ("status", "remedy"),
    (
        ("ROLLBACK_COMPLETE", "delete-stack --stack-name x"),
        ("DELETE_FAILED", "delete-stack --stack-name x"),
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback --stack-name x"),
        ("UPDATE_IN_PROGRESS", "when that has ended"),
        ("REVIEW_IN_PROGRESS", "when that has ended"),
    ),
)
def test_a_stack_that_cannot_be_changed_is_refused(status: str, remedy: str) -> None:
    """Each status that CloudFormation would refuse has a remedy of its own."""
    with pytest.raises(Permanent, match=status) as refused:
        require_changeable("x", status)
    assert remedy in refused.value.remedy


@pytest.mark.parametrize(
    "status", ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
)
def test_a_stack_that_stands_can_be_changed(status: str) -> None:
    """Also one whose last change was undone."""
    require_changeable("x", status)


def test_what_is_put_back_is_what_the_template_says() -> None:
    """Tries and age stand in the template and in the code that puts a lost destination back."""
    template = (PROJECT / "infra" / "operations.yaml").read_text()
    assert template.count(f"MaximumRetryAttempts: {RETRIES}\n") == 5
    assert template.count(f"MaximumEventAgeInSeconds: {EVENT_AGE_SECONDS}\n") == 5
