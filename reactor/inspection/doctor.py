"""A person's inspection: what each sweep polls, and what takes a person's rights to see."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.gathering import Call, Gather
from reactor.guard.identity import Standing
from reactor.inspection import checks, deployed, queues, roles, wiring
from reactor.inspection.facts import Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.inspection.poll import inspect
from reactor.inspection.ports import DoctorReads
from reactor.model import Compliance
from reactor.names import Function, failed_queue, function_name, undelivered_queue
from reactor.reconcile import Settled
from reactor.settings import Mode, Settings

# What the keeper keeps, by the kind of its subject.
_PARTS = {"guard": "the guard", "guard-group": "the guard's group"}


def examine(  # noqa: PLR0913 - its parts; all but the first three by name
    reads: DoctorReads,
    gather: Gather,
    stage: Stage,
    *,
    settings: Settings,
    patterns: Mapping[Function, checks.Pattern],
    wanted: Mapping[str, Mapping[str, Any]],
    variables: Mapping[str, Mapping[str, str]],
    look_at_guard: Callable[[], tuple[Settled, ...]],
) -> tuple[Finding, ...]:
    """Return the findings of all checks; of a stage that is not deployed, the poll's only.

    `patterns` is that of `inspect`, `wanted` has the role policy of each function, `variables` the
    REACTOR_ ones that it is deployed with; `look_at_guard` judges the guard, and its group where
    there is one, and changes nothing.
    """
    polled = inspect(
        reads, gather, stage, exempt_parameter=settings.exempt_parameter, patterns=patterns
    )
    if any(each.check == checks.STAGE for each in polled):
        return polled
    names = (undelivered_queue(stage.name), failed_queue(stage.name))
    calls: dict[tuple[str, str], Call] = {
        ("waiting", each): partial(reads.waiting, each) for each in names
    }
    for each in stage.functions:
        name = function_name(stage.name, each)
        calls["role", each] = partial(reads.role, name)
        calls["variables", each] = partial(reads.variables, name)
        if each.has_rule:
            calls["permissions", each] = partial(reads.permissions, name)
    facts = gather(calls | wiring.first_reads(reads, stage, settings))
    facts |= gather(wiring.second_reads(reads, stage, facts))
    return (
        *polled,
        *(queues.queue(stage, each, facts["waiting", each]) for each in names),
        *(guard(stage, settings.mode, each) for each in look_at_guard()),
        *(
            deployed.variables(stage, each, variables[each], facts["variables", each])
            for each in stage.functions
        ),
        *(deployed.permission(stage, each, facts["permissions", each]) for each in stage.ruled),
        *(roles.role(stage, each, wanted[each], facts["role", each]) for each in stage.functions),
        *wiring.findings(stage, settings, facts),
    )


def guard(stage: Stage, mode: Mode, seen: Settled) -> Finding:
    """Judge what the keeper would do: nothing, when the guard or its group is as it should be."""
    verdict, refusal = seen.decision.verdict, seen.decision.error
    check = seen.cause.subject.kind.value
    what = _PARTS[check]
    why = shorten("; ".join(verdict.reasons))
    if seen.observation.error is not None:
        return unread(check, what, seen.observation.error)
    if verdict.compliance is Compliance.COMPLIANT:
        return passed(check, f"{what} is in place: {why}")
    if verdict.compliance is not Compliance.NON_COMPLIANT:
        return unread(check, what, refusal or _not_judged(why))
    if refusal is not None:
        return failed(check, shorten(refusal), refusal.remedy)
    if mode is Mode.OBSERVE:
        return _observed(stage, seen, why)
    keeper = function_name(stage.name, Function.KEEPER)
    return failed(
        check,
        f"{what} is not in order: {why}",
        f"aws lambda invoke --function-name {keeper} --region {stage.region} /dev/stdout; if that"
        " does not mend it, see its log",
    )


def _not_judged(why: str) -> ReactorError:
    return ReactorError(why, remedy="report this as a bug")


def _observed(stage: Stage, seen: Settled, why: str) -> Finding:
    state, check = seen.observation.state, seen.cause.subject.kind.value
    if state is not None and state.standing is Standing.MISSING:
        return passed(check, f"{why}, and in observe mode none is made")
    remedy = f"REACTOR_MODE=enforce in stage {stage.name} has the keeper mend it"
    return failed(check, f"{_PARTS[check]} is not in order: {why}", remedy)
