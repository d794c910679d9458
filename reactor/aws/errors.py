"""AWS's errors as ours: Transient unless it is known that another try cannot help."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    ProxyConnectionError,
    SSOError,
    TokenRetrievalError,
)
from botocore.parsers import ResponseParserError

from reactor.errors import (
    Permanent,
    ReactorError,
    Throttled,
    Transient,
    Unclear,
    shorten,
)

THROTTLES = {
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
}
SERVER_ERRORS = 500  # HTTP status from which the fault is the service's own
_DENIALS = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}
_BAD_CREDENTIALS = {
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidClientTokenId",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_QUOTA_REMEDIES = {
    "iam:AttachUserPolicy": "a quota is in the way: detach policies from the user, or have it"
    " raised (IAM: 10 managed policies per user, up to 20 on request)",
    "iam:AddUserToGroup": "a quota is in the way: take the user out of groups, or have it raised"
    " (IAM: 10 groups per user)",
    "iam:CreatePolicy": "a quota is in the way: delete customer-managed policies that nobody needs,"
    " or have it raised (IAM: 1,500 per account, up to 10,000 on request)",
}
_NEVER_SENT = (
    ConnectTimeoutError,
    EndpointConnectionError,
    ParamValidationError,
    ProxyConnectionError,
)
# A person's sign-in that cannot be used; a function never sees these.
_UNUSABLE_CREDENTIALS = (
    ConfigParseError,
    CredentialRetrievalError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)


def code_of(error: ClientError) -> str:
    """Return the short code of a ClientError, such as NoSuchEntity."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


def is_never_sent(error: Exception) -> bool:
    """Tell whether a call ended before AWS had it; of others that failed, nobody knows."""
    return isinstance(error, _NEVER_SENT)


@contextmanager
def asking(operation: str) -> Iterator[None]:
    """Turn any error of an AWS call in the block into ours; `operation` is `service:Operation`."""
    try:
        yield
    except ClientError as error:
        raise _of_client_error(error, operation) from error
    except (BotoCoreError, HTTPClientError, ResponseParserError) as error:
        raise _of_client_side(error, operation) from error
    except (KeyError, TypeError, ValueError) as error:
        raise Transient(
            f"{operation} gave an answer that was not understood: {shorten(repr(error))}",
            remedy="it is tried again; if it lasts, report it as a bug",
        ) from error


def _of_client_error(error: ClientError, operation: str) -> ReactorError:
    code = code_of(error)
    what = (
        f"{operation} failed: {code}: {shorten(error.response.get('Error', {}).get('Message', ''))}"
    )
    if code == "LimitExceeded":
        return Permanent(
            what,
            remedy=_QUOTA_REMEDIES.get(operation, "have the quota that it names raised"),
        )
    if code == "MalformedPolicyDocument":
        return Permanent(
            what, remedy="report this as a bug: mfa-reactor writes documents of its own making only"
        )
    if code == "DeleteConflict":
        return Transient(what, remedy="take off or out what still hangs on it, then try again")
    if code in THROTTLES:
        return Throttled(
            what, remedy="nothing: it is tried again; if it lasts, see who calls that service"
        )
    if code in _DENIALS:
        return Transient(
            what,
            remedy=f"allow {operation} to this role or person; a function's role is made from"
            " .chalice/policy-*.json (mfa-reactor roles --write)",
        )
    if code in _BAD_CREDENTIALS:
        return Transient(what, remedy="renew the AWS credentials")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    kind = Unclear if status >= SERVER_ERRORS else Transient
    return kind(what, remedy="it is tried again; if it lasts, see the message")


def _of_client_side(error: Exception, operation: str) -> ReactorError:
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        return Transient("there are no AWS credentials", remedy="sign in, or set AWS_PROFILE")
    if isinstance(error, _UNUSABLE_CREDENTIALS):
        return Transient(
            f"the AWS credentials cannot be used: {shorten(error)}",
            remedy="sign in again, or set AWS_PROFILE to another profile",
        )
    if isinstance(error, NoRegionError):
        return Transient("no AWS region is set", remedy="set AWS_DEFAULT_REGION")
    kind = Transient if is_never_sent(error) else Unclear
    return kind(
        f"{operation} got no answer: {shorten(error)}",
        remedy="see that this machine reaches AWS",
    )
