"""The generated pages of the benches are what botocore takes for IAM's answers."""

from typing import Any

import botocore.session
from botocore.parsers import create_parser

from benches.pages import GROUPS, GROUPS_EACH, GUARD, TAGS_EACH, Pages

USERS = 1500
IAM = botocore.session.get_session().get_service_model("iam")


def _call(pages: Pages, action: str, **parameters: str) -> Any:
    status, body = pages.answer({"Action": action, **parameters})
    response = {"body": body, "headers": {}, "status_code": status}
    shape = IAM.operation_model(action).output_shape
    assert shape is not None
    return create_parser("query").parse(response, shape)


def _all(action: str, member: str, **parameters: str) -> tuple[list[Any], int]:
    """Return the members of all pages, and how many pages there were."""
    pages, found, marker, count = Pages(USERS), [], "0", 0
    while marker:
        answer = _call(pages, action, Marker=marker, MaxItems="1000", **parameters)
        found += answer[member]
        count += 1
        marker = answer.get("Marker", "")
        assert answer["IsTruncated"] is bool(marker)
    return found, count


def test_every_user_comes_once_with_its_tags_and_groups() -> None:
    """Two pages of 1,000 items hold groups and users; half the users carry the guard."""
    filters = {"Filter.member.1": "User", "Filter.member.2": "Group"}
    users, pages = _all("GetAccountAuthorizationDetails", "UserDetailList", **filters)
    assert pages == 2
    assert len({each["UserName"] for each in users}) == USERS
    assert {len(each["Tags"]) for each in users} == {TAGS_EACH}
    assert {len(set(each["GroupList"])) for each in users} == {GROUPS_EACH}
    guarded = [each for each in users if each["AttachedManagedPolicies"]]
    assert len(guarded) == USERS // 2
    assert guarded[0]["AttachedManagedPolicies"][0]["PolicyArn"] == GUARD.arn


def test_groups_come_when_they_are_asked_for() -> None:
    """They take room on the pages, as in IAM."""
    filters = {"Filter.member.1": "User", "Filter.member.2": "Group"}
    groups, _ = _all("GetAccountAuthorizationDetails", "GroupDetailList", **filters)
    assert len(groups) == GROUPS
    none, _ = _all(
        "GetAccountAuthorizationDetails", "GroupDetailList", **{"Filter.member.1": "User"}
    )
    assert not none


def test_who_has_no_guard_has_a_virtual_device() -> None:
    """The account is in order: each device names its owner, who is one of the other half."""
    devices, pages = _all("ListVirtualMFADevices", "VirtualMFADevices")
    assert pages == 1
    owners = {each["User"]["UserName"] for each in devices}
    assert owners == {f"user-{number:06}" for number in range(0, USERS, 2)}
    one = _call(Pages(USERS), "ListMFADevices", UserName="user-000002")["MFADevices"]
    assert [each["SerialNumber"] for each in one] == [devices[1]["SerialNumber"]]


def test_the_guard_is_ours() -> None:
    """Its tag is there, and no group carries it."""
    pages = Pages(USERS)
    policy = _call(pages, "GetPolicy", PolicyArn=GUARD.arn)["Policy"]
    assert {each["Key"]: each["Value"] for each in policy["Tags"]} == {"mfa-reactor": "guard"}
    assert _call(pages, "ListEntitiesForPolicy")["PolicyGroups"] == []


def test_what_is_not_there_is_refused_as_iam_does() -> None:
    """Other operations end in NoSuchEntity, and every call is kept with its times."""
    pages = Pages(USERS)
    answer = _call(pages, "GetGroup", GroupName="any")
    assert answer["Error"]["Code"] == "NoSuchEntity"
    assert [each["action"] for each in pages.calls] == ["GetGroup"]
