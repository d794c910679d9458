"""`mfa-reactor sweep`: what it would mean for people, before anything is enforced."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

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
