"""Deleting users as the console, the AWS CLI and Terraform do it, while the reactor looks on."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from tests.end_to_end.stage import Stage, staged


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that puts the guard on everyone."""
    with staged({"REACTOR_MODE": "enforce"}) as stage:
        stage.iam.create_group(GroupName="team")
        yield stage


@pytest.fixture
def user(stage: Stage, request: pytest.FixtureRequest) -> str:
    """A guarded user with all that hangs on one: password, key, device, group."""
    name = stage.new_user(f"u-{request.node.name[-20:].strip('_')}")
    stage.iam.create_access_key(UserName=name)
    stage.iam.add_user_to_group(UserName=name, GroupName="team")
    stage.give_device(name)
    assert stage.is_guarded(name)
    return name


def take_credentials(stage: Stage, user: str, *, settle: bool) -> None:
    """Delete password, keys and devices."""
    iam = stage.iam
    pause = stage.settle if settle else lambda: None
    with suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_login_profile(UserName=user)
    pause()
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])
        pause()
    for device in iam.list_mfa_devices(UserName=user)["MFADevices"]:
        iam.deactivate_mfa_device(UserName=user, SerialNumber=device["SerialNumber"])
        iam.delete_virtual_mfa_device(SerialNumber=device["SerialNumber"])
        pause()


def detach_all(stage: Stage, user: str) -> None:
    """Detach every policy."""
    for arn in stage.policies(user):
        stage.iam.detach_user_policy(UserName=user, PolicyArn=arn)


def leave_groups(stage: Stage, user: str) -> None:
    """Leave every group."""
    for group in stage.iam.list_groups_for_user(UserName=user)["Groups"]:
        stage.iam.remove_user_from_group(UserName=user, GroupName=group["GroupName"])


def names(stage: Stage) -> set[str]:
    """Return who is there."""
    return {each["UserName"] for each in stage.iam.list_users()["Users"]}


def test_aws_cli(stage: Stage, user: str) -> None:
    """A person at the AWS CLI, seconds between calls: the first DeleteUser succeeds."""
    take_credentials(stage, user, settle=True)
    detach_all(stage, user)
    stage.settle()
    leave_groups(stage, user)
    stage.settle()
    stage.iam.delete_user(UserName=user)
    stage.settle()
    assert user not in names(stage)
    assert stage.records_of(user)[-1]["verdict"]["rule"] == "being-deleted"


def test_console(stage: Stage, user: str) -> None:
    """The console, all calls in a second and in any order: at worst it is asked once more."""
    detach_all(stage, user)
    take_credentials(stage, user, settle=False)
    leave_groups(stage, user)
    try:
        stage.iam.delete_user(UserName=user)
    except stage.iam.exceptions.DeleteConflictException:
        stage.settle()
        stage.iam.delete_user(UserName=user)
    stage.settle()
    assert user not in names(stage)


def test_terraform(stage: Stage, user: str) -> None:
    """Terraform never detaches what it did not attach: its second DeleteUser succeeds."""
    leave_groups(stage, user)
    take_credentials(stage, user, settle=False)
    with pytest.raises(stage.iam.exceptions.DeleteConflictException):
        stage.iam.delete_user(UserName=user)
    stage.settle()
    stage.iam.delete_user(UserName=user)
    assert user not in names(stage)
    record = next(
        each for each in stage.records_of(user) if each["verdict"]["rule"] == "deletion-blocked"
    )
    assert record["trigger"]["event"]["name"] == "DeleteUser"
    assert [(each["action"], each["outcome"]) for each in record["actions"]] == [
        ("detach-guard", "done")
    ]


def test_a_deletion_that_is_given_up(stage: Stage, user: str) -> None:
    """Whoever gets a credential after all gets the guard back."""
    leave_groups(stage, user)
    take_credentials(stage, user, settle=False)
    with pytest.raises(stage.iam.exceptions.DeleteConflictException):
        stage.iam.delete_user(UserName=user)
    stage.settle()
    assert not stage.is_guarded(user)
    stage.iam.create_access_key(UserName=user)
    stage.settle()
    assert stage.is_guarded(user)


def refused(stage: Stage, user: str) -> dict[str, Any]:
    """Try to delete a user who still has everything; return the record."""
    with pytest.raises(stage.iam.exceptions.DeleteConflictException):
        stage.iam.delete_user(UserName=user)
    stage.settle()
    return stage.records_of(user)[-1]


def test_a_deletion_in_vain_takes_no_guard_off(stage: Stage, user: str) -> None:
    """A failing DeleteUser on a user with credentials is no way to get rid of the guard."""
    record = refused(stage, user)
    assert record["verdict"]["rule"] == "guarded"
    assert record["actions"] == []
    assert stage.is_guarded(user)
