"""reactor.inspection.config: the rules that invoke us, and those whose findings we act on."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reactor.errors import ReactorError
from reactor.inspection.config import evaluated, invoking, named, permission, recorder
from reactor.inspection.facts import ConfigRule, Evaluations, Recorder
from reactor.inspection.findings import State
from tests.fakes.inspection import (
    STAGE,
    a_config_rule,
    a_recorder,
    denied,
    lets_config_in,
    lets_in,
)

RULE = a_config_rule()
OTHERS = ConfigRule("theirs", "config-rule-2", "arn:theirs", "IAM_USER_MFA_ENABLED")
EARLY = datetime(2024, 1, 1, tzinfo=UTC)
LATE = EARLY + timedelta(hours=1)


def test_which_rules_invoke_us() -> None:
    """Of all of the region's, those of this stage's function."""
    dev = a_config_rule(stage=replace(STAGE, name="dev"))
    assert invoking(STAGE, (OTHERS, RULE, dev, replace(OTHERS, source=None))) == (RULE,)
    assert invoking(STAGE, denied()) == ()


@pytest.mark.parametrize(
    ("rules", "found", "state", "said"),
    [
        pytest.param((OTHERS,), (), State.OK, "no rule of AWS Config invokes", id="none is ours"),
        pytest.param((RULE,), (Evaluations("users"),), State.OK, "by users", id="not yet invoked"),
        pytest.param(
            (RULE,),
            (Evaluations("users", "No", LATE, EARLY, LATE, EARLY),),
            State.OK,
            "is invoked by users",
            id="a failure that is over",
        ),
        pytest.param(
            (RULE,),
            (Evaluations("users", "No way", EARLY, LATE),),
            State.FAILED,
            "start-config-rules-evaluation --config-rule-names users --region us-east-1",
            id="not invoked",
        ),
        pytest.param(
            (RULE,),
            (Evaluations("users", "No way", LATE, None, EARLY, LATE),),
            State.FAILED,
            "the rule users failed last: No way",
            id="invoked, and not evaluated",
        ),
        pytest.param(
            (RULE,),
            (Evaluations("it's $(x)", "", None, LATE),),
            State.FAILED,
            """--config-rule-names 'it'"'"'s $(x)' --region""",
            id="a name that a shell would read",
        ),
        pytest.param(denied(), (), State.UNKNOWN, "allow some:Read", id="rules unreadable"),
        pytest.param((RULE,), denied(), State.UNKNOWN, "allow some:Read", id="status unreadable"),
    ],
)
def test_how_rules_fare(
    rules: tuple[ConfigRule, ...] | ReactorError,
    found: tuple[Evaluations, ...] | ReactorError,
    state: State,
    said: str,
) -> None:
    """None is fine; one whose last invocation or evaluation failed is not."""
    finding = evaluated(STAGE, rules, found)
    assert (finding.check, finding.state) == ("config-rules", state)
    assert said in finding.what + finding.remedy


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        pytest.param(lets_config_in(STAGE), State.OK, id="as the template has it"),
        pytest.param(
            lets_config_in(STAGE, ArnLike={"AWS:SourceArn": RULE.arn}), State.OK, id="for the rule"
        ),
        pytest.param(
            lets_config_in(STAGE, ArnLike={"AWS:SourceArn": "arn:aws:config:*:*:config-rule/x"}),
            State.FAILED,
            id="for another rule",
        ),
        pytest.param(
            lets_config_in(replace(STAGE, account="999999999999")), State.FAILED, id="another's"
        ),
        pytest.param(lets_in(STAGE, "config"), State.FAILED, id="for EventBridge"),
        pytest.param(None, State.FAILED, id="none, as after a deployment that made it anew"),
        pytest.param(denied(), State.UNKNOWN, id="unreadable"),
    ],
)
def test_the_permission(policy: Any, state: State) -> None:
    """Without it AWS Config invokes nothing, and CloudFormation does not see that it is gone."""
    finding = permission(STAGE, (RULE,), policy)
    assert (finding.check, finding.state) == ("permission-config", state)
    if state is State.FAILED:
        assert finding.remedy == (
            "aws lambda add-permission --function-name mfa-reactor-prod-config"
            " --statement-id aws-config --action lambda:InvokeFunction"
            " --principal config.amazonaws.com --source-account 123456789012 --region us-east-1"
        )


BOTH = frozenset({"AWS::IAM::User", "AWS::IAM::Policy"})


def selective(types: frozenset[str], all_but: frozenset[str] | None = None) -> Recorder:
    """Return a recorder of some types, or of all but some."""
    return a_recorder(everything=False, globals_too=False, types=types, all_but=all_but)


@pytest.mark.parametrize(
    ("found", "state", "said"),
    [
        pytest.param(a_recorder(), State.OK, "default is on", id="all, with global types"),
        pytest.param(selective(BOTH), State.OK, "is on", id="just these"),
        pytest.param(selective(frozenset(), frozenset()), State.OK, "is on", id="all but none"),
        pytest.param(
            a_recorder(globals_too=False),
            State.FAILED,
            "leaves out AWS::IAM::User and AWS::IAM::Policyaws configservice"
            " put-configuration-recorder --configuration-recorder name=default,roleARN=arn:role"
            " --recording-group allSupported=true,includeGlobalResourceTypes=true",
            id="all, as it is by default",
        ),
        pytest.param(
            selective(frozenset({"AWS::IAM::User"})),
            State.FAILED,
            "leaves out AWS::IAM::Policyput them among what it records",
            id="users only",
        ),
        pytest.param(
            selective(frozenset(), frozenset({"AWS::IAM::User"})),
            State.FAILED,
            "leaves out AWS::IAM::Userput them",
            id="all but users",
        ),
        pytest.param(None, State.FAILED, "there is no configuration recorder", id="none"),
        pytest.param(denied(), State.UNKNOWN, "allow some:Read", id="unreadable"),
    ],
)
def test_the_recorder(found: Recorder | ReactorError | None, state: State, said: str) -> None:
    """It must record users and policies: IAM's types are left out unless it is told."""
    recorders = (found,) if isinstance(found, Recorder) else found or ()
    finding = recorder(STAGE, recorders, frozenset({"default"}))
    assert (finding.check, finding.state) == ("recorder", state)
    assert said in finding.what + finding.remedy


def test_a_recorder_that_is_off() -> None:
    """It records nothing; and whether it is on may be unknown."""
    off = recorder(STAGE, (a_recorder(),), frozenset())
    assert off.state is State.FAILED
    assert "start-configuration-recorder --configuration-recorder-name default" in off.remedy
    assert recorder(STAGE, (a_recorder(),), denied()).state is State.UNKNOWN


@pytest.mark.parametrize(
    ("names", "found", "state", "said"),
    [
        pytest.param(("theirs",), (OTHERS,), State.OK, "are there", id="by name"),
        pytest.param(("config-rule-2",), (OTHERS,), State.OK, "are there", id="by id"),
        pytest.param(
            ("theirs", "Theirs", "config-rule-9"),
            (OTHERS,),
            State.FAILED,
            "there is no rule Theirs, config-rule-9 of AWS Config in us-east-1",
            id="mistyped",
        ),
        pytest.param(("theirs",), denied(), State.UNKNOWN, "allow some:Read", id="unreadable"),
    ],
)
def test_rules_that_the_setting_names(
    names: tuple[str, ...], found: tuple[ConfigRule, ...] | ReactorError, state: State, said: str
) -> None:
    """A name that is mistyped would be a trigger that is never heard of."""
    finding = named(STAGE, names, found)
    assert (finding.check, finding.state) == ("compliance-rules", state)
    assert said in finding.what + finding.remedy
