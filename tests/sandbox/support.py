"""What several tests here say."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Iterator

CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
PASSWORD = "not a secret 1"
GUARD = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


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
