"""The function `buckets`: the bucket that an event names, or a look at all of them.

Whoever can make S3 write an event that does not say which bucket it concerns can ask for a look at
all, and do so a thousand times. Such requests become a few looks, as those for sweeps do
(reactor.sweeps.coalescing), and share one brake: what looks that events ask for, and Lambda's
further tries, may change is what the last look has left that an operator asked for.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from reactor.buckets.events import GOES_ON, parse
from reactor.invocation import Invocation
from reactor.model import Cause, Observation, SubjectKind
from reactor.reconcile import Brake, Recorder, Run, Settled, reconcile
from reactor.runtime import executor_of
from reactor.settings import Mode
from reactor.sweeps.coalescing import Coalescer

EVENT_CLOCK = timedelta(seconds=1)  # CloudTrail's times are in whole seconds
MOST_UNFINISHED = 16  # looks whose settled buckets are remembered for another try


@dataclass(slots=True)
class Looks:
    """What one environment of the function remembers of its looks at all.

    `settled` has the names of the buckets that an unfinished look has settled, by its request.
    """

    requests: Coalescer
    settled: dict[str, set[str]] = field(default_factory=dict)

    def goes_on(self, request: str) -> set[str]:
        """Return what earlier tries of a look have settled, to be added to."""
        found = self.settled.pop(request, set())
        while len(self.settled) >= MOST_UNFINISHED:
            self.settled.pop(next(iter(self.settled)))
        self.settled[request] = found
        return found


@dataclass(frozen=True, slots=True)
class Looking:
    """One invocation of the function. `looks` outlives it."""

    invocation: Invocation
    looks: Looks

    def run(self, payload: object) -> None:
        """Look at whom a payload concerns. Raises Unsettled when it must be tried again."""
        inv = self.invocation
        reading = parse(
            payload, account=inv.home.account, received_at=inv.clock(), settings=inv.settings
        )
        if reading.cause is None:
            inv.journal.ignored(reading.trigger, reading.ignored or "", inv.clock())
        elif reading.cause.subject.kind is SubjectKind.EVERY_BUCKET:
            self._look_at_all(reading.cause)
        else:
            self._look(reading.cause, Brake(), frozenset(), inv.journal.settled).raise_unsettled()

    def _look_at_all(self, cause: Cause) -> None:
        """Look at every bucket, unless a look that began later than the event has done so.

        Only one that took the same claims into account: it judged again what contradicted them.
        """
        inv, requests, event = self.invocation, self.looks.requests, cause.trigger.event
        # Not by Lambda's request id: an event that is redriven comes with another.
        request = inv.run if event is None or event.id is None else event.id
        claimed = frozenset((each.claim, each.about) for each in cause.hints)
        if event is not None:
            at = None if event.time is None else event.time + EVENT_CLOCK
            if at is not None and requests.is_answered(at, request, claimed):
                why = "a look at all buckets that began later has answered it"
                inv.journal.ignored(cause.trigger, why, inv.clock())
                return
            requests.wait_for_turn()
        requests.begin(request, scheduled=event is None)
        run = self._look_on(cause, request)
        self._end(run, request, claimed)
        run.raise_unsettled()

    def _look_on(self, cause: Cause, request: str) -> Run:
        """Look at all buckets that no earlier try of the request has settled."""
        inv, requests, done = self.invocation, self.looks.requests, self.looks.goes_on(request)
        paid = frozenset(requests.paid)

        def has_place(seen: Observation[Any]) -> bool:
            return seen.subject.name in paid

        def note(each: Settled) -> None:
            name = each.observation.subject.name or ""
            if each.took_place:
                requests.pay(name)
            if not each.unsettled:
                done.add(name)
            inv.journal.settled(each)

        brake = Brake(self._brake, requests.spent, has_place=has_place)
        return self._look(cause, brake, frozenset(done), note)

    def _end(self, run: Run, request: str, claimed: Hashable) -> None:
        settled = not run.unsettled
        if settled:
            self.looks.settled.pop(request, None)
        self.looks.requests.end(request, settled=settled, claimed=claimed)

    def _look(self, cause: Cause, brake: Brake, done: frozenset[str], record: Recorder) -> Run:
        inv = self.invocation
        with inv.flushing():
            run = reconcile(
                cause,
                inv.buckets(inv.time_to_read(), done),
                execute=executor_of(inv.settings.mode),
                clock=inv.clock,
                brake=brake,
                pace=inv.pace(),
                record=record,
            )
            inv.journal.permanent_failures(run)
            inv.journal.held_back(run, brake.most, goes_on=GOES_ON)
        return run

    @property
    def _brake(self) -> int:
        """How many buckets may be changed; in observe mode nothing is, so none waits."""
        settings = self.invocation.settings
        return settings.max_remediations if settings.mode is Mode.ENFORCE else 0
