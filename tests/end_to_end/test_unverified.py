"""docs/unverified.md, typed into the sandbox: what it makes is taken away again.

The answers that the page waits for are AWS's to give, and not proven here.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import Sandbox
from tests.project.commands import blocks

PAGE = (Path(__file__).parents[2] / "docs" / "unverified.md").read_text()
# What needs a browser, another account, a service that is not played, or a denial that is not.
NOT_HERE = re.compile(
    r"curl|aws login|BUCKET|EXAMPLE|us-gov|accessanalyzer|get-metric-statistics|until as_key"
)
# What is wrong with a command, rather than with what it asks for.
WRONG = re.compile(
    r"usage:|Unknown options|Error parsing|Parameter validation"
    r"|command not found|unbound|syntax error"
)
# This CLI's sqs looks for its endpoint nowhere else.
OPTIONS = {"aws": '--endpoint-url "$AWS_ENDPOINT_URL"'}
STUBS = {"oathtool": "echo 123456", "sleep": "exit 0"}  # the sandbox takes any six digits, at once


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """An account of its own, with nothing in it."""
    with Sandbox.start() as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def typed(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """The page, from its beginning to its end in one shell: where, and what it printed."""
    directory = tmp_path_factory.mktemp("typed")
    tools = directory / "tools"
    tools.mkdir()
    for tool in ("aws", "mfa-reactor", "python"):
        put(
            tools / tool,
            f'exec "{Path(sys.executable).with_name(tool)}" {OPTIONS.get(tool, "")} "$@"',
        )
    for tool, line in STUBS.items():
        put(tools / tool, line)
    environment = sandbox.environment()
    environment["PATH"] = f"{tools}:{environment['PATH']}"
    ran = subprocess.run(  # noqa: S603 - our own document's commands
        ["bash", "-c", "\n".join(each for each in blocks(PAGE) if not NOT_HERE.search(each))],  # noqa: S607 - as people do
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return directory, ran.stdout, ran.stderr


def put(path: Path, line: str) -> None:
    """Write a command of one line."""
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def test_the_commands_are_understood(typed: tuple[Path, str, str]) -> None:
    """Refused may be what they ask for, never how they are written."""
    _, _, errors = typed
    assert not [line for line in errors.splitlines() if WRONG.search(line)]
    assert "An error occurred" in errors  # as the page says of some


def test_nothing_is_left(typed: tuple[Path, str, str], sandbox: Sandbox) -> None:
    """Neither in the account nor in the directory."""
    directory, _, _ = typed
    iam = sandbox.client("iam")
    assert iam.list_users()["Users"] == []
    assert iam.list_groups()["Groups"] == []
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    assert [each for each in iam.list_roles()["Roles"] if "probe" in each["RoleName"]] == []
    assert sandbox.client("lambda").list_functions()["Functions"] == []
    assert sandbox.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []
    assert sandbox.client("events").list_rules()["Rules"] == []
    assert sandbox.client("sqs").list_queues().get("QueueUrls", []) == []
    assert [each.name for each in directory.iterdir()] == ["tools"]
