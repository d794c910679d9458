"""Floods of cheap events, and users created by the dozen: what waits, for how long, on what."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reactor.names import failed_queue, undelivered_queue
from reactor.sweeps.coalescing import SPACING
from tests.end_to_end.stage import Stage, staged

SMALL = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}],
    }
)
# White space counts against no quota, and above about 100 KB CloudTrail leaves the request out.
LARGE = SMALL + " " * 102_400


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that enforces, with its queues; the guard is there."""
    with staged({"REACTOR_MODE": "enforce"}) as deployed:
        assert deployed.command("operations", "apply").status == 0
        deployed.new_user("first")
        yield deployed


@pytest.fixture
def unhurried(stage: Stage) -> Iterator[None]:
    """Afterwards AWS is as quick and as patient again as before."""
    yield
    stage.sandbox.control.set_latency(0)
    stage.sandbox.control.set_throttle(None)
    stage.sandbox.control.settle(120)


def judged(stage: Stage, function: str) -> set[str]:
    """The ids of the events that a function has a record of."""
    records = stage.records(function)
    return {each["trigger"]["event"]["id"] for each in records if each["trigger"]["event"]}


def sweeps_that_looked(stage: Stage) -> set[str]:
    """The runs of the sweep that looked at users; the others found their request answered."""
    return {each["run"] for each in stage.records("sweep") if "subject" in each}


def flood(stage: Stage, record: dict[str, Any], number: int) -> set[str]:
    """Deliver a call's record so many times, each as a call of its own; return their ids."""
    ids = {str(uuid.uuid4()) for _ in range(number)}
    for each in ids:
        stage.sandbox.control.invoke_event(
            {
                "version": "0",
                "id": each,
                "detail-type": "AWS API Call via CloudTrail",
                "source": "aws.iam",
                "account": stage.sandbox.account,
                "time": record["eventTime"],
                "region": record["awsRegion"],
                "resources": [],
                "detail": record | {"eventID": each},
            }
        )
    return ids


def record_of(stage: Stage, name: str) -> dict[str, Any]:
    """The record of the last call of that name."""
    return [each for each in stage.sandbox.control.records() if each["eventName"] == name][-1]


def messages(stage: Stage) -> int:
    """How many messages lie in the stage's queues."""
    sqs, total = stage.sandbox.client("sqs"), 0
    for queue in (failed_queue("prod"), undelivered_queue("prod")):
        attributes = sqs.get_queue_attributes(
            QueueUrl=sqs.get_queue_url(QueueName=queue)["QueueUrl"],
            AttributeNames=["ApproximateNumberOfMessages"],
        )["Attributes"]
        total += int(attributes["ApproximateNumberOfMessages"])
    return total


def test_six_hundred_cheap_events_lead_to_a_few_sweeps(stage: Stage) -> None:
    """Each is judged and recorded; of those that name nobody, the last is answered, too."""
    user = stage.new_user("flooded")
    swept, attempts = sweeps_that_looked(stage), len(stage.attempts("sweep"))
    arn = stage.iam.create_policy(PolicyName="large", PolicyDocument=SMALL)["Policy"]["Arn"]
    stage.iam.put_user_policy(UserName=user, PolicyName="large", PolicyDocument=LARGE)
    stage.sandbox.control.lose_next_event("CreatePolicyVersion")
    stage.iam.create_policy_version(PolicyArn=arn, PolicyDocument=LARGE)
    stage.iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "blue"}])
    too_large = [record_of(stage, name) for name in ("PutUserPolicy", "CreatePolicyVersion")]
    assert all("omitted" in each["requestParameters"] for each in too_large)
    ids = flood(stage, too_large[0], 150) | flood(stage, record_of(stage, "TagUser"), 300)
    # It may have changed the guard, for all that its record says, and wakes the keeper, too. Of an
    # event as old as this, the keeper trusts its reads: it need not look a second time.
    earlier = datetime.now(UTC) - timedelta(minutes=4)
    late = too_large[1] | {"eventTime": earlier.strftime("%Y-%m-%dT%H:%M:%SZ")}
    guards = flood(stage, late, 150)
    # Whom no event names, only the sweep finds that the last of the flood asks for.
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="unheard")
    stage.iam.put_user_policy(UserName=user, PolicyName="large", PolicyDocument=LARGE)
    stage.sandbox.control.settle(120)

    assert ids | guards <= judged(stage, "review")
    assert guards <= judged(stage, "keeper")
    # Once each, and again where the keeper was too busy with the flood to answer the sweep.
    asked = stage.attempts("sweep")[attempts:]
    assert len({each["request_id"] for each in asked}) == 302
    looked = sweeps_that_looked(stage) - swept
    seconds = asked[-1]["ended"] - asked[0]["started"]
    # One at once, one for what came meanwhile, and one whenever the distance between two is over.
    assert 1 <= len(looked) <= 2 + seconds / SPACING.total_seconds()
    assert len(looked) <= 8
    assert stage.is_guarded("unheard")
    assert messages(stage) == 0


@pytest.mark.usefixtures("unhurried")
def test_what_takes_the_guard_off_waits_for_no_flood(stage: Stage) -> None:
    """It is mended while most of the tags before it are still waiting."""
    user = stage.new_user("exposed")
    assert stage.is_guarded(user)
    stage.iam.tag_user(UserName="first", Tags=[{"Key": "team", "Value": "blue"}])
    stage.settle()
    before, guard = len(stage.attempts("review")), stage.guard
    stage.sandbox.control.clear_calls()
    stage.sandbox.control.set_latency(200)
    tags = flood(stage, record_of(stage, "TagUser"), 80)
    stage.iam.detach_user_policy(UserName=user, PolicyArn=guard)
    stage.settle()
    [attach] = [
        each
        for each in stage.sandbox.control.calls()
        if each["action"] == "AttachUserPolicy" and each["error"] is None
    ]
    reviewed = stage.attempts("review")[before:]
    assert tags <= judged(stage, "review")
    done = [each for each in reviewed if each["ended"] < attach["ended"]]
    assert len(done) < len(tags) / 2
    assert stage.is_guarded(user)


@pytest.mark.usefixtures("unhurried")
def test_a_burst_of_users_under_a_throttle_is_guarded_without_a_failure(stage: Stage) -> None:
    """What waiting settles is waited for and lands in no queue; clients slow down, not hammer."""
    users = [f"burst-{number}" for number in range(40)]
    before = len(stage.sandbox.control.invocations())
    stage.sandbox.control.clear_calls()
    stage.sandbox.control.set_throttle(20, spared_roles=["SandboxAdministrator"])
    for user in users:
        stage.iam.create_user(UserName=user, Tags=[{"Key": "team", "Value": "blue"}])
    for user in users[::2]:
        stage.iam.create_access_key(UserName=user)
    stage.sandbox.control.settle(180)
    stage.sandbox.control.set_throttle(None)
    calls = [each for each in stage.sandbox.control.calls() if "mfa-reactor" in each["caller"]]
    throttled = [each for each in calls if each["error"] == "Throttling"]
    assert 0 < len(throttled) < len(calls) / 4
    assert [each for each in users if not stage.is_guarded(each)] == []
    attempts = stage.sandbox.control.invocations()[before:]
    assert [each["error"] for each in attempts if not each["ok"]] == []
    assert messages(stage) == 0
