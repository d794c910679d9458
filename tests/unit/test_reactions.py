"""FunctionReactor.react on a fake stage: a reaction that concerns very many."""

import pytest

from reactor.names import Function
from tests.fakes.account import GUARD_ARN
from tests.fakes.admin import Admin
from tests.fakes.harness import settings
from tests.fakes.stage import Invocation, Stage

MEMBERS = 300  # more than there is time to ask about
PATIENCE = 300  # seconds of an invocation, one for each call of IAM; 100 are for the pages


class Group:
    """A stage whose group of very many loses the guard; what became of each reaction to that."""

    def __init__(self) -> None:
        self.stage = Stage(settings(scope="without-mfa"))
        self.stage.own_copies = ()
        self.stage.patience = PATIENCE
        account = self.stage.account
        account.put_policy()
        account.put_group("crowd", GUARD_ARN)
        for number in range(MEMBERS):
            account.put_user(f"user-{number:03}", keys=(True,), groups=frozenset({"crowd"}))
        self.stage.clock.advance(3600)
        self.changed: list[str] = []
        self.tries: list[tuple[int, int]] = []  # calls of IAM, and who was changed, so far
        self.stage.on_write = lambda _operation, user: self.changed.append(user)
        self.stage.on_end = self._end
        self.before = self.stage.weather.calls

    def _end(self, run: Invocation, _error: BaseException | None) -> None:
        if run.function is Function.REACT:
            self.tries.append((self.stage.weather.calls - self.before, len(self.changed)))

    def react(self) -> None:
        """Take the guard off the group, and let all end that comes of it."""
        event = Admin(self.stage.account).detach_from_group("crowd", GUARD_ARN)
        self.stage.hear(event, (5,))
        self.stage.drain()


@pytest.fixture
def group() -> Group:
    """Return a group that has just lost the guard, and the reactions to that."""
    found = Group()
    found.react()
    return found


def test_it_acts_on_what_it_has_read(group: Group) -> None:
    """Before Lambda ends it, whomever it has asked about is changed."""
    calls, changed = group.tries[0]
    assert calls < PATIENCE
    assert changed > PATIENCE / 10
    assert len(set(group.changed)) == len(group.changed)


def test_it_says_who_is_left(group: Group) -> None:
    """Each user has a record of the first try, and those it did not come to say so."""
    records = [each for each in group.stage.ledger.records if "subject" in each]
    first = [each for each in records if each["run"] == records[0]["run"]][:MEMBERS]
    assert len({each["subject"]["name"] for each in first}) == MEMBERS
    left = [each for each in first if "there was no time left for it" in str(each)]
    assert len(left) == MEMBERS - group.tries[0][1]


def test_each_try_gets_further(group: Group) -> None:
    """Lambda's further tries ask about others first, and an event that is redriven goes on."""
    after = [changed for _, changed in group.tries]
    assert len(after) == 3
    assert after == sorted(set(after))
    for _ in range(2):
        group.stage.redrive()
        group.stage.drain()
    assert len(set(group.changed)) == MEMBERS
