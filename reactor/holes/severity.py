"""How bad it is that a session without MFA may do something.

critical: take over an identity or another user, disarm the guard or what rests on it, obtain
credentials or MFA without it. high: write anything. medium: read data or secrets. low: list and
describe.

The tables name what the verb of an action does not tell. Which actions there are, and what each
does: the service authorization reference. Which of them lead to other identities: the public lists
of privilege escalations in AWS, which agree on these.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum


class Severity(StrEnum):
    """How bad a hole is, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    def reaches(self, other: "Severity") -> bool:
        """Tell whether this is as bad as the other, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


# Names with spaces between, by service.
Names = Mapping[str, str]

_IDENTITIES: Names = {
    # Credentials, devices, permissions, trust: whoever can write one of these is somebody else.
    "iam": "AcceptDelegationRequest AddClientIDToOpenIDConnectProvider"
    " AddRoleToInstanceProfile AddUserToGroup AttachGroupPolicy AttachRolePolicy AttachUserPolicy"
    " CreateAccessKey CreateLoginProfile CreateOpenIDConnectProvider CreatePolicyVersion"
    " CreateSAMLProvider CreateServiceSpecificCredential CreateVirtualMFADevice"
    " DeactivateMFADevice DeleteGroupPolicy DeletePolicy DeleteRolePermissionsBoundary"
    " DeleteUserPermissionsBoundary DeleteUserPolicy DetachGroupPolicy DetachUserPolicy"
    " EnableMFADevice EnableOrganizationsRootCredentialsManagement"
    " EnableOrganizationsRootSessions PassRole PutGroupPolicy PutRolePermissionsBoundary"
    " PutRolePolicy PutUserPermissionsBoundary PutUserPolicy RemoveUserFromGroup"
    " ResetServiceSpecificCredential SendDelegationToken SetDefaultPolicyVersion TagUser"
    " UpdateAccessKey UpdateAccountEmailAddress UpdateAssumeRolePolicy UpdateLoginProfile"
    " UpdateOpenIDConnectProviderThumbprint UpdateSAMLProvider UpdateServiceSpecificCredential"
    " UpdateUser UploadSSHPublicKey UploadSigningCertificate",
    "sts": "AssumeRole AssumeRoot GetDelegatedAccessToken GetFederationToken GetWebIdentityToken",
    "signin": "AuthorizeOAuth2Access CreateOAuth2Token",
    "cognito-identity": "SetIdentityPoolRoles",
    "identitystore": "CreateGroupMembership CreateUser",
    "organizations": "CreateAccount DetachPolicy DisablePolicyType LeaveOrganization"
    " RemoveAccountFromOrganization UpdatePolicy",
    "rolesanywhere": "CreateProfile CreateTrustAnchor UpdateProfile UpdateTrustAnchor",
    "sso": "AttachManagedPolicyToPermissionSet CreateAccountAssignment CreatePermissionSet"
    " PutInlinePolicyToPermissionSet",
}
_OF_THE_REACTOR: Names = {
    "cloudtrail": "DeleteTrail PutEventSelectors StopLogging UpdateTrail",
    "events": "DeleteRule DisableRule PutRule PutTargets RemoveTargets",
    "lambda": "DeleteFunction PutFunctionConcurrency UpdateFunctionCode"
    " UpdateFunctionConfiguration",
}
_COMPUTE: Names = {
    # Each runs code, or commands, as a role that is already there.
    "bedrock-agentcore": "CreateCodeInterpreter InvokeCodeInterpreter",
    "cloudformation": "CreateChangeSet CreateStack CreateStackSet ExecuteChangeSet UpdateStack",
    "codebuild": "CreateProject StartBuild UpdateProject",
    "datapipeline": "CreatePipeline PutPipelineDefinition",
    "ec2": "AssociateIamInstanceProfile ModifyInstanceAttribute"
    " ReplaceIamInstanceProfileAssociation RunInstances",
    "ec2-instance-connect": "SendSSHPublicKey SendSerialConsoleSSHPublicKey",
    "ecs": "ExecuteCommand RegisterTaskDefinition RunTask UpdateService",
    "eks": "AssociateAccessPolicy CreateAccessEntry",
    "elasticmapreduce": "AddJobFlowSteps RunJobFlow",
    "glue": "CreateDevEndpoint CreateJob StartJobRun UpdateDevEndpoint UpdateJob",
    "lambda": "AddPermission CreateFunction",
    "sagemaker": "CreateNotebookInstance CreatePresignedNotebookInstanceUrl CreateTrainingJob",
    "ssm": "CreateAssociation SendCommand StartAutomationExecution StartSession",
    "states": "CreateStateMachine UpdateStateMachine",
}
_WRITES: Names = {
    "access-analyzer": "DeleteAnalyzer",
    "account": "CloseAccount PutAlternateContact",
    "aws-marketplace": "Subscribe",
    "backup": "DeleteBackupVault DeleteRecoveryPoint PutBackupVaultAccessPolicy",
    "batch": "SubmitJob",
    "bedrock": "InvokeModel",
    "budgets": "ModifyBudget",
    "cloudformation": "DeleteStack",
    "cloudshell": "CreateEnvironment CreateSession",
    "cloudwatch": "DeleteAlarms DisableAlarmActions",
    "codecommit": "GitPush",
    "codepipeline": "UpdatePipeline",
    "cognito-idp": "AdminCreateUser AdminSetUserPassword",
    "config": "DeleteConfigurationRecorder StopConfigurationRecorder",
    "ds": "ResetUserPassword",
    "dynamodb": "DeleteTable ExportTableToPointInTime PutItem UpdateItem",
    "ec2": "AuthorizeSecurityGroupIngress CreateImage CreateKeyPair CreateSnapshot CreateVolume"
    " DeleteFlowLogs DeleteSnapshot DeleteVolume ModifyImageAttribute ModifySnapshotAttribute"
    " PurchaseReservedInstancesOffering StopInstances TerminateInstances",
    "ecr": "PutImage SetRepositoryPolicy",
    "elasticloadbalancing": "ModifyListener",
    "guardduty": "CreateFilter DeleteDetector UpdateDetector",
    "inspector2": "Disable",
    "kms": "CreateGrant DisableKey PutKeyPolicy ScheduleKeyDeletion",
    "lambda": "CreateEventSourceMapping InvokeFunction",
    "logs": "DeleteLogGroup DeleteLogStream PutSubscriptionFilter",
    "macie2": "DisableMacie",
    "organizations": "CloseAccount InviteAccountToOrganization",
    "ram": "CreateResourceShare",
    "rds": "CreateDBSnapshot DeleteDBInstance ModifyDBInstance ModifyDBSnapshotAttribute"
    " StartExportTask",
    "rds-data": "ExecuteStatement",
    "rds-db": "connect",
    "redshift": "GetClusterCredentials",
    "redshift-data": "ExecuteStatement",
    "route53": "ChangeResourceRecordSets",
    "route53domains": "TransferDomainToAnotherAwsAccount",
    "s3": "DeleteBucket DeleteObject PutAccountPublicAccessBlock PutBucketAcl PutBucketPolicy"
    " PutBucketPublicAccessBlock PutLifecycleConfiguration PutObject"
    " PutReplicationConfiguration",
    "savingsplans": "CreateSavingsPlan",
    "secretsmanager": "DeleteSecret PutResourcePolicy PutSecretValue UpdateSecret",
    "securityhub": "DisableSecurityHub",
    "servicequotas": "RequestServiceQuotaIncrease",
    "ses": "SendEmail",
    "sns": "Publish Subscribe",
    "sqs": "DeleteMessage PurgeQueue SendMessage",
    "ssm": "PutParameter",
    "states": "StartExecution",
    "support": "CreateCase",
}
_READS: Names = {
    "athena": "GetQueryResults StartQueryExecution",
    "billing": "GetBillingData",
    "ce": "GetCostAndUsage",
    "cloudtrail": "LookupEvents",
    "codecommit": "GitPull",
    "config": "SelectResourceConfig",
    "dynamodb": "BatchGetItem GetItem Query Scan",
    "ebs": "GetSnapshotBlock",
    "ec2": "GetConsoleOutput GetPasswordData",
    "ecr": "BatchGetImage GetAuthorizationToken",
    "iam": "GetAccountAuthorizationDetails GetCredentialReport",
    "kinesis": "GetRecords",
    "kms": "Decrypt",
    "lambda": "GetFunction",
    "logs": "FilterLogEvents GetLogEvents StartQuery",
    "s3": "GetObject GetObjectVersion",
    "secretsmanager": "BatchGetSecretValue GetSecretValue",
    "sqs": "ReceiveMessage",
    "ssm": "GetParameter GetParameters GetParametersByPath",
    "sts": "DecodeAuthorizationMessage GetServiceBearerToken",
    "support": "DescribeCases",
}
_LOOKS: Names = {
    "cloudformation": "DescribeStacks ListStacks",
    "cloudtrail": "DescribeTrails",
    "dynamodb": "ListTables",
    "ec2": "DescribeInstances DescribeSnapshots",
    "iam": "GenerateCredentialReport GenerateOrganizationsAccessReport"
    " GenerateServiceLastAccessedDetails",
    "kms": "ListKeys",
    "lambda": "ListFunctions",
    "logs": "DescribeLogGroups",
    "organizations": "DescribeOrganization ListAccounts",
    "rds": "DescribeDBInstances",
    "s3": "ListAllMyBuckets ListBucket",
    "secretsmanager": "ListSecrets",
    "ssm": "DescribeParameters",
    "sts": "GetAccessKeyInfo",
    "tag": "GetResources",
}
_LOOKING = ("Describe", "Head", "List", "Simulate")
_READING = (
    "BatchGet", "Decrypt", "Download", "Filter", "Get", "Lookup", "Query", "Read", "Receive",
    "Retrieve", "Scan", "Search", "Select", "View",
)  # fmt: skip


def _entries(severity: Severity, *tables: Names) -> Iterator[tuple[str, Severity]]:
    for table in tables:
        for service, names in table.items():
            for name in names.split():
                yield f"{service}:{name}", severity


NAMED: Mapping[str, Severity] = {
    **dict(_entries(Severity.LOW, _LOOKS)),
    **dict(_entries(Severity.MEDIUM, _READS)),
    **dict(_entries(Severity.HIGH, _WRITES)),
    **dict(_entries(Severity.CRITICAL, _IDENTITIES, _OF_THE_REACTOR, _COMPUTE)),
}


def severity_of(action: str) -> Severity:
    """Return how bad it is that `service:Action` is open; of one not in the tables by its verb."""
    if action in NAMED:
        return NAMED[action]
    service, _, name = action.partition(":")
    if name.startswith(_LOOKING):
        return Severity.LOW
    if name.startswith(_READING):
        # What IAM and STS give are descriptions of users, roles and policies.
        return Severity.LOW if service in {"iam", "sts"} else Severity.MEDIUM
    return Severity.HIGH
