"""Nothing is lost: queues and alarms on top of a deployed stage, and what lies in the queues."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from reactor.names import (
    Function,
    failed_queue,
    function_name,
    operations_stack,
    rule_name,
    undelivered_queue,
)
from sandbox import Sandbox
from tests.end_to_end.stage import Stage, deploy_into, staged

PROD = "prod"
# With all functions that a stage may have.
SETTINGS = {
    "REACTOR_MODE": "enforce",
    "REACTOR_BUCKETS": "true",
    "REACTOR_CONFIG_RULES": "mfa",
    "REACTOR_NOTICE_BUS": "default",
}
RULED = tuple(each for each in Function if each.has_rule)
STACK = operations_stack(PROD)
WRITES = {"PutTargets", "CreateStack", "UpdateStack", "PutFunctionEventInvokeConfig"}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Stage prod with its operations; each test leaves both in order."""
    with staged(SETTINGS) as deployed:
        ran = deployed.command("operations", "apply")
        assert (ran.status, ran.stderr) == (0, "")
        yield deployed


def arn(stage: Stage, queue: str) -> str:
    """A queue's ARN."""
    return f"arn:aws:sqs:us-east-1:{stage.sandbox.account}:{queue}"


def dead_letter_queues(stage: Stage) -> dict[str, Any]:
    """Each rule's dead-letter queue, None where its target has none."""
    events = stage.sandbox.client("events")
    found = {}
    for function in RULED:
        [target] = events.list_targets_by_rule(Rule=rule_name(PROD, function))["Targets"]
        found[str(function)] = target.get("DeadLetterConfig", {}).get("Arn")
    return found


def event_settings(stage: Stage) -> dict[str, tuple[Any, ...]]:
    """Each function's tries, age and destination for events that fail."""
    found = {}
    for function in Function:
        name = function_name(PROD, function)
        config = stage.functions.get_function_event_invoke_config(FunctionName=name)
        found[str(function)] = (
            config["MaximumRetryAttempts"],
            config["MaximumEventAgeInSeconds"],
            config["DestinationConfig"]["OnFailure"]["Destination"],
        )
    return found


def everywhere(value: Any, functions: Iterable[Function] = Function) -> dict[str, Any]:
    """The same for each function."""
    return {str(function): value for function in functions}


def assert_all_there(stage: Stage) -> None:
    """Every rule has its queue, every function its destination, and the stack stands."""
    assert dead_letter_queues(stage) == everywhere(arn(stage, undelivered_queue(PROD)), RULED)
    assert event_settings(stage) == everywhere((2, 21600, arn(stage, failed_queue(PROD))))
    [stack] = stage.sandbox.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"]
    assert stack["StackStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


def waiting(stage: Stage, queue: str) -> int:
    """How many messages lie in a queue and are not hidden."""
    sqs = stage.sandbox.client("sqs")
    attributes = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )["Attributes"]
    return int(attributes["ApproximateNumberOfMessages"])


def writes_since(stage: Stage, before: int) -> set[str]:
    """The operations' own writes among the records since then; an update of nothing is refused."""
    records = stage.sandbox.control.records()[before:]
    return {each["eventName"] for each in records if "errorCode" not in each} & WRITES


def test_apply_makes_the_queues_as_they_should_be(stage: Stage) -> None:
    """Encrypted, kept for 14 days, no plain text; only this stage's rules may send dead letters."""
    assert_all_there(stage)
    sqs = stage.sandbox.client("sqs")
    for name in (undelivered_queue(PROD), failed_queue(PROD)):
        url = sqs.get_queue_url(QueueName=name)["QueueUrl"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        assert found["MessageRetentionPeriod"] == str(14 * 24 * 60 * 60)
        assert found["SqsManagedSseEnabled"] == "true"
        statements = json.loads(found["Policy"])["Statement"]
        allowed = [each for each in statements if each["Effect"] == "Allow"]
        denied = [each for each in statements if each["Effect"] == "Deny"]
        assert [each["Condition"] for each in denied] == [
            {"Bool": {"aws:SecureTransport": "false"}}
        ]
        if name == failed_queue(PROD):
            assert allowed == []
            continue
        [statement] = allowed
        assert statement["Principal"] == {"Service": "events.amazonaws.com"}
        assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [
            f"arn:aws:events:us-east-1:{stage.sandbox.account}:rule/{rule_name(PROD, each)}"
            for each in RULED
        ]


def test_each_alarm_looks_at_something_and_tells_somebody(stage: Stage) -> None:
    """Names of queues, functions, rules and metrics are the stage's; all notify one topic."""
    alarms = {
        each["AlarmName"].removeprefix("mfa-reactor-prod-"): each
        for each in stage.sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    }
    topic = f"arn:aws:sns:us-east-1:{stage.sandbox.account}:mfa-reactor-prod-alarms"
    assert {tuple(each["AlarmActions"]) for each in alarms.values()} == {(topic,)}
    watched = {
        name: (
            f"{each['Namespace']}/{each['MetricName']}",
            *(f"{one['Name']}={one['Value']}" for one in each["Dimensions"]),
        )
        for name, each in alarms.items()
    }
    depth = "AWS/SQS/ApproximateNumberOfMessagesVisible"
    expected: dict[str, tuple[str, ...]] = {
        "undelivered-waiting": (depth, f"QueueName={undelivered_queue(PROD)}"),
        "failed-waiting": (depth, f"QueueName={failed_queue(PROD)}"),
        "sweep-missing": ("MfaReactor/Sweeps", "service=mfa-reactor", "stage=prod"),
        "sweep-drift": ("MfaReactor/Drift", "service=mfa-reactor", "stage=prod"),
        "reported": ("MfaReactor/Alarms", "service=mfa-reactor", "stage=prod"),
    }
    for function in Function:
        name = f"FunctionName={function_name(PROD, function)}"
        expected |= {
            f"{function}-errors": ("AWS/Lambda/Errors", name),
            f"{function}-failures-lost": ("AWS/Lambda/DestinationDeliveryFailures", name),
        }
    for function in RULED:
        rule = f"RuleName={rule_name(PROD, function)}"
        lost = "AWS/Events/InvocationsFailedToBeSentToDlq"
        expected[f"{function}-dead-letters-lost"] = (lost, rule)
    assert watched == expected
    missing = alarms["sweep-missing"]
    assert (missing["Period"], missing["EvaluationPeriods"]) == (15 * 60, 3)
    assert missing["TreatMissingData"] == "breaching"
    assert (missing["Statistic"], missing["Threshold"]) == ("Sum", 1)
    drift = alarms["sweep-drift"]
    assert (drift["Period"], drift["EvaluationPeriods"]) == (15 * 60, 3)
    assert (drift["Statistic"], drift["Threshold"], drift["DatapointsToAlarm"]) == ("Maximum", 3, 2)
    assert drift["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    assert drift["TreatMissingData"] == "notBreaching"
    # Some raise errors on purpose, each event's within three minutes; the others never do.
    assert {each: errors_that_alarm(alarms[f"{each}-errors"]) for each in Function} == {
        Function.REACT: (10, 300, 3),
        Function.REVIEW: (10, 300, 3),
        Function.KEEPER: (10, 300, 3),
        Function.BUCKETS: (10, 300, 3),
        Function.WATCH: (3, 900, 1),
        Function.SWEEP: (3, 900, 1),
        Function.CONFIG: (3, 900, 1),
        Function.COMPLIANCE: (3, 900, 1),
        Function.NOTIFY: (3, 900, 1),
    }


def errors_that_alarm(alarm: Any) -> tuple[float, int, int]:
    """How many errors, in how many seconds, how many times in a row."""
    return alarm["Threshold"], alarm["Period"], alarm["EvaluationPeriods"]


def test_the_alarm_on_missing_sweeps_looks_where_they_are_counted(stage: Stage) -> None:
    """A sweep of the schedule counts, one that another function asked for does not."""
    [alarm] = stage.sandbox.client("cloudwatch").describe_alarms(
        AlarmNames=["mfa-reactor-prod-sweep-missing"]
    )["MetricAlarms"]

    def counted() -> list[dict[str, Any]]:
        lines = [each for each in stage.deployment.log_events("sweep") if '"Sweeps"' in each]
        return [json.loads(line) for line in lines]

    before = len(counted())
    stage.invoke("sweep", {"asked_by": "a-test", "asked_at": "2024-01-01T00:00:00+00:00"})
    assert len(counted()) == before
    stage.sweep()
    [found] = counted()[before:]
    [metrics] = found["_aws"]["CloudWatchMetrics"]
    [dimensions] = metrics["Dimensions"]
    assert (found["Sweeps"], metrics["Namespace"]) == ([1.0], alarm["Namespace"])
    assert {name: found[name] for name in dimensions} == {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    }


def test_the_alarm_on_drift_looks_where_sweeps_count_it(stage: Stage) -> None:
    """A user whose event was lost is one for the sweep that finds it, and none for the next."""
    [alarm] = stage.sandbox.client("cloudwatch").describe_alarms(
        AlarmNames=["mfa-reactor-prod-sweep-drift"]
    )["MetricAlarms"]

    def found_by_a_sweep() -> dict[str, Any]:
        stage.sweep()
        lines = [each for each in stage.deployment.log_events("sweep") if '"Drift"' in each]
        counted: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return max(counted, key=lambda each: int(each["_aws"]["Timestamp"]))

    stage.sweep()
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="drifting")
    stage.settle()
    found = found_by_a_sweep()
    [metrics] = found["_aws"]["CloudWatchMetrics"]
    [dimensions] = metrics["Dimensions"]
    assert (found["Drift"], metrics["Namespace"]) == ([1.0], alarm["Namespace"])
    assert {name: found[name] for name in dimensions} == {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    }
    assert found_by_a_sweep()["Drift"] == [0.0]


def test_the_alarm_on_alarm_records_looks_where_the_functions_count(stage: Stage) -> None:
    """A metric with other dimensions is another metric, and the alarm would never go off."""
    stage.new_user("counted")
    lines = [each for each in stage.deployment.log_events("react") if '"_aws"' in each]
    counted = json.loads(lines[-1])
    [metrics] = counted["_aws"]["CloudWatchMetrics"]
    [dimensions] = metrics["Dimensions"]
    [alarm] = stage.sandbox.client("cloudwatch").describe_alarms(
        AlarmNames=["mfa-reactor-prod-reported"]
    )["MetricAlarms"]
    assert metrics["Namespace"] == alarm["Namespace"]
    assert {name: counted[name] for name in dimensions} == {
        each["Name"]: each["Value"] for each in alarm["Dimensions"]
    }


def test_what_is_in_order_is_left_alone(stage: Stage) -> None:
    """A second apply writes nothing at all, and says so."""
    before = len(stage.sandbox.control.records())
    ran = stage.command("operations", "apply")
    assert (ran.status, ran.stderr) == (0, "")
    assert f"stack {STACK}: as it was" in ran.stdout
    assert ran.stdout.count("as they were") == 2
    assert writes_since(stage, before) == set()


def test_chalice_drops_the_rules_queues_and_apply_sets_them_again(stage: Stage) -> None:
    """That is why apply comes after every deploy; the destinations stay by themselves."""
    kept = event_settings(stage)
    stage.deployment.redeploy({})
    assert dead_letter_queues(stage) == everywhere(None, RULED)
    assert event_settings(stage) == kept
    before = len(stage.sandbox.control.records())
    ran = stage.command("operations", "apply")
    assert ran.status == 0
    assert "dead-letter queues: set on mfa-reactor-prod-react-event" in ran.stdout
    assert writes_since(stage, before) == {"PutTargets"}
    assert_all_there(stage)


def test_deploying_twice_leaves_all_there(stage: Stage) -> None:
    """`make deploy` is chalice deploy and operations apply."""
    for _ in range(2):
        ran = stage.shell(f"make deploy STAGE={PROD}")
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert_all_there(stage)


def test_make_deploy_without_a_stage_is_one_line(stage: Stage) -> None:
    """It says what to type, and deploys nothing."""
    before = len(stage.sandbox.control.records())
    ran = stage.shell("make deploy")
    assert ran.returncode != 0
    assert "make deploy STAGE=" in ran.stdout + ran.stderr
    assert len(stage.sandbox.control.records()) == before


def test_whom_to_notify_is_kept_until_it_is_said_anew(stage: Stage) -> None:
    """A topic given once stays through later applies; an empty one takes it off again."""
    sns = stage.sandbox.client("sns")
    topic = sns.create_topic(Name="on-call")["TopicArn"]
    cloudwatch = stage.sandbox.client("cloudwatch")

    def notified() -> set[str]:
        alarms = cloudwatch.describe_alarms()["MetricAlarms"]
        return {action for each in alarms for action in each["AlarmActions"]}

    given = ("--topic", topic, "--email", "ops@example.com")
    assert stage.command("operations", "apply", *given).status == 0
    assert notified() == {topic}
    ran = stage.command("operations", "apply")
    assert f"alarms notify {topic}" in ran.stdout
    assert "as it was" in ran.stdout
    [mailbox] = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert (mailbox["Protocol"], mailbox["Endpoint"]) == ("email", "ops@example.com")
    assert stage.command("operations", "apply", "--topic", "", "--email", "").status == 0
    [own] = notified()
    assert own.endswith(":mfa-reactor-prod-alarms")
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"] == []


def test_a_destination_that_was_lost_is_put_back(stage: Stage) -> None:
    """CloudFormation does not see that it went with a function that was deleted."""
    name = function_name(PROD, Function.REVIEW)
    stage.functions.delete_function_event_invoke_config(FunctionName=name)
    ran = stage.command("operations", "apply")
    assert f"on-failure destinations: put back on {name}" in ran.stdout
    assert_all_there(stage)


def test_tries_that_were_taken_away_are_put_back(stage: Stage) -> None:
    """The destination still stands, and would get each event that failed once."""
    name = function_name(PROD, Function.REACT)
    stage.functions.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    ran = stage.command("operations", "apply")
    assert f"on-failure destinations: put back on {name}" in ran.stdout
    assert_all_there(stage)


def test_what_a_function_failed_on_is_settled_once_it_is_mended(stage: Stage) -> None:
    """Until then it stays, and redrive says why; then the user is guarded and the queue empty."""
    name = function_name(PROD, Function.REACT)
    right = stage.functions.get_function_configuration(FunctionName=name)["Environment"]
    wrong = {"Variables": {**right["Variables"], "REACTOR_SCOPE": "all"}}
    stage.functions.update_function_configuration(FunctionName=name, Environment=wrong)
    stage.iam.create_user(UserName="failed")
    stage.settle()
    assert stage.policies("failed") == set()
    assert waiting(stage, failed_queue(PROD)) == 1
    ran = stage.command("redrive")
    assert (ran.status, ran.stdout.splitlines()[-1]) == (1, "0 settled, 1 left")
    assert f"left     {failed_queue(PROD)} " in ran.stdout
    assert "react failed again: " in ran.stdout
    assert waiting(stage, failed_queue(PROD)) == 1
    stage.functions.update_function_configuration(FunctionName=name, Environment=right)
    ran = stage.command("redrive")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "1 settled, 0 left"
    assert waiting(stage, failed_queue(PROD)) == 0
    assert stage.is_guarded("failed")


def test_what_could_not_be_delivered_is_settled_once_it_is_mended(stage: Stage) -> None:
    """A function that let its rule not in for a while gets the event after all."""
    name = function_name(PROD, Function.REACT)
    [statement] = json.loads(stage.functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    stage.functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    stage.iam.create_user(UserName="undelivered")
    stage.settle()
    assert stage.policies("undelivered") == set()
    assert waiting(stage, undelivered_queue(PROD)) == 1
    stage.functions.add_permission(
        FunctionName=name,
        StatementId=statement["Sid"],
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    )
    ran = stage.command("redrive")
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[-1] == "1 settled, 0 left"
    assert waiting(stage, undelivered_queue(PROD)) == 0
    assert stage.is_guarded("undelivered")


def test_of_many_failed_sweeps_one_is_run(stage: Stage) -> None:
    """It looks at everybody; ten in a row would change ten times what the brake lets one change."""
    sqs = stage.sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName=failed_queue(PROD))["QueueUrl"]
    arn_of_sweep = (
        f"arn:aws:lambda:us-east-1:{stage.sandbox.account}:function:"
        f"{function_name(PROD, Function.SWEEP)}"
    )
    for _ in range(3):
        record = {"requestContext": {"functionArn": f"{arn_of_sweep}:$LATEST"}}
        sqs.send_message(QueueUrl=url, MessageBody=json.dumps(record | {"requestPayload": {}}))
    before = len(stage.attempts("sweep"))
    ran = stage.command("redrive")
    assert (ran.status, ran.stdout.splitlines()[-1]) == (0, "3 settled, 0 left")
    assert len(stage.attempts("sweep")) == before + 1


def test_a_stack_that_was_never_made_must_be_deleted_first() -> None:
    """The first line has the resource's own reason, the next says what to do with what is left."""
    with Sandbox.start() as sandbox:
        stage = Stage(sandbox, deploy_into(sandbox, SETTINGS))
        name = function_name(PROD, Function.WATCH)
        iam = stage.iam
        [policy] = iam.list_role_policies(RoleName=name)["PolicyNames"]
        document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
        without = json.dumps(document).replace("sqs:SendMessage", "sqs:GetQueueUrl")
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=without)
        ran = stage.command("operations", "apply")
        assert ran.status == 1
        assert "WatchEvents: " in ran.error_line
        assert f"delete-stack --stack-name {STACK}" in ran.error_line
        iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=json.dumps(document))
        ran = stage.command("operations", "apply")
        assert ran.status == 1
        assert f"the stack {STACK} is in ROLLBACK_COMPLETE" in ran.error_line
        sandbox.client("cloudformation").delete_stack(StackName=STACK)
        assert stage.command("operations", "apply").status == 0
        assert_all_there(stage)
