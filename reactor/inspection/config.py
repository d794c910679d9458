"""AWS Config: the rules that invoke the function `config`, and those whose findings we act on.

For a person's look only. Names of rules and recorders may hold anything, and errors others' words.
"""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import ConfigRule, Evaluations, Recorder, Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.inspection.policies import lets_invoke
from reactor.names import Function, function_name, log_group

RECORDED = ("AWS::IAM::User", "AWS::IAM::Policy")  # what infra/config-rule.yaml is told changes of
_CONFIG = "config.amazonaws.com"
Rules = tuple[ConfigRule, ...] | ReactorError


def invoking(stage: Stage, rules: Rules) -> tuple[ConfigRule, ...]:
    """Return those of a region's rules that invoke the stage's function `config`."""
    if isinstance(rules, ReactorError):
        return ()
    arn = stage.function_arn(function_name(stage.name, Function.CONFIG))
    return tuple(each for each in rules if each.source == arn)


def evaluated(stage: Stage, rules: Rules, found: tuple[Evaluations, ...] | ReactorError) -> Finding:
    """Judge how the rules fare that invoke the stage's function; there need be none."""
    check, name = "config-rules", function_name(stage.name, Function.CONFIG)
    if isinstance(rules, ReactorError):
        return unread(check, "the rules of AWS Config", rules)
    ours = invoking(stage, rules)
    if not ours:
        return passed(check, f"no rule of AWS Config invokes {name}")
    if isinstance(found, ReactorError):
        return unread(check, f"how the rules of AWS Config fare that invoke {name}", found)
    for each in found:
        if each.failing:
            evaluate = (
                "aws configservice start-config-rules-evaluation --config-rule-names"
                f" {_quoted(each.rule)} --region {stage.region}"
            )
            return failed(
                check,
                f"the rule {shorten(each.rule)} failed last: {shorten(each.error or 'no reason')}",
                f"mend that (aws logs tail {log_group(stage.name, Function.CONFIG)} --since 1d"
                f" --region {stage.region} may say more), then {evaluate}",
            )
    return passed(check, f"{name} is invoked by {shorten(', '.join(each.name for each in ours))}")


def permission(
    stage: Stage, rules: Sequence[ConfigRule], found: Mapping[str, Any] | ReactorError | None
) -> Finding:
    """Judge whether the function `config` lets AWS Config in, for each rule that invokes it.

    The permission is gone with a function that was deleted, and CloudFormation does not see that.
    """
    check, name = f"permission-{Function.CONFIG}", function_name(stage.name, Function.CONFIG)
    if isinstance(found, ReactorError):
        return unread(check, f"whom {name} lets in", found)
    for each in rules:
        told = {"aws:sourcearn": each.arn, "aws:sourceaccount": stage.account}
        if not lets_invoke(found or {}, stage.function_arn(name), _CONFIG, told):
            return failed(
                check,
                f"{name} does not let AWS Config in: the rule {shorten(each.name)} is idle",
                f"aws lambda add-permission --function-name {name} --statement-id aws-config"
                f" --action lambda:InvokeFunction --principal {_CONFIG}"
                f" --source-account {stage.account} --region {stage.region}",
            )
    return passed(check, f"{name} lets AWS Config in")


def recorder(
    stage: Stage,
    found: tuple[Recorder, ...] | ReactorError,
    recording: frozenset[str] | ReactorError,
) -> Finding:
    """Judge the configuration recorder: without one that is on, no change wakes a rule."""
    check = "recorder"
    if isinstance(found, ReactorError):
        return unread(check, "the configuration recorder", found)
    if not found:
        return failed(
            check,
            f"there is no configuration recorder in {stage.region}: no change wakes a rule",
            f"aws configservice put-configuration-recorder, to record {' and '.join(RECORDED)}"
            " (docs/config.md)",
        )
    best = next((each for each in found if not _left_out(each)), found[0])
    if isinstance(recording, ReactorError):
        return unread(check, "whether the configuration recorder is on", recording)
    if best.name not in recording:
        return failed(
            check,
            f"the configuration recorder {shorten(best.name)} is off: no change wakes a rule",
            "aws configservice start-configuration-recorder --configuration-recorder-name"
            f" {_quoted(best.name)} --region {stage.region}",
        )
    if left_out := _left_out(best):
        what = (
            f"the configuration recorder {shorten(best.name)} leaves out {' and '.join(left_out)}"
        )
        return failed(check, what, _widen(stage, best))
    return passed(check, f"the configuration recorder {shorten(best.name)} is on")


def named(stage: Stage, names: Sequence[str], found: Rules) -> Finding:
    """Judge the rules whose findings the stage acts on: one that is not there finds nothing."""
    check, setting = "compliance-rules", "REACTOR_CONFIG_RULES"
    if isinstance(found, ReactorError):
        return unread(check, f"the rules of {setting}", found)
    known = {text for each in found for text in (each.name, each.id)}
    missing = [each for each in names if each not in known]
    if missing:
        return failed(
            check,
            f"there is no rule {shorten(', '.join(missing))} of AWS Config in {stage.region}, which"
            f" {setting} names: nothing is done by it, unless a topic brings another region's",
            f"correct {setting} in .chalice/config.json (aws configservice describe-config-rules"
            f" --region {stage.region} has names and ids), then make deploy STAGE={stage.name}",
        )
    return passed(check, f"the rules of {setting} are there")


def _left_out(recorder: Recorder) -> tuple[str, ...]:
    return tuple(each for each in RECORDED if not recorder.records(each))


def _widen(stage: Stage, recorder: Recorder) -> str:
    command = "aws configservice put-configuration-recorder"
    if not recorder.everything or recorder.all_but is not None:
        return f"put them among what it records, or take them off what it leaves out: {command}"
    which = _quoted(f"name={recorder.name},roleARN={recorder.role}")
    group = "allSupported=true,includeGlobalResourceTypes=true"
    return (
        f"{command} --configuration-recorder {which} --recording-group {group}"
        f" --region {stage.region}"
    )


def _quoted(name: str) -> str:
    return shlex.quote(shorten(name))
