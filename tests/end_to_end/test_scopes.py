"""Scopes `without-mfa` and `console`, and the guard taken off those who comply."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.stage import Stage, deploy_into, staged

ENFORCE = {"REACTOR_MODE": "enforce"}


@pytest.fixture(scope="module")
def without_mfa() -> Iterator[Stage]:
    """A stage whose guard is for users without a device, and comes off when they have one."""
    settings = ENFORCE | {"REACTOR_SCOPE": "without-mfa", "REACTOR_LIFT": "compliant"}
    with staged(settings) as stage:
        stage.new_user("first")
        yield stage


@pytest.fixture(scope="module")
def console(without_mfa: Stage) -> Stage:
    """The same account, deployed again in scope `console`."""
    settings = ENFORCE | {"REACTOR_SCOPE": "console", "REACTOR_LIFT": "never"}
    return Stage(without_mfa.sandbox, deploy_into(without_mfa.sandbox, settings))


def test_a_deactivated_device_brings_the_guard(without_mfa: Stage) -> None:
    """A user with a device is left alone until the device is deactivated."""
    user = without_mfa.new_user("alma")
    serial = without_mfa.give_device(user)
    without_mfa.sweep()
    assert not without_mfa.is_guarded(user)
    without_mfa.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    without_mfa.settle()
    assert without_mfa.is_guarded(user)


def test_a_second_device_is_enough(without_mfa: Stage) -> None:
    """Deactivating one of two devices leaves MFA in place."""
    user = without_mfa.new_user("ben")
    serial = without_mfa.give_device(user)
    without_mfa.give_device(user, "ben-second")
    without_mfa.sweep()
    without_mfa.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    without_mfa.settle()
    assert not without_mfa.is_guarded(user)
    assert without_mfa.records_of(user)[-1]["verdict"]["rule"] == "out-of-scope"


@pytest.mark.parametrize(
    ("user", "device"), [("carl", "carl"), ("dana", "phone-of-dana")], ids=["named", "caller"]
)
def test_a_deleted_device_leads_to_its_owner_when_the_deactivation_was_lost(
    without_mfa: Stage, user: str, device: str
) -> None:
    """DeleteVirtualMFADevice names nobody: the device's name or the caller does."""
    without_mfa.new_user(user)
    serial = without_mfa.give_device(user, device)
    without_mfa.sweep()
    as_user = without_mfa.sandbox.client_for_user(user)
    without_mfa.settle()
    without_mfa.sandbox.control.lose_next_event("DeactivateMFADevice")
    as_user.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    as_user.delete_virtual_mfa_device(SerialNumber=serial)
    without_mfa.settle()
    assert without_mfa.is_guarded(user)
    asked = [each["asked"] for each in without_mfa.records_of(user, "review") if "asked" in each]
    assert [each["serial"] for each in asked] == [serial]


def test_a_deleted_device_that_nobody_can_be_tied_to_is_everybodys(without_mfa: Stage) -> None:
    """An administrator's role deletes a device of an unknown name: every user is looked at."""
    user = without_mfa.new_user("edda")
    serial = without_mfa.give_device(user, "a-device-named-after-nobody")
    without_mfa.sweep()
    without_mfa.sandbox.control.lose_next_event()
    without_mfa.iam.deactivate_mfa_device(UserName=user, SerialNumber=serial)
    assert not without_mfa.is_guarded(user)
    without_mfa.iam.delete_virtual_mfa_device(SerialNumber=serial)
    without_mfa.settle()
    assert without_mfa.is_guarded(user)


def test_the_guard_comes_off_who_has_enrolled(without_mfa: Stage) -> None:
    """REACTOR_LIFT=compliant: the sweep takes the guard off a user with a device."""
    user = without_mfa.new_user("fay")
    assert without_mfa.is_guarded(user)
    without_mfa.give_device(user)
    without_mfa.sweep()
    assert not without_mfa.is_guarded(user)


def test_a_user_without_a_password_is_out_of_the_console_scope(console: Stage) -> None:
    """In scope `console` a key alone does not call for the guard, a password does."""
    console.iam.create_user(UserName="machine")
    console.iam.create_access_key(UserName="machine")
    console.sweep()
    assert not console.is_guarded("machine")
    console.iam.create_login_profile(UserName="machine", Password="Correct-Horse-1")
    console.sweep()
    assert console.is_guarded("machine")
