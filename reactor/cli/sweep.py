"""`sweep`: one sweep with the operator's credentials, as the deployed reactor does it on schedule.

First a look, which changes nothing: what would be done, and what that means for people. Then, with
--enforce and the operator's consent, another look at those whom the consent was for: minutes may
have gone by, and what is done follows from what IAM says then.
"""

import functools
import sys
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli import impact_shown, report
from reactor.cli.impact import Impact, impact_of, read_hints, state_of
from reactor.cli.inputs import ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.cli.output import put, put_item, put_json, say
from reactor.cli.report import Change, Report, change_of, many
from reactor.cli.survey import survey
from reactor.cli.users import Json
from reactor.model import OutcomeStatus
from reactor.settings import Mode, Settings

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home
    from reactor.reconcile import Settled

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
_SHARED_BY = 5  # users: so many, and their common reason becomes a heading
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
    found = _look(settings, session, home)
    impact = _impact(found, session)
    if not as_json:
        _put_look(found, impact, settings)
    if enforce and found.to_change:
        if as_json and not yes:
            impact_shown.show(impact, on_error=True)
        ask(_question(found), yes=yes)
        found = _enforce(found, settings, session, home)
        if not as_json:
            _put_outcome(found)
    if as_json:
        put_json(_document(found, impact, settings))
    report.end(found)


def _look(settings: Settings, session: "AwsSession", home: "Home") -> Report:
    observing = replace(settings, mode=Mode.OBSERVE)
    run = survey(observing, session, home, brake=settings.max_remediations)
    return Report.of(home.account, run)


def _enforce(look: Report, settings: Settings, session: "AwsSession", home: "Home") -> Report:
    tried = frozenset(report.name_of(each) for each in look.to_change)
    run = survey(settings, session, home, only=tried, brake=settings.max_remediations)
    return look.after(run, tried)


def _impact(found: Report, session: "AwsSession") -> Impact:
    from reactor.aws.credentials import AwsCredentialReport  # noqa: PLC0415 - imports boto3
    from reactor.aws.rescue import AwsRescue  # noqa: PLC0415

    reports = AwsCredentialReport(session.iam, wait_seconds=_REPORT_SECONDS, sleep=_wait)
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


def _put_look(found: Report, impact: Impact, settings: Settings) -> None:
    concerned = [each for each in found.users if each.decision.plan or each.failed]
    concerned.sort(key=lambda each: each.held_back)
    _put_plans(concerned)
    put(f"{found.count_line()} ({_judged_by(settings)})")
    if found.waiting:
        most = settings.max_remediations
        put(f"{found.waiting} wait: a sweep changes {most} at most (--max)")
    impact_shown.show(impact)
    if concerned and settings.mode is Mode.OBSERVE:
        put("Nothing was changed: --enforce carries this out.")


def _put_plans(concerned: "list[Settled]") -> None:
    """Show what would be done to whom; a reason that many share is said once."""
    shared = Counter(_reason(each) for each in concerned)
    for reason, number in shared.items():
        if number >= _SHARED_BY:
            put_item("", f"{many(number)} {': '.join(reason)}")
            rows = [
                (report.name_of(each), report.actions_of(each, enforced=False).replace("\n", ", "))
                for each in concerned
                if _reason(each) == reason
            ]
            report.put_rows(("User", "To do"), rows)
    others = [
        (report.name_of(each), *_reason(each), report.actions_of(each, enforced=False))
        for each in concerned
        if shared[_reason(each)] < _SHARED_BY
    ]
    report.put_rows(("User", "Verdict", "Reason", "To do"), others)


def _reason(each: "Settled") -> tuple[str, str]:
    return each.decision.verdict.compliance.value, report.reasons_of(each)


def _judged_by(settings: Settings) -> str:
    ways = {
        "tag": settings.exempt_tags,
        "list": settings.exempt_parameter,
        "name": settings.exempt_names,
        "path": settings.exempt_paths,
        "group": settings.exempt_groups,
    }
    exempt = ", ".join(way for way, chosen in ways.items() if chosen) or "nothing"
    return f"scope {settings.scope}, exempt by {exempt}"


def _put_outcome(found: Report) -> None:
    """Say what became of it: in numbers, and of whom it did not go as planned."""
    odd = [each for each in found.users if not each.held_back and not _went_as_planned(each)]
    rows = [(report.name_of(each), report.actions_of(each, enforced=True)) for each in odd]
    report.put_rows(("User", "Outcome"), rows)
    put(f"{found.changed} changed, {found.failed} failed")


def _went_as_planned(each: "Settled") -> bool:
    return all(one.status is OutcomeStatus.DONE and not one.why for one in each.outcomes)
