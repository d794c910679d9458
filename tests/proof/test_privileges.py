"""What users may do, held against the oracle, and against every action that AWS documents."""

from __future__ import annotations

import fnmatch
import random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reactor.users.privileges.documents import read
from reactor.users.privileges.patterns import may_exist, overlap
from reactor.users.privileges.powers import Policy, danger_of
from sandbox.oracle import Decision, Oracle, Session
from tests.proof import cases
from tests.proof.combinations import DEFAULT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.oracle import Action, Prepared, Request

ALICE = Session("arn:aws:iam::123456789012:user/alice")
SERVICES = frozenset({"iam", "sts", "s3", "lambda"})
UNDENIABLE = "sts:GetCallerIdentity"  # needs no permission, and no policy takes it away
FEW = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

# As people write them, and some that nobody does.
PATTERNS = (
    *("*", "iam:*", "IAM:Create*", "iam:*User*", "iam:?utUserPolicy", "iam:PassRole"),
    *("iam:*Policy", "iam:Get*", "iam:?et*", "iam:*Access*Key*", "sts:*", "sts:AssumeRole*"),
    *("s3:*", "s3:Get*", "s3:???Object", "s3:*Object", "s3:*Acl", "s3:Put*Policy", "s3:?*"),
    *(
        "lambda:*",
        "lambda:De*",
        "lambda:?nvoke*",
        "lambda:*Version*",
        "nosuch:*",
        "s3:NoSuchAction",
    ),
)
DANGEROUS = st.lists(
    st.sampled_from([each for each in PATTERNS if each != "nosuch:*"]),
    min_size=1,
    max_size=3,
    unique=True,
)
SOME = st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3)
UNMET = {"Bool": {"aws:MultiFactorAuthPresent": "true"}}  # the session has no such key


def matches(pattern: str, action: str) -> bool:
    """Tell whether a pattern matches an action, by Python's own means."""
    return fnmatch.fnmatchcase(action.lower(), pattern.lower())


@pytest.fixture(scope="module")
def names(actions: tuple[Action, ...]) -> tuple[str, ...]:
    """Every action that AWS documents."""
    return tuple(each.name for each in actions)


def loosened(action: str, some: random.Random) -> str:
    """Return a pattern that matches an action: parts of it became wildcards."""
    service, name = action.split(":")
    for _ in range(some.randint(0, 3)):
        at = some.randrange(len(name))
        name = f"{name[:at]}?{name[at + 1 :]}"
    if some.random() < 0.7:
        start, end = sorted(some.choices(range(len(name) + 1), k=2))
        name = f"{name[:start]}*{name[end:]}"
    return some.choice((f"{service}:{name}", f"{service}:{name}", f"{service}:*", "*"))


def test_patterns_overlap_wherever_an_action_matches_both(names: tuple[str, ...]) -> None:
    """For every action that AWS has, two patterns made of it overlap, and others leave it."""
    some = random.Random(1)  # noqa: S311 - always the same
    for number, name in enumerate(names):
        one, other, third = (loosened(name, some).lower() for _ in range(3))
        assert overlap(one, other), (name, one, other)
        if number % 4 == 0 and not matches(third, name):
            assert may_exist(((one,), (other,)), (third,)), (name, one, other, third)


def test_patterns_of_all_kinds_overlap_as_all_actions_say(names: tuple[str, ...]) -> None:
    """Of each pair of patterns: if AWS has an action that both match, they overlap."""
    matched = {each: {name for name in names if matches(each, name)} for each in PATTERNS}
    found = 0
    for one in PATTERNS:
        for other in PATTERNS:
            if matched[one] & matched[other]:
                found += 1
                assert overlap(one.lower(), other.lower()), (one, other)
            if matched[one] - matched[other]:
                assert may_exist(((one.lower(),),), (other.lower(),)), (one, other)
    assert found > 100
    # They are told apart, too, where no name could match both.
    assert not overlap("s3:get*", "s3:put*")
    assert not overlap("s3:get*", "iam:*")


class Asked:
    """Requests for the actions of some services, which an oracle decides on again and again."""

    def __init__(self, oracle: Oracle, actions: Sequence[Action]) -> None:
        of_services = [
            each for each in actions if each.service in SERVICES and each.name != UNDENIABLE
        ]
        once: dict[str, Request] = {}
        for each in cases.thorough(of_services, DEFAULT):
            once.setdefault(each.request.action, each.request)
        self.names = tuple(once)
        self._oracle = oracle
        self._prepared: Prepared = oracle.prepare(once.values())

    def allowed(self, policies: list[dict[str, Any]]) -> set[str]:
        """Return the actions that these policies allow."""
        assert not [each for each in self._oracle.problems(policies) if each]
        decisions = self._oracle.decide(self._prepared, policies, ALICE)
        pairs = zip(self.names, decisions, strict=True)
        return {name for name, decision in pairs if decision is Decision.ALLOWED}


@pytest.fixture(scope="module")
def asked(oracle: Oracle, actions: tuple[Action, ...]) -> Asked:
    """All actions of a few services."""
    return Asked(oracle, actions)


@st.composite
def statements(draw: st.DrawFn, *, everywhere: bool) -> dict[str, Any]:
    """Draw a statement; `everywhere`: what is allowed is allowed on everything, unconditionally."""
    denies = draw(st.booleans()) and draw(st.booleans())
    statement: dict[str, Any] = {"Effect": "Deny" if denies else "Allow", "Resource": "*"}
    statement[draw(st.sampled_from(("Action", "Action", "NotAction")))] = draw(SOME)
    if denies or not everywhere:
        # Where nothing is, and under a condition that is not met, a denial does not hold.
        how = draw(st.sampled_from(("", "", "elsewhere", "unmet", "empty")))
        if how == "elsewhere":
            statement["Resource"] = "arn:aws:s3:::elsewhere/nothing"
        elif how == "unmet":
            statement["Condition"] = UNMET
        elif how == "empty":
            statement["Condition"] = {}
    return statement


def policies(*, everywhere: bool) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Draw the policies of a user."""
    document = st.lists(statements(everywhere=everywhere), min_size=1, max_size=3).map(
        lambda found: {"Version": "2012-10-17", "Statement": found}
    )
    return st.lists(document, min_size=1, max_size=3)


def carried(documents: list[dict[str, Any]]) -> list[Policy]:
    """Return documents as policies that reach a user."""
    return [Policy(str(number), read(each)) for number, each in enumerate(documents)]


@FEW
@given(documents=policies(everywhere=False), dangerous=DANGEROUS)
def test_whoever_may_do_something_dangerous_is_told(
    documents: list[dict[str, Any]], dangerous: list[str], asked: Asked
) -> None:
    """If the simulator allows a dangerous action, so do we; if we allow none, it allows none."""
    may = {
        name
        for name in asked.allowed(documents)
        if any(matches(pattern, name) for pattern in dangerous)
    }
    if may:
        assert danger_of(carried(documents), tuple(dangerous)) is not None, may


@FEW
@given(documents=policies(everywhere=True))
def test_of_an_action_by_its_name_both_say_the_same(
    documents: list[dict[str, Any]], asked: Asked
) -> None:
    """Where what is allowed is allowed everywhere, we name an action only if it is allowed."""
    allowed = asked.allowed(documents)
    ours = {name for name in asked.names if danger_of(carried(documents), (name,)) is not None}
    assert ours == allowed
