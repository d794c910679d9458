"""Our own sweep: the deployed function, warm, in all the parts that it takes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.contestants.contestant import PROJECT, Ran
from reactor.errors import shorten
from reactor.names import Function, function_name
from reactor.partitions import policy_arn
from reactor.roles.files import write_files
from reactor.settings import Settings
from sandbox import Deployment, Sandbox, deploy

STAGE = "prod"
SETTINGS = {
    "REACTOR_MODE": "enforce",
    "REACTOR_SCOPE": "without-mfa",  # the job that the others do
    "REACTOR_MAX_REMEDIATIONS": "0",
    # As often as a sweep is to be cheap enough for. One that comes a quarter of an hour after the
    # last that did so inspects the reactor besides: hardly any of five in a row.
    "REACTOR_SWEEP_MINUTES": "5",
}
_SWEEP = function_name(STAGE, Function.SWEEP)
_ROLES = tuple(function_name(STAGE, each) for each in (Function.SWEEP, Function.KEEPER))
_PATIENCE_SECONDS = 900  # with a sweep that is past the limit
_REPORT = re.compile(r"^REPORT RequestId: (\S+)\t.*Max Memory Used: (\d+) MB", re.MULTILINE)


def _write_roles(project: Path) -> None:
    write_files(project / ".chalice")


@dataclass(frozen=True, slots=True)
class Ours:
    """The reactor as it is deployed. It writes from two roles: the sweep's and the keeper's."""

    sandbox: Sandbox
    deployment: Deployment
    name: str = "mfa-reactor"
    writes: bool = True

    @classmethod
    def deployed(cls, sandbox: Sandbox) -> "Ours":
        """Deploy it, and let it sweep once: its process is then warm, and the guard is there."""
        ours = cls(
            sandbox,
            deploy(
                sandbox,
                project=PROJECT,
                stage=STAGE,
                settings=SETTINGS,
                before_deploy=_write_roles,
            ),
        )
        ours.sweep(_PATIENCE_SECONDS)
        return ours

    @property
    def guard_arn(self) -> str:
        """The guard's ARN."""
        name = Settings.from_environment(SETTINGS).guard_name
        return policy_arn("aws", self.sandbox.account, name)

    def sweep(self, limit_seconds: float) -> Ran:
        """Invoke it as the schedule does, and wait for all its parts."""
        before = len(self.sandbox.control.invocations())
        self.sandbox.client("lambda").invoke(
            FunctionName=_SWEEP, InvocationType="Event", Payload=b"{}"
        )
        in_time = self._settled(limit_seconds)
        if not in_time:
            self._settled(_PATIENCE_SECONDS)  # nobody else is measured while it runs
        parts = [
            each
            for each in self.sandbox.control.invocations()[before:]
            if each["function"] == _SWEEP
        ]
        return Ran(
            done=in_time and bool(parts[-1]["ok"]),
            peak_megabytes=self._peak_megabytes({each["request_id"] for each in parts}),
            began=min(each["started"] for each in parts),
            ended=max(each["ended"] for each in parts),
            parts=len(parts),
            failed=sum(not each["ok"] for each in parts),
            why=shorten(parts[-1]["error"] or ""),
        )

    def made(self, call: Mapping[str, Any]) -> bool:
        """Tell whether the sweep's or the keeper's role made a call."""
        return any(f"/{role}" in (call["caller"] or "") for role in _ROLES)

    def _settled(self, seconds: float) -> bool:
        try:
            self.sandbox.control.settle(seconds)
        except TimeoutError:
            return False
        return True

    def _peak_megabytes(self, requests: set[str]) -> float | None:
        """Return what the functions' REPORT lines say of their memory."""
        lines = "\n".join(self.deployment.log_events("sweep"))
        found = [int(size) for request, size in _REPORT.findall(lines) if request in requests]
        return float(max(found)) if found else None
