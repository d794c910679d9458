"""Deploys a Chalice project into the sandbox with the real `chalice deploy`, from a copy."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sandbox.packaging import copy_project, run_chalice

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.client import Sandbox


@dataclass(slots=True)
class Deployment:
    """A stage that is deployed. Functions go by their full name or by their name in the app."""

    stage: str
    region: str
    functions: list[str]
    rules: list[str]
    _sandbox: Sandbox
    project: Path

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

    def configure(self, settings: Mapping[str, str]) -> None:
        """Adds settings to those before, in the copy that it came from; nothing is deployed."""
        _merge_settings(self.project, self.stage, settings)

    def redeploy(self, settings: Mapping[str, str]) -> None:
        """Deploys again, with these settings added to those before."""
        self.configure(settings)
        self._chalice("deploy")
        self.functions, self.rules = _deployed(self.project, self.stage)

    def delete(self) -> None:
        """Takes away from the account all that was deployed, and the copy it came from."""
        self._chalice("delete")
        shutil.rmtree(self.project.parent, ignore_errors=True)

    def _chalice(self, command: str) -> None:
        environment = self._sandbox.environment(self.region)
        run_chalice(self.project, environment, command, "--stage", self.stage)


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
    copy_project(project, copy)
    _merge_settings(copy, stage, settings)
    if before_deploy is not None:
        before_deploy(copy)
    run_chalice(copy, sandbox.environment(region), "deploy", "--stage", stage)
    functions, rules = _deployed(copy, stage)
    return Deployment(stage, region, functions, rules, sandbox, copy)


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


def _deployed(project: Path, stage: str) -> tuple[list[str], list[str]]:
    """The names of the functions and rules that Chalice says it has made."""
    path = project / ".chalice" / "deployed" / f"{stage}.json"
    resources: list[dict[str, Any]] = json.loads(path.read_text())["resources"]
    arns = [r["lambda_arn"] for r in resources if r["resource_type"] == "lambda_function"]
    rules = [r["rule_name"] for r in resources if "rule_name" in r]
    return [arn.rsplit(":", 1)[-1] for arn in arns], rules
