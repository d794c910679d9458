"""reactor.handlers.buckets: one bucket or all of them, few looks for many requests, one brake."""

from collections.abc import Callable, Container
from types import SimpleNamespace
from typing import Any

import pytest

from reactor.aws.account import Home
from reactor.buckets.events import LOOK_AT_ALL
from reactor.buckets.guardrail import Buckets
from reactor.buckets.observe import Observer
from reactor.buckets.ports import Bucket, Refused
from reactor.buckets.state import Acl
from reactor.errors import Unsettled
from reactor.gathering import in_turn
from reactor.handlers.buckets import Looking, Looks
from reactor.invocation import Invocation
from reactor.settings import Settings
from reactor.sweeps.coalescing import SPACING, Coalescer
from tests.fakes.account import ACCOUNT
from tests.fakes.buckets import HOME, OWN, PUBLIC, FakeS3, Stored
from tests.fakes.clock import FakeClock
from tests.fakes.events import Envelope, event
from tests.fakes.harness import Rounds, settings
from tests.fakes.ledger import Ledger

OPEN = Stored((OWN, PUBLIC))
UNHURRIED = 300.0  # seconds


class CountingS3(FakeS3):
    """A fake that refuses some of its own buckets, as where a policy denies us the read."""

    denied: frozenset[str] = frozenset()

    def acl(self, bucket: Bucket) -> Acl | None:
        """Return a bucket's ACL."""
        if bucket.name in self.denied:
            self.asked.append(("acl", bucket.name))
            raise Refused("AccessDenied", remedy="allow it")
        return super().acl(bucket)


class Stage:
    """One environment of the function, on a fake of S3. `seconds` are what each invocation has."""

    def __init__(self, chosen: Settings | None = None, buckets: int = 0) -> None:
        self.settings = chosen or settings(buckets="true", max_remediations="50")
        self.clock = FakeClock()
        self.s3 = CountingS3({f"b{number:03}": OPEN for number in range(buckets)})
        self.ledger = Ledger(self.settings.mode)
        self.slept: list[float] = []
        self.looks = Looks(Coalescer(self.clock, self._sleep))
        self.seconds_left: Callable[[], float] = lambda: UNHURRIED

    def invoke(self, payload: object, request: str = "request") -> bool:
        """Invoke it, and tell whether all was settled."""
        try:
            Looking(self._invocation(request), self.looks).run(payload)
        except Unsettled:
            return False
        return True

    @property
    def private(self) -> int:
        """How many buckets were set to private."""
        return len(set(self.s3.written))

    @property
    def looked(self) -> int:
        """How many times all buckets were listed."""
        return len([read for read, _ in self.s3.asked if read == "buckets"])

    @property
    def answered(self) -> int:
        """How many requests were answered by another's look."""
        return len([each for each in self.ledger.records if "answered" in each.get("ignored", "")])

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def _invocation(self, request: str) -> Invocation:
        context: Any = SimpleNamespace(
            aws_request_id=request,
            function_name="mfa-reactor-prod-buckets",
            get_remaining_time_in_millis=lambda: int(self.seconds_left() * 1000),
        )
        session: Any = SimpleNamespace(stream=in_turn)
        home = Home("aws", HOME, ACCOUNT)
        s3 = self.s3

        class OnFake(Invocation):
            def buckets(
                self, has_time: Callable[[], bool] | None = None, done: Container[str] = ()
            ) -> Buckets:
                observer = Observer(s3, Rounds(), HOME, has_time or (lambda: True), done)
                return Buckets(observer, s3, self.settings)

        return OnFake(self.settings, session, self.ledger, self.clock, context, home)


def nameless(stage: Stage, name: str = "PutBucketAcl", number: int = 0) -> Envelope:
    """Return an event of now that does not say which bucket it concerns."""
    made = event(name, None, service="s3", at=stage.clock())
    made["detail"]["eventID"] = f"{name}-{number}"
    return made


class TestBrake:
    """How many buckets looks at all change."""

    def test_further_tries_have_no_further_places(self) -> None:
        """One bucket that cannot be read makes no brake of 50 one of 150."""
        stage = Stage(buckets=200)
        stage.s3.denied = frozenset({"b199"})
        asked = nameless(stage, "DeleteAccountPublicAccessBlock")
        for seconds in (0, 60, 120):
            stage.clock.advance(seconds)
            assert not stage.invoke(asked)
            assert stage.private == 50

    def test_further_events_have_none_either(self) -> None:
        """Whoever can make them come must not loosen the brake."""
        stage = Stage(buckets=200)
        for number in range(4):
            stage.clock.advance(300)
            stage.invoke(nameless(stage, number=number), f"request-{number}")
        assert stage.looked == 4
        assert stage.private == 50
        [first, *_] = [each for each in stage.ledger.records if each.get("alarm") == "brake"]
        assert first["waiting"] == 150

    def test_an_operators_look_goes_on_with_the_next(self) -> None:
        """Each time; but not a further try of the same one."""
        stage = Stage(buckets=200)
        stage.s3.denied = frozenset({"b199"})
        for number, private in enumerate((50, 100, 150), 1):
            stage.invoke(LOOK_AT_ALL, f"request-{number}")
            assert stage.private == private
        stage.invoke(LOOK_AT_ALL, "request-3")
        assert stage.private == 150

    def test_who_has_a_place_is_tried_again_for_nothing(self) -> None:
        """What failed is tried again, though the brake has no place left."""
        stage = Stage(settings(buckets="true", max_remediations="1"), buckets=2)
        asked = nameless(stage, "DeleteAccountPublicAccessBlock")
        stage.s3.afterwards = lambda: stage.s3.change("b000", grants=(OWN, PUBLIC))
        assert not stage.invoke(asked)
        stage.s3.afterwards = None
        assert stage.invoke(asked)
        assert stage.s3.world["b000"].grants == (OWN,)
        assert stage.s3.world["b001"].grants == (OWN, PUBLIC)

    def test_nobody_waits_where_nothing_is_changed(self) -> None:
        """An observing stage records all that it would take away, at each look."""
        stage = Stage(settings(mode="observe", buckets="true", max_remediations="1"), buckets=3)
        for number in range(2):
            stage.invoke(LOOK_AT_ALL, f"request-{number}")
        whys = [each["actions"][0]["why"] for each in stage.ledger.records if each.get("actions")]
        assert whys == ["observe mode"] * 6

    def test_a_bucket_that_is_named_has_no_brake(self) -> None:
        """Though looks at all have taken every place."""
        stage = Stage(settings(buckets="true", max_remediations="1"), buckets=3)
        stage.invoke(LOOK_AT_ALL)
        for number in (1, 2):
            named = {"bucketName": f"b{number:03}"}
            assert stage.invoke(event("PutBucketAcl", named, service="s3", at=stage.clock()))
        assert stage.private == 3


class TestRequests:
    """Which requests have a look of their own."""

    def test_a_thousand_that_come_at_once_have_a_few(self) -> None:
        """Those behind wait for a turn, and one look answers all that were made before it."""
        stage = Stage(buckets=3)
        flood = [nameless(stage, "DeleteBucketTagging", number) for number in range(1000)]
        for number, each in enumerate(flood):
            assert stage.invoke(each, f"request-{number}")
        assert stage.looked == 2  # the first began in the same second as the others' calls
        assert stage.answered == 998
        assert stage.slept == [SPACING.total_seconds()]

    def test_one_that_was_made_later_has_its_own(self) -> None:
        """What happened since the look began, it may not have seen."""
        stage = Stage(buckets=1)
        stage.invoke(nameless(stage, number=1), "request-1")
        stage.clock.advance(60)
        stage.invoke(nameless(stage, number=2), "request-2")
        assert (stage.looked, stage.answered) == (2, 0)

    def test_one_of_the_same_second_has_its_own(self) -> None:
        """CloudTrail's times have no fractions: it may have happened after the look began."""
        stage = Stage(buckets=1)
        first, second = (nameless(stage, number=number) for number in (1, 2))
        stage.clock.advance(0.5)
        stage.invoke(first, "request-1")
        stage.invoke(second, "request-2")
        assert (stage.looked, stage.answered) == (2, 0)

    def test_one_that_claims_something_else_has_its_own(self) -> None:
        """A look judges again what contradicts its own event's claims only."""
        stage = Stage(buckets=1)
        lifted = nameless(stage, "DeleteAccountPublicAccessBlock")
        opened = nameless(stage, "PutBucketAcl")
        stage.clock.advance(5)
        stage.invoke(lifted, "request-1")
        stage.invoke(opened, "request-2")
        assert (stage.looked, stage.answered) == (2, 0)

    def test_an_operators_is_never_answered_by_another(self) -> None:
        """And waits for no turn."""
        stage = Stage(buckets=1)
        for number in range(2):
            stage.invoke(LOOK_AT_ALL, f"request-{number}")
        assert (stage.looked, stage.slept) == (2, [])

    def test_one_that_left_something_open_is_tried_again(self) -> None:
        """Though a look that began later has ended: that one had the same trouble, or not."""
        stage = Stage(buckets=2)
        stage.s3.denied = frozenset({"b000"})
        first = nameless(stage, "DeleteBucketTagging", 1)
        stage.clock.advance(5)
        assert not stage.invoke(first, "request-1")
        stage.clock.advance(20)
        stage.s3.denied = frozenset()
        assert stage.invoke(nameless(stage, "DeleteBucketTagging", 2), "request-2")
        looked = stage.looked
        assert stage.invoke(first, "request-1")
        assert stage.looked == looked + 1

    def test_an_event_without_a_time_has_its_own(self) -> None:
        """When it was made is not known, so that no look is known to be later."""
        stage = Stage(buckets=1)
        for number in range(2):
            timeless = nameless(stage, number=number)
            timeless["detail"]["eventTime"] = "yesterday"
            stage.invoke(timeless, f"request-{number}")
        assert (stage.looked, stage.answered) == (2, 0)


class TestInTime:
    """An account that takes longer than an invocation has."""

    @pytest.fixture
    def stage(self) -> Stage:
        """Return a stage whose invocations have time to read forty buckets each."""
        stage = Stage(settings(buckets="true", max_remediations="0"))
        stage.s3.world.update({f"b{number:03}": Stored() for number in range(90)})
        stage.s3.world["b089"] = OPEN
        return stage

    def test_each_try_goes_on_where_the_last_one_ended(self, stage: Stage) -> None:
        """So that three tries read all, and the one that is at the end is mended."""
        asked = nameless(stage, "DeleteAccountPublicAccessBlock")
        stage.clock.advance(5)
        read: list[set[str]] = []
        for _ in range(3):
            before = len(stage.s3.asked)

            def left(before: int = before) -> float:
                asked = [each for each in stage.s3.asked[before:] if each[0] == "acl"]
                return UNHURRIED if len(asked) < 40 else UNHURRIED / 2

            stage.seconds_left = left
            settled = stage.invoke(asked)
            acls = {name for each, name in stage.s3.asked[before:] if each == "acl"}
            read.append(acls)
        assert settled
        assert not read[0] & read[1]
        assert set().union(*read) == set(stage.s3.world)
        assert stage.s3.world["b089"].grants == (OWN,)

    def test_another_request_reads_all_anew(self, stage: Stage) -> None:
        """What an earlier one settled may have changed since."""
        stage.s3.denied = frozenset({"b000"})
        assert not stage.invoke(nameless(stage, number=1), "request-1")
        stage.clock.advance(300)
        before = len(stage.s3.asked)
        stage.invoke(nameless(stage, number=2), "request-2")
        assert len({name for each, name in stage.s3.asked[before:] if each == "acl"}) == 90

    def test_not_more_is_remembered_than_is_needed(self, stage: Stage) -> None:
        """Of requests that never come back, the oldest are forgotten; of settled ones, all."""
        stage.s3.denied = frozenset({"b000"})
        for number in range(40):
            stage.clock.advance(300)
            stage.invoke(nameless(stage, number=number), f"request-{number}")
        assert len(stage.looks.settled) == 16
        stage.s3.denied = frozenset()
        stage.clock.advance(300)
        assert stage.invoke(nameless(stage, "PutBucketTagging", 99), "request-99")
        assert "PutBucketTagging-99" not in stage.looks.settled


def test_what_concerns_no_bucket_is_recorded() -> None:
    """With the reason."""
    stage = Stage()
    assert stage.invoke({"detail": {}})
    assert len(stage.ledger.records) == 1
    assert stage.s3.asked == []
