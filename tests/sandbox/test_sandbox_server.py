"""The account's door: where it listens, who gets in, what it notes, and what it does not play."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from sandbox import Sandbox, SandboxError
from sandbox.environment import client_environment
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from pathlib import Path


def _own_addresses() -> list[str]:
    """Addresses of this machine outside the loopback interface. No packet is sent to find out."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return []
        return [str(probe.getsockname()[0])]


def test_it_listens_on_the_loopback_interface_only(sandbox: Sandbox) -> None:
    """Nobody else on the network reaches it."""
    address = urlsplit(sandbox.url)
    assert address.hostname == "127.0.0.1"
    for own in _own_addresses():
        with socket.socket() as attempt:
            attempt.settimeout(1)
            assert attempt.connect_ex((own, address.port or 0)) != 0


def test_a_web_page_gets_no_answer(sandbox: Sandbox) -> None:
    """Another host's name is refused (a page may point its own here); CORS lets none in."""
    address = urlsplit(sandbox.url).netloc
    for path in ("/", "/_sandbox/records"):
        connection = http.client.HTTPConnection(address)
        connection.request("POST", path, "{}", {"Host": "evil.example"})
        assert connection.getresponse().status == 403
        connection.close()
    connection = http.client.HTTPConnection(address)
    connection.request("POST", "/", "{}", {"Origin": "https://evil.example"})
    assert connection.getresponse().getheader("Access-Control-Allow-Origin") is None
    connection.close()


def test_an_environment_is_built_from_an_allow_list(tmp_path: Path) -> None:
    """Nothing of a person's own account gets through."""
    environment = client_environment(
        url="http://127.0.0.1:1",
        region="us-east-1",
        home=tmp_path,
        credentials={"access_key_id": "a", "secret_access_key": "s", "session_token": "t"},
        inherited={
            "PATH": "/bin",
            "HOME": "/home/me",
            "AWS_PROFILE": "mine",
            "AWS_SESSION_TOKEN": "mine",
            "AWS_ENDPOINT_URL_IAM": "https://iam.amazonaws.com",
            "PIP_INDEX_URL": "https://mirror",
            "SECRET": "mine",
        },
    )
    assert "mine" not in environment.values()
    assert "AWS_ENDPOINT_URL_IAM" not in environment
    assert environment["HOME"] == str(tmp_path)
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"]
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["PIP_INDEX_URL"] == "https://mirror"


def test_the_aws_command_line_works_in_the_environment(sandbox: Sandbox, user: str) -> None:
    """As it does with a real account."""
    ran = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "awscli", "iam", "get-user", "--user-name", user],
        env=sandbox.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["User"]["UserName"] == user


def test_latency_is_added_to_each_call(sandbox: Sandbox, iam: Any, user: str) -> None:
    """Or to those of some operations only; and no longer when it is taken away."""

    def seconds() -> float:
        started = time.monotonic()
        iam.get_user(UserName=user)
        return time.monotonic() - started

    try:
        sandbox.control.set_latency(200)
        assert seconds() >= 0.2
        sandbox.control.set_latency(200, ["ListUsers", "GetUser"])
        assert seconds() >= 0.2
        sandbox.control.set_latency(200, ["ListUsers"])
        assert min(seconds() for _ in range(5)) < 0.2
    finally:
        sandbox.control.set_latency(0)
    assert min(seconds() for _ in range(5)) < 0.2


def test_every_call_is_noted(sandbox: Sandbox, iam: Any, user: str, name: Any) -> None:
    """With its caller, its times and what became of it."""
    sandbox.control.clear_calls()
    before = time.time()
    iam.get_user(UserName=user)
    with refused("NoSuchEntity"):
        iam.get_user(UserName=name("Nobody"))
    sandbox.client("logs").describe_log_groups()
    calls = [call for call in sandbox.control.calls() if call["started"] >= before]
    noted = [(call["service"], call["action"], call["status"], call["error"]) for call in calls]
    assert noted == [
        ("iam", "GetUser", 200, None),
        ("iam", "GetUser", 404, "NoSuchEntity"),
        ("logs", "DescribeLogGroups", 200, None),
    ]
    assert calls[0]["caller"].endswith("assumed-role/SandboxAdministrator/operator")
    assert all(before <= call["started"] <= call["ended"] <= time.time() for call in calls)


def test_what_is_not_played_ends_as_an_error_of_aws(sandbox: Sandbox, iam: Any) -> None:
    """A code that clients can read, in each protocol, and no page of HTML."""
    with refused("NotImplementedInSandbox", "iam:SimulatePrincipalPolicy"):
        iam.simulate_principal_policy(
            PolicySourceArn=f"arn:aws:iam::{sandbox.account}:user/x", ActionNames=["s3:*"]
        )
    with refused("NotImplementedInSandbox"):
        sandbox.client("cloudtrail").lookup_events()


def test_moto_cannot_be_reset_behind_our_back(sandbox: Sandbox, iam: Any, user: str) -> None:
    """Its own endpoints are closed."""
    connection = http.client.HTTPConnection(urlsplit(sandbox.url).netloc)
    connection.request("POST", "/moto-api/reset")
    assert connection.getresponse().status == 403
    connection.close()
    iam.get_user(UserName=user)


def test_a_command_that_is_wrong_is_refused(sandbox: Sandbox) -> None:
    """SandboxError says why."""
    with pytest.raises(SandboxError, match="cannot be found"):
        sandbox.control.console_session("nobody-at-all", mfa=True)


def test_two_accounts_know_nothing_of_each_other(sandbox: Sandbox, user: str) -> None:
    """Each has its number, its users and its keys; the end of one ends its process."""
    with Sandbox.start(account="210987654321", region="us-gov-west-1") as other:
        iam = other.client("iam")
        assert iam.list_users()["Users"] == []
        created = iam.create_user(UserName=user)["User"]["Arn"]
        assert created == f"arn:aws-us-gov:iam::210987654321:user/{user}"
        assert other.control.records()[-1]["awsRegion"] == "us-gov-west-1"
        address = urlsplit(other.url)
    with socket.socket() as attempt:
        assert attempt.connect_ex((str(address.hostname), address.port or 0)) != 0
    assert urlsplit(sandbox.url).port != address.port
