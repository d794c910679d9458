"""Ten ways to weaken the guard or to slip out of it, and each is mended, and recorded.

By whom nothing is denied: an administrator who does not carry the guard itself.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reactor.guard.document import guard_document
from tests.end_to_end.stage import Stage, staged
from tests.fakes.account import DEFAULTS

NAME = "MfaReactorGuard"
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
QUIET = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "s3:X", "Resource": "*"}],
}


@pytest.fixture(scope="module", params=["user", "group"])
def stage(request: pytest.FixtureRequest) -> Iterator[Stage]:
    """A stage whose users carry the guard themselves, and one where they do through its group."""
    with staged({"REACTOR_MODE": "enforce", "REACTOR_GUARD_VIA": request.param}) as stage:
        stage.sweep()
        yield stage


def via(stage: Stage) -> str:
    """Return the regular way of a stage."""
    return stage.settings["REACTOR_GUARD_VIA"]


def only(stage: Stage, way: str) -> None:
    """Leave a test to the stage that it is about."""
    if via(stage) != way:
        pytest.skip(f"is about guards carried by {way}")


def carries(stage: Stage, user: str) -> bool:
    """Tell whether a user carries the very guard, itself or through a group."""
    groups = stage.iam.list_groups_for_user(UserName=user)["Groups"]
    reached = stage.policies(user)
    for group in groups:
        attached = stage.iam.list_attached_group_policies(GroupName=group["GroupName"])
        reached |= {each["PolicyArn"] for each in attached["AttachedPolicies"]}
    return stage.guard in reached


def regular(stage: Stage, user: str) -> bool:
    """Tell whether a user carries the guard in the regular way, and in no other."""
    groups = {each["GroupName"] for each in stage.iam.list_groups_for_user(UserName=user)["Groups"]}
    return (stage.is_guarded(user), NAME in groups) == (via(stage) == "user", via(stage) == "group")


def slip_out(stage: Stage, user: str) -> None:
    """Take the guard off one user, the way it is on."""
    if via(stage) == "user":
        stage.iam.detach_user_policy(UserName=user, PolicyArn=stage.guard)
    else:
        stage.iam.remove_user_from_group(UserName=user, GroupName=NAME)


def slip_out_unheard(stage: Stage, user: str) -> None:
    """Take the guard off one user, by a call whose event is lost."""
    event = "DetachUserPolicy" if via(stage) == "user" else "RemoveUserFromGroup"
    stage.sandbox.control.lose_next_event(event)
    slip_out(stage, user)


def document(stage: Stage) -> Any:
    """Return the document of the guard's default version."""
    version = stage.iam.get_policy(PolicyArn=stage.guard)["Policy"]["DefaultVersionId"]
    found = stage.iam.get_policy_version(PolicyArn=stage.guard, VersionId=version)
    return found["PolicyVersion"]["Document"]


def ours(stage: Stage) -> Any:
    """Return the document that the guard should have."""
    return guard_document("aws", stage.sandbox.account, DEFAULTS)


def policy(stage: Stage, name: str, document: object = QUIET) -> str:
    """Create another policy, and return its ARN."""
    created = stage.iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))
    return str(created["Policy"]["Arn"])


def did(stage: Stage, user: str, function: str = "react") -> set[str]:
    """Return the actions that a function's records tell of a user, as far as they were done."""
    return {
        action["action"]
        for each in stage.records_of(user, function)
        for action in each["actions"]
        if action["outcome"] == "done"
    }


def kept(stage: Stage) -> list[str]:
    """Return the rules by which the keeper has decided so far."""
    return [each["verdict"]["rule"] for each in stage.records("keeper") if "verdict" in each]


def alarms(stage: Stage, kind: str) -> list[dict[str, Any]]:
    """Return the keeper's alarms of a kind."""
    return [each for each in stage.records("keeper") if each.get("alarm") == kind]


def test_1_another_document_becomes_the_default(stage: Stage) -> None:
    """By the event: restored; what stood there is told in an alarm, and in the record."""
    before = len(alarms(stage, "guard-drifted"))
    stage.iam.create_policy_version(
        PolicyArn=stage.guard, PolicyDocument=json.dumps(OPEN), SetAsDefault=True
    )
    stage.settle()
    assert document(stage) == ours(stage)
    told = alarms(stage, "guard-drifted")[before:]
    assert told
    assert all(each["document"] == OPEN for each in told)
    assert "guard-drifted" in kept(stage)


def test_1_or_it_loses_the_tag_by_which_it_is_ours(stage: Stage) -> None:
    """Else nobody could be guarded any more: with our document in it, it gets the tag again."""
    stage.iam.untag_policy(PolicyArn=stage.guard, TagKeys=["mfa-reactor"])
    stage.settle()
    tags = stage.iam.get_policy(PolicyArn=stage.guard)["Policy"]["Tags"]
    assert tags == [{"Key": "mfa-reactor", "Value": "guard"}]
    assert "guard-untagged" in kept(stage)


def test_2_it_is_taken_off_one_user(stage: Stage) -> None:
    """By the event: back on."""
    user = stage.new_user("two")
    slip_out(stage, user)
    stage.settle()
    assert regular(stage, user)
    assert did(stage, user) & {"attach-guard", "join-guard-group"}


def test_3_it_is_taken_off_everybody(stage: Stage) -> None:
    """One after the other: back on each."""
    users = [stage.new_user(f"three-{number}") for number in range(4)]
    for user in users:
        slip_out(stage, user)
    stage.settle()
    assert all(regular(stage, user) for user in users)


def test_4_it_is_deleted(stage: Stage) -> None:
    """It must be off everybody for that: made anew, and put back on everyone."""
    users = [stage.new_user(f"four-{number}") for number in range(3)]
    guard = stage.guard
    holders = stage.iam.list_entities_for_policy(PolicyArn=guard)
    for each in holders["PolicyUsers"]:  # or it is back on before the deletion
        stage.sandbox.control.lose_next_event("DetachUserPolicy")
        stage.iam.detach_user_policy(UserName=each["UserName"], PolicyArn=guard)
    for each in holders["PolicyGroups"]:
        stage.sandbox.control.lose_next_event("DetachGroupPolicy")
        stage.iam.detach_group_policy(GroupName=each["GroupName"], PolicyArn=guard)
    for each in stage.iam.list_policy_versions(PolicyArn=guard)["Versions"]:
        if not each["IsDefaultVersion"]:
            stage.iam.delete_policy_version(PolicyArn=guard, VersionId=each["VersionId"])
    stage.iam.delete_policy(PolicyArn=guard)
    stage.settle()
    assert stage.guard == guard
    assert document(stage) == ours(stage)
    assert all(regular(stage, user) for user in users)
    assert "guard-missing" in kept(stage)


def test_5_a_user_leaves_the_group(stage: Stage) -> None:
    """Back in it; where the event is lost, by the next sweep."""
    only(stage, "group")
    user = stage.new_user("five")
    slip_out_unheard(stage, user)
    stage.settle()
    assert not carries(stage, user)
    stage.sweep()
    assert regular(stage, user)
    assert "join-guard-group" in did(stage, user, "sweep")


def test_6_the_group_is_deleted(stage: Stage) -> None:
    """It must be empty for that: made anew, with everybody in it."""
    only(stage, "group")
    users = [stage.new_user(f"six-{number}") for number in range(3)]
    for each in stage.iam.get_group(GroupName=NAME)["Users"]:
        stage.sandbox.control.lose_next_event("RemoveUserFromGroup")
        stage.iam.remove_user_from_group(UserName=each["UserName"], GroupName=NAME)
    stage.sandbox.control.lose_next_event("DetachGroupPolicy")
    stage.iam.detach_group_policy(GroupName=NAME, PolicyArn=stage.guard)
    stage.iam.delete_group(GroupName=NAME)
    stage.settle()
    assert "guard-group-missing" in kept(stage)
    stage.sweep()
    assert all(regular(stage, user) for user in users)


def test_7_the_guard_is_detached_from_the_group(stage: Stage) -> None:
    """By the event: back on it, in one call for all members."""
    only(stage, "group")
    users = [stage.new_user(f"seven-{number}") for number in range(3)]
    stage.iam.detach_group_policy(GroupName=NAME, PolicyArn=stage.guard)
    stage.settle()
    assert all(regular(stage, user) for user in users)
    assert "guard-group-drifted" in kept(stage)
    assert alarms(stage, "guard-drifted")


def test_7_and_another_policy_is_attached_to_it(stage: Stage) -> None:
    """Everybody in it would have that: it is off again."""
    only(stage, "group")
    wide, tag = policy(stage, "wide", OPEN), "inline"
    stage.iam.attach_group_policy(GroupName=NAME, PolicyArn=wide)
    stage.iam.put_group_policy(GroupName=NAME, PolicyName=tag, PolicyDocument=json.dumps(OPEN))
    stage.settle()
    attached = stage.iam.list_attached_group_policies(GroupName=NAME)["AttachedPolicies"]
    assert {each["PolicyArn"] for each in attached} == {stage.guard}
    assert stage.iam.list_group_policies(GroupName=NAME)["PolicyNames"] == []


def test_8_the_user_is_renamed(stage: Stage) -> None:
    """It keeps what it has; and under its new name the guard comes back, too."""
    user = stage.new_user("eight")
    stage.iam.update_user(UserName=user, NewUserName="eight-renamed")
    stage.settle()
    assert regular(stage, "eight-renamed")
    slip_out(stage, "eight-renamed")
    stage.settle()
    assert regular(stage, "eight-renamed")
    assert stage.records_of("eight-renamed", "review")


def test_9_the_ten_places_are_filled(stage: Stage) -> None:
    """There is no room for it any more: it comes the other way, and moves back with room."""
    user = stage.new_user("nine")
    if via(stage) == "user":
        fillers = [policy(stage, f"filler-{number}") for number in range(10)]
        for arn in fillers[:9]:
            stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
        slip_out_unheard(stage, user)
        stage.iam.attach_user_policy(UserName=user, PolicyArn=fillers[9])
    else:
        fillers = [f"filler-{number}" for number in range(10)]
        for name in fillers:
            stage.iam.create_group(GroupName=name)
        for name in fillers[:9]:
            stage.iam.add_user_to_group(UserName=user, GroupName=name)
        slip_out_unheard(stage, user)
        stage.iam.add_user_to_group(UserName=user, GroupName=fillers[9])
    stage.settle()
    stage.sweep()
    assert carries(stage, user)
    assert not regular(stage, user)
    (why,) = [
        action["why"]
        for each in stage.records_of(user, "sweep")
        for action in each["actions"]
        if action["why"]
    ]
    assert "quota" in why
    assert "instead" in why
    if via(stage) == "user":
        stage.iam.detach_user_policy(UserName=user, PolicyArn=fillers[0])
    else:
        stage.iam.remove_user_from_group(UserName=user, GroupName=fillers[0])
    stage.settle()
    stage.sweep()
    assert regular(stage, user)
    assert not [each for each in stage.records() if "by-our-role" in str(each.get("alarm"))]


def test_10_a_policy_that_looks_like_it(stage: Stage) -> None:
    """A name that has the guard's in it is not the guard: the guard itself comes back."""
    user = stage.new_user("ten")
    lookalike = policy(stage, f"Not{NAME}")
    below = stage.iam.create_policy(
        PolicyName=f"{NAME}2", Path="/team/", PolicyDocument=json.dumps(QUIET)
    )["Policy"]["Arn"]
    for arn in (lookalike, below):
        stage.iam.attach_user_policy(UserName=user, PolicyArn=arn)
    slip_out(stage, user)
    stage.settle()
    assert regular(stage, user)


def test_neither_way_fits(stage: Stage) -> None:
    """It fails for good, with an alarm that names the user and both quotas."""
    user = stage.new_user("eleven")
    slip_out_unheard(stage, user)
    for number in range(10):
        name = f"plenty-{number}"
        stage.iam.create_group(GroupName=name)
        stage.iam.attach_user_policy(UserName=user, PolicyArn=policy(stage, name))
        stage.iam.add_user_to_group(UserName=user, GroupName=name)
    stage.settle()
    stage.sweep()
    assert not carries(stage, user)
    (alarm,) = [
        each
        for each in stage.records("sweep")
        if each.get("alarm") == "permanent-failure" and "neither way" in each["what"]
    ]
    assert user in [each["name"] for each in alarm["sample"]]
    assert "PoliciesPerUser" in alarm["what"]
    assert "GroupsPerUser" in alarm["what"]
