"""reactor.users.ranking on the fake: what is asked when the brake does not let all through."""

from datetime import timedelta

import pytest

from reactor.cli.report import name_of
from reactor.errors import ReactorError, Transient
from reactor.guard.document import canonical
from reactor.reconcile import Brake, Run, enforce, reconcile
from reactor.users.credentials import CredentialReport, Credentials
from reactor.users.ranking import Ranking
from tests.fakes.account import ACCOUNT
from tests.fakes.clock import START
from tests.fakes.events import about_everyone
from tests.fakes.harness import Harness
from tests.unit.test_urgency import user

P = f"arn:aws:iam::{ACCOUNT}:policy/"
DENIED = Transient("iam:… failed: AccessDenied", remedy="allow it")


class Reports:
    """Gives a report, or an error."""

    def __init__(self, answer: CredentialReport | ReactorError | None = None) -> None:
        self.answer = answer
        self.asked = 0

    def credential_report(self) -> CredentialReport | None:
        """Answer."""
        self.asked += 1
        if isinstance(self.answer, ReactorError):
            raise self.answer
        return self.answer


@pytest.fixture
def here() -> Harness:
    """Three users who need the guard: a reader, a writer through a group, and an administrator."""
    here = Harness()
    here.account.put_policy()
    for name, action in (("admin", "*"), ("read", "s3:Get*"), ("write", "s3:PutObject")):
        statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
        here.account.put_policy(P + name, {}, canonical({"Statement": statement}))
    here.account.put_group("writers", f"{P}write")
    here.account.put_user("a-reader", policies=frozenset({f"{P}read"}))
    here.account.put_user("b-writer", groups=frozenset({"writers"}))
    here.account.put_user("c-admin", policies=frozenset({f"{P}admin"}))
    return here


def swept(here: Harness, reports: Reports, most: int) -> Run:
    """A sweep under a brake."""
    ranking = Ranking(here.iam, reports, here.rounds, here.bulk.groups)
    return reconcile(
        about_everyone(),
        here.users,
        execute=enforce,
        clock=here.clock,
        brake=Brake(most, rank=ranking),
    )


def changed(run: Run) -> list[str]:
    """Who was changed, in that order."""
    return [name_of(each) for each in run.settled if each.changed]


def test_the_most_dangerous_are_changed(here: Harness) -> None:
    """By what their policies, and those of their groups, allow."""
    assert changed(swept(here, Reports(), 2)) == ["c-admin", "b-writer"]


def test_of_equals_who_has_a_password(here: Harness) -> None:
    """By the report, where it can be had."""
    here.account.put_user("a-admin", policies=frozenset({f"{P}admin"}))
    has = {
        here.account.world.users[name].arn: Credentials(password, None, False, 0, None)
        for name, password in (("a-admin", False), ("c-admin", True))
    }
    report = CredentialReport(START - timedelta(hours=1), has)
    assert changed(swept(here, Reports(report), 1)) == ["c-admin"]
    here.account.change("c-admin", policies=frozenset({f"{P}admin"}))
    assert changed(swept(here, Reports(DENIED), 1)) == ["a-admin"]


def test_without_documents_it_goes_on(here: Harness) -> None:
    """The order is coarser, and the brake holds all the same."""
    here.iam.fail("managed_documents")
    run = swept(here, Reports(DENIED), 2)
    assert (len(changed(run)), len(run.held_back)) == (2, 1)
    assert not any(each.errors for each in run.settled)


def test_nothing_is_asked_when_all_can_be_changed(here: Harness) -> None:
    """The usual sweep pays nothing for it."""
    reports = Reports()
    assert len(changed(swept(here, reports, 3))) == 3
    assert reports.asked == 0
    assert "managed_documents" not in here.iam.reads


HAVE = {
    "enrolled": Credentials(True, None, True, 2, None),
    "harmless": Credentials(False, None, False, 0, None),
    "one-key": Credentials(False, None, False, 1, None),
    "password": Credentials(True, None, False, 0, None),
    "two-keys": Credentials(False, None, False, 2, None),
    "was-another": Credentials(True, None, True, 0, None),
}


def asked(here: Harness, reports: Reports) -> list[str]:
    """The order in which these users are asked for their devices."""
    new = "was-another"  # made after the report
    users = [user(name, created_at=START if name == new else None) for name in HAVE]
    ranking = Ranking(here.iam, reports, here.rounds, here.bulk.groups)
    return [each.name for each in ranking.to_ask(users)]


def test_whom_to_ask_first(here: Harness) -> None:
    """Who lacks MFA, with a password, with most keys; whoever is not known as if it had both."""
    by_arn = {user(name).arn: has for name, has in HAVE.items()}
    report = CredentialReport(START - timedelta(hours=1), by_arn)
    first = ["was-another", "password", "two-keys", "one-key", "harmless", "enrolled"]
    assert asked(here, Reports(report)) == first


@pytest.mark.parametrize("answer", [None, DENIED], ids=["none in time", "refused"])
def test_whom_to_ask_first_without_a_report(here: Harness, answer: ReactorError | None) -> None:
    """It is a hint: without it they are asked as they come."""
    assert asked(here, Reports(answer)) == list(HAVE)
