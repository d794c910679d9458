"""The calls of AWS Config that moto lacks, or answers in test mode only."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from moto.config.exceptions import ResourceNotDiscoveredException
from moto.core.exceptions import JsonRESTError

from sandbox.config.backend import Result, StrictConfigBackend, backend_of
from sandbox.wire import Call, Refusal, Reply, json_reply

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sandbox.config.items import Items

ACTIONS = (
    "DescribeComplianceByConfigRule",
    "DescribeConfigRuleEvaluationStatus",
    "GetComplianceDetailsByConfigRule",
    "GetResourceConfigHistory",
    "PutEvaluations",
)
_DEFAULT_PAGE, _LONGEST_PAGE = 10, 100
_LONGEST_NAME = 64  # that GetComplianceDetailsByConfigRule takes, though a rule's may have 128
_MOST_NAMED, _LONGEST_PAGE_OF_STATUSES = 25, 50  # DescribeConfigRuleEvaluationStatus
_MOST_COUNTED = 25  # resources that DescribeComplianceByConfigRule counts


class ConfigApi:
    """Answers them. The caller holds the account's lock."""

    def __init__(self, account: str, items: Items) -> None:
        self._account = account
        self._items = items

    def __call__(self, call: Call) -> Reply:
        """Raises Refusal."""
        answer: Callable[[StrictConfigBackend, Call], dict[str, Any]] = {
            "DescribeComplianceByConfigRule": self._compliance,
            "DescribeConfigRuleEvaluationStatus": self._statuses,
            "GetComplianceDetailsByConfigRule": self._details,
            "GetResourceConfigHistory": self._history,
            "PutEvaluations": self._put,
        }[call.action]
        try:
            return json_reply(answer(backend_of(self._account, call.region), call))
        except JsonRESTError as error:
            raise Refusal(error.error_type, str(error.message), int(error.code)) from error

    def _put(self, backend: StrictConfigBackend, call: Call) -> dict[str, Any]:
        asked = call.parameters
        failed = backend.report(
            asked.get("ResultToken"),
            asked.get("Evaluations") or [],
            test=bool(asked.get("TestMode")),
        )
        return {"FailedEvaluations": failed}

    def _details(self, backend: StrictConfigBackend, call: Call) -> dict[str, Any]:
        name, wanted = (
            str(call.parameters["ConfigRuleName"]),
            call.parameters.get("ComplianceTypes"),
        )
        if len(name) > _LONGEST_NAME:
            message = (
                f"1 validation error detected: Value '{name}' at 'configRuleName' failed to satisfy"
                f" constraint: Member must have length less than or equal to {_LONGEST_NAME}"
            )
            raise Refusal("ValidationException", message)
        if "INSUFFICIENT_DATA" in (wanted or ()):
            message = "INSUFFICIENT_DATA cannot be used as a ComplianceType for filtering results."
            raise Refusal("InvalidParameterValueException", message)
        found = [
            _shown(name, each)
            for each in backend.results(name)
            if not wanted or each.evaluation["ComplianceType"] in wanted
        ]
        page, token = _page(found, call.parameters)
        return {"EvaluationResults": page, **token}

    def _compliance(self, backend: StrictConfigBackend, call: Call) -> dict[str, Any]:
        names = call.parameters.get("ConfigRuleNames") or sorted(backend.config_rules)
        wanted = call.parameters.get("ComplianceTypes")
        found = [_summed_up(name, backend.results(name)) for name in names]
        kept = [
            each for each in found if not wanted or each["Compliance"]["ComplianceType"] in wanted
        ]
        return {"ComplianceByConfigRules": kept}

    def _statuses(self, backend: StrictConfigBackend, call: Call) -> dict[str, Any]:
        names = call.parameters.get("ConfigRuleNames") or sorted(backend.config_rules)
        if len(call.parameters.get("ConfigRuleNames") or ()) > _MOST_NAMED:
            message = (
                "1 validation error detected: Value at 'configRuleNames' failed to satisfy"
                f" constraint: Member must have length less than or equal to {_MOST_NAMED}"
            )
            raise Refusal("ValidationException", message)
        found = [backend.statuses.described(backend.rule(each)) for each in names]
        page, token = _page(found, call.parameters, longest=_LONGEST_PAGE_OF_STATUSES)
        return {"ConfigRulesEvaluationStatus": page, **token}

    def _history(self, _: StrictConfigBackend, call: Call) -> dict[str, Any]:
        kind, unique_id = str(call.parameters["resourceType"]), str(call.parameters["resourceId"])
        found = self._items.history(call.region, kind, unique_id)
        if not found:
            raise ResourceNotDiscoveredException(kind, unique_id)
        if call.parameters.get("chronologicalOrder") == "Forward":
            found = found[::-1]
        described = [each.described(self._account) for each in found]
        names = {"Limit": "limit", "NextToken": "nextToken"}
        asked = {ours: call.parameters.get(theirs) for ours, theirs in names.items()}
        page, token = _page(described, asked)
        more = {"nextToken": token["NextToken"]} if token else {}
        return {"configurationItems": page, **more}


def _page(
    found: Sequence[dict[str, Any]], asked: dict[str, Any], longest: int = _LONGEST_PAGE
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    limit = int(asked.get("Limit") or _DEFAULT_PAGE)
    if limit > longest:
        raise Refusal("InvalidLimitException", f"The limit {limit} is more than {longest}.")
    token = str(asked.get("NextToken") or "0")
    if not token.isdecimal():
        raise Refusal("InvalidNextTokenException", "The nextToken provided is invalid")
    start = int(token)
    more = {"NextToken": str(start + limit)} if len(found) > start + limit else {}
    return list(found[start : start + limit]), more


def _shown(rule: str, result: Result) -> dict[str, Any]:
    each = result.evaluation
    qualifier = {
        "ConfigRuleName": rule,
        "ResourceType": each["ComplianceResourceType"],
        "ResourceId": each["ComplianceResourceId"],
    }
    shown = {
        "EvaluationResultIdentifier": {
            "EvaluationResultQualifier": qualifier,
            "OrderingTimestamp": each["OrderingTimestamp"],
        },
        "ComplianceType": each["ComplianceType"],
        "ResultRecordedTime": result.recorded,
        "ConfigRuleInvokedTime": result.invoked,
    }
    return {**shown, "Annotation": each["Annotation"]} if each.get("Annotation") else shown


def _summed_up(rule: str, results: Sequence[Result]) -> dict[str, Any]:
    """A rule complies when none of its resources does not; without any there is no data."""
    counted = Counter(each.evaluation["ComplianceType"] for each in results)
    bad = counted["NON_COMPLIANT"]
    if not bad:
        kind = "COMPLIANT" if counted["COMPLIANT"] else "INSUFFICIENT_DATA"
        return {"ConfigRuleName": rule, "Compliance": {"ComplianceType": kind}}
    count = {"CappedCount": min(bad, _MOST_COUNTED), "CapExceeded": bad > _MOST_COUNTED}
    compliance = {"ComplianceType": "NON_COMPLIANT", "ComplianceContributorCount": count}
    return {"ConfigRuleName": rule, "Compliance": compliance}
