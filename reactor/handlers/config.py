"""The function `config`: evaluates what a rule of AWS Config asks about, and does nothing else.

    invocation -> whom it concerns -> reconcile, performing nothing -> evaluations -> AWS Config

Acting is the other triggers' work. Who could not be judged is not reported, for AWS Config takes no
INSUFFICIENT_DATA; the others are, and then the invocation raises, so that Lambda tries again. What
was asked for and told is recorded whatever becomes of it.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reactor.aws.config import AwsConfig
from reactor.aws.deadlines import LAST_SECONDS, SHARE_OF_SHORT
from reactor.aws.iam import Remembered
from reactor.errors import (
    OutOfTime,
    Permanent,
    ReactorError,
    SettingError,
    Transient,
    Unsettled,
    shorten,
)
from reactor.evaluations.evaluation import Evaluation, evaluation, not_applicable
from reactor.evaluations.in_time import InTime
from reactor.evaluations.ports import ConfigService
from reactor.evaluations.refusals import Refusals
from reactor.evaluations.reporting import report
from reactor.guardrails import Row, evaluated, of_type
from reactor.invocation import Invocation
from reactor.leads import not_ours
from reactor.model import Alarm, AlarmKind, Cause, Resource, Subject, Trigger, TriggerKind
from reactor.reconcile import Guardrail, Run, Settled, reconcile, report_only
from reactor.runtime import LookAtAll
from reactor.sweeps.counts import is_quiet
from reactor.triggers.config import MEND_THE_RULE, Asked, of_rule, parse
from reactor.triggers.records import mapping, quoted

REPORT_SECONDS = (
    60.0  # of the function's time: some 50 calls for 5,000 users, and the further tries
)
SHARE_TO_REPORT = 4  # where the function has less than four minutes, a quarter of what it has


@dataclass(frozen=True, slots=True)
class Evaluating:
    """One invocation of the function. `sleep` is for what AWS Config did not take at once.

    `refusals` are those that the environment has told of.
    """

    invocation: Invocation
    refusals: Refusals
    sleep: Callable[[float], None] = time.sleep

    def run(self, payload: object) -> None:
        """Evaluate and report. Raises Unsettled when somebody could not be judged, or reported.

        What is no invocation by AWS Config, and a rule whose parameters are wrong, raises an alarm
        instead, and nothing is reported: another try would end alike. So does a rule that takes no
        results, or none any more.
        """
        inv = self.invocation
        with inv.flushing():
            try:
                asked = parse(payload, account=inv.home.account)
                inv = _by_rule(inv, asked)
            except (Permanent, SettingError) as error:
                self._refuse(error, payload)
                return
            work = _Work.of(inv, asked)
            try:
                work.evaluate(self.sleep)
            except Permanent as error:
                self._refuse(error, payload)
        work.raise_unsettled()

    def _refuse(self, error: Permanent | SettingError, payload: object) -> None:
        """Raise an alarm, once an hour for the same; what comes in between is recorded."""
        inv, trigger = self.invocation, _trigger(self.invocation)
        remedy = error.remedy if isinstance(error, Permanent) else MEND_THE_RULE
        rule = quoted(mapping(payload).get("configRuleName"))
        if self.refusals.is_news(rule, str(error), inv.clock()):
            alarm = Alarm(AlarmKind.CONFIG_RULE_REFUSED, str(error), remedy, {"rule": rule})
            inv.journal.alarm(alarm, trigger)
        else:
            why = f"refused as before, and an alarm has told of it: {shorten(error)}"
            inv.journal.ignored(trigger, why, inv.clock())


@dataclass(slots=True)
class _Work:
    """What an invocation asks for, on its way to its evaluations.

    `errors` are all that went wrong but with subjects, which have theirs in `run`. Of its time,
    `reserve` seconds are to report, and `last` to end.
    """

    invocation: Invocation
    asked: Asked
    service: ConfigService
    last: float
    reserve: float
    run: Run = field(default_factory=Run, init=False)
    evaluations: list[Evaluation] = field(default_factory=list, init=False)
    taken: tuple[Evaluation, ...] = field(default=(), init=False)
    errors: list[ReactorError] = field(default_factory=list, init=False)
    trigger: Trigger = field(init=False)

    @classmethod
    def of(cls, invocation: Invocation, asked: Asked) -> "_Work":
        """Begin it: share the time that there is."""
        seconds, session = invocation.seconds_left(), invocation.session
        reserve = min(REPORT_SECONDS, seconds / SHARE_TO_REPORT)
        service = InTime(
            AwsConfig(session.config),
            session.begin,
            lambda: max(0.0, invocation.seconds_left() - reserve),
        )
        return cls(invocation, asked, service, min(LAST_SECONDS, seconds / SHARE_OF_SHORT), reserve)

    def __post_init__(self) -> None:
        self.trigger = _trigger(self.invocation)

    def evaluate(self, sleep: Callable[[float], None]) -> None:
        """Judge what is asked about, and report it. Raises Permanent when nobody takes results.

        Either way it is recorded what AWS Config was told, and who could not be judged.
        """
        inv = self.invocation
        try:
            self._judge()
            self._report(sleep)
        except Permanent as error:
            self.errors.append(error)
            raise
        finally:
            inv.journal.permanent_failures(self.run)
            told = Counter(each.compliance for each in self.taken)
            inv.journal.evaluated(
                self.asked.describe(), told, self.errors, self.trigger, inv.clock()
            )

    def raise_unsettled(self) -> None:
        """Raise Unsettled when another try may judge, or report, more."""
        self.run.raise_unsettled()
        for each in self.errors:
            if isinstance(each, Transient):
                raise Unsettled(str(each)) from each

    def has_time(self) -> bool:
        """Tell whether there is time to read more."""
        return self.invocation.seconds_left() > self.reserve

    def _judge(self) -> None:
        if self.asked.resource is None:
            for row in evaluated(self.invocation.settings):
                self._judge_all(row)
        else:
            self._judge_one(self.asked.resource)

    def _report(self, sleep: Callable[[float], None]) -> None:
        done = report(
            self.service,
            self.asked.token,
            self.evaluations,
            seconds_left=lambda: self.invocation.seconds_left() - self.last,
            sleep=sleep,
        )
        self.taken = done.taken
        if isinstance(done.error, Permanent):
            raise done.error
        self.errors += [] if done.error is None else [done.error]

    def _judge_one(self, resource: Resource) -> None:
        row = of_type(resource.type, evaluated(self.invocation.settings))
        over = self.asked.over
        if row is None:
            over = not_ours(resource.type)
        elif over is None:
            self._judge_subject_of(row, resource)
            return
        elif resource.type != row.resource_type:
            return  # it merely led to others, and leads to nobody any more
        self.evaluations.append(not_applicable(resource.type, resource.id, over, self.asked.at))

    def _judge_subject_of(self, row: Row, resource: Resource) -> None:
        try:
            found, subject = self._found(row, resource)
        except Transient as error:
            self.errors.append(error)
            return
        guardrail = row.put_together(self.invocation, LookAtAll(has_time=self.has_time))
        cause = Cause(self.trigger, subject, row.hints_of(found, subject))
        self._reconcile(row, guardrail, cause)

    def _found(self, row: Row, resource: Resource) -> tuple[Resource, Subject]:
        """Return a resource's subject; its item is read where what came does not lead to one.

        An item that is too large comes as a summary, which need not have everything.
        """
        lead, account = row.subjects[resource.type], self.invocation.home.account
        subject = lead(resource, account)
        if subject is not None:
            return resource, subject
        latest = self.service.latest(resource)
        subject = None if latest is None else lead(latest, account)
        if latest is None or subject is None:
            raise Transient(
                f"AWS Config does not say which {resource.type} is {resource.id}",
                remedy="nothing: it is tried again, and on its schedule everything is evaluated",
            )
        return latest, subject

    def _judge_all(self, row: Row) -> None:
        if row.everything is None:
            return
        inv = self.invocation
        inv.session.meter.keep_pace(
            reads=inv.settings.sweep_reads_per_second, writes=inv.settings.sweep_writes_per_second
        )
        at_all = LookAtAll(has_time=self.has_time, remembered=Remembered())
        guardrail = row.put_together(inv, at_all)
        everything = Subject(row.everything, inv.home.account)
        seen = self._reconcile(row, guardrail, Cause(self.trigger, everything))
        # Where not everybody was read, who is missing need not be gone.
        if all(each.observation.subject.kind is not row.everything for each in seen):
            self._judge_missing(row, guardrail, frozenset(map(row.id_of, seen)))

    def _judge_missing(self, row: Row, guardrail: Guardrail, seen: frozenset[str | None]) -> None:
        """Judge those whom the rule has a result for, and who were not among all there are.

        One by one, and on another read: a user who is renamed meanwhile may be missing in bulk.
        When that fails for one, it would fail for the others: they wait for a further try.
        """
        missing = sorted(self._held(row) - seen)
        lead, account = row.subjects[row.resource_type], self.invocation.home.account
        for place, each in enumerate(missing):
            left = len(missing) - place
            if not self.has_time():
                self.errors.append(OutOfTime(f"there was no time left for {left} who may be gone"))
                return
            subject = lead(Resource(row.resource_type, each), account)
            if subject is None:
                continue
            done = self._reconcile(row, guardrail, Cause(self.trigger, subject))
            if any(one.observation.error is not None for one in done):
                return  # which is among the run's subjects, and raises

    def _held(self, row: Row) -> frozenset[str]:
        """Return whom the rule has a result for; nobody when that cannot be read."""
        try:
            if not self.has_time():
                raise OutOfTime("there was no time left to look for who is gone")
            return self.service.evaluated(self.asked.rule, row.resource_type)
        except Transient as error:
            self.errors.append(error)
            return frozenset()

    def _reconcile(self, row: Row, guardrail: Guardrail, cause: Cause) -> list[Settled]:
        """Have a cause's subjects judged and nothing done, and take their evaluations."""
        inv = self.invocation

        def record(each: Settled) -> None:
            if each.observation.swept and is_quiet(each):
                inv.journal.in_order(each)
            else:
                inv.journal.settled(each)

        done = reconcile(cause, guardrail, execute=report_only, clock=inv.clock, record=record)
        self.run.settled += done.settled
        for each in done.settled:
            unique_id = row.id_of(each)
            if unique_id is not None:
                verdict = each.decision.verdict
                found = evaluation(row.resource_type, unique_id, verdict, self.asked.at)
                self.evaluations += [] if found is None else [found]
        return done.settled


def _by_rule(invocation: Invocation, asked: Asked) -> Invocation:
    """Return it by the rule's settings. Raises as `of_rule`."""
    if asked.overrides and invocation.outbox is not None:
        # Who is amiss by this rule need not be so by the stage, whose findings the sweeps close.
        invocation.outbox.findings = False
    return replace(invocation, settings=of_rule(invocation.settings, asked))


def _trigger(invocation: Invocation) -> Trigger:
    return Trigger(TriggerKind.CONFIG, invocation.clock())
