"""From settled subjects to the evaluations that AWS Config takes. Pure.

Sources: API reference, Evaluation and PutEvaluations.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reactor.model import Compliance, Verdict

MOST_AT_ONCE = 100  # evaluations that PutEvaluations takes
MOST_CHARACTERS = 256  # of an annotation
_CUT = "..."


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The result of a rule for a resource. `at` (UTC) is the time of what asked for it.

    Of two results for a resource, AWS Config keeps the one that was asked for later.
    """

    resource_type: str
    resource_id: str
    compliance: Compliance
    annotation: str
    at: datetime


def evaluation(
    resource_type: str, resource_id: str, verdict: Verdict, at: datetime
) -> Evaluation | None:
    """Return a verdict as an evaluation; None for INSUFFICIENT_DATA, which AWS Config refuses."""
    if verdict.compliance is Compliance.INSUFFICIENT_DATA:
        return None
    reason = annotation("; ".join(verdict.reasons)) or verdict.rule
    return Evaluation(resource_type, resource_id, verdict.compliance, reason, at)


def not_applicable(resource_type: str, resource_id: str, why: str, at: datetime) -> Evaluation:
    """Return the evaluation of a resource that there is nothing to judge of any more."""
    return Evaluation(resource_type, resource_id, Compliance.NOT_APPLICABLE, annotation(why), at)


def annotation(text: str) -> str:
    """Return a reason as AWS Config's console may show it: one line, cut to what it takes.

    Tags, groups and devices that others named stand in it. Which characters AWS Config takes, and
    how it counts them, is not documented: those of ASCII that are visible are safe either way.
    """
    line = " ".join(text.split())
    safe = "".join(each if " " <= each <= "~" else "?" for each in line)
    return safe if len(safe) <= MOST_CHARACTERS else safe[: MOST_CHARACTERS - len(_CUT)] + _CUT


def batches(evaluations: Sequence[Evaluation]) -> Iterator[Sequence[Evaluation]]:
    """Yield them by as many as AWS Config takes at once."""
    for start in range(0, len(evaluations), MOST_AT_ONCE):
        yield evaluations[start : start + MOST_AT_ONCE]
