"""One statement of a role's policy, and what several are made of."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reactor.names import function_name

ANY_ACCOUNT = "the account is not known when the file is made; a role acts in its own only"
# A queue's or a function's own policy may let roles of other accounts in, and somebody else's may
# have our name. SQS and Lambda are not among the services whose calls lack this key (IAM user
# guide, global condition keys). IfExists: whether Lambda, which tries sqs:SendMessage out when a
# destination is set, brings the key along is not documented.
OWN_ACCOUNT = {"StringEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
KEPT_TO_OWN = "the account is not known when the file is made; the condition keeps it to the role's"


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a role's policy. `reason` says why its wildcards are there."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    condition: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Return it as IAM reads it."""
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": sorted(self.resources),
        }
        if self.condition is not None:
            statement["Condition"] = self.condition
        return statement


def invoke(sid: str, actions: Iterable[str], stage: str, function: str) -> Statement:
    """Return what lets ask another function of the stage."""
    arn = f"arn:*:lambda:*:*:function:{function_name(stage, function)}"
    return Statement(sid, tuple(actions), (arn,), KEPT_TO_OWN, OWN_ACCOUNT)


def parameter_arn(name: str) -> str:
    """Return the ARN of an SSM parameter, in any partition, region and account."""
    return f"arn:*:ssm:*:*:parameter/{name.removeprefix('/')}"
