"""reactor.handlers.compliance on many buckets: read together, and each try further."""

import json
from collections.abc import Callable, Container
from types import SimpleNamespace
from typing import Any

from reactor.aws.account import Home
from reactor.buckets.guardrail import Buckets
from reactor.buckets.observe import Observer
from reactor.buckets.ports import OF_A_BUCKET
from reactor.errors import OutOfTime, ReactorError
from reactor.gathering import in_turn
from reactor.handlers.compliance import MANY, Complying
from reactor.invocation import Invocation
from tests.fakes.account import ACCOUNT
from tests.fakes.buckets import HOME, OWN, PUBLIC, FakeS3, Stored
from tests.fakes.clock import FakeClock
from tests.fakes.harness import Rounds, settings
from tests.fakes.ledger import Ledger

_NAME = "mfa-reactor-prod-compliance"
RULE = "s3-bucket-public-read-prohibited"
OPEN = Stored((OWN, PUBLIC))
PATIENCE = 1000.0  # seconds that an invocation has, one for each call of S3


class Function:
    """The function `compliance` on a fake of S3."""

    def __init__(self, buckets: int) -> None:
        self.settings = settings(buckets="true", config_rules=RULE)
        self.s3 = FakeS3({f"b{number:04}": OPEN for number in range(buckets)})
        self.ledger = Ledger(self.settings.mode)
        self.rounds = Rounds()

    def settle(self, *names: str) -> list[str]:
        """Have each bucket looked at, a message each; return the messages that come back."""
        records = [
            {"messageId": name, "body": json.dumps(_notice(name)), "eventSourceARN": _QUEUE}
            for name in names
        ]
        answer = Complying(self._invocation()).run({"Records": records})
        failed: Any = answer["batchItemFailures"]
        return [each["itemIdentifier"] for each in failed]

    def _invocation(self) -> Invocation:
        calls = self._calls()
        context: Any = SimpleNamespace(
            aws_request_id="request",
            invoked_function_arn=f"arn:aws:lambda:{HOME}:{ACCOUNT}:function:{_NAME}",
            function_name=_NAME,
            get_remaining_time_in_millis=lambda: max(0, PATIENCE - self._calls() + calls) * 1000,
        )
        session: Any = SimpleNamespace(
            stream=in_turn, function_settings=_Heeding(), begin=lambda call: lambda _=None: call()
        )
        s3, rounds = self.s3, self.rounds

        class OnFake(Invocation):
            def buckets(
                self, has_time: Callable[[], bool] | None = None, done: Container[str] = ()
            ) -> Buckets:
                observer = Observer(s3, rounds, HOME, has_time or (lambda: True), done)
                return Buckets(observer, s3, self.settings)

        home = Home("aws", HOME, ACCOUNT)
        return OnFake(self.settings, session, self.ledger, FakeClock(), context, home)

    def _calls(self) -> int:
        return len(self.s3.asked) + len(self.s3.written)


class _Heeding:
    """A Lambda client whose mapping has ReportBatchItemFailures."""

    def get_paginator(self, _operation: str) -> Any:
        """Answer lambda:ListEventSourceMappings."""
        mapping = {"UUID": "u", "State": "Enabled", "FunctionResponseTypes": [_HEEDED]}
        page = {"EventSourceMappings": [{**mapping, "EventSourceArn": _QUEUE}]}
        return SimpleNamespace(paginate=lambda **_: [page])


_HEEDED = "ReportBatchItemFailures"
_QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:mfa-reactor-prod-notifications"


def _notice(name: str) -> dict[str, str]:
    return {
        "configRuleName": RULE,
        "resourceType": "AWS::S3::Bucket",
        "resourceId": name,
        "region": HOME,
    }


def test_many_are_read_together() -> None:
    """A list, and then five questions each; what its ACL makes public is set to private."""
    function = Function(MANY + 1)
    quiet = Stored()
    function.s3.world.update({f"quiet-{number}": quiet for number in range(20)})
    names = list(function.s3.world)
    assert function.settle(*names) == []
    assert sorted(set(function.s3.written)) == [each for each in names if each.startswith("b")]
    assert [each for each, _ in function.s3.asked].count("buckets") == 1
    assert sorted(each for each, name in function.s3.asked if name == "quiet-3") == sorted(
        OF_A_BUCKET
    )
    assert function.rounds.sizes == [2]


def test_only_what_failed_comes_back() -> None:
    """By its own name: a bucket that S3 does not tell of; what is not ours is settled."""
    function = Function(MANY + 1)
    function.s3.world["theirs"] = Stored((OWN, PUBLIC), account="999999999999")
    function.s3.world["opened-again"] = OPEN
    names = [*function.s3.world, "gone"]

    def reopen() -> None:
        if function.s3.written[-1] == "opened-again":
            function.s3.change("opened-again", grants=(OWN, PUBLIC))

    function.s3.afterwards = reopen
    assert function.settle(*names) == ["opened-again"]


def test_when_they_cannot_be_listed_all_come_back() -> None:
    """Nobody is taken for settled."""
    function = Function(MANY + 1)
    function.rounds = _Deaf()
    names = list(function.s3.world)
    assert function.settle(*names) == names


class _Deaf(Rounds):
    """Makes no call: there is no time left for any."""

    def __call__(self, calls: Any, /) -> dict[Any, Any | ReactorError]:
        """Say so of each call."""
        return {key: OutOfTime() for key in calls}


def test_each_receive_gets_further() -> None:
    """What was read in time is mended, and only the rest comes back, until nothing does."""
    function = Function(400)
    back, left = list(function.s3.world), []
    for _ in range(5):
        back = function.settle(*back)
        left.append(len(back))
    assert left[-1] == 0, left
    assert left == sorted(left, reverse=True)
