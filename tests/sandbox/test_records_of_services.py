"""The records of other services' calls, and which rules hear of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.recorded import event_name, is_recorded
from tests.sandbox.listening import LISTENER, listener_arn, listening
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Deployment, Sandbox

_FOLDER = Path(__file__).parents[3] / "shared" / "cloudtrail"


@pytest.fixture
def made(sandbox: Sandbox) -> Callable[[], list[dict[str, Any]]]:
    """The records made since the test began."""
    before = len(sandbox.control.records())
    return lambda: sandbox.control.records()[before:]


def test_a_parameters_value_is_hidden(sandbox: Sandbox, made: Any) -> None:
    """As in published records, with the parameter among the resources."""
    ssm = sandbox.client("ssm", "eu-west-1")
    ssm.put_parameter(Name="/a/list", Value="alice", Type="StringList", Overwrite=False)
    ssm.delete_parameter(Name="/a/list")
    ssm.delete_parameters(Names=["/a/list"])
    put, deleted, several = made()
    arn = f"arn:aws:ssm:eu-west-1:{sandbox.account}:parameter/a/list"
    assert put["requestParameters"] == {
        "name": "/a/list",
        "value": "HIDDEN_DUE_TO_SECURITY_REASONS",
        "type": "StringList",
        "overwrite": False,
    }
    assert put["responseElements"] == {"version": 1, "tier": "Standard"}
    assert put["resources"] == [{"accountId": sandbox.account, "ARN": arn}]
    assert put["awsRegion"] == "eu-west-1"
    assert put["eventSource"] == "ssm.amazonaws.com"
    assert put["tlsDetails"]["clientProvidedHostHeader"] == "ssm.eu-west-1.amazonaws.com"
    assert deleted["eventName"] == "DeleteParameter"
    assert deleted["requestParameters"] == {"name": "/a/list"}
    assert several["requestParameters"] == {"names": ["/a/list"]}


@pytest.mark.skipif(not _FOLDER.is_dir(), reason="no published records beside this checkout")
@pytest.mark.parametrize(
    "file", ("PutParameter__invictus__1.json", "DeleteParameter__invictus__3.json")
)
def test_a_parameters_record_has_the_members_of_a_published_one(
    sandbox: Sandbox, made: Any, file: str
) -> None:
    """Those at the top, those of the identity, and what was asked and answered."""
    published = json.loads((_FOLDER / file).read_text())["event"]
    ssm = sandbox.client("ssm")
    name = published["requestParameters"]["name"]
    ssm.put_parameter(
        Name=name,
        Value="x",
        Type="String",
        Overwrite=False,
        AllowedPattern="",
        Tags=[{"Key": "k", "Value": "v"}],
        Tier="Standard",
    )
    ssm.delete_parameter(Name=name)
    [ours] = [each for each in made() if each["eventName"] == published["eventName"]]
    assert set(ours) == set(published)
    for member in ("requestParameters", "responseElements"):
        assert set(ours[member] or ()) == set(published[member] or ())
    assert set(ours["resources"][0]) == set(published["resources"][0])


def test_a_rule_and_its_targets_are_recorded(sandbox: Sandbox, made: Any) -> None:
    """From PutRule to DeleteRule."""
    events = sandbox.client("events", "eu-west-1")
    arn = f"arn:aws:lambda:eu-west-1:{sandbox.account}:function:x"
    events.put_rule(Name="r", EventPattern='{"source": ["x"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    events.disable_rule(Name="r")
    events.enable_rule(Name="r")
    events.describe_rule(Name="r")
    events.remove_targets(Rule="r", Ids=["1"])
    events.delete_rule(Name="r")
    records = made()
    assert [each["eventName"] for each in records] == [
        *("PutRule", "PutTargets", "DisableRule", "EnableRule", "RemoveTargets", "DeleteRule")
    ]
    assert {each["eventSource"] for each in records} == {"events.amazonaws.com"}
    assert records[0]["responseElements"]["ruleArn"].endswith(":rule/r")
    assert records[1]["requestParameters"] == {"rule": "r", "targets": [{"id": "1", "arn": arn}]}
    assert records[2]["requestParameters"] == {"name": "r"}


@pytest.mark.usefixtures("deployment")
def test_lambdas_records_carry_the_version_of_its_api(sandbox: Sandbox, made: Any) -> None:
    """And neither code nor environment variables."""
    client = sandbox.client("lambda")
    found = client.get_function_configuration(FunctionName=LISTENER)
    client.update_function_configuration(
        FunctionName=LISTENER, Environment=found["Environment"], Timeout=found["Timeout"]
    )
    client.put_function_event_invoke_config(FunctionName=LISTENER, MaximumRetryAttempts=1)
    client.delete_function_event_invoke_config(FunctionName=LISTENER)
    client.put_function_concurrency(FunctionName=LISTENER, ReservedConcurrentExecutions=2)
    client.delete_function_concurrency(FunctionName=LISTENER)
    client.invoke(FunctionName=LISTENER, Payload=b"{}")
    with refused("ResourceNotFoundException"):
        client.delete_function(FunctionName="none")
    records = made()
    assert [each["eventName"] for each in records] == [
        "UpdateFunctionConfiguration20150331v2",
        "PutFunctionEventInvokeConfig",
        "DeleteFunctionEventInvokeConfig",
        "PutFunctionConcurrency20171031",
        "DeleteFunctionConcurrency20171031",
        "DeleteFunction20150331",
    ]
    updated = records[0]
    assert updated["requestParameters"] == {"functionName": LISTENER, "timeout": found["Timeout"]}
    assert updated["responseElements"]["functionArn"] == listener_arn(sandbox)
    assert "PROBE" not in str(updated)
    assert records[3]["requestParameters"] == {
        "functionName": LISTENER,
        "reservedConcurrentExecutions": 2,
    }
    assert records[-1]["errorCode"] == "ResourceNotFoundException"
    assert records[-1]["requestParameters"] == {"functionName": "none"}


def test_log_groups_are_recorded_and_what_is_logged_is_not(sandbox: Sandbox, made: Any) -> None:
    """Nor is reading."""
    logs = sandbox.client("logs")
    logs.create_log_group(logGroupName="/a/group")
    logs.create_log_stream(logGroupName="/a/group", logStreamName="s")
    logs.put_log_events(
        logGroupName="/a/group",
        logStreamName="s",
        logEvents=[{"timestamp": 1_700_000_000_000, "message": "x"}],
    )
    logs.filter_log_events(logGroupName="/a/group")
    logs.put_retention_policy(logGroupName="/a/group", retentionInDays=7)
    logs.delete_retention_policy(logGroupName="/a/group")
    logs.delete_log_stream(logGroupName="/a/group", logStreamName="s")
    logs.delete_log_group(logGroupName="/a/group")
    records = made()
    assert [each["eventName"] for each in records] == [
        *("CreateLogGroup", "CreateLogStream", "PutRetentionPolicy", "DeleteRetentionPolicy"),
        *("DeleteLogStream", "DeleteLogGroup"),
    ]
    assert records[2]["requestParameters"] == {"logGroupName": "/a/group", "retentionInDays": 7}


def test_queues_are_recorded_and_messages_are_not(sandbox: Sandbox, made: Any) -> None:
    """The queue is a thing to manage, its messages are data."""
    sqs = sandbox.client("sqs")
    url = sqs.create_queue(QueueName="recorded")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)
    sqs.delete_queue(QueueUrl=url)
    assert [each["eventName"] for each in made()] == ["CreateQueue", "DeleteQueue"]


@pytest.mark.usefixtures("deployment")
def test_a_rule_hears_of_other_services_in_its_region_only(sandbox: Sandbox) -> None:
    """A parameter that changes elsewhere does not wake it."""
    pattern = {"source": ["aws.ssm"], "detail": {"eventName": ["PutParameter"]}}
    with listening(sandbox, "ssm", pattern) as ear:
        for region in ("us-east-1", "eu-west-1"):
            sandbox.client("ssm", region).put_parameter(Name="heard", Value="x", Type="String")
        assert ear.heard() == 1


@pytest.mark.usefixtures("deployment")
def test_a_disabled_rule_does_not_hear_that_it_was_disabled(sandbox: Sandbox) -> None:
    """Another rule does, and it hears itself that it is enabled again."""
    pattern = {"source": ["aws.events"], "detail": {"eventName": ["DisableRule", "EnableRule"]}}
    events = sandbox.client("events")
    with listening(sandbox, "itself", pattern) as ear:
        events.disable_rule(Name="itself")
        assert ear.heard() == 0
        events.enable_rule(Name="itself")
        assert ear.heard() == 1


@pytest.mark.usefixtures("deployment")
def test_an_event_can_be_lost_by_its_name(sandbox: Sandbox) -> None:
    """Others in between are not."""
    pattern = {"source": ["aws.ssm"]}
    ssm = sandbox.client("ssm")
    with listening(sandbox, "lossy", pattern) as ear:
        sandbox.control.lose_next_event("DeleteParameter")
        ssm.put_parameter(Name="lost", Value="x", Type="String")
        assert ear.heard() == 1
        ssm.delete_parameter(Name="lost")
        assert ear.heard() == 1
        ssm.put_parameter(Name="lost", Value="x", Type="String")
        ssm.delete_parameter(Name="lost")
        assert ear.heard() == 3


@pytest.mark.usefixtures("deployment")
def test_a_refused_call_of_a_function_is_recorded_as_denied(
    sandbox: Sandbox, deployment: Deployment, made: Any
) -> None:
    """Whatever its service calls the error."""
    sandbox.client("lambda").invoke(FunctionName="probe-dev-ask", Payload=b'{"delete_log": "x"}')
    [record] = made()
    assert deployment.stage == "dev"
    assert (record["eventName"], record["errorCode"]) == ("DeleteLogGroup", "AccessDenied")
    assert record["requestParameters"] is None


@pytest.mark.parametrize(
    ("service", "action", "recorded"),
    (
        ("cloudtrail", "StopLogging", True),
        ("cloudtrail", "LookupEvents", False),
        ("events", "PutEvents", False),
        ("lambda", "Invoke", False),
        ("logs", "DeleteLogGroup", True),
        ("logs", "PutLogEvents", False),
        ("sqs", "SendMessage", False),
        ("ssm", "GetParameter", False),
        ("sts", "AssumeRole", False),
    ),
)
def test_what_is_recorded(service: str, action: str, *, recorded: bool) -> None:
    """What changes something, and is not data."""
    assert is_recorded(service, action) is recorded


def test_only_lambda_has_names_of_its_own() -> None:
    """AddPermission of another service stays what it is."""
    assert event_name("lambda", "AddPermission") == "AddPermission20150331v2"
    assert event_name("sqs", "AddPermission") == "AddPermission"
