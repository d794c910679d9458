"""`mfa-reactor guard check`: what a policy leaves open, as the sandbox's oracle judges."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reactor.guard.document import canonical, guard_document
from reactor.holes.severity import NAMED, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.command import CommandLine, Result

from tests.cli.command import PROJECT
from tests.fakes.account import ACCOUNT, DEFAULTS

EXAMPLES = PROJECT / "docs" / "examples"
GUIDE = PROJECT / "docs" / "guard.md"
ELISION = "…"
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
ALL = ("key", "service", "federation", "console")
NOT_CONSOLE = ALL[:3]

Holes = dict[tuple[str, tuple[str, ...]], set[str]]


def but(*actions: str, **members: Any) -> str:
    """Return the document that denies, without MFA, everything but some actions."""
    denial = {"Effect": "Deny", "NotAction": list(actions), "Resource": "*", "Condition": NO_MFA}
    return json.dumps({"Version": "2012-10-17", "Statement": [{**denial, **members}]})


def tight() -> str:
    """Return a document without holes: our own."""
    return canonical(guard_document("aws", ACCOUNT, DEFAULTS))


def holes(ran: Result, *severities: str) -> Holes:
    """Return the actions that are open, by target and sessions, of some severities or all."""
    found: Holes = {}
    for each in ran.document["holes"]:
        if each["severity"] in (severities or tuple(Severity)):
            found.setdefault((each["on"], tuple(each["sessions"])), set()).add(each["action"])
    return found


def iam(*names: str) -> set[str]:
    """Return actions of IAM."""
    return {f"iam:{name}" for name in names}


# Each option's values, and each pair of them (all 48 combinations: tests/unit/test_holes_check.py).
COMBINATIONS = (
    ("console", "true", "", "false", "enrol"),
    ("console", "false", "12", "true", "credentials"),
    ("anywhere", "true", "12", "true", "enrol"),
    ("anywhere", "false", "", "false", "credentials"),
    ("console", "true", "12", "false", "credentials"),
    ("anywhere", "false", "", "true", "enrol"),
)
OPTIONS = ("ENROL", "PASSWORD_CHANGE", "SESSION_HOURS", "SELF_DETACH", "SELF_SERVICE")


@pytest.mark.parametrize("values", COMBINATIONS, ids=" ".join)
def test_our_own_guard_has_no_hole(command: CommandLine, values: tuple[str, ...]) -> None:
    """As `guard show` prints it, judged by the same settings."""
    named = {f"REACTOR_GUARD_{name}": value for name, value in zip(OPTIONS, values, strict=True)}
    document = command("guard", "show", **named)
    ran = command("guard", "check", "-", "--json", stdin=document.stdout, **named)
    assert ran.stderr == ""
    assert holes(ran) == {}
    assert (ran.status, ran.document["ok"]) == (0, True)
    assert ran.document["asked"] > 3000
    assert ("old-mfa" in ran.document["sessions"]) is bool(named["REACTOR_GUARD_SESSION_HOURS"])


USER_GUIDE: Holes = {
    ("a device", NOT_CONSOLE): iam("CreateVirtualMFADevice"),
    ("itself", NOT_CONSOLE): iam("EnableMFADevice", "ResyncMFADevice"),
    ("another user", ALL): iam("EnableMFADevice", "GetUser", "ListMFADevices", "ResyncMFADevice"),
}
TRUSSWORKS: Holes = {
    ("a device", NOT_CONSOLE): iam("CreateVirtualMFADevice"),
    ("a device", ALL): iam("DeleteVirtualMFADevice"),
    ("itself", NOT_CONSOLE): iam("EnableMFADevice", "ResyncMFADevice"),
    ("itself", ALL): iam(
        "CreateLoginProfile",
        "ListAccessKeys",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
    ),
    ("another user", ALL): iam(
        "CreateLoginProfile",
        "EnableMFADevice",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ResyncMFADevice",
    ),
    ("any", ALL): iam("GetAccountSummary", "ListAccountAliases", "ListUsers"),
}
TREK10: Holes = {
    ("a device (named as its user)", ("key", "service")): iam("CreateVirtualMFADevice"),
    ("a device (named as its user)", ("key", "service", "console")): iam("DeleteVirtualMFADevice"),
    ("a device", ("federation",)): iam("CreateVirtualMFADevice", "DeleteVirtualMFADevice"),
    ("itself", NOT_CONSOLE): iam("EnableMFADevice", "ResyncMFADevice"),
    ("itself", ALL): iam(
        "CreateLoginProfile",
        "DeactivateMFADevice",
        "DeleteLoginProfile",
        "GetLoginProfile",
        "UpdateLoginProfile",
    ),
    ("another user", ("federation",)): iam(
        "CreateLoginProfile",
        "DeactivateMFADevice",
        "DeleteLoginProfile",
        "EnableMFADevice",
        "GetLoginProfile",
        "ResyncMFADevice",
        "UpdateLoginProfile",
    ),
    ("another user", ALL): iam("ListMFADevices"),
    ("any", ALL): iam("GetAccountPasswordPolicy", "ListAccountAliases", "ListUsers"),
}
# What the knowledge center's leaves open to everybody; to a service that acts for a key, it is all.
KNOWLEDGE_CENTER: Holes = {
    ("a device", NOT_CONSOLE): iam("CreateVirtualMFADevice"),
    ("a device", ALL): iam("DeleteVirtualMFADevice"),
    ("itself", NOT_CONSOLE): iam("EnableMFADevice", "ResyncMFADevice"),
    ("itself", ALL): iam("ListAccessKeys", "ListSSHPublicKeys", "ListServiceSpecificCredentials"),
    ("another user", ALL): iam(
        "EnableMFADevice",
        "ListAccessKeys",
        "ListMFADevices",
        "ListSSHPublicKeys",
        "ListServiceSpecificCredentials",
        "ResyncMFADevice",
    ),
    ("any", ALL): iam("GetAccountSummary", "ListAccountAliases", "ListUsers"),
}


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        pytest.param("aws-user-guide", USER_GUIDE, id="AWS's user guide"),
        pytest.param("trussworks-terraform", TRUSSWORKS, id="a Terraform module"),
        pytest.param("trek10-blog", TREK10, id="a blog"),
    ],
)
def test_the_guards_people_copy(command: CommandLine, example: str, expected: Holes) -> None:
    """Each leaves open exactly this."""
    ran = command("guard", "check", f"docs/examples/{example}.json", "--json")
    assert (ran.status, ran.stderr) == (1, "")
    assert holes(ran) == expected


def test_the_guard_that_lets_services_through(command: CommandLine) -> None:
    """To a service that acts for a key everything is open, and much to everybody."""
    ran = command("guard", "check", "docs/examples/aws-knowledge-center.json", "--json")
    found = holes(ran)
    by_service = {key: some for key, some in found.items() if key[1] == ("service",)}
    assert {key: some for key, some in found.items() if key not in by_service} == KNOWLEDGE_CENTER
    named = {action.partition(":")[0] for action in NAMED}
    anywhere = by_service["any", ("service",)]
    assert {action.partition(":")[0] for action in anywhere} == named
    assert {whom for whom, _ in by_service} >= {"itself", "another user", "the guard", "any role"}


def test_the_guard_that_leaves_out_iam(command: CommandLine) -> None:
    """All of IAM is open to everybody, on everybody; STS and the other services are not."""
    ran = command("guard", "check", "docs/examples/aws-tutorial-2017.json", "--json")
    found = holes(ran)
    assert {action.partition(":")[0] for some in found.values() for action in some} == {"iam"}
    assert {sessions for _, sessions in found} == {ALL, NOT_CONSOLE}
    # In the console, enrolment of oneself is what is wanted.
    assert {key: some for key, some in found.items() if key[1] == NOT_CONSOLE} == {
        key: some for key, some in USER_GUIDE.items() if key[1] == NOT_CONSOLE
    }
    taken_over = holes(ran, "critical")
    assert taken_over["another user", ALL] >= iam(
        "AttachUserPolicy", "CreateAccessKey", "CreateLoginProfile", "DeactivateMFADevice"
    )
    assert taken_over["itself", ALL] >= iam("AttachUserPolicy", "CreateAccessKey", "TagUser")
    assert taken_over["the guard", ALL] >= iam("CreatePolicyVersion", "SetDefaultPolicyVersion")
    assert taken_over["the guard's group", ALL] >= iam("DetachGroupPolicy", "RemoveUserFromGroup")
    assert taken_over["any role", ALL] >= iam("PassRole", "UpdateAssumeRolePolicy")


def printed(guide: str) -> dict[str, list[str]]:
    """Return what the guide shows of each example's output, without blank lines."""
    blocks: dict[str, list[str]] = {}
    command = "    $ mfa-reactor guard check "
    for line in guide.splitlines():
        if line.startswith(command):
            block = blocks.setdefault(line.removeprefix(command), [])
        elif blocks and line.startswith("    ") and line.strip():
            block.append(line.removeprefix("    "))
    return blocks


def test_the_guide_shows_every_example() -> None:
    """None of them is without its output."""
    names = {str(each.relative_to(PROJECT)) for each in EXAMPLES.glob("*.json")}
    assert set(printed(GUIDE.read_text())) == names


@pytest.mark.parametrize("example", sorted(each.stem for each in EXAMPLES.glob("*.json")))
def test_the_guide_shows_what_is_printed(command: CommandLine, example: str) -> None:
    """Line by line, in order; where it leaves lines out, it says so."""
    path = f"docs/examples/{example}.json"
    ran = command("guard", "check", path, COLUMNS="110")
    lines = iter([line.rstrip() for line in ran.stdout.splitlines() if line.strip()])
    left_out = False
    for shown in printed(GUIDE.read_text())[path]:
        if shown == ELISION:
            left_out = True
        elif left_out:
            assert shown in lines  # goes on to it
            left_out = False
        else:
            assert next(lines) == shown
    assert list(lines) == []


@pytest.fixture
def guard(command: CommandLine, iam: Any) -> Callable[[str], str]:
    """Creates the guard that the command's settings name; returns its ARN."""

    def create(document: str) -> str:
        made = iam.create_policy(
            PolicyName=command.environment["REACTOR_GUARD_POLICY"], PolicyDocument=document
        )
        return str(made["Policy"]["Arn"])

    return create


def test_the_guard_in_the_account(
    command: CommandLine, guard: Callable[[str], str], iam: Any
) -> None:
    """Without an argument; an ARN names any other. It is the default version that is judged."""
    arn = guard(tight())
    for arguments in ((), (arn,)):
        ran = command("guard", "check", *arguments)
        assert (ran.status, ran.stderr) == (0, "")
        assert ran.stdout == f"{arn} in account {ACCOUNT}: no hole\n"
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=but("iam:ListUsers"))
    assert command("guard", "check").status == 0
    version = made["PolicyVersion"]["VersionId"]
    iam.set_default_policy_version(PolicyArn=arn, VersionId=version)
    ran = command("guard", "check", "--json")
    assert (ran.status, ran.document["document"]) == (1, arn)
    assert ran.document["counts"] == {"critical": 0, "high": 0, "medium": 0, "low": 1}
    assert ran.document["holes"] == [
        {"severity": "low", "action": "iam:ListUsers", "on": "any", "sessions": list(ALL)}
    ]


@pytest.mark.parametrize(
    ("limit", "status"),
    [("critical", 0), ("high", 1)],
)
def test_the_exit_status_is_as_bad_as_asked(command: CommandLine, limit: str, status: int) -> None:
    """--fail-on says from where on a hole matters; all are shown anyhow."""
    document = but("iam:ListUsers", "iam:CreateUser")
    ran = command("guard", "check", "-", "--fail-on", limit, stdin=document)
    assert (ran.status, ran.stderr) == (status, "")
    assert "standard input in account 123456789012: 3 holes: 2 high, 1 low" in ran.stdout


@pytest.mark.parametrize("columns", [80, 160])
def test_the_table(command: CommandLine, columns: int) -> None:
    """By severity; actions with the same target and sessions stand together; then the sessions."""
    document = but("iam:ListUsers", "iam:CreateLoginProfile", "iam:DeleteUserPolicy")
    ran = command("guard", "check", "-", stdin=document, COLUMNS=str(columns))
    lines = ran.stdout.splitlines()
    assert max(map(len, lines)) <= columns
    rows = [" ".join(line.split()) for line in lines]
    for row in (
        "critical iam: CreateLoginProfile, DeleteUserPolicy another user all",
        "critical iam: CreateLoginProfile, DeleteUserPolicy itself all",
        "low iam: ListUsers any all",
        "console the console, signed in without MFA",
    ):
        assert row in rows
    assert lines[-1] == "standard input in account 123456789012: 5 holes: 4 critical, 1 low"


def test_old_mfa_is_judged_when_asked(command: CommandLine, tmp_path: Path) -> None:
    """--hours, as the setting does; our own guard without a limit leaves it everything."""
    (tmp_path / "guard.json").write_text(tight())
    ran = command("guard", "check", str(tmp_path / "guard.json"), "--json", "--hours", "12")
    assert {each[1] for each in holes(ran)} == {("old-mfa",)}
    assert ran.document["sessions"]["old-mfa"] == "MFA older than 12 h"


def test_what_depends_on_an_unknown_key_is_said(command: CommandLine) -> None:
    """It is no hole for certain, and not closed; a value of the key makes it the one or other."""
    condition = {**NO_MFA, "NotIpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    check = ("guard", "check", "-")
    document = but("iam:ListVirtualMFADevices", Condition=condition)
    ran = command(*check, stdin=document)
    assert ran.status == 1
    note, counts = ran.stdout.splitlines()
    assert note.startswith("Not judged: 4")
    assert "only under conditions on aws:SourceIp (--context KEY=VALUE gives a value)" in note
    assert counts.endswith(": no hole")
    elsewhere = command(*check, "--context", "aws:SourceIp=198.51.100.7", stdin=document)
    assert (elsewhere.status, elsewhere.stdout) == (0, f"{counts}\n")


def test_what_is_expected_since_the_operator_wants_it_is_said(command: CommandLine) -> None:
    """That keys may enrol is no hole then, and no secret."""
    by_service = {"Effect": "Deny", "Action": "iam:*", "Resource": "*"}
    wanted = json.loads(but("iam:CreateVirtualMFADevice"))
    for condition in (
        {"Bool": {"aws:ViaAWSService": "true"}},
        {"StringNotEquals": {"aws:PrincipalType": "User"}},
    ):
        wanted["Statement"].append({**by_service, "Condition": condition})
    document = json.dumps(wanted)
    ran = command("guard", "check", "-", stdin=document, REACTOR_GUARD_ENROL="anywhere")
    assert ran.status == 0
    assert "REACTOR_GUARD_ENROL=anywhere: " in ran.stdout
    assert "A stolen key can, too." in ran.stdout


def test_a_document_of_another_account_is_told_of(command: CommandLine) -> None:
    """Judged here it is about nobody, which must not look like safety."""
    elsewhere = canonical(guard_document("aws", "210987654321", DEFAULTS))
    ran = command("guard", "check", "-", "--json", stdin=elsewhere)
    assert ran.error_line == (
        "mfa-reactor: standard input is about account 210987654321 and was judged for"
        " 123456789012; --account 210987654321 judges it there"
    )
    there = command("guard", "check", "-", "--json", "--account", "210987654321", stdin=elsewhere)
    assert (there.stderr, there.document["account"]) == ("", "210987654321")


def test_foreign_text_commands_no_terminal(command: CommandLine) -> None:
    """What a document names is shown with its control characters escaped."""
    statement = json.loads(but("iam:GetUser"))["Statement"][0]
    left_out = {**statement, "NotResource": "arn:aws:s3:::a\x1b[31m/*"}
    del left_out["Resource"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement, left_out]})
    ran = command("guard", "check", "-", stdin=document)
    assert "Not asked: what denials leave out as arn:aws:s3:::a\\x1b[31m/*" in ran.stdout
    assert "\x1b" not in ran.stdout


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("not json", "standard input: not JSON", id="no JSON"),
        pytest.param("{}", "standard input: not a policy document: it has no Statement", id="none"),
        pytest.param('{"Statement": [1]}', "no Effect, Allow or Deny", id="no statement"),
        pytest.param(" " * 131_073, "131,073 characters are no policy", id="too long"),
    ],
)
def test_what_is_no_policy_is_wrong_use(outsider: CommandLine, text: str, says: str) -> None:
    """One line says what it lacks; no credentials are asked for."""
    ran = outsider("guard", "check", "-", stdin=text)
    assert (ran.status, ran.stdout) == (2, "")
    assert says in ran.error_line


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param(("no-such-file",), "no-such-file: No such file", id="no file"),
        pytest.param(("arn:aws:iam::1:user/x",), "not the ARN of a managed policy", id="ARN"),
        pytest.param(("-", "--account", "1"), "an account has 12 digits", id="account"),
        pytest.param(("-", "--context", "x"), "it takes KEY=VALUE", id="context"),
        pytest.param(
            ("-", "--context", "aws:multifactorauthpresent=true"),
            "tells the sessions apart",
            id="key",
        ),
        pytest.param(("-", "--hours", "0"), "greater than or equal to 1", id="hours"),
        pytest.param(("-", "--fail-on", "bad"), "'bad'", id="severity"),
    ],
)
def test_what_cannot_be_is_wrong_use(
    outsider: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    """It says what is taken."""
    ran = outsider("guard", "check", *arguments, stdin=but("iam:GetUser"), COLUMNS="200")
    assert (ran.status, ran.stdout) == (2, "")
    assert says in ran.stderr


def test_without_credentials_one_line_says_so(outsider: CommandLine) -> None:
    """The simulator is AWS's."""
    ran = outsider("guard", "check", "-", stdin=but("iam:GetUser"))
    assert (ran.status, ran.stdout) == (1, "")
    assert "there are no AWS credentials" in ran.error_line


def test_a_policy_that_is_not_there(command: CommandLine) -> None:
    """One line says so, and what can be judged instead."""
    for arguments in ((), (f"arn:aws:iam::{ACCOUNT}:policy/NoSuchPolicy",)):
        ran = command("guard", "check", *arguments)
        assert (ran.status, ran.stdout) == (1, "")
        assert "there is no policy arn:aws:iam::123456789012:policy/" in ran.error_line
        assert "guard show" in ran.error_line


def test_a_document_that_the_simulator_refuses(command: CommandLine) -> None:
    """AWS's own words, and what to do."""
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny"}]})
    ran = command("guard", "check", "-", stdin=document)
    assert (ran.status, ran.stdout) == (1, "")
    assert "iam:SimulateCustomPolicy refuses: InvalidInput" in ran.error_line
    assert "mend the policy document" in ran.error_line
