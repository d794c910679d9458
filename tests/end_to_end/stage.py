"""The reactor, deployed by the real `chalice deploy` into a sandbox, and hands to use it with."""

import itertools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reactor.roles.files import write_files
from sandbox import Deployment, Sandbox, deploy
from tests.cli.command import CommandLine, Result

PROJECT = Path(__file__).parents[2]
_SERIALS = itertools.count(1)


class Stage:
    """One deployed stage. Every method looks at, or acts on, the account through real clients."""

    def __init__(
        self, sandbox: Sandbox, deployment: Deployment, settings: Mapping[str, str] | None = None
    ) -> None:
        self.settings = dict(settings or {})
        self.sandbox = sandbox
        self.deployment = deployment
        self.iam = sandbox.client("iam")
        self.functions = sandbox.client("lambda", deployment.region)

    def settle(self) -> None:
        """Wait until all events are handled."""
        self.sandbox.control.settle(60)

    def new_user(self, name: str, **arguments: Any) -> str:
        """Create a user that has a password, so that it is not taken for one being deleted."""
        self.iam.create_user(UserName=name, **arguments)
        self.iam.create_login_profile(UserName=name, Password="Correct-Horse-1")
        self.settle()
        return name

    def give_device(self, user: str, name: str | None = None) -> str:
        """Enable a virtual MFA device; return its serial."""
        serial: str = self.iam.create_virtual_mfa_device(VirtualMFADeviceName=name or user)[
            "VirtualMFADevice"
        ]["SerialNumber"]
        self.iam.enable_mfa_device(
            UserName=user,
            SerialNumber=serial,
            AuthenticationCode1="123456",
            AuthenticationCode2="654321",
        )
        self.settle()
        return serial

    def policies(self, user: str) -> set[str]:
        """Return the ARNs attached to a user."""
        attached = self.iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
        return {each["PolicyArn"] for each in attached}

    @property
    def guard(self) -> str:
        """The guard's ARN, as the account shows it."""
        (arn,) = [
            each["Arn"]
            for each in self.iam.list_policies(Scope="Local")["Policies"]
            if each["PolicyName"] == "MfaReactorGuard"
        ]
        return str(arn)

    def is_guarded(self, user: str) -> bool:
        """Tell whether the guard is attached to the user, by its exact ARN."""
        return self.guard in self.policies(user)

    def records(self, function: str = "react") -> list[dict[str, Any]]:
        """Return the audit and alarm records of a function, oldest first."""
        lines = [line for line in self.deployment.log_events(function) if line.startswith("{")]
        parsed = [json.loads(line) for line in lines]
        ours = [each for each in parsed if str(each.get("schema", "")).startswith("mfa-reactor/")]
        # A log has a stream for each environment that ran, and comes stream by stream.
        return sorted(ours, key=lambda each: str(each["timestamp"]))

    def metrics(self, function: str = "react") -> list[dict[str, Any]]:
        """Return the metrics of a function's subjects, oldest first."""
        lines = [each for each in self.deployment.log_events(function) if '"Reactions"' in each]
        parsed: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return sorted(parsed, key=lambda each: int(each["_aws"]["Timestamp"]))

    def records_of(self, user: str, function: str = "react") -> list[dict[str, Any]]:
        """Return a function's audit records about a user."""
        return [
            each
            for each in self.records(function)
            if (each.get("subject") or {}).get("name") == user
        ]

    def invoke(self, function: str, payload: object) -> tuple[Any, str | None]:
        """Invoke a function and wait; return what it answered, and the kind of its error if any."""
        answer = self.functions.invoke(
            FunctionName=f"mfa-reactor-{self.deployment.stage}-{function}",
            Payload=json.dumps(payload),
        )
        return json.loads(answer["Payload"].read() or b"null"), answer.get("FunctionError")

    def sweep(self) -> None:
        """Fire the sweep's schedule and wait for its end."""
        (rule,) = [each for each in self.deployment.rules if "sweep" in each]
        self.sandbox.control.fire_schedule(rule, self.deployment.region)
        self.settle()

    @property
    def directory(self) -> Path:
        """The directory that it was deployed from, with what people work with there."""
        directory = self.deployment.project
        if not (directory / "Makefile").exists():
            _install(directory)
        return directory

    def shell(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run what a person types there, as the account's administrator."""
        tools = self.directory / ".venv" / "bin"
        environment = self.sandbox.environment(self.deployment.region)
        environment["PATH"] = f"{tools}:{environment['PATH']}"
        return subprocess.run(  # noqa: S603 - our own documents' commands
            ["bash", "-euo", "pipefail", "-c", command],  # noqa: S607 - as people do
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def command(self, *arguments: str) -> Result:
        """Run `mfa-reactor --stage STAGE …` there, as the account's administrator."""
        environment = self.sandbox.environment(self.deployment.region)
        run = CommandLine(environment, self.directory)
        return run("--stage", self.deployment.stage, *arguments)

    def attempts(self, function: str) -> list[dict[str, Any]]:
        """Return the invocations of a function so far."""
        name = f"mfa-reactor-{self.deployment.stage}-{function}"
        return [each for each in self.sandbox.control.invocations() if each["function"] == name]


@contextmanager
def staged(
    settings: Mapping[str, str], *, stage: str = "prod", region: str = "us-east-1"
) -> Iterator[Stage]:
    """Deploy a stage with settings into an account of its own."""
    with Sandbox.start(region=region, retry_pauses_seconds=(0.1, 0.1)) as sandbox:
        deployment = deploy_into(sandbox, settings, stage=stage, region=region)
        yield Stage(sandbox, deployment, settings)


def deploy_into(
    sandbox: Sandbox, settings: Mapping[str, str], *, stage: str = "prod", region: str = "us-east-1"
) -> Deployment:
    """Deploy a copy of the project whose roles are written anew from the settings."""
    return deploy(
        sandbox,
        project=PROJECT,
        stage=stage,
        settings=settings,
        region=region,
        before_deploy=write_roles,
    )


def _install(directory: Path) -> None:
    """Make it look as after `make install`: the tools are those that run this test."""
    for name in ("Makefile", "pyproject.toml", "requirements-dev.lock"):
        shutil.copy(PROJECT / name, directory)
    tools = directory / ".venv" / "bin"
    tools.mkdir(parents=True)
    for tool in ("aws", "chalice", "mfa-reactor"):
        (tools / tool).symlink_to(Path(sys.executable).with_name(tool))
    (tools.parent / ".installed").touch()


def write_roles(project: Path) -> None:
    """Do in a copy of the project what `mfa-reactor roles --write` does."""
    write_files(project / ".chalice")
