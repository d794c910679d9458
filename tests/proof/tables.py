"""What must be allowed, written out: for whoever has to check that the guard does what is claimed.

Nothing here is taken from the code that makes the document. Columns are two blanks or more apart.
A cell is `yes`, `no`, or the option that makes it a yes:

- `password`: REACTOR_GUARD_PASSWORD_CHANGE is true;
- `anywhere`: REACTOR_GUARD_ENROL is anywhere;
- `self-detach`: REACTOR_GUARD_SELF_DETACH is true;
- `credentials`: REACTOR_GUARD_SELF_SERVICE is credentials.

`oneself` is the user that asks, with a path or without. Who is no user has none: to a federated
user, and to a role, all users are others.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from reactor.settings import Enrol, SelfService
from tests.proof.cases import ANOTHER_USER, ONESELF

if TYPE_CHECKING:
    from reactor.settings import Settings
    from tests.proof.cases import Case
    from tests.proof.sessions import Asker

# All that a session without MFA may do, whatever else its user is allowed. MFA that is past
# REACTOR_GUARD_SESSION_HOURS counts as a key without MFA. GetCallerIdentity nothing can deny.
WITHOUT_MFA = """
    action                       on        key       service  federated  console
    sts:GetCallerIdentity        anything  yes       yes      yes        yes
    sts:GetSessionToken          anything  yes       no       yes        yes
    iam:ListVirtualMFADevices    anything  yes       no       yes        yes
    iam:GetMFADevice             oneself   yes       no       no         yes
    iam:GetUser                  oneself   yes       no       no         yes
    iam:ListMFADevices           oneself   yes       no       no         yes
    iam:ChangePassword           oneself   password  no       no         password
    iam:CreateVirtualMFADevice   anything  anywhere  no       no         yes
    iam:EnableMFADevice          oneself   anywhere  no       no         yes
    iam:ResyncMFADevice          oneself   anywhere  no       no         yes
"""

# All that is denied with MFA: to weaken the guard, or to slip out of it.
TAMPERING = """
    action                       on                 with              allowed
    iam:DetachUserPolicy         oneself            the guard         self-detach
    iam:DetachUserPolicy         another user       the guard         no
    iam:DetachGroupPolicy        the guard's group  the guard         no
    iam:DetachGroupPolicy        another group      the guard         no
    iam:CreatePolicyVersion      the guard          -                 no
    iam:SetDefaultPolicyVersion  the guard          -                 no
    iam:DeletePolicyVersion      the guard          -                 no
    iam:DeletePolicy             the guard          -                 no
    iam:TagPolicy                the guard          -                 no
    iam:UntagPolicy              the guard          -                 no
    iam:RemoveUserFromGroup      the guard's group  -                 no
    iam:UpdateGroup              the guard's group  -                 no
    iam:DeleteGroup              the guard's group  -                 no
    iam:TagUser                  oneself            an exempting tag  no
"""

# All that the guard itself allows, to a user who is allowed nothing else: with MFA. Without, only
# what of it the first table has, too.
GRANTED = """
    action                                on        allowed
    sts:GetCallerIdentity                 anything  yes
    iam:ListVirtualMFADevices             anything  yes
    iam:CreateVirtualMFADevice            anything  yes
    iam:GetMFADevice                      oneself   yes
    iam:GetUser                           oneself   yes
    iam:ListMFADevices                    oneself   yes
    iam:EnableMFADevice                   oneself   yes
    iam:ResyncMFADevice                   oneself   yes
    iam:GetAccountPasswordPolicy          anything  credentials
    iam:ChangePassword                    oneself   credentials
    iam:CreateAccessKey                   oneself   credentials
    iam:DeleteAccessKey                   oneself   credentials
    iam:GetAccessKeyLastUsed              oneself   credentials
    iam:ListAccessKeys                    oneself   credentials
    iam:UpdateAccessKey                   oneself   credentials
    iam:DeleteSigningCertificate          oneself   credentials
    iam:ListSigningCertificates           oneself   credentials
    iam:UpdateSigningCertificate          oneself   credentials
    iam:UploadSigningCertificate          oneself   credentials
    iam:DeleteSSHPublicKey                oneself   credentials
    iam:GetSSHPublicKey                   oneself   credentials
    iam:ListSSHPublicKeys                 oneself   credentials
    iam:UpdateSSHPublicKey                oneself   credentials
    iam:UploadSSHPublicKey                oneself   credentials
    iam:CreateServiceSpecificCredential   oneself   credentials
    iam:DeleteServiceSpecificCredential   oneself   credentials
    iam:ListServiceSpecificCredentials    oneself   credentials
    iam:ResetServiceSpecificCredential    oneself   credentials
    iam:UpdateServiceSpecificCredential   oneself   credentials
"""


def left_to_administrator(case: Case, asker: Asker, settings: Settings) -> bool:
    """Tell whether an administrator who holds the guard must be allowed this; else it must not."""
    if not asker.has_mfa(settings):
        return _without_mfa(case, asker, settings)
    cell = _TAMPERING.get((*_row(case, asker), case.given), "yes")
    return _holds(cell, settings) and not _is_up_to_its_key(case)


def granted_to_holder(case: Case, asker: Asker, settings: Settings) -> bool:
    """Tell whether a user who has nothing but the guard must be allowed this; else it must not."""
    granted = _holds(_GRANTED.get(_row(case, asker), "no"), settings)
    return granted and (asker.has_mfa(settings) or _without_mfa(case, asker, settings))


def _without_mfa(case: Case, asker: Asker, settings: Settings) -> bool:
    cells = _WITHOUT_MFA.get(_row(case, asker))
    return cells is not None and _holds(cells[asker.column], settings)


def _row(case: Case, asker: Asker) -> tuple[str, str]:
    on = ANOTHER_USER if case.on == ONESELF and not asker.is_user else case.on
    return case.request.action, on


def _holds(cell: str, settings: Settings) -> bool:
    return {
        "yes": True,
        "no": False,
        "password": settings.guard_password_change,
        "anywhere": settings.guard_enrol is Enrol.ANYWHERE,
        "self-detach": settings.guard_self_detach,
        "credentials": settings.guard_self_service is SelfService.CREDENTIALS,
    }[cell]


def _is_up_to_its_key(case: Case) -> bool:
    """Whether a KMS key's own policy would have to allow it, to administrators, too."""
    return case.request.action.startswith("kms:") and case.request.resource_type == "key"


def _rows(table: str) -> list[list[str]]:
    head, *rows = ([*re.split(r" {2,}", line.strip())] for line in table.strip().splitlines())
    assert all(len(row) == len(head) for row in rows), table
    assert len({tuple(row) for row in rows}) == len(rows), table
    return rows


_COLUMNS = ("key", "service", "federated", "console")
_WITHOUT_MFA = {
    (action, on): dict(zip(_COLUMNS, cells, strict=True))
    for action, on, *cells in _rows(WITHOUT_MFA)
}
_TAMPERING = {(action, on, given): cell for action, on, given, cell in _rows(TAMPERING)}
_GRANTED = {(action, on): cell for action, on, cell in _rows(GRANTED)}
