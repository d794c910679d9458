"""EventBridge: from a record to the functions whose rules match it.

The rules are those really deployed, in moto; so is the pattern matcher. Delivered are CloudTrail's
records of IAM, in the region where AWS delivers them, schedules, and envelopes made by hand. Before
a rule may invoke a function, the function's resource policy must let it.
"""

from __future__ import annotations

import fnmatch
import json
import threading
import uuid
from typing import TYPE_CHECKING, Any

from moto.awslambda.exceptions import UnknownFunctionException
from moto.events.models import Rule, events_backends

from sandbox.functions import find_function
from sandbox.wire import Call, Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from sandbox.invocations import Invoker

PATTERN_CHARACTERS = 2_048  # the default quota
_TARGET_MEMBERS = {"Id", "Arn", "Input"}


class Bus:
    """The default event bus of every region, for what AWS itself puts on it."""

    def __init__(self, account: str, invoker: Invoker, lock: AbstractContextManager[Any]) -> None:
        self.account = account
        self._invoker = invoker
        self._account_lock = lock
        self._losing = 0
        self._losing_lock = threading.Lock()

    def lose_next_event(self) -> None:
        """The next record goes nowhere. Asked twice, so do the next two."""
        with self._losing_lock:
            self._losing += 1

    def deliver_record(self, record: dict[str, Any]) -> None:
        """A CloudTrail record on its way to the rules, unless it is to be lost."""
        with self._losing_lock:
            if self._losing:
                self._losing -= 1
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

    def put(self, envelope: dict[str, Any]) -> list[str]:
        """Invokes what the rules of the envelope's region say; returns the functions' ARNs."""
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
        """Queues the envelope, or the target's own Input, for its function.

        Returns the function's ARN, or None when its resource policy keeps the rule out.
        """
        arn = str(target["Arn"])
        payload = target.get("Input") or json.dumps(envelope)
        if not self._may_invoke(rule_arn, arn):
            self._invoker.note_not_run(
                arn.rsplit(":", 1)[-1],
                envelope["id"],
                f"not invoked: its resource policy does not let {rule_arn}, or it does not exist",
            )
            return None
        self._invoker.enqueue(arn, payload, event_id=envelope["id"])
        return arn

    def _rules(self, region: str) -> Iterator[Rule]:
        bus = events_backends[self.account][region].event_buses["default"]
        yield from bus.rules.values()

    def _may_invoke(self, rule_arn: str, function_arn: str) -> bool:
        region = function_arn.split(":")[3]
        with self._account_lock:
            try:
                function = find_function(self.account, region, function_arn)
            except UnknownFunctionException:
                return False
        return any(_lets_in(statement, rule_arn) for statement in function.statements)


def refuse_what_is_not_played(call: Call) -> None:
    """Raises Refusal for rules and targets that would be kept and then silently never work."""
    if call.service == "events" and call.action == "PutRule":
        expression = str(call.parameters.get("ScheduleExpression", ""))
        if len(str(call.parameters.get("EventPattern", ""))) > PATTERN_CHARACTERS:
            message = f"EventPattern is longer than {PATTERN_CHARACTERS} characters."
            raise Refusal("LimitExceededException", message)
        if expression.startswith("cron("):
            raise _not_played(f"the schedule {expression}; rates are")
    if call.service == "events" and call.action == "PutTargets":
        for target in call.parameters.get("Targets", []):
            more = set(target) - _TARGET_MEMBERS
            if more or ":lambda:" not in target.get("Arn", ""):
                what = ", ".join(sorted(more)) or str(target.get("Arn"))
                raise _not_played(f"a target with {what}; functions with or without Input are")
    destinations = (call.parameters.get("DestinationConfig") or {}).values()
    if call.service == "lambda" and any(destinations):
        raise _not_played("a destination of an asynchronous invocation")


def _not_played(what: str) -> Refusal:
    return Refusal("NotImplementedInSandbox", f"The sandbox does not play {what}.", 501)


def _matches(rule: Rule, envelope: dict[str, Any]) -> bool:
    # A rule with a schedule has an empty pattern, which moto takes to match everything.
    has_pattern = bool(rule.event_pattern.get_pattern())
    enabled = rule.state.startswith("ENABLED")
    return enabled and has_pattern and rule.event_pattern.matches_event(envelope)  # type: ignore[arg-type]


def _lets_in(statement: dict[str, Any], rule_arn: str) -> bool:
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, dict) else principal
    source = statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", "*")
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and service == "events.amazonaws.com"
        and fnmatch.fnmatchcase(rule_arn, source)
    )
