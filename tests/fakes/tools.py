"""What people, the console and Terraform do to an account, with the events that follow from it.

Each call changes the account as IAM would, refuses what IAM refuses, and returns the event that
EventBridge would deliver of it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, Account, IamUser
from tests.fakes.events import ROLE, Envelope, event

# The calls that make, switch and remove each kind of credential, and what hangs on the answer.
CREDENTIALS = {
    "keys": ("CreateAccessKey", "UpdateAccessKey", "DeleteAccessKey", "accessKey"),
    "ssh_keys": (
        "UploadSSHPublicKey",
        "UpdateSSHPublicKey",
        "DeleteSSHPublicKey",
        "sSHPublicKey",
    ),
    "service_credentials": (
        "CreateServiceSpecificCredential",
        "UpdateServiceSpecificCredential",
        "DeleteServiceSpecificCredential",
        "serviceSpecificCredential",
    ),
    "certificates": (
        "UploadSigningCertificate",
        "UpdateSigningCertificate",
        "DeleteSigningCertificate",
        "certificate",
    ),
}


class DeleteConflict(Exception):  # noqa: N818 - IAM's name for it
    """Something still hangs on the user."""


class Tools:
    """Calls on an account's users, by an administrator's role unless told otherwise.

    An IAM user who acts on itself leaves out its name where IAM lets it.
    """

    def __init__(self, account: Account, identity: Mapping[str, Any] = ROLE) -> None:
        self._account = account
        self._identity = identity

    def create_user(self, name: str, **members: Any) -> Envelope:
        """Do CreateUser; `members` are what the user has besides."""
        self._account.put_user(name, created_at=self._now(), **members)
        return self._event("CreateUser", userName=name)

    def rename_user(self, name: str, to: str) -> Envelope:
        """Do UpdateUser with another name."""
        self._account.rename_user(name, to)
        return self._event("UpdateUser", userName=name, newUserName=to)

    def move_user(self, name: str, path: str) -> Envelope:
        """Do UpdateUser with another path."""
        self._account.change(name, path=path)
        return self._event("UpdateUser", userName=name, newPath=path)

    def tag_user(self, name: str, key: str, value: str) -> Envelope:
        """Do TagUser; keys compare without case."""
        tags = (*self._without_tag(name, key), (key, value))
        self._account.change(name, tags=tags)
        return self._event("TagUser", userName=name, tags=[{"key": key, "value": value}])

    def untag_user(self, name: str, key: str) -> Envelope:
        """Do UntagUser."""
        self._account.change(name, tags=self._without_tag(name, key))
        return self._event("UntagUser", userName=name, tagKeys=[key])

    def enable_device(self, user: str, serial: str) -> Envelope:
        """Do EnableMFADevice."""
        device = Device(serial, self._now())
        self._account.change(user, devices=(*self._user(user).devices, device))
        return self._event_of_own("EnableMFADevice", user, serialNumber=serial)

    def deactivate_device(self, user: str, serial: str) -> Envelope:
        """Do DeactivateMFADevice."""
        left = tuple(each for each in self._user(user).devices if each.serial != serial)
        self._account.change(user, devices=left)
        return self._event_of_own("DeactivateMFADevice", user, serialNumber=serial)

    def delete_device(self, serial: str) -> Envelope:
        """Do DeleteVirtualMFADevice; the record does not say whose device it was."""
        return self._event("DeleteVirtualMFADevice", serialNumber=serial)

    def attach_policy(self, user: str, arn: str) -> Envelope:
        """Do AttachUserPolicy."""
        self._account.change(user, policies=self._user(user).policies | {arn})
        return self._event("AttachUserPolicy", userName=user, policyArn=arn)

    def detach_policy(self, user: str, arn: str) -> Envelope:
        """Do DetachUserPolicy."""
        self._account.change(user, policies=self._user(user).policies - {arn})
        return self._event("DetachUserPolicy", userName=user, policyArn=arn)

    def join_group(self, user: str, group: str) -> Envelope:
        """Do AddUserToGroup."""
        self._account.change(user, groups=self._user(user).groups | {group})
        return self._event("AddUserToGroup", userName=user, groupName=group)

    def leave_group(self, user: str, group: str) -> Envelope:
        """Do RemoveUserFromGroup."""
        self._account.change(user, groups=self._user(user).groups - {group})
        return self._event("RemoveUserFromGroup", userName=user, groupName=group)

    def set_password(self, user: str) -> Envelope:
        """Do CreateLoginProfile."""
        self._account.change(user, password=True)
        return self._event_of_own("CreateLoginProfile", user, "loginProfile")

    def delete_password(self, user: str) -> Envelope:
        """Do DeleteLoginProfile."""
        self._account.change(user, password=False)
        return self._event_of_own("DeleteLoginProfile", user)

    def make_credential(self, user: str, kind: str) -> Envelope:
        """Do what makes a credential of a kind (see CREDENTIALS); it is active."""
        self._account.change(user, **{kind: (*getattr(self._user(user), kind), True)})
        making, _, _, made = CREDENTIALS[kind]
        return self._event_of_own(making, user, made)

    def switch_credentials(self, user: str, kind: str, *, active: bool) -> Envelope:
        """Do what switches a user's credential of a kind on or off; here, all of the kind."""
        self._account.change(user, **{kind: tuple(active for _ in getattr(self._user(user), kind))})
        status = "Active" if active else "Inactive"
        return self._event_of_own(CREDENTIALS[kind][1], user, status=status)

    def remove_credentials(self, user: str, kind: str) -> Envelope:
        """Do what removes a user's credential of a kind; here, all of the kind."""
        self._account.change(user, **{kind: ()})
        return self._event_of_own(CREDENTIALS[kind][2], user)

    def delete_keys(self, user: str) -> Envelope:
        """Do DeleteAccessKey, and the same for every other credential."""
        self._account.change(
            user, keys=(), ssh_keys=(), service_credentials=(), certificates=(), inline={}
        )
        return self._event("DeleteAccessKey", userName=user, accessKeyId="AKIAEXAMPLE")

    def hanging_on(self, name: str) -> dict[str, Any]:
        """Return what IAM would not let a user be deleted for."""
        user = self._user(name)
        hanging = {
            "policies": user.policies,
            "inline policies": user.inline,
            "groups": user.groups,
            "devices": user.devices,
            "a password": user.password,
            "keys": user.keys,
            "other credentials": (*user.ssh_keys, *user.service_credentials, *user.certificates),
        }
        return {what: things for what, things in hanging.items() if things}

    def delete_user(self, name: str) -> Envelope:
        """Do DeleteUser. Raises DeleteConflict while anything hangs on the user."""
        left = self.hanging_on(name)
        if left:
            raise DeleteConflict(f"{name} still has {', '.join(left)}")
        self._account.remove_user(name)
        return self._event("DeleteUser", userName=name)

    def fail_to_delete_user(self, name: str) -> Envelope:
        """Return the event of a DeleteUser that failed because something hangs on the user."""
        envelope = self._event("DeleteUser", userName=name)
        envelope["detail"]["errorCode"] = "DeleteConflictException"
        return envelope

    def _event_of_own(self, name: str, user: str, made: str = "", **request: Any) -> Envelope:
        """Return the event of a call that takes the caller for meant when it names no user."""
        response = {made: {"userName": user}} if made else None
        if self._identity.get("userName") != user:
            return self._event(name, response, userName=user, **request)
        return self._event(name, response, **request)

    def _event(
        self,
        name: str,
        response: Mapping[str, Any] | None = None,
        /,
        service: str = "iam",
        **request: Any,
    ) -> Envelope:
        envelope = event(
            name,
            request or None,
            at=self._now(),
            account=ACCOUNT,
            identity=self._identity,
            response=response,
            service=service,
        )
        envelope["detail"]["eventID"] = f"event-{next(self._account.event_numbers)}"
        return envelope

    def _now(self) -> datetime:
        return self._account.clock()

    def _user(self, name: str) -> IamUser:
        return self._account.world.users[name.lower()]

    def _without_tag(self, name: str, key: str) -> tuple[tuple[str, str], ...]:
        return tuple(each for each in self._user(name).tags if each[0].lower() != key.lower())
