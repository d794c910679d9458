"""infra/notifications.yaml: fits the function it feeds, and has the names of reactor.names."""

import json
from pathlib import Path
from typing import Any

import pytest

from reactor.names import Function, failed_notifications, function_name, notifications
from sandbox.cloudformation.template import parse

ROOT = Path(__file__).parents[2]


def plain(value: Any) -> Any:
    """Return a value with each function's argument in the function's place."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if not isinstance(value, dict):
        return value
    for name, argument in value.items():
        if name.startswith("Fn::"):
            return plain(argument)
    return {name: plain(each) for name, each in value.items()}


@pytest.fixture(scope="module")
def resources() -> dict[str, Any]:
    """Return the properties of the template's resources."""
    template = parse((ROOT / "infra" / "notifications.yaml").read_text())
    declared = template.section("Resources")
    return {name: plain(each["Properties"]) for name, each in declared.items()}


@pytest.fixture(scope="module", params=["dev", "prod"])
def function(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Return how a stage has the function."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    found: dict[str, Any] = config["stages"][request.param]["lambda_functions"]["compliance"]
    return found


def test_a_message_is_hidden_six_times_as_long_as_the_function_may_take(
    resources: dict[str, Any], function: dict[str, Any]
) -> None:
    """As Lambda's developer guide wants it; Lambda refuses less than once."""
    assert resources["Queue"]["VisibilityTimeout"] == 6 * function["lambda_timeout"]


def test_the_queue_leaves_room_for_what_comes_another_way(
    resources: dict[str, Any], function: dict[str, Any]
) -> None:
    """A batch that finds no room is received in vain, and is a dead letter after some."""
    at_once = resources["FromQueue"]["ScalingConfig"]["MaximumConcurrency"]
    assert 2 <= at_once < function["reserved_concurrency"]
    assert resources["Queue"]["RedrivePolicy"]["maxReceiveCount"] >= 5


def test_what_is_given_back_is_heeded(resources: dict[str, Any]) -> None:
    """Without this, Lambda would delete it."""
    assert resources["FromQueue"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert resources["FromQueue"]["BatchSize"] == 10


def let_in(policy: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return whom a policy lets in: the service, the action, where, and on which condition."""
    return [
        (each["Principal"]["Service"], each["Action"], each["Resource"], each.get("Condition"))
        for each in map(only, policy["PolicyDocument"]["Statement"])
        if each["Effect"] == "Allow"
    ]


def only(statement: Any) -> Any:
    """Return a statement that is there under a condition of the template."""
    return statement[1] if isinstance(statement, list) else statement


TOPIC = ["NewTopic", {"Ref": "Topic"}, {"Ref": "TopicArn"}]
RULES = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/*"


def test_the_topic_lets_in_what_aws_config_sends_of_this_account(resources: dict[str, Any]) -> None:
    """And nobody else's; EventBridge is not let in, as no condition can keep it to the account."""
    of_this_account = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert let_in(resources["TopicPolicy"]) == [
        ("config.amazonaws.com", "sns:Publish", {"Ref": "Topic"}, of_this_account)
    ]


def test_the_queue_lets_in_its_topic_and_the_rules_of_this_account(
    resources: dict[str, Any],
) -> None:
    """By the name that SNS has there, and nobody else's."""
    send = ("sqs:SendMessage", ["Queue", "Arn"])
    assert let_in(resources["QueuePolicy"]) == [
        ({"Ref": "TopicService"}, *send, {"ArnEquals": {"aws:SourceArn": TOPIC}}),
        ("events.amazonaws.com", *send, {"ArnLike": {"aws:SourceArn": RULES}}),
    ]


def test_the_function_lets_in_its_topic_alone(resources: dict[str, Any]) -> None:
    """By the name that SNS has there."""
    permission = resources["LetTopicIn"]
    assert permission["SourceArn"] == TOPIC
    assert permission["Principal"] == {"Ref": "TopicService"}
    assert permission["Action"] == "lambda:InvokeFunction"


def test_names(resources: dict[str, Any]) -> None:
    """Those by which the roles, the watch and the documents go."""
    stage = "${Stage}"
    assert resources["Queue"]["QueueName"] == notifications(stage)
    assert resources["Topic"]["TopicName"] == notifications(stage)
    assert resources["DeadLetters"]["QueueName"] == failed_notifications(stage)
    name = function_name(stage, Function.COMPLIANCE)
    assert resources["FromQueue"]["FunctionName"] == resources["LetTopicIn"]["FunctionName"] == name
    assert resources["ToFunction"]["Endpoint"].endswith(f":function:{name}")
    assert resources["GivenUp"]["AlarmName"] == f"{failed_notifications(stage)}-waiting"
