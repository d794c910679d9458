"""The functions that are deployed: what moto keeps of one, and how its environment is made.

A function is read under the account's lock and frozen, so that running it needs no lock. Its
revision changes with its code and with every setting that a running worker has already taken in.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.utils import get_backend
from moto.utilities.utils import get_partition

from sandbox.lambda_settings import on_failure, recursive_loop

if TYPE_CHECKING:
    from pathlib import Path

    from moto.awslambda.models import LambdaFunction

    from sandbox.callers import Credentials
    from sandbox.lambda_settings import StrictLambdaBackend

DEFAULT_RETRIES = 2
DEFAULT_AGE_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Function:
    """A function as it was deployed last."""

    name: str
    arn: str
    region: str
    account: str
    handler: str
    role_arn: str
    timeout_seconds: int
    memory_megabytes: int
    code_sha256: str
    maximum_retries: int
    maximum_age_seconds: int  # of an event that waits for the function
    may_loop: bool  # may be invoked again and again in one chain of requests
    on_failure: str | None  # the ARN of the queue that failed events go to
    reserved_concurrency: int | None
    unreserved_concurrency: int  # the region's, shared by functions without a reservation
    environment: dict[str, str] = field(hash=False)
    statements: tuple[dict[str, Any], ...] = field(hash=False)  # its resource policy's
    code: bytes = field(repr=False, hash=False)

    @property
    def log_group(self) -> str:
        """The name Lambda gives a function's log group."""
        return f"/aws/lambda/{self.name}"

    @property
    def partition(self) -> str:
        """The partition of the function's region."""
        return get_partition(self.region)

    @property
    def revision(self) -> str:
        """Changes with whatever a running worker has taken in."""
        settings = [self.code_sha256, self.handler, self.role_arn, self.memory_megabytes]
        text = json.dumps([settings, sorted(self.environment.items())])
        return hashlib.sha256(text.encode()).hexdigest()


def find_function(account: str, region: str, name_or_arn: str) -> Function:
    """Raises moto's UnknownFunctionException. The caller holds the account's lock."""
    backend = cast("StrictLambdaBackend", get_backend(account, region))
    found: LambdaFunction = backend.get_function(name_or_arn, None)
    asynchronous = found.event_invoke_config[0].config if found.event_invoke_config else {}
    return Function(
        name=found.function_name,
        arn=found.function_arn.removesuffix(":$LATEST"),
        region=region,
        account=account,
        handler=str(found.handler),
        role_arn=found.role,
        timeout_seconds=int(found.timeout),
        memory_megabytes=int(found.memory_size),
        code_sha256=found.code_sha_256,
        maximum_retries=asynchronous.get("MaximumRetryAttempts", DEFAULT_RETRIES),
        maximum_age_seconds=asynchronous.get("MaximumEventAgeInSeconds", DEFAULT_AGE_SECONDS),
        may_loop=recursive_loop(found) == "Allow",
        on_failure=on_failure(asynchronous),
        reserved_concurrency=found.reserved_concurrency,
        unreserved_concurrency=backend.unreserved_concurrency,
        environment=dict(found.environment_vars),
        statements=tuple(dict(statement) for statement in found.policy.statements),
        code=found.code_bytes,
    )


def function_environment(
    function: Function, credentials: Credentials, *, url: str, log_stream: str, task_root: Path
) -> dict[str, str]:
    """All that a function's process sees.

    Nothing of our own environment is in it; what could let it find another account is set last.
    """
    python = f"python{sys.version_info.major}.{sys.version_info.minor}"
    lambda_sets = {
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{python}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(function.memory_megabytes),
        "AWS_LAMBDA_FUNCTION_NAME": function.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": "Text",
        "AWS_LAMBDA_LOG_GROUP_NAME": function.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "LAMBDA_TASK_ROOT": str(task_root),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin/:/bin",
        "TZ": ":UTC",
        "_HANDLER": function.handler,
    }
    account = {
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_SESSION_TOKEN": credentials.session_token or "",
        "AWS_REGION": function.region,
        "AWS_DEFAULT_REGION": function.region,
        "AWS_ENDPOINT_URL": url,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "127.0.0.1",
    }
    return lambda_sets | function.environment | account


def unpack(function: Function, under: Path) -> Path:
    """The deployed zip, unpacked once for each content."""
    task_root = under / hashlib.sha256(function.code).hexdigest()
    if not task_root.exists():
        half_done = task_root.with_suffix(".part")
        with zipfile.ZipFile(io.BytesIO(function.code)) as bundle:
            bundle.extractall(half_done)
        half_done.rename(task_root)
    return task_root
