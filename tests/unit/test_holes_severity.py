"""reactor.holes.severity: how bad it is that an action is open."""

import re

import pytest

from reactor.holes.severity import NAMED, Severity, severity_of


@pytest.mark.parametrize(
    ("action", "severity"),
    [
        # Who can do one of these is somebody else, or has credentials or a device without MFA.
        ("iam:CreateAccessKey", "critical"),
        ("iam:CreateLoginProfile", "critical"),
        ("iam:CreateVirtualMFADevice", "critical"),
        ("iam:EnableMFADevice", "critical"),
        ("iam:DeactivateMFADevice", "critical"),
        ("iam:PassRole", "critical"),
        ("iam:UpdateAssumeRolePolicy", "critical"),
        ("sts:AssumeRole", "critical"),
        ("sts:GetFederationToken", "critical"),
        ("signin:CreateOAuth2Token", "critical"),
        ("ssm:SendCommand", "critical"),
        ("lambda:UpdateFunctionCode", "critical"),
        # These undo the guard, or blind what keeps it.
        ("iam:DetachUserPolicy", "critical"),
        ("iam:RemoveUserFromGroup", "critical"),
        ("iam:CreatePolicyVersion", "critical"),
        ("iam:TagUser", "critical"),
        ("iam:UpdateUser", "critical"),
        ("cloudtrail:StopLogging", "critical"),
        ("events:DisableRule", "critical"),
        # Writes.
        ("iam:CreateUser", "high"),
        ("iam:ResyncMFADevice", "high"),
        ("iam:DeleteVirtualMFADevice", "high"),
        ("iam:ChangePassword", "high"),
        ("kms:ScheduleKeyDeletion", "high"),
        ("redshift:GetClusterCredentials", "high"),
        ("workspaces:RebootWorkspaces", "high"),
        # Reads of data.
        ("secretsmanager:GetSecretValue", "medium"),
        ("s3:GetObject", "medium"),
        ("iam:GetCredentialReport", "medium"),
        ("iam:GetAccountAuthorizationDetails", "medium"),
        ("dynamodb:Scan", "medium"),
        ("workspaces:GetAnything", "medium"),
        # Looks.
        ("iam:ListUsers", "low"),
        ("iam:GetUser", "low"),
        ("iam:SimulatePrincipalPolicy", "low"),
        ("iam:GenerateCredentialReport", "low"),
        ("sts:GetAccessKeyInfo", "low"),
        ("ec2:DescribeInstances", "low"),
        ("workspaces:DescribeWorkspaces", "low"),
    ],
)
def test_severity(action: str, severity: str) -> None:
    """By the tables where they name it, else by its verb."""
    assert severity_of(action) == severity


def test_the_order() -> None:
    """A severity reaches itself and all that is less."""
    assert [each.value for each in Severity] == ["critical", "high", "medium", "low"]
    assert Severity.CRITICAL.reaches(Severity.LOW)
    assert Severity.LOW.reaches(Severity.LOW)
    assert not Severity.LOW.reaches(Severity.MEDIUM)


def test_the_tables_hold_actions() -> None:
    """Each is a service and a name; whether AWS has it, the sandbox's oracle says elsewhere."""
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z0-9]+", action) for action in NAMED)
