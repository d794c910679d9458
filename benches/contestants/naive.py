"""What Lambdas in blogs do: list the users, and ask about each, one call after the other.

`python -m benches.contestants.naive POLICY_ARN`, against the sandbox that the environment names.
Per user: its tags, devices, password and groups; of who has no device, the attached policies. It
attaches what is not attached. botocore's retries are on their default, as they are there.
"""

import sys
from typing import Any

import boto3

EXEMPT_TAG = {"Key": "userType", "Value": "Service"}
EXEMPT_GROUP = "mfa-exempt"


def main(policy_arn: str) -> None:
    """Look at every user, and attach the policy where it is missing."""
    iam = boto3.client("iam")
    for page in iam.get_paginator("list_users").paginate():
        for user in page["Users"]:
            _look_at(iam, user["UserName"], policy_arn)


def _look_at(iam: Any, user: str, policy_arn: str) -> None:  # noqa: ANN401 - a boto3 client
    tags = iam.list_user_tags(UserName=user)["Tags"]
    devices = iam.list_mfa_devices(UserName=user)["MFADevices"]
    password = _has_password(iam, user)
    groups = [each["GroupName"] for each in iam.list_groups_for_user(UserName=user)["Groups"]]
    print(user, "password" if password else "no password", len(devices))
    if EXEMPT_TAG in tags or EXEMPT_GROUP in groups or devices:
        return
    attached = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    if policy_arn not in [each["PolicyArn"] for each in attached]:
        iam.attach_user_policy(UserName=user, PolicyArn=policy_arn)


def _has_password(iam: Any, user: str) -> bool:  # noqa: ANN401 - a boto3 client
    try:
        iam.get_login_profile(UserName=user)
    except iam.exceptions.NoSuchEntityException:
        return False
    return True


if __name__ == "__main__":
    main(sys.argv[1])
