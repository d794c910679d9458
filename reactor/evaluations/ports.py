"""What a rule's evaluation asks of AWS Config. reactor.aws answers it; the tests' fake does, too.

Every method reads all pages, and raises ReactorError for whatever is not an answer.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

from reactor.evaluations.evaluation import Evaluation
from reactor.model import Resource


class ConfigService(Protocol):
    """AWS Config in one account and region."""

    def put(self, token: str, evaluations: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
        """Report 100 evaluations at most; return those that were not taken.

        Raises Permanent when the token is no invocation's, or the rule is gone.
        """

    def evaluated(self, rule: str, resource_type: str) -> frozenset[str]:
        """Return the ids of the resources that a rule has a result for, other than NOT_APPLICABLE.

        Raises Permanent when there is no such rule.
        """

    def latest(self, resource: Resource) -> Resource | None:
        """Return a resource as its last configuration item has it; None when there is none."""


# What each needs, for the role's policy.
READS: Mapping[str, str] = {
    "evaluated": "config:GetComplianceDetailsByConfigRule",
    "latest": "config:GetResourceConfigHistory",
}
REPORTS: frozenset[str] = frozenset({"config:PutEvaluations"})
