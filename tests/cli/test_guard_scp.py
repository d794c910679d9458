"""`mfa-reactor guard scp`: the service control policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reactor.guard.scp import policy_text
from reactor.settings import Settings
from tests.cli.command import CommandLine
from tests.fakes.account import DEFAULTS

if TYPE_CHECKING:
    from pathlib import Path

SCP = ("guard", "scp", "--role", "Deployer")


@pytest.mark.parametrize("partition", ("aws", "aws-cn", "aws-us-gov"))
def test_it_works_offline(offline: CommandLine, partition: str) -> None:
    """With a partition, without credentials, region and boto3; the text is ready to be stored."""
    ran = offline(*SCP, "--role", "Other", "--partition", partition)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.stdout == policy_text(partition, DEFAULTS, ["Deployer", "Other"]) + "\n"


def test_the_partition_is_that_of_the_configured_region(outsider: CommandLine) -> None:
    """As for `guard show`."""
    assert '"arn:aws:iam' in outsider(*SCP).stdout
    assert '"arn:aws-cn:iam' in outsider(*SCP, AWS_REGION="cn-north-1").stdout


def test_it_is_made_of_a_stages_settings(offline: CommandLine, tmp_path: Path) -> None:
    """Its guard, its exemptions and its trusted roles, which need not be named again."""
    chalice = tmp_path / ".chalice"
    chalice.mkdir()
    (chalice / "config.json").write_text(
        '{"stages": {"prod": {"environment_variables": {"REACTOR_GUARD_POLICY": "Other",'
        ' "REACTOR_EXEMPT_PATHS": "/bots/", "REACTOR_TRUSTED_ROLES": "Pipeline"}}}}'
    )
    settings = Settings.from_environment(
        {
            "REACTOR_GUARD_POLICY": "Other",
            "REACTOR_EXEMPT_PATHS": "/bots/",
            "REACTOR_TRUSTED_ROLES": "Pipeline",
        }
    )
    there = CommandLine(offline.environment, directory=tmp_path)
    ran = there("--stage", "prod", "guard", "scp", "--partition", "aws")
    assert ran.stdout == policy_text("aws", settings, []) + "\n"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        pytest.param((), "which role may still deploy", id="no role"),
        pytest.param(("--role", "*"), "'*' names no role", id="every role"),
        pytest.param(("--role", "x\x1b[31m\ny"), r"\x1b[31m", id="no name"),
        pytest.param(("--role", "X", "--partition", "moon"), "aws, aws-cn", id="partition"),
        pytest.param(
            tuple(f"--role=Deployer{number}" for number in range(20)),
            "drop or shorten some of what makes it long (the named roles ",
            id="too long",
        ),
    ],
)
def test_what_cannot_be_is_wrong_use(
    offline: CommandLine, arguments: tuple[str, ...], says: str
) -> None:
    """One line says what is wrong, and nothing is printed that could be attached."""
    ran = offline("guard", "scp", "--partition", "aws", *arguments)
    assert (ran.status, ran.stdout) == (2, "")
    assert says in ran.error_line
