"""The stage: a local AWS account with a past, and the reactor deployed into it."""

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo import story
from reactor.roles.files import write_files
from sandbox import Deployment, Sandbox, deploy

PROJECT = Path(__file__).parent.parent
STAGE = "prod"

# Shows that something is at work, and how long it took.
Working = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True)
class Stage:
    """The account and what is deployed in it."""

    sandbox: Sandbox
    deployment: Deployment

    def aws(self, words: Sequence[str]) -> str:
        """Run the AWS CLI as the account's administrator; return what it printed.

        Raises CalledProcessError when it ends with an error.
        """
        ran = subprocess.run(
            # The AWS CLI of this environment: another may be first on the PATH, or none.
            [str(Path(sys.executable).with_name("aws")), *words],
            env=self.sandbox.environment(),
            capture_output=True,
            text=True,
            check=True,
        )
        return ran.stdout

    def iam(self, signed_in: str | None = None) -> Any:  # noqa: ANN401 - boto3's clients have no class
        """Return a client as the administrator, or as a user who signed in with MFA."""
        if signed_in is None:
            return self.sandbox.client("iam")
        return self.sandbox.console_client(signed_in, mfa=True)

    def is_guarded(self, user: str) -> bool:
        """Ask IAM whether this very guard, by its ARN, is attached to a user."""
        attached = self.iam().list_attached_user_policies(UserName=user)["AttachedPolicies"]
        return story.GUARD_ARN in {policy["PolicyArn"] for policy in attached}

    def log_events(self, function: str) -> list[dict[str, Any]]:
        """Return what a function has logged, with the times (milliseconds since the epoch)."""
        logs = self.sandbox.client("logs")
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.deployment.log_group(function)
        )
        try:
            return [event for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    @property
    def sweep_rule(self) -> str:
        """The name of the rule with the schedule."""
        return next(rule for rule in self.deployment.rules if "sweep" in rule)


@contextmanager
def set_up(mode: str, working: Working) -> Iterator[Stage]:
    """Start an account, give it a past, deploy; take all of it away at the end.

    Raises SandboxError or DeploymentError when that does not work.
    """
    with ExitStack() as undo:
        with working("An AWS account on this machine: moto, CloudTrail, EventBridge, Lambda"):
            sandbox = undo.enter_context(Sandbox.start(account=story.ACCOUNT))
        past = f"{story.EARLIER} without MFA, {story.ENROLLED} with a device, an exemption list"
        with working(f"In it: {past}"):
            _furnish(sandbox)
        with working(f"chalice deploy --stage {STAGE}: six functions"):
            deployment = deploy(
                sandbox,
                project=PROJECT,
                stage=STAGE,
                settings=settings(mode),
                before_deploy=_write_roles,
            )
        with working(f"mfa-reactor --stage {STAGE} operations apply: queues and alarms"):
            _apply_operations(sandbox, deployment)
        yield Stage(sandbox, deployment)


def _apply_operations(sandbox: Sandbox, deployment: Deployment) -> None:
    """Make the queues and alarms of the stage, as `make deploy` does after deploying."""
    subprocess.run(
        [sys.executable, "-m", "reactor", "--stage", STAGE, "operations", "apply"],
        env=sandbox.environment(),
        cwd=deployment.project,
        capture_output=True,
        text=True,
        check=True,
    )


def _write_roles(copy: Path) -> None:
    """Fit the roles to the settings, as `mfa-reactor roles --write` does; others are refused."""
    write_files(copy / ".chalice")


def settings(mode: str) -> dict[str, str]:
    """Return the stage's settings."""
    return {
        "REACTOR_MODE": mode,
        "REACTOR_SCOPE": story.SCOPE,
        "REACTOR_EXEMPT_PARAMETER": story.EXEMPT_PARAMETER,
    }


def _furnish(sandbox: Sandbox) -> None:
    """Put into the account what was there before the reactor."""
    _import_exemptions(sandbox)
    iam = sandbox.client("iam")
    for user in (story.EARLIER, story.ENROLLED):
        iam.create_user(UserName=user)
        iam.create_login_profile(UserName=user, Password=f"aA1!{secrets.token_urlsafe(20)}")
    iam.put_user_policy(
        UserName=story.ENROLLED,
        PolicyName="MayManageOwnDevices",
        PolicyDocument=json.dumps(_MAY_MANAGE_OWN_DEVICES),
    )
    iam.create_virtual_mfa_device(VirtualMFADeviceName=story.ENROLLED)
    iam.enable_mfa_device(
        UserName=story.ENROLLED,
        SerialNumber=story.DEVICE,
        AuthenticationCode1="123456",
        AuthenticationCode2="654321",
    )


def _import_exemptions(sandbox: Sandbox) -> None:
    """Write the exemption list as an operator does, from a file of names."""
    words = ("exempt", "import", "-", "--parameter", story.EXEMPT_PARAMETER, "--yes")
    subprocess.run(
        [sys.executable, "-m", "reactor", *words],
        input=f"# cannot have MFA\n{story.LISTED}   # every night at two\nbreak-glass\n",
        env=sandbox.environment(),
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )


_MAY_MANAGE_OWN_DEVICES = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": ["iam:DeactivateMFADevice", "iam:DeleteVirtualMFADevice"],
            "Resource": [
                "arn:aws:iam::*:user/${aws:username}",
                "arn:aws:iam::*:mfa/${aws:username}",
            ],
        }
    ],
}
