"""What inspection reads, frozen, as AWS says it. Reading it is reactor.aws's work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reactor.names import Function

# What a stage has for events that a function fails on (infra/operations.yaml), which is the most
# that Lambda takes: tries after the first, and seconds that a throttled event is kept.
RETRIES = 2
EVENT_AGE_SECONDS = 21600


@dataclass(frozen=True, slots=True)
class Stage:
    """Which stage is inspected, and where it stands: partition, region and account (12 digits).

    `functions` are those that it has under its settings (reactor.functions).
    """

    name: str
    partition: str
    region: str
    account: str
    functions: tuple[Function, ...] = tuple(Function)

    @property
    def ruled(self) -> tuple[Function, ...]:
        """Those of its functions that a rule wakes."""
        return tuple(each for each in self.functions if each.has_rule)

    def function_arn(self, function_name: str) -> str:
        """Return the ARN of a function of this stage, by its name in AWS."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{function_name}"

    def rule_arn(self, rule: str) -> str:
        """Return the ARN of a rule of this stage on the default bus, by its name in AWS."""
        return f"arn:{self.partition}:events:{self.region}:{self.account}:rule/{rule}"

    def queue_arn(self, queue: str) -> str:
        """Return the ARN of a queue of this stage, by its name in AWS."""
        return f"arn:{self.partition}:sqs:{self.region}:{self.account}:{queue}"


@dataclass(frozen=True, slots=True)
class Trail:
    """A trail as DescribeTrails shows it in our region: one of its own, or one's shadow there."""

    name: str
    arn: str
    home_region: str
    multi_region: bool
    global_events: bool  # whether it logs global services, such as IAM, at all
    organization: bool

    @property
    def account(self) -> str:
        """The account that keeps it: an organization's trail shows up in every member's."""
        return self.arn.split(":")[4]

    def covers(self, region: str) -> bool:
        """Tell whether it logs what happens in a region."""
        return self.multi_region or self.home_region == region


@dataclass(frozen=True, slots=True)
class BasicSelector:
    """A basic event selector, as far as it tells of management events."""

    read_write: str  # All, ReadOnly or WriteOnly
    management_events: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One condition of an advanced event selector, on one field of the record."""

    field: str
    equals: tuple[str, ...] = ()
    starts_with: tuple[str, ...] = ()
    ends_with: tuple[str, ...] = ()
    not_equals: tuple[str, ...] = ()
    not_starts_with: tuple[str, ...] = ()
    not_ends_with: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Selectors:
    """What a trail logs. A trail has basic selectors or advanced ones, never both."""

    basic: tuple[BasicSelector, ...] = ()
    advanced: tuple[tuple[Condition, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """An EventBridge rule, with its pattern as JSON text or the expression of its schedule."""

    enabled: bool
    pattern: str | None = None
    schedule: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What a rule wakes, and the queue for events that could not be delivered to it.

    `whole`: it gets the event as it came, and not an input that stands in the rule.
    """

    arn: str
    queue: str | None
    whole: bool


@dataclass(frozen=True, slots=True)
class Concurrency:
    """How many executions are reserved for a function; None is no reservation, 0 stops it."""

    reserved: int | None


@dataclass(frozen=True, slots=True)
class EventSettings:
    """What Lambda does with asynchronous events that a function fails on, or has no room for.

    `destination` is the ARN of where they end, None without one.
    """

    destination: str | None
    retries: int = RETRIES
    age_seconds: int = EVENT_AGE_SECONDS


@dataclass(frozen=True, slots=True)
class EventSource:
    """A queue that a function works off: the mapping's id, and the queue's ARN.

    `heeds`: whether Lambda heeds which messages the function gives back.
    """

    id: str
    queue: str
    heeds: bool
    enabled: bool


@dataclass(frozen=True, slots=True)
class ConfigRule:
    """A rule of AWS Config; `source` is its SourceIdentifier, a function's ARN or AWS's own name.

    A rule whose policy stands in AWS Config itself has none.
    """

    name: str
    id: str
    arn: str
    source: str | None


@dataclass(frozen=True, slots=True)
class Evaluations:
    """How a rule of AWS Config fares: when it was last invoked, and when evaluated, and when not.

    `error` is of the last failure, which may be over.
    """

    rule: str
    error: str = ""
    invoked: datetime | None = None
    not_invoked: datetime | None = None
    evaluated: datetime | None = None
    not_evaluated: datetime | None = None

    @property
    def failing(self) -> bool:
        """Whether the last invocation or the last evaluation failed."""
        return _later(self.not_invoked, self.invoked) or _later(self.not_evaluated, self.evaluated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """A configuration recorder, and which types of resources it records."""

    name: str
    role: str
    everything: bool  # but IAM's users, groups, roles and policies, unless
    globals_too: bool
    types: frozenset[str] = frozenset()
    all_but: frozenset[str] | None = None

    def records(self, resource_type: str) -> bool:
        """Tell whether it records a type of IAM's.

        What is excluded overrides all else, and everything else is recorded then, IAM's types among
        it (API reference, RecordingGroup).
        """
        if self.all_but is not None:
            return resource_type not in self.all_but
        return self.globals_too if self.everything else resource_type in self.types


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in SSM's Parameter Store."""

    type: str


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret in Secrets Manager, as it is described; never what it holds."""

    being_deleted: bool


@dataclass(frozen=True, slots=True)
class Root:
    """The root user as GetAccountSummary shows it; None where the summary does not say."""

    mfa: bool
    password: bool | None
    access_keys: bool


@dataclass(frozen=True, slots=True)
class Role:
    """A function's role: its inline policies by name, and the ARNs of those attached to it.

    `trust` is the policy that says who may assume it, `boundary` the ARN of its permissions
    boundary, None without one.
    """

    name: str
    inline: Mapping[str, Mapping[str, Any]]
    attached: tuple[str, ...]
    trust: Mapping[str, Any]
    boundary: str | None = None


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
