"""Functions run as Lambda runs them: apart, with their role, and again when they fail."""

from __future__ import annotations

import base64
import itertools
import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Deployment, Sandbox

pytestmark = pytest.mark.usefixtures("deployment")


@pytest.fixture
def ask(sandbox: Sandbox) -> Callable[..., Any]:
    """Tell the probe to do something; its answer, or its error's dict."""

    def tell(function: str = "probe-dev-ask", **what: str) -> Any:
        answer = sandbox.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(what).encode()
        )
        return json.loads(answer["Payload"].read())

    return tell


@pytest.fixture
def react(sandbox: Sandbox, iam: Any, user: str) -> Callable[..., list[dict[str, Any]]]:
    """Cause an event that tells the probe to do something; the attempts it took."""

    def tag(**what: str) -> list[dict[str, Any]]:
        before = len(sandbox.control.invocations())
        tags = [{"Key": key, "Value": value} for key, value in what.items()]
        iam.tag_user(UserName=user, Tags=tags)
        sandbox.control.settle(20)
        return sandbox.control.invocations()[before:]

    return tag


def test_an_event_is_delivered_in_its_envelope(
    sandbox: Sandbox, deployment: Deployment, react: Any, user: str
) -> None:
    """What the function gets is what CloudTrail wrote, in EventBridge's envelope."""
    [attempt] = react(say="hello")
    assert attempt["ok"]
    said = [json.loads(m) for m in deployment.log_events("react") if m.startswith('{"user"')]
    envelope = next(each["envelope"] for each in said if each["user"] == user)
    assert set(envelope) == {
        *("version", "id", "detail-type", "source", "account", "time", "region"),
        *("resources", "detail"),
    }
    assert envelope["source"] == "aws.iam"
    assert envelope["detail-type"] == "AWS API Call via CloudTrail"
    assert envelope["account"] == sandbox.account
    assert envelope["region"] == "us-east-1"
    assert envelope["detail"] in sandbox.control.records()
    assert envelope["id"] == attempt["event_id"]


def test_a_failed_write_is_delivered_too(
    sandbox: Sandbox, iam: Any, name: Any, deployment: Deployment
) -> None:
    """Error records match a rule as others do."""
    nobody = name("Nobody")
    with refused("NoSuchEntity"):
        iam.tag_user(UserName=nobody, Tags=[{"Key": "say", "Value": "it"}])
    sandbox.control.settle(20)
    assert any(nobody in line for line in deployment.log_events("react"))


def test_an_event_that_no_rule_names_wakes_nobody(sandbox: Sandbox, iam: Any, name: Any) -> None:
    """The probe's rule is about TagUser only; a rule with a schedule matches no event."""
    before = len(sandbox.control.invocations())
    iam.create_user(UserName=name("U"))
    sandbox.control.settle(20)
    assert len(sandbox.control.invocations()) == before


def test_a_failing_event_is_tried_three_times(react: Any) -> None:
    """With pauses between, under one request id."""
    attempts = react(fail="x")
    assert [attempt["attempt"] for attempt in attempts] == [1, 2, 3]
    assert not any(attempt["ok"] for attempt in attempts)
    assert "told to fail" in attempts[0]["error"]
    assert len({attempt["request_id"] for attempt in attempts}) == 1
    pauses = [b["started"] - a["ended"] for a, b in itertools.pairwise(attempts)]
    assert pauses[0] >= 0.19
    assert pauses[1] >= 0.39


def test_a_function_that_takes_too_long_is_killed(
    sandbox: Sandbox, deployment: Deployment, ask: Any
) -> None:
    """Its log says after how long; the next event finds a new environment."""
    sandbox.control.reset_functions()  # others' tests may have left several that are warm
    before = ask(identity="")["identity"]["started"]
    started = time.monotonic()
    error = ask(sleep="20")
    assert 2 <= time.monotonic() - started < 15, "it has not slept to the end"
    assert "Task timed out after 2.00 seconds" in error["errorMessage"]
    assert any("Task timed out" in line for line in deployment.log_events("ask"))
    assert ask(identity="")["identity"]["started"] > before


def test_a_process_that_ends_is_an_error(ask: Any) -> None:
    """Runtime.ExitError, and the next event finds a new environment."""
    assert ask(exit="3")["errorType"] == "Runtime.ExitError"
    assert ask(say="still here") == {"say": "still here"}


def test_a_bundle_that_cannot_be_imported_fails_every_time(sandbox: Sandbox, ask: Any) -> None:
    """As Lambda says it."""
    client = sandbox.client("lambda")
    client.update_function_configuration(FunctionName="probe-dev-ask", Handler="none.at_all")
    try:
        for _ in range(2):
            assert ask(say="x")["errorType"] == "Runtime.ImportModuleError"
    finally:
        client.update_function_configuration(FunctionName="probe-dev-ask", Handler="app.ask")


def test_a_warm_environment_is_used_again(sandbox: Sandbox, ask: Any) -> None:
    """Until it is reset; the invocations say which was cold."""
    first = ask(identity="")["identity"]["started"]
    assert ask(identity="")["identity"]["started"] == first
    sandbox.control.reset_functions()
    assert ask(identity="")["identity"]["started"] > first
    assert sandbox.control.invocations()[-1]["cold"]


def test_what_a_role_does_not_allow_is_refused(sandbox: Sandbox, ask: Any, user: str) -> None:
    """In AWS's words, with a record that tells nothing of the request."""
    assert ask(get_user=user)["get_user"].endswith(user)
    said = ask(delete_user=user)["errorMessage"]
    assert "assumed-role/probe-dev-ask/probe-dev-ask is not authorized to perform" in said
    assert f"iam:DeleteUser on resource: user {user}" in said
    record = sandbox.control.records()[-1]
    assert record["errorCode"] == "AccessDenied"
    assert "no identity-based policy allows the iam:DeleteUser action" in record["errorMessage"]
    assert record["requestParameters"] is None
    assert record["responseElements"] is None


def test_a_function_is_its_roles_session(ask: Any) -> None:
    """Named after the function."""
    arn = ask(identity="")["identity"]["arn"]
    assert arn.endswith(":assumed-role/probe-dev-ask/probe-dev-ask")


def test_a_role_that_may_not_log_leaves_no_log(sandbox: Sandbox, deployment: Deployment) -> None:
    """The output is lost, as it is at AWS."""
    answer = sandbox.client("lambda").invoke(FunctionName="probe-dev-mute")
    assert "FunctionError" not in answer
    assert deployment.log_events("mute") == []


def test_a_function_sees_nothing_of_this_environment(
    ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No variable, no module and no path but what Lambda would give it."""
    monkeypatch.setenv("OF_THIS_PROCESS", "x")
    environment = ask(environment="")["environment"]
    assert not set(environment) & {"OF_THIS_PROCESS", "HOME", "VIRTUAL_ENV", "PYTHONPATH"}
    assert environment["PROBE_SETTING"] == "set"
    assert environment["PROBE"] == "function"
    assert environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    for module in ("pytest", "moto", "sandbox", "yaml", "reactor"):
        assert ask(**{"import": module})["errorType"] == "ModuleNotFoundError"
    for module in ("boto3", "awslambdaric"):
        assert ask(**{"import": module}) == {"import": module}
    assert not any("site-packages" in path for path in ask(path="")["path"])


def test_the_log_has_lambdas_lines_round_the_functions(deployment: Deployment, ask: Any) -> None:
    """START, the output, END, REPORT; in a stream named as Lambda names it."""
    ask(say="one line\nand another")
    lines = deployment.log_events("ask")
    at = lines.index("one line")
    assert lines[at - 1].startswith("START RequestId: ")
    assert lines[at + 1] == "and another"
    assert lines[at + 2].startswith("END RequestId: ")
    assert lines[at + 3].startswith("REPORT RequestId: ")
    assert "Billed Duration" in lines[at + 3]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="this system tells no peak")
def test_the_report_tells_the_most_memory_the_environment_had(
    sandbox: Sandbox, deployment: Deployment, ask: Any
) -> None:
    """It does not go down again; that of a function that was killed is told, too."""

    def used() -> int:
        found = re.findall(r"Max Memory Used: (\d+) MB", "\n".join(deployment.log_events("ask")))
        return int(found[-1])

    sandbox.control.reset_functions()
    ask(say="x")
    small = used()
    assert 10 < small < 200
    ask(fill="100")
    large = used()
    assert small + 90 <= large <= small + 150
    ask(say="x")
    assert used() == large
    ask(fill="150", sleep="20")
    assert used() >= large + 40


def test_a_traceback_is_one_event_of_the_log(deployment: Deployment, react: Any) -> None:
    """With its lines in it."""
    react(fail="x")
    traces = [m for m in deployment.log_events("react") if m.startswith("[ERROR]")]
    assert any("RuntimeError: told to fail\nTraceback" in trace for trace in traces)


def test_invoke_waits_for_the_answer_and_shows_the_log(sandbox: Sandbox) -> None:
    """RequestResponse, with the end of the log when asked."""
    answer = sandbox.client("lambda").invoke(
        FunctionName="probe-dev-ask", Payload=b'{"say": "hello"}', LogType="Tail"
    )
    assert answer["StatusCode"] == 200
    assert json.loads(answer["Payload"].read()) == {"say": "hello"}
    assert "hello" in base64.b64decode(answer["LogResult"]).decode()


def test_invoke_as_an_event_is_retried(sandbox: Sandbox) -> None:
    """202 at once; it is then tried as events are."""
    before = len(sandbox.control.invocations())
    answer = sandbox.client("lambda").invoke(
        FunctionName="probe-dev-ask", InvocationType="Event", Payload=b'{"fail": ""}'
    )
    assert answer["StatusCode"] == 202
    sandbox.control.settle(20)
    attempts = sandbox.control.invocations()[before:]
    assert [attempt["attempt"] for attempt in attempts] == [1, 2, 3]


def test_a_function_that_does_not_exist_is_not_invoked(sandbox: Sandbox) -> None:
    """ResourceNotFoundException."""
    with refused("ResourceNotFoundException"):
        sandbox.client("lambda").invoke(FunctionName="none")


@pytest.mark.parametrize(
    ("kind", "limit", "message"),
    (
        pytest.param("RequestResponse", 6_291_456, "Request must be smaller than", id="waiting"),
        pytest.param("Event", 1_048_576, "too large for the Event invocation type", id="event"),
    ),
)
def test_a_payload_has_a_limit(sandbox: Sandbox, kind: str, limit: int, message: str) -> None:
    """6 MB for who waits for the answer, 1 MB for an event; one byte more is refused with 413."""
    client = sandbox.client("lambda")
    fits = b'{"import": "json"}'.ljust(limit)
    client.invoke(FunctionName="probe-dev-ask", InvocationType=kind, Payload=fits)
    sandbox.control.settle(20)
    assert sandbox.control.invocations()[-1]["ok"]
    with refused("RequestEntityTooLargeException", message):
        client.invoke(FunctionName="probe-dev-ask", InvocationType=kind, Payload=fits + b" ")
    assert sandbox.control.calls()[-1]["status"] == 413


def test_events_run_side_by_side(sandbox: Sandbox) -> None:
    """Four of them; the fifth waits for one to end."""
    client = sandbox.client("lambda")
    before = len(sandbox.control.invocations())
    for _ in range(5):
        client.invoke(
            FunctionName="probe-dev-ask", InvocationType="Event", Payload=b'{"sleep": "0.8"}'
        )
    sandbox.control.settle(20)
    attempts = sandbox.control.invocations()[before:]
    together = [
        sum(other["started"] <= each["started"] < other["ended"] for other in attempts)
        for each in attempts
    ]
    assert max(together) == 4


def test_settling_names_what_still_runs(sandbox: Sandbox) -> None:
    """A TimeoutError, when it takes longer than one would wait."""
    sandbox.client("lambda").invoke(
        FunctionName="probe-dev-ask", InvocationType="Event", Payload=b'{"sleep": "1"}'
    )
    with pytest.raises(TimeoutError, match="probe-dev-ask"):
        sandbox.control.settle(0.1)
    sandbox.control.settle(20)
