"""`mfa-reactor operations apply`: what it refuses, in one line. The rest is tested end to end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reactor.aws.operations import set_dead_letter_queue
from reactor.aws.stacks import require_changeable
from reactor.errors import Permanent, Transient
from reactor.inspection.facts import EVENT_AGE_SECONDS, RETRIES
from reactor.names import Function
from tests.cli.command import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.command import CommandLine


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
    assert template.count(f"MaximumRetryAttempts: {RETRIES}\n") == len(Function)
    assert template.count(f"MaximumEventAgeInSeconds: {EVENT_AGE_SECONDS}\n") == len(Function)


class Rule:
    """A rule's targets, as EventBridge's client shows and takes them, some of them not."""

    def __init__(self, *targets: dict[str, Any], refused: int = 0) -> None:
        self.targets = list(targets)
        self.put: list[dict[str, Any]] = []
        self._refused = refused

    def get_paginator(self, operation: str) -> Rule:
        """Return what pages through the targets."""
        assert operation == "list_targets_by_rule"
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        """Yield a page a target."""
        yield from ({"Targets": [each]} for each in self.targets)

    def put_targets(self, Rule: str, Targets: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        """Take the targets, or say that some failed."""
        assert Rule == "rule"
        self.put += Targets
        entries = [{"TargetId": "1", "ErrorCode": "ConcurrentModificationException"}]
        return {"FailedEntryCount": self._refused, "FailedEntries": entries[: self._refused]}


def set_on(rule: Any) -> bool:
    """Set the queue `q` on the targets that are the function `f`."""
    return set_dead_letter_queue(rule, "rule", "f", "q")


def test_only_our_target_gets_the_queue_and_keeps_the_rest() -> None:
    """What somebody else hangs on our rule is theirs; what else our target has stays."""
    rule = Rule({"Id": "theirs", "Arn": "x"}, {"Id": "1", "Arn": "f", "Input": "{}"})
    assert set_on(rule) is True
    assert rule.put == [{"Id": "1", "Arn": "f", "Input": "{}", "DeadLetterConfig": {"Arn": "q"}}]


def test_a_target_with_its_queue_is_left_alone() -> None:
    """Each write is an event that the reactor itself looks at."""
    rule = Rule({"Id": "1", "Arn": "f", "DeadLetterConfig": {"Arn": "q"}})
    assert set_on(rule) is False
    assert rule.put == []


def test_a_target_that_eventbridge_does_not_take_is_an_error() -> None:
    """PutTargets succeeds as a call and fails entry by entry."""
    with pytest.raises(Transient, match="ConcurrentModificationException"):
        set_on(Rule({"Id": "1", "Arn": "f"}, refused=1))


def test_a_rule_that_does_not_lead_to_its_function_is_an_error() -> None:
    """A queue on nothing would look as if all were well."""
    with pytest.raises(Permanent, match="does not lead to the function f"):
        set_on(Rule({"Id": "theirs", "Arn": "x"}))
