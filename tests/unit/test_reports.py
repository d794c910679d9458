"""reactor.users.reports: the credential report, asked for once in a run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from reactor.errors import ReactorError, Transient
from reactor.users.credentials import CredentialReport
from reactor.users.ranking import Ranking
from reactor.users.reports import ReportOnce
from tests.fakes.clock import START
from tests.fakes.harness import Harness
from tests.unit.test_ranking import Reports

REPORT = CredentialReport(START, {})
DENIED = Transient("iam:GenerateCredentialReport failed: AccessDenied", remedy="allow it")


@pytest.mark.parametrize("answer", [REPORT, None], ids=["a report", "none in time"])
def test_an_answer_is_asked_for_once(answer: CredentialReport | None) -> None:
    """That there was none in time is an answer, too: nobody waits for it again."""
    reports = Reports(answer)
    once = ReportOnce(reports.credential_report)
    assert [once.credential_report() for _ in range(3)] == [answer] * 3
    assert reports.asked == 1


def test_a_refusal_is_asked_for_once() -> None:
    """Each who asks gets the same error."""
    reports = Reports(DENIED)
    once = ReportOnce(reports.credential_report)
    for _ in range(3):
        with pytest.raises(ReactorError) as raised:
            once.credential_report()
        assert raised.value is DENIED
    assert reports.asked == 1


def test_nothing_is_asked_before_it_is_needed() -> None:
    """A sweep that ranks nobody has no report made."""
    reports = Reports(REPORT)
    ReportOnce(reports.credential_report)
    assert reports.asked == 0


def test_threads_that_ask_at_the_same_time() -> None:
    """One asks, the others wait for its answer."""
    together, reports = threading.Barrier(8, timeout=10), Reports(REPORT)
    once = ReportOnce(reports.credential_report)

    def ask(_: int) -> CredentialReport | None:
        together.wait()
        return once.credential_report()

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [REPORT] * 8
    assert reports.asked == 1


def test_shared_by_rankings() -> None:
    """Whom to ask first and whom to change first, in part after part, is ranked by one report."""
    here, reports = Harness(), Reports(DENIED)
    once = ReportOnce(reports.credential_report)
    for _ in range(2):
        ranking = Ranking(here.iam, once, here.rounds, here.bulk.groups)
        assert (ranking.to_ask([]), ranking([])) == ([], [])
    assert reports.asked == 1
