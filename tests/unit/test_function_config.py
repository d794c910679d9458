"""The function `config` on a fake stage: whom it tells AWS Config of, and whom it does not."""

from typing import Any

import pytest

from reactor.errors import Unsettled
from reactor.names import Function
from reactor.users.state import Device
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.config import LONG_AGO, POLICY, RULE, USER, ConfigClient, invocation, item
from tests.fakes.harness import settings
from tests.fakes.stage import Invocation, Stage

PAYROLL = f"arn:aws:iam::{ACCOUNT}:policy/payroll"
DEVICE = Device(f"arn:aws:iam::{ACCOUNT}:mfa/phone", START)


class Rule:
    """A stage, and a rule that has its function evaluate users.

    `alice` has nothing, `bob` carries the guard, `carol` has a device, `eve` is exempt.
    """

    def __init__(self, **chosen: str) -> None:
        self.stage = Stage(settings(**{"scope": "without-mfa", **chosen}))
        self.stage.own_copies = ()
        account = self.stage.account
        account.put_policy()
        account.put_user("alice")
        account.put_user("bob", policies=frozenset({GUARD_ARN}))
        account.put_user("carol", devices=(DEVICE,))
        account.put_user("eve", tags=(("userType", "Service"),))
        self.stage.clock.advance(3600)
        self.written: list[str] = []
        self.stage.on_write = lambda operation, _user: self.written.append(operation)
        self.errors: list[BaseException] = []
        self.stage.on_end = self._end

    def _end(self, _run: Invocation, error: BaseException | None) -> None:
        if error is not None:
            self.errors.append(error)

    @property
    def config(self) -> ConfigClient:
        """AWS Config."""
        return self.stage.config

    def id_of(self, name: str) -> str:
        """Return a user's id."""
        return self.stage.account.world.users[name].id

    def invoke(self, payload: dict[str, Any]) -> None:
        """Have AWS Config invoke the function, with all of Lambda's tries."""
        self.stage.invoke(Function.CONFIG, payload)
        self.stage.drain()

    def change(self, name: str, **members: Any) -> None:
        """Have a user's change evaluated."""
        self.invoke(invocation(item(USER, self.id_of(name), resourceName=name, **members)))

    @property
    def alarms(self) -> list[dict[str, Any]]:
        """The alarms raised."""
        return [each for each in self.stage.ledger.records if "alarm" in each]

    @property
    def told(self) -> dict[str, Any]:
        """The last record of what AWS Config was told."""
        records = self.stage.ledger.records
        return [each for each in records if each["schema"] == "mfa-reactor/config/1"][-1]


@pytest.fixture
def rule() -> Rule:
    """A stage that enforces, in scope without-mfa."""
    return Rule()


EVERYBODY = {
    "alice": "NON_COMPLIANT",
    "bob": "COMPLIANT",
    "carol": "COMPLIANT",
    "eve": "NOT_APPLICABLE",
}


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_change_of_a_user(rule: Rule, name: str) -> None:
    """It alone is evaluated, and the verdict is that of every other trigger."""
    rule.change(name)
    assert rule.config.compliance == {name: EVERYBODY[name]}
    assert (rule.errors, rule.written) == ([], [])


@pytest.mark.parametrize("mode", ["observe", "enforce"])
def test_a_schedule(mode: str) -> None:
    """Everybody is evaluated, and in neither mode is anything done."""
    rule = Rule(mode=mode)
    rule.invoke(invocation())
    assert rule.config.compliance == EVERYBODY
    assert (rule.errors, rule.written, rule.stage.waiting) == ([], [], [])


def test_the_record(rule: Rule) -> None:
    """One of the whole, with counts; and one of each that a person may want to look at."""
    rule.invoke(invocation(parameters={"scope": "console"}))
    told = rule.told
    assert told["rule"] == RULE
    assert told["settings"] == {"scope": "console"}
    assert told["evaluations"] == {"COMPLIANT": 3, "NOT_APPLICABLE": 1}
    rule.change("alice")
    assert rule.told["resource"] == {"type": USER, "id": rule.id_of("alice"), "name": "alice"}
    subjects = [each for each in rule.stage.ledger.records if each.get("subject")]
    assert [each["subject"]["name"] for each in subjects] == ["alice"]
    assert [each["why"] for each in subjects[0]["actions"]] == ["only reported"]
    assert subjects[0]["trigger"]["kind"] == "config"


class TestGone:
    """Users who are not there any more."""

    def test_one_that_nobody_told_of(self, rule: Rule) -> None:
        """The rule still holds a result of it; the schedule finds it missing."""
        rule.config.hold("AIDAGONE", rule.id_of("alice"))
        rule.invoke(invocation())
        assert rule.config.compliance == EVERYBODY | {"AIDAGONE": "NOT_APPLICABLE"}

    def test_one_that_is_gone_is_told_of_once(self, rule: Rule) -> None:
        """What is not applicable is not looked for again."""
        rule.config.hold("AIDAGONE", compliance="NOT_APPLICABLE")
        rule.invoke(invocation())
        assert rule.config.batches == [4]

    def test_one_of_whom_an_item_says_so(self, rule: Rule) -> None:
        """Nothing is read."""
        before = rule.stage.weather.calls
        rule.change("alice", configurationItemStatus="ResourceDeleted")
        assert rule.config.compliance == {"alice": "NOT_APPLICABLE"}
        assert rule.stage.weather.calls == before

    def test_one_whose_name_another_has_now(self, rule: Rule) -> None:
        """An id is never given again, and a name is."""
        old = rule.id_of("bob")
        rule.stage.account.remove_user("bob")
        rule.stage.account.put_user("bob")
        rule.invoke(invocation(item(USER, old, resourceName="bob")))
        assert rule.config.compliance == {old: "NOT_APPLICABLE"}

    def test_one_that_was_made_just_now(self, rule: Rule) -> None:
        """It is not visible yet, and not gone; a further try finds it."""
        rule.stage.weather.ages = (30,)
        rule.stage.account.put_user("dave")
        made = rule.stage.clock().isoformat()
        rule.change("dave", resourceCreationTime=made)
        assert rule.config.compliance == {"dave": "NON_COMPLIANT"}
        assert len(rule.errors) == 1

    def test_nobody_is_taken_for_gone_when_not_all_were_read(self, rule: Rule) -> None:
        """An error is never read as "no user"."""
        rule.config.hold(*(each.id for each in rule.stage.account.world.users.values()))
        rule.stage.weather.broken = frozenset({"get_account_authorization_details"})
        rule.invoke(invocation())
        assert set(rule.config.compliance.values()) == {"COMPLIANT"}
        assert len(rule.errors) == 3

    def test_a_renamed_user_is_not_gone(self, rule: Rule) -> None:
        """Found by its id, under the name that it has now."""
        rule.stage.account.rename_user("alice", "alina")
        rule.invoke(invocation(item(USER, rule.id_of("alina"), resourceName="alice")))
        assert rule.config.compliance == {"alina": "NON_COMPLIANT"}

    def test_those_who_are_missing_are_not_asked_about_in_vain(self, rule: Rule) -> None:
        """What fails for one fails for all 300; who was judged is told of at every try."""
        rule.config.hold(*(f"AIDAGONE{number}" for number in range(300)))
        rule.stage.weather.broken = frozenset({"list_users"})
        before = rule.stage.weather.calls
        rule.invoke(invocation())
        assert rule.stage.weather.calls - before < 3 * 15
        held = rule.config.compliance
        assert {name: held[name] for name in EVERYBODY} == EVERYBODY
        assert set(held.values()) >= {"COMPLIANT"}
        assert "NOT_APPLICABLE" not in {held[name] for name in held if name not in EVERYBODY}
        assert len(rule.errors) == 3

    def test_users_cannot_be_listed(self, rule: Rule) -> None:
        """Then nobody is taken for gone, and it is tried again."""
        rule.stage.weather.broken = frozenset({"list_users"})
        rule.invoke(invocation(item(USER, "AIDAGONE", resourceName="nobody")))
        assert rule.config.compliance == {}
        assert len(rule.errors) == 3


class TestPolicies:
    """Changes of policies."""

    @pytest.fixture
    def rule(self, rule: Rule) -> Rule:
        """Alice has a policy herself, carol by a group."""
        account = rule.stage.account
        account.put_policy(PAYROLL, {}, "{}")
        account.put_group("clerks", PAYROLL)
        account.change("alice", policies=frozenset({PAYROLL}))
        account.change("carol", groups=frozenset({"clerks"}))
        rule.stage.clock.advance(3600)
        return rule

    HOLDERS = {"alice": "NON_COMPLIANT", "carol": "COMPLIANT"}  # noqa: RUF012 - never changed

    def test_its_holders_are_evaluated(self, rule: Rule) -> None:
        """Those whom it reaches, and nobody else; it is no user itself."""
        rule.invoke(invocation(item(POLICY, "ANPA1", ARN=PAYROLL)))
        assert rule.config.compliance == self.HOLDERS

    def test_one_of_which_only_the_id_is_said(self, rule: Rule) -> None:
        """Its last item is read."""
        found = {"resourceType": POLICY, "resourceId": "ANPA1", "arn": PAYROLL}
        rule.config.items["ANPA1"] = found
        rule.invoke(invocation(item(POLICY, "ANPA1"), oversized=True))
        assert rule.config.compliance == self.HOLDERS

    def test_one_of_which_nothing_is_known(self, rule: Rule) -> None:
        """It may be known at another try."""
        rule.invoke(invocation(item(POLICY, "ANPA1")))
        assert "does not say which AWS::IAM::Policy is ANPA1" in str(rule.errors[0])
        assert (len(rule.errors), rule.config.compliance) == (3, {})

    @pytest.mark.parametrize(
        "members",
        [
            pytest.param({"configurationItemStatus": "ResourceDeleted"}, id="deleted"),
            pytest.param({"ARN": f"{PAYROLL}-2"}, id="held by nobody"),
        ],
    )
    def test_one_that_reaches_nobody(self, rule: Rule, members: dict[str, str]) -> None:
        """There is nothing to tell."""
        rule.invoke(invocation(item(POLICY, "ANPA1", **{"ARN": PAYROLL, **members})))
        assert (rule.config.batches, rule.errors) == ([], [])

    def test_one_that_has_left_the_scope(self, rule: Rule) -> None:
        """Its holders have not."""
        changed = item(POLICY, "ANPA1", ARN=PAYROLL)
        rule.invoke(invocation(changed, eventLeftScope=True))
        assert rule.config.batches == []


def test_a_resource_that_is_not_ours(rule: Rule) -> None:
    """A rule that someone has scoped wider than we judge."""
    rule.invoke(invocation(item("AWS::EC2::Instance", "i-0")))
    found = rule.config.results["i-0"]
    assert found["ComplianceType"] == "NOT_APPLICABLE"
    assert found["Annotation"] == "mfa-reactor looks after no resources of type AWS::EC2::Instance"


def test_a_bucket_is_not_ours_either() -> None:
    """Though the stage looks after buckets: AWS Config has rules of its own for them."""
    rule = Rule(buckets="true")
    rule.invoke(invocation(item("AWS::S3::Bucket", "open-to-all")))
    found = rule.config.results["open-to-all"]
    assert found["ComplianceType"] == "NOT_APPLICABLE"
    assert found["Annotation"] == "mfa-reactor looks after no resources of type AWS::S3::Bucket"


class TestParameters:
    """What a rule's parameters change."""

    def test_another_scope(self, rule: Rule) -> None:
        """In that of everyone, a device is not enough."""
        rule.invoke(invocation(parameters={"scope": "everyone"}))
        assert rule.config.compliance == EVERYBODY | {"carol": "NON_COMPLIANT"}

    def test_another_list(self, rule: Rule) -> None:
        """It excuses for this rule."""
        rule.stage.other_list = "/mfa-reactor/of-config"
        rule.stage.account.put_list("alice")
        rule.stage.clock.advance(3600)
        rule.invoke(invocation(parameters={"whitelistParameter": "/mfa-reactor/of-config"}))
        assert rule.config.compliance == EVERYBODY | {"alice": "NOT_APPLICABLE"}

    def test_a_list_that_is_not_there(self, rule: Rule) -> None:
        """Without it nobody is judged: "no list" would make those it excuses non-compliant."""
        rule.invoke(invocation(parameters={"whitelistParameter": "/mfa-reactor/none"}))
        assert rule.config.compliance == {}
        assert all(isinstance(each, Unsettled) for each in rule.errors)
        assert len(rule.errors) == 3

    def test_a_wrong_one(self, rule: Rule) -> None:
        """One alarm, with what to do; nothing is reported, and nothing is tried again."""
        rule.invoke(invocation(parameters={"scope": "all"}))
        (alarm,) = rule.alarms
        assert (alarm["alarm"], alarm["rule"]) == ("config-rule-refused", RULE)
        assert "is 'all': it takes one of everyone" in alarm["what"]
        assert "mend the rule's InputParameters" in alarm["remedy"]
        assert (rule.config.batches, rule.errors) == ([], [])


class TestTime:
    """What there is no time for."""

    def test_those_who_were_asked_are_told_of(self, rule: Rule) -> None:
        """The others at a further try; results come in time in any case."""
        for number in range(60):
            rule.stage.account.put_user(f"user-{number}")
        rule.stage.clock.advance(3600)
        rule.stage.patience = 60
        rule.invoke(invocation())
        assert 4 < len(rule.config.compliance) < 64
        assert "must be tried again" in str(rule.errors[0])

    def test_those_who_are_missing_are_looked_for_with_time_only(self, rule: Rule) -> None:
        """Or what was judged would not be told of."""
        for number in range(60):
            rule.stage.account.put_user(f"user-{number}")
        rule.config.broken["get_compliance_details_by_config_rule"] = "NoSuchConfigRuleException"
        rule.stage.clock.advance(3600)
        rule.stage.patience = 60
        rule.invoke(invocation())
        assert len(rule.config.compliance) > 4
        assert "there was no time left" in rule.told["errors"][0]["what"]
        assert rule.alarms == []

    def test_those_who_came_meanwhile_are_judged_with_time_only(self, rule: Rule) -> None:
        """They were not among all there are, and are read one by one; the others are told of."""
        details = rule.config.get_paginator

        def after_they_came(operation: str) -> Any:
            for number in range(40):
                rule.stage.account.put_user(f"late-{number:02}")
                rule.config.hold(rule.id_of(f"late-{number:02}"))
            rule.stage.clock.advance(3600)
            rule.config.get_paginator = details  # type: ignore[method-assign]
            return details(operation)

        rule.config.get_paginator = after_they_came  # type: ignore[method-assign]
        rule.stage.patience = 60
        rule.stage.invoke(Function.CONFIG, invocation())
        rule.stage.wait(1)
        late = {each: held for each, held in rule.config.compliance.items() if each[:4] == "late"}
        assert set(late.values()) == {"COMPLIANT", "NON_COMPLIANT"}, "some were judged, not all"
        assert "who may be gone" in rule.told["errors"][0]["what"]
        assert {each: rule.config.compliance[each] for each in EVERYBODY} == EVERYBODY


class TestRefusedAgain:
    """A rule that is refused is invoked for every change all the same."""

    WRONG = invocation(parameters={"scope": "all"})

    IGNORED = "refused as before, and an alarm has told of it: the parameter scope of the rule"

    def test_an_alarm_an_hour(self, rule: Rule) -> None:
        """The others are recorded, with the reason."""
        for _ in range(3):
            rule.invoke(self.WRONG)
            rule.stage.clock.advance(60)
        assert len(rule.alarms) == 1
        said = [each["ignored"] for each in rule.stage.ledger.records if "ignored" in each]
        assert [each.startswith(self.IGNORED) for each in said] == [True, True]
        rule.stage.clock.advance(3600)
        rule.invoke(self.WRONG)
        assert len(rule.alarms) == 2

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param({"parameters": {"scope": "none"}}, id="for another reason"),
            pytest.param({"configRuleName": "another"}, id="another rule"),
        ],
    )
    def test_what_was_not_told_yet_is(self, rule: Rule, other: dict[str, Any]) -> None:
        """At once."""
        rule.invoke(self.WRONG)
        rule.invoke(invocation(**{"parameters": {"scope": "all"}, **other}))
        assert len(rule.alarms) == 2


class TestAwsConfig:
    """AWS Config itself fails."""

    def test_what_it_holds_cannot_be_read(self, rule: Rule) -> None:
        """Everybody is told of, and who is gone at a further try."""
        operation = "get_compliance_details_by_config_rule"
        rule.config.broken[operation] = "ThrottlingException"
        rule.invoke(invocation())
        assert rule.config.compliance == EVERYBODY
        assert "ThrottlingException" in str(rule.errors[0])
        assert rule.told["errors"][0]["kind"] == "transient"

    def test_a_rule_that_is_gone(self, rule: Rule) -> None:
        """An alarm, and no further try: there is nobody to tell."""
        operation = "get_compliance_details_by_config_rule"
        rule.config.broken[operation] = "NoSuchConfigRuleException"
        rule.invoke(invocation())
        assert [each["alarm"] for each in rule.alarms] == ["config-rule-refused"]
        assert (rule.errors, rule.config.batches) == ([], [])

    def test_a_token_that_is_lost_between_two_batches(self, rule: Rule) -> None:
        """What was told before stands in the record, with why it was no more."""
        for number in range(150):
            rule.stage.account.put_user(f"user-{number}", policies=frozenset({GUARD_ARN}))
        rule.stage.clock.advance(3600)
        rule.config.broken["put_evaluations"] = "InvalidResultTokenException"
        rule.config.takes = 1
        rule.invoke(invocation())
        assert sum(rule.told["evaluations"].values()) == 100
        assert [each["kind"] for each in rule.told["errors"]] == ["permanent"]
        assert [each["alarm"] for each in rule.alarms] == ["config-rule-refused"]
        assert rule.errors == []  # everybody was judged, and the token will not come back

    def test_who_could_not_be_judged_is_not_dropped_with_a_token(self, rule: Rule) -> None:
        """It is tried again as it is else, and lies in the failure queue at last."""
        rule.stage.weather.broken = frozenset({"list_mfa_devices"})
        rule.invoke(invocation(resultToken="forged"))
        assert [str(each).split(";")[0] for each in rule.errors] == [
            "1 of 4 subjects must be tried again"
        ] * 3
        assert len(rule.alarms) == 1
        assert len(rule.stage.failed) == 1

    def test_results_are_never_taken(self, rule: Rule) -> None:
        """The record says so, and the invocation ends in the time that it has."""
        rule.config.broken["put_evaluations"] = "ThrottlingException"
        rule.stage.patience = 1
        rule.change("alice", configurationItemStatus="ResourceDeleted")
        assert rule.told["evaluations"] == {}
        assert "did not take 1 of 1" in rule.told["errors"][0]["what"]
        assert len(rule.errors) == 3

    def test_a_token_that_is_none(self, rule: Rule) -> None:
        """Whoever may invoke the function can try it out, and no more."""
        rule.invoke(invocation(resultToken="forged"))
        assert "InvalidResultToken" in rule.alarms[0]["what"]
        assert (rule.errors, rule.config.results) == ([], {})


def test_nobody_else_is_waked_by_it(rule: Rule) -> None:
    """Neither the sweep nor the keeper is asked for anything, whatever is found."""
    rule.stage.account.remove_policy()
    rule.stage.clock.advance(3600)
    rule.invoke(invocation())
    rule.change("alice", resourceCreationTime=LONG_AGO)
    assert rule.config.compliance["bob"] == "NON_COMPLIANT"  # what is in the guard's place is none
    assert (rule.written, rule.stage.waiting, rule.errors) == ([], [], [])


class TestTelling:
    """What the function has told, where somebody is to be told."""

    def test_who_is_amiss_has_a_finding(self) -> None:
        """As by any other function; and no notice, for nothing was done."""
        rule = Rule(notice_bus="default", security_hub="true")
        rule.invoke(invocation())
        (payload,) = rule.stage.handed
        assert payload["notices"] == []
        reports = payload["stand"]["reports"]
        assert [(each["name"], each["standing"]) for each in reports] == [("alice", "open")]

    def test_a_rule_with_settings_of_its_own_makes_none(self) -> None:
        """By the stage's settings those may be in order, and the next sweep would close them."""
        rule = Rule(notice_bus="default", security_hub="true")
        rule.invoke(invocation(parameters={"scope": "everyone"}))
        assert rule.told["evaluations"]["NON_COMPLIANT"] > 1
        assert rule.stage.handed == []

    def test_a_rule_that_is_refused_is_told(self) -> None:
        """Its alarm is, as every other."""
        rule = Rule(notice_bus="default")
        rule.invoke(invocation(parameters={"no-such": "parameter"}))
        (payload,) = rule.stage.handed
        assert [each["alarm"] for each in payload["notices"]] == ["config-rule-refused"]
