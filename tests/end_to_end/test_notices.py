"""From a weakening to a message in Slack, in a topic, on a bus, and a finding in Security Hub."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reactor.buckets.events import LOOK_AT_ALL
from reactor.handlers.compliance import MANY
from reactor.names import Function, function_name
from sandbox import Sandbox, deploy
from tests.end_to_end.stage import PROJECT, Stage, write_roles
from tests.end_to_end.test_buckets import BUCKET, OPEN, READ_RULE, Hands
from tests.fakes.slack import Answer, SlackServer, faults, slack_server

TOPIC = "mfa-notices"
SECRET = "/mfa/slack"
EVERYTHING = {
    "REACTOR_MODE": "enforce",
    "REACTOR_MAX_REMEDIATIONS": "0",
    "REACTOR_SLACK_WEBHOOK": f"ssm:{SECRET}",
    "REACTOR_NOTICE_TOPIC": "arn:aws:sns:us-east-1:123456789012:mfa-notices",
    "REACTOR_NOTICE_BUS": "default",
    "REACTOR_SECURITY_HUB": "true",
}
NEVER_A_PROVIDERS = {"Note", "UserDefinedFields", "VerificationState", "Workflow"}


def let_call_this_machine(project: Path) -> None:
    """Have the copy call the tests' Slack: in production no setting could do that."""
    app = project / "app.py"
    text = app.read_text()
    begun = "reactor = start_or_exit(Path(__file__).parent)\n"
    assert begun in text
    taken = r"http://127\.0\.0\.1:[0-9]+/services/[A-Za-z0-9/]+"
    replaced = f"dataclasses.replace(reactor, urls=re.compile({taken!r}))"
    more = f"import dataclasses, re\nreactor = {replaced}\n"
    app.write_text(text.replace(begun, begun + more))
    write_roles(project)


class Told:
    """A stage that tells everybody, and everybody whom it tells."""

    def __init__(self, stage: Stage, slack: SlackServer) -> None:
        self.stage, self.slack, self.sandbox = stage, slack, stage.sandbox
        self.hub = self.sandbox.client("securityhub")
        self._sqs = self.sandbox.client("sqs")
        self._queue = self._sqs.get_queue_url(QueueName="mfa-notices-heard")["QueueUrl"]

    def from_topic(self) -> list[dict[str, Any]]:
        """What came by the topic since the last look."""
        found = []
        while messages := self._sqs.receive_message(
            QueueUrl=self._queue, MaxNumberOfMessages=10
        ).get("Messages"):
            for each in messages:
                found.append(json.loads(each["Body"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=each["ReceiptHandle"])
        return found

    def findings(self) -> dict[str, dict[str, Any]]:
        """Return the findings, by the user's name at the end of its ARN."""
        pages = self.hub.get_paginator("get_findings").paginate()
        found = [each for page in pages for each in page["Findings"]]
        return {each["Resources"][0]["Id"].rpartition("/")[2]: each for each in found}

    def alarms(self) -> list[dict[str, Any]]:
        """Return the alarm records of the function."""
        return [each for each in self.stage.records("notify") if "alarm" in each]

    def clear(self) -> None:
        """Forget what was told so far."""
        self.stage.settle()
        self.slack.taken.clear()
        self.slack.asked.clear()
        self.slack.answers.clear()
        self.slack.always = Answer()
        self.from_topic()


@contextmanager
def telling(settings: dict[str, str]) -> Iterator[Told]:
    """Deploy a stage that tells a Slack on this machine."""
    with (
        slack_server() as slack,
        Sandbox.start(region="us-east-1", retry_pauses_seconds=(0.1, 0.1)) as sandbox,
    ):
        topic = sandbox.client("sns").create_topic(Name=TOPIC)["TopicArn"]
        assert topic == EVERYTHING["REACTOR_NOTICE_TOPIC"].replace("123456789012", sandbox.account)
        sandbox.client("ssm").put_parameter(Name=SECRET, Type="SecureString", Value=slack.url)
        arn = f"arn:aws:sqs:us-east-1:{sandbox.account}:mfa-notices-heard"
        lets_in = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [lets_in]})
        sandbox.client("sqs").create_queue(
            QueueName="mfa-notices-heard", Attributes={"Policy": policy}
        )
        sandbox.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        sandbox.client("securityhub").enable_security_hub()
        sandbox.client("iam").create_account_alias(AccountAlias="acme")
        chosen = {**settings, "REACTOR_NOTICE_TOPIC": topic}
        deployment = deploy(
            sandbox,
            project=PROJECT,
            stage="prod",
            settings=chosen,
            region="us-east-1",
            before_deploy=let_call_this_machine,
        )
        yield Told(Stage(sandbox, deployment, chosen), slack)


@pytest.fixture(scope="module")
def told() -> Iterator[Told]:
    """A stage that enforces, and tells everybody."""
    with telling(EVERYTHING) as started:
        yield started


def heard_by(told: Told, since: int) -> list[dict[str, Any]]:
    """Return what the calls of PutEvents since then were answered with."""
    calls = told.sandbox.control.calls()[since:]
    return [each for each in calls if each["action"] == "PutEvents"]


def test_a_weakening_is_told_everywhere_once(told: Told) -> None:
    """One message in Slack, one in the topic, one event, one finding, which is resolved at once."""
    user = told.stage.new_user("alice")
    told.clear()
    before = len(told.sandbox.control.calls())
    told.stage.iam.detach_user_policy(UserName=user, PolicyArn=told.stage.guard)
    told.stage.settle()
    assert told.stage.is_guarded(user)

    [message] = told.slack.taken
    assert faults(message) == []
    said = json.dumps(message)
    account = told.sandbox.account
    assert message["text"] == f"MFA guard attached: alice (account {account})"
    for part in ("User: alice", f"{account} (acme)", "DetachUserPolicy", " ms", "enrols an MFA"):
        assert part in said
    assert "SandboxAdministrator" in said  # who weakened it

    [published] = told.from_topic()
    notice = json.loads(published["Message"])
    assert published["MessageAttributes"]["kind"]["Value"] == "remediated"
    assert published["Subject"] == f"[mfa-reactor] MFA guard attached: alice (account {account})"
    assert (notice["kind"], notice["subject"]["name"]) == ("remediated", "alice")
    assert (notice["account"], notice["alias"], notice["stage"]) == (account, "acme", "prod")
    assert notice["milliseconds"]["since_event"] >= 0

    [put] = heard_by(told, before)
    assert put["status"] == 200
    assert put["caller"].endswith("/mfa-reactor-prod-notify")

    finding = told.findings()["alice"]
    assert finding["ProductArn"].endswith(f":product/{account}/default")
    assert finding["Compliance"]["Status"] == "PASSED"
    assert finding["Workflow"]["Status"] == "RESOLVED"
    assert "DetachUserPolicy" in finding["Description"]
    assert told.alarms() == []


def test_a_new_user_is_told_of_once(told: Told) -> None:
    """However many events make it, and however many reactions found the guard missing."""
    told.clear()
    told.stage.iam.create_user(UserName="gina")
    told.stage.iam.create_login_profile(UserName="gina", Password="Correct-horse-1")
    allow = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    told.stage.iam.put_user_policy(
        UserName="gina",
        PolicyName="work",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allow]}),
    )
    told.stage.settle()
    assert told.stage.is_guarded("gina")
    texts = [each["text"] for each in told.slack.taken]
    # The stage's first user has the guard made, which is told of as well.
    assert [each for each in texts if "gina" in each] == [
        f"MFA guard attached: gina (account {told.sandbox.account})"
    ]


EAR = "def handler(event, context):\n    import json\n    print('heard ' + json.dumps(event))\n"


@contextmanager
def ear(told: Told) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """Put up a function that a rule on our events wakes; yield what tells the events it heard."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as bundle:
        bundle.writestr("main.py", EAR)
    functions, events = told.stage.functions, told.sandbox.client("events")
    role = functions.get_function(FunctionName=function_name("prod", Function.WATCH))
    made = functions.create_function(
        FunctionName="ear",
        Runtime="python3.12",
        Handler="main.handler",
        Role=role["Configuration"]["Role"],
        Code={"ZipFile": code.getvalue()},
    )["FunctionArn"]
    rule = events.put_rule(Name="ear", EventPattern='{"source": ["mfa-reactor"]}')["RuleArn"]
    functions.add_permission(
        FunctionName="ear",
        StatementId="ear",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule,
    )
    events.put_targets(Rule="ear", Targets=[{"Id": "1", "Arn": made}])

    def heard() -> list[dict[str, Any]]:
        told.stage.settle()
        logs = told.sandbox.client("logs").filter_log_events(logGroupName="/aws/lambda/ear")
        lines = [each["message"] for each in logs["events"]]
        return [json.loads(each[6:]) for each in lines if each.startswith("heard ")]

    try:
        yield heard
    finally:
        events.remove_targets(Rule="ear", Ids=["1"])
        events.delete_rule(Name="ear")
        functions.delete_function(FunctionName="ear")


def test_the_event_on_the_bus_can_be_heard(told: Told) -> None:
    """A rule on `source: mfa-reactor` wakes its target with the notice in the event's detail."""
    user = told.stage.new_user("hilda")
    told.clear()
    with ear(told) as heard:
        told.stage.iam.detach_user_policy(UserName=user, PolicyArn=told.stage.guard)
        [event] = [each for each in heard() if each["detail"]["kind"] == "remediated"]
    assert event["detail-type"] == "MFA guard attached"
    assert event["detail"]["schema"] == "mfa-reactor/notice/1"
    assert event["detail"]["subject"]["name"] == user


def test_an_alarm_is_told(told: Told) -> None:
    """Whoever tampers with the trail is told of where people look."""
    told.clear()
    told.sandbox.client("cloudtrail").stop_logging(Name="management-events")
    told.sandbox.client("cloudtrail").start_logging(Name="management-events")
    told.stage.settle()
    texts = [each["text"] for each in told.slack.taken]
    assert f"Alarm: trail-changed (account {told.sandbox.account})" in texts
    assert all(faults(each) == [] for each in told.slack.taken)


def test_slack_that_is_down_changes_nothing_about_the_remediation(told: Told) -> None:
    """The guard is on, the others are told once, and Slack is tried by itself; then it is kept."""
    user = told.stage.new_user("carol")
    told.clear()
    told.slack.always = Answer(500, "")
    attempts = len(told.stage.attempts("notify"))
    told.stage.iam.detach_user_policy(UserName=user, PolicyArn=told.stage.guard)
    told.stage.settle()
    assert told.stage.is_guarded(user)
    assert [each["error"] for each in told.stage.attempts("react")[-1:]] == [None]
    assert len(told.from_topic()) == 1
    first, *tries = told.stage.attempts("notify")[attempts:]
    assert first["error"] is None  # it handed Slack's part on, to itself
    assert len(tries) == 3  # of which none went well: Lambda has put it by
    found = told.alarms()
    assert [(each["alarm"], each["channel"]) for each in found] == [
        ("notice-undelivered", "slack")
    ] * 3
    assert "Slack answered 500" in found[0]["what"]
    assert told.slack.url.rpartition("/")[2] not in "".join(
        told.stage.deployment.log_events("notify")
    )


def test_slack_that_is_down_for_a_while_is_told_in_the_end(told: Told) -> None:
    """Once, as are the others, and no alarm says anything else."""
    user = told.stage.new_user("carla")
    told.clear()
    alarms = len(told.alarms())
    told.slack.answers = [Answer(502, "")] * 4
    told.stage.iam.detach_user_policy(UserName=user, PolicyArn=told.stage.guard)
    told.stage.settle()
    [message] = told.slack.taken
    assert message["text"] == f"MFA guard attached: carla (account {told.sandbox.account})"
    assert len(told.from_topic()) == 1
    assert len(told.alarms()) == alarms


def test_a_sweep_of_many_gives_one_digest(told: Told) -> None:
    """60 users changed are one message with the numbers and a few names; none when nothing is."""
    told.stage.sandbox.control.settle(60)
    for number in range(60):
        told.sandbox.control.lose_next_event("CreateUser")
        told.stage.iam.create_user(UserName=f"many-{number:02}")
    told.clear()
    told.stage.sweep()
    [message] = told.slack.taken
    assert faults(message) == []
    assert message["text"] == f"Sweep (account {told.sandbox.account})"
    assert "remediated 60 of " in json.dumps(message)
    assert len(told.from_topic()) == 1
    assert {each["Workflow"]["Status"] for each in told.findings().values()} == {"RESOLVED"}
    told.clear()
    told.stage.sweep()
    assert told.slack.asked == []
    assert told.from_topic() == []


def test_who_is_gone_has_no_open_finding(told: Told) -> None:
    """A finding is made, and archived once a sweep does not see its user any more."""
    write_and_deploy(told.stage, {"REACTOR_MODE": "observe"})
    user = told.stage.new_user("dora")
    told.stage.sweep()
    assert told.findings()[user]["Workflow"]["Status"] == "NEW"
    assert told.findings()[user]["Compliance"]["Status"] == "FAILED"
    updated = told.findings()[user]["UpdatedAt"]
    told.stage.sweep()
    assert told.findings()[user]["UpdatedAt"] == updated  # nothing new: nobody is woken
    told.stage.iam.delete_login_profile(UserName=user)
    told.stage.iam.delete_user(UserName=user)
    told.stage.sweep()
    assert told.findings()[user]["Workflow"]["Status"] == "RESOLVED"
    assert told.findings()[user]["RecordState"] == "ARCHIVED"


def test_a_bucket_that_its_policy_makes_public_has_an_open_finding_until_it_is_not() -> None:
    """Whatever becomes of its ACL, and whether it is looked at alone, in a crowd, or among all."""
    buckets = {"REACTOR_BUCKETS": "true", "REACTOR_CONFIG_RULES": READ_RULE}
    with telling({**EVERYTHING, **buckets}) as told:
        stage, hands = told.stage, Hands(told.sandbox)
        name = hands.bucket("site", {**OPEN, "BlockPublicPolicy": False})
        hands.open_by_policy(name)
        stage.settle()
        told.clear()

        def finding() -> tuple[str, str]:
            stage.settle()
            found = told.findings()[f"arn:aws:s3:::{name}"]
            return found["Compliance"]["Status"], found["Workflow"]["Status"]

        def notice(bucket: str) -> dict[str, str]:
            return {"configRuleName": READ_RULE, "resourceType": BUCKET, "resourceId": bucket}

        hands.open(name)
        assert finding() == ("FAILED", "NEW")
        assert hands.grants(name) == []
        account = told.sandbox.account
        assert {each["text"] for each in told.slack.taken} == {
            f"Bucket still public: {name} (account {account})"
        }
        assert "was remediated in part (set-private)" in json.dumps(told.slack.taken)

        crowd = [name, *(f"gone-{number}" for number in range(MANY))]
        assert stage.invoke("compliance", [notice(each) for each in crowd])[1] is None
        assert finding() == ("FAILED", "NEW")
        assert stage.records_of(name, "compliance")[-1]["verdict"]["rule"] == "public-by-policy"
        assert stage.invoke("buckets", LOOK_AT_ALL) == (None, None)
        assert finding() == ("FAILED", "NEW")
        disabled = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        hands.s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls=disabled)
        assert finding() == ("FAILED", "NEW")
        assert stage.records_of(name, "buckets")[-1]["verdict"]["rule"] == "acls-disabled"

        hands.s3.delete_bucket_policy(Bucket=name)
        assert stage.invoke("buckets", LOOK_AT_ALL) == (None, None)
        assert finding() == ("NOT_AVAILABLE", "RESOLVED")


def write_and_deploy(stage: Stage, settings: dict[str, str]) -> None:
    """Deploy with other settings, and the roles that go with them."""
    stage.deployment.configure(settings)
    write_roles(stage.deployment.project)
    stage.deployment.redeploy(settings)


def test_nothing_is_there_where_no_channel_is_set(told: Told) -> None:
    """Turned off, the function, its role, event settings and alarms go with a deployment."""
    stage, name = told.stage, function_name("prod", Function.NOTIFY)
    assert stage.command("operations", "apply").status == 0
    assert name in functions(stage)
    off = {
        "REACTOR_SLACK_WEBHOOK": "",
        "REACTOR_NOTICE_TOPIC": "",
        "REACTOR_NOTICE_BUS": "",
        "REACTOR_SECURITY_HUB": "false",
    }
    write_and_deploy(stage, off)
    assert name not in functions(stage)
    assert name not in {each["RoleName"] for each in stage.iam.list_roles()["Roles"]}
    assert stage.command("operations", "apply").status == 0
    assert not [each for each in alarms(stage) if "notify" in each]
    assert stage.command("doctor").status == 0
    for document in stage.iam.list_role_policies(RoleName=function_name("prod", "react"))[
        "PolicyNames"
    ]:
        found = stage.iam.get_role_policy(
            RoleName=function_name("prod", "react"), PolicyName=document
        )
        assert "notify" not in json.dumps(found["PolicyDocument"])


def test_it_can_be_turned_on_where_operations_stand(told: Told) -> None:
    """A function that came since gets its event settings from the stack, which made none before."""
    stage = told.stage
    write_and_deploy(stage, {"REACTOR_NOTICE_BUS": "default"})
    ran = stage.command("operations", "apply")
    assert (ran.status, ran.stderr) == (0, "")
    assert {each for each in alarms(stage) if "notify" in each} == {
        "mfa-reactor-prod-notify-errors",
        "mfa-reactor-prod-notify-failures-lost",
    }
    config = stage.functions.get_function_event_invoke_config(
        FunctionName=function_name("prod", Function.NOTIFY)
    )
    assert config["DestinationConfig"]["OnFailure"]["Destination"].endswith(
        "mfa-reactor-prod-failed"
    )
    ran = stage.command("operations", "apply")
    assert "as it was" in ran.stdout
    assert stage.command("doctor").status == 0, stage.command("doctor").stdout


def functions(stage: Stage) -> set[str]:
    """Return the names of the account's functions."""
    return {each["FunctionName"] for each in stage.functions.list_functions()["Functions"]}


def alarms(stage: Stage) -> list[str]:
    """Return the names of the account's CloudWatch alarms."""
    found = stage.sandbox.client("cloudwatch").describe_alarms()["MetricAlarms"]
    return [each["AlarmName"] for each in found]
