"""Names, ids and renames."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.sandbox.support import CODES, enable, refused


def test_a_user_name_is_unique_without_regard_to_case(iam: Any, user: str) -> None:
    """A second user may not differ in case only."""
    with refused("EntityAlreadyExists"):
        iam.create_user(UserName=user.upper())


def test_a_user_is_found_without_regard_to_case_and_keeps_its_own(iam: Any, user: str) -> None:
    """The case a user was created in is what answers carry."""
    assert iam.get_user(UserName=user.lower())["User"]["UserName"] == user
    assert iam.get_user(UserName=user.upper())["User"]["UserName"] == user


def test_a_user_may_change_its_own_names_case(iam: Any, user: str) -> None:
    """Renaming to the same name in another case is no collision."""
    iam.update_user(UserName=user, NewUserName=user.upper())
    assert iam.get_user(UserName=user)["User"]["UserName"] == user.upper()


def test_a_user_is_not_renamed_to_anothers_name(iam: Any, user: str, name: Any) -> None:
    """Nor to one that differs in case only."""
    other = iam.create_user(UserName=name("Other"))["User"]["UserName"]
    with refused("EntityAlreadyExists"):
        iam.update_user(UserName=user, NewUserName=other.lower())


def test_a_name_that_does_not_exist_cannot_be_renamed(iam: Any, name: Any) -> None:
    """It is NoSuchEntity."""
    with refused("NoSuchEntity"):
        iam.update_user(UserName=name("Nobody"), NewUserName=name("Other"))


@pytest.mark.parametrize("bad", ("with space", "a/b", "x" * 65, "ümlaut"))
def test_a_name_has_64_of_a_few_characters(iam: Any, bad: str) -> None:
    """Others are refused when a user is created."""
    with refused("ValidationError"):
        iam.create_user(UserName=bad)


def test_ids_look_like_those_of_aws(iam: Any, user: str, group: str, policy: str) -> None:
    """A prefix for the kind, then capitals and digits."""
    ids = {
        "AIDA": iam.get_user(UserName=user)["User"]["UserId"],
        "AGPA": iam.get_group(GroupName=group)["Group"]["GroupId"],
        "ANPA": iam.get_policy(PolicyArn=policy)["Policy"]["PolicyId"],
    }
    for prefix, found in ids.items():
        assert re.fullmatch(prefix + "[A-Z2-7]{17}", found)


def test_everything_of_a_users_survives_its_rename(
    iam: Any, user: str, group: str, policy: str, device: str
) -> None:
    """Tags, keys, devices, groups, policies: under the new name."""
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "a"}])
    iam.create_access_key(UserName=user)
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.attach_user_policy(UserName=user, PolicyArn=policy)
    enable(iam, user, device)

    new = f"New-{user}"
    iam.update_user(UserName=user, NewUserName=new, NewPath="/b/")

    assert iam.list_user_tags(UserName=new)["Tags"] == [{"Key": "team", "Value": "a"}]
    assert iam.list_access_keys(UserName=new)["AccessKeyMetadata"][0]["UserName"] == new
    assert iam.list_groups_for_user(UserName=new)["Groups"][0]["GroupName"] == group
    assert iam.list_attached_user_policies(UserName=new)["AttachedPolicies"]
    assert iam.list_mfa_devices(UserName=new)["MFADevices"][0]["UserName"] == new
    assigned = iam.list_virtual_mfa_devices(AssignmentStatus="Assigned")["VirtualMFADevices"]
    holders = {each["SerialNumber"]: each["User"]["Arn"] for each in assigned}
    assert holders[device].endswith(f":user/b/{new}")
    with refused("NoSuchEntity"):
        iam.get_user(UserName=user)


def test_a_new_user_of_an_old_name_starts_without_its_tags(iam: Any, user: str) -> None:
    """They went with the one that was renamed."""
    iam.tag_user(UserName=user, Tags=[{"Key": "team", "Value": "a"}])
    iam.update_user(UserName=user, NewUserName=f"New-{user}")
    iam.create_user(UserName=user)
    assert iam.list_user_tags(UserName=user)["Tags"] == []


def test_a_renamed_users_key_is_still_its_own(sandbox: Any, iam: Any, user: str) -> None:
    """Calls with it mean the user under its new name."""
    its_own = sandbox.client_for_user(user)
    iam.update_user(UserName=user, NewUserName=f"New-{user}")
    assert its_own.get_user()["User"]["UserName"] == f"New-{user}"


def test_a_device_keeps_its_holder_when_the_name_is_taken_again(
    iam: Any, user: str, device: str
) -> None:
    """A user of the old name has nothing of the renamed one's."""
    enable(iam, user, device)
    iam.update_user(UserName=user, NewUserName=f"New-{user}")
    iam.create_user(UserName=user)
    with refused("NoSuchEntity"):
        iam.deactivate_mfa_device(UserName=user, SerialNumber=device)
    with refused("EntityAlreadyExists"):
        iam.enable_mfa_device(UserName=user, SerialNumber=device, **CODES)


def test_a_group_is_moved_without_a_new_name(iam: Any, user: str, group: str, policy: str) -> None:
    """Its members and policies stay, and its ARN has the new path."""
    iam.add_user_to_group(UserName=user, GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=policy)
    iam.update_group(GroupName=group, NewPath="/a/b/")
    found = iam.get_group(GroupName=group)
    assert found["Group"]["Path"] == "/a/b/"
    assert found["Group"]["Arn"].endswith(f":group/a/b/{group}")
    assert [each["UserName"] for each in found["Users"]] == [user]
    assert iam.list_attached_group_policies(GroupName=group)["AttachedPolicies"]


def test_a_group_that_does_not_exist_cannot_be_moved(iam: Any, name: Any) -> None:
    """It is NoSuchEntity."""
    with refused("NoSuchEntity"):
        iam.update_group(GroupName=name("Nobodys"), NewPath="/a/")
