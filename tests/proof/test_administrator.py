"""An administrator who holds the guard: what is left of what it may do."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from sandbox.oracle import Decision, Request
from tests.proof.combinations import ACCOUNT, DEFAULT, GUARDS, Combination
from tests.proof.questions import ADMINISTRATOR, Questions
from tests.proof.sessions import ASKERS, FRESH, KEY, Asker
from tests.proof.tables import left_to_administrator

if TYPE_CHECKING:
    from sandbox.oracle import Action, Oracle


@pytest.mark.parametrize("combination", GUARDS, ids=lambda each: each.name)
def test_what_is_left(combination: Combination, quick: Questions, thorough: Questions) -> None:
    """Action by action, in each session, it is what the tables say, no more and no less."""
    policies = [ADMINISTRATOR, combination.document]
    wrong = {
        asker.name: found
        for asker in ASKERS
        if (
            found := (thorough if asker.thorough else quick).differences(
                combination, asker, policies, left_to_administrator
            )
        )
    }
    assert not wrong


def test_the_questions_are_many(actions: tuple[Action, ...]) -> None:
    """Over 20,000 actions are known, and those that matter most among them."""
    names = {each.name for each in actions}
    assert len(names) == len(actions) > 20_000
    assert {"iam:EnableMFADevice", "sts:AssumeRole", "signin:CreateOAuth2Token"} <= names


def test_it_is_the_guard_that_denies(quick: Questions) -> None:
    """Without it an administrator is allowed all, but for what KMS keys decide, in any session."""
    for asker in ASKERS:
        found = quick.differences(DEFAULT, asker, [ADMINISTRATOR], lambda *_: True)
        assert found, asker.name
        assert all(each.startswith("implicitDeny: kms:") for each in found), asker.name


@pytest.mark.parametrize(
    ("asker", "decision"),
    [
        pytest.param(KEY, Decision.EXPLICIT_DENY, id="a key"),
        pytest.param(replace(FRESH, mfa_age_seconds=0), Decision.ALLOWED, id="with a token code"),
    ],
)
def test_a_role_is_assumed_with_a_token_code(
    asker: Asker, decision: Decision, oracle: Oracle
) -> None:
    """AssumeRole is itself a call with MFA when it brings a code; without one a key is refused."""
    role = Request("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/Admin", "role")
    prepared = oracle.prepare([role])
    policies = [ADMINISTRATOR, DEFAULT.document]
    assert oracle.decide(prepared, policies, asker.session("aws")) == (decision,)
