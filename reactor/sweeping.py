"""The sweep function: which requests are answered already, and a sweep from its look to its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from reactor.aws.functions import continue_sweep
from reactor.aws.iam import Remembered
from reactor.errors import ReactorError, Transient, Unsettled, as_ours
from reactor.gathering import answer_of
from reactor.invocation import Invocation, Request
from reactor.model import (
    Alarm,
    AlarmKind,
    Cause,
    Observation,
    Subject,
    SubjectKind,
    Trigger,
    TriggerKind,
)
from reactor.reconcile import Brake, Pace, Recorder, Run, observe_only, reconcile
from reactor.runtime import LookAtAll, executor_of, keepers, ranking
from reactor.settings import Mode, Via
from reactor.sweeps.coalescing import Coalescer
from reactor.sweeps.drift import Drift
from reactor.sweeps.progress import Progress
from reactor.sweeps.sweeper import Sweeper, Swept
from reactor.users.guardrail import Users
from reactor.watch.patterns import rule_patterns

if TYPE_CHECKING:
    from reactor.users.ranking import Ranking

# Lambda ends a chain of about 16 invocations of one function by itself (developer guide, recursive
# loop detection). A sweep that takes more than these is left to the next scheduled one.
MOST_HOPS = 12
REPORT_SECONDS = 5  # that a sweep waits for a credential report, which is but a hint


@dataclass(slots=True)
class Sweeping:
    """One invocation of the sweep function. `sweeps` and `drift` outlive it."""

    invocation: Invocation
    sweeps: Coalescer
    drift: Drift
    refused: ReactorError | None = field(default=None, init=False)  # why the guard is not in order
    remembered: Remembered = field(default_factory=Remembered, init=False)

    def run(self, payload: object) -> None:
        """Sweep, unless the request is answered already; or go on with a sweep.

        Raises Unsettled when the sweep is at its end, and a subject must be tried again.
        """
        progress = Progress.of(payload) or self._begun(Request.of(payload))
        if progress is None:
            return
        with self.invocation.flushing():
            swept = self._sweep(progress)
            if swept.is_left:
                self._hand_on(swept.progress)
                return
            if progress.scheduled and _looked_at_everybody(swept.run):
                self.invocation.journal.swept()
        # What cannot be mended by another try has raised its alarm, in the keeper's log.
        unkept = isinstance(self.refused, Transient)
        self.sweeps.end(progress.sweep, settled=not (swept.run.unsettled or unkept))
        swept.run.raise_unsettled()
        if unkept:
            raise Unsettled(f"the guard is not in order: {self.refused}") from self.refused

    def _begun(self, request: Request) -> Progress | None:
        """Begin a sweep; None when one that began later has answered the request."""
        inv = self.invocation
        # A part that is not understood begins a new sweep, and leaves the brake as it is.
        scheduled = request.asked_at is None and not request.continues
        # Not by Lambda's request id: a request that is redriven comes with another.
        name = inv.run if request.asked_at is None else request.asked_at.isoformat()
        if request.asked_at is not None:
            if self.sweeps.is_answered(request.asked_at, name):
                why = "a sweep that began later has answered it"
                inv.journal.ignored(_trigger(inv, scheduled=False), why, inv.clock())
                return None
            self.sweeps.wait_for_turn()
        began = self.sweeps.begin(name, scheduled=scheduled)
        return Progress(name, began, scheduled, spent=self.sweeps.spent)

    def _sweep(self, progress: Progress) -> Swept:
        inv, settings = self.invocation, self.invocation.settings
        inv.session.meter.keep_pace(
            reads=settings.sweep_reads_per_second, writes=settings.sweep_writes_per_second
        )
        inv.session.meter.take()
        begun: list[Callable[[], Any]] = []
        if progress.part == 1 and self._keeps_the_guard:
            begun.append(inv.session.begin(self._see_to_the_guard))
        if progress.part == 1 and self._takes_inspection(progress):
            begun.append(inv.session.begin(self._inspect))
        sweeper = Sweeper(
            self._look,
            inv.journal,
            self.drift,
            inv.clock,
            inv.seconds_left,
            inv.session.meter.take,
            self._brake,
        )
        try:
            return sweeper.carry_on(progress)
        finally:
            for finished in begun:
                for alarm in answer_of(finished()):
                    inv.journal.alarm(alarm)

    def _takes_inspection(self, progress: Progress) -> bool:
        period = timedelta(minutes=self.invocation.settings.sweep_minutes)
        return self.sweeps.takes_inspection(period, scheduled=progress.scheduled)

    def _look(self, progress: Progress, has_time: Callable[[], bool], record: Recorder) -> Run:
        inv, settings = self.invocation, self.invocation.settings
        trigger = _trigger(inv, scheduled=progress.scheduled)
        remembered = self.remembered if progress.part == 1 else None
        users = inv.users(LookAtAll(progress.known, has_time, remembered))

        def rank(seen: Sequence[Observation[Any]]) -> list[int]:
            return self._ranking(users)(seen)

        users.observer.bulk.to_ask = lambda some: self._ranking(users).to_ask(some)
        # Another sweep may have come between the parts, or another environment have had one.
        spent = max(progress.spent, self.sweeps.spent)
        run = reconcile(
            Cause(trigger, Subject(SubjectKind.EVERY_USER, inv.home.account)),
            users,
            execute=executor_of(settings.mode),
            clock=inv.clock,
            brake=Brake(self._brake, spent, rank),
            pace=Pace(inv.session.stream, has_time),
            record=record,
        )
        self.sweeps.spent += run.spent
        return run

    def _ranking(self, users: Users) -> "Ranking":
        return ranking(users, self.invocation.session, wait_seconds=REPORT_SECONDS)

    @property
    def _brake(self) -> int:
        """How many users may be changed; in observe mode nothing is, so nobody waits."""
        settings = self.invocation.settings
        return settings.max_remediations if settings.mode is Mode.ENFORCE else 0

    @property
    def _keeps_the_guard(self) -> bool:
        settings = self.invocation.settings
        ours = not settings.guard_is_given or settings.guard_via is Via.GROUP
        return settings.mode is Mode.ENFORCE and ours

    def _see_to_the_guard(self) -> tuple[Alarm, ...]:
        """Look at the guard as the keeper does, and ask it only if something is not in order.

        While users are read: what they lack, their own plans ask the keeper for.
        """
        inv = self.invocation
        try:
            seen = keepers(
                inv.settings,
                inv.session,
                inv.home,
                report=lambda _alarm: None,  # the keeper itself tells of it
                remembered=self.remembered,
            ).keep(observe_only, Trigger(TriggerKind.REACTOR, inv.clock()), clock=inv.clock)
            if any(each.decision.plan or each.failed for each in seen.settled):
                # With the group where it is the regular way, as the users' plans would ask for it.
                inv.ask_keeper(inv.settings.guard_via is Via.GROUP)
        except Exception as error:  # noqa: BLE001 - it is raised when the users have been looked at
            self.refused = as_ours(error)
        return ()

    def _hand_on(self, progress: Progress) -> None:
        """Have the rest done by another invocation. Raises Unsettled when that cannot be had."""
        inv = self.invocation
        if progress.hops < MOST_HOPS:
            payload = progress.payload(inv.run)
            try:
                continue_sweep(inv.session.functions, inv.context.function_name, payload)
            except ReactorError as error:
                raise Unsettled(f"the rest of a sweep was not handed on: {error}") from error
            return
        inv.journal.alarm(
            Alarm(
                AlarmKind.SWEEP_UNFINISHED,
                f"a sweep has not come to its end in {MOST_HOPS + 1} invocations",
                "nothing, the next scheduled sweep goes on; if it lasts, give the function sweep a"
                " longer lambda_timeout (900 seconds at most), or raise"
                " REACTOR_SWEEP_WRITES_PER_SECOND",
                {"sweep": progress.sweep, "done": len(progress.known.done)},
            )
        )

    def _inspect(self) -> tuple[Alarm, ...]:
        """Look for what no event can bring, such as a rule that hears nothing any more."""
        # Imported by sweeps alone: a reaction's cold start need not wait for it.
        from reactor.aws.inspection import AwsInspection  # noqa: PLC0415
        from reactor.inspection.facts import Stage  # noqa: PLC0415
        from reactor.inspection.poll import polled  # noqa: PLC0415

        inv = self.invocation
        home = inv.home
        try:
            return tuple(
                polled(
                    AwsInspection(inv.session),
                    inv.session.gather,
                    Stage(inv.stage, home.partition, home.region, home.account),
                    exempt_parameter=inv.settings.exempt_parameter,
                    patterns=rule_patterns(inv.settings),
                )
            )
        except Exception as error:  # noqa: BLE001 - it is told, and the users are looked at
            ours = as_ours(error)
            details = {"check": "inspection", "state": "unknown"}
            return (Alarm(AlarmKind.REACTOR_IMPAIRED, str(ours), ours.remedy, details),)


def _trigger(invocation: Invocation, *, scheduled: bool) -> Trigger:
    kind = TriggerKind.SCHEDULE if scheduled else TriggerKind.REACTOR
    return Trigger(kind, invocation.clock())


def _looked_at_everybody(run: Run) -> bool:
    """Tell whether a sweep got as far as the users, whatever became of some of them."""
    everyone = SubjectKind.EVERY_USER
    return not any(
        each.out_of_time or each.observation.subject.kind is everyone for each in run.settled
    )
