"""Bulk sweeps: the same verdicts as one user after another, whatever happens while they look."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.aws.account import AwsSession
from reactor.errors import Transient
from reactor.gathering import Stream
from reactor.model import Compliance, Decision
from reactor.reconcile import Run, Settled
from reactor.users.bulk import Bulk
from reactor.users.state import Device
from tests.fakes.account import Account, IamUser, World
from tests.fakes.events import about_everyone, about_user
from tests.fakes.harness import Harness
from tests.fakes.iam import Call
from tests.fakes.streams import Jumbled
from tests.property.scenes import OLD, OTHERS, Scene, is_dangerous, scenes, serial_of

SESSION = AwsSession("us-east-1")
PAGES = st.integers(1, 9)
VIAS = st.sampled_from(("user", "group"))
# Before these calls something happens. Not between two questions about one user: GetLoginProfile
# says of a user that was renamed just then that it has no password.
MOMENTS = frozenset({"account_pages", "virtual_devices", "devices_of", "groups_with", "policy"})

Judged = dict[str, tuple[object, ...]]


def of(decision: Decision) -> tuple[object, ...]:
    """Return what a decision comes to.

    But for why somebody is out of scope: a sweep does not ask for the devices of one who may do
    nothing dangerous, and whoever is asked about alone need not be asked what it may do.
    """
    verdict = decision.verdict
    if verdict.rule == "out-of-scope":
        verdict = replace(verdict, reasons=())
    return verdict, decision.plan, type(decision.error), decision.recheck


def by_id(run: Run) -> Judged:
    """Return what a run decided, by the users' ids; each of them must be there once."""
    found = {id_of(each): of(each.decision) for each in run.settled}
    assert len(found) == len(run.settled)
    return found


def id_of(each: Settled) -> str:
    """Return the id of a user that was found, in whatever state."""
    assert each.observation.state is not None
    return str(each.observation.state.id)


def one_by_one(harness: Harness) -> Judged:
    """Return what a sweep would decide if it asked about each user by itself."""
    cause, found = about_everyone(), {}
    for user in harness.account.world.users.values():
        alone = replace(cause, subject=about_user(user.name).subject)
        (seen,) = harness.observer.observe(alone)
        assert seen.state is not None
        found[user.id] = of(harness.users.decide(seen.state, cause, harness.clock()))
    return found


@given(scene=scenes(), via=VIAS, page=PAGES, with_group=st.booleans(), data=st.data())
def test_verdicts_of_users_asked_one_by_one(
    scene: Scene, via: str, page: int, with_group: bool, data: st.DataObject
) -> None:
    """In any account, by any settings, with pages of any size, in any order: the same verdicts."""
    harness = scene.build(mode="observe", guard_via=via)
    if with_group and scene.guard == "ours" and not scene.given:
        harness.account.put_guard_group()
    names = sorted(user.name for user in scene.users)
    for name in data.draw(st.sets(st.sampled_from(names))) if with_group else ():
        user = harness.account.world.users[name.lower()]
        harness.account.change(name, groups=user.groups | {"MfaReactorGuard"})
    harness.iam.page = page
    shuffled = data.draw(st.permutations(names))
    harness.iam.place = lambda user: str(shuffled.index(user.name))
    harness.rounds.stream = jumbled(data)
    expected = one_by_one(harness)
    assert by_id(harness.sweep()) == expected


@given(scene=scenes(), page=PAGES)
def test_at_the_same_time(scene: Scene, page: int) -> None:
    """Pages fetched ahead and questions asked in parallel, by the real session: the same again."""
    harness = scene.build(mode="observe")
    harness.iam.page = page
    cause, found = about_everyone(), {}
    for seen in Bulk(harness.bulk.reader, SESSION).observe(cause):
        assert seen.state is not None
        found[seen.state.id] = of(harness.users.decide(seen.state, cause, harness.clock()))
    assert found == one_by_one(harness)


def jumbled(data: st.DataObject) -> Stream:
    """Return a stream whose calls end in any order."""
    return Jumbled(data.draw(st.integers(1, 8)), lambda n: data.draw(st.integers(0, n - 1)))


@given(scene=scenes(), page=PAGES)
def test_nobody_is_asked_in_vain(scene: Scene, page: int) -> None:
    """Only they are asked about whose verdict nothing else tells, each once; in order: nobody."""
    harness = scene.build(mode="observe")
    harness.iam.page = page
    harness.sweep()
    asked = [call.about for call in harness.iam.log if call.method in {"devices_of", "user"}]
    holds = scene.usable and scene.guard != "missing"
    open_ones = {
        user.name
        for user in scene.users
        if scene.chosen["scope"] != "everyone"
        and not scene.exempts(user)
        and not any(":mfa/" in each.serial for each in user.devices)
        and (scene.chosen["scope"] != "privileged" or is_dangerous(user))
        and not (
            holds
            and scene.chosen["lift"] != "compliant"
            and harness.account.world.carries(user.name, scene.guard_arn)
        )
    }
    assert sorted(asked) == sorted(open_ones)
    shown = len(scene.users) + len(harness.account.world.groups)
    pages = [call for call in harness.iam.log if call.method == "account_pages"]
    assert len(pages) == max(1, -(-shown // page))


def others(user: IamUser) -> Any:
    """Return a user's tags turned round: exempt if it was not."""
    return () if user.tags else (("userType", "Service"),)


def deactivated(user: IamUser) -> tuple[Device, ...]:
    """Return a user's devices after it has enrolled, or lost them all."""
    return () if user.devices else (Device(serial_of(user.name), OLD),)


# What happens to a user, each in one call.
CHANGES: dict[str, Callable[[Account, IamUser], object]] = {
    "tag": lambda account, user: account.change(user.name, tags=others(user)),
    "rename": lambda account, user: account.rename_user(user.name, f"z-{user.name}"),
    "delete": lambda account, user: account.remove_user(user.name),
    "device": lambda account, user: account.change(user.name, devices=deactivated(user)),
    "policy": lambda account, user: account.change(user.name, policies=user.policies ^ {OTHERS[0]}),
    "group": lambda account, user: account.change(user.name, groups=user.groups ^ {"guarded"}),
    "password": lambda account, user: account.change(user.name, password=not user.password),
}


@dataclass
class Happening:
    """Lets something happen before some of the calls, to each user at most once."""

    harness: Harness
    script: "Script"  # by the number of the call: a change, and whose
    calls: int = 0

    def __call__(self, call: Call) -> None:
        """Change the account, if this is the call before which that happens."""
        if call.method not in MOMENTS:
            return
        change, name = self.script.get(self.calls, ("", ""))
        self.calls += 1
        account = self.harness.account
        user = account.world.user(name)
        if change == "create" and user is None:
            account.put_user(name, password=True, keys=(True,))
        elif change in CHANGES and user is not None:
            CHANGES[change](account, user)


Script = dict[int, tuple[str, str]]


@st.composite
def changing(draw: st.DrawFn) -> tuple[Scene, Script]:
    """Draw an account, and what happens before which call: to a user of it, or one is created."""
    scene = draw(scenes(min_users=2))
    whose = draw(st.permutations([user.name for user in scene.users]))
    numbers = draw(st.permutations(range(2, 3 + len(whose))))
    script = {
        number: (draw(st.sampled_from((*CHANGES, "rename", "rename", "delete"))), name)
        for number, name in zip(numbers, whose, strict=False)
    }
    # Not of a name that another had: IAM is asked by name, and would answer about the new one.
    script[numbers[-1]] = ("create", "newcomer")
    return scene, script


def possible(scene: Scene, worlds: list[World]) -> dict[str, set[tuple[object, ...]]]:
    """Return by id what may be decided about users, as the account was at these moments."""
    found: dict[str, set[tuple[object, ...]]] = {}
    for world in worlds:
        then = scene.build(mode="observe")
        then.account.world = world
        for user, decision in one_by_one(then).items():
            found.setdefault(user, set()).add(decision)
    return found


@given(changed=changing(), page=st.integers(1, 3), by=st.sampled_from(("id", "name")))
def test_an_account_that_changes_meanwhile(
    changed: tuple[Scene, Script], page: int, by: str
) -> None:
    """Whoever was there all the time is judged once, as it was at some moment of the sweep.

    Or it could not be read: who was renamed or deleted before it was asked about. In pages ordered
    by name a renamed user may come twice, or, where it moved behind us, not at all; that is IAM's.
    """
    scene, script = changed
    harness = scene.build(mode="observe")
    harness.iam.page = page
    if by != "id":
        harness.iam.place = lambda user: user.name.lower()
    before = [harness.account.world]
    past = len(harness.account._past)
    harness.iam.on_call = Happening(harness, script)
    run = harness.sweep()
    worlds = before + [world for _, world in harness.account._past[past:]]
    judged, may_be = by_id(run), possible(scene, worlds)
    there = [{user.id: user.name for user in world.users.values()} for world in worlds]
    throughout = set(there[0]).intersection(*there)
    renamed = {user for user in throughout if len({names[user] for names in there}) > 1}
    assert throughout - renamed <= set(judged)
    if by == "id":
        assert throughout <= set(judged)
    assert set(judged) <= set(may_be), "who was never there is not judged"
    for each in run.settled:
        user = id_of(each)
        if each.observation.error is not None:
            assert user in renamed or user not in throughout
            assert isinstance(each.observation.error, Transient)
            assert each.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
        else:
            assert judged[user] in may_be[user]
