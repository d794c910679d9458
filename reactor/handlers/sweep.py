"""The sweep function: which requests are answered already, and a sweep from its look to its end."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from reactor.aws.functions import continue_sweep
from reactor.aws.iam import Remembered
from reactor.errors import ReactorError, Transient, Unsettled, as_ours
from reactor.functions import functions_of
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
from reactor.reconcile import (
    Brake,
    Pace,
    Recorder,
    Run,
    Settled,
    observe_only,
    reconcile,
)
from reactor.runtime import LookAtAll, executor_of, keepers, ranking, report_once
from reactor.settings import Mode, Via
from reactor.sweeps.coalescing import Coalescer
from reactor.sweeps.drift import Drift, Finds
from reactor.sweeps.progress import Progress, id_of, id_of_state
from reactor.sweeps.sweeper import End, Sweeper, Swept
from reactor.users.guardrail import Users
from reactor.users.ports import CredentialReports
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
    remembered: Remembered | None = field(default_factory=Remembered, init=False)
    ask_keeper: Callable[..., None] = field(init=False)
    reports: CredentialReports = field(init=False)

    def __post_init__(self) -> None:
        # Anew in each part: what the keeper said a minute ago may not be so any more.
        self.ask_keeper = self.invocation.keeper_asked()
        self.reports = report_once(self.invocation.session, wait_seconds=REPORT_SECONDS)

    def run(self, payload: object) -> None:
        """Sweep, unless the request is answered already; or go on with a sweep.

        Raises Unsettled when the sweep is at its end, and a subject must be tried again.
        """
        progress = self._progress(payload)
        if progress is None:
            return
        with self.invocation.flushing():
            swept = self._sweep(progress)
            # What cannot be mended by another try has raised its alarm, in the keeper's log.
            unkept = isinstance(self.refused, Transient)
            if swept.end is End.LEFT:
                self._hand_on(replace(swept.progress, unkept=unkept))
                return
            whole = swept.end is End.WHOLE and _looked_at_everybody(swept.run)
            # A part of a sweep that did not begin here is believed to be one, but not counted.
            if progress.scheduled and whole and self.sweeps.began_here(progress.sweep):
                self.invocation.journal.swept()
            self.drift.end(progress.sweep, whole=whole)
            if swept.end is End.CUT:
                self._tell_of_the_cut(swept)
        owing = bool(swept.run.unsettled) or unkept
        self.sweeps.end(progress.sweep, settled=not owing)
        if swept.end is End.CUT:
            return  # the next scheduled sweep goes on
        swept.run.raise_unsettled()
        if unkept:
            raise Unsettled(f"the guard is not in order: {self.refused}") from self.refused

    def _progress(self, payload: object) -> Progress | None:
        """Return how far the sweep has come that a payload asks for; None when it is answered."""
        now = self.invocation.clock()
        handed_on = Progress.of(payload, now)
        if handed_on is None:
            return self._begun(Request.of(payload), now)
        # What this environment could not hand on comes after what had been handed to it.
        return self.sweeps.take_back(handed_on.sweep, now) or handed_on

    def _begun(self, request: Request, now: datetime) -> Progress | None:
        """Begin a sweep, or go on with the request's own; None when it is answered.

        That is by another, which began later than the request was made.
        """
        inv = self.invocation
        # A part that is not understood begins a new sweep, and leaves the brake as it is.
        scheduled = request.asked_at is None and not request.continues
        # Not by Lambda's request id: a request that is redriven comes with another.
        name = inv.run if request.asked_at is None else request.asked_at.isoformat()
        if request.asked_at is not None and self.sweeps.is_answered(request.asked_at, name):
            why = "a sweep that began later has answered it"
            inv.journal.ignored(_trigger(inv, scheduled=False), why, inv.clock())
            return None
        if (kept := self.sweeps.take_back(name, now)) is not None:
            return kept
        if request.asked_at is not None:
            self.sweeps.wait_for_turn()
        began = self.sweeps.begin(name, scheduled=scheduled)
        return Progress(name, began, scheduled, spent=self.sweeps.spent)

    def _sweep(self, progress: Progress) -> Swept:
        inv, settings = self.invocation, self.invocation.settings
        inv.session.meter.keep_pace(
            reads=settings.sweep_reads_per_second, writes=settings.sweep_writes_per_second
        )
        inv.session.meter.take()
        is_first = progress.part == 1
        guard = inspected = None
        if self._keeps_the_guard and (is_first or progress.unkept):
            guard = inv.session.begin(self._see_to_the_guard)
        if is_first and self._takes_inspection(progress):
            inspected = inv.session.begin(self._inspect)
        sweeper = Sweeper(
            self._look,
            inv.journal,
            self._finds(progress),
            inv.clock,
            inv.seconds_left,
            inv.session.meter.take,
            self._brake,
            may_hand_on=progress.hops < MOST_HOPS,
        )
        try:
            return sweeper.carry_on(progress)
        finally:
            # The keeper may take longer than is left; then the next part looks at the guard again.
            if guard is not None and isinstance(late := guard(), ReactorError):
                self.refused = late
            for alarm in () if inspected is None else _alarms_of(inspected()):
                inv.journal.alarm(alarm)

    def _finds(self, progress: Progress) -> Finds:
        """Return what takes notice of drift; when observing, of none (reactor.sweeps.drift)."""
        if self.invocation.settings.mode is not Mode.ENFORCE:
            return Finds(None)
        drift = self.drift
        return (drift.begin if progress.part == 1 else drift.goes_on)(progress.sweep)

    def _takes_inspection(self, progress: Progress) -> bool:
        period = timedelta(minutes=self.invocation.settings.sweep_minutes)
        return self.sweeps.takes_inspection(period, scheduled=progress.scheduled)

    def _look(self, progress: Progress, has_time: Callable[[], bool], record: Recorder) -> Run:
        inv, settings = self.invocation, self.invocation.settings
        trigger = _trigger(inv, scheduled=progress.scheduled)
        if progress.part > 1:
            self.remembered, self.ask_keeper = None, inv.keeper_asked()
        users = inv.users(LookAtAll(progress.known, has_time, self.remembered), self.ask_keeper)

        def rank(seen: Sequence[Observation[Any]]) -> list[int]:
            return self._ranking(users)(seen)

        users.observer.bulk.to_ask = lambda some: self._ranking(users).to_ask(some)

        def note(each: Settled) -> None:
            if each.took_place:
                self.sweeps.pay(id_of(each))
            record(each)

        # Another sweep may have come between the parts, or another environment have had one.
        spent, paid = max(progress.spent, self.sweeps.spent), progress.paid | self.sweeps.paid
        return reconcile(
            Cause(trigger, Subject(SubjectKind.EVERY_USER, inv.home.account)),
            users,
            execute=executor_of(settings.mode),
            clock=inv.clock,
            brake=Brake(self._brake, spent, rank, lambda seen: id_of_state(seen.state) in paid),
            pace=Pace(inv.session.stream, has_time),
            record=note,
        )

    def _ranking(self, users: Users) -> "Ranking":
        return ranking(users, self.invocation.session, self.reports)

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

    def _see_to_the_guard(self) -> None:
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
                self.ask_keeper(inv.settings.guard_via is Via.GROUP)
        except Exception as error:  # noqa: BLE001 - it is raised when the users have been looked at
            self.refused = as_ours(error)

    def _hand_on(self, progress: Progress) -> None:
        """Have the rest done by another invocation. Raises Unsettled when that cannot be had."""
        inv = self.invocation
        payload = progress.payload(inv.run)
        try:
            continue_sweep(inv.session.functions, inv.context.function_name, payload)
        except ReactorError as error:
            # Lambda tries this invocation again, perhaps where the rest is remembered.
            self.sweeps.keep(progress)
            raise Unsettled(f"the rest of a sweep was not handed on: {error}") from error

    def _tell_of_the_cut(self, swept: Swept) -> None:
        left = sum(each.out_of_time for each in swept.run.settled)
        self.invocation.journal.alarm(
            Alarm(
                AlarmKind.SWEEP_UNFINISHED,
                f"a sweep has not come to its end in {MOST_HOPS + 1} invocations",
                "nothing, the next scheduled sweep goes on; if it lasts, give the function sweep a"
                " longer lambda_timeout (900 seconds at most), or raise"
                " REACTOR_SWEEP_WRITES_PER_SECOND",
                {
                    "sweep": swept.progress.sweep,
                    "done": len(swept.progress.known.done),
                    "left": left,
                },
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
                    Stage(
                        inv.stage,
                        home.partition,
                        home.region,
                        home.account,
                        functions_of(inv.settings),
                    ),
                    exempt_parameter=inv.settings.exempt_parameter,
                    patterns=rule_patterns(inv.settings),
                )
            )
        except Exception as error:  # noqa: BLE001 - it is told, and the users are looked at
            return _alarms_of(as_ours(error))


def _alarms_of(inspected: tuple[Alarm, ...] | ReactorError) -> tuple[Alarm, ...]:
    """Return what an inspection found, or that it did not come to its end."""
    if not isinstance(inspected, ReactorError):
        return inspected
    details = {"check": "inspection", "state": "unknown"}
    return (Alarm(AlarmKind.REACTOR_IMPAIRED, str(inspected), inspected.remedy, details),)


def _trigger(invocation: Invocation, *, scheduled: bool) -> Trigger:
    kind = TriggerKind.SCHEDULE if scheduled else TriggerKind.REACTOR
    return Trigger(kind, invocation.clock())


def _looked_at_everybody(run: Run) -> bool:
    """Tell whether a sweep got as far as the users, whatever became of some of them."""
    everyone = SubjectKind.EVERY_USER
    return not any(
        each.out_of_time or each.observation.subject.kind is everyone for each in run.settled
    )
