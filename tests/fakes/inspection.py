"""A fake of what inspection reads: a stage in good order, in memory, until a test spoils it."""

from collections.abc import Mapping
from typing import Any

from reactor.errors import ReactorError, Transient
from reactor.inspection.facts import (
    BasicSelector,
    Concurrency,
    EventSettings,
    Parameter,
    Role,
    Root,
    Rule,
    Selectors,
    Stage,
    Target,
    Trail,
)
from reactor.names import Function, failed_queue, function_name, rule_name, undelivered_queue
from tests.fakes.account import ACCOUNT

STAGE = Stage("prod", "aws", "us-east-1", ACCOUNT)
LIST = "/mfa/exempt"
TRAIL_ARN = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/audit"
QUEUE_ARN = f"arn:aws:sqs:us-east-1:{ACCOUNT}:"
ROLE_POLICY: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": ["iam:GetUser"], "Resource": ["*"]}],
}
TRUST: Mapping[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "",
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}

VARIABLES = {"REACTOR_MODE": "enforce", "REACTOR_SCOPE": "everyone"}


def a_trail(**members: Any) -> Trail:
    """Return a trail that covers everything, but for the members given."""
    good = {
        "name": "audit",
        "arn": TRAIL_ARN,
        "home_region": "us-east-1",
        "multi_region": True,
        "global_events": True,
        "organization": False,
    }
    return Trail(**{**good, **members})


def lets_in(stage: Stage, function: str) -> dict[str, Any]:
    """Return the policy by which Chalice lets a function's rule in."""
    name, rule = function_name(stage.name, function), rule_name(stage.name, function)
    statement = {
        "Sid": "any",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": stage.function_arn(name),
        "Condition": {"ArnLike": {"AWS:SourceArn": stage.rule_arn(rule)}},
    }
    return {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


def denied(operation: str = "some:Read") -> Transient:
    """Return the error of a role that may not read."""
    return Transient(f"{operation} failed: AccessDenied: no", remedy=f"allow {operation}")


class FakeReads:
    """reactor.inspection.ports.DoctorReads, answered from plain members.

    `errors` has what is raised instead: by the name of the read, or by it and what it is about.
    """

    def __init__(self, stage: Stage = STAGE) -> None:
        self.asked: list[tuple[str, str]] = []
        self.errors: dict[str | tuple[str, str], ReactorError] = {}
        self.found_trails = [a_trail()]
        self.switched_on = {TRAIL_ARN: True}
        self.selected = {TRAIL_ARN: Selectors(basic=(BasicSelector("All", True),))}
        self.rules: dict[str, Rule] = {}
        self.rule_targets: dict[str, tuple[Target, ...]] = {}
        self.reserved: dict[str, int | None] = {}
        self.events: dict[str, EventSettings] = {}
        self.roles: dict[str, Role] = {}
        self.environments: dict[str, dict[str, str]] = {}
        self.policies: dict[str, Mapping[str, Any]] = {}
        self.parameters = {LIST: Parameter("StringList")}
        self.root_user = Root(mfa=True, password=True, access_keys=False)
        self.queues = {undelivered_queue(stage.name): 0, failed_queue(stage.name): 0}
        for each in Function:
            name = function_name(stage.name, each)
            if each.has_rule:
                rule, queue = rule_name(stage.name, each), QUEUE_ARN + undelivered_queue(stage.name)
                self.rules[rule] = Rule(enabled=True)
                self.rule_targets[rule] = (Target(stage.function_arn(name), queue, whole=True),)
            self.reserved[name] = None
            self.events[name] = EventSettings(QUEUE_ARN + failed_queue(stage.name))
            self.roles[name] = Role(name, {name: ROLE_POLICY}, (), TRUST)
            self.environments[name] = dict(VARIABLES)
            self.policies[name] = lets_in(stage, each)

    def trails(self) -> tuple[Trail, ...]:
        """Return the trails."""
        self._ask("trails")
        return tuple(self.found_trails)

    def is_logging(self, trail_arn: str) -> bool:
        """Tell whether a trail is switched on."""
        self._ask("is_logging", trail_arn)
        return self.switched_on[trail_arn]

    def selectors(self, trail_arn: str) -> Selectors:
        """Return a trail's selectors."""
        self._ask("selectors", trail_arn)
        return self.selected[trail_arn]

    def rule(self, name: str) -> Rule | None:
        """Return a rule."""
        self._ask("rule", name)
        return self.rules.get(name)

    def targets(self, rule: str) -> tuple[Target, ...]:
        """Return a rule's targets."""
        self._ask("targets", rule)
        return self.rule_targets.get(rule, ())

    def concurrency(self, function: str) -> Concurrency | None:
        """Return what is reserved for a function."""
        self._ask("concurrency", function)
        return Concurrency(self.reserved[function]) if function in self.reserved else None

    def event_settings(self, function: str) -> EventSettings | None:
        """Return what becomes of events that a function fails on."""
        self._ask("event_settings", function)
        return self.events.get(function)

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter."""
        self._ask("parameter", name)
        return self.parameters.get(name)

    def root(self) -> Root:
        """Return the root user."""
        self._ask("root")
        return self.root_user

    def role(self, function: str) -> Role | None:
        """Return a function's role."""
        self._ask("role", function)
        return self.roles.get(function)

    def variables(self, function: str) -> Mapping[str, str] | None:
        """Return a function's variables."""
        self._ask("variables", function)
        return self.environments.get(function)

    def permissions(self, function: str) -> Mapping[str, Any] | None:
        """Return a function's own policy."""
        self._ask("permissions", function)
        return self.policies.get(function)

    def waiting(self, queue: str) -> int | None:
        """Return how many messages wait."""
        self._ask("waiting", queue)
        return self.queues.get(queue)

    def _ask(self, read: str, about: str = "") -> None:
        self.asked.append((read, about))
        error = self.errors.get(read) or self.errors.get((read, about))
        if error is not None:
            raise error
