"""The command line as a whole: help, settings, credentials, and one line for each error."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from reactor.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.command import CommandLine

NEEDS_AWS = (
    pytest.param(("check",), id="check"),
    pytest.param(("user", "alice"), id="user"),
    pytest.param(("user", "alice", "--clear-orphan-device", "--yes"), id="user --clear-…"),
    pytest.param(("--stage", "prod", "sweep", "--enforce", "--yes"), id="sweep --enforce"),
    pytest.param(("guard", "show"), id="guard show"),
    pytest.param(("exempt", "list", "--parameter", "/mfa/exempt"), id="exempt list"),
    pytest.param(("exempt", "import", "-", "--parameter", "/mfa/exempt"), id="exempt import"),
    pytest.param(("--stage", "prod", "operations", "apply"), id="operations apply"),
    pytest.param(("--stage", "prod", "redrive"), id="redrive"),
)


@pytest.mark.parametrize("arguments", NEEDS_AWS)
def test_without_credentials_one_line_says_so(
    outsider: CommandLine, arguments: tuple[str, ...]
) -> None:
    """What is missing, and the remedy."""
    ran = outsider(*arguments)
    assert (ran.status, ran.stdout) == (1, "")
    assert ran.error_line == (
        "mfa-reactor: there are no AWS credentials; sign in, or set AWS_PROFILE"
    )


def test_nothing_is_changed_by_settings_that_nobody_chose(outsider: CommandLine) -> None:
    """A forgotten --stage would mean everyone, and no exemption list."""
    ran = outsider("sweep", "--enforce", "--yes")
    assert ran.status == 2
    assert ran.error_line == (
        "mfa-reactor: whose settings? Say mfa-reactor --stage dev or prod,"
        " or set REACTOR_ variables"
    )


def test_a_profile_that_does_not_exist_is_named(outsider: CommandLine) -> None:
    """It is no network failure."""
    ran = outsider("check", AWS_PROFILE="no-such-profile")
    assert ran.status == 1
    assert "no-such-profile" in ran.error_line
    assert "AWS_PROFILE" in ran.error_line


def test_without_a_network_one_line_says_so(outsider: CommandLine) -> None:
    """The call that got no answer, and the remedy."""
    ran = outsider(
        "check",
        AWS_ACCESS_KEY_ID="AKIAEXAMPLE",
        AWS_SECRET_ACCESS_KEY="none",
        AWS_ENDPOINT_URL="http://127.0.0.1:9",
        NO_PROXY="127.0.0.1",
    )
    assert ran.status == 1
    assert "sts:GetCallerIdentity got no answer" in ran.error_line
    assert ran.error_line.endswith("see that this machine reaches AWS")


@pytest.mark.parametrize(
    ("variables", "said"),
    (
        pytest.param({"REACTOR_SCOPE": "nobody"}, "REACTOR_SCOPE is 'nobody'", id="value"),
        pytest.param({"REACTOR_SKOPE": "console"}, "did you mean REACTOR_SCOPE?", id="name"),
        pytest.param({"REACTOR_LIFT": "compliant"}, "REACTOR_LIFT", id="contradiction"),
    ),
)
def test_a_wrong_setting_is_wrong_use(
    outsider: CommandLine, variables: dict[str, str], said: str
) -> None:
    """As in Lambda, with one line that names it."""
    ran = outsider("check", **variables)
    assert ran.status == 2
    assert said in ran.error_line


@pytest.mark.parametrize(
    ("config", "said"),
    (
        pytest.param(None, "there is no .chalice/config.json", id="no configuration"),
        pytest.param({"stages": {"dev": {}, "prod": {}}}, "it has dev, prod", id="no such stage"),
        pytest.param(
            {"stages": {"live": {"environment_variables": {"REACTOR_MODE": "panic"}}}},
            "REACTOR_MODE is 'panic'",
            id="wrong setting",
        ),
    ),
)
def test_a_stage_that_cannot_be_read_is_wrong_use(
    outsider: CommandLine, tmp_path: Path, config: object, said: str
) -> None:
    """One line says what is there instead."""
    if config is not None:
        (tmp_path / ".chalice").mkdir()
        (tmp_path / ".chalice" / "config.json").write_text(json.dumps(config))
    command = ("--stage", "live", "exempt", "list", "--parameter", "/x")
    ran = replace(outsider, directory=tmp_path)(*command)
    assert ran.status == 2
    assert said in ran.error_line


def test_version(offline: CommandLine) -> None:
    """The installed version."""
    version = importlib.metadata.version("mfa-reactor")
    assert offline("--version").stdout == f"mfa-reactor {version}\n"


@pytest.mark.parametrize(
    "command",
    (
        (),
        ("check",),
        ("sweep",),
        ("user",),
        ("explain",),
        ("guard", "show"),
        ("exempt", "import"),
        ("exempt", "list"),
        ("roles",),
        ("operations", "apply"),
        ("redrive",),
    ),
    ids=" ".join,
)
def test_every_help_has_examples_that_fit_80_columns(command: tuple[str, ...]) -> None:
    """An example is a line that can be copied: it is not broken."""
    ran = CliRunner().invoke(app, [*command, "--help"], env={"COLUMNS": "80"})
    assert ran.exit_code == 0
    _, examples, after = ran.stdout.partition("Examples:")
    assert examples
    # A line that was broken would leave its end alone on a line of its own.
    assert all(len(line.split()) != 1 for line in after.splitlines())


@pytest.mark.parametrize(
    "arguments",
    (("nonsense",), ("check", "--nonsense"), ("explain",), ("user",), ("sweep", "--max", "many")),
    ids=" ".join,
)
def test_wrong_arguments_are_status_2(arguments: tuple[str, ...]) -> None:
    """With a word on how to get help."""
    ran = CliRunner().invoke(app, arguments)
    assert ran.exit_code == 2
    assert "-h" in ran.stderr
