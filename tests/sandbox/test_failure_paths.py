"""What could be neither delivered nor handled, and where it lands."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.listening import LISTENER, listener_arn, listening
from tests.sandbox.support import Queue, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

pytestmark = pytest.mark.usefixtures("deployment")

_TAG = {"source": ["aws.iam"], "detail": {"eventName": ["TagUser"]}}


@pytest.fixture
def queue(sandbox: Sandbox, name: Any) -> Queue:
    """A queue that nobody but its account may send to."""
    return Queue(sandbox, name("queue"))


@pytest.fixture
def functions(sandbox: Sandbox) -> Iterator[Any]:
    """Lambda; afterwards the listener has no settings for events."""
    client = sandbox.client("lambda")
    yield client
    client.put_function_event_invoke_config(FunctionName=LISTENER)
    client.delete_function_event_invoke_config(FunctionName=LISTENER)
    client.delete_function_concurrency(FunctionName=LISTENER)
    sandbox.control.set_event_age_speed(1)


def _tag(sandbox: Sandbox, user: str) -> None:
    sandbox.client("iam").tag_user(UserName=user, Tags=[{"Key": "a", "Value": "b"}])
    sandbox.control.settle(20)


def _event(functions: Any, what: str) -> str:
    answer = functions.invoke(FunctionName=LISTENER, InvocationType="Event", Payload=what.encode())
    return str(answer["ResponseMetadata"]["RequestId"])


def test_an_event_for_a_function_that_is_gone_is_a_dead_letter(
    sandbox: Sandbox, queue: Queue, user: str
) -> None:
    """The event as it was, and why it is there; nothing is tried again."""
    gone = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:gone"
    dead_letters = {"Arn": queue.arn}
    with listening(sandbox, "gone", _TAG, Arn=gone, DeadLetterConfig=dead_letters) as ear:
        queue.let_in(ear.rule_arn)
        _tag(sandbox, user)
    [message] = queue.messages()
    assert json.loads(message["Body"])["detail"]["requestParameters"]["userName"] == user
    attributes = {k: v["StringValue"] for k, v in message["MessageAttributes"].items()}
    assert attributes.pop("ERROR_MESSAGE")
    assert attributes == {
        "ERROR_CODE": "NO_RESOURCE",
        "RETRY_ATTEMPTS": "0",
        "RULE_ARN": ear.rule_arn,
        "TARGET_ARN": gone,
    }


def test_an_event_for_a_function_that_lets_no_rule_in_is_a_dead_letter(
    sandbox: Sandbox, queue: Queue, user: str
) -> None:
    """With another code."""
    mute = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:probe-dev-mute"
    dead_letters = {"Arn": queue.arn}
    with listening(sandbox, "kept-out", _TAG, Arn=mute, DeadLetterConfig=dead_letters) as ear:
        queue.let_in(ear.rule_arn)
        _tag(sandbox, user)
    [message] = queue.messages()
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"


def test_a_queue_that_does_not_let_the_rule_in_gets_nothing(
    sandbox: Sandbox, queue: Queue, user: str
) -> None:
    """The event is lost, and the list of invocations says so."""
    gone = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:gone"
    before = len(sandbox.control.invocations())
    with listening(sandbox, "lost", _TAG, Arn=gone, DeadLetterConfig={"Arn": queue.arn}):
        _tag(sandbox, user)
    assert queue.messages() == []
    errors = [each["error"] or "" for each in sandbox.control.invocations()[before:]]
    assert any("its policy does not let" in error for error in errors)


def test_a_queues_policy_outlives_its_other_attributes(sandbox: Sandbox, queue: Queue) -> None:
    """A change of the timeout leaves it alone."""
    queue.let_in("arn:aws:events:us-east-1:123456789012:rule/x")
    sqs = sandbox.client("sqs")
    sqs.set_queue_attributes(QueueUrl=queue.url, Attributes={"VisibilityTimeout": "60"})
    found = sqs.get_queue_attributes(QueueUrl=queue.url, AttributeNames=["All"])["Attributes"]
    assert "rule/x" in found["Policy"]
    assert found["VisibilityTimeout"] == "60"


def test_a_queue_of_another_account_is_not_ours(sandbox: Sandbox, queue: Queue) -> None:
    """That it has the name of one of ours does not make it that."""
    sqs, name = sandbox.client("sqs"), queue.arn.rpartition(":")[2]
    url = sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId=sandbox.account)["QueueUrl"]
    assert url == sqs.get_queue_url(QueueName=name)["QueueUrl"]
    with refused("AWS.SimpleQueueService.NonExistentQueue"):
        sqs.get_queue_url(QueueName=name, QueueOwnerAWSAccountId="999999999999")


def test_a_fifo_queue_takes_neither_dead_letters_nor_failures(
    sandbox: Sandbox, functions: Any, name: Any
) -> None:
    """Both services refuse it."""
    fifo = Queue(sandbox, f"{name('queue')}.fifo", FifoQueue="true")
    target = {"Id": "1", "Arn": listener_arn(sandbox), "DeadLetterConfig": {"Arn": fifo.arn}}
    with refused("ValidationException"):
        sandbox.client("events").put_targets(Rule="x", Targets=[target])
    with refused("InvalidParameterValueException", "is invalid"):
        functions.put_function_event_invoke_config(
            FunctionName=LISTENER, DestinationConfig={"OnFailure": {"Destination": fifo.arn}}
        )


def test_what_failed_to_the_end_goes_to_the_functions_destination(
    functions: Any, queue: Queue, sandbox: Sandbox
) -> None:
    """Wrapped, with what was asked and what was answered last."""
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    request_id = _event(functions, '{"fail": "x"}')
    sandbox.control.settle(20)
    [message] = queue.messages()
    record = json.loads(message["Body"])
    assert record["version"] == "1.0"
    assert record["timestamp"].endswith("Z")
    assert record["requestContext"] == {
        "requestId": request_id,
        "functionArn": f"{listener_arn(sandbox)}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"fail": "x"}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorMessage"] == "told to fail"


def test_what_succeeds_goes_nowhere(functions: Any, queue: Queue, sandbox: Sandbox) -> None:
    """Only failures have a destination."""
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    _event(functions, '{"say": "x"}')
    sandbox.control.settle(20)
    assert queue.messages() == []


def test_how_often_an_event_is_tried_can_be_set(
    functions: Any, queue: Queue, sandbox: Sandbox
) -> None:
    """Set twice, the second counts; what an update does not name stays."""
    destination = {"OnFailure": {"Destination": queue.arn}}
    functions.put_function_event_invoke_config(FunctionName=LISTENER, MaximumRetryAttempts=2)
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER, MaximumRetryAttempts=1, DestinationConfig=destination
    )
    functions.update_function_event_invoke_config(FunctionName=LISTENER, MaximumRetryAttempts=0)
    found = functions.get_function_event_invoke_config(FunctionName=LISTENER)
    assert found["MaximumRetryAttempts"] == 0
    assert found["DestinationConfig"] == destination
    _event(functions, '{"fail": "x"}')
    sandbox.control.settle(20)
    [message] = queue.messages()
    assert json.loads(message["Body"])["requestContext"]["approximateInvokeCount"] == 1


def test_a_destination_needs_a_role_that_may_send(
    functions: Any, queue: Queue, sandbox: Sandbox
) -> None:
    """When it is set, and when it is used."""
    destination = {"OnFailure": {"Destination": queue.arn}}
    with refused("InvalidParameterValueException", "does not have permissions"):
        functions.put_function_event_invoke_config(
            FunctionName="probe-dev-mute", DestinationConfig=destination
        )
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER, MaximumRetryAttempts=0, DestinationConfig=destination
    )
    iam = sandbox.client("iam")
    [policy] = iam.list_role_policies(RoleName=LISTENER)["PolicyNames"]
    document = iam.get_role_policy(RoleName=LISTENER, PolicyName=policy)["PolicyDocument"]
    without = json.dumps(document).replace("sqs:SendMessage", "sqs:GetQueueUrl")
    iam.put_role_policy(RoleName=LISTENER, PolicyName=policy, PolicyDocument=without)
    try:
        _event(functions, '{"fail": "x"}')
        sandbox.control.settle(20)
    finally:
        iam.put_role_policy(
            RoleName=LISTENER, PolicyName=policy, PolicyDocument=json.dumps(document)
        )
    assert queue.messages() == []
    assert "lacks sqs:SendMessage" in sandbox.control.invocations()[-1]["error"]


def test_an_event_that_grows_too_old_goes_to_the_destination(
    functions: Any, queue: Queue, sandbox: Sandbox
) -> None:
    """Without an attempt when the function was throttled all the time."""
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER,
        MaximumEventAgeInSeconds=60,
        DestinationConfig={"OnFailure": {"Destination": queue.arn}},
    )
    functions.put_function_concurrency(FunctionName=LISTENER, ReservedConcurrentExecutions=0)
    before = len(sandbox.control.invocations())
    _event(functions, '{"say": "x"}')
    sandbox.control.set_event_age_speed(100)
    sandbox.control.settle(20)
    [message] = queue.messages()
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record
    [noted] = sandbox.control.invocations()[before:]
    assert (noted["attempt"], noted["error"][:16]) == (0, "EventAgeExceeded")
