"""What a sweep comes to: each user counted once, in one way, and what it took."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from reactor.model import Compliance, SubjectKind
from reactor.reconcile import Settled

WAYS = ("users", "exempt", "compliant", "remediated", "failed", "open")
IN_ORDER = frozenset({Compliance.COMPLIANT, Compliance.NOT_APPLICABLE})


@dataclass(slots=True)
class Counts:
    """Users by what became of them, and IAM calls by operation.

    `users` are all of them; each is either `failed` (not read, or not changed), `exempt`,
    `remediated` (changed by this sweep), `compliant` (was in order) or `open` (not in order, and
    left so: by the brake, or because the stage observes). `drift` is how many were not in order
    and had been so after the sweep before; None where that one is not remembered, and in observe
    mode.
    """

    users: int = 0
    exempt: int = 0
    compliant: int = 0
    remediated: int = 0
    failed: int = 0
    open: int = 0
    drift: int | None = None
    calls: Counter[str] = field(default_factory=Counter)
    throttled: Counter[str] = field(default_factory=Counter)

    def add(self, each: Settled) -> None:
        """Count a user; what stands for all of them is none."""
        if each.observation.subject.kind is not SubjectKind.USER:
            return
        self.users += 1
        if each.failed:
            self.failed += 1
        elif each.decision.verdict.rule == "exempt":
            self.exempt += 1
        elif each.changed:
            self.remediated += 1
        elif each.decision.verdict.compliance in IN_ORDER:
            self.compliant += 1
        else:
            self.open += 1

    def describe(self) -> dict[str, object]:
        """Return the numbers as they are recorded, and handed on to a next part."""
        return {
            **{name: getattr(self, name) for name in WAYS},
            "drift": self.drift,
            "calls": dict(self.calls),
            "throttled": dict(self.throttled),
        }

    def took(self, calls: Mapping[str, int], throttled: Mapping[str, int]) -> None:
        """Add IAM calls, attempts that were throttled among them."""
        self.calls.update(calls)
        self.throttled.update(throttled)


def is_quiet(each: Settled) -> bool:
    """Tell whether a user was in order, and nothing was to be done or is to be looked at again."""
    in_order = each.decision.verdict.compliance in IN_ORDER
    return in_order and not each.outcomes and not each.errors and not each.decision.recheck
