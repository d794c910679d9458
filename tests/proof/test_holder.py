"""A user who holds nothing but the guard: what the guard itself allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.proof.combinations import GUARDS, Combination
from tests.proof.sessions import ASKERS, FRESH
from tests.proof.tables import granted_to_holder

if TYPE_CHECKING:
    from tests.proof.questions import Questions


@pytest.mark.parametrize("combination", GUARDS, ids=lambda each: each.name)
def test_what_is_granted(combination: Combination, quick: Questions, thorough: Questions) -> None:
    """To enrol, and with MFA what the operator asked for: no more and no less."""
    wrong = {
        asker.name: found
        for asker in ASKERS
        if (
            found := (thorough if asker is FRESH else quick).differences(
                combination, asker, [combination.document], granted_to_holder
            )
        )
    }
    assert not wrong
