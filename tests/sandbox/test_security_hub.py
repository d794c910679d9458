"""Security Hub's findings: who may set what, in which batches, and how they are found again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox import Sandbox
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def hub() -> Iterator[Any]:
    """Security Hub of an account that has enabled it."""
    with Sandbox.start() as sandbox:
        client = sandbox.client("securityhub")
        with refused("InvalidAccessException", "not subscribed"):
            client.get_findings()
        client.enable_security_hub()
        yield client


def a_finding(name: str, **members: Any) -> dict[str, Any]:
    """A finding as a provider brings it."""
    return {
        "SchemaVersion": "2018-10-08",
        "Id": name,
        "ProductArn": "arn:aws:securityhub:us-east-1:123456789012:product/123456789012/default",
        "GeneratorId": f"tests/{name}",
        "AwsAccountId": "123456789012",
        "CreatedAt": "2026-03-01T12:00:00.000Z",
        "UpdatedAt": "2026-03-01T12:00:00.000Z",
        "Title": "title",
        "Description": "description",
        "FindingProviderFields": {"Severity": {"Label": "HIGH"}, "Types": ["Effects"]},
        "Compliance": {"Status": "FAILED"},
        "Resources": [{"Type": "Other", "Id": name}],
        **members,
    }


LATER = "2026-03-01T12:15:00.000Z"


def bring(hub: Any, *findings: dict[str, Any]) -> dict[str, Any]:
    """Imports findings."""
    answer: dict[str, Any] = hub.batch_import_findings(Findings=list(findings))
    return answer


def resolve(hub: Any, *names: str) -> dict[str, Any]:
    """Sets the workflow of findings."""
    product = a_finding("")["ProductArn"]
    answer: dict[str, Any] = hub.batch_update_findings(
        FindingIdentifiers=[{"Id": each, "ProductArn": product} for each in names],
        Workflow={"Status": "RESOLVED"},
    )
    return answer


def the(hub: Any, name: str) -> dict[str, Any]:
    """The finding of this id."""
    [found] = hub.get_findings(Filters={"Id": [{"Value": name, "Comparison": "EQUALS"}]})[
        "Findings"
    ]
    return dict(found)


def test_a_new_finding_is_new_whatever_its_provider_says(
    hub: Any, name: Callable[[str], str]
) -> None:
    """What is the customer's begins with AWS's values; severity is the provider's at first."""
    one = name("finding")
    bring(hub, a_finding(one, Workflow={"Status": "SUPPRESSED"}))
    found = the(hub, one)
    assert (found["Workflow"], found["RecordState"]) == ({"Status": "NEW"}, "ACTIVE")
    assert found["Severity"] == {"Label": "HIGH"}


def test_an_import_leaves_what_the_customer_has_set(hub: Any, name: Callable[[str], str]) -> None:
    """The workflow takes the customer's call; all else is replaced."""
    one = name("finding")
    bring(hub, a_finding(one))
    assert resolve(hub, one)["UnprocessedFindings"] == []
    bring(hub, a_finding(one, Title="other", Workflow={"Status": "NEW"}, UpdatedAt=LATER))
    assert the(hub, one)["Workflow"] == {"Status": "RESOLVED"}
    assert the(hub, one)["Title"] == "other"


@pytest.mark.parametrize(
    "between", [{"Compliance": {"Status": "PASSED"}}, {"RecordState": "ARCHIVED"}]
)
def test_what_fails_again_is_new_again(
    hub: Any, name: Callable[[str], str], between: dict[str, Any]
) -> None:
    """After it had passed, or was archived."""
    one = name("finding")
    bring(hub, a_finding(one, **between))
    resolve(hub, one)
    bring(hub, a_finding(one, UpdatedAt=LATER))
    assert the(hub, one)["Workflow"] == {"Status": "NEW"}


@pytest.mark.parametrize("updated", ["2026-03-01T12:00:00.000Z", "2026-03-01T13:59:59+02:00"])
def test_an_import_that_is_no_later_than_what_is_there_is_ignored(
    hub: Any, name: Callable[[str], str], updated: str
) -> None:
    """It counts as taken, and changes nothing."""
    one = name("finding")
    bring(hub, a_finding(one))
    answer = bring(hub, a_finding(one, Title="other", UpdatedAt=updated))
    assert (answer["FailedCount"], answer["SuccessCount"]) == (0, 1)
    assert the(hub, one)["Title"] == "title"


@pytest.mark.parametrize(
    "wrong",
    [
        {"AwsAccountId": "210987654321"},
        {"ProductArn": "arn:aws:securityhub:us-east-1::product/aws/iam"},
        {"Title": "x" * 257},
        {"Description": ""},
        {"FindingProviderFields": {"Types": ["Effects"]}},
        {"Note": {"Text": "x" * 250_000, "UpdatedBy": "x", "UpdatedAt": LATER}},
        {"ProductFields": {"x": "x" * 2049}},
        {"ProductFields": {"x" * 129: "x"}},
        {"ProductFields": {str(number): "x" for number in range(51)}},
        {"UpdatedAt": "yesterday"},
        {"UpdatedAt": "2026-03-01T12:00:00"},
    ],
    ids=[
        "another account's",
        "another product's",
        "too long a title",
        "no description",
        "no severity",
        "too large",
        "too long a field",
        "too long a field's name",
        "too many fields",
        "no time",
        "a time of no zone",
    ],
)
def test_a_wrong_finding_is_refused_by_itself(
    hub: Any, name: Callable[[str], str], wrong: dict[str, Any]
) -> None:
    """The others of the call are taken."""
    one, other = name("finding"), name("finding")
    answer = bring(hub, a_finding(one, **wrong), a_finding(other))
    assert (answer["FailedCount"], answer["SuccessCount"]) == (1, 1)
    assert answer["FailedFindings"][0]["Id"] == one
    assert the(hub, other)


def test_a_resource_has_a_type_and_an_id(hub: Any, name: Callable[[str], str]) -> None:
    """boto3 itself sends none without."""
    answer = bring(hub, a_finding(name("finding"), Resources=[{"Type": "Other", "Id": ""}]))
    assert answer["FailedCount"] == 1


def test_a_call_takes_six_megabytes(hub: Any, name: Callable[[str], str]) -> None:
    """However few its findings are."""
    note = {"Text": "x" * 230_000, "UpdatedBy": "x", "UpdatedAt": LATER}
    many = [a_finding(f"{name('large')}-{number}", Note=note) for number in range(30)]
    with refused("InvalidInputException", "6 MB"):
        bring(hub, *many)


def test_a_call_takes_a_hundred(hub: Any) -> None:
    """One more, and nothing is done."""
    many = [a_finding(f"many-{number}") for number in range(101)]
    with refused("InvalidInputException", "from 1 to 100"):
        bring(hub, *many)
    bring(hub, *many[:100])
    bring(hub, many[100])
    pages = hub.get_paginator("get_findings").paginate(
        Filters={"GeneratorId": [{"Value": "tests/many-", "Comparison": "PREFIX"}]}
    )
    assert [len(page["Findings"]) for page in pages] == [100, 1]


def test_what_is_not_there_is_told(hub: Any, name: Callable[[str], str]) -> None:
    """Of one call some may be done and others not."""
    one = name("finding")
    bring(hub, a_finding(one))
    answer = resolve(hub, one, "nobody")
    assert [each["Id"] for each in answer["ProcessedFindings"]] == [one]
    assert [each["ErrorCode"] for each in answer["UnprocessedFindings"]] == ["FindingNotFound"]


def test_values_are_alternatives_and_attributes_all_hold(
    hub: Any, name: Callable[[str], str]
) -> None:
    """And a filter has its limits."""
    one, other = name("finding"), name("finding")
    bring(hub, a_finding(one), a_finding(other, Compliance={"Status": "PASSED"}))
    ids = [{"Value": each, "Comparison": "EQUALS"} for each in (one, other)]
    failed = [{"Value": "FAILED", "Comparison": "EQUALS"}]
    assert len(hub.get_findings(Filters={"Id": ids})["Findings"]) == 2
    [found] = hub.get_findings(Filters={"Id": ids, "ComplianceStatus": failed})["Findings"]
    assert found["Id"] == one
    with refused("InvalidInputException"):
        hub.get_findings(Filters={"Id": ids * 11})
    with refused("NotImplementedInSandbox"):
        hub.get_findings(Filters={"Title": failed})


def test_events_are_put_ten_at_a_time(sandbox: Sandbox) -> None:
    """And no more than a quarter of a megabyte."""
    events = sandbox.client("events")
    entry = {"Source": "tests", "DetailType": "x", "Detail": "{}"}
    assert events.put_events(Entries=[entry] * 10)["FailedEntryCount"] == 0
    large = {**entry, "Detail": f'{{"x": "{"x" * 140_000}"}}'}
    for entries in ([entry] * 11, [large] * 2):
        with refused("ValidationException"):
            events.put_events(Entries=entries)
