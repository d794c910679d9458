"""`mfa-reactor guard show`: the guard's document."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from reactor.guard.document import guard_document
from reactor.settings import Settings

if TYPE_CHECKING:
    from sandbox import Sandbox
    from tests.cli.command import CommandLine

from tests.fakes.account import DEFAULTS

ACCOUNT = "210987654321"


@pytest.mark.parametrize("partition", ("aws", "aws-cn", "aws-us-gov"))
def test_with_account_and_partition_it_works_offline(offline: CommandLine, partition: str) -> None:
    """Without credentials, region and boto3."""
    ran = offline("guard", "show", "--account", ACCOUNT, "--partition", partition)
    assert (ran.status, ran.stderr) == (0, "")
    assert ran.document == guard_document(partition, ACCOUNT, DEFAULTS)
    assert "\n  " in ran.stdout  # for people to read


def test_the_account_is_that_of_the_credentials(command: CommandLine, sandbox: Sandbox) -> None:
    """Without options the document is the one for here."""
    settings = Settings.from_environment(
        {"REACTOR_GUARD_POLICY": command.environment["REACTOR_GUARD_POLICY"]}
    )
    assert command("guard", "show").document == guard_document("aws", sandbox.account, settings)


def test_the_partition_is_that_of_the_configured_region(outsider: CommandLine) -> None:
    """Either variable that AWS's tools know; aws without any."""
    show = ("guard", "show", "--account", ACCOUNT)
    assert outsider(*show).document == guard_document("aws", ACCOUNT, DEFAULTS)
    china = outsider(*show, AWS_REGION="cn-northwest-1")
    assert china.document == guard_document("aws-cn", ACCOUNT, DEFAULTS)
    government = outsider(*show, AWS_DEFAULT_REGION="us-gov-east-1")
    assert government.document == guard_document("aws-us-gov", ACCOUNT, DEFAULTS)


@pytest.mark.parametrize(
    ("options", "takes"),
    (
        pytest.param(("--account", "1234"), "12 digits", id="account"),
        pytest.param(("--partition", "moon"), "aws, aws-cn, aws-us-gov", id="partition"),
    ),
)
def test_what_cannot_be_is_wrong_use(
    offline: CommandLine, options: tuple[str, ...], takes: str
) -> None:
    """One line says what the option takes."""
    ran = offline("guard", "show", *options)
    assert ran.status == 2
    assert takes in ran.error_line
