"""`operations`: what a stage needs beside what `chalice deploy` can make; docs/operations.md.

    infra/operations.yaml   a CloudFormation stack: queues, the functions' event settings, alarms
    the rules' targets      their dead-letter queue, which every `chalice deploy` drops

`apply` brings both into order and changes nothing that is. It is the second half of `make deploy`.
"""

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reactor.cli.inputs import WrongUse, read_text
from reactor.cli.operator import Operator, connect
from reactor.cli.output import clean, put, say
from reactor.errors import Permanent
from reactor.functions import functions_of
from reactor.names import (
    Function,
    failed_queue,
    function_name,
    operations_stack,
    rule_name,
    undelivered_queue,
)

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession, Home

TEMPLATE = Path("infra/operations.yaml")  # in the directory that one deploys from
APPLY_EXAMPLES = """\
Examples:
  mfa-reactor --stage prod operations apply
  mfa-reactor --stage prod operations apply --email ops@example.com

After every chalice deploy, which drops the queues of the rules' targets;
make deploy STAGE=prod does both. What is in order is left alone. A topic or
an address that was given once is kept; --email "" takes it off again.
"""
# The characters of what the template's parameters take (CreateTopic, Subscribe).
_TOPIC = re.compile(r"arn:[a-z-]+:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
# The template's parameters that say whether a function is there that a stage may lack.
_OPTIONAL = {
    Function.BUCKETS: "WithBuckets",
    Function.COMPLIANCE: "WithCompliance",
    Function.NOTIFY: "WithNotify",
}

app = typer.Typer(name="operations", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Set up the queues and alarms of a deployed stage."""


@app.command(epilog=APPLY_EXAMPLES)
def apply(
    context: typer.Context,
    topic: Annotated[
        str | None,
        typer.Option(
            metavar="ARN", help="The SNS topic to notify; without one, the stack makes its own."
        ),
    ] = None,
    email: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="An address to notify; AWS asks it to confirm, by mail."
        ),
    ] = None,
) -> None:
    """Set up, or renew, the queues and alarms of a deployed stage."""
    stage = required_stage(context, "operations apply")
    settings = Operator.of(context).settings()
    template = _template()
    _check(topic, email)
    session, home = connect()
    _require_region(topic, home)
    functions = functions_of(settings)
    _require_deployed(session, home, stage, functions)
    mended = _mend_destinations(session, home, stage, functions)
    parameters = {
        "Stage": stage,
        "SweepSeconds": str(settings.sweep_minutes * 60),
        "AlarmTopicArn": topic,
        "AlarmEmail": email,
        **{
            parameter: "true" if function in functions else "false"
            for function, parameter in _OPTIONAL.items()
        },
    }
    _apply_stack(session, stage, template, parameters)
    guarded = _set_dead_letter_queues(session, home, stage, functions)
    put(f"on-failure destinations: {_many(mended, 'put back')}")
    put(f"dead-letter queues: {_many(guarded, 'set')}")


def required_stage(context: typer.Context, command: str) -> str:
    """Return the stage that the command is about. Raises WrongUse where none was named."""
    stage = Operator.of(context).stage
    if not stage:
        raise WrongUse(f"which stage? Say mfa-reactor --stage STAGE {command}")
    return stage


def _template() -> str:
    if not TEMPLATE.exists():
        raise WrongUse(f"there is no {TEMPLATE}: run this in the directory that you deploy from")
    return read_text(str(TEMPLATE))


def _check(topic: str | None, email: str | None) -> None:
    """Refuse what CloudFormation would refuse, in words of its own."""
    if topic and not _TOPIC.fullmatch(topic):
        raise WrongUse(f"--topic is {topic!r}: it takes the ARN of a standard SNS topic")
    if email and not _ADDRESS.fullmatch(email):
        raise WrongUse(f"--email is {email!r}: it takes one address")


def _require_region(topic: str | None, home: "Home") -> None:
    found = _TOPIC.fullmatch(topic or "")
    if found and found[1] != home.region:
        # PutMetricAlarm takes actions of the alarm's own region only.
        raise WrongUse(f"--topic is in {found[1]}: alarms in {home.region} notify topics there")


def _require_deployed(
    session: "AwsSession", home: "Home", stage: str, functions: Sequence[Function]
) -> None:
    from reactor.aws.operations import missing_functions  # noqa: PLC0415 - imports boto3

    names = [function_name(stage, each) for each in functions]
    missing = missing_functions(session.functions, names)
    if not missing:
        return
    where = f"account {home.account}, {home.region}"
    what = f"stage {stage} is not deployed in {where}"
    if len(missing) < len(names):
        what = f"stage {stage} lacks {', '.join(missing)} in {where}"
    raise Permanent(what, remedy=f"make deploy STAGE={stage} deploys it first")


def _mend_destinations(
    session: "AwsSession", home: "Home", stage: str, functions: Sequence[Function]
) -> list[str]:
    """Put back what was deleted with a function, before CloudFormation stumbles over the gap.

    Nothing is missing where there is no stack yet: it makes them.
    """
    from reactor.aws import operations, stacks  # noqa: PLC0415 - imports boto3

    name = operations_stack(stage)
    stack = stacks.find_stack(session.cloudformation, name)
    if stack is None:
        return []
    stacks.require_changeable(name, stack.status)
    _require_queues(session, stage)
    queue = _arn(home, "sqs", failed_queue(stage))
    # CloudFormation makes those of a function that came since, and would stumble over them.
    came = {each for each, key in _OPTIONAL.items() if stack.parameters.get(key) != "true"}
    names = [function_name(stage, each) for each in functions if each not in came]
    return [
        each for each in names if operations.set_failure_destination(session.functions, each, queue)
    ]


def _apply_stack(
    session: "AwsSession", stage: str, template: str, parameters: dict[str, str | None]
) -> None:
    from reactor.aws.stacks import apply_stack, find_stack  # noqa: PLC0415 - imports boto3

    name = operations_stack(stage)
    if sys.stderr.isatty():
        say(f"{name}: a first time takes some minutes")
    change = apply_stack(session.cloudformation, name, template, parameters)
    put(f"stack {name}: {change}")
    stack = find_stack(session.cloudformation, name)
    if stack is not None and "AlarmTopic" in stack.outputs:
        put(f"alarms notify {clean(stack.outputs['AlarmTopic'])}")


def _require_queues(session: "AwsSession", stage: str) -> None:
    """Raise Permanent when somebody deleted a queue, which CloudFormation does not see."""
    from reactor.aws.queues import Queue  # noqa: PLC0415 - imports boto3

    stack = operations_stack(stage)
    for name in (undelivered_queue(stage), failed_queue(stage)):
        if Queue.find(session.sqs, name) is None:
            raise Permanent(
                f"the queue {name} was deleted, and the stack {stack} does not know",
                remedy=f"aws cloudformation delete-stack --stack-name {stack}, then try again",
            )


def _set_dead_letter_queues(
    session: "AwsSession", home: "Home", stage: str, functions: Sequence[Function]
) -> list[str]:
    from reactor.aws.operations import set_dead_letter_queue  # noqa: PLC0415 - imports boto3

    queue = _arn(home, "sqs", undelivered_queue(stage))
    return [
        rule_name(stage, each)
        for each in functions
        if each.has_rule
        and set_dead_letter_queue(
            session.events, rule_name(stage, each), function_arn(home, stage, each), queue
        )
    ]


def function_arn(home: "Home", stage: str, function: Function) -> str:
    """Return the ARN of a stage's function."""
    return _arn(home, "lambda", f"function:{function_name(stage, function)}")


def _arn(home: "Home", service: str, name: str) -> str:
    return f"arn:{home.partition}:{service}:{home.region}:{home.account}:{name}"


def _many(names: list[str], verb: str) -> str:
    return f"{verb} on {', '.join(names)}" if names else "as they were"
