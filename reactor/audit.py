"""The audit trail: JSON records of subjects and runs, and metrics. The schema: docs/audit.md.

Records leave through Powertools' Logger, metrics as embedded metric format through its Metrics.
A function's log level may be raised by its operator (AWS_LAMBDA_LOG_LEVEL, which Lambda itself
filters by) to silence chatter; the audit trail is not chatter, so each record is written at the
lowest level that still passes.
"""

import json
import logging
import os
import traceback
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from reactor.errors import Permanent, ReactorError, Unexpected, shorten
from reactor.model import (
    Alarm,
    AlarmKind,
    Compliance,
    Outcome,
    OutcomeStatus,
    Subject,
    Trigger,
    Verdict,
)
from reactor.reconcile import Run, Settled
from reactor.settings import Mode

SCHEMA = "mfa-reactor/audit/1"
ALARM_SCHEMA = "mfa-reactor/alarm/1"
IN_ORDER_SCHEMA = "mfa-reactor/in-order/1"
SWEEP_SCHEMA = "mfa-reactor/sweep/1"
CONFIG_SCHEMA = "mfa-reactor/config/1"
TOLD_SCHEMA = "mfa-reactor/told/1"
NAMES_A_RECORD = 250  # of 64 characters at most: far below what a log event may have (256 KB)
SERVICE = "mfa-reactor"
TRACEBACK_LIMIT = 4000  # characters, of the end: where the mistake is
# The actions by which somebody comes to carry the guard (reactor.users.actions).
_PUT_ON = frozenset({"attach-guard", "join-guard-group"})
SAMPLE = 10  # users named in an alarm for many

_Kind = tuple[str, Compliance, str]  # account and verdict of users whom a record names together

# Lambda's words for levels (developer guide, log-level filtering); lower ones let INFO pass.
_LAMBDA_LEVELS = {
    "WARN": logging.WARNING,
    "WARNING": logging.WARNING,
    "ERROR": logging.ERROR,
    "FATAL": logging.CRITICAL,
    "CRITICAL": logging.CRITICAL,
}


class Listener(Protocol):
    """Hears what a journal records, after it has: whatever becomes of it, the record stands."""

    def settled(self, each: Settled) -> None:
        """Hear of a subject, in order or not."""

    def alarm(self, alarm: Alarm, trigger: Trigger | None) -> None:
        """Hear of an alarm."""

    def part(self, part: int) -> None:
        """Hear that a sweep, or its next part, begins."""

    def sweep(self, summary: Mapping[str, Any], *, is_left: bool) -> None:
        """Hear what a sweep comes to so far."""


class Journal:
    """Writes the records and metrics of one invocation after another.

    `listener` hears of them. It must not raise: a listener's failure is no reason for a record, or
    for a plan that is under way, to fail.
    """

    listener: "Listener | None" = None

    def __init__(self, mode: Mode, environment: Mapping[str, str] = os.environ) -> None:
        self._mode = mode
        level = audit_level(environment)
        logger = Logger(
            service=SERVICE, level=level, utc=True, location=None, json_serializer=_to_ascii
        )
        # Powertools makes of Lambda's TRACE "as the root logger", and that lets no INFO pass.
        logging.getLogger(logger.name).setLevel(level)
        self._log = {
            logging.INFO: logger.info,
            logging.WARNING: logger.warning,
            logging.ERROR: logger.error,
            logging.CRITICAL: logger.critical,
        }[level]
        self._metrics = Metrics(namespace="MfaReactor", service=SERVICE)
        self._run: dict[str, object] = {}
        self._in_order: dict[_Kind, tuple[Trigger, list[str]]] = {}

    def begin(self, run: str, *, stage: str, asked_by: object = None) -> None:
        """Name the run that the next records belong to: Lambda's request id.

        `asked_by` is the run of ours that asked for this one, as the payload says.
        """
        named = shorten(asked_by, 64) if isinstance(asked_by, str) else None
        self._run = {"run": run, "asked_by": named}
        self._metrics.set_default_dimensions(stage=stage)

    def settled(self, each: Settled) -> None:
        """Record a subject of a run, count it, and tell of it."""
        self.record(each)
        self.count(each)

    def record(self, each: Settled) -> None:
        """Record a subject, and no more: the next part of the sweep is to look at it again."""
        self._write(_sentence(each), settled_record(each, self._mode))

    def count(self, each: Settled) -> None:
        """Count a subject, and tell of it, whose record is written."""
        self._count(each)
        if self.listener is not None:
            self.listener.settled(each)

    def part(self, sweep: str, part: int) -> None:
        """Name the sweep, and its part, that the next records of this run belong to."""
        self._run = {**self._run, "sweep": sweep, "part": part}
        if self.listener is not None:
            self.listener.part(part)

    def in_order(self, each: Settled) -> None:
        """Record a user that a sweep found in order, together with others like it, and count it."""
        subject = each.observation.subject
        verdict = each.decision.verdict
        kind = (subject.account, verdict.compliance, verdict.rule)
        _, names = self._in_order.setdefault(kind, (each.cause.trigger, []))
        names.append(subject.name or "")
        if len(names) >= NAMES_A_RECORD:
            self._write_alike(kind)
        if self.listener is not None:
            self.listener.settled(each)

    def sweep(self, summary: Mapping[str, Any], *, is_left: bool) -> None:
        """Sum up a sweep so far; `is_left` says that another part of it follows."""
        self._write_in_order()
        record = {
            "schema": SWEEP_SCHEMA,
            "ended": not is_left,
            **summary,
            "mode": self._mode.value,
        }
        part = "goes on" if is_left else "ended"
        numbers = f"{summary['users']} users, {summary['remediated']} remediated"
        self._write(f"sweep {part}: {numbers}", record)
        if not is_left and summary["drift"] is not None:
            self._metrics.add_metric(name="Drift", unit=MetricUnit.Count, value=summary["drift"])
        if self.listener is not None:
            self.listener.sweep(summary, is_left=is_left)

    def evaluated(
        self,
        asked: Mapping[str, object],
        told: Mapping[Compliance, int],
        failures: Sequence[ReactorError],
        trigger: Trigger,
        now: datetime,
    ) -> None:
        """Record what a rule of AWS Config asked for, and of how many it was told what."""
        counts = {each.value: many for each, many in sorted(told.items())}
        record = {
            "schema": CONFIG_SCHEMA,
            "trigger": _trigger(trigger),
            **asked,
            "evaluations": counts,
            "errors": [_error(each) for each in failures],
            "milliseconds": trigger.milliseconds(now),
        }
        said = ", ".join(f"{many} {word}" for word, many in counts.items())
        self._write(f"evaluated for the rule {asked['rule']}: {said or 'nothing'}", record)

    def ignored(self, trigger: Trigger, why: str, now: datetime) -> None:
        """Record an event that concerns nobody, or a request that is answered already."""
        record = {
            "schema": SCHEMA,
            "trigger": _trigger(trigger),
            "ignored": why,
            "mode": self._mode.value,
            "milliseconds": trigger.milliseconds(now),
        }
        self._write(f"ignored: {why}", record)

    def alarm(self, alarm: Alarm, trigger: Trigger | None = None) -> None:
        """Raise an alarm; `trigger` is what brought it to light, if that was not the run itself."""
        record = {
            "schema": ALARM_SCHEMA,
            "alarm": alarm.kind.value,
            "what": shorten(alarm.what),
            "remedy": alarm.remedy,
            **alarm.details,
        }
        if trigger is not None:
            record["trigger"] = _trigger(trigger)
        self._write(f"alarm: {shorten(alarm.what)}", record)
        self._metrics.add_metric(name="Alarms", unit=MetricUnit.Count, value=1)
        if self.listener is not None:
            self.listener.alarm(alarm, trigger)

    def held_back(self, run: Run, brake: int, *, goes_on: str = "the next sweep") -> None:
        """Raise an alarm for those whom the brake makes wait; `goes_on` is what looks at them."""
        waiting = run.held_back
        if not waiting:
            return
        details = {
            "waiting": len(waiting),
            "brake": brake,
            "sample": [each.observation.subject.name for each in waiting[:SAMPLE]],
        }
        remedy = (
            f"see whether so many were meant; {goes_on} goes on with the next {brake},"
            " REACTOR_MAX_REMEDIATIONS changes how many that are"
        )
        kinds = sorted({f"{each.observation.subject.kind}s" for each in waiting})
        what = f"{len(waiting)} {' and '.join(kinds)} wait because of the brake"
        self.alarm(Alarm(AlarmKind.BRAKE, what, remedy, details))

    def permanent_failures(self, run: Run) -> None:
        """Raise an alarm for each way in which subjects failed for good: someone must act."""
        alike: dict[str, list[Settled]] = {}
        remedies: dict[str, str] = {}
        for each in run.settled:
            for error in each.errors:
                if isinstance(error, Permanent):
                    alike.setdefault(shorten(error), []).append(each)
                    remedies[shorten(error)] = error.remedy
        for what, failed in alike.items():
            sample = [each.observation.subject.describe() for each in failed[:SAMPLE]]
            details = {"subjects": len(failed), "sample": sample}
            self.alarm(Alarm(AlarmKind.PERMANENT_FAILURE, what, remedies[what], details))

    def told(self, channels: Mapping[str, Mapping[str, object]]) -> None:
        """Record what each channel was given, and what became of it."""
        failed = [name for name, each in channels.items() if each.get("error") is not None]
        lost = f", not {', '.join(failed)}" if failed else ""
        told = ", ".join(name for name in channels if name not in failed) or "nobody"
        record = {"schema": TOLD_SCHEMA, "channels": channels, "mode": self._mode.value}
        self._write(f"told {told}{lost}", record)

    def swept(self) -> None:
        """Count a sweep that came on its schedule and has looked at every user."""
        self._metrics.add_metric(name="Sweeps", unit=MetricUnit.Count, value=1)

    def flush(self) -> None:
        """Write what was collected since the last flush: users in order, and the metrics."""
        self._write_in_order()
        if self._metrics.metric_set:
            self._metrics.flush_metrics()

    def _write_in_order(self) -> None:
        for kind in list(self._in_order):
            self._write_alike(kind)

    def _write_alike(self, kind: _Kind) -> None:
        account, compliance, rule = kind
        trigger, names = self._in_order.pop(kind)
        record = {
            "schema": IN_ORDER_SCHEMA,
            "trigger": _trigger(trigger),
            "account": account,
            "verdict": {"compliance": compliance.value, "rule": rule},
            "users": names,
            "mode": self._mode.value,
        }
        self._write(f"in order: {len(names)} users ({rule})", record)
        exempt = len(names) if rule == "exempt" else 0
        for name, counted in {"Reactions": len(names), "Exempt": exempt}.items():
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=counted)

    def _write(self, sentence: str, record: Mapping[str, object]) -> None:
        # Powertools leaves out members that are None; docs/audit.md says which may be missing.
        self._log(sentence, extra={**self._run, **record})

    def _count(self, each: Settled) -> None:
        compliance = each.decision.verdict.compliance
        counts = {
            "Reactions": True,
            "NonCompliant": compliance is Compliance.NON_COMPLIANT,
            "Remediated": each.changed,
            "Failed": each.failed,
            "Exempt": each.decision.verdict.rule == "exempt",
        }
        for name, counted in counts.items():
            self._metrics.add_metric(name=name, unit=MetricUnit.Count, value=int(counted))
        event = each.cause.trigger.event
        if event is not None and event.time is not None and _guarded(each):
            seconds = (each.at - event.time).total_seconds()
            self._metrics.add_metric(
                name="SecondsFromEventToGuard", unit=MetricUnit.Seconds, value=seconds
            )


def _to_ascii(record: object) -> str:
    """Return a record as JSON without control characters: foreign text may be made to deceive."""
    return json.dumps(record, ensure_ascii=True, separators=(",", ":"), default=str)


def audit_level(environment: Mapping[str, str]) -> int:
    """Return the level at which records are written: INFO, or the lowest that Lambda lets pass."""
    return _LAMBDA_LEVELS.get(environment.get("AWS_LAMBDA_LOG_LEVEL", "").upper(), logging.INFO)


def settled_record(each: Settled, mode: Mode) -> dict[str, object]:
    """Return the record of a subject; docs/audit.md describes its members."""
    seen = each.observation
    return {
        "schema": SCHEMA,
        "trigger": _trigger(each.cause.trigger),
        "account": seen.subject.account,
        "asked": _asked(each.cause.subject, seen.subject),
        "subject": seen.subject.describe(),
        "verdict": _verdict(each.decision.verdict),
        "read": {
            "operations": list(seen.reads),
            "facts": None if seen.state is None else seen.state.facts(),
        },
        "actions": [_outcome(outcome) for outcome in each.outcomes],
        "errors": [_error(error) for error in each.errors],
        "try_again": each.unsettled,
        "mode": mode.value,
        "milliseconds": each.cause.trigger.milliseconds(each.at),
    }


def _trigger(trigger: Trigger) -> dict[str, object]:
    event = trigger.event
    if trigger.notice is not None:
        of_notice = {"rule": trigger.notice.rule, "message": trigger.notice.message}
        return {"kind": trigger.kind.value, "event": None, **of_notice}
    if event is None:
        return {"kind": trigger.kind.value, "event": None}
    return {
        "kind": trigger.kind.value,
        "event": {
            "id": event.id,
            "name": event.name,
            "time": None if event.time is None else event.time.isoformat(),
            "caller": event.caller,
            "source_address": event.source_address,
        },
    }


def _asked(asked: Subject, subject: Subject) -> dict[str, str] | None:
    """Return what the trigger asked for, where that was not the subject itself."""
    same = asked.kind is subject.kind
    return None if same else asked.describe()


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "compliance": verdict.compliance.value,
        "rule": verdict.rule,
        "reasons": list(verdict.reasons),
    }


def _outcome(outcome: Outcome) -> dict[str, object]:
    return {
        "action": outcome.action.name,
        "on": outcome.action.describe(),
        "outcome": outcome.status.value,
        "why": shorten(outcome.why),
    }


def _error(error: ReactorError) -> dict[str, str]:
    record = {"kind": error.kind, "what": shorten(error), "remedy": error.remedy}
    if isinstance(error, Unexpected):
        lines = traceback.format_exception(error.__cause__)
        record["traceback"] = "".join(lines)[-TRACEBACK_LIMIT:]
    return record


def _guarded(each: Settled) -> bool:
    return any(
        outcome.action.name in _PUT_ON and outcome.status is OutcomeStatus.DONE
        for outcome in each.outcomes
    )


def _sentence(each: Settled) -> str:
    """Return the record in one line, for people who read the log as it is."""
    subject = each.observation.subject
    who = subject.label or subject.kind.value
    verdict = each.decision.verdict
    done = ", ".join(f"{outcome.action.name} {outcome.status}" for outcome in each.outcomes)
    return f"{who}: {verdict.compliance} ({verdict.rule}){': ' + done if done else ''}"
