"""What the README says it costs a month is what the reckoning comes to."""

import math
import re

import pytest

from reactor.names import Function
from tests.project.commands import section
from tests.project.costs import (
    DAYS,
    ROOT,
    USERS,
    Month,
    alarm_names,
    bytes_of_a_sweep,
    costs_table,
    metric_names,
)

ALARMS = "What an alarm means, and what to do"
TEXT = section((ROOT / "README.md").read_text(), "What it costs")
WORDS = " ".join(TEXT.split())


@pytest.fixture(scope="module")
def month() -> Month:
    """What the README's table is of."""
    return Month(bytes_of_a_sweep(USERS))


def test_the_table_is_the_reckoning(month: Month) -> None:
    """Each row, with what is counted in the template, the journal and the stages' configuration."""
    assert costs_table(month) in TEXT


def test_the_headline_is_the_sum(month: Month) -> None:
    """To ten cents, for as many users and as many sweeps as the table."""
    sweeps = f"{USERS} users at one sweep in {month.minutes} minutes"
    assert f"About {month.total:.2f} USD a month for an account of {sweeps}" in WORDS


def test_what_a_larger_account_logs_is_what_its_sweep_writes() -> None:
    """By the real journal, as for the table."""
    larger = Month(bytes_of_a_sweep(1000))
    written = f"{math.ceil(larger.sweep_bytes / 1000)} kB a sweep"
    cost = f"{larger.gigabytes:.2f} GB and {larger.logs:.2f} USD"
    assert f"an account of 1,000 is at some {written}, {cost}" in WORDS


def test_more_sweeps_cost_as_much_more(month: Month) -> None:
    """Three times as many are three times the cents of functions and logs, and no more."""
    more = Month(month.sweep_bytes, minutes=5)
    assert "`REACTOR_SWEEP_MINUTES=5`) costs three times these cents" in WORDS
    cents = month.functions + month.logs
    assert more.functions + more.logs == pytest.approx(3 * cents, rel=0.1)
    assert more.rows()[2:] == month.rows()[2:]


def test_the_month_is_reckoned_as_one_would_by_hand() -> None:
    """5,760 invocations of half a GB, 3,312 GB-seconds in all, come to 4.5 cents; 14 MB to one."""
    by_hand = Month(sweep_bytes=3_000)
    assert by_hand.sweeps == DAYS * 96 == 2880
    assert by_hand.functions == 0.05
    assert (by_hand.gigabytes, by_hand.logs) == (0.02, 0.01)


def test_what_is_counted_is_there() -> None:
    """The metrics are those of docs/audit.md, the alarms those of docs/operations.md."""
    audit = section((ROOT / "docs" / "audit.md").read_text(), "Metrics")
    assert set(re.findall(r"^\| `(\w+)` \|", audit, re.MULTILINE)) == metric_names()
    guide = section((ROOT / "docs" / "operations.md").read_text(), ALARMS)
    told = set(re.findall(r"^\| `([\w-]+)`", guide, re.MULTILINE))
    of_a_function = re.compile(rf"^({'|'.join(Function)})-(?!missing|drift)")
    made = alarm_names(every=True) + alarm_names("notifications.yaml", every=True)
    assert {of_a_function.sub("FUNCTION-", each) for each in made} == told
