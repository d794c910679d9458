"""reactor.sweeps.sweeper: a sweep part by part, with a look and a clock that the tests make up."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest

from reactor.errors import OutOfTime, Permanent, Transient, Unanswered, Unclear
from reactor.model import OutcomeStatus
from reactor.reconcile import RESERVE_SECONDS, Recorder, Run, Settled
from reactor.sweeps.counts import WAYS
from reactor.sweeps.drift import Finds
from reactor.sweeps.progress import Progress
from reactor.sweeps.sweeper import LOOK_SECONDS, End, Sweeper, Swept
from tests.fakes.clock import START, FakeClock
from tests.fakes.ledger import Ledger
from tests.fakes.parts import (
    changed,
    everybody,
    failing,
    id_for,
    observed,
    out_of_time,
    settled,
)

TRANSIENT = Transient("throttled", remedy="wait")
UNCLEAR = Unclear("no answer", remedy="wait")
PERMANENT = Permanent("a quota is in the way", remedy="have it raised")
Part = tuple[Settled, ...]


@dataclass(slots=True)
class Looks:
    """A Look that finds in each part what it is told, and takes so many seconds for each.

    It reads for as many of them as `reading` says, and acts for the rest, if it `acts`. `seen` are
    the progresses it was given; `had_time` is whether there was time at each part's end.
    """

    clock: FakeClock
    parts: Iterable[Part]
    seconds: float = 1
    spent: int = 0
    reading: float = 0
    acts: bool = True
    seen: list[Progress] = field(default_factory=list)
    had_time: list[bool] = field(default_factory=list)

    def __call__(self, progress: Progress, has_time: Callable[[], bool], record: Recorder) -> Run:
        """Settle the next part."""
        self.seen.append(progress)
        found = list(self.parts)[len(self.seen) - 1]
        if self.acts:
            self.clock.advance(self.reading)
            has_time()
            self.clock.advance(self.seconds - self.reading)
            self.had_time.append(has_time())
        else:
            self.clock.advance(self.seconds)
        for each in found:
            record(each)
        return Run(list(found), self.spent)


class Sweep:
    """A sweep with a function of so many seconds; `again` is the next invocation's."""

    def __init__(
        self, *parts: Part, function: float = 900, seconds: float = 1, spent: int = 0
    ) -> None:
        self.clock = FakeClock()
        self.ledger = Ledger()
        self.finds = Finds(None)
        self.look = Looks(self.clock, parts, seconds, spent)
        self.calls = [({"iam:GetUser": 2}, {"iam:GetUser": 1})] * len(parts)
        self.progress = Progress("request-1", START, scheduled=True)
        self.function = function
        self.may_hand_on = True

    def run(self) -> Swept:
        """Carry the sweep on in an invocation of its own, and keep how far it came."""
        end = self.clock().timestamp() + self.function
        swept = Sweeper(
            self.look,
            self.ledger,
            self.finds,
            self.clock,
            lambda: end - self.clock().timestamp(),
            self.calls.pop,
            brake=7,
            may_hand_on=self.may_hand_on,
        ).carry_on(self.progress)
        self.progress = swept.progress
        return swept

    def records(self, schema: str) -> list[dict[str, Any]]:
        """Return the records of a schema, `sweep` for mfa-reactor/sweep/1."""
        return [each for each in self.ledger.records if each["schema"] == f"mfa-reactor/{schema}/1"]

    @property
    def told(self) -> list[str]:
        """Who has a record of its own, in order."""
        return [each["subject"].get("name", "everybody") for each in self.records("audit")]


class TestEnd:
    """When a sweep is at its end, and when it goes on."""

    def test_nobody_is_left(self) -> None:
        """Everybody settled in one look: one part, one summary, at its end."""
        sweep = Sweep((settled("a"), changed("b"), observed("c"), settled("d", "exempt")))
        swept = sweep.run()
        assert swept.end is not End.LEFT
        assert len(sweep.look.seen) == 1
        (summary,) = sweep.records("sweep")
        assert summary["ended"] is True
        assert sweep.told == ["b", "c"]

    def test_an_empty_account(self) -> None:
        """No user is a sweep, too."""
        sweep = Sweep(())
        assert sweep.run().end is not End.LEFT
        assert sweep.records("sweep")[0]["users"] == 0

    def test_goes_on_while_there_is_time(self) -> None:
        """Whoever was left is looked at by another part in the same invocation."""
        sweep = Sweep(
            (settled("a"), out_of_time("b", lacks=True), out_of_time("c")),
            (changed("b"), out_of_time("c", lacks=True)),
            (changed("c"),),
            seconds=70,
        )
        swept = sweep.run()
        assert swept.end is not End.LEFT
        assert [each.part for each in sweep.look.seen] == [1, 2, 3]
        assert sweep.look.seen[2].known.done == {id_for("a"), id_for("b")}
        assert sweep.look.seen[2].known.lacking == {id_for("c")}
        assert sweep.told == ["b", "c"]
        assert [each["ended"] for each in sweep.records("sweep")] == [False, False, True]

    def test_hands_on_when_time_is_short(self) -> None:
        """With no time for another part, the sweep is left, and the next invocation goes on."""
        parts = (settled("a"), out_of_time("b")), (changed("b"),)
        sweep = Sweep(*parts, function=60, seconds=46)
        assert sweep.run().end is End.LEFT
        assert sweep.progress.part == 2
        assert sweep.progress.known.done == {id_for("a")}
        assert sweep.run().end is not End.LEFT
        assert [each["part"] for each in sweep.records("sweep")] == [1, 2]

    def test_stuck(self) -> None:
        """Without any progress there is no other part: who is left is told of, and is failed."""
        sweep = Sweep(
            (settled("a"), out_of_time("b"), out_of_time("c")),
            (out_of_time("b"), out_of_time("c")),
        )
        swept = sweep.run()
        assert swept.end is not End.LEFT
        assert swept.run.unsettled, "the invocation raises"
        assert sweep.told == ["b", "c"]
        summary = sweep.records("sweep")[-1]
        assert (summary["ended"], summary["users"], summary["failed"]) == (True, 3, 2)

    def test_stuck_with_who_failed(self) -> None:
        """Whoever waits for a second look that does not come is told of, too."""
        parts = [(failing("a", TRANSIENT), out_of_time("b"))] * 2
        sweep = Sweep(*parts)
        assert sweep.run().end is not End.LEFT
        assert sorted(sweep.told) == ["a", "b"]
        assert sweep.records("sweep")[-1]["failed"] == 2

    @pytest.mark.parametrize(
        ("held_up", "begun"),
        [
            pytest.param(everybody(OutOfTime()), 0, id="before everybody was read"),
            pytest.param(failing("a", Unanswered()), 3, id="before its changes were answered"),
        ],
    )
    def test_held_up_is_not_stuck(self, held_up: Settled, begun: int) -> None:
        """Where IAM was too busy, another part may get further, however often that happens."""
        sweep = Sweep(*[(held_up,)] * 3, (changed("a"),), function=60, seconds=50)
        assert [sweep.run().end for _ in range(4)] == [End.LEFT] * 3 + [End.WHOLE]
        assert sweep.told == ["a"] * (begun + 1)
        assert sweep.records("sweep")[-1]["failed"] == 0

    @pytest.mark.parametrize(
        ("first", "said"),
        [
            pytest.param(failing("a", Unanswered()), "failed", id="it was not answered in time"),
            pytest.param(failing("a", UNCLEAR), "failed", id="its answer was lost"),
            pytest.param(
                settled("a", "must-carry-guard", status=OutcomeStatus.DONE, recheck=True),
                "done",
                id="it was done, and is looked at again",
            ),
        ],
    )
    def test_what_was_begun_is_recorded(self, first: Settled, said: str) -> None:
        """The next part may find it done: no change is without a record, each user counts once."""
        sweep = Sweep((first,), (settled("a"),))
        sweep.run()
        (record,) = sweep.records("audit")
        assert (record["part"], record["actions"][0]["outcome"]) == (1, said)
        assert record["try_again"] is True
        summary = sweep.records("sweep")[-1]
        assert (summary["users"], summary["compliant"], summary["failed"]) == (1, 1, 0)

    def test_a_sweep_that_is_cut_records_it_once(self) -> None:
        """Nobody looks again: who was begun is counted, and the record that there is will do."""
        sweep = Sweep((failing("a", Unanswered()),), function=60, seconds=50)
        sweep.may_hand_on = False
        assert sweep.run().end is End.CUT
        assert sweep.told == ["a"]
        assert sweep.records("sweep")[-1]["failed"] == 1

    def test_a_sweep_that_is_stuck_records_it_once(self) -> None:
        """A part that comes no further, with one that was begun and one that was not."""
        sweep = Sweep(*[(failing("a", UNCLEAR), out_of_time("b"))] * 2)
        assert sweep.run().end is End.STUCK
        told = [(each["part"], each["subject"]["name"]) for each in sweep.records("audit")]
        assert told == [(1, "a"), (2, "a"), (2, "b")]
        assert sweep.records("sweep")[-1]["failed"] == 2

    def test_what_was_refused_is_not(self) -> None:
        """Nothing came of it, and the next part tells what became of the user."""
        sweep = Sweep((failing("a", TRANSIENT),), (settled("a"),))
        sweep.run()
        assert sweep.told == []

    @pytest.mark.parametrize(
        ("reading", "end"),
        [
            pytest.param(RESERVE_SECONDS, End.STUCK, id="read in time, and yet nobody changed"),
            pytest.param(RESERVE_SECONDS + 1, End.LEFT, id="read until little time was left"),
        ],
    )
    def test_slowly_read_is_not_stuck(self, reading: float, end: End) -> None:
        """Where reading took the time, IAM may be quicker the next time."""
        sweep = Sweep(*[(out_of_time("a"),)] * 2, function=60, seconds=50)
        sweep.look.reading = reading
        assert [sweep.run().end for _ in range(2)] == [End.LEFT, end]

    def test_a_first_part_may_come_to_nothing(self) -> None:
        """It waits for the guard to be made, where there is none; the next one need not."""
        sweep = Sweep((out_of_time("a"), out_of_time("b")), (changed("a"), changed("b")))
        assert sweep.run().end is not End.LEFT
        assert sweep.told == ["a", "b"]

    def test_who_was_asked_is_progress(self) -> None:
        """A part that has only asked is none in vain: the next need not ask again."""
        sweep = Sweep((out_of_time("a", lacks=True),), (changed("a"),))
        assert sweep.run().end is not End.LEFT
        assert sweep.told == ["a"]


class TestTime:
    """How long a part acts on what it found."""

    @pytest.mark.parametrize(
        ("function", "seconds", "had_time"),
        [
            pytest.param(900, LOOK_SECONDS - 1, True, id="a long function, what was read is fresh"),
            pytest.param(900, LOOK_SECONDS, False, id="a long function, what was read is old"),
            pytest.param(60, 60 - RESERVE_SECONDS - 1, True, id="a short function"),
            pytest.param(60, 60 - RESERVE_SECONDS, False, id="a short function, at its reserve"),
            pytest.param(20, 14, True, id="the shortest function"),
            pytest.param(20, 15, False, id="the shortest function keeps a quarter"),
        ],
    )
    def test_has_time(self, function: float, seconds: float, *, had_time: bool) -> None:
        """A part acts a minute at most, and never on the time it takes to hand on."""
        sweep = Sweep((settled("a"),), function=function, seconds=seconds)
        sweep.run()
        assert sweep.look.had_time == [had_time]

    def test_each_part_has_its_minute(self) -> None:
        """What a later part finds is as fresh as the first one's."""
        parts = [(changed(f"{number}"), out_of_time("z")) for number in range(3)]
        sweep = Sweep(*parts, (changed("z"),), seconds=59)
        sweep.run()
        assert sweep.look.had_time == [True] * 4

    @pytest.mark.parametrize(
        ("seconds", "is_left"), [(869, False), (870, True)], ids=["time for more", "time to go"]
    )
    def test_enough_for_another_part(self, seconds: float, *, is_left: bool) -> None:
        """Another part begins only where it has more than the reserve."""
        sweep = Sweep((settled("a"), out_of_time("b")), (changed("b"),), seconds=seconds)
        assert (sweep.run().end is End.LEFT) is is_left

    @pytest.mark.parametrize(
        ("reading", "is_left"),
        [
            pytest.param(1, False, id="is quickly read"),
            pytest.param(24, False, id="is read in what is left but for the reserve"),
            pytest.param(25, True, id="takes longer to read than that"),
        ],
    )
    def test_enough_to_read_everybody_again(self, reading: float, *, is_left: bool) -> None:
        """Another part begins only where there is time to read as long as this one has."""
        sweep = Sweep((settled("a"), out_of_time("b")), (changed("b"),), function=100, seconds=60)
        sweep.look.reading = reading
        assert (sweep.run().end is End.LEFT) is is_left

    def test_a_part_that_never_came_to_act(self) -> None:
        """It has read all the while, as far as one can tell."""
        sweep = Sweep((everybody(TRANSIENT),), (settled("a"),), function=100, seconds=60)
        sweep.look.acts = False
        assert sweep.run().end is End.LEFT


class TestSecondLook:
    """Whoever failed is looked at once more, and then told of, once."""

    def test_failed_and_went_well(self) -> None:
        """Whoever the second look finds gone, or can change, never was a failure."""
        sweep = Sweep(
            (settled("a"), failing("b", TRANSIENT), failing("c", TRANSIENT)), (changed("b"),)
        )
        swept = sweep.run()
        assert swept.end is not End.LEFT
        assert not swept.run.unsettled
        assert [each.again for each in sweep.look.seen] == [False, True]
        assert sweep.told == ["b"]
        summary = sweep.records("sweep")[-1]
        assert [summary[way] for way in WAYS] == [2, 0, 1, 1, 0, 0]

    def test_failed_twice(self) -> None:
        """Whoever fails a second time is recorded once and counted once; there is no third look."""
        sweep = Sweep((failing("a", TRANSIENT),), (failing("a", TRANSIENT),))
        swept = sweep.run()
        assert swept.run.unsettled, "the invocation raises"
        assert (len(sweep.look.seen), sweep.told) == (2, ["a"])
        assert sweep.records("sweep")[-1]["failed"] == 1

    def test_failed_for_good(self) -> None:
        """What no other try can mend is told of at once, with its alarm, and not tried."""
        sweep = Sweep((failing("a", PERMANENT),))
        assert sweep.run().end is not End.LEFT
        assert sweep.told == ["a"]
        assert [each["alarm"] for each in sweep.records("alarm")] == ["permanent-failure"]

    def test_users_that_could_not_be_read(self) -> None:
        """When a page fails, everybody is looked at once more, and then that is told."""
        sweep = Sweep((settled("a"), everybody(TRANSIENT)), (settled("b"), everybody(TRANSIENT)))
        sweep.run()
        assert sweep.told == ["everybody"]
        assert sweep.records("sweep")[-1]["users"] == 2

    def test_only_when_nobody_else_is_left(self) -> None:
        """Those without time come first; then who failed meanwhile has the second look."""
        sweep = Sweep(
            (failing("a", TRANSIENT), out_of_time("b", lacks=True)),
            (failing("a", TRANSIENT), changed("b")),
            (failing("a", TRANSIENT),),
        )
        sweep.run()
        assert [each.again for each in sweep.look.seen] == [False, False, True]
        assert sweep.told == ["b", "a"]

    def test_in_the_next_invocation(self) -> None:
        """The second look, too, is handed on when time is short."""
        sweep = Sweep((failing("a", TRANSIENT),), (changed("a"),), function=60, seconds=46)
        assert sweep.run().end is End.LEFT
        assert sweep.progress.again
        assert sweep.run().end is not End.LEFT
        assert sweep.told == ["a"]

    def test_that_takes_long(self) -> None:
        """A second look without time for all goes on, and tells of each when it is settled."""
        sweep = Sweep(
            (failing("a", TRANSIENT), failing("b", TRANSIENT)),
            (changed("a"), out_of_time("b", lacks=True)),
            (failing("b", TRANSIENT),),
        )
        assert sweep.run().end is not End.LEFT
        assert sweep.told == ["a", "b"]


class TestSummary:
    """What a sweep comes to, part by part."""

    def test_adds_up(self) -> None:
        """Each summary counts all so far; each user is counted once, in one way."""
        sweep = Sweep(
            (settled("a"), settled("b", "exempt"), failing("c", PERMANENT), out_of_time("d")),
            (changed("d"), observed("e")),
            seconds=70,
        )
        sweep.run()
        first, second = sweep.records("sweep")
        assert [first[way] for way in WAYS] == [3, 1, 1, 0, 1, 0]
        assert [second[way] for way in WAYS] == [5, 1, 1, 1, 1, 1]
        for each in first, second:
            assert each["users"] == sum(each[way] for way in WAYS[1:])

    def test_calls_and_seconds(self) -> None:
        """Calls and throttled ones add up; the time is since the sweep began."""
        sweep = Sweep((changed("a"), out_of_time("b")), (changed("b"),), seconds=70)
        sweep.run()
        told = [
            (each["calls"], each["throttled"], each["seconds"]) for each in sweep.records("sweep")
        ]
        assert told == [
            ({"iam:GetUser": 2}, {"iam:GetUser": 1}, 70),
            ({"iam:GetUser": 4}, {"iam:GetUser": 2}, 140),
        ]

    def test_one_sweep_in_parts(self) -> None:
        """All records of a sweep have its name, and its part."""
        sweep = Sweep((changed("a"), settled("x"), out_of_time("b")), (changed("b"), settled("y")))
        sweep.run()
        assert {each["sweep"] for each in sweep.ledger.records} == {"request-1"}
        parts = {each["subject"]["name"]: each["part"] for each in sweep.records("audit")}
        assert parts == {"a": 1, "b": 2}
        in_order = {each["part"]: each["users"] for each in sweep.records("in-order")}
        assert in_order == {1: ["x"], 2: ["y"]}

    def test_who_waits_for_the_brake(self) -> None:
        """The brake's alarm says how many wait; they are open, and are not looked at again."""
        waits = settled("b", "must-carry-guard", held_back=True)
        sweep = Sweep((changed("a"), waits, out_of_time("c")), (settled("c"),))
        sweep.run()
        (alarm,) = sweep.records("alarm")
        assert (alarm["alarm"], alarm["waiting"], alarm["brake"]) == ("brake", 1, 7)
        assert id_for("b") in sweep.look.seen[1].known.done
        assert sweep.records("sweep")[-1]["open"] == 1

    def test_places_of_the_brake(self) -> None:
        """What each part spent is known to the next."""
        sweep = Sweep((changed("a"), out_of_time("b")), (changed("b"),), spent=3)
        swept = sweep.run()
        assert [each.spent for each in sweep.look.seen] == [0, 3]
        assert swept.progress.spent == 6


class TestDrift:
    """What no event had brought, over the parts of a sweep."""

    def test_unknown_at_first(self) -> None:
        """An environment's first sweep does not say."""
        sweep = Sweep((changed("a"),))
        sweep.run()
        assert sweep.records("sweep")[0]["drift"] is None

    def test_over_the_parts(self) -> None:
        """A sweep counts those of all its parts, each once, however often it was looked at."""
        sweep = Sweep(
            (changed("a"), failing("b", TRANSIENT), out_of_time("c", lacks=True)),
            (failing("b", TRANSIENT), changed("c")),
            (changed("b"),),
        )
        sweep.finds = Finds(frozenset())
        sweep.run()
        assert [each["drift"] for each in sweep.records("sweep")] == [1, 2, 3]

    def test_a_part_elsewhere(self) -> None:
        """A sweep that goes on in another environment does not know its drift any more."""
        sweep = Sweep((changed("a"), out_of_time("b")), (changed("b"),), function=60, seconds=46)
        sweep.finds = Finds(frozenset())
        sweep.run()
        sweep.finds = Finds(None)
        sweep.run()
        assert [each["drift"] for each in sweep.records("sweep")] == [1, None]
