"""Who asks, and what its requests carry.

The context keys are those of AWS's documentation (IAM user guide: global condition keys, "Principal
key values", MFA-protected API access): a long-term key's requests have no MFA key at all; those of
temporary credentials have it, as true or false; only users have a name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.oracle import Session
from tests.proof.combinations import ACCOUNT, HOURS

if TYPE_CHECKING:
    from reactor.settings import Settings

NAME = "alice"
_LIMIT_SECONDS = HOURS * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A session as the tables know it.

    `column` is that of the table of what is allowed without MFA; where MFA counts, none.
    `mfa_present` is None where requests do not carry the key, `mfa_age_seconds` without MFA. Those
    that are `thorough` are asked about every action that there is.
    """

    name: str
    column: str
    via_service: bool = False
    mfa_present: bool | None = False
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
            "aws:ViaAWSService": _word(self.via_service),
        }
        if self.is_user:
            context["aws:username"] = NAME
        if self.mfa_present is not None:
            context["aws:MultiFactorAuthPresent"] = _word(self.mfa_present)
        if self.mfa_age_seconds is not None:
            context["aws:MultiFactorAuthAge"] = str(self.mfa_age_seconds)
        return Session(_PRINCIPALS[self.principal_type].format(partition, ACCOUNT), context)


def _word(value: bool) -> str:
    return "true" if value else "false"


def _with_mfa(age_seconds: int) -> dict[str, Any]:
    return {"mfa_present": True, "mfa_age_seconds": age_seconds}


_PRINCIPALS = {
    "User": "arn:{}:iam::{}:user/" + NAME,
    "FederatedUser": "arn:{}:sts::{}:federated-user/" + NAME,
    "AssumedRole": "arn:{}:sts::{}:assumed-role/Admin/" + NAME,
}

KEY = Asker(name="a key without MFA", column="key", mfa_present=None, thorough=True)
SERVICE = Asker(
    name="a service acting for that key", column="service", via_service=True, thorough=True
)
FEDERATED = Asker(
    name="a federated user", column="federated", principal_type="FederatedUser", thorough=True
)
CONSOLE = Asker(name="the console without MFA", column="console", thorough=True)
FRESH = Asker(
    name="MFA just within its time", column="", thorough=True, **_with_mfa(_LIMIT_SECONDS)
)
FRESH_ROLE = Asker(
    name="a role assumed with a token code",
    column="",
    principal_type="AssumedRole",
    thorough=True,
    **_with_mfa(1),
)
STALE = Asker(
    name="MFA just past its time", column="key", thorough=True, **_with_mfa(_LIMIT_SECONDS + 1)
)

ASKERS = (
    KEY,
    SERVICE,
    FEDERATED,
    CONSOLE,
    FRESH,
    FRESH_ROLE,
    STALE,
    Asker(
        name="a federated user whose requests lack the MFA key",
        column="federated",
        mfa_present=None,
        principal_type="FederatedUser",
    ),
    Asker(
        name="a role assumed without a token code",
        column="federated",
        principal_type="AssumedRole",
    ),
    Asker(name="a service acting for one with MFA", column="", via_service=True, **_with_mfa(1)),
    Asker(
        name="a service acting for one whose MFA is past its time",
        column="key",
        via_service=True,
        **_with_mfa(3 * _LIMIT_SECONDS),
    ),
    Asker(
        name="a role whose MFA is past its time",
        column="federated",
        principal_type="AssumedRole",
        **_with_mfa(3 * _LIMIT_SECONDS),
    ),
)
