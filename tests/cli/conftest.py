"""One account for all tests here; names are each test's own."""

from __future__ import annotations

import contextlib
import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Sandbox
from tests.cli.command import PROJECT, CommandLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_numbers = itertools.count(1)
# A boto3 that cannot be imported: what works beside it does not need AWS.
_NO_BOTO3 = "raise ImportError('this command must not need boto3')\n"


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """An account in a process of its own; the reactor is not deployed in it."""
    with Sandbox.start() as started:
        yield started


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """IAM, as the administrator."""
    return sandbox.client("iam")


@pytest.fixture
def name() -> Callable[[str], str]:
    """A name that no other test has."""
    return lambda kind: f"{kind}-{next(_numbers)}"


@pytest.fixture
def new_user(iam: Any, name: Callable[[str], str]) -> Iterator[Callable[..., str]]:
    """Creates users, who are gone when the test ends: a sweep looks at all there are."""
    made: list[str] = []

    def create(**arguments: Any) -> str:
        made.append(name("User"))
        iam.create_user(UserName=made[-1], **arguments)
        return made[-1]

    yield create
    for user in made:
        _take_credentials(iam, user)
        for group in iam.list_groups_for_user(UserName=user)["Groups"]:
            iam.remove_user_from_group(UserName=user, GroupName=group["GroupName"])
        for device in iam.list_mfa_devices(UserName=user)["MFADevices"]:
            iam.deactivate_mfa_device(UserName=user, SerialNumber=device["SerialNumber"])
        for policy in attached(iam, user):
            iam.detach_user_policy(UserName=user, PolicyArn=policy)
        iam.delete_user(UserName=user)


def _take_credentials(iam: Any, user: str) -> None:
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_login_profile(UserName=user)
    for key in iam.list_access_keys(UserName=user)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=user, AccessKeyId=key["AccessKeyId"])


@pytest.fixture
def command(sandbox: Sandbox, name: Callable[[str], str]) -> CommandLine:
    """The command as the account's administrator, with a guard that no other test has."""
    return CommandLine({**sandbox.environment(), "REACTOR_GUARD_POLICY": name("Guard")})


@pytest.fixture
def outsider(tmp_path: Path) -> CommandLine:
    """The command without credentials and region."""
    return CommandLine(bare_environment(tmp_path))


@pytest.fixture
def offline(tmp_path: Path) -> CommandLine:
    """The command without credentials and region, and without boto3."""
    (tmp_path / "boto3.py").write_text(_NO_BOTO3)
    path = os.pathsep.join((str(tmp_path), str(PROJECT)))
    return CommandLine({**bare_environment(tmp_path), "PYTHONPATH": path})


def bare_environment(home: Path) -> dict[str, str]:
    """An environment in which AWS is not set up at all."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def attached(iam: Any, user: str) -> list[str]:
    """The ARNs of the policies attached to a user."""
    policies = iam.list_attached_user_policies(UserName=user)["AttachedPolicies"]
    return [each["PolicyArn"] for each in policies]
