"""reactor.aws.errors: AWS's errors as ours, made with botocore's own classes."""

from typing import Any

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, ReactorError, Throttled, Transient, Unclear


def client_error(code: str, message: str = "words") -> ClientError:
    """Return the error that boto3 raises for an error answer."""
    return ClientError({"Error": {"Code": code, "Message": message}}, "GetUser")


def ours(error: Exception) -> ReactorError:
    """Return what becomes of an error inside a call."""
    with pytest.raises(ReactorError) as caught, asking("iam:GetUser"):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize(
    ("code", "kind", "remedy"),
    [
        pytest.param("LimitExceeded", Permanent, "quota", id="a quota: nothing to wait for"),
        pytest.param("MalformedPolicyDocument", Permanent, "bug", id="a document IAM cannot read"),
        pytest.param("Throttling", Throttled, "tried again", id="throttled"),
        pytest.param("ThrottlingException", Throttled, "tried again", id="throttled, in SSM"),
        pytest.param("AccessDenied", Transient, "allow iam:GetUser", id="denied"),
        pytest.param(
            "AccessDeniedException", Transient, "mfa-reactor roles --write", id="denied, in SSM"
        ),
        pytest.param("ExpiredToken", Transient, "renew the AWS credentials", id="expired"),
        pytest.param("InvalidClientTokenId", Transient, "renew", id="a key nobody holds"),
        pytest.param("NoSuchEntity", Transient, "tried again", id="missing, where not an answer"),
        pytest.param("ConcurrentModification", Transient, "tried again", id="a race"),
        pytest.param("EntityTemporarilyUnmodifiable", Transient, "tried again", id="too early"),
        pytest.param("ServiceFailure", Transient, "tried again", id="a failure of AWS's own"),
        pytest.param("NeverHeardOf", Transient, "tried again", id="an unknown code"),
    ],
)
def test_error_answers(code: str, kind: type[ReactorError], remedy: str) -> None:
    """A quota and a mistake of ours are permanent; each error says what came, and what to do."""
    error = ours(client_error(code))
    assert type(error) is kind
    assert str(error) == f"iam:GetUser failed: {code}: words"
    assert remedy in error.remedy


@pytest.mark.parametrize(
    ("error", "says", "kind"),
    [
        pytest.param(
            NoCredentialsError(), "there are no AWS credentials", Transient, id="no credentials"
        ),
        pytest.param(
            PartialCredentialsError(provider="env", cred_var="x"),
            "there are no AWS credentials",
            Transient,
            id="half of them",
        ),
        pytest.param(NoRegionError(), "no AWS region is set", Transient, id="no region"),
        pytest.param(
            EndpointConnectionError(endpoint_url="https://iam"),
            "got no answer",
            Transient,
            id="no connection",
        ),
        pytest.param(
            ConnectTimeoutError(endpoint_url="https://iam"),
            "got no answer",
            Transient,
            id="no time",
        ),
        pytest.param(
            ReadTimeoutError(endpoint_url="https://iam"), "got no answer", Unclear, id="no patience"
        ),
        pytest.param(
            ConnectionClosedError(endpoint_url="https://iam"),
            "got no answer",
            Unclear,
            id="hung up",
        ),
        pytest.param(
            ResponseParserError("<html>Internal error</html>"),
            "got no answer",
            Unclear,
            id="no sense",
        ),
    ],
)
def test_errors_on_our_side(error: Exception, says: str, kind: type[ReactorError]) -> None:
    """What never became an answer is transient, and has a remedy; what was sent may be done."""
    found = ours(error)
    assert type(found) is kind
    assert says in str(found)
    assert found.remedy


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        pytest.param(409, Transient, id="refused"),
        pytest.param(499, Transient, id="the last of the refusals"),
        pytest.param(500, Unclear, id="a failure of AWS's own"),
        pytest.param(503, Unclear, id="unavailable"),
    ],
)
def test_what_came_of_a_failure(status: int, kind: type[ReactorError]) -> None:
    """A refusal says that nothing was done; the service's own failure does not."""
    response: Any = {"Error": {"Code": "Odd"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert type(ours(ClientError(response, "GetUser"))) is kind


def test_foreign_text_is_cut_short() -> None:
    """AWS's message becomes one line of a limited length."""
    error = ours(client_error("Odd", "a\n" * 1000))
    assert "\n" not in str(error)
    assert len(str(error)) < 350


def test_other_errors_pass() -> None:
    """A mistake of our own is not dressed up as AWS's."""
    with pytest.raises(ZeroDivisionError), asking("iam:GetUser"):
        raise ZeroDivisionError


def test_code_of_an_odd_answer() -> None:
    """An error answer without a code is unknown, not a crash."""
    assert code_of(ClientError({}, "GetUser")) == "Unknown"
