"""One run over users with the operator's credentials, as a sweep of the deployed reactor does it.

Users asked for by name are judged as a sweep judges them, too: one without any credential is not
taken for one that is being deleted, because no event says so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reactor.cli import output
from reactor.guard.keepers import asked
from reactor.model import (
    Action,
    Cause,
    Decision,
    Observation,
    Outcome,
    Subject,
    SubjectKind,
    Trigger,
    TriggerKind,
)
from reactor.reconcile import Brake, Executor, Pace, Run, reconcile
from reactor.settings import Settings
from reactor.users.guardrail import Users
from reactor.users.ports import CredentialReports
from reactor.users.ranking import Ranking

if TYPE_CHECKING:
    from datetime import datetime

    from reactor.aws.account import AwsSession, Home


@dataclass(frozen=True, slots=True)
class _Watched:
    """The users' guardrail, with progress shown.

    It looks at those in `names`, one by one; if there are none, at everybody, or of everybody at
    those whose ids are in `only` (None is all): a user may be renamed between two looks.
    """

    users: Users
    names: tuple[str, ...]
    only: frozenset[str] | None
    progress: output.Progress

    def observe(self, cause: Cause) -> Iterator[Observation[Any]]:
        """Read the users."""
        for each in self._observe(cause):
            self.progress.read()
            yield each

    def _observe(self, cause: Cause) -> Iterable[Observation[Any]]:
        if self.only is not None:
            # So that nobody else is asked about.
            yield from self.users.observer.bulk.observe(cause, only_ids=self.only)
        elif not self.names:
            yield from self.users.observe(cause)
        for name in self.names:
            subject = Subject(SubjectKind.USER, cause.subject.account, name=name)
            yield from self.users.observe(replace(cause, subject=subject))

    def decide(self, state: Any, cause: Cause, now: "datetime") -> Decision:  # noqa: ANN401 - a Guardrail
        """Judge, as a sweep does."""
        return self.users.decide(state, cause, now)

    def perform(self, action: Action) -> Outcome:
        """Carry out one action."""
        return self.users.perform(action)


def survey(  # noqa: PLR0913 - its parts; all but the first three by name
    settings: Settings,
    session: "AwsSession",
    home: "Home",
    *,
    names: tuple[str, ...] = (),
    only: frozenset[str] | None = None,
    brake: int = 0,
    reports: CredentialReports | None = None,
) -> Run:
    """Look at every user, or at those in `names`, and carry out what the mode allows.

    Of every user, those whose ids are in `only` are judged and changed; at most `brake` of them
    (0 = all), the most dangerous first, where `reports` are there to say who that is.
    """
    from reactor import runtime  # noqa: PLC0415 - imports boto3

    session.meter.keep_pace(
        reads=settings.sweep_reads_per_second, writes=settings.sweep_writes_per_second
    )
    trigger = Trigger(TriggerKind.OPERATOR, runtime.now())
    execute = runtime.executor_of(settings.mode)

    def keep(with_group: bool) -> None:
        _keep_guard(settings, session, home, trigger, execute, with_group=with_group)

    keep_guard = runtime.once(keep)
    users = runtime.users_guardrail(
        settings, session, home, keep_guard=keep_guard, sweep_everyone=_not_asked
    )
    rank = None
    if reports is not None:
        rank = Ranking(users.iam, reports, session.gather, users.observer.bulk.groups)
    with output.progress() as progress:
        return reconcile(
            Cause(trigger, Subject(SubjectKind.EVERY_USER, home.account)),
            _Watched(users, names, only, progress),
            execute=execute,
            clock=runtime.now,
            brake=Brake(brake, rank=rank),
            pace=Pace(session.stream),
            record=lambda _: progress.settled(),
        )


def _not_asked() -> None:
    """Stand where events hand over to a sweep: at the command line, this run is the sweep."""
    raise AssertionError("only an event leads to a sweep by another function")


def _keep_guard(  # noqa: PLR0913 - its parts; the last by name
    settings: Settings,
    session: "AwsSession",
    home: "Home",
    trigger: Trigger,
    execute: Executor,
    *,
    with_group: bool,
) -> None:
    """Bring the guard into order here: the operator is the keeper. Raises ReactorError."""
    from reactor import runtime  # noqa: PLC0415 - imports boto3

    both = runtime.keepers(settings, session, home, report=output.say_alarm, with_group=with_group)
    run = asked(both.keep(execute, trigger, clock=runtime.now), with_group=with_group)
    for error in (error for each in run.settled for error in each.errors):
        raise error
