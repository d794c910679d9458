"""What inspection asks of AWS. reactor.aws answers it; the tests' fake does, too.

Every method asks one operation, reads all its pages, and raises ReactorError for whatever is not an
answer. A missing thing is None only where this says so.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from reactor.inspection.facts import (
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
    Target,
    Trail,
)
from reactor.names import APP


class InspectionReads(Protocol):
    """What each sweep polls."""

    def trails(self) -> tuple[Trail, ...]:
        """Return the trails of our region, with the shadows of others there."""

    def is_logging(self, trail_arn: str) -> bool:
        """Tell whether a trail is switched on in our region."""

    def selectors(self, trail_arn: str) -> Selectors:
        """Return what a trail logs."""

    def rule(self, name: str) -> Rule | None:
        """Return a rule of the default bus, None when there is none."""

    def targets(self, rule: str) -> tuple[Target, ...]:
        """Return a rule's targets; none when there is no such rule."""

    def concurrency(self, function: str) -> Concurrency | None:
        """Return a function's reserved concurrency, None when there is no such function."""

    def event_settings(self, function: str) -> EventSettings | None:
        """Return a function's settings for events that it fails on, None when it has none."""

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter, None when there is none."""

    def root(self) -> Root:
        """Return what the account's summary says of its root user."""


class WiringReads(Protocol):
    """What a person's look needs of what is connected with a stage: metadata, and no secrets."""

    def config_rules(self) -> tuple[ConfigRule, ...]:
        """Return the rules of AWS Config in our region."""

    def evaluations(self, rules: Sequence[str]) -> tuple[Evaluations, ...]:
        """Return how rules of AWS Config fare, by their names."""

    def recorders(self) -> tuple[Recorder, ...]:
        """Return the configuration recorders of our region."""

    def recording(self) -> frozenset[str]:
        """Return the names of the configuration recorders that are on."""

    def has_queue(self, arn: str) -> bool:
        """Tell whether there is a queue in our region, whoever's account it is in."""

    def secret(self, name: str) -> Secret | None:
        """Return a secret's description by its name or ARN, None when there is none."""

    def has_topic(self, arn: str) -> bool:
        """Tell whether there is a topic in our region."""

    def has_bus(self, name: str) -> bool:
        """Tell whether there is an event bus."""

    def has_security_hub(self) -> bool:
        """Tell whether Security Hub is enabled in our region."""


class DoctorReads(InspectionReads, WiringReads, Protocol):
    """What a person's look needs besides."""

    def role(self, function: str) -> Role | None:
        """Return a function's role with all its policies, None when there is no such function."""

    def variables(self, function: str) -> Mapping[str, str] | None:
        """Return a function's REACTOR_ variables, None when there is no such function."""

    def permissions(self, function: str) -> Mapping[str, Any] | None:
        """Return the policy by which a function lets others in, None when it has none."""

    def waiting(self, queue: str) -> int | None:
        """Return about how many messages wait in a queue, None when there is no such queue."""

    def event_sources(self, function: str) -> tuple[EventSource, ...]:
        """Return the queues that a function works off; none when there is no such function."""


# What each read of a sweep needs, for the sweep's role.
READS: Mapping[str, str] = {
    "trails": "cloudtrail:DescribeTrails",
    "is_logging": "cloudtrail:GetTrailStatus",
    "selectors": "cloudtrail:GetEventSelectors",
    "rule": "events:DescribeRule",
    "targets": "events:ListTargetsByRule",
    "concurrency": "lambda:GetFunctionConcurrency",
    "event_settings": "lambda:GetFunctionEventInvokeConfig",
    "parameter": "ssm:GetParameter",
    "root": "iam:GetAccountSummary",
}
_TRAIL_READS = ("is_logging", "selectors")
_RULE_READS = ("rule", "targets")
_FUNCTION_READS = ("concurrency", "event_settings")


def resource_of(read: str, stage: str, parameter: str = "") -> str:
    """Return the narrowest resource that a read can be allowed on; `*` where AWS knows none.

    `parameter` is the exemption list's name. Source: the service authorization reference.
    """
    if read in _TRAIL_READS:
        # An organization's trail lies in another account, and a shadow's home is another region.
        return "arn:*:cloudtrail:*:*:trail/*"
    if read in _RULE_READS:
        return f"arn:*:events:*:*:rule/{APP}-{stage}-*"
    if read in _FUNCTION_READS:
        return f"arn:*:lambda:*:*:function:{APP}-{stage}-*"
    if read == "parameter":
        return f"arn:*:ssm:*:*:parameter/{parameter.removeprefix('/')}"
    return "*"
