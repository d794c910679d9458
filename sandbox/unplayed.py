"""Refuses what would be kept and then silently never work."""

from __future__ import annotations

from http import HTTPStatus

from sandbox.queues import is_fifo, refuse_fifo
from sandbox.wire import Call, Refusal

PATTERN_CHARACTERS = 2_048  # the default quota
_UNPLAYED_OF_MAPPINGS = {
    *("DestinationConfig", "FilterCriteria", "KMSKeyArn", "MaximumBatchingWindowInSeconds"),
    *("MetricsConfig", "ProvisionedPollerConfig"),
}
_TARGET_MEMBERS = {"Id", "Arn", "Input", "DeadLetterConfig", "RetryPolicy"}


def refuse_what_is_not_played(call: Call) -> None:
    """Raises Refusal for rules, targets and functions that the sandbox could not keep alive."""
    check = _CHECKS.get((call.service, call.action))
    if check is not None:
        check(call)


def _rule(call: Call) -> None:
    expression = str(call.parameters.get("ScheduleExpression", ""))
    if len(str(call.parameters.get("EventPattern", ""))) > PATTERN_CHARACTERS:
        message = f"EventPattern is longer than {PATTERN_CHARACTERS} characters."
        raise Refusal("LimitExceededException", message)
    if expression.startswith("cron("):
        raise _not_played(f"the schedule {expression}; rates are")


def _targets(call: Call) -> None:
    for target in call.parameters.get("Targets", []):
        more, arn = set(target) - _TARGET_MEMBERS, str(target.get("Arn"))
        played = ":lambda:" in arn or (":sqs:" in arn and not is_fifo(arn))
        if more or not played:
            what = ", ".join(sorted(more)) or arn
            others = "functions and standard queues, with or without Input, are"
            raise _not_played(f"a target with {what}; {others}")
        refuse_fifo((target.get("DeadLetterConfig") or {}).get("Arn", ""), "ValidationException")


def _function(call: Call) -> None:
    if (call.parameters.get("DeadLetterConfig") or {}).get("TargetArn"):
        raise _not_played("a function's own dead-letter queue; its on-failure destination is")


def _event_invoke_config(call: Call) -> None:
    if call.parameters.get("Qualifier") not in (None, "$LATEST"):
        raise _not_played("a version's asynchronous invocation; the function's is")
    destinations = call.parameters.get("DestinationConfig") or {}
    if (destinations.get("OnSuccess") or {}).get("Destination"):
        raise _not_played("a destination of events that succeed; of those that fail it does")


def _event_source_mapping(call: Call) -> None:
    arn = str(call.parameters.get("EventSourceArn", ":sqs:"))
    if ":sqs:" not in arn or arn.endswith(".fifo"):
        raise _not_played(f"the event source {arn}; standard queues are")
    if more := sorted(set(call.parameters) & _UNPLAYED_OF_MAPPINGS):
        raise _not_played(f"an event source mapping with {', '.join(more)}")


def _not_played(what: str) -> Refusal:
    message = f"The sandbox does not play {what}."
    return Refusal("NotImplementedInSandbox", message, HTTPStatus.NOT_IMPLEMENTED)


_CHECKS = {
    ("events", "PutRule"): _rule,
    ("events", "PutTargets"): _targets,
    ("lambda", "CreateEventSourceMapping"): _event_source_mapping,
    ("lambda", "CreateFunction"): _function,
    ("lambda", "PutFunctionEventInvokeConfig"): _event_invoke_config,
    ("lambda", "UpdateEventSourceMapping"): _event_source_mapping,
    ("lambda", "UpdateFunctionConfiguration"): _function,
    ("lambda", "UpdateFunctionEventInvokeConfig"): _event_invoke_config,
}
