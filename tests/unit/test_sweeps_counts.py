"""reactor.sweeps.counts: each user in one way, and what is not worth a record of its own."""

from collections import Counter
from typing import Any

import pytest

from reactor.errors import Permanent, Transient
from reactor.model import OutcomeStatus
from reactor.reconcile import Settled
from reactor.sweeps.counts import WAYS, Counts, is_quiet
from tests.fakes.parts import changed, everybody, failing, observed, settled

TRANSIENT = Transient("throttled", remedy="wait")
PERMANENT = Permanent("a quota is in the way", remedy="have it raised")
ALREADY, DONE, SKIPPED = OutcomeStatus.ALREADY, OutcomeStatus.DONE, OutcomeStatus.SKIPPED

CASES = [
    pytest.param(settled("a"), "compliant", id="guarded"),
    pytest.param(settled("a", "out-of-scope"), "compliant", id="out of scope"),
    pytest.param(settled("a", "exempt"), "exempt", id="exempt"),
    pytest.param(settled("a", "exempt", status=DONE), "exempt", id="exempt, the guard taken off"),
    pytest.param(settled("a", status=DONE), "remediated", id="moved to the other way"),
    pytest.param(settled("a", "out-of-scope", status=ALREADY), "compliant", id="off already"),
    pytest.param(changed("a"), "remediated", id="the guard put on"),
    pytest.param(observed("a"), "open", id="would be changed"),
    pytest.param(
        settled("a", "must-carry-guard", held_back=True, status=SKIPPED), "open", id="waits"
    ),
    pytest.param(failing("a", TRANSIENT), "failed", id="not changed, perhaps later"),
    pytest.param(failing("a", PERMANENT), "failed", id="not changed, for good"),
    pytest.param(settled("a", "not-read", seen_error=TRANSIENT), "failed", id="not read"),
]


@pytest.mark.parametrize(("each", "way"), CASES)
def test_each_user_in_one_way(each: Settled, way: str) -> None:
    """Whatever became of a user, it is counted once among all, and once as one of five."""
    counts = Counts()
    counts.add(each)
    expected = dict.fromkeys(WAYS, 0) | {"users": 1, way: 1}
    assert {name: getattr(counts, name) for name in WAYS} == expected


def test_they_add_up() -> None:
    """The five ways together are all users."""
    counts = Counts()
    for case in CASES:
        counts.add(case.values[0])  # type: ignore[arg-type]
    numbers = counts.describe()
    assert numbers["users"] == len(CASES)
    assert sum(int(str(numbers[way])) for way in WAYS[1:]) == len(CASES)


def test_what_stands_for_everybody_is_nobody() -> None:
    """A sweep that could not read the users has not counted one of them."""
    counts = Counts()
    counts.add(everybody(TRANSIENT))
    assert counts == Counts()


def test_calls_add_up() -> None:
    """What the parts took is added, by operation, also where not all called it."""
    counts = Counts()
    counts.took({"iam:GetPolicy": 1, "iam:AttachUserPolicy": 2}, {})
    counts.took({"iam:AttachUserPolicy": 3}, {"iam:AttachUserPolicy": 1})
    told: dict[str, Any] = counts.describe()
    assert told["calls"] == {"iam:GetPolicy": 1, "iam:AttachUserPolicy": 5}
    assert told["throttled"] == {"iam:AttachUserPolicy": 1}
    assert (told["drift"], counts.calls) == (None, Counter(told["calls"]))


@pytest.mark.parametrize(
    ("each", "quiet"),
    [
        pytest.param(settled("a"), True, id="guarded"),
        pytest.param(settled("a", "out-of-scope"), True, id="out of scope"),
        pytest.param(settled("a", "exempt"), True, id="exempt"),
        pytest.param(settled("a", "exempt", status=DONE), False, id="exempt, the guard taken off"),
        pytest.param(settled("a", status=SKIPPED), False, id="guarded, and would be moved"),
        pytest.param(settled("a", recheck=True), False, id="to be looked at again"),
        pytest.param(settled("a", seen_error=TRANSIENT), False, id="an error"),
        pytest.param(changed("a"), False, id="changed"),
        pytest.param(settled("a", "must-carry-guard"), False, id="not in order, and no plan"),
        pytest.param(settled("a", "not-read"), False, id="not read"),
    ],
)
def test_who_needs_no_record_of_its_own(each: Settled, *, quiet: bool) -> None:
    """Whoever is in order and was left as it is shares a record; all others have their own."""
    assert is_quiet(each) is quiet
