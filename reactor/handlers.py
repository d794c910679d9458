"""The Lambda functions' work: one method of `FunctionReactor` a function.

Each reads its payload, has reactor.reconcile do the rest, and raises when Lambda should try again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from reactor.audit import Journal
from reactor.aws.account import AwsSession, Home
from reactor.aws.functions import ask_keeper, begin_sweep
from reactor.coalescing import Coalescer
from reactor.errors import (
    ReactorError,
    Transient,
    Unsettled,
    as_ours,
)
from reactor.guard.document import guard_document
from reactor.guard.events import edits, why_in_order
from reactor.guard.identity import Guard
from reactor.guard.keepers import answer, asked
from reactor.model import (
    Alarm,
    AlarmKind,
    Cause,
    Hint,
    Subject,
    SubjectKind,
    Trigger,
    TriggerKind,
)
from reactor.names import Function, function_name, stage_of
from reactor.reconcile import Clock, Guardrail, Run, reconcile
from reactor.runtime import executor_of, keepers, now, once, users_guardrail
from reactor.settings import Lift, Mode, Settings, Via
from reactor.triggers import cloudtrail
from reactor.triggers.records import event_of, mapping, quoted, time_of
from reactor.users.alarms import taken_off_by_us
from reactor.users.guardrail import Users
from reactor.watch.patterns import rule_patterns
from reactor.watch.watch import look


class LambdaContext(Protocol):
    """What we use of the context that Lambda passes to a handler."""

    invoked_function_arn: str
    function_name: str
    aws_request_id: str


@dataclass(frozen=True, slots=True)
class FunctionReactor:
    """The reactor inside a Lambda function: one method a trigger."""

    settings: Settings
    session: AwsSession
    journal: Journal
    sweeps: Coalescer
    clock: Clock = now

    def react(self, payload: object, context: LambdaContext) -> None:
        """Handle an EventBridge delivery of an IAM event, or of a change to the exemption list.

        Raises Unsettled when a subject must be tried again; Lambda then does.
        """
        home = self._begin(context)
        reading = cloudtrail.parse(
            payload, account=home.account, received_at=self.clock(), settings=self.settings
        )
        if reading.ignored is not None:
            self.journal.ignored(reading.trigger, reading.ignored, self.clock())
            return
        stage = stage_of(context.function_name)
        guardrail = self._users(home, context, self._keeper_asked(context))
        run = Run()
        with self._flushing():
            for cause in reading.causes:
                run.settled += self._reconcile(cause, guardrail).settled
            for each in run.settled:
                lifts = self.settings.lift is not Lift.NEVER
                alarm = taken_off_by_us(
                    each, own_roles(stage), lifts=lifts, via=self.settings.guard_via
                )
                if alarm is not None:
                    self.journal.alarm(alarm, each.cause.trigger)
        run.raise_unsettled()

    def watch(self, payload: object, context: LambdaContext) -> None:
        """Raise the alarms that an event is reason for; change nothing."""
        home = self._begin(context)
        seen = look(
            payload,
            account=home.account,
            stage=stage_of(context.function_name),
            settings=self.settings,
            guard=self._guard(home),
            received_at=self.clock(),
        )
        with self._flushing():
            for alarm in seen.alarms:
                self.journal.alarm(alarm, seen.trigger)
        if seen.ignored is not None:
            self.journal.ignored(seen.trigger, seen.ignored, self.clock())

    def sweep(self, payload: object, context: LambdaContext) -> None:
        """Look at every user, at the guard, and at the reactor itself.

        On the schedule, or because another function asked for it; then a sweep that began after the
        request will do. Raises Unsettled as `react` does.
        """
        request = _request(payload)
        # Not by Lambda's request id: a request that is redriven comes with another.
        request_id = context.aws_request_id
        if request.asked_at is not None:
            request_id = request.asked_at.isoformat()
        home = self._begin(context, request.asked_by)
        scheduled = request.asked_at is None
        trigger = Trigger(TriggerKind.SCHEDULE if scheduled else TriggerKind.REACTOR, self.clock())
        if request.asked_at is not None:
            if self.sweeps.is_answered(request.asked_at, request_id):
                self.journal.ignored(
                    trigger, "a sweep that began later has answered it", self.clock()
                )
                return
            self.sweeps.wait_for_turn()
        began = self.sweeps.begin(request_id, scheduled=scheduled)
        ask = self._keeper_asked(context)
        # With the group where it is the regular way, as the users' plans would ask for it.
        with_group = self.settings.guard_via is Via.GROUP
        refused = _refusal(lambda: ask(with_group)) if self._keeps_the_guard else None
        with self._flushing():
            period = timedelta(minutes=self.settings.sweep_minutes)
            if self.sweeps.takes_inspection(period, scheduled=scheduled):
                self._inspect(home, stage_of(context.function_name))
            cause = Cause(trigger, Subject(SubjectKind.EVERY_USER, home.account))
            users = self._users(home, context, ask)
            run = self._reconcile(cause, users, spent=self.sweeps.spent)
            if scheduled and _looked_at_everybody(run):
                self.journal.swept()
        # What cannot be mended by another try has raised its alarm, in the keeper's log.
        owing = run.unsettled or isinstance(refused, Transient)
        self.sweeps.end(request_id, began, spent=run.spent, settled=not owing)
        run.raise_unsettled()
        if isinstance(refused, Transient):
            raise Unsettled(f"the guard is not in order: {refused}") from refused

    def keep(self, payload: object, context: LambdaContext) -> dict[str, object]:
        """Bring the guard into order, and say whether it is. Raises Unsettled as `react` does.

        Woken by an event about the guard or its group, or asked by another function. Of the
        latter's payload no more is read than `asked_by`, for the record, and `with_group`: whether
        the group must be there, too. It answers for what it was asked for.
        """
        request = _request(payload)
        home = self._begin(context, request.asked_by)
        trigger = Trigger(TriggerKind.REACTOR, self.clock())
        hints: tuple[Hint, ...] = ()
        if isinstance(payload, dict) and "detail" in payload:
            event = event_of(mapping(payload["detail"]))
            trigger = Trigger(TriggerKind.IAM_EVENT, self.clock(), event)
            hints = edits(mapping(payload["detail"]), event, self._guard(home))
            ignored = self._why_not_kept(payload, home)
            if ignored is not None:
                self.journal.ignored(trigger, ignored, self.clock())
                return {"in_order": True, "errors": []}
        both = keepers(
            self.settings,
            self.session,
            home,
            report=lambda alarm: self.journal.alarm(alarm, trigger),
            with_group=request.with_group,
        )
        with self._flushing():
            run = both.keep(
                executor_of(self.settings.mode),
                trigger,
                hints=hints,
                clock=self.clock,
                record=self.journal.settled,
            )
            self.journal.permanent_failures(run)
        # Who asked for the guard alone need not wait for its group.
        by_event = trigger.kind is TriggerKind.IAM_EVENT
        concerned = run if by_event else asked(run, with_group=request.with_group)
        concerned.raise_unsettled()
        return answer(concerned)

    def _inspect(self, home: Home, stage: str) -> None:
        """Look for what no event can bring, such as a rule that hears nothing any more."""
        # Imported by sweeps alone: a reaction's cold start need not wait for it.
        from reactor.aws.inspection import AwsInspection  # noqa: PLC0415
        from reactor.inspection.facts import Stage  # noqa: PLC0415
        from reactor.inspection.poll import polled  # noqa: PLC0415

        try:
            alarms = polled(
                AwsInspection(self.session),
                self.session.gather,
                Stage(stage, home.partition, home.region, home.account),
                exempt_parameter=self.settings.exempt_parameter,
                patterns=rule_patterns(self.settings),
            )
        except Exception as error:  # noqa: BLE001 - it is told, and the users are looked at
            ours = as_ours(error)
            details = {"check": "inspection", "state": "unknown"}
            alarms = (Alarm(AlarmKind.REACTOR_IMPAIRED, str(ours), ours.remedy, details),)
        for alarm in alarms:
            self.journal.alarm(alarm)

    def _why_not_kept(self, payload: Mapping[str, Any], home: Home) -> str | None:
        foreign = cloudtrail.why_foreign(payload, home.account)
        if foreign is not None:
            return foreign
        document = guard_document(home.partition, home.account, self.settings)
        return why_in_order(mapping(payload["detail"]), self._guard(home), document)

    def _begin(self, context: LambdaContext, asked_by: object = None) -> Home:
        self.journal.begin(
            context.aws_request_id, stage=stage_of(context.function_name), asked_by=asked_by
        )
        return Home.of_function(context.invoked_function_arn)

    def _guard(self, home: Home) -> Guard:
        return Guard.of(self.settings, partition=home.partition, account=home.account)

    @property
    def _keeps_the_guard(self) -> bool:
        ours = not self.settings.guard_is_given or self.settings.guard_via is Via.GROUP
        return self.settings.mode is Mode.ENFORCE and ours

    def _keeper_asked(self, context: LambdaContext) -> Callable[[bool], None]:
        function = function_name(stage_of(context.function_name), Function.KEEPER)
        run = context.aws_request_id

        def ask(with_group: bool) -> None:
            ask_keeper(self.session.functions, function, with_group=with_group, asked_by=run)

        return once(ask)

    def _users(
        self, home: Home, context: LambdaContext, keep_guard: Callable[[bool], None]
    ) -> Users:
        function = function_name(stage_of(context.function_name), Function.SWEEP)
        run = context.aws_request_id
        return users_guardrail(
            self.settings,
            self.session,
            home,
            keep_guard=keep_guard,
            sweep_everyone=once(
                lambda: begin_sweep(
                    self.session.functions, function, asked_by=run, asked_at=self.clock()
                )
            ),
        )

    def _reconcile(self, cause: Cause, guardrail: Guardrail, *, spent: int = 0) -> Run:
        # In observe mode nothing is changed, so nobody waits.
        enforcing = self.settings.mode is Mode.ENFORCE
        brake = self.settings.max_remediations if enforcing else 0
        run = reconcile(
            cause,
            guardrail,
            execute=executor_of(self.settings.mode),
            clock=self.clock,
            brake=brake,
            spent=spent,
            record=self.journal.settled,
        )
        self.journal.held_back(run, brake)
        self.journal.permanent_failures(run)
        return run

    @contextmanager
    def _flushing(self) -> Iterator[None]:
        """Write the metrics, whatever becomes of the block."""
        try:
            yield
        finally:
            self.journal.flush()


@dataclass(frozen=True, slots=True)
class _Request:
    """What one of our functions says when it asks another; None where it does not say."""

    asked_by: str | None = None
    asked_at: datetime | None = None
    with_group: bool = False


def _request(payload: object) -> _Request:
    request = mapping(payload)
    return _Request(
        quoted(request.get("asked_by")),
        time_of(request.get("asked_at")),
        request.get("with_group") is True,
    )


def _looked_at_everybody(run: Run) -> bool:
    """Tell whether a sweep got as far as the users, whatever became of some of them."""
    return all(each.observation.subject.kind is not SubjectKind.EVERY_USER for each in run.settled)


def _refusal(ask: Callable[[], None]) -> ReactorError | None:
    try:
        ask()
    except ReactorError as error:
        return error
    return None


def own_roles(stage: str) -> frozenset[str]:
    """Return the names of a stage's roles: Chalice gives each the name of its function."""
    return frozenset(function_name(stage, each) for each in Function)
