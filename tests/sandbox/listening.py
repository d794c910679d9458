"""A rule that wakes the probe: how tests here find out what reaches EventBridge."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

LISTENER = "probe-dev-ask"


class Ear:
    """What a rule has heard since it was put up."""

    def __init__(self, sandbox: Sandbox, rule_arn: str) -> None:
        self.rule_arn = rule_arn
        self._sandbox = sandbox
        self._before = len(sandbox.control.invocations())

    def heard(self) -> int:
        """How many events woke the listener."""
        self._sandbox.control.settle(20)
        since = self._sandbox.control.invocations()[self._before :]
        return sum(each["function"] == LISTENER and each["attempt"] == 1 for each in since)


def listener_arn(sandbox: Sandbox) -> str:
    """The function that a rule here wakes."""
    return f"arn:aws:lambda:us-east-1:{sandbox.account}:function:{LISTENER}"


@contextmanager
def listening(sandbox: Sandbox, rule: str, pattern: dict[str, Any], **target: Any) -> Iterator[Ear]:
    """A rule with a target that says something, and may have more members."""
    events, functions = sandbox.client("events"), sandbox.client("lambda")
    rule_arn = events.put_rule(Name=rule, EventPattern=json.dumps(pattern))["RuleArn"]
    functions.add_permission(
        FunctionName=LISTENER,
        StatementId=rule,
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule_arn,
    )
    arn = listener_arn(sandbox)
    what = {"Id": "1", "Arn": arn, "Input": '{"say": "heard"}', **target}
    events.put_targets(Rule=rule, Targets=[what])
    try:
        sandbox.control.settle(20)
        yield Ear(sandbox, rule_arn)
    finally:
        events.remove_targets(Rule=rule, Ids=["1"])
        events.delete_rule(Name=rule)
        functions.remove_permission(FunctionName=LISTENER, StatementId=rule)
