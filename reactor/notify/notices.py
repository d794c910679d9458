"""A notice: one thing to tell people, as frozen data; to JSON, and back with suspicion.

It is made of what was recorded. It travels as the payload of an invocation, which whoever may
invoke the function can forge: nothing is believed but shapes, and every text is cut.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reactor.errors import Permanent, shorten
from reactor.model import (
    Alarm,
    Compliance,
    OutcomeStatus,
    SubjectKind,
    Trigger,
    TriggerKind,
)
from reactor.reconcile import Settled
from reactor.triggers.records import mapping

SCHEMA = "mfa-reactor/notice/1"
MOST_ITEMS = 10  # of anything that a notice lists
_KEY_LIMIT = 64  # characters
_NUMBER_LIMIT = 10**12  # milliseconds of 30 years; no count is larger


class NoticeKind(StrEnum):
    """What a notice tells of."""

    REMEDIATED = "remediated"
    NOT_REMEDIATED = "not-remediated"  # and another try cannot help
    OBSERVED = "observed"  # would have been remediated, had the stage not been told to observe
    MANY = "many"  # more subjects in one invocation than are told of singly
    SWEEP = "sweep"
    ALARM = "alarm"


# What whoever is concerned does next, by the kind of the subject.
_NEXT = {
    SubjectKind.USER.value: "the user enrols an MFA device (console: Security credentials, Assign"
    " MFA device), signs out and in again with it, and then has all its permissions back",
    SubjectKind.BUCKET.value: "whoever needs what was open to everybody grants it to named"
    " accounts, or has the bucket exempted by a tag (REACTOR_BUCKET_EXEMPT_TAGS)",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Whose notice it is: the stage and its mode, the run (Lambda's request id), and where."""

    stage: str
    mode: str
    run: str
    account: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One thing to tell. `at` is ISO 8601, UTC; `what` a sentence; empty is what is not known.

    `subject` has the members of `Subject.describe`. `caller`, `source_address`, `event` and
    `event_time` are of the event that led to it. `alarm` is the alarm's kind, `details` its
    further members. `counts` and `samples` are those of a digest. `alias` is the account's.
    """

    kind: NoticeKind
    what: str
    at: str = ""
    stage: str = ""
    mode: str = ""
    run: str = ""
    account: str = ""
    region: str = ""
    alias: str = ""
    next_step: str = ""
    caller: str = ""
    source_address: str = ""
    event: str = ""
    event_time: str = ""
    alarm: str = ""
    reasons: tuple[str, ...] = ()
    milliseconds: Mapping[str, int] = field(default_factory=dict)
    subject: Mapping[str, str] = field(default_factory=dict)
    details: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the subject is called; nothing when there is none, or it has no name."""
        named = (self.subject.get(each) for each in ("name", "serial", "arn", "kind"))
        return next((each for each in named if each), "")

    def describe(self) -> dict[str, Any]:
        """Return the members that are set, JSON types only."""
        members = {name: value for name, value in asdict(self).items() if value}
        return {"schema": SCHEMA, **members, "kind": self.kind.value}

    @classmethod
    def of(cls, said: object) -> "Notice | None":
        """Read a notice; None when it is none. Members of a wrong shape are as if not there."""
        members = mapping(said)
        try:
            kind = NoticeKind(str(members.get("kind")))
        except ValueError:
            return None
        texts = {name: _text(members.get(name)) for name in _TEXTS}
        return cls(
            kind=kind,
            **texts,
            reasons=_texts(members.get("reasons")),
            milliseconds=_numbers(members.get("milliseconds")),
            subject=_named(members.get("subject")),
            details=_named(members.get("details")),
            counts=_numbers(members.get("counts")),
            samples={key: _texts(each) for key, each in _items(members.get("samples"))},
        )


_TEXTS = (
    *("what", "at", "stage", "mode", "run", "account", "region", "alias", "next_step", "caller"),
    *("source_address", "event", "event_time", "alarm"),
)


def notice_of(each: Settled, place: Place) -> Notice | None:
    """Return the notice of a subject that an event led to; None when there is nothing to tell.

    A rule of AWS Config has nobody remediated: whom it finds amiss is told where it reports. Of
    what failed, only what another try cannot mend: of the rest the last try's record tells, and the
    alarm on the queue of failed events. In observe mode, only of what an event has weakened. What
    was remediated in part is told as what could not be: somebody must see to the rest.
    """
    trigger = each.cause.trigger
    if trigger.kind is TriggerKind.CONFIG:
        return None
    if each.decision.verdict.compliance is not Compliance.NON_COMPLIANT:
        return None
    name = each.observation.subject.name or each.observation.subject.kind.value
    failure = next((error for error in each.errors if isinstance(error, Permanent)), None)
    if failure is not None:
        part = f"was remediated in part ({_done(each)})"
        how = part if each.changed else "could not be remediated"
        what = f"{name} {how}: {shorten(failure)}"
        return _notice(each, place, NoticeKind.NOT_REMEDIATED, what, next_step=failure.remedy)
    if each.changed:
        return _notice(each, place, NoticeKind.REMEDIATED, f"{name} was remediated")
    skipped = any(outcome.status is OutcomeStatus.SKIPPED for outcome in each.outcomes)
    # Of S3's events that are heard, each that finds a bucket public has made it so.
    weakened = bool(each.cause.hints) or trigger.kind is TriggerKind.S3_EVENT
    if skipped and weakened and not each.errors and not each.held_back:
        what = f"{name} would be remediated, but the stage only observes"
        return _notice(each, place, NoticeKind.OBSERVED, what)
    return None


def alarm_notice(alarm: Alarm, trigger: Trigger | None, place: Place, at: datetime) -> Notice:
    """Return the notice of an alarm."""
    return Notice(
        kind=NoticeKind.ALARM,
        what=shorten(alarm.what),
        at=at.isoformat(),
        next_step=alarm.remedy,
        alarm=alarm.kind.value,
        details={key: _flat(value) for key, value in alarm.details.items()},
        **_of_place(place),
        **_of_event(trigger),
    )


def digest(  # noqa: PLR0913 - its parts; all but the first two by name
    kind: NoticeKind,
    what: str,
    place: Place,
    *,
    at: datetime,
    counts: Mapping[str, int],
    samples: Mapping[str, Iterable[str]],
    next_step: str = "",
) -> Notice:
    """Return the notice of many things at once, with a few of each."""
    return Notice(
        kind=kind,
        what=what,
        at=at.isoformat(),
        next_step=next_step,
        counts=dict(counts),
        samples={key: tuple(each)[:MOST_ITEMS] for key, each in samples.items() if each},
        **_of_place(place),
    )


def _notice(
    each: Settled, place: Place, kind: NoticeKind, what: str, *, next_step: str = ""
) -> Notice:
    subject, trigger = each.observation.subject, each.cause.trigger
    since = trigger.milliseconds(each.at).items()
    rule = "" if trigger.notice is None else trigger.notice.rule or ""
    details = {"actions": _done(each)}
    return Notice(
        kind=kind,
        what=what,
        at=each.at.isoformat(),
        next_step=next_step or _NEXT.get(subject.kind.value, ""),
        reasons=each.decision.verdict.reasons,
        milliseconds={key: value for key, value in since if value is not None},
        subject=subject.describe(),
        details={**details, **({"rule": rule} if rule else {})},
        **_of_place(place),
        **_of_event(trigger),
    )


def _done(each: Settled) -> str:
    return ", ".join(outcome.action.name for outcome in each.outcomes)


def _of_place(place: Place) -> dict[str, Any]:
    return asdict(place)


def _of_event(trigger: Trigger | None) -> dict[str, Any]:
    event = None if trigger is None else trigger.event
    if event is None:
        return {}
    return {
        "caller": event.caller or "",
        "source_address": event.source_address or "",
        "event": event.name or "",
        "event_time": "" if event.time is None else event.time.isoformat(),
    }


def _flat(value: object) -> str:
    """Return an alarm's further member as a text of one line."""
    if isinstance(value, list | tuple):
        return shorten(", ".join(_flat(each) for each in value[:MOST_ITEMS]))
    if isinstance(value, Mapping):
        return shorten(", ".join(f"{key} {_flat(each)}" for key, each in value.items()))
    return shorten(value)


def _text(value: object) -> str:
    # JSON may have halves of characters, which no channel could encode.
    return shorten(value.encode(errors="replace").decode()) if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    listed = value if isinstance(value, list | tuple) else ()
    return tuple(_text(each) for each in listed[:MOST_ITEMS] if isinstance(each, str))


def _items(value: object) -> list[tuple[str, Any]]:
    some = list(mapping(value).items())[:MOST_ITEMS]
    return [(shorten(key, _KEY_LIMIT), each) for key, each in some]


def _named(value: object) -> dict[str, str]:
    return {key: _text(each) for key, each in _items(value) if isinstance(each, str)}


def _numbers(value: object) -> dict[str, int]:
    return {
        key: min(max(each, -_NUMBER_LIMIT), _NUMBER_LIMIT)
        for key, each in _items(value)
        if isinstance(each, int) and not isinstance(each, bool)
    }
