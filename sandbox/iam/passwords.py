"""Passwords.

moto forgets whether a password must be changed, dates a login profile by its user, and takes an
update that names no password for an empty one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from moto.core.utils import utcnow
from moto.iam.exceptions import EntityAlreadyExists, IAMException, NoSuchEntity
from moto.iam.models import IAMBackend, User
from typing_extensions import override

if TYPE_CHECKING:
    import datetime as dt

_PROFILE_DATE = "login_profile_create_date"
_CHANGE_DATE = "password_last_changed"


class Passwords(IAMBackend):
    """A user's login profile: one password, and whether it must be changed."""

    __module__ = "moto.iam.models"

    @override
    def create_login_profile(
        self, user_name: str, password: str, password_reset_required: bool = False
    ) -> User:
        user = self.get_user(user_name)
        if user.password:
            raise EntityAlreadyExists(f"Login Profile for user {user.name} already exists.")
        user.password_reset_required = password_reset_required
        setattr(user, _PROFILE_DATE, utcnow())
        _set_password(user, password)
        return user

    @override
    def get_login_profile(self, user_name: str) -> User:
        user = self.get_user(user_name)
        if not user.password:
            raise NoSuchEntity(f"Login Profile for User {user.name} cannot be found.")
        return user

    @override
    def update_login_profile(
        self,
        user_name: str,
        password: str | None = None,
        password_reset_required: bool | None = None,
    ) -> User:
        user = self.get_login_profile(user_name)
        if password is not None:
            _set_password(user, password)
        if password_reset_required is not None:
            user.password_reset_required = password_reset_required
        return user

    @override
    def delete_login_profile(self, user_name: str) -> None:
        self.get_login_profile(user_name).password = None

    def change_password(self, user_name: str, old_password: str, new_password: str) -> None:
        """Raises AccessDenied when the old one is another."""
        user = self.get_login_profile(user_name)
        if user.password != old_password:
            raise IAMException("AccessDenied", "The old password was incorrect.")
        _set_password(user, new_password)
        user.password_reset_required = False


def password_changed(user: User) -> dt.datetime:
    """When the user's password was set last; the user must have one."""
    changed: dt.datetime = getattr(user, _CHANGE_DATE)
    return changed


def _set_password(user: User, password: str) -> None:
    user.password = password
    setattr(user, _CHANGE_DATE, utcnow())


def login_profile(user: User) -> dict[str, object]:
    """The user's, as answers show it."""
    return {
        "UserName": user.name,
        "CreateDate": getattr(user, _PROFILE_DATE, user.create_date),
        "PasswordResetRequired": user.password_reset_required,
    }
