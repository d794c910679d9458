"""reactor.handlers.sweep: a sweep, its parts, its brake and its memory, on a fake stage."""

import itertools
from collections.abc import Iterable
from typing import Any, Self

import pytest

from reactor.guard.document import canonical
from reactor.handlers.sweep import MOST_HOPS
from reactor.names import Function
from reactor.sweeps.sweeper import LOOK_SECONDS
from reactor.users.bulk import ASKED_IN_ANY_ORDER
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START
from tests.fakes.harness import settings
from tests.fakes.stage import Invocation, Stage

POLICY = f"arn:aws:iam::{ACCOUNT}:policy/"
TOKEN = Device("GAHT12345678", START)  # which is in no bulk data
MANY = 100  # more than a part of a minute has time for: a question or a change takes a second


class Account:
    """A stage that enforces, its guard in order, and so many users without it."""

    def __init__(self, users: int, **chosen: str) -> None:
        self.stage = Stage(settings(**chosen))
        self.stage.own_copies = ()
        self.stage.account.put_policy()
        for number in range(users):
            self.stage.account.put_user(f"user-{number:03}", keys=(True,))
        self.stage.clock.advance(3600)
        self.changed: list[str] = []
        self.ended: list[tuple[Invocation, BaseException | None]] = []
        self.stage.on_write = lambda _operation, user: self.changed.append(user)
        self.stage.on_end = lambda run, error: self.ended.append((run, error))

    def sweep(self, payload: dict[str, Any] | None = None) -> None:
        """Have the function invoked, and let all end that comes of it."""
        self.stage.invoke(Function.SWEEP, payload or {})
        self.stage.drain()

    def request(self) -> dict[str, Any]:
        """Return what another function asks with, made now."""
        return {"asked_by": "another", "asked_at": self.stage.clock().isoformat()}

    def records(self, **members: Any) -> list[dict[str, Any]]:
        """Return the records that have these members."""
        records = self.stage.ledger.records
        return [each for each in records if members.items() <= each.items()]


class Passing(frozenset[str]):
    """An operation that fails so many times."""

    def __new__(cls, operation: str, times: int) -> Self:
        """Return it."""
        made = super().__new__(cls, (operation,))
        made.left = times
        return made

    left: int

    def __contains__(self, operation: object) -> bool:
        if not super().__contains__(operation) or not self.left:
            return False
        self.left -= 1
        return True


def refuse(stage: Stage, times: int, after: int = 0) -> None:
    """Have Lambda refuse that the sweep invokes itself, so often, after it has let it so often."""
    invoke, asked = stage.invoke, itertools.count()

    def refusing(function: Function, payload: dict[str, Any], seconds: float = 0) -> None:
        if "continues" in payload and after <= next(asked) < after + times:
            stage.weather.storm[:] = ["TooManyRequestsException"]
            stage.weather.call()
        invoke(function, payload, seconds)

    stage.invoke = refusing  # type: ignore[method-assign]


def parts(records: Iterable[dict[str, Any]]) -> list[tuple[int, bool]]:
    """Return the parts that summaries are about, and whether each was the end."""
    return [(each["part"], each["ended"]) for each in records]


class TestParts:
    """A sweep that does not fit into one look, or one invocation."""

    def test_in_one_invocation(self) -> None:
        """A long function looks again when what it read is a minute old, and comes to the end."""
        account = Account(MANY, max_remediations="0")
        account.sweep()
        assert sorted(account.changed) == sorted(set(account.changed))
        assert len(account.changed) == MANY
        assert len(account.ended) == 1
        summaries = account.records(schema="mfa-reactor/sweep/1")
        assert parts(summaries) == [(1, False), (2, True)]
        assert summaries[0]["remediated"] <= LOOK_SECONDS
        assert summaries[1]["remediated"] == summaries[1]["users"] == MANY

    def test_in_several(self) -> None:
        """A short function hands on what is left; each run says which one asked for it."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (60,)
        account.sweep()
        assert sorted(account.changed) == [f"user-{number:03}" for number in range(MANY)]
        summaries = account.records(schema="mfa-reactor/sweep/1")
        assert parts(summaries) == [(1, False), (2, False), (3, True)]
        assert {each["sweep"] for each in summaries} == {summaries[0]["run"]}
        asked_by = [each["asked_by"] for each in summaries]
        assert asked_by == [None, *(each["run"] for each in summaries[:-1])]

    def test_too_many(self) -> None:
        """A sweep that Lambda would take for a loop ends with an alarm; the next one goes on."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (6,)
        account.sweep()
        (alarm,) = account.records(alarm="sweep-unfinished")
        assert alarm["done"] == len(account.changed) == 3 * (MOST_HOPS + 1)
        assert [error for _, error in account.ended] == [None] * (MOST_HOPS + 1)
        account.sweep()
        assert len(account.changed) == len(set(account.changed)) == 6 * (MOST_HOPS + 1)

    def test_one_that_is_stuck_is_tried_again(self) -> None:
        """With time for nothing it raises, and is told of, and no sweep is called complete."""
        account = Account(3)
        account.stage.haste = (1,)
        account.sweep()
        assert account.changed == []
        assert account.ended[-1][1] is not None
        assert len(account.stage.failed) == 1
        account.stage.haste = (60,)
        account.stage.redrive()
        account.stage.drain()
        assert len(account.changed) == 3


class TestBrake:
    """One brake for a sweep, for its parts, and for those who ask in between."""

    @pytest.mark.parametrize("scheduled", [10, 70], ids=["of one part", "of two"])
    def test_a_request_in_parts(self, scheduled: int) -> None:
        """Parts of one invocation know what the schedule's sweep has spent, each of them."""
        account = Account(scheduled, max_remediations="90")
        account.sweep()
        assert len(account.changed) == scheduled
        for number in range(MANY):
            account.stage.account.put_user(f"new-{number}", keys=(True,))
        account.sweep(account.request())
        assert len(account.changed) == 90

    def test_the_rest_that_could_not_be_handed_on(self) -> None:
        """The further try of the same sweep has what was left of its brake."""
        account = Account(MANY, max_remediations="50")
        account.stage.haste = (60,)
        refuse(account.stage, 1)
        account.sweep()
        assert account.ended[0][1] is not None
        assert account.ended[-1][1] is None
        assert len(account.changed) == 50

    @pytest.mark.parametrize("after", [0, 1], ids=["by the first part", "by the second"])
    @pytest.mark.parametrize("refused", [1, 2], ids=["once", "twice"])
    def test_its_summary_goes_on_too(self, refused: int, after: int) -> None:
        """One sweep in the trail: each part once, each user counted once, and changed once."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (40,)
        refuse(account.stage, refused, after)
        account.sweep()
        assert [error is not None for _, error in account.ended].count(True) == refused
        assert len(account.changed) == len(set(account.changed)) == MANY
        summaries = account.records(schema="mfa-reactor/sweep/1")
        last = len(summaries)
        assert last > 3
        assert parts(summaries) == [(each, each == last) for each in range(1, last + 1)]
        assert len({each["sweep"] for each in summaries}) == 1
        assert (summaries[-1]["users"], summaries[-1]["remediated"]) == (MANY, MANY)

    def test_of_a_request_that_could_not_be_handed_on(self) -> None:
        """It goes on likewise, and then answers who had asked before it began."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (60,)
        request = account.request()
        account.stage.clock.advance(1)
        refuse(account.stage, 1)
        account.sweep(account.request())
        summaries = account.records(schema="mfa-reactor/sweep/1")
        assert parts(summaries) == [(1, False), (2, False), (3, True)]
        account.sweep(request)
        assert account.records(ignored="a sweep that began later has answered it")

    def test_in_a_new_environment(self) -> None:
        """What is not remembered begins anew, and nobody is lost by it."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste, account.stage.forgetful = (60,), True
        refuse(account.stage, 1)
        account.sweep()
        assert len(account.changed) == len(set(account.changed)) == MANY
        assert parts(account.records(schema="mfa-reactor/sweep/1"))[:2] == [(1, False), (1, False)]

    def test_a_part_that_says_it_spent_nothing(self) -> None:
        """What a part says of the brake cannot loosen it where more is remembered."""
        account = Account(10, max_remediations="4")
        account.sweep()
        said = {"sweep": "mine", "began": account.stage.clock().isoformat(), "spent": 0}
        account.sweep({"continues": said})
        assert len(account.changed) == 4

    def test_another_sweep_between_two_parts(self) -> None:
        """A request that is answered between the parts spends the same brake."""
        account = Account(MANY, max_remediations="60")
        account.stage.haste = (60,)
        account.stage.invoke(Function.SWEEP, {})
        account.stage.wait(0)
        first = len(account.changed)
        assert 0 < first < 60
        account.stage.invoke(Function.SWEEP, account.request(), 0.5)
        account.stage.drain()
        assert len(account.changed) == 60
        assert len(account.records(schema="mfa-reactor/sweep/1", ended=True)) == 2

    @pytest.mark.parametrize("said", [None, [], {}, {"sweep": 5}, {"sweep": "x", "began": "?"}])
    def test_a_part_that_is_not_understood(self, said: object) -> None:
        """Garbled on its way, or by another version: a new sweep begins, with no new brake."""
        account = Account(10, max_remediations="4")
        account.sweep()
        account.sweep({"asked_by": "another", "continues": said})
        assert len(account.changed) == 4
        assert account.stage.ledger.records[-1]["ended"]
        account.sweep()
        assert len(account.changed) == 8, "the schedule has a new one"


def unequal(account: Account) -> None:
    """Add users without the guard, who come in the order of how little harm they could do."""
    for name, action in (("all", "*"), ("read", "s3:Get*"), ("write", "s3:PutObject")):
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        account.stage.account.put_policy(POLICY + name, {}, canonical({"Statement": statement}))
    account.stage.account.put_group("writers", POLICY + "write")
    reads, everything = (frozenset({POLICY + each}) for each in ("read", "all"))
    account.stage.account.put_user("a-nothing", ssh_keys=(True,))
    account.stage.account.put_user("b-reader", policies=reads, ssh_keys=(True,))
    account.stage.account.put_user("c-key", policies=reads, keys=(True,))
    account.stage.account.put_user("d-keys", policies=reads, keys=(True, True))
    account.stage.account.put_user("e-password", policies=reads, password=True)
    account.stage.account.put_user("f-writer", groups=frozenset({"writers"}), keys=(True,))
    account.stage.account.put_user("g-admin", policies=everything, keys=(True,))


class TestOrder:
    """Whom the function changes first, and asks first, when it cannot have all."""

    ORDER = ("g-admin", "f-writer", "e-password", "d-keys", "c-key", "b-reader", "a-nothing")

    @pytest.mark.parametrize("brake", range(1, 7))
    def test_the_most_dangerous_have_the_brakes_places(self, brake: int) -> None:
        """By what they may do, then by a password, then by active keys; the others wait."""
        account = Account(0, max_remediations=str(brake))
        unequal(account)
        account.sweep()
        assert account.changed == list(self.ORDER[:brake])
        (alarm,) = account.records(alarm="brake")
        assert alarm["sample"] == list(self.ORDER[brake:])

    def test_the_next_sweep_goes_on_with_the_next(self) -> None:
        """Sweep after sweep takes the most dangerous of those who are left."""
        account = Account(0, max_remediations="3")
        unequal(account)
        for _ in range(3):
            account.sweep()
        assert account.changed == list(self.ORDER)

    def test_without_a_report_by_what_they_may_do(self) -> None:
        """It is a hint: where it is refused, the order is coarser, and the brake holds."""
        account = Account(0, max_remediations="2")
        account.stage.weather.broken = frozenset({"generate_credential_report"})
        unequal(account)
        account.sweep()
        assert account.changed == ["g-admin", "f-writer"]

    def test_who_lacks_mfa_by_the_report_is_asked_first(self) -> None:
        """And of them who has a password, then keys; who may be enrolled comes last."""
        account = Account(0, scope="without-mfa", max_remediations="0")
        put = account.stage.account.put_user
        enrolled = [f"enrolled-{number:03}" for number in range(ASKED_IN_ANY_ORDER)]
        for name in enrolled:
            put(name, password=True, devices=(TOKEN,))
        put("harmless", ssh_keys=(True,))
        put("key", keys=(True,))
        put("password", password=True)
        account.sweep()
        assert list(dict.fromkeys(account.stage.asked)) == [
            "password",
            "key",
            "harmless",
            *enrolled,
        ]
        assert sorted(account.changed) == ["harmless", "key", "password"]

    def test_a_few_are_asked_in_any_order(self) -> None:
        """To order them is not worth the report: it is not asked for."""
        account = Account(ASKED_IN_ANY_ORDER, scope="without-mfa", max_remediations="0")
        account.stage.weather.broken = frozenset({"generate_credential_report"})
        account.sweep()
        asked = dict.fromkeys(account.stage.asked)  # and once more before they are changed
        assert list(asked) == [f"user-{each:03}" for each in range(ASKED_IN_ANY_ORDER)]
        assert account.stage.weather.struck == 0


class TestPace:
    """How many calls a second a sweep makes."""

    def test_is_what_the_settings_say(self) -> None:
        """In each of its invocations: reads and writes have each a setting of their own."""
        account = Account(
            MANY,
            max_remediations="0",
            sweep_reads_per_second="30",
            sweep_writes_per_second="4",
        )
        account.stage.haste = (60,)
        account.sweep()
        assert account.stage.paces == [(30, 4)] * len(account.ended)
        assert len(account.ended) > 1


class TestDrift:
    """Users whom the sweep before had not left out of order, and no event had brought."""

    @staticmethod
    def drifts(mode: str) -> list[int | None]:
        """What three sweeps say, when two users come between each two of them."""
        account = Account(3, mode=mode)
        for new in (("d", "e"), ("f", "g"), ()):
            account.sweep()
            for name in new:
                account.stage.account.put_user(name, keys=(True,))
        return [each["drift"] for each in account.records(schema="mfa-reactor/sweep/1")]

    def test_enforcing(self) -> None:
        """Is not known at first, and then how many came whom nothing had put in order."""
        assert self.drifts("enforce") == [None, 2, 2]

    def test_observing(self) -> None:
        """Nobody is put in order there, whether its event came or not: there is no measure."""
        assert self.drifts("observe") == [None, None, None]


class TestRequests:
    """Who is answered by which sweep."""

    def test_by_a_sweep_in_parts(self) -> None:
        """What was asked before it began is answered when all its parts have ended."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (60,)
        request = account.request()
        account.stage.clock.advance(1)
        account.sweep()
        account.sweep(request)
        (answered,) = [each for each in account.stage.ledger.records if "ignored" in each]
        assert answered["ignored"] == "a sweep that began later has answered it"

    def test_not_by_hearsay(self) -> None:
        """A forged part that claims to have begun tomorrow answers nobody."""
        account = Account(3)
        forged = {"sweep": "mine", "began": "2030-01-01T00:00:00Z", "scheduled": True}
        account.sweep({"continues": forged})
        account.stage.account.put_user("eve", keys=(True,))
        account.sweep(account.request())
        assert "eve" in account.changed


class TestDeadline:
    """By when the calls of an invocation must end."""

    def test_each_invocation_has_its_own(self) -> None:
        """Its session is told anew each time, and goes by what Lambda says of this one."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (60,)
        account.sweep()
        told = account.stage.deadlines
        assert len(set(told)) == len(told) == len(account.ended) > 2

    def test_it_is_what_lambda_says(self) -> None:
        """As time goes by, there is less."""
        account = Account(0)
        account.stage.haste, account.stage.slowness = (40,), (1.0,)
        account.sweep()
        (seconds_left,) = account.stage.deadlines
        before = seconds_left()
        account.stage.clock.advance(3)
        assert 0 < before < 40
        assert before - seconds_left() == 3


class TestFailures:
    """What goes wrong is said as it is, and tried again."""

    @pytest.mark.parametrize(
        ("users", "brake"),
        [
            pytest.param(3, 50, id="fewer than the brake"),
            pytest.param(8, 5, id="more than the brake"),
            pytest.param(8, 8, id="as many"),
        ],
    )
    def test_every_change_is_refused(self, users: int, brake: int) -> None:
        """A role without its permission is a failure, of each user who had a place of the brake."""
        account = Account(users, max_remediations=str(brake))
        account.stage.weather.broken = frozenset({"attach_user_policy"})
        account.sweep()
        tried = min(users, brake)
        for summary in account.records(schema="mfa-reactor/sweep/1", ended=True):
            assert (summary["failed"], summary["open"]) == (tried, users - tried)
        failed = [each for each in account.records(schema="mfa-reactor/audit/1") if each["errors"]]
        assert len(failed) == tried * len(account.ended), "each try says so, of the same users"
        assert len({each["subject"]["name"] for each in failed}) == tried
        assert all(error is not None for _, error in account.ended)
        assert len(account.stage.failed) == 1
        account.stage.weather.broken = frozenset()
        account.stage.redrive()
        account.stage.drain()
        assert len(account.changed) == tried

    def test_a_failure_that_passes(self) -> None:
        """Whoever failed once, and is changed at the second look, took one place and no more."""
        account = Account(6, max_remediations="4")
        account.stage.weather.broken = Passing("attach_user_policy", times=2)
        account.sweep()
        assert len(account.changed) == len(set(account.changed)) == 4
        (summary,) = account.records(schema="mfa-reactor/sweep/1", ended=True)
        assert (summary["remediated"], summary["failed"], summary["open"]) == (4, 0, 2)

    def test_a_part_that_is_old(self) -> None:
        """What a failed part knew hours ago is not believed: a new sweep begins."""
        account = Account(5)
        alice = account.stage.account.world.users["user-000"]
        said = {
            "sweep": "old",
            "began": account.stage.clock().isoformat(),
            "done": [alice.id],
            "scheduled": True,
        }
        account.stage.clock.advance(5 * 3600)
        account.sweep({"continues": said})
        assert len(account.changed) == 5
        (summary,) = account.records(schema="mfa-reactor/sweep/1")
        assert (summary["part"], summary["users"]) == (1, 5)

    def test_a_cut_sweep_tells_of_those_who_are_left(self) -> None:
        """At the end of the chain whoever was not reached has a record, and the alarm a number."""
        account = Account(MANY, max_remediations="0")
        account.stage.haste = (6,)
        account.sweep()
        (alarm,) = account.records(alarm="sweep-unfinished")
        assert alarm["left"] == MANY - len(account.changed)
        (last,) = account.records(schema="mfa-reactor/sweep/1", ended=True)
        assert (last["users"], last["failed"]) == (MANY, alarm["left"])

    def test_a_guard_that_is_not_in_order(self) -> None:
        """What the first part found is not forgotten when the sweep goes on elsewhere."""
        account = Account(MANY, max_remediations="0")
        account.stage.account.put_version('{"Version": "2012-10-17", "Statement": []}')
        account.stage.weather.broken = frozenset({"create_policy_version"})
        account.stage.haste = (60,)
        account.sweep()
        assert len(account.changed) == MANY
        assert account.ended[-1][1] is not None, "the guard has still another's document"
