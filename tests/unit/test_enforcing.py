"""reactor.cli.enforcing: one look after another, made up, with a clock of the tests."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest

from reactor.cli.enforcing import carry_out
from reactor.cli.report import name_of
from reactor.cli.survey import Shown
from reactor.errors import Permanent, Transient
from reactor.reconcile import Run, Settled
from reactor.sweeps.progress import Progress
from reactor.sweeps.sweeper import LOOK_SECONDS
from tests.fakes.clock import START
from tests.fakes.parts import changed, everybody, failing, id_for, out_of_time, settled

TRANSIENT = Transient("throttled", remedy="wait")
PERMANENT = Permanent("a quota is in the way", remedy="have it raised")


@dataclass
class Looks:
    """A Look that finds what it is told, one tuple after another, a place of the brake for each.

    `seen` are the progresses it was given, `had_time` is whether it had time when each look ended.
    """

    parts: tuple[tuple[Settled, ...], ...]
    seconds: float = 1
    time: float = 0
    seen: list[Progress] = field(default_factory=list)
    had_time: list[bool] = field(default_factory=list)

    def __call__(self, progress: Progress, has_time: Callable[[], bool]) -> Run:
        """Settle the next part."""
        found = self.parts[len(self.seen)]
        self.seen.append(progress)
        self.time += self.seconds
        self.had_time.append(has_time())
        return Run(list(found), sum(each.took_place for each in found))

    def carried_out(self) -> Run:
        """Carry all out."""
        return carry_out(self, START, lambda: self.time)


def became(run: Run) -> dict[str, str]:
    """What has become of each user; fails when one is there twice."""
    assert len({name_of(each) for each in run.settled}) == len(run.settled)
    return {
        name_of(each): "changed" if each.changed else "failed" if each.failed else "in order"
        for each in run.settled
    }


@pytest.mark.parametrize(
    ("parts", "found"),
    [
        pytest.param([(changed("a"),)], {"a": "changed"}, id="all in one look"),
        pytest.param(
            [
                (changed("a"), out_of_time("b"), out_of_time("c")),
                (changed("b"), out_of_time("c")),
                (settled("c"),),
            ],
            {"a": "changed", "b": "changed", "c": "in order"},
            id="looks until nobody is left out of time",
        ),
        pytest.param(
            [(changed("a"), failing("b", TRANSIENT)), (changed("b"),)],
            {"a": "changed", "b": "changed"},
            id="who failed goes well the second time",
        ),
        pytest.param(
            [(failing("a", TRANSIENT),), (failing("a", TRANSIENT),)],
            {"a": "failed"},
            id="who failed twice is left",
        ),
        pytest.param(
            [(failing("a", PERMANENT),)], {"a": "failed"}, id="who failed for good is not tried"
        ),
        pytest.param(
            [(changed("a"), failing("b", TRANSIENT)), ()],
            {"a": "changed"},
            id="who failed and is not there any more is gone",
        ),
        pytest.param(
            [
                (failing("a", TRANSIENT), out_of_time("b")),
                (failing("a", TRANSIENT), changed("b")),
                (changed("a"),),
            ],
            {"a": "changed", "b": "changed"},
            id="who failed waits for those without time",
        ),
        pytest.param(
            [(out_of_time("a"),), (out_of_time("a"),)],
            {"a": "failed"},
            id="ends when a look gets no further",
        ),
        pytest.param(
            [(everybody(TRANSIENT),), (changed("a"),)],
            {"a": "changed"},
            id="nobody could be read the first time",
        ),
        pytest.param(
            [(changed("a"), failing("b", TRANSIENT)), (everybody(TRANSIENT),)],
            {"a": "changed", "b": "failed", "": "failed"},
            id="nobody could be read the second time, and nobody is taken for gone",
        ),
    ],
)
def test_looks(parts: list[tuple[Settled, ...]], found: dict[str, str]) -> None:
    """Each user is in the run once, as it was left; there are as many looks as it takes."""
    looks = Looks(tuple(parts))
    assert became(looks.carried_out()) == found
    assert len(looks.seen) == len(parts)


def test_who_is_done_is_not_looked_at_again_and_the_brake_goes_on() -> None:
    """Later looks know who is done, who has no device, and which places are spent on whom."""
    first = (
        replace(changed("a"), took_place=True),
        replace(failing("b", TRANSIENT), took_place=True),
    )
    looks = Looks(((*first, out_of_time("c", lacks=True)), (changed("b"), changed("c"))))
    run = looks.carried_out()
    _, second = looks.seen
    assert second.known.done == {id_for("a")}
    assert second.known.lacking == {id_for("c")}
    assert (second.spent, second.paid) == (2, frozenset({id_for("b")}))
    assert run.spent == 2


@pytest.mark.parametrize(
    ("seconds", "had_time"),
    [
        pytest.param(LOOK_SECONDS - 1, True, id="what was read is fresh"),
        pytest.param(LOOK_SECONDS, False, id="what was read is old"),
    ],
)
def test_each_look_is_acted_on_for_a_minute(seconds: float, *, had_time: bool) -> None:
    """Counted from its own beginning."""
    looks = Looks(((changed("a"), out_of_time("b")), (changed("b"),)), seconds)
    looks.carried_out()
    assert looks.had_time == [had_time] * 2


def test_progress_counts_each_user_once() -> None:
    """Read by every look, settled when there was time for it; it never goes back."""
    counted: list[str] = []

    class Counts:
        def read(self) -> None:
            counted.append("read")

        def settled(self) -> None:
            counted.append("settled")

    shown = Shown(Counts())
    for each in (changed("a"), out_of_time("b"), failing("b", TRANSIENT), changed("b")):
        shown.read(each.observation)
        shown.settled(each)
    assert counted == ["read", "settled", "read", "settled"]
