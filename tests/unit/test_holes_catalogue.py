"""reactor.holes.catalogue, against what AWS documents of its actions (the oracle's data)."""

import re
from collections.abc import Iterator, Mapping

import pytest

from reactor.holes.catalogue import ANY, ONESELF, Catalogue, catalogue
from reactor.holes.policy import Policy
from reactor.holes.severity import NAMED, Severity, severity_of
from sandbox.oracle import Action, Oracle
from tests.fakes.simulator import FakeSimulator

# STS asks for these of others than its caller: of whoever signs in elsewhere.
OF_NO_CALLER = {"sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity"}
# What they give is data; nothing is changed by them.
READS_THAT_AWS_CALLS_WRITES = {
    "athena:StartQueryExecution",
    "kms:Decrypt",
    "sts:DecodeAuthorizationMessage",
}


@pytest.fixture(scope="module")
def documented() -> Iterator[Mapping[str, Action]]:
    """Every action that AWS documents, by its name."""
    with Oracle() as oracle:
        yield {each.name: each for each in oracle.actions()}


@pytest.fixture(scope="module")
def asked() -> Catalogue:
    """What is asked about a document that leaves nothing out."""
    return catalogue(Policy((), {}), FakeSimulator())


def all_of(asked: Catalogue) -> set[str]:
    """Return the actions of all kinds."""
    return {action for actions in asked.kinds.values() for action in actions}


def test_nothing_is_asked_about_that_aws_does_not_have(
    asked: Catalogue, documented: Mapping[str, Action]
) -> None:
    """A name that it does not know the simulator may refuse, with all that is asked beside it."""
    assert all_of(asked) - set(documented) == set()


def test_everything_of_iam_and_sts_is_asked_about(
    asked: Catalogue, documented: Mapping[str, Action]
) -> None:
    """What AWS adds comes with the SDK, or fails here."""
    theirs = {name for name in documented if re.match("(?:iam|sts):", name)}
    assert theirs - all_of(asked) == OF_NO_CALLER


def test_each_is_asked_on_what_it_is_about(
    asked: Catalogue, documented: Mapping[str, Action]
) -> None:
    """A resource of a type that the action takes; any, where it takes none that is told apart."""
    kinds = set(asked.kinds) - {ANY, ONESELF}
    for kind, actions in asked.kinds.items():
        for action in actions:
            types = {each.name for each in documented[action].resource_types}
            if kind == ONESELF:
                assert types == {"user"}, action
            elif kind != ANY:
                assert kind in types, action
            elif action.startswith("iam:"):
                assert len(types) != 1 or not types & kinds, action


def test_those_that_carry_a_policys_arn(asked: Catalogue, documented: Mapping[str, Action]) -> None:
    """They are the ones with the condition key iam:PolicyARN."""
    theirs = {
        name
        for name, action in documented.items()
        if name.startswith("iam:")
        and any(key.lower() == "iam:policyarn" for key in action.condition_keys)
    }
    assert asked.about_policies == theirs


def test_what_aws_calls_a_write_is_high_at_least(documented: Mapping[str, Action]) -> None:
    """And what it calls a list is never worse than a read, but for the tables."""
    writes = {"Write", "Permissions management"}
    mild = {Severity.MEDIUM, Severity.LOW}
    milder = {
        name
        for name, action in documented.items()
        if name in NAMED or name.startswith(("iam:", "sts:"))
        if any(each in action.access_level for each in writes) and severity_of(name) in mild
    }
    assert milder == READS_THAT_AWS_CALLS_WRITES
    worse = {
        name
        for name, action in documented.items()
        if action.access_level == "List" and name not in NAMED
        if name.startswith(("iam:", "sts:")) and severity_of(name) is not Severity.LOW
    }
    assert worse == set()
