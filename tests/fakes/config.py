"""AWS Config on the fake: what it invokes with, and a client that keeps what it is told."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from reactor.evaluations.evaluation import MOST_AT_ONCE
from tests.fakes.account import ACCOUNT, Account
from tests.fakes.clock import START
from tests.fakes.iam_client import fail

RULE = "users-have-mfa"
TOKEN = "a token"
USER, POLICY = "AWS::IAM::User", "AWS::IAM::Policy"
LONG_AGO = "2024-01-01T00:00:00.000Z"
CAPTURED = "2026-03-01T11:58:00.000Z"
NOTIFIED = "2026-03-01T11:59:00.000Z"


def item(resource_type: str = USER, unique_id: str = "AIDA1", **members: Any) -> dict[str, Any]:
    """Return a configuration item of a resource as it stands in a notification."""
    return {
        "configurationItemCaptureTime": CAPTURED,
        "awsAccountId": ACCOUNT,
        "configurationItemStatus": "OK",
        "resourceType": resource_type,
        "resourceId": unique_id,
        "awsRegion": "global",
        "resourceCreationTime": LONG_AGO,
        **members,
    }


def invocation(
    changed: Mapping[str, Any] | None = None,
    parameters: Mapping[str, Any] | None = None,
    *,
    oversized: bool = False,
    **members: Any,
) -> dict[str, Any]:
    """Return what AWS Config invokes with: for an item's change, or without one on schedule."""
    event: dict[str, Any] = {"notificationCreationTime": NOTIFIED, "awsAccountId": ACCOUNT}
    if changed is None:
        event["messageType"] = "ScheduledNotification"
    elif oversized:
        event["messageType"] = "OversizedConfigurationItemChangeNotification"
        event["configurationItemSummary"] = {"changeType": "UPDATE", **changed}
    else:
        event["messageType"] = "ConfigurationItemChangeNotification"
        event["configurationItem"] = changed
    return {
        "version": "1.0",
        "invokingEvent": json.dumps(event),
        "ruleParameters": json.dumps(parameters or {}),
        "resultToken": TOKEN,
        "eventLeftScope": False,
        "configRuleName": RULE,
        "configRuleId": "config-rule-0123456",
        "accountId": ACCOUNT,
        **members,
    }


class ConfigClient:
    """What reactor.aws.config calls of boto3's client. It keeps the last result of each resource.

    `broken` operations, by boto3's names, fail with a code, and PutEvaluations after it has taken
    so many batches as `takes`; `items` are what history there is.
    """

    def __init__(self, account: Account) -> None:
        self._account = account
        self.results: dict[str, dict[str, Any]] = {}
        self.batches: list[int] = []
        self.broken: dict[str, str] = {}
        self.takes = 0
        self.items: dict[str, dict[str, Any]] = {}

    @property
    def compliance(self) -> dict[str, str]:
        """What is held of each resource, by the user's name where it is one's."""
        names = {each.id: each.name for each in self._account.world.users.values()}
        return {
            names.get(unique_id, unique_id): each["ComplianceType"]
            for unique_id, each in self.results.items()
        }

    def hold(self, *ids: str, compliance: str = "COMPLIANT") -> None:
        """Have results of users already."""
        for each in ids:
            self._keep({"ComplianceResourceType": USER, "ComplianceResourceId": each}, compliance)

    def put_evaluations(self, Evaluations: list[Any], ResultToken: str) -> dict[str, Any]:  # noqa: N803 - boto3's
        """Answer PutEvaluations."""
        if len(self.batches) >= self.takes:
            self._break("put_evaluations")
        if ResultToken != TOKEN:
            fail("InvalidResultTokenException")
        assert 0 < len(Evaluations) <= MOST_AT_ONCE
        self.batches.append(len(Evaluations))
        for each in Evaluations:
            assert isinstance(each["OrderingTimestamp"], datetime)
            self._keep(each, each["ComplianceType"])
        return {"FailedEvaluations": []}

    def get_paginator(self, operation: str) -> Any:
        """Return what pages GetComplianceDetailsByConfigRule."""
        assert operation == "get_compliance_details_by_config_rule"
        return SimpleNamespace(paginate=self._details)

    def get_resource_config_history(
        self,
        resourceType: str,  # noqa: N803 - boto3's
        resourceId: str,  # noqa: N803
        limit: int,
    ) -> dict[str, Any]:
        """Answer GetResourceConfigHistory."""
        assert (resourceType, limit) == (POLICY, 1)
        found = self.items.get(resourceId)
        return {"configurationItems": [found]} if found else fail("ResourceNotDiscoveredException")

    def _details(
        self,
        ConfigRuleName: str,  # noqa: N803 - boto3's
        ComplianceTypes: list[str],  # noqa: N803
        PaginationConfig: dict[str, int],  # noqa: N803
    ) -> Iterator[dict[str, Any]]:
        self._break("get_compliance_details_by_config_rule")
        assert (ConfigRuleName, PaginationConfig) == (RULE, {"PageSize": 100})
        wanted = [
            each for each in self.results.values() if each["ComplianceType"] in ComplianceTypes
        ]
        yield {"EvaluationResults": [_shown(each) for each in wanted]}

    def _keep(self, evaluation: Mapping[str, Any], compliance: str) -> None:
        assert compliance in {"COMPLIANT", "NON_COMPLIANT", "NOT_APPLICABLE"}
        kept = {"OrderingTimestamp": START, **evaluation, "ComplianceType": compliance}
        self.results[evaluation["ComplianceResourceId"]] = kept

    def _break(self, operation: str) -> None:
        if operation in self.broken:
            fail(self.broken[operation])


def _shown(result: Mapping[str, Any]) -> dict[str, Any]:
    qualifier = {
        "ConfigRuleName": RULE,
        "ResourceType": result["ComplianceResourceType"],
        "ResourceId": result["ComplianceResourceId"],
    }
    return {
        "EvaluationResultIdentifier": {"EvaluationResultQualifier": qualifier},
        "ComplianceType": result["ComplianceType"],
    }
