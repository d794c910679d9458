"""One inspection: all reads in two rounds of parallel calls, then the checks.

The second round asks about the trails that the first has found.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from reactor.errors import ReactorError
from reactor.gathering import Call, Gather
from reactor.inspection import checks, trails
from reactor.inspection.facts import Stage
from reactor.inspection.findings import Finding, alarm_of
from reactor.inspection.ports import InspectionReads
from reactor.model import Alarm
from reactor.names import Function, function_name, rule_name

_Key = tuple[str, str]  # the read, and what it is about


def polled(
    reads: InspectionReads,
    gather: Gather,
    stage: Stage,
    *,
    exempt_parameter: str,
    patterns: Mapping[Function, checks.Pattern],
) -> tuple[Alarm, ...]:
    """Inspect, and return the alarms to raise: what a sweep does. Never raises ReactorError.

    Its parameters are those of `inspect`.
    """
    findings = inspect(reads, gather, stage, exempt_parameter=exempt_parameter, patterns=patterns)
    alarms = (alarm_of(each) for each in findings)
    return tuple(each for each in alarms if each is not None)


def inspect(
    reads: InspectionReads,
    gather: Gather,
    stage: Stage,
    *,
    exempt_parameter: str,
    patterns: Mapping[Function, checks.Pattern],
) -> tuple[Finding, ...]:
    """Look at all that keeps the stage hearing and acting; a finding for each check.

    `exempt_parameter` is the setting, `patterns` has the rules' own by function, the sweep's
    schedule among them; a rule whose pattern is not there is not compared. What could not be read
    is a finding, and no exception.
    """
    facts = gather(_first_reads(reads, stage, exempt_parameter))
    found = facts["trails", ""]
    facts |= gather(_trail_reads(reads, trails.candidates(found, stage.region)))
    return (
        checks.region(stage),
        *_of_stage(stage, facts, patterns),
        trails.trail(found, _about("is_logging", facts), _about("selectors", facts), stage),
        checks.exemption_list(exempt_parameter, facts.get(("parameter", exempt_parameter))),
        checks.root(facts["root", ""]),
    )


def _first_reads(reads: InspectionReads, stage: Stage, parameter: str) -> dict[_Key, Call]:
    calls: dict[_Key, Call] = {("trails", ""): reads.trails, ("root", ""): reads.root}
    if parameter:
        calls["parameter", parameter] = partial(reads.parameter, parameter)
    for each in stage.functions:
        rule, function = rule_name(stage.name, each), function_name(stage.name, each)
        if each.has_rule:
            calls["rule", each] = partial(reads.rule, rule)
            calls["targets", each] = partial(reads.targets, rule)
        calls["concurrency", each] = partial(reads.concurrency, function)
        calls["event_settings", each] = partial(reads.event_settings, function)
    return calls


def _trail_reads(reads: InspectionReads, found: tuple[Any, ...]) -> dict[_Key, Call]:
    calls: dict[_Key, Call] = {}
    for each in found:
        calls["is_logging", each.arn] = partial(reads.is_logging, each.arn)
        calls["selectors", each.arn] = partial(reads.selectors, each.arn)
    return calls


def _of_stage(
    stage: Stage,
    facts: Mapping[_Key, Any | ReactorError],
    patterns: Mapping[Function, checks.Pattern],
) -> tuple[Finding, ...]:
    """Return the findings on rules and functions; one that says it all when there are none."""
    ruled = [each for each in stage.functions if each.has_rule]
    if all(facts["rule", each] is None for each in ruled) and all(
        facts["concurrency", each] is None for each in stage.functions
    ):
        return (checks.deployed(stage),)
    rules = [
        checks.rule(stage, each, facts["rule", each], facts["targets", each], patterns.get(each))
        for each in ruled
    ]
    functions = [
        checks.function(stage, each, facts["concurrency", each], facts["event_settings", each])
        for each in stage.functions
    ]
    return (*rules, *functions)


def _about(read: str, facts: Mapping[_Key, Any | ReactorError]) -> dict[str, Any]:
    return {about: fact for (name, about), fact in facts.items() if name == read}
