"""The story: what happens, to whom, and what should come of it. Data only.

It is told in scope `without-mfa`: with `everyone`, who loses a device carries the guard already.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from reactor.model import Compliance

ACCOUNT = "123456789012"
GUARD_ARN = f"arn:aws:iam::{ACCOUNT}:policy/MfaReactorGuard"
SCOPE = "without-mfa"
EXEMPT_PARAMETER = "/mfa-reactor/exempt"
LISTED = "backup"  # stands on the exemption list
EARLIER = "zoe"  # was there, without MFA, before the reactor came
ENROLLED = "carol"  # had an MFA device before the reactor came
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/{ENROLLED}"


@dataclass(frozen=True, slots=True)
class Cli:
    """A call made with the AWS CLI: the command's words, without `aws`."""

    words: tuple[str, ...]

    @property
    def short(self) -> str:
        """The command without its options."""
        return " ".join(("aws", *self.words[:2]))

    @property
    def whole(self) -> str:
        """The command as it is typed."""
        return " ".join(("aws", *self.words))


@dataclass(frozen=True, slots=True)
class Boto:
    """A call of IAM made with boto3; by the administrator, or by a user signed in with MFA."""

    operation: str
    arguments: dict[str, Any]
    signed_in: str | None = None

    @property
    def short(self) -> str:
        """The call without its arguments."""
        return f"iam.{self.operation}"

    @property
    def whole(self) -> str:
        """The call as it is written in Python."""
        given = ", ".join(f"{name}={value!r}" for name, value in self.arguments.items())
        return f"iam.{self.operation}({given})"


@dataclass(frozen=True, slots=True)
class Schedule:
    """The sweep's schedule goes off."""

    short = whole = "its schedule goes off, early"


@dataclass(frozen=True, slots=True)
class Expected:
    """What should come of a step: the audit record's verdict and actions, and IAM's word.

    No `rule`: there should be no record, because the event never came.
    """

    guarded: bool
    compliance: Compliance | None = None
    rule: str = ""
    actions: tuple[str, ...] = ()

    def __str__(self) -> str:
        return outcome(self.compliance, self.rule, self.actions, guarded=self.guarded)


def outcome(compliance: str | None, rule: str, actions: tuple[str, ...], *, guarded: bool) -> str:
    """Say what was expected, or what came, in the same words."""
    verdict = f"{compliance} ({rule})" if compliance else "no record"
    done = f": {', '.join(actions)}" if actions else ""
    return f"{verdict}{done}; guard {'on' if guarded else 'off'}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the call, the CloudTrail event it makes, whom it hits, what should come of it."""

    what: str
    user: str
    call: Cli | Boto | Schedule
    expected: Expected
    event: str | None = None
    before: tuple[Boto, ...] = field(default=())  # makes ready, is not shown
    lost: bool = False


MENDED = Expected(
    guarded=True,
    compliance=Compliance.NON_COMPLIANT,
    rule="must-carry-guard",
    actions=("attach-guard done",),
)
FIRST = replace(MENDED, actions=("keep-guard done", "attach-guard done"))
EXEMPT = Expected(guarded=False, compliance=Compliance.NOT_APPLICABLE, rule="exempt")

STORY = (
    Step(
        "The first sweep: the keeper makes the guard",
        EARLIER,
        Schedule(),
        FIRST,
    ),
    Step(
        "A user is created",
        "alice",
        Cli(("iam", "create-user", "--user-name", "alice")),
        MENDED,
        event="CreateUser",
    ),
    Step(
        "Another, with a path",
        "bruno",
        Boto("create_user", {"UserName": "bruno", "Path": "/engineering/berlin/"}),
        MENDED,
        event="CreateUser",
    ),
    Step(
        "Somebody takes the guard off",
        "alice",
        Cli(
            ("iam", "detach-user-policy", "--user-name", "alice", "--policy-arn", GUARD_ARN),
        ),
        MENDED,
        event="DetachUserPolicy",
        # A user without any credential is taken for one that is being deleted, and let go.
        before=(Boto("create_access_key", {"UserName": "alice"}),),
    ),
    Step(
        "A user deactivates her MFA device",
        ENROLLED,
        Boto(
            "deactivate_mfa_device",
            {"UserName": ENROLLED, "SerialNumber": DEVICE},
            signed_in=ENROLLED,
        ),
        MENDED,
        event="DeactivateMFADevice",
    ),
    Step(
        "… and deletes it. This event names no user",
        ENROLLED,
        Boto("delete_virtual_mfa_device", {"SerialNumber": DEVICE}, signed_in=ENROLLED),
        Expected(guarded=True, compliance=Compliance.COMPLIANT, rule="guarded"),
        event="DeleteVirtualMFADevice",
    ),
    Step(
        "A service user, exempt by tag",
        "ci-deploy",
        Boto(
            "create_user",
            {"UserName": "ci-deploy", "Tags": [{"Key": "userType", "Value": "Service"}]},
        ),
        EXEMPT,
        event="CreateUser",
    ),
    Step(
        "A service user, exempt by list",
        LISTED,
        Cli(("iam", "create-user", "--user-name", LISTED)),
        EXEMPT,
        event="CreateUser",
    ),
    Step(
        "A new user, and the event is lost on its way",
        "dave",
        Boto("create_user", {"UserName": "dave"}),
        Expected(guarded=False),
        event="CreateUser",
        lost=True,
    ),
    Step("The sweep finds the one whom no event brought", "dave", Schedule(), MENDED),
)
