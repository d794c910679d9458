"""A rule of AWS Config, from its template to its results, by the deployed function."""

import itertools
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.stage import Stage, staged
from tests.unit.recorded import recorded

USER, POLICY = "AWS::IAM::User", "AWS::IAM::Policy"
APPLY = (
    "aws cloudformation deploy --stack-name mfa-reactor-prod-config-rule"
    " --template-file infra/config-rule.yaml --parameter-overrides Stage=prod"
)
JUDGED = {"COMPLIANT", "NON_COMPLIANT"}
RULE = "mfa-reactor-prod-users"
_NUMBERS = itertools.count(1)
BY_PRIVILEGE = {
    "scope": "privileged",
    "dangerousActions": "iam:CreateUser,iam:PassRole",
    "onlyCustom": "true",
}
RECORDS = recorded()
WHOSE = ("accountId", "configRuleName", "configRuleId", "configRuleArn")
published = pytest.mark.skipif(not RECORDS, reason="the published records are not here")
LONG_AGO = "2024-01-01T00:00:00.000Z"


class Rule:
    """A rule of a stage: how it is invoked, and what is known by it."""

    def __init__(self, stage: Stage, name: str = RULE) -> None:
        self.stage = stage
        self.name = name
        self.config = stage.sandbox.client("config")

    def change(
        self, resource_type: str, named: str, *, oversized: bool = False, left_scope: bool = False
    ) -> dict[str, Any]:
        """Have it evaluate a change, and wait; return what was carried."""
        payload = self.stage.sandbox.control.invoke_config_rule(
            self.name, (resource_type, named), oversized=oversized, left_scope=left_scope
        )
        self.stage.settle()
        return payload

    def schedule(self) -> None:
        """Have it evaluate everything, and wait."""
        self.stage.sandbox.control.invoke_config_rule(self.name)
        self.stage.settle()

    def payload(self, resource: tuple[str, str] | None = None) -> dict[str, Any]:
        """Return what an invocation would carry."""
        control = self.stage.sandbox.control
        return control.invoke_config_rule(self.name, resource, only_payload=True)

    def published(self, named: str) -> dict[str, Any]:
        """Return a published invocation, as if it were of this rule, and began now."""
        theirs = RECORDS[f"ConfigRuleInvocation-{named}.json"]
        ours = self.payload()
        event = theirs["invokingEvent"].replace(theirs["accountId"], self.stage.sandbox.account)
        begun = {member: ours[member] for member in (*WHOSE, "resultToken", "ruleParameters")}
        return {**theirs, **begun, "invokingEvent": event}

    def results(self) -> dict[str, dict[str, Any]]:
        """Return what AWS Config holds for the rule, by the resource's id."""
        pages = self.config.get_paginator("get_compliance_details_by_config_rule").paginate(
            ConfigRuleName=self.name
        )
        found = [each for page in pages for each in page["EvaluationResults"]]
        named = "EvaluationResultIdentifier", "EvaluationResultQualifier", "ResourceId"
        return {each[named[0]][named[1]][named[2]]: each for each in found}

    def compliance(self, unique_id: str) -> str | None:
        """Return what AWS Config holds for a resource, None when it holds nothing."""
        found = self.results().get(unique_id)
        return None if found is None else str(found["ComplianceType"])


def apply_template(stage: Stage, *parameters: str) -> None:
    """Deploy infra/config-rule.yaml as docs/config.md says."""
    done = stage.shell(f"{APPLY} {' '.join(parameters)}")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that enforces, for whoever has no MFA device."""
    with staged({"REACTOR_MODE": "enforce", "REACTOR_SCOPE": "without-mfa"}) as deployed:
        deployed.new_user("first")
        yield deployed


@pytest.fixture(scope="module")
def rule(stage: Stage) -> Rule:
    """Its rule, as the template makes it."""
    apply_template(stage)
    return Rule(stage)


@pytest.fixture
def user(stage: Stage) -> dict[str, Any]:
    """A user without a device, and without the guard: its events were lost."""
    return new_user(stage, f"user-{next(_NUMBERS)}")


def new_user(stage: Stage, name: str) -> dict[str, Any]:
    """Create a user whom the reactor has not heard of."""
    for event in ("CreateUser", "CreateLoginProfile"):
        stage.sandbox.control.lose_next_event(event)
    stage.new_user(name)
    found: dict[str, Any] = stage.iam.get_user(UserName=name)["User"]
    return found


def test_a_change_of_a_user_is_evaluated_and_nothing_is_done(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """The result is the user's id's, with the reason, and ordered by when the item was captured."""
    name, unique_id = user["UserName"], user["UserId"]
    item = json.loads(rule.change(USER, name)["invokingEvent"])["configurationItem"]
    found = rule.results()[unique_id]
    assert found["ComplianceType"] == "NON_COMPLIANT"
    assert found["Annotation"].startswith("the guard is not attached")
    captured = datetime.fromisoformat(item["configurationItemCaptureTime"])
    assert found["EvaluationResultIdentifier"]["OrderingTimestamp"] == captured
    assert not stage.is_guarded(name)  # though the stage enforces
    (record,) = stage.records_of(name, "config")
    assert record["trigger"] == {"kind": "config", "event": None}
    assert [each["outcome"] for each in record["actions"]] == ["skipped"]


def test_a_user_whose_item_is_too_large_is_evaluated_all_the_same(
    rule: Rule, user: Mapping[str, Any]
) -> None:
    """A summary has the id and the ARN, and what is so is read from IAM in any case."""
    payload = rule.change(USER, user["UserName"], oversized=True)
    assert "configurationItemSummary" in json.loads(payload["invokingEvent"])
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"


def test_a_user_who_has_mfa_complies(stage: Stage, rule: Rule, user: Mapping[str, Any]) -> None:
    """No event of AWS Config tells of a device: the schedule brings it out."""
    rule.change(USER, user["UserName"])
    stage.give_device(user["UserName"])
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"
    rule.schedule()
    assert rule.compliance(user["UserId"]) == "COMPLIANT"


@published
@pytest.mark.parametrize(
    ("named", "resource_id"),
    [
        ("ConfigurationItemChangeNotification__awsdocs__1", "i-00000000"),
        ("ConfigurationItemChangeNotification__custodian__3", "sg-e2fb6999"),
        ("OversizedConfigurationItemChangeNotification__awsdocs__1", "i-00000000"),
    ],
)
def test_published_changes_of_what_is_not_ours(
    stage: Stage, rule: Rule, named: str, resource_id: str
) -> None:
    """AWS's example and a real one, as they are but for whose they are: none has a verdict."""
    assert stage.invoke("config", rule.published(named)) == (None, None)
    found = rule.results()[resource_id]
    assert found["ComplianceType"] == "NOT_APPLICABLE"
    assert found["Annotation"].startswith("mfa-reactor looks after no resources of type AWS::EC2::")


@published
def test_a_published_schedule(stage: Stage, rule: Rule, user: Mapping[str, Any]) -> None:
    """Everybody is evaluated, as of when it says."""
    assert stage.invoke("config", rule.published("ScheduledNotification__custodian__1"))[1] is None
    found = rule.results()[user["UserId"]]
    assert found["ComplianceType"] == "NON_COMPLIANT"
    assert found["EvaluationResultIdentifier"]["OrderingTimestamp"].year == 2020


@published
def test_a_published_item_of_a_user(stage: Stage, rule: Rule, user: Mapping[str, Any]) -> None:
    """With the id and the name of one who is here."""
    payload = rule.published("ConfigurationItemChangeNotification__awsdocs__1")
    item = RECORDS["ConfigurationItem-AWS-IAM-User__rdk__1.json"]
    text = json.dumps(item).replace(item["awsAccountId"], stage.sandbox.account)
    text = text.replace(item["resourceId"], user["UserId"])
    here = json.loads(text.replace(item["resourceName"], user["UserName"]))
    assert stage.invoke("config", with_item(payload, **here)) == (None, None)
    found = rule.results()[user["UserId"]]
    assert found["ComplianceType"] == "NON_COMPLIANT"
    assert found["EvaluationResultIdentifier"]["OrderingTimestamp"].year == 2016


def test_a_deleted_user_is_not_applicable(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """Its item says so, and nothing is asked of IAM."""
    rule.change(USER, user["UserName"])
    delete(stage, user["UserName"])
    stage.sandbox.control.clear_calls()
    rule.change(USER, user["UserId"])
    assert rule.compliance(user["UserId"]) == "NOT_APPLICABLE"
    assert not [each for each in calls(stage) if each.startswith("iam:")]


def test_a_user_who_has_left_the_scope_is_not_applicable(
    rule: Rule, user: Mapping[str, Any]
) -> None:
    """`eventLeftScope`: the rule is not for it any more."""
    rule.change(USER, user["UserName"])
    rule.change(USER, user["UserName"], left_scope=True)
    found = rule.results()[user["UserId"]]
    assert found["ComplianceType"] == "NOT_APPLICABLE"
    assert found["Annotation"] == "it has left the rule's scope"


def test_a_user_of_the_same_name_is_another(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """An item of the one before, which comes late: its id is gone, whoever has its name now."""
    late = with_item(rule.payload((USER, user["UserName"])), resourceCreationTime=LONG_AGO)
    delete(stage, user["UserName"])
    again = new_user(stage, user["UserName"])
    stage.invoke("config", late)
    assert rule.compliance(user["UserId"]) == "NOT_APPLICABLE"
    assert rule.compliance(again["UserId"]) is None


def test_a_renamed_user_is_the_same(stage: Stage, rule: Rule, user: Mapping[str, Any]) -> None:
    """An item from before comes late: the user is found by its id."""
    late = rule.payload((USER, user["UserName"]))
    stage.sandbox.control.lose_next_event("UpdateUser")
    stage.iam.update_user(UserName=user["UserName"], NewUserName=f"{user['UserName']}-now")
    stage.invoke("config", late)
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"


def test_a_schedule_evaluates_everybody_and_reports_those_who_are_gone(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """Nobody tells of a user who was deleted while nobody listened."""
    name = new_user(stage, f"{user['UserName']}-other")["UserName"]
    rule.schedule()
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"
    delete(stage, user["UserName"])
    rule.schedule()
    found = rule.results()[user["UserId"]]
    assert (found["ComplianceType"], found["Annotation"]) == (
        "NOT_APPLICABLE",
        "there is no such user",
    )
    everybody = {each["UserId"] for each in stage.iam.list_users()["Users"]}
    held = {key for key, each in rule.results().items() if each["ComplianceType"] in JUDGED}
    assert held == everybody
    assert not stage.is_guarded(name)


def test_a_change_of_a_policy_evaluates_its_holders(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """Those it is attached to, and those it reaches through a group; not the policy itself."""
    policy = new_policy(stage, user["UserName"])
    member = new_user(stage, f"{user['UserName']}-member")
    stage.iam.create_group(GroupName=user["UserName"])
    stage.iam.add_user_to_group(GroupName=user["UserName"], UserName=member["UserName"])
    stage.iam.attach_user_policy(UserName=user["UserName"], PolicyArn=policy["Arn"])
    stage.iam.attach_group_policy(GroupName=user["UserName"], PolicyArn=policy["Arn"])
    stage.settle()
    before = set(rule.results())
    rule.change(POLICY, policy["Arn"])
    assert set(rule.results()) - before == {user["UserId"], member["UserId"]}


def test_a_policy_of_which_only_the_id_is_known_is_read(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """IAM knows a policy by its ARN only, and AWS Config's history has it."""
    policy = new_policy(stage, user["UserName"])
    stage.iam.attach_user_policy(UserName=user["UserName"], PolicyArn=policy["Arn"])
    stage.settle()
    stage.invoke("config", with_item(rule.payload((POLICY, policy["Arn"])), ARN=None))
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"
    assert "config:GetResourceConfigHistory" in calls(stage)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param({"resultToken": None}, "resultToken", id="no token"),
        pytest.param({"resultToken": "forged"}, "InvalidResultToken", id="a token of nobody's"),
        pytest.param(
            {"ruleParameters": json.dumps({"Scope": "console"})},
            "Scope is not a parameter: did you mean scope?",
            id="an unknown parameter",
        ),
        pytest.param(
            {"ruleParameters": json.dumps({"scope": "all"})},
            "the parameter scope of the rule mfa-reactor-prod-users is 'all': it takes one of",
            id="a wrong value",
        ),
        pytest.param(
            {"ruleParameters": json.dumps({"whitelistParameter": "/secrets/db"})},
            "it takes a parameter below /mfa-reactor/",
            id="a list that the role may not read",
        ),
    ],
)
def test_a_wrong_invocation_reports_nothing_and_says_what_to_do(
    stage: Stage, rule: Rule, user: Mapping[str, Any], changes: dict[str, Any], told: str
) -> None:
    """One alarm; and no error, for another try would end alike."""
    payload = rule.payload((USER, user["UserName"])) | changes
    answer, error = stage.invoke("config", payload)
    assert (answer, error) == (None, None)
    alarm = stage.records("config")[-1]
    assert (alarm["alarm"], told in alarm["what"]) == ("config-rule-refused", True)
    assert alarm["remedy"]
    assert rule.compliance(user["UserId"]) is None


def test_what_aws_config_did_not_take_is_put_again(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """Alone, after a pause; the invocation ends well."""
    stage.sandbox.control.fail_evaluations([user["UserId"]], 1)
    stage.invoke("config", rule.payload((USER, user["UserName"])))
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"


def test_what_aws_config_never_takes_is_an_error(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """The others are reported; then the invocation raises, and Lambda tries again."""
    other = new_user(stage, f"{user['UserName']}-other")
    stage.sandbox.control.fail_evaluations([user["UserId"]], None)
    answer, error = stage.invoke("config", rule.payload())
    stage.sandbox.control.fail_evaluations([user["UserId"]], 0)
    assert error == "Unhandled"
    assert "AWS Config did not take 1 of" in answer["errorMessage"]
    assert rule.compliance(user["UserId"]) is None
    assert rule.compliance(other["UserId"]) == "NON_COMPLIANT"


def test_many_users_take_as_many_calls_as_hundreds(stage: Stage, rule: Rule) -> None:
    """250 users and those of the other tests: none is left out at the seams."""
    there = len(stage.iam.list_users()["Users"])
    for number in range(250 - there):
        stage.sandbox.control.lose_next_event("CreateUser")
        stage.iam.create_user(UserName=f"many-{number}")
    stage.settle()
    stage.sandbox.control.clear_calls()
    rule.schedule()
    assert calls(stage).count("config:PutEvaluations") == 3
    held = {key for key, each in rule.results().items() if each["ComplianceType"] in JUDGED}
    assert held == {each["UserId"] for each in users(stage)}


def test_parameters_stand_in_place_of_the_settings_of_the_stage(
    stage: Stage, rule: Rule, user: Mapping[str, Any]
) -> None:
    """Another scope and another list, from the template's parameters, for this rule only."""
    listed = new_user(stage, f"{user['UserName']}-listed")
    stage.command(
        *("exempt", "import", str(list_of(stage, listed["UserName"])), "--yes"),
        *("--parameter", "/mfa-reactor/of-config"),
    )
    apply_template(stage, "Scope=everyone", "WhitelistParameter=/mfa-reactor/of-config")
    stage.give_device(user["UserName"])
    rule.schedule()
    assert rule.compliance(user["UserId"]) == "NON_COMPLIANT"  # a device is not enough now
    assert rule.compliance(listed["UserId"]) == "NOT_APPLICABLE"


@pytest.mark.parametrize(
    ("of_group", "compliance"),
    [
        pytest.param({"inline": "iam:*"}, "NON_COMPLIANT", id="an inline policy"),
        pytest.param({"attached": "iam:Create*"}, "NON_COMPLIANT", id="a managed policy"),
        pytest.param({"inline": "s3:*", "attached": "s3:*"}, "COMPLIANT", id="nothing dangerous"),
    ],
)
def test_a_rule_asks_what_its_users_groups_let_them_do(
    stage: Stage,
    rule: Rule,
    user: Mapping[str, Any],
    of_group: Mapping[str, str],
    compliance: str,
) -> None:
    """By the rule's scope, though the stage has another; here of a single user, asked in turn."""
    name = user["UserName"]
    give_to_group(stage, name, **of_group)
    payload = rule.payload((USER, name)) | {"ruleParameters": json.dumps(BY_PRIVILEGE)}
    answer, error = stage.invoke("config", payload)
    assert (answer, error) == (None, None)
    assert rule.compliance(user["UserId"]) == compliance


def test_the_rule_and_its_permission_go_with_their_stack(stage: Stage, rule: Rule) -> None:
    """After it the function lets AWS Config in no more."""
    stage.shell("aws cloudformation delete-stack --stack-name mfa-reactor-prod-config-rule")
    assert rule.config.describe_config_rules()["ConfigRules"] == []
    with pytest.raises(ClientError, match="ResourceNotFound"):
        stage.functions.get_policy(FunctionName="mfa-reactor-prod-config")


def with_item(payload: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    """Return an invocation whose item has other members."""
    event = json.loads(payload["invokingEvent"])
    event["configurationItem"] |= members
    return {**payload, "invokingEvent": json.dumps(event)}


def give_to_group(
    stage: Stage, name: str, *, inline: str | None = None, attached: str | None = None
) -> None:
    """Put a user into a group of the same name, with policies that allow something."""
    stage.iam.create_group(GroupName=name)
    stage.iam.add_user_to_group(GroupName=name, UserName=name)
    if inline is not None:
        stage.iam.put_group_policy(
            GroupName=name, PolicyName="inline", PolicyDocument=allowing(inline)
        )
    if attached is not None:
        made = stage.iam.create_policy(PolicyName=name, PolicyDocument=allowing(attached))
        stage.iam.attach_group_policy(GroupName=name, PolicyArn=made["Policy"]["Arn"])
    stage.settle()


def new_policy(stage: Stage, name: str) -> dict[str, Any]:
    """Create a managed policy that allows nothing dangerous."""
    document = allowing("s3:ListAllMyBuckets")
    made = stage.iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]
    return dict(made)


def allowing(action: str) -> str:
    """Return a policy that allows something, anywhere."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def delete(stage: Stage, user: str) -> None:
    """Delete a user who carries nothing, with no word of it."""
    for event in ("DeleteLoginProfile", "DeleteUser"):
        stage.sandbox.control.lose_next_event(event)
    stage.iam.delete_login_profile(UserName=user)
    stage.iam.delete_user(UserName=user)


def calls(stage: Stage) -> list[str]:
    """Return the function's calls, in order."""
    return [
        f"{each['service']}:{each['action']}"
        for each in stage.sandbox.control.calls()
        if "mfa-reactor-prod-config" in (each["caller"] or "")
    ]


def users(stage: Stage) -> list[dict[str, Any]]:
    """Return all users."""
    pages = stage.iam.get_paginator("list_users").paginate()
    return [each for page in pages for each in page["Users"]]


def list_of(stage: Stage, *names: str) -> Path:
    """Write a file of users' names."""
    path = stage.directory / "listed.txt"
    path.write_text("\n".join(names))
    return path
