"""`sweep`: one sweep with the operator's credentials, as the deployed reactor does it on schedule.

First a look, which changes nothing: what would be done, and what that means for people. Then, with
--enforce and the operator's consent, further looks at those whom the consent was for: minutes may
have gone by, and what is done follows from what IAM says then, for a minute at most.
"""

import functools
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli import report, sweep_shown
from reactor.cli.enforcing import carry_out
from reactor.cli.impact import Impact, impact_of, read_hints, state_of
from reactor.cli.inputs import ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.cli.output import put_json, say
from reactor.cli.report import Change, Report, change_of, many
from reactor.cli.survey import Part, showing, survey
from reactor.cli.users import Json
from reactor.reconcile import Brake, Run
from reactor.settings import Mode, Settings
from reactor.sweeps.progress import Progress, id_of, id_of_state
from reactor.users.credentials import CredentialReport
from reactor.users.ports import CredentialReports
from reactor.users.reports import ReportOnce

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home

EXAMPLES = """\
Examples:
  mfa-reactor sweep                        what would a sweep do now, to whom?
  mfa-reactor sweep --enforce              show that, ask, and do it
  mfa-reactor --stage prod sweep --enforce --max 10
                                           as stage prod, for ten users
  mfa-reactor sweep --json | jq .impact.keys_in_use
                                           service accounts in disguise?

Passwords and keys are those of IAM's credential report, which takes two
permissions, iam:GenerateCredentialReport and iam:GetCredentialReport, and may
be four hours old. Nothing is decided by it.

Exit status: 0 all in order or put so, 1 some user is not, or waits.
"""
_REPORT_SECONDS = 60  # a person's patience, the first time that anybody asks for the report


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
    """Look at every user, say what that would mean, and with --enforce put them into order.

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
    reports = _reports(session)
    found = _look(settings, session, home, reports)
    impact = _impact(found, session, reports)
    if not as_json:
        sweep_shown.put_look(found, impact, settings)
    if enforce and found.to_change:
        if as_json and not yes:
            sweep_shown.put_impact(impact, on_error=True)
        ask(_question(found), yes=yes)
        found = _enforce(found, settings, session, home)
        if not as_json:
            sweep_shown.put_outcome(found)
    if as_json:
        put_json(_document(found, impact, settings))
    report.end(found)


def _reports(session: "AwsSession") -> CredentialReports:
    """Return the credential report, asked for once: to rank users, and to tell what it means."""
    from reactor.aws.credentials import AwsCredentialReport  # noqa: PLC0415 - imports boto3

    def ask() -> CredentialReport | None:
        aws = AwsCredentialReport(session.iam, wait_seconds=_REPORT_SECONDS, sleep=_wait)
        return aws.credential_report()

    return ReportOnce(ask)


def _look(
    settings: Settings, session: "AwsSession", home: "Home", reports: CredentialReports
) -> Report:
    observing = replace(settings, mode=Mode.OBSERVE)
    part = Part(brake=Brake(settings.max_remediations))
    run = survey(observing, session, home, part=part, reports=reports)
    return Report.of(home.account, run)


def _enforce(look: Report, settings: Settings, session: "AwsSession", home: "Home") -> Report:
    tried = frozenset(id_of(each) for each in look.to_change)
    with showing() as shown:

        def act(progress: Progress, has_time: Callable[[], bool]) -> Run:
            brake = Brake(
                settings.max_remediations,
                progress.spent,
                has_place=lambda seen: id_of_state(seen.state) in progress.paid,
            )
            part = Part(tried, progress.known, brake, has_time, shown)
            return survey(settings, session, home, part=part)

        run = carry_out(act, datetime.now(UTC))
    return look.after(run, tried)


def _impact(found: Report, session: "AwsSession", reports: CredentialReports) -> Impact:
    from reactor.aws.rescue import AwsRescue  # noqa: PLC0415 - imports boto3

    users = [state_of(each) for each in found.to_guard]
    hints = read_hints(users, reports, AwsRescue(session.iam), session.gather)
    return impact_of(found.to_guard, hints)


def _wait(seconds: float) -> None:
    _say_waiting()
    time.sleep(seconds)


@functools.cache
def _say_waiting() -> None:
    if sys.stderr.isatty():
        say("IAM is making its credential report …")


def _question(found: Report) -> str:
    """Return what consent is asked for: exactly what would then be done."""
    changes = [change_of(each) for each in found.to_change]
    parts = [f"{one} {many(changes.count(one))}" for one in Change if one in changes]
    whole = " and ".join(parts)
    return f"{whole[0].upper()}{whole[1:]} of account {found.account}?"


def _document(found: Report, impact: Impact, settings: Settings) -> dict[str, object]:
    return {
        "account": found.account,
        "mode": settings.mode.value,
        **found.document(outcomes=True),
        "changed": found.changed,
        "waiting": found.waiting,
        "brake": settings.max_remediations,
        "impact": impact.document(),
    }
