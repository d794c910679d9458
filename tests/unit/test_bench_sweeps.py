"""What the benches make of figures: ratios, expectations, tables. Nothing is measured here."""

from collections import Counter
from dataclasses import replace

import pytest

from benches.accounts import Kind, kind_of
from benches.cells import Cells
from benches.comparisons import expected, headlines, seconds_of, sweeps_at
from benches.contestants.ours import SETTINGS
from benches.sweeps import (
    BULK,
    CUSTODIAN,
    OURS,
    WRITES_PER_SECOND,
    Sweep,
    expectations,
    ratios,
)
from benches.tables import BEGIN, END, renewed
from reactor.settings import Settings

OF_OURS = Sweep(
    contestant=OURS,
    users=1000,
    throttled=False,
    again=True,
    calls={"iam:GetAccountAuthorizationDetails": 2, "iam:ListMFADevices": 18, "lambda:Invoke": 1},
    throttles=0,
    seconds=1.0,
    peak_megabytes=100.0,
    looked_at=1000,
    attached=0,
    left=0,
    done=True,
)
OF_CUSTODIAN = replace(
    OF_OURS,
    contestant=CUSTODIAN,
    calls={"iam:GetUser": 1000, "iam:ListMFADevices": 1000, "iam:AttachUserPolicy": 440},
    seconds=60.0,
    attached=440,
)
OF_BULK = replace(OF_OURS, contestant=BULK, seconds=0.8)
FIRST = replace(
    OF_OURS,
    again=False,
    calls={**OF_OURS.calls, "iam:AttachUserPolicy": 440},
    attached=440,
    seconds=50.4,
)
EVERYBODY = [OF_OURS, OF_CUSTODIAN, OF_BULK, FIRST]


def test_calls_are_counted_by_what_they_do_to_iam() -> None:
    """Reads and writes are IAM's; calls to other services are counted apart."""
    assert (OF_OURS.reads, OF_OURS.writes, OF_OURS.others) == (20, 0, 1)
    assert (OF_CUSTODIAN.reads, OF_CUSTODIAN.writes) == (2000, 440)


def test_others_are_compared_with_ours_and_ours_with_the_bare_reads() -> None:
    """A ratio is theirs over ours, and of the bare reads ours over theirs."""
    theirs, bare = ratios([OF_OURS, OF_CUSTODIAN, OF_BULK])[OF_OURS.place]
    assert (theirs.reads, theirs.seconds, theirs.at_least) == (100, 60, False)
    assert bare.seconds == 1.25


def test_a_sweep_that_was_ended_gives_a_lower_bound() -> None:
    """The ratio to one that was not done is told as a lower bound."""
    ended = replace(OF_CUSTODIAN, done=False, seconds=600.0, looked_at=700)
    [found] = ratios([OF_OURS, ended])[OF_OURS.place]
    assert found.at_least
    assert seconds_of(ended) == "not done after 600: 700 of 1,000 users"
    assert seconds_of(replace(ended, why="Throttling")).startswith("failed after 600")


def test_the_pace_of_the_first_sweep_is_the_settings() -> None:
    """The bench sweeps at the pace that it is held to: it says nothing of another."""
    measured = Settings.from_environment(SETTINGS)
    assert measured.sweep_writes_per_second == WRITES_PER_SECOND


def test_sweeps_of_other_accounts_are_not_compared() -> None:
    """Only what shares users, throttle and state of the account stands in one ratio."""
    elsewhere = replace(OF_CUSTODIAN, throttled=True)
    assert ratios([OF_OURS, elsewhere]) == {OF_OURS.place: []}


@pytest.mark.parametrize(
    ("sweeps", "broken"),
    [
        pytest.param(EVERYBODY, {"0"}, id="only Cloud Custodian writes again"),
        pytest.param(
            [replace(OF_OURS, seconds=2.0), OF_CUSTODIAN, OF_BULK],
            {"at least 40", "at most 1.3", "0"},
            id="ours is slow",
        ),
        pytest.param(
            [replace(OF_OURS, calls={"iam:GetUser": 500}), OF_CUSTODIAN],
            {"at least 50", "0"},
            id="ours asks per user",
        ),
        pytest.param([replace(OF_OURS, attached=1)], {"0"}, id="ours writes again"),
        pytest.param([replace(FIRST, left=1)], {"0"}, id="ours leaves somebody"),
        pytest.param([replace(FIRST, seconds=53.0)], {"at most 1.2"}, id="the first sweep dawdles"),
        pytest.param([replace(FIRST, seconds=52.8)], set(), id="the first sweep is just in time"),
        pytest.param(
            [replace(FIRST, calls={})], {"at most 1.2"}, id="the first sweep writes nothing"
        ),
        pytest.param(
            [
                replace(FIRST, seconds=99.0, throttled=True),
                replace(FIRST, seconds=99.0, users=100),
                replace(FIRST, seconds=99.0, contestant=CUSTODIAN),
            ],
            set(),
            id="other first sweeps may take what they take",
        ),
        pytest.param([OF_OURS, FIRST], set(), id="ours alone, in order"),
    ],
)
def test_what_is_not_as_expected_is_told(sweeps: list[Sweep], broken: set[str]) -> None:
    """Each broken expectation is in the table, marked for red."""
    found = expectations(sweeps)
    assert {each.expected for each in found if not each.holds} == broken
    assert len(expected(found).bad) == sum(not each.holds for each in found)


def test_who_attaches_again_is_told_in_its_row() -> None:
    """The row of a contestant that writes with nothing to do is marked, and says why."""
    cells = sweeps_at(EVERYBODY, OF_OURS.place)
    assert cells.bad == {1}
    assert "440 (attached again)" in cells.rows[1]


def test_parts_and_failures_are_told() -> None:
    """A sweep in parts says in how many, and how many of them failed."""
    sweeps = [replace(OF_OURS, parts=3), replace(OF_CUSTODIAN, failed=1), OF_BULK]
    names = [row[0] for row in sweeps_at(sweeps, OF_OURS.place).rows]
    assert names == [f"{OURS}, 3 parts, 0 failed", f"{CUSTODIAN}, 1 part, 1 failed", BULK]


def test_the_readmes_figures_take_all_four_sweeps() -> None:
    """Nothing is said on the front page where a side of the comparison was not measured."""
    first, *_ = headlines(EVERYBODY)
    assert first.startswith("20 calls that read IAM, 100 times fewer")
    assert headlines(EVERYBODY[:-1]) == []


def test_a_page_is_renewed_between_its_marks_only() -> None:
    """What stands round the marks stays; a page without them is an error."""
    page = f"before\n{BEGIN}\nold\n{END}\nafter\n"
    assert renewed(page, "new") == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(ValueError, match="lacks its marks"):
        renewed("before\nafter\n", "new")


def test_a_table_as_markdown() -> None:
    """A title, headings, numbers to the right, and the rows."""
    cells = Cells("what", ("name", "n"), [("a", "1")])
    assert cells.markdown() == "what:\n\n| name | n |\n|---|---:|\n| a | 1 |"


def test_the_account_is_as_the_documentation_says() -> None:
    """Of 200 users 10 are exempt, 100 and two more have a device, 88 must carry the guard."""
    found = Counter(kind_of(number) for number in range(200, 400))
    assert found == {
        Kind.EXEMPT: 10,
        Kind.VIRTUAL: 100,
        Kind.PASSKEY: 1,
        Kind.HARDWARE: 1,
        Kind.WITHOUT: 88,
    }
