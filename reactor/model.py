"""The words of the system as frozen data: no I/O, no clock, no guardrail's details.

    trigger -> cause (subject + hints) -> state -> verdict + plan -> outcomes -> record

A *trigger* is what woke us. It leads to *causes*: each a *subject* to look at, with *hints* of what
the event claims about it. A guardrail reads the subject's *state*, gives a *verdict* with a *plan*
of *actions*, and each action ends in an *outcome*. docs/architecture.md tells the whole story.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, Protocol, TypeVar, runtime_checkable

from reactor.errors import ReactorError

# The form that the IAM API reference gives a user's name on reads, which is wider than on creation.
USER_NAME = re.compile(r"[\w+=,.@-]{1,128}", re.ASCII)
# How long what an event claims outweighs what IAM says: IAM is eventually consistent without a
# stated bound; two minutes have been seen, so five are taken.
HINT_LIFETIME = timedelta(minutes=5)
# Lambda tries again one and then two more minutes on. A read that contradicts an event is judged
# again by those tries, and the last of them must be able to end well.
RECHECK_LIFETIME = timedelta(seconds=150)
# Event times come from other machines' clocks; a claim from further ahead is not believed.
CLOCK_TOLERANCE = timedelta(minutes=1)


class TriggerKind(StrEnum):
    """What woke us."""

    IAM_EVENT = "iam-event"
    S3_EVENT = "s3-event"
    SCHEDULE = "schedule"
    REACTOR = "reactor"  # one of our functions called another
    OPERATOR = "operator"  # a person at the command line
    CONFIG = "config"  # a rule of AWS Config wants resources evaluated
    COMPLIANCE = "compliance"  # a notice of what a rule of AWS Config found


@dataclass(frozen=True, slots=True)
class Event:
    """What CloudTrail says of one API call; None where the record does not say."""

    id: str | None
    name: str | None
    time: datetime | None
    caller: str | None
    source_address: str | None
    caller_role: str | None = None  # the name of the role whose session the caller is


@dataclass(frozen=True, slots=True)
class ComplianceNotice:
    """Whose word a notice of compliance is: the rule's, and by what SQS knows the message.

    None where it does not say, or there are several.
    """

    rule: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Trigger:
    """One waking: its kind, when it reached us (UTC), and the event or notice that it brought."""

    kind: TriggerKind
    received_at: datetime
    event: Event | None = None
    notice: ComplianceNotice | None = None

    def milliseconds(self, now: datetime) -> dict[str, int | None]:
        """Return the time since the event (whose own is in whole seconds) and since receipt."""
        event_time = None if self.event is None else self.event.time
        return {
            "since_event": None if event_time is None else _milliseconds(event_time, now),
            "since_receipt": _milliseconds(self.received_at, now),
        }


def _milliseconds(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)


class SubjectKind(StrEnum):
    """What a subject stands for; the values are what `mfa-reactor explain` prints."""

    USER = "user"
    SEVERAL_USERS = "several-users"
    GROUP_MEMBERS = "group-members"
    POLICY_HOLDERS = "policy-holders"
    MFA_SERIAL = "mfa-serial"
    ROOT = "root"
    EVERY_USER = "every-user"
    GUARD = "guard"
    GUARD_GROUP = "guard-group"
    BUCKET = "bucket"
    SEVERAL_BUCKETS = "several-buckets"
    EVERY_BUCKET = "every-bucket"


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom or what to re-evaluate, in which account (12 digits).

    `name` is a user's, a group's or a bucket's, `arn` a policy's, `serial` an MFA device's. `id` is
    a user's unique id, AIDA…, where whoever asks knows it: a user by it alone, or this very user by
    a name that may be another's by now. `ids` are those of SEVERAL_USERS, and the names of
    SEVERAL_BUCKETS. `region` is a bucket's, as far as it is known.
    """

    kind: SubjectKind
    account: str
    name: str | None = None
    serial: str | None = None
    arn: str | None = None
    id: str | None = None
    ids: frozenset[str] = frozenset()
    region: str | None = None

    @property
    def label(self) -> str:
        """Which one it is, in one word; empty for what its kind says already."""
        return self.name or self.serial or self.arn or self.id or ""

    def describe(self) -> dict[str, str]:
        """Return the members that are set, for records and the command line."""
        members = {
            "kind": self.kind.value,
            "account": self.account,
            "name": self.name,
            "serial": self.serial,
            "arn": self.arn,
            "id": self.id,
            "region": self.region,
        }
        return {key: value for key, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource as AWS Config and Security Hub know it, and whoever notifies of its compliance.

    The id of a user is AIDA…, of a policy ANPA…, of a bucket its name; the region of those of IAM
    is `global`. None where it is not said.
    """

    type: str
    id: str
    name: str | None = None
    arn: str | None = None
    region: str | None = None
    created_at: datetime | None = None  # UTC

    def describe(self) -> dict[str, str]:
        """Return the members that tell which it is, for records."""
        members = {"type": self.type, "id": self.id, "name": self.name, "arn": self.arn}
        return {key: value for key, value in members.items() if value is not None}


class Claim(StrEnum):
    """What an event can say about its subject that a stale read may not show yet."""

    USER_CREATED = "user-created"
    USER_RENAMED = "user-renamed"
    POLICY_DETACHED = "policy-detached"
    GROUP_LEFT = "group-left"
    DEVICE_REMOVED = "device-removed"
    GROUP_RENAMED = "group-renamed"
    CREDENTIAL_MADE = "credential-made"
    PASSWORD_MADE = "password-made"  # noqa: S105 - a claim's name
    DELETION_BLOCKED = "deletion-blocked"
    PERMISSIONS_GIVEN = "permissions-given"
    PERMISSIONS_CHANGED = "permissions-changed"
    GUARD_EDITED = "guard-edited"
    GUARD_GROUP_EDITED = "guard-group-edited"
    BUCKET_CREATED = "bucket-created"
    BLOCK_LIFTED = "block-lifted"  # public ACLs are not ignored any more
    ACLS_ENABLED = "acls-enabled"
    ACL_OPENED = "acl-opened"
    BUCKET_RETAGGED = "bucket-retagged"  # and may have lost the tag that exempts it


@dataclass(frozen=True, slots=True)
class Hint:
    """An event's claim.

    `about` is the policy's ARN (POLICY_DETACHED, GUARD_EDITED), the group's name (GROUP_LEFT,
    GUARD_GROUP_EDITED), the device's serial (DEVICE_REMOVED), its new name (GROUP_RENAMED), the ARN
    or the name of a policy, or of a group (PERMISSIONS_GIVEN, PERMISSIONS_CHANGED), the bucket's
    name (BUCKET_CREATED, ACLS_ENABLED, ACL_OPENED, BLOCK_LIFTED, BUCKET_RETAGGED; nothing where the
    event does not name it; the account's id where it is the account's block), or else the user's
    name.
    """

    claim: Claim
    at: datetime
    about: str

    def is_young(self, now: datetime, lifetime: timedelta = HINT_LIFETIME) -> bool:
        """Tell whether the claim may still outweigh what was read."""
        return -CLOCK_TOLERANCE <= now - self.at < lifetime


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a subject is looked at: the trigger, what it asked for, and what it claims.

    `caller_user` is the IAM user who made the call, where it was one: a lead to the owner of a
    device that nothing else names.
    """

    trigger: Trigger
    subject: Subject
    hints: tuple[Hint, ...] = ()
    caller_user: str | None = None


class Compliance(StrEnum):
    """AWS Config's four words."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"
    NOT_APPLICABLE = "NOT_APPLICABLE"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of a state: the rule that decided, and its reasons in plain words."""

    compliance: Compliance
    rule: str
    reasons: tuple[str, ...]


class Action(Protocol):
    """A change that would make it right: frozen data, performed by the guardrail that planned it.

    `permissions` are the IAM actions that performing it needs; the roles' policies are made from
    them. `changes` is false for what changes nothing in the account, and is done in observe mode,
    too.
    """

    @property
    def name(self) -> str:
        """The action's name in records."""

    @property
    def permissions(self) -> frozenset[str]:
        """The IAM actions it needs."""

    @property
    def changes(self) -> bool:
        """Whether it changes the account."""

    def describe(self) -> dict[str, str]:
        """Return what it is done to, for records."""


class OutcomeStatus(StrEnum):
    """What became of an action."""

    DONE = "done"
    ALREADY = "already so"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an action, and why when it was not simply done.

    `recheck` asks for another look on fresh reads although the action itself went well.
    """

    action: Action
    status: OutcomeStatus
    why: str = ""
    error: ReactorError | None = None
    recheck: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict and the actions that follow from it, in order; `danger` ranks whom to mend first.

    `recheck` asks for another look on fresh reads, because an event contradicts these. `error`
    stands where no plan can help, such as a guard that is somebody else's. `unbraked`: the plan
    repairs what everybody shares, and changes no user.
    """

    verdict: Verdict
    plan: tuple[Action, ...] = ()
    danger: int = 0
    error: ReactorError | None = None
    recheck: bool = False
    unbraked: bool = False


class AlarmKind(StrEnum):
    """What somebody should look at; docs/audit.md says when each is raised."""

    BRAKE = "brake"
    PERMANENT_FAILURE = "permanent-failure"
    SWEEP_UNFINISHED = "sweep-unfinished"
    GUARD_CHANGED = "guard-changed"
    GUARD_DRIFTED = "guard-drifted"
    GUARD_TAKEN_OFF = "guard-taken-off-by-our-role"
    EXEMPTIONS_CHANGED = "exemptions-changed"
    REACTOR_CHANGED = "reactor-changed"
    TRAIL_CHANGED = "trail-changed"
    REACTOR_IMPAIRED = "reactor-impaired"
    ROOT_MFA_DEACTIVATED = "root-mfa-deactivated"
    ROOT_WITHOUT_MFA = "root-without-mfa"
    SELF_EXEMPTION = "self-exemption"
    DEVICE_BY_ACCESS_KEY = "device-by-access-key"
    DENIED_AT_GUARD = "denied-at-guard"
    WRITE_WITHOUT_MFA = "write-without-mfa"
    CONFIG_RULE_REFUSED = "config-rule-refused"
    NOTICE_UNDELIVERED = "notice-undelivered"


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person should look at: what it is, in a sentence, and what to do.

    `details` are further members of its record, JSON types only.
    """

    kind: AlarmKind
    what: str
    remedy: str
    details: Mapping[str, object] = field(default_factory=dict)


class State(Protocol):
    """What AWS says about a subject now, read once, frozen."""

    def facts(self) -> Mapping[str, object]:
        """Return what was read, for the record; JSON types only."""


@runtime_checkable
class Identified(Protocol):
    """A state of something that AWS Config and Security Hub have a type for."""

    def resource(self) -> Resource | None:
        """Return which resource it is; None when there is none."""


StateT = TypeVar("StateT", bound=State)


@dataclass(frozen=True, slots=True)
class Observation(Generic[StateT]):
    """A single subject with its state, or with the error that kept it from being read.

    `reads` are the API operations asked, as `service:Operation`. `swept`: it was not asked for by
    itself, but found by looking at everybody; such subjects are changed within the brake.
    """

    subject: Subject
    state: StateT | None
    reads: tuple[str, ...] = ()
    error: ReactorError | None = None
    swept: bool = False
