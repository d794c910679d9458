"""The client's side: start an account, get clients and environments for it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
import botocore.session
from botocore.config import Config

from sandbox.commands import Control, SandboxError
from sandbox.environment import client_environment

if TYPE_CHECKING:
    from types import TracebackType


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
        workers_per_function: int | None = None,
    ) -> Self:
        """Starts the account, by default with a trail that logs all management events.

        `concurrency_limit` is how many functions may run at once in a region, and
        `workers_per_function` how many processes this machine is to have for each of them. Raises
        SandboxError when the server does not come up.
        """
        directory = Path(tempfile.mkdtemp(prefix="sandbox-"))
        arguments = ["--port", str(port), "--account", account, "--until-stdin-closes"]
        arguments += ["--concurrency-limit", str(concurrency_limit)]
        arguments += [] if trail else ["--no-trail"]
        if workers_per_function is not None:
            arguments += ["--workers-per-function", str(workers_per_function)]
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
        client = create(
            service,
            region_name=region,
            endpoint_url=self.url,
            aws_access_key_id=credentials["access_key_id"],
            aws_secret_access_key=credentials["secret_access_key"],
            aws_session_token=credentials.get("session_token"),
            config=Config(proxies={}, max_pool_connections=50, parameter_validation=True),
        )
        client.meta.events.register("before-send.s3-control", self._without_account)
        return client

    def _without_account(self, request: Any, **_: object) -> None:
        """Ask at our own address what botocore asks at one that begins with the account."""
        request.url = request.url.replace(f"//{self.account}.", "//", 1)

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
