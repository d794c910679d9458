"""Functions fed from queues and topics, as Lambda and SNS do it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.compliance import compliance_change
from sandbox.event_sources import returned_by
from tests.sandbox.support import Queue, refused
from tests.unit.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox import Deployment, Sandbox

WORKER = "probe-dev-work"
REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
IDS = frozenset({"a", "b"})


@pytest.fixture
def queue(sandbox: Sandbox, name: Callable[[str], str]) -> Queue:
    """A queue with room for the worker's timeout of two seconds."""
    return Queue(sandbox, name("queue"), VisibilityTimeout="30")


@pytest.fixture
def connect(sandbox: Sandbox, deployment: Deployment) -> Iterator[Callable[..., str]]:
    """What connects a queue to the worker, and returns the mapping's id; afterwards none is."""
    functions = sandbox.client("lambda")
    made = []

    def mapping(queue: Queue, function: str = WORKER, **more: Any) -> str:
        answer = functions.create_event_source_mapping(
            EventSourceArn=queue.arn, FunctionName=function, **more
        )
        made.append(answer["UUID"])
        return str(answer["UUID"])

    assert deployment.functions
    yield mapping
    for each in made:
        functions.delete_event_source_mapping(UUID=each)


def send(sandbox: Sandbox, queue: Queue, *bodies: str) -> None:
    """Send messages in one call, and wait until they are handled."""
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    sandbox.client("sqs").send_message_batch(QueueUrl=queue.url, Entries=entries)
    sandbox.control.settle(20)


def counts(sandbox: Sandbox, queue: Queue) -> tuple[int, int]:
    """How many messages can be seen, and how many are hidden."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = sandbox.client("sqs").get_queue_attributes(QueueUrl=queue.url, AttributeNames=names)
    visible, hidden = (int(found["Attributes"][each]) for each in names)
    return visible, hidden


def come_back(sandbox: Sandbox, queue: Queue) -> None:
    """End the visibility timeouts, and wait until what came back is handled."""
    sandbox.control.show_hidden_messages(queue.url.rpartition("/")[2])
    sandbox.control.settle(20)


def got(deployment: Deployment) -> list[dict[str, Any]]:
    """What the worker was invoked with, oldest first."""
    lines = [each for each in deployment.log_events("work") if each.startswith('{"got"')]
    return [json.loads(line)["got"] for line in lines]


def test_a_batch_that_was_handled_is_deleted(
    sandbox: Sandbox, deployment: Deployment, queue: Queue, connect: Callable[..., str]
) -> None:
    """The function gets messages with the members that AWS documents."""
    connect(queue, **REPORTS)
    before = len(got(deployment))
    send(sandbox, queue, "one", "two")
    assert counts(sandbox, queue) == (0, 0)
    records = [record for event in got(deployment)[before:] for record in event["Records"]]
    assert sorted(record["body"] for record in records) == ["one", "two"]
    for record in records:
        assert (record["eventSource"], record["eventSourceARN"]) == ("aws:sqs", queue.arn)
        assert record["attributes"]["ApproximateReceiveCount"] == "1"
        assert record["messageId"] != record["receiptHandle"]


def test_only_what_is_given_back_comes_back(
    sandbox: Sandbox, queue: Queue, connect: Callable[..., str]
) -> None:
    """After the visibility timeout, and one receive more, each time."""
    connect(queue, **REPORTS)
    send(sandbox, queue, "fine", "back", "fine too")
    assert counts(sandbox, queue) == (0, 1)
    come_back(sandbox, queue)
    assert counts(sandbox, queue) == (0, 1)


def test_without_the_report_an_answer_means_that_all_was_handled(
    sandbox: Sandbox, queue: Queue, connect: Callable[..., str]
) -> None:
    """What it gives back is lost without a word, as at AWS."""
    connect(queue)
    send(sandbox, queue, "back", "back")
    assert counts(sandbox, queue) == (0, 0)


@pytest.mark.parametrize("mapping", [{}, REPORTS])
def test_a_function_that_fails_has_handled_nothing(
    sandbox: Sandbox, queue: Queue, connect: Callable[..., str], mapping: dict[str, Any]
) -> None:
    """All of the batch stays hidden, whatever the mapping heeds."""
    connect(queue, BatchSize=10, **mapping)
    send(sandbox, queue, "fine", "fail")
    visible, hidden = counts(sandbox, queue)
    assert (visible, hidden) in {(0, 2), (0, 1)}  # it may have come as two batches


@pytest.mark.parametrize(
    ("answer", "back"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("null", [], id="null"),
        pytest.param("{}", [], id="an empty object"),
        pytest.param('{"batchItemFailures": null}', [], id="a list that is null"),
        pytest.param('{"batchItemFailures": []}', [], id="an empty list"),
        pytest.param('{"batchItemFailures": [{"itemIdentifier": "a"}]}', ["a"], id="one of them"),
        pytest.param('{"batchItemFailures": "a"}', ["a", "b"], id="no list"),
        pytest.param('{"batchItemFailures": ["a"]}', ["a", "b"], id="a list of names"),
        pytest.param('{"batchItemFailures": [{"id": "a"}]}', ["a", "b"], id="another key"),
        pytest.param(
            '{"batchItemFailures": [{"itemIdentifier": ""}]}', ["a", "b"], id="an empty id"
        ),
        pytest.param(
            '{"batchItemFailures": [{"itemIdentifier": null}]}', ["a", "b"], id="an id of null"
        ),
        pytest.param(
            '{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "c"}]}',
            ["a", "b"],
            id="somebody else's",
        ),
        pytest.param("not JSON", ["a", "b"], id="no JSON"),
        pytest.param('"fine"', ["a", "b"], id="no object"),
    ],
)
def test_what_an_answer_gives_back(answer: str, back: list[str]) -> None:
    """What is malformed gives back the whole batch, so that nothing is lost by it."""
    assert sorted(returned_by(answer, IDS)) == back


def test_what_never_succeeds_becomes_a_dead_letter(
    sandbox: Sandbox, name: Callable[[str], str], connect: Callable[..., str]
) -> None:
    """After as many receives as the redrive policy says."""
    dead = Queue(sandbox, name("dead"))
    redrive = json.dumps({"deadLetterTargetArn": dead.arn, "maxReceiveCount": 2})
    queue = Queue(sandbox, name("queue"), VisibilityTimeout="30", RedrivePolicy=redrive)
    connect(queue, **REPORTS)
    send(sandbox, queue, "back")
    come_back(sandbox, queue)
    assert counts(sandbox, queue) == (0, 1)
    come_back(sandbox, queue)
    assert counts(sandbox, queue) == (0, 0)
    assert [each["Body"] for each in dead.messages()] == ["back"]


def test_a_role_that_may_not_receive_is_refused(queue: Queue, connect: Callable[..., str]) -> None:
    """When the mapping is made, and by the name of the permission."""
    with refused("InvalidParameterValueException", "to call ReceiveMessage on SQS"):
        connect(queue, "probe-dev-mute")


def test_a_visibility_timeout_below_the_functions_is_refused(
    sandbox: Sandbox, name: Callable[[str], str], connect: Callable[..., str]
) -> None:
    """A message would come back while it is worked on."""
    short = Queue(sandbox, name("queue"), VisibilityTimeout="1")
    with refused("InvalidParameterValueException", "less than Function timeout: 2 seconds"):
        connect(short)


def test_a_second_mapping_of_the_same_two_is_refused(
    queue: Queue, connect: Callable[..., str]
) -> None:
    """It is named, so that one can change that."""
    first = connect(queue)
    with refused("ResourceConflictException", first):
        connect(queue)


def test_mappings_are_listed_by_function_and_queue(
    sandbox: Sandbox, queue: Queue, connect: Callable[..., str]
) -> None:
    """By the function's name or its ARN."""
    made = connect(queue, **REPORTS)
    functions = sandbox.client("lambda")
    arn = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:{WORKER}"
    for function in (WORKER, arn):
        [found] = functions.list_event_source_mappings(
            FunctionName=function, EventSourceArn=queue.arn
        )["EventSourceMappings"]
        assert found["UUID"] == made
        assert found["FunctionResponseTypes"] == REPORTS["FunctionResponseTypes"]


def test_a_switched_off_mapping_leaves_messages_where_they_are(
    sandbox: Sandbox, queue: Queue, connect: Callable[..., str]
) -> None:
    """Until it is switched on."""
    made = connect(queue, Enabled=False)
    send(sandbox, queue, "fine")
    assert counts(sandbox, queue) == (1, 0)
    sandbox.client("lambda").update_event_source_mapping(UUID=made, Enabled=True)
    sandbox.control.settle(20)
    assert counts(sandbox, queue) == (0, 0)


@pytest.fixture
def topic(sandbox: Sandbox, name: Callable[[str], str]) -> str:
    """A topic's ARN."""
    return str(sandbox.client("sns").create_topic(Name=name("topic"))["TopicArn"])


def test_a_topic_invokes_a_function_that_lets_it_in(
    sandbox: Sandbox, deployment: Deployment, topic: str, name: Callable[[str], str]
) -> None:
    """And no other: what is not let in is lost, and noted."""
    sns, functions = sandbox.client("sns"), sandbox.client("lambda")
    arn = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:{WORKER}"
    subscription = sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    before, attempts = len(got(deployment)), len(sandbox.control.invocations())
    sns.publish(TopicArn=topic, Message="lost")
    sandbox.control.settle(20)
    [lost] = sandbox.control.invocations()[attempts:]
    assert "does not let" in lost["error"]
    functions.add_permission(
        FunctionName=WORKER,
        StatementId=name("topic"),
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    sns.publish(TopicArn=topic, Message="heard", Subject="a subject")
    sandbox.control.settle(20)
    [event] = got(deployment)[before:]
    [record] = event["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"] == subscription["SubscriptionArn"]
    sent = record["Sns"]
    assert (sent["TopicArn"], sent["Message"], sent["Subject"]) == (topic, "heard", "a subject")


@pytest.mark.parametrize("raw", ["false", "true"])
def test_a_topic_sends_to_a_queue_that_lets_it_in(
    sandbox: Sandbox, topic: str, queue: Queue, raw: str
) -> None:
    """Wrapped, or as it was published."""
    sns = sandbox.client("sns")
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=queue.arn,
        Attributes={"RawMessageDelivery": raw},
    )
    sns.publish(TopicArn=topic, Message="lost")
    assert queue.messages() == []
    queue.let_in(topic, service="sns.amazonaws.com")
    sns.publish(TopicArn=topic, Message="heard")
    [message] = queue.messages()
    body = message["Body"] if raw == "true" else json.loads(message["Body"])["Message"]
    assert body == "heard"


def test_a_queues_condition_holds_for_what_the_sender_says_alone(
    sandbox: Sandbox, topic: str, queue: Queue
) -> None:
    """Another topic's ARN does not let this one in, nor a condition on what SNS does not say."""
    sns = sandbox.client("sns")
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue.arn)
    for condition in (
        {"ArnEquals": {"aws:SourceArn": f"{topic}-not"}},
        {"ArnEquals": {"aws:SourceArn": topic}, "StringEquals": {"aws:SourceAccount": "1" * 12}},
        {"ArnNotEquals": {"aws:SourceArn": topic}},
    ):
        queue.let_in(topic, service="sns.amazonaws.com", condition=condition)
        sns.publish(TopicArn=topic, Message="lost")
    assert queue.messages() == []


def test_a_topic_of_an_opt_in_region_comes_by_another_name(
    sandbox: Sandbox, deployment: Deployment, queue: Queue, name: Callable[[str], str]
) -> None:
    """To queues and functions elsewhere; who lets in SNS by its own name alone hears nothing."""
    sns, functions = sandbox.client("sns", "ap-east-1"), sandbox.client("lambda")
    far = str(sns.create_topic(Name=name("far"))["TopicArn"])
    arn = f"arn:aws:lambda:us-east-1:{sandbox.account}:function:{WORKER}"
    for protocol, endpoint in (("sqs", queue.arn), ("lambda", arn)):
        sns.subscribe(TopicArn=far, Protocol=protocol, Endpoint=endpoint)
    before = len(got(deployment))
    for service in ("sns.amazonaws.com", "sns.ap-east-1.amazonaws.com"):
        assert queue.messages() == []
        assert len(got(deployment)) == before
        queue.let_in(far, service=service)
        functions.add_permission(
            FunctionName=WORKER,
            StatementId=f"{name('far')}-{len(service)}",
            Action="lambda:InvokeFunction",
            Principal=service,
            SourceArn=far,
        )
        sns.publish(TopicArn=far, Message=service)
        sandbox.control.settle(20)
    [message] = queue.messages()
    [event] = got(deployment)[before:]
    assert json.loads(message["Body"])["Message"] == "sns.ap-east-1.amazonaws.com"
    assert event["Records"][0]["Sns"]["Message"] == "sns.ap-east-1.amazonaws.com"


def test_a_rule_sends_to_a_queue_that_lets_it_in(
    sandbox: Sandbox, queue: Queue, name: Callable[[str], str]
) -> None:
    """The event, or the target's own input; what is not let in is lost, and noted."""
    events, rule = sandbox.client("events"), name("rule")
    rule_arn = events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))["RuleArn"]
    targets = [{"Id": "1", "Arn": queue.arn}, {"Id": "2", "Arn": queue.arn, "Input": '"own"'}]
    events.put_targets(Rule=rule, Targets=targets)
    entry = {"Source": rule, "DetailType": "a tool's", "Detail": '{"a": 1}'}
    try:
        attempts = len(sandbox.control.invocations())
        for let_in in (f"{rule_arn}-not", rule_arn):
            queue.let_in(let_in)
            events.put_events(Entries=[entry])
        bodies = [json.loads(each["Body"]) for each in queue.messages()]
        assert [each if isinstance(each, str) else each["detail"] for each in bodies] == [
            {"a": 1},
            "own",
        ]
        lost = sandbox.control.invocations()[attempts:]
        assert ["does not let" in each["error"] for each in lost] == [True, True]
    finally:
        events.remove_targets(Rule=rule, Ids=["1", "2"])
        events.delete_rule(Name=rule)


def _shape(value: Any) -> Any:
    """What an event has, whatever it says."""
    return (
        {key: _shape(each) for key, each in value.items()}
        if isinstance(value, dict)
        else type(value)
    )


def test_what_aws_config_tells_has_the_members_of_a_published_event() -> None:
    """All of them, and no others."""
    made = compliance_change(
        "123456789012",
        "us-east-1",
        rule="a-rule",
        resource_type="AWS::IAM::User",
        resource_id="AIDA1",
        compliance="NON_COMPLIANT",
    )
    published = [each for name, each in recorded().items() if name.startswith("ConfigRulesC")]
    assert all(_shape(each) == _shape(made) for each in published)
