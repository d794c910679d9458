"""The sessions without MFA, as the context keys of their requests tell them apart.

Sources: IAM user guide, AWS global condition context keys; what is known of federation tokens and
of services that act for somebody is in docs/guard.md. That a key is absent is as much a mark of a
session as its value is.
"""

from dataclasses import dataclass

from reactor.holes.ports import Context, Value

_NO_MFA: Context = {"aws:MultiFactorAuthPresent": False}
_DIRECTLY: Context = {"aws:ViaAWSService": False}
_THROUGH = "cloudformation.amazonaws.com"
_VIA: Context = {
    "aws:ViaAWSService": True,
    "aws:CalledVia": (_THROUGH,),
    "aws:CalledViaFirst": _THROUGH,
    "aws:CalledViaLast": _THROUGH,
}
_MFA_KEYS = frozenset({"aws:MultiFactorAuthPresent", "aws:MultiFactorAuthAge"})
_AGE = frozenset({"aws:MultiFactorAuthAge"})
_VIA_KEYS = frozenset(_VIA) - {"aws:ViaAWSService"}
_USER_ID = "AIDAEXAMPLEEXAMPLEEXA"


@dataclass(frozen=True, slots=True)
class Caller:
    """The simulated IAM user: its path begins and ends with a slash."""

    name: str
    path: str
    iam: str  # `arn:PARTITION:iam::ACCOUNT`

    @property
    def arn(self) -> str:
        """The user's ARN."""
        return f"{self.iam}:user{self.path}{self.name}"

    @property
    def account(self) -> str:
        """The account (12 digits)."""
        return self.iam.rpartition(":")[2]


@dataclass(frozen=True, slots=True)
class Session:
    """A kind of session. `absent` are context keys that its requests never have.

    `direct`: the user itself calls, and nobody for it.
    """

    name: str
    words: str
    keys: Context
    absent: frozenset[str]
    direct: bool = True
    federated: bool = False
    console: bool = False

    def context(self, caller: Caller) -> dict[str, Value]:
        """Return the context keys of a request."""
        who = _federated(caller) if self.federated else _user(caller)
        common: Context = {
            "aws:SecureTransport": True,
            "aws:PrincipalIsAWSService": False,
            "aws:PrincipalAccount": caller.account,
        }
        return {**common, **who, **self.keys}


KEY = Session(
    "key",
    "an access key",
    _DIRECTLY,
    _MFA_KEYS | _VIA_KEYS | {"aws:TokenIssueTime"},
)
SERVICE = Session(
    "service",
    "an AWS service that acts for a key's owner",
    {**_NO_MFA, **_VIA},
    _AGE,
    direct=False,
)
FEDERATION = Session(
    "federation",
    "a federation token's session, also in the console",
    {**_NO_MFA, **_DIRECTLY},
    _AGE | _VIA_KEYS | {"aws:username"},
    direct=False,
    federated=True,
)
CONSOLE = Session(
    "console",
    "the console, signed in without MFA",
    {**_NO_MFA, **_DIRECTLY},
    _AGE | _VIA_KEYS,
    console=True,
)
WITHOUT_MFA = (KEY, SERVICE, FEDERATION, CONSOLE)


def with_old_mfa(hours: int) -> Session:
    """Return the session whose MFA is a second older than so many hours."""
    keys: Context = {
        "aws:MultiFactorAuthPresent": True,
        "aws:MultiFactorAuthAge": hours * 3600 + 1,
        **_DIRECTLY,
    }
    return Session("old-mfa", f"MFA older than {hours} h", keys, _VIA_KEYS)


def _user(caller: Caller) -> Context:
    return {
        "aws:PrincipalType": "User",
        "aws:PrincipalArn": caller.arn,
        "aws:userid": _USER_ID,
        "aws:username": caller.name,
    }


def _federated(caller: Caller) -> Context:
    partition = caller.iam.split(":")[1]
    arn = f"arn:{partition}:sts::{caller.account}:federated-user/{caller.name}"
    return {
        "aws:PrincipalType": "FederatedUser",
        "aws:PrincipalArn": arn,
        "aws:userid": f"{caller.account}:{caller.name}",
    }


# What tells the sessions apart, and the simulated users: not for others to give a value to.
OWN_KEYS = frozenset(
    key.lower()
    for each in WITHOUT_MFA
    for key in (*each.context(Caller("", "/", "arn:*:iam::")), *each.absent)
)
