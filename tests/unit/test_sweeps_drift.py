"""reactor.sweeps.drift: what no event had brought, as far as one environment can know."""

import pytest

from reactor.errors import Transient
from reactor.reconcile import Settled
from reactor.sweeps.drift import Drift
from tests.fakes.parts import changed, failing, observed, settled

TRANSIENT = Transient("throttled", remedy="wait")


def new(drift: Drift, *settled_ones: Settled) -> list[str | None]:
    """Tell the sweep under way of these, and return who of them is drift."""
    return [each.observation.subject.name for each in settled_ones if drift.is_new(each)]


@pytest.fixture
def drift() -> Drift:
    """Return what an environment knows whose first sweep has found all in order."""
    known = Drift()
    known.begin("sweep-1")
    assert new(known, settled("a"), settled("b"), settled("c", "exempt")) == []
    return known


def test_a_first_sweep_does_not_know() -> None:
    """With no sweep before it, whoever is not in order may be so for long: None, and not 0."""
    drift = Drift()
    assert drift.begin("sweep-1") is None
    assert new(drift, changed("a"), observed("b")) == []


def test_who_came_out_of_order_since(drift: Drift) -> None:
    """Whoever the sweep before left in order, and is not so now, is one whose event was lost."""
    assert drift.begin("sweep-2") == 0
    assert new(drift, changed("a"), settled("b"), settled("c", "exempt")) == ["a"]


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
    drift.begin("sweep-2")
    assert new(drift, left) == ["a"]
    drift.begin("sweep-3")
    assert new(drift, left) == []
    drift.begin("sweep-4")
    assert new(drift, changed("a")) == []


def test_who_was_put_right_is_news_again(drift: Drift) -> None:
    """Whoever was changed was in order then: the next time it is drift."""
    drift.begin("sweep-2")
    new(drift, changed("a"))
    drift.begin("sweep-3")
    assert new(drift, changed("a")) == ["a"]


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
    drift.begin("sweep-2")
    assert new(drift, each) == []


def test_a_renamed_user_is_the_same(drift: Drift) -> None:
    """Users are known by their ids."""
    drift.begin("sweep-2")
    new(drift, observed("A"))
    drift.begin("sweep-3")
    assert new(drift, observed("a")) == [], "these names have the same id"


class TestParts:
    """A sweep in parts, here or elsewhere."""

    def test_here(self, drift: Drift) -> None:
        """A sweep that goes on where it began knows what it knew, and remembers all its parts."""
        drift.begin("sweep-2")
        assert new(drift, observed("a")) == ["a"]
        assert drift.goes_on("sweep-2")
        assert new(drift, observed("b")) == ["b"]
        drift.begin("sweep-3")
        assert new(drift, observed("a"), observed("b"), observed("c")) == ["c"]

    def test_begun_elsewhere(self, drift: Drift) -> None:
        """Of a sweep that began in another environment nothing is known, nor after it."""
        assert not drift.goes_on("of another")
        assert new(drift, observed("a")) == []
        assert drift.begin("sweep-3") is None

    def test_another_in_between(self, drift: Drift) -> None:
        """When another sweep came between two parts, neither knows what the other left."""
        drift.begin("sweep-2")
        drift.begin("requested")
        assert not drift.goes_on("sweep-2")
        assert drift.begin("sweep-3") is None
        assert drift.begin("sweep-4") == 0
