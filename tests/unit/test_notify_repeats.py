"""reactor.notify.repeats: a new user is told of once, and whoever takes a guard off always."""

from typing import Any

import pytest

from reactor.notify.kept import REMEMBERED_SECONDS, Kept
from reactor.notify.notices import Notice, NoticeKind
from reactor.notify.repeats import is_repeat

FIRST = Notice(
    kind=NoticeKind.REMEDIATED,
    what="alice was remediated",
    at="2026-03-01T12:00:05.250000+00:00",
    run="first",
    caller="arn:aws:iam::123456789012:user/admin",
    event="CreateUser",
    event_time="2026-03-01T12:00:00+00:00",
    subject={"kind": "user", "name": "alice"},
)


def after_first(**members: Any) -> Notice:
    """Return a notice of another event, a second after the first's, and of another run."""
    said = {**FIRST.describe(), "run": "second", "event": "CreateLoginProfile"}
    said |= {"event_time": "2026-03-01T12:00:01+00:00", **members}
    made = Notice.of(said)
    assert made is not None
    return made


@pytest.mark.parametrize(
    ("second", "is_so"),
    [
        pytest.param(after_first(), True, id="the same user got a password"),
        pytest.param(after_first(event="PutUserPolicy"), True, id="the same user got a policy"),
        pytest.param(after_first(event="DetachUserPolicy"), False, id="the guard was taken off"),
        pytest.param(after_first(event="DeactivateMFADevice"), False, id="a device was taken off"),
        pytest.param(after_first(event=""), False, id="it is not known what was done"),
        pytest.param(after_first(caller="arn:mallory"), False, id="somebody else did it"),
        pytest.param(
            after_first(subject={"kind": "user", "name": "bob"}), False, id="another user"
        ),
        pytest.param(after_first(subject={"kind": "user"}), False, id="a user without a name"),
        pytest.param(
            after_first(subject={"kind": "bucket", "name": "alice"}), False, id="a bucket"
        ),
        pytest.param(after_first(kind="not-remediated"), False, id="this time it failed"),
        pytest.param(
            after_first(event_time="2026-03-01T12:00:06+00:00"), False, id="after it was guarded"
        ),
        pytest.param(after_first(event_time="soon"), False, id="nobody knows when"),
        pytest.param(after_first(run="first"), False, id="a further try of the first"),
    ],
)
def test_what_says_no_more_is_not_told_again(second: Notice, *, is_so: bool) -> None:
    """And what does is: the guard may have been taken off in between."""
    kept = Kept()
    assert not is_repeat(FIRST, kept)
    assert is_repeat(second, kept) is is_so


def test_a_further_try_of_what_was_told_first_is_told() -> None:
    """Also after the others came: it may not have got through the first time."""
    kept = Kept()
    assert [is_repeat(each, kept) for each in (FIRST, after_first(), FIRST)] == [False, True, False]


def test_it_is_forgotten_after_some_minutes() -> None:
    """What comes so late is no matter of the same moment."""
    now = [0.0]
    kept = Kept(lambda: now[0])
    assert not is_repeat(FIRST, kept)
    now[0] = REMEMBERED_SECONDS + 1
    assert not is_repeat(after_first(), kept)


def test_a_forged_notice_hides_nobody_who_takes_a_guard_off() -> None:
    """Whoever may invoke the function can have it take a new user for told, and no more."""
    kept = Kept()
    forged = after_first(at="9999-01-01T00:00:00+00:00", run="forged")
    assert not is_repeat(forged, kept)
    assert is_repeat(after_first(), kept)
    assert not is_repeat(after_first(event="DetachUserPolicy"), kept)
