"""`mfa-reactor sweep`: nothing without --enforce, and no more than asked with it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.cli.command import PROJECT
from tests.cli.conftest import attached

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox
    from tests.cli.command import CommandLine, Result


def guard_of(command: CommandLine, sandbox: Sandbox) -> str:
    """The ARN of the test's own guard."""
    return f"arn:aws:iam::{sandbox.account}:policy/{command.environment['REACTOR_GUARD_POLICY']}"


def test_without_enforce_nothing_is_changed_whatever_the_mode(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """Both mode and stage may say enforce: only the option acts."""
    user = new_user()
    ran = command("sweep", REACTOR_MODE="enforce")
    assert ran.status == 1
    assert "attach-guard" in ran.stdout
    assert "Nothing was changed" in ran.stdout
    assert attached(iam, user) == []


def test_enforce_creates_the_guard_and_attaches_it_to_all(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """The operator is the keeper: a missing guard is made with the operator's credentials, once."""
    users = [new_user(), new_user()]
    sandbox.control.clear_calls()
    ran = command("sweep", "--enforce", "--yes", REACTOR_MODE="observe")
    guard = guard_of(command, sandbox)
    assert (ran.status, ran.stderr) == (0, "")
    assert "2 changed, 0 failed" in ran.stdout
    assert [attached(iam, user) for user in users] == [[guard], [guard]]
    policy = iam.get_policy(PolicyArn=guard)["Policy"]
    assert policy["Tags"] == [{"Key": "mfa-reactor", "Value": "guard"}]
    version = iam.get_policy_version(PolicyArn=guard, VersionId=policy["DefaultVersionId"])
    shown = command("guard", "show").document
    assert _document(version["PolicyVersion"]["Document"]) == shown
    actions = [call["action"] for call in sandbox.control.calls()]
    assert actions.count("CreatePolicy") == 1


def test_a_second_sweep_finds_all_in_order(
    command: CommandLine, new_user: Callable[..., str]
) -> None:
    """Enforcing is idempotent."""
    new_user()
    command("sweep", "--enforce", "--yes")
    ran = command("sweep", "--enforce", "--yes", "--json")
    assert ran.status == 0
    assert (ran.document["changed"], ran.document["counts"]["NON_COMPLIANT"]) == (0, 0)


def test_the_document_has_what_became_of_each_action(
    command: CommandLine, new_user: Callable[..., str], sandbox: Sandbox
) -> None:
    """The mode, the outcomes and the brake are in the JSON."""
    user = new_user()
    document = command("sweep", "--enforce", "--yes", "--json").document
    (found,) = (each for each in document["users"] if each["user"] == user)
    assert document["mode"] == "enforce"
    assert (document["changed"], document["waiting"], document["brake"]) == (1, 0, 50)
    assert found["actions"][-1] == {
        "action": "attach-guard",
        "on": {"user": user, "policy": guard_of(command, sandbox)},
        "outcome": "done",
        "why": "",
    }


@pytest.mark.parametrize(
    ("options", "variables"),
    (
        pytest.param(("--max", "1"), {}, id="given here"),
        pytest.param((), {"REACTOR_MAX_REMEDIATIONS": "1"}, id="set in the environment"),
    ),
)
def test_the_brake_says_how_many_wait(
    command: CommandLine,
    new_user: Callable[..., str],
    iam: Any,
    options: tuple[str, ...],
    variables: dict[str, str],
) -> None:
    """One is changed, two wait, and the status says that it is not all done."""
    users = [new_user() for _ in range(3)]
    ran = command("sweep", "--enforce", "--yes", *options, **variables)
    assert ran.status == 1
    assert "2 wait: a sweep changes 1 at most" in ran.stdout
    assert sum(len(attached(iam, user)) for user in users) == 1


def test_max_0_is_no_brake(command: CommandLine, new_user: Callable[..., str]) -> None:
    """The option outweighs the setting."""
    for _ in range(2):
        new_user()
    ran = command("sweep", "--enforce", "--yes", "--max", "0", REACTOR_MAX_REMEDIATIONS="1")
    assert ran.status == 0
    assert "2 changed" in ran.stdout


def test_a_guard_that_is_not_ours_is_attached_to_nobody(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """A policy without our tag is refused, with a word on how to adopt it."""
    iam.create_policy(
        PolicyName=command.environment["REACTOR_GUARD_POLICY"],
        PolicyDocument=json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}],
            }
        ),
    )
    user = new_user()
    ran = command("sweep", "--enforce", "--yes")
    assert ran.status == 1
    assert "is not ours" in ran.error_line
    assert "mfa-reactor guard apply --adopt" in ran.error_line
    assert attached(iam, user) == []


def test_without_a_terminal_it_does_not_enforce_unasked(
    command: CommandLine, new_user: Callable[..., str], iam: Any
) -> None:
    """A script must say --yes; it is refused before AWS is asked anything."""
    user = new_user()
    ran = command("sweep", "--enforce")
    assert (ran.status, ran.stdout) == (2, "")
    assert "--yes" in ran.error_line
    assert attached(iam, user) == []


def test_on_a_terminal_it_asks_once_and_no_is_no(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """When all is shown that would be done, the question says how many and where."""
    users = [new_user(), new_user(), new_user()]
    ran = command.on_terminal("sweep", "--enforce", "--max", "2", answer="n\n")
    assert ran.status == 1
    asked = f"Put the guard on 2 users of account {sandbox.account}? [y/N]"
    assert ran.stderr.count(asked) == 1
    assert "nothing was changed" in ran.stderr
    assert all(user in ran.stdout for user in users)
    assert "scope everyone, exempt by tag" in ran.stdout
    assert "1 wait: a sweep changes 2 at most" in ran.stdout
    assert [attached(iam, user) for user in users] == [[], [], []]


def test_on_a_terminal_yes_is_yes_and_progress_stays_off_standard_output(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """The bar, and what consent is asked for, are on standard error: the document can be piped."""
    user = new_user()
    ran: Result = command.on_terminal("sweep", "--enforce", "--json", answer="y\n")
    assert ran.status == 0
    assert ran.document["changed"] == 1
    assert "settling users" in ran.stderr
    before, _, _ = ran.stderr.partition("Put the guard on 1 user of account")
    assert "would get the guard" in before
    assert attached(iam, user) == [guard_of(command, sandbox)]


def test_consent_is_for_those_who_were_shown(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """Who comes while somebody thinks about it is left to the next sweep; who is gone, is gone."""
    stays, leaves = new_user(), new_user()
    late: list[str] = []

    def meanwhile() -> None:
        late.append(new_user())
        iam.delete_user(UserName=leaves)

    ran = command.on_terminal("sweep", "--enforce", answer="y\n", before_answer=meanwhile)
    assert "Put the guard on 2 users" in ran.stderr
    assert "1 changed, 0 failed" in ran.stdout
    assert attached(iam, stays) == [guard_of(command, sandbox)]
    assert attached(iam, late[0]) == []
    iam.create_user(UserName=leaves)  # for the fixture to take away


def test_who_renames_itself_meanwhile_is_still_meant(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """Consent was for the user, whatever its name: it is changed, and shown by the new one."""
    user = new_user()
    renamed = f"{user}-renamed"

    def meanwhile() -> None:
        iam.update_user(UserName=user, NewUserName=renamed)

    ran = command.on_terminal("sweep", "--enforce", answer="y\n", before_answer=meanwhile)
    assert (ran.status, "1 changed, 0 failed" in ran.stdout) == (0, True)
    assert attached(iam, renamed) == [guard_of(command, sandbox)]
    iam.update_user(UserName=renamed, NewUserName=user)  # for the fixture to take away


# The command, with looks that are acted on for two seconds only.
IMPATIENT = "import reactor.sweeps.sweeper as s; s.LOOK_SECONDS = 2; from reactor.cli import main; "


def test_what_was_read_is_not_acted_on_for_long(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """It looks again for those it had no time for, under one brake, and tells of each once."""
    users = [new_user() for _ in range(16)]  # a dozen are under way at once
    command("guard", "apply", "--yes")
    sandbox.control.clear_calls()
    ran = subprocess.run(  # noqa: S603 - our own module
        [
            *(sys.executable, "-c", f"{IMPATIENT}main()"),
            *("sweep", "--enforce", "--yes", "--max", "16", "--json"),
        ],
        cwd=PROJECT,
        env={**command.environment, "REACTOR_SWEEP_WRITES_PER_SECOND": "1"},
        stdout=subprocess.PIPE,
        check=False,
    )
    document = json.loads(ran.stdout)
    assert (ran.returncode, document["changed"], document["errors"]) == (0, 16, [])
    assert sorted(each["user"] for each in document["users"]) == sorted(users)
    assert all(attached(iam, user) == [guard_of(command, sandbox)] for user in users)
    actions = [call["action"] for call in sandbox.control.calls()]
    assert actions.count("AttachUserPolicy") == 16
    assert actions.count("GetAccountAuthorizationDetails") > 2


def test_when_it_enforces_only_those_are_asked_about_who_were_consented_to(
    command: CommandLine, new_user: Callable[..., str], sandbox: Sandbox
) -> None:
    """The look has asked about everybody whose MFA is not known; it is not done twice for all."""
    for _ in range(3):
        new_user()
    scope = {"REACTOR_SCOPE": "without-mfa"}
    sandbox.control.clear_calls()
    command("sweep", **scope)
    look = [each["action"] for each in sandbox.control.calls()].count("ListMFADevices")
    sandbox.control.clear_calls()
    command("sweep", "--enforce", "--yes", "--max", "1", **scope)
    both = [each["action"] for each in sandbox.control.calls()].count("ListMFADevices")
    assert (look, both) == (3, 4)


def test_nothing_to_do_nothing_asked(command: CommandLine, sandbox: Sandbox) -> None:
    """Nobody is asked to consent to nothing, and no credential report is made for it."""
    sandbox.control.clear_calls()
    ran = command.on_terminal("sweep", "--enforce")
    assert (ran.status, "[y/N]" in ran.stderr) == (0, False)
    assert "GenerateCredentialReport" not in {each["action"] for each in sandbox.control.calls()}


def test_the_question_says_what_else_is_done(
    command: CommandLine, new_user: Callable[..., str], iam: Any, sandbox: Sandbox
) -> None:
    """With REACTOR_LIFT it also takes the guard off."""
    user, exempt = new_user(), new_user()
    command("sweep", "--enforce", "--yes")
    iam.detach_user_policy(UserName=user, PolicyArn=guard_of(command, sandbox))
    iam.tag_user(UserName=exempt, Tags=[{"Key": "userType", "Value": "Service"}])
    ran = command.on_terminal("sweep", "--enforce", answer="y\n", REACTOR_LIFT="exempt")
    asked = "Put the guard on 1 user and take the guard off 1 user of account"
    assert asked in ran.stderr
    assert "2 changed, 0 failed" in ran.stdout


def test_a_brake_that_is_no_number_of_users_is_wrong_use(command: CommandLine) -> None:
    """What the setting refuses, the option refuses."""
    ran = command("sweep", "--max", "-1")
    assert ran.status == 2
    assert "REACTOR_MAX_REMEDIATIONS" in ran.error_line


def _document(stored: object) -> object:
    # boto3 decodes the document, moto's comes as text.
    return json.loads(stored) if isinstance(stored, str) else stored
