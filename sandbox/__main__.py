"""`python -m sandbox`: an account with the reactor deployed in it, to play with until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import sys
import tempfile
from pathlib import Path

from reactor.roles.files import write_files
from sandbox.client import Sandbox
from sandbox.deployment import Deployment, deploy

_PROJECT = Path(__file__).parent.parent


def main() -> None:
    """Start, deploy, explain, wait."""
    arguments = _arguments()
    settings = dict(setting.split("=", 1) for setting in arguments.setting)
    with (
        Sandbox.start(region=arguments.region, port=arguments.port) as sandbox,
        tempfile.TemporaryDirectory(prefix="sandbox-") as directory,
    ):
        deployment = deploy(
            sandbox,
            project=_PROJECT,
            stage=arguments.stage,
            settings=settings,
            before_deploy=_fit_roles,
        )
        text = _welcome(sandbox, deployment, Path(directory) / "environment.sh")
        print(text, flush=True)  # noqa: T201 - the program's output
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.suppress(KeyboardInterrupt):
            signal.pause()


def _fit_roles(copy: Path) -> None:
    """Roles follow from the settings, and a deployment whose roles do not fit is refused."""
    write_files(copy / ".chalice")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--stage", default="prod")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    parser.add_argument(
        "--setting",
        action="append",
        default=["REACTOR_MODE=enforce"],
        metavar="NAME=VALUE",
        help="an environment variable of the stage; may be given several times",
    )
    return parser.parse_args()


def _welcome(sandbox: Sandbox, deployment: Deployment, file: Path) -> str:
    environment = sandbox.environment(deployment.region)
    of_aws = {name: value for name, value in environment.items() if name.startswith("AWS_")}
    of_aws["NO_PROXY"] = environment["NO_PROXY"]
    lines = [f"export {name}={shlex.quote(value)}" for name, value in sorted(of_aws.items())]
    # The AWS CLI came with this project's tools; a person need not have one.
    own_tools = shlex.quote(str(Path(sys.executable).parent))
    lines.append(f"export PATH={own_tools}:$PATH")
    file.write_text("\n".join(["unset AWS_PROFILE", *lines, ""]))
    function = next((name for name in deployment.functions if name.endswith("-react")), "?")
    log_group = deployment.log_group(function)
    return f"""\
An AWS account on {sandbox.url}, for this machine only: it listens on the loopback interface.
Deployed: {", ".join(deployment.functions)}.
In another terminal:

  source {file}
  aws iam create-user --user-name alice
  aws logs filter-log-events --log-group-name {log_group} \\
      --query 'events[].message' --output text

Ctrl-C ends it."""


if __name__ == "__main__":
    main()
