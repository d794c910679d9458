"""docs/guard.md says of the guard what its document does."""

import re

import pytest

from reactor.guard.document import guard_document
from reactor.holes.asking import ADMINISTRATOR
from reactor.holes.policy import Policy
from reactor.holes.ports import Ruling, Simulation
from reactor.holes.sessions import CONSOLE, FEDERATION, KEY, SERVICE, Session, with_old_mfa
from reactor.holes.targets import callers
from reactor.settings import Settings
from tests.cli.command import PROJECT
from tests.fakes.account import ACCOUNT
from tests.fakes.simulator import FakeSimulator

GUIDE = (PROJECT / "docs" / "guard.md").read_text()
HOURS = 12
SETTINGS = Settings.from_environment({"REACTOR_GUARD_SESSION_HOURS": str(HOURS)})
DOCUMENT = Policy.of(guard_document("aws", ACCOUNT, SETTINGS)).text or ""
COLUMNS = {
    "key": KEY,
    "service": SERVICE,
    "federation": FEDERATION,
    "console": CONSOLE,
    "old MFA": with_old_mfa(HOURS),
}
ON_ANY = {"GetSessionToken", "ListVirtualMFADevices"}
# The last of the options of the document: what is done about a changed one is none of it.
OPTIONS = ("ENROL", "PASSWORD_CHANGE", "SESSION_HOURS", "SELF_DETACH", "SELF_SERVICE")


def table() -> dict[str, dict[str, bool]]:
    """Return the guide's table: by action, in which sessions it is not denied."""
    lines = GUIDE[GUIDE.index("| not denied |") :].splitlines()
    _, *headings = [cell.strip() for cell in lines[0].strip("|").split("|")]
    found: dict[str, dict[str, bool]] = {}
    for line in lines[2:]:
        what, *cells = [cell.strip() for cell in line.strip("|").split("|")]
        if what.startswith("anything"):
            return found
        said = dict(zip(headings, (cell == "yes" for cell in cells), strict=True))
        found |= {
            action: said
            for action in re.findall(r"\b(?:[A-Z][A-Za-z]+){2,}", what)
            if action != "GetCallerIdentity"  # no policy has a say in it
        }
    raise AssertionError("the table does not end with anything else")


def is_open(action: str, session: Session, path: int) -> bool:
    """Whether the guard leaves an action open to its holder, on itself or a device."""
    caller = callers("aws", ACCOUNT)[path]
    service = "sts" if action == "GetSessionToken" else "iam"
    arn = f"{caller.iam}:mfa/new" if action == "CreateVirtualMFADevice" else caller.arn
    asked = Simulation(
        documents=(ADMINISTRATOR, DOCUMENT),
        actions=(f"{service}:{action}",),
        resources=() if action in ON_ANY else (arn,),
        caller=None if session.federated else caller.arn,
        context=session.context(caller),
    )
    (answer,) = FakeSimulator().simulate(asked)
    return answer.ruling is Ruling.ALLOWED


@pytest.mark.parametrize("path", [0, 1], ids=["at the root", "below a path"])
@pytest.mark.parametrize("column", COLUMNS)
def test_the_table_of_sessions(column: str, path: int) -> None:
    """Each cell of what enrolment needs; that all else is denied, other tests say."""
    said = {action: cells[column] for action, cells in table().items()}
    assert {action: is_open(action, COLUMNS[column], path) for action in said} == said


def test_the_table_has_what_enrolment_needs() -> None:
    """All of it, and that is the same as what `guard check` expects."""
    assert set(table()) == {
        "ChangePassword",
        "CreateVirtualMFADevice",
        "EnableMFADevice",
        "GetMFADevice",
        "GetSessionToken",
        "GetUser",
        "ListMFADevices",
        "ListVirtualMFADevices",
        "ResyncMFADevice",
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_is_explained(option: str) -> None:
    """With a row in the table of settings."""
    assert f"| `REACTOR_GUARD_{option}` |" in GUIDE
