"""The functions tell by way of `notify`, after their records; and `notify` tells the channels."""

import io
import json
import re
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from reactor.aws.deadlines import Deadlines
from reactor.errors import Unanswered, Unsettled
from reactor.gathering import Begun, Call, in_turn, settled
from reactor.handlers.functions import FunctionReactor
from reactor.invocation import Invocation
from reactor.model import Alarm, AlarmKind
from reactor.names import Function, function_name
from reactor.notify.delivery import MOST_HANDED_ON
from reactor.notify.digests import Told
from reactor.notify.findings import stamp
from reactor.notify.kept import Kept
from reactor.notify.notices import Notice, NoticeKind
from tests.fakes.account import ACCOUNT, GUARD_ARN, Account
from tests.fakes.calls import happened
from tests.fakes.clock import FakeClock
from tests.fakes.harness import settings
from tests.fakes.iam_client import IamClient, Weather
from tests.fakes.ledger import Ledger
from tests.fakes.slack import Answer, SlackServer, faults, slack_server
from tests.fakes.stage import gather

LOCAL = re.compile(r"http://127\.0\.0\.1:[0-9]+/services/[A-Za-z0-9/]+")
STOPPED = happened("cloudtrail", "StopLogging", Name="management-events")
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:mfa"


class Aws:
    """A session as far as is used here: `broken` are the calls that fail."""

    def __init__(self, url: str = "") -> None:
        self.url = url
        self.broken: set[str] = set()
        self.hangs = False
        self.seconds_left = 100.0  # of the invocation
        self.waited: list[float] = []
        self.deadlines = Deadlines()
        self.gather, self.stream = gather, in_turn
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.functions = SimpleNamespace(invoke=self._answer("invoke", {"Payload": io.BytesIO()}))
        found = {"Parameter": {"Type": "SecureString", "Value": url}}
        self.ssm = SimpleNamespace(get_parameter=self._answer("get_parameter", found))
        self.sns = SimpleNamespace(publish=self._answer("publish", {}))
        aliases = {"AccountAliases": ["acme"]}
        self.security_hub = SimpleNamespace(
            get_paginator=lambda _: SimpleNamespace(paginate=lambda **_: [{"Findings": []}]),
            batch_import_findings=self._answer("import", {"FailedCount": 0}),
            batch_update_findings=self._answer("resolve", {"UnprocessedFindings": []}),
        )
        self.events = SimpleNamespace()
        self.iam: Any = SimpleNamespace(list_account_aliases=self._answer("aliases", aliases))

    def _answer(self, call: str, answer: dict[str, Any]) -> Callable[..., dict[str, Any]]:
        def ask(**arguments: Any) -> dict[str, Any]:
            self.calls.append((call, arguments))
            if call in self.broken:
                raise KeyError(call)
            return answer

        return ask

    def begin(self, call: Call) -> Begun:
        """Make a call at once; or have it hang for as long as it is waited for."""
        if not self.hangs:
            answer = settled(call)
            return lambda _=None: answer

        def wait(seconds: float | None = None) -> Unanswered:
            self.waited.append(seconds or 0.0)
            self.seconds_left -= seconds or 0.0
            return Unanswered()

        return wait

    def payloads(self) -> list[dict[str, Any]]:
        """Return what was handed over."""
        return [json.loads(each["Payload"]) for call, each in self.calls if call == "invoke"]


class Reactor:
    """A stage's functions on it."""

    def __init__(self, aws: Aws, **chosen: str) -> None:
        self.aws, self.ledger = aws, Ledger()
        self.clock = FakeClock()
        session: Any = aws
        self.seconds = 0.0  # since it was made, as `notify` remembers
        self.reactor = FunctionReactor(
            settings(**chosen),
            session,
            self.ledger,
            self.clock,
            urls=LOCAL,
        )
        self.reactor.memory.of(Kept, lambda: Kept(lambda: self.seconds))

    def telling(self, function: Function) -> Invocation:
        """Begin an invocation that has told what it hears at its end."""
        session: Any = self.aws
        context = self._context(function)
        chosen = self.reactor.settings
        inv = Invocation.begin(chosen, session, self.ledger, self.clock, context)
        return inv.telling(Told())

    def call(self, function: Function, payload: object) -> None:
        """Invoke a function."""
        handler = "keep" if function is Function.KEEPER else function.value
        getattr(self.reactor, handler)(payload, self._context(function))

    def call_on(self) -> None:
        """Invoke `notify` with what it handed on to itself, until it hands on nothing more."""
        handed_on = 0
        while len(found := self.aws.payloads()) > handed_on:
            handed_on += 1
            self.call(Function.NOTIFY, found[handed_on - 1])

    def _context(self, function: Function) -> Any:
        name = function_name("prod", function)
        return SimpleNamespace(
            invoked_function_arn=f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{name}",
            function_name=name,
            aws_request_id=f"request-of-{function}",
            get_remaining_time_in_millis=lambda: int(self.aws.seconds_left * 1000),
        )

    def alarms(self) -> list[str]:
        """Return the alarms in the log."""
        return [each["alarm"] for each in self.ledger.records if "alarm" in each]

    def told(self) -> dict[str, Any]:
        """Return what the last record says that was told."""
        return dict([each for each in self.ledger.records if "channels" in each][-1]["channels"])


def test_what_happened_is_handed_over_after_its_record() -> None:
    """By one invocation that nobody waits for, of `notify` of the same stage."""
    made = Reactor(Aws(), notice_bus="default")
    made.call(Function.WATCH, STOPPED)
    ((call, arguments),) = made.aws.calls
    assert (call, arguments["InvocationType"]) == ("invoke", "Event")
    assert arguments["FunctionName"] == "mfa-reactor-prod-notify"
    (payload,) = made.aws.payloads()
    assert payload["asked_by"] == "request-of-watch"
    assert [each["alarm"] for each in payload["notices"]] == ["trail-changed"]
    assert made.alarms() == ["trail-changed"]


@pytest.mark.parametrize("how", ["broken", "hangs"])
def test_what_cannot_be_handed_over_is_recorded_and_nothing_fails(how: str) -> None:
    """The invocation ends as it would have, and does not wait for long."""
    aws = Aws()
    aws.broken, aws.hangs = ({"invoke"}, False) if how == "broken" else (set(), True)
    made = Reactor(aws, notice_bus="default")
    made.call(Function.WATCH, STOPPED)
    assert made.alarms() == ["trail-changed", "notice-undelivered"]


@pytest.mark.parametrize(("left", "waited"), [(100.0, 10.0), (3.0, 1.5), (1.0, 0.0)])
def test_handing_over_leaves_time_to_say_that_it_failed(left: float, waited: float) -> None:
    """Or Lambda would end the invocation as one that failed, and try it again."""
    aws = Aws()
    aws.hangs, aws.seconds_left = True, left
    made = Reactor(aws, notice_bus="default")
    made.call(Function.WATCH, STOPPED)
    assert aws.waited == [pytest.approx(waited)]
    assert made.alarms() == ["trail-changed", "notice-undelivered"]


def test_all_that_is_handed_over_has_ten_seconds_together() -> None:
    """Of a sweep of many it is several payloads."""
    aws = Aws()
    aws.hangs = True
    made = Reactor(aws, notice_bus="default")
    large = {"aws": "x" * 300, "trailARN": "y" * 300}
    inv = made.telling(Function.WATCH)
    with inv.flushing():
        for number in range(600):
            made.ledger.alarm(Alarm(AlarmKind.TRAIL_CHANGED, f"{number}", "look", large), None)
    assert len(aws.waited) > 1
    assert sum(aws.waited) == pytest.approx(10.0)


EDITED = happened("iam", "CreatePolicyVersion", policyArn=GUARD_ARN)


@pytest.mark.parametrize(
    ("payload", "waited"),
    [
        pytest.param({"asked_by": "a-reaction"}, 2.0, id="a reaction waits for its answer"),
        pytest.param(EDITED, 10.0, id="an event waits for nothing"),
    ],
)
def test_who_waits_for_the_keeper_does_not_wait_for_its_notices(
    payload: dict[str, Any], waited: float
) -> None:
    """A remediation is not delayed by what there is to tell."""
    aws = Aws()
    aws.hangs = True
    made = Reactor(aws, notice_bus="default")
    account = Account(made.clock)
    account.put_policy(document='{"Version": "2012-10-17", "Statement": []}')
    aws.iam = IamClient(account, Weather(), lambda *_: None)
    made.call(Function.KEEPER, payload)
    assert made.alarms()[0] == "guard-drifted"
    assert aws.waited == [pytest.approx(waited)]


def test_without_a_channel_nothing_is_handed_over() -> None:
    """Nothing is even imported for it to call."""
    made = Reactor(Aws())
    made.call(Function.WATCH, STOPPED)
    assert made.aws.calls == []


def test_nothing_to_tell_invokes_nothing() -> None:
    """Of the many events that are no alarm."""
    made = Reactor(Aws(), notice_bus="default")
    made.call(Function.WATCH, happened("cloudtrail", "AddTags", ResourceId="x"))
    assert made.aws.calls == []


@pytest.fixture
def server() -> Iterator[SlackServer]:
    """A Slack of our own."""
    with slack_server() as serving:
        yield serving


def notices(count: int = 1, **members: Any) -> dict[str, Any]:
    """Return a payload of `notify`."""
    one = Notice(kind=NoticeKind.ALARM, what="something", **members).describe()
    return {"asked_by": "somebody", "notices": [one] * count}


def test_every_channel_is_told_of_this_account_and_stage(server: SlackServer) -> None:
    """Whatever the payload says: whoever may invoke the function can forge one."""
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack", notice_topic=TOPIC)
    made.call(Function.NOTIFY, notices(account="999999999999", stage="other", alias="evil"))
    (message,) = server.taken
    assert faults(message) == []
    said = json.dumps(message)
    assert f"{ACCOUNT} (acme)" in said
    assert "evil" not in said
    assert "999999999999" not in said
    published = [each for call, each in made.aws.calls if call == "publish"]
    assert json.loads(json.loads(published[0]["Message"])["default"])["stage"] == "prod"
    assert made.told() == {
        "slack": {"of": 1, "delivered": 1, "error": None},
        "sns": {"of": 1, "delivered": 1, "error": None},
    }
    assert made.alarms() == []


def test_one_channels_failure_keeps_no_other(server: SlackServer) -> None:
    """It is recorded; what another try cannot mend is not tried again."""
    server.always = Answer(404, "no_service")
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack", notice_topic=TOPIC)
    made.call(Function.NOTIFY, notices(3))
    assert made.aws.payloads() == []
    assert made.told()["sns"]["delivered"] == 3
    assert made.told()["slack"] == {
        "of": 3,
        "delivered": 0,
        "error": "Slack answered 404: no_service",
    }
    assert made.alarms() == ["notice-undelivered"]
    assert len(server.asked) == 1  # and not one for each notice
    made.aws.broken = {"publish"}
    server.always = Answer()
    made.call(Function.NOTIFY, notices())
    assert len(server.taken) == 1
    (rest,) = made.aws.payloads()
    assert rest["channels"] == ["sns"]


def numbered(count: int) -> dict[str, Any]:
    """Return a payload of notices that can be told apart."""
    kind = NoticeKind.ALARM
    some = [Notice(kind=kind, what=f"{number}", alarm="brake") for number in range(count)]
    return {"asked_by": "somebody", "notices": [each.describe() for each in some]}


def texts(server: SlackServer) -> list[str]:
    """Return what the notices say that Slack took."""
    blocks = [each["blocks"] for each in server.taken]
    return [each[1]["text"]["text"] for each in blocks if len(each) > 1]


BUSY = Answer(429, "rate_limited", (("Retry-After", "120"),))


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([Answer(), *[Answer(500, "")] * 4], id="broken after the first"),
        pytest.param([*[Answer(502, "")] * 4], id="broken from the first"),
    ],
)
def test_what_slack_did_not_take_is_handed_on_to_slack_alone(
    server: SlackServer, answers: list[Answer]
) -> None:
    """Each notice is told once everywhere, in its order; nothing was lost, so nothing alarms."""
    server.answers = answers
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack", notice_topic=TOPIC)
    made.call(Function.NOTIFY, numbered(3))
    made.call_on()
    assert texts(server) == ["0", "1", "2"]
    assert [call for call, _ in made.aws.calls].count("publish") == 3
    (rest,) = made.aws.payloads()
    assert rest["asked_by"] == "request-of-notify"
    assert made.alarms() == []


def test_slack_is_left_alone_for_as_long_as_it_says(server: SlackServer) -> None:
    """Longer than an invocation lasts: Lambda's next try asks it, when the time is over."""
    server.answers = [Answer(), BUSY]
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, numbered(3))
    assert made.alarms() == []
    (rest,) = made.aws.payloads()
    for made.seconds in (1.0, 61.0):
        with pytest.raises(Unsettled, match="left alone"):
            made.call(Function.NOTIFY, rest)
    assert len(server.asked) == 2
    made.seconds = 181.0
    made.call(Function.NOTIFY, rest)
    assert texts(server) == ["0", "1", "2"]


def test_a_new_user_is_told_of_once(server: SlackServer) -> None:
    """Though each event of it was reacted to; whoever takes the guard off is told of, too."""
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack")
    for event in ("CreateUser", "CreateLoginProfile", "PutUserPolicy", "DetachUserPolicy"):
        one = Notice(
            kind=NoticeKind.REMEDIATED,
            what=event,
            at="2026-03-01T12:00:05+00:00",
            run=f"run-of-{event}",
            event=event,
            event_time="2026-03-01T12:00:00+00:00",
            subject={"kind": "user", "name": "alice"},
        )
        made.call(Function.NOTIFY, {"notices": [one.describe()]})
    assert texts(server) == ["CreateUser", "DetachUserPolicy"]


def test_of_more_than_slack_gets_none_is_forgotten(server: SlackServer) -> None:
    """What was not sent is counted among the rest, or sent."""
    server.answers = [*[Answer()] * 5, BUSY]
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, numbered(60))
    made.seconds = 181.0
    made.call_on()
    assert texts(server) == [f"{number}" for number in range(25)]
    assert "35 more notices" in server.taken[-1]["text"]


def test_handing_on_has_an_end(server: SlackServer) -> None:
    """Lambda would end it, as a loop; what is left then is an alarm."""
    server.answers = [each for _ in range(30) for each in (Answer(), Answer(429, "", NEVER))]
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, numbered(20))
    made.call_on()
    assert [each["handed_on"] for each in made.aws.payloads()] == list(range(1, MOST_HANDED_ON + 1))
    assert texts(server) == [f"{number}" for number in range(MOST_HANDED_ON + 1)]
    (alarm,) = [each for each in made.ledger.records if "alarm" in each]
    assert (alarm["channel"], alarm["lost"]) == ("slack", 20 - MOST_HANDED_ON - 1)


NEVER = (("Retry-After", "when it suits"),)


def test_what_cannot_be_handed_on_is_an_alarm(server: SlackServer) -> None:
    """Of the channel, and of why it is not tried again."""
    server.answers = [Answer(), BUSY]
    aws = Aws(server.url)
    aws.broken = {"invoke"}
    made = Reactor(aws, slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, numbered(3))
    found = [each for each in made.ledger.records if "alarm" in each]
    assert [each["channel"] for each in found] == ["notify", "slack"]


def test_the_event_bus_gets_what_it_did_not_take_and_nothing_twice() -> None:
    """One call of two failed, and before that one entry of the first."""
    put, aws = list[str](), Aws()
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "sorry"}

    def put_events(Entries: list[dict[str, str]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        numbers = [json.loads(each["Detail"])["what"] for each in Entries]
        if numbers == ["10", "11"]:
            raise KeyError("put_events")
        refused = "3" if len(numbers) == 10 else ""
        put.extend(each for each in numbers if each != refused)
        return {"Entries": [failed if each == refused else {} for each in numbers]}

    aws.events = SimpleNamespace(put_events=put_events)
    made = Reactor(aws, notice_bus="default")
    made.call(Function.NOTIFY, numbered(12))
    assert made.told()["eventbridge"]["delivered"] == 9
    made.call_on()
    assert sorted(put, key=int) == [f"{number}" for number in range(12)]


def test_findings_are_brought_again_without_the_messages(server: SlackServer) -> None:
    """A bucket's are brought by no sweep."""
    aws = Aws(server.url)
    aws.broken = {"resolve", "import"}
    made = Reactor(aws, slack_webhook="ssm:/mfa/slack", security_hub="true")
    report = {"type": "AwsS3Bucket", "id": "b", "arn": "arn:aws:s3:::b", "standing": "open"}
    stand = {"at": stamp(made.clock()), "reports": [report]}
    made.call(Function.NOTIFY, {**numbered(1), "stand": stand})
    (rest,) = aws.payloads()
    assert (rest["channels"], rest["stand"]) == (["security-hub"], stand)
    assert "notices" not in rest


def test_where_nobody_was_told_lambda_tries_again(server: SlackServer) -> None:
    """What fails then comes into the queue of failed events, to be redriven."""
    aws = Aws(server.url)
    aws.broken = {"publish"}
    made = Reactor(aws, notice_topic=TOPIC)
    with pytest.raises(Unsettled, match="sns was not told"):
        made.call(Function.NOTIFY, notices())
    assert made.alarms() == ["notice-undelivered"]
    aws.broken = set()
    made.call(Function.NOTIFY, notices())


def test_its_own_alarms_are_not_told() -> None:
    """That would not end."""
    aws = Aws("https://evil.example/")
    made = Reactor(aws, slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, notices())
    assert made.alarms() == ["notice-undelivered"]
    assert "invoke" not in [call for call, _ in aws.calls]
    assert "evil.example" not in json.dumps(made.ledger.records)


def test_the_webhooks_url_is_read_once_in_a_while_and_anew_after_slack_refused_it(
    server: SlackServer,
) -> None:
    """So that a URL that was renewed is used with the next notice."""
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack", notice_topic=TOPIC)

    def reads() -> int:
        return [call for call, _ in made.aws.calls].count("get_parameter")

    made.call(Function.NOTIFY, notices())
    made.call(Function.NOTIFY, notices())
    assert reads() == 1
    server.answers = [Answer(403, "invalid_token")]
    made.call(Function.NOTIFY, notices())
    made.call(Function.NOTIFY, notices())
    assert reads() == 2


def test_slack_gets_a_few_and_the_number_of_the_rest(server: SlackServer) -> None:
    """A forged payload can flood the channel no faster than that."""
    made = Reactor(Aws(server.url), slack_webhook="ssm:/mfa/slack")
    made.call(Function.NOTIFY, notices(150))
    assert len(server.taken) == 21
    assert "130 more notices" in server.taken[-1]["text"]


@pytest.mark.parametrize("payload", [None, [], "x", {}, {"notices": 1}, {"notices": [{}, None]}])
def test_what_is_no_message_tells_nobody(payload: Any) -> None:
    """And fails nothing."""
    made = Reactor(Aws(), slack_webhook="ssm:/mfa/slack", security_hub="true")
    made.call(Function.NOTIFY, payload)
    assert made.told() == {}
    assert made.aws.calls == []


def test_a_forged_time_freezes_no_finding() -> None:
    """One from the year 2999 would be younger than all that is ever seen."""
    made = Reactor(Aws(), security_hub="true")
    one = {"type": "AWS::IAM::User", "id": "AIDA1", "arn": "arn:x", "standing": "open"}
    made.call(Function.NOTIFY, {"stand": {"at": "2999-01-01T00:00:00+00:00", "reports": [one]}})
    ((_, brought),) = made.aws.calls
    assert brought["Findings"][0]["UpdatedAt"] == stamp(made.clock())
    assert made.told() == {"security-hub": {"of": 1, "delivered": 1, "error": None}}
