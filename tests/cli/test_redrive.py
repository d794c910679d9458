"""`mfa-reactor redrive`: whose messages it takes, and that all others stay where they are."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from reactor.cli.redrive import Failure, read_failure
from reactor.names import Function, failed_queue, undelivered_queue

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox
    from tests.cli.command import CommandLine


REACT = "arn:aws:lambda:us-east-1:123456789012:function:mfa-reactor-prod-react"
OTHER = REACT.replace("prod", "dev")
FUNCTIONS = {REACT: Function.REACT}
EVENT = '{"detail": {"eventName": "CreateUser"}}'


def wrapped(arn: object, payload: object = None) -> str:
    """Lambda's record of a failure, as far as it is read."""
    return json.dumps({"requestContext": {"functionArn": arn}, "requestPayload": payload})


@pytest.mark.parametrize(
    ("body", "attributes", "payload"),
    (
        pytest.param(EVENT, {"TARGET_ARN": REACT, "RULE_ARN": "x"}, EVENT, id="an event as it was"),
        pytest.param(wrapped(f"{REACT}:$LATEST", {"a": 1}), {}, '{"a": 1}', id="Lambda's record"),
        pytest.param(wrapped(REACT), {}, "null", id="a record of nothing"),
        pytest.param(
            wrapped(OTHER, {"a": 1}),
            {"TARGET_ARN": REACT},
            wrapped(OTHER, {"a": 1}),
            id="an event that looks like a record",
        ),
    ),
)
def test_both_shapes_are_read(body: str, attributes: dict[str, str], payload: str) -> None:
    """The function is the target or the one that failed, the payload is what it was given."""
    assert read_failure(body, attributes, FUNCTIONS) == Failure(Function.REACT, payload)


def test_a_part_of_a_sweep_becomes_a_request_for_one() -> None:
    """What it knew is old by now: nobody is left out for it, and no brake is begun anew."""
    sweep = REACT.replace("react", "sweep")
    part = {"asked_by": "run-1", "continues": {"sweep": "s", "done": ["AIDA1"], "scheduled": True}}
    found = read_failure(wrapped(sweep, part), {}, {**FUNCTIONS, sweep: Function.SWEEP})
    assert isinstance(found, Failure)
    said = json.loads(found.payload)
    assert found.function is Function.SWEEP
    assert (said.pop("asked_by"), sorted(said)) == ("redrive", ["asked_at"])
    assert datetime.fromisoformat(said["asked_at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("body", "attributes", "why"),
    (
        pytest.param("no", {"TARGET_ARN": REACT}, "not JSON", id="not JSON"),
        pytest.param("[" * 100_000, {}, "not JSON", id="too deep"),
        pytest.param(EVENT, {}, "neither", id="an event for nobody knows whom"),
        pytest.param("[1]", {}, "neither", id="a list"),
        pytest.param('{"requestContext": []}', {}, "neither", id="half a record"),
        pytest.param(EVENT, {"TARGET_ARN": OTHER}, OTHER, id="an event of another stage"),
        pytest.param(wrapped(OTHER), {}, OTHER, id="a failure of another stage"),
        pytest.param(wrapped(f"{REACT}:1"), {}, f"{REACT}:1", id="a version that is not ours"),
        pytest.param(wrapped(None), {}, "None", id="a function that is no text"),
        pytest.param(EVENT, {"TARGET_ARN": ""}, "nobody", id="a target without a name"),
    ),
)
def test_what_is_not_this_stages_is_said_to_be_so(
    body: str, attributes: dict[str, str], why: str
) -> None:
    """Nothing of it is invoked, and the reason is a line."""
    said = read_failure(body, attributes, FUNCTIONS)
    assert isinstance(said, str)
    assert why in said


@pytest.fixture
def stage(name: Callable[[str], str], sandbox: Sandbox) -> str:
    """A stage that has its queues and nothing else."""
    made = name("stage")
    sqs = sandbox.client("sqs")
    for queue in (undelivered_queue(made), failed_queue(made)):
        sqs.create_queue(QueueName=queue)
    return made


def send(sandbox: Sandbox, queue: str, body: str, target: str | None = None) -> None:
    """Put a message in a queue."""
    sqs = sandbox.client("sqs")
    attributes = {"TARGET_ARN": {"DataType": "String", "StringValue": target or "x"}}
    sqs.send_message(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        MessageBody=body,
        MessageAttributes=attributes if target else {},
    )


def lying_in(sandbox: Sandbox, queue: str) -> int:
    """How many messages anybody can take out of a queue."""
    sqs: Any = sandbox.client("sqs")
    found = sqs.get_queue_attributes(
        QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
        AttributeNames=["ApproximateNumberOfMessages"],
    )
    return int(found["Attributes"]["ApproximateNumberOfMessages"])


def test_it_must_be_told_which_stage(outsider: CommandLine) -> None:
    """There is no stage that it could take for the one meant."""
    ran = outsider("redrive")
    assert ran.status == 2
    assert ran.error_line == "mfa-reactor: which stage? Say mfa-reactor --stage STAGE redrive"


def test_a_stage_without_queues_is_told_how_to_get_them(command: CommandLine) -> None:
    """A misspelt stage has none either."""
    ran = command("--stage", "nowhere", "redrive")
    assert ran.status == 1
    assert "there is no queue mfa-reactor-nowhere-undelivered" in ran.error_line
    assert "mfa-reactor --stage nowhere operations apply" in ran.error_line


def test_empty_queues_are_in_order(command: CommandLine, stage: str) -> None:
    """Nothing is left, so the status is 0."""
    ran = command("--stage", stage, "redrive")
    assert (ran.status, ran.stdout, ran.stderr) == (0, "0 settled, 0 left\n", "")


def test_what_is_not_ours_stays(command: CommandLine, sandbox: Sandbox, stage: str) -> None:
    """Each is listed with its reason on a clean line, and others can take it at once."""
    send(sandbox, undelivered_queue(stage), EVENT, OTHER)
    send(sandbox, failed_queue(stage), "no JSON")
    send(sandbox, failed_queue(stage), wrapped("\x1b[31m\nspoof"))
    ran = command("--stage", stage, "redrive")
    assert ran.status == 1
    assert ran.stdout.splitlines()[-1] == "0 settled, 3 left"
    assert f"it is for {OTHER}, which is no function of this stage" in ran.stdout
    assert "it is not JSON" in ran.stdout
    assert "it is for \\x1b[31m spoof," in ran.stdout
    assert len(ran.stdout.splitlines()) == 4
    assert lying_in(sandbox, undelivered_queue(stage)) == 1
    assert lying_in(sandbox, failed_queue(stage)) == 2


def test_what_is_for_a_function_that_is_gone_stays(
    command: CommandLine, sandbox: Sandbox, stage: str
) -> None:
    """The call's own error is the reason."""
    send(sandbox, undelivered_queue(stage), EVENT, REACT.replace("prod", stage))
    ran = command("--stage", stage, "redrive")
    assert ran.status == 1
    assert "lambda:InvokeFunction failed: ResourceNotFoundException" in ran.stdout
    assert lying_in(sandbox, undelivered_queue(stage)) == 1


def test_no_more_are_looked_at_than_asked_for(
    command: CommandLine, sandbox: Sandbox, stage: str
) -> None:
    """Across both queues; that more are waiting is said, and no reason to end well."""
    send(sandbox, undelivered_queue(stage), "no JSON")
    send(sandbox, failed_queue(stage), "no JSON")
    send(sandbox, failed_queue(stage), "no JSON")
    ran = command("--stage", stage, "redrive", "--max", "2")
    assert ran.status == 1
    assert ran.stdout.splitlines()[-2:] == [
        "0 settled, 2 left",
        "more are waiting: --max kept them back",
    ]
    ran = command("--stage", stage, "redrive", "--max", "3")
    assert ran.stdout.splitlines()[-1] == "0 settled, 3 left"
