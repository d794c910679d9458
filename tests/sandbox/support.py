"""What several tests here say."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
PASSWORD = "not a secret 1"
GUARD = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


class Queue:
    """A queue and what is in it."""

    def __init__(self, sandbox: Sandbox, name: str, **attributes: str) -> None:
        self._client = sandbox.client("sqs")
        self.url = self._client.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        self.arn = f"arn:aws:sqs:us-east-1:{sandbox.account}:{name}"

    def let_in(
        self,
        source_arn: str,
        service: str = "events.amazonaws.com",
        condition: dict[str, Any] | None = None,
    ) -> None:
        """Lets the service send in the name of the source, EventBridge of a rule; or as it says."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": service},
            "Action": "sqs:SendMessage",
            "Resource": self.arn,
            "Condition": condition or {"ArnEquals": {"aws:SourceArn": source_arn}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def messages(self) -> list[dict[str, Any]]:
        """All that is in it, taken out."""
        found: list[dict[str, Any]] = []
        while received := self._client.receive_message(
            QueueUrl=self.url, MessageAttributeNames=["All"], MaxNumberOfMessages=10
        ).get("Messages"):
            for each in received:
                receipt = each["ReceiptHandle"]
                self._client.delete_message(QueueUrl=self.url, ReceiptHandle=receipt)
            found += received
        return found


@contextlib.contextmanager
def refused(code: str, message: str = "") -> Iterator[None]:
    """The call inside fails with this error code, and says this."""
    with pytest.raises(ClientError) as caught:
        yield
    error = caught.value.response["Error"]
    assert (error["Code"], message in error["Message"]) == (code, True), error


def enable(iam: Any, user: str, serial_number: str) -> None:
    """Give the user the device."""
    iam.enable_mfa_device(UserName=user, SerialNumber=serial_number, **CODES)


def certificate() -> str:
    """A new certificate, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "made up")])
    now = dt.datetime.now(dt.UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    return signed.public_bytes(serialization.Encoding.PEM).decode()


def pages(method: Any, member: str, **arguments: Any) -> list[list[Any]]:
    """All pages, followed by their markers."""
    found = []
    while True:
        answer = method(**arguments)
        found.append(answer[member])
        assert answer["IsTruncated"] is ("Marker" in answer)
        if not answer["IsTruncated"]:
            return found
        arguments["Marker"] = answer["Marker"]


def without_retries(
    sandbox: Sandbox, service: str, credentials: dict[str, str] | None = None
) -> Any:
    """A client that tells of the first refusal; others wait and try again."""
    environment = sandbox.environment()
    keys = credentials or {
        "access_key_id": environment["AWS_ACCESS_KEY_ID"],
        "secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        "session_token": environment["AWS_SESSION_TOKEN"],
    }
    create: Any = boto3.client  # its stubs know the services installed by name only
    return create(
        service,
        region_name=sandbox.region,
        endpoint_url=sandbox.url,
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        aws_session_token=keys["session_token"],
        config=Config(retries={"max_attempts": 0}, proxies={}),
    )
