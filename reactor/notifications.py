"""The function `compliance`: notices of what rules of AWS Config found, each settled on its own.

    payload -> messages -> notices -> reconcile -> messages that are settled, or come back

A notice says whom to look at; what is done follows from what AWS says now, as on any event, so that
a forged one can do no more. What is not ours, or cannot be read, is recorded and settled: another
try would end alike. A message comes back when something of it may be settled by another try.

How it comes back is up to who brought it. Lambda tries an event, or what a topic sent, again when
we raise. Of a queue's batch it gives back what our answer names, if the mapping has
ReportBatchItemFailures; else it deletes the batch, and an answer would lose messages. So before we
give such an answer we see whether it is heeded, and raise if it is not: then all of the batch comes
back, and what was settled is looked at once more for nothing.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from reactor.aws.functions import deaf_mappings
from reactor.aws.iam import Remembered
from reactor.errors import OutOfTime, ReactorError, Unsettled, shorten
from reactor.gathering import answer_of
from reactor.guardrails import Row, of_type
from reactor.invocation import Invocation
from reactor.model import (
    Alarm,
    AlarmKind,
    Cause,
    Compliance,
    Decision,
    Notice,
    Observation,
    Resource,
    Subject,
    Trigger,
    TriggerKind,
    Verdict,
)
from reactor.reconcile import Guardrail, Pace, Run, Settled, reconcile
from reactor.runtime import LookAtAll, executor_of
from reactor.sweeps.sweeper import RESERVE_SECONDS
from reactor.triggers.compliance import Item, Message, messages, rule_of, why_not_looked_at

# Up to so many are read one by one, in two round trips each. Of more, bulk data is cheaper: a page
# for every few hundred users of the account.
MANY = 16
SHARE_FOR_READS = 0.5  # of the time, for bulk reads; the rest is for changes
MOST_REASONS = 20  # of a message, why notices of it were not looked at; others are only counted


@dataclass(frozen=True, slots=True)
class Notifications:
    """One invocation of the function."""

    invocation: Invocation

    def run(self, payload: object) -> dict[str, object]:
        """Settle what a payload brings, and answer which messages of a queue are to come back.

        Raises Unsettled when a message that no answer can give back must be tried again.
        """
        inv = self.invocation
        batch = messages(payload)
        work = _Work(inv)
        with inv.flushing():
            work.settle(batch)
            inv.journal.permanent_failures(work.run)
            return self._answer(batch, work.failed)

    def _answer(self, batch: Sequence[Message], failed: Mapping[int, str]) -> dict[str, object]:
        back = [batch[place] for place in sorted(failed)]
        why = f"{len(back)} of {len(batch)} messages must be tried again"
        if not all(each.id and each.queue for each in back):
            raise Unsettled(f"{why}; the first: {failed[min(failed)]}")
        for queue in sorted({each.queue for each in back if each.queue}):
            self._require_heeded(queue, why)
        ids = dict.fromkeys(each.id for each in back)
        return {"batchItemFailures": [{"itemIdentifier": each} for each in ids]}

    def _require_heeded(self, queue: str, why: str) -> None:
        """Raise Unsettled where an answer that gives messages back would not be heeded."""
        inv = self.invocation
        function, client = inv.context.invoked_function_arn, inv.session.function_settings
        try:
            deaf = answer_of(inv.session.begin(lambda: deaf_mappings(client, function, queue))())
        except ReactorError as error:
            raise Unsettled(f"{why}, and whether Lambda heeds that is not known") from error
        if not deaf:
            return
        what = f"the event source mapping of {queue} has no ReportBatchItemFailures"
        inv.journal.alarm(
            Alarm(
                AlarmKind.REACTOR_IMPAIRED,
                what,
                f"aws lambda update-event-source-mapping --uuid {deaf[0]} --function-response-types"
                " ReportBatchItemFailures; until then one notice that fails brings back all of its"
                " batch",
                {"check": "batch-item-failures", "state": "failed"},
            )
        )
        raise Unsettled(f"{why}: {what}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A resource that must be looked at: which message says so, and by which rule."""

    place: int  # of its message, in the batch
    message: str | None
    rule: str
    row: Row
    subject: Subject


@dataclass(slots=True)
class _Work:
    """What a payload's messages come to. `failed` says of those to try again, by place, why."""

    invocation: Invocation
    run: Run = field(default_factory=Run, init=False)
    failed: dict[int, str] = field(default_factory=dict, init=False)
    _guardrails: dict[str, Guardrail] = field(default_factory=dict, init=False)
    _reads_until: float = field(init=False)

    def __post_init__(self) -> None:
        self._reads_until = self.invocation.seconds_left() * (1 - SHARE_FOR_READS)

    def settle(self, batch: Sequence[Message]) -> None:
        """Settle all messages, as far as they can be."""
        wanted: list[_Wanted] = []
        for place, message in enumerate(batch):
            wanted += self._read(place, message)
        for group in _grouped(wanted, by=lambda each: (each.row.resource_type, each.rule)):
            together = group[0].row.together
            # The same resource in several messages is looked at once.
            of_subject = list(_grouped(group, by=lambda each: each.subject))
            if together is not None and len(of_subject) > MANY:
                self._settle_many(group, together([each[0].subject for each in of_subject]))
            else:
                for alike in of_subject:
                    self._settle_one(alike)

    def _read(self, place: int, message: Message) -> list[_Wanted]:
        """Return what a message wants looked at; record what of it need not be, or is not ours."""
        found = [self._wanted(place, message, item) for item in message.items]
        ignored = Counter[tuple[str | None, str]]((None, why) for why in message.unread)
        ignored.update(each for each in found if not isinstance(each, _Wanted))
        told = ignored.most_common(MOST_REASONS)
        # Of rubbish each piece may have a reason of its own: that must not fill the log.
        left = ignored.total() - sum(times for _, times in told)
        if left:
            told.append(((None, "for other reasons"), left))
        for (rule, why), times in told:
            said = why if times == 1 else f"{times} notices: {why}"
            trigger = self._trigger(rule, message.id)
            self.invocation.journal.ignored(trigger, said, self.invocation.clock())
        return [each for each in found if isinstance(each, _Wanted)]

    def _wanted(self, place: int, message: Message, item: Item) -> _Wanted | tuple[str | None, str]:
        """Return what an item wants looked at, or by which rule and why nothing."""
        inv = self.invocation
        rules, account = inv.settings.config_rules, inv.home.account
        rule = rule_of(item, rules)
        why = why_not_looked_at(item, rules=rules, account=account)
        row = of_type(item.resource_type, inv.settings)
        if why is not None or rule is None:
            return rule, why or "it is another rule's"
        if row is None:
            return rule, f"mfa-reactor looks after no resources of type {item.resource_type}"
        resource = Resource(item.resource_type, item.resource_id, region=item.region)
        subject = row.subjects[item.resource_type](resource, account)
        if subject is None:
            return rule, f"its id alone does not lead to anything of type {item.resource_type}"
        return _Wanted(place, message.id, rule, row, subject)

    def _settle_one(self, wanted: Sequence[_Wanted]) -> None:
        """Look at one resource, and take note of what that means for its messages."""
        first = wanted[0]
        cause = Cause(self._trigger(first.rule, first.message), first.subject)
        if not self._has_time():
            settled = [_out_of_time(cause, self.invocation)]
            self.invocation.journal.settled(settled[0])
            self.run.settled += settled
        else:
            settled = self._reconcile(first.row, cause)
        for each in settled:
            if each.unsettled:
                self._fail(wanted, each)

    def _settle_many(self, wanted: Sequence[_Wanted], subject: Subject) -> None:
        """Look at many resources in one go, and tell by their ids what became of each."""
        first = wanted[0]
        settled = self._reconcile(first.row, Cause(self._trigger(first.rule, None), subject))
        by_id = {first.row.id_of(each): each for each in settled}
        # Where not all could be read, what stands for all of them says why.
        unread = [each for each in settled if each.observation.subject.kind is subject.kind]
        for each in wanted:
            found = by_id.get(each.subject.id) or next(iter(unread), None)
            if found is None or found.unsettled:
                self._fail([each], found)

    def _reconcile(self, row: Row, cause: Cause) -> list[Settled]:
        inv = self.invocation
        done = reconcile(
            cause,
            self._guardrail(row),
            execute=executor_of(inv.settings.mode),
            clock=inv.clock,
            pace=Pace(inv.session.stream, self._has_time),
            record=inv.journal.settled,
        )
        self.run.settled += done.settled
        return done.settled

    def _guardrail(self, row: Row) -> Guardrail:
        """Return a row's guardrail, the same for all: it asks once what they all rest on."""
        if row.resource_type not in self._guardrails:
            at_all = LookAtAll(has_time=self._has_time_to_read, remembered=Remembered())
            self._guardrails[row.resource_type] = row.put_together(self.invocation, at_all)
        return self._guardrails[row.resource_type]

    def _has_time(self) -> bool:
        """Tell whether there is time for another one, and to say what is left."""
        return self.invocation.seconds_left() > RESERVE_SECONDS

    def _has_time_to_read(self) -> bool:
        return self.invocation.seconds_left() > self._reads_until

    def _fail(self, wanted: Sequence[_Wanted], settled: Settled | None) -> None:
        errors = () if settled is None else settled.errors
        why = errors[0] if errors else "it must be looked at once more"
        for each in wanted:
            self.failed.setdefault(each.place, shorten(why))

    def _trigger(self, rule: str | None, message: str | None) -> Trigger:
        notice = Notice(rule, message)
        return Trigger(TriggerKind.COMPLIANCE, self.invocation.clock(), notice=notice)


def _grouped(
    wanted: Iterable[_Wanted], by: Callable[[_Wanted], Hashable]
) -> Iterable[list[_Wanted]]:
    """Return what is wanted in groups, in the order in which they began."""
    groups: dict[Hashable, list[_Wanted]] = {}
    for each in wanted:
        groups.setdefault(by(each), []).append(each)
    return groups.values()


def _out_of_time(cause: Cause, invocation: Invocation) -> Settled:
    error = OutOfTime()
    verdict = Verdict(Compliance.INSUFFICIENT_DATA, "not-read", (str(error),))
    seen: Observation[Any] = Observation(cause.subject, None, error=error)
    return Settled(cause, seen, Decision(verdict), (), invocation.clock())
