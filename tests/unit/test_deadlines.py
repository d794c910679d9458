"""reactor.aws.deadlines: by when calls must end, and which invocation's they are."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reactor.aws.deadlines import FOREVER, LAST_SECONDS, Deadlines
from reactor.errors import OutOfTime


class Hours:
    """What an invocation has left; a test takes from it."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __call__(self) -> float:
        """Return the seconds."""
        return self.seconds


class TestHowLong:
    """What an invocation keeps for its end."""

    @pytest.mark.parametrize(
        ("function", "for_calls"),
        [
            pytest.param(900, 900 - LAST_SECONDS, id="a long function"),
            pytest.param(40, 40 - LAST_SECONDS, id="of 40 seconds"),
            pytest.param(20, 17.5, id="a short function keeps an eighth"),
            pytest.param(6, 5.25, id="the shortest"),
        ],
    )
    def test_what_is_left_for_calls(self, function: float, for_calls: float) -> None:
        """All but what it takes to write records, to hand on, and to end."""
        deadlines = Deadlines()
        deadlines.begin(Hours(function))
        assert deadlines.current.left() == for_calls

    def test_it_runs_out(self) -> None:
        """It is less as time goes by, never less than nothing, and then calls are refused."""
        deadlines, hours = Deadlines(), Hours(60)
        deadlines.begin(hours)
        hours.seconds = 6
        assert deadlines.current.left() == 1
        deadlines.current.check()
        for hours.seconds in (5, 0):
            assert deadlines.current.left() == 0
            with pytest.raises(OutOfTime):
                deadlines.current.check()

    def test_nobody_counts_it(self) -> None:
        """Where no invocation has begun, at the command line, there is time."""
        assert Deadlines().current.left() == FOREVER < threading.TIMEOUT_MAX


class TestWhose:
    """A session outlives its invocations; what one of them began does not."""

    def test_an_old_call_has_no_new_time(self) -> None:
        """What was begun in an invocation is out of time in the next, though much time was left."""
        deadlines = Deadlines()
        deadlines.begin(Hours(60))
        seen: list[float] = []
        old = deadlines.binding(lambda: seen.append(deadlines.current.left()))
        old()
        deadlines.begin(Hours(900))
        old()
        deadlines.binding(lambda: seen.append(deadlines.current.left()))()
        assert seen == [60 - LAST_SECONDS, 0, 900 - LAST_SECONDS]

    def test_what_an_old_call_begins_is_old(self) -> None:
        """A stream that goes on in another thread draws calls that are as late as it is itself."""
        deadlines = Deadlines()
        deadlines.begin(Hours(60))

        def drawn() -> float:
            return deadlines.current.left()

        def draw() -> float:
            with ThreadPoolExecutor(1) as pool:
                return pool.submit(deadlines.binding(drawn)).result()

        old = deadlines.binding(draw)
        deadlines.begin(Hours(900))
        assert old() == 0

    def test_a_thread_is_free_again(self) -> None:
        """The next call of the same thread has its own deadline, also after one that failed."""
        deadlines = Deadlines()

        def fail() -> None:
            raise LookupError

        with pytest.raises(LookupError):
            deadlines.binding(fail)()
        deadlines.begin(Hours(60))
        assert deadlines.current.left() == 60 - LAST_SECONDS
