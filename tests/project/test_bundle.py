"""What ships: the bundle that `chalice package` makes, imported where only it and boto3 are."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.packaging import libraries_of_lambda, unpacked_bundle

ROOT = Path(__file__).parents[2]
LIMIT = 3 * 1000 * 1000  # bytes, zipped
SCRIPT = """
import importlib.util, sys
sys.path[:0] = sys.argv[1:]
import app
for name in ("react", "sweep", "keeper"):
    assert callable(getattr(app, name)), name
for name in ("typer", "rich", "moto", "pytest", "sandbox"):
    assert importlib.util.find_spec(name) is None, name
assert not {"slack_sdk", "reactor.handlers.notify"} & set(sys.modules)
import reactor.handlers.notify
assert "slack_sdk" in sys.modules
print(app.reactor.settings.mode)
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Package a copy of the project and unpack it."""
    return unpacked_bundle(ROOT, tmp_path_factory.mktemp("bundle") / "unpacked")


def test_the_app_imports_with_the_bundle_and_boto3_alone(bundle: Path, tmp_path: Path) -> None:
    """A clean interpreter, without site-packages, starts the app as Lambda does.

    What only `notify` needs is imported by it alone.
    """
    libraries = libraries_of_lambda(tmp_path / "libraries")
    ran = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, "-I", "-S", "-B", "-c", SCRIPT, str(bundle), str(libraries)],
        env={"AWS_REGION": "us-east-1", "AWS_LAMBDA_FUNCTION_NAME": "mfa-reactor-prod-react"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.strip() == "observe"


def test_the_bundle_is_small(bundle: Path, tmp_path: Path) -> None:
    """Under 3 MB zipped: what is in it is loaded at each cold start."""
    archive = Path(shutil.make_archive(str(tmp_path / "again"), "zip", bundle))
    assert archive.stat().st_size < LIMIT


def test_the_bundle_holds_the_reactor_as_it_is(bundle: Path) -> None:
    """Chalice leaves a sibling package out without a word; the link under vendor/ brings it in."""
    ours = {each.relative_to(ROOT): _digest(each) for each in (ROOT / "reactor").rglob("*.py")}
    shipped = {
        each.relative_to(bundle): _digest(each) for each in (bundle / "reactor").rglob("*.py")
    }
    assert shipped == ours


def test_the_bundle_holds_what_requirements_name_and_chalice(bundle: Path) -> None:
    """Nothing that only the command line, the sandbox or Lambda's own runtime has."""
    tops = {
        each.name for each in bundle.iterdir() if not each.name.endswith((".dist-info", ".data"))
    }
    assert tops == {
        "app.py",
        "aws_lambda_powertools",
        "chalice",
        "jmespath",
        "reactor",
        "slack",  # slack_sdk's own, by its old name
        "slack_sdk",
        "typing_extensions.py",
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
