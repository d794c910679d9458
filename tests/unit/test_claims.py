"""reactor.users.claims: what a young event takes off the state that was read, and what never."""

from datetime import timedelta
from typing import Any

import pytest

from reactor.guard.identity import Guard, Standing
from reactor.model import Cause, Claim, Hint, Subject, SubjectKind
from reactor.users.claims import believe, claims
from reactor.users.state import Device, Presence, UserState
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import created, detached, removed, trigger

GUARD = Guard(GUARD_ARN, given=False)
OTHER = f"arn:aws:iam::{ACCOUNT}:policy/other"
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
PHONE = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
NOW = START + timedelta(seconds=1)


def alice(**members: Any) -> UserState:
    """Return a user who carries the guard itself and through the group crew."""
    state: dict[str, Any] = {
        "guard_standing": Standing.OURS,
        "groups": ("crew", "staff"),
        "guarded_groups": frozenset({"crew", "others"}),
        "policies": frozenset({GUARD_ARN, OTHER}),
        "tags": (("userType", "Service"),),
        **members,
    }
    return UserState("alice", Presence.EXISTS, GUARD, **state)


def cause(*hints: Hint, kind: SubjectKind = SubjectKind.USER, name: str = "alice") -> Cause:
    """Return the cause of an event about somebody."""
    return Cause(trigger(), Subject(kind, ACCOUNT, name=name), hints)


def left(group: str) -> Hint:
    """Return the claim that a user left a group."""
    return Hint(Claim.GROUP_LEFT, START, group)


ALONE = {"groups": ()}
THROUGH_CREW = {"policies": frozenset({OTHER})}
MEMBERS = SubjectKind.GROUP_MEMBERS
HOLDERS = SubjectKind.POLICY_HOLDERS


@pytest.mark.parametrize(
    ("members", "about", "is_detached"),
    [
        pytest.param(ALONE, cause(detached(GUARD_ARN)), True, id="the guard, from the user"),
        pytest.param({}, cause(detached(GUARD_ARN)), False, id="while a group carries it"),
        pytest.param(ALONE, cause(detached(OTHER)), False, id="another policy, from the user"),
        pytest.param(ALONE, cause(), False, id="nothing is claimed"),
        pytest.param(
            THROUGH_CREW,
            cause(detached(GUARD_ARN), kind=MEMBERS, name="crew"),
            True,
            id="the guard, from the only group that carries it",
        ),
        pytest.param(
            THROUGH_CREW,
            cause(detached(GUARD_ARN), kind=MEMBERS, name="CREW"),
            True,
            id="from that group, spelt otherwise",
        ),
        pytest.param(
            THROUGH_CREW,
            cause(detached(GUARD_ARN), kind=MEMBERS, name="staff"),
            False,
            id="from another group of the user",
        ),
        pytest.param(
            {},
            cause(detached(GUARD_ARN), kind=MEMBERS, name="crew"),
            False,
            id="from a group only",
        ),
        pytest.param(
            ALONE,
            cause(detached(GUARD_ARN), kind=SubjectKind.EVERY_USER),
            False,
            id="from nobody who is named",
        ),
        pytest.param(
            ALONE, cause(detached(GUARD_ARN), kind=HOLDERS), False, id="from a policy's holders"
        ),
        pytest.param(THROUGH_CREW, cause(left("crew")), True, id="it left the group"),
        pytest.param(THROUGH_CREW, cause(left("CREW")), True, id="it left the group, in capitals"),
        pytest.param(THROUGH_CREW, cause(left("staff")), False, id="it left another group"),
        pytest.param({}, cause(left("crew")), False, id="it left, and carries the guard itself"),
        pytest.param(ALONE, cause(detached(GUARD_ARN), left("crew")), True, id="both at once"),
    ],
)
def test_guard(members: dict[str, Any], about: Cause, *, is_detached: bool) -> None:
    """The guard counts as detached when the claims leave no way in which it reaches the user."""
    assert believe(alice(**members), about, NOW).detached is is_detached


def test_only_the_guard_is_taken_off() -> None:
    """Other policies are what was read, for they rank the danger."""
    believed = believe(alice(), cause(detached(GUARD_ARN), detached(OTHER)), NOW)
    assert believed.user.policies == {OTHER}


@pytest.mark.parametrize(
    ("seconds", "is_believed"),
    [
        pytest.param(-61, False, id="from the future"),
        pytest.param(-60, True, id="clocks differ by a minute"),
        pytest.param(0, True, id="of this second"),
        pytest.param(299, True, id="4:59 old"),
        pytest.param(300, False, id="five minutes old"),
    ],
)
def test_age(seconds: float, *, is_believed: bool) -> None:
    """Claims of every kind count for five minutes."""
    now = START + timedelta(seconds=seconds)
    device = Device(SERIAL, START - timedelta(days=1))
    user = alice(groups=("crew",), policies=frozenset({GUARD_ARN}), devices=(device,))
    about = cause(detached(GUARD_ARN), left("crew"), removed(SERIAL))
    expected = (is_believed, is_believed)
    believed = believe(user, about, now)
    assert (believed.voided, believed.detached) == expected


@pytest.mark.parametrize(
    ("enabled", "serial", "left_over"),
    [
        pytest.param(-1, SERIAL, 1, id="enabled before the event"),
        pytest.param(0, SERIAL, 1, id="enabled in its second"),
        pytest.param(1, SERIAL, 2, id="enabled after it: another device of that name"),
        pytest.param(-1, f"{SERIAL}-2", 2, id="a device that the user has not"),
    ],
)
def test_device(enabled: float, serial: str, left_over: int) -> None:
    """A removed device is void, another one and one enabled since are not."""
    devices = (
        Device(SERIAL, START + timedelta(seconds=enabled)),
        Device(PHONE, START - timedelta(days=1)),
    )
    believed = believe(alice(devices=devices), cause(removed(serial)), NOW)
    assert believed.user.devices is not None
    assert len(believed.user.devices) == left_over
    assert believed.voided is (left_over == 1)


def test_unread_devices_stay_unread() -> None:
    """What was not read is not none, whatever is claimed."""
    believed = believe(alice(devices=None), cause(removed(SERIAL)), NOW)
    assert (believed.user.devices, believed.voided) == (None, False)


@pytest.mark.parametrize(
    "about",
    [
        pytest.param(cause(), id="nothing claimed"),
        pytest.param(cause(created("alice")), id="a claim of another kind"),
        pytest.param(cause(left("nowhere"), detached(OTHER), removed(PHONE)), id="none that fits"),
    ],
)
def test_nothing_fits(about: Cause) -> None:
    """Without a claim that fits, what was read is believed."""
    user = alice(devices=(Device(SERIAL, START),))
    believed = believe(user, about, NOW)
    assert (believed.voided, believed.detached) == (False, False)
    assert believed.user.devices == user.devices
    assert believed.user.guarded_through == user.guarded_through
    assert believed.user.guarded_directly


def test_what_exempts_is_never_touched() -> None:
    """To leave a group that exempts, or anything else, is believed when it is read."""
    user = alice(groups=("break-glass", "crew"), devices=(Device(SERIAL, START),))
    hints = (left("break-glass"), left("crew"), detached(GUARD_ARN), removed(SERIAL))
    believed = believe(user, cause(*hints), NOW).user
    for member in ("name", "arn", "path", "tags", "groups", "listed_exempt"):
        assert getattr(believed, member) == getattr(user, member), member


def test_nothing_is_ever_added() -> None:
    """Who has neither guard nor device has none after any claim."""
    user = alice(policies=frozenset(), groups=(), devices=())
    hints = (detached(GUARD_ARN), left("crew"), removed(SERIAL), created("alice"))
    believed = believe(user, cause(*hints), NOW)
    assert (believed.user.guarded_directly, believed.user.guarded_through) == (False, ())
    assert believed.user.devices == ()
    assert (believed.voided, believed.detached) == (False, False)


def test_claims_of_a_kind() -> None:
    """Only hints of the kind are returned, and as long as the lifetime given says."""
    about = cause(removed(SERIAL), created("alice"), removed(PHONE))
    later = START + timedelta(seconds=60)
    assert [hint.about for hint in claims(about, Claim.DEVICE_REMOVED, later)] == [SERIAL, PHONE]
    assert list(claims(about, Claim.DEVICE_REMOVED, later, timedelta(seconds=60))) == []
