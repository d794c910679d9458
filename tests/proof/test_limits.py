"""The document as IAM and a linter take it, in every combination and partition."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reactor.guard.document import guard_document
from tests.proof.combinations import ACCOUNT, GUARDS

if TYPE_CHECKING:
    from sandbox.oracle import Oracle

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
LIMIT = 6_144  # characters of a managed policy, white space not counted (IAM user guide, quotas)
PARLIAMENT = Path(sys.executable).with_name("parliament")


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
    found = [*documents(), {"Version": "2012-10-17", "Statement": others}]
    for number, document in enumerate(found if others else found[:-1]):
        (tmp_path / f"{number}.json").write_text(json.dumps(document))
    ran = subprocess.run(  # noqa: S603 - a tool of ours, on files of ours
        [PARLIAMENT, "--directory", tmp_path, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, bool(ran.stdout)) == (int(finds), finds), ran.stdout + ran.stderr
