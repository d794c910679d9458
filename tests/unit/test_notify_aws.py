"""reactor.aws as `notify` uses it, without an account: botocore's stubs answer."""

import json
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.findings import AwsFindings
from reactor.aws.notices import PartlyTaken, Publication, account_alias, publish, put_events
from reactor.aws.secrets import read_secret
from reactor.errors import Permanent, Transient
from reactor.notify.delivery import Delivered
from reactor.notify.findings import Site
from tests.fakes.account import ACCOUNT

URL = "https://hooks.slack.com/services/T0/B0/sEcReT"
SITE = Site("aws", "us-east-1", ACCOUNT, "prod")
TOPIC = f"arn:aws:sns:us-east-1:{ACCOUNT}:mfa"


def stubbed(service: Any) -> tuple[Any, Stubber]:
    """Return a client that answers what is put into its stubber, in order."""
    client = boto3.client(service, "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


class Secrets:
    """A session with the two stores."""

    def __init__(self) -> None:
        ssm, self.parameters = stubbed("ssm")
        secrets, self.secrets = stubbed("secretsmanager")
        self.session: Any = SimpleNamespace(ssm=ssm, secrets=secrets)

    def parameter(self, value: str, type_: str = "SecureString") -> None:
        """Have a parameter under /mfa/slack."""
        answer = {"Parameter": {"Name": "/mfa/slack", "Type": type_, "Value": value}}
        asked = {"Name": "/mfa/slack", "WithDecryption": True}
        self.parameters.add_response("get_parameter", answer, asked)

    def secret(self, value: str) -> None:
        """Have a secret called slack."""
        self.secrets.add_response(
            "get_secret_value", {"SecretString": value}, {"SecretId": "slack"}
        )


@pytest.mark.parametrize("value", [URL, f" {URL}\n", json.dumps({"url": URL})])
def test_a_secret_is_read_by_its_reference(value: str) -> None:
    """From either store, as text or as the console makes it: an object with one value."""
    secrets = Secrets()
    secrets.parameter(value)
    secrets.secret(value)
    assert read_secret(secrets.session, "ssm:/mfa/slack") == URL
    assert read_secret(secrets.session, "secretsmanager:slack") == URL


def test_a_secret_that_lies_open_is_refused() -> None:
    """Whoever may read parameters can read a String; its value is not told."""
    secrets = Secrets()
    secrets.parameter(URL, "String")
    with pytest.raises(Permanent, match="is a String, not a SecureString") as caught:
        read_secret(secrets.session, "ssm:/mfa/slack")
    assert "sEcReT" not in str(caught.value) + caught.value.remedy


def test_a_secret_that_is_not_there() -> None:
    """Another try cannot help; a denial may be mended."""
    secrets = Secrets()
    secrets.parameters.add_client_error("get_parameter", "ParameterNotFound")
    secrets.secrets.add_client_error("get_secret_value", "ResourceNotFoundException")
    secrets.secrets.add_client_error("get_secret_value", "AccessDeniedException")
    with pytest.raises(Permanent, match="there is no parameter /mfa/slack"):
        read_secret(secrets.session, "ssm:/mfa/slack")
    with pytest.raises(Permanent, match="there is no secret slack"):
        read_secret(secrets.session, "secretsmanager:slack")
    with pytest.raises(Transient, match="secretsmanager:GetSecretValue failed: AccessDenied"):
        read_secret(secrets.session, "secretsmanager:slack")


def test_a_message_is_published_for_people_and_for_machines() -> None:
    """Mail gets text, all others JSON, and a subscription can choose by the kind."""
    client, stubber = stubbed("sns")
    stubber.add_response(
        "publish",
        {"MessageId": "1"},
        {
            "TopicArn": TOPIC,
            "Subject": "subject",
            "Message": json.dumps({"default": '{"kind": "alarm"}', "email": "text"}),
            "MessageStructure": "json",
            "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "alarm"}},
        },
    )
    publish(client, TOPIC, Publication("alarm", "subject", "text", {"kind": "alarm"}))
    stubber.add_client_error("publish", "KMSAccessDenied", "no")
    with pytest.raises(Transient, match="sns:Publish failed: KMSAccessDenied"):
        publish(client, TOPIC, Publication("alarm", "subject", "text", {}))
    stubber.assert_no_pending_responses()


def entries_of(*pairs: tuple[str, str]) -> dict[str, Any]:
    """Return the request that these entries make."""
    return {
        "Entries": [
            {"Source": "mfa-reactor", "DetailType": kind, "Detail": said, "EventBusName": "team"}
            for kind, said in pairs
        ]
    }


def test_events_are_put_ten_at_a_time() -> None:
    """And no more than a call may carry."""
    client, stubber = stubbed("events")
    some = [("Alarm", f'{{"n": {number}}}') for number in range(12)]
    for part in (some[:10], some[10:]):
        answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}] * len(part)}
        stubber.add_response("put_events", answer, entries_of(*part))
    assert put_events(client, "team", some) == 12
    large = [("Alarm", f'"{"x" * 200_000}"')] * 2
    for each in large:
        answer = {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}
        stubber.add_response("put_events", answer, entries_of(each))
    assert put_events(client, "team", large) == 2
    stubber.assert_no_pending_responses()


def test_entries_that_were_not_taken_are_counted() -> None:
    """A call goes well with some of them left over."""
    client, stubber = stubbed("events")
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "sorry"}
    answer = {"FailedEntryCount": 1, "Entries": [{"EventId": "1"}, failed]}
    stubber.add_response("put_events", answer)
    with pytest.raises(PartlyTaken, match="1 of 2 events, InternalFailure: sorry") as caught:
        put_events(client, "team", [("a", "1"), ("b", "2")])
    assert caught.value.left == (1,)


def test_a_call_that_fails_keeps_what_the_ones_before_took() -> None:
    """Or the ten of the first call would be put again; after it no more calls are made."""
    client, stubber = stubbed("events")
    failed = {"ErrorCode": "InternalFailure", "ErrorMessage": "sorry"}
    answer = {"FailedEntryCount": 1, "Entries": [failed, *[{"EventId": "1"}] * 9]}
    stubber.add_response("put_events", answer)
    stubber.add_client_error("put_events", "InternalException", "no")
    with pytest.raises(PartlyTaken) as caught:
        put_events(client, "team", [("a", f"{number}") for number in range(22)])
    assert caught.value.left == (0, *range(10, 22))


def test_where_the_first_call_fails_nothing_was_taken() -> None:
    """And the error is AWS's, for it may be one that another try cannot mend."""
    client, stubber = stubbed("events")
    stubber.add_client_error("put_events", "InternalException", "no")
    with pytest.raises(Transient, match="InternalException") as caught:
        put_events(client, "team", [("a", f"{number}") for number in range(12)])
    assert not isinstance(caught.value, PartlyTaken)


@pytest.mark.parametrize(("aliases", "found"), [(["acme"], "acme"), ([], "")])
def test_an_account_may_have_an_alias(aliases: list[str], found: str) -> None:
    """Or none."""
    client, stubber = stubbed("iam")
    stubber.add_response(
        "list_account_aliases", {"AccountAliases": aliases, "IsTruncated": False}, {}
    )
    assert account_alias(client) == found


class Hub:
    """Security Hub with the answers that are put into it; `pauses` are how long was waited."""

    def __init__(self) -> None:
        client, self.stubber = stubbed("securityhub")
        self.pauses: list[float] = []
        self.findings = AwsFindings(client, SITE, self.pauses.append)

    def unprocessed(self, *codes: tuple[str, str]) -> None:
        """Answer the next update, which leaves these over."""
        left = [
            {
                "FindingIdentifier": {"Id": each, "ProductArn": SITE.product_arn},
                "ErrorCode": code,
                "ErrorMessage": "words",
            }
            for each, code in codes
        ]
        self.stubber.add_response(
            "batch_update_findings", {"ProcessedFindings": [], "UnprocessedFindings": left}
        )


def found(id_: str) -> dict[str, Any]:
    """Return a finding, as far as the stub asks for."""
    empty = dict.fromkeys(("GeneratorId", "CreatedAt", "UpdatedAt", "Title", "Description"), "x")
    where = {"SchemaVersion": "2018-10-08", "ProductArn": "p", "AwsAccountId": ACCOUNT}
    return {"Id": id_, "Resources": [], **where, **empty}


def test_findings_are_imported_a_hundred_at_a_time_and_refused_ones_counted() -> None:
    """All are tried, whatever becomes of some."""
    hub = Hub()
    refused = [{"Id": "1", "ErrorCode": "InvalidInput", "ErrorMessage": "bad"}]
    first = {"FailedCount": 1, "SuccessCount": 99, "FailedFindings": refused}
    hub.stubber.add_response("batch_import_findings", first)
    hub.stubber.add_client_error("batch_import_findings", "TooManyRequestsException")
    hub.stubber.add_response("batch_import_findings", {"FailedCount": 0, "SuccessCount": 50})
    brought = hub.findings.bring([found(str(number)) for number in range(250)])
    assert (brought.of, brought.done) == (250, 149)
    assert isinstance(brought.error, Transient)
    assert "BatchImportFindings: InvalidInput: bad" in str(brought.error)
    hub.stubber.assert_no_pending_responses()


def test_a_refusal_without_a_reason_is_one_all_the_same() -> None:
    """The answer may have the number alone."""
    hub = Hub()
    hub.stubber.add_response("batch_import_findings", {"FailedCount": 1, "SuccessCount": 1})
    brought = hub.findings.bring([found("a"), found("b")])
    assert (brought.done, str(brought.error)) == (
        1,
        "securityhub:BatchImportFindings: no reason was given",
    )


def test_nothing_is_asked_for_nothing() -> None:
    """AWS refuses empty lists."""
    hub = Hub()
    assert hub.findings.bring([]) == Delivered(0, 0)
    assert hub.findings.resolve([]) == Delivered(0, 0)
    assert hub.findings.known([], all_open=False) == []


USER = SITE.finding_id("AWS::IAM::User", "AIDA1")
BUCKET = SITE.finding_id("AWS::S3::Bucket", "photos")


def test_a_finding_that_is_not_there_yet_is_resolved_a_little_later() -> None:
    """And after that by the next sweep; what is refused for good is an error."""
    hub = Hub()
    hub.unprocessed((USER, "FindingNotFound"), ("b", "ConcurrentUpdateError"))
    hub.unprocessed((USER, "FindingNotFound"))
    assert hub.findings.resolve([USER, "b", "c"]) == Delivered(3, 3)
    assert hub.pauses == [2.0]
    hub.unprocessed((USER, "InvalidInput"))
    resolved = hub.findings.resolve([USER])
    assert (resolved.of, resolved.done) == (1, 0)
    assert "BatchUpdateFindings: InvalidInput" in str(resolved.error)


def test_what_no_sweep_resolves_is_an_error_when_it_is_not_there() -> None:
    """Nothing looks at a bucket again by itself: Lambda tries it again."""
    hub = Hub()
    for _ in range(2):
        hub.unprocessed((BUCKET, "FindingNotFound"), (USER, "FindingNotFound"))
    resolved = hub.findings.resolve([BUCKET, USER])
    assert (resolved.of, resolved.done) == (2, 1)
    assert isinstance(resolved.error, Transient)


def test_a_batch_that_cannot_be_resolved_keeps_no_other() -> None:
    """Each call is for itself."""
    hub = Hub()
    hub.stubber.add_client_error("batch_update_findings", "InternalException")
    hub.unprocessed()
    resolved = hub.findings.resolve([str(number) for number in range(150)])
    assert (resolved.of, resolved.done) == (150, 50)
    assert "InternalException" in str(resolved.error)


def test_findings_are_asked_for_by_id_a_few_at_a_time() -> None:
    """A filter takes 20 values; of many, or for a sweep, those are read that are open."""
    hub = Hub()
    for _ in range(2):
        hub.stubber.add_response("get_findings", {"Findings": [found("a")]})
    assert [each["Id"] for each in hub.findings.known(["a"] * 25, all_open=False)] == ["a"]
    hub.stubber.add_response("get_findings", {"Findings": [found("a")], "NextToken": "2"})
    hub.stubber.add_response("get_findings", {"Findings": [found("b")]})
    hub.stubber.add_response("get_findings", {"Findings": [found("b"), found("c")]})
    hub.stubber.add_response("get_findings", {"Findings": []}, asked("SUPPRESSED"))
    assert [each["Id"] for each in hub.findings.known(["a"], all_open=True)] == ["a", "b", "c"]
    hub.stubber.assert_no_pending_responses()


def asked(workflow: str) -> dict[str, Any]:
    """Return the request for all findings with this workflow, archived ones among them."""
    return {
        "Filters": {
            "WorkflowStatus": [{"Value": workflow, "Comparison": "EQUALS"}],
            "ProductArn": [{"Value": SITE.product_arn, "Comparison": "EQUALS"}],
            "GeneratorId": [{"Value": "mfa-reactor-prod/", "Comparison": "PREFIX"}],
        },
        "MaxResults": 100,
    }


def test_what_somebody_suppressed_is_known_though_it_is_passed() -> None:
    """Or a sweep that mends its subject would resolve it, as if it were new."""
    hub = Hub()
    for _ in range(2):
        hub.stubber.add_response("get_findings", {"Findings": []})
    hub.stubber.add_response("get_findings", {"Findings": [found("a")]}, asked("SUPPRESSED"))
    assert [each["Id"] for each in hub.findings.known([], all_open=True)] == ["a"]


def test_where_security_hub_is_off_another_try_cannot_help() -> None:
    """The remedy says what to turn on, or off."""
    hub = Hub()
    hub.stubber.add_client_error("get_findings", "InvalidAccessException", "not subscribed")
    with pytest.raises(Permanent, match=r"takes no findings: .*not subscribed") as caught:
        hub.findings.known([], all_open=True)
    assert "REACTOR_SECURITY_HUB=false" in caught.value.remedy
