"""Deploys a Chalice project into the sandbox with the real `chalice deploy`.

It deploys a copy: Chalice writes what it deployed beside the project's configuration, and a
person's own `.chalice/deployed` must neither be read nor overwritten. Only what ships or says how
to ship is copied.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.client import Sandbox

_CHALICE = "from chalice.cli import main; raise SystemExit(main())"
_SHIPPED = ("app.py", "requirements.txt", "chalicelib", "reactor", "vendor")


class DeploymentError(Exception):
    """`chalice` ended with an error; its output is the message."""


@dataclass(slots=True)
class Deployment:
    """A stage that is deployed. Functions go by their full name or by their name in the app."""

    stage: str
    region: str
    functions: list[str]
    rules: list[str]
    _sandbox: Sandbox
    _project: Path

    def log_group(self, function: str) -> str:
        """Raises KeyError for a function that was not deployed."""
        for name in self.functions:
            if name == function or name.endswith(f"-{self.stage}-{function}"):
                return f"/aws/lambda/{name}"
        raise KeyError(f"no function {function} among {', '.join(self.functions)}")

    def log_events(self, function: str) -> list[str]:
        """All that the function has logged, in order; nothing while it has not logged."""
        logs = self._sandbox.client("logs", self.region)
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=self.log_group(function)
        )
        try:
            return [event["message"] for page in pages for event in page["events"]]
        except logs.exceptions.ResourceNotFoundException:
            return []

    def redeploy(self, settings: Mapping[str, str]) -> None:
        """Deploys again, with these settings added to those before."""
        _merge_settings(self._project, self.stage, settings)
        _chalice(self._sandbox, self.region, self._project, "deploy", "--stage", self.stage)
        self.functions, self.rules = _deployed(self._project, self.stage)

    def delete(self) -> None:
        """Takes away from the account all that was deployed, and the copy it came from."""
        _chalice(self._sandbox, self.region, self._project, "delete", "--stage", self.stage)
        shutil.rmtree(self._project.parent, ignore_errors=True)


def deploy(  # noqa: PLR0913 - a deployment has as many sides, and all are named
    sandbox: Sandbox,
    *,
    project: Path,
    stage: str,
    settings: Mapping[str, str],
    region: str | None = None,
    before_deploy: Callable[[Path], None] | None = None,
) -> Deployment:
    """Deploys a copy of `project` with `settings` in the stage's environment variables.

    `before_deploy` may change the copy, e.g. write policy files that follow from the settings.
    Raises DeploymentError with Chalice's output.
    """
    region = region or sandbox.region
    copy = Path(tempfile.mkdtemp(prefix="project-", dir=sandbox.directory)) / project.resolve().name
    _copy(project, copy)
    _merge_settings(copy, stage, settings)
    if before_deploy is not None:
        before_deploy(copy)
    _chalice(sandbox, region, copy, "deploy", "--stage", stage)
    functions, rules = _deployed(copy, stage)
    return Deployment(stage, region, functions, rules, sandbox, copy)


def _copy(project: Path, copy: Path) -> None:
    (copy / ".chalice").mkdir(parents=True)
    for source in (project / ".chalice").glob("*.json"):
        shutil.copy(source, copy / ".chalice")
    for name in _SHIPPED:
        source = project / name
        if source.is_dir():
            # Links stay links: vendor/ points back into the project, and must into the copy.
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, copy / name, symlinks=True, ignore=ignored)
        elif source.exists():
            shutil.copy(source, copy / name)


def _merge_settings(project: Path, stage: str, settings: Mapping[str, str]) -> None:
    """A function's own variables replace the stage's in Chalice, so both get the settings."""
    path = project / ".chalice" / "config.json"
    config: dict[str, Any] = json.loads(path.read_text())
    stage_config = config["stages"][stage]
    stage_config.setdefault("environment_variables", {}).update(settings)
    for function in stage_config.get("lambda_functions", {}).values():
        if "environment_variables" in function:
            function["environment_variables"].update(settings)
    path.write_text(json.dumps(config, indent=2))


def _chalice(sandbox: Sandbox, region: str, project: Path, *arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _CHALICE, *arguments],
        cwd=project,
        env=sandbox.environment(region),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        command = " ".join(("chalice", *arguments))
        raise DeploymentError(f"{command} failed:\n{ran.stdout}{ran.stderr}")


def _deployed(project: Path, stage: str) -> tuple[list[str], list[str]]:
    """The names of the functions and rules that Chalice says it has made."""
    path = project / ".chalice" / "deployed" / f"{stage}.json"
    resources: list[dict[str, Any]] = json.loads(path.read_text())["resources"]
    arns = [r["lambda_arn"] for r in resources if r["resource_type"] == "lambda_function"]
    rules = [r["rule_name"] for r in resources if "rule_name" in r]
    return [arn.rsplit(":", 1)[-1] for arn in arns], rules
