"""`guard check`: what a policy leaves open to a session without MFA, asked of AWS's simulator."""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli import holes, output
from reactor.cli.explain import ACCOUNT
from reactor.cli.inputs import WrongUse, label, read_text
from reactor.cli.operator import Operator, connect
from reactor.errors import Permanent
from reactor.guard.identity import Guard
from reactor.holes.check import find_holes
from reactor.holes.policy import NotAPolicy, Policy
from reactor.holes.questions import Case
from reactor.holes.report import Report
from reactor.holes.sessions import OWN_KEYS
from reactor.holes.severity import Severity
from reactor.settings import Settings

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession

EXAMPLES = """\
Examples:
  mfa-reactor guard check                 the guard, as it stands
  mfa-reactor guard check policy.json     a policy in a file
  mfa-reactor guard check --hours 12 -    one on standard input
  mfa-reactor guard check ARN             a managed policy of the account

Exit status: 0 no hole, 1 a hole, or something could not be judged, 2 wrong
use. It asks iam:SimulateCustomPolicy some eighty times, and changes nothing.
"""
_ARN = re.compile(r"arn:aws(?:-cn|-us-gov)?:iam::(?:[0-9]{12}|aws):policy/[!-~]+", re.ASCII)


def check(  # noqa: PLR0913, PLR0917 - an option each
    context: typer.Context,
    document: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE|-|ARN",
            help="A policy document in a file or on standard input, or a managed policy of the"
            " account. Without it, the guard that the settings name.",
        ),
    ] = None,
    account: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Account (12 digits) to judge for; without it, the credentials'."
        ),
    ] = None,
    hours: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            max=36,
            help="Judge a session whose MFA is older, too. Without it,"
            " REACTOR_GUARD_SESSION_HOURS.",
        ),
    ] = None,
    known: Annotated[
        list[str] | None,
        typer.Option(
            "--context",
            metavar="KEY=VALUE",
            help="A context key that all requests have, such as aws:SourceIp; as often as needed.",
        ),
    ] = None,
    fail_on: Annotated[
        Severity,
        typer.Option(metavar="SEVERITY", help="The least severity that makes exit status 1."),
    ] = Severity.LOW,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """Look for what a policy leaves open to a session without MFA. Changes nothing.

    It is judged as an administrator's, who may do all that it does not deny.
    What enrolment needs is no hole. Severities: critical (another identity,
    credentials or a device without MFA, the guard undone), high (writes),
    medium (reads data), low (lists).
    """
    settings = Operator.of(context).settings()
    if account is not None and not ACCOUNT.fullmatch(account):
        raise WrongUse(f"--account is {account!r}: an account has 12 digits")
    values = _values(known or ())
    given = None if document is None or _is_arn(document) else _of_file(document)
    session, home = connect()
    account = account or home.account
    guard = _guard(document, settings, home.partition, account)
    policy = given or read_policy(session, guard)
    name = guard.arn if given is None or document is None else label(document)
    report = judge(
        Case(
            policy=policy,
            guard=guard,
            settings=settings,
            partition=home.partition,
            account=account,
            hours=hours or settings.guard_session_hours,
            context=values,
        ),
        session,
    )
    _warn(policy, account, name)
    if as_json:
        output.put_json(holes.document(name, account, report))
    else:
        holes.put(name, account, report, settings)
    raise typer.Exit(1 if report.fails(fail_on) else 0)


def judge(case: Case, session: "AwsSession") -> Report:
    """Ask AWS's simulator. Raises ReactorError when it may not be asked."""
    from reactor.aws.simulator import AwsSimulator  # noqa: PLC0415 - imports boto3

    return find_holes(case, AwsSimulator(session.iam), session.gather)


def read_policy(session: "AwsSession", guard: Guard) -> Policy:
    """Return the default version of a policy. Raises ReactorError, Permanent when there is none."""
    from reactor.aws.guard import AwsGuard  # noqa: PLC0415 - imports boto3

    iam = AwsGuard(session.iam)
    found = iam.policy(guard.arn)
    if found is None:
        raise Permanent(
            f"there is no policy {guard.arn}",
            remedy="name another, or judge a document: mfa-reactor guard show | mfa-reactor guard"
            " check -",
        )
    try:
        return Policy.of(iam.policy_version(guard.arn, found.default).document)
    except NotAPolicy as error:
        raise Permanent(f"{guard.arn}: {error}", remedy="report this as a bug") from None


def _is_arn(text: str) -> bool:
    """Tell a policy's ARN from a file. Raises WrongUse for another ARN."""
    if text.startswith("arn:") and not _ARN.fullmatch(text):
        raise WrongUse(f"{text!r} is not the ARN of a managed policy")
    return text.startswith("arn:")


def _of_file(path: str) -> Policy:
    try:
        return Policy.of_text(read_text(path))
    except NotAPolicy as error:
        raise WrongUse(f"{label(path)}: {error}") from None


def _guard(document: str | None, settings: Settings, partition: str, account: str) -> Guard:
    if document is not None and _is_arn(document):
        return Guard(document, given=True)
    return Guard.of(settings, partition=partition, account=account)


def _values(given: Iterable[str]) -> dict[str, str]:
    found = {}
    for each in given:
        key, equals, value = each.partition("=")
        if not (key and equals and value) or ":" not in key:
            raise WrongUse(f"--context is {each!r}: it takes KEY=VALUE, as aws:SourceIp=192.0.2.1")
        if key.lower() in OWN_KEYS:
            raise WrongUse(f"--context is {each!r}: that key is what tells the sessions apart")
        found[key] = value
    return found


def _warn(policy: Policy, account: str, name: str) -> None:
    """Say that a document is another account's: nothing in it is about the users judged here."""
    others = policy.accounts
    if others and account not in others:
        output.say(
            output.one_line(
                f"mfa-reactor: {name} is about account {', '.join(others)} and was judged for"
                f" {account}; --account {others[0]} judges it there"
            )
        )
