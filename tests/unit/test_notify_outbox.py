"""reactor.notify: what is heard, what of it is told, and how it travels."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import Permanent, ReactorError, Transient, Unexpected
from reactor.model import Alarm, AlarmKind, Cause, OutcomeStatus, Resource
from reactor.notify.delivery import Message
from reactor.notify.digests import AGAIN_AFTER, Told
from reactor.notify.notices import MOST_ITEMS, SCHEMA, Notice, NoticeKind, Place
from reactor.notify.outbox import PAYLOAD_BYTES, Outbox, not_handed_over
from reactor.notify.reports import Standing
from reactor.reconcile import Settled
from reactor.sweeps.counts import Counts
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import FakeClock
from tests.fakes.events import about_user, removed
from tests.fakes.ledger import Ledger
from tests.fakes.parts import changed, everybody, failing, id_for, observed, settled

PLACE = Place("prod", "enforce", "request-1", ACCOUNT, "us-east-1")
QUOTA = Permanent("ten policies are attached already", remedy="detach one")
ALARM = Alarm(AlarmKind.TRAIL_CHANGED, "mallory stopped the trail", "start it", {"trail": "t"})
USER = "AWS::IAM::User"
SUMMARY = {"users": 3, "exempt": 0, "compliant": 1, "remediated": 1, "failed": 0, "open": 1}
DOWN = Transient("lambda:InvokeFunction failed", remedy="allow it")


def by_event(each: Settled, cause: Cause | None = None) -> Settled:
    """Return a settled user as an event brought it."""
    name = each.observation.subject.name or ""
    seen = replace(each.observation, swept=False)
    return replace(each, cause=cause or about_user(name, removed("serial")), observation=seen)


class _Bucket:
    """The state of a bucket."""

    def __init__(self, name: str) -> None:
        self.name = name

    def resource(self) -> Resource | None:
        """Return it."""
        return Resource("AWS::S3::Bucket", self.name, arn=f"arn:aws:s3:::{self.name}")


def bucket(name: str) -> Settled:
    """Return a settled bucket that is in order."""
    each = settled(name)
    return replace(each, observation=replace(each.observation, state=_Bucket(name)))


def outbox(told: Told | None = None, clock: FakeClock | None = None, **wants: bool) -> Outbox:
    """Return an outbox for notices and findings, unless told otherwise."""
    return Outbox(PLACE, told or Told(), clock or FakeClock(), **wants)


def handed(box: Outbox) -> list[Message]:
    """Return what it hands over, as it is read."""
    payloads: list[bytes] = []
    assert box.hand_over(payloads.append) is None
    assert all(len(each) <= PAYLOAD_BYTES for each in payloads)
    return [Message.of(json.loads(each)) for each in payloads]


def notices(box: Outbox) -> list[Notice]:
    """Return the notices that it hands over."""
    return [each for message in handed(box) for each in message.notices]


def refuse(_: bytes) -> None:
    """Take nothing."""
    raise DOWN


def sweep(
    box: Outbox,
    *some: Settled,
    alarms: tuple[Alarm, ...] = (),
    summary: Mapping[str, Any] | None = None,
    part: int = 1,
    is_left: bool = False,
) -> None:
    """Have it hear a sweep, or a part of one: its numbers are those of `some`, or as told."""
    counts = Counts()
    box.part(part)
    for each in some:
        box.settled(each)
        counts.add(each)
    for alarm in alarms:
        box.alarm(alarm, None)
    box.sweep(summary or counts.describe(), is_left=is_left)


def test_a_guard_that_was_attached_is_told_with_all_that_is_known() -> None:
    """Who, by whom, when, how fast, and what the user does next; a record has no more."""
    box = outbox(findings=False)
    box.settled(by_event(changed("alice")))
    (notice,) = notices(box)
    assert notice.kind is NoticeKind.REMEDIATED
    assert notice.subject == {"kind": "user", "account": ACCOUNT, "name": "alice"}
    assert (notice.caller, notice.event) == ("arn:aws:iam::1:role/admin", "DetachUserPolicy")
    assert notice.source_address == "203.0.113.7"
    assert notice.reasons == ("because of alice",)
    assert set(notice.milliseconds) == {"since_event", "since_receipt"}
    assert "enrols an MFA device" in notice.next_step
    assert (notice.account, notice.stage, notice.mode) == (ACCOUNT, "prod", "enforce")
    assert notice.run == "request-1"


@pytest.mark.parametrize(
    ("each", "kind"),
    [
        pytest.param(changed("a"), NoticeKind.REMEDIATED, id="attached"),
        pytest.param(failing("a", QUOTA), NoticeKind.NOT_REMEDIATED, id="a quota is in the way"),
        pytest.param(observed("a"), NoticeKind.OBSERVED, id="the stage observes"),
        pytest.param(failing("a", Transient("x", remedy="y")), None, id="it is tried again"),
        pytest.param(settled("a"), None, id="in order"),
        pytest.param(settled("a", "exempt"), None, id="exempt"),
        pytest.param(settled("a", status=OutcomeStatus.DONE), None, id="moved to the regular way"),
        pytest.param(settled("a", "not-read"), None, id="not read"),
        pytest.param(
            settled("a", "must-carry-guard", status=OutcomeStatus.ALREADY), None, id="already so"
        ),
    ],
)
def test_what_of_a_reaction_is_told(each: Settled, kind: NoticeKind | None) -> None:
    """What was weakened, and what became of it; the rest is for the log."""
    box = outbox(findings=False)
    box.settled(by_event(each))
    assert [notice.kind for notice in notices(box)] == ([] if kind is None else [kind])


def test_in_observe_mode_only_a_weakening_is_told() -> None:
    """Not each tag of a user who has long been open."""
    box = outbox(findings=False)
    box.settled(by_event(observed("a"), about_user("a")))
    assert notices(box) == []


def test_a_failure_is_told_once() -> None:
    """The alarm for the same failure is not another message."""
    box = outbox(findings=False)
    each = by_event(failing("alice", QUOTA))
    box.settled(each)
    box.alarm(Alarm(AlarmKind.PERMANENT_FAILURE, str(QUOTA), QUOTA.remedy), None)
    box.alarm(Alarm(AlarmKind.PERMANENT_FAILURE, "another", "x"), None)
    told = notices(box)
    assert [notice.kind for notice in told] == [NoticeKind.ALARM, NoticeKind.NOT_REMEDIATED]
    assert told[1].next_step == "detach one"
    assert "ten policies" in told[1].what


def test_an_alarm_is_told_with_its_remedy() -> None:
    """And with what its record has besides."""
    box = outbox(findings=False)
    box.alarm(ALARM, about_user("x").trigger)
    (notice,) = notices(box)
    assert (notice.kind, notice.alarm) == (NoticeKind.ALARM, "trail-changed")
    assert (notice.what, notice.next_step) == ("mallory stopped the trail", "start it")
    assert notice.details == {"trail": "t"}
    assert notice.caller == "arn:aws:iam::1:role/admin"


def test_an_event_that_concerns_many_is_told_in_one() -> None:
    """A policy may be detached from a group of thousands."""
    box = outbox(findings=False)
    for number in range(MOST_ITEMS + 1):
        box.settled(by_event(changed(f"user-{number}")))
    (notice,) = notices(box)
    assert notice.kind is NoticeKind.MANY
    assert notice.counts == {"remediated": MOST_ITEMS + 1}
    assert len(notice.samples["remediated"]) == MOST_ITEMS
    assert notice.caller == "arn:aws:iam::1:role/admin"


def test_a_sweep_has_one_digest() -> None:
    """Numbers, a few names, who waits, who failed and why, the alarms: in one message."""
    box = outbox(findings=False)
    waiting = settled("w", "must-carry-guard", status=OutcomeStatus.SKIPPED, held_back=True)
    brake = Alarm(AlarmKind.BRAKE, "1 users wait because of the brake", "wait")
    many = [changed(f"user-{number:02}") for number in range(60)]
    sweep(box, *many, waiting, failing("f", QUOTA), observed("o"), alarms=(brake, ALARM))
    (notice,) = notices(box)
    assert notice.kind is NoticeKind.SWEEP
    assert notice.samples["remediated"] == tuple(f"user-{each:02}" for each in range(MOST_ITEMS))
    assert notice.samples["failed"] == (f"f: {QUOTA}",)
    assert notice.samples["waiting for the brake"] == ("w",)
    assert notice.samples["open"] == ("o",)
    assert notice.samples["alarms"] == ("mallory stopped the trail → start it",)
    assert notice.counts["remediated"] == 60
    assert notice.counts["waiting"] == 1


def test_a_sweep_with_nothing_to_do_tells_nothing() -> None:
    """Nor does it invoke anything."""
    box = outbox(findings=False)
    sweep(box, settled("a"), settled("b", "exempt"))
    assert handed(box) == []


def test_what_lasts_is_told_once_a_day() -> None:
    """The same users open, the same alarm: each sweep finds them again, every 15 minutes."""
    clock, told = FakeClock(), Told()

    def digests(*some: Settled, alarms: tuple[Alarm, ...] = (ALARM,)) -> int:
        box = outbox(told, clock, findings=False)
        sweep(box, *some, alarms=alarms)
        return len(notices(box))

    assert digests(observed("a")) == 1
    assert digests(observed("a")) == 0
    assert digests(observed("a"), observed("b")) == 1  # another one
    assert digests(observed("a"), observed("b"), changed("c")) == 1  # something was done
    assert digests(observed("a"), observed("b")) == 0
    clock.advance(AGAIN_AFTER.total_seconds() - 1)
    assert digests(observed("a"), observed("b")) == 0
    clock.advance(1)
    assert digests(observed("a"), observed("b")) == 1
    assert digests(alarms=()) == 1  # all in order again: that is news, too
    assert digests(alarms=()) == 0
    clock.advance(timedelta(days=3).total_seconds())
    assert digests(alarms=()) == 0  # nothing is wrong: nothing is repeated


def test_a_sweep_that_goes_on_elsewhere_tells_its_alarms() -> None:
    """The invocation that ends it does not know of them; numbers it has."""
    box = outbox(findings=False)
    brake = Alarm(AlarmKind.BRAKE, "some wait", "wait")
    sweep(box, changed("a"), alarms=(ALARM, brake), is_left=True)
    assert [notice.alarm for notice in notices(box)] == ["trail-changed"]


@pytest.mark.parametrize("way", ["remediated", "failed", "open"])
def test_the_end_of_a_sweep_tells_what_came_of_parts_elsewhere(way: str) -> None:
    """Another invocation changed 50, and this one, which has the numbers, found all in order."""
    clock, told = FakeClock(), Told()

    def digests(**numbers: int) -> int:
        box = outbox(told, clock, findings=False)
        summary = {**SUMMARY, "remediated": 0, "open": 0, **numbers}
        sweep(box, settled("z"), summary=summary, part=2)
        return len(notices(box))

    assert digests() == 0
    assert digests(**{way: 50}) == 1
    assert digests(**{way: 50}) == (way == "remediated")  # each change is told, what lasts once
    assert digests(**{way: 51}) == 1


def test_alarms_of_a_sweep_that_goes_on_elsewhere_are_told_once_a_day() -> None:
    """Its first part looks at the reactor itself each time, and what it finds lasts."""
    clock, told = FakeClock(), Told()

    def alarms_of(*alarms: Alarm) -> list[str]:
        begun, ended = (outbox(told, clock, findings=False) for _ in range(2))
        sweep(begun, settled("a"), alarms=alarms, is_left=True)
        found = [notice.what for notice in notices(begun)]
        sweep(ended, settled("b"), part=2)
        assert notices(ended) == []
        return found

    another = replace(ALARM, what="another")
    assert alarms_of(ALARM) == [ALARM.what]
    clock.advance(900)
    assert alarms_of(ALARM) == []
    assert alarms_of(ALARM, another) == ["another"]
    clock.advance(AGAIN_AFTER.total_seconds() - 900)
    assert alarms_of(ALARM, another) == [ALARM.what]
    assert alarms_of() == []
    assert alarms_of(ALARM) == [ALARM.what]  # it was in order in between


def test_a_digest_that_could_not_be_handed_over_is_told_by_the_next_sweep() -> None:
    """What was told is what got through."""
    told = Told()

    def digests() -> int:
        box = outbox(told, findings=False)
        sweep(box, observed("a"), alarms=(ALARM,))
        return len(notices(box))

    lost = outbox(told, findings=False)
    sweep(lost, observed("a"), alarms=(ALARM,))
    assert lost.hand_over(refuse) == DOWN
    assert digests() == 1
    assert digests() == 0


def test_a_payload_that_is_refused_keeps_no_other() -> None:
    """Of several, all are tried."""
    box, given = outbox(), list[bytes]()
    sweep(box, *(observed(f"user-{number:04}-{'x' * 50}") for number in range(5000)))

    def refuse_the_first(payload: bytes) -> None:
        given.append(payload)
        if len(given) == 1:
            raise DOWN

    assert box.hand_over(refuse_the_first) == DOWN
    assert len(given) > 1


def stands_after(box: Outbox, *some: Settled) -> Any:
    """Return how users stand that a sweep has looked at."""
    sweep(box, *some)
    (message,) = handed(box)
    return message.stand


def test_a_whole_sweep_says_who_is_there() -> None:
    """So that whoever is not is gone; those not in order are among them."""
    stand = stands_after(outbox(notices=False), changed("a"), observed("b"), settled("c"))
    assert stand.whole
    ids = {id_ for standing in Standing for _, id_ in stand.ids_of(standing)}
    assert ids == {id_for("a"), id_for("b"), id_for("c")}
    assert [each.standing for each in stand.reports] == [Standing.MENDED, Standing.OPEN]


def test_a_sweep_that_missed_somebody_says_nothing_of_who_is_gone() -> None:
    """Nor does one that another invocation began."""
    missed = everybody(Transient("x", remedy="y"))
    assert not stands_after(outbox(notices=False), settled("a"), missed).whole
    later = outbox(notices=False)
    sweep(later, settled("a"), part=2)
    (message,) = handed(later)
    assert message.stand is not None
    assert not message.stand.whole


def test_a_reaction_reports_who_was_found_wanting() -> None:
    """Who complies is left to the sweep: else each tag would have findings read."""
    box = outbox(notices=False)
    box.settled(by_event(settled("b")))
    assert handed(box) == []
    box = outbox(notices=False)
    box.settled(by_event(changed("a")))
    box.settled(by_event(settled("b")))
    (message,) = handed(box)
    assert message.stand is not None
    assert [each.id for each in message.stand.reports] == [id_for("a")]
    assert message.stand.ids == {}


def test_as_many_users_as_an_account_may_have_travel() -> None:
    """5,000 of them, none in order: in a few invocations, each of which Lambda takes."""
    box = outbox()
    users = [observed(f"user-{number:04}-{'x' * 7}") for number in range(5000)]
    assert len(id_for(users[0].observation.subject.name or "")) == 21  # as IAM's are
    sweep(box, *users)
    messages = handed(box)
    assert 1 < len(messages) < 15
    stands = [each.stand for each in messages if each.stand is not None]
    assert sum(len(each.reports) for each in stands) == 5000
    assert [each.whole for each in stands].count(True) == 1
    assert len(stands[0].ids_of(Standing.OPEN)) == 5000
    assert sum(len(each.notices) for each in messages) == 1


def test_as_many_buckets_as_an_account_may_have_travel() -> None:
    """Whoever complies is told in as many payloads as it takes, and no notice waits behind them."""
    box = outbox()
    names = [f"bucket-{number:05}-{'x' * 50}" for number in range(20_000)]
    for name in names:
        box.settled(by_event(bucket(name)))
    box.alarm(ALARM, None)
    messages = handed(box)
    assert [len(each.notices) for each in messages] == [1] + [0] * (len(messages) - 1)
    stands = [each.stand for each in messages if each.stand is not None]
    assert sorted(id_ for each in stands for _, id_ in each.ids_of(Standing.COMPLIES)) == names
    assert not any(each.whole for each in stands)


def test_of_a_subject_that_came_up_twice_the_latest_is_reported() -> None:
    """In two payloads, the second would be no later than the first, and AWS would leave it."""
    stand = stands_after(outbox(notices=False), observed("a"), changed("a"))
    assert [each.standing for each in stand.reports] == [Standing.MENDED]


def test_a_sweep_that_finds_no_user_says_so() -> None:
    """Whoever had a finding is gone."""
    stand = stands_after(outbox(notices=False))
    assert (stand.whole, stand.ids, stand.reports) == (True, {}, [])


def test_a_mistake_of_its_own_keeps_nothing_from_its_end() -> None:
    """It is told at the end, as any other failure, and the records stand."""
    box, ledger = outbox(), Ledger()
    ledger.listener = box
    nothing: Any = None
    broken = replace(changed("a"), cause=nothing)
    ledger.alarm(ALARM, None)
    ledger.listener.settled(broken)
    ledger.alarm(ALARM, None)
    payloads: list[bytes] = []
    error = box.hand_over(payloads.append)
    assert isinstance(error, Unexpected)
    assert len(payloads) == 1
    assert [each["alarm"] for each in ledger.records] == ["trail-changed"] * 2


def test_what_cannot_be_handed_over_is_an_alarm() -> None:
    """With its reason and remedy."""
    box = outbox()
    box.alarm(ALARM, None)
    error = box.hand_over(refuse)
    assert isinstance(error, ReactorError)
    alarm = not_handed_over(error)
    assert alarm.kind is AlarmKind.NOTICE_UNDELIVERED
    assert "lambda:InvokeFunction failed" in alarm.what
    assert alarm.remedy == "allow it"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=9,
)
MEMBERS = st.dictionaries(st.sampled_from([*Notice.__slots__, "schema"]), JSON)


@given(said=JSON, members=MEMBERS, kind=st.sampled_from(NoticeKind))
def test_whatever_is_handed_over_is_read_or_left(
    said: Any, members: dict[str, Any], kind: NoticeKind
) -> None:
    """A forged payload is no reason to fail; what is read of it is cut, and of the right form."""
    forged = {**members, "kind": kind.value}
    for payload in (said, {"notices": said}, {"notices": [said, forged], "stand": said}):
        for notice in Message.of(payload).notices:
            assert Notice.of(notice.describe()) == notice
            assert json.dumps(notice.describe()).encode()
            assert len(notice.what) <= 300
            assert all(len(each) <= MOST_ITEMS for each in notice.samples.values())


def test_a_notice_travels() -> None:
    """What is told is what was recorded."""
    box = outbox(findings=False)
    box.settled(by_event(changed("alice")))
    (notice,) = notices(box)
    said = notice.describe()
    assert said["schema"] == SCHEMA
    assert Notice.of(json.loads(json.dumps(said))) == notice
