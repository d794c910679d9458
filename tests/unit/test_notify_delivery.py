"""reactor.notify.delivery and kept: each channel for itself, and nobody told twice."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from reactor.aws.account import AwsSession
from reactor.errors import Permanent, ReactorError, Transient
from reactor.notify.delivery import (
    MOST_HANDED_ON,
    Delivered,
    Message,
    alarms,
    deliver,
    is_to_be_tried_again,
    left_over,
    one_by_one,
)
from reactor.notify.kept import REMEMBERED_SECONDS, Kept

if TYPE_CHECKING:
    from reactor.gathering import Call

DOWN = Transient("Slack was not reached", remedy="nothing")
GONE = Permanent("Slack answered 404", remedy="another URL")


@pytest.mark.parametrize(
    ("delivered", "again"),
    [
        pytest.param({"slack": Delivered(2, 2)}, False, id="all went well"),
        pytest.param({}, False, id="there is nobody to tell"),
        pytest.param({"slack": Delivered(2, 0, DOWN)}, True, id="the only channel is down"),
        pytest.param({"slack": Delivered(2, 0, GONE)}, False, id="another try cannot help"),
        pytest.param({"slack": Delivered(2, 1, DOWN)}, False, id="one message was taken"),
        pytest.param(
            {"slack": Delivered(2, 0, DOWN, unsure=True)}, False, id="one may have been taken"
        ),
        pytest.param(
            {"slack": Delivered(2, 0, DOWN), "sns": Delivered(2, 2)}, False, id="another was told"
        ),
        pytest.param(
            {"slack": Delivered(2, 0, DOWN), "sns": Delivered(2, 0, GONE)},
            True,
            id="none was told, and one may be",
        ),
        pytest.param(
            {"slack": Delivered(2, 0, DOWN), "security-hub": Delivered(2, 2)},
            True,
            id="findings were brought, which are not told twice",
        ),
        pytest.param(
            {"security-hub": Delivered(2, 1, DOWN)}, True, id="some findings were not brought"
        ),
        pytest.param(
            {"slack": Delivered(2, 2), "security-hub": Delivered(2, 1, DOWN)},
            False,
            id="findings were not brought, and another was told",
        ),
    ],
)
def test_only_where_nobody_was_told_is_it_tried_again(
    delivered: dict[str, Delivered], *, again: bool
) -> None:
    """Lambda would tell those twice who were."""
    assert is_to_be_tried_again(delivered) is again


@pytest.mark.parametrize(
    ("delivered", "left"),
    [
        pytest.param({"slack": Delivered(2, 2)}, {}, id="all went well"),
        pytest.param({"slack": Delivered(3, 1, DOWN)}, {"slack": (1, 2)}, id="one was taken"),
        pytest.param(
            {"slack": Delivered(2, 0, DOWN), "sns": Delivered(2, 2)},
            {"slack": (0, 1)},
            id="another channel was told",
        ),
        pytest.param(
            {"eventbridge": Delivered(3, 1, DOWN, left=(0, 2))},
            {"eventbridge": (0, 2)},
            id="what was taken stands between what was not",
        ),
        pytest.param({"slack": Delivered(3, 1, GONE)}, {}, id="another try cannot help"),
        pytest.param(
            {"slack": Delivered(0, 0, DOWN, unsure=True), "sns": Delivered(2, 2)},
            {},
            id="what it took is not known",
        ),
        pytest.param({"slack": Delivered(2, 0, DOWN)}, {}, id="Lambda tries all of it again"),
    ],
)
def test_what_a_channel_left_over_is_handed_on(
    delivered: dict[str, Delivered], left: dict[str, tuple[int, ...]]
) -> None:
    """To that channel alone, where Lambda's own further tries would tell others twice."""
    assert {name: tuple(each) for name, each in left_over(delivered).items()} == left


@pytest.mark.parametrize("said", [None, "x", True, -3, 1.5, [], 10**400])
def test_how_often_it_was_handed_on_is_never_less_than_nothing(said: object) -> None:
    """Whoever may invoke the function can say anything."""
    read = Message.of({"handed_on": said, "channels": [{}, "slack", 1]})
    assert read.handed_on in {0, MOST_HANDED_ON}
    assert read.channels == frozenset({"slack"})


def test_a_channel_that_was_not_told_is_an_alarm() -> None:
    """With what is lost, the reason and the remedy."""
    (alarm,) = alarms({"slack": Delivered(3, 1, DOWN), "sns": Delivered(3, 3)})
    assert alarm.kind == "notice-undelivered"
    assert alarm.what == "slack was not told: Slack was not reached"
    assert alarm.remedy == "nothing"
    assert alarm.details == {"channel": "slack", "lost": 2, "of": 3}


def test_channels_are_served_at_the_same_time_and_not_waited_for_longer_than_there_is() -> None:
    """One that hangs keeps no other, and the invocation comes to its end."""
    session = AwsSession("us-east-1")

    def hang() -> Delivered:
        time.sleep(1.5)
        return Delivered(1, 1)

    def break_down() -> Delivered:
        raise ValueError("a bug")

    started = time.monotonic()
    found = deliver(
        {"slack": hang, "bus": break_down, "sns": lambda: Delivered(1, 1)},
        session.begin,
        lambda: 0.3 - (time.monotonic() - started),
    )
    assert time.monotonic() - started < 1
    assert found["sns"] == Delivered(1, 1)
    assert found["slack"].unsure
    assert "a bug" in str(found["bus"].error)
    assert isinstance(found["bus"].error, ReactorError)


def test_after_one_that_fails_no_more_are_tried() -> None:
    """Whoever does not answer is not asked for each of twenty."""
    given: list[int] = []

    def give(number: int) -> None:
        if number == 2:
            raise DOWN
        given.append(number)

    assert one_by_one([1, 2, 3], give) == Delivered(3, 1, DOWN)
    assert given == [1]
    assert one_by_one([1, 3], give) == Delivered(2, 2)


def test_a_secret_is_read_once_in_some_minutes() -> None:
    """One that was renewed is used soon, and one that failed is not kept."""
    now = [0.0]
    kept, read = Kept(lambda: now[0]), iter(["old", "new", "newer"])
    assert [kept.get("url", lambda: next(read)) for _ in range(2)] == ["old", "old"]
    now[0] = REMEMBERED_SECONDS + 1
    assert kept.get("url", lambda: next(read)) == "new"
    kept.forget("url")
    assert kept.get("url", lambda: next(read)) == "newer"
    assert "newer" not in repr(kept)


def test_kept_values_are_read_in_any_thread() -> None:
    """Channels are served in threads."""
    kept = Kept()
    with ThreadPoolExecutor(4) as pool:
        calls: list[Call] = [lambda: kept.get("x", lambda: "y")] * 8
        assert {each.result() for each in map(pool.submit, calls)} == {"y"}
