"""What inspection reads (reactor.inspection.ports), as each sweep polls it."""

from typing import Any

from botocore.exceptions import ClientError

from reactor.aws.account import AwsSession
from reactor.aws.errors import asking, code_of
from reactor.inspection.facts import (
    EVENT_AGE_SECONDS,
    RETRIES,
    BasicSelector,
    Concurrency,
    Condition,
    EventSettings,
    Parameter,
    Root,
    Rule,
    Selectors,
    Target,
    Trail,
)

_MISSING = "ResourceNotFoundException"  # EventBridge's and Lambda's
# What a target takes in place of the event.
_OTHER_INPUTS = ("Input", "InputPath", "InputTransformer")


class AwsInspection:
    """reactor.inspection.ports.InspectionReads on AWS."""

    def __init__(self, session: AwsSession) -> None:
        self._iam = session.iam
        self._ssm = session.ssm
        self._events = session.events
        self._cloudtrail = session.cloudtrail
        self._functions = session.function_settings

    def trails(self) -> tuple[Trail, ...]:
        """Return the trails of our region, with the shadows of others there."""
        with asking("cloudtrail:DescribeTrails"):
            # One answer holds them all, botocore has no paginator. The shadows are the trails of
            # other regions, and an organization's in its member accounts.
            answer = self._cloudtrail.describe_trails(includeShadowTrails=True)
            return tuple(_trail(each) for each in answer["trailList"])

    def is_logging(self, trail_arn: str) -> bool:
        """Tell whether a trail is switched on in our region."""
        with asking("cloudtrail:GetTrailStatus"):
            # By its ARN, as a shadow's or an organization's trail must be asked for.
            return self._cloudtrail.get_trail_status(Name=trail_arn)["IsLogging"] is True

    def selectors(self, trail_arn: str) -> Selectors:
        """Return what a trail logs."""
        with asking("cloudtrail:GetEventSelectors"):
            answer = self._cloudtrail.get_event_selectors(TrailName=trail_arn)
            return Selectors(
                tuple(_basic(each) for each in answer.get("EventSelectors", [])),
                tuple(
                    tuple(_condition(field) for field in each["FieldSelectors"])
                    for each in answer.get("AdvancedEventSelectors", [])
                ),
            )

    def rule(self, name: str) -> Rule | None:
        """Return a rule of the default bus."""
        with asking("events:DescribeRule"):
            try:
                answer = self._events.describe_rule(Name=name)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
            # ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS hears more, and is enabled, too.
            enabled = answer["State"].startswith("ENABLED")
        return Rule(
            enabled, answer.get("EventPattern") or None, answer.get("ScheduleExpression") or None
        )

    def targets(self, rule: str) -> tuple[Target, ...]:
        """Return a rule's targets."""
        with asking("events:ListTargetsByRule"):
            try:
                pages = list(self._events.get_paginator("list_targets_by_rule").paginate(Rule=rule))
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return ()
            return tuple(_target(each) for page in pages for each in page["Targets"])

    def concurrency(self, function: str) -> Concurrency | None:
        """Return a function's reserved concurrency."""
        with asking("lambda:GetFunctionConcurrency"):
            try:
                answer = self._functions.get_function_concurrency(FunctionName=function)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
        return Concurrency(answer.get("ReservedConcurrentExecutions"))

    def event_settings(self, function: str) -> EventSettings | None:
        """Return a function's settings for events that it fails on."""
        with asking("lambda:GetFunctionEventInvokeConfig"):
            try:
                answer = self._functions.get_function_event_invoke_config(FunctionName=function)
            except ClientError as error:
                if code_of(error) != _MISSING:
                    raise
                return None
        destinations = answer.get("DestinationConfig", {})
        return EventSettings(
            destinations.get("OnFailure", {}).get("Destination") or None,
            # What was never set is Lambda's default (API reference, PutFunctionEventInvokeConfig).
            answer.get("MaximumRetryAttempts", RETRIES),
            answer.get("MaximumEventAgeInSeconds", EVENT_AGE_SECONDS),
        )

    def parameter(self, name: str) -> Parameter | None:
        """Return a parameter."""
        with asking("ssm:GetParameter"):
            try:
                return Parameter(self._ssm.get_parameter(Name=name)["Parameter"]["Type"])
            except ClientError as error:
                if code_of(error) != "ParameterNotFound":
                    raise
                return None

    def root(self) -> Root:
        """Return what the account's summary says of its root user."""
        with asking("iam:GetAccountSummary"):
            summary = self._iam.get_account_summary()["SummaryMap"]
            # Its password is told since root access can be centralised; it may not be everywhere.
            password = summary.get("AccountPasswordPresent")
            return Root(
                mfa=summary["AccountMFAEnabled"] > 0,
                password=None if password is None else password > 0,
                access_keys=summary["AccountAccessKeysPresent"] > 0,
            )


def _trail(each: Any) -> Trail:  # noqa: ANN401 - boto3's
    return Trail(
        name=each["Name"],
        arn=each["TrailARN"],
        home_region=each["HomeRegion"],
        multi_region=each["IsMultiRegionTrail"],
        global_events=each["IncludeGlobalServiceEvents"],
        organization=each.get("IsOrganizationTrail", False),
    )


def _basic(each: Any) -> BasicSelector:  # noqa: ANN401 - boto3's
    # The defaults are the API's.
    return BasicSelector(
        each.get("ReadWriteType", "All"), each.get("IncludeManagementEvents", True)
    )


def _condition(each: Any) -> Condition:  # noqa: ANN401 - boto3's
    return Condition(
        field=each["Field"],
        equals=tuple(each.get("Equals", ())),
        starts_with=tuple(each.get("StartsWith", ())),
        ends_with=tuple(each.get("EndsWith", ())),
        not_equals=tuple(each.get("NotEquals", ())),
        not_starts_with=tuple(each.get("NotStartsWith", ())),
        not_ends_with=tuple(each.get("NotEndsWith", ())),
    )


def _target(each: Any) -> Target:  # noqa: ANN401 - boto3's
    return Target(
        arn=each["Arn"],
        queue=each.get("DeadLetterConfig", {}).get("Arn") or None,
        whole=not any(each.get(member) for member in _OTHER_INPUTS),
    )
