"""Rules, targets, schedules, and events that are lost or made up."""

from __future__ import annotations

import json
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import SandboxError
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from sandbox import Deployment, Sandbox

REACT = "probe-dev-react-event"
TICK = "probe-dev-tick-event"


def _since(sandbox: Sandbox, before: int) -> list[str]:
    sandbox.control.settle(20)
    return [each["function"] for each in sandbox.control.invocations()[before:]]


def _envelope(sandbox: Sandbox, **detail: Any) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "AWS API Call via CloudTrail",
        "source": "aws.iam",
        "account": sandbox.account,
        "time": "2026-01-01T00:00:00Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"eventSource": "iam.amazonaws.com", "eventName": "TagUser", **detail},
    }


@pytest.mark.usefixtures("deployment")
def test_the_next_event_is_lost_when_told_so(sandbox: Sandbox, iam: Any, user: str) -> None:
    """That one only; its record is there."""
    before = len(sandbox.control.invocations())
    sandbox.control.lose_next_event()
    iam.tag_user(UserName=user, Tags=[{"Key": "say", "Value": "lost"}])
    assert sandbox.control.records()[-1]["eventName"] == "TagUser"
    assert _since(sandbox, before) == []
    iam.tag_user(UserName=user, Tags=[{"Key": "say", "Value": "kept"}])
    assert _since(sandbox, before) == ["probe-dev-react"]


@pytest.mark.usefixtures("deployment")
def test_an_event_made_by_hand_is_delivered_as_it_is(sandbox: Sandbox) -> None:
    """Forged, old and twice the same: the bus does not look."""
    before = len(sandbox.control.invocations())
    forged = _envelope(
        sandbox, requestParameters={"userName": "forged", "tags": [{"key": "say", "value": "x"}]}
    )
    for _ in range(2):
        [arn] = sandbox.control.invoke_event(forged)
        assert arn.endswith(":function:probe-dev-react")
    assert _since(sandbox, before) == ["probe-dev-react"] * 2
    ids = [each["event_id"] for each in sandbox.control.invocations()[before:]]
    assert ids == [forged["id"]] * 2
    assert sandbox.control.invoke_event({**forged, "source": "custom"}) == []


def test_events_of_another_region_reach_no_rule_here(
    sandbox: Sandbox, deployment: Deployment
) -> None:
    """Rules are a region's own."""
    assert deployment.region == "us-east-1"
    assert sandbox.control.invoke_event({**_envelope(sandbox), "region": "eu-west-1"}) == []


@pytest.mark.usefixtures("deployment")
def test_a_disabled_rule_wakes_nobody(sandbox: Sandbox, iam: Any, user: str) -> None:
    """Neither by an event nor by hand."""
    events = sandbox.client("events")
    before = len(sandbox.control.invocations())
    for rule in (REACT, TICK):
        events.disable_rule(Name=rule)
    try:
        iam.tag_user(UserName=user, Tags=[{"Key": "say", "Value": "x"}])
        assert _since(sandbox, before) == []
        with pytest.raises(SandboxError, match="DISABLED"):
            sandbox.control.fire_schedule(TICK)
    finally:
        for rule in (REACT, TICK):
            events.enable_rule(Name=rule)


@pytest.mark.usefixtures("deployment")
def test_a_function_whose_policy_lets_no_rule_in_is_not_invoked(
    sandbox: Sandbox, iam: Any, user: str
) -> None:
    """The list of invocations says so; nothing ran."""
    client = sandbox.client("lambda")
    policy = json.loads(client.get_policy(FunctionName="probe-dev-react")["Policy"])
    [statement] = policy["Statement"]
    client.remove_permission(FunctionName="probe-dev-react", StatementId=statement["Sid"])
    before = len(sandbox.control.invocations())
    try:
        iam.tag_user(UserName=user, Tags=[{"Key": "say", "Value": "x"}])
        sandbox.control.settle(20)
        [kept_out] = sandbox.control.invocations()[before:]
        assert kept_out["attempt"] == 0
        assert "resource policy" in kept_out["error"]
    finally:
        client.add_permission(
            FunctionName="probe-dev-react",
            StatementId=statement["Sid"],
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )


@pytest.mark.usefixtures("deployment")
def test_a_targets_own_input_is_what_the_function_gets(sandbox: Sandbox, iam: Any) -> None:
    """A constant, whatever the event was."""
    events = sandbox.client("events")
    arn = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:probe-dev-ask"
    rule = events.put_rule(
        Name="constant",
        EventPattern=json.dumps({"source": ["aws.iam"], "detail": {"eventName": ["CreateGroup"]}}),
    )["RuleArn"]
    sandbox.client("lambda").add_permission(
        FunctionName="probe-dev-ask",
        StatementId="constant",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(
        Rule="constant", Targets=[{"Id": "1", "Arn": arn, "Input": '{"say": "constant"}'}]
    )
    try:
        before = len(sandbox.control.invocations())
        iam.create_group(GroupName="wakes-the-constant")
        assert _since(sandbox, before) == ["probe-dev-ask"]
        assert sandbox.control.invocations()[-1]["ok"]
    finally:
        events.remove_targets(Rule="constant", Ids=["1"])
        events.delete_rule(Name="constant")


def test_a_schedule_goes_off_when_told(sandbox: Sandbox, deployment: Deployment) -> None:
    """With the event that EventBridge makes for a schedule."""
    [arn] = sandbox.control.fire_schedule(TICK)
    assert arn.endswith(":function:probe-dev-tick")
    sandbox.control.settle(20)
    said = [m for m in deployment.log_events("tick") if m.startswith('{"tick"')]
    event = json.loads(said[-1])["tick"]
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
    assert event["resources"] == [f"arn:aws:events:us-east-1:{sandbox.account}:rule/{TICK}"]
    assert event["detail"] == {}


@pytest.mark.usefixtures("deployment")
def test_a_schedule_goes_off_on_time(sandbox: Sandbox) -> None:
    """A minute's rate, on a clock that runs a hundred times as fast: each 0.6 s, and no oftener."""
    before = len(sandbox.control.invocations())

    def ticks() -> int:
        begun = sandbox.control.invocations()[before:]
        return sum(each["function"] == "probe-dev-tick" for each in begun)

    began = time.monotonic()
    sandbox.control.set_schedule_speed(100)
    try:
        while ticks() < 3:
            assert time.monotonic() < began + 60, "it does not go off"
            time.sleep(0.1)
    finally:
        sandbox.control.set_schedule_speed(1)
    periods = (time.monotonic() - began) / 0.6
    sandbox.control.settle(20)
    assert ticks() <= periods


def test_a_schedule_that_is_not_there_cannot_go_off(sandbox: Sandbox) -> None:
    """Nor can a rule without a schedule."""
    for rule in ("none", REACT):
        with pytest.raises(SandboxError, match="no rule"):
            sandbox.control.fire_schedule(rule)


def test_cron_is_refused_loudly(sandbox: Sandbox) -> None:
    """Not kept and never fired."""
    events = sandbox.client("events")
    with refused("NotImplementedInSandbox", "cron(0 12 * * ? *)"):
        events.put_rule(Name="noon", ScheduleExpression="cron(0 12 * * ? *)")
    assert "noon" not in [rule["Name"] for rule in events.list_rules()["Rules"]]


def test_a_pattern_has_2048_characters(sandbox: Sandbox) -> None:
    """A longer one needs a quota that an account does not have by default."""
    pattern = json.dumps({"detail": {"eventName": ["x" * 100] * 20}})
    with refused("LimitExceededException"):
        sandbox.client("events").put_rule(Name="long", EventPattern=pattern)


def test_targets_that_would_never_be_reached_are_refused(sandbox: Sandbox) -> None:
    """Topics, queues in order, and what transforms the input, are not played."""
    events = sandbox.client("events")
    function = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:x"
    topic = f"arn:aws:sns:us-east-1:{sandbox.account}:x"
    queue = f"arn:aws:sqs:us-east-1:{sandbox.account}:x.fifo"
    for target in (
        {"Id": "1", "Arn": topic},
        {"Id": "1", "Arn": queue},
        {"Id": "1", "Arn": function, "InputPath": "$.detail"},
    ):
        with refused("NotImplementedInSandbox"):
            events.put_targets(Rule="x", Targets=[target])


@pytest.mark.usefixtures("deployment")
def test_events_of_ones_own_reach_the_rules(sandbox: Sandbox) -> None:
    """PutEvents with a source of one's own; a rule about IAM is not woken by it."""
    before = len(sandbox.control.invocations())
    answer = sandbox.client("events").put_events(
        Entries=[
            {"Source": "mine", "DetailType": "x", "Detail": '{"eventName": "TagUser"}'},
            {"Source": "mine", "DetailType": "x", "Detail": "not JSON"},
        ]
    )
    assert answer["Entries"][0]["EventId"]
    assert answer["Entries"][1]["ErrorCode"] == "MalformedDetail"
    assert _since(sandbox, before) == []


def test_the_bus_is_fed_by_nobody_in_the_name_of_aws(sandbox: Sandbox) -> None:
    """PutEvents refuses the sources of AWS, entry by entry."""
    answer = sandbox.client("events").put_events(
        Entries=[{"Source": "aws.iam", "DetailType": "x", "Detail": "{}"}]
    )
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0]["ErrorCode"] == "NotAuthorizedForSourceException"
