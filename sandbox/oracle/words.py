"""What the oracle is asked, and what it answers, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

# A context key's value: several for a key that has several.
Context = Mapping[str, str | Sequence[str]]
Document = Mapping[str, Any]


class Decision(StrEnum):
    """The outcome of one request, in AWS's words (PolicyEvaluationDecisionType)."""

    ALLOWED = "allowed"
    EXPLICIT_DENY = "explicitDeny"
    IMPLICIT_DENY = "implicitDeny"


@dataclass(frozen=True, slots=True)
class ResourceType:
    """What an action can be done to. `arn` has `${Partition}` and the like in it."""

    name: str
    arn: str
    condition_keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Action:
    """An action as AWS documents it. Without resource types its resource is always `*`."""

    name: str
    access_level: str
    condition_keys: tuple[str, ...]
    resource_types: tuple[ResourceType, ...]

    @property
    def service(self) -> str:
        """The prefix: `iam` of `iam:GetUser`."""
        return self.name.partition(":")[0]

    @property
    def wildcard_only(self) -> bool:
        """Whether no resource can be named for it."""
        return not self.resource_types


@dataclass(frozen=True, slots=True)
class Request:
    """One request: the action on a resource of one of its types, with context keys of its own."""

    action: str
    resource: str = "*"
    resource_type: str | None = None
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Session:
    """Who asks: the principal's ARN, and the context keys that each of its requests carries."""

    principal: str
    context: Context = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Judgement:
    """A decision with what made it.

    `matched` are the statements that make the decision, each as the policy's number and its own;
    `within_boundary` is None without a boundary; `templates` are the ARNs of what the action can be
    done to.
    """

    decision: Decision
    matched: tuple[tuple[int, int], ...]
    within_boundary: bool | None
    templates: tuple[str, ...]
