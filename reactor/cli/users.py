"""`check` and `sweep`: one look at users, and one sweep, with the operator's credentials.

Both are the sweep that the deployed reactor does on its schedule: `check` is one that only looks.
"""

from collections.abc import Sequence
from typing import Annotated

import typer

from reactor.cli import output, report
from reactor.cli.inputs import WrongUse, ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.cli.survey import survey
from reactor.model import USER_NAME
from reactor.settings import Mode, Settings

CHECK_EXAMPLES = """\
Examples:
  mfa-reactor check                        every user of the account
  mfa-reactor check alice bob              these two
  mfa-reactor --stage prod check --json    as stage prod judges, for a script

Exit status: 0 all in order, 1 some user is not, or does not exist.
"""
SWEEP_EXAMPLES = """\
Examples:
  mfa-reactor sweep                        what would a sweep do now?
  mfa-reactor sweep --enforce              do it
  mfa-reactor --stage prod sweep --enforce --max 10
                                           as stage prod, for ten users

Exit status: 0 all in order or put so, 1 some user is not, or waits.
"""

Json = Annotated[
    bool, typer.Option("--json", metavar="", help="Print one JSON document instead of a table.")
]


def check(
    context: typer.Context,
    users: Annotated[
        list[str] | None,
        typer.Argument(metavar="USER", help="Names of users; every user without any."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say of users whether they are protected, by which rule, and why. Changes nothing."""
    names = _user_names(users or [])
    settings = Operator.of(context).settings(mode=Mode.OBSERVE.value)
    session, home = connect()
    found = report.Report.of(home.account, survey(settings, session, home, names=names))
    if as_json:
        output.put_json({"account": home.account, "mode": "check", **found.document()})
    else:
        _put_verdicts(found)
    _end(found)


def sweep(
    context: typer.Context,
    enforce: Annotated[
        bool,
        typer.Option(
            "--enforce",
            metavar="",
            help="Carry out what is found. Without it nothing is changed, whatever REACTOR_MODE.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", metavar="", help="Do not ask before enforcing.")
    ] = False,
    most: Annotated[
        int | None,
        typer.Option(
            "--max",
            metavar="N",
            help="Change at most N users, the most dangerous first; 0 is no limit."
            " Without it, REACTOR_MAX_REMEDIATIONS.",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at every user once, and with --enforce put them into order.

    A guard that is missing is created with your credentials.
    """
    operator = Operator.of(context)
    if enforce:
        operator.require_chosen_settings()
        require_consent_possible(yes=yes)
    mode = Mode.ENFORCE if enforce else Mode.OBSERVE
    brake = None if most is None else str(most)
    settings = operator.settings(mode=mode.value, max_remediations=brake)
    session, home = connect()
    if enforce:
        ask(_question(settings, home.account), yes=yes)
    run = survey(settings, session, home, brake=settings.max_remediations)
    found = report.Report.of(home.account, run)
    if as_json:
        output.put_json(
            {
                "account": home.account,
                "mode": settings.mode.value,
                **found.document(outcomes=True),
                "changed": found.changed,
                "waiting": found.waiting,
                "brake": settings.max_remediations,
            }
        )
    else:
        _put_sweep(found, settings)
    _end(found)


def _user_names(users: list[str]) -> tuple[str, ...]:
    for name in users:
        if not USER_NAME.fullmatch(name):
            raise WrongUse(f"{name!r} cannot be the name of an IAM user (ARNs are not taken)")
    return tuple({name.lower(): name for name in users}.values())


def _question(settings: Settings, account: str) -> str:
    most = settings.max_remediations
    limit = f"at most {most} users" if most else "as many users as need it"
    ways = {
        "tag": settings.exempt_tags,
        "list": settings.exempt_parameter,
        "name": settings.exempt_names,
        "path": settings.exempt_paths,
        "group": settings.exempt_groups,
    }
    exempt = ", ".join(way for way, chosen in ways.items() if chosen) or "nothing"
    return f"Change {limit} in account {account} (scope {settings.scope}, exempt by {exempt})?"


def _put_verdicts(found: report.Report) -> None:
    rows = [
        (
            report.name_of(each),
            each.decision.verdict.compliance.value,
            each.decision.verdict.rule,
            report.reasons_of(each),
        )
        for each in found.users
    ]
    _put_rows(("User", "Verdict", "Rule", "Reason"), rows)
    output.put(found.count_line())


def _put_sweep(found: report.Report, settings: Settings) -> None:
    enforced = settings.mode is Mode.ENFORCE
    concerned = [each for each in found.users if each.decision.plan or each.failed]
    rows = [
        (
            report.name_of(each),
            each.decision.verdict.compliance.value,
            report.reasons_of(each),
            report.actions_of(each, enforced=enforced),
        )
        for each in concerned
    ]
    _put_rows(("User", "Verdict", "Reason", "Outcome" if enforced else "To do"), rows)
    output.put(found.count_line())
    if enforced:
        output.put(f"{found.changed} changed, {found.failed} failed")
    elif rows:
        output.put("Nothing was changed: --enforce carries this out.")
    if found.waiting:
        most = settings.max_remediations
        output.put(f"{found.waiting} wait: a sweep changes {most} at most (--max)")


def _put_rows(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        output.put_table(headings, rows, whole=frozenset({"Verdict"}))


def _end(found: report.Report) -> None:
    for error in found.errors:
        output.say(output.one_line(f"mfa-reactor: {error}; {error.remedy}"))
    raise typer.Exit(0 if found.in_order else 1)
