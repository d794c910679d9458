"""Evaluations on their way to AWS Config: in batches, and those that it did not take once more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from reactor.errors import OutOfTime, Permanent, ReactorError, Throttled, Transient, shorten
from reactor.evaluations.evaluation import Evaluation, batches
from reactor.evaluations.ports import ConfigService

PAUSES_SECONDS = (1.0, 2.0, 4.0)  # before those that were not taken are put again
_AMONG_FAILED = "it is among the FailedEvaluations"


@dataclass(frozen=True, slots=True)
class Reported:
    """What AWS Config has taken, and why not more; `error` is None when it has taken all.

    A Permanent says that it takes none of this invocation's any more.
    """

    taken: tuple[Evaluation, ...]
    error: ReactorError | None = None


def report(
    service: ConfigService,
    token: str,
    evaluations: Sequence[Evaluation],
    *,
    seconds_left: Callable[[], float],
    sleep: Callable[[float], None],
) -> Reported:
    """Report evaluations to AWS Config; one that is not taken keeps no other from being.

    It begins no call, and no pause, for which there is no time left.
    """
    work = _Work(service, token, seconds_left, list(evaluations))
    try:
        work.put()
        for pause in PAUSES_SECONDS:
            if not work.left or pause >= seconds_left():
                break
            sleep(pause)
            work.put()
    except Permanent as error:
        return Reported(tuple(work.taken), error)
    return Reported(tuple(work.taken), work.error(len(evaluations)))


@dataclass(slots=True)
class _Work:
    """What is `left` to report, in rounds; `why` is the last reason for which something was."""

    service: ConfigService
    token: str
    seconds_left: Callable[[], float]
    left: list[Evaluation]
    taken: list[Evaluation] = field(default_factory=list)
    why: ReactorError | str = _AMONG_FAILED

    def put(self) -> None:
        """Put every batch once, as far as there is time. Raises Permanent as `service` does.

        Where nothing gets in, one throttled batch stands for the others: each would take as long,
        with all the tries of its client, to end alike.
        """
        before, waiting = len(self.taken), list(batches(self.left))
        self.left, self.why = [], _AMONG_FAILED
        while waiting and self.seconds_left() > 0:
            batch = waiting.pop(0)
            try:
                self._put(batch)
            except Transient as error:
                self.left += batch
                self.why = error
                if isinstance(error, Throttled) and len(self.taken) == before:
                    break
        if waiting and self.why is _AMONG_FAILED and self.seconds_left() <= 0:
            self.why = OutOfTime()
        self.left += [each for batch in waiting for each in batch]

    def _put(self, batch: Sequence[Evaluation]) -> None:
        failed = self.service.put(self.token, batch)
        self.left += failed
        self.taken += [each for each in batch if each not in failed]

    def error(self, asked: int) -> Transient | None:
        """Return what there is to say of those that were not taken, with the counts."""
        if not self.left:
            return None
        return Transient(
            f"AWS Config did not take {len(self.left)} of {asked} evaluations; the first,"
            f" {self.left[0].resource_id}: {shorten(self.why)}",
            remedy="nothing: it is tried again, and on its schedule everything is evaluated",
        )
