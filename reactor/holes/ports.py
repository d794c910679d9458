"""What is asked of AWS to judge a policy. reactor.aws answers it; the tests' fake does, too."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from reactor.errors import Permanent

Value = bool | int | str | tuple[str, ...]
Context = Mapping[str, Value]  # by the name of a condition context key, as IAM spells it


class Ruling(StrEnum):
    """The simulator's decision on one action and one resource."""

    ALLOWED = "allowed"
    DENIED = "explicitDeny"
    NOT_ALLOWED = "implicitDeny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """A request to the simulator: each action on each resource.

    `resources` are ARNs; without any, it is any resource. `caller` is a user's ARN, None where the
    caller is no user: the simulator takes users only.
    """

    documents: tuple[str, ...]
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    caller: str | None
    context: Context


@dataclass(frozen=True, slots=True)
class Simulated:
    """The answer for one action and one resource (`*` where none was named)."""

    action: str
    resource: str
    ruling: Ruling


class Refused(Permanent):
    """The simulator does not take the request: a document, or one of the names in it."""


class Simulator(Protocol):
    """AWS's policy simulator, and what the SDK knows of AWS's operations.

    Both raise ReactorError for whatever is not an answer.
    """

    def simulate(self, asked: Simulation) -> tuple[Simulated, ...]:
        """Return one answer for each action and resource. Raises Refused."""

    def operations(self, service: str) -> Mapping[str, frozenset[str]]:
        """Return a service's operations with the names of their parameters; none if unknown."""
