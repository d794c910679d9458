"""`guard release`: what was installed can be taken out again."""

from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli import output
from reactor.cli.inputs import WrongUse, ask, require_consent_possible
from reactor.cli.operator import Operator, connect
from reactor.cli.release import Release
from reactor.guard.identity import Guard
from reactor.model import Cause, Subject, SubjectKind, Trigger, TriggerKind
from reactor.names import Function, function_name
from reactor.reconcile import Executor, Run, enforce, observe_only, reconcile
from reactor.settings import Mode, variable

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home
    from reactor.aws.doctor import AwsDoctor

EXAMPLES = """\
Examples:
  mfa-reactor --stage prod guard release --all             off everybody, the guard stays
  mfa-reactor --stage prod guard release --all --delete    and nothing of it is left

To release one user, exempt it: a tag will do, and REACTOR_LIFT=exempt.

Exit status: 0 nobody carries it any more, 1 somebody does, a role perhaps.
"""
# What puts the guard on, or makes it anew; none of it does with a reserved concurrency of 0.
_ACTING = (Function.REACT, Function.REVIEW, Function.SWEEP, Function.KEEPER)
_WAYS = """\
A reactor that enforces puts the guard back on. Of a stage, to
  pause:   set REACTOR_MODE to observe in .chalice/config.json, then
           mfa-reactor roles --write && make deploy STAGE={stage}
  stop:    aws lambda put-function-concurrency --reserved-concurrent-executions 0
           --function-name mfa-reactor-{stage}-react (and -review, -sweep, -keeper)
  remove:  aws cloudformation delete-stack --stack-name mfa-reactor-{stage}-operations
           and chalice delete --stage {stage}
docs/leaving.md tells it step by step."""


def release(
    context: typer.Context,
    everybody: Annotated[
        bool, typer.Option("--all", metavar="", help="Off everybody; there is no other way yet.")
    ] = False,
    delete: Annotated[
        bool,
        typer.Option("--delete", metavar="", help="Then delete the guard and its group, if ours."),
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", metavar="", help="Do not ask before.")
    ] = False,
) -> None:
    """Take the guard off everybody, with your credentials, and say how to stop the reactor.

    Whoever carries the guard cannot do it: it takes a role, or the root user.
    """
    if not everybody:
        raise WrongUse("guard release takes --all; to release one user, exempt it (REACTOR_LIFT)")
    operator = Operator.of(context)
    operator.require_chosen_settings()
    require_consent_possible(yes=yes)
    settings = operator.settings()
    session, home = connect()
    _refuse_while_it_enforces(session, operator.stage)
    from reactor.aws.removal import AwsRemoval  # noqa: PLC0415 - imports boto3

    guard = Guard.of(settings, partition=home.partition, account=home.account)
    holding = AwsRemoval(session.iam)
    guardrail = Release(holding, guard, delete=delete)
    planned = _carry_out(guardrail, home, execute=observe_only)
    ask(_question(planned, guard, home), yes=yes)
    run = _carry_out(guardrail, home, execute=enforce)
    roles = holding.roles_with(guard.arn)
    _put(run, roles, guard)
    output.put(_WAYS.format(stage=operator.stage or "STAGE"))
    raise typer.Exit(1 if roles or any(each.failed for each in run.settled) else 0)


def _refuse_while_it_enforces(session: "AwsSession", stage: str | None) -> None:
    """Refuse to take off what would be put back on within seconds. Raises WrongUse."""
    if stage is None:
        output.say("mfa-reactor: no --stage: whether one enforces was not looked at")
        return
    from reactor.aws.doctor import AwsDoctor  # noqa: PLC0415 - imports boto3

    deployed = AwsDoctor(session)
    if any(_enforces(deployed, function_name(stage, each)) for each in _ACTING):
        raise WrongUse(
            f"stage {stage} is deployed and enforces: it would put the guard back on at once;"
            " nothing was changed. Pause it first: set REACTOR_MODE to observe in"
            f" .chalice/config.json, then mfa-reactor roles --write and make deploy STAGE={stage};"
            " or stop it (docs/leaving.md)"
        )


def _enforces(deployed: "AwsDoctor", function: str) -> bool:
    """Tell whether a function is there, enforces, and may run."""
    variables = deployed.variables(function)
    if variables is None or variables.get(variable("mode")) != Mode.ENFORCE:
        return False
    concurrency = deployed.concurrency(function)
    return concurrency is None or concurrency.reserved != 0


def _carry_out(guardrail: Release, home: "Home", *, execute: Executor) -> Run:
    from reactor import runtime  # noqa: PLC0415 - imports boto3

    trigger = Trigger(TriggerKind.OPERATOR, runtime.now())
    subject = Subject(SubjectKind.POLICY_HOLDERS, home.account, arn=guardrail.guard.arn)
    with output.progress() as progress:
        return reconcile(
            Cause(trigger, subject),
            guardrail,
            execute=execute,
            clock=runtime.now,
            record=lambda _: progress.settled(),
        )


def _question(planned: Run, guard: Guard, home: "Home") -> str:
    for each in planned.settled:
        if each.observation.error is not None:
            raise each.observation.error
    users = sum(each.observation.subject.kind is SubjectKind.USER for each in planned.settled)
    others = len(planned.settled) - users
    given = " Others may have attached it, for someone else keeps it." if guard.given else ""
    return (
        f"Take the guard {guard.name} off {users} users in account {home.account}"
        f" ({others} changes of groups and the guard besides)?{given}"
    )


def _put(run: Run, roles: tuple[str, ...], guard: Guard) -> None:
    errors = [f"{error}; {error.remedy}" for each in run.settled for error in each.errors]
    for error in dict.fromkeys(errors):
        output.say(output.one_line(f"mfa-reactor: {error}"))
    done = sum(each.changed for each in run.settled)
    failed = sum(each.failed for each in run.settled)
    output.put(f"{done} released, {failed} failed")
    for role in roles:
        output.put(
            output.one_line(
                f"the role {role} carries it, too, which is none of ours: aws iam"
                f" detach-role-policy --role-name {role} --policy-arn {guard.arn}"
            )
        )
