"""reactor.sweeps.drift: what no event had brought, as far as one environment can know."""

import pytest

from reactor.errors import Transient
from reactor.reconcile import Settled
from reactor.sweeps.drift import Drift, Finds
from tests.fakes.parts import changed, failing, observed, settled

TRANSIENT = Transient("throttled", remedy="wait")


def new(finds: Finds, *settled_ones: Settled) -> list[str | None]:
    """Tell a sweep of these, and return who of them is drift."""
    return [each.observation.subject.name for each in settled_ones if finds.is_new(each)]


def sweep(drift: Drift, name: str, *settled_ones: Settled, whole: bool = True) -> list[str | None]:
    """Let a sweep find these, and end; return who of them is drift."""
    found = new(drift.begin(name), *settled_ones)
    drift.end(name, whole=whole)
    return found


@pytest.fixture
def drift() -> Drift:
    """Return what an environment knows whose first sweep has found all in order."""
    known = Drift()
    assert sweep(known, "sweep-1", settled("a"), settled("b"), settled("c", "exempt")) == []
    return known


def test_a_first_sweep_does_not_know() -> None:
    """With no sweep before it, whoever is not in order may be so for long: not known, and not 0."""
    finds = Drift().begin("sweep-1")
    assert finds.before is None
    assert new(finds, changed("a"), observed("b")) == []


def test_who_came_out_of_order_since(drift: Drift) -> None:
    """Whoever the sweep before left in order, and is not so now, is one whose event was lost."""
    found = sweep(drift, "sweep-2", changed("a"), settled("b"), settled("c", "exempt"))
    assert found == ["a"]


@pytest.mark.parametrize(
    "left",
    [
        pytest.param(observed("a"), id="observing"),
        pytest.param(failing("a", TRANSIENT), id="not changed"),
        pytest.param(settled("a", "must-carry-guard", held_back=True), id="held back by the brake"),
    ],
)
def test_who_was_left_so_is_no_news(drift: Drift, left: Settled) -> None:
    """Whoever a sweep leaves not in order is drift once, and not in each sweep that follows."""
    assert sweep(drift, "sweep-2", left) == ["a"]
    assert sweep(drift, "sweep-3", left) == []
    assert sweep(drift, "sweep-4", changed("a")) == []


def test_who_was_put_right_is_news_again(drift: Drift) -> None:
    """Whoever was changed was in order then: the next time it is drift."""
    sweep(drift, "sweep-2", changed("a"))
    assert sweep(drift, "sweep-3", changed("a")) == ["a"]


@pytest.mark.parametrize(
    "each",
    [
        pytest.param(settled("a", "not-read", seen_error=TRANSIENT), id="not read"),
        pytest.param(settled("a", "exempt"), id="exempt"),
        pytest.param(settled("a"), id="guarded"),
    ],
)
def test_who_is_not_known_to_be_out_of_order(drift: Drift, each: Settled) -> None:
    """Only a verdict that says so counts."""
    assert sweep(drift, "sweep-2", each) == []


def test_who_was_not_read_is_no_news_either(drift: Drift) -> None:
    """Whoever could not be read may have been out of order already."""
    sweep(drift, "sweep-2", settled("a", "not-read", seen_error=TRANSIENT))
    assert sweep(drift, "sweep-3", changed("a")) == []


def test_a_renamed_user_is_the_same(drift: Drift) -> None:
    """Users are known by their ids."""
    sweep(drift, "sweep-2", observed("A"))
    assert sweep(drift, "sweep-3", observed("a")) == [], "these names have the same id"


def test_a_sweep_that_has_not_looked_at_everybody(drift: Drift) -> None:
    """Whom it left is not known, so that the next one finds no drift, and the one after does."""
    sweep(drift, "sweep-2", whole=False)
    finds = drift.begin("sweep-3")
    assert finds.before is None
    assert new(finds, observed("a")) == []
    drift.end("sweep-3", whole=True)
    assert sweep(drift, "sweep-4", observed("a"), observed("b")) == ["b"]


class TestParts:
    """A sweep in parts, here or elsewhere."""

    def test_here(self, drift: Drift) -> None:
        """A sweep that goes on where it began knows what it knew, and remembers all its parts."""
        assert new(drift.begin("sweep-2"), observed("a")) == ["a"]
        assert new(drift.goes_on("sweep-2"), observed("b")) == ["b"]
        drift.end("sweep-2", whole=True)
        assert sweep(drift, "sweep-3", observed("a"), observed("b"), observed("c")) == ["c"]

    def test_begun_elsewhere(self, drift: Drift) -> None:
        """Of a sweep that did not begin here nothing is known, and it blinds nobody."""
        finds = drift.goes_on("of another")
        assert finds.before is None
        assert new(finds, observed("a")) == []
        drift.end("of another", whole=True)
        assert sweep(drift, "sweep-2", observed("a")) == ["a"]

    def test_another_in_between(self, drift: Drift) -> None:
        """When another sweep comes between two parts, neither knows what the other left."""
        drift.begin("sweep-2")
        assert drift.begin("requested").before is None
        drift.end("requested", whole=True)
        assert drift.goes_on("sweep-2").before is None
        drift.end("sweep-2", whole=True)
        assert drift.begin("sweep-3").before == frozenset(), "the one in between was whole"
