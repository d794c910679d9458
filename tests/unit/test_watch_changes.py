"""reactor.watch on changes of the guard, the exemption list, the reactor and the trail."""

import re
from pathlib import Path
from typing import Any

import pytest

from reactor.guard.document import canonical, guard_document
from reactor.guard.identity import Guard
from reactor.settings import Settings
from reactor.watch.ours import alarm_names, topic_name
from tests.fakes.account import ACCOUNT, DEFAULTS, GUARD_ARN
from tests.fakes.calls import LIST, STAGE, function, happened, kinds, role, root, seen, user

OTHER_POLICY = f"arn:aws:iam::{ACCOUNT}:policy/Other"
MARK = {"Key": "mfa-reactor", "Value": "guard"}
PADDED = "{}" + " " * 120_000
DOCUMENT = canonical(guard_document("aws", ACCOUNT, DEFAULTS))
NAME = f"mfa-reactor-{STAGE}-react"
ARN = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:{NAME}"
GROUP = f"/aws/lambda/{NAME}"
QUEUE = f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/mfa-reactor-{STAGE}-failed"
ALARM = f"mfa-reactor-{STAGE}-sweep-missing"
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:mfa-reactor-{STAGE}-alarms"
MAILBOX = f"{TOPIC}:6d9bbd26-6a0c-4a51-9f4b-1c1a50cdbeef"
TRAIL = f"arn:aws:cloudtrail:us-east-1:{ACCOUNT}:trail/events"

GUARD_CHANGES = [
    happened("iam", "CreatePolicyVersion", PolicyArn=GUARD_ARN, PolicyDocument="{}"),
    happened("iam", "CreatePolicyVersion", PolicyArn=OTHER_POLICY, PolicyDocument=PADDED),
    happened("iam", "SetDefaultPolicyVersion", PolicyArn=GUARD_ARN, VersionId="v2"),
    happened("iam", "DeletePolicy", PolicyArn=GUARD_ARN),
    happened("iam", "DetachGroupPolicy", PolicyArn=GUARD_ARN, GroupName="people"),
    happened("iam", "UntagPolicy", PolicyArn=GUARD_ARN, TagKeys=["MFA-Reactor"]),
    happened("iam", "TagPolicy", PolicyArn=GUARD_ARN, Tags=[MARK]),
    happened("iam", "CreatePolicy", PolicyName="mfareactorGUARD", PolicyDocument="{}"),
    happened("iam", "CreatePolicy", PolicyName="Any", PolicyDocument=PADDED),
]
LIST_CHANGES = [
    happened("ssm", "PutParameter", Name=LIST, Value="alice", Type="StringList"),
    happened("ssm", "PutParameter", Name=f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{LIST}"),
    happened("ssm", "DeleteParameter", Name=LIST),
    happened("ssm", "DeleteParameters", Names=["/other", LIST]),
    happened("ssm", "LabelParameterVersion", Name=LIST, Labels=["kept"]),
]
REACTOR_CHANGES = [
    happened("lambda", "UpdateFunctionCode", FunctionName=NAME, ZipFile=b""),
    happened("lambda", "UpdateFunctionConfiguration", FunctionName=ARN, Timeout=1),
    happened("lambda", "DeleteFunction", FunctionName=f"{ARN}:$LATEST"),
    happened("lambda", "DeleteFunction", FunctionName=f"{ACCOUNT}:function:{NAME}"),
    happened("lambda", "PutFunctionConcurrency", FunctionName=NAME, ReservedConcurrentExecutions=0),
    happened("lambda", "RemovePermission", FunctionName=NAME, StatementId="rule"),
    happened("lambda", "AddPermission", FunctionName=NAME, StatementId="anyone"),
    happened("lambda", "DeleteFunctionEventInvokeConfig", FunctionName=NAME),
    happened("events", "DisableRule", Name=f"{NAME}-event"),
    happened("events", "EnableRule", Name=f"{NAME}-event"),
    happened("events", "DeleteRule", Name=f"mfa-reactor-{STAGE}-sweep-event"),
    happened("events", "PutRule", Name=f"{NAME}-event", EventPattern="{}"),
    happened("events", "RemoveTargets", Rule=f"{NAME}-event", Ids=["1"]),
    happened("events", "PutTargets", Rule=f"{NAME}-event", Targets=[]),
    happened("logs", "DeleteLogGroup", logGroupName=GROUP),
    happened("logs", "DeleteLogStream", logGroupName=GROUP, logStreamName="stream"),
    happened("logs", "PutRetentionPolicy", logGroupName=GROUP, retentionInDays=1),
    happened("logs", "PutDataProtectionPolicy", logGroupIdentifier=GROUP, policyDocument="{}"),
    happened("iam", "PutRolePolicy", RoleName=NAME, PolicyName="own", PolicyDocument="{}"),
    happened("iam", "UpdateAssumeRolePolicy", RoleName=NAME, PolicyDocument="{}"),
    happened("iam", "AttachRolePolicy", RoleName=NAME, PolicyArn=OTHER_POLICY),
    happened("iam", "DeleteRole", RoleName=NAME),
    happened("cloudwatch", "DeleteAlarms", AlarmNames=["other", ALARM]),
    happened("cloudwatch", "DisableAlarmActions", AlarmNames=[ALARM]),
    happened("cloudwatch", "PutMetricAlarm", AlarmName=ALARM, Threshold=1000.0),
    happened("sns", "DeleteTopic", TopicArn=TOPIC),
    happened("sns", "SetTopicAttributes", TopicArn=TOPIC, AttributeName="Policy"),
    happened("sns", "RemovePermission", TopicArn=TOPIC, Label="any"),
    happened("sns", "SetSubscriptionAttributes", SubscriptionArn=MAILBOX),
    happened("sns", "Unsubscribe", SubscriptionArn=MAILBOX),
    happened("sqs", "PurgeQueue", QueueUrl=QUEUE),
    happened("sqs", "DeleteQueue", QueueUrl=QUEUE),
    happened("sqs", "SetQueueAttributes", QueueUrl=QUEUE, Attributes={}),
    happened("cloudformation", "DeleteStack", StackName=f"mfa-reactor-{STAGE}-operations"),
]
TRAIL_CHANGES = [
    happened("cloudtrail", "StopLogging", Name=TRAIL),
    happened("cloudtrail", "DeleteTrail", Name=TRAIL),
    happened("cloudtrail", "UpdateTrail", Name="events", IsMultiRegionTrail=False),
    happened("cloudtrail", "PutEventSelectors", TrailName="events", EventSelectors=[]),
]
CHANGES = [
    *(("guard-changed", each) for each in GUARD_CHANGES),
    *(("exemptions-changed", each) for each in LIST_CHANGES),
    *(("reactor-changed", each) for each in REACTOR_CHANGES),
    *(("trail-changed", each) for each in TRAIL_CHANGES),
]
HARMLESS = [
    happened("iam", "DeletePolicyVersion", PolicyArn=GUARD_ARN, VersionId="v1"),
    happened("iam", "DeletePolicy", PolicyArn=OTHER_POLICY),
    happened("iam", "DetachUserPolicy", PolicyArn=GUARD_ARN, UserName="alice"),
    happened("iam", "DetachGroupPolicy", PolicyArn=OTHER_POLICY, GroupName="people"),
    happened("iam", "AttachGroupPolicy", PolicyArn=GUARD_ARN, GroupName="people"),
    happened("iam", "TagPolicy", PolicyArn=GUARD_ARN, Tags=[{"Key": "team", "Value": "it"}]),
    happened("iam", "UntagPolicy", PolicyArn=GUARD_ARN, TagKeys=["team"]),
    happened("iam", "CreatePolicy", PolicyName="Other", PolicyDocument="{}"),
    happened(
        "iam",
        "CreatePolicy",
        PolicyName="Other",
        PolicyDocument=PADDED,
        result={"Policy": {"PolicyName": "Other", "Arn": OTHER_POLICY}},
    ),
    happened("iam", "DeletePolicy", error=("DeleteConflict", "attached"), PolicyArn=GUARD_ARN),
    happened("ssm", "PutParameter", Name="/team/mfa/exempt", Value="x"),
    happened("ssm", "DeleteParameters", Names=["/other"]),
    happened("lambda", "TagResource", Resource=ARN, Tags={}),
    happened("lambda", "DeleteFunction", FunctionName="mfa-reactor-prod-eu-react"),
    happened("lambda", "DeleteFunction", FunctionName="react"),
    happened("logs", "CreateLogStream", logGroupName=GROUP, logStreamName="stream"),
    happened("logs", "DeleteLogGroup", logGroupName="/aws/lambda/other"),
    happened("cloudwatch", "DeleteAlarms", AlarmNames=["mfa-reactor-prod-eu-reported", "other"]),
    happened("cloudwatch", "EnableAlarmActions", AlarmNames=[ALARM]),
    happened("sns", "DeleteTopic", TopicArn=f"{TOPIC}-eu"),
    happened("sns", "Subscribe", TopicArn=TOPIC, Protocol="email"),
    happened("iam", "TagRole", RoleName=NAME, Tags=[]),
    happened("iam", "DeleteRole", RoleName="admin"),
    happened("cloudtrail", "StartLogging", Name=TRAIL),
]


def label(value: Any) -> str:
    """Name a case by the kind, or by the event and what it was done to."""
    if not isinstance(value, dict):
        return str(value)
    request = value["detail"]["requestParameters"]
    return f"{value['detail']['eventName']} {' '.join(map(str, request.values()))[:80]}"


def by(payload: dict[str, Any], identity: Any) -> dict[str, Any]:
    """Return the same event of another caller's."""
    return {**payload, "detail": {**payload["detail"], "userIdentity": dict(identity)}}


@pytest.mark.parametrize(("kind", "payload"), CHANGES, ids=label)
def test_changes(kind: str, payload: dict[str, Any]) -> None:
    """A change of what the reactor rests on raises one alarm, that names the caller."""
    (alarm,) = seen(payload).alarms
    assert alarm.kind == kind
    assert "assumed-role/admin/session" in alarm.what
    assert payload["detail"]["eventName"] in alarm.what


@pytest.mark.parametrize("payload", HARMLESS, ids=label)
def test_harmless(payload: dict[str, Any]) -> None:
    """What cannot weaken anything, or is another's, raises none."""
    sighting = seen(payload)
    assert (sighting.alarms, sighting.ignored) == ((), "nothing to alarm about")


@pytest.mark.parametrize(("kind", "payload"), CHANGES, ids=label)
def test_trusted_roles(kind: str, payload: dict[str, Any]) -> None:
    """Who deploys raises none of these, be it trusted by name or by ARN."""
    del kind
    for name, path, trusted in (
        ("deployer", "/", "deployer"),
        ("deployer", "/team/", "deployer"),
        ("pipeline", "/ci/", f"arn:aws:iam::{ACCOUNT}:role/ci/pipeline"),
    ):
        sighting = seen(by(payload, role(name, path=path)))
        assert (sighting.alarms, sighting.ignored) == ((), f"by the trusted role {trusted}")


@pytest.mark.parametrize(
    "caller",
    [
        pytest.param(role("deployer", account="999999999999"), id="of another account"),
        pytest.param(role("pipeline"), id="of the name of one trusted by its ARN"),
        pytest.param(user("deployer", mfa=True), id="a user of the name"),
        pytest.param(root(mfa=True), id="root"),
        pytest.param({"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}, id="AWS"),
        pytest.param(None, id="nobody known"),
    ],
)
def test_not_trusted(caller: Any) -> None:
    """Whoever only looks like a trusted role is none."""
    for kind, payload in CHANGES:
        assert kinds(by(payload, caller or {})) == [kind]


KEEPING = [
    happened(
        "iam", "CreatePolicy", PolicyName="MfaReactorGuard", PolicyDocument=DOCUMENT, Tags=[MARK]
    ),
    happened(
        "iam",
        "CreatePolicyVersion",
        PolicyArn=GUARD_ARN,
        PolicyDocument=DOCUMENT,
        SetAsDefault=True,
    ),
    happened("iam", "TagPolicy", PolicyArn=GUARD_ARN, Tags=[MARK]),
]


@pytest.mark.parametrize("payload", KEEPING, ids=label)
def test_the_keeper_keeps_the_guard(payload: dict[str, Any]) -> None:
    """The keeper makes and mends the guard silently; another function, or another stage's, not."""
    assert seen(by(payload, function("keeper"))).ignored == "the guard's own keeper"
    assert kinds(by(payload, function("react"))) == ["guard-changed"]
    assert kinds(by(payload, function("keeper", "dev"))) == ["guard-changed"]


@pytest.mark.parametrize(
    "payload",
    [
        *(each for each in GUARD_CHANGES if each["detail"]["eventName"] != "TagPolicy"),
        happened("iam", "TagPolicy", PolicyArn=GUARD_ARN, Tags=[MARK, {"Key": "a", "Value": "b"}]),
        happened("iam", "CreatePolicyVersion", PolicyArn=GUARD_ARN, PolicyDocument=DOCUMENT),
        happened("iam", "CreatePolicy", PolicyName="MfaReactorGuard", PolicyDocument=DOCUMENT),
        *REACTOR_CHANGES,
        *TRAIL_CHANGES,
    ],
    ids=label,
)
def test_the_keepers_role_in_other_hands(payload: dict[str, Any]) -> None:
    """Its role is as good as an administrator's: what the keeper never does is an alarm."""
    assert kinds(by(payload, function("keeper"))) == kinds(payload) != []


def test_nobody_keeps_a_given_guard() -> None:
    """The keeper has no task in a guard that someone else keeps, not even with our document."""
    settings = Settings.from_environment({"REACTOR_GUARD_POLICY": GUARD_ARN})
    payload = by(KEEPING[1], function("keeper"))
    assert kinds(payload, guard=Guard(GUARD_ARN, given=True), settings=settings) != []


def test_given_guard() -> None:
    """A guard that someone else keeps is watched, but its tags, and new policies, are their own."""
    given = Guard(OTHER_POLICY, given=True)
    settings = Settings.from_environment({"REACTOR_GUARD_POLICY": OTHER_POLICY})

    def heard(action: str, **parameters: Any) -> list[str]:
        return kinds(happened("iam", action, **parameters), guard=given, settings=settings)

    assert heard("CreatePolicyVersion", PolicyArn=OTHER_POLICY) == ["guard-changed"]
    assert heard("CreatePolicyVersion", PolicyArn=GUARD_ARN) == []
    assert heard("TagPolicy", PolicyArn=OTHER_POLICY, Tags=[MARK]) == []
    assert heard("CreatePolicy", PolicyName="Other") == []


def test_certain_or_not() -> None:
    """An alarm says whether the record named the guard, or left out what it was about."""
    told = {
        each["detail"]["eventName"]: seen(each).alarms[0].details for each in GUARD_CHANGES[1:3]
    }
    assert told == {
        "CreatePolicyVersion": {"policy": GUARD_ARN, "certain": False},
        "SetDefaultPolicyVersion": {"policy": GUARD_ARN, "certain": True},
    }
    (alarm,) = seen(GUARD_CHANGES[1]).alarms
    assert "maybe the guard" in alarm.what


def test_details() -> None:
    """What was changed stands in members of the alarm, by the name that a person knows."""
    told = {
        each["detail"]["eventName"]: dict(seen(each).alarms[0].details)
        for each in (LIST_CHANGES[3], REACTOR_CHANGES[1], REACTOR_CHANGES[-1], *TRAIL_CHANGES[2:])
    }
    assert told == {
        "DeleteParameters": {"parameter": LIST},
        "UpdateFunctionConfiguration20150331v2": {"resource": NAME, "kind": "function"},
        "DeleteStack": {"resource": f"mfa-reactor-{STAGE}-operations", "kind": "stack"},
        "UpdateTrail": {"trail": "events"},
        "PutEventSelectors": {"trail": "events"},
    }


def test_names_of_the_template() -> None:
    """The alarms and the topic are those that the stack makes."""
    template = (Path(__file__).parents[2] / "infra" / "operations.yaml").read_text()
    told = re.findall(r'(AlarmName|TopicName): !Sub "(.*)"', template)
    made = [(kind, name.replace("${Stage}", STAGE)) for kind, name in told]
    assert sorted(name for kind, name in made if kind == "AlarmName") == sorted(alarm_names(STAGE))
    assert [name for kind, name in made if kind == "TopicName"] == [topic_name(STAGE)]


def test_work_is_no_change() -> None:
    """What a trail logs of our functions' work, other than of management, changes nothing."""
    payload = happened("logs", "PutLogEvents", logGroupName=GROUP)
    assert kinds(payload) == ["reactor-changed"]
    payload["detail"]["managementEvent"] = False
    assert kinds(payload) == []


def test_a_document_is_no_parameter() -> None:
    """Something else of the parameter store's service may have the list's name."""
    settings = Settings.from_environment({"REACTOR_EXEMPT_PARAMETER": "exempt"})
    assert kinds(happened("ssm", "DeleteDocument", Name="exempt"), settings=settings) == []
    assert kinds(happened("ssm", "DeleteParameter", Name="exempt"), settings=settings) != []


def test_no_list_no_alarm() -> None:
    """Without a list in the settings, no parameter is one."""
    settings = Settings.from_environment({})
    assert all(not kinds(each, settings=settings) for each in LIST_CHANGES)
