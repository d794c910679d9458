"""reactor.aws.iam.Remembered: answers that several threads want, each asked for once."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from reactor.aws.iam import Remembered
from reactor.errors import Transient


@pytest.fixture
def remembered() -> Remembered:
    """Return a memory that holds nothing yet."""
    return Remembered()


class Asked:
    """Counts how often each question is asked."""

    def __init__(self) -> None:
        self.times: Counter[str] = Counter()
        self._lock = threading.Lock()

    def about(self, what: str, wait: Callable[[], object]) -> Callable[[], str]:
        """Return a question that waits before it is answered."""

        def ask() -> str:
            with self._lock:
                self.times[what] += 1
            wait()
            return what

        return ask


def test_different_questions_are_asked_at_the_same_time(remembered: Remembered) -> None:
    """GetPolicy and GetGroup that wait for one another are both answered."""
    both = threading.Barrier(2, timeout=10)
    with ThreadPoolExecutor(2) as pool:
        answers = [
            pool.submit(remembered.once, operation, about, both.wait)
            for operation, about in (("GetPolicy", "an-arn"), ("GetGroup", "a-group"))
        ]
        assert sorted(each.result() for each in answers) == [0, 1]


def test_the_same_question_is_asked_once(remembered: Remembered) -> None:
    """Threads that want an answer that is under way wait for it, and all get it."""
    asked, begun, may_answer = Asked(), threading.Semaphore(0), threading.Event()

    def wait() -> None:
        begun.release()
        assert may_answer.wait(10), "it may never be answered"

    ask = asked.about("policy", wait)
    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(remembered.once, "GetPolicy", "an-arn", ask) for _ in range(8)]
        assert begun.acquire(timeout=10), "nobody asks"
        second = begun.acquire(timeout=0.2)
        may_answer.set()
        assert [each.result() for each in answers] == ["policy"] * 8
    assert not second
    assert asked.times == {"policy": 1}


def test_an_error_is_not_remembered(remembered: Remembered) -> None:
    """Who asks after a failure asks IAM, and what it says then is remembered."""
    asked = Asked()

    def fail() -> None:
        raise Transient("throttled", remedy="wait")

    with pytest.raises(Transient):
        remembered.once("GetPolicy", "an-arn", asked.about("policy", fail))
    for _ in range(2):
        answer = remembered.once("GetPolicy", "an-arn", asked.about("policy", lambda: None))
        assert answer == "policy"
    assert asked.times == {"policy": 2}


def test_nothing_there_is_an_answer(remembered: Remembered) -> None:
    """That there is no such policy is not asked for a second time."""
    asked: list[None] = []
    for _ in range(2):
        assert remembered.once("GetPolicy", "an-arn", lambda: asked.append(None)) is None
    assert asked == [None]
