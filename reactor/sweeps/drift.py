"""Drift: what a sweep finds that no event had brought, a measure of lost events.

Events are to bring each user back into order within seconds. So a user whom a sweep finds not in
order, and whom the sweep before had not left so, is one whose event was lost; or came too late for
this sweep, which is why a few do not mean much.
"""

from dataclasses import dataclass, field

from reactor.model import Compliance
from reactor.reconcile import Settled
from reactor.sweeps.progress import id_of


@dataclass(slots=True)
class Drift:
    """What one function's environment remembers of whom its sweeps left not in order."""

    _sweep: str | None = field(default=None, init=False)
    _before: set[str] | None = field(default=None, init=False)
    _left: set[str] | None = field(default=None, init=False)

    def begin(self, sweep: str) -> int | None:
        """Begin a sweep; return 0, or None when the one before is not remembered."""
        if sweep != self._sweep:
            self._sweep, self._before, self._left = sweep, self._left, set()
        return None if self._before is None else 0

    def is_new(self, each: Settled) -> bool:
        """Tell whether a user is not in order, and was so after the sweep before."""
        if each.decision.verdict.compliance is not Compliance.NON_COMPLIANT or self._left is None:
            return False
        if not each.changed:
            self._left.add(id_of(each))
        return self._before is not None and id_of(each) not in self._before
