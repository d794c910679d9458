"""Stacks really make what their template says."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.listening import LISTENER
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sandbox import Sandbox

TEMPLATE = """\
AWSTemplateFormatVersion: 2010-09-09
Description: What fails lands here.
Parameters:
  Function: {Type: String}
  Age: {Type: Number, Default: 3600}
  Mail: {Type: String, Default: ""}
Conditions:
  Mailed: !Not [!Equals [!Ref Mail, ""]]
Resources:
  Config:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Function
      Qualifier: $LATEST
      MaximumRetryAttempts: 1
      MaximumEventAgeInSeconds: !Ref Age
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
  Failed:
    Type: AWS::SQS::Queue
    Properties:
      QueueName: !Sub "${AWS::StackName}-failed"
      MessageRetentionPeriod: 1209600
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties:
      Queues: [!Ref Failed]
      PolicyDocument:
        Version: 2012-10-17
        Statement:
          - Effect: Allow
            Principal: {Service: events.amazonaws.com}
            Action: sqs:SendMessage
            Resource: !GetAtt Failed.Arn
            Condition:
              ArnLike:
                aws:SourceArn: !Sub "arn:${AWS::Partition}:events:*:${AWS::AccountId}:rule/*"
  Alarms:
    Type: AWS::SNS::Topic
  Mailbox:
    Type: AWS::SNS::Subscription
    Condition: Mailed
    Properties: {TopicArn: !Ref Alarms, Protocol: email, Endpoint: !Ref Mail}
  Depth:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Sub "${AWS::StackName}-depth"
      Namespace: AWS/SQS
      MetricName: ApproximateNumberOfMessagesVisible
      Dimensions: [{Name: QueueName, Value: !GetAtt Failed.QueueName}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Alarms]
Outputs:
  QueueArn: {Value: !GetAtt Failed.Arn, Description: of what failed}
  Topic: {Value: !Ref Alarms}
"""

pytestmark = pytest.mark.usefixtures("deployment")


@pytest.fixture
def stacks(sandbox: Sandbox) -> Iterator[Any]:
    """CloudFormation; afterwards without the stack."""
    client = sandbox.client("cloudformation")
    yield client
    client.delete_stack(StackName="ops")


def _parameters(**values: str) -> list[dict[str, str]]:
    return [{"ParameterKey": k, "ParameterValue": v} for k, v in values.items()]


def _create(stacks: Any, template: str = TEMPLATE, **values: str) -> dict[str, Any]:
    parameters = _parameters(Function=LISTENER, **values)
    stacks.create_stack(StackName="ops", TemplateBody=template, Parameters=parameters)
    return dict(stacks.describe_stacks(StackName="ops")["Stacks"][0])


def test_a_stack_makes_its_resources(sandbox: Sandbox, stacks: Any) -> None:
    """Each by its own service, whatever order they are declared in."""
    stack = _create(stacks, Mail="me@example.com")
    assert stack["StackStatus"] == "CREATE_COMPLETE", stack.get("StackStatusReason")
    assert stack["Description"] == "What fails lands here."
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stack["Outputs"]}
    arn = f"arn:aws:sqs:us-east-1:{sandbox.account}:ops-failed"
    assert outputs["QueueArn"] == arn
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="ops-failed")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert queue["MessageRetentionPeriod"] == "1209600"
    assert json.loads(queue["Policy"])["Version"] == "2012-10-17"
    assert f"arn:aws:events:*:{sandbox.account}:rule/*" in queue["Policy"]
    config = sandbox.client("lambda").get_function_event_invoke_config(FunctionName=LISTENER)
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": arn}}
    assert (config["MaximumRetryAttempts"], config["MaximumEventAgeInSeconds"]) == (1, 3600)
    alarms = sandbox.client("cloudwatch").describe_alarms(AlarmNames=["ops-depth"])
    [alarm] = alarms["MetricAlarms"]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": "ops-failed"}]
    assert alarm["AlarmActions"] == [outputs["Topic"]]
    sns = sandbox.client("sns")
    [mail] = sns.list_subscriptions_by_topic(TopicArn=outputs["Topic"])["Subscriptions"]
    assert mail["Endpoint"] == "me@example.com"
    resources = stacks.describe_stack_resources(StackName="ops")["StackResources"]
    assert len(resources) == 6


def test_what_a_stack_calls_is_recorded_as_its_call(sandbox: Sandbox, stacks: Any) -> None:
    """In the name of who asked for the stack."""
    before = len(sandbox.control.records())
    _create(stacks)
    records = sandbox.control.records()[before:]
    put = next(r for r in records if r["eventName"] == "PutFunctionEventInvokeConfig")
    assert put["userIdentity"]["arn"].endswith("SandboxAdministrator/operator")
    assert put["userIdentity"]["invokedBy"] == "cloudformation.amazonaws.com"
    assert put["sourceIPAddress"] == put["userAgent"] == "cloudformation.amazonaws.com"
    assert records[-1]["eventName"] == "CreateStack"


def test_a_stack_is_updated(sandbox: Sandbox, stacks: Any) -> None:
    """What changed is changed, what is no more declared is deleted, parameters may stay."""
    _create(stacks)
    start, end = TEMPLATE.index("  Depth:"), TEMPLATE.index("Outputs:")
    changed = (TEMPLATE[:start] + TEMPLATE[end:]).replace("1209600", "600")
    parameters = [{"ParameterKey": "Function", "UsePreviousValue": True}]
    stacks.update_stack(
        StackName="ops", TemplateBody=changed, Parameters=[*parameters, *_parameters(Age="60")]
    )
    [stack] = stacks.describe_stacks(StackName="ops")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_COMPLETE", stack.get("StackStatusReason")
    assert (
        sandbox.client("cloudwatch").describe_alarms(AlarmNames=["ops-depth"])["MetricAlarms"] == []
    )
    config = sandbox.client("lambda").get_function_event_invoke_config(FunctionName=LISTENER)
    assert config["MaximumEventAgeInSeconds"] == 60
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="ops-failed")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert queue["MessageRetentionPeriod"] == "600"
    assert "events.amazonaws.com" in queue["Policy"]
    with refused("ValidationError", "No updates are to be performed"):
        stacks.update_stack(
            StackName="ops",
            UsePreviousTemplate=True,
            Parameters=[
                {"ParameterKey": name, "UsePreviousValue": True} for name in ("Function", "Age")
            ],
        )


def test_a_deleted_stack_takes_its_resources_along(sandbox: Sandbox, stacks: Any) -> None:
    """And is not found any more by its name."""
    stack = _create(stacks)
    stacks.delete_stack(StackName="ops")
    with refused("ValidationError", "Stack with id ops does not exist"):
        stacks.describe_stacks(StackName="ops")
    [gone] = stacks.describe_stacks(StackName=stack["StackId"])["Stacks"]
    assert gone["StackStatus"] == "DELETE_COMPLETE"
    assert "QueueUrls" not in sandbox.client("sqs").list_queues(QueueNamePrefix="ops-")
    with refused("ResourceNotFoundException"):
        sandbox.client("lambda").get_function_event_invoke_config(FunctionName=LISTENER)


def test_a_stack_that_fails_is_rolled_back(sandbox: Sandbox, stacks: Any) -> None:
    """It says which resource failed, and leaves nothing behind."""
    stack = _create(stacks, TEMPLATE.replace("FunctionName: !Ref Function", "FunctionName: none"))
    assert stack["StackStatus"] == "ROLLBACK_COMPLETE"
    assert "Config" in stack["StackStatusReason"]
    assert "QueueUrls" not in sandbox.client("sqs").list_queues(QueueNamePrefix="ops-")
    events = stacks.describe_stack_events(StackName="ops")["StackEvents"]
    assert ("Config", "CREATE_FAILED") in {
        (each["LogicalResourceId"], each["ResourceStatus"]) for each in events
    }
    with refused("ValidationError", "can not be updated"):
        stacks.update_stack(StackName="ops", TemplateBody=TEMPLATE)


def test_an_update_that_fails_is_rolled_back(sandbox: Sandbox, stacks: Any) -> None:
    """To what was there before."""
    _create(stacks)
    broken = TEMPLATE.replace("1209600", "600").replace("Retry" + "Attempts: 1", "RetryAttempts: 9")
    stacks.update_stack(
        StackName="ops", TemplateBody=broken, Parameters=_parameters(Function=LISTENER)
    )
    [stack] = stacks.describe_stacks(StackName="ops")["Stacks"]
    assert stack["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    sqs = sandbox.client("sqs")
    url = sqs.get_queue_url(QueueName="ops-failed")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    assert queue["MessageRetentionPeriod"] == "1209600"


@pytest.mark.parametrize(
    ("template", "code", "message"),
    (
        ("Resources: {X: {Type: AWS::S3::Bucket}}", "NotImplementedInSandbox", "AWS::S3::Bucket"),
        ("Resources: {}", "ValidationError", "At least one Resources member"),
        ("- a\n b: c", "ValidationError", "YAML not well-formed"),
        (TEMPLATE, "ValidationError", "Parameters: [Function] must have values"),
    ),
)
def test_a_template_that_cannot_be_is_refused(
    stacks: Any, template: str, code: str, message: str
) -> None:
    """Before anything is made."""
    with refused(code, message):
        stacks.create_stack(StackName="ops", TemplateBody=template)


def test_a_change_set_changes_nothing_until_it_is_executed(sandbox: Sandbox, stacks: Any) -> None:
    """It says what it would do; one without changes fails."""
    what = {
        "StackName": "ops",
        "TemplateBody": TEMPLATE,
        "Parameters": _parameters(Function=LISTENER),
    }
    stacks.create_change_set(**what, ChangeSetName="one", ChangeSetType="CREATE")
    found = stacks.describe_change_set(StackName="ops", ChangeSetName="one")
    assert found["Status"] == "CREATE_COMPLETE"
    assert {each["ResourceChange"]["Action"] for each in found["Changes"]} == {"Add"}
    assert "QueueUrls" not in sandbox.client("sqs").list_queues(QueueNamePrefix="ops-")
    stacks.execute_change_set(StackName="ops", ChangeSetName="one")
    [stack] = stacks.describe_stacks(StackName="ops")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    stacks.create_change_set(**what, ChangeSetName="two")
    found = stacks.describe_change_set(StackName="ops", ChangeSetName="two")
    assert found["Status"] == "FAILED"
    assert "didn't contain changes" in found["StatusReason"]


def test_the_command_line_deploys_twice(sandbox: Sandbox, stacks: Any, tmp_path: Path) -> None:
    """`aws cloudformation deploy` makes the stack, and then finds nothing to do."""
    template = tmp_path / "template.yaml"
    template.write_text(TEMPLATE)

    def deploy(*more: str) -> str:
        ran = subprocess.run(  # noqa: S603 - our own arguments
            [
                *(sys.executable, "-m", "awscli", "cloudformation", "deploy"),
                *("--stack-name", "ops", "--template-file", str(template)),
                *("--no-fail-on-empty-changeset", *more),
            ],
            env=sandbox.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    assert "Successfully created" in deploy("--parameter-overrides", f"Function={LISTENER}")
    assert "No changes to deploy" in deploy()
    [stack] = stacks.describe_stacks(StackName="ops")["Stacks"]
    assert stack["StackStatus"] == "CREATE_COMPLETE"
    assert "Successfully created" in deploy("--parameter-overrides", "Age=60")
    config = sandbox.client("lambda").get_function_event_invoke_config(FunctionName=LISTENER)
    assert config["MaximumEventAgeInSeconds"] == 60


def test_a_request_that_is_sent_again_begins_nothing(stacks: Any) -> None:
    """By its token it is known, and every event of the operation has that."""
    asked = {"StackName": "ops", "TemplateBody": TEMPLATE, "ClientRequestToken": "token-1"}
    first: dict[str, Any] = {**asked, "Parameters": _parameters(Function=LISTENER)}
    made = stacks.create_stack(**first)["StackId"]
    assert stacks.create_stack(**first)["StackId"] == made
    events = stacks.describe_stack_events(StackName="ops")["StackEvents"]
    assert {each["ClientRequestToken"] for each in events} == {"token-1"}
    more = _parameters(Function=LISTENER, Age="60")
    second = {**first, "Parameters": more, "ClientRequestToken": "token-2"}
    with refused("AlreadyExistsException", "Stack [ops] already exists"):
        stacks.create_stack(**second)
    assert stacks.update_stack(**second)["StackId"] == made
    many = len(stacks.describe_stack_events(StackName="ops")["StackEvents"])
    assert stacks.update_stack(**second)["StackId"] == made
    assert len(stacks.describe_stack_events(StackName="ops")["StackEvents"]) == many


def test_a_token_is_of_one_request(stacks: Any) -> None:
    """Another request with it is refused; without one, an event has none."""
    asked = {"StackName": "ops", "TemplateBody": TEMPLATE, "ClientRequestToken": "token-3"}
    stacks.create_stack(**asked, Parameters=_parameters(Function=LISTENER))
    with refused("TokenAlreadyExistsException"):
        stacks.create_stack(**asked, Parameters=_parameters(Function=LISTENER, Age="60"))
    with refused("TokenAlreadyExistsException"):
        stacks.update_stack(**asked, Parameters=_parameters(Function=LISTENER))
    stacks.delete_stack(StackName="ops")
    with refused("TokenAlreadyExistsException"):
        stacks.create_stack(**asked, Parameters=_parameters(Function=LISTENER))
    _create(stacks)
    events = stacks.describe_stack_events(StackName="ops")["StackEvents"]
    assert not any("ClientRequestToken" in each for each in events)
