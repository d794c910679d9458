"""reactor.guard.document: each statement of the guard, in each partition.

What the document does to real requests is simulated elsewhere; here its text is held still.
"""

import json
import re
from typing import Any

import pytest

from reactor.guard.document import canonical, guard_document
from tests.fakes.account import ACCOUNT, DEFAULTS

POLICY_LIMIT = 6144  # characters of a managed policy without white space
PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
IAM = f"arn:aws:iam::{ACCOUNT}"
ONESELF = [f"{IAM}:user/${{aws:username}}", f"{IAM}:user/*/${{aws:username}}"]
WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
ENROL = ["iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:ResyncMFADevice"]


def statement(sid: str) -> dict[str, Any]:
    """Return one statement of the guard."""
    (found,) = [
        each for each in guard_document("aws", ACCOUNT, DEFAULTS)["Statement"] if each["Sid"] == sid
    ]
    return dict(found)


def test_statements() -> None:
    """The guard denies first, then allows the least that enrolment needs."""
    effects = [(each["Effect"], each["Sid"]) for each in _all()]
    assert effects == [
        ("Deny", "DenyAllButEnrolmentWithoutMfa"),
        ("Deny", "DenyEnrolmentOfOthersWithoutMfa"),
        ("Deny", "DenyEnrolmentByAccessKey"),
        ("Deny", "DenyEnrolmentByService"),
        ("Deny", "DenyEnrolmentByFederation"),
        ("Allow", "AllowEnrolmentReads"),
        ("Allow", "AllowNewDevice"),
        ("Allow", "AllowOwnEnrolment"),
    ]


def test_everything_but_enrolment_is_denied() -> None:
    """Without MFA, also where the key is absent, only these remain open."""
    denial = statement("DenyAllButEnrolmentWithoutMfa")
    assert denial["Condition"] == WITHOUT_MFA
    assert denial["Resource"] == "*"
    assert denial["NotAction"] == [
        "iam:ChangePassword",
        "iam:CreateVirtualMFADevice",
        "iam:EnableMFADevice",
        "iam:GetUser",
        "iam:ListMFADevices",
        "iam:ListVirtualMFADevices",
        "iam:ResyncMFADevice",
        "sts:GetCallerIdentity",
        "sts:GetSessionToken",
    ]


def test_others_are_closed() -> None:
    """A session without MFA can enrol, and change the password of, nobody but its own user."""
    denial = statement("DenyEnrolmentOfOthersWithoutMfa")
    assert denial["Condition"] == WITHOUT_MFA
    assert denial["NotResource"] == ONESELF
    assert denial["Action"] == [
        "iam:ChangePassword",
        "iam:EnableMFADevice",
        "iam:ResyncMFADevice",
    ]


@pytest.mark.parametrize(
    ("sid", "condition"),
    [
        pytest.param(
            "DenyEnrolmentByAccessKey",
            {"Null": {"aws:MultiFactorAuthPresent": "true"}},
            id="a long-term key",
        ),
        pytest.param(
            "DenyEnrolmentByService",
            {**WITHOUT_MFA, "Bool": {"aws:ViaAWSService": "true"}},
            id="a service that acts for a key's owner",
        ),
        pytest.param(
            "DenyEnrolmentByFederation",
            {**WITHOUT_MFA, "StringNotEquals": {"aws:PrincipalType": "User"}},
            id="a federation token",
        ),
    ],
)
def test_only_the_console_enrols(sid: str, condition: dict[str, Any]) -> None:
    """A stolen key enrols no device of its own, on any of the three ways."""
    denial = statement(sid)
    assert (denial["Action"], denial["Resource"], denial["Condition"]) == (ENROL, "*", condition)


def test_allowed() -> None:
    """A user without any permission can enrol, itself only, a device of any name."""
    assert statement("AllowNewDevice")["Resource"] == [f"{IAM}:mfa/*"]
    assert statement("AllowOwnEnrolment")["Resource"] == ONESELF
    assert statement("AllowEnrolmentReads")["Action"] == [
        "iam:GetUser",
        "iam:ListMFADevices",
        "iam:ListVirtualMFADevices",
    ]
    assert all("Condition" not in each for each in _all() if each["Effect"] == "Allow")


def test_nothing_opens_signing_in() -> None:
    """No NotAction leaves signin open, and no Allow is wider than enrolment."""
    allowed = {action for each in _all() if each["Effect"] == "Allow" for action in each["Action"]}
    assert allowed <= set(statement("DenyAllButEnrolmentWithoutMfa")["NotAction"])
    assert "signin" not in canonical(guard_document("aws", ACCOUNT, DEFAULTS))
    assert "*" not in allowed


@pytest.mark.parametrize("partition", PARTITIONS)
def test_fits_and_is_at_home(partition: str) -> None:
    """In each partition the ARNs are its own, and the document keeps within IAM's limit."""
    document = guard_document(partition, ACCOUNT, DEFAULTS)
    text = canonical(document)
    assert len(text) < POLICY_LIMIT
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {partition}
    assert not re.search(r"\s", text)
    assert json.loads(text) == document


def test_sids_are_valid_and_unique() -> None:
    """IAM takes letters and digits only, and each once."""
    sids = [each["Sid"] for each in _all()]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


def test_stored_text_is_always_the_same() -> None:
    """The same document is the same text, whatever order it was made in."""
    assert (
        canonical({"b": 1, "a": [2, 1]})
        == canonical({"a": [2, 1], "b": 1})
        == ('{"a":[2,1],"b":1}')
    )


def _all() -> list[dict[str, Any]]:
    return list(guard_document("aws", ACCOUNT, DEFAULTS)["Statement"])
