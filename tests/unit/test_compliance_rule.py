"""reactor.triggers.rules: which notices of AWS Config wake the function `compliance`."""

import json
from typing import Any

import pytest
from moto.events.models import EventPattern

from reactor.errors import SettingError
from reactor.functions import functions_of
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.matching import matches
from reactor.triggers.rules import (
    PATTERN_LIMIT,
    compliance_pattern,
    pattern_of,
    require_room_for_rules,
)
from tests.fakes.harness import settings
from tests.unit.recorded import recorded
from tests.unit.test_compliance_messages import EVENT, NOTICE

BY_NAME, BY_ID = settings(config_rules="mfa"), settings(config_rules="config-rule-abc123")


def wakes(event: Any, under: Settings) -> bool:
    """Tell whether an event wakes the function, by our matching and by EventBridge's as it is."""
    pattern = compliance_pattern(under)
    found = matches(pattern, event)
    assert EventPattern.load(json.dumps(pattern)).matches_event(event) is found
    return found


def found(compliance: str, **more: Any) -> dict[str, Any]:
    """Return an event that says what the rule found."""
    return {
        **EVENT,
        "detail": {**NOTICE, "newEvaluationResult": {"complianceType": compliance}},
    } | more


@pytest.mark.parametrize("under", [BY_NAME, BY_ID, settings(config_rules="other,mfa")])
def test_what_a_named_rule_finds_amiss(under: Settings) -> None:
    """By its name, or by its id at the end of its ARN."""
    assert wakes(EVENT, under)
    assert wakes(found("INSUFFICIENT_DATA"), under)


@pytest.mark.parametrize(
    ("event", "under"),
    [
        pytest.param(found("COMPLIANT"), BY_NAME, id="compliant"),
        pytest.param(found("NOT_APPLICABLE"), BY_NAME, id="not applicable"),
        pytest.param(EVENT, settings(config_rules="mf"), id="a part of its name"),
        pytest.param(EVENT, settings(config_rules="abc123"), id="a part of its id"),
        pytest.param(EVENT, settings(config_rules="MFA"), id="its name in another case"),
        pytest.param({**EVENT, "source": "config"}, BY_NAME, id="not AWS Config's own"),
        pytest.param(
            {**EVENT, "detail-type": "Config Configuration Item Change"}, BY_NAME, id="another kind"
        ),
    ],
)
def test_what_wakes_nobody(event: dict[str, Any], under: Settings) -> None:
    """What needs no look, and what is another rule's, costs nothing."""
    assert not wakes(event, under)


def test_the_published_notice() -> None:
    """A real event of a user, when its rule is named."""
    notices = [each for name, each in recorded().items() if name.startswith("ConfigRulesC")]
    assert all(wakes(each, settings(config_rules="access-keys-rotated")) for each in notices)
    assert all(wakes(each, settings(config_rules="config-rule-eguym2")) for each in notices)
    assert not any(wakes(each, BY_NAME) for each in notices)


def test_without_rules_there_is_no_function() -> None:
    """And so no pattern, and nothing to deploy."""
    off = settings()
    assert pattern_of(Function.COMPLIANCE, off) is None
    assert Function.COMPLIANCE not in functions_of(off)
    assert Function.COMPLIANCE in functions_of(BY_NAME)


def test_as_many_rules_as_a_pattern_holds() -> None:
    """One more is refused, with what to do."""

    def naming(count: int) -> Settings:
        return settings(config_rules=",".join(f"config-rule-{each:06}" for each in range(count)))

    def size(count: int) -> int:
        return len(json.dumps(compliance_pattern(naming(count))))

    most = max(count for count in range(1, 100) if size(count) <= PATTERN_LIMIT)
    assert most > 20
    require_room_for_rules(naming(most))
    with pytest.raises(SettingError, match="name fewer"):
        require_room_for_rules(naming(most + 1))
