"""The document as IAM and a linter take it, in every combination and partition."""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest

from reactor.guard.document import guard_document
from tests.proof.combinations import ACCOUNT, GUARDS
from tests.proof.linter import findings

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.oracle import Oracle

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
LIMIT = 6_144  # characters of a managed policy, white space not counted (IAM user guide, quotas)


def documents() -> list[dict[str, Any]]:
    """Return the guard in every combination and partition."""
    return [
        guard_document(partition, ACCOUNT, each.settings)
        for partition, each in itertools.product(PARTITIONS, GUARDS)
    ]


def test_it_fits() -> None:
    """IAM takes it: 6,144 characters at most, however it is made."""
    for document in documents():
        assert len(json.dumps(document, separators=(",", ":"))) <= LIMIT


def test_the_oracle_takes_it(oracle: Oracle) -> None:
    """It is a valid identity policy to the simulator that decides on it."""
    assert not any(oracle.problems(documents()))


@pytest.mark.parametrize(
    ("others", "finds"),
    [
        pytest.param([], False, id="the guard alone"),
        pytest.param(
            [{"Effect": "Deny", "Action": "iam:NoSuchAction", "Resource": "*"}],
            True,
            id="a policy with a mistake",
        ),
    ],
)
def test_parliament_finds_nothing(
    others: list[dict[str, Any]], tmp_path: Path, *, finds: bool
) -> None:
    """The linter has no finding on any of them, and would have one on a mistake."""
    mistaken = [{"Version": "2012-10-17", "Statement": others}] if others else []
    found = findings([*documents(), *mistaken], tmp_path)
    assert bool(found) is finds, found
