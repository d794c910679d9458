"""Sweeps that have little time, and an IAM that has little for them: none is ended by Lambda."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.end_to_end.stage import Stage, staged

SWEEP = "mfa-reactor-prod-sweep"
OTHERS = 4
BUSY_SECONDS = 70  # of a sweep's first parts
PAUSE_SECONDS = 0.1  # of each: together they ask for four times what IAM lets through


@contextmanager
def short(seconds: int, **settings: str) -> Iterator[Stage]:
    """A stage whose guard is there, and whose sweep has so many seconds."""
    chosen = {"REACTOR_MODE": "enforce", "REACTOR_MAX_REMEDIATIONS": "0", **settings}
    with staged(chosen) as stage:
        stage.new_user("first")
        stage.functions.update_function_configuration(
            FunctionName=SWEEP, Timeout=seconds, MemorySize=512
        )
        yield stage


@contextmanager
def busy(stage: Stage) -> Iterator[None]:
    """Have others call IAM all the while, and never back off."""
    over = threading.Event()
    credentials: Any = stage.iam._request_signer._credentials

    def hammer() -> None:
        other = boto3.session.Session().client(
            "iam",
            endpoint_url=stage.iam.meta.endpoint_url,
            region_name="us-east-1",
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
            config=Config(retries={"total_max_attempts": 1}),
        )
        while not over.wait(PAUSE_SECONDS):
            try:
                other.get_user(UserName="first")
            except ClientError:
                continue

    threads = [threading.Thread(target=hammer) for _ in range(OTHERS)]
    for each in threads:
        each.start()
    try:
        yield
    finally:
        over.set()
        for each in threads:
            each.join()


def unguarded(stage: Stage, number: int) -> list[str]:
    """Create users whose events are lost."""
    names = [f"user-{each}" for each in range(number)]
    for name in names:
        stage.sandbox.control.lose_next_event("CreateUser")
        stage.iam.create_user(UserName=name)
    return names


def throttled(stage: Stage) -> int:
    """How many of the sweep's calls IAM has refused since they were cleared."""
    calls = [each for each in stage.sandbox.control.calls() if SWEEP in (each["caller"] or "")]
    return sum(each["error"] == "Throttling" for each in calls)


def fire(stage: Stage) -> None:
    """Fire the schedule."""
    stage.sandbox.control.clear_calls()
    (rule,) = [each for each in stage.deployment.rules if "sweep" in each]
    stage.sandbox.control.fire_schedule(rule, stage.deployment.region)


def assert_guarded_once(stage: Stage, names: list[str]) -> None:
    """Everybody carries the guard, and nobody was given it twice."""
    attached = Counter(
        str(each["error"])
        for each in stage.sandbox.control.calls()
        if each["action"] == "AttachUserPolicy" and SWEEP in (each["caller"] or "")
    )
    assert all(stage.is_guarded(name) for name in names)
    assert attached["None"] == len(names)


def test_a_pace_that_is_slow_for_a_short_function() -> None:
    """Twelve calls take longer at two a second than is left when the last of them is drawn."""
    with short(20, REACTOR_SWEEP_WRITES_PER_SECOND="2") as stage:
        names = unguarded(stage, 45)
        fire(stage)
        stage.sandbox.control.settle(120)
        runs = stage.attempts("sweep")
        assert [each["error"] for each in runs if not each["ok"]] == []
        assert len(runs) > 1
        records = stage.records("sweep")
        parts = [each for each in records if each["schema"] == "mfa-reactor/sweep/1"]
        assert {each["sweep"] for each in parts} == {parts[0]["run"]}
        assert [each["part"] for each in parts] == list(range(1, len(parts) + 1))
        assert [each["ended"] for each in parts] == [False] * (len(parts) - 1) + [True]
        assert (parts[-1]["users"], parts[-1]["failed"]) == (len(names) + 1, 0)
        assert_guarded_once(stage, names)


def test_an_account_that_others_keep_busy() -> None:
    """Calls that back off for longer than the function lives are given up in time.

    How far a sweep comes meanwhile is IAM's to say; when the others are gone, the rest is done.
    """
    with short(20) as stage:
        names = unguarded(stage, 40)
        stage.sandbox.control.set_throttle(10, burst=20)
        try:
            with busy(stage):
                fire(stage)
                time.sleep(BUSY_SECONDS)
        finally:
            stage.sandbox.control.set_throttle(None)
        assert throttled(stage) > 10
        stage.sandbox.control.settle(120)
        assert len(stage.attempts("sweep")) > 2, "it was not held up"
        assert [
            each for each in stage.attempts("sweep") if "Timedout" in (each["error"] or "")
        ] == []
        stage.sweep()
        assert_guarded_once(stage, names)
