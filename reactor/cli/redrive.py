"""`redrive`: the stage's functions get what they could not be given, or failed on, once more.

Two queues, two shapes. EventBridge puts the event there as it was, and says in the message's
attributes for which target (EventBridge user guide, dead-letter queues). Lambda wraps what the
function was given in a record (Lambda developer guide, destinations). Each goes to its function and
is waited for, so the roles, the mode and the audit trail are the stage's own. What ends well is
deleted; what does not, and what is not this stage's, stays.

It does no harm to do it late or twice: a function judges by what IAM says now. A part of a sweep
knows what was so when the sweep began; in its place a new sweep is asked for.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reactor.cli.operations import function_arn, required_stage
from reactor.cli.operator import connect
from reactor.cli.output import one_line, put
from reactor.errors import Permanent, ReactorError, shorten
from reactor.names import Function, failed_queue, function_name, undelivered_queue
from reactor.triggers.records import mapping

if TYPE_CHECKING:
    from reactor.aws.account import AwsSession
    from reactor.aws.queues import Message, Queue

EXAMPLES = """\
Examples:
  mfa-reactor --stage prod redrive
  mfa-reactor --stage prod redrive --max 100

For when what made the events fail is mended. Run twice, it does no harm: the
functions judge by what IAM says now.

Exit status: 0 nothing is left, 1 something is.
"""
_LATEST = ":$LATEST"  # what Lambda's record has behind a function's ARN


@dataclass(frozen=True, slots=True)
class Failure:
    """What a function is to be given once more."""

    function: Function
    payload: str


def redrive(
    context: typer.Context,
    most: Annotated[
        int | None,
        typer.Option(
            "--max", metavar="N", min=1, help="Look at N messages at most. Without it, at all."
        ),
    ] = None,
) -> None:
    """Have the functions look again at what lies in the failure queues.

    What they settle is deleted there.
    """
    stage = required_stage(context, "redrive")
    session, home = connect()
    queues = [
        _queue(session, name, stage) for name in (undelivered_queue(stage), failed_queue(stage))
    ]
    functions = {function_arn(home, stage, each): each for each in Function}
    run = _Run(session, stage, functions, most)
    try:
        for queue in queues:
            run.empty(queue)
        more = run.is_full and any(queue.has_more() for queue in queues)
    finally:
        run.give_back()
    put(f"{run.settled} settled, {len(run.left)} left")
    if more:
        put("more are waiting: --max kept them back")
    if run.left or more:
        raise typer.Exit(1)


def read_failure(
    body: str, attributes: Mapping[str, str], functions: Mapping[str, Function]
) -> Failure | str:
    """Return what a message asks for, or why it asks nothing of these functions (by their ARNs)."""
    try:
        document: Any = json.loads(body)
    except (ValueError, RecursionError):
        return "it is not JSON"
    # EventBridge's attributes come first: what an event contains is anybody's word.
    if "TARGET_ARN" in attributes:
        return _for(attributes["TARGET_ARN"], body, functions)
    request = document.get("requestContext") if isinstance(document, dict) else None
    if not isinstance(request, dict) or "requestPayload" not in document:
        return "it is neither an event with a TARGET_ARN nor Lambda's record of a failure"
    arn = str(request.get("functionArn", "")).removesuffix(_LATEST)
    return _for(arn, json.dumps(document["requestPayload"]), functions)


def _for(arn: str, payload: str, functions: Mapping[str, Function]) -> Failure | str:
    if arn not in functions:
        return f"it is for {shorten(arn) or 'nobody'}, which is no function of this stage"
    function = functions[arn]
    is_part = function is Function.SWEEP and "continues" in mapping(_parsed(payload))
    return Failure(function, _request_for_a_sweep() if is_part else payload)


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _request_for_a_sweep() -> str:
    """Return a request as other functions make it: it leaves the brake as the schedule left it."""
    return json.dumps({"asked_by": "redrive", "asked_at": datetime.now(UTC).isoformat()})


def _queue(session: "AwsSession", name: str, stage: str) -> "Queue":
    from reactor.aws.queues import Queue  # noqa: PLC0415 - imports boto3

    found = Queue.find(session.sqs, name)
    if found is None:
        raise Permanent(
            f"there is no queue {name}",
            remedy=f"see that the stage is right; mfa-reactor --stage {stage} operations apply"
            " makes its queues",
        )
    return found


@dataclass(slots=True)
class _Run:
    """One run over the queues: a message is looked at once, what is left is hidden till the end."""

    session: "AwsSession"
    stage: str
    functions: Mapping[str, Function]
    most: int | None
    settled: int = 0
    swept: bool = False
    left: dict[str, tuple["Queue", "Message"]] = field(default_factory=dict)

    @property
    def is_full(self) -> bool:
        """Whether as many messages were looked at as were asked for."""
        return self.most is not None and self.settled + len(self.left) >= self.most

    def empty(self, queue: "Queue") -> None:
        """Settle what is in a queue, as far as that can be done."""
        while not self.is_full and (message := queue.take()) is not None:
            if message.id in self.left:  # the run is so long that it was hidden no more
                self.left[message.id] = (queue, message)
                continue
            # Before it is tried, so that it is given back whatever happens.
            self.left[message.id] = (queue, message)
            label = f"{queue.name} {message.id}"
            why = self._settle(message)
            if why is not None:
                put(f"left     {label}: {one_line(why)}")
                continue
            queue.delete(message)
            del self.left[message.id]
            self.settled += 1
            put(f"settled  {label}")

    def give_back(self) -> None:
        """Let others see what is left: the next run, once it is mended."""
        for queue, message in self.left.values():
            queue.give_back(message)

    def _settle(self, message: "Message") -> str | None:
        """Return why a message could not be settled, None when it was."""
        from reactor.aws.queues import run_again  # noqa: PLC0415 - imports boto3

        failure = read_failure(message.body, message.attributes, self.functions)
        if isinstance(failure, str):
            return failure
        # A sweep looks at everybody, whatever asked for it. One stands for all: each may change as
        # many users as the brake lets it, and ten in a row would be no brake.
        if failure.function is Function.SWEEP and self.swept:
            return None
        name = function_name(self.stage, failure.function)
        try:
            why = run_again(self.session.patient_functions, name, failure.payload)
        except ReactorError as error:
            return str(error)
        if why is None and failure.function is Function.SWEEP:
            self.swept = True
        return None if why is None else f"{failure.function} failed again: {why}"
