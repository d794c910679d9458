"""Sweeps in parts, and several at once: the same account in the end, and never past the brake."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.names import Function
from reactor.sweeps.counts import WAYS
from reactor.sweeps.progress import MOST, Progress
from tests.fakes.account import GUARD_ARN, IamUser, World
from tests.fakes.clock import START
from tests.fakes.events import about_user
from tests.fakes.harness import Harness
from tests.fakes.stage import UNHURRIED
from tests.fakes.turns import Turns
from tests.property.scenes import NAMES, Scene, scenes
from tests.property.swept import Swept

VIAS = st.sampled_from(("user", "group"))
# Seconds of an invocation, each the time for one question or change, but for about a third.
HASTE = st.lists(st.integers(6, 9) | st.integers(6, 30), min_size=1, max_size=5).map(tuple)


@given(
    scene=scenes(min_users=3, usable=True),
    via=VIAS,
    brake=st.integers(0, 3),
    haste=HASTE,
    forgetful=st.booleans(),
)
def test_a_sweep_in_parts_is_one_sweep(
    scene: Scene, via: str, brake: int, haste: tuple[int, ...], forgetful: bool
) -> None:
    """However it is cut up, the same users are changed in the same way, and no more of them.

    Also where each part has an environment that remembers nothing of those before.
    """
    most = str(brake)
    whole = Swept(scene, (UNHURRIED,), guard_via=via, max_remediations=most)
    parts = Swept(scene, haste, forgetful=forgetful, guard_via=via, max_remediations=most)
    assert parts.world.users == whole.world.users
    assert parts.world.groups == whole.world.groups
    assert parts.changed == whole.changed
    assert not brake or len(parts.changed) <= brake
    assert not parts.stage.failed


@pytest.mark.parametrize("forgetful", [False, True], ids=["remembered", "forgotten"])
@pytest.mark.parametrize("brake", range(1, 7))
def test_the_brake_holds_over_parts(brake: int, *, forgetful: bool) -> None:
    """Parts that have time for three changes each have one brake, whatever is remembered."""
    users = tuple(IamUser(name=name, keys=(True,)) for name in NAMES[:6])
    scene = Scene({"scope": "everyone", "lift": "never"}, users, "ours", ())
    parts = Swept(scene, (6,), forgetful=forgetful, max_remediations=str(brake))
    assert len(parts.changed) == brake
    assert len(parts.summaries) == -(-brake // 3)


def test_what_a_part_had_no_time_for_is_judged_alike_by_the_next() -> None:
    """Whoever was asked, and has no password, is out of scope in the next part, too."""
    users = tuple(IamUser(name=name, policies=frozenset({GUARD_ARN})) for name in NAMES[:6])
    chosen = {"scope": "console", "lift": "compliant", "max_remediations": "0"}
    parts = Swept(Scene(chosen, users, "ours", ()), (8,))
    assert len(parts.summaries) > 2, "it took no parts"
    assert not any(GUARD_ARN in user.policies for user in parts.world.users.values())


@given(scene=scenes(min_users=3, usable=True), brake=st.integers(0, 3), haste=HASTE)
def test_each_user_is_told_of_once(scene: Scene, brake: int, haste: tuple[int, ...]) -> None:
    """All parts together have one record of each user, and the last summary counts each once."""
    parts = Swept(scene, haste, max_remediations=str(brake))
    told: list[str] = []
    for record in parts.stage.ledger.records:
        if record["schema"] == "mfa-reactor/in-order/1":
            told += record["users"]
        elif record.get("subject", {}).get("kind") == "user":
            told.append(record["subject"]["name"])
    assert sorted(told) == sorted(user.name for user in scene.users)
    *others, last = parts.summaries
    assert last["ended"]
    assert not any(each["ended"] for each in others)
    assert [each["part"] for each in parts.summaries] == list(range(1, len(others) + 2))
    assert last["users"] == sum(last[way] for way in WAYS[1:]) == len(scene.users)
    assert last["remediated"] <= len(parts.changed)


@given(scene=scenes(min_users=3, usable=True), brake=st.integers(1, 3), data=st.data())
def test_who_asks_for_sweeps_does_not_loosen_the_brake(
    scene: Scene, brake: int, data: st.DataObject
) -> None:
    """Requests between the parts of a sweep, in parts themselves, share its brake."""
    swept = Swept(scene, data.draw(HASTE), max_remediations=str(brake))
    for _ in range(data.draw(st.integers(1, 3))):
        asked_at = swept.stage.clock.advance(data.draw(st.integers(0, 20)))
        payload = {"asked_by": "a-run", "asked_at": asked_at.isoformat()}
        swept.stage.invoke(Function.SWEEP, payload, data.draw(st.integers(0, 3)))
    swept.stage.drain()
    assert len(swept.changed) <= brake


def guarded(harness: Harness) -> set[str]:
    """Return whom the guard reaches, whichever way."""
    return {
        user.name
        for user in harness.account.world.users.values()
        if harness.carries_guard(user.name)
    }


def documents(world: World) -> dict[str, tuple[str, dict[str, str]]]:
    """Return what policies say, and their tags."""
    return {arn: (each.document, dict(each.tags)) for arn, each in world.policies.items()}


def side_by_side(scene: Scene, via: str, *work: Callable[[Harness], object]) -> list[Harness]:
    """Return reactors side by side on a scene's account, one for each piece of work."""
    first = scene.build(guard_via=via)
    exemptions = ",".join(scene.listed)
    others = [Harness(first.settings, exemptions=exemptions, beside=first) for _ in work[1:]]
    return [first, *others]


def react_to(name: str) -> Callable[[Harness], object]:
    """Return a reaction to something about a user."""
    return lambda harness: harness.react(about_user(name, received_at=harness.clock()))


def assert_order_does_not_matter(
    scene: Scene, via: str, data: st.DataObject, *work: Callable[[Harness], object]
) -> None:
    """Do the work call by call in any order, and one after the other: the account is the same."""
    in_turn = side_by_side(scene, via, *work)
    for harness, do in zip(in_turn, work, strict=True):
        do(harness)
    mixed = side_by_side(scene, via, *work)
    turns = Turns(lambda n: data.draw(st.integers(0, n - 1)) if n > 1 else 0)
    mixed[0].iam.on_call = turns.on_call
    pairs = zip(mixed, work, strict=True)
    turns.take(*(lambda do=do, harness=harness: do(harness) for harness, do in pairs))
    assert not [each for harness in mixed for each in harness.recorder.settled if each.failed]
    assert guarded(mixed[0]) == guarded(in_turn[0])
    if via == "group":
        # Who is guarded another way is moved by a sweep that finds the group: the next, perhaps.
        mixed[0].sweep()
        in_turn[0].sweep()
    ended, expected = mixed[0].account.world, in_turn[0].account.world
    assert ended.users == expected.users
    assert ended.groups == expected.groups
    # The guard may have been restored once too often: a version more, the same document.
    assert documents(ended) == documents(expected)


@given(scene=scenes(usable=True), via=VIAS, data=st.data())
def test_two_sweeps_at_once(scene: Scene, via: str, data: st.DataObject) -> None:
    """In an account too small for reserved concurrency sweeps may meet: nothing comes of it."""
    assert_order_does_not_matter(scene, via, data, Harness.sweep, Harness.sweep)


@given(scene=scenes(usable=True), via=VIAS, data=st.data())
def test_a_sweep_and_reactions(scene: Scene, via: str, data: st.DataObject) -> None:
    """A sweep that comes upon a user at the same time as two reactions ends as it would alone."""
    name = data.draw(st.sampled_from([user.name for user in scene.users]))
    assert_order_does_not_matter(
        scene, via, data, Harness.sweep, react_to(name), react_to(name.swapcase())
    )


BEGUN = Progress("request-1", START, scheduled=True).payload("run-1")
ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from((10**400, -(10**400)))
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(("2026-03-01T12:00:00+00:00", "2026-03-01T12:00:00", "9999-12-31T23:59:59Z")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from((*WAYS, "calls", "drift", "iam:X", "")), inner, max_size=4
        )
    ),
    max_leaves=6,
)
FORGED = st.dictionaries(st.sampled_from(sorted(BEGUN["continues"])), ANYTHING, max_size=10).map(
    lambda said: {**BEGUN, "continues": {**BEGUN["continues"], **said}}
)


@given(payload=FORGED)
def test_a_forged_part_is_understood_soundly_or_not_at_all(payload: dict[str, Any]) -> None:
    """Never an exception; numbers have bounds, and what is understood travels on as it is."""
    arrived = Progress.of(payload, START)
    if arrived is None:
        return
    numbers = [arrived.part, arrived.hops, arrived.spent, arrived.counts.drift or 0]
    assert all(0 <= each <= MOST for each in numbers)
    assert arrived.began.utcoffset() == timedelta(0)
    travelled = Progress.of(json.loads(json.dumps(arrived.payload("run-2"))), START)
    assert travelled == replace(arrived, hops=min(MOST, arrived.hops + 1))


@given(
    scene=scenes(min_users=3, usable=True),
    brake=st.integers(1, 3),
    payloads=st.lists(FORGED | ANYTHING.map(lambda said: {"continues": said}), max_size=3),
)
def test_forged_parts_harm_nobody(scene: Scene, brake: int, payloads: list[Any]) -> None:
    """After a sweep, no forged part of one loosens its brake, or keeps the next from its work."""
    swept = Swept(scene, (UNHURRIED,), max_remediations=str(brake))
    for payload in payloads:
        swept.stage.invoke(Function.SWEEP, payload)
        swept.stage.drain()
    assert len(swept.changed) <= brake
    asked_at = swept.stage.clock.advance(60)
    seen = len(swept.summaries)
    swept.stage.invoke(Function.SWEEP, {"asked_by": "a", "asked_at": asked_at.isoformat()}, 1)
    swept.stage.drain()
    assert len(swept.summaries) > seen, "a request made after all of them is not answered"
    for _ in scene.users:
        swept.stage.clock.advance(60)
        swept.stage.invoke(Function.SWEEP, {})
        swept.stage.drain()
    calm = Swept(scene, (UNHURRIED,), max_remediations="0")
    assert swept.world.users == calm.world.users
