"""The command line `mfa-reactor`: the reactor's judgement in an operator's hands.

    check, sweep    the users of the account that the credentials belong to
    user            one of them who is locked out: what it has, and what to do
    explain         an event, offline
    guard, exempt   the guard's document and what a policy leaves open, the exemption list
    roles           the policies of the functions' roles
    operations      the queues and alarms of a deployed stage
    redrive         what lies in those queues, once more
    doctor          whether a deployed stage can hear and act

Nothing here decides anything about a user: reactor.runtime puts the same parts together as in
Lambda, with the operator's credentials. What reaches boto3 is imported by the commands that need
it, so that the others start at once and work without credentials or network.

Exit status: 0 all in order or done; 1 something is not compliant, or failed; 2 wrong use.
"""

import io
import sys
from typing import Annotated, NoReturn

import typer

from reactor.cli import (
    doctor,
    exempt,
    explain,
    guard,
    operations,
    redrive,
    roles,
    sweep,
    user,
    users,
)
from reactor.cli.inputs import WrongUse
from reactor.cli.operator import Operator
from reactor.cli.output import one_line, say
from reactor.errors import ReactorError, SettingError, WrongRegion

FAILED = 1
WRONG_USE = 2

_EXAMPLES = """\
Examples:
  mfa-reactor check                  who is protected, who is not, and why
  mfa-reactor --stage prod check     the same, judged as stage prod judges
  mfa-reactor explain event.json     what would this event do?

Settings are REACTOR_… variables of the environment, as in Lambda.
Credentials are found as the AWS CLI finds them (AWS_PROFILE and so on).
The region says no more than the partition: IAM is global, and the exemption
list is where the deployed reactor reads it, in the partition's region for
IAM events (us-east-1, cn-north-1 or us-gov-west-1).

Exit status: 0 all in order or done, 1 not compliant or failed, 2 wrong use.
"""

app = typer.Typer(
    name="mfa-reactor",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXAMPLES,
)
app.command(epilog=users.CHECK_EXAMPLES)(users.check)
app.command(epilog=sweep.EXAMPLES)(sweep.sweep)
app.command(epilog=user.EXAMPLES)(user.user)
app.command(epilog=explain.EXAMPLES)(explain.explain)
app.add_typer(guard.app)
app.add_typer(exempt.app)
app.command(epilog=roles.EXAMPLES)(roles.roles)
app.add_typer(operations.app)
app.command(epilog=redrive.EXAMPLES)(redrive.redrive)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)


def _version(asked: bool) -> None:
    if asked:
        import importlib.metadata  # noqa: PLC0415 - a third of the time that `explain` takes to start

        typer.echo(f"mfa-reactor {importlib.metadata.version('mfa-reactor')}")
        raise typer.Exit


@app.callback()
def _options(
    context: typer.Context,
    stage: Annotated[
        str | None,
        typer.Option(
            metavar="STAGE",
            help="Take the settings of this stage in ./.chalice/config.json;"
            " the environment's own come first.",
        ),
    ] = None,
    _version_asked: Annotated[
        bool,
        typer.Option(
            "--version", metavar="", callback=_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Keep MFA enforced on every IAM user of an AWS account."""
    context.obj = Operator(stage)


def main() -> None:
    """Run the command line. What can be foreseen to go wrong is one line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # Foreign names must not end a run on a terminal that lacks a character.
            stream.reconfigure(errors="backslashreplace")
    try:
        app(prog_name="mfa-reactor")
    except ReactorError as error:
        _end(FAILED, f"{error}; {error.remedy}")
    except (SettingError, WrongRegion, WrongUse) as error:
        _end(WRONG_USE, str(error))
    except OSError as error:
        _end(WRONG_USE, f"{error.filename or 'input'}: {error.strerror or error}")


def _end(status: int, message: str) -> NoReturn:
    say(f"mfa-reactor: {one_line(message)}")
    raise SystemExit(status)
