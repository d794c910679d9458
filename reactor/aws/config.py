"""AWS Config, as a rule's evaluation asks for it (reactor.evaluations.ports.ConfigService)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.errors import Permanent, shorten
from reactor.evaluations.evaluation import Evaluation
from reactor.model import Resource

if TYPE_CHECKING:
    from mypy_boto3_config import ConfigServiceClient

_PAGE = 100  # the most that AWS Config gives at once
# Results of NOT_APPLICABLE are left out: they are of what is gone already.
_HELD: Any = ["COMPLIANT", "NON_COMPLIANT"]
_NO_RULE = "NoSuchConfigRuleException"
_REMEDIES = {
    "InvalidResultTokenException": "nothing, if somebody tried the function out: only AWS Config"
    " has tokens; else have the rule evaluate again"
    " (aws configservice start-config-rules-evaluation)",
    _NO_RULE: "nothing, if the rule was deleted just now; else set it up again (docs/config.md)",
}


class AwsConfig:
    """reactor.evaluations.ports.ConfigService on AWS."""

    def __init__(self, client: "ConfigServiceClient") -> None:
        self._client = client

    def put(self, token: str, evaluations: Sequence[Evaluation]) -> tuple[Evaluation, ...]:
        """Report 100 evaluations at most; return those that were not taken."""
        wanted = [_as_sent(each) for each in evaluations]
        with asking("config:PutEvaluations"), _known("config:PutEvaluations"):
            answer = self._client.put_evaluations(Evaluations=wanted, ResultToken=token)
            failed = {
                (each["ComplianceResourceType"], each["ComplianceResourceId"])
                for each in answer.get("FailedEvaluations", [])
            }
        return tuple(
            each for each in evaluations if (each.resource_type, each.resource_id) in failed
        )

    def evaluated(self, rule: str, resource_type: str) -> frozenset[str]:
        """Return the ids of the resources that a rule has a result for."""
        operation = "config:GetComplianceDetailsByConfigRule"
        with asking(operation), _known(operation):
            pages = self._client.get_paginator("get_compliance_details_by_config_rule").paginate(
                ConfigRuleName=rule, ComplianceTypes=_HELD, PaginationConfig={"PageSize": _PAGE}
            )
            found = [_qualifier(each) for page in pages for each in page["EvaluationResults"]]
            return frozenset(
                each["ResourceId"] for each in found if each["ResourceType"] == resource_type
            )

    def latest(self, resource: Resource) -> Resource | None:
        """Return a resource as its last configuration item has it; None when there is none."""
        kind: Any = resource.type  # the stubs know those of their day
        with asking("config:GetResourceConfigHistory"):
            try:
                answer = self._client.get_resource_config_history(
                    resourceType=kind, resourceId=resource.id, limit=1
                )
            except ClientError as error:
                if code_of(error) != "ResourceNotDiscoveredException":
                    raise
                return None
            return next((_resource(each) for each in answer["configurationItems"]), None)


@contextmanager
def _known(operation: str) -> Iterator[None]:
    """Turn what no other try mends into Permanent."""
    try:
        yield
    except ClientError as error:
        code = code_of(error)
        if code not in _REMEDIES:
            raise
        message = error.response.get("Error", {}).get("Message", "")
        raise Permanent(
            f"{operation} failed: {code}: {shorten(message)}", remedy=_REMEDIES[code]
        ) from error


def _as_sent(each: Evaluation) -> Any:  # noqa: ANN401 - boto3's
    return {
        "ComplianceResourceType": each.resource_type,
        "ComplianceResourceId": each.resource_id,
        "ComplianceType": each.compliance.value,
        "Annotation": each.annotation,
        "OrderingTimestamp": each.at,
    }


def _qualifier(result: Any) -> Any:  # noqa: ANN401 - boto3's
    return result["EvaluationResultIdentifier"]["EvaluationResultQualifier"]


def _resource(item: Any) -> Resource:  # noqa: ANN401 - boto3's
    return Resource(
        item["resourceType"],
        item["resourceId"],
        item.get("resourceName"),
        item.get("arn"),
        item.get("awsRegion"),
        item.get("resourceCreationTime"),
    )
