"""How rules fare: when each was last invoked and evaluated, and when that failed.

The members are the API reference's (ConfigRuleEvaluationStatus); the code of an error is our guess.
That a function failed is not noted: AWS Config hears of results, and of nothing else.
"""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from moto.config.models import ConfigRule


class Statuses:
    """What happened to the rules of a region, by their ids."""

    def __init__(self) -> None:
        self._known: dict[str, dict[str, Any]] = defaultdict(dict)

    def activate(self, rule: ConfigRule) -> None:
        """A rule was made, or changed."""
        self._known[str(rule.config_rule_id)].setdefault("FirstActivatedTime", time.time())

    def note_invoked(self, rule: ConfigRule) -> None:
        """A rule's function was invoked."""
        self._known[str(rule.config_rule_id)]["LastSuccessfulInvocationTime"] = time.time()

    def note_not_invoked(self, rule: ConfigRule, why: str) -> None:
        """It could not be. The error stays, whatever succeeds later."""
        self._known[str(rule.config_rule_id)].update(
            LastFailedInvocationTime=time.time(),
            LastErrorCode="InsufficientPermissionsException",
            LastErrorMessage=why,
        )

    def note_evaluated(self, rule_id: str) -> None:
        """Results came."""
        self._known[rule_id]["LastSuccessfulEvaluationTime"] = time.time()

    def described(self, rule: ConfigRule) -> dict[str, Any]:
        """What DescribeConfigRuleEvaluationStatus says of a rule."""
        known = self._known[str(rule.config_rule_id)]
        return {
            "ConfigRuleName": rule.config_rule_name,
            "ConfigRuleArn": rule.config_rule_arn,
            "ConfigRuleId": rule.config_rule_id,
            "FirstEvaluationStarted": "LastSuccessfulEvaluationTime" in known,
            **known,
        }
