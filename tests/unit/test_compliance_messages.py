"""reactor.triggers.compliance: notices from EventBridge, SNS and SQS, wrapped, raw or in lists."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reactor.model import Compliance
from reactor.triggers.compliance import Item, Message, messages
from tests.unit.recorded import recorded

ACCOUNT, USER_ID = "123456789012", "AIDAEXAMPLEUSERID0001"
QUEUE = f"arn:aws:sqs:us-east-1:{ACCOUNT}:notices"
NOTICE = {
    "resourceId": USER_ID,
    "resourceType": "AWS::IAM::User",
    "awsRegion": "us-east-1",
    "awsAccountId": ACCOUNT,
    "configRuleName": "mfa",
    "configRuleARN": f"arn:aws:config:us-east-1:{ACCOUNT}:config-rule/config-rule-abc123",
    "messageType": "ComplianceChangeNotification",
    "newEvaluationResult": {"complianceType": "NON_COMPLIANT", "annotation": None},
}
ITEM = Item(
    frozenset({"mfa", "config-rule-abc123"}),
    "AWS::IAM::User",
    USER_ID,
    "us-east-1",
    ACCOUNT,
    Compliance.NON_COMPLIANT,
)
EVENT = {
    "detail-type": "Config Rules Compliance Change",
    "source": "aws.config",
    "account": ACCOUNT,
    "detail": NOTICE,
}
LISTED = {
    "configRuleId": "config-rule-abc123",
    "resourceType": "AWS::S3::Bucket",
    "resourceId": "a-bucket",
    "region": "eu-central-1",
}
BUCKET = Item(
    frozenset({"config-rule-abc123"}), "AWS::S3::Bucket", "a-bucket", region="eu-central-1"
)


def by_topic(message: object) -> dict[str, Any]:
    """Wrap a message as SNS does on its way to a queue."""
    topic = f"arn:aws:sns:us-east-1:{ACCOUNT}:config"
    return {"Type": "Notification", "TopicArn": topic, "Message": json.dumps(message)}


def to_function(*contents: object) -> dict[str, Any]:
    """Return what SNS invokes a function with."""
    records = [{"EventSource": "aws:sns", "Sns": by_topic(each)} for each in contents]
    return {"Records": records}


def queued(*bodies: object) -> dict[str, Any]:
    """Return what a function gets of a queue."""
    records = [
        {"messageId": f"m{place}", "eventSource": "aws:sqs", "body": json.dumps(each)}
        for place, each in enumerate(bodies)
    ]
    return {"Records": records}


def by_pipe(*bodies: object) -> list[dict[str, Any]]:
    """Return what a function gets of a queue by an EventBridge pipe: the records, and no more."""
    found: list[dict[str, Any]] = queued(*bodies)["Records"]
    return found


def items(payload: object) -> list[Item]:
    """Return all items, where all could be read."""
    found = messages(payload)
    assert not [why for each in found for why in each.unread]
    return [item for each in found for item in each.items]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        pytest.param(EVENT, [ITEM], id="an event"),
        pytest.param(to_function(NOTICE), [ITEM], id="a record of a topic"),
        pytest.param(to_function([LISTED, NOTICE]), [BUCKET, ITEM], id="a list through a topic"),
        pytest.param(queued(NOTICE), [ITEM], id="a raw message of a queue"),
        pytest.param(queued(by_topic(NOTICE)), [ITEM], id="a topic's message through a queue"),
        pytest.param(queued(EVENT), [ITEM], id="an event through a queue"),
        pytest.param(queued(by_topic(EVENT)), [ITEM], id="an event through topic and queue"),
        pytest.param(queued([LISTED], NOTICE), [BUCKET, ITEM], id="a list and a notice"),
        pytest.param(queued(by_topic([LISTED])), [BUCKET], id="a list through topic and queue"),
        pytest.param(by_pipe([LISTED], NOTICE), [BUCKET, ITEM], id="a queue's batch by a pipe"),
        pytest.param([json.dumps(NOTICE)], [ITEM], id="the bodies of a batch, by a pipe"),
        pytest.param(LISTED, [BUCKET], id="an item as the payload"),
        pytest.param([LISTED], [BUCKET], id="a list as the payload"),
    ],
)
def test_every_way_of_saying_it(payload: object, expected: list[Item]) -> None:
    """Wrapped or raw, singly or as a list: the same items."""
    assert items(payload) == expected


@pytest.mark.parametrize(
    ("body", "why"),
    [
        pytest.param("not JSON", "neither an object nor a list: not JSON", id="not JSON"),
        pytest.param("", "neither an object nor a list", id="empty"),
        pytest.param("[]", "it holds no item", id="an empty list"),
        pytest.param("{}", "resourceType and resourceId are missing", id="an empty object"),
        pytest.param("42", "neither an object nor a list: 42", id="a number"),
        pytest.param("[" * 100_000, "neither an object nor a list", id="nested without end"),
        pytest.param(
            json.dumps({**LISTED, "configRuleId": None}), "names a rule", id="without a rule"
        ),
        pytest.param(
            json.dumps({**LISTED, "resourceType": "bucket"}),
            "resourceType and resourceId are missing, or no such",
            id="of no type",
        ),
        pytest.param(
            json.dumps({**LISTED, "resourceId": "a bucket\n"}),
            "resourceType and resourceId are missing, or no such",
            id="with an id that cannot be",
        ),
        *(
            pytest.param(
                json.dumps({**NOTICE, "awsAccountId": account}),
                "awsAccountId is not an account's id",
                id=f"of an account that is {what}",
            )
            for what, account in (
                ("a number", 999999999999),
                ("a list", ["999999999999"]),
                ("written with dashes", "9999-9999-9999"),
                ("empty", ""),
                ("false", False),
            )
        ),
        pytest.param(
            json.dumps({**LISTED, "accountId": 999999999999}),
            "accountId is not an account's id",
            id="of a list, and of an account that is a number",
        ),
        pytest.param(
            json.dumps({**NOTICE, "accountId": "999999999999"}),
            "awsAccountId and accountId are not the same",
            id="of two accounts",
        ),
        pytest.param(
            json.dumps({**EVENT, "detail-type": "Config Configuration Item Change"}),
            "an event of another kind: Config Configuration Item Change",
            id="another event of AWS Config",
        ),
        pytest.param(
            json.dumps({**EVENT, "source": "a.tool"}), "an event of another kind", id="not its own"
        ),
        pytest.param(
            json.dumps(by_topic(by_topic(by_topic(by_topic(NOTICE))))),
            "wrapped too often",
            id="wrapped too often",
        ),
    ],
)
def test_what_cannot_be_read_is_told(body: str, why: str) -> None:
    """It names what was wrong, and keeps no other message from being read."""
    first, second = messages(
        {"Records": [{"messageId": "m", "body": body}, {"messageId": "n", "body": "[]"}]}
    )
    assert why in first.unread[0]
    assert second == Message("n", (), ("it holds no item",))


@pytest.mark.parametrize(
    ("said", "account"),
    [
        pytest.param({"awsAccountId": None}, None, id="null says nothing"),
        pytest.param({"awsAccountId": None, "accountId": "2" * 12}, "2" * 12, id="one is null"),
        pytest.param({"awsAccountId": ACCOUNT, "accountId": ACCOUNT}, ACCOUNT, id="said twice"),
    ],
)
def test_whose_it_is(said: dict[str, Any], account: str | None) -> None:
    """By either name; where neither says it, it is for whoever looks to find out."""
    (found,) = items({**LISTED, **said})
    assert found.account == account


def test_a_list_with_one_bad_item_keeps_the_others() -> None:
    """Each item is settled on its own."""
    (message,) = messages(queued([LISTED, "rubbish", NOTICE]))
    assert message.items == (BUCKET, ITEM)
    assert len(message.unread) == 1


@pytest.mark.parametrize(
    "listed",
    [
        pytest.param([LISTED] * 5000, id="one list"),
        pytest.param([[LISTED] * 2500, [LISTED] * 2500], id="lists in a list"),
    ],
)
def test_however_many_items_all_are_read(listed: list[Any]) -> None:
    """What fits into a message is a notice: SQS and SNS bound it, and nobody else does."""
    assert items(queued(listed)) == [BUCKET] * 5000


def test_a_batch_by_a_pipe_keeps_its_ids_and_names_no_queue() -> None:
    """The ids are for the records; without a queue no answer is relied on to give them back."""
    records = [{**each, "eventSourceARN": QUEUE} for each in by_pipe([LISTED], NOTICE)]
    assert [(each.id, each.queue) for each in messages({"Records": records})] == [
        ("m0", QUEUE),
        ("m1", QUEUE),
    ]
    assert [(each.id, each.queue) for each in messages(records)] == [("m0", None), ("m1", None)]


@pytest.mark.parametrize("compliance", ["COMPLIANT", "NOT_APPLICABLE", "INSUFFICIENT_DATA"])
def test_what_it_was_found(compliance: str) -> None:
    """A notice says what the rule found; what is no word of AWS Config's is not known."""
    said = {**NOTICE, "newEvaluationResult": {"complianceType": compliance}}
    other = {**NOTICE, "newEvaluationResult": {"complianceType": "FINE"}}
    assert [each.compliance for each in items(queued(said, other))] == [compliance, None]


def test_the_published_notice() -> None:
    """AWS Config's real event of a user has the id, and the name nowhere."""
    notices = [each for name, each in recorded().items() if name.startswith("ConfigRulesC")]
    found = [item for each in notices for item in items(each)]
    assert {each.resource_type for each in found} <= {"AWS::IAM::User"}
    assert all(each.resource_id.startswith("AIDA") for each in found)


MEMBERS = (
    "Records",
    "body",
    "Sns",
    "Message",
    "TopicArn",
    "detail",
    "detail-type",
    "source",
    "resourceType",
    "resourceId",
    "configRuleName",
    "newEvaluationResult",
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(MEMBERS) | st.text(max_size=4),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(ANYTHING)
def test_it_never_raises(payload: object) -> None:
    """Whatever comes: items, or reasons; and each message of a queue keeps its id."""
    for each in messages(payload):
        assert each.items or each.unread
    for each in messages(queued(payload)):
        assert each.id == "m0"
