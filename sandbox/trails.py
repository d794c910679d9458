"""CloudTrail's trails: strict where moto is lax, and whether one of them logs a record.

EventBridge hears of a call only when a trail logs it. A trail logs what happens in its home region,
or in all when it is a multi-region one, as long as it is switched on and its selectors do not leave
management writes out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.cloudtrail.exceptions import TrailNotFoundException
from moto.cloudtrail.models import CloudTrailBackend, Trail, cloudtrail_backends
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition
from typing_extensions import override

from sandbox.partitions import record_region
from sandbox.recorded import event_name, event_source

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sandbox.wire import Call

SEEDED_TRAIL = "management-events"

# What a new trail logs.
_DEFAULT_SELECTORS = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


class StrictCloudTrailBackend(CloudTrailBackend):
    """A trail is changed by its name in its home region, and read by its ARN everywhere."""

    __module__ = "moto.cloudtrail.models"

    @override
    def create_trail(self, *arguments: Any, **named: Any) -> Trail:
        trail = super().create_trail(*arguments, **named)
        trail.event_selectors = [dict(selector) for selector in _DEFAULT_SELECTORS]
        return trail

    @override
    def describe_trails(self, include_shadow_trails: bool) -> list[Trail]:
        seen = super().describe_trails(include_shadow_trails)
        return [trail for trail in seen if trail.partition == self.partition]

    @override
    def delete_trail(self, name: str) -> None:
        del self.trails[self.get_trail(name).trail_name]

    @override
    def put_event_selectors(
        self,
        trail_name: str,
        event_selectors: list[dict[str, Any]],
        advanced_event_selectors: list[dict[str, Any]],
    ) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        trail = self.get_trail(trail_name)
        basic = [{**_DEFAULT_SELECTORS[0], **selector} for selector in event_selectors or []]
        trail.event_selectors = basic
        trail.advanced_event_selectors = advanced_event_selectors or []
        return trail.arn, trail.event_selectors, trail.advanced_event_selectors

    @override
    def get_event_selectors(
        self, trail_name: str
    ) -> tuple[str, list[dict[str, Any]], list[dict[str, Any]]]:
        trail = self._shadow(trail_name) or self.get_trail(trail_name)
        return trail.arn, trail.event_selectors, trail.advanced_event_selectors

    @override
    def get_trail_status(self, name: str) -> Any:
        trail = self._shadow(name) or self.trails.get(name)
        if trail is None:
            raise TrailNotFoundException(account_id=self.account_id, name=name)
        return trail.status

    def _shadow(self, arn: str) -> Trail | None:
        """The trail with this ARN that is seen from this region."""
        seen = self.describe_trails(include_shadow_trails=True)
        return next((trail for trail in seen if trail.arn == arn), None)


class Trails:
    """All trails of the account."""

    def __init__(self, account: str) -> None:
        self._account = account

    def seed(self, region: str) -> None:
        """Creates a trail that logs all management events of the region's partition."""
        bucket = f"{SEEDED_TRAIL}-{self._account}-{region}"
        s3_backends[self._account][get_partition(region)].create_bucket(bucket, region)
        backend = cloudtrail_backends[self._account][region]
        unset: Any = None  # moto's signature says that all is a string
        backend.create_trail(
            name=SEEDED_TRAIL,
            bucket_name=bucket,
            s3_key_prefix=unset,
            sns_topic_name=unset,
            is_global=True,
            is_multi_region=True,
            log_validation=True,
            is_org_trail=False,
            cw_log_group_arn=unset,
            cw_role_arn=unset,
            kms_key_id=unset,
            tags_list=[],
        )
        backend.start_logging(SEEDED_TRAIL)

    def log(self, record: Mapping[str, Any]) -> bool:
        """Whether some trail logs the record. The caller holds the account's lock."""
        return any(_logs(trail, record) for trail in self._in_partition(record["awsRegion"]))

    def log_call(self, call: Call) -> bool:
        """The same of a call that is not answered yet, from what is known of its record."""
        return self.log(
            {
                "awsRegion": record_region(call.service, call.region),
                "eventSource": event_source(call.service),
                "eventName": event_name(call.service, call.action),
                "eventCategory": "Management",
                "readOnly": False,
            }
        )

    def _in_partition(self, region: str) -> Iterator[Trail]:
        for home, backend in list(cloudtrail_backends[self._account].items()):
            if get_partition(home) == get_partition(region):
                yield from backend.trails.values()


def _logs(trail: Trail, record: Mapping[str, Any]) -> bool:
    is_global = record["eventSource"] == "iam.amazonaws.com"
    if is_global and not trail.include_global_service_events:
        return False
    return _covers(trail, record["awsRegion"]) and _selects(trail, record)


def _covers(trail: Trail, region: str) -> bool:
    return trail.status.is_logging and (trail.is_multi_region or trail.region_name == region)


def _selects(trail: Trail, record: Mapping[str, Any]) -> bool:
    if trail.advanced_event_selectors:
        return any(
            all(_field(f, record) for f in selector["FieldSelectors"])
            for selector in trail.advanced_event_selectors
        )
    return any(_basic(selector, record) for selector in trail.event_selectors)


def _basic(selector: dict[str, Any], record: Mapping[str, Any]) -> bool:
    return (
        bool(selector["IncludeManagementEvents"])
        and selector["ReadWriteType"] in ("All", "WriteOnly")
        and record["eventSource"] not in selector["ExcludeManagementEventSources"]
    )


def _field(selector: dict[str, Any], record: Mapping[str, Any]) -> bool:
    """Whether one condition of an advanced selector holds."""
    value: Any = record
    for name in selector["Field"].split("."):
        value = value.get(name) if isinstance(value, dict) else None
    text = str(value).lower() if isinstance(value, bool) else str(value or "")
    holds = {
        "Equals": text in (selector.get("Equals") or ()),
        "StartsWith": text.startswith(tuple(selector.get("StartsWith") or ())),
        "EndsWith": text.endswith(tuple(selector.get("EndsWith") or ())),
        "NotEquals": text not in (selector.get("NotEquals") or ()),
        "NotStartsWith": not text.startswith(tuple(selector.get("NotStartsWith") or ())),
        "NotEndsWith": not text.endswith(tuple(selector.get("NotEndsWith") or ())),
    }
    return all(holds[operator] for operator in holds if selector.get(operator))
