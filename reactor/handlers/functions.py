"""The Lambda functions' work: one method of `FunctionReactor` a function.

Each reads its payload, has reactor.reconcile do the rest, and raises when Lambda should try again.
What one of them needs alone it imports when it is invoked: the cold start of `react` is what keeps
a user unguarded (benches/importing.py).
"""

# ruff: noqa: PLC0415 - see above

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from reactor.audit import Journal
from reactor.aws.account import AwsSession
from reactor.invocation import Invocation, LambdaContext, Request
from reactor.names import Function, function_name
from reactor.reconcile import Clock, Run, reconcile
from reactor.runtime import LookAtAll, executor_of, now
from reactor.settings import Lift, Settings
from reactor.triggers import cloudtrail
from reactor.users.alarms import taken_off_by_us
from reactor.users.rules import guard_holds
from reactor.users.state import UserState

if TYPE_CHECKING:
    from reactor.users.policies import Kept


Kind = TypeVar("Kind")


class Memory:
    """What an environment remembers from one invocation to the next, made when first asked for."""

    def __init__(self) -> None:
        self._kept: dict[type[Any], Any] = {}

    def of(self, kind: type[Kind], make: Callable[[], Kind] | None = None) -> Kind:
        """Return the one that there is of a kind."""
        if kind not in self._kept:
            self._kept[kind] = kind() if make is None else make()
        found: Kind = self._kept[kind]
        return found


@dataclass(frozen=True, slots=True)
class FunctionReactor:
    """The reactor inside a Lambda function: one method a trigger."""

    settings: Settings
    session: AwsSession
    journal: Journal
    clock: Clock = now
    kept: "Kept" = field(default_factory=dict)  # what AWS's own policies say, once they were read
    memory: Memory = field(default_factory=Memory)
    urls: re.Pattern[str] | None = None  # of webhooks, other than Slack's: for tests alone

    def react(self, payload: object, context: LambdaContext) -> None:
        """Handle an EventBridge delivery of an IAM event, or of a change to the exemption list.

        Raises Unsettled when a subject must be tried again; Lambda then does.
        """
        inv = self._begin(context)
        reading = cloudtrail.parse(
            payload, account=inv.home.account, received_at=self.clock(), settings=self.settings
        )
        if reading.ignored is not None:
            self.journal.ignored(reading.trigger, reading.ignored, self.clock())
            return
        # Of a group of thousands not all can be read in time.
        users = inv.users(LookAtAll(has_time=inv.time_to_read()))
        users.observer.bulk.to_ask = _unguarded_first
        run = Run()
        with inv.flushing():
            for cause in reading.causes:
                done = reconcile(
                    cause,
                    users,
                    execute=executor_of(self.settings.mode),
                    clock=self.clock,
                    pace=inv.pace(),
                    record=self.journal.settled,
                )
                self.journal.permanent_failures(done)
                run.settled += done.settled
            self._tell_of_our_own(run, inv.stage)
        run.raise_unsettled()

    def buckets(self, payload: object, context: LambdaContext) -> None:
        """Handle an EventBridge delivery of an S3 event that may make a bucket public.

        Or look at every bucket, because an operator says so (reactor.buckets.events.LOOK_AT_ALL).
        Of an event about the whole account so many buckets are changed as the brake lets, and an
        alarm tells of the others; a look that began after the event will do. Raises Unsettled as
        `react` does.
        """
        from reactor.handlers.buckets import Looking, Looks
        from reactor.sweeps.coalescing import Coalescer

        looks = self.memory.of(Looks, lambda: Looks(Coalescer(self.clock)))
        Looking(self._begin(context), looks).run(payload)

    def watch(self, payload: object, context: LambdaContext) -> None:
        """Raise the alarms that an event is reason for; change nothing."""
        from reactor.watch.watch import look

        inv = self._begin(context)
        seen = look(
            payload,
            account=inv.home.account,
            stage=inv.stage,
            settings=self.settings,
            guard=inv.guard,
            received_at=self.clock(),
        )
        with inv.flushing():
            for alarm in seen.alarms:
                self.journal.alarm(alarm, seen.trigger)
        if seen.ignored is not None:
            self.journal.ignored(seen.trigger, seen.ignored, self.clock())

    def sweep(self, payload: object, context: LambdaContext) -> None:
        """Look at every user, at the guard, and at the reactor itself.

        On the schedule, or because another function asked for it; then a sweep that began after the
        request will do. Or a sweep goes on that did not fit into one invocation; what does not fit
        into this one either is handed on. Raises Unsettled as `react` does.
        """
        from reactor.handlers.sweep import Sweeping
        from reactor.sweeps.coalescing import Coalescer
        from reactor.sweeps.drift import Drift

        sweeps = self.memory.of(Coalescer, lambda: Coalescer(self.clock))
        Sweeping(self._begin(context, payload), sweeps, self.memory.of(Drift)).run(payload)

    def evaluate(self, payload: object, context: LambdaContext) -> None:
        """Evaluate what a rule of AWS Config asks about, and change nothing.

        Raises Unsettled when somebody could not be judged, or not be reported.
        """
        from reactor.evaluations.refusals import Refusals
        from reactor.handlers.config import Evaluating

        Evaluating(self._begin(context), self.memory.of(Refusals)).run(payload)

    def comply(self, payload: object, context: LambdaContext) -> dict[str, object]:
        """Settle notices of what rules of AWS Config found, each message on its own.

        Answers which messages of a queue are to come back. Raises Unsettled when a notice that came
        another way must be tried again, or when nobody would heed that answer.
        """
        from reactor.handlers.compliance import Complying

        return Complying(self._begin(context)).run(payload)

    def keep(self, payload: object, context: LambdaContext) -> dict[str, object]:
        """Bring the guard into order, and say whether it is. Raises Unsettled as `react` does.

        Woken by an event about the guard or its group, or asked by another function. Of the
        latter's payload no more is read than `asked_by`, for the record, and `with_group`: whether
        the group must be there, too. It answers for what it was asked for.
        """
        from reactor.handlers.keep import Keeping

        with_group = Request.of(payload).with_group
        return Keeping(self._begin(context, payload)).run(payload, with_group=with_group)

    def notify(self, payload: object, context: LambdaContext) -> None:
        """Tell people and tools what the other functions hand over.

        Raises Unsettled when nobody could be told anything, and another try may help.
        """
        from reactor.handlers.notify import Notifying
        from reactor.notify.kept import Kept as KeptToTell
        from reactor.notify.webhook import SLACK_URL

        inv = self._begin(context, payload, tells=False)
        Notifying(inv, self.memory.of(KeptToTell), self.urls or SLACK_URL).run(payload)

    def _begin(
        self, context: LambdaContext, payload: object = None, *, tells: bool = True
    ) -> Invocation:
        self.journal.listener = None  # an invocation before may have ended in the middle
        inv = replace(
            Invocation.begin(self.settings, self.session, self.journal, self.clock, context),
            kept=self.kept,
        )
        if tells and self.settings.tells:
            from reactor.notify.digests import Told

            inv = inv.telling(self.memory.of(Told))
        self.journal.begin(inv.run, stage=inv.stage, asked_by=Request.of(payload).asked_by)
        return inv

    def _tell_of_our_own(self, run: Run, stage: str) -> None:
        """Raise an alarm where the guard was taken off by a role of ours, which never does that."""
        lifts = self.settings.lift is not Lift.NEVER
        for each in run.settled:
            alarm = taken_off_by_us(
                each, own_roles(stage), lifts=lifts, via=self.settings.guard_via
            )
            if alarm is not None:
                self.journal.alarm(alarm, each.cause.trigger)


def _unguarded_first(users: list[UserState]) -> list[UserState]:
    """Order those who are asked about, so that a further try gets further than the one before."""
    return sorted(users, key=guard_holds)


def own_roles(stage: str) -> frozenset[str]:
    """Return the names of a stage's roles: Chalice gives each the name of its function."""
    return frozenset(function_name(stage, each) for each in Function)
