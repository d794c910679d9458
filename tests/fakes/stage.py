"""A deployed stage on a fake account: the real reactor.handlers, woken as Lambda wakes it.

EventBridge's rules decide which functions an event reaches; a function that raises is tried again
one and two minutes later, and then its event lies in the failure queue. So is one that Lambda ends,
and with it ends its environment. Time is the fake clock's, and everything happens in the order in
which it is due.
"""

import heapq
import itertools
import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from io import BytesIO
from types import SimpleNamespace
from typing import Any, TypeVar

from reactor.aws.pacing import Meter
from reactor.errors import ReactorError, Unsettled
from reactor.gathering import Begun, in_turn, settled
from reactor.handlers.functions import FunctionReactor
from reactor.names import Function, function_name
from reactor.settings import Settings
from reactor.sweeps.coalescing import Coalescer
from reactor.triggers.matching import matches
from reactor.triggers.rules import pattern_of
from tests.fakes.account import ACCOUNT, Account
from tests.fakes.clock import FakeClock
from tests.fakes.config import ConfigClient
from tests.fakes.events import Envelope, role
from tests.fakes.iam_client import IamClient, Weather, fail
from tests.fakes.ledger import Ledger
from tests.fakes.lifetime import Kill, Killed, Lifetime
from tests.fakes.tools import Tools

STAGE = "prod"
RETRIES_AFTER = (60, 120)  # seconds: how Lambda tries an asynchronous invocation again
UNHURRIED = 10_000  # seconds that an invocation has: more than it asks for
# Those whose time is told by the calls of IAM that they make.
_HURRIED = {Function.REACT, Function.REVIEW, Function.CONFIG, Function.COMPLIANCE}
KEEPER_TRIES = 4  # of the client that asks the keeper (reactor.aws.account)

Key = TypeVar("Key", bound=Hashable)


@dataclass(order=True, slots=True)
class Invocation:
    """A function to be invoked: when, with what, and at which try.

    `request` is Lambda's id of it, which further tries keep.
    """

    due: datetime
    number: int
    function: Function = field(compare=False)
    payload: dict[str, Any] = field(compare=False)
    request: str = field(compare=False)
    tries: int = field(default=0, compare=False)

    def __str__(self) -> str:
        name = self.payload.get("detail", {}).get("eventName", "no event")
        return f"{self.function} on {name} ({self.event_id}), try {self.tries + 1}"

    @property
    def event_id(self) -> str | None:
        """The id of the CloudTrail event it brings, if it brings one."""
        detail = self.payload.get("detail")
        return None if detail is None else str(detail["eventID"])


class Stage:
    """The functions of one stage, what waits for them, and what they failed on.

    `on_end` is told of each invocation as it ends: with None when it went well, or else its error.
    `haste` are the seconds that each invocation of the sweep has, in turn, and `slowness` how many
    each of its calls takes (tests.fakes.lifetime). `kills` says where Lambda ends its next ones,
    None for one that is spared; `lands`, whether the call that is under way has its effect.
    `on_call` is told of each call of it. `forgetful`: each invocation of it has a new environment.
    A reaction, or an evaluation, has `patience` seconds, of which each call of IAM takes one.
    `handed` is what `notify` was to tell. `asked` are the users whose devices were asked for,
    `paces` how many reads and writes a second sweeps were to make, `deadlines` what each invocation
    told its session of the seconds that it has. `begin` begins a call for it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.clock = FakeClock()
        self.account = Account(self.clock)
        self.weather = Weather()
        self.ledger = Ledger(settings.mode)
        self.config = ConfigClient(self.account)
        self.waiting: list[Invocation] = []
        self.failed: list[Invocation] = []
        self.running: list[Invocation] = []
        self.on_write: Callable[[str, str], None] = lambda _operation, _user: None
        self.on_end: Callable[[Invocation, BaseException | None], None] = lambda _run, _error: None
        self.on_call: Callable[[], None] = lambda: None
        self.weather.on_call, self.ledger.on_write = self._call_made, self._line_written
        # How long after its call each copy of the event of our own call arrives.
        self.own_copies: tuple[int, ...] = (5,)
        self.haste: tuple[int, ...] = (UNHURRIED,)
        self.slowness: tuple[float, ...] = ()
        self.kills: list[Kill | None] = []
        self.lands = False
        self.forgetful = False
        self.patience = UNHURRIED
        self.other_list = ""  # another name that the exemption list goes by
        self.sweeps_begun = 0
        self.asked: list[str] = []
        self.paces: list[tuple[float, float]] = []
        self.deadlines: list[Callable[[], float]] = []
        self._sweep_lives: Lifetime | None = None
        self.mappings = Mappings()
        self.begin: Callable[[Callable[[], Any]], Begun] = _begin
        self.handed: list[dict[str, Any]] = []
        self._numbers = itertools.count()
        self._patterns = {each: pattern_of(each, settings) for each in Function}
        self._reactor = self._environment()

    def _environment(self) -> FunctionReactor:
        """Return the reactor as a new environment of its functions has it: without a memory."""
        reactor = FunctionReactor(self.settings, self._session(), self.ledger, self.clock)
        sweeps = Coalescer(self.clock, lambda seconds: _sleep(self.clock, seconds))
        reactor.memory.of(Coalescer, lambda: sweeps)
        return reactor

    def hear(self, event: Envelope, after: Iterable[int]) -> list[Function]:
        """Deliver copies of an event, each so many seconds from now, to whoever listens."""
        heard_by = [
            function
            for function, pattern in self._patterns.items()
            if pattern is not None and matches(pattern, event)
        ]
        for seconds, function in itertools.product(after, heard_by):
            self.invoke(function, event, seconds)
        return heard_by

    def invoke(self, function: Function, payload: dict[str, Any], seconds: float = 0) -> None:
        """Have a function invoked asynchronously, so many seconds from now."""
        heapq.heappush(self.waiting, self._invocation(function, payload, seconds))

    def wait(self, seconds: float) -> None:
        """Let time pass, and all happen that falls due in it."""
        until = self.clock() + timedelta(seconds=seconds)
        while self.waiting and self.waiting[0].due <= until:
            run = heapq.heappop(self.waiting)
            self._sleep_until(run.due)
            self._run(run)
        self._sleep_until(until)

    def drain(self) -> None:
        """Let time pass until nothing waits any more."""
        while self.waiting:
            self.wait(max(0.0, (self.waiting[0].due - self.clock()).total_seconds()))

    def redrive(self) -> None:
        """Send what lies in the failure queue to its functions again, as `mfa-reactor redrive`.

        In the place of a sweep's part it asks for a sweep.
        """
        failed, self.failed = self.failed, []
        asked = {"asked_by": "redrive", "asked_at": self.clock().isoformat()}
        for run in failed:
            self.invoke(run.function, asked if "continues" in run.payload else run.payload)

    def calm(self) -> None:
        """Let the sweep's invocations have all the time that there is from now on."""
        self.haste, self.slowness, self.kills = (UNHURRIED,), (), []

    def _invocation(
        self, function: Function, payload: dict[str, Any], seconds: float = 0
    ) -> Invocation:
        number = next(self._numbers)
        due = self.clock() + timedelta(seconds=seconds)
        return Invocation(due, number, function, payload, f"request-{number}")

    def answer(self, function: Function, payload: Any) -> Any:
        """Invoke a function, and return what it answers at once. Raises what it raises."""
        run = self._invocation(function, payload)
        return self._call(run)

    def _run(self, run: Invocation) -> None:
        try:
            self._call(run)
        except (Unsettled, Killed) as error:
            if isinstance(error, Killed):
                self.ledger.forget()
                self._reactor = self._environment()
            self.on_end(run, error)
            if run.tries < len(RETRIES_AFTER):
                due = self.clock() + timedelta(seconds=RETRIES_AFTER[run.tries])
                again = replace(run, due=due, number=next(self._numbers), tries=run.tries + 1)
                heapq.heappush(self.waiting, again)
            else:
                self.failed.append(run)
        else:
            self.on_end(run, None)

    def _call(self, run: Invocation) -> Any:
        name = function_name(STAGE, run.function)
        arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}"
        context = SimpleNamespace(
            invoked_function_arn=arn,
            function_name=name,
            aws_request_id=run.request,
            get_remaining_time_in_millis=self._hourglass(run.function),
        )
        methods = {
            Function.REACT: self._reactor.react,
            Function.REVIEW: self._reactor.react,
            Function.SWEEP: self._reactor.sweep,
            Function.KEEPER: self._reactor.keep,
            Function.CONFIG: self._reactor.evaluate,
            Function.COMPLIANCE: self._reactor.comply,
        }
        self.running.append(run)
        try:
            said = methods[run.function](run.payload, context)
            self._line_written()  # which may have come too late
            return said
        finally:
            self.running.pop()

    def _hourglass(self, function: Function) -> Callable[[], int]:
        """Return what tells an invocation how many milliseconds it has left."""
        if function in _HURRIED:
            before = self.weather.calls
            return lambda: max(0, self.patience - (self.weather.calls - before)) * 1000
        if function is Function.SWEEP:
            self._sweep_lives = self._lifetime()
            return self._sweep_lives.milliseconds_left
        return lambda: UNHURRIED * 1000

    def _lifetime(self) -> Lifetime:
        """Return the life of the next invocation of the sweep, which begins."""
        if self.forgetful:
            self._reactor = self._environment()
        seconds = self.haste[self.sweeps_begun % len(self.haste)]
        self.sweeps_begun += 1
        kill = self.kills.pop(0) if self.kills else None
        return Lifetime(self.clock, seconds, self.slowness, kill, self.lands)

    @property
    def _life(self) -> Lifetime | None:
        """The life of what runs, if that is the sweep: the keeper's outlives that of who asked."""
        is_sweep = bool(self.running) and self.running[-1].function is Function.SWEEP
        return self._sweep_lives if is_sweep else None

    def _call_made(self) -> None:
        if (life := self._life) is not None:
            self.on_call()
            life.call()

    def _changes(self) -> None:
        if (life := self._life) is not None:
            life.change()

    def _line_written(self) -> None:
        if (life := self._life) is not None:
            life.go_on()

    def _asked(self, FunctionName: str, InvocationType: str, Payload: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Answer lambda:Invoke."""
        self.weather.call()
        function = Function(FunctionName.removeprefix(function_name(STAGE, "")))
        payload = json.loads(Payload)
        if function is Function.NOTIFY:
            self.handed.append(payload)
            return {}
        if InvocationType == "Event":
            self._changes()
            self.invoke(function, payload, 1)
            return {}
        run = self._invocation(function, payload)
        try:
            with self.ledger.aside():
                said = self._call(run)
        except Unsettled as error:
            said = {"errorMessage": str(error), "errorType": "Unsettled"}
            return {"FunctionError": "Unhandled", "Payload": BytesIO(json.dumps(said).encode())}
        return {"Payload": BytesIO(json.dumps(said).encode())}

    def _written(self, operation: str, request: dict[str, Any]) -> None:
        """Take notice of a call of our own; its event comes back to us, too."""
        self._changes()
        self.on_write(operation, str(request.get("userName")))
        caller = role(function_name(STAGE, self.running[-1].function))
        event = Tools(self.account, caller)._event(operation, **request)
        self.hear(event, self.own_copies)

    def _parameter(self, Name: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Answer ssm:GetParameter."""
        text = self.weather.world(self.account).exemption_list
        if text is None or Name not in {self.settings.exempt_parameter, self.other_list}:
            fail("ParameterNotFound")
        return {"Parameter": {"Type": "StringList", "Value": text}}

    def _session(self) -> Any:
        """Return what stands for reactor.aws.account.AwsSession."""
        return SimpleNamespace(
            iam=IamClient(self.account, self.weather, self._written, self.asked.append),
            ssm=SimpleNamespace(get_parameter=self._parameter),
            functions=SimpleNamespace(invoke=self._asked),
            config=self.config,
            events=Refusing(),
            cloudtrail=Refusing(),
            function_settings=self.mappings,
            gather=gather,
            stream=in_turn,
            ahead=iter,
            begin=self._begun,
            meter=Metronome(self.paces),
            # Calls are made in turn here, and Lifetime ends what takes too long: none is late.
            deadlines=SimpleNamespace(begin=self.deadlines.append),
        )

    def _begun(self, call: Callable[[], Any]) -> Begun:
        return self.begin(call)

    def _sleep_until(self, moment: datetime) -> None:
        _sleep(self.clock, (moment - self.clock()).total_seconds())


class Metronome(Meter):
    """A meter that notes which pace it is to keep: there is no client here that it could hold."""

    def __init__(self, paces: list[tuple[float, float]]) -> None:
        super().__init__()
        self._paces = paces

    def keep_pace(self, *, reads: float, writes: float) -> None:
        """Take so many reads and writes a second."""
        self._paces.append((reads, writes))


@dataclass(slots=True)
class Mappings:
    """Lambda's event source mappings, by the queue's ARN: whether each heeds batchItemFailures.

    None: they cannot be listed. Every other call is denied, as by `Refusing`. `on_ask` is called
    before they are listed.
    """

    heeding: dict[str, bool] | None = field(default_factory=dict)
    on_ask: Callable[[], object] = lambda: None
    asked: int = 0

    def get_paginator(self, operation: str) -> Any:
        """Answer lambda:ListEventSourceMappings."""
        if operation != "list_event_source_mappings":
            fail("AccessDenied", operation)
        return SimpleNamespace(paginate=self._pages)

    def _pages(self, FunctionName: str, EventSourceArn: str) -> list[dict[str, Any]]:  # noqa: N803 - boto3's
        self.asked += 1
        self.on_ask()
        if self.heeding is None:
            fail("AccessDeniedException", "ListEventSourceMappings")
        assert FunctionName.endswith(function_name(STAGE, Function.COMPLIANCE))
        if EventSourceArn not in self.heeding:
            return [{"EventSourceMappings": []}]
        heeded = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
        more = heeded if self.heeding[EventSourceArn] else {}
        return [{"EventSourceMappings": [{"UUID": "a-mapping", **more}]}]

    def __getattr__(self, operation: str) -> Any:
        """Return a call that fails."""
        return lambda **_: fail("AccessDenied", operation)


class Refusing:
    """A client whose every call is denied: what a sweep inspects is not this fake's subject."""

    def __getattr__(self, operation: str) -> Any:
        """Return a call that fails."""
        return lambda **_: fail("AccessDenied", operation)


def gather(calls: Mapping[Key, Callable[[], Any]], /) -> dict[Key, Any | ReactorError]:
    """Make calls one after another; an error stands in its call's place."""
    return {key: settled(call) for key, call in calls.items()}


def _begin(call: Callable[[], Any]) -> Begun:
    """Begin a call by making it; so there is nothing to wait for, however long."""
    answer = settled(call)
    return lambda _seconds=None: answer


def _sleep(clock: FakeClock, seconds: float) -> None:
    if seconds > 0:
        clock.advance(seconds)
