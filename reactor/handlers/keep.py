"""The keeper function: the guard and its group brought into order, and whether they are."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reactor.guard.document import guard_document
from reactor.guard.events import edits, why_in_order
from reactor.guard.keepers import answer, asked
from reactor.invocation import Invocation
from reactor.model import Hint, Trigger, TriggerKind
from reactor.reconcile import Pace
from reactor.runtime import executor_of, keepers
from reactor.triggers import cloudtrail
from reactor.triggers.records import event_of, mapping


@dataclass(frozen=True, slots=True)
class Keeping:
    """One invocation of the keeper."""

    invocation: Invocation

    def run(self, payload: object, *, with_group: bool) -> dict[str, object]:
        """Bring the guard into order, with its group where that is asked for.

        Answers for what it was asked for, all where an event woke it. Raises Unsettled when another
        try may help.
        """
        inv = self.invocation
        trigger = Trigger(TriggerKind.REACTOR, inv.clock())
        hints: tuple[Hint, ...] = ()
        if isinstance(payload, dict) and "detail" in payload:
            event = event_of(mapping(payload["detail"]))
            trigger = Trigger(TriggerKind.IAM_EVENT, inv.clock(), event)
            hints = edits(mapping(payload["detail"]), event, inv.guard)
            ignored = self._why_not_kept(payload)
            if ignored is not None:
                inv.journal.ignored(trigger, ignored, inv.clock())
                return {"in_order": True, "errors": []}
        both = keepers(
            inv.settings,
            inv.session,
            inv.home,
            report=lambda alarm: inv.journal.alarm(alarm, trigger),
            with_group=with_group,
        )
        by_event = trigger.kind is TriggerKind.IAM_EVENT
        with inv.flushing(is_waited_for=not by_event):
            run = both.keep(
                executor_of(inv.settings.mode),
                trigger,
                hints=hints,
                clock=inv.clock,
                record=inv.journal.settled,
                pace=Pace(inv.session.stream),
            )
            inv.journal.permanent_failures(run)
        # Who asked for the guard alone need not wait for its group.
        concerned = run if by_event else asked(run, with_group=with_group)
        concerned.raise_unsettled()
        return answer(concerned)

    def _why_not_kept(self, payload: Mapping[str, Any]) -> str | None:
        home = self.invocation.home
        foreign = cloudtrail.why_foreign(payload, home.account)
        if foreign is not None:
            return foreign
        document = guard_document(home.partition, home.account, self.invocation.settings)
        return why_in_order(mapping(payload["detail"]), self.invocation.guard, document)
