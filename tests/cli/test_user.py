"""`mfa-reactor user`: what it takes to help somebody who is locked out, and one deletion."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.exceptions
import pytest

from reactor.guard.document import canonical, guard_document
from reactor.settings import Settings
from tests.cli.conftest import attached

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sandbox import Sandbox
    from tests.cli.command import CommandLine, Result

CODES = {"AuthenticationCode1": "123456", "AuthenticationCode2": "654321"}
PASSWORD = "not a secret 1"
AWS = Path(sys.executable).with_name("aws")
BLANKS = {
    "CODE": "123456",
    "CODE1": "123456",
    "CODE2": "654321",
    "NEW-PASSWORD": "Not a 2nd secret",
}


@pytest.fixture
def guard(command: CommandLine, iam: Any, sandbox: Sandbox) -> str:
    """The guard, as it would be made; its ARN."""
    name = command.environment["REACTOR_GUARD_POLICY"]
    settings = Settings.from_environment({"REACTOR_GUARD_POLICY": name})
    made = iam.create_policy(
        PolicyName=name,
        PolicyDocument=canonical(guard_document("aws", sandbox.account, settings)),
        Tags=[{"Key": "mfa-reactor", "Value": "guard"}],
    )
    return str(made["Policy"]["Arn"])


@pytest.fixture
def guarded(iam: Any, guard: str, new_user: Callable[..., str]) -> Callable[..., str]:
    """Creates users who carry the guard."""

    def create(**arguments: Any) -> str:
        user = new_user(**arguments)
        iam.attach_user_policy(UserName=user, PolicyArn=guard)
        return user

    return create


@pytest.fixture
def device(iam: Any) -> Callable[..., str]:
    """Creates virtual devices of a name; whose they are, if anybody's."""

    def create(name: str, user: str | None = None, path: str = "/") -> str:
        made = iam.create_virtual_mfa_device(VirtualMFADeviceName=name, Path=path)
        serial = str(made["VirtualMFADevice"]["SerialNumber"])
        if user is not None:
            iam.enable_mfa_device(UserName=user, SerialNumber=serial, **CODES)
        return serial

    return create


def unassigned(iam: Any) -> list[str]:
    """The serials of the devices that nobody has."""
    pages = iam.get_paginator("list_virtual_mfa_devices").paginate(AssignmentStatus="Unassigned")
    return [each["SerialNumber"] for page in pages for each in page["VirtualMFADevices"]]


def steps(ran: Result, case: str = "") -> list[dict[str, Any]]:
    """The steps of one case."""
    return [each for each in ran.document["steps"] if each["case"] == case]


def test_all_that_is_known_and_what_to_do(
    command: CommandLine,
    sandbox: Sandbox,
    guarded: Callable[..., str],
    device: Callable[..., str],
    iam: Any,
) -> None:
    """Of a user who has it all: the summary, the facts, and the steps with their commands."""
    user = guarded()
    iam.create_login_profile(UserName=user, Password=PASSWORD, PasswordResetRequired=True)
    sandbox.console_client(user, mfa=False)
    sandbox.client_for_user(user).get_user()
    serial = device(user)
    ran = command("user", user, COLUMNS="200")
    (key,) = iam.list_access_keys(UserName=user)["AccessKeyMetadata"]
    assert (ran.status, ran.stderr) == (0, "")
    for said in (
        f"{user} carries the guard and has no MFA device: it can do nothing but enrol one.",
        "COMPLIANT (guarded): the guard is attached",
        f"{command.environment['REACTOR_GUARD_POLICY']}, attached to the user",
        "UTC; a new one must be set at the next sign-in",
        f"Leftover  {serial}, assigned to nobody",
        f"{key['AccessKeyId']} active, used ",
        "UTC: iam, us-east-1",
        "Groups    0 of 10",
        "Policies  1 of 10 attached",
        "What to do:",
        f"     mfa-reactor user {user} --clear-orphan-device",
        f"{user}: sign in at https://{sandbox.account}.signin.aws.amazon.com/console",
        "you: an administrator, in a session with MFA",
    ):
        assert said in ran.stdout


def test_the_document_has_the_facts_and_the_steps(
    command: CommandLine, guarded: Callable[..., str], guard: str, sandbox: Sandbox
) -> None:
    """With --json: one document."""
    user = guarded(Path="/team/")
    serial = sandbox.control.enrol_passkey(user, "yubikey")
    ran = command("user", user.upper(), "--json")
    assert ran.status == 0
    found = ran.document
    since = found["facts"]["devices"][0].pop("since")
    assert since.endswith("+00:00")
    assert found["steps"]
    assert {**found, "steps": []} == {
        "account": sandbox.account,
        "user": user,
        "verdict": "COMPLIANT",
        "rule": "guarded",
        "reasons": ["the guard is attached"],
        "situation": "passkeys-only",
        "summary": f"{user} has no device that shows codes: its MFA works in the browser only",
        "facts": {
            "arn": f"arn:aws:iam::{sandbox.account}:user/team/{user}",
            "guard": {
                "arn": guard,
                "standing": "ours",
                "binds": True,
                "attached": True,
                "groups": [],
            },
            "password": None,
            "devices": [{"serial": serial, "kind": "passkey"}],
            "leftover_devices": [],
            "keys": [],
            "groups": [],
            "policies": [guard],
            "quotas": {"devices": 8, "groups": 10, "policies": 10},
        },
        "steps": [],
        "errors": [],
    }


def test_the_verdict_is_that_of_check(
    command: CommandLine, new_user: Callable[..., str], guarded: Callable[..., str]
) -> None:
    """So is the exit status, of users in order and of others."""
    for user in (
        new_user(),
        guarded(),
        new_user(Tags=[{"Key": "userType", "Value": "Service"}]),
        new_user(Path="/svc/"),
    ):
        settings = {"REACTOR_EXEMPT_PATHS": "/svc/"}
        ran = command("user", user, "--json", **settings)
        checked = command("check", user, "--json", **settings)
        (verdict,) = checked.document["users"]
        assert {key: ran.document[key] for key in ("user", "verdict", "rule", "reasons")} == {
            key: verdict[key] for key in ("user", "verdict", "rule", "reasons")
        }
        assert ran.status == checked.status


def test_a_guard_through_a_group_is_said_so(
    command: CommandLine, new_user: Callable[..., str], iam: Any, guard: str, name: Any
) -> None:
    """Which group it is: to leave it is another step."""
    user, group = new_user(), name("Staff")
    iam.create_group(GroupName=group)
    iam.attach_group_policy(GroupName=group, PolicyArn=guard)
    iam.add_user_to_group(GroupName=group, UserName=user)
    ran = command("user", user, COLUMNS="160")
    assert f"through its group {group}" in ran.stdout
    assert f"Groups    1 of 10: {group}" in ran.stdout


def test_nobody_of_that_name(command: CommandLine, new_user: Callable[..., str]) -> None:
    """Names like it are suggested; to ask for nobody is no success."""
    user = new_user()
    ran = command("user", f"{user}x", "--json")
    assert (ran.status, ran.document["situation"]) == (1, "no-such-user")
    assert ran.document["facts"] is None
    assert f"mfa-reactor user {user}" in steps(ran)[0]["commands"]
    far = command("user", "q" * 40)
    assert (far.status, "There is no user qqq" in far.stdout) == (1, True)


@pytest.mark.parametrize("word", ("root", "ROOT", "<root_account>"))
def test_root(command: CommandLine, sandbox: Sandbox, word: str) -> None:
    """By the word that everybody says, and the credential report's."""
    ran = command("user", word, "--json")
    assert (ran.status, ran.document["situation"]) == (0, "root")
    assert ran.document["verdict"] == "NOT_APPLICABLE"
    assert ran.document["facts"] == {"mfa": True, "password": True}
    sandbox.control.set_root(mfa=True, password=False, access_keys=False)
    without = command("user", word, COLUMNS="200")
    sandbox.control.set_root(mfa=True, password=True, access_keys=False)
    assert "Allow password recovery" in without.stdout


def test_a_user_may_be_called_root(command: CommandLine, iam: Any) -> None:
    """Then it is this user that is meant; the other word still means the account's."""
    iam.create_user(UserName="Root")
    try:
        assert command("user", "root", "--json").document["situation"] == "not-guarded"
        assert command("user", "<root_account>", "--json").document["situation"] == "root"
    finally:
        iam.delete_user(UserName="Root")


@pytest.mark.parametrize("more", ((), ("--clear-orphan-device", "--yes")), ids=("look", "clear"))
def test_a_name_that_no_user_can_have_is_wrong_use(
    command: CommandLine, more: tuple[str, ...]
) -> None:
    """An ARN or a typing slip is told before AWS is asked."""
    ran = command("user", "arn:aws:iam::123456789012:user/alice", *more)
    assert (ran.status, ran.stdout) == (2, "")
    assert "cannot be the name of an IAM user" in ran.error_line


def test_what_cannot_be_judged_is_one_line(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """An exemption list that is named must exist: whether the user is exempt is not known."""
    ran = command("user", new_user(), "--json", REACTOR_EXEMPT_PARAMETER="/no/such/list")
    assert (ran.status, ran.stdout) == (1, "")
    assert "/no/such/list does not exist" in ran.error_line


def test_a_guard_that_is_not_ours_is_told(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """It binds nobody as the guard, and stands in its place."""
    user, name = new_user(), command.environment["REACTOR_GUARD_POLICY"]
    document = guard_document("aws", "1" * 12, Settings.from_environment({}))
    made = iam.create_policy(PolicyName=name, PolicyDocument=canonical(document))
    arn = made["Policy"]["Arn"]
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    ran = command("user", user, COLUMNS="160")
    assert (ran.status, "but the policy there is not ours" in ran.stdout) == (1, True)
    assert f"the policy {arn} is not ours" in ran.error_line


# The steps, carried out.


@pytest.fixture
def carry_out(sandbox: Sandbox, tmp_path: Path) -> Callable[..., None]:
    """Runs commands as they were given, with the blanks filled in, as the administrator or else."""

    def run(lines: Iterable[str], **variables: str) -> None:
        for line in lines:
            words = [BLANKS.get(word, word) for word in shlex.split(line)]
            assert words[0] == "aws"
            ran = subprocess.run(  # noqa: S603 - commands of our own making, on the sandbox
                [str(AWS), *words[1:]],
                env={**sandbox.environment(), **variables},
                cwd=tmp_path,
                capture_output=True,
                text=True,
                check=False,
            )
            assert ran.returncode == 0, (line, ran.stderr)

    return run


def commands(ran: Result, case: str = "") -> list[str]:
    """The commands of one case."""
    return [line for step in steps(ran, case) for line in step["commands"]]


def test_a_device_is_enrolled_for_a_user_with_keys_only(
    command: CommandLine,
    guarded: Callable[..., str],
    iam: Any,
    carry_out: Callable[..., None],
) -> None:
    """By the administrator; then GetSessionToken takes its codes."""
    user = guarded()
    key = iam.create_access_key(UserName=user)["AccessKey"]
    ran = command("user", user, "--json")
    make, enable, _, session = commands(ran, "if a person needs only the access keys")
    carry_out([make, enable])
    its_own = {
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_SESSION_TOKEN": "",
    }
    carry_out([session], **its_own)
    assert command("user", user, "--json").document["situation"] == "has-device"


def test_a_program_is_exempted_and_freed(
    command: CommandLine,
    guarded: Callable[..., str],
    iam: Any,
    carry_out: Callable[..., None],
) -> None:
    """Nothing is left to do about it."""
    user = guarded()
    iam.create_access_key(UserName=user)
    ran = command("user", user, "--json")
    carry_out(commands(ran, "if it is a program, which cannot have MFA"))
    assert attached(iam, user) == []
    after = command("user", user, "--json")
    assert (after.status, after.document["rule"]) == (0, "exempt")
    assert after.document["situation"] == "not-guarded"


def test_a_user_who_may_set_no_password_keeps_its_own(
    command: CommandLine,
    guarded: Callable[..., str],
    iam: Any,
    carry_out: Callable[..., None],
) -> None:
    """Else the guard would stop it at its first sign-in."""
    user = guarded()
    iam.create_login_profile(UserName=user, Password=PASSWORD, PasswordResetRequired=True)
    settings = {"REACTOR_GUARD_PASSWORD_CHANGE": "false"}
    ran = command("user", user, "--json", **settings)
    assert ran.document["situation"] == "no-device-password-change-denied"
    carry_out(commands(ran))
    assert not iam.get_login_profile(UserName=user)["LoginProfile"]["PasswordResetRequired"]
    assert command("user", user, "--json", **settings).document["situation"] == "no-device"


def test_a_lost_device_leaves_room_for_the_next(
    command: CommandLine,
    guarded: Callable[..., str],
    device: Callable[..., str],
    iam: Any,
    carry_out: Callable[..., None],
) -> None:
    """It is deactivated and deleted, and another of its name can be made."""
    user = guarded()
    iam.create_login_profile(UserName=user, Password=PASSWORD)
    serial = device(user, user)
    ran = command("user", user, "--json")
    carry_out(commands(ran, "if a device is lost"))
    assert command("user", user, "--json").document["situation"] == "no-device"
    assert device(user) == serial


def test_who_has_nothing_to_sign_in_with_gets_a_password(
    command: CommandLine,
    guarded: Callable[..., str],
    carry_out: Callable[..., None],
) -> None:
    """And then only has to enrol."""
    user = guarded()
    carry_out(commands(command("user", user, "--json")))
    assert command("user", user, "--json").document["situation"] == "no-device"


def test_passkeys_and_tokens_are_deactivated_by_their_serials(
    command: CommandLine,
    guarded: Callable[..., str],
    sandbox: Sandbox,
    name: Any,
    carry_out: Callable[..., None],
) -> None:
    """And not deleted: they are no devices of the account's."""
    user = guarded()
    iam = sandbox.client("iam")
    sandbox.control.enrol_passkey(user)
    iam.enable_mfa_device(UserName=user, SerialNumber=name("GAKT1234567"), **CODES)
    ran = command("user", user, "--json")
    assert [each["kind"] for each in ran.document["facts"]["devices"]] == ["hardware", "passkey"]
    carry_out(commands(ran, "if a device is lost"))
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []


# The one deletion.


def test_an_orphan_is_deleted(
    command: CommandLine, new_user: Callable[..., str], device: Callable[..., str], iam: Any
) -> None:
    """By the serial that is listed, whatever the case of the names; others stay."""
    user = new_user()
    orphan, other = device(user.upper()), device(f"{user}-2")
    ran = command("user", user.lower(), "--clear-orphan-device", "--yes")
    assert (ran.status, ran.stdout, ran.stderr) == (0, f"deleted {orphan}\n", "")
    assert orphan not in unassigned(iam)
    assert other in unassigned(iam)


def test_the_document_of_a_deletion(
    command: CommandLine, sandbox: Sandbox, new_user: Callable[..., str], device: Any
) -> None:
    """What is gone."""
    user = new_user()
    orphan = device(user)
    ran = command("user", user, "--clear-orphan-device", "--yes", "--json")
    assert ran.document == {"account": sandbox.account, "user": user, "deleted": [orphan]}


def test_the_deletion_is_asked_for_on_a_terminal(
    command: CommandLine, new_user: Callable[..., str], device: Callable[..., str], iam: Any
) -> None:
    """What is deleted is in the question, and no is no."""
    user = new_user()
    orphan = device(user)
    refused = command.on_terminal("user", user, "--clear-orphan-device", answer="n\n")
    assert (refused.status, orphan in unassigned(iam)) == (1, True)
    assert f"Delete {orphan} in account 123456789012" in " ".join(refused.stderr.split())
    agreed = command.on_terminal("user", user, "--clear-orphan-device", answer="y\n")
    assert (agreed.status, orphan in unassigned(iam)) == (0, False)


def test_without_a_terminal_nothing_is_deleted_unasked(
    command: CommandLine, new_user: Callable[..., str], device: Callable[..., str], iam: Any
) -> None:
    """--yes is the answer of scripts."""
    user = new_user()
    orphan = device(user)
    ran = command("user", user, "--clear-orphan-device")
    assert (ran.status, ran.stdout, orphan in unassigned(iam)) == (2, "", True)
    assert "--yes does it unasked" in ran.error_line


def test_a_device_in_use_is_not_deleted(
    command: CommandLine, new_user: Callable[..., str], device: Callable[..., str], iam: Any
) -> None:
    """Neither the user's own, nor another's under its name."""
    user, other = new_user(), new_user()
    for owner in (user, other):
        serial = device(user, owner)
        ran = command("user", user, "--clear-orphan-device", "--yes")
        assert (ran.status, ran.stdout) == (1, "")
        assert f"{serial} is assigned to {owner}" in ran.error_line
        (held,) = iam.list_mfa_devices(UserName=owner)["MFADevices"]
        assert held["SerialNumber"] == serial
        iam.deactivate_mfa_device(UserName=owner, SerialNumber=serial)
        iam.delete_virtual_mfa_device(SerialNumber=serial)


@pytest.mark.parametrize(
    ("own", "path"),
    (
        pytest.param(False, "/", id="another user's"),
        pytest.param(True, "/team/", id="its own name behind a path"),
    ),
)
def test_what_is_not_in_the_way_is_not_deleted(
    command: CommandLine,
    new_user: Callable[..., str],
    device: Callable[..., str],
    *,
    own: bool,
    path: str,
) -> None:
    """Only the device that a new one of the user's name would stumble over."""
    user, other = new_user(), new_user()
    name = user if own else other
    device(name, path=path)
    ran = command("user", user, "--clear-orphan-device", "--yes")
    assert (ran.status, ran.stdout) == (1, "")
    with pytest.raises(botocore.exceptions.ClientError, match="EntityAlreadyExists"):
        device(name, path=path)
    assert f"there is no unassigned virtual device mfa/{user}" in ran.error_line


@pytest.mark.parametrize("who", ("nobody", "root"))
def test_of_who_is_no_user_nothing_is_deleted(
    command: CommandLine, device: Callable[..., str], iam: Any, name: Any, who: str
) -> None:
    """A user's name is all that makes a device its own."""
    user = name("Nobody") if who == "nobody" else "<root_account>"
    serial = device(user if who == "nobody" else name("root-account-mfa-device"))
    ran = command("user", user, "--clear-orphan-device", "--yes")
    assert (ran.status, ran.stdout, serial in unassigned(iam)) == (1, "", True)
    assert f"there is no user {user}" in ran.error_line


# How it looks.


@pytest.mark.parametrize("columns", ("80", "120"))
def test_only_commands_are_longer_than_a_line(
    command: CommandLine, guarded: Callable[..., str], sandbox: Sandbox, columns: str
) -> None:
    """A command is never broken, so that it can be copied; all else is folded; no colour codes."""
    user = guarded()
    sandbox.client_for_user(user).get_user()
    ran = command("user", user, COLUMNS=columns)
    assert "\x1b" not in ran.stdout
    lines = ran.stdout.splitlines()
    given = [line.strip() for line in lines if line.startswith(("     aws ", "     mfa-reactor "))]
    assert given == [
        line
        for step in command("user", user, "--json").document["steps"]
        for line in step["commands"]
    ]
    assert all(len(line) <= int(columns) for line in lines if line.strip() not in given)


def test_foreign_markup_is_shown_as_it_is(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """A path may hold what rich reads as a colour."""
    path = "/[red]x[/red]/"
    ran = command("user", new_user(Path=path), REACTOR_EXEMPT_PATHS=path, COLUMNS="160")
    assert f"its path {path} is below {path}" in ran.stdout


def test_what_check_does_not_read_takes_seven_calls_and_one_for_each_key(
    command: CommandLine, guarded: Callable[..., str], sandbox: Sandbox
) -> None:
    """However many users and devices the account has, in pages of a thousand."""
    user = guarded()
    sandbox.client_for_user(user)
    reads = {}
    for asked in ("check", "user"):
        sandbox.control.clear_calls()
        command(asked, user, "--json")
        calls = sandbox.control.calls()
        reads[asked] = Counter(call["action"] for call in calls if call["service"] == "iam")
    assert sorted((reads["user"] - reads["check"]).elements()) == [
        "GetAccessKeyLastUsed",
        "GetAccountSummary",
        "GetLoginProfile",
        "GetUser",
        "ListAccessKeys",
        "ListMFADevices",
        "ListVirtualMFADevices",
        "ListVirtualMFADevices",
    ]
