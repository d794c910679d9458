"""What AWS Config tells EventBridge when a resource's compliance with a rule has changed."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any


def compliance_change(  # noqa: PLR0913 - what such an event says; all but two by name
    account: str,
    region: str,
    *,
    rule: str,
    resource_type: str,
    resource_id: str,
    compliance: str,
) -> dict[str, Any]:
    """The envelope, in the form of published events of users."""
    now = datetime.now(UTC)
    precise = now.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    named = {"configRuleName": rule, "resourceType": resource_type, "resourceId": resource_id}

    def result(found: str) -> dict[str, Any]:
        return {
            "evaluationResultIdentifier": {
                "evaluationResultQualifier": named,
                "orderingTimestamp": precise,
            },
            "complianceType": found,
            "resultRecordedTime": precise,
            "configRuleInvokedTime": precise,
        }

    before = "COMPLIANT" if compliance != "COMPLIANT" else "NON_COMPLIANT"
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Config Rules Compliance Change",
        "source": "aws.config",
        "account": account,
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": [],
        "detail": {
            **named,
            "awsRegion": region,
            "awsAccountId": account,
            "recordVersion": "1.0",
            "configRuleARN": f"arn:aws:config:{region}:{account}:config-rule/{rule_id(rule)}",
            "messageType": "ComplianceChangeNotification",
            "newEvaluationResult": result(compliance),
            "oldEvaluationResult": result(before),
            "notificationCreationTime": precise,
        },
    }


def rule_id(rule: str) -> str:
    """The id of a rule that nobody has made here: six letters and digits, always the same."""
    return f"config-rule-{hashlib.sha256(rule.encode()).hexdigest()[:6]}"
