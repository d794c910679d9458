"""`doctor`: whether a deployed stage can hear and act, and what to do where it cannot."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reactor.cli import guard_check, holes, output
from reactor.cli.inputs import WrongUse
from reactor.cli.operator import CHALICE_DIRECTORY, Operator, chalice_config, connect
from reactor.errors import ReactorError
from reactor.functions import functions_of
from reactor.guard.identity import Guard
from reactor.holes.questions import Case
from reactor.inspection.checks import Pattern
from reactor.inspection.doctor import examine
from reactor.inspection.facts import Stage
from reactor.inspection.findings import Finding, State, unread
from reactor.model import Trigger, TriggerKind
from reactor.names import Function
from reactor.reconcile import Settled, observe_only
from reactor.roles.files import settings_of, variables_of
from reactor.roles.policies import policy
from reactor.watch.patterns import rule_patterns

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home
    from reactor.settings import Settings

EXAMPLES = """\
Examples:
  mfa-reactor --stage prod doctor            is all in order?
  mfa-reactor --stage prod doctor --json     the same, for a script

Exit status: 0 all in order, 1 something is not, or could not be read.
"""


def doctor(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print one JSON document instead of a table.")
    ] = False,
) -> None:
    """Check that a deployed stage can hear and act, and say what to do. Changes nothing.

    The checks of each sweep, and the stage's queues, guard, settings and roles besides; AWS
    Config's rules, and whom notices are sent to.
    """
    operator = Operator.of(context)
    name = _stage_name(operator)
    settings, patterns, wanted = operator.settings(), _patterns(name), _policies(name)
    session, home = connect()
    from reactor.aws.doctor import AwsDoctor  # noqa: PLC0415 - imports boto3

    stage = Stage(name, home.partition, home.region, home.account, functions_of(settings))
    findings = examine(
        AwsDoctor(session),
        session.gather,
        stage,
        settings=settings,
        patterns=patterns,
        wanted=wanted,
        variables=_variables(name),
        look_at_guard=lambda: _look_at_guard(settings, session, home),
    )
    if settings.guard_is_given:
        findings = (*findings, _look_for_holes(stage, settings, session))
    if as_json:
        output.put_json(_document(stage, findings))
    else:
        _put(stage, findings)
    raise typer.Exit(0 if all(each.ok for each in findings) else 1)


def _stage_name(operator: Operator) -> str:
    """Return the stage. Raises WrongUse without one: there is none to take by itself."""
    if operator.stage is None:
        stages = " or ".join(chalice_config(CHALICE_DIRECTORY)["stages"])
        raise WrongUse(f"which stage? Say mfa-reactor --stage {stages} before doctor")
    return operator.stage


def _policies(stage: str) -> dict[str, dict[str, Any]]:
    """Return the policy that each function's role is deployed with, whatever this environment has.

    Raises SettingError when the stage's settings are wrong.
    """
    config = chalice_config(CHALICE_DIRECTORY)
    return {
        each: policy(each, stage, settings_of(config, stage, each))
        for each in functions_of(settings_of(config, stage, ""))
    }


def _variables(stage: str) -> dict[str, dict[str, str]]:
    """Return the REACTOR_ variables that each function is deployed with."""
    config = chalice_config(CHALICE_DIRECTORY)
    functions = functions_of(settings_of(config, stage, ""))
    return {each: variables_of(config, stage, each) for each in functions}


def _patterns(stage: str) -> Mapping[Function, Pattern]:
    """Return the patterns of the rules, and the sweep's schedule."""
    # `chalice deploy` makes them from the stage's settings: a function's own are not there yet.
    return rule_patterns(settings_of(chalice_config(CHALICE_DIRECTORY), stage, ""))


def _look_at_guard(
    settings: "Settings", session: "AwsSession", home: "Home"
) -> tuple[Settled, ...]:
    """Judge the guard, and its group, as the keeper does, and change nothing."""
    from reactor import runtime  # noqa: PLC0415 - imports boto3

    trigger = Trigger(TriggerKind.OPERATOR, runtime.now())
    # What is not in order is in the findings, so that no alarm need be raised.
    both = runtime.keepers(settings, session, home, report=lambda _: None)
    return tuple(both.keep(observe_only, trigger, clock=runtime.now).settled)


def _look_for_holes(stage: Stage, settings: "Settings", session: "AwsSession") -> Finding:
    """Judge what the document of a guard that someone else keeps leaves open.

    Of our own it is known: the keeper compares it with the one that the tests have judged.
    """
    guard = Guard.of(settings, partition=stage.partition, account=stage.account)
    try:
        case = Case(
            policy=guard_check.read_policy(session, guard),
            guard=guard,
            settings=settings,
            partition=stage.partition,
            account=stage.account,
        )
        report = guard_check.judge(case, session)
    except ReactorError as error:
        return unread(holes.CHECK, f"what {guard.arn} leaves open", error)
    return holes.finding(guard.arn, stage.name, report)


def _document(stage: Stage, findings: tuple[Finding, ...]) -> dict[str, object]:
    return {
        "stage": stage.name,
        "account": stage.account,
        "region": stage.region,
        "ok": all(each.ok for each in findings),
        "findings": [each.describe() for each in findings],
    }


def _put(stage: Stage, findings: tuple[Finding, ...]) -> None:
    rows = [(each.check, each.state.value, _text(each)) for each in findings]
    headings = ("Check", "State", "What, and what to do")
    output.put_table(headings, rows, whole=frozenset({"Check", "State"}))
    output.put(f"stage {stage.name} in account {stage.account}: {_counts(findings)}")


def _text(finding: Finding) -> str:
    return f"{finding.what}\n→ {finding.remedy}" if finding.remedy else finding.what


def _counts(findings: Iterable[Finding]) -> str:
    counts = Counter(each.state for each in findings)
    return ", ".join(f"{counts[each]} {each}" for each in State if counts[each])
