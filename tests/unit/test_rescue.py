"""What is known of a locked-out user, how it is read, and which leftover device is deleted."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

import pytest

from reactor.errors import Permanent, ReactorError, Transient
from reactor.users.orphans import clear_orphans, orphans_of
from reactor.users.rescue import (
    AccessKey,
    AccountSummary,
    DeviceKind,
    Facts,
    Password,
    Use,
    VirtualDevice,
    kind_of,
    read,
)
from reactor.users.state import Device
from tests.fakes.clock import START
from tests.fakes.harness import Rounds, settings
from tests.unit.rescued import APP, ARN, IDLE_KEY, KEY, PASSWORD, SERIAL, SUMMARY, TOKEN, rescued

Answer = TypeVar("Answer")
USE = Use(START - timedelta(hours=1), "s3", "eu-west-1")
BOBS = VirtualDevice(f"{ARN}mfa/bob", "bob")


@dataclass
class FakeReads:
    """reactor.users.rescue.Reads on an account in memory; whoever lists devices may be late."""

    devices: list[VirtualDevice] = field(default_factory=list)
    broken: str = ""
    deleted: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return the devices of a user."""
        return self._answer("devices_of", (APP, TOKEN), user)

    def password(self, user: str) -> Password | None:
        """Return the password."""
        return self._answer("password", PASSWORD, user)

    def password_used_at(self, user: str) -> datetime | None:
        """Return when it was used."""
        return self._answer("password_used_at", START, user)

    def keys(self, user: str) -> tuple[AccessKey, ...]:
        """Return the keys."""
        return self._answer("keys", (KEY, IDLE_KEY), user)

    def use_of(self, key: str) -> Use | None:
        """Return the use of one of them."""
        return self._answer("use_of", USE if key == KEY.id else None, key)

    def virtual_devices(self, *, assigned: bool) -> tuple[VirtualDevice, ...]:
        """Return the virtual devices."""
        found = tuple(each for each in self.devices if (each.owner is not None) is assigned)
        return self._answer("virtual_devices", found, str(assigned))

    def account_summary(self) -> AccountSummary:
        """Return the summary."""
        return self._answer("account_summary", SUMMARY)

    def user_names(self) -> tuple[str, ...]:
        """Return the names."""
        return ("alice", "bob")

    def delete_virtual_device(self, serial: str) -> None:
        """Delete a device."""
        self.deleted.append(self._answer("delete_virtual_device", serial))

    def _answer(self, name: str, answer: Answer, about: str = "") -> Answer:
        self.asked.append(f"{name} {about}".strip())
        if name == self.broken:
            raise Transient(f"{name} is broken", remedy="mend it")
        return answer


@pytest.mark.parametrize(
    ("serial", "kind"),
    [
        (f"{ARN}mfa/alice", DeviceKind.VIRTUAL),
        (f"{ARN}mfa/team/alice", DeviceKind.VIRTUAL),
        ("arn:aws-us-gov:iam::123456789012:mfa/alice", DeviceKind.VIRTUAL),
        (f"{ARN}u2f/user/alice/yubikey-7A", DeviceKind.PASSKEY),
        ("GAKT12345678", DeviceKind.HARDWARE),
        ("mfa/alice", DeviceKind.HARDWARE),
        (f"{ARN}sms-mfa/alice", DeviceKind.OTHER),
        (f"{ARN}user/mfa/u2f/", DeviceKind.OTHER),
    ],
)
def test_a_serial_tells_the_kind_of_its_device(serial: str, kind: DeviceKind) -> None:
    """By its form alone: IAM says it nowhere else."""
    assert kind_of(serial) is kind


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        pytest.param("mfa/alice", True, id="its name"),
        pytest.param("mfa/ALICE", True, id="its name in another case"),
        pytest.param("mfa/team/alice", False, id="its name behind a path"),
        pytest.param("mfa/alice2", False, id="a longer name"),
        pytest.param("mfa/malice", False, id="a name that ends so"),
        pytest.param("mfa/", False, id="no name"),
        pytest.param("u2f/alice", False, id="no virtual device"),
    ],
)
def test_which_device_enrolment_would_stumble_over(resource: str, *, expected: bool) -> None:
    """That at the very place where a new one named as the user would be."""
    assert VirtualDevice(ARN + resource).would_be("Alice") is expected


def test_all_is_read_in_two_rounds() -> None:
    """The second is about the keys of the first."""
    reads, rounds = FakeReads([VirtualDevice(SERIAL), BOBS]), Rounds()
    state = rescued(settings()).user
    facts = read(reads, rounds, state, rescued(settings()).verdict)
    assert facts == Facts(
        state,
        rescued(settings()).verdict,
        SUMMARY,
        devices=(APP, TOKEN),
        password=PASSWORD,
        password_used_at=START,
        keys=(replace(KEY, used=USE), IDLE_KEY),
        namesakes=(VirtualDevice(SERIAL),),
    )
    assert rounds.sizes == [7, 2]


@pytest.mark.parametrize(
    "broken",
    (
        *("devices_of", "password", "password_used_at", "keys", "use_of"),
        *("virtual_devices", "account_summary"),
    ),
)
def test_what_cannot_be_read_is_not_taken_for_none(broken: str) -> None:
    """A next step that rests on a gap may be the wrong one."""
    facts = rescued(settings())
    with pytest.raises(Transient, match=f"{broken} is broken"):
        read(FakeReads(broken=broken), Rounds(), facts.user, facts.verdict)


def test_what_follows_from_the_facts() -> None:
    """Which keys are good, which devices show codes, which are left over, and what still fits."""
    passkey = Device(f"{ARN}u2f/user/alice/1", START)
    facts = rescued(
        settings(),
        keys=(KEY, IDLE_KEY),
        devices=(APP, passkey, TOKEN),
        namesakes=(VirtualDevice(SERIAL), VirtualDevice(f"{ARN}mfa/ALICE", "bob")),
    )
    assert facts.active_keys == (KEY,)
    assert facts.code_devices == (APP, TOKEN)
    assert facts.orphans == (SERIAL,)
    assert (facts.has_room_for_a_device, facts.has_room_for_a_policy) == (True, True)
    full = replace(facts, devices=(TOKEN,) * 8, account=replace(SUMMARY, policies_per_user=1))
    assert (full.has_room_for_a_device, full.has_room_for_a_policy) == (False, False)


@pytest.mark.parametrize(
    ("unassigned", "assigned", "why"),
    [
        pytest.param([], [], "no unassigned virtual device mfa/alice", id="there is none"),
        pytest.param(
            [VirtualDevice(f"{ARN}mfa/bob"), VirtualDevice(f"{ARN}mfa/team/alice")],
            [],
            "no unassigned virtual device mfa/alice",
            id="there are others'",
        ),
        pytest.param(
            [], [VirtualDevice(SERIAL, "alice")], "is assigned to alice", id="it has it itself"
        ),
        pytest.param(
            [], [VirtualDevice(SERIAL, "bob")], "is assigned to bob", id="another user has it"
        ),
    ],
)
def test_nothing_else_is_left_over(
    unassigned: list[VirtualDevice], assigned: list[VirtualDevice], why: str
) -> None:
    """Each refusal says why."""
    with pytest.raises(Permanent, match=why):
        orphans_of("alice", unassigned=unassigned, assigned=assigned)


def test_the_serial_is_the_listed_one() -> None:
    """Whatever case the user's name has; beside devices of others, and one of its own."""
    upper = f"{ARN}mfa/ALICE"
    others = [BOBS, VirtualDevice(SERIAL, "alice")]
    found = orphans_of("alice", unassigned=[VirtualDevice(upper)], assigned=others)
    assert found == (upper,)


def test_an_orphan_is_deleted_with_consent_and_after_another_look() -> None:
    """In this order."""
    reads = FakeReads([VirtualDevice(SERIAL), BOBS, VirtualDevice(f"{ARN}mfa/carol")])
    agreed: list[tuple[str, ...]] = []
    deleted = clear_orphans(reads, Rounds(), "alice", _agree(reads, agreed))
    assert (agreed, deleted, reads.deleted) == ([(SERIAL,)], (SERIAL,), [SERIAL])
    assert reads.asked == [
        "virtual_devices True",
        "virtual_devices False",
        "asked the person",
        "virtual_devices False",
        "delete_virtual_device",
    ]


def _agree(reads: FakeReads, agreed: list[tuple[str, ...]]) -> Callable[[tuple[str, ...]], None]:
    def consent(serials: tuple[str, ...]) -> None:
        reads.asked.append("asked the person")
        agreed.append(serials)

    return consent


def test_a_device_that_is_enabled_meanwhile_is_left_alone() -> None:
    """The person who is asked may take its time, and the user may enrol in it."""
    reads = FakeReads([VirtualDevice(SERIAL)])

    def enable(_: tuple[str, ...]) -> None:
        reads.devices[0] = VirtualDevice(SERIAL, "alice")

    with pytest.raises(Permanent, match="is not unassigned any more"):
        clear_orphans(reads, Rounds(), "alice", enable)
    assert reads.deleted == []


def test_a_device_is_deleted_by_nobody_who_did_not_agree() -> None:
    """Whatever the consent ends with."""
    reads = FakeReads([VirtualDevice(SERIAL)])

    def refuse(_: tuple[str, ...]) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clear_orphans(reads, Rounds(), "alice", refuse)
    assert reads.deleted == []


def test_devices_that_cannot_be_listed_are_not_deleted() -> None:
    """The error says so, before anybody is asked."""
    reads = FakeReads([VirtualDevice(SERIAL)], broken="virtual_devices")
    agreed: list[tuple[str, ...]] = []
    with pytest.raises(ReactorError, match="virtual_devices is broken"):
        clear_orphans(reads, Rounds(), "alice", _agree(reads, agreed))
    assert (agreed, reads.deleted) == ([], [])
