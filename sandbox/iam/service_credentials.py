"""Service-specific credentials (of CodeCommit, Keyspaces, Bedrock), which moto does not know.

A user that has one still has a credential, and cannot be deleted.
"""

from __future__ import annotations

import secrets
from typing import Any

from moto.core.utils import utcnow
from moto.iam.exceptions import LimitExceededException, NoSuchEntity
from moto.iam.models import IAMBackend, User
from moto.iam.utils import generate_access_key_id_from_account_id

PER_USER_AND_SERVICE = 2
_CREDENTIALS = "service_specific_credentials"
_SHOWN_ONCE = {"ServicePassword", "ServiceCredentialSecret"}


class ServiceCredentials(IAMBackend):
    """Create, list, switch and delete them."""

    __module__ = "moto.iam.models"

    def create_service_specific_credential(
        self, user_name: str, service_name: str
    ) -> dict[str, Any]:
        """Raises LimitExceeded for a third one of the same service."""
        user = self.get_user(user_name)
        held = [c for c in service_credentials(user) if c["ServiceName"] == service_name]
        if len(held) >= PER_USER_AND_SERVICE:
            quota = f"ServiceSpecificCredentialsPerUser: {PER_USER_AND_SERVICE}"
            raise LimitExceededException(f"Cannot exceed quota for {quota}")
        credential = {
            "CreateDate": utcnow(),
            "ServiceName": service_name,
            "ServiceUserName": f"{user.name}-at-{self.account_id}",
            "ServicePassword": secrets.token_urlsafe(24),
            "ServiceSpecificCredentialId": generate_access_key_id_from_account_id(
                self.account_id, prefix="ACCA", total_length=21
            ),
            "UserName": user.name,
            "Status": "Active",
        }
        setattr(user, _CREDENTIALS, [*service_credentials(user), credential])
        return credential

    def list_service_specific_credentials(
        self, user_name: str, service_name: str | None
    ) -> list[dict[str, Any]]:
        """Without their secrets."""
        user = self.get_user(user_name)
        return [
            {key: value for key, value in credential.items() if key not in _SHOWN_ONCE}
            | {"UserName": user.name}
            for credential in service_credentials(user)
            if service_name in (None, credential["ServiceName"])
        ]

    def update_service_specific_credential(
        self, user_name: str, credential_id: str, status: str
    ) -> None:
        """Make one active or inactive."""
        self._find(self.get_user(user_name), credential_id)["Status"] = status

    def delete_service_specific_credential(self, user_name: str, credential_id: str) -> None:
        """Raises NoSuchEntity when the user has no such credential."""
        user = self.get_user(user_name)
        gone = self._find(user, credential_id)
        setattr(user, _CREDENTIALS, [c for c in service_credentials(user) if c is not gone])

    def _find(self, user: User, credential_id: str) -> dict[str, Any]:
        for credential in service_credentials(user):
            if credential["ServiceSpecificCredentialId"] == credential_id:
                return credential
        raise NoSuchEntity(f"No such credential {credential_id} exists")


def service_credentials(user: User) -> list[dict[str, Any]]:
    """The user's, secrets included."""
    held: list[dict[str, Any]] = getattr(user, _CREDENTIALS, [])
    return held
