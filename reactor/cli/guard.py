"""`guard`: the policy that denies what is done without MFA, and its life in an account."""

from typing import Annotated

import typer

from reactor.cli import guard_check, guard_keeping, guard_release
from reactor.cli.explain import ACCOUNT
from reactor.cli.inputs import WrongUse
from reactor.cli.operator import Operator, connect, region_of_credentials
from reactor.cli.output import put, put_json
from reactor.guard.document import guard_document, require_room
from reactor.guard.scp import policy_text
from reactor.partitions import IAM_EVENT_REGION, partition_of

app = typer.Typer(
    name="guard", no_args_is_help=True, help="The guard: its document, and its life in an account."
)
app.command(epilog=guard_check.EXAMPLES)(guard_check.check)
app.command(epilog=guard_keeping.DIFF_EXAMPLES)(guard_keeping.diff)
app.command(epilog=guard_keeping.APPLY_EXAMPLES)(guard_keeping.apply)
app.command(epilog=guard_release.EXAMPLES)(guard_release.release)

EXAMPLES = """\
Examples:
  mfa-reactor guard show
  mfa-reactor guard show --account 123456789012 --partition aws > guard.json

With both options it works offline. It is what mfa-reactor writes; a guard
that someone else keeps (REACTOR_GUARD_POLICY is an ARN) has its own document.
"""
SCP_EXAMPLES = """\
Examples:
  mfa-reactor --stage prod guard scp --role Deployer > scp.json
  mfa-reactor --stage prod guard scp --role 'AWSReservedSSO_Platform_*'

Works offline with --partition. Roles are names, or ARNs where the role must
have one path or be in one account; * and ? stand for what varies. Those in
REACTOR_TRUSTED_ROLES are named as well. docs/organizations.md has the rest.
"""

Partition = Annotated[
    str | None,
    typer.Option(
        metavar="PARTITION",
        help="aws, aws-cn or aws-us-gov; without it, the configured region's.",
    ),
]


@app.callback()
def _group() -> None:
    """Look at the guard, the policy that denies what is done without MFA."""


@app.command(epilog=EXAMPLES)
def show(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    account: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Account (12 digits); without it, the credentials'."),
    ] = None,
    partition: Partition = None,
    enrol: Annotated[
        str | None, typer.Option(metavar="WHERE", help="console or anywhere (REACTOR_GUARD_ENROL).")
    ] = None,
    password_change: Annotated[
        str | None,
        typer.Option(metavar="BOOL", help="true or false (REACTOR_GUARD_PASSWORD_CHANGE)."),
    ] = None,
    session_hours: Annotated[
        str | None, typer.Option(metavar="HOURS", help="1 to 36 (REACTOR_GUARD_SESSION_HOURS).")
    ] = None,
    self_detach: Annotated[
        str | None, typer.Option(metavar="BOOL", help="true or false (REACTOR_GUARD_SELF_DETACH).")
    ] = None,
    self_service: Annotated[
        str | None,
        typer.Option(metavar="WHAT", help="enrol or credentials (REACTOR_GUARD_SELF_SERVICE)."),
    ] = None,
) -> None:
    """Print the guard's policy document as JSON, as the settings and these options make it."""
    settings = Operator.of(context).settings(
        guard_enrol=enrol,
        guard_password_change=password_change,
        guard_session_hours=session_hours,
        guard_self_detach=self_detach,
        guard_self_service=self_service,
    )
    if settings.guard_is_given:
        raise WrongUse(
            f"the guard is {settings.guard_policy}, which someone else keeps (REACTOR_GUARD_POLICY)"
        )
    require_room(settings)
    if account is not None and not ACCOUNT.fullmatch(account):
        raise WrongUse(f"--account is {account!r}: an account has 12 digits")
    _require_known(partition)
    if account is None:
        _, home = connect()
        account, partition = home.account, partition or home.partition
    put_json(guard_document(partition or partition_of(region_of_credentials()), account, settings))


@app.command(epilog=SCP_EXAMPLES)
def scp(
    context: typer.Context,
    role: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ROLE",
            help="A role that may still change the reactor, besides REACTOR_TRUSTED_ROLES; may be"
            " given several times.",
        ),
    ] = None,
    partition: Partition = None,
) -> None:
    """Print a service control policy for AWS Organizations that protects guard and reactor.

    It denies changes of both, and exemptions, to all but the reactor's own roles and those named.
    """
    settings = Operator.of(context).settings()
    _require_known(partition)
    if not role and not settings.trusted_roles:
        raise WrongUse(
            "which role may still deploy and change the reactor? Name it with --role, or in"
            " REACTOR_TRUSTED_ROLES: with none, only the management account could undo the policy"
        )
    put(policy_text(partition or partition_of(region_of_credentials()), settings, role or ()))


def _require_known(partition: str | None) -> None:
    if partition is not None and partition not in IAM_EVENT_REGION:
        raise WrongUse(f"--partition is {partition!r}: it takes {', '.join(IAM_EVENT_REGION)}")
