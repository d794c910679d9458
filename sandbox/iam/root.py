"""The root user, as far as the account's lists and reports tell of it; no rule is about it."""

from __future__ import annotations

from dataclasses import dataclass

from moto.core.utils import utcnow
from moto.iam.models import IAMBackend


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the root user has to sign in and to call with.

    Its MFA device is hardware or a passkey, which no list shows, unless it is virtual. Raises
    ValueError for a virtual device without MFA.
    """

    mfa: bool = True
    password: bool = True
    access_keys: bool = False
    virtual_mfa: bool = False

    def __post_init__(self) -> None:
        """Check."""
        if self.virtual_mfa and not self.mfa:
            raise ValueError("with a virtual MFA device root has MFA")

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

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.root_since = utcnow()
