"""reactor.triggers.config: what AWS Config asks for, and what is refused in which words."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from reactor.errors import Permanent, SettingError
from reactor.model import Resource
from reactor.settings import Lift, Scope, Settings
from reactor.triggers.config import PARAMETERS, Asked, Kind, of_rule, parse
from tests.fakes.account import ACCOUNT
from tests.fakes.config import CAPTURED, NOTIFIED, RULE, TOKEN, USER, invocation, item
from tests.fakes.harness import settings
from tests.unit.recorded import recorded

ARN = f"arn:aws:iam::{ACCOUNT}:user/staff/alice"
ALICE = item(resourceName="alice", ARN=ARN)
THEIRS = {
    name: each for name, each in recorded().items() if name.startswith("ConfigRuleInvocation")
}
DELETED = "it is deleted"


def read(payload: object) -> Asked:
    """Parse an invocation in our account."""
    return parse(payload, account=ACCOUNT)


def time(text: str) -> datetime:
    """Return a time as AWS Config writes it."""
    return datetime.fromisoformat(text).astimezone(UTC)


def without(payload: dict[str, Any], member: str) -> dict[str, Any]:
    """Return a payload without one member."""
    return {name: each for name, each in payload.items() if name != member}


class TestAsked:
    """What an invocation asks for."""

    def test_a_change(self) -> None:
        """Of the item, no more is read than whose it is and when it was captured."""
        asked = read(invocation(ALICE))
        created = datetime(2024, 1, 1, tzinfo=UTC)
        resource = Resource(USER, "AIDA1", "alice", ARN, "global", created)
        assert asked == Asked(RULE, Kind.CHANGE, TOKEN, time(CAPTURED), {}, {}, resource)

    def test_an_item_that_is_too_large(self) -> None:
        """Its summary tells as much; published ones have no name."""
        summary = item(resourceName=None, ARN=ARN)
        asked = read(invocation(summary, oversized=True))
        assert asked.kind is Kind.OVERSIZED
        assert asked.resource is not None
        assert (asked.resource.name, asked.resource.arn) == (None, ARN)

    def test_a_schedule(self) -> None:
        """It brings no item, and its results are ordered by the notification's time."""
        asked = read(invocation())
        assert (asked.kind, asked.resource, asked.at) == (Kind.SCHEDULE, None, time(NOTIFIED))

    @pytest.mark.parametrize(
        ("changed", "left_scope", "over"),
        [
            pytest.param(ALICE, False, None, id="there"),
            pytest.param(ALICE, True, "it has left the rule's scope", id="left the scope"),
            pytest.param(
                ALICE | {"configurationItemStatus": "ResourceDeleted"}, False, DELETED, id="deleted"
            ),
            pytest.param(
                ALICE | {"configurationItemStatus": "ResourceDeletedNotRecorded"},
                True,
                DELETED,
                id="deleted and not recorded",
            ),
            pytest.param(
                ALICE | {"configurationItemStatus": "ResourceNotRecorded"},
                False,
                "AWS Config does not record it",
                id="not recorded",
            ),
            pytest.param(
                ALICE | {"configurationItemStatus": "ResourceDiscovered"}, False, None, id="new"
            ),
            pytest.param(ALICE, "true", None, id="no boolean: it is not believed"),
        ],
    )
    def test_what_is_not_to_be_evaluated_any_more(
        self, changed: dict[str, Any], left_scope: object, over: str | None
    ) -> None:
        """A status of the item, or that it has left the rule's scope."""
        assert read(invocation(changed, eventLeftScope=left_scope)).over == over

    def test_an_item_without_a_time_has_its_notifications(self) -> None:
        """Results must be ordered by something."""
        asked = read(invocation(without(ALICE, "configurationItemCaptureTime")))
        assert asked.at == time(NOTIFIED)

    @pytest.mark.parametrize(
        "given", [None, "", "{}"], ids=["null", "empty", "an object with nothing in it"]
    )
    def test_a_rule_without_parameters(self, given: object) -> None:
        """However AWS Config writes that."""
        assert read(invocation(ALICE, ruleParameters=given)).overrides == {}

    def test_a_rule_with_parameters(self) -> None:
        """They are texts of settings, and an error in one is told under its own name."""
        asked = read(invocation(parameters={"scope": "console", "whitelistParameter": "/x"}))
        assert asked.overrides == {"scope": "console", "exempt_parameter": "/x"}
        assert asked.called["scope"] == f"the parameter scope of the rule {RULE}"

    @pytest.mark.parametrize("name", ["x" * 64, "Alle haben MFA: Pr\u00fcfung", "\u89c4\u5219 1"])
    def test_a_rules_name(self, name: str) -> None:
        """Whatever can be printed, as AWS Config takes it."""
        assert read(invocation(ALICE, configRuleName=name)).rule == name

    @pytest.mark.parametrize("name", PARAMETERS)
    def test_every_parameter(self, name: str) -> None:
        """Each has its setting."""
        assert read(invocation(parameters={name: "x"})).overrides == {PARAMETERS[name]: "x"}


EVENT = json.loads(invocation(ALICE)["invokingEvent"])


@pytest.mark.parametrize(
    ("payload", "told"),
    [
        pytest.param(None, "invokingEvent is not the JSON text", id="nothing"),
        pytest.param([1], "invokingEvent is not the JSON text", id="a list"),
        pytest.param(
            invocation(ALICE, invokingEvent=EVENT),
            "invokingEvent is not the JSON text",
            id="an event that is no text",
        ),
        pytest.param(
            invocation(ALICE, invokingEvent="{"), "invokingEvent is no JSON", id="no JSON"
        ),
        pytest.param(
            invocation(ALICE, invokingEvent="[" * 100_000), "no JSON", id="too deep a list"
        ),
        pytest.param(invocation(ALICE, invokingEvent="[]"), "but no object", id="a list in a text"),
        pytest.param(without(invocation(ALICE), "resultToken"), "no resultToken", id="no token"),
        pytest.param(invocation(ALICE, resultToken=""), "no resultToken", id="an empty token"),
        pytest.param(invocation(ALICE, resultToken=7), "no resultToken", id="a token of no text"),
        pytest.param(without(invocation(ALICE), "configRuleName"), "names no rule", id="no rule"),
        *(
            pytest.param(invocation(ALICE, configRuleName=name), "names no rule", id=label)
            for label, name in {
                "a rule of no text": 7,
                "a rule of spaces": "  ",
                "a rule of two lines": "a\nb",
                "a rule that turns the text round": "a\u202eb",
                "a rule of half a character": "a\ud800",
                "a rule of more than any name has": "x" * 129,
            }.items()
        ),
        pytest.param(
            invocation(ALICE, configRuleName="x" * 65),
            "has a name of 65 characters: of one that is longer than 64",
            id="a rule whose results cannot be read",
        ),
        pytest.param(
            invocation(invokingEvent='{"messageType": "ConfigurationSnapshotDeliveryCompleted"}'),
            "ConfigurationSnapshotDeliveryCompleted, which this function does not answer",
            id="a notification of another kind",
        ),
        pytest.param(invocation(invokingEvent="{}"), "for None, which", id="of no kind"),
        pytest.param(invocation({}), "of which resource", id="an item with nothing in it"),
        pytest.param(
            invocation(item(unique_id="AIDA\n1")), "of which resource", id="an id of two lines"
        ),
        pytest.param(
            invocation(ALICE, accountId="210987654321"),
            "another account is wanted: 210987654321",
            id="the rule of another account",
        ),
        pytest.param(
            invocation(ALICE | {"awsAccountId": "210987654321"}),
            "another account is wanted: 210987654321",
            id="a resource of another account",
        ),
        pytest.param(
            invocation(invokingEvent='{"messageType": "ScheduledNotification"}'),
            "no time by which",
            id="no time",
        ),
        pytest.param(
            invocation(ruleParameters={"scope": "console"}),
            "ruleParameters is not the JSON text",
            id="parameters that are no text",
        ),
        pytest.param(
            invocation(parameters={"Scope": "x"}),
            "Scope is not a parameter: did you mean scope?",
            id="a misspelt parameter",
        ),
        pytest.param(
            invocation(parameters={"minimum": "x"}),
            "minimum is not a parameter: known are scope, dangerousActions, onlyCustom",
            id="an unknown parameter",
        ),
        pytest.param(
            invocation(parameters={"onlyCustom": True}),
            "onlyCustom is True: it takes a text",
            id="a parameter that is no text",
        ),
        pytest.param(
            invocation(parameters={"onlyCustom": "true", "only_custom": "false"}),
            "only_custom and the parameter onlyCustom",
            id="the same parameter by both its names",
        ),
    ],
)
def test_what_is_refused(payload: object, told: str) -> None:
    """Another try cannot help: it says what is wrong, and what to do."""
    with pytest.raises(Permanent) as caught:
        read(payload)
    assert told in str(caught.value)
    assert caught.value.remedy
    assert "\n" not in str(caught.value)


class TestOfRule:
    """The settings that a rule is evaluated by."""

    def test_parameters_take_the_place_of_settings(self) -> None:
        """Only of those that it names."""
        stage = settings(scope="console", exempt_names="bot-*")
        found = of_rule(stage, read(invocation(parameters={"scope": "without-mfa"})))
        assert (found.scope, found.exempt_names) == (Scope.WITHOUT_MFA, ("bot-*",))
        assert stage.scope is Scope.CONSOLE

    def test_what_is_lifted_plays_no_role(self) -> None:
        """A stage that lifts contradicts the scope of everyone, and its rule need not."""
        stage = settings(scope="without-mfa", lift="compliant")
        found = of_rule(stage, read(invocation(parameters={"scope": "everyone"})))
        assert (found.scope, found.lift) == (Scope.EVERYONE, Lift.NEVER)

    @pytest.mark.parametrize(
        ("own", "wanted"),
        [
            pytest.param("", "/mfa-reactor/config/exempt", id="below the path that is ours"),
            pytest.param("/mfa/exempt", "/mfa/exempt", id="the stage's own"),
            pytest.param("/mfa/exempt", "", id="none"),
        ],
    )
    def test_an_exemption_list_of_its_own(self, own: str, wanted: str) -> None:
        """Any that the function's role can read."""
        asked = read(invocation(parameters={"whitelistParameter": wanted}))
        assert of_rule(settings(exempt_parameter=own), asked).exempt_parameter == wanted

    @pytest.mark.parametrize("wanted", ["/mfa/exempt", "/mfa-reactor", "mfa-reactor/list", "/x/"])
    def test_a_list_that_cannot_be_read(self, wanted: str) -> None:
        """It says where lists may be, and how to get one there."""
        asked = read(invocation(parameters={"whitelistParameter": wanted}))
        with pytest.raises(Permanent, match="it takes a parameter below /mfa-reactor/") as caught:
            of_rule(settings(), asked)
        assert "mfa-reactor exempt import" in caught.value.remedy

    @pytest.mark.parametrize(
        ("parameters", "told"),
        [
            pytest.param({"scope": "all"}, "is 'all': it takes one of everyone", id="a wrong word"),
            pytest.param({"scope": ""}, "is '': it takes one of everyone", id="an empty word"),
            pytest.param({"whitelistParameter": "a b"}, "it takes the name of an SSM", id="a name"),
        ],
    )
    def test_a_wrong_value(self, parameters: dict[str, str], told: str) -> None:
        """The settings' own words, with the parameter's name in place of the variable's."""
        with pytest.raises(SettingError, match="the parameter") as caught:
            of_rule(settings(), read(invocation(parameters=parameters)))
        assert told in str(caught.value)
        assert "REACTOR_" not in str(caught.value)

    @pytest.mark.parametrize(
        ("stage", "parameters"),
        [
            pytest.param({}, {"scope": "privileged"}, id="its scope, of a stage without actions"),
            pytest.param(
                {}, {"scope": "privileged", "dangerousActions": ""}, id="its scope and no actions"
            ),
            pytest.param(
                {"scope": "privileged", "dangerous_actions": "iam:*"},
                {"dangerousActions": ""},
                id="no actions, in the stage's scope",
            ),
        ],
    )
    def test_parameters_that_contradict_each_other(
        self, stage: dict[str, str], parameters: dict[str, str]
    ) -> None:
        """It names the rule and what it lacks, and no variable, which the rule does not have."""
        with pytest.raises(Permanent, match=f"parameters of the rule {RULE} contra") as caught:
            of_rule(settings(**stage), read(invocation(parameters=parameters)))
        assert "privileged, and without dangerousActions" in str(caught.value)
        assert "give the rule dangerousActions, such as" in caught.value.remedy
        assert "REACTOR_" not in str(caught.value) + caught.value.remedy

    def test_what_a_rule_leaves_out_is_the_stages(self) -> None:
        """Its scope with the stage's actions contradicts nothing."""
        stage = settings(dangerous_actions="iam:*")
        found = of_rule(stage, read(invocation(parameters={"scope": "privileged"})))
        assert (found.scope, found.dangerous_actions) == (Scope.PRIVILEGED, ("iam:*",))

    def test_a_setting_that_there_is_not(self) -> None:
        """It is not passed over: what it should restrict would not be restricted."""
        called = {"colour": "the parameter colour"}
        with pytest.raises(SettingError, match="the parameter colour stands for no setting"):
            settings().with_overrides({"colour": "red"}, called)

    def test_settings_are_valid_however_they_are_made(self) -> None:
        """There is no way round what they refuse."""
        with pytest.raises(SettingError, match="REACTOR_LIFT is 'compliant'"):
            Settings.from_environment({}).with_overrides({"lift": "compliant"}, {})


@pytest.mark.skipif(not THEIRS, reason="the published records are not at hand")
class TestPublished:
    """Invocations that AWS and others have published; none is of a user."""

    @pytest.mark.parametrize(
        ("name", "kind", "resource"),
        [
            (
                "OversizedConfigurationItemChangeNotification__awsdocs__1",
                Kind.OVERSIZED,
                "i-00000000",
            ),
            ("ConfigurationItemChangeNotification__awsdocs__1", Kind.CHANGE, "i-00000000"),
            ("ConfigurationItemChangeNotification__custodian__3", Kind.CHANGE, "sg-e2fb6999"),
            ("ScheduledNotification__custodian__1", Kind.SCHEDULE, None),
        ],
    )
    def test_each_is_read(self, name: str, kind: Kind, resource: str | None) -> None:
        """By its kind, its resource, and a time; the examples have a parameter of their own."""
        payload = THEIRS[f"ConfigRuleInvocation-{name}.json"] | {"ruleParameters": "{}"}
        asked = parse(payload, account=payload["accountId"])
        found = None if asked.resource is None else asked.resource.id
        assert (asked.kind, found) == (kind, resource)
        assert asked.token == payload["resultToken"]
        assert asked.at.year in {2016, 2017, 2020}

    def test_their_example_of_a_parameter_is_none_of_ours(self) -> None:
        """It is told by its name."""
        payload = THEIRS[
            "ConfigRuleInvocation-ConfigurationItemChangeNotification__awsdocs__1.json"
        ]
        with pytest.raises(Permanent, match="myParameterKey is not a parameter"):
            parse(payload, account=payload["accountId"])
