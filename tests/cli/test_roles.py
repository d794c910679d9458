"""`mfa-reactor roles`: what the functions may do, and the files that say so."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from reactor.roles.files import stale_files, write_files
from tests.cli.command import PROJECT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import CommandLine


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of this project's `.chalice`, its files in step with its settings."""
    copy = tmp_path / "deploy" / ".chalice"
    copy.mkdir(parents=True)
    for file in (PROJECT / ".chalice").glob("*.json"):
        shutil.copy(file, copy)
    write_files(copy)
    return copy


def set_variable(directory: Path, name: str, value: str) -> None:
    """Give stage dev a variable."""
    config: Any = json.loads((directory / "config.json").read_text())
    config["stages"]["dev"].setdefault("environment_variables", {})[name] = value
    (directory / "config.json").write_text(json.dumps(config))


def test_each_function_of_each_stage_is_shown_with_its_reasons(
    offline: CommandLine, directory: Path
) -> None:
    """Actions, resources, and why the wildcards."""
    ran = offline("roles", "--directory", str(directory))
    assert (ran.status, ran.stderr) == (0, "")
    for said in ("dev-react (observe)", "prod-keeper", "iam:GetUser", "any user may be the one"):
        assert said in ran.stdout
    assert "the policy files fit the settings" in ran.stdout


def test_stale_files_are_named_and_written_when_asked(
    offline: CommandLine, directory: Path
) -> None:
    """A change of the settings makes them stale; --write brings them into step."""
    set_variable(directory, "REACTOR_MODE", "enforce")
    stale = offline("roles", "--directory", str(directory))
    assert stale.status == 1
    assert "policy-dev-react.json" in stale.error_line
    assert "roles --write" in stale.error_line
    assert "policy-prod-react.json" not in stale.stderr
    written = offline("roles", "--write", "--directory", str(directory))
    assert written.status == 0
    assert "written: policy-dev-react.json" in written.stdout
    assert stale_files(directory) == []
    assert "iam:AttachUserPolicy" in (directory / "policy-dev-react.json").read_text()


def test_a_wrong_setting_is_named_with_its_stage(offline: CommandLine, directory: Path) -> None:
    """Nothing is written."""
    set_variable(directory, "REACTOR_SCOPE", "nobody")
    ran = offline("roles", "--write", "--directory", str(directory))
    assert ran.status == 2
    assert "stage dev: REACTOR_SCOPE is 'nobody'" in ran.error_line


@pytest.mark.parametrize(
    ("content", "wrong"),
    (
        pytest.param(None, "there is no ", id="missing"),
        pytest.param("{", "not JSON", id="not JSON"),
        pytest.param("[]", "it has no stages", id="not a configuration"),
        pytest.param('{"stages": {"dev": 1}}', "a stage is not an object", id="a wrong stage"),
    ),
)
def test_a_configuration_that_cannot_be_read_is_wrong_use(
    offline: CommandLine, tmp_path: Path, content: str | None, wrong: str
) -> None:
    """One line, that names the file."""
    if content is not None:
        (tmp_path / "config.json").write_text(content)
    ran = offline("roles", "--directory", str(tmp_path))
    assert ran.status == 2
    assert wrong in ran.error_line
    assert "config.json" in ran.error_line


def test_markdown_is_the_same_for_everybody(offline: CommandLine) -> None:
    """It follows from the defaults alone, and says which roles it shows."""
    ran = offline("roles", "--markdown")
    elsewhere = offline("roles", "--markdown", REACTOR_EXEMPT_PARAMETER="/mine", COLUMNS="40")
    assert (ran.status, ran.stdout) == (0, elsewhere.stdout)
    assert ran.stdout.startswith("# Roles: default settings, enforce mode\n")
    assert "| SwitchGuard | `iam:AttachUserPolicy` |" in ran.stdout
    rows = [line for line in ran.stdout.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {5}


@pytest.mark.parametrize("columns", ("80", "120"))
def test_tables_fit_their_width(offline: CommandLine, directory: Path, columns: str) -> None:
    """No line is longer, no action is broken."""
    ran = offline("roles", "--directory", str(directory), COLUMNS=columns)
    assert max(map(len, ran.stdout.splitlines())) <= int(columns)
    assert "iam:GetAccountAuthorizationDetails" in ran.stdout
