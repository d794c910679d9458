"""One run over users with the operator's credentials, as a sweep of the deployed reactor does it.

Users asked for by name are judged as a sweep judges them, too: one without any credential is not
taken for one that is being deleted, because no event says so.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from reactor.cli import output
from reactor.gathering import always
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
from reactor.reconcile import Brake, Executor, Pace, Run, Settled, reconcile
from reactor.settings import Settings
from reactor.sweeps.progress import id_of, id_of_state
from reactor.users.bulk import SoFar
from reactor.users.guardrail import Users
from reactor.users.ports import CredentialReports
from reactor.users.ranking import Ranking

if TYPE_CHECKING:
    from datetime import datetime

    from reactor.aws.account import AwsSession, Home


@dataclass(slots=True)
class Shown:
    """Progress as it is shown: each user counts once, however often it is looked at."""

    progress: output.Progress
    _read: set[str] = field(default_factory=set, init=False)
    _settled: set[str] = field(default_factory=set, init=False)

    def read(self, seen: Observation[Any]) -> None:
        """Count a user who was read."""
        user = id_of_state(seen.state) or seen.subject.name or ""
        if user not in self._read:
            self._read.add(user)
            self.progress.read()

    def settled(self, each: Settled) -> None:
        """Count a user who is settled; who was left for want of time is not."""
        if not each.out_of_time and id_of(each) not in self._settled:
            self._settled.add(id_of(each))
            self.progress.settled()


@dataclass(frozen=True, slots=True)
class Part:
    """One look of several: whom of everybody it is for, by their ids (None is all).

    What the looks before have found and spent (`known`, `brake`), how long this one may ask and
    change, and where it is `shown`, if that is one for all of them.
    """

    only: frozenset[str] | None = None
    known: SoFar = field(default_factory=SoFar)
    brake: Brake = field(default_factory=Brake)
    has_time: Callable[[], bool] = always
    shown: Shown | None = None


@dataclass(frozen=True, slots=True)
class _Watched:
    """The users' guardrail, with progress shown.

    It looks at those in `names`, one by one; if there are none, at everybody, or of everybody at
    those whose ids are in `only` (None is all): a user may be renamed between two looks.
    """

    users: Users
    names: tuple[str, ...]
    only: frozenset[str] | None
    shown: Shown

    def observe(self, cause: Cause) -> Iterator[Observation[Any]]:
        """Read the users."""
        for each in self._observe(cause):
            self.shown.read(each)
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
    part: Part = Part(),
    reports: CredentialReports | None = None,
) -> Run:
    """Look at every user, or at those in `names`, and carry out what the mode allows.

    Of every user, those whom `part` is for are judged and changed, as far as its brake lets them,
    the most dangerous first, where `reports` are there to say who that is.
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
        settings,
        session,
        home,
        keep_guard=keep_guard,
        sweep_everyone=_not_asked,
        at_all=runtime.LookAtAll(part.known, part.has_time),
    )
    brake = part.brake
    if reports is not None:
        rank = Ranking(users.iam, reports, session.gather, users.observer.bulk.groups)
        brake = replace(brake, rank=rank)
    with nullcontext(part.shown) if part.shown is not None else showing() as shown:
        return reconcile(
            Cause(trigger, Subject(SubjectKind.EVERY_USER, home.account)),
            _Watched(users, names, part.only, shown),
            execute=execute,
            clock=runtime.now,
            brake=brake,
            pace=Pace(session.stream, part.has_time),
            record=shown.settled,
        )


@contextmanager
def showing() -> Iterator[Shown]:
    """Show progress while the block runs."""
    with output.progress() as progress:
        yield Shown(progress)


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
