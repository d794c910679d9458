"""The roles' policies: one a function, made from what its reads and actions declare."""

from collections.abc import Iterable
from typing import Any

from reactor.names import Function, failed_queue, log_group
from reactor.roles.buckets import setting_private
from reactor.roles.channels import telling
from reactor.roles.guard import keeping
from reactor.roles.statement import ANY_ACCOUNT, KEPT_TO_OWN, OWN_ACCOUNT, Statement, invoke
from reactor.roles.users import complying, evaluating, reacting, reviewing, sweeping
from reactor.settings import Settings

_ASKING = frozenset({"lambda:InvokeFunction"})


def statements(function: str, stage: str, settings: Settings) -> tuple[Statement, ...]:
    """Return what a function of a stage may do under the stage's settings."""
    powers = _powers(function, stage, settings)
    if settings.tells and function != Function.NOTIFY:
        powers = (*powers, invoke("AskNotify", _ASKING, stage, Function.NOTIFY))
    return (*powers, *_running(function, stage))


def _powers(function: str, stage: str, settings: Settings) -> Iterable[Statement]:
    """Return what its own work takes."""
    powers: Iterable[Statement]
    match function:
        case Function.REACT:
            powers = reacting(stage, settings, detaches=True)
        case Function.REVIEW:
            powers = reviewing(stage, settings)
        case Function.WATCH:
            powers = ()
        case Function.SWEEP:
            powers = sweeping(stage, settings)
        case Function.KEEPER:
            powers = keeping(settings)
        case Function.BUCKETS:
            powers = setting_private(settings)
        case Function.CONFIG:
            powers = evaluating(settings)
        case Function.COMPLIANCE:
            powers = complying(stage, settings)
        case Function.NOTIFY:
            powers = telling(stage, settings)
        case _:
            raise ValueError(f"no function {function!r}, there are {', '.join(Function)}")
    return powers


def policy(function: str, stage: str, settings: Settings) -> dict[str, Any]:
    """Return the policy document of a function's role."""
    return {
        "Version": "2012-10-17",
        "Statement": [each.document() for each in statements(function, stage, settings)],
    }


def _running(function: str, stage: str) -> Iterable[Statement]:
    """What any function needs to be seen at work. Chalice adds nothing to a policy from a file."""
    log = f"arn:*:logs:*:*:log-group:{log_group(stage, function)}"
    yield Statement(
        "WriteLog",
        # CreateLogGroup, so that the audit trail goes on when somebody deletes the group.
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        (log, f"{log}:*"),
        f"streams have random names; {ANY_ACCOUNT}",
    )
    # Lambda sends what failed for good with the function's role (developer guide, destinations).
    yield Statement(
        "HandOverFailures",
        ("sqs:SendMessage",),
        (f"arn:*:sqs:*:*:{failed_queue(stage)}",),
        KEPT_TO_OWN,
        OWN_ACCOUNT,
    )
    yield Statement(
        "WriteTraces",
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        ("*",),
        "X-Ray knows no resource for these two",
    )
