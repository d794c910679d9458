"""What may be open without MFA: what enrolment needs, and no more. All else is a hole.

It is written down once more, apart from the guard's own document (reactor.guard.document): a judge
that took its measure from the judged would find nothing.
"""

from reactor.holes.sessions import Session
from reactor.holes.targets import ITSELF, Target
from reactor.settings import Enrol, Settings

# Neither can be denied with effect: the one needs no permission, and what it returns without a
# token code can call nothing of IAM; the other cannot be denied at all (IAM user guide, STS).
_CANNOT_BE_DENIED = {"sts:GetSessionToken", "sts:GetCallerIdentity"}
_READS_OF_DEVICES = {"iam:ListVirtualMFADevices"}
_READS_OF_ONESELF = {"iam:GetMFADevice", "iam:GetUser", "iam:ListMFADevices"}
_NEW_DEVICE = {"iam:CreateVirtualMFADevice"}
_ENROLMENT_OF_ONESELF = {"iam:EnableMFADevice", "iam:ResyncMFADevice"}


def is_expected(action: str, target: Target, session: Session, settings: Settings) -> bool:
    """Tell whether an action may be open on a target, as the settings want the guard.

    A key enrols a device where REACTOR_GUARD_ENROL is `anywhere` only, and no service for it; a
    password is changed before MFA where REACTOR_GUARD_PASSWORD_CHANGE is `true`.
    """
    if action in _CANNOT_BE_DENIED | _READS_OF_DEVICES:
        return True
    on_oneself = target.whom == ITSELF
    if action in _READS_OF_ONESELF:
        return on_oneself
    if action == "iam:ChangePassword":
        return on_oneself and settings.guard_password_change
    if action in _NEW_DEVICE or (on_oneself and action in _ENROLMENT_OF_ONESELF):
        anywhere = session.direct and settings.guard_enrol is Enrol.ANYWHERE
        return session.console or anywhere
    return False
