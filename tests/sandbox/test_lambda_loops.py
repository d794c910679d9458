"""Lambda stops a function that is invoked again and again in one chain of requests."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.lineage import Lineage, LoopError
from tests.sandbox.listening import LISTENER, listener_arn, listening
from tests.sandbox.support import Queue, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

_OTHER = "probe-dev-tell"
_ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"


@pytest.fixture
def functions(sandbox: Sandbox, deployment: object) -> Iterator[Any]:
    """Lambda; afterwards the listener may not loop and has no settings for events."""
    del deployment
    client = sandbox.client("lambda")
    yield client
    client.put_function_recursion_config(FunctionName=LISTENER, RecursiveLoop="Terminate")
    client.put_function_event_invoke_config(FunctionName=LISTENER)
    client.delete_function_event_invoke_config(FunctionName=LISTENER)


def _chain(sandbox: Sandbox, *names: str) -> list[dict[str, Any]]:
    """The attempts that it takes when each function invokes the next."""
    before = len(sandbox.control.invocations())
    first, *others = names
    sandbox.client("lambda").invoke(
        FunctionName=first,
        InvocationType="Event",
        Payload=json.dumps({"chain": ",".join(others)}).encode(),
    )
    sandbox.control.settle(30)
    return sandbox.control.invocations()[before:]


@pytest.mark.usefixtures("functions")
def test_a_function_that_invokes_itself_is_stopped_after_sixteen_times(sandbox: Sandbox) -> None:
    """The seventeenth event is dropped without an attempt."""
    attempts = _chain(sandbox, *[LISTENER] * 20)
    assert Counter((each["attempt"], each["ok"]) for each in attempts) == {
        (1, True): 16,
        (0, False): 1,
    }
    [dropped] = (each for each in attempts if not each["attempt"])
    assert dropped["error"].startswith("RecursiveInvocationsDropped: Lambda has detected")


@pytest.mark.usefixtures("functions")
def test_each_function_of_a_loop_is_counted_for_itself(sandbox: Sandbox) -> None:
    """Two that invoke each other run sixteen times each."""
    attempts = _chain(sandbox, *[LISTENER, _OTHER] * 20)
    assert Counter((each["function"], each["attempt"]) for each in attempts) == {
        (LISTENER, 1): 16,
        (_OTHER, 1): 16,
        (LISTENER, 0): 1,
    }


@pytest.mark.usefixtures("functions")
def test_what_is_not_in_the_chain_does_not_count(sandbox: Sandbox) -> None:
    """A client's calls each begin a chain."""
    attempts = [attempt for _ in range(3) for attempt in _chain(sandbox, *[LISTENER] * 10)]
    assert [each["attempt"] for each in attempts] == [1] * 30


@pytest.mark.usefixtures("functions")
def test_an_event_begins_a_chain(sandbox: Sandbox, user: str) -> None:
    """EventBridge hands no chain on, not even when the call behind the event has one."""
    iam = sandbox.client("iam")
    looping = Lineage.read(None)
    for _ in range(16):
        looping = looping.invoke(listener_arn(sandbox), may_loop=False)
    _send_on(iam, looping)
    tagged = {"source": ["aws.iam"], "detail": {"eventName": ["TagUser"]}}
    with listening(sandbox, "chains", tagged) as ear:
        iam.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "b"}])
        assert ear.heard() == 1


def test_a_function_that_may_loop_is_not_stopped(sandbox: Sandbox, functions: Any) -> None:
    """PutFunctionRecursionConfig allows it; GetFunctionRecursionConfig tells."""
    found = functions.get_function_recursion_config(FunctionName=LISTENER)
    assert found["RecursiveLoop"] == "Terminate"
    put = functions.put_function_recursion_config(FunctionName=LISTENER, RecursiveLoop="Allow")
    assert put["RecursiveLoop"] == "Allow"
    found = functions.get_function_recursion_config(FunctionName=LISTENER)
    assert found["RecursiveLoop"] == "Allow"
    attempts = _chain(sandbox, *[LISTENER] * 20)
    assert [each["attempt"] for each in attempts] == [1] * 20


def test_the_setting_is_checked(functions: Any) -> None:
    """For its value, and for the function."""
    with refused("ValidationException", "enum value set: [Allow, Terminate]"):
        functions.put_function_recursion_config(FunctionName=LISTENER, RecursiveLoop="Perhaps")
    with refused("ResourceNotFoundException"):
        functions.get_function_recursion_config(FunctionName="none")


def test_who_waits_for_the_answer_gets_an_error(sandbox: Sandbox, functions: Any) -> None:
    """RecursiveInvocationException, and nothing runs."""
    lineage = Lineage.read(None)
    for _ in range(15):
        lineage = lineage.invoke(listener_arn(sandbox), may_loop=False)
    client = sandbox.client("lambda")
    _send_on(client, lineage)
    payload = json.dumps({"chain": ""}).encode()
    answer = client.invoke(FunctionName=LISTENER, Payload=payload)
    assert ":15'" in repr(json.loads(answer["Payload"].read()))
    client = sandbox.client("lambda")
    _send_on(client, lineage.invoke(listener_arn(sandbox), may_loop=False))
    before = len(sandbox.control.invocations())
    with refused("RecursiveInvocationException", "recursive loop"):
        client.invoke(FunctionName=LISTENER, Payload=payload)
    assert len(sandbox.control.invocations()) == before
    functions.invoke(FunctionName=LISTENER, Payload=payload)


def test_a_dropped_event_goes_to_the_functions_destination(
    sandbox: Sandbox, functions: Any, name: Any
) -> None:
    """As it was, without an answer."""
    queue = Queue(sandbox, name("queue"))
    functions.put_function_event_invoke_config(
        FunctionName=LISTENER, DestinationConfig={"OnFailure": {"Destination": queue.arn}}
    )
    _chain(sandbox, *[LISTENER] * 18)
    [message] = queue.messages()
    record = json.loads(message["Body"])
    assert record["requestPayload"] == {"chain": LISTENER}
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responsePayload" not in record


def test_a_lineage_looks_as_the_published_ones() -> None:
    """The chain's length, then the function and how often it was invoked before."""
    lineage = Lineage.read("Root=1-6aba3a9c-0ad7;Parent=4bc416e7d2fef21a;Sampled=1")
    headers = []
    for _ in range(3):
        lineage = Lineage.read(lineage.invoke(_ARN, may_loop=False).header)
        headers.append(lineage.header)
    name = headers[0].split(":")[1]
    start = "Root=1-6aba3a9c-0ad7;Parent=4bc416e7d2fef21a;Sampled=1;Lineage="
    assert headers == [f"{start}{n}:{name}:{n - 1}" for n in (1, 2, 3)]
    assert len(name) == 8


@pytest.mark.parametrize(
    "header",
    (
        pytest.param(None, id="no header"),
        pytest.param("", id="an empty header"),
        pytest.param("Root=1-a-b", id="a header without a lineage"),
        pytest.param("Lineage=x;;=;a", id="a lineage that counts nothing"),
        pytest.param("Root=1-%00;Parent=a%0Ab", id="a header with characters of no header"),
    ),
)
def test_a_chain_begins_where_no_lineage_is(header: str | None) -> None:
    """The first invocation is the first, whatever a client sent."""
    lineage = Lineage.read(header)
    for _ in range(16):
        lineage = lineage.invoke(_ARN, may_loop=False)
    with pytest.raises(LoopError):
        lineage.invoke(_ARN, may_loop=False)
    assert re.fullmatch(r"Root=1-[\w-]+;Parent=\w+;Sampled=0;Lineage=16:\w{8}:15", lineage.header)


def test_two_chains_have_roots_of_their_own() -> None:
    """Each looks as AWS's: a version, the time, 96 random bits."""
    roots = [Lineage.read(None).root for _ in range(2)]
    assert all(a != b for a, b in itertools.pairwise(roots))
    assert [len(part) for part in roots[0].split("-")] == [1, 8, 24]


def _send_on(client: Any, lineage: Lineage) -> None:
    """Let the client's calls carry a chain's header, as those of a function do."""

    def add_header(params: dict[str, Any], **_: object) -> None:
        params["headers"]["X-Amzn-Trace-Id"] = lineage.header

    client.meta.events.register("before-call", add_header)
