"""Users' permissions boundaries, which moto knows for roles only.

They are kept and shown, and limit nobody: the sandbox judges no user's calls.
"""

from __future__ import annotations

from moto.iam.exceptions import NoSuchEntity
from moto.iam.models import IAMBackend, User

_BOUNDARY = "permissions_boundary"  # the name under which moto's serializer looks for it


class Boundaries(IAMBackend):
    """Puts and deletes them."""

    __module__ = "moto.iam.models"

    def put_user_permissions_boundary(self, user_name: str, policy_arn: str) -> None:
        """Raises NoSuchEntity for a policy that does not exist."""
        user = self.get_user(user_name)
        if policy_arn not in self.managed_policies:
            message = f"Scope ARN: {policy_arn} does not exist or is not attachable."
            raise NoSuchEntity(message)
        boundary = {
            "PermissionsBoundaryType": "PermissionsBoundaryPolicy",
            "PermissionsBoundaryArn": policy_arn,
        }
        setattr(user, _BOUNDARY, boundary)

    def delete_user_permissions_boundary(self, user_name: str) -> None:
        """Raises NoSuchEntity when there is none."""
        user = self.get_user(user_name)
        if boundary_arn(user) is None:
            raise NoSuchEntity(f"User {user.name} does not have a permissions boundary.")
        delattr(user, _BOUNDARY)


def boundary_arn(user: User) -> str | None:
    """The policy that is the user's boundary, if it has one."""
    boundary: dict[str, str] | None = getattr(user, _BOUNDARY, None)
    return boundary["PermissionsBoundaryArn"] if boundary else None
