"""How many executions run at once, and what becomes of the rest."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.listening import LISTENER
from tests.sandbox.support import refused, without_retries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox


@pytest.fixture
def functions(sandbox: Sandbox) -> Iterator[Any]:
    """Lambda; afterwards nothing is reserved for the listener."""
    client = sandbox.client("lambda")
    yield client
    client.delete_function_concurrency(FunctionName=LISTENER)


def _event(functions: Any, payload: str) -> None:
    functions.invoke(FunctionName=LISTENER, InvocationType="Event", Payload=payload.encode())


def _reserve(functions: Any, number: int) -> None:
    functions.put_function_concurrency(FunctionName=LISTENER, ReservedConcurrentExecutions=number)


@pytest.mark.usefixtures("deployment")
def test_a_function_runs_as_often_at_once_as_is_reserved(sandbox: Sandbox, functions: Any) -> None:
    """Throttled events wait and are run in the end: once each, and as a first attempt."""
    _reserve(functions, 2)
    before = len(sandbox.control.invocations())
    for _ in range(6):
        _event(functions, '{"sleep": "0.2"}')
    sandbox.control.settle(20)
    attempts = sandbox.control.invocations()[before:]
    together = [
        sum(other["started"] <= each["started"] < other["ended"] for other in attempts)
        for each in attempts
    ]
    assert max(together) == 2
    assert [each["attempt"] for each in attempts] == [1] * 6
    assert all(each["ok"] for each in attempts)


@pytest.mark.usefixtures("deployment")
def test_a_function_with_nothing_reserved_for_it_is_off(sandbox: Sandbox, functions: Any) -> None:
    """Its events wait until it is on again."""
    _reserve(functions, 0)
    _event(functions, '{"say": "late"}')
    with pytest.raises(TimeoutError, match=LISTENER):
        sandbox.control.settle(0.5)
    functions.delete_function_concurrency(FunctionName=LISTENER)
    sandbox.control.settle(20)
    assert sandbox.control.invocations()[-1]["ok"]


@pytest.mark.usefixtures("deployment")
def test_one_call_too_many_is_refused(sandbox: Sandbox, functions: Any) -> None:
    """TooManyRequestsException, for who waits for the answer."""
    _reserve(functions, 1)
    busy = threading.Thread(
        target=functions.invoke, kwargs={"FunctionName": LISTENER, "Payload": b'{"sleep": "1.5"}'}
    )
    busy.start()
    time.sleep(0.3)
    impatient = without_retries(sandbox, "lambda")
    with refused("TooManyRequestsException", "Rate Exceeded"):
        impatient.invoke(FunctionName=LISTENER, Payload=b'{"say": "x"}')
    busy.join()
    answer = impatient.invoke(FunctionName=LISTENER, Payload=b'{"say": "x"}')
    assert json.loads(answer["Payload"].read()) == {"say": "x"}


@pytest.fixture
def pausing(sandbox: Sandbox) -> Iterator[Sandbox]:
    """Throttled events wait as at AWS, twice as fast; afterwards until there is room."""
    sandbox.control.set_throttled_pauses(2)
    yield sandbox
    sandbox.control.set_throttled_pauses(None)


def _late(sandbox: Sandbox, functions: Any) -> float:
    """How many seconds after one of a second ended, the next execution of the function begins."""
    _reserve(functions, 1)
    before = len(sandbox.control.invocations())
    _event(functions, '{"sleep": "1"}')
    time.sleep(0.2)
    _event(functions, '{"say": "x"}')
    sandbox.control.settle(20)
    first, second = sandbox.control.invocations()[before:]
    assert (second["attempt"], second["ok"]) == (1, True)
    return float(second["started"] - first["ended"])


@pytest.mark.usefixtures("deployment")
def test_a_throttled_event_pauses_longer_each_time(pausing: Sandbox, functions: Any) -> None:
    """Half a second, then one, here: it is not looked at before, though there is room."""
    late = [_late(pausing, functions) for _ in range(3)]
    assert 0.4 < min(late) < 1


@pytest.mark.usefixtures("deployment")
def test_a_throttled_event_waits_for_room(sandbox: Sandbox, functions: Any) -> None:
    """Unless it is told to pause as at AWS."""
    assert min(_late(sandbox, functions) for _ in range(3)) < 0.4


@pytest.mark.usefixtures("deployment")
def test_a_hundred_must_stay_unreserved(functions: Any) -> None:
    """Of the thousand that an account has."""
    _reserve(functions, 900)
    limit = functions.get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == 1000
    assert limit["UnreservedConcurrentExecutions"] == 100
    with refused("InvalidParameterValueException", "below its minimum value of [100]"):
        _reserve(functions, 901)
    found = functions.get_function_concurrency(FunctionName=LISTENER)
    assert found["ReservedConcurrentExecutions"] == 900


def test_in_a_small_account_nothing_can_be_reserved(bare: Sandbox) -> None:
    """Which has ten, and needs them all."""
    functions = bare.client("lambda")
    role = bare.client("iam").create_role(
        RoleName="r",
        AssumeRolePolicyDocument='{"Statement":{"Principal":{"Service":"lambda.amazonaws.com"}}}',
    )
    functions.create_function(
        FunctionName="f",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": b"x"},
        Handler="a.b",
        Runtime="python3.12",
    )
    with refused("InvalidParameterValueException", "below its minimum value of [10]"):
        functions.put_function_concurrency(FunctionName="f", ReservedConcurrentExecutions=1)
    assert functions.get_account_settings()["AccountLimit"]["ConcurrentExecutions"] == 10


@pytest.mark.usefixtures("deployment")
def test_a_function_hands_on_an_event_if_its_role_lets_it(sandbox: Sandbox) -> None:
    """To itself or to another, and does not wait for it."""
    functions = sandbox.client("lambda")
    before = len(sandbox.control.invocations())
    functions.invoke(FunctionName=LISTENER, Payload=json.dumps({"hand_on": LISTENER}).encode())
    sandbox.control.settle(20)
    assert [each["ok"] for each in sandbox.control.invocations()[before:]] == [True, True]
    answer = functions.invoke(FunctionName="probe-dev-mute", Payload=b'{"hand_on": "x"}')
    error = json.loads(answer["Payload"].read())
    assert "not authorized to perform: lambda:InvokeFunction" in error["errorMessage"]
