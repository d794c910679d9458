"""Reading a secret by its reference: a SecureString in SSM, or a secret in Secrets Manager.

What is read is never part of an error.
"""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession

_MISSING = frozenset({"ParameterNotFound", "ResourceNotFoundException"})
_SECURE = "SecureString"


def read_secret(session: "AwsSession", reference: str) -> str:
    """Return the secret that `ssm:NAME` or `secretsmanager:NAME` leads to.

    Raises Permanent where there is none, or where it lies open.
    """
    store, _, name = reference.partition(":")
    text = _parameter(session, name) if store == "ssm" else _secret(session, name)
    return _only_value(text).strip()


def _parameter(session: "AwsSession", name: str) -> str:
    with asking("ssm:GetParameter"):
        try:
            found = session.ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]
        except ClientError as error:
            _refuse_missing(error, f"there is no parameter {name}")
            raise
    if found["Type"] != _SECURE:
        raise Permanent(
            f"the parameter {name} is a {found['Type']}, not a {_SECURE}: whoever may read"
            " parameters can read it",
            remedy=f"delete it, have Slack make another webhook, and put that as a {_SECURE}",
        )
    return found["Value"]


def _secret(session: "AwsSession", name: str) -> str:
    with asking("secretsmanager:GetSecretValue"):
        try:
            found = session.secrets.get_secret_value(SecretId=name)
        except ClientError as error:
            _refuse_missing(error, f"there is no secret {name}")
            raise
    return found.get("SecretString", "")


def _refuse_missing(error: ClientError, what: str) -> None:
    if code_of(error) in _MISSING:
        raise Permanent(what, remedy="create it, or correct REACTOR_SLACK_WEBHOOK") from error


def _only_value(text: str) -> str:
    """Return the one value of a JSON object, as the console makes secrets; else the text."""
    try:
        read = json.loads(text)
    except ValueError:
        return text
    values = list(read.values()) if isinstance(read, dict) else []
    return values[0] if len(values) == 1 and isinstance(values[0], str) else text
