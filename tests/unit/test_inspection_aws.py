"""reactor.aws.inspection and .doctor, without an account: botocore's stubs answer."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.doctor import AwsDoctor
from reactor.aws.inspection import AwsInspection
from reactor.errors import Transient
from reactor.inspection.facts import (
    BasicSelector,
    Concurrency,
    Condition,
    ConfigRule,
    Evaluations,
    EventSettings,
    Parameter,
    Role,
    Root,
    Rule,
    Secret,
    Selectors,
    Target,
    Trail,
)

ARN = "arn:aws:cloudtrail:eu-west-1:123456789012:trail/audit"
FUNCTION = "mfa-reactor-prod-react"
CLIENTS = {
    "iam": "iam",
    "ssm": "ssm",
    "events": "events",
    "cloudtrail": "cloudtrail",
    "function_settings": "lambda",
    "sqs": "sqs",
    "config": "config",
    "secrets": "secretsmanager",
    "sns": "sns",
    "security_hub": "securityhub",
}
Answers = tuple[tuple[str, Any], ...]


class Session:
    """An AwsSession whose clients give the answers of a test, in order; a text is an error."""

    def __init__(self, service: str, answers: Answers) -> None:
        for attribute, name in CLIENTS.items():
            client: Any = boto3.client(
                name,  # type: ignore[call-overload]
                region_name="us-east-1",
                aws_access_key_id="a",
                aws_secret_access_key="b",
            )
            stubber = Stubber(client)
            for operation, answer in answers if name == service else ():
                if isinstance(answer, str):
                    stubber.add_client_error(operation, answer)
                else:
                    stubber.add_response(operation, *answer)
            stubber.activate()
            setattr(self, attribute, client)


def doctor(service: str, *answers: tuple[str, Any]) -> AwsDoctor:
    """Return reads that are answered so."""
    session: Any = Session(service, answers)
    return AwsDoctor(session)


def test_trails() -> None:
    """With the shadows of other regions' trails, and the organization's."""
    answer = {
        "trailList": [
            {
                "Name": "audit",
                "TrailARN": ARN,
                "HomeRegion": "eu-west-1",
                "IsMultiRegionTrail": True,
                "IncludeGlobalServiceEvents": True,
                "IsOrganizationTrail": True,
            }
        ]
    }
    reads = doctor("cloudtrail", ("describe_trails", (answer, {"includeShadowTrails": True})))
    (trail,) = reads.trails()
    assert trail == Trail(
        "audit", ARN, "eu-west-1", multi_region=True, global_events=True, organization=True
    )
    assert trail.account == "123456789012"


@pytest.mark.parametrize("on", [True, False])
def test_is_logging(*, on: bool) -> None:
    """A trail is asked for by its ARN: by its name, a shadow is not found."""
    reads = doctor("cloudtrail", ("get_trail_status", ({"IsLogging": on}, {"Name": ARN})))
    assert reads.is_logging(ARN) is on


@pytest.mark.parametrize(
    ("answer", "selectors"),
    [
        pytest.param(
            {
                "EventSelectors": [
                    {"ReadWriteType": "WriteOnly", "IncludeManagementEvents": False},
                    {},
                ]
            },
            Selectors(basic=(BasicSelector("WriteOnly", False), BasicSelector("All", True))),
            id="basic, with the API's defaults",
        ),
        pytest.param(
            {
                "AdvancedEventSelectors": [
                    {
                        "FieldSelectors": [
                            {"Field": "eventCategory", "Equals": ["Management"]},
                            {"Field": "eventSource", "NotEquals": ["kms.amazonaws.com"]},
                        ]
                    }
                ]
            },
            Selectors(
                advanced=(
                    (
                        Condition(field="eventCategory", equals=("Management",)),
                        Condition(field="eventSource", not_equals=("kms.amazonaws.com",)),
                    ),
                )
            ),
            id="advanced",
        ),
    ],
)
def test_selectors(answer: dict[str, Any], selectors: Selectors) -> None:
    """Both kinds are read."""
    reads = doctor("cloudtrail", ("get_event_selectors", (answer, {"TrailName": ARN})))
    assert reads.selectors(ARN) == selectors


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        pytest.param(
            ({"State": "ENABLED", "EventPattern": "{}"},), Rule(enabled=True, pattern="{}"), id="on"
        ),
        pytest.param(
            ({"State": "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"},),
            Rule(enabled=True),
            id="on, with reads",
        ),
        pytest.param(
            ({"State": "ENABLED", "ScheduleExpression": "rate(15 minutes)"},),
            Rule(enabled=True, schedule="rate(15 minutes)"),
            id="on a schedule",
        ),
        pytest.param(({"State": "DISABLED"},), Rule(enabled=False), id="off"),
        pytest.param("ResourceNotFoundException", None, id="missing"),
    ],
)
def test_rule(answer: Any, rule: Rule | None) -> None:
    """A rule that is not there is an answer."""
    assert doctor("events", ("describe_rule", answer)).rule("a-rule") == rule


def test_targets() -> None:
    """All pages are read; what stands in the event's place is noticed, and so is the queue."""
    first = {
        "Targets": [{"Id": "1", "Arn": "arn:one", "DeadLetterConfig": {"Arn": "arn:queue"}}],
        "NextToken": "more",
    }
    second = {
        "Targets": [
            {"Id": "2", "Arn": "arn:two", "Input": "{}"},
            {"Id": "3", "Arn": "arn:three", "InputPath": "$.detail"},
            {"Id": "4", "Arn": "arn:four", "InputTransformer": {"InputTemplate": "x"}},
        ]
    }
    reads = doctor(
        "events",
        ("list_targets_by_rule", (first, {"Rule": "r"})),
        ("list_targets_by_rule", (second, {"Rule": "r", "NextToken": "more"})),
    )
    assert reads.targets("r") == (
        Target("arn:one", "arn:queue", whole=True),
        Target("arn:two", None, whole=False),
        Target("arn:three", None, whole=False),
        Target("arn:four", None, whole=False),
    )


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(({"ReservedConcurrentExecutions": 0},), Concurrency(0), id="stopped"),
        pytest.param(({"ReservedConcurrentExecutions": 5},), Concurrency(5), id="reserved"),
        pytest.param(({},), Concurrency(None), id="not reserved"),
        pytest.param("ResourceNotFoundException", None, id="no function"),
    ],
)
def test_concurrency(answer: Any, found: Concurrency | None) -> None:
    """No reservation is not a reservation of 0."""
    reads = doctor("lambda", ("get_function_concurrency", answer))
    assert reads.concurrency(FUNCTION) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(
            ({"DestinationConfig": {"OnFailure": {"Destination": "arn:queue"}}},),
            EventSettings("arn:queue", 2, 21600),
            id="a queue, with Lambda's defaults",
        ),
        pytest.param(
            ({"DestinationConfig": {"OnSuccess": {}, "OnFailure": {}}},),
            EventSettings(None),
            id="no destination",
        ),
        pytest.param(
            ({"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},),
            EventSettings(None, 0, 60),
            id="other settings only",
        ),
        pytest.param("ResourceNotFoundException", None, id="no settings"),
    ],
)
def test_event_settings(answer: Any, found: EventSettings | None) -> None:
    """What was not set is Lambda's default; none at all are None."""
    reads = doctor("lambda", ("get_function_event_invoke_config", answer))
    assert reads.event_settings(FUNCTION) == found


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(
            ({"Parameter": {"Type": "StringList"}},), Parameter("StringList"), id="a list"
        ),
        pytest.param("ParameterNotFound", None, id="missing"),
    ],
)
def test_parameter(answer: Any, found: Parameter | None) -> None:
    """A parameter that is not there is an answer."""
    assert doctor("ssm", ("get_parameter", answer)).parameter("/mfa/exempt") == found


@pytest.mark.parametrize(
    ("summary", "found"),
    [
        pytest.param(
            {"AccountMFAEnabled": 1, "AccountPasswordPresent": 1, "AccountAccessKeysPresent": 0},
            Root(mfa=True, password=True, access_keys=False),
            id="MFA and a password",
        ),
        pytest.param(
            {"AccountMFAEnabled": 0, "AccountPasswordPresent": 0, "AccountAccessKeysPresent": 2},
            Root(mfa=False, password=False, access_keys=True),
            id="keys only",
        ),
        pytest.param(
            {"AccountMFAEnabled": 0, "AccountAccessKeysPresent": 0},
            Root(mfa=False, password=None, access_keys=False),
            id="nothing is said of a password",
        ),
    ],
)
def test_root(summary: dict[str, int], found: Root) -> None:
    """What the summary does not say is not made up."""
    reads = doctor("iam", ("get_account_summary", ({"SummaryMap": summary}, {})))
    assert reads.root() == found


def test_a_summary_without_mfa_is_not_understood() -> None:
    """It is an error, and not "without MFA"."""
    with pytest.raises(Transient, match="iam:GetAccountSummary gave an answer"):
        doctor("iam", ("get_account_summary", ({"SummaryMap": {}}, {}))).root()


READS: tuple[tuple[str, str, str, Callable[[AwsInspection], object]], ...] = (
    ("cloudtrail", "describe_trails", "DescribeTrails", lambda reads: reads.trails()),
    ("cloudtrail", "get_trail_status", "GetTrailStatus", lambda reads: reads.is_logging(ARN)),
    ("cloudtrail", "get_event_selectors", "GetEventSelectors", lambda reads: reads.selectors(ARN)),
    ("events", "describe_rule", "DescribeRule", lambda reads: reads.rule("r")),
    ("events", "list_targets_by_rule", "ListTargetsByRule", lambda reads: reads.targets("r")),
    ("lambda", "get_function_concurrency", "Concurrency", lambda reads: reads.concurrency("f")),
    (
        "lambda",
        "get_function_event_invoke_config",
        "EventInvokeConfig",
        lambda reads: reads.event_settings("f"),
    ),
    ("ssm", "get_parameter", "GetParameter", lambda reads: reads.parameter("/p")),
    ("iam", "get_account_summary", "GetAccountSummary", lambda reads: reads.root()),
)


@pytest.mark.parametrize(("service", "operation", "named", "read"), READS)
def test_a_denial_is_no_answer(
    service: str, operation: str, named: str, read: Callable[[AwsInspection], object]
) -> None:
    """It is never read as missing or as in order; the error names the operation."""
    with pytest.raises(Transient, match=named):
        read(doctor(service, (operation, "AccessDeniedException")))


def role_session(*iam: tuple[str, Any]) -> AwsDoctor:
    """Return reads of a function with the role `service/a-role`."""
    session: Any = Session("iam", iam)
    configured = {"Role": "arn:aws:iam::123456789012:role/service/a-role"}
    with_role: Any = Session("lambda", (("get_function_configuration", (configured,)),))
    session.function_settings = with_role.function_settings
    return AwsDoctor(session)


BOUNDARY = "arn:aws:iam::123456789012:policy/Boundary"


@pytest.mark.parametrize(
    ("more", "boundary"),
    [
        pytest.param({}, None, id="without boundary"),
        pytest.param(
            {
                "PermissionsBoundary": {
                    "PermissionsBoundaryType": "Policy",
                    "PermissionsBoundaryArn": BOUNDARY,
                }
            },
            BOUNDARY,
            id="with boundary",
        ),
    ],
)
def test_role(more: dict[str, Any], boundary: str | None) -> None:
    """Its name without the path, its policies decoded, what is attached to it, its boundary."""
    named = {"RoleName": "a-role"}
    policy = {
        "RoleName": "a-role",
        "PolicyName": "inline",
        "PolicyDocument": "%7B%22Statement%22%3A%20%5B%5D%7D",
    }
    attached = {"AttachedPolicies": [{"PolicyName": "x", "PolicyArn": "arn:aws:iam::aws:policy/x"}]}
    shown = {
        "Path": "/service/",
        "RoleName": "a-role",
        "RoleId": "AROAEXAMPLEEXAMPLEEX",
        "Arn": "arn:aws:iam::123456789012:role/service/a-role",
        "CreateDate": datetime(2024, 1, 1, tzinfo=UTC),
        "AssumeRolePolicyDocument": "%7B%22Statement%22%3A%20%5B%5D%7D",
        **more,
    }
    reads = role_session(
        ("list_role_policies", ({"PolicyNames": ["inline"]}, named)),
        ("get_role_policy", (policy, {**named, "PolicyName": "inline"})),
        ("list_attached_role_policies", (attached, named)),
        ("get_role", ({"Role": shown}, named)),
    )
    assert reads.role(FUNCTION) == Role(
        "a-role",
        {"inline": {"Statement": []}},
        ("arn:aws:iam::aws:policy/x",),
        {"Statement": []},
        boundary,
    )


def test_no_function_has_no_role() -> None:
    """That it is not there is an answer."""
    missing = ("get_function_configuration", "ResourceNotFoundException")
    assert doctor("lambda", missing).role(FUNCTION) is None


def test_a_role_that_is_gone_is_no_answer() -> None:
    """The function names it: that it cannot be read is an error."""
    with pytest.raises(Transient, match="iam:ListRolePolicies failed: NoSuchEntity"):
        role_session(("list_role_policies", "NoSuchEntity")).role(FUNCTION)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(
            ({"Environment": {"Variables": {"REACTOR_MODE": "enforce", "OTHER": "x"}}},),
            {"REACTOR_MODE": "enforce"},
            id="ours, and others'",
        ),
        pytest.param(({},), {}, id="none"),
        pytest.param("ResourceNotFoundException", None, id="no function"),
    ],
)
def test_variables(answer: Any, found: dict[str, str] | None) -> None:
    """Only our own are read; a function may have none at all."""
    reads = doctor("lambda", ("get_function_configuration", answer))
    assert reads.variables(FUNCTION) == found


def test_variables_that_cannot_be_decrypted_are_no_answer() -> None:
    """Lambda leaves them out then, which is not to have none."""
    error = {"ErrorCode": "AccessDeniedException", "Message": "KMS"}
    reads = doctor("lambda", ("get_function_configuration", ({"Environment": {"Error": error}},)))
    with pytest.raises(Transient, match="gave no variables"):
        reads.variables(FUNCTION)


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(({"Policy": '{"Statement": []}'},), {"Statement": []}, id="a policy"),
        pytest.param("ResourceNotFoundException", None, id="none"),
    ],
)
def test_permissions(answer: Any, found: dict[str, Any] | None) -> None:
    """A function that lets nobody in has no policy."""
    assert doctor("lambda", ("get_policy", answer)).permissions(FUNCTION) == found


@pytest.mark.parametrize("text", ["{", "[1]", "null"])
def test_a_policy_that_is_none_is_no_answer(text: str) -> None:
    """It is an error, and not "lets nobody in"."""
    with pytest.raises(Transient, match="lambda:GetPolicy gave an answer"):
        doctor("lambda", ("get_policy", ({"Policy": text},))).permissions(FUNCTION)


URL = {"QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/q"}


@pytest.mark.parametrize(
    ("answers", "waiting"),
    [
        pytest.param(
            (
                ("get_queue_url", (URL, {"QueueName": "q"})),
                ("get_queue_attributes", ({"Attributes": {"ApproximateNumberOfMessages": "3"}},)),
            ),
            3,
            id="three",
        ),
        pytest.param(
            (("get_queue_url", "AWS.SimpleQueueService.NonExistentQueue"),), None, id="no"
        ),
        pytest.param((("get_queue_url", "QueueDoesNotExist"),), None, id="no, in the newer words"),
    ],
)
def test_waiting(answers: Answers, waiting: int | None) -> None:
    """A queue that is not there is an answer, whichever protocol says so."""
    assert doctor("sqs", *answers).waiting("q") == waiting


def test_rules_of_aws_config() -> None:
    """All pages are read; a rule whose policy stands in AWS Config itself has no source."""
    first = {"ConfigRules": [_config_rule("one", SourceIdentifier="arn:f")], "NextToken": "more"}
    second = {"ConfigRules": [_config_rule("two")]}
    reads = doctor(
        "config",
        ("describe_config_rules", (first, {})),
        ("describe_config_rules", (second, {"NextToken": "more"})),
    )
    assert reads.config_rules() == (
        ConfigRule("one", "config-rule-one", "arn:one", "arn:f"),
        ConfigRule("two", "config-rule-two", "arn:two", None),
    )


def _config_rule(name: str, **source: str) -> dict[str, Any]:
    return {
        "ConfigRuleName": name,
        "ConfigRuleId": f"config-rule-{name}",
        "ConfigRuleArn": f"arn:{name}",
        "Source": {"Owner": "CUSTOM_LAMBDA", **source},
    }


def test_how_rules_fare() -> None:
    """Twenty-five are asked about at once, and no more."""
    names = [f"rule-{number}" for number in range(26)]
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 2, tzinfo=UTC)
    failing = {
        "ConfigRuleName": "rule-0",
        "LastErrorCode": "Code",
        "LastErrorMessage": "words",
        "LastSuccessfulInvocationTime": early,
        "LastFailedInvocationTime": late,
    }
    answers = ([failing], [{"ConfigRuleName": "rule-25", "LastSuccessfulEvaluationTime": late}])
    reads = doctor(
        "config",
        *(
            (
                "describe_config_rule_evaluation_status",
                ({"ConfigRulesEvaluationStatus": answer}, {"ConfigRuleNames": asked}),
            )
            for answer, asked in zip(answers, (names[:25], names[25:]), strict=True)
        ),
    )
    one, other = reads.evaluations(names)
    assert one == Evaluations("rule-0", "Code: words", early, late)
    assert other == Evaluations("rule-25", evaluated=late)
    assert (one.failing, other.failing) == (True, False)


@pytest.mark.parametrize(
    ("group", "everything", "records_users"),
    [
        pytest.param({"allSupported": True}, True, False, id="all, but IAM's"),
        pytest.param(
            {"allSupported": True, "includeGlobalResourceTypes": True}, True, True, id="all"
        ),
        pytest.param({"resourceTypes": ["AWS::IAM::User"]}, False, True, id="some"),
        pytest.param(
            {
                "exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Instance"]},
                "recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"},
            },
            False,
            True,
            id="all but some",
        ),
        pytest.param(
            {
                "allSupported": True,
                "includeGlobalResourceTypes": True,
                "exclusionByResourceTypes": {"resourceTypes": []},
                "recordingStrategy": {"useOnly": "ALL_SUPPORTED_RESOURCE_TYPES"},
            },
            True,
            True,
            id="all, with an empty list of those left out",
        ),
    ],
)
def test_recorders(group: dict[str, Any], *, everything: bool, records_users: bool) -> None:
    """What one records follows from its strategy."""
    found = {"name": "default", "roleARN": "arn:role", "recordingGroup": group}
    answer = ({"ConfigurationRecorders": [found]},)
    [recorder] = doctor("config", ("describe_configuration_recorders", answer)).recorders()
    assert (recorder.name, recorder.role, recorder.everything) == (
        "default",
        "arn:role",
        everything,
    )
    assert recorder.records("AWS::IAM::User") is records_users


def test_which_recorders_are_on() -> None:
    """By their names."""
    found = [{"name": "default", "recording": True}, {"name": "other", "recording": False}]
    answer = ({"ConfigurationRecordersStatus": found},)
    reads = doctor("config", ("describe_configuration_recorder_status", answer))
    assert reads.recording() == {"default"}


QUEUE_ARN = "arn:aws:sqs:us-east-1:999999999999:theirs"
TOPIC_ARN = "arn:aws:sns:us-east-1:123456789012:notices"


@pytest.mark.parametrize(
    ("service", "operation", "answer", "asked", "missing", "read"),
    [
        pytest.param(
            "sqs",
            "get_queue_url",
            URL,
            {"QueueName": "theirs", "QueueOwnerAWSAccountId": "999999999999"},
            "AWS.SimpleQueueService.NonExistentQueue",
            lambda reads: reads.has_queue(QUEUE_ARN),
            id="queue",
        ),
        pytest.param(
            "sns",
            "get_topic_attributes",
            {},
            {"TopicArn": TOPIC_ARN},
            "NotFound",
            lambda reads: reads.has_topic(TOPIC_ARN),
            id="topic",
        ),
        pytest.param(
            "events",
            "describe_event_bus",
            {},
            {"Name": "notices"},
            "ResourceNotFoundException",
            lambda reads: reads.has_bus("notices"),
            id="bus",
        ),
        pytest.param(
            "securityhub",
            "describe_hub",
            {},
            {},
            "InvalidAccessException",
            lambda reads: reads.has_security_hub(),
            id="hub",
        ),
    ],
)
def test_what_is_there_or_not(  # noqa: PLR0913, PLR0917 - a call and its answers
    service: str,
    operation: str,
    answer: dict[str, Any],
    asked: dict[str, Any],
    missing: str,
    read: Callable[[AwsDoctor], bool],
) -> None:
    """That it is not there is an answer; that one may not ask is none."""
    assert read(doctor(service, (operation, (answer, asked)))) is True
    assert read(doctor(service, (operation, missing))) is False
    with pytest.raises(Transient, match="AccessDenied"):
        read(doctor(service, (operation, "AccessDenied")))


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        pytest.param(({"Name": "slack"},), Secret(being_deleted=False), id="there"),
        pytest.param(
            ({"Name": "slack", "DeletedDate": datetime(2024, 1, 1, tzinfo=UTC)},),
            Secret(being_deleted=True),
            id="being deleted",
        ),
        pytest.param("ResourceNotFoundException", None, id="missing"),
    ],
)
def test_secret(answer: Any, found: Secret | None) -> None:
    """It is described, and what it holds is not read."""
    assert doctor("secretsmanager", ("describe_secret", answer)).secret("slack") == found
