"""reactor.model: the little that the words themselves do."""

from datetime import timedelta

import pytest

from reactor.model import Claim, Hint, Subject, SubjectKind
from tests.fakes.clock import START


@pytest.mark.parametrize(
    ("seconds", "lifetime", "young"),
    [
        pytest.param(-61, 300, False, id="from more than a minute ahead"),
        pytest.param(-60, 300, True, id="from a minute ahead"),
        pytest.param(0, 300, True, id="from now"),
        pytest.param(299.9, 300, True, id="within its lifetime"),
        pytest.param(300, 300, False, id="at the end of its lifetime"),
        pytest.param(59, 60, True, id="within a shorter lifetime"),
        pytest.param(60, 60, False, id="at the end of a shorter lifetime"),
    ],
)
def test_age_of_a_hint(seconds: float, lifetime: float, *, young: bool) -> None:
    """A claim is believed for its lifetime, and not from further ahead than clocks differ."""
    hint = Hint(Claim.USER_CREATED, START, "alice")
    now = START + timedelta(seconds=seconds)
    assert hint.is_young(now, timedelta(seconds=lifetime)) is young


def test_default_lifetime() -> None:
    """Unless told otherwise a claim lives for five minutes."""
    hint = Hint(Claim.USER_CREATED, START, "alice")
    assert hint.is_young(START + timedelta(minutes=5, microseconds=-1))
    assert not hint.is_young(START + timedelta(minutes=5))


def test_subject_described() -> None:
    """A record shows of a subject what is set."""
    assert Subject(SubjectKind.USER, "1", name="alice").describe() == {
        "kind": "user",
        "account": "1",
        "name": "alice",
    }
    assert Subject(SubjectKind.EVERY_USER, "1").describe() == {"kind": "every-user", "account": "1"}
