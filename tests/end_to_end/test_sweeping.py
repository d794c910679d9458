"""Sweeps of whole accounts: in parts, under a throttle, within the brake, and what they say."""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.stage import Stage, staged

SETTINGS = {
    "REACTOR_MODE": "enforce",
    "REACTOR_MAX_REMEDIATIONS": "0",
    "REACTOR_SWEEP_WRITES_PER_SECOND": "4",
}
USERS = 70  # more than an invocation has time for
TIMEOUT_SECONDS = 12
SWEEP = "mfa-reactor-prod-sweep"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage whose guard is there, and whose sweep has little time and a slow pace."""
    with staged(SETTINGS) as stage:
        stage.new_user("first")
        stage.functions.update_function_configuration(
            FunctionName=SWEEP, Timeout=TIMEOUT_SECONDS, MemorySize=512
        )
        yield stage


def unguarded(stage: Stage, names: list[str]) -> list[str]:
    """Create users whose events are lost."""
    for name in names:
        stage.sandbox.control.lose_next_event("CreateUser")
        stage.iam.create_user(UserName=name)
    return names


def summaries(stage: Stage) -> list[dict[str, Any]]:
    """Return what sweeps have summed up, oldest first."""
    records = stage.records("sweep")
    return [each for each in records if each["schema"] == "mfa-reactor/sweep/1"]


def attached(stage: Stage) -> Counter[str]:
    """Return the attachments that sweeps made since the calls were cleared, by outcome."""
    return Counter(
        str(call["error"])
        for call in stage.sandbox.control.calls()
        if call["action"] == "AttachUserPolicy" and SWEEP in (call["caller"] or "")
    )


def scheduled(stage: Stage) -> None:
    """Have a sweep begin on its schedule, and wait for its end."""
    (rule,) = [each for each in stage.deployment.rules if "sweep" in each]
    stage.sandbox.control.fire_schedule(rule, stage.deployment.region)
    stage.sandbox.control.settle(120)


def recorded(stage: Stage, sweep: object) -> dict[str, set[str]]:
    """Return the users of whom a sweep has a record of its own, by what it came to."""
    by_outcome = defaultdict[str, set[str]](set)
    for each in stage.records("sweep"):
        if each["schema"] == "mfa-reactor/audit/1" and each.get("sweep") == sweep:
            outcome = each["actions"][-1]["outcome"] if each["actions"] else each["verdict"]["rule"]
            by_outcome[outcome].add(each["subject"].get("name", "everybody"))
    return by_outcome


def test_a_sweep_that_does_not_fit_into_one_invocation(stage: Stage) -> None:
    """Under a throttle, and with little time: in parts, every user once, one sweep in the trail."""
    names = unguarded(stage, [f"user-{number}" for number in range(USERS)])
    before, attempts = len(summaries(stage)), len(stage.attempts("sweep"))
    stage.sandbox.control.clear_calls()
    stage.sandbox.control.set_throttle(20, burst=40)
    try:
        scheduled(stage)
    finally:
        stage.sandbox.control.set_throttle(None)
    assert all(stage.is_guarded(name) for name in names)
    parts = summaries(stage)[before:]
    runs = stage.attempts("sweep")[attempts:]
    assert len(runs) > 1
    assert all(run["ok"] for run in runs)
    assert {part["sweep"] for part in parts} == {parts[0]["run"]}
    assert [part["part"] for part in parts] == list(range(1, len(parts) + 1))
    assert [part["ended"] for part in parts] == [False] * (len(parts) - 1) + [True]
    last = parts[-1]
    outcomes = recorded(stage, last["sweep"])
    done = outcomes["done"]
    # On a slow machine some may not be answered in time: docs/sweep.md says how those count.
    assert done | outcomes["failed"] == set(names), "no change is without its record"
    again = len(done & outcomes["failed"])  # not answered when their part was over, and not seen
    assert attached(stage)["None"] <= USERS + again, "each guarded, and none twice"
    assert (last["users"], last["failed"], last["remediated"]) == (USERS + 1, 0, len(done))
    assert last["compliant"] == 1 + len(set(names) - done)
    assert last["calls"]["iam:AttachUserPolicy"] >= USERS


def test_changes_that_are_not_answered_in_time(stage: Stage) -> None:
    """IAM makes them all the same: each is recorded, by the part that began it."""
    names = unguarded(stage, [f"slow-{number}" for number in range(40)])
    stage.sandbox.control.set_latency(3500, ["AttachUserPolicy"])
    try:
        scheduled(stage)
    finally:
        stage.sandbox.control.set_latency(0)
    assert all(stage.is_guarded(name) for name in names)
    assert all(run["ok"] for run in stage.attempts("sweep"))
    last = summaries(stage)[-1]
    outcomes = recorded(stage, last["sweep"])
    assert outcomes["failed"], "or else nothing here was unanswered"
    assert outcomes["done"] | outcomes["failed"] == set(names)
    assert (last["ended"], last["failed"]) == (True, 0)
    assert last["remediated"] == len(outcomes["done"])


def test_drift_is_what_no_event_had_brought(stage: Stage) -> None:
    """A sweep counts whom it found, and the next one finds nobody."""
    stage.sweep()  # for the environment to remember
    unguarded(stage, ["lost-1", "lost-2"])
    stage.sweep()
    stage.sweep()
    assert [each["drift"] for each in summaries(stage)[-2:]] == [2, 0]


def test_in_order_a_sweep_makes_few_calls(stage: Stage) -> None:
    """A page of users, and what docs/sweep.md says besides; whoever many there are.

    With its inspection: one call of IAM in it, the others to other services. The keeper sleeps.
    """
    stage.sweep()
    keeps = len(stage.attempts("keeper"))
    stage.sandbox.control.clear_calls()
    stage.sweep()
    calls = Counter(
        (str(call["service"]), str(call["action"]))
        for call in stage.sandbox.control.calls()
        if SWEEP in (call["caller"] or "")
    )
    of_iam = Counter({action: n for (service, action), n in calls.items() if service == "iam"})
    assert of_iam.pop("GetAccountAuthorizationDetails") == 1
    assert of_iam.total() <= 8
    assert of_iam["GetAccountSummary"] == 1, "the inspection's is among them"
    assert calls.total() - 1 - of_iam.total() == 23 + 2, "the inspection's, of an account's trail"
    assert len(stage.attempts("keeper")) == keeps


def test_a_user_deleted_before_its_turn(stage: Stage) -> None:
    """Read, gone when it is to be changed, looked at again, and then no subject any more."""
    unguarded(stage, [f"short-lived-{number}" for number in range(12)])
    (rule,) = [each for each in stage.deployment.rules if "sweep" in each]
    stage.sandbox.control.clear_calls()
    stage.sandbox.control.fire_schedule(rule, stage.deployment.region)
    while not attached(stage):
        time.sleep(0.05)
    left = [
        f"short-lived-{number}"
        for number in range(12)
        if not stage.policies(f"short-lived-{number}")
    ]
    stage.iam.delete_user(UserName=left[-1])
    stage.sandbox.control.settle(60)
    assert stage.attempts("sweep")[-1]["ok"]
    assert summaries(stage)[-1]["failed"] == 0
    assert summaries(stage)[-1]["remediated"] == 11
