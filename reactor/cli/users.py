"""`check`: one look at users with the operator's credentials.

It is the sweep that the deployed reactor does on its schedule, and only looks.
"""

from typing import Annotated

import typer

from reactor.cli import output, report
from reactor.cli.inputs import WrongUse
from reactor.cli.operator import Operator, connect
from reactor.cli.survey import survey
from reactor.model import USER_NAME
from reactor.settings import Mode

CHECK_EXAMPLES = """\
Examples:
  mfa-reactor check                        every user of the account
  mfa-reactor check alice bob              these two
  mfa-reactor --stage prod check --json    as stage prod judges, for a script

Exit status: 0 all in order, 1 some user is not, or does not exist.
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
    report.end(found)


def _user_names(users: list[str]) -> tuple[str, ...]:
    for name in users:
        if not USER_NAME.fullmatch(name):
            raise WrongUse(f"{name!r} cannot be the name of an IAM user (ARNs are not taken)")
    return tuple({name.lower(): name for name in users}.values())


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
    report.put_rows(("User", "Verdict", "Rule", "Reason"), rows)
    output.put(found.count_line())
