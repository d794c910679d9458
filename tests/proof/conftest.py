"""One oracle for all tests here, and what it is asked again and again."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import pytest

from sandbox.oracle import Oracle
from tests.proof import cases
from tests.proof.combinations import COMBINATIONS, EVERYTHING, Combination
from tests.proof.questions import Questions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.oracle import Action
    from tests.proof.cases import Case


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """The simulator, in a process of its own."""
    with Oracle() as started:
        yield started


@pytest.fixture(scope="session")
def actions(oracle: Oracle) -> tuple[Action, ...]:
    """Every action that AWS documents."""
    return oracle.actions()


@pytest.fixture(scope="session")
def quick(oracle: Oracle, actions: tuple[Action, ...]) -> Questions:
    """All of IAM and STS, and an action of every other service."""
    return Questions(oracle, functools.partial(cases.quick, actions))


@pytest.fixture(scope="session")
def thorough(oracle: Oracle, actions: tuple[Action, ...], quick: Questions) -> Questions:
    """With PROOF=all every action, where nothing but the options differs; else the quick ones."""
    if not EVERYTHING:
        return quick

    def every(combination: Combination) -> tuple[Case, ...]:
        chosen = cases.thorough if combination in COMBINATIONS else cases.quick
        return chosen(actions, combination)

    return Questions(oracle, every)
