"""Scope `everyone`, enforced: what each event leads to, from the API call to the audit record."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reactor.functions import functions_of
from reactor.names import Function
from reactor.settings import Settings
from tests.end_to_end.stage import Stage, staged


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that puts the guard on everyone."""
    with staged({"REACTOR_MODE": "enforce", "REACTOR_MAX_REMEDIATIONS": "20"}) as stage:
        yield stage


def test_a_new_user_is_guarded_and_the_guard_is_created_by_the_keeper(stage: Stage) -> None:
    """CreateUser leads to the guard, by its exact ARN, tagged as ours."""
    stage.iam.create_user(UserName="ada")
    stage.settle()
    assert stage.is_guarded("ada")
    tags = stage.iam.list_policy_tags(PolicyArn=stage.guard)["Tags"]
    assert {"Key": "mfa-reactor", "Value": "guard"} in tags
    creations = [e for e in stage.sandbox.control.records() if e["eventName"] == "CreatePolicy"]
    assert [e["userIdentity"]["arn"].split("/")[1] for e in creations] == [
        "mfa-reactor-prod-keeper"
    ]
    assert stage.records("keeper")[0]["asked_by"] == stage.records_of("ada")[0]["run"]


def test_the_record_says_who_what_and_how_long(stage: Stage) -> None:
    """The audit record ties the event, its caller, the verdict and the action together."""
    stage.new_user("bea")
    record = stage.records_of("bea")[0]
    event = next(
        each
        for each in stage.sandbox.control.records()
        if each["eventName"] == "CreateUser" and each["requestParameters"]["userName"] == "bea"
    )
    assert record["schema"] == "mfa-reactor/audit/1"
    assert record["trigger"]["kind"] == "iam-event"
    assert record["trigger"]["event"]["id"] == event["eventID"]
    assert record["trigger"]["event"]["caller"] == event["userIdentity"]["arn"]
    assert record["trigger"]["event"]["source_address"] == "127.0.0.1"
    assert record["account"] == stage.sandbox.account
    assert record["verdict"]["compliance"] == "NON_COMPLIANT"
    assert [(a["action"], a["outcome"]) for a in record["actions"]][-1] == ("attach-guard", "done")
    assert record["mode"] == "enforce"
    assert "iam:GetUser" in record["read"]["operations"]
    assert 0 <= record["milliseconds"]["since_receipt"] < 60_000


def test_metrics_are_in_the_log_as_embedded_metric_format(stage: Stage) -> None:
    """Each reaction counts, and says how many seconds lay between event and guard."""
    stage.iam.create_user(UserName="cleo")
    stage.settle()
    metrics = stage.metrics()[-1]
    assert metrics["Reactions"] == [1.0]
    assert metrics["NonCompliant"] == [1.0]
    assert metrics["Remediated"] == [1.0]
    assert metrics["SecondsFromEventToGuard"][0] >= 0


def test_a_detached_guard_is_back(stage: Stage) -> None:
    """DetachUserPolicy of the guard puts it on again."""
    user = stage.new_user("dora")
    stage.iam.detach_user_policy(UserName=user, PolicyArn=stage.guard)
    stage.settle()
    assert stage.is_guarded(user)
    events = [each["trigger"]["event"]["name"] for each in stage.records_of(user)]
    assert sorted(events) == ["CreateLoginProfile", "CreateUser", "DetachUserPolicy"]


def test_a_user_with_a_path_is_guarded(stage: Stage) -> None:
    """A path is no way out."""
    stage.new_user("eve", Path="/team/blue/")
    assert stage.is_guarded("eve")


def test_a_user_being_deleted_is_left_alone(stage: Stage) -> None:
    """The calls that tools make to delete a user are not undone under their hands."""
    user = stage.new_user("finn")
    stage.iam.delete_login_profile(UserName=user)
    stage.iam.detach_user_policy(UserName=user, PolicyArn=stage.guard)
    stage.settle()
    stage.iam.delete_user(UserName=user)
    stage.settle()
    assert stage.records_of(user)[-1]["verdict"]["rule"] == "being-deleted"


def test_an_event_that_was_lost_is_made_good_by_the_sweep(stage: Stage) -> None:
    """CloudTrail's delivery is best effort; the sweep is not optional."""
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="gus")
    stage.settle()
    assert not stage.is_guarded("gus")
    stage.sweep()
    assert stage.is_guarded("gus")
    assert stage.records_of("gus", "sweep")[0]["asked"]["kind"] == "every-user"


def test_a_sweep_that_finds_all_in_order_writes_nothing(stage: Stage) -> None:
    """A second sweep has nothing to do, and asks nothing per user."""
    stage.sweep()
    stage.sandbox.control.clear_calls()
    stage.sweep()
    operations = [
        each["action"]
        for each in stage.sandbox.control.calls()
        if "mfa-reactor-prod-sweep" in (each["caller"] or "") and each["service"] == "iam"
    ]
    assert sorted(operations) == [
        "GetAccountAuthorizationDetails",
        "GetAccountSummary",
        "GetGroup",
        "GetPolicy",
        "GetPolicyVersion",
        "ListAttachedGroupPolicies",
        "ListEntitiesForPolicy",
        "ListGroupPolicies",
        "ListPolicyVersions",
    ]


def test_the_brake_holds_a_sweep_back_and_says_so(stage: Stage) -> None:
    """A sweep changes at most REACTOR_MAX_REMEDIATIONS users; the next one goes on."""
    names = [f"many-{number:03}" for number in range(130)]
    for name in names:
        stage.sandbox.control.lose_next_event("CreateUser")
        stage.iam.create_user(UserName=name)
    stage.sweep()
    assert sum(stage.is_guarded(name) for name in names) == 20
    alarm = [each for each in stage.records("sweep") if each.get("alarm") == "brake"][-1]
    assert (alarm["waiting"], alarm["brake"]) == (110, 20)
    stage.sweep()
    assert sum(stage.is_guarded(name) for name in names) == 40
    for name in names:
        for policy in stage.policies(name):
            stage.iam.detach_user_policy(UserName=name, PolicyArn=policy)
        stage.iam.delete_user(UserName=name)
    stage.settle()


HARMLESS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}],
}
MALFORMED: dict[str, Any] = {
    "an empty object": {},
    "a list": [],
    "a string": "CreateUser",
    "nothing": None,
    "no detail": {"source": "aws.iam", "account": "123456789012"},
    "detail is a string": {"detail": "x"},
    "another service": {"account": "123456789012", "detail": {"eventSource": "s3.amazonaws.com"}},
    "another account": {
        "account": "999999999999",
        "detail": {
            "eventSource": "iam.amazonaws.com",
            "eventName": "CreateUser",
            "requestParameters": {"userName": "ada"},
        },
    },
}


@pytest.mark.parametrize("payload", MALFORMED.values(), ids=MALFORMED.keys())
def test_what_concerns_nobody_is_recorded_and_not_retried(stage: Stage, payload: object) -> None:
    """A payload that no retry can help is recorded with the reason, without an exception."""
    before = {each["run"] for each in stage.records()}
    answer, error = stage.invoke("react", payload)
    assert (answer, error) == (None, None)
    (record,) = (each for each in stage.records() if each["run"] not in before)
    assert "subject" not in record
    assert record["ignored"]


def test_an_event_that_hides_its_user_starts_a_sweep(stage: Stage) -> None:
    """CloudTrail drops large requestParameters, which is a way to hide: everyone is looked at."""
    stage.sweep()  # begins a new brake, of which those that events ask for take the rest
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="hal")
    envelope = {
        "account": stage.sandbox.account,
        "detail": {
            "eventSource": "iam.amazonaws.com",
            "eventName": "DetachUserPolicy",
            "requestParameters": {"reason": "requestParameters too large", "omitted": True},
        },
    }
    assert stage.invoke("react", envelope) == (None, None)
    stage.settle()
    assert stage.is_guarded("hal")
    asked = [
        each for each in stage.records() if each.get("subject", {}).get("kind") == "every-user"
    ]
    assert [each["action"] for each in asked[-1]["actions"]] == ["sweep-everyone"]
    assert stage.records_of("hal", "sweep")[-1]["asked_by"] == asked[-1]["run"]


def test_a_failing_read_raises_and_lambda_tries_again(stage: Stage) -> None:
    """What the role may not read is not taken for an answer: three attempts, no change."""
    iam, role = stage.iam, "mfa-reactor-prod-react"
    name = iam.list_role_policies(RoleName=role)["PolicyNames"][0]
    document = iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
    without = json.loads(json.dumps(document).replace("iam:ListGroupsForUser", "iam:ListGroups"))
    iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(without))
    try:
        before = len(stage.attempts("react"))
        iam.create_user(UserName="ida")
        stage.settle()
    finally:
        iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))
    attempts = stage.attempts("react")[before:]
    assert [(each["attempt"], each["ok"]) for each in attempts] == [
        (1, False),
        (2, False),
        (3, False),
    ]
    assert not stage.is_guarded("ida")
    record = stage.records_of("ida")[0]
    assert record["verdict"]["compliance"] == "INSUFFICIENT_DATA"
    assert "iam:ListGroupsForUser" in record["errors"][0]["what"]
    assert record["try_again"] is True


def test_both_quotas_are_in_the_way_and_the_record_says_so(stage: Stage) -> None:
    """Ten policies and ten groups are a permanent failure: recorded, and not tried again."""
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="jo")
    _fill_quota(stage, "jo")
    before = len(stage.attempts("sweep"))
    stage.sweep()
    assert [each["ok"] for each in stage.attempts("sweep")[before:]] == [True]
    record = stage.records_of("jo", "sweep")[-1]
    assert record["actions"][0]["outcome"] == "failed"
    assert record["errors"][0]["kind"] == "permanent"
    assert "quota" in record["errors"][0]["remedy"]


def test_functions_are_deployed_as_the_configuration_says(stage: Stage) -> None:
    """512 MB, arm64, X-Ray, 90 days of log, and a role for each function."""
    roles = set()
    for name in stage.deployment.functions:
        function = stage.functions.get_function_configuration(FunctionName=name)
        assert function["MemorySize"] == 512
        assert function["Architectures"] == ["arm64"]
        assert function["TracingConfig"]["Mode"] == "Active"
        roles.add(function["Role"])
        (group,) = stage.sandbox.client("logs").describe_log_groups(
            logGroupNamePrefix=f"/aws/lambda/{name}"
        )["logGroups"]
        assert group["retentionInDays"] == 90
    # Those that its settings want, and no others.
    wanted = functions_of(Settings.from_environment(stage.settings))
    assert Function.COMPLIANCE not in wanted
    assert len(roles) == len(stage.deployment.functions) == len(wanted)


def test_a_persons_own_deployment_state_is_not_touched(stage: Stage) -> None:
    """The sandbox deploys from a copy: where the project has such state, it stays as it is."""
    own = Path(__file__).parents[2] / ".chalice" / "deployed" / "prod.json"
    before = own.read_bytes() if own.exists() else None
    stage.deployment.redeploy({})
    assert (own.read_bytes() if own.exists() else None) == before


def test_a_user_with_an_inactive_key_only_is_being_deleted(stage: Stage) -> None:
    """A credential that cannot be used is none."""
    stage.iam.create_user(UserName="kim")
    key = stage.iam.create_access_key(UserName="kim")["AccessKey"]["AccessKeyId"]
    stage.iam.update_access_key(UserName="kim", AccessKeyId=key, Status="Inactive")
    stage.settle()
    stage.iam.detach_user_policy(UserName="kim", PolicyArn=stage.guard)
    stage.settle()
    assert stage.records_of("kim")[-1]["verdict"]["rule"] == "being-deleted"
    stage.iam.update_access_key(UserName="kim", AccessKeyId=key, Status="Active")
    stage.sweep()
    stage.iam.detach_user_policy(UserName="kim", PolicyArn=stage.guard)
    stage.settle()
    assert stage.is_guarded("kim")


def test_metrics_tell_exempt_and_failed_subjects_apart(stage: Stage) -> None:
    """An exempt user counts as that, one at its quota as failed, neither as remediated."""
    stage.iam.create_user(UserName="lea", Tags=[{"Key": "userType", "Value": "Service"}])
    stage.settle()
    metrics = stage.metrics()[-1]
    counted = ("Reactions", "NonCompliant", "Remediated", "Failed", "Exempt")
    assert [metrics[name] for name in counted] == [[1.0], [0.0], [0.0], [0.0], [1.0]]
    stage.sandbox.control.lose_next_event("CreateUser")
    stage.iam.create_user(UserName="max")
    _fill_quota(stage, "max")
    stage.sweep()
    before = len(stage.metrics("sweep"))
    stage.sweep()
    swept = stage.metrics("sweep")[before:]
    assert sum(count for each in swept for count in each["Failed"]) >= 1
    assert sum(count for each in swept for count in each["Remediated"]) == 0


def _fill_quota(stage: Stage, user: str) -> None:
    """Leave room for the guard neither on the user nor among its groups."""
    for number in range(10):
        stage.iam.create_group(GroupName=f"filler-{user}-{number}")
        stage.iam.add_user_to_group(UserName=user, GroupName=f"filler-{user}-{number}")
        arn = stage.iam.create_policy(
            PolicyName=f"filler-{user}-{number}",
            PolicyDocument=json.dumps(HARMLESS),
        )["Policy"]["Arn"]
        stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
