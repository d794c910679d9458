"""The client's side: start an account, get clients and environments for it, and control it."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from sandbox.environment import client_environment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class SandboxError(Exception):
    """The sandbox did not start, or refused a command; says why."""


class Control:
    """The control endpoint, typed. Every method raises SandboxError when it is refused."""

    def __init__(self, url: str, region: str) -> None:
        self._address = urlsplit(url).netloc
        self._region = region

    def lose_next_event(self, name: str | None = None) -> None:
        """The next CloudTrail record reaches no rule. It is still among the records.

        With a name it is the next record of that event, e.g. UpdateFunctionCode20150331v2.
        """
        self._command("lose_next_event", name=name)

    def fire_schedule(self, rule_name: str, region: str | None = None) -> list[str]:
        """Lets a rule with a schedule go off now; returns the ARNs of the functions invoked."""
        arns: list[str] = self._command(
            "fire_schedule", rule_name=rule_name, region=region or self._region
        )
        return arns

    def set_schedule_speed(self, times: float) -> None:
        """Makes the clock of the rates run `times` as fast as it should (1 is on time)."""
        self._command("set_schedule_speed", times=times)

    def set_event_age_speed(self, times: float) -> None:
        """Makes events that wait for a function grow old `times` as fast (1 is as they should)."""
        self._command("set_event_age_speed", times=times)

    def records(self) -> list[dict[str, Any]]:
        """CloudTrail's records, oldest first."""
        records: list[dict[str, Any]] = self._command("records")
        return records

    def set_latency(self, milliseconds: float) -> None:
        """Makes every AWS call take this much longer."""
        self._command("set_latency", milliseconds=milliseconds)

    def set_throttle(
        self,
        rate_per_second: float | None,
        burst: float | None = None,
        operations: Sequence[str] | None = None,
    ) -> None:
        """Throttles IAM: so many calls a second, and as many at once as `burst`.

        Without operations all calls share one bucket; with them, each operation has one of its own
        besides. A rate of None is off: for the operations named, or altogether.
        """
        self._command(
            "set_throttle", rate_per_second=rate_per_second, burst=burst, operations=operations
        )

    def set_failures(
        self, share: float, operations: Sequence[str] | None = None, seed: int = 0
    ) -> None:
        """Lets this share of IAM's calls (of these operations) fail with a 500 or 503; 0 is off."""
        self._command("set_failures", share=share, operations=operations, seed=seed)

    def set_staleness(self, seconds: float, seed: int | None = None) -> None:
        """Lets IAM's reads see what was so many seconds ago; 0 is off.

        With a seed, each read looks back as far as the dice say, up to that.
        """
        self._command("set_staleness", seconds=seconds, seed=seed)

    def calls(self) -> list[dict[str, Any]]:
        """Every AWS call answered, in the order of the answers.

        service, action, region, caller (ARN), started and ended (seconds since the epoch), status,
        error (code or None).
        """
        calls: list[dict[str, Any]] = self._command("calls")
        return calls

    def clear_calls(self) -> None:
        """Forgets the calls so far."""
        self._command("clear_calls")

    def settle(self, timeout_seconds: float = 30.0) -> None:
        """Waits until no invocation is queued, running or waiting for a retry.

        Raises TimeoutError, naming what still runs.
        """
        self._command("settle", timeout_seconds=timeout_seconds)

    def invoke_event(self, envelope: dict[str, Any]) -> list[str]:
        """Puts an envelope on the bus as if AWS delivered it; returns the functions' ARNs."""
        arns: list[str] = self._command("invoke_event", envelope=envelope)
        return arns

    def reset_functions(self) -> None:
        """Ends all warm workers: the next invocation of each function is a cold one."""
        self._command("reset_functions")

    def invocations(self) -> list[dict[str, Any]]:
        """Every attempt, oldest first.

        function, event_id, request_id, attempt (1 to 3; 0 for what went wrong outside the function,
        with the reason in error), started, ended (seconds since the epoch), ok, error (None when
        ok), cold.
        """
        invocations: list[dict[str, Any]] = self._command("invocations")
        return invocations

    def console_session(self, user_name: str, mfa: bool) -> dict[str, str]:
        """Credentials of the user's session in the console, signed in with or without MFA."""
        credentials: dict[str, str] = self._command(
            "console_session", user_name=user_name, mfa=mfa, region=self._region
        )
        return credentials

    def root_session(self) -> dict[str, str]:
        """Credentials of the account's root user."""
        credentials: dict[str, str] = self._command("root_session", region=self._region)
        return credentials

    def _command(self, command: str, /, **arguments: Any) -> Any:
        # http.client knows no proxies: the command goes to this machine and nowhere else.
        connection = http.client.HTTPConnection(self._address)
        try:
            connection.request("POST", f"/_sandbox/{command}", json.dumps(arguments))
            response = connection.getresponse()
            answer = json.loads(response.read())
        finally:
            connection.close()
        if response.status == HTTPStatus.REQUEST_TIMEOUT:
            raise TimeoutError(answer["error"])
        if response.status != HTTPStatus.OK:
            raise SandboxError(answer["error"])
        return answer


class Sandbox:
    """An AWS account in a process of its own. Use `start`, and `stop` it or use it in `with`."""

    def __init__(
        self, process: subprocess.Popen[str], ready: dict[str, Any], region: str, directory: Path
    ) -> None:
        self.url: str = ready["url"]
        self.account: str = ready["account"]
        self.region = region
        self.control = Control(self.url, region)
        self._credentials: dict[str, dict[str, str]] = ready["credentials"]
        self._process = process
        self.directory = directory  # for what lives as long as the account; gone with it
        self._home = directory / "home"
        self._home.mkdir()

    @classmethod
    def start(  # noqa: PLR0913 - an account has as many sides, and all are named
        cls,
        *,
        account: str = "123456789012",
        region: str = "us-east-1",
        port: int = 0,
        retry_pauses_seconds: tuple[float, float] | None = None,
        trail: bool = True,
        concurrency_limit: int = 1000,
    ) -> Self:
        """Starts the account, by default with a trail that logs all management events.

        `concurrency_limit` is how many functions may run at once in a region. Raises SandboxError
        when the server does not come up.
        """
        directory = Path(tempfile.mkdtemp(prefix="sandbox-"))
        arguments = ["--port", str(port), "--account", account, "--until-stdin-closes"]
        arguments += ["--concurrency-limit", str(concurrency_limit)]
        arguments += [] if trail else ["--no-trail"]
        if retry_pauses_seconds is not None:
            arguments += ["--retry-pauses", ",".join(map(str, retry_pauses_seconds))]
        process = subprocess.Popen(
            [sys.executable, "-m", "sandbox.serve", *arguments],
            stdin=subprocess.PIPE,  # closes with us, and the server ends with it
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        line = process.stdout.readline() if process.stdout else ""
        if not line:
            shutil.rmtree(directory, ignore_errors=True)
            raise SandboxError(f"the server ended with status {process.wait()} before it was ready")
        return cls(process, json.loads(line), region, directory)

    def stop(self) -> None:
        """Ends the server, its functions, and what they had in temporary directories."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def environment(self, region: str | None = None) -> dict[str, str]:
        """A complete environment for a client of this account, as its administrator."""
        region = region or self.region
        return client_environment(
            url=self.url, region=region, home=self._home, credentials=self._administrator(region)
        )

    def client(
        self, service: str, region: str | None = None, credentials: dict[str, str] | None = None
    ) -> Any:
        """A boto3 client, as the administrator or with other credentials.

        Those are access_key_id, secret_access_key and, of a session, session_token.
        """
        region = region or self.region
        credentials = credentials or self._administrator(region)
        create: Any = self._session.client  # its stubs know the services installed by name only
        return create(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=credentials["access_key_id"],
            aws_secret_access_key=credentials["secret_access_key"],
            aws_session_token=credentials.get("session_token"),
            config=Config(proxies={}, max_pool_connections=50, parameter_validation=True),
        )

    def client_for_user(self, user_name: str, service: str = "iam") -> Any:
        """A client with a new access key of the user's."""
        key = self.client("iam").create_access_key(UserName=user_name)["AccessKey"]
        credentials = {
            "access_key_id": key["AccessKeyId"],
            "secret_access_key": key["SecretAccessKey"],
        }
        return self.client(service, credentials=credentials)

    def console_client(self, user_name: str, *, mfa: bool, service: str = "iam") -> Any:
        """A client as the user signed in to the console, with or without MFA."""
        return self.client(service, credentials=self.control.console_session(user_name, mfa))

    def root_client(self, service: str = "iam") -> Any:
        """A client as the account's root user."""
        return self.client(service, credentials=self.control.root_session())

    def _administrator(self, region: str) -> dict[str, str]:
        partition = self._session.get_partition_for_region(region)
        return self._credentials[partition]

    @cached_property
    def _session(self) -> boto3.session.Session:
        """A session that reads nothing of the person's own configuration."""
        session = botocore.session.Session()
        for name, value in (
            ("config_file", os.devnull),
            ("credentials_file", os.devnull),
            ("profile", None),
        ):
            session.set_config_variable(name, value)
        return boto3.session.Session(botocore_session=session)
