"""What ships, as Chalice packs it, and what it finds at Lambda.

Chalice works on a copy of the project: it writes what it made beside the project's configuration,
and a person's own `.chalice/deployed` must neither be read nor overwritten. Only what ships, or
says how to deploy, is copied.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import TYPE_CHECKING

from sandbox.environment import client_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

_CHALICE = "from chalice.cli import main; raise SystemExit(main())"
_SHIPPED = ("app.py", "requirements.txt", "chalicelib", "reactor", "vendor", "infra")
_NOWHERE = "http://127.0.0.1:9"  # nothing listens there: packing calls no AWS API

# What Lambda's runtime brings along: boto3 and the runtime's own client, each with what it needs.
_BOTO3 = ("boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3")
_RUNTIME = ("awslambdaric", "simplejson", "snapshot-restore-py")


class DeploymentError(Exception):
    """`chalice` ended with an error; its output is the message."""


def copy_project(project: Path, copy: Path) -> None:
    """Copies what Chalice needs. Links stay links: vendor/ points back into the project."""
    (copy / ".chalice").mkdir(parents=True)
    for source in (project / ".chalice").glob("*.json"):
        shutil.copy(source, copy / ".chalice")
    for name in _SHIPPED:
        source = project / name
        if source.is_dir():
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(source, copy / name, symlinks=True, ignore=ignored)
        elif source.exists():
            shutil.copy(source, copy / name)


def run_chalice(project: Path, environment: Mapping[str, str], *arguments: str) -> None:
    """Raises DeploymentError with Chalice's output when it fails."""
    ran = subprocess.run(
        [sys.executable, "-c", _CHALICE, *arguments],
        cwd=project,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode != 0:
        command = " ".join(("chalice", *arguments))
        raise DeploymentError(f"{command} failed:\n{ran.stdout}{ran.stderr}")


def unpacked_bundle(project: Path, into: Path, *, stage: str = "prod") -> Path:
    """The zip that `chalice package` makes of a copy of the project, unpacked into a directory."""
    with tempfile.TemporaryDirectory(prefix="sandbox-bundle-") as directory:
        copy = Path(directory) / project.resolve().name
        copy_project(project, copy)
        environment = client_environment(
            url=_NOWHERE,
            region="us-east-1",
            home=Path(directory),
            credentials={"access_key_id": "none", "secret_access_key": "none"},
        )
        run_chalice(copy, environment, "package", "--stage", stage, "packed")
        with zipfile.ZipFile(copy / "packed" / "deployment.zip") as bundle:
            bundle.extractall(into)
    return into


def libraries_of_lambda(directory: Path, *, runtime: bool = False) -> Path:
    """A directory with boto3 and nothing else that is installed; on demand, with the runtime."""
    directory.mkdir(parents=True)
    for name in (*_BOTO3, *(_RUNTIME if runtime else ())):
        for top in _top_level(distribution(name)):
            (directory / top.name).symlink_to(top)
    return directory


def _top_level(found: Distribution) -> set[Path]:
    root = Path(str(found.locate_file(""))).resolve()
    names = {file.parts[0] for file in found.files or () if not file.parts[0].startswith("..")}
    return {root / name for name in names if name != "__pycache__"}
