"""What the parser makes of each published record, where they are at hand.

The four catalogue events of the table below wake the reactor; every other record, and every decoy
(some with the name of an IAM event), is neither matched by the rule nor gives a cause.
"""

import pytest

from reactor.triggers.cloudtrail import Reading, parse
from tests.fakes.clock import START
from tests.unit.recorded import delivered, recorded

RECORDS = recorded()

# File: (kind, name or serial, claim, calling user). Whose ids the publishers blacked out have
# accounts of 13 digits or none; the account is taken as it is.
AWAKENING = {
    "CreateUser__beats__1.json": ("user", "Bob", "user-created", "Alice"),
    "CreateUser__invictus__1.json": (
        "user",
        "stratus-red-team-nmfalu-gfjyeaypjt",
        "user-created",
        "bert-jan",
    ),
    "CreateUser__invictus__2.json": (
        "user",
        "stratus-red-team-backdoor-u-user",
        "user-created",
        "bert-jan",
    ),
    "CreateUser__invictus__3.json": ("user", "malicious-iam-user", "user-created", "bert-jan"),
    "CreateUser__panther__1.json": ("user", "new-user", "user-created", None),
    "CreateUser__panther__2.json": ("user", "user", "user-created", None),
    "CreateUser__panther__3.json": ("user", "user", "user-created", None),
    "CreateUser__panther__5.json": ("user", "user", "user-created", None),
    "CreateUser__panther__8.json": ("user", "jacknagz", "user-created", None),
    "CreateUser__stratus__1.json": ("user", "malicious-iam-user", "user-created", "christophe"),
    "DeactivateMFADevice__beats__1.json": ("user", "Alice", "device-removed", "Alice"),
    # By root, whose record carries the account's alias as userName: not a user.
    "DeactivateMFADevice__eb-cloudbuddy__1.json": ("user", "user1", "device-removed", None),
    "DeleteVirtualMFADevice__beats__1.json": (
        "mfa-serial",
        "arn:aws:iam::0123456789012:mfa/Alice",
        "device-removed",
        "Alice",
    ),
    "DetachUserPolicy__invictus__1.json": (
        "user",
        "malicious-iam-user",
        "policy-detached",
        "bert-jan",
    ),
}
NO_DETAIL = "malformed: the event has no detail"
ANOTHER_SERVICE = "an event of another service: "
NOT_OURS = "not an event that can weaken MFA: "
# Why the others are ignored, by how their file names begin; the first that fits.
IGNORED = {
    "ConfigRuleInvocation-": NO_DETAIL,
    "ConfigurationItem-": NO_DETAIL,
    "ScheduledEvent": NO_DETAIL,
    "decoy-iam-AttachRolePolicy-sqs-sns-body": NO_DETAIL,
    "ConfigConfigurationItemChange": ANOTHER_SERVICE,
    "ConfigRulesComplianceChange": ANOTHER_SERVICE,
    "EC2InstanceStatechangeNotification": ANOTHER_SERVICE,
    "decoy-iam-": NOT_OURS,
    "decoy-": ANOTHER_SERVICE,
    "PutParameter": ANOTHER_SERVICE,
    "DeleteParameter": ANOTHER_SERVICE,
    "": NOT_OURS,
}


def read(name: str) -> Reading:
    """Parse a record as it would be delivered."""
    return parse(delivered(RECORDS[name]), account=None, received_at=START)


@pytest.mark.parametrize("name", sorted(set(AWAKENING) & set(RECORDS)))
def test_awakening(name: str) -> None:
    """A catalogue event gives one cause: whom it is about, what it claims, who made the call."""
    reading = read(name)
    (cause,) = reading.causes
    subject = cause.subject
    (hint,) = cause.hints
    assert (
        subject.kind,
        subject.name or subject.serial,
        hint.claim,
        cause.caller_user,
    ) == AWAKENING[name]
    assert (reading.matched, reading.ignored) == (True, None)
    event = cause.trigger.event
    assert event is not None
    assert (event.name, event.time) == (name.partition("__")[0], hint.at)
    assert event.caller


@pytest.mark.parametrize("name", sorted(set(RECORDS) - set(AWAKENING)))
def test_ignored(name: str) -> None:
    """What cannot weaken MFA, or is no IAM event at all, is ignored with its reason."""
    reading = read(name)
    assert (reading.matched, reading.causes) == (False, ())
    expected = next(why for start, why in IGNORED.items() if name.startswith(start))
    assert str(reading.ignored).startswith(expected)


@pytest.mark.parametrize("name", sorted(set(AWAKENING) & set(RECORDS)))
def test_other_accounts(name: str) -> None:
    """The same event for another account's reactor concerns nobody."""
    reading = parse(delivered(RECORDS[name]), account="999999999999", received_at=START)
    assert str(reading.ignored).startswith("an event of another account: ")


@pytest.mark.skipif(not RECORDS, reason="the published records are not at hand")
def test_no_record_is_left_out() -> None:
    """All of the table's files were found among the records."""
    assert set(AWAKENING) <= set(RECORDS)
