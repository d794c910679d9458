"""reactor.aws.config, without an account: botocore's stubs answer."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.config import AwsConfig
from reactor.errors import Permanent, ReactorError, Transient
from reactor.evaluations.evaluation import not_applicable
from reactor.model import Resource
from tests.fakes.clock import START
from tests.fakes.config import POLICY, RULE, TOKEN, USER

GONE = not_applicable(USER, "AIDA1", "there is no such user", START)
LEFT = not_applicable(USER, "AIDA2", "it has left the rule's scope", START)


class Stubbed:
    """AWS Config that gives the answers put into it, in order."""

    def __init__(self) -> None:
        client = boto3.client(
            "config", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
        )
        self.stubber = Stubber(client)
        self.config = AwsConfig(client)

    def details(self, *ids: str, kind: str = USER, token: str = "", more: str = "") -> None:
        """Answer the next GetComplianceDetailsByConfigRule."""
        asked: dict[str, Any] = {
            "ConfigRuleName": RULE,
            "ComplianceTypes": ["COMPLIANT", "NON_COMPLIANT"],
            "Limit": 100,
            **({"NextToken": token} if token else {}),
        }
        results = [{"EvaluationResultIdentifier": qualified(kind, each)} for each in ids]
        answer = {"EvaluationResults": results, **({"NextToken": more} if more else {})}
        self.stubber.add_response("get_compliance_details_by_config_rule", answer, asked)


def qualified(kind: str, unique_id: str) -> dict[str, Any]:
    """Return what a result is of."""
    qualifier = {"ConfigRuleName": RULE, "ResourceType": kind, "ResourceId": unique_id}
    return {"EvaluationResultQualifier": qualifier, "OrderingTimestamp": START}


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """AWS Config; all that was put into it must be asked for."""
    made = Stubbed()
    with made.stubber:
        yield made
        made.stubber.assert_no_pending_responses()


class TestPut:
    """Reporting evaluations."""

    def test_evaluations_are_sent_as_they_are(self, stubbed: Stubbed) -> None:
        """With the invocation's token; what was not taken comes back."""
        sent = [
            {
                "ComplianceResourceType": USER,
                "ComplianceResourceId": each.resource_id,
                "ComplianceType": "NOT_APPLICABLE",
                "Annotation": each.annotation,
                "OrderingTimestamp": START,
            }
            for each in (GONE, LEFT)
        ]
        asked = {"Evaluations": sent, "ResultToken": TOKEN}
        stubbed.stubber.add_response("put_evaluations", {"FailedEvaluations": sent[1:]}, asked)
        assert stubbed.config.put(TOKEN, [GONE, LEFT]) == (LEFT,)

    def test_an_answer_without_failures(self, stubbed: Stubbed) -> None:
        """The member may be missing."""
        stubbed.stubber.add_response("put_evaluations", {})
        assert stubbed.config.put(TOKEN, [GONE]) == ()

    @pytest.mark.parametrize(
        ("code", "kind", "remedy"),
        [
            ("InvalidResultTokenException", Permanent, "have the rule evaluate again"),
            ("NoSuchConfigRuleException", Permanent, "set it up again"),
            ("ThrottlingException", Transient, "it is tried again"),
            ("AccessDeniedException", Transient, "allow config:PutEvaluations"),
            ("InternalFailure", Transient, "it is tried again"),
        ],
    )
    def test_errors(
        self, stubbed: Stubbed, code: str, kind: type[ReactorError], remedy: str
    ) -> None:
        """What no other try mends is told as such."""
        stubbed.stubber.add_client_error("put_evaluations", code, "no")
        with pytest.raises(kind, match=f"config:PutEvaluations failed: {code}: no") as caught:
            stubbed.config.put(TOKEN, [GONE])
        assert remedy in caught.value.remedy


class TestEvaluated:
    """What a rule holds."""

    def test_all_pages_are_read(self, stubbed: Stubbed) -> None:
        """A hundred at a time, and only results that say something."""
        stubbed.details("AIDA1", "AIDA2", more="more")
        stubbed.details("AIDA3", token="more")
        assert stubbed.config.evaluated(RULE, USER) == {"AIDA1", "AIDA2", "AIDA3"}

    def test_resources_of_another_type_are_left_out(self, stubbed: Stubbed) -> None:
        """Another guardrail's, of the same rule."""
        stubbed.details("bucket", kind="AWS::S3::Bucket")
        assert stubbed.config.evaluated(RULE, USER) == frozenset()

    def test_a_rule_that_is_gone(self, stubbed: Stubbed) -> None:
        """No other try will find it."""
        operation, code = "get_compliance_details_by_config_rule", "NoSuchConfigRuleException"
        stubbed.stubber.add_client_error(operation, code)
        with pytest.raises(Permanent, match="GetComplianceDetailsByConfigRule failed"):
            stubbed.config.evaluated(RULE, USER)


class TestLatest:
    """A resource's last item."""

    def test_it_is_read_as_a_resource(self, stubbed: Stubbed) -> None:
        """In the words of the API, which are others than those of a notification."""
        made = datetime(2024, 1, 1, tzinfo=UTC)
        found = {
            "resourceType": POLICY,
            "resourceId": "ANPA1",
            "resourceName": "p",
            "arn": "arn:aws:iam::123456789012:policy/p",
            "awsRegion": "global",
            "resourceCreationTime": made,
            "configuration": "{}",
        }
        asked = {"resourceType": POLICY, "resourceId": "ANPA1", "limit": 1}
        answer = {"configurationItems": [found]}
        stubbed.stubber.add_response("get_resource_config_history", answer, asked)
        expected = Resource(POLICY, "ANPA1", "p", found["arn"], "global", made)  # type: ignore[arg-type]
        assert stubbed.config.latest(Resource(POLICY, "ANPA1")) == expected

    def test_one_that_was_never_recorded(self, stubbed: Stubbed) -> None:
        """There is none: an answer, and no error."""
        code = "ResourceNotDiscoveredException"
        stubbed.stubber.add_client_error("get_resource_config_history", code)
        assert stubbed.config.latest(Resource(POLICY, "ANPA1")) is None

    def test_an_account_that_records_nothing(self, stubbed: Stubbed) -> None:
        """Then AWS Config invoked nobody, and this is an error like any other."""
        code = "NoAvailableConfigurationRecorderException"
        stubbed.stubber.add_client_error("get_resource_config_history", code)
        with pytest.raises(Transient, match=code):
            stubbed.config.latest(Resource(POLICY, "ANPA1"))
