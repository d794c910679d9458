"""The guard's policy document, for a partition, an account and the settings.

What it must do, and why each part is there:

- Without MFA nothing is open but to ask for a session, to look at oneself, and to enrol.
  `BoolIfExists`, because the key is absent from requests signed with long-term access keys.
- All of that is for oneself only. The widely copied guards forget this, and let a session without
  MFA enrol a device for, or set the password of, anybody.
- Enrolment needs the console (REACTOR_GUARD_ENROL). In requests signed with a long-term key the MFA
  key is absent (Null); a service acting for such a key's owner, and a federation token's session,
  have it as false, and are told apart by aws:ViaAWSService and aws:PrincipalType. So a stolen key
  cannot enrol a device. Nobody needs a service to enrol: it may do nothing.
- Who is no user has no aws:username, and so no self. What then becomes of a statement about oneself
  AWS's documentation says in two ways: its resource matches nothing, or all of it is invalid. No
  denial may rest on either, so federated users and roles have denials of their own.
- ChangePassword stays open to keys: a first sign-in that must set a password may look like one, and
  it takes the old password anyway.
- MFA older than REACTOR_GUARD_SESSION_HOURS leaves what a key without MFA has, and no more: the
  credentials of an old console session look as those that a key got with a token code, long ago.
- With MFA or without, its holders cannot touch the guard: its document, its attachments, the group
  that carries it, and the tags that exempt themselves.

The Allow part is the least that enrolment needs, so that a user without any permission can enrol;
REACTOR_GUARD_SELF_SERVICE=credentials widens it, and the denials above still hold. What each
statement does to real requests is proven in tests/proof, action by action.
"""

import json
from collections.abc import Iterable
from typing import Any

from reactor.errors import SettingError
from reactor.guard.identity import GROUP_PATH, Guard
from reactor.settings import Enrol, SelfService, Settings, without_case

LIMIT = 6_144  # characters of a managed policy, white space not counted (IAM user guide, quotas)

# What the console's and the command line's enrolment read: of the account, and of oneself.
_READ_DEVICES = {"iam:ListVirtualMFADevices"}
# Open to any session. GetCallerIdentity is not here: nothing can deny it (STS API reference).
_OF_NOBODY = _READ_DEVICES | {"sts:GetSessionToken"}
_READ_ONESELF = {"iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices"}
_NEW_DEVICE = {"iam:CreateVirtualMFADevice"}
_ENROL_ONESELF = {"iam:EnableMFADevice", "iam:ResyncMFADevice"}
_CHANGE_PASSWORD = {"iam:ChangePassword"}
_OWN_CREDENTIALS = _CHANGE_PASSWORD | {
    "iam:CreateAccessKey",
    "iam:CreateServiceSpecificCredential",
    "iam:DeleteAccessKey",
    "iam:DeleteSSHPublicKey",
    "iam:DeleteServiceSpecificCredential",
    "iam:DeleteSigningCertificate",
    "iam:GetAccessKeyLastUsed",
    "iam:GetSSHPublicKey",
    "iam:ListAccessKeys",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
    "iam:ResetServiceSpecificCredential",
    "iam:UpdateAccessKey",
    "iam:UpdateSSHPublicKey",
    "iam:UpdateServiceSpecificCredential",
    "iam:UpdateSigningCertificate",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
}
_PASSWORD_RULES = {"iam:GetAccountPasswordPolicy"}  # the page on which a password is changed
_EDIT_POLICY = {
    "iam:CreatePolicyVersion",
    "iam:DeletePolicy",
    "iam:DeletePolicyVersion",
    "iam:SetDefaultPolicyVersion",
    "iam:TagPolicy",
    "iam:UntagPolicy",
}
# A member is taken out by a call on the group, not on the user.
_EDIT_GROUP = {"iam:DeleteGroup", "iam:RemoveUserFromGroup", "iam:UpdateGroup"}

_NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
_NO_USER = {"StringNotEquals": {"aws:PrincipalType": "User"}}

Statement = dict[str, Any]


def guard_document(partition: str, account: str, settings: Settings) -> dict[str, Any]:
    """Return the guard's document. `partition` is aws, aws-cn or aws-us-gov."""
    guard = Guard.of(settings, partition=partition, account=account)
    iam = f"arn:{partition}:iam::{account}"
    # A user's ARN contains its path; without the second form users with a path could not enrol.
    oneself = [f"{iam}:user/${{aws:username}}", f"{iam}:user/*/${{aws:username}}"]
    return {
        "Version": "2012-10-17",
        "Statement": [
            *_without_mfa(settings, oneself),
            *_with_old_mfa(settings, oneself),
            *_tampering(guard, f"{iam}:group{GROUP_PATH}{guard.group}", settings, oneself),
            *_self_service(settings, iam, oneself),
        ],
    }


def require_room(settings: Settings) -> None:
    """Refuse settings whose document IAM would not take: only tags can make it so long.

    Raises SettingError.
    """
    length = len(canonical(guard_document("aws-us-gov", "0" * 12, settings)))
    if not settings.guard_is_given and length > LIMIT:
        raise SettingError(
            f"REACTOR_EXEMPT_TAGS has {len(settings.exempt_tags)} tags, and the guard, which keeps"
            f" its holders from giving them to themselves, would have {length} characters: it takes"
            f" fewer or shorter ones, so that these are {LIMIT} at most"
        )


def canonical(document: object) -> str:
    """Return a document as the text that is stored: sorted, without white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def _without_mfa(settings: Settings, oneself: list[str]) -> Iterable[Statement]:
    passwords = _CHANGE_PASSWORD if settings.guard_password_change else set[str]()
    on_oneself = _READ_ONESELF | _ENROL_ONESELF | passwords
    yield _deny("DenyWithoutMfa", _NO_MFA, but=_OF_NOBODY | _NEW_DEVICE | on_oneself)
    yield _deny("DenyOthersWithoutMfa", _NO_MFA, on_oneself, elsewhere=oneself)
    if settings.guard_enrol is Enrol.CONSOLE:
        by_key = {"Null": {"aws:MultiFactorAuthPresent": "true"}}
        yield _deny("DenyEnrolmentByKey", by_key, _NEW_DEVICE | _ENROL_ONESELF)
    by_service = {**_NO_MFA, "Bool": {"aws:ViaAWSService": "true"}}
    yield _deny("DenyServiceWithoutMfa", by_service, {"*"})
    yield _deny("DenyNoUserWithoutMfa", {**_NO_MFA, **_NO_USER}, but=_OF_NOBODY)


def _with_old_mfa(settings: Settings, oneself: list[str]) -> Iterable[Statement]:
    if settings.guard_session_hours is None:
        return
    seconds = settings.guard_session_hours * 3600
    # The key is absent where there is no MFA: such sessions are the concern of the others.
    old = {"NumericGreaterThan": {"aws:MultiFactorAuthAge": str(seconds)}}
    on_oneself, of_nobody = set(_READ_ONESELF), set(_OF_NOBODY)
    if settings.guard_password_change:
        on_oneself |= _CHANGE_PASSWORD
    if settings.guard_enrol is Enrol.ANYWHERE:
        on_oneself, of_nobody = on_oneself | _ENROL_ONESELF, of_nobody | _NEW_DEVICE
    yield _deny("DenyWithOldMfa", old, but=of_nobody | on_oneself)
    yield _deny("DenyOthersWithOldMfa", old, on_oneself, elsewhere=oneself)
    yield _deny("DenyNoUserWithOldMfa", {**old, **_NO_USER}, but=_OF_NOBODY)


def _tampering(
    guard: Guard, group: str, settings: Settings, oneself: list[str]
) -> Iterable[Statement]:
    of_the_guard = {"ArnEquals": {"iam:PolicyARN": guard.arn}}
    from_group, from_user = {"iam:DetachGroupPolicy"}, {"iam:DetachUserPolicy"}
    if settings.guard_self_detach:
        yield _deny("DenyDetachingTheGuard", of_the_guard, from_group)
        yield _deny("DenyDetachingFromOthers", of_the_guard, from_user, elsewhere=oneself)
        yield _deny("DenyNoUserDetaching", {**of_the_guard, **_NO_USER}, from_user)
    else:
        yield _deny("DenyDetachingTheGuard", of_the_guard, from_group | from_user)
    yield _deny("DenyEditingTheGuard", None, _EDIT_POLICY, at=[guard.arn])
    yield _deny("DenyEditingItsGroup", None, _EDIT_GROUP, at=[group])
    values: dict[str, list[str]] = {}
    for tag in settings.exempt_tags:
        values.setdefault(without_case(tag.key), []).append(tag.value)
    # A statement a key: within one, conditions on several would all have to hold.
    for number, (key, exempting) in enumerate(values.items(), 1):
        given = {"StringEqualsIgnoreCase": {f"aws:RequestTag/{key}": exempting}}
        yield _deny(f"DenyExemptingOneself{number}", given, {"iam:TagUser"}, at=oneself)


def _self_service(settings: Settings, iam: str, oneself: list[str]) -> Iterable[Statement]:
    everywhere, on_oneself = set(_READ_DEVICES), _READ_ONESELF | _ENROL_ONESELF
    if settings.guard_self_service is SelfService.CREDENTIALS:
        everywhere, on_oneself = everywhere | _PASSWORD_RULES, on_oneself | _OWN_CREDENTIALS
    yield _allow("AllowReading", everywhere, ["*"])
    # Devices may have any name since a user may have several (2022).
    yield _allow("AllowNewDevice", _NEW_DEVICE, [f"{iam}:mfa/*"])
    yield _allow("AllowOnOneself", on_oneself, oneself)


def _deny(  # noqa: PLR0913 - the elements of a statement
    sid: str,
    condition: dict[str, Any] | None,
    actions: set[str] | None = None,
    *,
    but: set[str] | None = None,
    at: list[str] | None = None,
    elsewhere: list[str] | None = None,
) -> Statement:
    """Return a denial of `actions`, or of all `but` some, `at` some resources or `elsewhere`."""
    statement: Statement = {"Sid": sid, "Effect": "Deny"}
    statement |= (
        {"Action": sorted(actions)} if actions is not None else {"NotAction": sorted(but or ())}
    )
    statement |= {"NotResource": elsewhere} if elsewhere is not None else {"Resource": at or ["*"]}
    return statement if condition is None else {**statement, "Condition": condition}


def _allow(sid: str, actions: set[str], resources: list[str]) -> Statement:
    return {"Sid": sid, "Effect": "Allow", "Action": sorted(actions), "Resource": resources}
