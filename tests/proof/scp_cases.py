"""What the service control policy denies to whom it binds, written out: resource by resource.

A case is a kind of resource with the context of requests about it. Of all actions that AWS knows
for such a resource, and with context for such a key, exactly those named are denied.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT, OTHER_ACCOUNT = "123456789012", "210987654321"
REGION = "us-east-1"
FUNCTIONS = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function"
IAM = f"arn:aws:iam::{ACCOUNT}"
GUARD = f"{IAM}:policy/MfaReactorGuard"
# Every kind of exemption; one value of a tag in other case, one path with a wildcard in its name.
VARIABLES = {
    "REACTOR_EXEMPT_TAGS": "userType:Service,team:robots,usertype:Bot",
    "REACTOR_EXEMPT_PARAMETER": "/mfa-reactor/exempt",
    "REACTOR_EXEMPT_NAMES": "BedrockAPIKey-*",
    "REACTOR_EXEMPT_PATHS": "/service/,/a?b/",
    "REACTOR_EXEMPT_GROUPS": "Robots",
}
ROLES = ("Deployer", "arn:aws:iam::*:role/teams/*/Ops_*")

OPEN_WRITES = frozenset({"iam:AddUserToGroup"})
CLOSED_READS = frozenset({"sqs:ReceiveMessage"})


def _of(service: str, actions: str) -> frozenset[str]:
    return frozenset(f"{service}:{each}" for each in actions.split())


SEIZE = _of("iam", "CreateRole PassRole UpdateAssumeRolePolicy")
ROLE = (
    SEIZE
    | _of(
        "iam",
        "AttachRolePolicy CreateServiceLinkedRole DeleteRole DeleteRolePermissionsBoundary"
        " DeleteRolePolicy DeleteServiceLinkedRole DetachRolePolicy PutRolePermissionsBoundary"
        " PutRolePolicy TagRole UntagRole UpdateRole UpdateRoleDescription",
    )
    | _of(
        "sts",
        "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity SetContext SetSourceIdentity"
        " TagSession",
    )
    | _of("ec2", "AssociateEnclaveCertificateIamRole DisassociateEnclaveCertificateIamRole")
    | _of("ssm", "UpdateManagedInstanceRole")
)
POLICY = _of(
    "iam",
    "CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion"
    " TagPolicy UntagPolicy",
)
GROUP = _of(
    "iam",
    "AttachGroupPolicy CreateGroup DeleteGroup DeleteGroupPolicy DetachGroupPolicy PutGroupPolicy"
    " RemoveUserFromGroup UpdateGroup",
)
FUNCTION = _of(
    "lambda",
    "AddPermission CreateAlias CreateFunction CreateFunctionUrlConfig DeleteAlias DeleteFunction"
    " DeleteFunctionCodeSigningConfig DeleteFunctionConcurrency DeleteFunctionEventInvokeConfig"
    " DeleteFunctionUrlConfig DeleteResourcePolicy DisableReplication EnableReplication InvokeAsync"
    " InvokeFunction InvokeFunctionUrl PublishVersion PutFunctionCodeSigningConfig"
    " PutFunctionConcurrency PutFunctionEventInvokeConfig PutFunctionRecursionConfig"
    " PutFunctionScalingConfig PutResourcePolicy PutRuntimeManagementConfig RemovePermission"
    " TagResource UntagResource UpdateAlias UpdateFunctionCode UpdateFunctionCodeSigningConfig"
    " UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig UpdateFunctionUrlConfig",
)
VERSION = _of("lambda", "DeleteProvisionedConcurrencyConfig PutProvisionedConcurrencyConfig")
RULE = _of(
    "events",
    "DeleteRule DisableRule EnableRule PutRule PutTargets RemoveTargets TagResource UntagResource",
)
LOG_GROUP = _of(
    "logs",
    "AssociateKmsKey CreateExportTask CreateLogAnomalyDetector CreateLogGroup"
    " DeleteDataProtectionPolicy DeleteLogGroup DeleteMetricFilter DeleteRetentionPolicy"
    " DeleteSubscriptionFilter DeleteSyslogConfiguration DeleteTransformer DisassociateKmsKey"
    " IntegrateWithDataset IntegrateWithS3Table ProcessWithPipeline PutBearerTokenAuthentication"
    " PutDataProtectionPolicy PutLogGroupDeletionProtection PutMetricFilter PutRetentionPolicy"
    " PutSubscriptionFilter PutSyslogConfiguration PutTransformer TagLogGroup TagResource"
    " UntagLogGroup UntagResource",
)
LOG_STREAM = _of("logs", "CreateLogStream DeleteLogStream PutLogEvents")
QUEUE = _of(
    "sqs",
    "AddPermission CancelMessageMoveTask ChangeMessageVisibility CreateQueue DeleteMessage"
    " DeleteQueue PurgeQueue ReceiveMessage RemovePermission SendMessage SetQueueAttributes"
    " StartMessageMoveTask TagQueue UntagQueue",
)
TOPIC = _of(
    "sns",
    "AddPermission ConfirmSubscription CreateTopic DeleteTopic Publish PutDataProtectionPolicy"
    " RemovePermission SetSubscriptionAttributes SetTopicAttributes Subscribe TagResource"
    " Unsubscribe UntagResource",
) | _of("devops-guru", "AddNotificationChannel RemoveNotificationChannel")
ALARM = _of(
    "cloudwatch",
    "DeleteAlarms DisableAlarmActions EnableAlarmActions PutAlarmMuteRule PutCompositeAlarm"
    " PutLogAlarm PutMetricAlarm SetAlarmState TagResource UntagResource",
)
STACK = _of(
    "cloudformation",
    "CancelUpdateStack ContinueUpdateRollback CreateChangeSet CreateStack CreateStackRefactor"
    " DeleteChangeSet DeleteStack ExecuteChangeSet ExecuteStackRefactor RecordHandlerProgress"
    " RollbackStack SetStackPolicy SignalResource TagResource UntagResource UpdateStack"
    " UpdateTerminationProtection",
)
PARAMETER = _of(
    "ssm",
    "AddTagsToResource DeleteParameter DeleteParameters DeleteResourcePolicy LabelParameterVersion"
    " PutParameter PutResourcePolicy RemoveTagsFromResource UnlabelParameterVersion",
)
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """Resources, the context of requests about them, and which actions on each are denied."""

    name: str
    denied: frozenset[str]
    resources: tuple[str, ...]
    context: Mapping[str, str] = field(default_factory=dict)


def _here(service: str, *resources: str) -> tuple[str, ...]:
    """Return resources of a service, the first in our account and region, the rest in another."""
    first, *rest = resources
    return (
        f"arn:aws:{service}:{REGION}:{ACCOUNT}:{first}",
        *(f"arn:aws:{service}:eu-west-1:{OTHER_ACCOUNT}:{each}" for each in rest),
    )


def _iam(*resources: str) -> tuple[str, ...]:
    return tuple(f"{IAM}:{each}" for each in resources)


# What the reactor is made of: whatever is no reading is denied there.
MADE_OF = (
    Case("its roles", ROLE, _iam("role/mfa-reactor-prod-react", "role/mfa-reactor-x/mine")),
    Case(
        "the guard's group, and whatever takes its name",
        GROUP,
        _iam(
            "group/mfa-reactor/MfaReactorGuard", "group/x/MfaReactorGuard", "group/MfaReactorGuard"
        ),
    ),
    Case(
        "the guard, and whatever takes its name",
        POLICY,
        (
            GUARD,
            f"{IAM}:policy/x/MfaReactorGuard",
            f"arn:aws:iam::{OTHER_ACCOUNT}:policy/MfaReactorGuard",
        ),
    ),
    Case(
        "its functions",
        FUNCTION,
        _here("lambda", "function:mfa-reactor-prod-keeper", "function:mfa-reactor-dev-new"),
    ),
    Case(
        "their versions and aliases",
        VERSION,
        _here(
            "lambda", "function:mfa-reactor-prod-keeper:7", "function:mfa-reactor-prod-sweep:live"
        ),
    ),
    Case(
        "its rules",
        RULE,
        _here("events", "rule/mfa-reactor-prod-react-event", "rule/mfa-reactor-dev-sweep-event"),
    ),
    Case(
        "its log groups", LOG_GROUP, _here("logs", "log-group:/aws/lambda/mfa-reactor-prod-react")
    ),
    Case(
        "their streams",
        LOG_STREAM,
        _here("logs", "log-group:/aws/lambda/mfa-reactor-prod-react:log-stream:2026/01/01/[1]ab"),
    ),
    Case("its queues", QUEUE, _here("sqs", "mfa-reactor-prod-failed")),
    Case("its topic", TOPIC, _here("sns", "mfa-reactor-prod-alarms")),
    Case("its alarms", ALARM, _here("cloudwatch", "alarm:mfa-reactor-prod-reported")),
    Case("its stack", STACK, _here("cloudformation", "stack/mfa-reactor-prod-operations/1-2-3")),
    Case("the exemption list", PARAMETER, _here("ssm", "parameter/mfa-reactor/exempt")),
)
CLOSED_IN_PART = (
    Case(
        "the named roles: nobody makes one or gets at one",
        SEIZE,
        _iam(
            "role/Deployer",
            "role/ci/Deployer",
            "role/teams/red/Ops_0123456789abcdef",
        ),
    ),
    Case(
        "users with exempt names and paths",
        _of("iam", "CreateUser UpdateUser"),
        _iam(
            "user/BedrockAPIKey-1", "user/x/y/BedrockAPIKey-1", "user/service/a/bob", "user/a?b/bob"
        ),
    ),
    Case(
        "exempt groups",
        _of("iam", "AddUserToGroup CreateGroup UpdateGroup"),
        _iam("group/Robots", "group/x/Robots"),
    ),
    Case(
        "users, to take the guard off them",
        _of("iam", "DetachUserPolicy"),
        _iam("user/alice", "user/ops/alice"),
        {"iam:PolicyARN": GUARD},
    ),
    Case(
        "groups, to take the guard off them",
        _of("iam", "DetachGroupPolicy"),
        _iam("group/Staff"),
        {"iam:PolicyARN": f"arn:aws:iam::{OTHER_ACCOUNT}:policy/MfaReactorGuard"},
    ),
    *(
        Case(
            f"users, to give them {key}={value}",
            _of("iam", "CreateUser TagUser"),
            _iam("user/alice", "user/ops/alice"),
            {"aws:RequestTag/colour": "blue", f"aws:RequestTag/{key}": value},
        )
        for key, value in (("userType", "Service"), ("USERTYPE", "bOT"), ("team", "Robots"))
    ),
    Case(
        "users, to give them an exempting tag beside another value of another such key",
        _of("iam", "CreateUser TagUser"),
        _iam("user/alice"),
        {"aws:RequestTag/userType": "Human", "aws:RequestTag/team": "robots"},
    ),
    Case(
        "queues and streams that would feed a function of it",
        _of("lambda", "CreateEventSourceMapping"),
        ("*",),
        {"lambda:FunctionArn": f"{FUNCTIONS}:mfa-reactor-prod-react"},
    ),
    Case(
        "mappings that would feed a function of it",
        _of("lambda", "UpdateEventSourceMapping"),
        _here("lambda", "event-source-mapping:1-2-3"),
        {"lambda:FunctionArn": f"{FUNCTIONS}:mfa-reactor-prod-react"},
    ),
)
# What merely looks like it, or is asked for with another policy, tag or function.
OPEN = (
    Case(
        "other roles",
        NOTHING,
        _iam("role/app", "role/ci/mfa-reactor-prod-react", "role/mfa-reactor", "role/Deployer2")
        + _iam("role/Ops_1", "role/crews/red/Ops_1", "role/AppDeployer"),
    ),
    Case("other groups", NOTHING, _iam("group/Staff", "group/NotMfaReactorGuard", "group/Robots2")),
    Case("other policies", NOTHING, _iam("policy/app", "policy/MfaReactorGuard2")),
    Case(
        "other users",
        NOTHING,
        _iam("user/alice", "user/service", "user/services/bob", "user/MyBedrockAPIKey-1")
        + _iam("user/axb/bob", "user/x/service/bob"),
    ),
    Case("other functions", NOTHING, _here("lambda", "function:app", "function:my-mfa-reactor-x")),
    Case("other rules", NOTHING, _here("events", "rule/app", "rule/bus/mfa-reactor-prod-react")),
    Case("other log groups", NOTHING, _here("logs", "log-group:app", "log-group:mfa-reactor-x")),
    Case("other queues", NOTHING, _here("sqs", "app", "mfa-reactor")),
    Case("other topics", NOTHING, _here("sns", "app", "mfa-reactor")),
    Case("other alarms", NOTHING, _here("cloudwatch", "alarm:app", "alarm:mfa-reactor")),
    Case("other stacks", NOTHING, _here("cloudformation", "stack/app/1", "stack/mfa-reactor/1")),
    Case(
        "other parameters",
        NOTHING,
        _here("ssm", "parameter/app", "parameter/mfa-reactor/exempt/x", "parameter/mfa-reactor"),
    ),
    Case(
        "other policies, to detach them",
        NOTHING,
        _iam("user/alice", "group/Staff", "role/app"),
        {"iam:PolicyARN": f"{IAM}:policy/MfaReactorGuard2"},
    ),
    Case("roles, to take the guard off them", NOTHING, _iam("role/app"), {"iam:PolicyARN": GUARD}),
    *(
        Case(
            f"users, to give them {key}={value}",
            NOTHING,
            _iam("user/alice"),
            {f"aws:RequestTag/{key}": value},
        )
        for key, value in (("userType", "Human"), ("team", "Service"), ("type", "Service"))
    ),
    Case(
        "what is no user, to give it an exempting tag",
        NOTHING,
        _iam("role/app", "policy/app", "mfa/alice"),
        {"aws:RequestTag/userType": "Service"},
    ),
    *(
        Case(
            f"{what} that feed other functions",
            NOTHING,
            resources,
            {"lambda:FunctionArn": f"{FUNCTIONS}:app"},
        )
        for what, resources in (
            ("queues and streams", ("*",)),
            ("mappings", _here("lambda", "event-source-mapping:1-2-3")),
        )
    ),
)
CASES = (*MADE_OF, *CLOSED_IN_PART, *OPEN)
