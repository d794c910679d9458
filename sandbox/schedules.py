"""Rules that go off by the clock: rates, on time or when a test says so.

A rate's first time comes one period after the rule was first seen. The clock can be made to run
faster, so that a test need not wait a minute for the shortest rate there is.
"""

from __future__ import annotations

import re
import threading
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.events.models import Rule, events_backends

from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sandbox.events import Bus

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_UNIT_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_TICK_SECONDS = 0.1


class Schedules:
    """The rules with a rate, of every region."""

    def __init__(self, bus: Bus, lock: AbstractContextManager[Any]) -> None:
        self._bus = bus
        self._account_lock = lock
        self._speed = 1.0
        self._next: dict[str, float] = {}  # rule ARN and expression -> monotonic seconds
        self._stopping = threading.Event()
        self._speed_lock = threading.Lock()

    def start(self) -> None:
        """From now on rates go off by the clock."""
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def stop(self) -> None:
        """Stops the clock."""
        self._stopping.set()

    def set_speed(self, times: float) -> None:
        """Makes the clock of the rates run `times` as fast, and begins their periods anew."""
        with self._speed_lock:
            self._speed = times
            self._next.clear()

    def fire(self, rule_name: str, region: str) -> list[str]:
        """Lets a scheduled rule go off now; returns the functions' ARNs."""
        with self._account_lock:
            rule = (
                events_backends[self._bus.account][region]
                .event_buses["default"]
                .rules.get(rule_name)
            )
            if rule is None or not rule.scheduled_expression:
                raise Refusal("NoSuchSchedule", f"no rule {rule_name} with a schedule in {region}")
            if rule.state != "ENABLED":
                raise Refusal("DisabledRule", f"the rule {rule_name} is {rule.state}")
            arn, targets = rule.arn, [dict(target) for target in rule.targets]
        return self._go_off(arn, region, targets)

    def _go_off(self, rule_arn: str, region: str, targets: list[dict[str, Any]]) -> list[str]:
        envelope = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "detail-type": "Scheduled Event",
            "source": "aws.events",
            "account": self._bus.account,
            "time": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "region": region,
            "resources": [rule_arn],
            "detail": {},
        }
        invoked = [self._bus.invoke_target(rule_arn, target, envelope) for target in targets]
        return [arn for arn in invoked if arn is not None]

    def _run(self) -> None:
        while not self._stopping.wait(_TICK_SECONDS):
            for rule_arn, region, targets in self._due(time.monotonic()):
                self._go_off(rule_arn, region, targets)

    def _due(self, now: float) -> list[tuple[str, str, list[dict[str, Any]]]]:
        due = []
        with self._account_lock, self._speed_lock:
            for rule, region in self._scheduled_rules():
                period = _period_seconds(str(rule.scheduled_expression)) / self._speed
                key = f"{rule.arn} {rule.scheduled_expression}"
                if now >= self._next.setdefault(key, now + period):
                    self._next[key] = now + period
                    due.append((rule.arn, region, [dict(target) for target in rule.targets]))
        return due

    def _scheduled_rules(self) -> Iterator[tuple[Rule, str]]:
        for region, backend in list(events_backends[self._bus.account].items()):
            for rule in backend.event_buses["default"].rules.values():
                if rule.scheduled_expression and rule.state == "ENABLED":
                    yield rule, region


def _period_seconds(expression: str) -> float:
    rate = _RATE.fullmatch(expression)
    if rate is None:
        raise ValueError(f"not a rate: {expression}")  # PutRule lets no other in
    return int(rate[1]) * _UNIT_SECONDS[rate[2]]
