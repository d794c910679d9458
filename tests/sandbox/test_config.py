"""AWS Config: rules that must be let in, invocations with tokens, results within limits."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import SandboxError
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sandbox import Deployment, Sandbox

USER, POLICY = "AWS::IAM::User", "AWS::IAM::Policy"
FUNCTION = "probe-dev-ask"
NOW = dt.datetime.now(dt.UTC)
Rule = dict[str, Any]


@pytest.fixture(scope="module")
def config(sandbox: Sandbox) -> Any:
    """AWS Config, as the administrator."""
    return sandbox.client("config")


@pytest.fixture(scope="module")
def let_in(sandbox: Sandbox, deployment: Deployment) -> Iterator[None]:
    """The probe lets AWS Config in, for this account."""
    assert deployment
    functions = sandbox.client("lambda")
    functions.add_permission(
        FunctionName=FUNCTION,
        StatementId="config",
        Action="lambda:InvokeFunction",
        Principal="config.amazonaws.com",
        SourceAccount=sandbox.account,
    )
    yield
    functions.remove_permission(FunctionName=FUNCTION, StatementId="config")


@pytest.fixture
def put_rule(sandbox: Sandbox, config: Any, name: Callable[[str], str]) -> Callable[..., str]:
    """Make a rule of the probe's; its name."""

    def put(function: str = FUNCTION, *kinds: str, **members: Any) -> str:
        messages = kinds or (
            "ConfigurationItemChangeNotification",
            "OversizedConfigurationItemChangeNotification",
            "ScheduledNotification",
        )
        rule_name = str(members.pop("ConfigRuleName", None) or name("rule"))
        source = {
            "Owner": "CUSTOM_LAMBDA",
            "SourceIdentifier": f"arn:aws:lambda:us-east-1:{sandbox.account}:function:{function}",
            "SourceDetails": [
                {"EventSource": "aws.config", "MessageType": each} for each in messages
            ],
        }
        rule = {"ConfigRuleName": rule_name, "Source": source, **members}
        config.put_config_rule(ConfigRule=rule)
        return rule_name

    return put


@pytest.fixture
def rule(let_in: None, put_rule: Callable[..., str]) -> str:
    """A rule of the probe's."""
    assert let_in is None
    return put_rule()


@pytest.fixture
def token(sandbox: Sandbox, rule: str) -> str:
    """A token of an invocation for the rule."""
    payload = sandbox.control.invoke_config_rule(rule, only_payload=True)
    return str(payload["resultToken"])


def evaluation(unique_id: str, compliance: str = "COMPLIANT", **members: Any) -> dict[str, Any]:
    """An evaluation of a user."""
    return {
        "ComplianceResourceType": USER,
        "ComplianceResourceId": unique_id,
        "ComplianceType": compliance,
        "OrderingTimestamp": NOW,
        **members,
    }


def details(config: Any, rule: str, **asked: Any) -> list[tuple[str, str]]:
    """The results of a rule: id and compliance."""
    pages = config.get_paginator("get_compliance_details_by_config_rule").paginate(
        ConfigRuleName=rule, **asked
    )
    return [
        (
            each["EvaluationResultIdentifier"]["EvaluationResultQualifier"]["ResourceId"],
            each["ComplianceType"],
        )
        for page in pages
        for each in page["EvaluationResults"]
    ]


class TestRules:
    """Which rules there can be."""

    @pytest.mark.parametrize("function", ["probe-dev-slow", "probe-dev-none"])
    def test_a_rule_needs_a_function_that_lets_it_in(
        self, let_in: None, put_rule: Callable[..., str], function: str
    ) -> None:
        """As AWS does, a rule is refused whose function cannot be invoked."""
        assert let_in is None
        with refused("InsufficientPermissionsException", "cannot be invoked"):
            put_rule(function)

    def test_its_parameters_and_messages_are_kept(
        self, config: Any, let_in: None, put_rule: Callable[..., str]
    ) -> None:
        """And handed to the function, as the text that they are."""
        assert let_in is None
        rule = put_rule(FUNCTION, InputParameters='{"scope": "console"}')
        [found] = config.describe_config_rules(ConfigRuleNames=[rule])["ConfigRules"]
        assert found["InputParameters"] == '{"scope": "console"}'
        assert len(found["Source"]["SourceDetails"]) == 3


class TestInvocations:
    """What a rule's function is invoked with."""

    def test_a_change_brings_the_resources_item(
        self, sandbox: Sandbox, iam: Any, rule: str, user: str
    ) -> None:
        """Inside of a text, with the id that AWS gives users."""
        payload = sandbox.control.invoke_config_rule(rule, (USER, user), only_payload=True)
        event = json.loads(payload["invokingEvent"])
        found = iam.get_user(UserName=user)["User"]
        item = event["configurationItem"]
        assert event["messageType"] == "ConfigurationItemChangeNotification"
        assert (item["resourceId"], item["resourceName"]) == (found["UserId"], user)
        assert (item["ARN"], item["awsRegion"]) == (found["Arn"], "global")
        assert item["configurationItemStatus"] == "ResourceDiscovered"
        assert (payload["configRuleName"], payload["ruleParameters"]) == (rule, "{}")

    def test_an_item_that_is_too_large_is_summed_up(
        self, sandbox: Sandbox, rule: str, policy: str
    ) -> None:
        """Without a name, as in AWS's example, and without what is configured."""
        payload = sandbox.control.invoke_config_rule(
            rule, (POLICY, policy), oversized=True, only_payload=True
        )
        event = json.loads(payload["invokingEvent"])
        summary = event["configurationItemSummary"]
        assert event["messageType"] == "OversizedConfigurationItemChangeNotification"
        assert (summary["resourceName"], summary["ARN"]) == (None, policy)
        assert "configuration" not in summary

    def test_a_schedule_brings_no_item(self, sandbox: Sandbox, rule: str) -> None:
        """It says when, and whose account it is."""
        payload = sandbox.control.invoke_config_rule(rule, only_payload=True)
        event = json.loads(payload["invokingEvent"])
        assert event["messageType"] == "ScheduledNotification"
        assert event["awsAccountId"] == sandbox.account
        assert "configurationItem" not in event

    def test_a_resource_that_is_gone_says_so(
        self, sandbox: Sandbox, iam: Any, rule: str, user: str
    ) -> None:
        """If it was captured when it was there."""
        first = sandbox.control.invoke_config_rule(rule, (USER, user), only_payload=True)
        unique_id = json.loads(first["invokingEvent"])["configurationItem"]["resourceId"]
        iam.delete_user(UserName=user)
        second = sandbox.control.invoke_config_rule(rule, (USER, unique_id), only_payload=True)
        item = json.loads(second["invokingEvent"])["configurationItem"]
        assert (item["configurationItemStatus"], item["resourceName"]) == ("ResourceDeleted", user)

    def test_the_function_gets_it_as_an_event(self, sandbox: Sandbox, rule: str) -> None:
        """Asynchronously: it is tried, and nobody waits for what it answers."""
        before = len(sandbox.control.invocations())
        sandbox.control.invoke_config_rule(rule)
        sandbox.control.settle(20)
        after = sandbox.control.invocations()[before:]
        assert {each["function"] for each in after} == {FUNCTION}

    @pytest.mark.parametrize(
        ("kinds", "resource", "told"),
        [
            pytest.param(
                ["ScheduledNotification"], (USER, "any"), "is for Scheduled", id="no change"
            ),
            pytest.param(
                ["ConfigurationItemChangeNotification"], None, "is for Config", id="no schedule"
            ),
            pytest.param(
                ["ConfigurationItemChangeNotification"],
                (USER, "nobody-ever"),
                "there is no AWS::IAM::User",
                id="no resource",
            ),
        ],
    )
    def test_what_a_rule_is_not_invoked_for(  # noqa: PLR0913, PLR0917 - what it takes
        self,
        sandbox: Sandbox,
        let_in: None,
        put_rule: Callable[..., str],
        kinds: list[str],
        resource: tuple[str, str] | None,
        told: str,
    ) -> None:
        """What its SourceDetails do not name, and what there never was."""
        assert let_in is None
        rule = put_rule(FUNCTION, *kinds)
        with pytest.raises(SandboxError, match=told):
            sandbox.control.invoke_config_rule(rule, resource)

    def test_the_function_must_let_it_in_still(self, sandbox: Sandbox, rule: str) -> None:
        """Its policy may have changed since the rule was made."""
        functions = sandbox.client("lambda")
        functions.remove_permission(FunctionName=FUNCTION, StatementId="config")
        try:
            with pytest.raises(SandboxError, match="does not let"):
                sandbox.control.invoke_config_rule(rule)
        finally:
            functions.add_permission(
                FunctionName=FUNCTION,
                StatementId="config",
                Action="lambda:InvokeFunction",
                Principal="config.amazonaws.com",
                SourceAccount=sandbox.account,
            )


class TestResults:
    """What a function may report, and what becomes of it."""

    def test_a_result_is_kept(self, config: Any, rule: str, token: str) -> None:
        """With its reason, and the time that orders it."""
        told = evaluation("AIDA1", "NON_COMPLIANT", Annotation="no device")
        answer = config.put_evaluations(Evaluations=[told], ResultToken=token)
        assert answer["FailedEvaluations"] == []
        [found] = config.get_compliance_details_by_config_rule(ConfigRuleName=rule)[
            "EvaluationResults"
        ]
        assert (found["ComplianceType"], found["Annotation"]) == ("NON_COMPLIANT", "no device")
        ordered = found["EvaluationResultIdentifier"]["OrderingTimestamp"]
        assert abs(ordered - NOW) < dt.timedelta(milliseconds=2)

    def test_the_later_of_two_results_stays(self, config: Any, rule: str, token: str) -> None:
        """By what asked for them, and not by when they came."""
        before = evaluation("AIDA1", OrderingTimestamp=NOW - dt.timedelta(minutes=1))
        for each in (evaluation("AIDA1", "NON_COMPLIANT"), before):
            config.put_evaluations(Evaluations=[each], ResultToken=token)
        assert details(config, rule) == [("AIDA1", "NON_COMPLIANT")]

    def test_a_hundred_at_most(self, config: Any, rule: str, token: str) -> None:
        """One more, and nothing is taken."""
        with refused("ValidationException", "less than or equal to 100"):
            config.put_evaluations(
                Evaluations=[evaluation(f"AIDA{n}") for n in range(101)], ResultToken=token
            )
        assert details(config, rule) == []

    @pytest.mark.parametrize(
        ("told", "code"),
        [
            pytest.param({"Annotation": "x" * 257}, "ValidationException", id="a long reason"),
            pytest.param(
                {"ComplianceType": "INSUFFICIENT_DATA"},
                "InvalidParameterValueException",
                id="no data",
            ),
        ],
    )
    def test_what_is_refused(
        self, config: Any, token: str, told: dict[str, str], code: str
    ) -> None:
        """With all that came beside it."""
        with refused(code):
            config.put_evaluations(
                Evaluations=[evaluation("AIDA1"), evaluation("AIDA2", **told)], ResultToken=token
            )

    def test_a_token_is_one_that_was_given(self, config: Any) -> None:
        """No other will do; nor none."""
        for each in ("forged", ""):
            with refused("InvalidResultTokenException"):
                config.put_evaluations(Evaluations=[evaluation("AIDA1")], ResultToken=each)

    def test_a_test_is_checked_and_not_kept(self, config: Any, rule: str) -> None:
        """TestMode takes any token."""
        config.put_evaluations(Evaluations=[evaluation("A")], ResultToken="any", TestMode=True)
        assert details(config, rule) == []

    def test_a_rule_that_is_gone_takes_nothing(self, config: Any, rule: str, token: str) -> None:
        """Its results are gone with it."""
        config.put_evaluations(Evaluations=[evaluation("AIDA1")], ResultToken=token)
        config.delete_config_rule(ConfigRuleName=rule)
        with refused("NoSuchConfigRuleException"):
            config.put_evaluations(Evaluations=[evaluation("AIDA1")], ResultToken=token)
        with refused("NoSuchConfigRuleException"):
            details(config, rule)

    @pytest.mark.parametrize(
        ("name", "taken"), [("x" * 64, True), ("x" * 65, False)], ids=["64", "65"]
    )
    def test_results_are_shown_of_a_rule_with_a_short_name(
        self, config: Any, let_in: None, put_rule: Callable[..., str], name: str, taken: bool
    ) -> None:
        """A rule's name may have 128 characters, and this call takes 64."""
        assert let_in is None
        put_rule(ConfigRuleName=name)
        if taken:
            assert details(config, name) == []
            return
        with refused("ValidationException", "less than or equal to 64"):
            details(config, name)

    def test_failed_evaluations_come_back(
        self, sandbox: Sandbox, config: Any, rule: str, token: str
    ) -> None:
        """As often as was said; the others of the call are kept."""
        sandbox.control.fail_evaluations(["AIDA2"], 1)
        both = [evaluation("AIDA1"), evaluation("AIDA2")]
        [failed] = config.put_evaluations(Evaluations=both, ResultToken=token)["FailedEvaluations"]
        assert failed["ComplianceResourceId"] == "AIDA2"
        assert details(config, rule) == [("AIDA1", "COMPLIANT")]
        assert (
            config.put_evaluations(Evaluations=both, ResultToken=token)["FailedEvaluations"] == []
        )

    def test_results_come_in_pages(self, config: Any, rule: str, token: str) -> None:
        """Ten unless more are asked for, and only those asked for."""
        told = [evaluation(f"AIDA{n:02}") for n in range(24)]
        told.append(evaluation("AIDA24", "NOT_APPLICABLE"))
        config.put_evaluations(Evaluations=told, ResultToken=token)
        page = config.get_compliance_details_by_config_rule(ConfigRuleName=rule)
        assert len(page["EvaluationResults"]) == 10
        assert len(details(config, rule)) == 25
        assert len(details(config, rule, ComplianceTypes=["COMPLIANT"])) == 24
        with refused("InvalidParameterValueException"):
            details(config, rule, ComplianceTypes=["INSUFFICIENT_DATA"])

    @pytest.mark.parametrize(
        ("told", "expected"),
        [
            pytest.param([], "INSUFFICIENT_DATA", id="nothing"),
            pytest.param(["NOT_APPLICABLE"], "INSUFFICIENT_DATA", id="nothing that applies"),
            pytest.param(["COMPLIANT", "NOT_APPLICABLE"], "COMPLIANT", id="all that apply"),
            pytest.param(["COMPLIANT", "NON_COMPLIANT"], "NON_COMPLIANT", id="not all"),
        ],
    )
    def test_a_rule_complies_when_all_do(
        self, config: Any, rule: str, token: str, told: list[str], expected: str
    ) -> None:
        """DescribeComplianceByConfigRule sums it up, and counts those who do not."""
        for number, each in enumerate(told):
            evaluations = [evaluation(f"AIDA{number}", each)]
            config.put_evaluations(Evaluations=evaluations, ResultToken=token)
        [found] = config.describe_compliance_by_config_rule(ConfigRuleNames=[rule])[
            "ComplianceByConfigRules"
        ]
        assert found["Compliance"]["ComplianceType"] == expected
        count = found["Compliance"].get("ComplianceContributorCount", {}).get("CappedCount", 0)
        assert count == told.count("NON_COMPLIANT")


class TestHistory:
    """GetResourceConfigHistory."""

    def test_the_latest_item_comes_first(
        self, sandbox: Sandbox, config: Any, iam: Any, rule: str, user: str
    ) -> None:
        """In the API's words, with the configuration as a text."""
        unique_id = iam.get_user(UserName=user)["User"]["UserId"]
        for _ in range(2):
            sandbox.control.invoke_config_rule(rule, (USER, user), only_payload=True)
        asked = {"resourceType": USER, "resourceId": unique_id}
        found = config.get_resource_config_history(**asked)["configurationItems"]
        statuses = [each["configurationItemStatus"] for each in found]
        assert statuses == ["OK", "ResourceDiscovered"]
        assert json.loads(found[0]["configuration"])["userName"] == user
        page = config.get_resource_config_history(**asked, limit=1)
        assert len(page["configurationItems"]) == 1
        assert page["nextToken"]

    def test_what_was_never_there(self, config: Any) -> None:
        """AWS Config has not discovered it."""
        with refused("ResourceNotDiscoveredException"):
            config.get_resource_config_history(resourceType=USER, resourceId="AIDANOBODY")


def test_a_functions_role_is_judged(sandbox: Sandbox, config: Any, rule: str, token: str) -> None:
    """A function whose role lacks the permission cannot report."""
    answer = sandbox.client("lambda").invoke(
        FunctionName=FUNCTION,
        Payload=json.dumps({"put_evaluations": token}).encode(),
    )
    said = json.loads(answer["Payload"].read())
    assert "config:PutEvaluations" in json.dumps(said), said
    assert details(config, rule) == []


class TestStatuses:
    """How rules fare."""

    @staticmethod
    def status(config: Any, rule: str) -> dict[str, Any]:
        """What is said of a rule."""
        [found] = config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule])[
            "ConfigRulesEvaluationStatus"
        ]
        return dict(found)

    def test_a_rule_that_works(self, config: Any, rule: str, token: str) -> None:
        """Nothing is known of it before it was invoked; then when it was, and evaluated."""
        before = self.status(config, rule)
        assert before["FirstEvaluationStarted"] is False
        assert not {"LastSuccessfulInvocationTime", "LastErrorCode"} & set(before)
        config.put_evaluations(Evaluations=[evaluation("AIDA1")], ResultToken=token)
        after = self.status(config, rule)
        assert after["FirstEvaluationStarted"] is True
        assert "LastSuccessfulEvaluationTime" in after

    def test_a_function_that_does_not_let_it_in(self, sandbox: Sandbox, rule: str) -> None:
        """It says when, and why; and that stays, whatever succeeds later."""
        config, functions = sandbox.client("config"), sandbox.client("lambda")
        functions.remove_permission(FunctionName=FUNCTION, StatementId="config")
        try:
            with pytest.raises(SandboxError, match="does not let"):
                sandbox.control.invoke_config_rule(rule)
        finally:
            functions.add_permission(
                FunctionName=FUNCTION,
                StatementId="config",
                Action="lambda:InvokeFunction",
                Principal="config.amazonaws.com",
                SourceAccount=sandbox.account,
            )
        failed = self.status(config, rule)
        assert "LastSuccessfulInvocationTime" not in failed
        sandbox.control.invoke_config_rule(rule)
        mended = self.status(config, rule)
        assert mended["LastErrorMessage"] == failed["LastErrorMessage"]
        assert mended["LastSuccessfulInvocationTime"] > mended["LastFailedInvocationTime"]

    def test_limits(self, config: Any, rule: str) -> None:
        """25 names a call, 50 rules a page, and no rule that is not there."""
        with refused("ValidationException", "less than or equal to 25"):
            config.describe_config_rule_evaluation_status(ConfigRuleNames=[rule] * 26)
        with refused("NoSuchConfigRuleException"):
            config.describe_config_rule_evaluation_status(ConfigRuleNames=["no-such-rule"])
        with refused("InvalidLimitException"):
            config.describe_config_rule_evaluation_status(Limit=51)
