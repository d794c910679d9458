"""What a function's environment writes to CloudWatch Logs, with the lines Lambda puts round it.

Lambda writes with the function's role: a role that may not write leaves no log at all.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from moto.iam.models import iam_backends
from moto.logs.models import logs_backends

from sandbox.authorization import allows
from sandbox.worker import LogLine, Outcome

if TYPE_CHECKING:
    from sandbox.functions import Function


def write_log(function: Function, log_stream: str, request_id: str, outcome: Outcome) -> None:
    """Puts one invocation's lines into its log stream. The caller holds the account's lock."""
    logs = logs_backends[function.account][function.region]
    role = iam_backends[function.account][function.partition].get_role_by_arn(function.role_arn)
    if function.log_group not in logs.groups:
        if not allows(role, "logs:CreateLogGroup"):
            return
        logs.create_log_group(function.log_group, {})
    if not (allows(role, "logs:CreateLogStream") and allows(role, "logs:PutLogEvents")):
        return
    logs.ensure_log_stream(function.log_group, log_stream)
    lines = [*outcome.lines, *_closing_lines(function, request_id, outcome)]
    events = [{"timestamp": line.at_milliseconds, "message": line.text} for line in lines]
    logs.put_log_events(function.log_group, log_stream, events)


def tail(outcome: Outcome) -> str:
    """The last 4 KB of the output, as Invoke gives it back to who asks for it."""
    return "\n".join(line.text for line in outcome.lines)[-4096:]


def _closing_lines(function: Function, request_id: str, outcome: Outcome) -> list[LogLine]:
    milliseconds = outcome.duration_seconds * 1000
    report = (
        f"REPORT RequestId: {request_id}\tDuration: {milliseconds:.2f} ms\t"
        f"Billed Duration: {math.ceil(milliseconds)} ms\t"
        f"Memory Size: {function.memory_megabytes} MB"
    )
    if outcome.peak_megabytes is not None:  # no number is better than one that is made up
        report += f"\tMax Memory Used: {outcome.peak_megabytes} MB"
    if outcome.init_seconds is not None:
        report += f"\tInit Duration: {outcome.init_seconds * 1000:.2f} ms"
    if outcome.error_type is not None:
        status = "timeout" if outcome.error_type == "Sandbox.Timedout" else "error"
        report += f"\tStatus: {status}"
    at = outcome.lines[-1].at_milliseconds if outcome.lines else 0
    return [LogLine(at, f"END RequestId: {request_id}"), LogLine(at, report)]
