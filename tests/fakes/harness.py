"""The reactor on the fake: its guardrails put together from settings, as reactor.runtime does."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

from reactor.errors import Permanent, ReactorError, Transient, Unsettled
from reactor.gathering import Gather, Item, in_turn
from reactor.guard.document import guard_document
from reactor.guard.group import GroupKeeper
from reactor.guard.identity import Guard
from reactor.guard.keeper import Keeper
from reactor.guard.keepers import Keepers, answer, asked
from reactor.model import Alarm, Cause, TriggerKind
from reactor.reconcile import Brake, Run, Settled, enforce, observe_only, reconcile
from reactor.settings import PREFIX, Mode, Settings, Via
from reactor.triggers import cloudtrail
from reactor.users.bulk import Bulk
from reactor.users.guardrail import Users
from reactor.users.observe import Observer
from reactor.users.reading import Reader
from tests.fakes.account import ACCOUNT, Account
from tests.fakes.clock import FakeClock
from tests.fakes.events import Envelope, about_everyone, trigger
from tests.fakes.iam import FakeIam

Key = TypeVar("Key", bound=Hashable)
RETRIES_AFTER = (60, 120)  # seconds: how Lambda tries an asynchronous invocation again


def settings(**texts: str) -> Settings:
    """Return settings that enforce; `scope="console"` stands for REACTOR_SCOPE=console."""
    given = {"mode": "enforce", **texts}
    return Settings.from_environment({PREFIX + name.upper(): text for name, text in given.items()})


class Rounds:
    """A Gather, and a Calling, that makes its calls one after another and counts the rounds."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.stream = in_turn

    def ahead(self, items: Iterable[Item]) -> Iterator[Item]:
        """Fetch nothing ahead."""
        return iter(items)

    @property
    def gather(self) -> Gather:
        """Itself."""
        return self

    def __call__(self, calls: Mapping[Key, Callable[[], Any]], /) -> dict[Key, Any | ReactorError]:
        """Make the calls; an error stands in its call's place."""
        if calls:
            self.sizes.append(len(calls))
        return {key: _settle(call) for key, call in calls.items()}


class Recorder:
    """Takes what reconcile records."""

    def __init__(self) -> None:
        self.settled: list[Settled] = []

    def __call__(self, each: Settled) -> None:
        """Take a settled subject."""
        self.settled.append(each)

    def of(self, name: str) -> list[Settled]:
        """Return the records of one user."""
        return [each for each in self.settled if each.observation.subject.name == name]


class Harness:
    """An account, the reactor on it, and what it recorded.

    `exemptions` is the text of the exemption list; None: there is no such parameter.
    """

    def __init__(self, chosen: Settings | None = None, *, exemptions: str | None = None) -> None:
        self.settings = settings() if chosen is None else chosen
        self.clock = FakeClock()
        self.account = Account(self.clock)
        self.iam = FakeIam(self.account)
        self.rounds = Rounds()
        self.recorder = Recorder()
        self.exemptions = exemptions
        self.keeper_calls = 0
        self.sweeps_asked = 0
        self.guard = Guard.of(self.settings, partition="aws", account=ACCOUNT)
        reader = Reader(self.iam, self._exemption_list, self.guard, self.settings)
        self.bulk = Bulk(reader, self.rounds)
        self.observer = Observer(reader, self.rounds, self.bulk)
        self.users = Users(
            self.observer, self.iam, self.settings, self._ask_keeper, self._ask_sweep
        )
        self.alarms: list[Alarm] = []

    def react(self, cause: Cause) -> Run:
        """Reconcile a cause."""
        return reconcile(
            cause,
            self.users,
            execute=enforce if self.settings.mode is Mode.ENFORCE else observe_only,
            clock=self.clock,
            brake=Brake(self.settings.max_remediations),
            record=self.recorder,
        )

    def sweep(self) -> Run:
        """Look at every user."""
        return self.react(about_everyone())

    def keep(self, *, with_group: bool = False) -> Run:
        """Have the keeper look at the guard, and its group."""
        execute = enforce if self.settings.mode is Mode.ENFORCE else observe_only
        both = keepers(self.iam, self.settings, self.rounds, self.alarms, with_group=with_group)
        return both.keep(execute, trigger(TriggerKind.REACTOR), clock=self.clock)

    def deliver(self, event: Envelope) -> list[Run]:
        """Take an event as Lambda would hand it over, once."""
        reading = cloudtrail.parse(
            event, account=ACCOUNT, received_at=self.clock(), settings=self.settings
        )
        return [self.react(cause) for cause in reading.causes]

    def deliver_until_settled(self, event: Envelope) -> bool:
        """Take an event, and again as often as Lambda tries; tell whether it was settled."""
        for wait in (*RETRIES_AFTER, None):
            try:
                for run in self.deliver(event):
                    run.raise_unsettled()
            except Unsettled:
                if wait is None:
                    return False
                self.clock.advance(wait)
            else:
                return True
        return False

    def carries_guard(self, name: str) -> bool:
        """Tell whether the guard reaches a user."""
        return self.account.world.carries(name, self.guard.arn)

    def _exemption_list(self) -> str:
        if self.exemptions is None:
            raise Transient("the exemption list does not exist", remedy="create it")
        return self.exemptions

    def _ask_sweep(self) -> None:
        self.sweeps_asked += 1

    def _ask_keeper(self, with_group: bool) -> None:
        """Ask as reactor.aws.functions does: what the keeper raises, or says to be not for good."""
        self.keeper_calls += 1
        run = asked(self.keep(with_group=with_group), with_group=with_group)
        said = answer(run)
        if run.unsettled or not said["in_order"]:
            kind = Permanent if said["permanent"] and not run.unsettled else Transient
            raise kind(f"the keeper could not bring the guard into order: {said}", remedy="-")


def keepers(  # noqa: PLR0913 - as reactor.runtime
    iam: FakeIam,
    chosen: Settings,
    gather: Gather,
    alarms: list[Alarm],
    *,
    with_group: bool = False,
    adopt: bool = False,
) -> Keepers:
    """Return the keepers of the guard on a fake, put together as reactor.runtime does."""
    guard = Guard.of(chosen, partition="aws", account=ACCOUNT)
    document = guard_document("aws", ACCOUNT, chosen)
    wanted = with_group or chosen.guard_via is Via.GROUP
    return Keepers(
        Keeper(iam, gather, guard, document, alarms.append, chosen.guard_restore, adopt),
        GroupKeeper(iam, gather, guard, alarms.append, wanted, chosen.guard_restore, adopt),
        ACCOUNT,
    )


def _settle(call: Callable[[], Any]) -> Any | ReactorError:
    try:
        return call()
    except ReactorError as error:
        return error
