"""What the parser makes of each published record, where they are at hand.

The table was written by reading the records, before the parser read them.
"""

from typing import Any

import pytest

from reactor.triggers.cloudtrail import Reading, parse
from tests.fakes.clock import START
from tests.fakes.harness import settings
from tests.unit.recorded import delivered, recorded

RECORDS = recorded()
# Every row that can matter does so under these; one of the recorded parameters is the list.
ALL = settings(
    scope="console",
    lift="compliant",
    exempt_groups="bots",
    exempt_parameter="/credentials/stratus-red-team/credentials-2",
)

# File | who hears it | kind of subject | its name, serial or ARN | claim | calling user
# File | ignored | how the reason begins
# A record without a time in UTC gives no claim. Root's records may carry the account's alias as
# userName: that is no user.
TABLE = """
AddUserToGroup__beats__1 | review | user | Bob | permissions-given | Alice
AddUserToGroup__traildiscover__1 | ignored | the call failed: AccessDenied
AttachGroupPolicy__traildiscover__1 | ignored | the call failed: AccessDenied
AttachUserPolicy__integrations__1 | review | user | pwncloud-backdoor-user | permissions-given | -
AttachUserPolicy__invictus__1 | review | user | malicious-iam-user | permissions-given | bert-jan
AttachUserPolicy__panther__2 | review | user | new-user | permissions-given | -
AttachUserPolicy__panther__5 | review | user | tracy_stone | permissions-given | -
AttachUserPolicy__panther__6 | review | user | tracy_stone | permissions-given | -
AttachUserPolicy__panther__7 | review | user | jacknagz | permissions-given | -
AttachUserPolicy__traildiscover__1 | ignored | the call failed: AccessDenied
ChangePassword__panther__1 | ignored | not an event that can weaken MFA: ChangePassword
ChangePassword__traildiscover__1 | ignored | not an event that can weaken MFA: ChangePassword
ConfigConfigurationItemChange__custodian__1 | ignored | an event of another service: None
ConfigRuleInvocation-ConfigurationItemChangeNotification__awsdocs__1 | ignored | malformed: the event has no detail
ConfigRuleInvocation-ConfigurationItemChangeNotification__custodian__3 | ignored | malformed: the event has no detail
ConfigRuleInvocation-OversizedConfigurationItemChangeNotification__awsdocs__1 | ignored | malformed: the event has no detail
ConfigRuleInvocation-ScheduledNotification__custodian__1 | ignored | malformed: the event has no detail
ConfigRulesComplianceChange__awsconfig__1 | ignored | an event of another service: None
ConfigurationItem-AWS-IAM-User__rdk__1 | ignored | malformed: the event has no detail
CreateAccessKey__invictus__2 | review | user | malicious-iam-user | credential-made | bert-jan
CreateAccessKey__panther__10 | review | root | - | - | -
CreateAccessKey__panther__3 | review | user | jack | - | user1
CreateAccessKey__panther__4 | review | user | jackson | - | user1
CreateAccessKey__panther__5 | ignored | the call failed: LimitExceededException
CreateAccessKey__panther__6 | review | root | - | - | -
CreateAccessKey__panther__7 | review | user | example-user | credential-made | -
CreateAccessKey__panther__8 | review | root | - | - | -
CreateAccessKey__stratus__2 | review | user | malicious-iam-user | credential-made | christophe
CreateAccessKey__traildiscover__1 | ignored | the call failed: AccessDenied
CreateGroup__traildiscover__1 | ignored | not an event that can weaken MFA: CreateGroup
CreateLoginProfile__eb-cloudbuddy__1 | react | user | Cli1 | password-made | CanCreateBuddyAccount
CreateLoginProfile__invictus__1 | react | user | stratus-red-team-login-profile-user | password-made | bert-jan
CreateLoginProfile__stratus__1 | react | user | stratus-red-team-login-profile-user | password-made | christophe
CreatePolicyVersion__traildiscover__1 | ignored | the call failed: AccessDenied
CreatePolicy__eb-react__1 | ignored | not an event that can weaken MFA: CreatePolicy
CreatePolicy__sans504__1 | ignored | not an event that can weaken MFA: CreatePolicy
CreatePolicy__traildiscover__1 | ignored | not an event that can weaken MFA: CreatePolicy
CreateUser__beats__1 | react | user | Bob | user-created | Alice
CreateUser__invictus__1 | react | user | stratus-red-team-nmfalu-gfjyeaypjt | user-created | bert-jan
CreateUser__invictus__2 | react | user | stratus-red-team-backdoor-u-user | user-created | bert-jan
CreateUser__invictus__3 | react | user | malicious-iam-user | user-created | bert-jan
CreateUser__panther__1 | react | user | new-user | user-created | -
CreateUser__panther__2 | react | user | user | user-created | -
CreateUser__panther__3 | react | user | user | user-created | -
CreateUser__panther__5 | react | user | user | user-created | -
CreateUser__panther__8 | react | user | jacknagz | user-created | -
CreateUser__stratus__1 | react | user | malicious-iam-user | user-created | christophe
CreateVirtualMFADevice__beats__1 | ignored | the device belongs to nobody yet
CreateVirtualMFADevice__eb-cloudbuddy__1 | ignored | the device belongs to nobody yet
DeactivateMFADevice__beats__1 | react | user | Alice | device-removed | Alice
DeactivateMFADevice__eb-cloudbuddy__1 | react | user | user1 | device-removed | -
DeleteAccessKey__invictus__1 | ignored | not an event that can weaken MFA: DeleteAccessKey
DeleteAccessKey__invictus__2 | ignored | not an event that can weaken MFA: DeleteAccessKey
DeleteGroupPolicy__panther__1 | nobody | group-members | group | permissions-changed | -
DeleteLoginProfile__invictus__2 | ignored | the call failed: NoSuchEntityException
DeleteLoginProfile__invictus__3 | review | user | stratus-red-team-nmfalu-gfjyeaypjt | - | bert-jan
DeleteLoginProfile__stratus__1 | ignored | the call failed: EntityTemporarilyUnmodifiableException
DeleteLoginProfile__traildiscover__1 | ignored | the call failed: AccessDenied
DeleteParameter__invictus__1 | ignored | the call failed: ThrottlingException
DeleteParameter__invictus__3 | ignored | another parameter than the exemption list
DeletePolicy__invictus__2 | nobody | policy-holders | arn:aws:iam::993772836840:policy/stratus-red-team-ec2lui-policy-wuzemnoeqa | - | bert-jan
DeleteUserPermissionsBoundary__traildiscover__1 | ignored | the call failed: AccessDenied
DeleteUserPolicy__traildiscover__1 | ignored | the call failed: AccessDenied
DeleteUser__beats__1 | ignored | the user is deleted
DeleteUser__invictus__2 | ignored | the user is deleted
DeleteUser__invictus__3 | ignored | the user is deleted
DeleteUser__invictus__4 | ignored | the user is deleted
DeleteVirtualMFADevice__beats__1 | review | mfa-serial | arn:aws:iam::0123456789012:mfa/Alice | device-removed | Alice
DetachUserPolicy__invictus__1 | review | user | malicious-iam-user | policy-detached | bert-jan
EC2InstanceStatechangeNotification__custodian__1 | ignored | an event of another service: None
EnableMFADevice__awsdocs__1 | review | root | - | - | -
EnableMFADevice__eb-cloudbuddy__1 | review | user | user1 | - | -
GetUser__invictus__3 | ignored | not an event that can weaken MFA: GetUser
GetUser__traildiscover__1 | ignored | not an event that can weaken MFA: GetUser
ListMFADevices__invictus__1 | ignored | not an event that can weaken MFA: ListMFADevices
ListMFADevices__invictus__3 | ignored | not an event that can weaken MFA: ListMFADevices
ListVirtualMFADevices__invictus__1 | ignored | not an event that can weaken MFA: ListVirtualMFADevices
ListVirtualMFADevices__invictus__3 | ignored | not an event that can weaken MFA: ListVirtualMFADevices
PutGroupPolicy__traildiscover__1 | ignored | the call failed: AccessDenied
PutParameter__invictus__1 | ignored | another parameter than the exemption list
PutParameter__invictus__2 | ignored | another parameter than the exemption list
PutParameter__invictus__3 | review | every-user | - | - | bert-jan
PutParameter__invictus__6 | ignored | the call failed: ThrottlingException
PutParameter__invictus__7 | ignored | the call failed: ThrottlingException
PutUserPermissionsBoundary__traildiscover__1 | ignored | the call failed: AccessDenied
PutUserPolicy__panther__1 | nobody | user | test-user | permissions-changed | -
PutUserPolicy__panther__2 | nobody | user | compromised_user | permissions-changed | compromised_user
PutUserPolicy__sans504__1 | nobody | user | jmerckle | permissions-changed | jmerckle
RemoveUserFromGroup__beats__1 | react | user | Bob | group-left | Alice
ScheduledEvent__custodian__1 | ignored | malformed: the event has no detail
SetDefaultPolicyVersion__traildiscover__1 | ignored | the call failed: AccessDenied
UpdateAccessKey__traildiscover__1 | ignored | the call failed: AccessDenied
UpdateAccountPasswordPolicy__eb-cloudbuddy__1 | ignored | not an event that can weaken MFA: UpdateAccountPasswordPolicy
UpdateLoginProfile__beats__1 | nobody | user | Bob | - | Alice
UpdateLoginProfile__panther__1 | nobody | user | alice | - | -
UpdateLoginProfile__panther__3 | nobody | user | bob | - | -
UpdateLoginProfile__stratus__1 | nobody | user | stratus-red-team-update-login-profile-user | - | christophe
UpdateUser__splunkdocs__1 | review | user | user_change | user-renamed | example_name
decoy-cloudfront-TagResource__custodian__1 | ignored | an event of another service: cloudfront.amazonaws.com
decoy-ec2-RunInstances__custodian__1 | ignored | an event of another service: ec2.amazonaws.com
decoy-glue-PutResourcePolicy__custodian__1 | ignored | an event of another service: glue.amazonaws.com
decoy-iam-AttachRolePolicy-sqs-sns-body__eb-consoleme__1 | ignored | malformed: the event has no detail
decoy-iam-TagRole__eb-iambic__1 | ignored | not an event that can weaken MFA: TagRole
decoy-s3-CreateBucket__custodian__1 | ignored | an event of another service: s3.amazonaws.com
decoy-signin-CheckMfa__awsdocs__1 | ignored | an event of another service: signin.amazonaws.com
decoy-signin-PasswordUpdated__awsdocs__1 | ignored | an event of another service: signin.amazonaws.com
decoy-ssm-UpdateInstanceInformation-usgov__integrations__1 | ignored | not an event that can weaken MFA: UpdateInstanceInformation
decoy-sso-directory-CreateGroup__traildiscover__1 | ignored | an event of another service: sso-directory.amazonaws.com
decoy-sso-directory-CreateUser__traildiscover__1 | ignored | an event of another service: sso-directory.amazonaws.com
decoy-transfer-CreateUser__traildiscover__1 | ignored | an event of another service: transfer.amazonaws.com
"""  # noqa: E501 - one line a file
ROWS = dict(line.split(" | ", 1) for line in TABLE.strip().splitlines())
EXPECTED = {f"{name}.json": tuple(rest.split(" | ")) for name, rest in ROWS.items()}
AT_HAND = sorted(set(EXPECTED) & set(RECORDS))
CONCERNING = [name for name in AT_HAND if EXPECTED[name][0] != "ignored"]


def read(name: str, account: str | None = None) -> Reading:
    """Parse a record as it would be delivered."""
    return parse(delivered(RECORDS[name]), account=account, received_at=START, settings=ALL)


def account_of(name: str) -> Any:
    """Return whose account a record is of; some publishers' have 13 digits or fewer than 12."""
    payload = delivered(RECORDS[name])
    return payload["account"] or payload["detail"]["recipientAccountId"]


@pytest.mark.skipif(not RECORDS, reason="the published records are not at hand")
def test_every_record_is_in_the_table() -> None:
    """No more, and no fewer."""
    assert set(EXPECTED) == set(RECORDS)
    assert len(TABLE.strip().splitlines()) == len(EXPECTED)


@pytest.mark.parametrize("name", AT_HAND)
def test_outcome(name: str) -> None:
    """Who hears it, whom it concerns, what it claims, who called; or why it concerns nobody."""
    reading = read(name)
    if EXPECTED[name][0] == "ignored":
        assert (reading.causes, reading.heard_by) == ((), ())
        assert str(reading.ignored).startswith(EXPECTED[name][1])
        return
    (cause,) = reading.causes
    subject = cause.subject
    found = (
        " ".join(reading.heard_by) or "nobody",
        subject.kind.value,
        subject.name or subject.serial or subject.arn or "-",
        " ".join(hint.claim for hint in cause.hints) or "-",
        cause.caller_user or "-",
    )
    assert found == EXPECTED[name]
    assert subject.account == account_of(name)


@pytest.mark.parametrize("name", CONCERNING)
def test_event_of_a_cause(name: str) -> None:
    """The record's name, time and caller go along, and its time is the claim's."""
    (cause,) = read(name).causes
    event = cause.trigger.event
    assert event is not None
    assert event.name == name.partition("__")[0]
    assert all(hint.at == event.time for hint in cause.hints)
    assert event.caller


@pytest.mark.parametrize("name", CONCERNING)
def test_other_accounts(name: str) -> None:
    """The same event for another account's reactor concerns nobody."""
    assert str(read(name, "999999999999").ignored).startswith("an event of another account: ")
