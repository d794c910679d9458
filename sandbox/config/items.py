"""Configuration items of IAM's users and managed policies, captured when somebody asks.

AWS Config writes an item in one form in its notifications and in another in its API (developer
guide, "Custom Rules", differences in format). Shapes: published invocations, and the item that the
rule development kit has as an example. Nothing is recorded by itself: there is no recorder here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.iam.models import iam_backends
from moto.utilities.utils import get_partition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from moto.iam.models import IAMBackend, ManagedPolicy, User

USER, POLICY = "AWS::IAM::User", "AWS::IAM::Policy"
VERSION = "1.3"


@dataclass(frozen=True, slots=True)
class Item:
    """What a resource was at one moment."""

    type: str
    id: str
    name: str
    arn: str
    status: str
    captured: datetime
    created: datetime
    configuration: dict[str, Any] = field(hash=False)

    def goes_by(self, named: str) -> bool:
        """Whether that is its id, its name or its ARN."""
        return named in (self.id, self.name, self.arn)

    def notified(self, account: str) -> dict[str, Any]:
        """It as it stands in a notification."""
        return {
            "relatedEvents": [],
            "relationships": [],
            "configuration": self.configuration or None,
            "supplementaryConfiguration": {},
            "tags": {},
            **self._common(account),
        }

    def summary(self, account: str) -> dict[str, Any]:
        """It as it stands in a notification when it is too large: without a name, as published."""
        change = {"ResourceDiscovered": "CREATE", "ResourceDeleted": "DELETE"}
        common = {**self._common(account), "resourceName": None}
        return {"changeType": change.get(self.status, "UPDATE"), **common}

    def described(self, account: str) -> dict[str, Any]:
        """It as GetResourceConfigHistory has it."""
        return {
            "version": VERSION,
            "accountId": account,
            "configurationItemCaptureTime": self.captured.timestamp(),
            "configurationItemStatus": self.status,
            "configurationStateId": str(_milliseconds(self.captured)),
            "configurationItemMD5Hash": "",
            "arn": self.arn,
            "resourceType": self.type,
            "resourceId": self.id,
            "resourceName": self.name,
            "awsRegion": "global",
            "availabilityZone": "Not Applicable",
            "resourceCreationTime": self.created.timestamp(),
            "tags": {},
            "relatedEvents": [],
            "relationships": [],
            "configuration": json.dumps(self.configuration),
            "supplementaryConfiguration": {},
        }

    def _common(self, account: str) -> dict[str, Any]:
        return {
            "configurationItemVersion": VERSION,
            "configurationItemCaptureTime": iso(self.captured),
            "configurationStateId": _milliseconds(self.captured),
            "awsAccountId": account,
            "configurationItemStatus": self.status,
            "resourceType": self.type,
            "resourceId": self.id,
            "resourceName": self.name,
            "ARN": self.arn,
            "awsRegion": "global",
            "availabilityZone": "Not Applicable",
            "configurationStateMd5Hash": "",
            "resourceCreationTime": iso(self.created),
        }


class Items:
    """The items captured so far, of one account. The caller holds the account's lock."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._kept: dict[tuple[str, str], list[Item]] = {}

    def capture(self, region: str, resource_type: str, named: str) -> Item | None:
        """The item of a resource as it is now, by its name, ARN or id; None when there never was.

        Of one that is gone, and was captured when it was there, the item says so.
        """
        now = self._now(region, resource_type, named) or self._gone(resource_type, named)
        if now is None:
            return None
        kept = self._kept.setdefault((resource_type, now.id), [])
        kept.append(now if kept else replace(now, status="ResourceDiscovered"))
        return kept[-1]

    def history(self, region: str, resource_type: str, resource_id: str) -> list[Item]:
        """A resource's items, the latest first; none when it was never seen."""
        if not self._kept.get((resource_type, resource_id)):
            self.capture(region, resource_type, resource_id)
        return self._kept.get((resource_type, resource_id), [])[::-1]

    def _gone(self, resource_type: str, named: str) -> Item | None:
        kept = [each[-1] for (kind, _), each in self._kept.items() if kind == resource_type]
        before = next((each for each in kept if each.goes_by(named)), None)
        if before is None:
            return None
        now = datetime.now(UTC)
        return replace(before, status="ResourceDeleted", captured=now, configuration={})

    def _now(self, region: str, resource_type: str, named: str) -> Item | None:
        iam = iam_backends[self._account][get_partition(region)]
        found = _items(iam, resource_type)
        return next((each for each in found if each.goes_by(named)), None)


def _items(iam: IAMBackend, resource_type: str) -> Iterator[Item]:
    if resource_type == USER:
        yield from (_of_user(iam, each) for each in iam.users.values())
    elif resource_type == POLICY:
        yield from (_of_policy(each) for each in iam.managed_policies.values() if _is_own(each))


def _of_user(iam: IAMBackend, user: User) -> Item:
    groups = [each.name for each in iam.get_groups_for_user(user.name)]
    attached = [{"policyName": p.name, "policyArn": p.arn} for p in user.managed_policies.values()]
    configuration = {
        "path": user.path,
        "userName": user.name,
        "userId": user.id,
        "arn": user.arn,
        "createDate": iso(_in_utc(user.create_date)),
        "userPolicyList": [{"policyName": name} for name in user.policies],
        "groupList": groups,
        "attachedManagedPolicies": attached,
    }
    return _item(USER, user, configuration)


def _of_policy(policy: ManagedPolicy) -> Item:
    configuration = {
        "policyName": policy.name,
        "policyId": policy.id,
        "arn": policy.arn,
        "path": policy.path,
        "defaultVersionId": policy.default_version_id,
    }
    return _item(POLICY, policy, configuration)


def _item(resource_type: str, of: User | ManagedPolicy, configuration: dict[str, Any]) -> Item:
    now, created = datetime.now(UTC), _in_utc(of.create_date)
    return Item(resource_type, of.id, of.name, of.arn, "OK", now, created, configuration)


def _is_own(policy: ManagedPolicy) -> bool:
    return ":aws:policy/" not in policy.arn


def _in_utc(time: datetime) -> datetime:
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def iso(time: datetime) -> str:
    """A time as AWS Config writes it."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
