"""A fake of what inspection reads: a stage in good order, in memory, until a test spoils it."""

from collections.abc import Mapping, Sequence
from typing import Any

from reactor.errors import ReactorError, Transient
from reactor.inspection.facts import (
    BasicSelector,
    Concurrency,
    ConfigRule,
    Evaluations,
    EventSettings,
    EventSource,
    Parameter,
    Recorder,
    Role,
    Root,
    Rule,
    Secret,
    Selectors,
    Stage,
    Target,
    Trail,
)
from reactor.names import Function, failed_queue, function_name, rule_name, undelivered_queue
from tests.fakes.account import ACCOUNT

STAGE = Stage("prod", "aws", "us-east-1", ACCOUNT)
LIST = "/mfa/exempt"
HUB = "security hub"
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


def a_recorder(**members: Any) -> Recorder:
    """Return a recorder of everything, IAM's types among it, but for the members given."""
    good = {"name": "default", "role": "arn:role", "everything": True, "globals_too": True}
    return Recorder(**{**good, **members})


def a_config_rule(name: str = "users", stage: Stage = STAGE) -> ConfigRule:
    """Return a rule of AWS Config that invokes the stage's function."""
    arn = f"arn:{stage.partition}:config:{stage.region}:{stage.account}:config-rule/config-rule-1"
    function = stage.function_arn(function_name(stage.name, Function.CONFIG))
    return ConfigRule(name, "config-rule-1", arn, function)


def lets_config_in(stage: Stage, **conditions: Any) -> dict[str, Any]:
    """Return the policy by which infra/config-rule.yaml lets AWS Config in, and with more."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "config.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": stage.function_arn(function_name(stage.name, Function.CONFIG)),
        "Condition": {"StringEquals": {"AWS:SourceAccount": stage.account}, **conditions},
    }
    return {"Version": "2012-10-17", "Id": "default", "Statement": [statement]}


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
        self.sources: tuple[EventSource, ...] = ()
        self.rules_of_config: tuple[ConfigRule, ...] = ()
        self.fared: dict[str, Evaluations] = {}
        self.recorded: tuple[Recorder, ...] = (a_recorder(),)
        self.on = frozenset({"default"})
        self.there: set[str] = set()  # queues, topics and buses, and the hub
        self.secrets: dict[str, Secret] = {}
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

    def event_sources(self, function: str) -> tuple[EventSource, ...]:
        """Return the queues that a function works off."""
        self._ask("event_sources", function)
        return self.sources

    def config_rules(self) -> tuple[ConfigRule, ...]:
        """Return the rules of AWS Config."""
        self._ask("config_rules")
        return self.rules_of_config

    def evaluations(self, rules: Sequence[str]) -> tuple[Evaluations, ...]:
        """Return how rules fare: well, unless a test says other."""
        self._ask("evaluations", ",".join(rules))
        return tuple(self.fared.get(each, Evaluations(each)) for each in rules)

    def recorders(self) -> tuple[Recorder, ...]:
        """Return the configuration recorders."""
        self._ask("recorders")
        return self.recorded

    def recording(self) -> frozenset[str]:
        """Return the names of those that are on."""
        self._ask("recording")
        return self.on

    def has_queue(self, arn: str) -> bool:
        """Tell whether there is a queue."""
        self._ask("has_queue", arn)
        return arn in self.there

    def secret(self, name: str) -> Secret | None:
        """Return a secret's description."""
        self._ask("secret", name)
        return self.secrets.get(name)

    def has_topic(self, arn: str) -> bool:
        """Tell whether there is a topic."""
        self._ask("has_topic", arn)
        return arn in self.there

    def has_bus(self, name: str) -> bool:
        """Tell whether there is a bus."""
        self._ask("has_bus", name)
        return name in self.there

    def has_security_hub(self) -> bool:
        """Tell whether Security Hub is on."""
        self._ask("has_security_hub")
        return HUB in self.there

    def waiting(self, queue: str) -> int | None:
        """Return how many messages wait."""
        self._ask("waiting", queue)
        return self.queues.get(queue)

    def _ask(self, read: str, about: str = "") -> None:
        self.asked.append((read, about))
        error = self.errors.get(read) or self.errors.get((read, about))
        if error is not None:
            raise error
