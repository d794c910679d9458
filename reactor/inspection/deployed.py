"""Whether a function stands as it was deployed: with its settings, and open to its rule.

For a person's look only: what the settings should be stands in `.chalice/config.json`, where the
stage is deployed from.
"""

from collections.abc import Mapping
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.inspection.policies import lets_invoke
from reactor.names import function_name, rule_name

_EVENTBRIDGE = "events.amazonaws.com"


def variables(
    stage: Stage,
    function: str,
    wanted: Mapping[str, str],
    found: Mapping[str, str] | ReactorError | None,
) -> Finding:
    """Judge a function's REACTOR_ variables; of those that differ the names are told, no values."""
    check, whole = f"settings-{function}", function_name(stage.name, function)
    if isinstance(found, ReactorError):
        return unread(check, f"the settings of {whole}", found)
    if found is None:
        return failed(check, f"there is no function {whole}", _deploy(stage))
    names = sorted({name for name, _ in set(wanted.items()) ^ set(found.items())})
    if names:
        differing = shorten(", ".join(names))
        what = f"{whole} has other settings than .chalice/config.json: {differing}"
        return failed(check, what, _deploy(stage))
    return passed(check, f"{whole} has the settings of .chalice/config.json")


def permission(
    stage: Stage, function: str, found: Mapping[str, Any] | ReactorError | None
) -> Finding:
    """Judge a function's own policy: without its permission the rule is deaf, enabled or not."""
    check, whole = f"permission-{function}", function_name(stage.name, function)
    rule = rule_name(stage.name, function)
    if isinstance(found, ReactorError):
        return unread(check, f"whom {whole} lets in", found)
    told = {"aws:sourcearn": stage.rule_arn(rule), "aws:sourceaccount": stage.account}
    if not lets_invoke(found or {}, stage.function_arn(whole), _EVENTBRIDGE, told):
        what = f"{whole} does not let the rule {rule} in: no event wakes it"
        return failed(check, what, _deploy(stage))
    return passed(check, f"{whole} lets the rule {rule} in")


def _deploy(stage: Stage) -> str:
    return f"make deploy STAGE={stage.name}"
