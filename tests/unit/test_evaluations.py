"""reactor.evaluations: verdicts as evaluations, and their way to AWS Config."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from reactor.errors import Permanent, Throttled, Transient
from reactor.evaluations.evaluation import (
    MOST_AT_ONCE,
    MOST_CHARACTERS,
    Evaluation,
    annotation,
    batches,
    evaluation,
    not_applicable,
)
from reactor.evaluations.reporting import PAUSES_SECONDS, Reported, report
from reactor.model import Compliance, Resource, Verdict
from tests.fakes.clock import START
from tests.fakes.config import USER


def verdict(compliance: Compliance, *reasons: str) -> Verdict:
    """Return a verdict with reasons."""
    return Verdict(compliance, "rule", reasons)


def many(count: int) -> list[Evaluation]:
    """Return so many evaluations."""
    return [not_applicable(USER, f"AIDA{number}", "gone", START) for number in range(count)]


class TestEvaluation:
    """What AWS Config is told of a verdict."""

    @pytest.mark.parametrize(
        "compliance", [each for each in Compliance if each is not Compliance.INSUFFICIENT_DATA]
    )
    def test_a_verdict_is_told_in_the_same_word(self, compliance: Compliance) -> None:
        """The words are AWS Config's own."""
        found = evaluation(USER, "AIDA1", verdict(compliance, "one", "two"), START)
        assert found == Evaluation(USER, "AIDA1", compliance, "one; two", START)

    def test_what_is_not_known_is_not_told(self) -> None:
        """PutEvaluations refuses INSUFFICIENT_DATA, and would take nothing of its batch."""
        assert evaluation(USER, "A", verdict(Compliance.INSUFFICIENT_DATA, "x"), START) is None

    def test_a_verdict_without_reasons_is_told_with_its_rule(self) -> None:
        """An annotation has one character at least."""
        found = evaluation(USER, "AIDA1", verdict(Compliance.COMPLIANT), START)
        assert found is not None
        assert found.annotation == "rule"


class TestAnnotation:
    """What a reason may hold there."""

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            pytest.param("has the tag a=b", "has the tag a=b", id="plain"),
            pytest.param("two\nlines\tof  it", "two lines of it", id="one line"),
            pytest.param("x" * 256, "x" * 256, id="as long as may be"),
            pytest.param("x" * 257, "x" * 253 + "...", id="too long"),
            pytest.param(
                "tag Grün=\u202egnp", "tag Gr?n=?gnp", id="letters that AWS may count otherwise"
            ),
            pytest.param("a\x00b\x1b[31mc", "a?b?[31mc", id="control characters"),
            pytest.param("\U0001f600" * 300, "?" * 253 + "...", id="two units a character"),
        ],
    )
    def test_what_is_shown(self, text: str, shown: str) -> None:
        """One line of visible ASCII, cut to what AWS Config takes."""
        assert annotation(text) == shown
        assert len(annotation(text)) <= MOST_CHARACTERS


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])],
)
def test_batches(count: int, sizes: list[int]) -> None:
    """A hundred at most, nobody twice, and nobody left out."""
    found = list(batches(many(count)))
    assert [len(each) for each in found] == sizes
    assert [each for batch in found for each in batch] == many(count)


class Service:
    """AWS Config that does not take everything.

    `refuses` says how often each id is among the failed; `errors` are raised by the next calls, an
    empty place is a call that goes well. Whoever reports has `seconds`, of which each call takes
    `slowness`, and each pause its length.
    """

    def __init__(
        self,
        refuses: dict[str, int] | None = None,
        errors: Sequence[Exception | None] = (),
        *,
        seconds: float = 900,
        slowness: float = 0.1,
    ) -> None:
        self.refuses = refuses or {}
        self.seconds = seconds
        self.slowness = slowness
        self.errors = list(errors)
        self.taken: list[Evaluation] = []
        self.calls: list[int] = []
        self.pauses: list[float] = []

    def put(self, token: str, evaluations: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
        """Take what is not refused."""
        assert token == "token"
        assert 0 < len(evaluations) <= MOST_AT_ONCE
        self.calls.append(len(evaluations))
        self.seconds -= self.slowness
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        failed = [each for each in evaluations if self.refuses.get(each.resource_id, 0) > 0]
        for each in failed:
            self.refuses[each.resource_id] -= 1
        self.taken += [each for each in evaluations if each not in failed]
        return tuple(failed)

    def evaluated(self, rule: str, resource_type: str) -> frozenset[str]:
        """Hold nothing."""
        raise NotImplementedError(rule, resource_type)

    def latest(self, resource: Resource) -> Resource | None:
        """Know nothing."""
        return replace(resource)

    def pause(self, seconds: float) -> None:
        """Let time pass."""
        self.pauses.append(seconds)
        self.seconds -= seconds

    def report(self, count: int) -> Reported:
        """Have so many evaluations reported to it."""
        done = report(
            self, "token", many(count), seconds_left=lambda: self.seconds, sleep=self.pause
        )
        assert list(done.taken) == self.taken
        return done


class TestReport:
    """What becomes of what AWS Config does not take."""

    def test_all_is_taken(self) -> None:
        """As many calls as batches, and no pause."""
        service = Service()
        assert service.report(250).error is None
        assert (service.taken, service.calls, service.pauses) == (many(250), [100, 100, 50], [])

    def test_nothing_is_no_call(self) -> None:
        """AWS Config refuses a call without evaluations."""
        service = Service()
        service.report(0)
        assert service.calls == []

    def test_what_failed_is_put_again_alone(self) -> None:
        """After a pause, and with nobody else."""
        service = Service({"AIDA3": 1, "AIDA120": 1})
        service.report(150)
        assert sorted(service.taken, key=lambda each: int(each.resource_id[4:])) == many(150)
        assert service.calls == [100, 50, 2]
        assert service.pauses == [PAUSES_SECONDS[0]]

    def test_what_never_is_taken_is_an_error_with_the_counts(self) -> None:
        """Everybody else is taken; it names the first."""
        service = Service({"AIDA3": 99})
        error = service.report(150).error
        assert isinstance(error, Transient)
        assert "did not take 1 of 150 evaluations; the first, AIDA3" in str(error)
        assert len(service.taken) == 149
        assert service.pauses == list(PAUSES_SECONDS)

    def test_a_call_that_fails_keeps_no_other_from_being_made(self) -> None:
        """Its batch is put again with what else was not taken."""
        throttled = Transient("config:PutEvaluations failed: ThrottlingException", remedy="wait")
        service = Service(errors=[throttled])
        service.report(150)
        assert service.calls == [100, 50, 100]
        assert len(service.taken) == 150

    def test_calls_that_always_fail(self) -> None:
        """The error says what AWS Config said."""
        throttled = Transient("ThrottlingException: Rate exceeded", remedy="wait")
        service = Service(errors=[throttled] * 99)
        error = service.report(2).error
        assert isinstance(error, Transient)
        assert "2 of 2 evaluations" in str(error)
        assert "ThrottlingException" in str(error)

    @pytest.mark.parametrize("where", [0, 1], ids=["the first call", "a later one"])
    def test_what_takes_nothing_ends_it_at_once(self, where: int) -> None:
        """A token that is no invocation's will not become one."""
        gone = Permanent("InvalidResultTokenException", remedy="nothing")
        service = Service(errors=[*[None] * where, gone])
        done = service.report(250)
        assert done.error is gone
        assert list(done.taken) == many(100 * where), "what was taken before is told"
        assert service.calls == [100, 100][: where + 1]


class TestReportInTime:
    """What becomes of it when there is little time."""

    THROTTLED = Throttled("config:PutEvaluations failed: ThrottlingException", remedy="wait")

    def test_where_nothing_gets_in_one_batch_stands_for_the_others(self) -> None:
        """Each round tries once, and not all fifty; after the pauses it is over."""
        service = Service(errors=[self.THROTTLED] * 99, slowness=30)
        error = service.report(5000).error
        assert "did not take 5000 of 5000 evaluations" in str(error)
        assert "ThrottlingException" in str(error)
        assert (service.calls, service.pauses) == ([100] * 4, list(PAUSES_SECONDS))

    def test_a_batch_that_is_throttled_among_others_keeps_none_of_them(self) -> None:
        """It is tried again when they have had their turn."""
        service = Service(errors=[None, self.THROTTLED])
        assert service.report(250).error is None
        assert service.calls == [100, 100, 50, 100]

    def test_no_call_is_begun_without_time(self) -> None:
        """What is left is told with the counts; what was taken stays."""
        service = Service(seconds=2.5, slowness=1)
        error = service.report(500).error
        assert "did not take 200 of 500 evaluations; the first, AIDA300" in str(error)
        assert "no time left" in str(error)
        assert (service.calls, service.pauses) == ([100] * 3, [])

    def test_no_pause_is_made_that_would_take_all_the_time(self) -> None:
        """With a second and a half left there is one further try and no other."""
        service = Service({"AIDA0": 99}, seconds=1.5)
        assert "FailedEvaluations" in str(service.report(1).error)
        assert (service.calls, service.pauses) == ([1, 1], [1.0])

    def test_without_any_time(self) -> None:
        """Nothing is asked of AWS Config."""
        service = Service(seconds=0)
        assert "did not take 3 of 3" in str(service.report(3).error)
        assert service.calls == []


def test_the_fake_is_a_service() -> None:
    """It has what the real one has."""
    service = Service()
    asked: Callable[[Resource], Resource | None] = service.latest
    assert asked(Resource(USER, "AIDA1")) == Resource(USER, "AIDA1")
