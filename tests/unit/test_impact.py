"""reactor.cli.impact on the fake: whom the guard would surprise, and what is asked to know it."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from reactor.cli.impact import Hints, Impact, impact_of, read_hints, state_of
from reactor.cli.report import Report
from reactor.cli.sweep_shown import put_impact
from reactor.errors import ReactorError, Transient
from reactor.reconcile import Brake, Settled, observe_only, reconcile
from reactor.users.credentials import CredentialReport, Credentials
from reactor.users.rescue import VirtualDevice
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START
from tests.fakes.events import about_everyone
from tests.fakes.harness import Harness
from tests.unit.rescued import APP, PASSKEY, TOKEN

MADE = START - timedelta(hours=2)
DENIED = Transient("iam:… failed: AccessDenied", remedy="allow it")


@dataclass
class Asked:
    """What is asked for hints, answered from the harness's account, and how often it was."""

    here: Harness
    report: CredentialReport | ReactorError | None = None
    denied: ReactorError | None = None  # in place of any answer about devices
    log: list[str] = field(default_factory=list)

    def credential_report(self) -> CredentialReport | None:
        """Answer with the report, or its error."""
        self.log.append("report")
        if isinstance(self.report, ReactorError):
            raise self.report
        return self.report

    def devices_of(self, user: str) -> tuple[Device, ...]:
        """Answer ListMFADevices."""
        self.log.append(f"devices of {user}")
        return self.here.account.world.users[user].devices

    def virtual_devices(self, *, assigned: bool) -> tuple[VirtualDevice, ...]:
        """Answer ListVirtualMFADevices."""
        assert assigned
        self.log.append("virtual devices")
        if self.denied is not None:
            raise self.denied
        return tuple(
            VirtualDevice(device.serial, user.name)
            for user in self.here.account.world.users.values()
            for device in user.devices
            if ":mfa/" in device.serial
        )


@pytest.fixture
def here() -> Harness:
    """An account with the guard."""
    here = Harness()
    here.account.put_policy()
    return here


def concerned(here: Harness, brake: int = 0) -> tuple[Settled, ...]:
    """Those whom a sweep would put the guard on."""
    run = reconcile(
        about_everyone(), here.users, execute=observe_only, clock=here.clock, brake=Brake(brake)
    )
    return Report.of(ACCOUNT, run).to_guard


def hints_of(here: Harness, asked: Asked) -> Hints:
    """What is found out about them."""
    users = [state_of(each) for each in concerned(here)]
    return read_hints(users, asked, asked, here.rounds)


def reported(here: Harness, **users: Credentials) -> CredentialReport:
    """A report on these users."""
    world = here.account.world
    return CredentialReport(MADE, {world.users[name].arn: has for name, has in users.items()})


def having(
    *, password: bool = False, mfa: bool = False, key_used_at: datetime | None = None
) -> Credentials:
    """What a user has."""
    return Credentials(password, None, mfa, int(key_used_at is not None), key_used_at)


def test_who_has_what(here: Harness) -> None:
    """Under each head those of whom the report says so; a user may be under several."""
    here.account.put_user("alice")
    here.account.put_user("bob")
    here.account.put_user("carol")
    report = reported(
        here,
        alice=having(password=True),
        bob=having(password=True, key_used_at=MADE - timedelta(hours=1)),
        carol=having(),
    )
    impact = impact_of(concerned(here), hints_of(here, Asked(here, report)))
    assert impact == Impact(
        now=("alice", "bob", "carol"),
        report_at=MADE,
        with_password=("alice", "bob"),
        keys_in_use=("bob",),
        passkey_only=(),
    )


@pytest.mark.parametrize(
    ("before", "in_use"),
    [
        pytest.param(timedelta(hours=23, minutes=59), True, id="a day before the report"),
        pytest.param(timedelta(hours=24, minutes=1), False, id="more than a day before it"),
        pytest.param(timedelta(minutes=-1), True, id="while it was made"),
    ],
)
def test_keys_in_use(here: Harness, before: timedelta, in_use: bool) -> None:
    """Counted from the report: what came after it, it cannot tell."""
    here.account.put_user("alice")
    report = reported(here, alice=having(key_used_at=MADE - before))
    impact = impact_of(concerned(here), hints_of(here, Asked(here, report)))
    assert impact.keys_in_use == (("alice",) if in_use else ())


@pytest.mark.parametrize(
    ("devices", "only"),
    [
        pytest.param((PASSKEY,), True, id="a passkey"),
        pytest.param((PASSKEY, PASSKEY), True, id="two passkeys"),
        pytest.param((PASSKEY, TOKEN), False, id="a passkey and a token that shows codes"),
        pytest.param((PASSKEY, APP), False, id="a passkey and an app"),
        pytest.param((TOKEN,), False, id="a token"),
        pytest.param((), False, id="none any more: the report was older"),
    ],
)
def test_passkeys_only(here: Harness, devices: tuple[Device, ...], only: bool) -> None:
    """Who has no device that shows codes, and has MFA."""
    here.account.put_user("alice", devices=devices)
    report = reported(here, alice=having(mfa=True))
    impact = impact_of(concerned(here), hints_of(here, Asked(here, report)))
    assert impact.passkey_only == (("alice",) if only else ())


def test_only_who_may_have_passkeys_only_is_asked_for_devices(here: Harness) -> None:
    """Not who has no MFA by the report, nor who has a virtual device, nor who is in order."""
    here.account.put_user("has-app", devices=(APP, PASSKEY))
    here.account.put_user("has-none")
    here.account.put_user("has-passkey", devices=(PASSKEY,))
    here.account.put_user("is-exempt", devices=(PASSKEY,), tags=(("userType", "Service"),))
    users = {name: having(mfa=name != "has-none") for name in here.account.world.users}
    asked = Asked(here, reported(here, **users))
    assert hints_of(here, asked).passkey_only == frozenset({"has-passkey"})
    assert asked.log == ["report", "virtual devices", "devices of has-passkey"]


def test_one_who_cannot_be_asked_hides_no_others(here: Harness) -> None:
    """The answers that came count, and how many did not is said."""
    for name in ("alice", "bob"):
        here.account.put_user(name, devices=(PASSKEY,))

    class Failing(Asked):
        def devices_of(self, user: str) -> tuple[Device, ...]:
            if user == "bob":
                raise Transient("NoSuchEntity", remedy="-")
            return super().devices_of(user)

    asked = Failing(here, reported(here, alice=having(mfa=True), bob=having(mfa=True)))
    impact = impact_of(concerned(here), hints_of(here, asked))
    assert impact.passkey_only == ("alice",)
    assert [str(each) for each in impact.problems] == [
        "one user's devices could not be read: NoSuchEntity"
    ]


def test_nobody_concerned_nothing_asked(here: Harness) -> None:
    """In an account in order, the report is not even made."""
    here.account.put_user("is-exempt", tags=(("userType", "Service"),))
    asked = Asked(here)
    assert impact_of(concerned(here), hints_of(here, asked)) == Impact()
    assert asked.log == []


def test_without_anybody_with_mfa_no_device_is_asked_for(here: Harness) -> None:
    """The report alone says that nobody has passkeys."""
    here.account.put_user("alice")
    asked = Asked(here, reported(here, alice=having()))
    assert hints_of(here, asked).passkey_only == frozenset()
    assert asked.log == ["report"]


def test_who_is_not_in_the_report(here: Harness) -> None:
    """Is younger, whatever stands there under its name."""
    here.account.put_user("alice")
    here.account.put_user("bob")
    impact = impact_of(
        concerned(here), hints_of(here, Asked(here, reported(here, alice=having(password=True))))
    )
    assert (impact.not_in_report, impact.with_password) == (("bob",), ("alice",))


def test_a_row_that_could_not_be_read(here: Harness, capsys: pytest.CaptureFixture[str]) -> None:
    """Hides no other: whose it is counts as not in the report, and why is said."""
    here.account.put_user("alice")
    here.account.put_user("bob")
    odd = "mfa_active of bob is 'perhaps'"
    report = replace(reported(here, alice=having(password=True)), unread=(odd,))
    impact = impact_of(concerned(here), hints_of(here, Asked(here, report)))
    assert (impact.with_password, impact.not_in_report) == (("alice",), ("bob",))
    assert impact.document()["unread"] == [odd]
    put_impact(impact)
    said = " ".join(capsys.readouterr().out.split())
    assert f"1 row of the report could not be read, and its user counts as not in it: {odd}" in said


def test_the_brake_divides_them(here: Harness) -> None:
    """Who would get it now, and who waits; the rest is told of both."""
    for name in ("alice", "bob", "carol"):
        here.account.put_user(name)
    users = {name: having(password=True) for name in ("alice", "bob", "carol")}
    some = concerned(here, brake=2)
    impact = impact_of(some, hints_of(here, Asked(here, reported(here, **users))))
    assert (impact.now, impact.waiting) == (("alice", "bob"), ("carol",))
    assert impact.everybody == impact.with_password == ("alice", "bob", "carol")


@pytest.mark.parametrize(
    ("report", "why"),
    [
        pytest.param(DENIED, "AccessDenied", id="refused"),
        pytest.param(None, "has not made the credential report yet", id="not made in time"),
    ],
)
def test_without_a_report_it_is_not_known(
    here: Harness, report: ReactorError | None, why: str
) -> None:
    """Nothing is said of credentials, in place of "none"; and why."""
    here.account.put_user("alice", devices=(PASSKEY,))
    asked = Asked(here, report)
    impact = impact_of(concerned(here), hints_of(here, asked))
    assert impact == Impact(now=("alice",))
    (problem,) = impact.problems
    assert why in str(problem)
    assert asked.log == ["report"]


def test_without_devices_the_rest_is_known(here: Harness) -> None:
    """The permission for one thing may be missing, and another given."""
    here.account.put_user("alice")
    report = reported(here, alice=having(password=True, mfa=True))
    impact = impact_of(concerned(here), hints_of(here, Asked(here, report, denied=DENIED)))
    assert (impact.with_password, impact.passkey_only) == (("alice",), None)
    assert impact.problems == (DENIED,)


def test_document(here: Harness) -> None:
    """JSON types; what is not known is null, and why is there."""
    here.account.put_user("alice")
    document = impact_of(concerned(here), hints_of(here, Asked(here, DENIED))).document()
    assert document == {
        "now": ["alice"],
        "waiting": [],
        "report_at": None,
        "with_password": None,
        "keys_in_use": None,
        "passkey_only": None,
        "not_in_report": [],
        "unread": [],
        "problems": [{"what": "iam:… failed: AccessDenied", "remedy": "allow it"}],
    }
