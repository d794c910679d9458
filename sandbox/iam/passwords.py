"""Passwords.

moto forgets whether a password must be changed, dates a login profile by its user, and takes an
update that names no password for an empty one.
"""

from __future__ import annotations

from moto.core.utils import utcnow
from moto.iam.exceptions import EntityAlreadyExists, IAMException, NoSuchEntity
from moto.iam.models import IAMBackend, User
from typing_extensions import override

_PROFILE_DATE = "login_profile_create_date"


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
        user.password = password
        user.password_reset_required = password_reset_required
        setattr(user, _PROFILE_DATE, utcnow())
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
            user.password = password
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
        user.password = new_password
        user.password_reset_required = False


def login_profile(user: User) -> dict[str, object]:
    """The user's, as answers show it."""
    return {
        "UserName": user.name,
        "CreateDate": getattr(user, _PROFILE_DATE, user.create_date),
        "PasswordResetRequired": user.password_reset_required,
    }
