"""Reads and writes that fail: never an answer, never lost, never in another user's way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import Permanent, Unsettled
from reactor.model import Compliance, SubjectKind
from reactor.reconcile import Run
from tests.fakes.events import about_device, about_user
from tests.fakes.harness import Harness
from tests.fakes.iam import WRITES, throttled
from tests.property.scenes import Scene, scenes, serial_of

SINGLE_READS = (
    "user",
    "attached_policies",
    "groups_of",
    "groups_with",
    "policy",
    "devices_of",
    "has_password",
    "has_active_key",
    "has_active_ssh_key",
    "has_active_service_credential",
    "has_active_certificate",
    "device_owner",
    "account_pages",
)
ERRORS = st.sampled_from((throttled(), Permanent("no", remedy="give up")))


def assert_nothing_is_lost(scene: Scene, run: Run) -> None:
    """Every user has one record, or the run says as a whole that it could not read them."""
    names = [each.observation.subject.name for each in run.settled]
    assert len(set(names)) == len(names)
    whole = [
        each
        for each in run.settled
        if each.observation.subject.kind is SubjectKind.EVERY_USER and each.failed
    ]
    if not whole:
        assert set(names) == {user.name for user in scene.users}
    if any(each.unsettled for each in run.settled):
        with pytest.raises(Unsettled):
            run.raise_unsettled()
    for each in run.settled:
        if each.observation.error is not None:
            assert each.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
            assert (each.decision.plan, each.outcomes) == ((), ())


def fault_in(harness: Harness, data: st.DataObject, scene: Scene) -> None:
    """Let some calls fail: any method, about anybody or one user, always or once."""
    methods = st.sampled_from((*SINGLE_READS, *sorted(WRITES)))
    names = st.sampled_from([user.name for user in scene.users])
    for _ in range(data.draw(st.integers(1, 3))):
        harness.iam.fail(
            data.draw(methods),
            about=data.draw(st.none() | names),
            nth=data.draw(st.none() | st.integers(1, 4)),
            error=data.draw(ERRORS),
        )


@given(scene=scenes(), data=st.data())
def test_sweep_loses_nobody(scene: Scene, data: st.DataObject) -> None:
    """Whatever fails in a sweep: one record a user, or a record and an error for the whole."""
    harness = scene.build()
    fault_in(harness, data, scene)
    assert_nothing_is_lost(scene, harness.sweep())


@given(scene=scenes(usable=True), data=st.data())
def test_sweep_without_faults_mends_what_they_left(scene: Scene, data: st.DataObject) -> None:
    """Once the failures are over, the next sweep brings everything into order."""
    harness = scene.build()
    before = harness.account.world
    fault_in(harness, data, scene)
    harness.sweep()
    harness.iam.faults.clear()
    harness.sweep()
    for user in scene.users:
        after = harness.account.world.users[user.name.lower()]
        assert after.policies == scene.expected(user, before)


@given(scene=scenes(), read=st.sampled_from(SINGLE_READS), error=ERRORS, data=st.data())
def test_failing_read_of_a_reaction(
    scene: Scene, read: str, error: Permanent, data: st.DataObject
) -> None:
    """A failed read is never "no": its user is not written to and not called compliant."""
    harness = scene.build()
    user = data.draw(st.sampled_from(scene.users))
    fault = harness.iam.fail(read, error=error)
    run = harness.react(about_user(user.name, received_at=harness.clock()))
    (settled,) = run.settled
    if fault.raised:
        assert settled.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA
        assert harness.iam.writes == []
        assert settled.unsettled is not isinstance(error, Permanent)


@given(scene=scenes(), read=st.sampled_from(SINGLE_READS), error=ERRORS, data=st.data())
def test_failing_read_of_a_sweep(
    scene: Scene, read: str, error: Permanent, data: st.DataObject
) -> None:
    """A failed question leaves its user alone, and the others are mended as without it."""
    user = data.draw(st.sampled_from(scene.users))
    smooth, harness = scene.build(), scene.build()
    smooth.sweep()
    fault = harness.iam.fail(read, about=user.name, error=error)
    run = harness.sweep()
    after, wanted = harness.account.world.users, smooth.account.world.users
    for name in after:
        if name != user.name.lower():
            assert after[name] == wanted[name]
    if fault.raised:
        assert after[user.name.lower()].policies == user.policies
        (settled,) = [each for each in run.settled if each.observation.subject.name == user.name]
        assert settled.decision.verdict.compliance is Compliance.INSUFFICIENT_DATA


@given(scene=scenes(), read=st.sampled_from(SINGLE_READS), data=st.data())
def test_failing_read_for_a_device(scene: Scene, read: str, data: st.DataObject) -> None:
    """Looking for a device's owner, an error is not "nobody": it raises, or everybody is swept."""
    user = data.draw(st.sampled_from(scene.users))
    number = data.draw(st.integers(0, 2))
    harness = scene.build()
    fault = harness.iam.fail(read)
    cause = about_device(serial_of(user.name, number), caller=data.draw(st.none() | st.just("eve")))
    run = harness.react(cause)
    if fault.raised and read in {"user", "groups_with", "policy", "device_owner"}:
        assert harness.iam.writes == []
        # Where no lead is a user, what else was read of the guard does not matter.
        if read in {"groups_with", "policy"} and harness.sweeps_asked:
            return
        with pytest.raises(Unsettled):
            run.raise_unsettled()


@given(scene=scenes())
def test_unreadable_exemption_list_changes_nobody(scene: Scene) -> None:
    """A list that is named and cannot be read stops reactions and sweeps before they write."""
    harness = scene.build(exempt_parameter="/mfa/exempt")
    harness.exemptions = None
    with pytest.raises(Unsettled):
        harness.sweep().raise_unsettled()
    for user in scene.users:
        with pytest.raises(Unsettled):
            harness.react(about_user(user.name, received_at=harness.clock())).raise_unsettled()
    assert harness.iam.writes == []
