"""Notices of AWS Config's rules, from EventBridge, a topic and queues, to the guard on the user."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from reactor.names import failed_notifications, failed_queue, notifications
from tests.end_to_end.stage import PROJECT, Stage, staged

PROD, RULE = "prod", "mfa-enabled-for-users"
PAGE = (PROJECT / "docs" / "notifications.md").read_text()
# What people are told to type: for a queue, and for a topic through it.
QUEUE_ALONE, TOPIC_TOO = re.findall(r"^    (aws cloudformation deploy .*)$", PAGE, re.MULTILINE)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Stage prod, which acts on one rule, with its operations, and a topic through its queue."""
    with staged({"REACTOR_MODE": "enforce", "REACTOR_CONFIG_RULES": RULE}) as deployed:
        ran = deployed.command("operations", "apply")
        assert (ran.status, ran.stderr) == (0, "")
        typed(deployed, QUEUE_ALONE)
        typed(deployed, TOPIC_TOO)
        yield deployed


def typed(stage: Stage, command: str) -> None:
    """Type what the documentation says."""
    ran = stage.shell(command)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def weakened(stage: Stage, *names: str) -> list[str]:
    """Make users whose guard was taken off while no event told of it; return their ids."""
    ids = []
    for name in names:
        stage.new_user(name)
        stage.sandbox.control.lose_next_event("DetachUserPolicy")
        stage.iam.detach_user_policy(UserName=name, PolicyArn=stage.guard)
        assert not stage.is_guarded(name)
        ids.append(stage.iam.get_user(UserName=name)["User"]["UserId"])
    return ids


def notice(user_id: str, rule: str = RULE) -> dict[str, str]:
    """Say that a rule found a user amiss, as tools do."""
    return {
        "configRuleName": rule,
        "resourceType": "AWS::IAM::User",
        "resourceId": user_id,
        "region": "us-east-1",
    }


def queue_url(stage: Stage, name: str) -> str:
    """Return a queue's URL."""
    return str(stage.sandbox.client("sqs").get_queue_url(QueueName=name)["QueueUrl"])


def send(stage: Stage, *bodies: str) -> None:
    """Send messages to the stage's queue in one call, and wait until they are handled."""
    entries = [{"Id": str(place), "MessageBody": body} for place, body in enumerate(bodies)]
    stage.sandbox.client("sqs").send_message_batch(
        QueueUrl=queue_url(stage, notifications(PROD)), Entries=entries
    )
    stage.sandbox.control.settle(150)


def left(stage: Stage, name: str = "") -> tuple[int, int]:
    """Return how many messages of a queue can be seen, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = stage.sandbox.client("sqs").get_queue_attributes(
        QueueUrl=queue_url(stage, name or notifications(PROD)), AttributeNames=names
    )["Attributes"]
    visible, hidden = (int(found[each]) for each in names)
    return visible, hidden


def records_since(stage: Stage, before: int) -> list[dict[str, Any]]:
    """Return the function's records since there were so many."""
    return stage.records("compliance")[before:]


def test_an_event_of_aws_config(stage: Stage) -> None:
    """It has the user's id and no name; the record says which rule said so."""
    [user_id] = weakened(stage, "by-event")
    woken = stage.sandbox.control.compliance_change(
        RULE, "AWS::IAM::User", user_id, "NON_COMPLIANT"
    )
    assert [each.rpartition("-")[2] for each in woken] == ["compliance"]
    stage.settle()
    assert stage.is_guarded("by-event")
    [record] = stage.records_of("by-event", "compliance")
    assert record["trigger"] == {
        "kind": "compliance",
        "event": None,
        "rule": RULE,
        "message": None,
    }
    assert record["subject"]["id"] == user_id
    assert record["verdict"]["compliance"] == "NON_COMPLIANT"


@pytest.mark.parametrize(
    ("rule", "compliance"), [("another-rule", "NON_COMPLIANT"), (RULE, "COMPLIANT")]
)
def test_what_need_not_be_looked_at_wakes_nobody(stage: Stage, rule: str, compliance: str) -> None:
    """Another rule's finding, and what is in order."""
    control = stage.sandbox.control
    assert control.compliance_change(rule, "AWS::IAM::User", "AIDA1", compliance) == []


def test_a_topic_through_the_stages_queue(stage: Stage) -> None:
    """A notice of AWS Config's own, as its delivery channel publishes it."""
    [user_id] = weakened(stage, "by-topic")
    detail = {
        "awsAccountId": stage.sandbox.account,
        "configRuleName": RULE,
        "resourceType": "AWS::IAM::User",
        "resourceId": user_id,
        "awsRegion": "us-east-1",
        "messageType": "ComplianceChangeNotification",
        "newEvaluationResult": {"complianceType": "NON_COMPLIANT"},
    }
    topic = f"arn:aws:sns:us-east-1:{stage.sandbox.account}:{notifications(PROD)}"
    stage.sandbox.client("sns").publish(TopicArn=topic, Message=json.dumps(detail))
    stage.settle()
    assert stage.is_guarded("by-topic")
    [record] = stage.records_of("by-topic", "compliance")
    assert record["trigger"]["message"]
    assert left(stage) == (0, 0)


def test_a_topic_without_a_queue(stage: Stage) -> None:
    """Somebody else's topic invokes the function, which lets it in."""
    [user_id] = weakened(stage, "directly")
    sns = stage.sandbox.client("sns")
    topic = sns.create_topic(Name="theirs")["TopicArn"]
    another = QUEUE_ALONE.replace(notifications(PROD), "direct")
    typed(stage, f"{another} TopicArn={topic} QueueArn=")
    sns.publish(TopicArn=topic, Message=json.dumps([notice(user_id)]))
    stage.settle()
    assert stage.is_guarded("directly")
    [record] = stage.records_of("directly", "compliance")
    assert record["trigger"]["message"] is None


def test_a_rule_of_eventbridge_that_sends_to_the_queue(stage: Stage) -> None:
    """The queue lets the account's rules in: tools need not speak SQS."""
    [user_id] = weakened(stage, "by-rule")
    events = stage.sandbox.client("events")
    events.put_rule(Name="a-tools", EventPattern=json.dumps({"source": ["a.tool"]}))
    arn = f"arn:aws:sqs:us-east-1:{stage.sandbox.account}:{notifications(PROD)}"
    said = json.dumps([notice(user_id)])
    events.put_targets(Rule="a-tools", Targets=[{"Id": "1", "Arn": arn, "Input": said}])
    events.put_events(Entries=[{"Source": "a.tool", "DetailType": "found", "Detail": "{}"}])
    stage.settle()
    assert stage.is_guarded("by-rule")
    [record] = stage.records_of("by-rule", "compliance")
    assert record["trigger"]["message"]
    assert left(stage) == (0, 0)


@pytest.mark.parametrize("by", ["a queue", "itself"])
def test_a_topic_of_an_opt_in_region(stage: Stage, by: str) -> None:
    """It comes as that region's SNS, which is let in where it is named."""
    name = f"far-by-{by.rpartition(' ')[2]}"
    [user_id] = weakened(stage, name)
    sns = stage.sandbox.client("sns", "ap-east-1")
    topic = sns.create_topic(Name=name)["TopicArn"]
    stack = TOPIC_TOO.replace("TopicArn=new", f"TopicArn={topic}")
    if by == "itself":
        stack = f"{stack} QueueArn=".replace(notifications(PROD), name)
    for service, arrives in (("sns", False), ("sns.ap-east-1", True)):
        typed(stage, f"{stack} TopicService={service}.amazonaws.com")
        sns.publish(TopicArn=topic, Message=json.dumps([notice(user_id)]))
        stage.settle()
        assert stage.is_guarded(name) is arrives
    if by == "a queue":
        typed(stage, f"{TOPIC_TOO} TopicService=sns.amazonaws.com")


def test_a_list_in_the_queue(stage: Stage) -> None:
    """Each of its items is settled, ours and others'."""
    before = len(stage.records("compliance"))
    ids = weakened(stage, "listed-1", "listed-2")
    items = [notice(ids[0]), notice(ids[1]), notice(ids[0], "another-rule"), notice("AIDAGONE")]
    send(stage, json.dumps(items))
    assert stage.is_guarded("listed-1")
    assert stage.is_guarded("listed-2")
    found = records_since(stage, before)
    assert [each["ignored"] for each in found if "ignored" in each] == [
        "the rule another-rule is not in REACTOR_CONFIG_RULES"
    ]
    rules = [each["verdict"]["rule"] for each in found if "verdict" in each]
    assert sorted(rules) == ["gone", "must-carry-guard", "must-carry-guard"]
    assert left(stage) == (0, 0)


def test_poison_is_settled(stage: Stage) -> None:
    """It is recorded with its message's id, and does not come back."""
    before = len(stage.records("compliance"))
    send(stage, "not JSON", "{}")
    told = records_since(stage, before)
    assert len(told) == 2
    assert all(each["trigger"]["message"] and each["ignored"] for each in told)
    assert left(stage) == (0, 0)


def test_of_ten_seven_are_settled_and_three_come_back(stage: Stage) -> None:
    """Until their users can be read again; nothing is asked twice of the others."""
    names = [f"ten-{number}" for number in range(10)]
    poisoned = names[2:10:3]
    ids = weakened(stage, *names)
    before = len(stage.attempts("compliance"))
    stage.sandbox.control.set_failures(1, operations=["GetUser"], users=poisoned)
    try:
        send(stage, *(json.dumps(notice(each)) for each in ids))
    finally:
        stage.sandbox.control.set_failures(0)
    assert [each["ok"] for each in stage.attempts("compliance")[before:]] == [True]
    assert [name for name in names if not stage.is_guarded(name)] == poisoned
    assert left(stage) == (0, 3)
    records = len(stage.records("compliance"))
    assert stage.sandbox.control.show_hidden_messages(notifications(PROD)) == 3
    stage.settle()
    assert all(stage.is_guarded(name) for name in names)
    assert left(stage) == (0, 0)
    assert sorted(each["subject"]["name"] for each in records_since(stage, records)) == poisoned
    assert left(stage, failed_notifications(PROD)) == (0, 0)


def test_a_mapping_that_does_not_listen_loses_nothing(stage: Stage) -> None:
    """The function raises, so that all comes back, and tells what to mend; doctor does, too."""
    [mapping] = stage.functions.list_event_source_mappings(
        FunctionName="mfa-reactor-prod-compliance"
    )["EventSourceMappings"]
    stage.functions.update_event_source_mapping(UUID=mapping["UUID"], FunctionResponseTypes=[])
    ids = weakened(stage, "heard-1", "heard-2")
    stage.sandbox.control.set_failures(1, operations=["GetUser"], users=["heard-2"])
    before = len(stage.records("compliance"))
    try:
        send(stage, *(json.dumps(notice(each)) for each in ids))
    finally:
        stage.sandbox.control.set_failures(0)
    assert left(stage) == (0, 2)
    [alarm] = [each for each in records_since(stage, before) if "alarm" in each]
    assert f"--uuid {mapping['UUID']}" in alarm["remedy"]
    ran = stage.command("doctor")
    assert ran.status == 1
    assert mapping["UUID"] in "".join(ran.stdout.split())
    stage.functions.update_event_source_mapping(
        UUID=mapping["UUID"], FunctionResponseTypes=["ReportBatchItemFailures"]
    )
    stage.sandbox.control.show_hidden_messages(notifications(PROD))
    stage.settle()
    assert stage.is_guarded("heard-2")
    assert left(stage) == (0, 0)


def test_a_notice_that_fails_with_all_tries_is_redriven(stage: Stage) -> None:
    """What EventBridge brought waits in the stage's own queue, until somebody sends it again."""
    [user_id] = weakened(stage, "redriven")
    stage.sandbox.control.set_failures(1, operations=["GetUser"], users=["redriven"])
    try:
        stage.sandbox.control.compliance_change(RULE, "AWS::IAM::User", user_id, "NON_COMPLIANT")
        stage.sandbox.control.settle(150)
    finally:
        stage.sandbox.control.set_failures(0)
    assert left(stage, failed_queue(PROD)) == (1, 0)
    ran = stage.command("redrive")
    assert ran.stdout.splitlines()[-1] == "1 settled, 0 left"
    assert stage.is_guarded("redriven")


def test_the_stage_is_in_order(stage: Stage) -> None:
    """Its function has its alarms, its net for what fails, and a doctor's blessing."""
    config = stage.functions.get_function_event_invoke_config(
        FunctionName="mfa-reactor-prod-compliance"
    )
    assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(failed_queue(PROD))
    alarms = stage.sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    names = {each["AlarmName"].removeprefix("mfa-reactor-prod-") for each in alarms}
    assert {
        "compliance-errors",
        "compliance-failures-lost",
        "compliance-dead-letters-lost",
        "notifications-failed-waiting",
    } <= names
    ran = stage.command("doctor", "--json")
    findings = {each["check"]: each for each in json.loads(ran.stdout)["findings"]}
    for each in ("mappings", "queue-notifications-failed"):
        assert findings[each]["state"] == "ok"
    for each in ("rule", "function", "permission", "settings", "role"):
        assert findings[f"{each}-compliance"]["state"] == "ok"
