"""Makes the call behind each event of the catalogue, and says what is to come of its record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reactor.model import Claim, SubjectKind
from reactor.names import Function
from tests.fakes.harness import settings
from tests.sandbox.support import CODES, GUARD, PASSWORD, certificate, enable

if TYPE_CHECKING:
    from collections.abc import Callable

    from reactor.settings import Settings
    from sandbox import Sandbox

_SSH_KEY = "ssh-rsa AAAA made up"
_CODECOMMIT = "codecommit.amazonaws.com"
_REACT, _REVIEW, _KEEPER = Function.REACT, Function.REVIEW, Function.KEEPER


@dataclass(frozen=True, slots=True)
class Expected:
    """Who hears the record, whom it concerns, what it claims; `who` is a name, serial or ARN.

    `about` is what the claim is about, where that is not `who`. Without a kind it concerns nobody.
    """

    heard_by: tuple[Function, ...]
    kind: SubjectKind | None
    who: str | None = None
    claim: Claim | None = None
    about: str | None = None


class Scene:
    """An account with names that no other scene has, under settings that know them."""

    def __init__(self, sandbox: Sandbox, number: int) -> None:
        self.iam = sandbox.client("iam")
        self.ssm = sandbox.client("ssm")
        self.user = f"alice-{number}"
        self.renamed = f"alicia-{number}"
        self.group = f"staff-{number}"
        self.list = f"/mfa/exempt-{number}"
        self.guard = f"arn:aws:iam::{sandbox.account}:policy/Guard-{number}"
        self.settings: Settings = settings(
            scope="console",
            lift="compliant",
            exempt_groups="bots",
            exempt_parameter=self.list,
            guard_policy=f"Guard-{number}",
        )

    def new_user(self) -> str:
        """Create the user."""
        self.iam.create_user(UserName=self.user)
        return self.user

    def new_group(self) -> str:
        """Create the group."""
        self.iam.create_group(GroupName=self.group)
        return self.group

    def new_guard(self) -> str:
        """Create the guard."""
        name = self.guard.rpartition("/")[2]
        self.iam.create_policy(PolicyName=name, PolicyDocument=GUARD)
        return self.guard

    def new_version(self) -> str:
        """Create the guard with a second version, and return that."""
        made = self.iam.create_policy_version(PolicyArn=self.new_guard(), PolicyDocument=GUARD)
        return str(made["PolicyVersion"]["VersionId"])

    def new_device(self, *, enabled: bool) -> str:
        """Create a device, the user's if it is to be enabled, and return its serial."""
        made = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=self.user)
        serial = str(made["VirtualMFADevice"]["SerialNumber"])
        if enabled:
            enable(self.iam, self.user, serial)
        return serial

    def about_user(
        self, *heard_by: Function, claim: Claim | None = None, about: str | None = None
    ) -> Expected:
        """Expect the event to concern the user."""
        return Expected(heard_by, SubjectKind.USER, self.user, claim, about)

    def about_group(
        self, *heard_by: Function, claim: Claim | None = None, about: str | None = None
    ) -> Expected:
        """Expect the event to concern the group's members."""
        return Expected(heard_by, SubjectKind.GROUP_MEMBERS, self.group, claim, about)

    def about_holders(self, *heard_by: Function, claim: Claim | None = None) -> Expected:
        """Expect the event to concern whoever has the guard."""
        return Expected(heard_by, SubjectKind.POLICY_HOLDERS, self.guard, claim)


def _create_user(scene: Scene) -> Expected:
    scene.iam.create_user(UserName=scene.user, Path="/team/")
    return scene.about_user(_REACT, claim=Claim.USER_CREATED)


def _update_user(scene: Scene) -> Expected:
    scene.iam.update_user(UserName=scene.new_user(), NewUserName=scene.renamed)
    return Expected((_REVIEW,), SubjectKind.USER, scene.renamed, Claim.USER_RENAMED)


def _delete_user(scene: Scene) -> Expected:
    scene.iam.attach_user_policy(UserName=scene.new_user(), PolicyArn=scene.new_guard())
    try:
        scene.iam.delete_user(UserName=scene.user)
    except scene.iam.exceptions.DeleteConflictException:
        return scene.about_user(_REACT, claim=Claim.DELETION_BLOCKED)
    raise AssertionError("a user to whom the guard is attached was deleted")


def _attach_user_policy(scene: Scene) -> Expected:
    scene.iam.attach_user_policy(UserName=scene.new_user(), PolicyArn=scene.new_guard())
    return scene.about_user(_REVIEW, claim=Claim.PERMISSIONS_GIVEN, about=scene.guard)


def _detach_user_policy(scene: Scene) -> Expected:
    _attach_user_policy(scene)
    scene.iam.detach_user_policy(UserName=scene.user, PolicyArn=scene.guard)
    return scene.about_user(_REACT, claim=Claim.POLICY_DETACHED, about=scene.guard)


def _put_user_policy(scene: Scene) -> Expected:
    scene.iam.put_user_policy(UserName=scene.new_user(), PolicyName="p", PolicyDocument=GUARD)
    return scene.about_user(claim=Claim.PERMISSIONS_CHANGED, about="p")


def _delete_user_policy(scene: Scene) -> Expected:
    _put_user_policy(scene)
    scene.iam.delete_user_policy(UserName=scene.user, PolicyName="p")
    return scene.about_user(claim=Claim.PERMISSIONS_CHANGED, about="p")


def _put_boundary(scene: Scene) -> Expected:
    boundary = scene.new_guard()
    scene.iam.put_user_permissions_boundary(UserName=scene.new_user(), PermissionsBoundary=boundary)
    return scene.about_user()


def _delete_boundary(scene: Scene) -> Expected:
    _put_boundary(scene)
    scene.iam.delete_user_permissions_boundary(UserName=scene.user)
    return scene.about_user()


def _tag_user(scene: Scene) -> Expected:
    tags = [{"Key": "userType", "Value": "Service"}]
    scene.iam.tag_user(UserName=scene.new_user(), Tags=tags)
    return scene.about_user(_REVIEW)


def _untag_user(scene: Scene) -> Expected:
    _tag_user(scene)
    scene.iam.untag_user(UserName=scene.user, TagKeys=["userType"])
    return scene.about_user(_REVIEW)


def _create_device(scene: Scene) -> Expected:
    scene.new_device(enabled=False)
    return Expected((), None)


def _enable_device(scene: Scene) -> Expected:
    scene.new_user()
    scene.new_device(enabled=True)
    return scene.about_user(_REVIEW)


def _resync_device(scene: Scene) -> Expected:
    scene.new_user()
    serial = scene.new_device(enabled=True)
    scene.iam.resync_mfa_device(UserName=scene.user, SerialNumber=serial, **CODES)
    return scene.about_user()


def _deactivate_device(scene: Scene) -> Expected:
    scene.new_user()
    serial = scene.new_device(enabled=True)
    scene.iam.deactivate_mfa_device(UserName=scene.user, SerialNumber=serial)
    return scene.about_user(_REACT, claim=Claim.DEVICE_REMOVED, about=serial)


def _delete_device(scene: Scene) -> Expected:
    serial = scene.new_device(enabled=False)
    scene.iam.delete_virtual_mfa_device(SerialNumber=serial)
    return Expected((_REVIEW,), SubjectKind.MFA_SERIAL, serial, Claim.DEVICE_REMOVED)


def _create_password(scene: Scene) -> Expected:
    scene.iam.create_login_profile(UserName=scene.new_user(), Password=PASSWORD)
    return scene.about_user(_REACT, claim=Claim.PASSWORD_MADE)


def _update_password(scene: Scene) -> Expected:
    _create_password(scene)
    scene.iam.update_login_profile(UserName=scene.user, PasswordResetRequired=True)
    return scene.about_user()


def _delete_password(scene: Scene) -> Expected:
    _create_password(scene)
    scene.iam.delete_login_profile(UserName=scene.user)
    return scene.about_user(_REVIEW)


def _create_key(scene: Scene) -> Expected:
    scene.iam.create_access_key(UserName=scene.new_user())
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _update_key(scene: Scene) -> Expected:
    key = scene.iam.create_access_key(UserName=scene.new_user())["AccessKey"]["AccessKeyId"]
    scene.iam.update_access_key(UserName=scene.user, AccessKeyId=key, Status="Inactive")
    scene.iam.update_access_key(UserName=scene.user, AccessKeyId=key, Status="Active")
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _create_service_credential(scene: Scene) -> Expected:
    scene.iam.create_service_specific_credential(UserName=scene.new_user(), ServiceName=_CODECOMMIT)
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _update_service_credential(scene: Scene) -> Expected:
    _create_service_credential(scene)
    listed = scene.iam.list_service_specific_credentials(UserName=scene.user)
    (made,) = listed["ServiceSpecificCredentials"]
    scene.iam.update_service_specific_credential(
        UserName=scene.user,
        ServiceSpecificCredentialId=made["ServiceSpecificCredentialId"],
        Status="Active",
    )
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _upload_ssh_key(scene: Scene) -> Expected:
    scene.iam.upload_ssh_public_key(UserName=scene.new_user(), SSHPublicKeyBody=_SSH_KEY)
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _update_ssh_key(scene: Scene) -> Expected:
    _upload_ssh_key(scene)
    (key,) = scene.iam.list_ssh_public_keys(UserName=scene.user)["SSHPublicKeys"]
    scene.iam.update_ssh_public_key(
        UserName=scene.user, SSHPublicKeyId=key["SSHPublicKeyId"], Status="Active"
    )
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _upload_certificate(scene: Scene) -> Expected:
    scene.iam.upload_signing_certificate(UserName=scene.new_user(), CertificateBody=certificate())
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _update_certificate(scene: Scene) -> Expected:
    _upload_certificate(scene)
    (made,) = scene.iam.list_signing_certificates(UserName=scene.user)["Certificates"]
    scene.iam.update_signing_certificate(
        UserName=scene.user, CertificateId=made["CertificateId"], Status="Active"
    )
    return scene.about_user(_REVIEW, claim=Claim.CREDENTIAL_MADE)


def _add_to_group(scene: Scene) -> Expected:
    scene.iam.add_user_to_group(UserName=scene.new_user(), GroupName=scene.new_group())
    return scene.about_user(_REVIEW, claim=Claim.PERMISSIONS_GIVEN, about=scene.group)


def _remove_from_group(scene: Scene) -> Expected:
    _add_to_group(scene)
    scene.iam.remove_user_from_group(UserName=scene.user, GroupName=scene.group)
    return scene.about_user(_REACT, claim=Claim.GROUP_LEFT, about=scene.group)


def _update_group(scene: Scene) -> Expected:
    scene.iam.update_group(GroupName=scene.new_group(), NewGroupName=scene.renamed)
    claim, name = Claim.GROUP_RENAMED, scene.renamed
    return Expected((_REVIEW,), SubjectKind.GROUP_MEMBERS, name, claim, name)


def _delete_group(scene: Scene) -> Expected:
    scene.iam.delete_group(GroupName=scene.new_group())
    return scene.about_group()


def _attach_group_policy(scene: Scene) -> Expected:
    scene.iam.attach_group_policy(GroupName=scene.new_group(), PolicyArn=scene.new_guard())
    return scene.about_group(claim=Claim.PERMISSIONS_GIVEN, about=scene.guard)


def _detach_group_policy(scene: Scene) -> Expected:
    _attach_group_policy(scene)
    scene.iam.detach_group_policy(GroupName=scene.group, PolicyArn=scene.guard)
    return scene.about_group(_REACT, claim=Claim.POLICY_DETACHED, about=scene.guard)


def _put_group_policy(scene: Scene) -> Expected:
    scene.iam.put_group_policy(GroupName=scene.new_group(), PolicyName="p", PolicyDocument=GUARD)
    return scene.about_group(claim=Claim.PERMISSIONS_CHANGED, about="p")


def _delete_group_policy(scene: Scene) -> Expected:
    _put_group_policy(scene)
    scene.iam.delete_group_policy(GroupName=scene.group, PolicyName="p")
    return scene.about_group(claim=Claim.PERMISSIONS_CHANGED, about="p")


def _delete_policy(scene: Scene) -> Expected:
    scene.iam.delete_policy(PolicyArn=scene.new_guard())
    return Expected((_REACT, _KEEPER), SubjectKind.EVERY_USER)


def _create_version(scene: Scene) -> Expected:
    scene.new_version()
    return scene.about_holders(_KEEPER)


def _set_default_version(scene: Scene) -> Expected:
    version = scene.new_version()
    scene.iam.set_default_policy_version(PolicyArn=scene.guard, VersionId=version)
    return scene.about_holders(_KEEPER, claim=Claim.PERMISSIONS_CHANGED)


def _delete_version(scene: Scene) -> Expected:
    version = scene.new_version()
    scene.iam.delete_policy_version(PolicyArn=scene.guard, VersionId=version)
    return scene.about_holders()


def _put_list(scene: Scene) -> Expected:
    scene.ssm.put_parameter(Name=scene.list, Value="carol", Type="StringList")
    return Expected((_REVIEW,), SubjectKind.EVERY_USER)


def _delete_list(scene: Scene) -> Expected:
    _put_list(scene)
    scene.ssm.delete_parameter(Name=scene.list)
    return Expected((_REVIEW,), SubjectKind.EVERY_USER)


def _delete_list_with_others(scene: Scene) -> Expected:
    _put_list(scene)
    scene.ssm.delete_parameters(Names=["/another", scene.list])
    return Expected((_REVIEW,), SubjectKind.EVERY_USER)


CALLS: dict[str, Callable[[Scene], Expected]] = {
    "AddUserToGroup": _add_to_group,
    "AttachGroupPolicy": _attach_group_policy,
    "AttachUserPolicy": _attach_user_policy,
    "CreateAccessKey": _create_key,
    "CreateLoginProfile": _create_password,
    "CreatePolicyVersion": _create_version,
    "CreateServiceSpecificCredential": _create_service_credential,
    "CreateUser": _create_user,
    "CreateVirtualMFADevice": _create_device,
    "DeactivateMFADevice": _deactivate_device,
    "DeleteGroup": _delete_group,
    "DeleteGroupPolicy": _delete_group_policy,
    "DeleteLoginProfile": _delete_password,
    "DeleteParameter": _delete_list,
    "DeleteParameters": _delete_list_with_others,
    "DeletePolicy": _delete_policy,
    "DeletePolicyVersion": _delete_version,
    "DeleteUser": _delete_user,
    "DeleteUserPermissionsBoundary": _delete_boundary,
    "DeleteUserPolicy": _delete_user_policy,
    "DeleteVirtualMFADevice": _delete_device,
    "DetachGroupPolicy": _detach_group_policy,
    "DetachUserPolicy": _detach_user_policy,
    "EnableMFADevice": _enable_device,
    "PutGroupPolicy": _put_group_policy,
    "PutParameter": _put_list,
    "PutUserPermissionsBoundary": _put_boundary,
    "PutUserPolicy": _put_user_policy,
    "RemoveUserFromGroup": _remove_from_group,
    "ResyncMFADevice": _resync_device,
    "SetDefaultPolicyVersion": _set_default_version,
    "TagUser": _tag_user,
    "UntagUser": _untag_user,
    "UpdateAccessKey": _update_key,
    "UpdateGroup": _update_group,
    "UpdateLoginProfile": _update_password,
    "UpdateSSHPublicKey": _update_ssh_key,
    "UpdateServiceSpecificCredential": _update_service_credential,
    "UpdateSigningCertificate": _update_certificate,
    "UpdateUser": _update_user,
    "UploadSSHPublicKey": _upload_ssh_key,
    "UploadSigningCertificate": _upload_certificate,
}
