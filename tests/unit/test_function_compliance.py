"""reactor.handlers.compliance: what becomes of each message, and which come back."""

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st

from reactor.aws.account import AwsSession
from reactor.errors import Unsettled
from reactor.guardrails import GUARDRAILS
from reactor.handlers.compliance import MANY, MOST_REASONS
from reactor.names import Function
from reactor.users.resources import together
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.harness import settings
from tests.fakes.stage import Stage
from tests.unit.test_compliance_messages import ANYTHING

RULE, RULE_ID = "mfa-enabled", "config-rule-a1b2c3"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:mfa-reactor-prod-notifications"
NONE: dict[str, list[Any]] = {"batchItemFailures": []}


@pytest.fixture
def stage() -> Stage:
    """Return a stage that takes notices of two rules, with a guard, and users u0 to u9."""
    return staged()


def staged(users: int = 10, **texts: str) -> Stage:
    """Return such a stage."""
    chosen = {"config_rules": f"{RULE},{RULE_ID}", **texts}
    found = Stage(settings(**chosen))
    found.own_copies = ()
    found.account.put_policy()
    for number in range(users):
        found.account.put_user(f"u{number}", keys=(True,))
    found.clock.advance(3600)
    return found


def notice(stage: Stage, user: str, **more: object) -> dict[str, object]:
    """Say that the rule found a user amiss."""
    return {
        "configRuleName": RULE,
        "resourceType": "AWS::IAM::User",
        "resourceId": stage.account.world.users[user].id,
        **more,
    }


def batch(*bodies: object) -> dict[str, Any]:
    """Return what Lambda makes of a queue's messages."""
    texts = [each if isinstance(each, str) else json.dumps(each) for each in bodies]
    return {
        "Records": [
            {"messageId": f"m{place}", "eventSourceARN": QUEUE, "body": text}
            for place, text in enumerate(texts)
        ]
    }


def settle(stage: Stage, payload: object) -> Any:
    """Invoke the function, and return its answer."""
    return stage.answer(Function.COMPLIANCE, payload)


def guarded(stage: Stage) -> set[str]:
    """Return who carries the guard."""
    world = stage.account.world
    return {name for name in world.users if world.carries(name, GUARD_ARN)}


def back(answer: Any) -> list[str]:
    """Return the messages that an answer gives back."""
    return [each["itemIdentifier"] for each in answer["batchItemFailures"]]


def ignored(stage: Stage) -> list[tuple[str | None, str | None, str]]:
    """Return message, rule and reason of what was not looked at."""
    return [
        (each["trigger"]["message"], each["trigger"]["rule"], each["ignored"])
        for each in stage.ledger.records
        if "ignored" in each
    ]


def test_seven_are_settled_and_three_come_back(stage: Stage) -> None:
    """Of a batch of ten, the three whose users cannot be read; and later these, too."""
    stage.weather.unlucky = frozenset({"u2", "u5", "u8"})
    stage.mappings.heeding = {QUEUE: True}
    payload = batch(*(notice(stage, f"u{number}") for number in range(10)))
    assert back(settle(stage, payload)) == ["m2", "m5", "m8"]
    assert guarded(stage) == {"u0", "u1", "u3", "u4", "u6", "u7", "u9"}
    stage.weather.unlucky = frozenset()
    again = {"Records": [payload["Records"][place] for place in (2, 5, 8)]}
    assert settle(stage, again) == NONE
    assert len(guarded(stage)) == 10


def test_a_settled_notice_has_the_record_of_its_user(stage: Stage) -> None:
    """It says by which rule, and in which message."""
    assert settle(stage, batch(notice(stage, "u1"))) == NONE
    [record] = stage.ledger.records
    assert record["trigger"] == {
        "kind": "compliance",
        "event": None,
        "rule": RULE,
        "message": "m0",
    }
    assert record["subject"]["name"] == "u1"
    assert record["verdict"]["compliance"] == "NON_COMPLIANT"
    assert [each["action"] for each in record["actions"]] == ["attach-guard"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param("not JSON", "it is neither an object nor a list: not JSON", id="not JSON"),
        pytest.param("", "it is neither an object nor a list: ", id="empty"),
        pytest.param("{}", "resourceType and resourceId are missing", id="an empty object"),
    ],
)
def test_poison_is_recorded_and_settled(stage: Stage, body: str, why: str) -> None:
    """It does not come back for ever, and keeps no other from being settled."""
    assert settle(stage, batch(body, notice(stage, "u0"))) == NONE
    [(message, rule, told)] = ignored(stage)
    assert (message, rule) == ("m0", None)
    assert why in told
    assert guarded(stage) == {"u0"}


@pytest.mark.parametrize(
    ("more", "rule", "why"),
    [
        pytest.param(
            {"configRuleName": "another"},
            None,
            "the rule another is not in REACTOR_CONFIG_RULES",
            id="another rule's",
        ),
        pytest.param(
            {"awsAccountId": "999999999999"}, RULE, "it is about account 999999999999", id="account"
        ),
        pytest.param(
            {"resourceType": "AWS::EC2::Instance", "resourceId": "i-1"},
            RULE,
            "mfa-reactor looks after no resources of type AWS::EC2::Instance",
            id="another type",
        ),
        pytest.param(
            {"resourceType": "AWS::IAM::Policy", "resourceId": "ANPAEXAMPLE"},
            RULE,
            "its id alone does not lead to anything of type AWS::IAM::Policy",
            id="a policy by its id",
        ),
        pytest.param(
            {"newEvaluationResult": {"complianceType": "COMPLIANT"}},
            RULE,
            "the rule found it COMPLIANT",
            id="compliant",
        ),
        pytest.param(
            {"newEvaluationResult": {"complianceType": "NOT_APPLICABLE"}},
            RULE,
            "the rule found it NOT_APPLICABLE",
            id="not applicable",
        ),
    ],
)
def test_what_is_not_ours_is_recorded_and_settled(
    stage: Stage, more: dict[str, object], rule: str | None, why: str
) -> None:
    """Nobody is looked at."""
    before = stage.weather.calls
    assert settle(stage, batch(notice(stage, "u0", **more))) == NONE
    assert ignored(stage) == [("m0", rule, why)]
    assert stage.weather.calls == before
    assert guarded(stage) == set()


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="by its name"),
        pytest.param({"configRuleName": None, "configRuleId": RULE_ID}, id="by its id"),
        pytest.param({"awsAccountId": ACCOUNT, "region": "eu-west-1"}, id="of another region"),
        pytest.param(
            {"newEvaluationResult": {"complianceType": "INSUFFICIENT_DATA"}},
            id="the rule could not tell",
        ),
        pytest.param({"newEvaluationResult": "odd"}, id="what was found cannot be read"),
    ],
)
def test_what_must_be_looked_at(stage: Stage, more: dict[str, object]) -> None:
    """Users are of no region, and a rule that could not tell is reason to look."""
    assert settle(stage, batch(notice(stage, "u0", **more))) == NONE
    assert guarded(stage) == {"u0"}


def test_the_same_user_in_several_messages_is_looked_at_once(stage: Stage) -> None:
    """And if that fails, all of them come back."""
    said = notice(stage, "u0")
    assert settle(stage, batch(said, [said, said], said)) == NONE
    assert len(stage.ledger.records) == 1
    stage.weather.unlucky = frozenset({"u0"})
    stage.mappings.heeding = {QUEUE: True}
    assert back(settle(stage, batch(said, [said, said], notice(stage, "u1")))) == ["m0", "m1"]


def test_a_list_that_fails_in_part_comes_back_as_a_whole(stage: Stage) -> None:
    """Whoever it names and could be settled is settled."""
    stage.weather.unlucky = frozenset({"u1"})
    stage.mappings.heeding = {QUEUE: True}
    payload = batch([notice(stage, "u0"), notice(stage, "u1")], notice(stage, "u2"))
    assert back(settle(stage, payload)) == ["m0"]
    assert guarded(stage) == {"u0", "u2"}


def test_a_user_who_is_gone_is_settled(stage: Stage) -> None:
    """An id is nobody's after its user was deleted, whoever has the name now."""
    said = notice(stage, "u0")
    stage.account.remove_user("u0")
    stage.account.put_user("u0", keys=(True,))
    assert settle(stage, batch(said)) == NONE
    assert stage.ledger.records[-1]["verdict"]["rule"] == "gone"
    assert guarded(stage) == set()


@pytest.mark.parametrize("others", [0, MANY - 1, MANY, 3 * MANY])
@pytest.mark.parametrize("scope", ["everyone", "without-mfa"])
def test_a_user_without_credentials_is_left_to_the_sweep(others: int, scope: str) -> None:
    """As on an event, and however many are named with it: the guard would be in the way."""
    stage = staged(others, scope=scope)
    stage.account.put_user("leaving")
    names = ["leaving", *(f"u{number}" for number in range(others))]
    assert settle(stage, batch(*(notice(stage, each) for each in names))) == NONE
    [record] = [each for each in stage.ledger.records if each["subject"]["name"] == "leaving"]
    assert record["verdict"]["rule"] == "being-deleted"
    assert guarded(stage) == set(names[1:])


@pytest.mark.parametrize(
    "credential",
    [
        {"password": True},
        {"keys": (True,)},
        {"ssh_keys": (True,)},
        {"service_credentials": (True,)},
        {"certificates": (True,)},
    ],
    ids=str,
)
def test_of_many_whoever_can_sign_in_is_guarded(credential: dict[str, Any]) -> None:
    """By a credential of whatever kind; a key that is off is none."""
    stage = staged(MANY)
    stage.account.put_user("able", **credential)
    stage.account.put_user("unable", keys=(False,))
    names = ["able", "unable", *(f"u{number}" for number in range(MANY))]
    assert settle(stage, batch(*(notice(stage, each) for each in names))) == NONE
    assert guarded(stage) == {*names} - {"unable"}


def test_of_many_who_cannot_be_asked_for_credentials_come_back_alone() -> None:
    """An error is not taken for a credential, nor for none."""
    stage = staged(30)
    stage.mappings.heeding = {QUEUE: True}
    names = [f"u{number}" for number in range(30)]
    for each in names:
        stage.account.change(each, password=each != "u4")  # who has one need not be asked for keys
    stage.weather.broken = frozenset({"list_access_keys"})
    payload = batch(*(notice(stage, each) for each in names))
    assert back(settle(stage, payload)) == ["m4"]
    assert guarded(stage) == {*names} - {"u4"}


def test_of_many_nobody_is_asked_for_a_password_twice() -> None:
    """The scope has asked for it, and it is a credential."""
    stage = staged(30, scope="console")
    for number in range(30):
        stage.account.change(f"u{number}", password=True)
    before = stage.weather.calls
    assert settle(stage, batch(*(notice(stage, f"u{number}") for number in range(30)))) == NONE
    assert len(guarded(stage)) == 30
    # For each its devices, its password, and the change.
    assert stage.weather.calls - before < 30 / 3 + 3 * 30 + 10


def test_of_many_nobody_is_asked_whose_verdict_does_not_depend_on_it() -> None:
    """Who is guarded, exempt or enrolled costs no call of its own."""
    stage = staged(30, scope="without-mfa", exempt_names="u0")
    for number in range(1, 30):
        stage.account.change(f"u{number}", policies=frozenset({GUARD_ARN}))
    before = stage.weather.calls
    assert settle(stage, batch(*(notice(stage, f"u{number}") for number in range(30)))) == NONE
    assert stage.weather.calls - before < 30


def test_observe_mode_only_records() -> None:
    """As on an event."""
    stage = staged(mode="observe")
    assert settle(stage, batch(notice(stage, "u0"))) == NONE
    assert [each["outcome"] for each in stage.ledger.records[-1]["actions"]] == ["skipped"]
    assert guarded(stage) == set()


@pytest.mark.parametrize("wrapped", ["an event", "a topic"])
def test_what_no_answer_can_give_back_raises(stage: Stage, wrapped: str) -> None:
    """So that Lambda tries it again; an answer would be taken for success."""
    said = notice(stage, "u0")
    event = {"source": "aws.config", "detail-type": "Config Rules Compliance Change"}
    payload: dict[str, Any] = {**event, "detail": said}
    if wrapped == "a topic":
        payload = {"Records": [{"EventSource": "aws:sns", "Sns": {"Message": json.dumps(said)}}]}
    stage.weather.unlucky = frozenset({"u0"})
    with pytest.raises(Unsettled, match="1 of 1 messages must be tried again"):
        settle(stage, payload)
    stage.weather.unlucky = frozenset()
    assert settle(stage, payload) == NONE
    assert guarded(stage) == {"u0"}


def test_an_answer_that_nobody_heeds_is_not_given(stage: Stage) -> None:
    """Lambda would delete the batch; it raises, so that all comes back, and tells what to mend."""
    stage.weather.unlucky = frozenset({"u1"})
    stage.mappings.heeding = {QUEUE: False}
    with pytest.raises(Unsettled, match="has no ReportBatchItemFailures"):
        settle(stage, batch(notice(stage, "u0"), notice(stage, "u1")))
    [alarm] = [each for each in stage.ledger.records if "alarm" in each]
    assert (alarm["alarm"], alarm["check"]) == ("reactor-impaired", "mappings")  # as doctor says
    assert "update-event-source-mapping --uuid a-mapping" in alarm["remedy"]


def test_where_it_cannot_be_told_whether_the_answer_is_heeded_it_is_not_given(
    stage: Stage,
) -> None:
    """Rather all of the batch again than a message lost."""
    stage.weather.unlucky = frozenset({"u1"})
    stage.mappings.heeding = None
    with pytest.raises(Unsettled, match="whether Lambda heeds that is not known"):
        settle(stage, batch(notice(stage, "u0"), notice(stage, "u1")))


def test_a_lambda_that_does_not_answer_is_waited_for_no_longer_than_there_is_time(
    stage: Stage,
) -> None:
    """So that the metrics and the notices of what was settled are out before Lambda ends it."""
    stage.weather.unlucky = frozenset({"u1"})
    stage.mappings.heeding = {QUEUE: True}
    answered = threading.Event()
    stage.mappings.on_ask = lambda: answered.wait(20)
    session = AwsSession("us-east-1")
    session.deadlines.begin(lambda: 0.2)
    stage.begin = session.begin
    try:
        with pytest.raises(Unsettled, match="whether Lambda heeds that is not known"):
            settle(stage, batch(notice(stage, "u0"), notice(stage, "u1")))
    finally:
        answered.set()
    assert guarded(stage) == {"u0"}


def test_it_is_not_asked_while_all_is_settled(stage: Stage) -> None:
    """The answer that gives nothing back is right for every mapping."""
    stage.mappings.heeding = {QUEUE: False}
    assert settle(stage, batch(notice(stage, "u0"))) == NONE
    assert stage.mappings.asked == 0


def test_whoever_invokes_without_a_mapping_gets_the_answer(stage: Stage) -> None:
    """A person: nothing deletes what is given back."""
    stage.weather.unlucky = frozenset({"u0"})
    assert back(settle(stage, batch(notice(stage, "u0")))) == ["m0"]


def by_pipe(payload: dict[str, Any]) -> list[Any]:
    """Return a batch as an EventBridge pipe hands it over."""
    found: list[Any] = payload["Records"]
    return found


def of_a_queue_that_cannot_be_read(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a batch whose queue has no ARN of a form that we know."""
    return {"Records": [{**each, "eventSourceARN": "?"} for each in payload["Records"]]}


@pytest.mark.parametrize("brought", [by_pipe, of_a_queue_that_cannot_be_read])
def test_where_the_mapping_cannot_be_looked_up_it_raises(
    stage: Stage, brought: Callable[[dict[str, Any]], Any]
) -> None:
    """All comes back, whoever brought it and whatever heeds an answer: nothing is lost."""
    stage.weather.unlucky = frozenset({"u1"})
    stage.mappings.heeding = {QUEUE: False}
    payload = brought(batch(notice(stage, "u0"), notice(stage, "u1")))
    with pytest.raises(Unsettled, match="1 of 2 messages must be tried again"):
        settle(stage, payload)
    assert guarded(stage) == {"u0"}
    stage.weather.unlucky = frozenset()
    assert settle(stage, payload) == NONE
    assert guarded(stage) == {"u0", "u1"}


def test_what_is_ignored_is_counted_and_does_not_flood_the_log(stage: Stage) -> None:
    """A message of rubbish, however it varies, leaves a few lines; what is left out is counted."""
    rubbish: list[object] = [f"rubbish {number}" for number in range(2000)]
    rubbish += [notice(stage, "u1", configRuleName=f"rule-{number}") for number in range(2000)]
    same = ["often"] * 5
    assert settle(stage, batch([*rubbish, *same, notice(stage, "u0")])) == NONE
    told = [why for _, _, why in ignored(stage)]
    assert told[0] == "5 notices: it is neither an object nor a list: often"
    assert told[-1] == f"{4000 - (MOST_REASONS - 1)} notices: for other reasons"
    assert len(told) == MOST_REASONS + 1
    assert guarded(stage) == {"u0"}


def test_a_permanent_failure_does_not_come_back() -> None:
    """Another try would end alike: it is recorded, with an alarm."""
    stage = staged(1)
    stage.account.remove_policy()
    stage.account.put_policy(tags={}, document="{}")  # somebody else's
    assert settle(stage, batch(notice(stage, "u0"))) == NONE
    assert [each["alarm"] for each in stage.ledger.records if "alarm" in each] == [
        "permanent-failure"
    ]


def test_many_users_are_read_in_bulk() -> None:
    """Of a list of two hundred, each is settled, by a fraction of the calls."""
    stage = staged(200)
    before = stage.weather.calls
    listed = [notice(stage, f"u{number}") for number in range(200)]
    assert settle(stage, batch(listed)) == NONE
    assert len(guarded(stage)) == 200
    # Pages of three here; for each two questions, for a password and a key, and one change.
    assert stage.weather.calls - before < 200 / 3 + 3 * 200 + 10


def test_of_many_users_those_who_are_gone_are_settled() -> None:
    """The bulk data has them not, and neither has another look."""
    stage = staged(30)
    listed = [notice(stage, f"u{number}") for number in range(30)]
    stage.account.remove_user("u7")
    assert settle(stage, batch(*listed)) == NONE
    rules = [each["verdict"]["rule"] for each in stage.ledger.records]
    assert rules.count("gone") == 1
    assert len(guarded(stage)) == 29


def test_when_bulk_data_cannot_be_read_all_come_back() -> None:
    """Nobody of them was settled."""
    stage = staged(30)
    stage.mappings.heeding = {QUEUE: True}
    stage.weather.broken = frozenset({"get_account_authorization_details"})
    payload = batch(*(notice(stage, f"u{number}") for number in range(30)))
    assert len(back(settle(stage, payload))) == 30
    assert guarded(stage) == set()


def test_who_cannot_be_changed_among_many_comes_back_alone() -> None:
    """Each has an outcome of its own, however it was read."""
    stage = staged(30)
    stage.mappings.heeding = {QUEUE: True}
    payload = batch(*(notice(stage, f"u{number}") for number in range(30)))

    def refuse(_operation: str, user: str) -> None:
        if user == "u3":
            raise TimeoutError(user)

    stage.on_write = refuse
    assert back(settle(stage, payload)) == ["m3"]


def test_what_there_is_no_time_for_comes_back(stage: Stage) -> None:
    """It is recorded as it is, and whoever was settled before stays so."""
    stage.mappings.heeding = {QUEUE: True}
    stage.patience = 60
    payload = batch(*(notice(stage, f"u{number}") for number in range(10)))
    left = back(settle(stage, payload))
    assert 0 < len(left) < 10
    assert len(guarded(stage)) == 10 - len(left)
    late = [each for each in stage.ledger.records if each["try_again"]]
    assert len(late) == len(left)


@pytest.mark.parametrize("scope", ["everyone", "without-mfa"])
def test_of_many_not_all_of_the_time_goes_into_questions(scope: str) -> None:
    """Half of it is for changes: who was asked is guarded, and the others come back."""
    stage = staged(60, scope=scope)
    stage.mappings.heeding = {QUEUE: True}
    stage.patience = 140
    payload = batch(*(notice(stage, f"u{number}") for number in range(60)))
    left = back(settle(stage, payload))
    assert 0 < len(left) < 60
    assert len(guarded(stage)) == 60 - len(left)
    for _ in range(9):
        left = back(settle(stage, payload))
    assert left == []
    assert len(guarded(stage)) == 60


def test_each_record_names_the_rule_that_said_so(stage: Stage) -> None:
    """Of a batch that two rules fill, alone or by the dozen."""
    stage = staged(2 * MANY + 2)
    names = [f"u{number}" for number in range(2 * MANY + 2)]
    rules = {each: (RULE, RULE_ID)[place % 2] for place, each in enumerate(names)}
    for some in (names[:4], names):
        said = [notice(stage, each, configRuleName=rules[each]) for each in some]
        before = len(stage.ledger.records)
        assert settle(stage, batch(*said)) == NONE
        told = stage.ledger.records[before:]
        named = {each["subject"]["name"]: each["trigger"]["rule"] for each in told}
        assert named == {each: rules[each] for each in some}


def test_why_many_come_back_is_told() -> None:
    """It is what kept all of them from being read."""
    stage = staged(30)
    stage.weather.broken = frozenset({"get_account_authorization_details"})
    listed = [notice(stage, f"u{number}") for number in range(30)]
    with pytest.raises(Unsettled, match=r"the first: iam:GetAccountAuthorizationDetails"):
        settle(stage, listed)


def test_of_many_whom_nothing_is_said_of_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """That would be a mistake of ours, and not a reason to delete the notice."""
    stage = staged(MANY + 1)
    stage.mappings.heeding = {QUEUE: True}
    users = next(each for each in GUARDRAILS if each.resource_type == "AWS::IAM::User")
    forgets = replace(users, together=lambda subjects: together(subjects[1:]))
    monkeypatch.setattr("reactor.guardrails.GUARDRAILS", (forgets,))
    payload = batch(*(notice(stage, f"u{number}") for number in range(MANY + 1)))
    assert back(settle(stage, payload)) == ["m0"]


@budget(max_examples=60, deadline=None)
@given(st.lists(ANYTHING, max_size=4), st.booleans())
def test_it_never_raises_without_a_transient_behind_it(bodies: list[Any], queued: bool) -> None:
    """Whatever a payload holds: it is settled, and recorded."""
    stage = staged(1)
    payload = batch(*bodies) if queued else {"Records": bodies}
    assert settle(stage, payload) == NONE
    assert settle(stage, bodies) == NONE


def test_who_was_guarded_is_told() -> None:
    """Where somebody is to be told; with the rule that had said so, and a finding."""
    stage = staged(notice_bus="default", security_hub="true")
    assert settle(stage, batch(notice(stage, "u1"))) == NONE
    (payload,) = stage.handed
    (told,) = payload["notices"]
    assert (told["kind"], told["subject"]["name"]) == ("remediated", "u1")
    assert told["details"]["rule"] == RULE
    assert [each["standing"] for each in payload["stand"]["reports"]] == ["mended"]


def test_what_was_settled_is_told_though_others_come_back() -> None:
    """Also where the invocation ends in an error, because nobody heeds its answer."""
    stage = staged(notice_bus="default")
    stage.weather.unlucky = frozenset({"u2"})
    stage.mappings.heeding = {QUEUE: False}
    with pytest.raises(Unsettled):
        settle(stage, batch(notice(stage, "u1"), notice(stage, "u2")))
    (payload,) = stage.handed
    told = {(each["kind"], each.get("alarm", each.get("what"))) for each in payload["notices"]}
    assert ("alarm", "reactor-impaired") in told
    assert ("remediated", "u1 was remediated") in told
