"""Ways to weaken MFA beyond a user's own policies: groups, names, lists, the guard, the reactor."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.end_to_end.stage import Stage, staged

LIST = "/mfa/exempt"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that puts the guard on everyone but whom a list or a group excuses."""
    settings = {
        "REACTOR_MODE": "enforce",
        "REACTOR_EXEMPT_PARAMETER": LIST,
        "REACTOR_EXEMPT_GROUPS": "break-glass",
        "REACTOR_MAX_REMEDIATIONS": "0",
    }
    with staged(settings) as stage:
        write_list(stage, "listed")
        for group in ("break-glass", "guarded"):
            stage.iam.create_group(GroupName=group)
        stage.new_user("first")  # has the keeper make the guard
        stage.iam.attach_group_policy(GroupName="guarded", PolicyArn=stage.guard)
        yield stage


def write_list(stage: Stage, *names: str) -> None:
    """Write the exemption list."""
    stage.sandbox.client("ssm").put_parameter(
        Name=LIST, Value=",".join(names), Type="StringList", Overwrite=True
    )
    stage.settle()


def only_through_group(stage: Stage, name: str) -> str:
    """Return a new user whom the group's guard covers, and none of its own."""
    stage.new_user(name)
    stage.iam.add_user_to_group(UserName=name, GroupName="guarded")
    stage.settle()
    stage.iam.detach_user_policy(UserName=name, PolicyArn=stage.guard)
    stage.settle()
    assert not stage.is_guarded(name)
    return name


def alarms(stage: Stage, function: str, kind: str) -> list[dict[str, Any]]:
    """Return the alarms of a kind that a function has raised."""
    return [each for each in stage.records(function) if each.get("alarm") == kind]


def test_leaving_a_guarded_group(stage: Stage) -> None:
    """Who leaves the group that carried the guard gets one of its own."""
    user = only_through_group(stage, "leaver")
    stage.iam.remove_user_from_group(UserName=user, GroupName="guarded")
    stage.settle()
    assert stage.is_guarded(user)


def test_a_group_loses_the_guard(stage: Stage) -> None:
    """All its members get one of their own, whatever the brake; the record says who asked."""
    users = [only_through_group(stage, f"member-{number}") for number in range(3)]
    stage.iam.detach_group_policy(GroupName="guarded", PolicyArn=stage.guard)
    stage.settle()
    try:
        assert all(stage.is_guarded(user) for user in users)
        asked = stage.records_of(users[0])[-1]["asked"]
        assert (asked["kind"], asked["name"]) == ("group-members", "guarded")
        (alarm,) = alarms(stage, "watch", "guard-changed")
        assert alarm["trigger"]["event"]["name"] == "DetachGroupPolicy"
    finally:
        stage.iam.attach_group_policy(GroupName="guarded", PolicyArn=stage.guard)


def test_a_new_name_is_no_way_out(stage: Stage) -> None:
    """The guard is detached, and the user renamed before anybody has looked."""
    stage.new_user("before")
    stage.sandbox.control.lose_next_event("DetachUserPolicy")
    stage.iam.detach_user_policy(UserName="before", PolicyArn=stage.guard)
    stage.iam.update_user(UserName="before", NewUserName="after")
    stage.settle()
    assert stage.is_guarded("after")


def test_a_renamed_group_is_no_way_out(stage: Stage) -> None:
    """The group loses the guard, and its name, before anybody has looked."""
    stage.iam.create_group(GroupName="old-name")
    stage.iam.attach_group_policy(GroupName="old-name", PolicyArn=stage.guard)
    stage.new_user("roamer")
    stage.iam.add_user_to_group(UserName="roamer", GroupName="old-name")
    stage.iam.detach_user_policy(UserName="roamer", PolicyArn=stage.guard)
    stage.settle()
    stage.sandbox.control.lose_next_event("DetachGroupPolicy")
    stage.iam.detach_group_policy(GroupName="old-name", PolicyArn=stage.guard)
    stage.iam.update_group(GroupName="old-name", NewGroupName="new-name")
    stage.settle()
    assert stage.is_guarded("roamer")


def test_leaving_an_exempt_group(stage: Stage) -> None:
    """Who is not excused any more is guarded at once."""
    stage.iam.create_user(UserName="rescuer")
    stage.iam.add_user_to_group(UserName="rescuer", GroupName="break-glass")
    stage.settle()
    stage.iam.create_access_key(UserName="rescuer")
    stage.iam.remove_user_from_group(UserName="rescuer", GroupName="break-glass")
    stage.settle()
    assert stage.is_guarded("rescuer")


def test_a_name_leaves_the_list(stage: Stage) -> None:
    """A change of the exemption list has everybody looked at, and is told."""
    stage.new_user("listed")
    assert not stage.is_guarded("listed")
    write_list(stage, "nobody")
    assert stage.is_guarded("listed")
    alarm = alarms(stage, "watch", "exemptions-changed")[-1]
    assert "SandboxAdministrator" in alarm["what"]


def test_the_guard_is_deleted(stage: Stage) -> None:
    """It is made anew, and put back on everyone, though not one detachment was heard of."""
    guard = stage.guard
    holders = stage.iam.list_entities_for_policy(PolicyArn=guard)
    for user in holders["PolicyUsers"]:
        stage.sandbox.control.lose_next_event("DetachUserPolicy")
        stage.iam.detach_user_policy(UserName=user["UserName"], PolicyArn=guard)
    for group in holders["PolicyGroups"]:
        stage.iam.detach_group_policy(GroupName=group["GroupName"], PolicyArn=guard)
        stage.settle()
    for user in stage.iam.list_entities_for_policy(PolicyArn=guard)["PolicyUsers"]:
        stage.sandbox.control.lose_next_event("DetachUserPolicy")
        stage.iam.detach_user_policy(UserName=user["UserName"], PolicyArn=guard)
    stage.iam.delete_policy(PolicyArn=guard)
    stage.settle()
    assert stage.guard == guard
    assert stage.is_guarded("first")
    assert stage.is_guarded("listed")
    assert stage.records("keeper")[-1]["verdict"]["rule"] in {"guard-missing", "guard-in-place"}


def test_somebody_uses_our_role(stage: Stage) -> None:
    """The guard taken off by the reactor's own role is put back, and is an alarm."""
    user = stage.new_user("victim")
    role = stage.iam.get_role(RoleName="mfa-reactor-prod-react")["Role"]["Arn"]
    session = stage.sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="thief")
    keys = session["Credentials"]
    thief = stage.sandbox.client(
        "iam",
        credentials={
            "access_key_id": keys["AccessKeyId"],
            "secret_access_key": keys["SecretAccessKey"],
            "session_token": keys["SessionToken"],
        },
    )
    thief.detach_user_policy(UserName=user, PolicyArn=stage.guard)
    stage.settle()
    assert stage.is_guarded(user)
    (alarm,) = alarms(stage, "react", "guard-taken-off-by-our-role")
    assert alarm["user"] == user
    assert alarm["trigger"]["event"]["caller"].endswith("mfa-reactor-prod-react/thief")


def test_abuse_is_reported(stage: Stage) -> None:
    """A long-term key enrols a device for somebody else, and the watch says so, twice."""
    stage.new_user("mallory")
    stage.new_user("alice")
    key = stage.sandbox.client_for_user("mallory")
    serial = key.create_virtual_mfa_device(VirtualMFADeviceName="x")["VirtualMFADevice"]
    key.enable_mfa_device(
        UserName="alice",
        SerialNumber=serial["SerialNumber"],
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    stage.settle()
    events = [each["trigger"]["event"] for each in alarms(stage, "watch", "device-by-access-key")]
    assert {each["name"] for each in events} == {"CreateVirtualMFADevice", "EnableMFADevice"}
    (alarm,) = alarms(stage, "watch", "write-without-mfa")
    assert "alice" in alarm["what"]


def test_the_reactor_is_switched_off(stage: Stage) -> None:
    """A disabled rule hears nothing; the watch hears of it, and the next sweep finds it."""
    events = stage.sandbox.client("events")
    events.disable_rule(Name="mfa-reactor-prod-review-event")
    stage.settle()
    try:
        names = [
            each["trigger"]["event"]["name"] for each in alarms(stage, "watch", "reactor-changed")
        ]
        assert "DisableRule" in names
        stage.sweep()
        found = alarms(stage, "sweep", "reactor-impaired")
        assert any("mfa-reactor-prod-review-event" in each["what"] for each in found)
    finally:
        events.enable_rule(Name="mfa-reactor-prod-review-event")


def test_the_trail_is_stopped(stage: Stage) -> None:
    """It is the last that a trail logs, and an alarm; the next sweep finds it stopped."""
    cloudtrail = stage.sandbox.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    cloudtrail.stop_logging(Name=trail["Name"])
    stage.settle()
    try:
        (alarm,) = alarms(stage, "watch", "trail-changed")
        assert "SandboxAdministrator" in alarm["what"]
        stage.sweep()
        assert any(each["check"] == "trail" for each in alarms(stage, "sweep", "reactor-impaired"))
    finally:
        cloudtrail.start_logging(Name=trail["Name"])
