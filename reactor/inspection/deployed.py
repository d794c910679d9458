"""Whether a function stands as it was deployed: with its settings, and open to its rule.

For a person's look only: what the settings should be stands in `.chalice/config.json`, where the
stage is deployed from.
"""

from collections.abc import Mapping
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import EventSource, Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.inspection.policies import as_list, matches, statements
from reactor.names import Function, function_name, rule_name

EVENT_SOURCES = "mappings"  # the name of its check
_EVENTBRIDGE = "events.amazonaws.com"
_INVOKE = "lambda:invokefunction"


def variables(
    stage: Stage,
    function: str,
    wanted: Mapping[str, str],
    found: Mapping[str, str] | ReactorError | None,
) -> Finding:
    """Judge a function's REACTOR_ variables; of those that differ the names are told, no values."""
    check, whole = f"settings-{function}", function_name(stage.name, function)
    if isinstance(found, ReactorError):
        return unread(check, f"the settings of {whole}", found)
    if found is None:
        return failed(check, f"there is no function {whole}", _deploy(stage))
    names = sorted({name for name, _ in set(wanted.items()) ^ set(found.items())})
    if names:
        differing = shorten(", ".join(names))
        what = f"{whole} has other settings than .chalice/config.json: {differing}"
        return failed(check, what, _deploy(stage))
    return passed(check, f"{whole} has the settings of .chalice/config.json")


def permission(
    stage: Stage, function: str, found: Mapping[str, Any] | ReactorError | None
) -> Finding:
    """Judge a function's own policy: without its permission the rule is deaf, enabled or not."""
    check, whole = f"permission-{function}", function_name(stage.name, function)
    rule = rule_name(stage.name, function)
    if isinstance(found, ReactorError):
        return unread(check, f"whom {whole} lets in", found)
    if not any(_lets_in(each, stage, function) for each in statements(found or {})):
        what = f"{whole} does not let the rule {rule} in: no event wakes it"
        return failed(check, what, _deploy(stage))
    return passed(check, f"{whole} lets the rule {rule} in")


def event_sources(stage: Stage, found: tuple[EventSource, ...] | ReactorError) -> Finding:
    """Judge what brings notices to the function `compliance` from queues.

    Without ReportBatchItemFailures Lambda deletes what the function gives back; it refuses to
    answer then, and one notice that fails brings back all of its batch.
    """
    name = function_name(stage.name, Function.COMPLIANCE)
    if isinstance(found, ReactorError):
        return unread(EVENT_SOURCES, f"which queues {name} works off", found)
    for each in found:
        update = f"aws lambda update-event-source-mapping --uuid {each.id}"
        if not each.heeds:
            what = f"the event source mapping of {each.queue} has no ReportBatchItemFailures"
            remedy = f"{update} --function-response-types ReportBatchItemFailures"
            return failed(EVENT_SOURCES, what, remedy)
        if not each.enabled:
            what = f"the event source mapping of {each.queue} is switched off: it brings nothing"
            return failed(EVENT_SOURCES, what, f"{update} --enabled")
    if not found:
        return passed(EVENT_SOURCES, f"no queue brings notices to {name}")
    queues = ", ".join(each.queue.rpartition(":")[2] for each in found)
    return passed(EVENT_SOURCES, f"{name} works off {shorten(queues)}")


def _lets_in(statement: Mapping[str, Any], stage: Stage, function: str) -> bool:
    """Tell whether a statement allows the function's rule to invoke it."""
    principal = statement.get("Principal")
    services = as_list(principal.get("Service")) if isinstance(principal, dict) else [principal]
    if statement.get("Effect") != "Allow" or not {_EVENTBRIDGE, "*"} & set(services):
        return False
    actions = [str(each).lower() for each in as_list(statement.get("Action"))]
    arn = stage.function_arn(function_name(stage.name, function))
    return (
        any(matches(each, _INVOKE) for each in actions)
        # Of an alias or a version is another resource, which the rule does not lead to.
        and any(matches(str(each), arn) for each in as_list(statement.get("Resource")))
        and _holds(statement.get("Condition", {}), stage, function)
    )


def _holds(condition: Mapping[str, Mapping[str, Any]], stage: Stage, function: str) -> bool:
    """Tell whether a condition holds for the rule; one that is not understood does not."""
    tells = {
        "aws:sourcearn": stage.rule_arn(rule_name(stage.name, function)),
        "aws:sourceaccount": stage.account,
    }
    for operator, keys in condition.items():
        for key, values in keys.items():
            told, given = tells.get(key.lower()), [str(each) for each in as_list(values)]
            if told is None:
                return False
            if operator in {"ArnLike", "ArnEquals", "StringLike"}:
                if not any(matches(each, told) for each in given):
                    return False
            elif operator != "StringEquals" or told not in given:
                return False
    return True


def _deploy(stage: Stage) -> str:
    return f"make deploy STAGE={stage.name}"
