"""EventBridge: from a record to the functions, and queues, whose rules match it.

The rules are those really deployed, in moto; so is the pattern matcher. Delivered are CloudTrail's
records, in the region where AWS delivers them, schedules, and envelopes made by hand. Before a
rule may invoke a function, or send to a queue, that one's resource policy must let it.
"""

from __future__ import annotations

import json
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import Rule, events_backends

from sandbox.functions import find_function
from sandbox.queues import find_queue, lets_in, send
from sandbox.resource_policies import lets_invoke

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sandbox.asynchronous import Asynchronous
    from sandbox.dead_letters import DeadLetters
    from sandbox.functions import Function
    from sandbox.invocations import Invoker

_SERVICE = "events.amazonaws.com"


class Bus:
    """The default event bus of every region, for what AWS itself puts on it."""

    def __init__(
        self,
        account: str,
        *,
        invoker: Invoker,
        asynchronous: Asynchronous,
        dead_letters: DeadLetters,
        lock: AbstractContextManager[Any],
    ) -> None:
        self.account = account
        self._invoker = invoker
        self._asynchronous = asynchronous
        self._dead_letters = dead_letters
        self._account_lock = lock
        self._losing: list[str | None] = []  # event names; None is any
        self._losing_lock = threading.Lock()

    def lose_next_event(self, name: str | None = None) -> None:
        """The next record (of this event) goes nowhere. Asked twice, so do the next two."""
        with self._losing_lock:
            self._losing.append(name)

    def deliver_record(self, record: dict[str, Any]) -> None:
        """A CloudTrail record on its way to the rules, unless it is to be lost."""
        if self._loses(record["eventName"]):
            return
        service = record["eventSource"].split(".")[0]
        self.put(
            {
                "version": "0",
                "id": str(uuid.uuid4()),
                "detail-type": "AWS API Call via CloudTrail",
                "source": f"aws.{service}",
                "account": self.account,
                "time": record["eventTime"],
                "region": record["awsRegion"],
                "resources": [],
                "detail": record,
            }
        )

    def _loses(self, event_name: str) -> bool:
        with self._losing_lock:
            for name in (event_name, None):
                if name in self._losing:
                    self._losing.remove(name)
                    return True
        return False

    def put(self, envelope: dict[str, Any]) -> list[str]:
        """Invokes what the rules of the envelope's region say; returns the targets' ARNs."""
        region = envelope["region"]
        with self._account_lock:
            matching = [rule for rule in self._rules(region) if _matches(rule, envelope)]
            targets = [(rule.arn, dict(target)) for rule in matching for target in rule.targets]
        return [
            arn
            for rule_arn, target in targets
            if (arn := self.invoke_target(rule_arn, target, envelope)) is not None
        ]

    def invoke_target(
        self, rule_arn: str, target: dict[str, Any], envelope: dict[str, Any]
    ) -> str | None:
        """Queues the envelope, or the target's own Input, for its function or in its queue.

        Returns the target's ARN, or None when it could not be delivered: then the event is a
        dead letter.
        """
        arn = str(target["Arn"])
        payload = target.get("Input") or json.dumps(envelope)
        error = self._error(rule_arn, arn)
        if error is not None:
            name, event_id = arn.rsplit(":", 1)[-1], envelope["id"]
            self._invoker.note_not_run(name, event_id, f"not invoked: {error[1]}")
            unsent = self._dead_letters.send(rule_arn, target, envelope, error)
            if unsent is not None:
                self._invoker.note_not_run(name, event_id, unsent)
            return None
        if _is_queue(arn):
            with self._account_lock:
                if (queue := find_queue(arn)) is not None:
                    send(queue, json.loads(payload))
        else:
            self._asynchronous.enqueue(arn, payload, event_id=envelope["id"])
        return arn

    def _rules(self, region: str) -> Iterator[Rule]:
        bus = events_backends[self.account][region].event_buses["default"]
        yield from bus.rules.values()

    def _error(self, rule_arn: str, arn: str) -> tuple[str, str] | None:
        """Why the rule cannot reach the target, as EventBridge's code and a sentence."""
        kind, lets = ("queue", self._lets_send) if _is_queue(arn) else ("function", self._lets_run)
        let = lets(rule_arn, arn)
        if let is None:
            return "NO_RESOURCE", f"the {kind} {arn} does not exist"
        if let:
            return None
        return "NO_PERMISSIONS", f"the {kind}'s resource policy does not let {rule_arn}"

    def _lets_run(self, rule_arn: str, function_arn: str) -> bool | None:
        """Whether a function lets the rule in; None without such a function."""
        function = self._find(function_arn)
        if function is None:
            return None
        return lets_invoke(
            function.statements, _SERVICE, source_arn=rule_arn, source_account=self.account
        )

    def _lets_send(self, rule_arn: str, queue_arn: str) -> bool | None:
        """Whether a queue lets the rule in; None without such a queue."""
        with self._account_lock:
            queue = find_queue(queue_arn)
            return None if queue is None else lets_in(queue, _SERVICE, rule_arn)

    def _find(self, function_arn: str) -> Function | None:
        with self._account_lock:
            try:
                return find_function(self.account, function_arn.split(":")[3], function_arn)
            except UnknownFunctionException:
                return None


def _is_queue(arn: str) -> bool:
    return arn.split(":")[2] == "sqs"


def _matches(rule: Rule, envelope: dict[str, Any]) -> bool:
    # A rule with a schedule has an empty pattern, which moto takes to match everything.
    has_pattern = bool(rule.event_pattern.get_pattern())
    enabled = rule.state.startswith("ENABLED")
    return enabled and has_pattern and rule.event_pattern.matches_event(envelope)  # type: ignore[arg-type]
