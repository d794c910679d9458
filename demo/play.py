"""Carries a step out, gathers the evidence, judges."""

import json
import subprocess
import time
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from demo.stage import Stage
from demo.story import Boto, Cli, Expected, Step, outcome
from reactor.audit import SCHEMA
from reactor.names import Function
from reactor.triggers.catalogue import CATALOGUE

SETTLE_SECONDS = 30.0
# How long a lost event is waited for: many times what any reaction here takes.
SILENCE_SECONDS = 1.5


@dataclass(frozen=True, slots=True)
class Evidence:
    """The audit record of a step, when it was logged (seconds since the epoch), by which run."""

    record: dict[str, Any]
    logged_at: float
    cold: bool

    @property
    def actions(self) -> tuple[str, ...]:
        """What was done, and how it ended, as the story writes it."""
        return tuple(f"{each['action']} {each['outcome']}" for each in self.record["actions"])

    @property
    def attached(self) -> bool:
        """Whether the guard was put on."""
        return "attach-guard done" in self.actions


@dataclass(frozen=True, slots=True)
class Result:
    """How a step ended. `milliseconds` from the call's answer to the record; None without one."""

    step: Step
    guarded: bool | None = None
    evidence: Evidence | None = None
    milliseconds: int | None = None
    problems: tuple[str, ...] = field(default=())

    @property
    def as_expected(self) -> bool:
        """Whether it ended as it should."""
        return not self.problems

    def __str__(self) -> str:
        guarded = bool(self.guarded)
        if self.evidence is None:
            return outcome(None, "", (), guarded=guarded)
        verdict = self.evidence.record["verdict"]
        actions = self.evidence.actions
        return outcome(verdict["compliance"], verdict["rule"], actions, guarded=guarded)


def function_of(step: Step) -> str:
    """Return the function that deals with a step."""
    return CATALOGUE[step.event].function if step.event else Function.SWEEP


def play(stage: Stage, step: Step) -> Result:
    """Play one step. What goes wrong in it is in the result."""
    try:
        return _play(stage, step)
    except subprocess.CalledProcessError as error:
        problem = str(error.stderr).strip()
    except (ClientError, TimeoutError) as error:
        problem = str(error)
    return Result(step, problems=(f"{step.call.whole}: {problem}",))


def _play(stage: Stage, step: Step) -> Result:
    for call in step.before:
        _make(stage, call)
    control = stage.sandbox.control
    control.clear_calls()
    if step.lost:
        control.lose_next_event()
    fired_at = time.time()
    _carry_out(stage, step)
    answered_at = _answered_at(stage, step) if step.event else fired_at
    control.settle(SETTLE_SECONDS)
    if step.lost:
        time.sleep(SILENCE_SECONDS)
        control.settle(SETTLE_SECONDS)
    evidence = _evidence(stage, step)
    guarded = stage.is_guarded(step.user)
    milliseconds = None if evidence is None else round((evidence.logged_at - answered_at) * 1000)
    result = Result(step, guarded, evidence, milliseconds)
    return _judged(result, step.expected)


def _judged(result: Result, expected: Expected) -> Result:
    if str(result) == str(expected):
        return result
    problem = f"expected {expected}\ngot      {result}"
    return Result(
        result.step, result.guarded, result.evidence, result.milliseconds, problems=(problem,)
    )


def _carry_out(stage: Stage, step: Step) -> None:
    match step.call:
        case Cli(words):
            stage.aws(words)
        case Boto():
            _make(stage, step.call)
        case _:
            stage.sandbox.control.fire_schedule(stage.sweep_rule)


def _make(stage: Stage, call: Boto) -> None:
    getattr(stage.iam(call.signed_in), call.operation)(**call.arguments)


def _answered_at(stage: Stage, step: Step) -> float:
    """When the account answered the call: the AWS CLI itself ends long after that."""
    calls = [call for call in stage.sandbox.control.calls() if call["action"] == step.event]
    return float(calls[-1]["ended"])


def _evidence(stage: Stage, step: Step) -> Evidence | None:
    """Find the audit record of what the step did: by CloudTrail's event id, and by the user."""
    wanted = _event_id(stage, step)
    runs = {each["request_id"]: each for each in stage.sandbox.control.invocations()}
    for event in reversed(stage.log_events(function_of(step))):
        record = audit_record(event["message"])
        if record is None or _names(record) != (wanted, step.user):
            continue
        return Evidence(record, event["timestamp"] / 1000, runs[record["run"]]["cold"])
    return None


def _event_id(stage: Stage, step: Step) -> str | None:
    if step.event is None:
        return None
    records = stage.sandbox.control.records()
    own = [record for record in records if record["eventName"] == step.event]
    return str(own[-1]["eventID"])


def _names(record: dict[str, Any]) -> tuple[str | None, str | None]:
    event = record["trigger"]["event"] or {}
    subject = record["subject"] or {}
    return event.get("id"), subject.get("name")


def audit_record(message: str) -> dict[str, Any] | None:
    """Return the audit record in a log line; None when the line is something else."""
    try:
        record = json.loads(message)
    except ValueError:
        return None
    is_audit = isinstance(record, dict) and record.get("schema") == SCHEMA
    return record if is_audit else None
