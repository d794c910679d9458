"""`exempt`: the exemption list in SSM Parameter Store, from and to a file that people keep.

A list decides whom the guard leaves alone, so it is written only as a whole, only when every entry
can be a user, and after the difference has been shown.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli.inputs import WrongUse, ask, label, read_text
from reactor.cli.operator import Operator, connect
from reactor.cli.output import clean, put, say
from reactor.users.exemptions import list_entries

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession

IMPORT_EXAMPLES = """\
Examples:
  mfa-reactor exempt list --parameter /mfa/exempt > exempt.txt
  mfa-reactor exempt import exempt.txt --parameter /mfa/exempt

The file has a name or an ARN a line; # starts a comment. Commas separate,
too, so a user with a comma in its name can only be exempted otherwise.
Without a terminal to ask on, it shows the difference and writes nothing;
--yes writes. The parameter is in the partition's region for IAM events
(us-east-1 in aws), where the deployed reactor reads it.
"""
LIST_EXAMPLES = """\
Examples:
  mfa-reactor exempt list
  mfa-reactor --stage prod exempt list
"""
_NAME = r"[\w+=.@-]{1,128}"  # IAM API reference, without the comma, which separates
_ENTRY = re.compile(
    rf"{_NAME}|arn:(?:aws|aws-cn|aws-us-gov):iam::[0-9]{{12}}:user/(?:[!-+\--~]+/)*{_NAME}",
    re.ASCII,
)
STANDARD_CHARACTERS = 4096  # a standard parameter's limit; an advanced one has twice that
ADVANCED_CHARACTERS = 8192
_NAMED_AT_MOST = 20  # entries of a difference that are shown by name

app = typer.Typer(name="exempt", no_args_is_help=True)

Parameter = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", help="The SSM parameter; without it, REACTOR_EXEMPT_PARAMETER names it."
    ),
]


@app.callback()
def _group() -> None:
    """Look at and replace the list of exempt users in SSM Parameter Store."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What a new list changes: entries by name, without regard to case."""

    added: tuple[str, ...]
    removed: tuple[str, ...]

    @classmethod
    def between(cls, old: tuple[str, ...], new: tuple[str, ...]) -> "Difference":
        """Compare two lists."""
        before = {entry.lower() for entry in old}
        after = {entry.lower() for entry in new}
        return cls(
            tuple(entry for entry in new if entry.lower() not in before),
            tuple(entry for entry in old if entry.lower() not in after),
        )


@app.command(name="list", epilog=LIST_EXAMPLES)
def list_(context: typer.Context, parameter: Parameter = None) -> None:
    """Print the entries of the exemption list, one a line."""
    from reactor.aws.parameters import read_list  # noqa: PLC0415 - imports boto3

    name = _parameter(context, parameter)
    session, _ = connect()
    for entry in list_entries(read_list(session.ssm, name)):
        put(clean(entry))


@app.command(name="import", epilog=IMPORT_EXAMPLES)
def import_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A text file; - is stdin.")],
    parameter: Parameter = None,
    advanced: Annotated[
        bool,
        typer.Option(
            "--advanced",
            metavar="",
            help="Let a list above 4,096 characters become an advanced parameter, which costs"
            " money and cannot be made a standard one again.",
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", metavar="", help="Do not ask.")] = False,
) -> None:
    """Replace the exemption list by a file's, after showing what that adds and removes."""
    from reactor.aws.parameters import find_list, write_list  # noqa: PLC0415 - imports boto3

    name = _parameter(context, parameter)
    entries = _entries(file, read_text(file))
    session, home = connect()
    stored = find_list(session.ssm, name)
    old = list_entries(stored or "")
    difference = Difference.between(old, entries)
    _refuse_emptying(file, name, entries, old, yes=yes)
    tier = _tier(session, name, entries, advanced=advanced)
    many = "1 entry" if len(entries) == 1 else f"{len(entries)} entries"
    if stored is not None and difference == Difference((), ()):
        put(f"nothing to do: {name} has the same {many}")
        return
    _show(difference)
    ask(f"Write {many} to {name} in account {home.account}?", yes=yes)
    write_list(session.ssm, name, entries, tier=tier)
    put(f"{name} in account {home.account}, {home.region}, now has {many}")


def _parameter(context: typer.Context, given: str | None) -> str:
    name = Operator.of(context).settings(exempt_parameter=given).exempt_parameter
    if not name:
        raise WrongUse(
            "which list? Name it with --parameter, or by REACTOR_EXEMPT_PARAMETER,"
            " or take the stage's with mfa-reactor --stage STAGE exempt …"
        )
    return name


def _entries(file: str, text: str) -> tuple[str, ...]:
    """Return a file's entries. Raises WrongUse naming each that cannot be a user, with its line."""
    bad = [
        f"line {number}: {entry!r}"
        for number, line in enumerate(text.splitlines(), 1)
        for entry in list_entries(line)
        if not _ENTRY.fullmatch(entry)
    ]
    if bad:
        for each in bad[:-1]:
            say(f"mfa-reactor: {label(file)}: {clean(each)} is no user's name or ARN")
        raise WrongUse(f"{label(file)}: {bad[-1]} is no user's name or ARN; nothing was written")
    return list_entries(text)


def _refuse_emptying(
    file: str, name: str, entries: tuple[str, ...], old: tuple[str, ...], *, yes: bool
) -> None:
    if entries or yes:
        return
    many = "1 user" if len(old) == 1 else f"{len(old)} users"
    raise WrongUse(
        f"{label(file)} names no user: with it, {name} excuses nobody, and the {many} whom it"
        " excuses now must carry the guard; --yes writes it all the same"
    )


def _tier(
    session: "AwsSession", name: str, entries: tuple[str, ...], *, advanced: bool
) -> str | None:
    """Return the tier to ask for, None for the parameter's own. Raises WrongUse if none fits."""
    from reactor.aws.parameters import tier_of  # noqa: PLC0415 - imports boto3

    characters = len(",".join(entries))
    if characters <= STANDARD_CHARACTERS:
        return None
    if characters > ADVANCED_CHARACTERS:
        raise WrongUse(
            f"the list has {characters:,} characters, and SSM takes {ADVANCED_CHARACTERS:,} at the"
            " most: exempt by a tag, a path or a group instead"
        )
    own = tier_of(session.ssm, name)
    if own not in {None, "Standard"}:
        return own
    if advanced:
        return "Advanced"
    raise WrongUse(
        f"the list has {characters:,} characters, and a standard parameter takes"
        f" {STANDARD_CHARACTERS:,}: --advanced makes it an advanced one ({ADVANCED_CHARACTERS:,})"
    )


def _show(difference: Difference) -> None:
    for sign, what, entries in (
        ("+", "exempted", difference.added),
        ("-", "no longer exempt", difference.removed),
    ):
        put(f"{len(entries)} {what}")
        for entry in entries[:_NAMED_AT_MOST]:
            put(f"  {sign} {clean(entry)}")
        if len(entries) > _NAMED_AT_MOST:
            put(f"  {sign} and {len(entries) - _NAMED_AT_MOST} more")
