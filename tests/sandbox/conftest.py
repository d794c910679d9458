"""One sandbox and one deployment of the probe for all tests here; names are each test's own."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Deployment, Sandbox, deploy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PROBE = Path(__file__).parent / "probe"
_numbers = itertools.count(1)

GUARD = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}'


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """An account in a process of its own."""
    with Sandbox.start() as started:
        yield started


@pytest.fixture(scope="session")
def bare() -> Iterator[Sandbox]:
    """Another account, without a trail and with little concurrency."""
    with Sandbox.start(trail=False, concurrency_limit=10) as started:
        yield started


@pytest.fixture(scope="session")
def deployment(sandbox: Sandbox) -> Deployment:
    """The probe, deployed by Chalice."""
    return deploy(sandbox, project=_PROBE, stage="dev", settings={"PROBE_SETTING": "set"})


@pytest.fixture(autouse=True)
def _undisturbed(request: pytest.FixtureRequest) -> None:
    """Nothing is under way any more of what the tests before have caused."""
    for account in {"sandbox", "bare"} & set(request.fixturenames):
        request.getfixturevalue(account).control.settle(60)


@pytest.fixture
def iam(sandbox: Sandbox) -> Any:
    """IAM, as the administrator."""
    return sandbox.client("iam")


@pytest.fixture
def name() -> Callable[[str], str]:
    """A name that no other test has."""

    def unique(kind: str) -> str:
        return f"{kind}-{next(_numbers)}"

    return unique


@pytest.fixture
def user(iam: Any, name: Callable[[str], str]) -> str:
    """A new user's name."""
    return str(iam.create_user(UserName=name("User"))["User"]["UserName"])


@pytest.fixture
def group(iam: Any, name: Callable[[str], str]) -> str:
    """A new group's name."""
    return str(iam.create_group(GroupName=name("Group"))["Group"]["GroupName"])


@pytest.fixture
def policy(iam: Any, name: Callable[[str], str]) -> str:
    """A new policy's ARN."""
    created = iam.create_policy(PolicyName=name("Policy"), PolicyDocument=GUARD)
    return str(created["Policy"]["Arn"])


@pytest.fixture
def device(iam: Any, name: Callable[[str], str]) -> str:
    """A new virtual MFA device's serial number; nobody has it yet."""
    created = iam.create_virtual_mfa_device(VirtualMFADeviceName=name("Device"))
    return str(created["VirtualMFADevice"]["SerialNumber"])
