"""Facts of users who may be locked out, judged by the real rules."""

from datetime import timedelta
from typing import Any

from reactor.guard.identity import Guard, Standing
from reactor.settings import Settings
from reactor.users.rescue import AccessKey, AccountSummary, Facts, Password, VirtualDevice
from reactor.users.rules import decide
from reactor.users.state import Device, Presence, UserState
from tests.fakes.account import GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import about_everyone

ARN = "arn:aws:iam::123456789012:"
LONG_AGO = START - timedelta(days=30)
SUMMARY = AccountSummary(10, 10, root_has_mfa=True, root_has_password=True)
SERIAL = f"{ARN}mfa/alice"
APP = Device(SERIAL, LONG_AGO)
TOKEN = Device("GAKT12345678", LONG_AGO)
PASSKEY = Device(f"{ARN}u2f/user/alice/yubikey-7A", LONG_AGO)
KEY = AccessKey("AKIAIOSFODNN7EXAMPLE", active=True, made_at=LONG_AGO)
IDLE_KEY = AccessKey("AKIAI44QH8DHBEXAMPLE", active=False, made_at=LONG_AGO)
PASSWORD = Password(LONG_AGO, must_change=False)
NEW_PASSWORD = Password(LONG_AGO, must_change=True)
ORPHAN = VirtualDevice(SERIAL)

_OF_THE_STATE = {"policies", "groups", "guarded_groups", "tags", "arn", "guard", "guard_standing"}


def rescued(settings: Settings, **members: Any) -> Facts:
    """Return facts of a user who carries the guard; `members` are the state's or the facts'."""
    name = members.pop("name", "alice")
    state: dict[str, Any] = {
        "guard": Guard(GUARD_ARN, given=False),
        "guard_standing": Standing.OURS,
        "arn": f"{ARN}user/{name}",
        "policies": frozenset({GUARD_ARN}),
        **{key: value for key, value in members.items() if key in _OF_THE_STATE},
    }
    user = UserState(name, Presence.EXISTS, **state)
    verdict = decide(user, settings, about_everyone(), START).verdict
    facts = {key: value for key, value in members.items() if key not in _OF_THE_STATE}
    return Facts(user, verdict, SUMMARY, **facts)
