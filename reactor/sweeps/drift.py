"""Drift: what a sweep finds that no event had brought, a measure of lost events.

Events are to bring each user back into order within seconds. So a user whom a sweep finds not in
order, and whom the sweep before had not left so, is one whose event was lost; or came too late for
this sweep, which is why a few do not mean much.

Only where events bring users into order, in enforce mode. While the stage observes, a user whose
event came in time is found by the next sweep as it was, and tells of no loss: then there is none.
"""

from dataclasses import dataclass, field

from reactor.model import Compliance
from reactor.reconcile import Settled
from reactor.sweeps.progress import id_of

NOT_IN_ORDER = frozenset({Compliance.NON_COMPLIANT, Compliance.INSUFFICIENT_DATA})


@dataclass(slots=True)
class Finds:
    """What one sweep finds: `before` are whom the last one left, None when that is not known."""

    before: frozenset[str] | None
    left: set[str] = field(default_factory=set, init=False)

    def is_new(self, each: Settled) -> bool:
        """Tell whether a user is not in order, and was so after the sweep before."""
        compliance = each.decision.verdict.compliance
        if compliance in NOT_IN_ORDER and not each.changed:
            self.left.add(id_of(each))
        found = compliance is Compliance.NON_COMPLIANT
        return found and self.before is not None and id_of(each) not in self.before


@dataclass(slots=True)
class Drift:
    """What one function's environment remembers of whom its sweeps left not in order.

    Only of a sweep all of which was seen here, to its end, and before which no other came.
    """

    _left: frozenset[str] | None = field(default=None, init=False)
    _under_way: tuple[str, Finds] | None = field(default=None, init=False)

    def begin(self, sweep: str) -> Finds:
        """Begin a sweep. One that was under way here, and is another, has come to no end."""
        before = self._left if self._under_way is None else None
        finds = Finds(before)
        self._under_way, self._left = (sweep, finds), None
        return finds

    def goes_on(self, sweep: str) -> Finds:
        """Return what a sweep has found here so far; of one that did not begin here, nothing."""
        if self._under_way is not None and self._under_way[0] == sweep:
            return self._under_way[1]
        return Finds(None)

    def end(self, sweep: str, *, whole: bool) -> None:
        """Note that a sweep is at its end, and whether it has looked at everybody."""
        if self._under_way is not None and self._under_way[0] == sweep:
            self._left = frozenset(self._under_way[1].left) if whole else None
            self._under_way = None
