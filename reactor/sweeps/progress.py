"""How far a sweep has come: what its next part must know, and how that travels to it.

It travels in the payload of an invocation of the function by itself. Whoever may invoke it can
forge one: it can keep users out of that one sweep, have one with a token or passkey taken for one
without, and make its summary say anything. So nothing here outlives a sweep, but for the brake's
places, which it can only make fewer; and what is hours old is not believed.
"""

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reactor.errors import Unanswered
from reactor.model import SubjectKind
from reactor.reconcile import Run, Settled
from reactor.sweeps.counts import WAYS, Counts
from reactor.triggers.records import items, mapping, time_of
from reactor.users.bulk import SoFar

BELIEVED = timedelta(hours=4)  # since a sweep began: no chain of its parts takes longer
MOST_OPERATIONS = 64
_OPERATION = re.compile(r"iam:[A-Za-z]{1,64}")
MOST = 10**9  # of anything that is counted: JSON has numbers that are no metric's


@dataclass(frozen=True, slots=True)
class Progress:
    """A sweep's name, when it began (UTC), which part of it comes next, and what is known so far.

    `hops` is how often the function has invoked itself for it, `spent` how many places of the
    brake it took, `paid` the ids of those who took one and are not done. `again` says that those
    who failed are looked at a second time; `unkept`, that the guard was not found in order.
    """

    sweep: str
    began: datetime
    scheduled: bool
    part: int = 1
    hops: int = 0
    spent: int = 0
    again: bool = False
    unkept: bool = False
    paid: frozenset[str] = frozenset()
    known: SoFar = field(default_factory=SoFar)
    counts: Counts = field(default_factory=Counts)

    def puts_off(self, each: Settled) -> bool:
        """Tell whether another part must look at a subject: `again` is the one for who failed."""
        return each.out_of_time or (each.unsettled and not self.again)

    def after(self, run: Run) -> "Progress":
        """Return the progress after a part of it: the next part's number, and what that knows.

        When only those who failed are left, it is `again`: they may be gone, or IAM be less busy.
        """
        done = frozenset(id_of(each) for each in run.settled if not self.puts_off(each))
        some_left = any(each.out_of_time for each in run.settled)
        failed = any(self.puts_off(each) for each in run.settled) and not some_left
        paid = {id_of(each) for each in run.settled if each.took_place}
        asked = [each for each in run.settled if each.out_of_time and _has_no_device(each)]
        passwordless = {id_of(each) for each in asked if _has_no_password(each)}
        lacking = {id_of(each) for each in asked} - passwordless
        known = SoFar(
            self.known.done | done,
            (self.known.lacking | lacking) - done,
            (self.known.passwordless | passwordless) - done,
        )
        return replace(
            self,
            part=self.part + 1,
            spent=self.spent + run.spent,
            again=self.again or failed,
            paid=(self.paid | paid) - done,
            known=known,
        )

    def goes_on(self, run: Run, after: "Progress", *, slowly_read: bool = False) -> bool:
        """Tell whether another part should follow this one, and would get any further.

        The first may have come to nothing: it waits for the guard, where that is to be made. So may
        any for which IAM was too busy to have everybody read, or read in good time (`slowly_read`),
        or to answer what was begun.
        """
        some_left = any(each.out_of_time for each in run.settled)
        comes_no_further = after.known == self.known and self.part > 1
        is_held_up = slowly_read or any(map(_was_held_up, run.settled))
        is_stuck = some_left and comes_no_further and not is_held_up
        return not is_stuck and any(self.puts_off(each) for each in run.settled)

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
                "unkept": self.unkept,
                "paid": sorted(self.paid),
                "done": sorted(self.known.done),
                "lacking": sorted(self.known.lacking),
                "passwordless": sorted(self.known.passwordless),
                "counts": self.counts.describe(),
            },
        }

    @classmethod
    def of(cls, payload: object, now: datetime) -> "Progress | None":
        """Return what a payload carries; None when it is none of these, or not to be believed."""
        said = mapping(mapping(payload).get("continues"))
        began = time_of(said.get("began"))
        if not isinstance(said.get("sweep"), str) or began is None or now - began > BELIEVED:
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
            unkept=said.get("unkept") is True,
            paid=_names(said.get("paid")),
            known=SoFar(*(_names(said.get(each)) for each in ("done", "lacking", "passwordless"))),
            counts=counts,
        )


def id_of(each: Settled) -> str:
    """Return the id of a settled user, its name where none was read."""
    seen = each.observation
    return id_of_state(seen.state) or seen.subject.name or ""


def id_of_state(state: object) -> str:
    """Return the id in a user's state, nothing where there is none."""
    return str(getattr(state, "id", ""))


def _was_held_up(each: Settled) -> bool:
    """Whether the time went by in calls, instead of being too short for any."""
    unread = each.out_of_time and each.observation.subject.kind is not SubjectKind.USER
    return unread or any(isinstance(error, Unanswered) for error in each.errors)


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
    items = list(mapping(value).items())[:MOST_OPERATIONS]
    return Counter(
        {name: _number(number) for name, number in items if _OPERATION.fullmatch(str(name))}
    )


def _names(value: object) -> frozenset[str]:
    return frozenset(each for each in items(value) if isinstance(each, str))
