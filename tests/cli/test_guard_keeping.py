"""`mfa-reactor guard diff`, `apply` and `release`, in an account."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from reactor.guard.document import guard_document
from reactor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Sandbox
    from tests.cli.command import CommandLine

OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Guarded:
    """A guard of a name of its own in the account, and what IAM says of it."""

    def __init__(self, command: CommandLine, sandbox: Sandbox) -> None:
        self.iam: Any = sandbox.client("iam")
        self.name = command.environment["REACTOR_GUARD_POLICY"]
        self.arn = f"arn:aws:iam::{sandbox.account}:policy/{self.name}"
        settings = Settings.from_environment({"REACTOR_GUARD_POLICY": self.name})
        self.ours = guard_document("aws", sandbox.account, settings)

    @property
    def document(self) -> Any:
        """Its default version's document."""
        policy = self.iam.get_policy(PolicyArn=self.arn)["Policy"]
        version = self.iam.get_policy_version(
            PolicyArn=self.arn, VersionId=policy["DefaultVersionId"]
        )
        return version["PolicyVersion"]["Document"]

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        tags = self.iam.get_policy(PolicyArn=self.arn)["Policy"].get("Tags", [])
        return {each["Key"]: each["Value"] for each in tags}

    def exists(self) -> bool:
        """Whether there is a policy of that name."""
        policies = self.iam.list_policies(Scope="Local")["Policies"]
        return self.arn in {each["Arn"] for each in policies}

    def create(self, document: object) -> None:
        """Create a policy of that name that is not ours."""
        self.iam.create_policy(PolicyName=self.name, PolicyDocument=json.dumps(document))


@pytest.fixture
def guarded(command: CommandLine, sandbox: Sandbox) -> Guarded:
    """The guard of this test's command; it is not there yet."""
    return Guarded(command, sandbox)


def test_apply_makes_and_diff_finds_no_difference(command: CommandLine, guarded: Guarded) -> None:
    """A guard that is missing is a difference; once made, there is none."""
    missing = command("guard", "diff")
    assert (missing.status, missing.stdout) == (
        1,
        f"policy {guarded.arn}: missing\n  there is no guard\n",
    )
    made = command("guard", "apply", "--yes")
    assert (made.status, made.stdout) == (0, f"guard {guarded.arn}: create-policy done\n")
    assert (guarded.document, guarded.tags) == (guarded.ours, {"mfa-reactor": "guard"})
    same = command("guard", "diff")
    assert (same.status, same.stdout) == (0, f"policy {guarded.arn}: ours, version v1\n")


def test_diff_shows_what_was_changed(command: CommandLine, guarded: Guarded) -> None:
    """Line by line, each document laid out alike; and apply restores it."""
    command("guard", "apply", "--yes")
    tampered = json.loads(json.dumps(guarded.ours))
    tampered["Statement"][0]["NotAction"].append("iam:CreateUser")
    guarded.iam.create_policy_version(
        PolicyArn=guarded.arn, PolicyDocument=json.dumps(tampered), SetAsDefault=True
    )
    shown = command("guard", "diff")
    changed = [line for line in shown.stdout.splitlines() if line[:1] in {"-", "+"}][2:]
    assert (shown.status, changed) == (1, ['-        "iam:CreateUser",'])
    restored = command("guard", "apply", "--yes", REACTOR_GUARD_RESTORE="alarm")
    assert restored.status == 0
    assert guarded.document == guarded.ours


def test_apply_asks_first(command: CommandLine, guarded: Guarded) -> None:
    """Without a terminal and without --yes nothing is changed."""
    refused = command("guard", "apply")
    assert refused.status == 2
    assert "--yes" in refused.error_line
    assert not guarded.exists()


def test_anothers_policy_is_adopted_only_when_told(command: CommandLine, guarded: Guarded) -> None:
    """Without --adopt it is refused, with the way out; with it, it gets our tag and document."""
    guarded.create(OPEN)
    refused = command("guard", "apply", "--yes")
    assert refused.status == 1
    assert "guard apply --adopt" in refused.stderr
    assert (guarded.document, guarded.tags) == (OPEN, {})
    adopted = command("guard", "apply", "--adopt", "--yes")
    assert adopted.status == 0
    assert "adopt-policy done, restore-document done" in adopted.stdout
    assert (guarded.document, guarded.tags) == (guarded.ours, {"mfa-reactor": "guard"})


def test_apply_makes_the_group(command: CommandLine, guarded: Guarded) -> None:
    """Where it is the regular way to carry the guard; diff tells of it, too."""
    via = {"REACTOR_GUARD_VIA": "group"}
    made = command("guard", "apply", "--yes", **via)
    assert "create-group done, attach-to-group done" in made.stdout
    group = guarded.iam.get_group(GroupName=guarded.name)["Group"]
    assert group["Path"] == "/mfa-reactor/"
    guarded.iam.detach_group_policy(GroupName=guarded.name, PolicyArn=guarded.arn)
    shown = command("guard", "diff", **via)
    assert shown.status == 1
    assert f"group {guarded.name}: ours\n  it does not carry the guard\n" in shown.stdout


def test_a_given_guard_is_never_edited(command: CommandLine, guarded: Guarded) -> None:
    """Somebody else keeps it: there is nothing to apply, and no difference to show."""
    guarded.create(OPEN)
    given = {"REACTOR_GUARD_POLICY": guarded.arn}
    assert command("guard", "apply", "--adopt", "--yes", **given).status == 0
    assert command("guard", "diff", **given).status == 0
    assert (guarded.document, guarded.tags) == (OPEN, {})


def test_release(command: CommandLine, guarded: Guarded, new_user: Callable[..., str]) -> None:
    """Off everybody and everything, and how to stop the reactor; with --delete nothing is left."""
    command("guard", "apply", "--yes", REACTOR_GUARD_VIA="group")
    alice, bob = new_user(), new_user()
    guarded.iam.attach_user_policy(UserName=alice, PolicyArn=guarded.arn)
    guarded.iam.add_user_to_group(UserName=bob, GroupName=guarded.name)
    released = command("guard", "release", "--all", "--yes")
    assert released.status == 0
    assert "3 released, 0 failed" in released.stdout
    assert "docs/leaving.md" in released.stdout
    assert guarded.iam.list_attached_user_policies(UserName=alice)["AttachedPolicies"] == []
    assert guarded.iam.list_groups_for_user(UserName=bob)["Groups"] == []
    assert guarded.exists()
    gone = command("guard", "release", "--all", "--delete", "--yes")
    assert "2 released, 0 failed" in gone.stdout
    assert not guarded.exists()
    groups = guarded.iam.list_groups()["Groups"]
    assert guarded.name not in {each["GroupName"] for each in groups}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param((), "takes --all", id="without --all"),
        pytest.param(("--all",), "--yes", id="without a terminal"),
    ],
)
def test_release_is_not_done_by_mistake(
    command: CommandLine, guarded: Guarded, arguments: tuple[str, ...], said: str
) -> None:
    """It is wrong use, and nothing is changed."""
    command("guard", "apply", "--yes")
    refused = command("guard", "release", *arguments)
    assert refused.status == 2
    assert said in refused.error_line
    assert guarded.exists()
