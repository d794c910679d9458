"""reactor.aws.stacks: a stack that is asked for twice, because the first answer was late."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from reactor.aws.stacks import StackChange, apply_stack
from reactor.errors import Permanent, Transient

STACK_ID = "arn:aws:cloudformation:us-east-1:123456789012:stack/ops/1"


class Formation:
    """CloudFormation, which had the request already when botocore sent it again.

    `begun_by_us`: what is there, or under way, is what the first of our requests began.
    """

    def __init__(self, refusal: str, *, begun_by_us: bool) -> None:
        self._refusal = refusal
        self._begun_by_us = begun_by_us
        self._tokens = list[str]()
        self.waited_for = list[dict[str, Any]]()

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        """Say that there is no stack, as before any request."""
        raise _error("ValidationError", "Stack with id ops does not exist")

    def create_stack(self, **asked: Any) -> dict[str, Any]:
        """Refuse the request that was sent again."""
        self._tokens.append(asked["ClientRequestToken"])
        raise _error(self._refusal, "no")

    def get_paginator(self, operation: str) -> "Formation":
        """Return what pages through the events."""
        assert operation == "describe_stack_events"
        return self

    def paginate(self, StackName: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - boto3's name
        """Yield a page without a token, as of the console's, and one with that of who began."""
        assert StackName == "ops"
        token = self._tokens[0] if self._begun_by_us else "somebody-elses"
        yield {"StackEvents": [{"StackId": STACK_ID}]}
        yield {"StackEvents": [{"StackId": STACK_ID, "ClientRequestToken": token}]}

    def get_waiter(self, name: str) -> "Formation":
        """Return what waits."""
        assert name == "stack_create_complete"
        return self

    def wait(self, **asked: Any) -> None:
        """Wait, and take note."""
        self.waited_for.append(asked)


def _error(code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateStack")


@pytest.mark.parametrize("refusal", ["AlreadyExistsException", "TokenAlreadyExistsException"])
def test_a_stack_of_our_own_that_is_there_is_waited_for(refusal: str) -> None:
    """By the token in its events it is ours, whatever the request that came late was answered."""
    client: Any = Formation(refusal, begun_by_us=True)
    assert apply_stack(client, "ops", "{}", {}) is StackChange.CREATED
    assert [each["StackName"] for each in client.waited_for] == [STACK_ID]


def test_a_stack_of_somebody_else_is_left_alone() -> None:
    """It was not there when we looked, and now it is: what it will be is not known."""
    client: Any = Formation("AlreadyExistsException", begun_by_us=False)
    with pytest.raises(Permanent, match="made by somebody else just now") as refused:
        apply_stack(client, "ops", "{}", {})
    assert refused.value.remedy == "try again when that has ended"
    assert client.waited_for == []


def test_another_refusal_is_an_error() -> None:
    """And no stack is looked for."""
    client: Any = Formation("LimitExceededException", begun_by_us=True)
    with pytest.raises(Transient, match="CreateStack failed: LimitExceededException"):
        apply_stack(client, "ops", "{}", {})
