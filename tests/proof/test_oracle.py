"""The oracle: its fast way decides as its checked one, and it refuses what is no question."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.oracle import Decision, Oracle, OracleError, Request, Session
from tests.proof import cases
from tests.proof.combinations import COMBINATIONS, DEFAULT, EVERYTHING, GUARDS, VARIATIONS
from tests.proof.questions import ADMINISTRATOR
from tests.proof.sessions import ASKERS, CONSOLE, FEDERATED, FRESH, KEY

if TYPE_CHECKING:
    from sandbox.oracle import Action
    from tests.proof.sessions import Asker

ALICE = "arn:aws:iam::123456789012:user/alice"
SAMPLE = 200


@pytest.mark.parametrize("asker", [KEY, CONSOLE, FEDERATED, FRESH], ids=lambda each: each.name)
def test_unchecked_and_checked_decide_alike(
    asker: Asker, oracle: Oracle, actions: tuple[Action, ...]
) -> None:
    """On what the tables tell apart, and a sample of every action that there is."""
    some = random.Random(1)  # noqa: S311 - a sample, always the same
    asked = [
        *(case for case in cases.quick(actions, DEFAULT) if case.on != cases.ANYTHING),
        *some.sample(cases.thorough(actions, DEFAULT), SAMPLE),
    ]
    requests = [each.request for each in asked]
    policies = [ADMINISTRATOR, COMBINATIONS[-1].document]
    session = asker.session("aws")
    fast = oracle.decide(oracle.prepare(requests), policies, session)
    checked = oracle.simulate(requests, policies, session)
    both = [pair for pair in zip(fast, checked, strict=True) if pair[1] is not None]
    assert all(one is other for one, other in both)
    assert len({decision for decision, _ in both}) > 1
    assert len(both) > 0.95 * len(asked)  # the checked one cannot tell some ARNs' types apart


@pytest.mark.parametrize("asker", ASKERS, ids=lambda each: each.name)
def test_statements_decide_as_their_documents(
    asker: Asker, oracle: Oracle, actions: tuple[Action, ...]
) -> None:
    """A whole document decides as its statements do, each by itself, and a denial beats the rest.

    With PROOF=all on all of IAM and STS in every combination.
    """
    for combination in GUARDS if EVERYTHING else [COMBINATIONS[-1], *VARIATIONS]:
        asked = cases.quick(actions, combination)
        if not EVERYTHING:
            asked = tuple(random.Random(2).sample(asked, SAMPLE))  # noqa: S311 - as above
        prepared = oracle.prepare(each.request for each in asked)
        policies = [ADMINISTRATOR, combination.document]
        session = asker.session(combination.partition)
        assert oracle.decide(prepared, policies, session) == oracle.decide(
            prepared, policies, session, whole=True
        )


def test_it_decides_as_policies_say(oracle: Oracle) -> None:
    """A denial beats an allowance, and what nobody allows is denied."""
    prepared = oracle.prepare([Request("iam:GetUser", ALICE, "user"), Request("iam:ListUsers")])
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Action": "iam:Get*", "Resource": ALICE},
            {"Effect": "Deny", "Action": "iam:GetUser", "Resource": "*"},
        ],
    }
    session = Session(ALICE)
    assert oracle.decide(prepared, [policy], session) == (
        Decision.EXPLICIT_DENY,
        Decision.IMPLICIT_DENY,
    )
    allowing = {**policy, "Statement": policy["Statement"][:1]}
    assert oracle.decide(prepared, [allowing], session)[0] is Decision.ALLOWED
    # A service control policy bounds, level by level.
    bounds: list[list[dict[str, Any]]] = [[dict(ADMINISTRATOR)], [policy]]
    assert oracle.decide(prepared, [ADMINISTRATOR], session, scps=bounds) == (
        Decision.EXPLICIT_DENY,
        Decision.IMPLICIT_DENY,
    )


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(Request("iam:NoSuchAction"), id="an action that is none"),
        pytest.param(Request("iam:GetUser"), id="no resource where one can be named"),
        pytest.param(Request("iam:ListUsers", ALICE, "user"), id="a resource where none can be"),
        pytest.param(Request("iam:GetUser", ALICE, "group"), id="another type of resource"),
        pytest.param(
            Request("iam:GetUser", ALICE, "user", {"iam:PolicyARN": "x"}),
            id="a context key that the action does not have",
        ),
    ],
)
def test_what_is_no_request_is_refused(request_: Request, oracle: Oracle) -> None:
    """A question that AWS could not get has no answer, and the next one has."""
    with pytest.raises(OracleError):
        oracle.prepare([request_])
    oracle.prepare([Request("iam:ListUsers")])


def test_a_sessions_context_is_that_of_every_request(oracle: Oracle) -> None:
    """What only some requests carry is theirs to say."""
    prepared = oracle.prepare([Request("iam:ListUsers")])
    with pytest.raises(OracleError, match="iam:PolicyARN"):
        oracle.decide(prepared, [ADMINISTRATOR], Session(ALICE, {"iam:PolicyARN": "x"}))


def test_it_says_what_is_wrong_with_a_policy(oracle: Oracle) -> None:
    """In words; a valid one has no problems."""
    wrong = {"Version": "2012-10-17", "Statement": [{"Effect": "Maybe", "Action": "*"}]}
    none, some = oracle.problems([ADMINISTRATOR, wrong])
    assert not none
    assert any("Effect" in each for each in some)


def test_it_starts_again_after_its_end(actions: tuple[Action, ...]) -> None:
    """A closed oracle answers the next question; what it had prepared is gone."""
    with Oracle() as oracle:
        oracle.close()
        assert oracle.actions() == actions
