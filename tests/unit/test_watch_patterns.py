"""reactor.watch.patterns: what wakes the watch, and what must not."""

import json
from dataclasses import replace
from typing import Any

import pytest
from chalice.app import Rate
from moto.events.models import EventPattern

from reactor.buckets.events import buckets_pattern
from reactor.names import APP, Function
from reactor.settings import Settings
from reactor.watch.patterns import rule_patterns, sweep_schedule, watch_pattern
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.calls import ADMIN, LIST, SETTINGS, denied, function, happened, root, user
from tests.unit.test_watch_changes import CHANGES, label

LIMIT = 2048  # characters (EventBridge quotas, event pattern size)
NAME = f"{APP}-prod-watch"


def wakes(payload: Any, settings: Settings = SETTINGS) -> bool:
    """Tell whether moto's EventBridge would deliver an event to the watch."""
    pattern = watch_pattern(settings)
    theirs: Any = EventPattern(json.dumps(pattern), pattern)
    return bool(theirs.matches_event(payload))


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {
            "REACTOR_EXEMPT_PARAMETER": "/" + "x" * 1010,
            "REACTOR_GUARD_POLICY": f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{'p' * 500}/{'G' * 128}",
        },
    ],
)
def test_length(environment: dict[str, str]) -> None:
    """The pattern fits into a rule with the longest of settings, however it is written as JSON."""
    assert len(json.dumps(watch_pattern(Settings.from_environment(environment)))) <= LIMIT


@pytest.mark.parametrize(("kind", "payload"), CHANGES, ids=label)
def test_changes_wake(kind: str, payload: dict[str, Any]) -> None:
    """Every change that is an alarm is delivered."""
    assert wakes(payload), kind


@pytest.mark.parametrize("by", [user(), user(mfa=False), root(mfa=True)])
def test_users_and_root_wake(by: Any) -> None:
    """Whatever users and root do in IAM is delivered; what roles do to users is not."""
    payload = happened("iam", "CreateLoginProfile", by, UserName="alice")
    assert wakes(payload)
    assert not wakes(happened("iam", "CreateLoginProfile", ADMIN, UserName="alice"))


def test_what_roles_do_wakes() -> None:
    """Of what roles do, root's device and what they were denied at the guard are delivered."""
    assert wakes(happened("iam", "DeactivateMFADevice", ADMIN, UserName="AWS ROOT USER"))
    assert wakes(denied("DetachUserPolicy", "user alice", ""))
    assert wakes(denied("DeletePolicyVersion", f"policy {GUARD_ARN} version v1", ""))
    assert not wakes(happened("iam", "DetachUserPolicy", UserName="alice", PolicyArn=GUARD_ARN))


def test_own_work_does_not_wake() -> None:
    """What the functions do at work is not delivered: the watch would wake itself without end."""
    stream = happened(
        "logs",
        "CreateLogStream",
        function("watch"),
        logGroupName=f"/aws/lambda/{NAME}",
        logStreamName="stream",
    )
    invoked = happened("lambda", "Invoke", {"type": "AWSService"}, FunctionName=NAME)
    # As a trail that logs data events writes it (CloudTrail user guide, record contents).
    invoked["detail"] |= {"managementEvent": False, "eventCategory": "Data"}
    attached = happened(
        "iam", "AttachUserPolicy", function("react"), UserName="alice", PolicyArn=GUARD_ARN
    )
    assert [wakes(each) for each in (stream, invoked, attached)] == [False, False, False]


def test_others_things_do_not_wake() -> None:
    """Other functions, policies and parameters are not delivered."""
    other = f"arn:aws:iam::{ACCOUNT}:policy/Other"
    assert not wakes(happened("lambda", "DeleteFunction", FunctionName="other"))
    assert not wakes(happened("iam", "CreatePolicyVersion", PolicyArn=other))
    assert not wakes(happened("ssm", "PutParameter", Name="/other", Value="x"))
    assert not wakes(happened("cloudtrail", "StartLogging", Name="trail"))
    assert not wakes({**happened("iam", "DeleteUser", user()), "source": "aws.transfer"})


def test_list_is_in_the_pattern_only_when_it_is_set() -> None:
    """Without an exemption list no parameter wakes the watch."""
    changed = happened("ssm", "PutParameter", Name=LIST, Value="x")
    assert wakes(changed)
    assert not wakes(changed, Settings.from_environment({}))


@pytest.mark.parametrize("minutes", [1, 2, 15, 60, 1440])
def test_schedule(minutes: int) -> None:
    """The sweep's schedule is said in Chalice's words."""
    settings = Settings.from_environment({"REACTOR_SWEEP_MINUTES": str(minutes)})
    assert sweep_schedule(settings) == Rate(minutes, unit=Rate.MINUTES).to_string()


def test_every_rule_has_a_pattern_or_a_schedule() -> None:
    """None is left uncompared."""
    chosen = replace(SETTINGS, config_rules=("mfa",), buckets=True)
    patterns = rule_patterns(chosen)
    assert set(patterns) == {each for each in Function if each.has_rule}
    assert patterns[Function.BUCKETS] == buckets_pattern(chosen)
    optional = {Function.BUCKETS, Function.COMPLIANCE}
    assert set(rule_patterns(SETTINGS)) == set(patterns) - optional
    assert patterns[Function.SWEEP] == "rate(15 minutes)"
    assert patterns[Function.WATCH] == watch_pattern(SETTINGS)
