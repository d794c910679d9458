"""Many requests for a sweep become a few sweeps, and share the brake of one.

Whoever can make IAM write an event that does not say whom it concerns can ask for a sweep, and do
so a thousand times. One sweep at a time runs (its function's reserved concurrency is 1). A request
made before the last sweep began is answered by that sweep; sweeps that events asked for keep a
distance, in which further requests gather behind the one that waits. A sweep that failed answers
the others, too: the request that it ran for is tried again, for all of them.

Who asks often must not loosen the brake either: what requested sweeps, and Lambda's further tries
of any sweep, may change is what the last scheduled sweep has left.
"""

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from reactor.sweeps.progress import BELIEVED, Progress

INSPECTED_APART = timedelta(minutes=15)  # an inspection takes two dozen calls; a sweep, a dozen
SPACING = timedelta(seconds=10)  # between the beginnings of two sweeps that events asked for


@dataclass(slots=True)
class Coalescer:
    """What one function's environment remembers of its sweeps.

    `request` names what a sweep answers; it is the same when that is tried again, or redriven.

    A new environment remembers nothing, and sweeps, or changes, once more than needed.
    `spent` is how many places of the brake were taken since the last scheduled sweep began, it
    included; `paid` are the ids of those who took them, and need none for another try. Looks at all
    buckets (reactor.handlers.buckets) count as sweeps; as scheduled ones, those that an operator
    asks for.
    """

    clock: Callable[[], datetime]
    sleep: Callable[[float], None] = time.sleep
    spent: int = field(default=0, init=False)
    paid: set[str] = field(default_factory=set, init=False)
    _began: datetime | None = field(default=None, init=False)
    _answered: dict[Hashable, datetime] = field(default_factory=dict, init=False)
    _inspected: datetime | None = field(default=None, init=False)
    _owing: set[str] = field(default_factory=set, init=False)
    _under_way: dict[str, datetime] = field(default_factory=dict, init=False)
    _kept: dict[str, Progress] = field(default_factory=dict, init=False)

    def is_answered(self, asked_at: datetime, request: str, claimed: Hashable = None) -> bool:
        """Tell whether a sweep that began later than the request has ended.

        Not when that ran for this very request and left something unsettled: it is tried again; nor
        when it took other claims into account than `claimed`.
        """
        answered = self._answered.get(claimed)
        return answered is not None and asked_at < answered and request not in self._owing

    def wait_for_turn(self) -> None:
        """Wait until the last sweep's beginning is long enough ago."""
        if self._began is None:
            return
        left = (self._began + SPACING - self.clock()).total_seconds()
        if left > 0:
            self.sleep(left)

    def begin(self, request: str, *, scheduled: bool) -> datetime:
        """Note that a sweep begins; return when.

        It is owed until it has ended well, so that another try of it, if it does not end at all,
        is not taken for another sweep.
        """
        if scheduled and request not in self._owing:
            self.spent = 0
            self.paid.clear()
        self._owing.add(request)
        self._began = self._under_way[request] = self.clock()
        return self._began

    def pay(self, whom: str) -> None:
        """Note that a user, or a bucket, took a place of the brake."""
        self.spent += 1
        self.paid.add(whom)

    def began_here(self, request: str) -> bool:
        """Tell whether a sweep that has not ended began in this environment."""
        return request in self._under_way

    def keep(self, progress: Progress) -> None:
        """Keep how far a sweep has come that could not be handed on, for another try of it."""
        oldest = progress.began - BELIEVED
        self._kept = {k: each for k, each in self._kept.items() if each.began >= oldest}
        self._kept[progress.sweep] = progress

    def take_back(self, request: str, now: datetime) -> Progress | None:
        """Return how far a sweep had come, once, unless that is too old to be believed."""
        kept = self._kept.pop(request, None)
        return kept if kept is not None and now - kept.began <= BELIEVED else None

    def takes_inspection(self, period: timedelta, *, scheduled: bool) -> bool:
        """Tell whether a sweep should inspect, and note that it does.

        A scheduled one, unless they come every few minutes (`period`); another when the last is
        long ago: the schedule has failed.
        """
        now, apart = self.clock(), max(period, INSPECTED_APART)
        rare = period >= INSPECTED_APART
        late = self._inspected is None or now - self._inspected >= apart
        due = late or (scheduled and rare)
        if due:
            self._inspected = now
        return due

    def end(self, request: str, *, settled: bool, claimed: Hashable = None) -> None:
        """Note what became of a sweep: whether it is to be tried again for its request.

        It answers others if it began here; of any other, when it began is hearsay.
        """
        began, answered = self._under_way.pop(request, None), self._answered.get(claimed)
        if began is not None and (answered is None or began > answered):
            self._answered[claimed] = began
        if settled:
            self._owing.discard(request)
        else:
            self._owing.add(request)
