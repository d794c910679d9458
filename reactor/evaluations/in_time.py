"""AWS Config asked no longer than there is time: a call that hangs or backs off is left behind."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from reactor.evaluations.evaluation import Evaluation
from reactor.evaluations.ports import ConfigService
from reactor.gathering import Begun, Call, answer_of
from reactor.model import Resource


@dataclass(frozen=True, slots=True)
class InTime:
    """A service whose calls are made by `begin`, and end by the invocation's deadline.

    Reads have no more than `seconds_to_read`, so that there is time to report what is known.
    """

    service: ConfigService
    begin: Callable[[Call], Begun]
    seconds_to_read: Callable[[], float]

    def put(self, token: str, evaluations: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
        """Report 100 evaluations at most; return those that were not taken."""
        wait = self.begin(partial(self.service.put, token, evaluations))
        not_taken: tuple[Evaluation, ...] = answer_of(wait())
        return not_taken

    def evaluated(self, rule: str, resource_type: str) -> frozenset[str]:
        """Return the ids of the resources that a rule has a result for."""
        wait = self.begin(partial(self.service.evaluated, rule, resource_type))
        ids: frozenset[str] = answer_of(wait(self.seconds_to_read()))
        return ids

    def latest(self, resource: Resource) -> Resource | None:
        """Return a resource as its last configuration item has it; None when there is none."""
        wait = self.begin(partial(self.service.latest, resource))
        item: Resource | None = answer_of(wait(self.seconds_to_read()))
        return item
