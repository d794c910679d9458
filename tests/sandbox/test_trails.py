"""Trails: without one that logs, no rule hears of anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.listening import listening
from tests.sandbox.support import refused

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox import Sandbox

TRAIL = "management-events"
_IAM = {"source": ["aws.iam"], "detail": {"eventName": ["TagUser"]}}


@pytest.fixture
def trails(sandbox: Sandbox) -> Iterator[Any]:
    """CloudTrail in the trail's home region; afterwards all is logged again."""
    client = sandbox.client("cloudtrail")
    yield client
    selectors = [{"ReadWriteType": "All", "IncludeManagementEvents": True}]
    client.put_event_selectors(TrailName=TRAIL, EventSelectors=selectors)
    client.update_trail(Name=TRAIL, IncludeGlobalServiceEvents=True, IsMultiRegionTrail=True)
    client.start_logging(Name=TRAIL)


def _tag(sandbox: Sandbox, user: str) -> None:
    sandbox.client("iam").tag_user(UserName=user, Tags=[{"Key": "a", "Value": "b"}])


def test_an_account_has_a_trail_that_logs(sandbox: Sandbox) -> None:
    """In all regions, and all management events."""
    [trail] = sandbox.client("cloudtrail", "eu-west-1").describe_trails()["trailList"]
    assert trail["Name"] == TRAIL
    assert trail["IsMultiRegionTrail"]
    assert trail["HomeRegion"] == "us-east-1"
    for region in ("us-east-1", "eu-west-1"):
        client = sandbox.client("cloudtrail", region)
        assert client.get_trail_status(Name=trail["TrailARN"])["IsLogging"] is True
        [selector] = client.get_event_selectors(TrailName=trail["TrailARN"])["EventSelectors"]
        assert selector["IncludeManagementEvents"] is True
        assert selector["ReadWriteType"] == "All"


def test_a_trail_is_changed_in_its_home_region_only(sandbox: Sandbox) -> None:
    """Elsewhere it is not known by its name."""
    elsewhere = sandbox.client("cloudtrail", "eu-west-1")
    for call in (elsewhere.get_trail_status, elsewhere.stop_logging, elsewhere.delete_trail):
        with refused("TrailNotFoundException"):
            call(Name=TRAIL)


@pytest.mark.usefixtures("deployment")
def test_a_stopped_trail_is_heard_of_no_more(sandbox: Sandbox, trails: Any, user: str) -> None:
    """The call that stops it is the last it logs; the records are still made."""
    pattern = {"source": ["aws.iam", "aws.cloudtrail"]}
    with listening(sandbox, "stopped", pattern) as ear:
        trails.stop_logging(Name=TRAIL)
        assert ear.heard() == 1
        assert trails.get_trail_status(Name=TRAIL)["IsLogging"] is False
        _tag(sandbox, user)
        assert ear.heard() == 1
        assert sandbox.control.records()[-1]["eventName"] == "TagUser"
        trails.start_logging(Name=TRAIL)
        _tag(sandbox, user)
        assert ear.heard() == 3


@pytest.mark.parametrize(
    "selectors",
    (
        {"EventSelectors": [{"ReadWriteType": "ReadOnly"}]},
        {"EventSelectors": [{"IncludeManagementEvents": False}]},
        {
            "AdvancedEventSelectors": [
                {"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Data"]}]}
            ]
        },
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "eventSource", "NotEquals": ["iam.amazonaws.com"]},
                    ]
                }
            ]
        },
        {
            "AdvancedEventSelectors": [
                {
                    "FieldSelectors": [
                        {"Field": "eventCategory", "Equals": ["Management"]},
                        {"Field": "readOnly", "Equals": ["true"]},
                    ]
                }
            ]
        },
    ),
    ids=("reads only", "no management", "data only", "not IAM", "advanced reads only"),
)
@pytest.mark.usefixtures("deployment")
def test_what_a_trail_does_not_select_reaches_no_rule(
    sandbox: Sandbox, trails: Any, user: str, selectors: dict[str, Any]
) -> None:
    """Basic selectors and advanced ones."""
    with listening(sandbox, "selected", _IAM) as ear:
        trails.put_event_selectors(TrailName=TRAIL, **selectors)
        _tag(sandbox, user)
        assert ear.heard() == 0


@pytest.mark.usefixtures("deployment")
def test_advanced_selectors_can_select_all_writes(sandbox: Sandbox, trails: Any, user: str) -> None:
    """They take the place of the basic ones, and the other way round."""
    writes = [
        {"Field": "eventCategory", "Equals": ["Management"]},
        {"Field": "readOnly", "Equals": ["false"]},
    ]
    with listening(sandbox, "advanced", _IAM) as ear:
        trails.put_event_selectors(
            TrailName=TRAIL, AdvancedEventSelectors=[{"FieldSelectors": writes}]
        )
        _tag(sandbox, user)
        assert ear.heard() == 1
        found = trails.get_event_selectors(TrailName=TRAIL)
        assert found["AdvancedEventSelectors"][0]["FieldSelectors"] == writes
        assert not found.get("EventSelectors")


@pytest.mark.usefixtures("deployment")
def test_a_trail_without_global_services_logs_no_iam(
    sandbox: Sandbox, trails: Any, user: str
) -> None:
    """IAM's events are a global service's."""
    with listening(sandbox, "global", _IAM) as ear:
        trails.update_trail(Name=TRAIL, IncludeGlobalServiceEvents=False)
        _tag(sandbox, user)
        assert ear.heard() == 0


def test_an_account_may_have_no_trail(bare: Sandbox) -> None:
    """When it is asked to begin without; no call is delivered then."""
    assert bare.client("cloudtrail").describe_trails()["trailList"] == []
    events = bare.client("events")
    gone = f"arn:aws:lambda:us-east-1:{bare.account}:function:gone"
    events.put_rule(Name="r", EventPattern='{"source": ["aws.iam"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": gone}])
    bare.client("iam").create_group(GroupName="unheard-of")
    assert bare.control.records()[-1]["eventName"] == "CreateGroup"
    assert bare.control.invocations() == []  # nor was an attempt made
