"""What Security Hub is to know of subjects: a report each of those not in order, ids of the others.

It works from a subject's resource and verdict, whichever guardrail gave it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from reactor.errors import shorten
from reactor.model import Compliance, Identified
from reactor.reconcile import Settled
from reactor.triggers.records import items, mapping, quoted, time_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_MEMBER_LIMIT = 256  # characters of a type or an id (AIDA… has 21, old buckets up to 255)
_ARN_LIMIT = 512
_TEXTS = ("type", "id", "arn", "region", "name", "why", "caller", "event", "mended_by")


class Standing(StrEnum):
    """How a subject stands, once an invocation is done with it."""

    OPEN = "open"  # not in order, and left so
    MENDED = "mended"  # was not in order, and is
    COMPLIES = "complies"
    EXCUSED = "excused"  # exempt, or not to be judged
    UNKNOWN = "unknown"


_STANDINGS = {
    Compliance.COMPLIANT: Standing.COMPLIES,
    Compliance.NOT_APPLICABLE: Standing.EXCUSED,
    Compliance.INSUFFICIENT_DATA: Standing.UNKNOWN,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A subject that is, or was, not in order: `type` and `id` are its resource's.

    So is `region`, where it is said. `caller` and `event` are those that led to it, `mended_by`
    says what mended it, or the part of it that was mended.
    """

    type: str
    id: str
    arn: str
    standing: Standing
    region: str = ""
    name: str = ""
    why: str = ""
    caller: str = ""
    event: str = ""
    mended_by: str = ""

    def describe(self) -> dict[str, str]:
        """Return the members that are set."""
        members = {name: getattr(self, name) for name in self.__slots__}
        return {name: str(value) for name, value in members.items() if value}

    @classmethod
    def of(cls, said: object) -> "Report | None":
        """Read a report; None when it is none. Nothing is believed but shapes."""
        members = mapping(said)
        read = {
            name: shorten(members[name], _ARN_LIMIT if name == "arn" else _MEMBER_LIMIT)
            for name in _TEXTS
            if quoted(members.get(name))
        }
        standing = members.get("standing")
        if not read.keys() >= {"type", "id", "arn"} or standing not in {"open", "mended"}:
            return None
        return cls(standing=Standing(standing), **read)


@dataclass(slots=True)
class Stand:
    """How all that an invocation looked at stands, by the type of the resource.

    `at` (UTC) is before the first of it was read: what another says later counts for more.
    `whole`: nobody was missed, so whoever is not in it is gone.
    """

    at: datetime
    reports: list[Report] = field(default_factory=list)
    ids: dict[Standing, dict[str, list[str]]] = field(default_factory=dict)
    whole: bool = False

    def add(self, each: Settled) -> None:
        """Add a subject, if it is a resource."""
        found = _report_of(each)
        if found is None:
            return
        if found.standing in {Standing.OPEN, Standing.MENDED}:
            self.reports.append(found)
        else:
            self.ids.setdefault(found.standing, {}).setdefault(found.type, []).append(found.id)

    def describe_ids(self) -> dict[str, Any]:
        """Return all but the reports, JSON types only; who has a report is there, too."""
        ids = {standing.value: dict(types) for standing, types in self.ids.items()}
        if self.whole:
            for each in self.reports:
                types = ids.setdefault(each.standing.value, {})
                types[each.type] = [*types.get(each.type, []), each.id]
        return {"at": self.at.isoformat(), "whole": self.whole, "ids": ids}

    @classmethod
    def of(cls, said: object) -> "Stand | None":
        """Read one; None when it is none."""
        members = mapping(said)
        at = time_of(members.get("at"))
        if at is None:
            return None
        read = [Report.of(each) for each in items(members.get("reports"))]
        return cls(
            at,
            [each for each in read if each is not None],
            {
                Standing(standing): {
                    shorten(type_, _MEMBER_LIMIT): _ids(ids)
                    for type_, ids in mapping(types).items()
                }
                for standing, types in mapping(members.get("ids")).items()
                if standing in {each.value for each in Standing}
            },
            members.get("whole") is True,
        )

    @property
    def latest(self) -> list[Report]:
        """The last report of each subject."""
        return list({(each.type, each.id): each for each in self.reports}.values())

    @property
    def to_close(self) -> set[tuple[str, str]]:
        """Type and id of those whose findings, if there are any, are open no more."""
        return self.ids_of(Standing.COMPLIES) | self.ids_of(Standing.EXCUSED)

    def ids_of(self, standing: Standing) -> set[tuple[str, str]]:
        """Return type and id of those that stand so."""
        types: Mapping[str, list[str]] = self.ids.get(standing, {})
        return {(type_, each) for type_, ids in types.items() for each in ids}


def _report_of(each: Settled) -> Report | None:
    state, verdict = each.observation.state, each.decision.verdict
    resource = state.resource() if isinstance(state, Identified) else None
    if resource is None or resource.arn is None:
        return None
    standing = _standing_of(each)
    if standing not in {Standing.OPEN, Standing.MENDED}:
        return Report(type=resource.type, id=resource.id, arn=resource.arn, standing=standing)
    event = each.cause.trigger.event
    done = ", ".join(outcome.action.name for outcome in each.outcomes) if each.changed else ""
    # Once something was done, the verdict's reasons are no more; what is left, the errors say.
    why = map(str, each.errors) if done and each.errors else verdict.reasons
    return Report(
        type=resource.type,
        id=resource.id,
        arn=resource.arn,
        standing=standing,
        region=resource.region or "",
        name=each.observation.subject.name or "",
        why=shorten("; ".join(why), _MEMBER_LIMIT),
        caller="" if event is None else event.caller or "",
        event="" if event is None else event.name or "",
        mended_by=done,
    )


def _standing_of(each: Settled) -> Standing:
    """Return how it stands: what its judgement says is wrong still closes no finding.

    An action that failed on whoever is in order all the same does not count.
    """
    found = _STANDINGS.get(each.decision.verdict.compliance)
    if found is None:
        return Standing.MENDED if each.changed and not each.errors else Standing.OPEN
    is_left = each.decision.error is not None and found is not Standing.UNKNOWN
    return Standing.OPEN if is_left else found


def _ids(said: object) -> list[str]:
    return [shorten(each, _MEMBER_LIMIT) for each in items(said) if isinstance(each, str) and each]
