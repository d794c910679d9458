"""reactor.watch on abuse: root's devices, exempting oneself, keys that enrol, no MFA."""

from typing import Any

import pytest

from reactor.errors import FOREIGN_TEXT_LIMIT
from reactor.settings import Settings
from tests.fakes.account import ACCOUNT
from tests.fakes.calls import ADMIN, Identity, happened, kinds, role, root, seen, user

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
ROOT_SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device"
SERVICE_TAG = [{"Key": "USERTYPE", "Value": "service"}]
PADDED = "{}" + " " * 120_000
KEY, CONSOLE, WITH_MFA = user(), user(mfa=False), user(mfa=True)


def heard(action: str, by: Identity, **parameters: Any) -> list[str]:
    """Return the kinds of the alarms that a call to IAM raises."""
    return kinds(happened("iam", action, by, **parameters))


@pytest.mark.parametrize("by", [root(mfa=True), role("deployer")])
def test_roots_device_by_name(by: Identity) -> None:
    """Root's device taken away is an alarm whoever did it, trusted or not."""
    assert heard("DeactivateMFADevice", by, UserName="AWS ROOT USER", SerialNumber=ROOT_SERIAL) == [
        "root-mfa-deactivated"
    ]


def test_roots_device_without_a_name() -> None:
    """A call of root's without a name is about root; a user's is about the user."""
    assert heard("DeactivateMFADevice", root(mfa=True), SerialNumber="GAKT12345678") == [
        "root-mfa-deactivated"
    ]
    assert heard("DeactivateMFADevice", CONSOLE, SerialNumber=SERIAL) == []


def test_roots_device_deleted() -> None:
    """Root deletes its own virtual device: an alarm; a user's device, or not by root: none."""
    assert heard("DeleteVirtualMFADevice", root(mfa=True), SerialNumber=ROOT_SERIAL) == [
        "root-mfa-deactivated"
    ]
    assert heard("DeleteVirtualMFADevice", root(mfa=True), SerialNumber=SERIAL) == []
    assert heard("DeleteVirtualMFADevice", ADMIN, SerialNumber=ROOT_SERIAL) == []


def test_roots_users() -> None:
    """Root deactivating a user's device with MFA is an administrator at work."""
    assert heard("DeactivateMFADevice", root(mfa=True), UserName="al", SerialNumber=SERIAL) == []


@pytest.mark.parametrize(
    ("action", "parameters", "how"),
    [
        ("TagUser", {"Tags": SERVICE_TAG}, "by the tag userType=Service"),
        (
            "TagUser",
            {"Tags": [{"Key": "USERTYPE", "Value": "service"}]},
            "by the tag userType=Service",
        ),
        ("AddUserToGroup", {"GroupName": "Robots"}, "by joining the group Robots"),
        ("AddUserToGroup", {"GroupName": "ROBOTS"}, "by joining the group Robots"),
        ("UpdateUser", {"NewUserName": "SVC-carol"}, "by a name that matches svc-*"),
        ("UpdateUser", {"NewPath": "/service/x/"}, "by a path below /service/"),
    ],
)
def test_self_exemption(action: str, parameters: dict[str, Any], how: str) -> None:
    """A user who exempts itself raises an alarm that says how, with MFA, too."""
    for by in (KEY, WITH_MFA):
        (alarm,) = seen(happened("iam", action, by, UserName="Carol", **parameters)).alarms
        assert alarm.kind == "self-exemption"
        assert alarm.details == {"user": "carol", "how": how, "certain": True}
    assert heard(action, WITH_MFA, UserName="alice", **parameters) == []
    assert heard(action, ADMIN, UserName="carol", **parameters) == []


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("TagUser", {"Tags": [{"Key": "userType", "Value": "Person"}]}),
        ("TagUser", {"Tags": [{"Key": "userType", "Value": "ſervice"}]}),
        ("UntagUser", {"TagKeys": ["userType"]}),
        ("AddUserToGroup", {"GroupName": "people"}),
        ("UpdateUser", {"NewUserName": "carola", "NewPath": "/people/"}),
    ],
)
def test_no_exemption(action: str, parameters: dict[str, Any]) -> None:
    """What a user does to itself that exempts nobody is none."""
    assert heard(action, KEY, UserName="carol", **parameters) == []


@pytest.mark.parametrize("new", ["Robots", "robots"])
def test_group_exempted(new: str) -> None:
    """A user or root who gives a group an exempt name may be in it: an alarm that is not sure."""
    for by, name in ((WITH_MFA, "carol"), (root(mfa=True), None)):
        payload = happened("iam", "UpdateGroup", by, GroupName="people", NewGroupName=new)
        (alarm,) = seen(payload).alarms
        assert alarm.kind == "self-exemption"
        assert "may be a member" in alarm.what
        assert alarm.details == {
            "user": name,
            "group": "people",
            "how": "by its new name Robots",
            "certain": False,
        }


def test_long_names_of_groups() -> None:
    """The longest names fit into the sentence, uncut."""
    long = "G" * 128
    settings = Settings.from_environment({"REACTOR_EXEMPT_GROUPS": long})
    by = user("u" * 64, path=f"/{'p' * 400}/", mfa=True)
    payload = happened("iam", "UpdateGroup", by, GroupName="g" * 128, NewGroupName=long)
    (alarm,) = seen(payload, settings=settings).alarms
    assert len(alarm.what) <= FOREIGN_TEXT_LIMIT


def test_no_group_exempted() -> None:
    """A role is in no group; another name, or a path, exempts nobody."""
    assert heard("UpdateGroup", ADMIN, GroupName="people", NewGroupName="Robots") == []
    assert heard("UpdateGroup", KEY, GroupName="people", NewGroupName="humans") == []
    assert heard("UpdateGroup", KEY, GroupName="people", NewPath="/robots/") == []


@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "carol"}),
        ("EnableMFADevice", {"UserName": "carol", "SerialNumber": SERIAL}),
    ],
)
def test_device_by_access_key(action: str, parameters: dict[str, Any]) -> None:
    """A device made with a long-term key is an alarm; in the console, or by a role, none."""
    assert heard(action, KEY, **parameters) == ["device-by-access-key"]
    assert heard(action, {**root(mfa=False), "accessKeyId": "AKIAROOT"}, **parameters)[0] == (
        "device-by-access-key"
    )
    assert heard(action, CONSOLE, **parameters) == []
    assert heard(action, ADMIN, **parameters) == []


@pytest.mark.parametrize("by", [KEY, CONSOLE, root(mfa=False), user("x", path="/people/")])
@pytest.mark.parametrize(
    ("action", "parameters"),
    [
        ("CreateUser", {}),
        ("CreateLoginProfile", {"Password": "secret"}),
        ("DeactivateMFADevice", {"SerialNumber": SERIAL}),
        ("PutUserPolicy", {"PolicyName": "own", "PolicyDocument": "{}"}),
    ],
)
def test_write_without_mfa(by: Identity, action: str, parameters: dict[str, Any]) -> None:
    """A change of another user without MFA is an alarm that names the user."""
    (alarm,) = seen(happened("iam", action, by, UserName="alice", **parameters)).alarms
    assert (alarm.kind, alarm.details) == ("write-without-mfa", {"user": "alice"})


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(WITH_MFA, id="with MFA"),
        pytest.param(root(mfa=True), id="root with MFA"),
        pytest.param(ADMIN, id="a role, whose session is not judged by MFA"),
        pytest.param(user("alice"), id="the user itself"),
        pytest.param(user("ALICE", mfa=False), id="the user itself in other letters"),
        pytest.param(user("svc-deploy"), id="a user exempt by its name"),
        pytest.param(user("x", path="/service/ci/"), id="a user exempt by its path"),
    ],
)
def test_write_that_is_in_order(by: Identity) -> None:
    """With MFA, by a role, on oneself, or by a service whose key is meant, it is none."""
    assert heard("CreateLoginProfile", by, UserName="alice") == []


def test_a_name_is_no_path() -> None:
    """A user who is called as an exempt path is not below it."""
    assert heard("DeleteUser", user("service"), UserName="alice") == ["write-without-mfa"]


def test_users_of_other_services() -> None:
    """Another service's users are not IAM's."""
    payload = happened("iam", "CreateUser", KEY, UserName="alice")
    elsewhere = {**payload["detail"], "eventSource": "transfer.amazonaws.com"}
    assert kinds({**payload, "source": "aws.transfer", "detail": elsewhere}) == []


def test_a_key_is_no_mfa() -> None:
    """A long-term key counts as without MFA whatever the record says of it."""
    by = {**WITH_MFA, "accessKeyId": "AKIAEXAMPLE"}
    assert heard("DeleteUser", by, UserName="alice") == ["write-without-mfa"]


def test_write_on_what_is_no_user() -> None:
    """Groups, roles and policies are no users; nor is a failed call a change, or a read a write."""
    assert heard("DeleteGroup", KEY, GroupName="people") == []
    assert heard("DeleteAccessKey", KEY, AccessKeyId="AKIA") == []
    assert heard("DeleteUser", KEY, UserName="alice", error=("DeleteConflict", "in use")) == []
    assert heard("GetUser", KEY, UserName="alice") == []


def test_hidden_user() -> None:
    """A policy too large for the record hides whose it is: it may be another's."""
    payload = happened(
        "iam", "PutUserPolicy", KEY, UserName="carol", PolicyName="own", PolicyDocument=PADDED
    )
    (alarm,) = seen(payload).alarms
    assert (alarm.kind, alarm.details) == ("write-without-mfa", {"user": None})
    assert heard("PutGroupPolicy", KEY, GroupName="g", PolicyName="p", PolicyDocument=PADDED) == []


def test_root_on_itself() -> None:
    """What root does to itself is no write on another user."""
    assert heard("EnableMFADevice", root(mfa=False), UserName="AWS ROOT USER") == []
    # The answer gives root a name here, which is no user's (seen in published records).
    answer = {"AccessKey": {"UserName": "Root", "AccessKeyId": "AKIA", "Status": "Active"}}
    assert heard("CreateAccessKey", root(mfa=False), result=answer) == []


def test_two_at_once() -> None:
    """One call can be abuse in two ways, and raises both."""
    assert heard("EnableMFADevice", KEY, UserName="alice", SerialNumber=SERIAL) == [
        "device-by-access-key",
        "write-without-mfa",
    ]
