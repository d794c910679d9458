"""Evaluations on their way to AWS Config: in batches, and those that it did not take once more."""

from collections.abc import Callable, Sequence

from reactor.compliance.evaluations import Evaluation, batches
from reactor.compliance.ports import ConfigService
from reactor.errors import Transient, shorten

PAUSES_SECONDS = (1.0, 2.0, 4.0)  # before those that were not taken are put again


def report(
    service: ConfigService,
    token: str,
    evaluations: Sequence[Evaluation],
    *,
    sleep: Callable[[float], None],
) -> None:
    """Report evaluations to AWS Config; one that is not taken keeps no other from being.

    Raises Transient, with the counts, when some were not taken to the end; and Permanent as soon as
    AWS Config takes none of this invocation's.
    """
    left, why = _put(service, token, evaluations)
    for pause in PAUSES_SECONDS:
        if not left:
            return
        sleep(pause)
        left, why = _put(service, token, left)
    if left:
        raise Transient(
            f"AWS Config did not take {len(left)} of {len(evaluations)} evaluations; the first,"
            f" {left[0].resource_id}: {shorten(why)}",
            remedy="nothing: it is tried again, and on its schedule everything is evaluated",
        )


def _put(
    service: ConfigService, token: str, evaluations: Sequence[Evaluation]
) -> tuple[list[Evaluation], str]:
    """Put every batch; return what was not taken, and why as far as it is known."""
    left: list[Evaluation] = []
    why = "it is among the FailedEvaluations"
    for batch in batches(evaluations):
        try:
            left += service.put(token, batch)
        except Transient as error:
            left += batch
            why = str(error)
    return left, why
