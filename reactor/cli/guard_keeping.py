"""`guard diff` and `guard apply`: the keeper's look, and its work, in an operator's hands."""

import difflib
import json
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli import output
from reactor.cli.inputs import ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.guard.comparison import laid_out
from reactor.guard.document import guard_document
from reactor.guard.state import GroupState, GuardState
from reactor.model import OutcomeStatus, Trigger, TriggerKind
from reactor.reconcile import Executor, Run, Settled, enforce, observe_only
from reactor.settings import Restore, Settings

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home

DIFF_EXAMPLES = """\
Examples:
  mfa-reactor --stage prod guard diff    the account against what stage prod wants

Lines with - stand in the account and would go, lines with + would come.

Exit status: 0 no difference, 1 some.
"""
APPLY_EXAMPLES = """\
Examples:
  mfa-reactor --stage prod guard apply            make or restore the guard now
  mfa-reactor --stage prod guard apply --adopt    also where a policy or a group of
                                                  its name is not ours yet

Exit status: 0 the guard is in order, 1 it is not.
"""
_DONE = {OutcomeStatus.DONE, OutcomeStatus.ALREADY}


def diff(context: typer.Context) -> None:
    """Show how the guard and its group differ from what the settings say. Changes nothing."""
    settings = Operator.of(context).settings()
    session, home = connect()
    run = _look(settings, session, home, observe_only)
    for each in run.settled:
        for line in _differences(each, settings, home):
            output.put(output.clean(line))
    raise typer.Exit(0 if all(_in_order(each) for each in run.settled) else 1)


def apply(
    context: typer.Context,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            metavar="",
            help="Take over a policy or a group of the guard's name that is not ours.",
        ),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", metavar="", help="Do not ask before.")
    ] = False,
) -> None:
    """Make or restore the guard, and its group where one is wanted, with your credentials.

    Restores it whatever REACTOR_GUARD_RESTORE; a guard that someone else keeps is never edited.
    """
    operator = Operator.of(context)
    operator.require_chosen_settings()
    require_consent_possible(yes=yes)
    settings = operator.settings(guard_restore=Restore.ALWAYS.value)
    session, home = connect()
    planned = _look(settings, session, home, observe_only, adopt=adopt)
    changes = [
        action.name for each in planned.settled for action in each.decision.plan if action.changes
    ]
    if changes:
        what = f"Change the guard {settings.guard_name} in account {home.account}"
        ask(f"{what} ({', '.join(changes)})?", yes=yes)
    run = _look(settings, session, home, enforce, adopt=adopt)
    _put(run)
    for error in (error for each in run.settled for error in each.errors):
        output.say(output.one_line(f"mfa-reactor: {error}; {error.remedy}"))
    raise typer.Exit(1 if any(each.failed for each in run.settled) else 0)


def _look(
    settings: Settings,
    session: "AwsSession",
    home: "Home",
    execute: Executor,
    *,
    adopt: bool = False,
) -> Run:
    from reactor import runtime  # noqa: PLC0415 - imports boto3

    # What was changed is shown by these commands themselves.
    both = runtime.keepers(settings, session, home, report=lambda _: None, adopt=adopt)
    trigger = Trigger(TriggerKind.OPERATOR, runtime.now())
    run = both.keep(execute, trigger, clock=runtime.now)
    for each in run.settled:
        if each.observation.error is not None:
            raise each.observation.error
    return run


def _differences(each: Settled, settings: Settings, home: "Home") -> list[str]:
    state, verdict = each.observation.state, each.decision.verdict
    why = "; ".join(verdict.reasons)
    if isinstance(state, GuardState):
        head = f"policy {state.guard.arn}: {state.standing}"
        if state.version is None:
            return [head, *([] if _in_order(each) else [f"  {why}"])]
        document = guard_document(home.partition, home.account, settings)
        head = f"{head}, version {state.version.id}"
        return (
            [head, *_lines_between(state.version.document, document)] if state.drifted else [head]
        )
    if isinstance(state, GroupState):
        head = f"group {state.guard.group}: {state.standing}"
        return [head] if _in_order(each) else [head, f"  {why}"]
    return [f"{each.observation.subject.kind}: {why}"]


def _lines_between(found: object, wanted: object) -> list[str]:
    """Return the lines in which two documents differ, each laid out in the same way."""
    before, after = (
        json.dumps(laid_out(each), indent=2, sort_keys=True).splitlines()
        for each in (found, wanted)
    )
    return list(difflib.unified_diff(before, after, "account", "settings", lineterm="", n=2))


def _in_order(each: Settled) -> bool:
    return not each.decision.plan and not each.failed


def _put(run: Run) -> None:
    for each in run.settled:
        subject = each.observation.subject
        done = [f"{did.action.name} {did.status}" for did in each.outcomes if did.action.changes]
        what = ", ".join(done) or "; ".join(each.decision.verdict.reasons)
        output.put(output.one_line(f"{subject.kind} {subject.arn or subject.name}: {what}"))
