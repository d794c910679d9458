"""The function `config`: evaluates what a rule of AWS Config asks about, and does nothing else.

    invocation -> whom it concerns -> reconcile, performing nothing -> evaluations -> AWS Config

Acting is the other triggers' work. Who could not be judged is not reported, for AWS Config takes no
INSUFFICIENT_DATA; the others are, and then the invocation raises, so that Lambda tries again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from reactor.aws.config import AwsConfig
from reactor.aws.iam import Remembered
from reactor.compliance.evaluations import Evaluation, evaluation, not_applicable
from reactor.compliance.ports import ConfigService
from reactor.compliance.reporting import report
from reactor.errors import Permanent, ReactorError, SettingError, Transient, Unsettled
from reactor.guardrails import Row, of_type, wanted
from reactor.invocation import Invocation
from reactor.model import Alarm, AlarmKind, Cause, Resource, Subject, Trigger, TriggerKind
from reactor.reconcile import Guardrail, Run, Settled, reconcile, report_only
from reactor.runtime import LookAtAll
from reactor.sweeps.counts import is_quiet
from reactor.triggers.config import Asked, of_rule, parse
from reactor.triggers.records import mapping, quoted

REPORT_SECONDS = (
    60.0  # of the function's time: some 50 calls for 5,000 users, and the further tries
)
SHARE_TO_REPORT = 4  # where the function has less than four minutes, a quarter of what it has
_MEND_THE_RULE = (
    "mend the rule's InputParameters (docs/config.md has them), deploy it, and have it evaluate:"
    " aws configservice start-config-rules-evaluation"
)


@dataclass(frozen=True, slots=True)
class Evaluating:
    """One invocation of the function. `sleep` is for what AWS Config did not take at once."""

    invocation: Invocation
    sleep: Callable[[float], None] = time.sleep

    def run(self, payload: object) -> None:
        """Evaluate and report. Raises Unsettled when somebody could not be judged, or reported.

        What is no invocation by AWS Config, and a rule whose parameters are wrong, raises an alarm
        instead, and nothing is reported: another try would end alike.
        """
        inv = self.invocation
        with inv.flushing():
            try:
                asked = parse(payload, account=inv.home.account)
                inv = _by_rule(inv, asked)
                work = _Work(inv, asked, AwsConfig(inv.session.config))
                work.judge()
                work.report(self.sleep)
            except (Permanent, SettingError) as error:
                self._refuse(error, payload)
                return
        work.raise_unsettled()

    def _refuse(self, error: Permanent | SettingError, payload: object) -> None:
        remedy = error.remedy if isinstance(error, Permanent) else _MEND_THE_RULE
        rule = quoted(mapping(payload).get("configRuleName"))
        alarm = Alarm(AlarmKind.CONFIG_RULE_REFUSED, str(error), remedy, {"rule": rule})
        self.invocation.journal.alarm(alarm, _trigger(self.invocation))


@dataclass(slots=True)
class _Work:
    """What an invocation asks for, on its way to its evaluations."""

    invocation: Invocation
    asked: Asked
    service: ConfigService
    run: Run = field(default_factory=Run, init=False)
    evaluations: list[Evaluation] = field(default_factory=list, init=False)
    failures: list[ReactorError] = field(default_factory=list, init=False)
    has_time: Callable[[], bool] = field(init=False)
    trigger: Trigger = field(init=False)

    def __post_init__(self) -> None:
        inv = self.invocation
        reserve = min(REPORT_SECONDS, inv.seconds_left() / SHARE_TO_REPORT)
        self.has_time = lambda: inv.seconds_left() > reserve
        self.trigger = _trigger(inv)

    def judge(self) -> None:
        """Judge what is asked about."""
        if self.asked.resource is None:
            for row in wanted(self.invocation.settings):
                self._judge_all(row)
        else:
            self._judge_one(self.asked.resource)
        self.invocation.journal.permanent_failures(self.run)

    def report(self, sleep: Callable[[float], None]) -> None:
        """Report what was judged. Raises Permanent when AWS Config takes nothing of it."""
        try:
            report(self.service, self.asked.token, self.evaluations, sleep=sleep)
        except Transient as error:
            self.failures.append(error)
        self.invocation.journal.evaluated(
            self.asked, self.evaluations, self.failures, self.trigger, self.invocation.clock()
        )

    def raise_unsettled(self) -> None:
        """Raise Unsettled when another try may judge, or report, more."""
        if self.failures:
            raise Unsettled(str(self.failures[0])) from self.failures[0]
        self.run.raise_unsettled()

    def _judge_one(self, resource: Resource) -> None:
        row = of_type(resource.type, self.invocation.settings)
        over = self.asked.over
        if row is None:
            over = f"mfa-reactor looks after no resources of type {resource.type}"
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
            self.failures.append(error)
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
        """
        try:
            held = self.service.evaluated(self.asked.rule, row.resource_type)
        except Transient as error:
            self.failures.append(error)
            return
        lead, account = row.subjects[row.resource_type], self.invocation.home.account
        for each in sorted(held - seen):
            subject = lead(Resource(row.resource_type, each), account)
            if subject is not None:
                self._reconcile(row, guardrail, Cause(self.trigger, subject))

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
