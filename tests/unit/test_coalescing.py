"""reactor.coalescing: which request is answered, who waits, what of the brake is left."""

from datetime import timedelta

import pytest

from reactor.coalescing import SPACING, Coalescer
from tests.fakes.clock import FakeClock

PERIOD = timedelta(minutes=15)


class Sweeps:
    """A coalescer with a clock that its sleeping advances."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.slept: list[float] = []
        self.memory = Coalescer(self.clock, self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds)

    def run(
        self,
        run: str = "run-1",
        *,
        scheduled: bool = False,
        spent: int = 0,
        looked: bool = True,
        settled: bool = True,
    ) -> None:
        """Have a sweep begin now and end three seconds later."""
        began = self.memory.begin(run, scheduled=scheduled)
        self.clock.advance(3)
        self.memory.end(run, began, spent=spent, looked=looked, settled=settled)


@pytest.fixture
def sweeps() -> Sweeps:
    """A fresh environment."""
    return Sweeps()


def test_a_request_made_before_a_sweep_began_is_answered_by_it(sweeps: Sweeps) -> None:
    """One made while it ran is not: what it is about may have been read already."""
    before = sweeps.clock()
    assert not sweeps.memory.is_answered(before, "run-2")
    sweeps.clock.advance(1)
    sweeps.run()
    assert sweeps.memory.is_answered(before, "run-2")
    assert not sweeps.memory.is_answered(sweeps.clock() - timedelta(seconds=2), "run-2")


def test_a_sweep_that_did_not_get_to_the_users_answers_nobody(sweeps: Sweeps) -> None:
    """Its list or its first page could not be read."""
    before = sweeps.clock()
    sweeps.clock.advance(1)
    sweeps.run(looked=False, settled=False)
    assert not sweeps.memory.is_answered(before, "run-2")


def test_one_failing_user_does_not_make_a_sweep_of_each_request(sweeps: Sweeps) -> None:
    """The sweep answers the others' requests; its own further tries look at that user again."""
    before = sweeps.clock()
    sweeps.clock.advance(1)
    sweeps.run("run-1", settled=False)
    assert sweeps.memory.is_answered(before, "run-2")
    assert not sweeps.memory.is_answered(before, "run-1")
    sweeps.run("run-1")
    assert sweeps.memory.is_answered(before, "run-1")


def test_sweeps_keep_their_distance(sweeps: Sweeps) -> None:
    """The first begins at once, the next when the last beginning is long enough ago."""
    sweeps.memory.wait_for_turn()
    sweeps.run()
    sweeps.memory.wait_for_turn()
    sweeps.run()
    sweeps.clock.advance(60)
    sweeps.memory.wait_for_turn()
    assert sweeps.slept == [SPACING.total_seconds() - 3]


def test_the_brake_is_shared_until_the_next_scheduled_sweep(sweeps: Sweeps) -> None:
    """Requested sweeps take what the scheduled one has left, and its further tries as well."""
    sweeps.run("run-1", scheduled=True, spent=20, settled=False)
    sweeps.run("run-2", spent=5)
    sweeps.memory.begin("run-1", scheduled=True)
    assert sweeps.memory.spent == 25
    sweeps.memory.begin("run-3", scheduled=True)
    assert sweeps.memory.spent == 0


def test_an_inspection_a_period(sweeps: Sweeps) -> None:
    """Whoever asks for the sweep, and however often."""
    assert sweeps.memory.takes_inspection(PERIOD)
    sweeps.clock.advance(PERIOD.total_seconds() - 1)
    assert not sweeps.memory.takes_inspection(PERIOD)
    sweeps.clock.advance(1)
    assert sweeps.memory.takes_inspection(PERIOD)
