"""The root user, as far as the account's summary tells of it; nobody signs in as it here."""

from __future__ import annotations

from dataclasses import dataclass

from moto.iam.models import IAMBackend


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the root user has to sign in and to call with."""

    mfa: bool = True
    password: bool = True
    access_keys: bool = False

    def summary(self) -> dict[str, int]:
        """The members of GetAccountSummary that tell of it."""
        return {
            "AccountMFAEnabled": int(self.mfa),
            "AccountPasswordPresent": int(self.password),
            "AccountAccessKeysPresent": int(self.access_keys),
        }


class RootUser(IAMBackend):
    """Keeps what the control says that the root user has."""

    __module__ = "moto.iam.models"
    root = Credentials()
