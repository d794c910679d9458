"""`mfa-reactor check`: verdicts, and nothing changed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.conftest import attached

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox import Sandbox
    from tests.cli.command import CommandLine


def test_an_unguarded_user_is_named_with_rule_and_reason(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """The table has the user, the verdict, the rule and why; the status says "not in order"."""
    user = new_user()
    ran = command("check", user)
    assert ran.status == 1
    for said in (user, "NON_COMPLIANT", "must-carry-guard", "not attached"):
        assert said in ran.stdout
    assert "1 user in account 123456789012: 1 NON_COMPLIANT" in ran.stdout
    assert ran.stderr == ""


def test_the_document_has_the_plan(
    command: CommandLine, new_user: Callable[..., str], sandbox: Sandbox
) -> None:
    """With --json, what would be done is there, too."""
    user = new_user()
    ran = command("check", user, "--json")
    guard = f"arn:aws:iam::{sandbox.account}:policy/{command.environment['REACTOR_GUARD_POLICY']}"
    assert ran.document == {
        "account": sandbox.account,
        "mode": "check",
        "users": [
            {
                "user": user,
                "verdict": "NON_COMPLIANT",
                "rule": "must-carry-guard",
                "reasons": ["the guard is not attached, neither to the user nor to a group of it"],
                "plan": [
                    {"action": "keep-guard", "on": {"policy": guard}},
                    {"action": "attach-guard", "on": {"user": user, "policy": guard}},
                ],
            }
        ],
        "counts": {
            "NON_COMPLIANT": 1,
            "INSUFFICIENT_DATA": 0,
            "COMPLIANT": 0,
            "NOT_APPLICABLE": 0,
        },
        "errors": [],
    }


def test_nothing_is_changed_in_enforce_mode_either(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """REACTOR_MODE=enforce is for the functions; check only looks."""
    user = new_user()
    assert command("check", REACTOR_MODE="enforce").status == 1
    assert attached(iam, user) == []


def test_without_names_every_user_is_judged_alike(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """All and one by name give the same verdict, also on users without any credential."""
    users = {new_user(), new_user(Tags=[{"Key": "userType", "Value": "service"}])}
    everyone = command("check", "--json").document["users"]
    named = command("check", *users, "--json").document["users"]
    assert [each for each in everyone if each["user"] in users] == named
    assert [each["verdict"] for each in named] == ["NON_COMPLIANT", "NOT_APPLICABLE"]


def test_all_in_order_is_status_0(command: CommandLine, new_user: Callable[..., str]) -> None:
    """An exempt user is in order."""
    user = new_user(Tags=[{"Key": "userType", "Value": "Service"}])
    ran = command("check", user)
    assert ran.status == 0
    assert "has the tag userType=Service" in ran.stdout


def test_a_name_is_found_without_regard_to_case_and_once(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """IAM's names are unique without regard to case; the answer has IAM's spelling."""
    user = new_user()
    found = command("check", user.upper(), user.lower(), "--json").document["users"]
    assert [each["user"] for each in found] == [user]


def test_a_user_that_does_not_exist_is_said_so(
    command: CommandLine, name: Callable[[str], str]
) -> None:
    """To ask for nobody is no success."""
    ran = command("check", name("Nobody"))
    assert ran.status == 1
    assert "there is no such user" in ran.stdout


def test_a_name_that_no_user_can_have_is_wrong_use(command: CommandLine) -> None:
    """An ARN or a typing slip is told before AWS is asked."""
    ran = command("check", "arn:aws:iam::123456789012:user/alice")
    assert (ran.status, ran.stdout) == (2, "")
    assert "cannot be the name of an IAM user" in ran.error_line


def test_the_settings_of_the_environment_judge(
    command: CommandLine, new_user: Callable[..., str], iam: Any, name: Callable[[str], str]
) -> None:
    """In scope without-mfa a device is enough."""
    user = new_user()
    device = iam.create_virtual_mfa_device(VirtualMFADeviceName=name("Device"))
    serial = device["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(
        UserName=user,
        SerialNumber=serial,
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )
    ran = command("check", user, REACTOR_SCOPE="without-mfa", COLUMNS="160")
    assert ran.status == 0
    assert serial in ran.stdout


def test_what_a_user_may_do_is_named(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """In scope privileged the reason has policy, statement and pattern; of all users alike."""
    user, arn = new_user(), "arn:aws:iam::aws:policy/AdministratorAccess"
    scope = {"REACTOR_SCOPE": "privileged", "REACTOR_DANGEROUS_ACTIONS": "iam:Create*"}
    ran = command("check", user, **scope, COLUMNS="200")
    assert (ran.status, "may do nothing dangerous" in ran.stdout) == (0, True)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    why = "may do iam:Create*: policy AdministratorAccess (attached), statement 1, allows *"
    for names in ((user,), ()):
        ran = command("check", *names, "--json", **scope)
        (found,) = [each for each in ran.document["users"] if each["user"] == user]
        assert (found["verdict"], found["reasons"][1]) == ("NON_COMPLIANT", why)
    ran = command("check", user, **scope, REACTOR_ONLY_CUSTOM_POLICIES="true")
    assert ran.status == 0
    ran = command("check", user, REACTOR_SCOPE="privileged")
    assert (ran.status, "REACTOR_DANGEROUS_ACTIONS" in ran.error_line) == (2, True)
    iam.detach_user_policy(UserName=user, PolicyArn=arn)


def test_a_stage_judges_as_it_is_deployed_and_the_environment_outweighs_it(
    command: CommandLine, new_user: Callable[..., str], tmp_path: Path
) -> None:
    """--stage takes the stage's variables; one that is set here comes first."""
    user = new_user()
    (tmp_path / ".chalice").mkdir()
    config = {
        "environment_variables": {"OTHER": "not ours", "REACTOR_EXEMPT_NAMES": "nobody-*"},
        "stages": {"live": {"environment_variables": {"REACTOR_EXEMPT_NAMES": "user-*"}}},
    }
    (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    here = replace(command, directory=tmp_path)
    assert "its name matches user-*" in here("--stage", "live", "check", user).stdout
    assert here("--stage", "live", "check", user, REACTOR_EXEMPT_NAMES="").status == 1


def test_foreign_markup_is_shown_as_it_is(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """A path may hold what rich reads as a colour; people must see the path."""
    path = "/[red]x[/red]/"
    ran = command("check", new_user(Path=path), REACTOR_EXEMPT_PATHS=path, COLUMNS="160")
    assert ran.status == 0
    assert f"its path {path} is below {path}" in ran.stdout


@pytest.mark.parametrize("columns", ("80", "120"))
def test_a_table_fits_its_width_and_has_no_colour_codes_in_a_pipe(
    command: CommandLine, new_user: Callable[..., str], columns: str
) -> None:
    """The verdict is never broken, and no line is longer than the width."""
    ran = command("check", new_user(), COLUMNS=columns)
    assert "\x1b" not in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= int(columns)


def test_a_missing_exemption_list_stops_it_with_one_line(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """A list that is named must exist: it is not "none"."""
    new_user()
    ran = command("check", "--json", REACTOR_EXEMPT_PARAMETER="/no/such/list")
    assert (ran.status, ran.stdout) == (1, "")
    assert "/no/such/list does not exist" in ran.error_line
    assert "mfa-reactor exempt import" in ran.error_line
