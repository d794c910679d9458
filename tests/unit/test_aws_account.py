"""reactor.aws.account, .functions and .parameters, without an account: botocore's stubs answer."""

import io
import json
import threading
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.account import AwsSession, Home
from reactor.aws.functions import ask_keeper
from reactor.aws.parameters import read_list, write_list
from reactor.errors import Transient


class TestHome:
    """Where we run."""

    @pytest.mark.parametrize(
        ("arn", "home"),
        [
            (
                "arn:aws:lambda:us-east-1:123456789012:function:mfa-reactor-dev-react",
                Home("aws", "us-east-1", "123456789012"),
            ),
            (
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:x:alias",
                Home("aws-cn", "cn-north-1", "123456789012"),
            ),
        ],
    )
    def test_of_a_function(self, arn: str, home: Home) -> None:
        """The ARN of the invocation tells partition, region and account."""
        assert Home.of_function(arn) == home


class TestGather:
    """Calls at the same time."""

    def test_answers_and_errors(self) -> None:
        """An error of ours stands in its call's place, under its key."""
        error = Transient("throttled", remedy="wait")

        def fail() -> None:
            raise error

        assert AwsSession("us-east-1").gather({"a": lambda: 1, ("b", 2): fail}) == {
            "a": 1,
            ("b", 2): error,
        }

    def test_at_the_same_time(self) -> None:
        """Sixteen calls that wait for one another all get their answer."""
        barrier = threading.Barrier(16, timeout=10)
        answers = AwsSession("us-east-1").gather(dict.fromkeys(range(16), barrier.wait))
        assert set(answers.values()) == set(range(16))

    def test_mistakes_are_no_answers(self) -> None:
        """What nobody foresaw is an error in its call's place; the others answer."""
        answers = AwsSession("us-east-1").gather({"a": lambda: 1 // 0, "b": lambda: 2})
        assert isinstance(answers["a"], Transient)
        assert "ZeroDivisionError" in str(answers["a"])
        assert answers["b"] == 2


def ssm(*answers: tuple[str, Any]) -> Any:
    """Return an SSM client that gives these answers; a text is an error's code."""
    client = boto3.client(
        "ssm", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer)
        else:
            stubber.add_response(operation, *answer)
    stubber.activate()
    return client


class TestExemptionList:
    """The list in Parameter Store."""

    def test_read(self) -> None:
        """A StringList's text is returned as it is."""
        answer = {"Parameter": {"Type": "StringList", "Value": "a, b"}}
        client = ssm(("get_parameter", (answer, {"Name": "/mfa/exempt"})))
        assert read_list(client, "/mfa/exempt") == "a, b"

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            pytest.param("ParameterNotFound", "does not exist, and nothing is changed", id="none"),
            pytest.param("AccessDeniedException", "AccessDeniedException", id="not to be read"),
            pytest.param(
                ({"Parameter": {"Type": "String", "Value": "a"}},), "is a String", id="no list"
            ),
        ],
    )
    def test_no_list_is_not_an_empty_list(self, answer: Any, says: str) -> None:
        """Missing, unreadable or of another type: an error that stops the run, never "nobody"."""
        with pytest.raises(Transient, match=says):
            read_list(ssm(("get_parameter", answer)), "/mfa/exempt")

    def test_write(self) -> None:
        """The entries replace what the list held."""
        expected = {
            "Name": "/mfa/exempt",
            "Value": "a,b",
            "Type": "StringList",
            "Description": "Users whom mfa-reactor leaves without the guard",
            "Overwrite": True,
        }
        write_list(ssm(("put_parameter", ({}, expected))), "/mfa/exempt", ("a", "b"))


class Functions:
    """A Lambda client whose function says what it is told to."""

    def __init__(self, payload: bytes, **more: str) -> None:
        self._answer = {"Payload": io.BytesIO(payload), **more}
        self.invoked: dict[str, str] = {}

    def invoke(self, **arguments: str) -> Any:
        """Answer an invocation."""
        self.invoked = arguments
        return self._answer


class TestAskKeeper:
    """Asking the keeper, and believing nothing but "in order"."""

    def test_in_order(self) -> None:
        """The keeper is waited for."""
        client: Any = Functions(json.dumps({"in_order": True}).encode())
        ask_keeper(client, "mfa-reactor-dev-keeper", with_group=True, asked_by="a-run")
        assert client.invoked == {
            "FunctionName": "mfa-reactor-dev-keeper",
            "InvocationType": "RequestResponse",
            "Payload": '{"asked_by": "a-run", "with_group": true}',
        }

    @pytest.mark.parametrize(
        ("payload", "more"),
        [
            pytest.param(b'{"in_order": false, "errors": ["not ours"]}', {}, id="not in order"),
            pytest.param(
                b'{"errorMessage": "Task timed out", "in_order": true}',
                {"FunctionError": "Unhandled"},
                id="it failed",
            ),
            pytest.param(b"{}", {}, id="it says nothing"),
            pytest.param(b"", {}, id="an empty answer"),
        ],
    )
    def test_anything_else(self, payload: bytes, more: dict[str, str]) -> None:
        """Whatever else it says, the guard is not in order, and it is tried again."""
        client: Any = Functions(payload, **more)
        with pytest.raises(Transient, match="the keeper could not bring the guard into order"):
            ask_keeper(client, "mfa-reactor-dev-keeper", with_group=False, asked_by="a-run")

    @pytest.mark.parametrize("payload", [b"null", b"[]", b'"text"', b"<html>"])
    def test_nonsense(self, payload: bytes) -> None:
        """An answer of another shape is an error of ours with a remedy, not a crash."""
        client: Any = Functions(payload)
        with pytest.raises(Transient):
            ask_keeper(client, "mfa-reactor-dev-keeper", with_group=False, asked_by="a-run")
