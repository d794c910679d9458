"""What the watch makes of each published record, where they are at hand."""

import pytest

from reactor.guard.identity import Guard
from reactor.watch.watch import Sighting
from tests.fakes.calls import seen
from tests.unit.recorded import delivered, recorded
from tests.unit.test_watch_patterns import wakes

RECORDS = recorded()

# Recordings of attacks, mostly: users who change other users with a key. File: the user changed.
WITHOUT_MFA = {
    "AddUserToGroup__beats__1.json": "Bob",
    "AttachUserPolicy__invictus__1.json": "malicious-iam-user",
    "AttachUserPolicy__panther__5.json": "tracy_stone",
    "AttachUserPolicy__panther__6.json": "tracy_stone",
    "AttachUserPolicy__panther__7.json": "jacknagz",
    "CreateAccessKey__invictus__2.json": "malicious-iam-user",
    "CreateAccessKey__panther__3.json": "jack",
    "CreateAccessKey__panther__4.json": "jackson",
    "CreateAccessKey__stratus__2.json": "malicious-iam-user",
    # By root, whose record carries the account's alias as userName.
    "CreateLoginProfile__eb-cloudbuddy__1.json": "Cli1",
    "CreateLoginProfile__invictus__1.json": "stratus-red-team-login-profile-user",
    "CreateLoginProfile__stratus__1.json": "stratus-red-team-login-profile-user",
    "CreateUser__beats__1.json": "Bob",
    "CreateUser__invictus__1.json": "stratus-red-team-nmfalu-gfjyeaypjt",
    "CreateUser__invictus__2.json": "stratus-red-team-backdoor-u-user",
    "CreateUser__invictus__3.json": "malicious-iam-user",
    "CreateUser__panther__8.json": "jacknagz",
    "CreateUser__stratus__1.json": "malicious-iam-user",
    "DeactivateMFADevice__eb-cloudbuddy__1.json": "user1",
    "DeleteAccessKey__invictus__1.json": "malicious-iam-user",
    "DeleteAccessKey__invictus__2.json": "stratus-red-team-backdoor-u-user",
    "DeleteLoginProfile__invictus__3.json": "stratus-red-team-nmfalu-gfjyeaypjt",
    "DeleteUser__invictus__2.json": "stratus-red-team-backdoor-u-user",
    "DeleteUser__invictus__3.json": "malicious-iam-user",
    "DeleteUser__invictus__4.json": "stratus-red-team-login-profile-user",
    "DetachUserPolicy__invictus__1.json": "malicious-iam-user",
    "EnableMFADevice__eb-cloudbuddy__1.json": "user1",
    "UpdateLoginProfile__stratus__1.json": "stratus-red-team-update-login-profile-user",
    "UpdateUser__splunkdocs__1.json": "user_change_dm",
}
# Were this policy the guard. File: (policy, kind of alarm).
AT_THE_GUARD = {
    "CreatePolicyVersion__traildiscover__1.json": ("TrailDiscover", "denied-at-guard"),
    "SetDefaultPolicyVersion__traildiscover__1.json": ("TrailDiscover", "denied-at-guard"),
    "CreatePolicy__traildiscover__1.json": ("TrailDiscoverPolicy", "denied-at-guard"),
}


def read(name: str, guard: str = "MfaReactorGuard") -> Sighting:
    """Look at a record as it would be delivered to the reactor of its account."""
    payload = delivered(RECORDS[name])
    # Whose ids the publishers blacked out have accounts of 13 digits or none.
    account = str(payload.get("account"))
    arn = f"arn:aws:iam::{account}:policy/{guard}"
    return seen(payload, account=account, guard=Guard(arn, given=False))


@pytest.mark.parametrize("name", sorted(set(WITHOUT_MFA) & set(RECORDS)))
def test_without_mfa(name: str) -> None:
    """A user or root without MFA who changes another user is seen in real records, too."""
    (alarm,) = read(name).alarms
    assert (alarm.kind, alarm.details) == ("write-without-mfa", {"user": WITHOUT_MFA[name]})
    assert wakes(delivered(RECORDS[name]))


@pytest.mark.parametrize("name", sorted(set(RECORDS) - set(WITHOUT_MFA)))
def test_silence(name: str) -> None:
    """Reads, denied calls at other things, what roles do, and every decoy raise nothing."""
    sighting = read(name)
    assert sighting.alarms == ()
    assert sighting.ignored


@pytest.mark.parametrize("name", sorted(set(AT_THE_GUARD) & set(RECORDS)))
def test_at_the_guard(name: str) -> None:
    """AWS's own words for a denied call are understood."""
    guard, kind = AT_THE_GUARD[name]
    (alarm,) = read(name, guard).alarms
    assert (alarm.kind, alarm.details["certain"]) == (kind, True)
    assert wakes(delivered(RECORDS[name]))


@pytest.mark.parametrize("name", sorted(name for name in RECORDS if name.startswith("decoy-")))
def test_decoys_do_not_wake(name: str) -> None:
    """Decoys are not even delivered."""
    assert not wakes(delivered(RECORDS[name]))


@pytest.mark.skipif(not RECORDS, reason="the published records are not at hand")
def test_no_record_is_left_out() -> None:
    """All of the tables' files were found among the records."""
    assert {*WITHOUT_MFA, *AT_THE_GUARD} <= set(RECORDS)
