"""Deploying with the real Chalice, from a copy."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from sandbox import DeploymentError, deploy
from sandbox.packaging import libraries_of_lambda, unpacked_bundle

if TYPE_CHECKING:
    from sandbox import Deployment, Sandbox

_PROBE = Path(__file__).parent / "probe"


def test_a_deployment_knows_its_functions_and_rules(deployment: Deployment) -> None:
    """By the names they have in the account."""
    assert sorted(deployment.functions) == [
        *("probe-dev-ask", "probe-dev-mute", "probe-dev-react", "probe-dev-tell"),
        *("probe-dev-tick", "probe-dev-work"),
    ]
    assert sorted(deployment.rules) == ["probe-dev-react-event", "probe-dev-tick-event"]
    assert deployment.log_group("react") == "/aws/lambda/probe-dev-react"


def test_china_is_a_partition_of_its_own(sandbox: Sandbox, tmp_path: Path) -> None:
    """Its ARNs say so, IAM's events arrive in its region, what was deployed elsewhere sleeps."""
    project = _copy(tmp_path, "chinese")
    deployed = deploy(sandbox, project=project, stage="dev", settings={}, region="cn-north-1")
    try:
        functions = sandbox.client("lambda", "cn-north-1").list_functions()["Functions"]
        assert all(f["FunctionArn"].startswith("arn:aws-cn:lambda:cn-north-1:") for f in functions)
        iam = sandbox.client("iam", "cn-north-1")
        created = iam.create_user(UserName="in-china")["User"]
        assert created["Arn"] == f"arn:aws-cn:iam::{sandbox.account}:user/in-china"
        before = len(sandbox.control.invocations())
        iam.tag_user(UserName="in-china", Tags=[{"Key": "get_user", "Value": "in-china"}])
        sandbox.control.settle(20)
        [attempt] = sandbox.control.invocations()[before:]
        assert attempt["ok"], attempt["error"]
        assert sandbox.control.records()[-1]["awsRegion"] == "cn-north-1"
        said = "\n".join(deployed.log_events("react"))
        assert '"region": "cn-north-1"' in said
    finally:
        deployed.delete()


def test_a_persons_own_deployment_is_neither_read_nor_touched(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    """What is in .chalice/deployed stays as it is."""
    project = _copy(tmp_path, "owned")
    own = project / ".chalice" / "deployed" / "dev.json"
    own.parent.mkdir()
    own.write_text("not even JSON")
    deployed = deploy(sandbox, project=project, stage="dev", settings={}, region="eu-west-1")
    deployed.delete()
    assert own.read_text() == "not even JSON"
    assert [path.name for path in own.parent.iterdir()] == ["dev.json"]


def test_settings_and_hook_come_before_the_deployment(sandbox: Sandbox, tmp_path: Path) -> None:
    """Settings reach functions with variables of their own; the hook sees them in the copy."""
    seen = []

    def hook(copy: Path) -> None:
        seen.append(json.loads((copy / ".chalice" / "config.json").read_text()))

    deployed = deploy(
        sandbox,
        project=_copy(tmp_path, "hooked"),
        stage="dev",
        settings={"A": "1"},
        region="eu-west-2",
        before_deploy=hook,
    )
    client = sandbox.client("lambda", "eu-west-2")

    def variables(function: str) -> dict[str, str]:
        found = client.get_function_configuration(FunctionName=f"hooked-dev-{function}")
        return dict(found["Environment"]["Variables"])

    try:
        assert seen[0]["stages"]["dev"]["environment_variables"]["A"] == "1"
        assert variables("ask")["A"] == variables("react")["A"] == "1"
        deployed.redeploy({"B": "2"})
        assert {"A": "1", "B": "2"}.items() <= variables("ask").items()
    finally:
        deployed.delete()
    assert client.list_functions()["Functions"] == []


def test_a_deployment_that_fails_says_what_chalice_said(sandbox: Sandbox, tmp_path: Path) -> None:
    """With its output."""
    project = _copy(tmp_path, "broken")
    (project / "app.py").write_text("import a_module_that_is_not_there\n")
    with pytest.raises(DeploymentError, match="a_module_that_is_not_there"):
        deploy(sandbox, project=project, stage="dev", settings={}, region="eu-west-3")


def test_the_bundle_is_what_chalice_packs_and_needs_only_boto3(tmp_path: Path) -> None:
    """It is imported by an interpreter that sees nothing else."""
    bundle = unpacked_bundle(_PROBE, tmp_path / "bundle", stage="dev")
    libraries = libraries_of_lambda(tmp_path / "libraries")
    assert (bundle / "app.py").exists()
    assert not (libraries / "awslambdaric").exists()
    ran = subprocess.run(  # noqa: S603 - our own arguments
        [
            *(sys.executable, "-I", "-S", "-c"),
            f"import sys; sys.path[:0] = {[str(bundle), str(libraries)]}; import app; app.app",
        ],
        env={},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def _copy(tmp_path: Path, name: str) -> Path:
    """The probe under a name of its own: roles are a partition's, whatever the region."""
    project = Path(shutil.copytree(_PROBE, tmp_path / name))
    path = project / ".chalice" / "config.json"
    path.write_text(path.read_text().replace('"app_name": "probe"', f'"app_name": "{name}"'))
    return project
