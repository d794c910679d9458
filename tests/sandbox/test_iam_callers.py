"""Who is meant when no user is named, and whose keys are good."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config

from tests.sandbox.support import PASSWORD, enable, refused

if TYPE_CHECKING:
    from sandbox import Sandbox

_NOBODYS = {"access_key_id": "AKIA" + "A" * 16, "secret_access_key": "x"}


def test_a_user_who_names_nobody_means_itself(
    sandbox: Sandbox, iam: Any, user: str, device: str
) -> None:
    """In each call that may leave the user out."""
    enable(iam, user, device)
    its_own = sandbox.client_for_user(user)

    assert its_own.get_user()["User"]["UserName"] == user
    assert its_own.list_mfa_devices()["MFADevices"][0]["SerialNumber"] == device
    assert len(its_own.list_access_keys()["AccessKeyMetadata"]) == 1
    second = its_own.create_access_key()["AccessKey"]
    assert second["UserName"] == user
    its_own.update_access_key(AccessKeyId=second["AccessKeyId"], Status="Inactive")
    its_own.delete_access_key(AccessKeyId=second["AccessKeyId"])
    its_own.create_login_profile(Password=PASSWORD)
    its_own.update_login_profile(UserName=user, Password=PASSWORD + "2")
    its_own.delete_login_profile()
    its_own.deactivate_mfa_device(SerialNumber=device)
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []


@pytest.mark.parametrize("who", ("a role's session", "the root user"))
def test_who_is_no_user_must_name_one(sandbox: Sandbox, iam: Any, who: str) -> None:
    """The error is AWS's."""
    client = iam if who == "a role's session" else sandbox.root_client()
    for call, arguments in (
        (client.get_user, {}),
        (client.list_mfa_devices, {}),
        (client.list_access_keys, {}),
        (client.create_access_key, {}),
        (client.delete_login_profile, {}),
        (client.deactivate_mfa_device, {"SerialNumber": "GAKT12345678"}),
    ):
        with refused(
            "ValidationError", "Must specify userName when calling with non-User credentials"
        ):
            call(**arguments)


def test_a_key_that_nobody_was_given_is_refused(sandbox: Sandbox) -> None:
    """InvalidClientTokenId, and no record in anybody's name."""
    before = len(sandbox.control.records())
    with refused("InvalidClientTokenId"):
        sandbox.client("iam", credentials=_NOBODYS).create_user(UserName="never")
    with refused("InvalidClientTokenId"):
        sandbox.client("logs", credentials=_NOBODYS).describe_log_groups()
    assert len(sandbox.control.records()) == before


def test_a_key_made_inactive_or_deleted_is_refused(sandbox: Sandbox, iam: Any, user: str) -> None:
    """From the next call on."""
    its_own = sandbox.client_for_user(user)
    key = iam.list_access_keys(UserName=user)["AccessKeyMetadata"][0]["AccessKeyId"]
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Inactive")
    with refused("InvalidClientTokenId"):
        its_own.get_user()
    iam.update_access_key(UserName=user, AccessKeyId=key, Status="Active")
    its_own.get_user()
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    with refused("InvalidClientTokenId"):
        its_own.get_user()


def test_an_unsigned_call_is_refused(sandbox: Sandbox) -> None:
    """MissingAuthenticationToken."""
    unsigned = boto3.client(
        "iam",
        region_name="us-east-1",
        endpoint_url=sandbox.url,
        config=Config(signature_version=UNSIGNED, proxies={}),
    )
    with refused("MissingAuthenticationToken"):
        unsigned.list_users()


def test_a_session_token_is_its_users(sandbox: Sandbox, user: str) -> None:
    """GetSessionToken gives a session of the caller, and none to a session."""
    made = sandbox.client_for_user(user, "sts").get_session_token()["Credentials"]
    session = {
        "access_key_id": made["AccessKeyId"],
        "secret_access_key": made["SecretAccessKey"],
        "session_token": made["SessionToken"],
    }
    assert sandbox.client("iam", credentials=session).get_user()["User"]["UserName"] == user
    with refused("AccessDenied"):
        sandbox.client("sts", credentials=session).get_session_token()


def test_mfa_counts_with_a_device_of_the_callers_that_shows_codes(
    sandbox: Sandbox, iam: Any, user: str, device: str
) -> None:
    """GetSessionToken takes neither others' devices nor passkeys, and no code without digits."""
    sts = sandbox.client_for_user(user, "sts")
    for serial in (device, sandbox.control.enrol_passkey(user)):
        with refused("AccessDenied", "unable to validate MFA code"):
            sts.get_session_token(SerialNumber=serial, TokenCode="123456")
    enable(iam, user, device)
    with refused("AccessDenied", "invalid MFA one time pass code"):
        sts.get_session_token(SerialNumber=device, TokenCode="pass12")
    assert sts.get_session_token(SerialNumber=device, TokenCode="123456")["Credentials"]


def test_the_identity_is_the_callers(sandbox: Sandbox, user: str) -> None:
    """GetCallerIdentity for an operator, a user and root."""
    operator = sandbox.client("sts").get_caller_identity()["Arn"]
    assert operator.endswith(":assumed-role/SandboxAdministrator/operator")
    its_own = sandbox.client_for_user(user, "sts").get_caller_identity()
    assert its_own["Arn"].endswith(f":user/{user}")
    assert its_own["UserId"].startswith("AIDA")
    assert sandbox.root_client("sts").get_caller_identity()["Arn"].endswith(":root")


def test_a_role_that_does_not_exist_is_not_assumed(sandbox: Sandbox) -> None:
    """AccessDenied: AWS does not tell which roles there are."""
    with refused("AccessDenied", "is not authorized to perform: sts:AssumeRole"):
        sandbox.client("sts").assume_role(
            RoleArn=f"arn:aws:iam::{sandbox.account}:role/none", RoleSessionName="session"
        )
