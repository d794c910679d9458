"""The contestants that run as a process beside the sandbox, as its administrator.

They get the sandbox's own environment, built from an allow-list: no other account is in reach.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.accounts import TAG
from benches.contestants.contestant import PROJECT, Ran, run_process
from sandbox import Sandbox

CUSTODIAN = PROJECT / "build" / "custodian" / "bin" / "custodian"
_ADMINISTRATOR = "SandboxAdministrator"


@dataclass(frozen=True, slots=True)
class Process:
    """A contestant that is a command."""

    name: str
    sandbox: Sandbox
    command: Sequence[str]
    writes: bool = True
    tells: bool = False  # when it began and ended

    def sweep(self, limit_seconds: float) -> Ran:
        """Run the command."""
        environment = self.sandbox.environment()
        return run_process(self.command, environment, limit_seconds, tells=self.tells)

    def made(self, call: Mapping[str, Any]) -> bool:
        """Tell whether it made a call: nobody else is the administrator while it runs."""
        return _ADMINISTRATOR in (call["caller"] or "")


def bulk(sandbox: Sandbox) -> Process:
    """Return the two bulk reads and nothing else."""
    command = (sys.executable, "-m", "benches.contestants.bulk")
    return Process("bare bulk reads", sandbox, command, writes=False, tells=True)


def naive(sandbox: Sandbox, policy_arn: str) -> Process:
    """Return the Lambda of a blog."""
    command = (sys.executable, "-m", "benches.contestants.naive", policy_arn)
    return Process("blog Lambda", sandbox, command)


def custodian(sandbox: Sandbox, policy_arn: str) -> Process:
    """Return Cloud Custodian with a policy that does the same job.

    The filter that costs nothing stands before the one that asks per user, as its users would have
    it. It asks for the region's name; `--cache-period 0` keeps a sweep from judging by an old read.
    """
    if not CUSTODIAN.exists():
        raise SystemExit(f"{CUSTODIAN} is missing: run `make bench`, which installs it")
    policy = sandbox.directory / "custodian.json"
    policy.write_text(json.dumps(_policy(policy_arn)))
    output = sandbox.directory / "custodian-output"
    arguments = ("run", "--cache-period", "0", "--region", sandbox.region)
    command = (str(CUSTODIAN), *arguments, "--output-dir", str(output), str(policy))
    return Process("Cloud Custodian", sandbox, command)


def custodian_version() -> str:
    """Return the version that is installed."""
    libraries = (CUSTODIAN.parents[1] / "lib").glob("python*/site-packages/c7n-*.dist-info")
    return Path(next(libraries)).stem.removeprefix("c7n-")


def _policy(policy_arn: str) -> dict[str, Any]:
    key, value = TAG
    return {
        "policies": [
            {
                "name": "guard-without-mfa",
                "resource": "aws.iam-user",
                "filters": [
                    {"not": [{f"tag:{key}": value}]},
                    {"type": "mfa-device", "value": "empty"},
                ],
                "actions": [{"type": "set-policy", "state": "attached", "arn": policy_arn}],
            }
        ]
    }
