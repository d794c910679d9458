"""reactor.triggers.catalogue: the rule's pattern, and what matches it."""

import copy
import itertools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.events.models import EventPattern

from reactor.model import Claim
from reactor.triggers.catalogue import CATALOGUE, matches, rule_pattern
from tests.fakes.events import event
from tests.unit.recorded import delivered, recorded

PATTERN_LIMIT = 2048  # characters, EventBridge's default quota


def test_pattern() -> None:
    """The rule asks for four of IAM's own events, and for calls that did not fail."""
    assert rule_pattern() == {
        "source": ["aws.iam"],
        "detail-type": ["AWS API Call via CloudTrail"],
        "detail": {
            "eventSource": ["iam.amazonaws.com"],
            "eventName": [
                "CreateUser",
                "DeactivateMFADevice",
                "DeleteVirtualMFADevice",
                "DetachUserPolicy",
            ],
            "errorCode": [{"exists": False}],
        },
    }
    assert len(json.dumps(rule_pattern())) < PATTERN_LIMIT


def test_rows() -> None:
    """Each event is found by its name, says why it matters, and claims what it can show."""
    assert {name: row.claim for name, row in CATALOGUE.items()} == {
        "CreateUser": Claim.USER_CREATED,
        "DetachUserPolicy": Claim.POLICY_DETACHED,
        "DeactivateMFADevice": Claim.DEVICE_REMOVED,
        "DeleteVirtualMFADevice": Claim.DEVICE_REMOVED,
    }
    assert all(row.event == name and row.why for name, row in CATALOGUE.items())


@pytest.mark.parametrize("name", sorted(CATALOGUE))
def test_each_event_matches(name: str) -> None:
    """Every row's event gets through the rule."""
    assert matches(rule_pattern(), event(name, {}))


MUTATIONS: tuple[tuple[str, ...], ...] = (
    ("source",),
    ("detail-type",),
    ("detail",),
    ("detail", "eventSource"),
    ("detail", "eventName"),
    ("detail", "errorCode"),
    ("detail", "requestParameters"),
)
VALUES: tuple[Any, ...] = (
    "CreateUser",
    "createuser",
    "AccessDenied",
    "",
    "aws.iam",
    0,
    False,
    {},
    {"eventName": "CreateUser"},
    ["CreateUser"],
    [],
)


def mutations(original: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield an event as it is, and with one member left out or changed."""
    yield original
    for (*parents, last), value in itertools.product(MUTATIONS, (None, *VALUES)):
        changed = copy.deepcopy(original)
        holder = changed
        for parent in parents:
            holder = holder[parent]
        if last == "errorCode" and isinstance(value, dict) and value:
            continue  # `exists` looks at leaves only, and an errorCode is never anything else
        if value is None:
            holder.pop(last, None)
        else:
            holder[last] = value
        yield changed


EVENTS = {
    **{f"own {name}": event(name, {"userName": "alice"}) for name in (*CATALOGUE, "GetUser")},
    **{name: delivered(each) for name, each in sorted(recorded().items())},
}


@pytest.mark.parametrize("name", EVENTS)
def test_agrees_with_motos_matcher(name: str) -> None:
    """On real records, and with any member mutated, moto's EventBridge says the same."""
    theirs: Any = EventPattern(json.dumps(rule_pattern()), rule_pattern())
    original = EVENTS[name]
    many = mutations(original) if isinstance(original.get("detail"), dict) else iter([original])
    for each in many:
        assert matches(rule_pattern(), each) == theirs.matches_event(each)


@pytest.mark.parametrize("payload", [None, [], "text", 3, {"detail": "text"}, {"detail": None}])
def test_what_is_no_event_does_not_match(payload: object) -> None:
    """Anything may be a payload; what is not an event's shape does not match."""
    assert not matches(rule_pattern(), payload)


def test_pattern_of_another_kind_is_refused() -> None:
    """A pattern's choices stand in a list; a bare value is a mistake of ours."""
    with pytest.raises(TypeError, match="holds lists and objects, not"):
        matches({"source": "aws.iam"}, {"source": "aws.iam"})
