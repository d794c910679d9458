"""What a stage is connected with, as a person's inspection looks at it.

AWS Config's rules, the queues that bring notices, and whom `notify` tells: two rounds of parallel
calls, then the checks. The second round asks about the rules that the first has found.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

from reactor.gathering import Call
from reactor.inspection import channels, config, queues
from reactor.inspection.facts import Stage
from reactor.inspection.findings import Finding
from reactor.inspection.ports import DoctorReads
from reactor.names import Function, failed_notifications, function_name
from reactor.settings import Settings

_Key = tuple[str, str]  # the read, and what it is about
_Facts = Mapping[_Key, Any]


def first_reads(reads: DoctorReads, stage: Stage, settings: Settings) -> dict[_Key, Call]:
    """Return what is asked at once with all else."""
    calls: dict[_Key, Call] = {("config_rules", ""): reads.config_rules}
    if Function.COMPLIANCE in stage.functions:
        name, dead = (
            function_name(stage.name, Function.COMPLIANCE),
            failed_notifications(stage.name),
        )
        calls["event_sources", name] = partial(reads.event_sources, name)
        calls["waiting", dead] = partial(reads.waiting, dead)
        for each in settings.notification_queues:
            calls["has_queue", each] = partial(reads.has_queue, each)
    if settings.slack_webhook:
        store, _, name = settings.slack_webhook.partition(":")
        # Without decryption: what a SecureString holds is not read.
        read: Any = reads.parameter if store == "ssm" else reads.secret
        calls["webhook", name] = partial(read, name)
    if topic := settings.notice_topic:
        calls["has_topic", topic] = partial(reads.has_topic, topic)
    if bus := settings.notice_bus:
        calls["has_bus", bus] = partial(reads.has_bus, bus)
    if settings.security_hub:
        calls["has_security_hub", ""] = reads.has_security_hub
    return calls


def second_reads(reads: DoctorReads, stage: Stage, facts: _Facts) -> dict[_Key, Call]:
    """Return what is asked besides where a rule of AWS Config invokes us: nothing without one."""
    rules = config.invoking(stage, facts["config_rules", ""])
    if not rules:
        return {}
    function = function_name(stage.name, Function.CONFIG)
    return {
        ("evaluations", ""): partial(reads.evaluations, tuple(each.name for each in rules)),
        ("permissions", Function.CONFIG): partial(reads.permissions, function),
        ("recorders", ""): reads.recorders,
        ("recording", ""): reads.recording,
    }


def findings(stage: Stage, settings: Settings, facts: _Facts) -> tuple[Finding, ...]:
    """Judge all of it, as far as the settings have it."""
    return (
        *_of_rules(stage, facts),
        *(_of_notices(stage, settings, facts) if Function.COMPLIANCE in stage.functions else ()),
        *_of_channels(stage, settings, facts),
    )


def _of_rules(stage: Stage, facts: _Facts) -> tuple[Finding, ...]:
    found = facts["config_rules", ""]
    rules = config.invoking(stage, found)
    evaluated = config.evaluated(stage, found, facts.get(("evaluations", ""), ()))
    if not rules:
        return (evaluated,)
    return (
        evaluated,
        config.permission(stage, rules, facts["permissions", Function.CONFIG]),
        config.recorder(stage, facts["recorders", ""], facts["recording", ""]),
    )


def _of_notices(stage: Stage, settings: Settings, facts: _Facts) -> tuple[Finding, ...]:
    sources = facts["event_sources", function_name(stage.name, Function.COMPLIANCE)]
    named = settings.notification_queues
    there = {each: facts["has_queue", each] for each in named}
    waiting = facts["waiting", failed_notifications(stage.name)]
    return (
        config.named(stage, settings.config_rules, facts["config_rules", ""]),
        queues.event_sources(stage, named, sources, there),
        queues.dead_notices(stage, waiting, sources),
    )


def _of_channels(stage: Stage, settings: Settings, facts: _Facts) -> tuple[Finding, ...]:
    found = list[Finding]()
    if reference := settings.slack_webhook:
        secret = facts["webhook", reference.partition(":")[2]]
        found.append(channels.webhook(stage, reference, secret))
    if topic := settings.notice_topic:
        found.append(channels.topic(stage, topic, facts["has_topic", topic]))
    if bus := settings.notice_bus:
        found.append(channels.bus(stage, bus, facts["has_bus", bus]))
    if settings.security_hub:
        found.append(channels.security_hub(stage, facts["has_security_hub", ""]))
    return tuple(found)
