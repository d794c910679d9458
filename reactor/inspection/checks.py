"""The checks, each a pure judgement of facts; a fact may be the error that kept it from being read.

The trail's is in `trails`, the roles' in `roles`. The order of the guard returns is the order in
which a person mends: what is missing, what is switched off, what would lose events.
"""

import json
from collections.abc import Mapping
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import (
    EVENT_AGE_SECONDS,
    RETRIES,
    Concurrency,
    EventSettings,
    Parameter,
    Root,
    Rule,
    Stage,
    Target,
)
from reactor.inspection.findings import ROOT, Finding, State, failed, passed, unread
from reactor.names import failed_queue, function_name, rule_name, undelivered_queue
from reactor.partitions import IAM_EVENT_REGION

# What a rule was deployed with: a pattern of events, or the expression of a schedule.
Pattern = Mapping[str, Any] | str

STAGE = "stage"  # the check that stands for all others when there is nothing to check
_LIST = "StringList"


def region(stage: Stage) -> Finding:
    """Judge where the stage stands: IAM's events arrive in one region a partition."""
    right = IAM_EVENT_REGION[stage.partition]
    if stage.region != right:
        return failed(
            "region",
            f"IAM events arrive in {right}, and never in {stage.region}",
            f"AWS_DEFAULT_REGION={right} chalice deploy --stage {stage.name}",
        )
    return passed("region", f"IAM events arrive in {right}")


def deployed(stage: Stage) -> Finding:
    """Say that nothing of a stage is there."""
    return failed(
        STAGE,
        f"stage {stage.name} is not deployed in {stage.region} of account {stage.account}",
        f"chalice deploy --stage {stage.name}, or name the right stage, profile and region",
    )


def rule(
    stage: Stage,
    function: str,
    found: Rule | ReactorError | None,
    targets: tuple[Target, ...] | ReactorError,
    pattern: Pattern | None = None,
) -> Finding:
    """Judge the rule that wakes a function: there, enabled, with its target and that its queue.

    `pattern` is what it was deployed with, where the caller knows it.
    """
    check, name = f"rule-{function}", rule_name(stage.name, function)
    if isinstance(found, ReactorError):
        return unread(check, f"the rule {name}", found)
    if found is None:
        return failed(check, f"there is no rule {name}: nothing wakes {function}", _deploy(stage))
    if not found.enabled:
        return failed(
            check,
            f"the rule {name} is disabled: nothing wakes {function}",
            f"aws events enable-rule --name {name} --region {stage.region}",
        )
    strange = None if pattern is None else _strange(name, pattern, found)
    if strange is not None:
        return failed(check, strange, _deploy(stage))
    if isinstance(targets, ReactorError):
        return unread(check, f"the targets of the rule {name}", targets)
    arn = stage.function_arn(function_name(stage.name, function))
    target = next((each for each in targets if each.arn == arn), None)
    if target is None:
        return failed(check, f"the rule {name} does not wake {function}", _deploy(stage))
    if not target.whole:
        # A constant input would hide every event behind one of somebody's choice.
        return failed(check, f"the rule {name} does not pass events on as they are", _deploy(stage))
    if target.queue is None:
        return failed(
            check,
            f"the rule {name} has no queue for events that it cannot deliver: they would be lost",
            _operate(stage),
        )
    if target.queue != stage.queue_arn(undelivered_queue(stage.name)):
        what = (
            f"the rule {name} puts events that it cannot deliver elsewhere: {shorten(target.queue)}"
        )
        return failed(check, what, _operate(stage))
    return passed(check, f"{name} is enabled and keeps what it cannot deliver")


def function(
    stage: Stage,
    name: str,
    concurrency: Concurrency | ReactorError | None,
    events: EventSettings | ReactorError | None,
) -> Finding:
    """Judge a function: there, free to run, with tries and then our queue for what it fails on."""
    check, whole = f"function-{name}", function_name(stage.name, name)
    if isinstance(concurrency, ReactorError):
        return unread(check, f"the concurrency of {whole}", concurrency)
    if concurrency is None:
        return failed(check, f"there is no function {whole}", _deploy(stage))
    if concurrency.reserved == 0:
        return failed(
            check,
            f"{whole} cannot run: its reserved concurrency is 0",
            f"aws lambda delete-function-concurrency --function-name {whole}"
            f" --region {stage.region}",
        )
    if isinstance(events, ReactorError):
        return unread(check, f"where {whole} puts events that it fails on", events)
    if events is None or events.destination is None:
        return failed(
            check,
            f"{whole} has no place for events that it fails on: they would be lost",
            _operate(stage),
        )
    if events.destination != stage.queue_arn(failed_queue(stage.name)):
        what = f"{whole} puts events that it fails on elsewhere: {shorten(events.destination)}"
        return failed(check, what, _operate(stage))
    # The reactor asks for another look by an error, so without the tries it never has one.
    if events.retries < RETRIES or events.age_seconds < EVENT_AGE_SECONDS:
        what = (
            f"{whole} gives events up too soon: after {events.retries} more tries, not {RETRIES},"
            f" or {events.age_seconds} seconds, not {EVENT_AGE_SECONDS}"
        )
        return failed(check, what, _operate(stage))
    return passed(check, f"{whole} may run and keeps what it fails on")


def exemption_list(name: str, parameter: Parameter | ReactorError | None) -> Finding:
    """Judge the exemption list that the settings name; nothing is changed without it."""
    check = "exemption-list"
    if not name:
        return passed(check, "no exemption list is named")
    if isinstance(parameter, ReactorError):
        return unread(check, f"the exemption list {name}", parameter)
    if parameter is None:
        return failed(
            check,
            f"the exemption list {name} does not exist, and nothing is changed without it",
            f"create it (mfa-reactor exempt import FILE --parameter {name}),"
            " or empty REACTOR_EXEMPT_PARAMETER",
        )
    if parameter.type != _LIST:
        return failed(
            check,
            f"the exemption list {name} is a {shorten(parameter.type)}, not a {_LIST}",
            f"delete it and create it as a {_LIST}",
        )
    return passed(check, f"the exemption list {name} can be read")


def root(found: Root | ReactorError) -> Finding:
    """Judge the root user: with anything to sign in or to call with, it must have MFA."""
    if isinstance(found, ReactorError):
        return unread(ROOT, "the account's summary", found)
    if found.mfa:
        # Keys do not ask for MFA, and best practice is to have none; but that is no lack of MFA.
        keys = "; its access keys work without: delete them" if found.access_keys else ""
        return passed(ROOT, f"the root user has MFA{keys}")
    if found.password or found.access_keys:
        held = [("a password", found.password), ("access keys", found.access_keys)]
        what = " and ".join(name for name, there in held if there)
        return failed(
            ROOT,
            f"the root user has {what} and no MFA",
            "enable MFA for the root user, or take its credentials away (IAM: centralised root"
            " access)",
        )
    if found.password is None:
        what = "the root user has no MFA, and AWS does not say whether it has a password"
        remedy = "see that it has none, or enable MFA for it"
        return Finding(ROOT, State.UNKNOWN, what, remedy, standing=True)
    return passed(ROOT, "the root user has neither a password nor access keys")


def _strange(name: str, pattern: Pattern, found: Rule) -> str | None:
    """Return how a rule is another than the one that was deployed; None when it is that one.

    Another pattern can make it as deaf as disabling it does, and so can a rate of days.
    """
    if isinstance(pattern, str):
        told = shorten(found.schedule or "none")
        same = found.schedule == pattern
        return None if same else f"the schedule of the rule {name} is {told}, not {pattern}"
    try:
        same = bool(json.loads(found.pattern or "null") == pattern)
    except ValueError:
        same = False
    return None if same else f"the rule {name} listens to other events than ours"


def _deploy(stage: Stage) -> str:
    # A deployment drops the queues of the rules' targets: make deploy puts them back, too.
    return f"make deploy STAGE={stage.name}"


def _operate(stage: Stage) -> str:
    return f"make deploy STAGE={stage.name}, or mfa-reactor --stage {stage.name} operations apply"
