"""reactor.sweeps.coalescing: many requests, few sweeps, one brake; on a clock that a test moves."""

from datetime import timedelta

import pytest

from reactor.sweeps.coalescing import SPACING, Coalescer
from reactor.sweeps.progress import BELIEVED, Progress
from tests.fakes.clock import START, FakeClock

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FakeClock:
    """Return the clock that the sweeps go by."""
    return FakeClock()


@pytest.fixture
def sweeps(clock: FakeClock) -> Coalescer:
    """Return what a new environment remembers: nothing. To sleep moves its clock."""

    def sleep(seconds: float) -> None:
        clock.advance(seconds)

    return Coalescer(clock, sleep)


def sweep(
    sweeps: Coalescer,
    run: str = "run",
    *,
    scheduled: bool = False,
    spent: int = 0,
    settled: bool = True,
) -> None:
    """Let a sweep begin now, and end at once."""
    sweeps.begin(run, scheduled=scheduled)
    sweeps.spent += spent
    sweeps.end(run, settled=settled)


class TestAnswered:
    """Which requests need no sweep of their own."""

    def test_nothing_is_answered_at_first(self, sweeps: Coalescer) -> None:
        """A new environment knows of no sweep."""
        assert not sweeps.is_answered(START - timedelta(days=1), "request")

    @pytest.mark.parametrize(
        ("before", "answered"),
        [
            pytest.param(1, True, id="made before the sweep began"),
            pytest.param(0, False, id="made as it began"),
            pytest.param(-1, False, id="made after it began"),
        ],
    )
    def test_by_a_sweep_that_began_later(
        self, sweeps: Coalescer, before: int, *, answered: bool
    ) -> None:
        """A sweep answers what was asked before it read anything, and nothing else."""
        sweep(sweeps)
        assert sweeps.is_answered(START - before * SECOND, "request") is answered

    def test_not_by_a_sweep_that_runs(self, sweeps: Coalescer) -> None:
        """A sweep answers once it has ended."""
        sweeps.begin("run", scheduled=False)
        assert not sweeps.is_answered(START - SECOND, "request")

    def test_by_a_sweep_that_failed(self, sweeps: Coalescer) -> None:
        """The request that it ran for is tried again, for all who asked before it began."""
        sweep(sweeps, "another", settled=False)
        assert sweeps.is_answered(START - SECOND, "request")
        assert not sweeps.is_answered(START - SECOND, "another")

    def test_not_by_a_sweep_that_did_not_begin_here(self, sweeps: Coalescer) -> None:
        """When a sweep began of which only a continuation is known may be a lie."""
        sweeps.end("hearsay", settled=True)
        assert not sweeps.is_answered(START - timedelta(days=1), "request")

    def test_by_the_beginning_and_not_the_end(self, sweeps: Coalescer, clock: FakeClock) -> None:
        """What was asked while a sweep ran may have come after it looked."""
        sweeps.begin("run", scheduled=False)
        asked_at = clock.advance(5)
        clock.advance(5)
        sweeps.end("run", settled=True)
        assert not sweeps.is_answered(asked_at, "request")

    def test_a_run_is_not_answered_by_itself(self, sweeps: Coalescer, clock: FakeClock) -> None:
        """Lambda tries a sweep again that left somebody unsettled: it is for those."""
        sweep(sweeps, "request", settled=False)
        clock.advance(60)
        assert not sweeps.is_answered(START - SECOND, "request")

    def test_a_run_that_has_settled_its_own(self, sweeps: Coalescer, clock: FakeClock) -> None:
        """Once a further try has settled them, nothing is owed any more."""
        sweep(sweeps, "request", settled=False)
        clock.advance(60)
        sweep(sweeps, "request")
        assert sweeps.is_answered(START - SECOND, "request")


class TestTurn:
    """The distance between sweeps that events asked for."""

    @pytest.mark.parametrize(
        ("after", "slept"),
        [
            pytest.param(timedelta(0), SPACING, id="at once: the whole distance"),
            pytest.param(SPACING / 2, SPACING / 2, id="half of it later: the other half"),
            pytest.param(SPACING, timedelta(0), id="the distance later: not at all"),
            pytest.param(SPACING * 3, timedelta(0), id="much later: not at all"),
        ],
    )
    def test_waits_for_the_rest(
        self, sweeps: Coalescer, clock: FakeClock, after: timedelta, slept: timedelta
    ) -> None:
        """It is measured from the last sweep's beginning, of whatever sweep, however it ended."""
        sweep(sweeps, scheduled=True, settled=False)
        before = clock.advance(after.total_seconds())
        sweeps.wait_for_turn()
        assert clock() - before == slept

    def test_first_does_not_wait(self, sweeps: Coalescer, clock: FakeClock) -> None:
        """A new environment sweeps at once."""
        sweeps.wait_for_turn()
        assert clock() == START

    def test_a_thousand_requests_are_a_few_sweeps(
        self, sweeps: Coalescer, clock: FakeClock
    ) -> None:
        """Asked a thousand times within a distance, it sweeps twice: at once, and behind it."""
        requests = [START + timedelta(milliseconds=number) for number in range(1000)]
        clock.advance(0.5)
        swept = 0
        for number, asked_at in enumerate(requests):
            if not sweeps.is_answered(asked_at, f"request-{number}"):
                sweeps.wait_for_turn()
                sweep(sweeps, f"request-{number}")
                swept += 1
        assert swept == 2


class TestBrake:
    """What sweeps may change together, until the schedule comes round again."""

    def test_requested_sweeps_add_up(self, sweeps: Coalescer) -> None:
        """Who asks often does not loosen the brake."""
        sweep(sweeps, "schedule", scheduled=True, spent=3)
        sweep(sweeps, "request-1", spent=2)
        sweep(sweeps, "request-2", spent=1)
        assert sweeps.spent == 6

    def test_a_scheduled_sweep_begins_anew(self, sweeps: Coalescer) -> None:
        """Each turn of the schedule has the whole brake."""
        sweep(sweeps, "schedule-1", scheduled=True, spent=3)
        sweeps.begin("schedule-2", scheduled=True)
        assert sweeps.spent == 0

    def test_a_further_try_of_the_schedule_goes_on(self, sweeps: Coalescer) -> None:
        """The same sweep, tried again, has what it left."""
        sweep(sweeps, "schedule", scheduled=True, spent=3, settled=False)
        sweep(sweeps, "schedule", scheduled=True, spent=1)
        assert sweeps.spent == 4
        sweeps.begin("schedule", scheduled=True)
        assert sweeps.spent == 0, "it was settled, and owes nothing"

    def test_a_sweep_that_did_not_end_goes_on_too(self, sweeps: Coalescer) -> None:
        """Where the rest could not be handed on, the further try has what is left of the brake."""
        sweeps.begin("schedule", scheduled=True)
        sweeps.spent += 3
        sweeps.begin("schedule", scheduled=True)
        assert sweeps.spent == 3


class TestKept:
    """How far a sweep has come that could not be handed on."""

    def test_taken_back_once(self, sweeps: Coalescer) -> None:
        """By another try of the same, and by nobody else."""
        progress = Progress("request", START, scheduled=True, part=3)
        sweeps.keep(progress)
        assert sweeps.take_back("another", START) is None
        assert sweeps.take_back("request", START) is progress
        assert sweeps.take_back("request", START) is None

    def test_not_when_it_is_old(self, sweeps: Coalescer) -> None:
        """What was found hours ago is not acted on."""
        for name in "ab":
            sweeps.keep(Progress(name, START, scheduled=True, part=3))
        assert sweeps.take_back("a", START + BELIEVED) is not None
        assert sweeps.take_back("b", START + BELIEVED + SECOND) is None

    def test_not_for_ever(self, sweeps: Coalescer) -> None:
        """Whose other try never comes takes up no memory."""
        sweeps.keep(Progress("old", START, scheduled=True))
        sweeps.keep(Progress("new", START + BELIEVED + SECOND, scheduled=True))
        assert sweeps.take_back("old", START) is None


@pytest.mark.parametrize(
    ("after", "scheduled", "due"),
    [
        pytest.param(899, False, False, id="asked for, a second before the period is over"),
        pytest.param(900, False, True, id="asked for, a period later: the schedule has failed"),
        pytest.param(1, True, True, id="on the schedule"),
    ],
)
def test_inspection(
    sweeps: Coalescer, clock: FakeClock, after: int, *, scheduled: bool, due: bool
) -> None:
    """The reactor itself is inspected on the schedule, and by others when that does not come."""
    period = timedelta(minutes=15)
    assert sweeps.takes_inspection(period, scheduled=False), "nothing is known at first"
    clock.advance(after)
    assert sweeps.takes_inspection(period, scheduled=scheduled) is due
