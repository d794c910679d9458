"""What people, the console and Terraform do to an account, with the events that follow from it.

Each call changes the account as IAM would, refuses what IAM refuses, and returns the event that
EventBridge would deliver of it.
"""

from datetime import datetime
from typing import Any

from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, Account, IamUser
from tests.fakes.events import Envelope, event


class DeleteConflict(Exception):  # noqa: N818 - IAM's name for it
    """Something still hangs on the user."""


class Tools:
    """Calls on an account by its administrator's role."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def create_user(self, name: str, **members: Any) -> Envelope:
        """Do CreateUser; `members` are what the user has besides."""
        self._account.put_user(name, **members)
        return self._event("CreateUser", userName=name)

    def enable_device(self, user: str, serial: str) -> Envelope:
        """Do EnableMFADevice."""
        device = Device(serial, self._now())
        self._account.change(user, devices=(*self._user(user).devices, device))
        return self._event("EnableMFADevice", userName=user, serialNumber=serial)

    def deactivate_device(self, user: str, serial: str) -> Envelope:
        """Do DeactivateMFADevice."""
        left = tuple(each for each in self._user(user).devices if each.serial != serial)
        self._account.change(user, devices=left)
        return self._event("DeactivateMFADevice", userName=user, serialNumber=serial)

    def delete_device(self, serial: str) -> Envelope:
        """Do DeleteVirtualMFADevice; the record does not say whose device it was."""
        return self._event("DeleteVirtualMFADevice", serialNumber=serial)

    def detach_policy(self, user: str, arn: str) -> Envelope:
        """Do DetachUserPolicy."""
        self._account.change(user, policies=self._user(user).policies - {arn})
        return self._event("DetachUserPolicy", userName=user, policyArn=arn)

    def leave_group(self, user: str, group: str) -> Envelope:
        """Do RemoveUserFromGroup."""
        self._account.change(user, groups=self._user(user).groups - {group})
        return self._event("RemoveUserFromGroup", userName=user, groupName=group)

    def delete_password(self, user: str) -> Envelope:
        """Do DeleteLoginProfile."""
        self._account.change(user, password=False)
        return self._event("DeleteLoginProfile", userName=user)

    def delete_keys(self, user: str) -> Envelope:
        """Do DeleteAccessKey, and the same for every other credential."""
        self._account.change(
            user, keys=(), ssh_keys=(), service_credentials=(), certificates=(), inline_policies=0
        )
        return self._event("DeleteAccessKey", userName=user, accessKeyId="AKIAEXAMPLE")

    def delete_user(self, name: str) -> Envelope:
        """Do DeleteUser. Raises DeleteConflict while anything hangs on the user."""
        user = self._user(name)
        hanging = {
            "policies": user.policies,
            "inline policies": user.inline_policies,
            "groups": user.groups,
            "devices": user.devices,
            "a password": user.password,
            "keys": user.keys,
            "other credentials": (*user.ssh_keys, *user.service_credentials, *user.certificates),
        }
        left = [what for what, things in hanging.items() if things]
        if left:
            raise DeleteConflict(f"{name} still has {', '.join(left)}")
        self._account.remove_user(name)
        return self._event("DeleteUser", userName=name)

    def _event(self, name: str, **request: Any) -> Envelope:
        return event(name, request, at=self._now(), account=ACCOUNT)

    def _now(self) -> datetime:
        return self._account.clock()

    def _user(self, name: str) -> IamUser:
        return self._account.world.users[name.lower()]
