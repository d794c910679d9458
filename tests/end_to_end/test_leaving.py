"""docs/leaving.md, followed to the letter: what was installed can be taken out again."""

import json
import re
from collections.abc import Iterator

import pytest

from reactor.functions import functions_of
from reactor.names import Function, function_name, log_group
from reactor.settings import Settings
from tests.end_to_end.stage import PROJECT, Stage, staged

PAGE = (PROJECT / "docs" / "leaving.md").read_text()
NAME = "MfaReactorGuard"
LIST = "/mfa-reactor/exempt"
SETTINGS = {"REACTOR_MODE": "enforce", "REACTOR_EXEMPT_PARAMETER": LIST}
BOTH = {"direct": "user", "crowded": "group"}
ACTING = (Function.REACT, Function.REVIEW, Function.SWEEP, Function.KEEPER)
# What an account of its own organization's management answers, and the sandbox is not.
ELSEWHERE = "aws organizations "


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage with its operations, whose users carry the guard in each of the ways."""
    with staged(SETTINGS) as stage:
        ssm = stage.sandbox.client("ssm")
        ssm.put_parameter(Name=LIST, Type="StringList", Value="nobody")
        assert stage.command("operations", "apply").status == 0
        stage.new_user("direct")
        stage.sandbox.control.lose_next_event("CreateUser")
        stage.sandbox.control.lose_next_event("CreateLoginProfile")
        stage.new_user("crowded")
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}],
        }
        for number in range(10):
            made = stage.iam.create_policy(
                PolicyName=f"other-{number}", PolicyDocument=json.dumps(document)
            )
            stage.iam.attach_user_policy(UserName="crowded", PolicyArn=made["Policy"]["Arn"])
        stage.iam.create_group(GroupName="crew")
        stage.iam.attach_group_policy(GroupName="crew", PolicyArn=stage.guard)
        stage.sweep()
        assert ways(stage) == BOTH
        yield stage


def ways(stage: Stage) -> dict[str, str]:
    """Return which users carry the guard, and how."""
    found = {}
    for each in stage.iam.list_users()["Users"]:
        user = each["UserName"]
        groups = stage.iam.list_groups_for_user(UserName=user)["Groups"]
        if NAME in {arn.rpartition("/")[2] for arn in stage.policies(user)}:
            found[user] = "user"
        if NAME in {group["GroupName"] for group in groups}:
            found[user] = "group"
    return found


def commands(heading: str) -> list[str]:
    """Return the page's blocks of commands below a heading, in their order."""
    (section,) = re.findall(rf"^## {heading}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    blocks = re.findall(r"(?:^(?: {8}| {4}(?! ))\S.*\n(?: {4,}.*\n)*)", section, re.MULTILINE)
    assert blocks, heading
    return [block for block in blocks if not block.strip().startswith(ELSEWHERE)]


def follow(stage: Stage, heading: str) -> list[str]:
    """Run the commands below a heading; return what each block printed."""
    printed = []
    for block in commands(heading):
        # There is no terminal on which to answer.
        ran = stage.shell(re.sub(r"(guard release .*)", r"\1 --yes", block))
        assert ran.returncode == 0, (block, ran.stdout, ran.stderr)
        printed.append(ran.stdout)
    return printed


def names(stage: Stage) -> dict[str, set[str]]:
    """Return whatever is there by a name of ours, by kind."""
    iam, logs = stage.iam, stage.sandbox.client("logs")
    stacks = stage.sandbox.client("cloudformation").describe_stacks()["Stacks"]
    found = {
        "policies": [each["PolicyName"] for each in iam.list_policies(Scope="Local")["Policies"]],
        "groups": [each["GroupName"] for each in iam.list_groups()["Groups"]],
        "roles": [each["RoleName"] for each in iam.list_roles()["Roles"]],
        "functions": [
            each["FunctionName"] for each in stage.functions.list_functions()["Functions"]
        ],
        "rules": [each["Name"] for each in stage.sandbox.client("events").list_rules()["Rules"]],
        "stacks": [each["StackName"] for each in stacks],
        "queues": stage.sandbox.client("sqs").list_queues().get("QueueUrls", []),
        "alarms": [
            each["AlarmName"]
            for each in stage.sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
        ],
        "topics": [
            each["TopicArn"] for each in stage.sandbox.client("sns").list_topics()["Topics"]
        ],
        "logs": [each["logGroupName"] for each in logs.describe_log_groups()["logGroups"]],
        "parameters": [
            each["Name"] for each in stage.sandbox.client("ssm").describe_parameters()["Parameters"]
        ],
    }
    return {
        kind: ours
        for kind, those in found.items()
        if (ours := {each for each in those if "mfa-reactor" in each or each == NAME})
    }


def pause(stage: Stage) -> None:
    """Do what the page says about pausing: edit the configuration, and then its commands."""
    stage.deployment.configure({"REACTOR_MODE": "observe"})
    follow(stage, "Pause")
    stage.settle()


def test_leaving_for_good(stage: Stage) -> None:
    """Refused while it enforces; then, command by command, until nothing of ours is left."""
    refused = stage.command("guard", "release", "--all", "--yes")
    assert refused.status == 2
    assert "Pause it first" in refused.error_line
    assert ways(stage) == BOTH

    pause(stage)
    stage.new_user("late")
    assert ways(stage) == BOTH

    before = names(stage)
    assert set(before) == {
        *("policies", "groups", "roles", "functions", "rules"),
        *("stacks", "queues", "alarms", "topics", "logs", "parameters"),
    }
    *_, looked = follow(stage, "Remove")
    assert looked.strip() == ""
    assert ways(stage) == {}
    users = {each["UserName"] for each in stage.iam.list_users()["Users"]}
    assert users == {"direct", "crowded", "late"}
    crew = stage.iam.list_attached_group_policies(GroupName="crew")["AttachedPolicies"]
    assert crew == []
    logs = {log_group("prod", each) for each in functions_of(Settings.from_environment(SETTINGS))}
    assert names(stage) == {"logs": logs, "parameters": {LIST}}

    follow(stage, "What is left")
    assert names(stage) == {}


def test_in_a_hurry(stage: Stage) -> None:
    """Stopped at once, it is released although it enforces; a deployment takes it up again."""
    follow(stage, "Stop at once")
    for each in ACTING:  # a single one that runs would put the guard back on, or make it anew
        name = function_name("prod", each)
        stage.functions.delete_function_concurrency(FunctionName=name)
        assert stage.command("guard", "release", "--all", "--yes").status == 2
        stage.functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    assert ways(stage) == BOTH
    follow(stage, "Release")
    stage.iam.create_user(UserName="meanwhile")
    assert ways(stage) == {}
    assert names(stage)["policies"] == {NAME}

    ran = stage.shell("make deploy STAGE=prod")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    stage.settle()
    stage.sweep()
    assert ways(stage) == {**BOTH, "meanwhile": "user"}


def test_the_functions_deleted_first(stage: Stage) -> None:
    """Even without the list of what was deployed; the guard is still on, and comes off as well."""
    (stage.directory / ".chalice" / "deployed" / "prod.json").unlink()
    for command in ("chalice deploy --stage prod", "chalice delete --stage prod"):
        ran = stage.shell(command)
        assert ran.returncode == 0, ran.stdout + ran.stderr
    assert {"functions", "rules", "roles"}.isdisjoint(names(stage))
    assert ways(stage) == BOTH
    # By whom, where nobody is left whom nothing keeps from it.
    follow(stage, "Only users who carry the guard are left")
    assert stage.command("guard", "release", "--all", "--delete", "--yes").status == 0
    assert ways(stage) == {}
