"""Rules and their results: moto keeps the rules, and this what functions report of them.

Limits and errors are the API reference's; the sentences of some errors are our guess.
"""

from __future__ import annotations

import fnmatch
import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from moto.awslambda.exceptions import UnknownFunctionException
from moto.config.exceptions import (
    InsufficientPermissionsException,
    InvalidParameterValueException,
    InvalidResultTokenException,
    NoSuchConfigRuleException,
    ValidationException,
)
from moto.config.models import ConfigBackend, config_backends
from typing_extensions import override

from sandbox.config.statuses import Statuses
from sandbox.functions import find_function

if TYPE_CHECKING:
    from moto.config.models import ConfigRule

    from sandbox.functions import Function

MOST_EVALUATIONS = 100
MOST_CHARACTERS = 256
TAKEN = ("COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE")


@dataclass(frozen=True, slots=True)
class Result:
    """What a rule's function said of a resource last. Times are seconds since the epoch."""

    evaluation: dict[str, Any]
    recorded: float
    invoked: float


class StrictConfigBackend(ConfigBackend):
    """A rule must be able to invoke its function, and results are kept."""

    __module__ = "moto.config.models"

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._tokens: dict[str, tuple[str, float]] = {}  # -> the rule's id, when it was invoked
        self._results: dict[str, dict[tuple[str, str], Result]] = {}  # by the rule's id
        self.statuses = Statuses()
        self._failing: dict[str, int | None] = {}  # resource id -> how often still; None is always

    @override
    def put_config_rule(
        self, config_rule: dict[str, Any], tags: list[dict[str, str]] | None = None
    ) -> str:
        source = config_rule.get("Source") or {}
        if source.get("Owner") == "CUSTOM_LAMBDA":
            self._require_way_in(str(source.get("SourceIdentifier", "")))
        arn = str(super().put_config_rule(config_rule, tags))
        for rule in self.config_rules.values():
            self.statuses.activate(rule)
        return arn

    def rule(self, name: str) -> ConfigRule:
        """Raises NoSuchConfigRuleException."""
        found = self.config_rules.get(name)
        if found is None:
            raise NoSuchConfigRuleException(name)
        return found

    def begin(self, rule: ConfigRule) -> str:
        """A token for an invocation of the rule's function that begins now."""
        token = secrets.token_urlsafe(48)
        self._tokens[token] = (str(rule.config_rule_id), time.time())
        return token

    def fail(self, resource_ids: list[str], times: int | None) -> None:
        """Lets evaluations of these resources be among the failed ones; 0 times is off."""
        self._failing.update(dict.fromkeys(resource_ids, times))

    def report(
        self, token: str | None, evaluations: list[dict[str, Any]], *, test: bool
    ) -> list[dict[str, Any]]:
        """PutEvaluations; returns those that failed."""
        _check(evaluations)
        if test and token:
            return []
        rule_id, invoked = self._of_token(token)
        failed = [each for each in evaluations if self._fails(each["ComplianceResourceId"])]
        results = self._results.setdefault(rule_id, {})
        for each in evaluations:
            if each not in failed:
                self._keep(results, Result(each, time.time(), invoked))
        self.statuses.note_evaluated(rule_id)
        return failed

    def results(self, rule_name: str) -> list[Result]:
        """What is known by a rule, in the order of the resources."""
        found = self._results.get(str(self.rule(rule_name).config_rule_id), {})
        return [found[key] for key in sorted(found)]

    def _keep(self, results: dict[tuple[str, str], Result], new: Result) -> None:
        """Of two results for a resource, the one that was asked for later stays."""
        each = new.evaluation
        key = (each["ComplianceResourceType"], each["ComplianceResourceId"])
        old = results.get(key)
        if old is None or old.evaluation["OrderingTimestamp"] <= each["OrderingTimestamp"]:
            results[key] = new

    def _fails(self, resource_id: str) -> bool:
        left = self._failing.get(resource_id, 0)
        if left:
            self._failing[resource_id] = left - 1
        return left is None or left > 0

    def _of_token(self, token: str | None) -> tuple[str, float]:
        found = self._tokens.get(token or "")
        if found is None:
            raise InvalidResultTokenException
        if found[0] not in {str(each.config_rule_id) for each in self.config_rules.values()}:
            raise NoSuchConfigRuleException(found[0])
        return found

    def _require_way_in(self, function_arn: str) -> None:
        try:
            function = find_function(self.account_id, self.region_name, function_arn)
        except UnknownFunctionException:
            function = None
        if function is None or not lets_config_in(function):
            message = (
                f"The AWS Lambda function {function_arn} cannot be invoked. Check the specified "
                "function ARN, and check the function's permissions."
            )
            raise InsufficientPermissionsException(message)


def lets_config_in(function: Function, rule_arn: str | None = None) -> bool:
    """Whether the function's resource policy lets AWS Config invoke it (for this rule)."""
    return any(_lets_in(each, function.account, rule_arn) for each in function.statements)


def backend_of(account: str, region: str) -> StrictConfigBackend:
    """A region's AWS Config."""
    return cast("StrictConfigBackend", config_backends[account][region])


def _lets_in(statement: dict[str, Any], account: str, rule_arn: str | None) -> bool:
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, dict) else principal
    conditions = statement.get("Condition", {})
    of_account = conditions.get("StringEquals", {}).get("AWS:SourceAccount", account)
    of_rule = conditions.get("ArnLike", {}).get("AWS:SourceArn", "*")
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and service == "config.amazonaws.com"
        and of_account == account
        and (rule_arn is None or fnmatch.fnmatchcase(rule_arn, of_rule))
    )


def _check(evaluations: list[dict[str, Any]]) -> None:
    if not evaluations:
        raise InvalidParameterValueException(
            "The Evaluations object in your request cannot be null."
            "Add the required parameters and try again."
        )
    if len(evaluations) > MOST_EVALUATIONS:
        raise _invalid("evaluations", "less than or equal to 100", f"[{len(evaluations)} of them]")
    for number, each in enumerate(evaluations, start=1):
        annotation = each.get("Annotation")
        if annotation is not None and not 1 <= len(annotation) <= MOST_CHARACTERS:
            member = f"evaluations.{number}.member.annotation"
            raise _invalid(member, f"from 1 to {MOST_CHARACTERS}", annotation)
        if each.get("ComplianceType") not in TAKEN:
            raise InvalidParameterValueException(
                f"The ComplianceType {each.get('ComplianceType')} is not valid for PutEvaluations."
            )


def _invalid(member: str, length: str, value: str) -> ValidationException:
    return ValidationException(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy "
        f"constraint: Member must have length {length}"
    )
