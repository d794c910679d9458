"""Nothing in the guard is there for nothing: whatever is taken from it, a table is broken.

Each thing is taken from each document in which it stands, until the questions about IAM and STS
that name an action of the document, and a few others, have another answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proof import cases
from tests.proof.combinations import GUARDS, Combination
from tests.proof.mutants import Mutant, mutants
from tests.proof.questions import ADMINISTRATOR, Questions
from tests.proof.sessions import ASKERS, Asker
from tests.proof.tables import granted_to_holder, left_to_administrator

if TYPE_CHECKING:
    from sandbox.oracle import Action, Oracle
    from sandbox.oracle.words import Document
    from tests.proof.cases import Case
    from tests.proof.questions import Expectation

Check = tuple[list["Document"], "Expectation", Asker]
CHECKS: tuple[Check, ...] = (
    *(([ADMINISTRATOR], left_to_administrator, asker) for asker in ASKERS),
    *(([], granted_to_holder, asker) for asker in ASKERS),
)
# Of what no statement names, these stand for the rest.
OTHERS = {"iam:CreateLoginProfile", "iam:CreateUser", "iam:ListUsers", "sts:AssumeRole"}


def taken() -> dict[str, dict[str, list[tuple[Combination, Mutant]]]]:
    """Return, by statement and by what it lost, the documents that lack it."""
    found: dict[str, dict[str, list[tuple[Combination, Mutant]]]] = {}
    for combination in GUARDS:
        for mutant in mutants(combination.document):
            by_origin = found.setdefault(mutant.sid, {})
            by_origin.setdefault(mutant.origin, []).append((combination, mutant))
    return found


TAKEN = taken()


@pytest.fixture(scope="module")
def some(oracle: Oracle, actions: tuple[Action, ...]) -> Questions:
    """The questions of the quick set whose actions the document names, and a few others."""
    named = str([each.document for each in GUARDS])

    def concerned(combination: Combination) -> tuple[Case, ...]:
        chosen = [each for each in actions if f"'{each.name}'" in named or each.name in OTHERS]
        return cases.quick(chosen, combination)

    return Questions(oracle, concerned)


@pytest.mark.parametrize("sid", TAKEN)
def test_nothing_can_be_taken(sid: str, some: Questions) -> None:
    """Without the statement, or any part of it, somebody is allowed too much or too little."""
    checks = list(CHECKS)
    unnoticed = [
        documents[0][1].loss
        for documents in TAKEN[sid].values()
        if not any(_is_noticed(some, checks, *document) for document in documents)
    ]
    assert not unnoticed


def _is_noticed(
    some: Questions, checks: list[Check], combination: Combination, mutant: Mutant
) -> bool:
    for check in checks:
        others, expected, asker = check
        if some.differences(combination, asker, [*others, mutant.document], expected):
            # What noticed one loss is likely to notice the statement's next.
            checks.remove(check)
            checks.insert(0, check)
            return True
    return False
