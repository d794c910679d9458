"""After a reaction and a sweep every account is in order, and stays so without another write."""

from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import Unsettled
from reactor.reconcile import Run
from tests.fakes.account import World
from tests.fakes.events import Envelope, about_everyone, about_user
from tests.fakes.harness import Harness
from tests.fakes.tools import Tools
from tests.property.scenes import LOOK_ALIKE, NAMES, Scene, hints, scenes

EVENTS = ("detach guard", "deactivate device", "delete device", "create user")


def weaken(harness: Harness, scene: Scene, what: str, name: str) -> Envelope:
    """Let someone weaken MFA, and return the event of it."""
    tools = Tools(harness.account)
    user = harness.account.world.users[name.lower()]
    if what == "create user":
        return tools.create_user("newcomer", password=True)
    if what == "detach guard" or not user.devices:
        return tools.detach_policy(name, scene.guard_arn)
    if what == "delete device" and ":mfa/" in user.devices[0].serial:
        tools.deactivate_device(name, user.devices[0].serial)
        return tools.delete_device(user.devices[0].serial)
    return tools.deactivate_device(name, user.devices[0].serial)


def policies(world: World) -> dict[str, frozenset[str]]:
    """Return every user's own policies."""
    return {user.name: user.policies for user in world.users.values()}


def raised(run: Run) -> bool:
    """Tell whether a run asks to be tried again."""
    try:
        run.raise_unsettled()
    except Unsettled:
        return True
    return False


def changed_users(harness: Harness, since: int) -> set[str]:
    """Return whom the writes after the first `since` ones were about."""
    return {call.about for call in harness.iam.writes[since:] if call.method != "create_policy"}


@given(scene=scenes(), what=st.sampled_from(EVENTS), data=st.data())
def test_converges(scene: Scene, what: str, data: st.DataObject) -> None:
    """Whoever must carry the guard carries it, no one else got it, the exempt are as they were."""
    harness = scene.build()
    name = data.draw(st.sampled_from([user.name for user in scene.users]))
    event = weaken(harness, scene, what, name)
    before = harness.account.world
    expected = {user.name: scene.expected(user, before) for user in before.users.values()}
    harness.clock.advance(5)
    harness.deliver_until_settled(event)
    harness.sweep()
    assert policies(harness.account.world) == expected


@given(scene=scenes())
def test_idempotent(scene: Scene) -> None:
    """In an account in order nothing writes: not another sweep, not a reaction to anybody."""
    harness = scene.build()
    harness.sweep()
    writes = len(harness.iam.writes)
    harness.sweep()
    for user in scene.users:
        harness.react(about_user(user.name, received_at=harness.clock()))
    assert harness.iam.writes[writes:] == []


@given(scene=scenes(), data=st.data())
def test_observe_mode_writes_nothing(scene: Scene, data: st.DataObject) -> None:
    """Whatever is found, claimed or swept, observe mode has no write, and raises for no plan."""
    harness = scene.build(mode="observe")
    claims = hints(NAMES, (scene.guard_arn, LOOK_ALIKE))
    for user in scene.users:
        told = data.draw(st.lists(claims, max_size=2))
        harness.react(about_user(user.name, *told, received_at=harness.clock()))
    harness.react(about_everyone(*data.draw(st.lists(claims, max_size=2))))
    assert not raised(harness.sweep())
    harness.keep()
    assert harness.iam.writes == []


@given(scene=scenes(min_users=3), brake=st.integers(1, 3))
def test_brake(scene: Scene, brake: int) -> None:
    """A sweep changes at most so many users, and after enough sweeps all are done."""
    harness = scene.build(max_remediations=str(brake))
    before = harness.account.world
    expected = {user.name: scene.expected(user, before) for user in before.users.values()}
    waiting = sum(expected[name] != had for name, had in policies(before).items())
    for _ in range(ceil(waiting / brake)):
        writes = len(harness.iam.writes)
        run = harness.sweep()
        changed = len(changed_users(harness, writes))
        assert changed == min(brake, waiting)
        waiting -= changed
        assert len(run.held_back) == waiting
    assert policies(harness.account.world) == expected


@given(scene=scenes(), brake=st.integers(1, 2))
def test_single_reactions_are_not_braked(scene: Scene, brake: int) -> None:
    """The brake is a sweep's: reactions to each user put all of them into order."""
    harness = scene.build(max_remediations=str(brake))
    before = harness.account.world
    for user in scene.users:
        harness.react(about_user(user.name, received_at=harness.clock()))
    for user in scene.users:
        if user.has_credentials:
            after = harness.account.world.users[user.name.lower()]
            assert after.policies == scene.expected(user, before)


@given(scene=scenes())
def test_sweep_judges_as_a_reaction(scene: Scene) -> None:
    """Bulk data and single reads lead to the same verdict and plan for whoever has a credential."""
    harness = scene.build(mode="observe")
    swept = _decisions(harness.sweep())
    for user in scene.users:
        if user.has_credentials:
            run = harness.react(about_user(user.name.swapcase(), received_at=harness.clock()))
            assert _decisions(run) == {user.name: swept[user.name]}


@given(scene=scenes())
def test_every_user_is_recorded_once(scene: Scene) -> None:
    """A sweep records each user of the account once, and nobody else."""
    harness = scene.build()
    harness.sweep()
    recorded = [each.observation.subject.name for each in harness.recorder.settled]
    assert sorted(map(str, recorded)) == sorted(user.name for user in scene.users)


@given(scene=scenes())
def test_foreign_guard_is_left_alone(scene: Scene) -> None:
    """A policy in the guard's place that is not ours is neither put on nor taken off anybody."""
    if scene.guard == "foreign" and not scene.given:
        harness = scene.build()
        harness.sweep()
        assert harness.iam.writes == []


def _decisions(run: Run) -> dict[str, tuple[object, ...]]:
    """Return verdict, plan and kind of error by user."""
    return {
        str(each.observation.subject.name): (
            each.decision.verdict,
            each.decision.plan,
            type(each.decision.error),
        )
        for each in run.settled
    }
