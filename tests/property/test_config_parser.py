"""The parser of AWS Config's invocations takes anything: it reads it, or refuses it in one line."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import Permanent, SettingError
from reactor.triggers.config import Asked, of_rule, parse
from tests.fakes.account import ACCOUNT
from tests.fakes.config import POLICY, invocation, item
from tests.fakes.harness import settings
from tests.property.test_parser import JSON, leaves, mutated

OWN = [
    invocation(item(resourceName="alice"), {"scope": "console"}),
    invocation(item(POLICY, "ANPA1", ARN=f"arn:aws:iam::{ACCOUNT}:policy/p"), oversized=True),
    invocation(parameters={"whitelistParameter": "/mfa-reactor/x", "onlyCustom": "true"}),
]
STAGE = settings(exempt_parameter="/mfa/exempt")


def made_of(payload: Any) -> Asked | str:
    """Return what is asked for, or why it is refused."""
    try:
        asked = parse(payload, account=ACCOUNT)
        of_rule(STAGE, asked)
    except (Permanent, SettingError) as refused:
        return str(refused)
    return asked


def check(payload: Any) -> None:
    """Hold what is made of a payload to what any must be."""
    asked = made_of(payload)
    if isinstance(asked, str):
        assert "\n" not in asked
        assert len(asked) < 700
        return
    assert asked.at.tzinfo is not None
    named = set(leaves(payload)) | set(leaves(json.loads(payload["invokingEvent"])))
    assert {asked.token, asked.rule} <= named
    if asked.resource is not None:
        assert {asked.resource.type, asked.resource.id} <= named


@given(JSON)
def test_anything(payload: Any) -> None:
    """Whatever JSON it is."""
    check(payload)


@given(mutated(OWN))
def test_an_invocation_with_members_replaced(payload: Any) -> None:
    """Whatever is done to one."""
    check(payload)


@given(st.sampled_from(OWN), st.data())
def test_what_stands_inside_of_its_texts(payload: dict[str, Any], data: st.DataObject) -> None:
    """Whatever is done to the JSON inside."""
    inner = {"ruleParameters": {}, **payload}
    for member in ("invokingEvent", "ruleParameters"):
        inner[member] = json.dumps(data.draw(mutated([json.loads(payload[member])])))
    check(inner)
