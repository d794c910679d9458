"""`mfa-reactor sweep`: what it would mean for people, before anything is enforced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from tests.cli.conftest import attached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox import Sandbox
    from tests.cli.command import CommandLine

ASSUMED_BY_LAMBDA = {
    "Effect": "Allow",
    "Principal": {"Service": "lambda.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@pytest.fixture
def denied(
    sandbox: Sandbox, iam: Any, name: Callable[[str], str]
) -> Iterator[Callable[..., dict[str, str]]]:
    """Makes variables with the credentials of somebody who may do all, but for some actions.

    The sandbox judges functions' roles only, so it is one of those.
    """
    role = name("Operator")

    def credentials(*actions: str) -> dict[str, str]:
        statements = [
            {"Effect": "Allow", "Action": "*", "Resource": "*"},
            {"Effect": "Deny", "Action": list(actions), "Resource": "*"},
        ]
        trust = json.dumps({"Version": "2012-10-17", "Statement": [ASSUMED_BY_LAMBDA]})
        arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        document = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.put_role_policy(RoleName=role, PolicyName="all-but", PolicyDocument=document)
        session = sandbox.client("sts").assume_role(RoleArn=arn, RoleSessionName="operator")
        keys = session["Credentials"]
        return {
            "AWS_ACCESS_KEY_ID": keys["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": keys["SecretAccessKey"],
            "AWS_SESSION_TOKEN": keys["SessionToken"],
        }

    yield credentials
    iam.delete_role_policy(RoleName=role, PolicyName="all-but")
    iam.delete_role(RoleName=role)


@pytest.mark.parametrize("action", ["iam:GenerateCredentialReport", "iam:GetCredentialReport"])
def test_without_the_permission_it_sweeps_all_the_same(
    command: CommandLine,
    new_user: Callable[..., str],
    iam: Any,
    denied: Callable[..., dict[str, str]],
    action: str,
) -> None:
    """The report is a hint: what is not known is said, with the permission that it takes."""
    user = new_user()
    ran = command("sweep", "--enforce", "--yes", **denied(action))
    assert ran.status == 0
    assert "1 changed" in ran.stdout
    said = " ".join(ran.stdout.split())
    assert f"passwords and keys are not known: {action} failed: AccessDenied" in said
    assert f"allow {action} to this role or person" in said
    assert "have a password" not in said
    assert len(attached(iam, user)) == 1


def test_who_waits_is_told_beside_who_does_not(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """By name, in the table and in the document."""
    users = {new_user() for _ in range(3)}
    impact = command("sweep", "--max", "1", "--json").document["impact"]
    assert (len(impact["now"]), len(impact["waiting"])) == (1, 2)
    assert {*impact["now"], *impact["waiting"]} == users
    shown = command("sweep", "--max", "1").stdout
    assert f"by this sweep              1   {impact['now'][0]}" in shown
    assert f"by later ones              2   {impact['waiting'][0]}" in shown


def test_the_most_dangerous_come_first(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """Who may do more, by its own policies or its groups'; not who comes first by name."""
    reader, group_admin, admin = new_user(), new_user(), new_user()
    policies = "arn:aws:iam::aws:policy"
    iam.attach_user_policy(UserName=reader, PolicyArn=f"{policies}/ReadOnlyAccess")
    iam.attach_user_policy(UserName=admin, PolicyArn=f"{policies}/AdministratorAccess")
    iam.create_group(GroupName="Iam-admins")
    iam.attach_group_policy(GroupName="Iam-admins", PolicyArn=f"{policies}/IAMFullAccess")
    iam.add_user_to_group(GroupName="Iam-admins", UserName=group_admin)
    changed = []
    for _ in range(3):
        ran = command("sweep", "--enforce", "--yes", "--max", "1", "--json")
        changed.append(ran.document["impact"]["now"])
    assert changed == [[admin], [group_admin], [reader]]
    iam.remove_user_from_group(GroupName="Iam-admins", UserName=group_admin)
    iam.detach_group_policy(GroupName="Iam-admins", PolicyArn=f"{policies}/IAMFullAccess")
    iam.delete_group(GroupName="Iam-admins")


def test_nobody_concerned_no_impact(command: CommandLine) -> None:
    """An account in order has none to show; the document has the member all the same."""
    assert "Impact" not in command("sweep").stdout
    impact = command("sweep", "--json").document["impact"]
    assert impact["now"] == impact["waiting"] == impact["problems"] == []


def test_of_many_the_first_are_named(command: CommandLine, new_user: Callable[..., str]) -> None:
    """Each has its line above; a reason that they share is said once."""
    users = sorted((new_user() for _ in range(7)), key=str.lower)
    shown = command("sweep", COLUMNS="80").stdout
    said = " ".join(shown.split())
    assert f"would get the guard 7 {', '.join(users[:5])} and 2 more" in said
    assert shown.count("the guard is not attached") == 1
    assert all(f" {user} " in said for user in users)
    assert max(map(len, shown.splitlines())) <= 80


@pytest.fixture
def fresh_report(sandbox: Sandbox) -> Callable[[], None]:
    """Lets the next who asks for the credential report have a new one."""

    def renew() -> None:
        sandbox.client("iam").generate_credential_report()
        sandbox.control.age_credential_report(hours=4)

    return renew


def test_who_has_what_by_the_credential_report(
    command: CommandLine,
    new_user: Callable[..., str],
    iam: Any,
    sandbox: Sandbox,
    fresh_report: Callable[[], None],
) -> None:
    """A person with a password, a service with a key in use, a passkey; and who came later."""
    person, service, modern, idle = (new_user() for _ in range(4))
    iam.create_login_profile(UserName=person, Password="Correct-horse-1")
    key = iam.create_access_key(UserName=service)["AccessKey"]
    _client(sandbox, key).get_caller_identity()
    iam.create_access_key(UserName=idle)
    sandbox.control.enrol_passkey(modern)
    fresh_report()
    impact = command("sweep", "--json").document["impact"]
    late = new_user()
    later = command("sweep", "--json").document["impact"]
    assert impact["with_password"] == [person]
    assert impact["keys_in_use"] == [service]
    assert impact["passkey_only"] == [modern]
    assert (impact["not_in_report"], later["not_in_report"]) == ([], [late])
    assert impact["report_at"] == later["report_at"]
    assert impact["problems"] == []
    shown = " ".join(command("sweep").stdout.split())
    assert "1 user used a key in the 24 hours before the report: service accounts in" in shown
    assert "1 user has passkeys only" in shown
    at = impact["report_at"][:16].replace("T", " ")
    assert f"1 user is not in the report of {at} UTC" in shown


def test_only_who_may_have_passkeys_only_is_asked_for_devices(
    command: CommandLine,
    new_user: Callable[..., str],
    iam: Any,
    sandbox: Sandbox,
    fresh_report: Callable[[], None],
) -> None:
    """Of those who would get the guard and have MFA, those without a virtual device."""
    with_app, _without = new_user(), new_user()
    serial = iam.create_virtual_mfa_device(VirtualMFADeviceName=with_app)
    serial = serial["VirtualMFADevice"]["SerialNumber"]
    codes = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
    iam.enable_mfa_device(UserName=with_app, SerialNumber=serial, **codes)
    modern = new_user()
    sandbox.control.enrol_passkey(modern)
    fresh_report()
    sandbox.control.clear_calls()
    assert command("sweep", "--json").document["impact"]["passkey_only"] == [modern]
    actions = [each["action"] for each in sandbox.control.calls()]
    assert (actions.count("ListVirtualMFADevices"), actions.count("ListMFADevices")) == (1, 1)
    iam.deactivate_mfa_device(UserName=with_app, SerialNumber=serial)
    iam.delete_virtual_mfa_device(SerialNumber=serial)


def test_under_the_brake_of_equals_who_has_a_password_comes_first(
    command: CommandLine,
    new_user: Callable[..., str],
    iam: Any,
    sandbox: Sandbox,
    fresh_report: Callable[[], None],
) -> None:
    """Then who has a key; the report is asked for once, for the order and for the impact."""
    nothing, key, password = new_user(), new_user(), new_user()
    iam.create_access_key(UserName=key)
    iam.create_login_profile(UserName=password, Password="Correct-horse-1")
    fresh_report()
    sandbox.control.clear_calls()
    impact = command("sweep", "--max", "2", "--json").document["impact"]
    assert (impact["now"], impact["waiting"]) == ([key, password], [nothing])
    assert [each["action"] for each in sandbox.control.calls()].count("GetCredentialReport") == 1
    assert command("sweep", "--max", "1", "--json").document["impact"]["now"] == [password]


def _client(sandbox: Sandbox, key: dict[str, str]) -> Any:
    """STS, as the user whose key it is."""
    return boto3.client(
        "sts",
        "us-east-1",
        endpoint_url=sandbox.environment()["AWS_ENDPOINT_URL"],
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
