"""The credential report: when there is one, and what it says of whom."""

from __future__ import annotations

import csv
import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Sandbox, SandboxError
from tests.sandbox.support import PASSWORD, certificate, enable, refused

if TYPE_CHECKING:
    from collections.abc import Iterator

# The first line of a published report of a real account, of 2026.
_HEADER = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,"
    "password_next_rotation,mfa_active,access_key_1_active,access_key_1_last_rotated,"
    "access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,"
    "access_key_2_last_used_region,access_key_2_last_used_service,cert_1_active,"
    "cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)


@pytest.fixture(scope="module")
def account() -> Iterator[Sandbox]:
    """An account of its own: there is one report for all of it."""
    with Sandbox.start() as started:
        yield started


@pytest.fixture
def iam(account: Sandbox) -> Any:
    """IAM of that account."""
    return account.client("iam")


def _generate(iam: Any) -> dict[str, Any]:
    answer: dict[str, Any] = iam.generate_credential_report()
    return {name: answer[name] for name in ("State", "Description") if name in answer}


def _report(account: Sandbox, iam: Any) -> str:
    """A new report's text."""
    if _generate(iam)["State"] == "COMPLETE":
        account.control.age_credential_report(hours=4)
        assert _generate(iam)["State"] == "STARTED"
    while _generate(iam)["State"] != "COMPLETE":
        time.sleep(0.05)
    content: bytes = iam.get_credential_report()["Content"]
    return content.decode()


def _rows(account: Sandbox, iam: Any) -> dict[str, dict[str, str]]:
    """A new report's rows by user."""
    return {row["user"]: row for row in csv.DictReader(_report(account, iam).splitlines())}


def _key(row: dict[str, str], number: int) -> list[str]:
    names = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
    return [row[f"access_key_{number}_{name}"] for name in names]


def _stamp(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_a_report_is_there_a_moment_after_it_was_asked_for() -> None:
    """Not before; who asks again meanwhile is told that it is being made."""
    with Sandbox.start() as sandbox:
        iam = sandbox.client("iam")
        with refused("ReportNotPresent"):
            iam.get_credential_report()
        with pytest.raises(SandboxError, match="no credential report"):
            sandbox.control.age_credential_report()
        before = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=1)
        assert _generate(iam) == {
            "State": "STARTED",
            "Description": "No report exists. Starting a new report generation task",
        }
        with refused("ReportInProgress"):
            iam.get_credential_report()
        assert _generate(iam) == {"State": "INPROGRESS"}
        time.sleep(0.6)
        assert _generate(iam) == {"State": "COMPLETE"}
        report = iam.get_credential_report()
        assert report["ReportFormat"] == "text/csv"
        assert before <= report["GeneratedTime"] <= dt.datetime.now(dt.UTC)


def test_a_report_is_made_anew_after_four_hours_only(account: Sandbox, iam: Any, name: Any) -> None:
    """Until then it says what it said; afterwards it is gone until it is asked for."""
    _report(account, iam)
    before = iam.get_credential_report()
    newcomer = name("Newcomer")
    iam.create_user(UserName=newcomer)
    account.control.age_credential_report(hours=3.9)
    assert _generate(iam) == {"State": "COMPLETE"}
    assert iam.get_credential_report()["Content"] == before["Content"]
    account.control.age_credential_report(hours=0.1)
    with refused("ReportExpired"):
        iam.get_credential_report()
    assert newcomer in _rows(account, iam)


def test_a_report_is_a_table_of_all_users(account: Sandbox, iam: Any, name: Any) -> None:
    """Root first, the others by name without regard to case; no line ends it."""
    users = [name(kind) for kind in ("b", "A", "C", "a")]
    for user in users:
        iam.create_user(UserName=user)
    header, root, *rows = _report(account, iam).split("\n")
    assert header == _HEADER
    assert root.startswith(f"<root_account>,arn:aws:iam::{account.account}:root,20")
    listed = [row.split(",")[0] for row in rows]
    assert set(users) <= set(listed)
    assert listed == sorted(listed, key=str.lower)


def test_a_user_without_credentials_has_none(account: Sandbox, iam: Any, name: Any) -> None:
    """Each column says so in its word."""
    user = iam.create_user(UserName=name("Bare"), Path="/a/")["User"]
    row = _rows(account, iam)[user["UserName"]]
    assert row == {
        "user": user["UserName"],
        "arn": user["Arn"],
        "user_creation_time": _stamp(user["CreateDate"]),
        "password_enabled": "false",
        "password_last_used": "N/A",
        "password_last_changed": "N/A",
        "password_next_rotation": "N/A",
        "mfa_active": "false",
        **{f"access_key_{n}_active": "false" for n in (1, 2)},
        **{
            f"access_key_{n}_{column}": "N/A"
            for n in (1, 2)
            for column in ("last_rotated", "last_used_date", "last_used_region")
        },
        **{f"access_key_{n}_last_used_service": "N/A" for n in (1, 2)},
        **{f"cert_{n}_active": "false" for n in (1, 2)},
        **{f"cert_{n}_last_rotated": "N/A" for n in (1, 2)},
    }


def test_a_password_is_told_of(account: Sandbox, iam: Any, name: Any) -> None:
    """That there is one, since when, and when it was used; not any more when it is gone."""
    user, gone = name("Person"), name("Gone")
    for each in (user, gone):
        iam.create_user(UserName=each)
        iam.create_login_profile(UserName=each, Password=PASSWORD)
    account.console_client(gone, mfa=False)
    iam.delete_login_profile(UserName=gone)
    rows = _rows(account, iam)
    assert (rows[gone]["password_enabled"], rows[gone]["password_last_used"]) == ("false", "N/A")
    assert rows[user]["password_enabled"] == "true"
    assert rows[user]["password_last_used"] == "no_information"
    assert rows[user]["password_next_rotation"] == "N/A"
    first = rows[user]["password_last_changed"]
    account.console_client(user, mfa=False)
    used = iam.get_user(UserName=user)["User"]["PasswordLastUsed"]
    time.sleep(1.1)
    iam.update_login_profile(UserName=user, PasswordResetRequired=True)
    row = _rows(account, iam)[user]
    assert (row["password_last_used"], row["password_last_changed"]) == (_stamp(used), first)
    iam.update_login_profile(UserName=user, Password=PASSWORD + "2")
    assert _rows(account, iam)[user]["password_last_changed"] > first


def test_a_password_may_have_to_be_changed(account: Sandbox, iam: Any, name: Any) -> None:
    """So many days after it was set, by the account's policy."""
    user = name("Person")
    iam.create_user(UserName=user)
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    iam.update_account_password_policy(MaxPasswordAge=90)
    try:
        row = _rows(account, iam)[user]
    finally:
        iam.delete_account_password_policy()
    changed = dt.datetime.fromisoformat(row["password_last_changed"])
    assert dt.datetime.fromisoformat(row["password_next_rotation"]) - changed == dt.timedelta(90)


@pytest.mark.parametrize("kind", ("virtual", "hardware", "passkey"))
def test_mfa_is_active_with_any_device(account: Sandbox, iam: Any, name: Any, kind: str) -> None:
    """And no longer when it is deactivated."""
    user = name("Person")
    iam.create_user(UserName=user)
    if kind == "virtual":
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name("Device"))
        serial = made["VirtualMFADevice"]["SerialNumber"]
        enable(iam, user, serial)
    elif kind == "hardware":
        serial = name("GAKT1234567")
        enable(iam, user, serial)
    else:
        serial = account.control.enrol_passkey(user)
    assert _rows(account, iam)[user]["mfa_active"] == "true"
    iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert _rows(account, iam)[user]["mfa_active"] == "false"


def test_keys_are_told_of_in_the_order_of_their_ids(account: Sandbox, iam: Any, name: Any) -> None:
    """Whether they are active, since when they are there, and what they were used for last."""
    user = name("Service")
    iam.create_user(UserName=user)
    its_own = account.client_for_user(user)
    [used] = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    unused = iam.create_access_key(UserName=user)["AccessKey"]
    while unused["AccessKeyId"] > used["AccessKeyId"]:  # so that the newer comes first
        iam.delete_access_key(UserName=user, AccessKeyId=unused["AccessKeyId"])
        unused = iam.create_access_key(UserName=user)["AccessKey"]
    iam.update_access_key(UserName=user, AccessKeyId=unused["AccessKeyId"], Status="Inactive")
    its_own.get_user()
    last = iam.get_access_key_last_used(AccessKeyId=used["AccessKeyId"])["AccessKeyLastUsed"]
    row = _rows(account, iam)[user]
    assert _key(row, 1) == ["false", _stamp(unused["CreateDate"]), "N/A", "N/A", "N/A"]
    assert _key(row, 2) == [
        *("true", _stamp(used["CreateDate"]), _stamp(last["LastUsedDate"])),
        *("us-east-1", "iam"),
    ]


def test_certificates_are_told_of(account: Sandbox, iam: Any, name: Any) -> None:
    """One that is not active comes first."""
    user = name("Signer")
    iam.create_user(UserName=user)
    first, second = (
        iam.upload_signing_certificate(UserName=user, CertificateBody=certificate())["Certificate"]
        for _ in range(2)
    )
    iam.update_signing_certificate(
        UserName=user, CertificateId=second["CertificateId"], Status="Inactive"
    )
    row = _rows(account, iam)[user]
    assert [row["cert_1_active"], row["cert_2_active"]] == ["false", "true"]
    assert row["cert_1_last_rotated"] == _stamp(second["UploadDate"])
    assert row["cert_2_last_rotated"] == _stamp(first["UploadDate"])


def test_root_has_what_the_control_says(account: Sandbox, iam: Any) -> None:
    """Its password's next rotation is never told."""
    root = _rows(account, iam)["<root_account>"]
    assert root["mfa_active"] == root["password_enabled"] == "true"
    assert root["password_next_rotation"] == "not_supported"
    assert _key(root, 1) == _key(root, 2) == ["false", "N/A", "N/A", "N/A", "N/A"]
    account.control.set_root(mfa=False, password=False, access_keys=True)
    try:
        root = _rows(account, iam)["<root_account>"]
    finally:
        account.control.set_root(mfa=True, password=True, access_keys=False)
    assert root["mfa_active"] == root["password_enabled"] == "false"
    assert root["password_last_changed"] == "N/A"
    assert root["access_key_1_active"] == "true"
    assert root["access_key_1_last_rotated"] == root["user_creation_time"]
