"""Names and ids.

Names are unique and found without regard to case, kept as written, and changed with all that hangs
on them. Ids look like AWS's.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

from moto.iam.exceptions import EntityAlreadyExists, NoSuchEntity, ValidationError
from moto.iam.models import Group, IAMBackend, ManagedPolicy, User
from moto.iam.utils import generate_access_key_id_from_account_id
from typing_extensions import override

_Named = TypeVar("_Named")
_NAME = re.compile(r"[\w+=,.@-]{1,64}", re.ASCII)


class ByName(dict[str, _Named]):
    """A dict whose keys differ by more than case.

    moto looks users up by key and reads their names from the values: the case a name was written
    in is kept there.
    """

    @override
    def __getitem__(self, name: str) -> _Named:
        return super().__getitem__(name.lower())

    @override
    def __setitem__(self, name: str, value: _Named) -> None:
        super().__setitem__(name.lower(), value)

    @override
    def __delitem__(self, name: str) -> None:
        super().__delitem__(name.lower())

    @override
    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    @override
    def get(self, name: str, default: Any = None) -> Any:
        return super().get(name.lower(), default)

    @override
    def pop(self, name: str, *default: Any) -> Any:
        return super().pop(name.lower(), *default)


class Names(IAMBackend):
    """Users, groups and policies by name."""

    __module__ = "moto.iam.models"  # moto finds a backend's URLs by its module

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.users = ByName[User]()
        self.groups = ByName[Group]()

    @override
    def create_user(
        self,
        region_name: str,
        user_name: str,
        path: str = "/",
        tags: list[dict[str, str]] | None = None,
    ) -> User:
        _check_name("userName", user_name)
        if user_name in self.users:
            raise EntityAlreadyExists(f"User with name {user_name} already exists.")
        user = super().create_user(region_name, user_name, path, tags)
        user.id = self._id("AIDA")
        return user

    @override
    def create_group(self, group_name: str, path: str = "/") -> Group:
        _check_name("groupName", group_name)
        group = super().create_group(group_name, path)
        group.id = self._id("AGPA")
        return group

    @override
    def create_policy(
        self,
        description: str,
        path: str,
        policy_document: str,
        policy_name: str,
        tags: list[dict[str, str]],
    ) -> ManagedPolicy:
        policy = super().create_policy(description, path, policy_document, policy_name, tags)
        policy.id = self._id("ANPA")
        return policy

    @override
    def update_user(
        self, user_name: str, new_path: str | None = None, new_user_name: str | None = None
    ) -> None:
        """Everything of the user's goes with it; moto leaves tags, keys and devices behind."""
        user = self.users.get(user_name)
        if user is None:
            raise NoSuchEntity(f"The user with name {user_name} cannot be found.")
        self._check_new_name(user, new_user_name)
        tags = self.tagger.list_tags_for_resource(user.arn)["Tags"]
        self.tagger.delete_all_tags_for_resource(user.arn)
        super().update_user(user_name, new_path, new_user_name)
        self.tagger.tag_resource(user.arn, tags)
        for key in user.access_keys:
            key.user_name = user.name
        for ssh_key in user.ssh_public_keys:
            ssh_key.user_name = user.name
        for certificate in user.signing_certificates.values():
            certificate.user_name = user.name
        for device in self.virtual_mfa_devices.values():
            if device.user is user and device.user_attribute is not None:
                device.user_attribute |= {
                    "UserName": user.name,
                    "Path": user.path,
                    "Arn": user.arn,
                }

    @override
    def update_group(
        self, group_name: str, new_group_name: str | None, new_path: str | None
    ) -> None:
        """A path changes without a new name, too; moto forgets it then."""
        group = self.groups.get(group_name)
        if group is None:
            raise NoSuchEntity(f"The group with name {group_name} cannot be found.")
        super().update_group(group_name, new_group_name, new_path)
        group.path = new_path or group.path

    def _check_new_name(self, user: User, new_user_name: str | None) -> None:
        if not new_user_name:
            return
        _check_name("newUserName", new_user_name)
        holder = self.users.get(new_user_name)
        if holder is not None and holder is not user:  # a user may change its own name's case
            raise EntityAlreadyExists(f"User with name {new_user_name} already exists.")

    def _id(self, prefix: str) -> str:
        return generate_access_key_id_from_account_id(
            self.account_id, prefix=prefix, total_length=21
        )


def _check_name(member: str, name: str) -> None:
    if not _NAME.fullmatch(name or ""):
        raise ValidationError(
            f"1 validation error detected: Value '{name}' at '{member}' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: [\\w+=,.@-]+ and have "
            "length less than or equal to 64"
        )
