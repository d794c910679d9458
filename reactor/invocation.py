"""One invocation of one of our functions: where it runs, by whose settings, with what time left."""

from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from reactor.audit import Journal
from reactor.aws.account import AwsSession, Home
from reactor.aws.functions import ask_keeper, begin_sweep, hand_over
from reactor.gathering import always, answer_of
from reactor.guard.identity import Guard
from reactor.names import Function, function_name, stage_of
from reactor.reconcile import RESERVE_SECONDS, Clock, Pace
from reactor.runtime import LookAtAll, buckets_guardrail, once, users_guardrail
from reactor.settings import Settings
from reactor.triggers.records import mapping, quoted, time_of
from reactor.users.guardrail import Users

if TYPE_CHECKING:
    from reactor.buckets.guardrail import Buckets
    from reactor.notify.digests import Told
    from reactor.notify.outbox import Outbox
    from reactor.users.policies import Kept

SHARE_FOR_READS = 0.5  # of the time, where many are read; the rest is for changes
HAND_OVER_SECONDS = 10.0  # that an invocation waits, at its end, for Lambda to take what is to tell
WAITED_FOR_SECONDS = 2.0  # the same, where somebody waits for the invocation's answer
END_SECONDS = 1.5  # of the invocation's time, to record what was not taken, and to end


class LambdaContext(Protocol):
    """What we use of the context that Lambda passes to a handler."""

    invoked_function_arn: str
    function_name: str
    aws_request_id: str

    def get_remaining_time_in_millis(self) -> int:
        """Return how long until Lambda ends the invocation."""


@dataclass(frozen=True, slots=True)
class Invocation:
    """What every function needs."""

    settings: Settings
    session: AwsSession
    journal: Journal
    clock: Clock
    context: LambdaContext
    home: Home
    kept: "Kept" = field(default_factory=dict)  # what AWS's own policies say
    outbox: "Outbox | None" = None

    @classmethod
    def begin(
        cls,
        settings: Settings,
        session: AwsSession,
        journal: Journal,
        clock: Clock,
        context: LambdaContext,
    ) -> "Invocation":
        """Read off the context where we are, and by when the session's calls must end."""
        home = Home.of_function(context.invoked_function_arn)
        begun = cls(settings, session, journal, clock, context, home)
        session.deadlines.begin(begun.seconds_left)
        return begun

    def telling(self, told: "Told") -> "Invocation":
        """Return it with what hears the journal, and has told at its end what it heard."""
        # Only where a channel is set: else no function need wait for these at its start.
        from reactor.notify.notices import Place  # noqa: PLC0415
        from reactor.notify.outbox import Outbox  # noqa: PLC0415

        settings, home = self.settings, self.home
        outbox = Outbox(
            Place(self.stage, settings.mode.value, self.run, home.account, home.region),
            told,
            self.clock,
            notices=settings.sends_notices,
            findings=settings.security_hub,
        )
        self.journal.listener = outbox
        return replace(self, outbox=outbox)

    @property
    def stage(self) -> str:
        """The stage whose function it is."""
        return stage_of(self.context.function_name)

    @property
    def run(self) -> str:
        """Its name: Lambda's request id."""
        return self.context.aws_request_id

    @property
    def guard(self) -> Guard:
        """Which policy the guard is here."""
        return Guard.of(self.settings, partition=self.home.partition, account=self.home.account)

    def seconds_left(self) -> float:
        """Return how long until Lambda ends it."""
        return self.context.get_remaining_time_in_millis() / 1000

    def pace(self) -> Pace:
        """Return the pace of changes: while there is time for the calls under way, and to end."""
        return Pace(self.session.stream, self.has_time)

    def has_time(self) -> bool:
        """Tell whether there is time to begin something, for it may concern thousands."""
        return self.seconds_left() > RESERVE_SECONDS

    def time_to_read(self) -> Callable[[], bool]:
        """Return what tells whether there is time to read more: what is read must be acted on."""
        until = self.seconds_left() * (1 - SHARE_FOR_READS)
        return lambda: self.seconds_left() > until

    def keeper_asked(self) -> Callable[..., None]:
        """Return what asks the keeper, once for each thing that it can be asked for."""
        keeper = function_name(self.stage, Function.KEEPER)

        def ask(with_group: bool) -> None:
            ask_keeper(self.session.functions, keeper, with_group=with_group, asked_by=self.run)

        return once(ask)

    def users(
        self, at_all: LookAtAll | None = None, keep_guard: Callable[..., None] | None = None
    ) -> Users:
        """Return the users' guardrail of the account; `keep_guard` asks the keeper."""
        function = function_name(self.stage, Function.SWEEP)
        return users_guardrail(
            self.settings,
            self.session,
            self.home,
            keep_guard=keep_guard or self.keeper_asked(),
            sweep_everyone=once(
                lambda: begin_sweep(
                    self.session.functions, function, asked_by=self.run, asked_at=self.clock()
                )
            ),
            at_all=at_all or LookAtAll(),
            kept=self.kept,
        )

    def buckets(
        self, has_time: Callable[[], bool] | None = None, done: Container[str] = ()
    ) -> "Buckets":
        """Return the buckets' guardrail of the account; without time no further one is read.

        A look at all leaves out those of `done`.
        """
        has_time = has_time or always
        return buckets_guardrail(
            self.settings, self.session, self.home, has_time=has_time, done=done
        )

    @contextmanager
    def flushing(self, *, is_waited_for: bool = False) -> Iterator[None]:
        """Write the metrics, and then hand over what there is to tell, whatever becomes of it.

        `is_waited_for`: somebody waits for our answer, and so for this.
        """
        try:
            yield
        finally:
            self.journal.flush()
            self._hand_over(WAITED_FOR_SECONDS if is_waited_for else HAND_OVER_SECONDS)

    def _hand_over(self, seconds: float) -> None:
        """Have `notify` tell what this invocation has to tell. Never raises: it is recorded."""
        if self.outbox is None:
            return
        from reactor.notify.outbox import not_handed_over  # noqa: PLC0415 - as `telling`

        outbox, self.journal.listener = self.outbox, None  # what fails here is not to be told
        until = max(END_SECONDS, self.seconds_left() - seconds)
        error = outbox.hand_over(lambda payload: self.hand_over(payload, until))
        if error is not None:
            self.journal.alarm(not_handed_over(error))
            self.journal.flush()

    def hand_over(self, payload: bytes, until: float | None = None) -> None:
        """Have `notify` tell a payload, and wait while more seconds are left than `until`.

        Without `until`, for as long as an invocation waits at its end. Raises ReactorError when it
        was not taken, or not as far as is known.
        """
        if until is None:
            until = max(END_SECONDS, self.seconds_left() - HAND_OVER_SECONDS)
        function = function_name(self.stage, Function.NOTIFY)
        wait = self.session.begin(lambda: hand_over(self.session.functions, function, payload))
        answer_of(wait(max(0.0, self.seconds_left() - until)))


@dataclass(frozen=True, slots=True)
class Request:
    """What one of our functions says when it asks another; None where it does not say."""

    asked_by: str | None = None
    asked_at: datetime | None = None
    with_group: bool = False
    continues: bool = False  # a sweep, in words that may be anything

    @classmethod
    def of(cls, payload: object) -> "Request":
        """Read it off a payload, which may be anything."""
        said = mapping(payload)
        return cls(
            quoted(said.get("asked_by")),
            time_of(said.get("asked_at")),
            said.get("with_group") is True,
            "continues" in said,
        )
