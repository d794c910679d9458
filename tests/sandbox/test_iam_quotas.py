"""How much there may be of each thing."""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.support import GUARD, enable, refused


def test_a_user_has_ten_policies(iam: Any, user: str, name: Any) -> None:
    """The eleventh is LimitExceeded."""
    for _ in range(10):
        arn = iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD)["Policy"]["Arn"]
        iam.attach_user_policy(UserName=user, PolicyArn=arn)
    arn = iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD)["Policy"]["Arn"]
    with refused("LimitExceeded", "PoliciesPerUser: 10"):
        iam.attach_user_policy(UserName=user, PolicyArn=arn)


def test_a_group_has_ten_policies(iam: Any, group: str, name: Any) -> None:
    """The eleventh is LimitExceeded."""
    for _ in range(10):
        arn = iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD)["Policy"]["Arn"]
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)
    arn = iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD)["Policy"]["Arn"]
    with refused("LimitExceeded", "PoliciesPerGroup: 10"):
        iam.attach_group_policy(GroupName=group, PolicyArn=arn)


def test_attaching_a_policy_again_counts_once(iam: Any, user: str, policy: str) -> None:
    """It succeeds, and changes nothing."""
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 1
    iam.detach_user_policy(UserName=user, PolicyArn=policy)
    assert iam.get_policy(PolicyArn=policy)["Policy"]["AttachmentCount"] == 0


def test_a_user_is_in_ten_groups(iam: Any, user: str, name: Any) -> None:
    """The eleventh is LimitExceeded; one it is in already is not."""
    groups = [iam.create_group(GroupName=name("G"))["Group"]["GroupName"] for _ in range(11)]
    for group in groups[:10]:
        iam.add_user_to_group(UserName=user, GroupName=group)
    iam.add_user_to_group(UserName=user, GroupName=groups[0])
    with refused("LimitExceeded", "GroupsPerUser: 10"):
        iam.add_user_to_group(UserName=user, GroupName=groups[10])


def test_a_user_has_eight_mfa_devices(iam: Any, user: str, device: str, name: Any) -> None:
    """The ninth is LimitExceeded."""
    for _ in range(8):
        created = iam.create_virtual_mfa_device(VirtualMFADeviceName=name("D"))
        enable(iam, user, created["VirtualMFADevice"]["SerialNumber"])
    with refused("LimitExceeded", "MFADevicesPerUser: 8"):
        enable(iam, user, device)


def test_a_user_has_two_keys(iam: Any, user: str) -> None:
    """The third is LimitExceeded."""
    iam.create_access_key(UserName=user)
    iam.create_access_key(UserName=user)
    with refused("LimitExceeded", "AccessKeysPerUser: 2"):
        iam.create_access_key(UserName=user)


def test_a_policy_has_6144_characters_without_white_space(iam: Any, name: Any) -> None:
    """White space does not count."""
    actions = [f"s3:{'a' * 90}{number}" for number in range(70)]
    statement = {"Effect": "Deny", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    with refused("LimitExceeded", "PolicySize: 6144"):
        iam.create_policy(PolicyName=name("P"), PolicyDocument=document)
    iam.create_policy(PolicyName=name("P"), PolicyDocument=GUARD + " " * 7000)


def test_a_users_inline_policies_have_2048_characters_in_all(iam: Any, user: str) -> None:
    """The one that makes it more is LimitExceeded."""
    actions = [f"s3:{'a' * 90}{number}" for number in range(15)]
    statement = {"Effect": "Deny", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=user, PolicyName="first", PolicyDocument=document)
    iam.put_user_policy(UserName=user, PolicyName="first", PolicyDocument=document)
    with refused("LimitExceeded"):
        iam.put_user_policy(UserName=user, PolicyName="second", PolicyDocument=document)
