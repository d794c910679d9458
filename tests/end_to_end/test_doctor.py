"""`mfa-reactor doctor` on a deployed stage: in good order, and with one thing after another broken.

A sweep polls the same, and raises an alarm for it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from reactor.functions import functions_of
from reactor.names import Function, failed_queue, function_name, rule_name, undelivered_queue
from reactor.settings import Settings
from sandbox import SandboxError
from tests.end_to_end.stage import Stage, staged
from tests.fakes.account import ACCOUNT

PROD = "prod"
LIST = "/mfa/exempt"
TRAIL = "management-events"
REACT = function_name(PROD, Function.REACT)
REACT_RULE = rule_name(PROD, Function.REACT)
SETTINGS = {
    "REACTOR_MODE": "enforce",
    "REACTOR_EXEMPT_PARAMETER": LIST,
    "REACTOR_BUCKETS": "true",
}
FUNCTIONS = functions_of(Settings.from_environment(SETTINGS))
RULED = tuple(each for each in FUNCTIONS if each.has_rule)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """Stage prod with its operations, list and guard; each test leaves it in order."""
    with staged(SETTINGS) as deployed:
        write_list(deployed)
        assert deployed.command("operations", "apply").status == 0
        assert deployed.invoke("keeper", {})[0]["in_order"] is True
        yield deployed


def write_list(stage: Stage, kind: str = "StringList") -> None:
    """Write the exemption list, unheard: a change of it asks for sweeps, which keep a distance."""
    stage.sandbox.control.lose_next_event("PutParameter")
    stage.sandbox.client("ssm").put_parameter(Name=LIST, Value="nobody", Type=kind)


def delete_list(stage: Stage) -> None:
    """Delete the exemption list, unheard."""
    stage.sandbox.control.lose_next_event("DeleteParameter")
    stage.sandbox.client("ssm").delete_parameter(Name=LIST)


def not_ok(stage: Stage) -> dict[str, dict[str, str]]:
    """Return doctor's findings that are not ok, by check; its status says whether there are any."""
    ran = stage.command("doctor", "--json")
    assert ran.stderr == ""
    found = {each["check"]: each for each in ran.document["findings"] if each["state"] != "ok"}
    assert (ran.status, ran.document["ok"]) == ((1, False) if found else (0, True))
    return found


def alarms_of_a_sweep(stage: Stage) -> list[dict[str, Any]]:
    """Sweep; return the alarms that the sweep raised."""
    before = len(stage.records("sweep"))
    stage.sweep()
    records = stage.records("sweep")[before:]
    return [each for each in records if "alarm" in each and "check" in each]


def test_a_stage_in_good_order(stage: Stage) -> None:
    """Every check is there and ok, the status is 0, and a sweep raises no alarm."""
    ran = stage.command("doctor", "--json")
    document = ran.document
    assert [each for each in document["findings"] if each["state"] != "ok"] == []
    assert (ran.status, document["stage"], document["region"]) == (0, PROD, "us-east-1")
    assert [each["check"] for each in document["findings"]] == [
        "region",
        *(f"rule-{each}" for each in RULED),
        *(f"function-{each}" for each in FUNCTIONS),
        "trail",
        "exemption-list",
        "root",
        "queue-undelivered",
        "queue-failed",
        "guard",
        *(f"settings-{each}" for each in FUNCTIONS),
        *(f"permission-{each}" for each in RULED),
        *(f"role-{each}" for each in FUNCTIONS),
        "config-rules",
    ]
    assert alarms_of_a_sweep(stage) == []


def test_the_table(stage: Stage) -> None:
    """For people: what is so and what to do, and the counts below."""
    ran = stage.command("doctor")
    assert ran.status == 0
    assert "the trail management-events logs IAM's writes" in ran.stdout
    assert f"stage prod in account {stage.sandbox.account}: 41 ok" in ran.stdout


def test_it_changes_nothing(stage: Stage) -> None:
    """A look leaves no record in CloudTrail."""
    before = len(stage.sandbox.control.records())
    stage.command("doctor")
    assert stage.sandbox.control.records()[before:] == []


def stop_trail(stage: Stage) -> None:
    """Switch the trail off."""
    stage.sandbox.client("cloudtrail").stop_logging(Name=TRAIL)


def start_trail(stage: Stage) -> None:
    """Switch the trail on."""
    stage.sandbox.client("cloudtrail").start_logging(Name=TRAIL)


def select(stage: Stage, read_write: str) -> None:
    """Have the trail log these management events."""
    stage.sandbox.client("cloudtrail").put_event_selectors(
        TrailName=TRAIL,
        EventSelectors=[{"ReadWriteType": read_write, "IncludeManagementEvents": True}],
    )


def disable_rule(stage: Stage) -> None:
    """Disable the rule of `react`."""
    stage.sandbox.client("events").disable_rule(Name=REACT_RULE)


def enable_rule(stage: Stage) -> None:
    """Enable it."""
    stage.sandbox.client("events").enable_rule(Name=REACT_RULE)


def targets(stage: Stage) -> list[Any]:
    """Return the targets of `react`'s rule."""
    found: list[Any] = stage.sandbox.client("events").list_targets_by_rule(Rule=REACT_RULE)[
        "Targets"
    ]
    return found


def put_target(stage: Stage, *without: str, **more: Any) -> None:
    """Write the target of `react`'s rule: its function and queue, without some members."""
    queue = queue_arn(stage, undelivered_queue(PROD))
    arn = stage.functions.get_function_configuration(FunctionName=REACT)["FunctionArn"]
    target = {"Id": "1", "Arn": arn, "DeadLetterConfig": {"Arn": queue}, **more}
    kept = {key: value for key, value in target.items() if key not in without}
    events = stage.sandbox.client("events")
    events.remove_targets(Rule=REACT_RULE, Ids=[each["Id"] for each in targets(stage)] or ["1"])
    events.put_targets(Rule=REACT_RULE, Targets=[kept])


def remove_targets(stage: Stage) -> None:
    """Take the rule's targets away."""
    ids = [each["Id"] for each in targets(stage)]
    stage.sandbox.client("events").remove_targets(Rule=REACT_RULE, Ids=ids)


def put_pattern(stage: Stage, pattern: str) -> None:
    """Have the rule listen to something else."""
    stage.sandbox.client("events").put_rule(Name=REACT_RULE, EventPattern=pattern)


def reserve(stage: Stage, executions: int) -> None:
    """Reserve concurrency for `react`."""
    stage.functions.put_function_concurrency(
        FunctionName=REACT, ReservedConcurrentExecutions=executions
    )


def drop_destination(stage: Stage) -> None:
    """Take the place for failed events away."""
    stage.functions.delete_function_event_invoke_config(FunctionName=REACT)


def put_destination(stage: Stage) -> None:
    """Put it back."""
    stage.functions.put_function_event_invoke_config(
        FunctionName=REACT,
        MaximumRetryAttempts=2,
        MaximumEventAgeInSeconds=21600,
        DestinationConfig={"OnFailure": {"Destination": queue_arn(stage, failed_queue(PROD))}},
    )


def put_foreign_destination(stage: Stage) -> None:
    """Have what `react` fails on go to somebody else's queue."""
    stage.sandbox.client("sqs").create_queue(QueueName="elsewhere")
    stage.functions.update_function_event_invoke_config(
        FunctionName=REACT,
        DestinationConfig={"OnFailure": {"Destination": queue_arn(stage, "elsewhere")}},
    )


def give_up_at_once(stage: Stage) -> None:
    """Have Lambda try no more what `react` fails on."""
    stage.functions.update_function_event_invoke_config(FunctionName=REACT, MaximumRetryAttempts=0)


def queue_arn(stage: Stage, name: str) -> str:
    """Return a queue's ARN."""
    return f"arn:aws:sqs:us-east-1:{stage.sandbox.account}:{name}"


def root(stage: Stage, *, mfa: bool) -> None:
    """Give root a password, with or without MFA."""
    stage.sandbox.control.set_root(mfa=mfa, password=True, access_keys=False)


Step = Callable[[Stage], None]
OUR_PATTERN: list[str] = []


def spoil_pattern(stage: Stage) -> None:
    """Have the rule listen to S3."""
    found = stage.sandbox.client("events").describe_rule(Name=REACT_RULE)["EventPattern"]
    OUR_PATTERN.append(found)
    put_pattern(stage, json.dumps({"source": ["aws.s3"]}))


def schedule(stage: Stage, expression: str) -> None:
    """Have the sweep's rule go off by another schedule."""
    rule = rule_name(PROD, Function.SWEEP)
    stage.sandbox.client("events").put_rule(Name=rule, ScheduleExpression=expression)


POLLED = (
    pytest.param(
        stop_trail, start_trail, "trail", ("switched off", "start-logging"), id="trail stopped"
    ),
    pytest.param(
        lambda stage: select(stage, "ReadOnly"),
        lambda stage: select(stage, "All"),
        "trail",
        ("leaves out management events that write", "put-event-selectors"),
        id="trail that logs reads",
    ),
    pytest.param(
        disable_rule, enable_rule, "rule-react", ("is disabled", "enable-rule"), id="rule disabled"
    ),
    pytest.param(
        spoil_pattern,
        lambda stage: put_pattern(stage, OUR_PATTERN[-1]),
        "rule-react",
        ("listens to other events", "make deploy STAGE=prod"),
        id="another pattern",
    ),
    pytest.param(
        lambda stage: schedule(stage, "rate(30 days)"),
        lambda stage: schedule(stage, "rate(15 minutes)"),
        "rule-sweep",
        ("is rate(30 days), not rate(15 minutes)", "make deploy STAGE=prod"),
        id="another schedule",
    ),
    pytest.param(
        remove_targets,
        put_target,
        "rule-react",
        ("does not wake react", "make deploy"),
        id="target",
    ),
    pytest.param(
        lambda stage: put_target(stage, "DeadLetterConfig"),
        put_target,
        "rule-react",
        ("has no queue", "operations apply"),
        id="no dead-letter queue",
    ),
    pytest.param(
        lambda stage: put_target(
            stage, DeadLetterConfig={"Arn": queue_arn(stage, failed_queue(PROD))}
        ),
        put_target,
        "rule-react",
        ("cannot deliver elsewhere: arn:aws:sqs", "operations apply"),
        id="another dead-letter queue",
    ),
    pytest.param(
        lambda stage: put_target(stage, Input="{}"),
        put_target,
        "rule-react",
        ("does not pass events on", "make deploy"),
        id="constant input",
    ),
    pytest.param(
        lambda stage: reserve(stage, 0),
        lambda stage: reserve(stage, 5),
        "function-react",
        ("its reserved concurrency is 0", "delete-function-concurrency"),
        id="function stopped",
    ),
    pytest.param(
        drop_destination,
        put_destination,
        "function-react",
        ("has no place for events", "operations apply"),
        id="no on-failure destination",
    ),
    pytest.param(
        put_foreign_destination,
        put_destination,
        "function-react",
        ("that it fails on elsewhere: arn:aws:sqs", "operations apply"),
        id="foreign on-failure destination",
    ),
    pytest.param(
        give_up_at_once,
        put_destination,
        "function-react",
        ("gives events up too soon", "operations apply"),
        id="no more tries",
    ),
    pytest.param(
        lambda stage: root(stage, mfa=False),
        lambda stage: root(stage, mfa=True),
        "root",
        ("a password and no MFA", "enable MFA"),
        id="root without MFA",
    ),
)


@pytest.mark.parametrize(("spoil", "mend", "check", "says"), POLLED)
def test_what_a_sweep_polls(
    stage: Stage, spoil: Step, mend: Step, check: str, says: tuple[str, str]
) -> None:
    """Doctor says what is wrong and what to do, and so does an alarm of the next sweep."""
    spoil(stage)
    try:
        found = not_ok(stage)
        assert list(found) == [check]
        assert found[check]["state"] == "failed"
        assert says[0] in found[check]["what"]
        assert says[1] in found[check]["remedy"]
        (alarm,) = alarms_of_a_sweep(stage)
        kind = "root-without-mfa" if check == "root" else "reactor-impaired"
        assert (alarm["alarm"], alarm["check"], alarm["state"]) == (kind, check, "failed")
        assert alarm["remedy"] == found[check]["remedy"]
    finally:
        mend(stage)
    assert not_ok(stage) == {}


@pytest.mark.parametrize(
    ("kind", "what"), [(None, "does not exist"), ("String", "is a String")], ids=["missing", "kind"]
)
def test_the_exemption_list(stage: Stage, kind: str | None, what: str) -> None:
    """Missing, or of another type: nothing is changed without it, and doctor says so."""
    delete_list(stage)
    if kind is not None:
        write_list(stage, kind)
    found = not_ok(stage)
    assert list(found) == ["exemption-list"]
    assert what in found["exemption-list"]["what"]
    if kind is not None:
        delete_list(stage)
    write_list(stage)
    assert not_ok(stage) == {}


def put_role_policy(stage: Stage, name: str, document: Any) -> None:
    """Write an inline policy of `react`'s role."""
    stage.iam.put_role_policy(RoleName=REACT, PolicyName=name, PolicyDocument=json.dumps(document))


def test_roles(stage: Stage) -> None:
    """Too little, too much, and attached policies are told apart."""
    policy = stage.iam.get_role_policy(RoleName=REACT, PolicyName=REACT)["PolicyDocument"]
    fewer = [each for each in policy["Statement"] if each["Sid"] != "ReadUsers"]
    put_role_policy(stage, REACT, {**policy, "Statement": fewer})
    assert "lacks iam:getloginprofile" in not_ok(stage)["role-react"]["what"]
    more = {"Effect": "Allow", "Action": "iam:*", "Resource": "*"}
    put_role_policy(stage, REACT, {**policy, "Statement": [*policy["Statement"], more]})
    assert "more than it needs: iam:* on *" in not_ok(stage)["role-react"]["what"]
    put_role_policy(stage, REACT, policy)
    administrator = "arn:aws:iam::aws:policy/AdministratorAccess"
    stage.iam.attach_role_policy(RoleName=REACT, PolicyArn=administrator)
    found = not_ok(stage)
    assert list(found) == ["role-react"]
    assert administrator in found["role-react"]["what"]
    stage.iam.detach_role_policy(RoleName=REACT, PolicyArn=administrator)
    assert not_ok(stage) == {}


def test_who_may_use_a_role(stage: Stage) -> None:
    """A role that others may assume, or that a boundary holds back, is not in order."""
    ours = stage.iam.get_role(RoleName=REACT)["Role"]["AssumeRolePolicyDocument"]
    anybody = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "*"}}
    wider = {**ours, "Statement": [*ours["Statement"], anybody]}
    stage.iam.update_assume_role_policy(RoleName=REACT, PolicyDocument=json.dumps(wider))
    found = not_ok(stage)
    assert list(found) == ["role-react"]
    assert "assumed by others than Lambda: *" in found["role-react"]["what"]
    stage.iam.update_assume_role_policy(RoleName=REACT, PolicyDocument=json.dumps(ours))
    boundary = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    stage.iam.put_role_permissions_boundary(RoleName=REACT, PermissionsBoundary=boundary)
    assert boundary in not_ok(stage)["role-react"]["what"]
    stage.iam.delete_role_permissions_boundary(RoleName=REACT)
    assert not_ok(stage) == {}


def test_settings(stage: Stage) -> None:
    """A function with other settings than its stage's is named with them, and no value is shown."""
    right = stage.functions.get_function_configuration(FunctionName=REACT)["Environment"]
    wrong = {"Variables": {**right["Variables"], "REACTOR_MODE": "observe"}}
    stage.functions.update_function_configuration(FunctionName=REACT, Environment=wrong)
    found = not_ok(stage)
    assert list(found) == ["settings-react"]
    assert found["settings-react"]["what"].endswith(".chalice/config.json: REACTOR_MODE")
    assert found["settings-react"]["remedy"] == "make deploy STAGE=prod"
    stage.functions.update_function_configuration(FunctionName=REACT, Environment=right)
    assert not_ok(stage) == {}


def test_a_function_that_does_not_let_its_rule_in(stage: Stage) -> None:
    """The rule is enabled, and wakes nothing."""
    [statement] = json.loads(stage.functions.get_policy(FunctionName=REACT)["Policy"])["Statement"]
    stage.functions.remove_permission(FunctionName=REACT, StatementId=statement["Sid"])
    found = not_ok(stage)
    assert list(found) == ["permission-react"]
    assert found["permission-react"]["remedy"] == "make deploy STAGE=prod"
    stage.functions.add_permission(
        FunctionName=REACT,
        StatementId=statement["Sid"],
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
    )
    assert not_ok(stage) == {}


def test_what_waits_in_a_queue(stage: Stage) -> None:
    """An event that did not get through is to be looked at, and redriven."""
    sqs = stage.sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName=failed_queue(PROD))["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="{}")
    found = not_ok(stage)
    assert list(found) == ["queue-failed"]
    assert "1 event waits" in found["queue-failed"]["what"]
    assert "mfa-reactor --stage prod redrive" in found["queue-failed"]["remedy"]
    sqs.purge_queue(QueueUrl=url)
    assert not_ok(stage) == {}


def test_a_guard_that_lost_our_tag(stage: Stage) -> None:
    """Doctor sees it as the keeper does, who has not heard of it yet, and changes nothing."""
    control = stage.sandbox.control
    control.lose_next_event("UntagPolicy")
    stage.iam.untag_policy(PolicyArn=stage.guard, TagKeys=["mfa-reactor"])
    found = not_ok(stage)
    assert list(found) == ["guard"]
    assert "not the tag mfa-reactor=guard" in found["guard"]["what"]
    assert "aws lambda invoke" in found["guard"]["remedy"]
    control.lose_next_event("TagPolicy")
    stage.iam.tag_policy(PolicyArn=stage.guard, Tags=[{"Key": "mfa-reactor", "Value": "guard"}])
    assert not_ok(stage) == {}


def test_a_sweep_that_may_not_look_says_so(stage: Stage) -> None:
    """A read that the sweep's role lacks is an alarm: unknown, and never ok."""
    name = function_name(PROD, Function.SWEEP)
    policy = stage.iam.get_role_policy(RoleName=name, PolicyName=name)["PolicyDocument"]
    text = json.dumps(policy).replace("cloudtrail:GetTrailStatus", "cloudtrail:Nothing")
    stage.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=text)
    (alarm,) = alarms_of_a_sweep(stage)
    assert (alarm["alarm"], alarm["check"], alarm["state"]) == (
        "reactor-impaired",
        "trail",
        "unknown",
    )
    assert "AccessDenied" in alarm["what"]
    stage.iam.put_role_policy(RoleName=name, PolicyName=name, PolicyDocument=json.dumps(policy))
    assert not_ok(stage) == {}


def test_a_stage_that_is_not_deployed(stage: Stage) -> None:
    """One line says so, instead of one for each thing that is missing."""
    ran = stage.command("--stage", "dev", "doctor", "--json")
    found = {each["check"]: each for each in ran.document["findings"] if each["state"] != "ok"}
    assert ran.status == 1
    assert list(found) == ["stage"]
    assert "chalice deploy --stage dev" in found["stage"]["remedy"]


RULE, USERS_RULE = "mfa-enabled", "mfa-reactor-prod-users"
THEIRS = f"arn:aws:sqs:us-east-1:{ACCOUNT}:theirs"
COMMAND = "aws cloudformation deploy --stack-name mfa-reactor-prod-config-rule"
CONFIG = function_name(PROD, Function.CONFIG)
WEBHOOK = "https://hooks.slack.com/services/T/B/secret"


@pytest.fixture(scope="module")
def wired() -> Iterator[Stage]:
    """Stage prod whose settings name what is not there, and a rule that may not invoke it."""
    settings = {
        # What is changed here is told nobody: it would fail, and end in a queue.
        "REACTOR_TRUSTED_ROLES": "SandboxAdministrator",
        "REACTOR_CONFIG_RULES": RULE,
        "REACTOR_NOTIFICATION_QUEUES": THEIRS,
        "REACTOR_SLACK_WEBHOOK": "ssm:/mfa/slack",
        "REACTOR_NOTICE_TOPIC": f"arn:aws:sns:us-east-1:{ACCOUNT}:notices",
        "REACTOR_NOTICE_BUS": "notices",
        "REACTOR_SECURITY_HUB": "true",
    }
    with staged(settings) as deployed:
        assert deployed.command("operations", "apply").status == 0
        assert (
            deployed.shell(
                f"{COMMAND} --template-file infra/config-rule.yaml --parameter-overrides Stage=prod"
            ).returncode
            == 0
        )
        policy = json.loads(deployed.functions.get_policy(FunctionName=CONFIG)["Policy"])
        for each in policy["Statement"]:
            deployed.functions.remove_permission(FunctionName=CONFIG, StatementId=each["Sid"])
        with pytest.raises(SandboxError, match="does not let"):
            deployed.sandbox.control.invoke_config_rule(USERS_RULE)
        yield deployed


def type_in(stage: Stage, remedy: str) -> None:
    """Type a remedy's command, without its alternatives."""
    ran = stage.shell(remedy.split(", or ", maxsplit=1)[0])
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_what_is_not_connected(wired: Stage) -> None:
    """Each is found, with the command that mends it; and then it is in order."""
    client = wired.sandbox.client
    found = not_ok(wired)
    assert {check: each["state"] for check, each in found.items()} == dict.fromkeys(
        (
            *("config-rules", "permission-config", "recorder", "compliance-rules", "mappings"),
            *("notice-webhook", "notice-topic", "notice-bus", "security-hub"),
        ),
        "failed",
    )
    assert "does not let" in found["config-rules"]["what"]
    assert f"there is no rule {RULE} of AWS Config" in found["compliance-rules"]["what"]
    for check in ("permission-config", "notice-topic", "notice-bus", "security-hub"):
        type_in(wired, found[check]["remedy"])
    wired.sandbox.control.invoke_config_rule(USERS_RULE)
    wired.settle()
    managed = {"Owner": "AWS", "SourceIdentifier": "IAM_USER_MFA_ENABLED"}
    client("config").put_config_rule(ConfigRule={"ConfigRuleName": RULE, "Source": managed})
    client("ssm").put_parameter(Name="/mfa/slack", Value=WEBHOOK, Type="SecureString")
    assert set(not_ok(wired)) == {"recorder", "mappings"}
    client("sqs").create_queue(QueueName="theirs", Attributes={"VisibilityTimeout": "720"})
    put_recorder(wired)
    for told in ("is off", "leaves out AWS::IAM::User and AWS::IAM::Policy"):
        found = not_ok(wired)
        assert told in found["recorder"]["what"]
        type_in(wired, found["recorder"]["remedy"])
    type_in(wired, found["mappings"]["remedy"])
    assert not_ok(wired) == {}


def put_recorder(stage: Stage) -> None:
    """Have AWS Config record, as it does unless it is told more."""
    config, bucket = stage.sandbox.client("config"), "configuration-items"
    role = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/config.amazonaws.com/Config"
    stage.sandbox.client("s3").create_bucket(Bucket=bucket)
    config.put_configuration_recorder(ConfigurationRecorder={"name": "default", "roleARN": role})
    config.put_delivery_channel(DeliveryChannel={"name": "default", "s3BucketName": bucket})


def test_the_webhook_is_neither_read_nor_shown(wired: Stage) -> None:
    """Where it lies open, that is said, and not what it is."""
    ssm = wired.sandbox.client("ssm")
    kept = ssm.get_parameters(Names=["/mfa/slack"])["Parameters"]
    if kept:
        ssm.delete_parameter(Name="/mfa/slack")
    ssm.put_parameter(Name="/mfa/slack", Value=WEBHOOK, Type="String")
    ran = wired.command("doctor", "--json")
    assert "is a String, not a SecureString" in ran.stdout
    assert "hooks.slack" not in ran.stdout + ran.stderr
