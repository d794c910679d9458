"""What a stage is connected with (reactor.inspection.ports.WiringReads): metadata, no secrets."""

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from reactor.aws.account import AwsSession
from reactor.aws.errors import asking, code_of
from reactor.aws.queues import Queue
from reactor.inspection.facts import ConfigRule, Evaluations, Recorder, Secret

_MISSING = "ResourceNotFoundException"  # Secrets Manager's and EventBridge's
_NO_TOPIC = "NotFound"
_HUB_IS_OFF = "InvalidAccessException"
_RULES_A_CALL = 25  # DescribeConfigRuleEvaluationStatus


class AwsWiring:
    """reactor.inspection.ports.WiringReads on AWS; a client is made where it is needed."""

    def __init__(self, session: AwsSession) -> None:
        self._session = session

    def config_rules(self) -> tuple[ConfigRule, ...]:
        """Return the rules of AWS Config in our region."""
        with asking("config:DescribeConfigRules"):
            pages = self._session.config.get_paginator("describe_config_rules").paginate()
            return tuple(
                ConfigRule(
                    each["ConfigRuleName"],
                    each["ConfigRuleId"],
                    each["ConfigRuleArn"],
                    each["Source"].get("SourceIdentifier"),
                )
                for page in pages
                for each in page["ConfigRules"]
            )

    def evaluations(self, rules: Sequence[str]) -> tuple[Evaluations, ...]:
        """Return how rules of AWS Config fare, by their names."""
        found: list[Evaluations] = []
        with asking("config:DescribeConfigRuleEvaluationStatus"):
            client = self._session.config
            pages = client.get_paginator("describe_config_rule_evaluation_status")
            for start in range(0, len(rules), _RULES_A_CALL):
                some = list(rules[start : start + _RULES_A_CALL])
                for page in pages.paginate(ConfigRuleNames=some):
                    found += [_evaluations(each) for each in page["ConfigRulesEvaluationStatus"]]
        return tuple(found)

    def recorders(self) -> tuple[Recorder, ...]:
        """Return the configuration recorders of our region; those of other services are left out.

        One answer holds them all: a region has one at most.
        """
        with asking("config:DescribeConfigurationRecorders"):
            answer = self._session.config.describe_configuration_recorders()
            return tuple(_recorder(each) for each in answer["ConfigurationRecorders"])

    def recording(self) -> frozenset[str]:
        """Return the names of the configuration recorders that are on."""
        with asking("config:DescribeConfigurationRecorderStatus"):
            answer = self._session.config.describe_configuration_recorder_status()
            found = answer["ConfigurationRecordersStatus"]
            return frozenset(each["name"] for each in found if each["recording"])

    def has_queue(self, arn: str) -> bool:
        """Tell whether there is a queue in our region, whoever's account it is in."""
        *_, account, name = arn.split(":")
        return Queue.find(self._session.sqs, name, account) is not None

    def secret(self, name: str) -> Secret | None:
        """Return a secret's description by its name or ARN."""
        with asking("secretsmanager:DescribeSecret"):
            try:
                found = self._session.secrets.describe_secret(SecretId=name)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
            return Secret(being_deleted=found.get("DeletedDate") is not None)

    def has_topic(self, arn: str) -> bool:
        """Tell whether there is a topic in our region."""
        with asking("sns:GetTopicAttributes"):
            try:
                self._session.sns.get_topic_attributes(TopicArn=arn)
            except ClientError as error:
                if code_of(error) != _NO_TOPIC:
                    raise
                return False
            return True

    def has_bus(self, name: str) -> bool:
        """Tell whether there is an event bus."""
        with asking("events:DescribeEventBus"):
            try:
                self._session.events.describe_event_bus(Name=name)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return False
            return True

    def has_security_hub(self) -> bool:
        """Tell whether Security Hub is enabled in our region."""
        with asking("securityhub:DescribeHub"):
            try:
                self._session.security_hub.describe_hub()
            except ClientError as error:
                if code_of(error) != _HUB_IS_OFF:
                    raise
                return False
            return True


def _evaluations(each: Any) -> Evaluations:  # noqa: ANN401 - boto3's
    said = (each.get("LastErrorCode"), each.get("LastErrorMessage"))
    return Evaluations(
        each["ConfigRuleName"],
        ": ".join(text for text in said if text),
        each.get("LastSuccessfulInvocationTime"),
        each.get("LastFailedInvocationTime"),
        each.get("LastSuccessfulEvaluationTime"),
        each.get("LastFailedEvaluationTime"),
    )


def _recorder(each: Any) -> Recorder:  # noqa: ANN401 - boto3's
    group = each.get("recordingGroup", {})
    excluding = group.get("recordingStrategy", {}).get("useOnly") == "EXCLUSION_BY_RESOURCE_TYPES"
    excluded = group.get("exclusionByResourceTypes", {}).get("resourceTypes", ())
    return Recorder(
        name=each["name"],
        role=each.get("roleARN", ""),
        everything=group.get("allSupported", False),
        globals_too=group.get("includeGlobalResourceTypes", False),
        types=frozenset(group.get("resourceTypes", ())),
        all_but=frozenset(excluded) if excluding else None,
    )
