"""How far a sweep has come: what its next part must know, and how that travels to it.

It travels in the payload of an invocation of the function by itself. Whoever may invoke it can
forge one: it can keep users out of that one sweep, or have one with a token or passkey taken for
one without, and no more; so nothing here outlives a sweep.
"""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from reactor.errors import Transient
from reactor.reconcile import Run, Settled
from reactor.sweeps.counts import WAYS, Counts
from reactor.triggers.records import mapping, time_of
from reactor.users.bulk import Known

MOST = 10**9  # of anything that is counted: JSON has numbers that are no metric's


@dataclass(frozen=True, slots=True)
class Progress:
    """A sweep's name, when it began (UTC), which part of it comes next, and what is known so far.

    `hops` is how often the function has invoked itself for it, `spent` how many places of the
    brake it took. `again` says that those who failed are looked at a second time.
    """

    sweep: str
    began: datetime
    scheduled: bool
    part: int = 1
    hops: int = 0
    spent: int = 0
    again: bool = False
    known: Known = field(default_factory=Known)
    counts: Counts = field(default_factory=Counts)

    def after(self, run: Run) -> "Progress":
        """Return the progress that a part of it has made; the next part's number."""
        done = {id_of(each) for each in run.settled if not _to_be_tried(each)}
        asked = [each for each in run.settled if each.out_of_time and _has_no_device(each)]
        passwordless = {id_of(each) for each in asked if _has_no_password(each)}
        lacking = {id_of(each) for each in asked} - passwordless
        known = Known(
            self.known.done | done,
            (self.known.lacking | lacking) - done,
            (self.known.passwordless | passwordless) - done,
        )
        return replace(self, part=self.part + 1, spent=self.spent + run.spent, known=known)

    def payload(self, asked_by: str) -> dict[str, Any]:
        """Return it as what an invocation of the function carries, JSON types only."""
        return {
            "asked_by": asked_by,
            "continues": {
                "sweep": self.sweep,
                "began": self.began.isoformat(),
                "scheduled": self.scheduled,
                "part": self.part,
                "hops": self.hops + 1,
                "spent": self.spent,
                "again": self.again,
                "done": sorted(self.known.done),
                "lacking": sorted(self.known.lacking),
                "passwordless": sorted(self.known.passwordless),
                "counts": self.counts.describe(),
            },
        }

    @classmethod
    def of(cls, payload: object) -> "Progress | None":
        """Return what a payload carries; None when it is none of these, or is not understood."""
        said = mapping(mapping(payload).get("continues"))
        began = time_of(said.get("began"))
        if not isinstance(said.get("sweep"), str) or began is None:
            return None
        counted = mapping(said.get("counts"))
        counts = Counts()
        for name in WAYS:
            setattr(counts, name, _number(counted.get(name)))
        counts.drift = None if counted.get("drift") is None else _number(counted["drift"])
        counts.took(_numbers(counted.get("calls")), _numbers(counted.get("throttled")))
        return cls(
            str(said["sweep"])[:64],
            began,
            said.get("scheduled") is True,
            part=max(1, _number(said.get("part"))),
            hops=_number(said.get("hops")),
            spent=_number(said.get("spent")),
            again=said.get("again") is True,
            known=Known(*(_names(said.get(each)) for each in ("done", "lacking", "passwordless"))),
            counts=counts,
        )


def id_of(each: Settled) -> str:
    """Return the id of a settled user, its name where none was read."""
    state = each.observation.state
    return getattr(state, "id", "") or each.observation.subject.name or ""


def _to_be_tried(each: Settled) -> bool:
    """Whether the next part should look at a user: it failed, and another try may help."""
    return any(isinstance(error, Transient) for error in each.errors)


def _has_no_device(each: Settled) -> bool:
    """Whether a user was asked, and has no device; what was not asked is None."""
    return getattr(each.observation.state, "devices", None) == ()


def _has_no_password(each: Settled) -> bool:
    """Whether a user was asked, and has no password."""
    return getattr(each.observation.state, "has_password", None) is False


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(0, value), MOST)


def _numbers(value: object) -> Counter[str]:
    return Counter({str(name): _number(number) for name, number in mapping(value).items()})


def _names(value: object) -> frozenset[str]:
    listed = value if isinstance(value, list) else ()
    return frozenset(each for each in listed if isinstance(each, str))
