"""The guard's policy document, for a partition and an account.

What it must do, and why each part is there:

- Without MFA nothing is allowed but to look at oneself, to ask for a session, and to enrol.
  `BoolIfExists`, because the key is absent from requests signed with long-term access keys.
- Enrolment is for oneself only. The widely copied guards forget this, and let a session without MFA
  enrol a device for, or set the password of, anybody.
- Enrolment needs the console. In requests signed with a long-term key the MFA key is absent (Null);
  a service acting for such a key's owner, and a federation token's session, have it as false, and
  are told apart by aws:ViaAWSService and aws:PrincipalType. So a stolen key cannot enrol a device.
- ChangePassword stays open to keys: a first sign-in that must set a password may look like one, and
  it takes the old password anyway.

The Allow part is the least that enrolment needs, so that a user without any permission can enrol.
"""

import json
from typing import Any

# Reading these is what the console's and the command line's enrolment need.
_READ_FOR_ENROLMENT = (
    "iam:GetUser",
    "iam:ListMFADevices",
    "iam:ListVirtualMFADevices",
)
_ENROL = (
    "iam:CreateVirtualMFADevice",
    "iam:EnableMFADevice",
    "iam:ResyncMFADevice",
)
_ENROL_ON_USER = ("iam:EnableMFADevice", "iam:ResyncMFADevice")
_CHANGE_PASSWORD = "iam:ChangePassword"  # noqa: S105 - an action, not a secret
_SESSION = ("sts:GetCallerIdentity", "sts:GetSessionToken")

_WITHOUT_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}


def guard_document(partition: str, account: str) -> dict[str, Any]:
    """Return the guard's document. `partition` is aws, aws-cn or aws-us-gov."""
    iam = f"arn:{partition}:iam::{account}"
    # A user's ARN contains its path; without the second form users with a path could not enrol.
    oneself = [f"{iam}:user/${{aws:username}}", f"{iam}:user/*/${{aws:username}}"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            *_denials(oneself),
            _allow("AllowEnrolmentReads", _READ_FOR_ENROLMENT, ["*"]),
            # Devices may have any name since a user may have several (2022).
            _allow("AllowNewDevice", ("iam:CreateVirtualMFADevice",), [f"{iam}:mfa/*"]),
            _allow("AllowOwnEnrolment", _ENROL_ON_USER, oneself),
        ],
    }


def canonical(document: object) -> str:
    """Return a document as the text that is stored: sorted, without white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _denials(oneself: list[str]) -> list[dict[str, Any]]:
    open_without_mfa = sorted((*_SESSION, *_READ_FOR_ENROLMENT, *_ENROL, _CHANGE_PASSWORD))
    return [
        {
            "Sid": "DenyAllButEnrolmentWithoutMfa",
            "Effect": "Deny",
            "NotAction": open_without_mfa,
            "Resource": "*",
            "Condition": _WITHOUT_MFA,
        },
        {
            "Sid": "DenyEnrolmentOfOthersWithoutMfa",
            "Effect": "Deny",
            "Action": sorted((*_ENROL_ON_USER, _CHANGE_PASSWORD)),
            "NotResource": oneself,
            "Condition": _WITHOUT_MFA,
        },
        _deny_enrolment(
            "DenyEnrolmentByAccessKey", {"Null": {"aws:MultiFactorAuthPresent": "true"}}
        ),
        _deny_enrolment(
            "DenyEnrolmentByService", {**_WITHOUT_MFA, "Bool": {"aws:ViaAWSService": "true"}}
        ),
        _deny_enrolment(
            "DenyEnrolmentByFederation",
            {**_WITHOUT_MFA, "StringNotEquals": {"aws:PrincipalType": "User"}},
        ),
    ]


def _deny_enrolment(sid: str, condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Sid": sid,
        "Effect": "Deny",
        "Action": sorted(_ENROL),
        "Resource": "*",
        "Condition": condition,
    }


def _allow(sid: str, actions: tuple[str, ...], resources: list[str]) -> dict[str, Any]:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
