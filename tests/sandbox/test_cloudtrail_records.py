"""The records of calls: who, what, and what is left out of them."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.recorded import is_write
from tests.sandbox.support import CODES, GUARD, PASSWORD, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox


@pytest.fixture
def record_of(sandbox: Sandbox) -> Callable[[str, str], dict[str, Any]]:
    """The last record of an event about a user."""

    def find(event_name: str, text: str) -> dict[str, Any]:
        records = reversed(sandbox.control.records())
        return next(r for r in records if r["eventName"] == event_name and text in str(r))

    return find


def test_a_record_says_when_and_where(sandbox: Sandbox, user: str, record_of: Any) -> None:
    """In UTC seconds, in the region where IAM's events arrive."""
    record = record_of("CreateUser", user)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", record["eventTime"])
    assert record["awsRegion"] == "us-east-1"
    assert record["eventSource"] == "iam.amazonaws.com"
    assert record["recipientAccountId"] == sandbox.account
    assert record["readOnly"] is False


def test_a_roles_session_is_named_with_its_role(user: str, record_of: Any) -> None:
    """The session has an ARN of its own; the role is its issuer."""
    identity = record_of("CreateUser", user)["userIdentity"]
    issuer = identity["sessionContext"]["sessionIssuer"]
    assert identity["type"] == "AssumedRole"
    assert re.fullmatch(r"AROA\w{17}:operator", identity["principalId"])
    assert issuer["arn"].endswith(":role/SandboxAdministrator")
    assert issuer["principalId"] == identity["principalId"].split(":")[0]
    assert identity["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    assert "userName" not in identity


def test_a_user_with_a_path_is_named_with_it(
    sandbox: Sandbox, iam: Any, name: Any, record_of: Any
) -> None:
    """In its ARN; its name is without."""
    user = iam.create_user(UserName=name("U"), Path="/a/b/")["User"]
    sandbox.client_for_user(user["UserName"]).create_login_profile(Password=PASSWORD)
    identity = record_of("CreateLoginProfile", user["UserName"])["userIdentity"]
    assert identity["type"] == "IAMUser"
    assert identity["arn"] == user["Arn"]
    assert identity["principalId"] == user["UserId"]
    assert identity["userName"] == user["UserName"]
    assert "sessionContext" not in identity


@pytest.mark.parametrize("mfa", (True, False))
def test_a_console_session_says_so_and_whether_with_mfa(
    sandbox: Sandbox, user: str, record_of: Any, *, mfa: bool
) -> None:
    """The user is the caller, and its session has a context."""
    sandbox.console_client(user, mfa=mfa).create_access_key()
    record = record_of("CreateAccessKey", user)
    attributes = record["userIdentity"]["sessionContext"]["attributes"]
    assert record["userIdentity"]["userName"] == user
    assert attributes["mfaAuthenticated"] == ("true" if mfa else "false")
    assert record["sessionCredentialFromConsole"] == "true"


def test_the_root_user_is_root(sandbox: Sandbox, name: Any, record_of: Any) -> None:
    """It has the account's number for an id."""
    created = name("U")
    sandbox.root_client().create_user(UserName=created)
    identity = record_of("CreateUser", created)["userIdentity"]
    assert identity["type"] == "Root"
    assert identity["arn"] == f"arn:aws:iam::{sandbox.account}:root"
    assert identity["principalId"] == sandbox.account


def test_secrets_are_left_out(iam: Any, user: str, device: str, record_of: Any) -> None:
    """Passwords, keys, seeds and codes."""
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    secret = iam.create_access_key(UserName=user)["AccessKey"]["SecretAccessKey"]
    iam.enable_mfa_device(UserName=user, SerialNumber=device, **CODES)
    assert PASSWORD not in str(record_of("CreateLoginProfile", user))
    assert secret not in str(record_of("CreateAccessKey", user))
    assert record_of("EnableMFADevice", user)["requestParameters"] == {
        "userName": user,
        "serialNumber": device,
    }
    assert record_of("CreateVirtualMFADevice", device)["responseElements"] == {
        "virtualMFADevice": {"serialNumber": device}
    }


def test_what_is_left_empty_is_null(sandbox: Sandbox, iam: Any, user: str, record_of: Any) -> None:
    """No parameters that may be shown, no result: null, not an empty object."""
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    its_own = sandbox.client_for_user(user)
    its_own.change_password(OldPassword=PASSWORD, NewPassword=PASSWORD + "2")
    record = record_of("ChangePassword", user)
    assert record["requestParameters"] is None
    assert record["responseElements"] is None


def test_dates_in_results_are_spoken(user: str, record_of: Any) -> None:
    """The month's name, and an hour of twelve without a leading zero."""
    created = record_of("CreateUser", user)["responseElements"]["user"]["createDate"]
    assert re.fullmatch(r"[A-Z][a-z]{2} \d{1,2}, \d{4} [1-9]\d?:\d\d:\d\d [AP]M", created)
    assert dt.datetime.strptime(created, "%b %d, %Y %I:%M:%S %p")  # noqa: DTZ007


def test_a_failed_call_keeps_its_request_and_names_the_exception(
    iam: Any, name: Any, record_of: Any
) -> None:
    """boto3's NoSuchEntity is the record's NoSuchEntityException."""
    nobody = name("Nobody")
    with refused("NoSuchEntity"):
        iam.delete_user(UserName=nobody)
    record = record_of("DeleteUser", nobody)
    assert record["errorCode"] == "NoSuchEntityException"
    assert nobody in record["errorMessage"]
    assert record["requestParameters"] == {"userName": nobody}
    assert record["responseElements"] is None


def test_the_request_is_recorded_as_it_was_written(iam: Any, user: str, record_of: Any) -> None:
    """In the caller's case, not in the user's."""
    iam.put_user_policy(UserName=user.upper(), PolicyName="inline", PolicyDocument=GUARD)
    record = record_of("PutUserPolicy", user.upper())
    assert record["requestParameters"] == {
        "userName": user.upper(),
        "policyName": "inline",
        "policyDocument": GUARD,
    }


def test_a_request_of_more_than_100_kilobytes_is_left_out(
    sandbox: Sandbox, iam: Any, user: str
) -> None:
    """Only its size is told. White space counts against no quota, so this is easy to do."""
    iam.put_user_policy(UserName=user, PolicyName="large", PolicyDocument=GUARD + " " * 120_000)
    record = sandbox.control.records()[-1]
    assert record["requestParameters"]["reason"] == "requestParameters too large"
    assert record["requestParameters"]["originalSize"] > 120_000
    assert "errorCode" not in record


def test_reading_leaves_no_record(sandbox: Sandbox, iam: Any, user: str) -> None:
    """Read-only calls do not reach a rule, and are not kept."""
    before = len(sandbox.control.records())
    iam.get_user(UserName=user)
    iam.list_users()
    assert len(sandbox.control.records()) == before


@pytest.mark.parametrize(
    ("action", "written"),
    (
        ("GetUser", False),
        ("ListUsers", False),
        ("GenerateCredentialReport", False),
        ("ResyncMFADevice", True),
        ("TagUser", True),
        ("ChangePassword", True),
    ),
)
def test_what_is_a_write(action: str, *, written: bool) -> None:
    """By the operation's name."""
    assert is_write(action) is written


def test_a_records_id_is_its_calls(sandbox: Sandbox, iam: Any, name: Any) -> None:
    """RequestID is what the client was answered with; eventID is the record's own."""
    answer = iam.create_user(UserName=name("U"))
    record = sandbox.control.records()[-1]
    assert record["requestID"] == answer["ResponseMetadata"]["RequestId"]
    ids = [each["eventID"] for each in sandbox.control.records()]
    assert len(set(ids)) == len(ids)
