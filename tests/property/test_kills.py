"""Parts of a sweep that Lambda ends in the middle, and calls that take long: nobody is lost."""

import itertools
import math
from datetime import timedelta
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.names import Function
from reactor.sweeps.sweeper import LOOK_SECONDS
from tests.fakes.account import GUARD_ARN, IamUser, World
from tests.fakes.lifetime import Kill
from tests.fakes.stage import UNHURRIED, Stage
from tests.property import laws
from tests.property.scenes import NAMES, SETTLED_SECONDS, Scene, scenes
from tests.property.swept import Swept
from tests.property.test_parts import HASTE, VIAS

# A whole sweep of these scenes takes some thirty calls, and a few changes, handing on among them.
AT_A_CALL = st.sampled_from([Kill(after) for after in range(30)])
AT_A_CHANGE = st.sampled_from([Kill(after, "changes") for after in range(4)])
KILLS = st.lists(AT_A_CHANGE | AT_A_CALL | st.none(), min_size=1, max_size=5)
SHORT = st.lists(st.integers(6, 8), min_size=1, max_size=4).map(tuple)
SLOWNESS = st.lists(st.sampled_from((0.5, 2.0, 5.0, 14.0)), min_size=1, max_size=4).map(tuple)
# Calls that an invocation has time for: some end in time, and of some not even the reads do.
ROOM = st.lists(st.integers(14, 60), min_size=1, max_size=4)
TAG = (("userType", "Service"),)


def everybody_in(number: int, **chosen: str) -> Scene:
    """Return a scene of so many users who must carry the guard, and do not."""
    names = (*NAMES, *(f"user-{each}" for each in range(len(NAMES), number)))
    users = tuple(IamUser(name=name, keys=(True,)) for name in names[:number])
    return Scene({"scope": "everyone", "lift": "never", **chosen}, users, "ours", ())


def default_documents(world: World) -> dict[str, str]:
    """Return what policies say now; a try may have written one anew."""
    return {arn: each.document for arn, each in world.policies.items()}


def assert_nobody_is_wronged_or_lost(swept: Swept, brake: int, via: str) -> None:
    """Hold a sweep, and another like it, to what docs/sweep.md says of those that Lambda ends.

    The other may find what the first has prepared: a group that users are to move to.
    """
    scene = swept.scene
    exempt = {user.name for user in scene.users if scene.exempts(user)}
    assert not brake or len(swept.changed) <= brake + swept.uncounted(brake)
    swept.sweep()
    assert not brake or len(swept.changed) <= 2 * brake + swept.uncounted(brake)
    assert not swept.put_on & exempt
    assert not swept.lost
    swept.sweep_calmly()
    whole = Swept(scene, (UNHURRIED,), guard_via=via, max_remediations="0")
    whole.sweep_calmly()  # who is guarded another way is moved by a sweep that finds the group
    assert swept.world.users == whole.world.users
    assert swept.world.groups == whole.world.groups
    assert default_documents(swept.world) == default_documents(whole.world)


MIXED = Scene(
    {"scope": "everyone", "lift": "exempt", "exempt_tags": "userType:Service"},
    (
        IamUser(name="alice", keys=(True,)),
        IamUser(name="Bob", keys=(True,), policies=frozenset({GUARD_ARN})),
        IamUser(name="CAROL", keys=(True,), tags=TAG, policies=frozenset({GUARD_ARN})),
        IamUser(name="dave", keys=(True,), tags=TAG),
        IamUser(name="eve", keys=(True,)),
        IamUser(name="mallory", password=True),
    ),
    "ours",
    (),
)


@pytest.mark.parametrize("via", ["user", "group"])
@pytest.mark.parametrize("lands", [False, True], ids=["without effect", "with its effect"])
@pytest.mark.parametrize("haste", [6, UNHURRIED], ids=["in parts", "in one"])
@pytest.mark.parametrize("brake", [0, 2], ids=["no brake", "a brake"])
def test_it_may_be_ended_at_any_change(brake: int, haste: int, via: str, *, lands: bool) -> None:
    """Some to guard, one to lift, one to move, one to leave alone: wherever that is cut off."""
    most = str(brake)
    for first, second in itertools.product(range(7), range(4)):
        kills = [Kill(first, "changes"), Kill(second, "changes")]
        swept = Swept(
            MIXED, (haste,), kills=kills, lands=lands, guard_via=via, max_remediations=most
        )
        swept.stage.kills += kills
        assert_nobody_is_wronged_or_lost(swept, brake, via)


def most_changed(brake: int, *spared: None, tries: int = 1, haste: int = UNHURRIED) -> int:
    """Return the most that are changed wherever Lambda ends an invocation, and `tries` of it."""
    counts = []
    for calls in range(30):
        kills = (*spared, *(Kill(calls) for _ in range(tries)))
        swept = Swept(
            everybody_in(8), (haste,), kills=kills, lands=True, max_remediations=str(brake)
        )
        assert len(swept.killed) <= tries
        counts.append(len(swept.changed))
    return max(counts)


@pytest.mark.parametrize("tries", [1, 2])
@pytest.mark.parametrize("brake", [1, 2])
def test_a_sweep_that_is_ended_may_change_as_many_again(brake: int, tries: int) -> None:
    """No more than that, but no less either: what it changed is forgotten with it."""
    assert most_changed(brake, tries=tries) == brake * (1 + tries)


def test_a_part_that_is_ended_may_change_as_many_again_as_were_left_to_it() -> None:
    """The try after it counts from what it was handed, three of five, and not from nothing."""
    assert most_changed(5, None, haste=6) == 5 + (5 - 3)


@pytest.mark.parametrize(
    ("lands", "changed"),
    [
        pytest.param(False, 3 + 4, id="not handed on: four again, by the further try"),
        pytest.param(True, 3 + 1 + 4, id="handed on: the fourth, and four again"),
    ],
)
def test_a_part_may_be_ended_while_it_hands_on(changed: int, *, lands: bool) -> None:
    """What was handed on goes on within the brake; its own further try begins anew."""
    swept = Swept(
        everybody_in(9),
        (6,),
        kills=[Kill(3, "changes")],
        lands=lands,
        max_remediations="4",
    )
    assert len(swept.killed) == 1
    assert len(swept.changed) == changed <= 4 + swept.uncounted(4)


@given(
    brake=st.integers(1, 3),
    haste=HASTE,
    kills=KILLS,
    asked=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 3)), min_size=1, max_size=3),
)
def test_who_asks_for_sweeps_is_braked_though_lambda_ends_them(
    brake: int, haste: tuple[int, ...], kills: list[Kill | None], asked: list[tuple[int, int]]
) -> None:
    """For each end there is a brake of the schedule's sweep anew, and one for who asks by then."""
    swept = Swept(everybody_in(8), haste, kills=kills, max_remediations=str(brake))
    swept.stage.kills += kills
    for pause, after in asked:
        at = swept.stage.clock.advance(pause)
        swept.stage.invoke(Function.SWEEP, {"asked_by": "a", "asked_at": at.isoformat()}, after)
    swept.stage.drain()
    assert len(swept.changed) <= brake * (1 + 2 * len(swept.killed))


@given(
    users=st.integers(24, 32),
    times=st.lists(st.integers(60, 120), min_size=1, max_size=3).map(tuple),
    slowness=st.lists(st.floats(1.0, 2.0), min_size=1, max_size=4).map(tuple),
)
def test_calls_of_two_seconds_are_no_reason_to_be_ended(
    users: int, times: tuple[int, ...], slowness: tuple[float, ...]
) -> None:
    """What is kept of a minute is enough for the call under way, the summary and the hand-on."""
    swept = Swept(everybody_in(users), times, slowness=slowness, max_remediations="0")
    assert not swept.killed
    assert swept.summaries[-1]["ended"]
    assert len(swept.changed) == users


@given(
    times=st.lists(st.sampled_from((60, 300, 900)), min_size=1, max_size=3).map(tuple),
    slowness=st.lists(st.sampled_from((2.0, 5.0, 10.0)), min_size=1, max_size=3).map(tuple),
    call=st.integers(0, 40),
    name=st.sampled_from(NAMES),
)
def test_who_is_exempted_meanwhile_is_touched_for_a_minute_at_most(
    times: tuple[int, ...], slowness: tuple[float, ...], call: int, name: str
) -> None:
    """However slow the calls are: what was read is acted on for a minute, but for one call."""
    stage = Stage(everybody_in(8, exempt_tags="userType:Service").settings())
    made = itertools.count()
    wrong: list[str] = []

    def exempt() -> None:
        if next(made) == call:
            stage.account.change(name, tags=TAG)

    def judge(_operation: str, user: str) -> None:
        age = timedelta(seconds=LOOK_SECONDS + max(slowness))
        why = laws.why_not_attach(stage.account.lately(age), user, stage.settings)
        wrong.extend([why] if why else [])

    everybody_in(8).furnish(stage.account)
    stage.clock.advance(SETTLED_SECONDS)
    stage.own_copies, stage.haste, stage.slowness = (), times, slowness
    stage.on_call, stage.on_write = exempt, judge
    stage.invoke(Function.SWEEP, {})
    stage.drain()
    assert not wrong


@given(
    scene=scenes(min_users=4, usable=True),
    via=VIAS,
    brake=st.integers(0, 3),
    haste=SHORT | SHORT | st.just((UNHURRIED,)),
    kills=KILLS,
    lands=st.booleans(),
)
def test_what_lambda_ends_is_mended_by_the_next(  # noqa: PLR0913, PLR0917 - what is drawn
    scene: Scene,
    via: str,
    brake: int,
    haste: tuple[int, ...],
    kills: list[Kill | None],
    lands: bool,
) -> None:
    """Wherever it is ended: its further tries, or the next sweeps, bring all into order.

    Between calls, or with one under way that has its effect: a write without a record, a
    continuation asked for by a part that is then tried again.
    """
    swept = Swept(
        scene, haste, kills=kills, lands=lands, guard_via=via, max_remediations=str(brake)
    )
    swept.stage.kills += kills
    assert_nobody_is_wronged_or_lost(swept, brake, via)


@given(
    scene=scenes(min_users=4, usable=True),
    via=VIAS,
    brake=st.integers(0, 3),
    room=ROOM,
    slowness=SLOWNESS,
    lands=st.booleans(),
)
def test_calls_may_take_long(  # noqa: PLR0913, PLR0917 - what is drawn
    scene: Scene,
    via: str,
    brake: int,
    room: list[int],
    slowness: tuple[float, ...],
    lands: bool,
) -> None:
    """Time may run out in a page, between a decision and its write, and while handing on."""
    times = tuple(math.ceil(each * mean(slowness)) for each in room)
    swept = Swept(
        scene, times, slowness=slowness, lands=lands, guard_via=via, max_remediations=str(brake)
    )
    assert_nobody_is_wronged_or_lost(swept, brake, via)
