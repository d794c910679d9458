"""reactor.aws.pacing: the pace on a clock of the test's, the meter on a real client."""

import threading
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import boto3
import pytest
from botocore.awsrequest import AWSResponse, HTTPHeaders
from botocore.config import Config
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError

from reactor.aws import pacing
from reactor.aws.deadlines import Deadlines
from reactor.aws.pacing import Meter, RateLimit
from reactor.errors import OutOfTime, Transient, Unanswered


class Watch:
    """A monotonic clock; to sleep moves it, and is noted."""

    def __init__(self) -> None:
        self.now = 100.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        """Return the time."""
        return self.now

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds


class TestRateLimit:
    """So many calls a second."""

    def test_evenly(self) -> None:
        """Calls made one after another come at the same distance, the first at once."""
        watch = Watch()
        limit, turns = RateLimit(4, 0, watch, watch.sleep), []
        for _ in range(9):
            limit.wait()
            turns.append(watch.now)
        assert turns == [100 + number / 4 for number in range(9)]

    def test_a_handful_need_not_wait(self) -> None:
        """What was not used lately may be caught up, and no more than that."""
        watch = Watch()
        limit, turns = RateLimit(10, 0.5, watch, watch.sleep), []
        for _ in range(8):
            limit.wait()
            turns.append(watch.now)
        assert turns == pytest.approx([100] * 6 + [100.1, 100.2])

    def test_who_is_slower_does_not_wait(self) -> None:
        """A caller that comes later than its turn is let through at once."""
        watch = Watch()
        limit = RateLimit(10, 0, watch, watch.sleep)
        for _ in range(5):
            limit.wait()
            watch.now += 0.1
        assert watch.slept == []

    def test_nothing_is_saved_up(self) -> None:
        """After a rest there is no burst: the next calls keep the same distance."""
        watch = Watch()
        limit = RateLimit(10, 0, watch, watch.sleep)
        limit.wait()
        watch.now += 3600
        for _ in range(3):
            limit.wait()
        assert watch.slept == pytest.approx([0.1, 0.1])

    def test_a_turn_that_comes_too_late_is_not_waited_for(self) -> None:
        """Whoever cannot wait so long is refused at once, and its turn is another's."""
        watch = Watch()
        limit = RateLimit(2, 0, watch, watch.sleep)
        limit.wait(1)
        limit.wait(0.5)
        with pytest.raises(OutOfTime):
            limit.wait(0.4)
        limit.wait(0.5)
        assert watch.slept == [0.5, 0.5]

    def test_shared_by_threads(self) -> None:
        """Threads that call at the same moment get turns of their own, one behind another."""
        slept: list[float] = []
        everybody = threading.Barrier(8, timeout=10)
        limit = RateLimit(10, 0, lambda: 100.0, slept.append)

        def call() -> None:
            everybody.wait()
            limit.wait()

        threads = [threading.Thread(target=call) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(slept) == pytest.approx([number / 10 for number in range(1, 8)])


THROTTLED = (400, "Throttling")
ANSWERS = {"ListMFADevices": "<MFADevices/>", "ListVirtualMFADevices": "<VirtualMFADevices/>"}


@dataclass(frozen=True, slots=True)
class Body:
    """An answer's body as urllib3 gives it."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        """Yield it whole."""
        yield self.content


@dataclass
class Net:
    """What stands for the network: an answer to each attempt, by botocore's hook before it is sent.

    `coming` are the statuses and codes of the next answers; all others go well.
    """

    coming: deque[tuple[int, str]] = field(default_factory=deque)
    sent: list[str] = field(default_factory=list)
    error: Exception | None = None

    def answer(self, event_name: str, request: Any, **_: object) -> AWSResponse:
        """Answer an attempt."""
        operation = event_name.rpartition(".")[2]
        self.sent.append(operation)
        if self.error is not None:
            raise self.error
        status, code = self.coming.popleft() if self.coming else (200, "")
        body = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>"
        if status == 200:
            result = ANSWERS.get(operation, "")
            body = f"<R><{operation}Result>{result}</{operation}Result></R>"
        return AWSResponse(request.url, status, HTTPHeaders(), Body(body.encode()))


@pytest.fixture
def net() -> Net:
    """Return a network on which all goes well."""
    return Net()


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """Return the clock that the meter's paces go by."""
    found = Watch()
    monkeypatch.setattr(pacing, "RateLimit", lambda rate: RateLimit(rate, 0, found, found.sleep))
    return found


def client(
    meter: Meter, net: Net, *, attempts: int = 1, mode: Literal["standard", "adaptive"] = "standard"
) -> Any:
    """Return an IAM client that a meter watches and the net answers."""
    config = Config(retries={"mode": mode, "total_max_attempts": attempts})
    made: Any = boto3.client(
        "iam",
        region_name="us-east-1",
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=config,
    )
    meter.watch(made)
    made.meta.events.register_last("before-send.iam", net.answer)
    return made


@pytest.mark.usefixtures("watch")
class TestCounts:
    """What a sweep's summary says of calls."""

    def test_by_operation(self, net: Net) -> None:
        """Each call is counted under the name that records give it."""
        meter = Meter()
        iam = client(meter, net)
        iam.list_mfa_devices(UserName="a")
        iam.list_mfa_devices(UserName="b")
        iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
        assert meter.take() == ({"iam:ListMFADevices": 2, "iam:AttachUserPolicy": 1}, {})

    def test_attempts(self, net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
        """An attempt that was throttled is counted, and so is the one after it."""
        monkeypatch.setattr("time.sleep", lambda _: None)
        meter, net.coming = Meter(), deque([THROTTLED, THROTTLED])
        client(meter, net, attempts=5).list_mfa_devices(UserName="a")
        assert len(net.sent) == 3
        assert meter.take() == ({"iam:ListMFADevices": 3}, {"iam:ListMFADevices": 2})

    @pytest.mark.parametrize(
        ("status", "code", "throttled"),
        [
            (400, "Throttling", True),
            (400, "ThrottlingException", True),
            (503, "RequestLimitExceeded", True),
            (429, "TooManyRequestsException", True),
            (404, "NoSuchEntity", False),
            (403, "AccessDenied", False),
            (500, "ServiceFailure", False),
        ],
    )
    def test_which_are_throttled(
        self, net: Net, status: int, code: str, *, throttled: bool
    ) -> None:
        """Other errors are calls like any, and no throttling."""
        meter, net.coming = Meter(), deque([(status, code)])
        with pytest.raises(ClientError):
            client(meter, net).list_mfa_devices(UserName="a")
        operation = "iam:ListMFADevices"
        assert meter.take() == ({operation: 1}, {operation: 1} if throttled else {})

    def test_no_answer(self, net: Net) -> None:
        """A call that gets none is counted all the same."""
        meter, net.error = Meter(), Transient("no route", remedy="-")
        with pytest.raises(Transient):
            client(meter, net).list_mfa_devices(UserName="a")
        assert meter.take() == ({"iam:ListMFADevices": 1}, {})

    def test_taken_once(self, net: Net) -> None:
        """What was taken is forgotten: parts of a sweep add up."""
        meter = Meter()
        iam = client(meter, net)
        iam.list_mfa_devices(UserName="a")
        meter.take()
        assert meter.take() == ({}, {})
        iam.list_mfa_devices(UserName="a")
        assert meter.take() == ({"iam:ListMFADevices": 1}, {})

    def test_threads(self, net: Net) -> None:
        """No call is lost among those made at the same time."""
        meter = Meter()
        iam = client(meter, net)

        def call() -> None:
            for _ in range(20):
                iam.list_mfa_devices(UserName="a")

        threads = [threading.Thread(target=call) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert meter.take() == ({"iam:ListMFADevices": 160}, {})


class TestPaceOfAClient:
    """Which calls are held up."""

    def test_without_a_pace(self, net: Net, watch: Watch) -> None:
        """Reactions are not held up."""
        iam = client(Meter(), net)
        for _ in range(3):
            iam.list_mfa_devices(UserName="a")
        assert watch.slept == []

    def test_reads_and_writes_have_each_their_own(self, net: Net, watch: Watch) -> None:
        """Single reads wait for the reads' turn, writes for the writes'."""
        meter = Meter()
        iam = client(meter, net)
        meter.keep_pace(reads=100, writes=10)
        for _ in range(3):
            iam.get_login_profile(UserName="a")
        assert watch.slept == pytest.approx([0.01] * 2)
        iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
        assert len(watch.slept) == 2, "the first write has its turn at once"
        for name in "bc":
            iam.add_user_to_group(UserName=name, GroupName="g")
        assert watch.slept[2:] == pytest.approx([0.1] * 2)

    def test_reads_in_bulk_are_not_held_up(self, net: Net, watch: Watch) -> None:
        """Pages of a thousand users are few, and everything waits for them."""
        meter = Meter()
        iam = client(meter, net)
        meter.keep_pace(reads=1, writes=1)
        for _ in range(5):
            iam.get_account_authorization_details(Filter=["User"])
            iam.list_virtual_mfa_devices()
        assert watch.slept == []
        assert Counter(net.sent) == {
            "GetAccountAuthorizationDetails": 5,
            "ListVirtualMFADevices": 5,
        }

    def test_attempts_are_held_up_too(
        self, net: Net, watch: Watch, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """What is tried again is another call to IAM."""
        monkeypatch.setattr("time.sleep", lambda _: None)
        meter, net.coming = Meter(), deque([THROTTLED, THROTTLED])
        iam = client(meter, net, attempts=5)
        meter.keep_pace(reads=10, writes=10)
        iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
        assert watch.slept == pytest.approx([0.1] * 2)

    def test_the_same_pace_goes_on(self, net: Net, watch: Watch) -> None:
        """A sweep's next part does not begin with a burst; another pace is taken at once."""
        meter = Meter()
        iam = client(meter, net)
        for _ in range(3):
            meter.keep_pace(reads=10, writes=10)
            iam.list_mfa_devices(UserName="a")
        assert watch.slept == pytest.approx([0.1] * 2)
        meter.keep_pace(reads=1000, writes=10)
        iam.list_mfa_devices(UserName="a")
        iam.list_mfa_devices(UserName="a")
        assert watch.slept[2:] == pytest.approx([0.001])


class TestLateAttempts:
    """IAM hears of nothing after the deadline of the invocation that wanted it."""

    @staticmethod
    def begun(watch: Watch, seconds: float) -> Deadlines:
        """Return the deadlines of an invocation that has so many seconds for its calls."""
        until = watch.now + seconds
        deadlines = Deadlines()
        deadlines.begin(lambda: until - watch.now)
        return deadlines

    def test_past_the_deadline(self, net: Net, watch: Watch) -> None:
        """Nothing is sent, nothing is counted, and botocore does not try it again."""
        deadlines = self.begun(watch, 8)
        meter = Meter(deadlines)
        iam = client(meter, net, attempts=5)
        watch.now += 7.5
        with pytest.raises(OutOfTime):
            iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
        with pytest.raises(OutOfTime):
            iam.get_account_authorization_details(Filter=["User"])
        assert (net.sent, meter.take()) == ([], ({}, {}))

    def test_a_turn_after_the_deadline(self, net: Net, watch: Watch) -> None:
        """Whose turn would come too late is refused without a wait; the others had theirs."""
        meter = Meter(self.begun(watch, 8))
        meter.keep_pace(reads=100, writes=0.25)
        iam = client(meter, net)
        for name in "ab":
            iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/x")
        with pytest.raises(OutOfTime):
            iam.attach_user_policy(UserName="c", PolicyArn="arn:aws:iam::aws:policy/x")
        assert watch.slept == [4]
        assert len(net.sent) == 2

    def test_frozen_while_it_waits_for_its_turn(self, net: Net, watch: Watch) -> None:
        """It wakes up minutes later, in another invocation, and does not write there."""
        deadlines = self.begun(watch, 800)
        meter = Meter(deadlines)
        meter.keep_pace(reads=100, writes=0.25)
        iam = client(meter, net)

        def next_invocation(_: float) -> None:
            deadlines.begin(lambda: 900)

        def attach() -> None:
            iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")

        attach()
        assert meter._writes is not None
        meter._writes.sleep = next_invocation
        old = deadlines.binding(attach)
        with pytest.raises(OutOfTime):
            old()
        assert len(net.sent) == 1
        watch.now += 10
        attach()
        assert len(net.sent) == 2, "the invocation's own calls go through"

    @pytest.mark.parametrize("mode", ["standard", "adaptive"])
    def test_frozen_while_botocore_backs_off(
        self,
        net: Net,
        watch: Watch,
        monkeypatch: pytest.MonkeyPatch,
        mode: Literal["standard", "adaptive"],
    ) -> None:
        """A call that was throttled is not tried again by the invocation after its own."""
        deadlines = self.begun(watch, 800)
        net.coming = deque([THROTTLED, THROTTLED])
        iam = client(Meter(deadlines), net, attempts=5, mode=mode)
        monkeypatch.setattr("time.sleep", lambda _: deadlines.begin(lambda: 900))

        def attach() -> None:
            iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")

        with pytest.raises(OutOfTime):
            deadlines.binding(attach)()
        assert net.sent == ["AttachUserPolicy"]

    @pytest.mark.parametrize(
        ("before", "raised"),
        [
            pytest.param((400, "Throttling"), OutOfTime, id="refused"),
            pytest.param((503, "RequestLimitExceeded"), OutOfTime, id="refused, by another word"),
            pytest.param((500, "ServiceFailure"), Unanswered, id="failed"),
            pytest.param(ReadTimeoutError(endpoint_url="-"), Unanswered, id="not answered"),
            pytest.param(ConnectTimeoutError(endpoint_url="-"), OutOfTime, id="not sent"),
        ],
    )
    def test_what_an_attempt_before_may_have_done(
        self,
        net: Net,
        watch: Watch,
        monkeypatch: pytest.MonkeyPatch,
        before: tuple[int, str] | Exception,
        raised: type[OutOfTime],
    ) -> None:
        """Too late for another try: whoever asked is told whether one was carried out, perhaps."""

        def wait(_: float) -> None:
            watch.now += 7.5

        monkeypatch.setattr("time.sleep", wait)
        net.coming = deque([(500, "ServiceFailure")])
        iam = client(Meter(self.begun(watch, 8)), net, attempts=2)
        # Another call of the same thread, and what became of it, is none of this one's.
        with pytest.raises(OutOfTime):
            iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
        watch.now -= 7.5
        if isinstance(before, Exception):
            net.error = before
        else:
            net.coming = deque([before])
        with pytest.raises(OutOfTime) as caught:
            iam.attach_user_policy(UserName="b", PolicyArn="arn:aws:iam::aws:policy/x")
        assert type(caught.value) is raised
        assert len(net.sent) == 2

    def test_held_up_by_botocore_itself(self, net: Net, watch: Watch) -> None:
        """Adaptive retries hold an attempt up behind the pace: it is refused behind them, too."""
        deadlines = self.begun(watch, 8)
        iam = client(Meter(deadlines), net)

        def hold_up(**_: object) -> None:
            watch.now += 7.5

        iam.meta.events.register("before-send", hold_up)
        with pytest.raises(OutOfTime):
            iam.attach_user_policy(UserName="a", PolicyArn="arn:aws:iam::aws:policy/x")
