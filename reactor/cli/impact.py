"""What it would mean for people to carry the guard: shown before anything is enforced.

Whom a sweep would put the guard on is known from its look at everybody. What they have to sign in
with is taken from IAM's credential report, which is a hint and up to four hours old; it decides
nothing, and a sweep goes on without it. Who has MFA, and none that shows codes, is asked for.
"""

import functools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from reactor.errors import ReactorError, Transient
from reactor.gathering import Gather
from reactor.reconcile import Settled
from reactor.users.credentials import CredentialReport, Credentials
from reactor.users.ports import CredentialReports
from reactor.users.rescue import DeviceKind, VirtualDevice, kind_of
from reactor.users.state import Device, UserState

# A key that was used this short before the report is in somebody's, or something's, daily work.
IN_USE = timedelta(hours=24)


class Devices(Protocol):
    """What is asked about MFA devices. Every method reads all pages, and raises ReactorError."""

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Return a user's MFA devices of every kind."""

    def virtual_devices(self, *, assigned: bool) -> tuple[VirtualDevice, ...]:
        """Return the account's virtual devices that somebody has, or nobody."""


@dataclass(frozen=True, slots=True)
class Hints:
    """What was found out about users, or why it was not.

    `missing` stands in the report's place; `unasked` says why `passkey_only` is None, or knows of
    only some.
    """

    report: CredentialReport | None = None
    missing: ReactorError | None = None
    passkey_only: frozenset[str] | None = None
    unasked: ReactorError | None = None


@dataclass(frozen=True, slots=True)
class Impact:
    """The users who would get the guard, by name, and those among them whom it would surprise.

    None is not known. All that is known of credentials was so at `report_at` (UTC).
    """

    now: tuple[str, ...] = ()  # by this sweep
    waiting: tuple[str, ...] = ()  # for a later one, because of the brake
    report_at: datetime | None = None
    with_password: tuple[str, ...] | None = None
    keys_in_use: tuple[str, ...] | None = None
    passkey_only: tuple[str, ...] | None = None
    not_in_report: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()  # of each row of the report that could not be read, why
    problems: tuple[ReactorError, ...] = field(default=(), compare=False)

    @property
    def everybody(self) -> tuple[str, ...]:
        """Whoever would get the guard, now or later."""
        return (*self.now, *self.waiting)

    def document(self) -> dict[str, object]:
        """Return it as JSON types; null is not known."""
        return {
            "now": list(self.now),
            "waiting": list(self.waiting),
            "report_at": None if self.report_at is None else self.report_at.isoformat(),
            "with_password": _listed(self.with_password),
            "keys_in_use": _listed(self.keys_in_use),
            "passkey_only": _listed(self.passkey_only),
            "not_in_report": list(self.not_in_report),
            "unread": list(self.unread),
            "problems": [{"what": str(each), "remedy": each.remedy} for each in self.problems],
        }


def read_hints(
    users: Sequence[UserState], reports: CredentialReports, devices: Devices, gather: Gather
) -> Hints:
    """Find out what users have to sign in with. Never raises ReactorError: it is in the hints."""
    if not users:
        return Hints()
    report = gather({"": reports.credential_report})[""]
    if isinstance(report, ReactorError):
        return Hints(missing=report)
    if report is None:
        return Hints(missing=_not_made())
    try:
        found, unasked = _passkey_only(users, report, devices, gather)
        return Hints(report, passkey_only=found, unasked=unasked)
    except ReactorError as error:
        return Hints(report, unasked=error)


def impact_of(concerned: Iterable[Settled], hints: Hints) -> Impact:
    """Sum up what it means for users who would get the guard. Pure."""
    some = list(concerned)
    problems = tuple(each for each in (hints.missing, hints.unasked) if each is not None)
    now = _names(each for each in some if not each.held_back)
    waiting = _names(each for each in some if each.held_back)
    report = hints.report
    if report is None:
        return Impact(now, waiting, problems=problems)
    known = {user.name: report.of(user.arn, user.created_at) for user in map(state_of, some)}
    only = hints.passkey_only
    return Impact(
        now,
        waiting,
        report_at=report.made_at,
        with_password=tuple(name for name, has in known.items() if has and has.password),
        keys_in_use=tuple(name for name, has in known.items() if _in_use(has, report)),
        passkey_only=None if only is None else tuple(name for name in known if name in only),
        not_in_report=tuple(name for name, has in known.items() if has is None),
        unread=report.unread,
        problems=problems,
    )


def _passkey_only(
    users: Sequence[UserState], report: CredentialReport, devices: Devices, gather: Gather
) -> tuple[frozenset[str], ReactorError | None]:
    """Return those who have MFA devices, and passkeys only; asked are those who may be such.

    And why some could not be asked, if so: one who is gone by now must not hide all others.
    """
    known = {user.name: report.of(user.arn, user.created_at) for user in users}
    with_mfa = {name for name, has in known.items() if has is not None and has.mfa}
    if not with_mfa:
        return frozenset(), None
    virtual = {each.owner for each in devices.virtual_devices(assigned=True)}
    asked = sorted(with_mfa - virtual)
    answers = gather({name: functools.partial(devices.devices_of, name) for name in asked})
    errors = [each for each in answers.values() if isinstance(each, ReactorError)]
    if errors and len(errors) == len(asked):
        raise errors[0]
    found = {name: has for name, has in answers.items() if not isinstance(has, ReactorError)}
    only = frozenset(name for name, has in found.items() if _are_passkeys(has))
    return only, _not_asked(errors) if errors else None


def _are_passkeys(devices: tuple[Device, ...]) -> bool:
    kinds = {kind_of(each.serial) for each in devices}
    return kinds == {DeviceKind.PASSKEY}


def _in_use(has: Credentials | None, report: CredentialReport) -> bool:
    if has is None or has.key_used_at is None:
        return False
    return has.key_used_at >= report.made_at - IN_USE


def _not_asked(errors: Sequence[ReactorError]) -> Transient:
    users = "one user's" if len(errors) == 1 else f"{len(errors)} users'"
    return Transient(f"{users} devices could not be read: {errors[0]}", remedy=errors[0].remedy)


def _not_made() -> Transient:
    return Transient(
        "IAM has not made the credential report yet",
        remedy="ask again in a minute: it is made the first time that somebody asks for it, and"
        " then every four hours at most",
    )


def state_of(each: Settled) -> UserState:
    """Return what was read of a user who has a plan."""
    state = each.observation.state
    if not isinstance(state, UserState):
        raise TypeError(f"who has a plan was read: {each.observation.subject}")
    return state


def _names(some: Iterable[Settled]) -> tuple[str, ...]:
    return tuple(state_of(each).name for each in some)


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)
