"""reactor.aws.account, .functions and .parameters, without an account: botocore's stubs answer."""

import io
import itertools
import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.stub import Stubber

from reactor.aws.account import (
    CALLS_AT_ONCE,
    GRACE_SECONDS,
    STREAMED_AT_ONCE,
    AwsSession,
    Home,
)
from reactor.aws.deadlines import SHARE_OF_SHORT
from reactor.aws.functions import ask_keeper
from reactor.aws.parameters import read_list, write_list
from reactor.errors import OutOfTime, Transient, Unanswered
from reactor.evaluations.in_time import InTime
from reactor.model import Resource
from tests.unit.test_pacing import THROTTLED, Body, Net


class TestHome:
    """Where we run."""

    @pytest.mark.parametrize(
        ("arn", "home"),
        [
            (
                "arn:aws:lambda:us-east-1:123456789012:function:mfa-reactor-dev-react",
                Home("aws", "us-east-1", "123456789012"),
            ),
            (
                "arn:aws-cn:lambda:cn-north-1:123456789012:function:x:alias",
                Home("aws-cn", "cn-north-1", "123456789012"),
            ),
        ],
    )
    def test_of_a_function(self, arn: str, home: Home) -> None:
        """The ARN of the invocation tells partition, region and account."""
        assert Home.of_function(arn) == home


class TestAwsConfig:
    """The client that AWS Config is told by."""

    @pytest.fixture
    def session(self, monkeypatch: pytest.MonkeyPatch) -> AwsSession:
        """Return a session whose calls no network answers."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
        return AwsSession("us-east-1")

    def test_nothing_is_sent_after_the_deadline(self, session: AwsSession) -> None:
        """A call that was frozen with its environment does not tell of then what is now."""
        sent: list[str] = []

        def answer(event_name: str, request: Any, **_: object) -> AWSResponse:
            sent.append(event_name)
            return AWSResponse(request.url, 200, HTTPHeaders(), Body(b"{}"))

        client: Any = session.config
        client.meta.events.register_last("before-send", answer)
        session.deadlines.begin(lambda: 60)
        client.put_evaluations(ResultToken="token")
        assert sent == ["before-send.config-service.PutEvaluations"]
        late = session.deadlines.binding(
            lambda: session.config.put_evaluations(ResultToken="token")
        )
        session.deadlines.begin(lambda: 60)
        with pytest.raises(OutOfTime):
            late()
        assert len(sent) == 1

    def test_nobody_waits_for_it_longer_than_there_is_time(self, session: AwsSession) -> None:
        """A call that hangs, or backs off, is left behind; a read leaves time to report."""
        ends = threading.Event()
        service = InTime(Hanging(ends), session.begin, lambda: 0.05)
        session.deadlines.begin(lambda: 0.2)
        begun = time.monotonic()
        for call in (
            lambda: service.evaluated("rule", "type"),
            lambda: service.latest(Resource("type", "id")),
            lambda: service.put("token", []),
        ):
            with pytest.raises(Unanswered):
                call()
        assert time.monotonic() - begun < 2
        ends.set()


@dataclass(frozen=True, slots=True)
class Hanging:
    """AWS Config that answers nothing until the test `ends`."""

    ends: threading.Event

    def put(self, _token: str, _evaluations: object) -> tuple[Any, ...]:
        """Hang."""
        self.ends.wait(30)
        return ()

    def evaluated(self, _rule: str, _resource_type: str) -> frozenset[str]:
        """Hang."""
        self.ends.wait(30)
        return frozenset()

    def latest(self, _resource: Resource) -> None:
        """Hang."""
        self.ends.wait(30)


class Workshop:
    """boto3's session, as far as clients are made: it takes a while, and two at once are noted."""

    def __init__(self, region_name: str) -> None:
        self.region_name = region_name
        self.made: Counter[str] = Counter()
        self.two_at_once = False
        self._busy = threading.Lock()

    def client(self, service: str, **_: object) -> Any:
        """Make a client, which is told from all others."""
        if not self._busy.acquire(blocking=False):
            self.two_at_once = True
            return object()
        time.sleep(0.01)
        self.made[service] += 1
        self._busy.release()
        return SimpleNamespace(meta=SimpleNamespace(events=Events()))


class Events:
    """A client's hooks, which nothing sets off."""

    def register(self, *_: object) -> None:
        """Take a hook."""

    register_last = register


class TestClients:
    """Clients, which whoever needs one asks for in its own thread."""

    def test_made_once_by_one_thread_at_a_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Threads that ask for all clients at the same moment get the same, made in turn."""
        monkeypatch.setattr(boto3.session, "Session", Workshop)
        session: Any = AwsSession("us-east-1")
        names = ("iam", "ssm", "functions", "function_settings", "events", "cloudtrail", "sts")
        wanted = names * 3
        together = threading.Barrier(len(wanted), timeout=10)

        def ask(name: str) -> object:
            together.wait()
            return getattr(session, name)

        with ThreadPoolExecutor(len(wanted)) as pool:
            got = list(pool.map(ask, wanted))
        workshop = session._session
        assert not workshop.two_at_once
        assert workshop.made == {
            "iam": 1,
            "ssm": 1,
            "lambda": 2,
            "events": 1,
            "cloudtrail": 1,
            "sts": 1,
        }
        assert len({id(each) for each in got}) == len(names)


CLIENTS = (
    "iam",
    "ssm",
    "function_settings",
    "events",
    "cloudtrail",
    "sqs",
    "cloudformation",
    "sts",
)


@pytest.fixture
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials to sign with."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")


class TestRetries:
    """What is done when AWS lets no more calls through."""

    @pytest.mark.parametrize("name", CLIENTS)
    def test_adaptive_and_six(self, name: str) -> None:
        """Every client adapts, and makes six attempts: what was measured to lose nobody."""
        client: Any = getattr(AwsSession("us-east-1"), name)
        assert client.meta.config.retries == {"mode": "adaptive", "total_max_attempts": 6}

    @pytest.mark.usefixtures("_credentials")
    def test_a_throttled_client_slows_down(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It tries again; and the calls after that wait though nobody backs off any more."""
        monkeypatch.setattr("time.sleep", lambda _: None)  # a retry's own pause
        net = Net(coming=deque([THROTTLED]))
        iam: Any = AwsSession("us-east-1").iam
        iam.meta.events.register_last("before-send.iam", net.answer)
        iam.list_mfa_devices(UserName="a")
        assert len(net.sent) == 2
        began = time.monotonic()
        iam.list_mfa_devices(UserName="a")
        assert time.monotonic() - began > 0.2, "a client that does not adapt calls at once"


class TestGather:
    """Calls at the same time."""

    def test_answers_and_errors(self) -> None:
        """An error of ours stands in its call's place, under its key."""
        error = Transient("throttled", remedy="wait")

        def fail() -> None:
            raise error

        assert AwsSession("us-east-1").gather({"a": lambda: 1, ("b", 2): fail}) == {
            "a": 1,
            ("b", 2): error,
        }

    def test_at_the_same_time(self) -> None:
        """Sixteen calls that wait for one another all get their answer."""
        barrier = threading.Barrier(16, timeout=10)
        answers = AwsSession("us-east-1").gather(dict.fromkeys(range(16), barrier.wait))
        assert set(answers.values()) == set(range(16))

    def test_mistakes_are_no_answers(self) -> None:
        """What nobody foresaw is an error in its call's place; the others answer."""
        answers = AwsSession("us-east-1").gather({"a": lambda: 1 // 0, "b": lambda: 2})
        assert isinstance(answers["a"], Transient)
        assert "ZeroDivisionError" in str(answers["a"])
        assert answers["b"] == 2


class Doors:
    """Calls that wait at a door each until it is opened; `entered` says who has come that far."""

    def __init__(self, number: int) -> None:
        self.doors = [threading.Event() for _ in range(number)]
        self.entered = threading.Semaphore(0)
        self.drawn: list[int] = []

    def calls(self) -> Iterator[tuple[int, Any]]:
        """Yield the calls; note which were drawn."""
        for number, door in enumerate(self.doors):
            self.drawn.append(number)
            yield number, lambda door=door, number=number: self._pass(door, number)

    def _pass(self, door: threading.Event, number: int) -> int:
        self.entered.release()
        assert door.wait(10), "the door was never opened"
        return number * 10


class TestStream:
    """Any number of calls, a few at a time."""

    def test_nothing(self) -> None:
        """No calls, no answers."""
        assert list(AwsSession("us-east-1").stream([])) == []

    def test_all_are_answered(self) -> None:
        """Each of many calls is answered once, under its key."""
        calls = ((number, lambda number=number: number + 1) for number in range(500))
        answers = list(AwsSession("us-east-1").stream(calls))
        assert sorted(answers) == [(number, number + 1) for number in range(500)]

    def test_a_few_at_a_time(self) -> None:
        """So many are under way; another is drawn only when one of them has ended."""
        doors = Doors(STREAMED_AT_ONCE + 3)
        answers = AwsSession("us-east-1").stream(doors.calls())
        doors.doors[2].set()
        assert next(answers) == (2, 20)
        assert doors.drawn == list(range(STREAMED_AT_ONCE))
        for _ in range(STREAMED_AT_ONCE):
            assert doors.entered.acquire(timeout=10), "they are not made at the same time"
        doors.doors[5].set()
        assert next(answers) == (5, 50)
        assert doors.drawn == list(range(STREAMED_AT_ONCE + 1))
        for each in doors.doors:
            each.set()
        assert len(list(answers)) == STREAMED_AT_ONCE + 1

    def test_nothing_is_drawn_before_it_is_asked_for(self) -> None:
        """Who never looks at the answers has no call made."""
        doors = Doors(1)
        AwsSession("us-east-1").stream(doors.calls())
        assert doors.drawn == []

    def test_endless(self) -> None:
        """Calls are made up as they are drawn, so that they need never end."""
        calls = ((number, lambda: None) for number in itertools.count())
        answers = AwsSession("us-east-1").stream(calls)
        assert len(list(itertools.islice(answers, 100))) == 100

    def test_errors_in_place(self) -> None:
        """What a call raises is its answer; the others have theirs."""
        error = Transient("throttled", remedy="wait")

        def fail() -> None:
            raise error

        calls = {"a": lambda: 1, "b": fail, "c": lambda: 1 // 0}
        answers = dict(AwsSession("us-east-1").stream(calls.items()))
        assert answers["a"] == 1
        assert answers["b"] is error
        assert "ZeroDivisionError" in str(answers["c"])

    def test_what_makes_the_calls_up_fails(self) -> None:
        """An error in making them up is nobody's answer: it is raised to whoever draws."""

        def calls() -> Iterator[tuple[str, Any]]:
            yield "a", lambda: 1
            raise LookupError("no more")

        with pytest.raises(LookupError, match="no more"):
            list(AwsSession("us-east-1").stream(calls()))

    def test_two_at_once(self) -> None:
        """Streams share the session's threads, and neither waits for the other's end."""
        session = AwsSession("us-east-1")
        first, second = Doors(STREAMED_AT_ONCE), Doors(STREAMED_AT_ONCE)
        one, other = session.stream(first.calls()), session.stream(second.calls())
        first.doors[0].set()
        second.doors[0].set()
        assert (next(one), next(other)) == ((0, 0), (0, 0))
        for each in first.doors + second.doors:
            each.set()
        assert len(list(one)) == len(list(other)) == STREAMED_AT_ONCE - 1


class TestAhead:
    """The next item is fetched while the one before is worked on."""

    def test_all_in_order(self) -> None:
        """All items come, in order."""
        assert list(AwsSession("us-east-1").ahead(range(20))) == list(range(20))

    def test_none(self) -> None:
        """No items, none ahead."""
        assert list(AwsSession("us-east-1").ahead([])) == []

    def test_one_ahead(self) -> None:
        """The first is fetched before it is asked for, and then one more than was asked for."""
        fetched = [threading.Event() for _ in range(4)]

        def items() -> Iterator[int]:
            for number, each in enumerate(fetched):
                each.set()
                yield number

        coming = AwsSession("us-east-1").ahead(items())
        assert fetched[0].wait(10), "nothing is fetched at once"
        assert not fetched[1].is_set()
        assert next(coming) == 0
        assert fetched[1].wait(10), "nothing is fetched ahead"
        assert not fetched[2].is_set(), "too much is fetched ahead"
        assert list(coming) == [1, 2, 3]

    def test_sources_come_at_the_same_time(self) -> None:
        """Two that wait for one another both begin: pages of users, and of devices."""
        both = threading.Barrier(2, timeout=10)

        def items() -> Iterator[int]:
            yield both.wait()

        session = AwsSession("us-east-1")
        one, other = session.ahead(items()), session.ahead(items())
        assert sorted([*one, *other]) == [0, 1]

    def test_an_error_in_its_place(self) -> None:
        """What the source raises comes after the items before it, and not earlier."""
        error = Transient("throttled", remedy="wait")

        def items() -> Iterator[int]:
            yield 1
            yield 2
            raise error

        coming = AwsSession("us-east-1").ahead(items())
        assert (next(coming), next(coming)) == (1, 2)
        with pytest.raises(Transient) as raised:
            next(coming)
        assert raised.value is error


class TestBegin:
    """One call, begun now and answered later."""

    def test_answer(self) -> None:
        """It is made at once, and its answer is waited for when it is asked for, as often as so."""
        doors = Doors(1)
        ((_, call),) = doors.calls()
        answer = AwsSession("us-east-1").begin(call)
        assert doors.entered.acquire(timeout=10), "it was not begun"
        doors.doors[0].set()
        assert (answer(), answer()) == (0, 0)

    def test_error(self) -> None:
        """What it raises is returned, as an error of ours."""
        answer = AwsSession("us-east-1").begin(lambda: 1 // 0)
        assert isinstance(answer(), Transient)


@dataclass
class Late:
    """A session whose invocation has a moment for its calls, and calls that take longer."""

    doors: Doors = field(default_factory=lambda: Doors(CALLS_AT_ONCE + 6))
    session: AwsSession = field(default_factory=lambda: AwsSession("us-east-1"))

    def begin(self, seconds: float) -> None:
        """Begin an invocation that has so many seconds for its calls."""
        until = time.monotonic() + seconds
        self.session.deadlines.begin(lambda: (until - time.monotonic()) * SHARE_OF_SHORT / 7)

    def open(self) -> None:
        """Let all calls end."""
        for each in self.doors.doors:
            each.set()


@pytest.fixture
def late() -> Iterator[Late]:
    """Return it, its invocation begun; afterwards all calls end."""
    found = Late()
    found.begin(0.3)
    yield found
    found.open()


def kinds(answers: Iterable[Any]) -> Counter[str]:
    """Return how many answers there are of each kind; what is no error is an answer."""
    errors = (OutOfTime, Unanswered)
    return Counter(
        type(each).__name__ if isinstance(each, errors) else "answer" for each in answers
    )


class TestDeadline:
    """An invocation that is over waits for nothing any more."""

    def test_stream(self, late: Late) -> None:
        """Each call is told of once: answered, under way, or not begun; no more are made."""
        late.doors.doors[3].set()
        answers = list(late.session.stream(late.doors.calls()))
        assert sorted(key for key, _ in answers) == list(range(len(late.doors.doors)))
        assert kinds(answer for _, answer in answers) == {
            "answer": 1,
            "Unanswered": STREAMED_AT_ONCE,
            "OutOfTime": len(late.doors.doors) - STREAMED_AT_ONCE - 1,
        }
        begun = 0
        while late.doors.entered.acquire(timeout=0.1):
            begun += 1
        assert begun == STREAMED_AT_ONCE + 1

    def test_stream_begins_nothing_too_late(self, late: Late) -> None:
        """With the time up, no call is made."""
        late.begin(0)
        late.open()
        answers = list(late.session.stream(late.doors.calls()))
        assert kinds(answer for _, answer in answers) == {"OutOfTime": len(late.doors.doors)}
        assert not late.doors.entered.acquire(timeout=0.1)

    def test_what_had_ended_is_an_answer(self, late: Late) -> None:
        """Who draws slowly misses no answer that came in time."""
        late.open()
        answers = late.session.stream(itertools.islice(late.doors.calls(), 5))
        first = next(answers)
        time.sleep(0.4)
        assert kinds(answer for _, answer in [first, *answers]) == {"answer": 5}

    def test_gather(self, late: Late) -> None:
        """All calls together end when the time is up; more than there are threads never begin."""
        late.doors.doors[0].set()
        answers = late.session.gather(dict(late.doors.calls()))
        assert kinds(answers.values()) == {
            "answer": 1,
            "Unanswered": CALLS_AT_ONCE,
            "OutOfTime": len(late.doors.doors) - CALLS_AT_ONCE - 1,
        }

    def test_begin(self, late: Late) -> None:
        """One that has not ended is an error, and stays one however often it is asked for."""
        (_, call), *_ = late.doors.calls()
        answer = late.session.begin(call)
        assert kinds([answer(), answer()]) == {"Unanswered": 2}

    def test_what_is_left_to_do_afterwards(self, late: Late) -> None:
        """What is to be told at the very end is waited for as long as its caller says."""
        late.begin(0)
        (_, call), *_ = late.doors.calls()
        answer = late.session.begin(call)
        assert late.doors.entered.acquire(timeout=10)
        assert kinds([answer(0.01)]) == {"Unanswered": 1}
        late.open()
        assert answer(10) == 0

    def test_ahead(self, late: Late) -> None:
        """Items that came are there; the one that is waited for is an error."""

        def items() -> Iterator[int]:
            yield 1
            late.doors.doors[0].wait(10)
            yield 2

        coming = late.session.ahead(items())
        assert next(coming) == 1
        with pytest.raises(OutOfTime):
            next(coming)

    def test_ahead_of_what_knows_the_time(self, late: Late) -> None:
        """A source that gives up at the deadline has a moment to say so."""

        def items() -> Iterator[int]:
            while late.session.deadlines.current.left() > 0:
                time.sleep(0.01)
            time.sleep(GRACE_SECONDS / 5)
            yield 1

        assert list(late.session.ahead(items())) == [1]

    @pytest.mark.parametrize("others", [0, CALLS_AT_ONCE], ids=["threads", "no thread"])
    def test_ahead_of_a_stream(self, late: Late, others: int) -> None:
        """Each call of a stream that is fetched ahead is told of, though no thread may be free."""
        for _ in range(others):
            late.session.begin(lambda: late.doors.doors[0].wait(10))
        found = list(late.session.ahead(late.session.stream(late.doors.calls())))
        assert sorted(key for key, _ in found) == list(range(len(late.doors.doors)))
        assert set(kinds(answer for _, answer in found)) <= {"Unanswered", "OutOfTime"}

    def test_the_next_invocation(self, late: Late) -> None:
        """It has its own time, and the threads that the one before has left."""
        list(late.session.stream(late.doors.calls()))
        late.begin(10)
        assert late.session.gather({"a": lambda: 1}) == {"a": 1}

    def test_what_the_one_before_had_under_way(self, late: Late) -> None:
        """It goes on in the next invocation, and is refused what it does there."""
        seen: list[float] = []
        ended = threading.Event()

        def call() -> None:
            late.doors.doors[0].wait(10)
            seen.append(late.session.deadlines.current.left())
            ended.set()

        assert kinds([late.session.begin(call)()]) == {"Unanswered": 1}
        late.begin(10)
        late.doors.doors[0].set()
        assert ended.wait(10)
        assert seen == [0]


def ssm(*answers: tuple[str, Any]) -> Any:
    """Return an SSM client that gives these answers; a text is an error's code."""
    client = boto3.client(
        "ssm", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    stubber = Stubber(client)
    for operation, answer in answers:
        if isinstance(answer, str):
            stubber.add_client_error(operation, answer)
        else:
            stubber.add_response(operation, *answer)
    stubber.activate()
    return client


class TestExemptionList:
    """The list in Parameter Store."""

    def test_read(self) -> None:
        """A StringList's text is returned as it is."""
        answer = {"Parameter": {"Type": "StringList", "Value": "a, b"}}
        client = ssm(("get_parameter", (answer, {"Name": "/mfa/exempt"})))
        assert read_list(client, "/mfa/exempt") == "a, b"

    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            pytest.param("ParameterNotFound", "does not exist, and nothing is changed", id="none"),
            pytest.param("AccessDeniedException", "AccessDeniedException", id="not to be read"),
            pytest.param(
                ({"Parameter": {"Type": "String", "Value": "a"}},), "is a String", id="no list"
            ),
        ],
    )
    def test_no_list_is_not_an_empty_list(self, answer: Any, says: str) -> None:
        """Missing, unreadable or of another type: an error that stops the run, never "nobody"."""
        with pytest.raises(Transient, match=says):
            read_list(ssm(("get_parameter", answer)), "/mfa/exempt")

    def test_write(self) -> None:
        """The entries replace what the list held."""
        expected = {
            "Name": "/mfa/exempt",
            "Value": "a,b",
            "Type": "StringList",
            "Description": "Users whom mfa-reactor leaves without the guard",
            "Overwrite": True,
        }
        write_list(ssm(("put_parameter", ({}, expected))), "/mfa/exempt", ("a", "b"))


class Functions:
    """A Lambda client whose function says what it is told to."""

    def __init__(self, payload: bytes, **more: str) -> None:
        self._answer = {"Payload": io.BytesIO(payload), **more}
        self.invoked: dict[str, str] = {}

    def invoke(self, **arguments: str) -> Any:
        """Answer an invocation."""
        self.invoked = arguments
        return self._answer


class TestAskKeeper:
    """Asking the keeper, and believing nothing but "in order"."""

    def test_in_order(self) -> None:
        """The keeper is waited for."""
        client: Any = Functions(json.dumps({"in_order": True}).encode())
        ask_keeper(client, "mfa-reactor-dev-keeper", with_group=True, asked_by="a-run")
        assert client.invoked == {
            "FunctionName": "mfa-reactor-dev-keeper",
            "InvocationType": "RequestResponse",
            "Payload": '{"asked_by": "a-run", "with_group": true}',
        }

    @pytest.mark.parametrize(
        ("payload", "more"),
        [
            pytest.param(b'{"in_order": false, "errors": ["not ours"]}', {}, id="not in order"),
            pytest.param(
                b'{"errorMessage": "Task timed out", "in_order": true}',
                {"FunctionError": "Unhandled"},
                id="it failed",
            ),
            pytest.param(b"{}", {}, id="it says nothing"),
            pytest.param(b"", {}, id="an empty answer"),
        ],
    )
    def test_anything_else(self, payload: bytes, more: dict[str, str]) -> None:
        """Whatever else it says, the guard is not in order, and it is tried again."""
        client: Any = Functions(payload, **more)
        with pytest.raises(Transient, match="the keeper could not bring the guard into order"):
            ask_keeper(client, "mfa-reactor-dev-keeper", with_group=False, asked_by="a-run")

    @pytest.mark.parametrize("payload", [b"null", b"[]", b'"text"', b"<html>"])
    def test_nonsense(self, payload: bytes) -> None:
        """An answer of another shape is an error of ours with a remedy, not a crash."""
        client: Any = Functions(payload)
        with pytest.raises(Transient):
            ask_keeper(client, "mfa-reactor-dev-keeper", with_group=False, asked_by="a-run")
