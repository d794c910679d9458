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
from reactor.guardrails import Row
from reactor.inspection.findings import as_alarm
from reactor.inspection.queues import deaf
from reactor.invocation import Invocation
from reactor.leads import Lead, Nowhere, of_notice
from reactor.model import (
    Cause,
    Compliance,
    ComplianceNotice,
    Decision,
    Observation,
    Subject,
    Trigger,
    TriggerKind,
    Verdict,
)
from reactor.reconcile import Guardrail, Run, Settled, reconcile
from reactor.runtime import LookAtAll, executor_of
from reactor.triggers.compliance import Message, messages

# Up to so many are read one by one, in two round trips each. Of more, it is cheaper to read them
# together: a page for every few hundred users of the account; for buckets a list, and five calls
# each, a dozen buckets at a time.
MANY = 16
MOST_REASONS = 20  # of a message, why notices of it were not looked at; others are only counted


@dataclass(frozen=True, slots=True)
class Complying:
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
            asked = inv.session.begin(lambda: deaf_mappings(client, function, queue))
            mappings: list[str] = answer_of(asked())
        except ReactorError as error:
            raise Unsettled(f"{why}, and whether Lambda heeds that is not known") from error
        if not mappings:
            return
        finding = deaf(queue, mappings[0])
        inv.journal.alarm(as_alarm(finding))
        raise Unsettled(f"{why}: {finding.what}")


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A resource that must be looked at, and which message says so."""

    place: int  # of its message, in the batch
    message: str | None
    lead: Lead


@dataclass(slots=True)
class _Work:
    """What a payload's messages come to. `failed` says of those to try again, by place, why."""

    invocation: Invocation
    run: Run = field(default_factory=Run, init=False)
    failed: dict[int, str] = field(default_factory=dict, init=False)
    _guardrails: dict[str, Guardrail] = field(default_factory=dict, init=False)
    _time_to_read: Callable[[], bool] = field(init=False)

    def __post_init__(self) -> None:
        self._time_to_read = self.invocation.time_to_read()

    def settle(self, batch: Sequence[Message]) -> None:
        """Settle all messages, as far as they can be."""
        wanted: list[_Wanted] = []
        for place, message in enumerate(batch):
            wanted += self._read(place, message)
        for group in _grouped(wanted, by=_row_and_rule):
            together = group[0].lead.row.together
            # The same resource in several messages is looked at once.
            of_subject = list(_grouped(group, by=lambda each: each.lead.subject))
            if together is not None and len(of_subject) > MANY:
                self._settle_many(group, together([each[0].lead.subject for each in of_subject]))
            else:
                for alike in of_subject:
                    self._settle_one(alike)

    def _read(self, place: int, message: Message) -> list[_Wanted]:
        """Return what a message wants looked at; record what of it need not be, or is not ours."""
        inv = self.invocation
        found = [of_notice(item, inv.settings, inv.home.account) for item in message.items]
        ignored = Counter(Nowhere(None, why) for why in message.unread)
        ignored.update(each for each in found if isinstance(each, Nowhere))
        told = ignored.most_common(MOST_REASONS)
        # Of rubbish each piece may have a reason of its own: that must not fill the log.
        left = ignored.total() - sum(times for _, times in told)
        if left:
            told.append((Nowhere(None, "for other reasons"), left))
        for nowhere, times in told:
            said = nowhere.why if times == 1 else f"{times} notices: {nowhere.why}"
            inv.journal.ignored(self._trigger(nowhere.rule, message.id), said, inv.clock())
        return [_Wanted(place, message.id, each) for each in found if isinstance(each, Lead)]

    def _settle_one(self, wanted: Sequence[_Wanted]) -> None:
        """Look at one resource, and take note of what that means for its messages."""
        first = wanted[0]
        cause = Cause(self._trigger(first.lead.rule, first.message), first.lead.subject)
        if not self.invocation.has_time():
            settled = [_out_of_time(cause, self.invocation)]
            self.invocation.journal.settled(settled[0])
            self.run.settled += settled
        else:
            settled = self._reconcile(first.lead.row, cause)
        for each in settled:
            if each.unsettled:
                self._fail(wanted, each)

    def _settle_many(self, wanted: Sequence[_Wanted], subject: Subject) -> None:
        """Look at many resources in one go, and tell by their ids what became of each."""
        row, rule = wanted[0].lead.row, wanted[0].lead.rule
        settled = self._reconcile(row, Cause(self._trigger(rule, None), subject))
        by_id = {row.id_of(each): each for each in settled}
        # Where not all could be read, what stands for all of them says why.
        unread = [each for each in settled if each.observation.subject.kind is subject.kind]
        for each in wanted:
            known_as = each.lead.subject.id or each.lead.subject.name
            found = by_id.get(known_as) or next(iter(unread), None)
            if found is None or found.unsettled:
                self._fail([each], found)

    def _reconcile(self, row: Row, cause: Cause) -> list[Settled]:
        inv = self.invocation
        done = reconcile(
            cause,
            self._guardrail(row),
            execute=executor_of(inv.settings.mode),
            clock=inv.clock,
            pace=inv.pace(),
            record=inv.journal.settled,
        )
        self.run.settled += done.settled
        return done.settled

    def _guardrail(self, row: Row) -> Guardrail:
        """Return a row's guardrail, the same for all: it asks once what they all rest on."""
        if row.resource_type not in self._guardrails:
            at_all = LookAtAll(has_time=self._time_to_read, remembered=Remembered())
            self._guardrails[row.resource_type] = row.put_together(self.invocation, at_all)
        return self._guardrails[row.resource_type]

    def _fail(self, wanted: Sequence[_Wanted], settled: Settled | None) -> None:
        errors = () if settled is None else settled.errors
        why = errors[0] if errors else "it must be looked at once more"
        for each in wanted:
            self.failed.setdefault(each.place, shorten(why))

    def _trigger(self, rule: str | None, message: str | None) -> Trigger:
        notice = ComplianceNotice(rule, message)
        return Trigger(TriggerKind.COMPLIANCE, self.invocation.clock(), notice=notice)


def _row_and_rule(wanted: _Wanted) -> Hashable:
    return wanted.lead.row.resource_type, wanted.lead.rule


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
