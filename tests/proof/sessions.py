"""Who asks, and what its requests carry.

The context keys are those of AWS's documentation (IAM user guide: global condition keys, "Principal
key values", MFA-protected API access): a long-term key's requests have no MFA key at all; those of
temporary credentials have it, as true or false; only users have a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.oracle import Session
from tests.proof.combinations import ACCOUNT, HOURS

if TYPE_CHECKING:
    from reactor.settings import Settings

NAME = "alice"
_LIMIT_SECONDS = HOURS * 3600


@dataclass(frozen=True, slots=True)
class Asker:
    """A session as the tables know it.

    `column` is that of the table of what is allowed without MFA. `mfa_age_seconds` is None without
    MFA. Those that are `thorough` are asked about every action that there is.
    """

    name: str
    column: str
    via_service: bool = False
    mfa_present: str | None = "false"
    mfa_age_seconds: int | None = None
    principal_type: str = "User"
    thorough: bool = False

    @property
    def is_user(self) -> bool:
        """Whether it has a user's name, so that there is an oneself."""
        return self.principal_type == "User"

    def has_mfa(self, settings: Settings) -> bool:
        """Whether it counts as a session with MFA."""
        if self.mfa_age_seconds is None:
            return False
        return settings.guard_session_hours is None or self.mfa_age_seconds <= _LIMIT_SECONDS

    def session(self, partition: str) -> Session:
        """Return what the oracle is told of it."""
        context = {
            "aws:PrincipalType": self.principal_type,
            "aws:ViaAWSService": str(self.via_service).lower(),
        }
        if self.is_user:
            context["aws:username"] = NAME
        if self.mfa_present is not None:
            context["aws:MultiFactorAuthPresent"] = self.mfa_present
        if self.mfa_age_seconds is not None:
            context["aws:MultiFactorAuthAge"] = str(self.mfa_age_seconds)
        return Session(_PRINCIPALS[self.principal_type].format(partition, ACCOUNT), context)


_PRINCIPALS = {
    "User": "arn:{}:iam::{}:user/" + NAME,
    "FederatedUser": "arn:{}:sts::{}:federated-user/" + NAME,
    "AssumedRole": "arn:{}:sts::{}:assumed-role/Admin/" + NAME,
}

KEY = Asker("a key without MFA", "key", mfa_present=None, thorough=True)
SERVICE = Asker("a service acting for that key", "service", via_service=True, thorough=True)
FEDERATED = Asker("a federated user", "federated", principal_type="FederatedUser", thorough=True)
CONSOLE = Asker("the console without MFA", "console", thorough=True)
FRESH = Asker("MFA just within its time", "", False, "true", _LIMIT_SECONDS, thorough=True)
FRESH_ROLE = Asker(
    "a role assumed with a token code", "", False, "true", 1, "AssumedRole", thorough=True
)
STALE = Asker("MFA just past its time", "key", False, "true", _LIMIT_SECONDS + 1, thorough=True)

ASKERS = (
    KEY,
    SERVICE,
    FEDERATED,
    Asker(
        "a federated user whose MFA key is absent", "federated", False, None, None, "FederatedUser"
    ),
    Asker("a role assumed without a token code", "federated", principal_type="AssumedRole"),
    CONSOLE,
    FRESH,
    Asker("a service acting for one with MFA", "", True, "true", 1),
    FRESH_ROLE,
    STALE,
    Asker("a service acting for one whose MFA is past its time", "key", True, "true", 129_600),
    Asker("a role whose MFA is past its time", "federated", False, "true", 129_600, "AssumedRole"),
)
