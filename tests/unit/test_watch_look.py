"""reactor.watch.watch: which deliveries are looked at, and what an alarm is like."""

import json
from pathlib import Path
from typing import Any

import pytest

from reactor.model import AlarmKind, TriggerKind
from reactor.watch.muting import MUTED_FOR_TRUSTED
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.calls import happened, seen, user
from tests.fakes.clock import START
from tests.unit.test_watch_changes import CHANGES

DELETED = happened("iam", "DeletePolicy", PolicyArn=GUARD_ARN)


def with_detail(**members: Any) -> dict[str, Any]:
    """Return the deletion of the guard with members of its record replaced."""
    return {**DELETED, "detail": {**DELETED["detail"], **members}}


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (None, "malformed: the payload is a NoneType, not an object"),
        ({"detail": None}, "malformed: the event has no detail"),
        ({**DELETED, "account": "999999999999"}, "an event of another account: 999999999999"),
        (
            with_detail(recipientAccountId="999999999999"),
            "an event of another account: 999999999999",
        ),
        ({**DELETED, "account": None}, "malformed: the event names no account"),
        ({**DELETED, "detail-type": "Scheduled Event"}, "not a call of an API: Scheduled Event"),
        (
            {**DELETED, "source": "iam"},
            "malformed: the source of an event of iam.amazonaws.com is another",
        ),
        (
            with_detail(eventSource="transfer.amazonaws.com"),
            "malformed: the source of an event of transfer.amazonaws.com is another",
        ),
        (with_detail(eventName=None), "malformed: the event has no name"),
        (with_detail(eventName="GetPolicy"), "only a read: GetPolicy"),
        (with_detail(readOnly=True), "only a read: DeletePolicy"),
    ],
)
def test_ignored(payload: Any, why: str) -> None:
    """What is no change in this account is ignored, and says why."""
    sighting = seen(payload)
    assert (sighting.alarms, sighting.ignored) == ((), why)


def test_trigger() -> None:
    """The trigger repeats the event, so that the alarm need not."""
    trigger = seen(DELETED).trigger
    assert (trigger.kind, trigger.received_at) == (TriggerKind.IAM_EVENT, START)
    assert trigger.event is not None
    assert (trigger.event.name, trigger.event.time) == ("DeletePolicy", START)


@pytest.mark.parametrize(("kind", "payload"), CHANGES)
def test_records(kind: str, payload: dict[str, Any]) -> None:
    """Every alarm is JSON, has a remedy, and members that no log record has already."""
    (alarm,) = seen(payload).alarms
    assert json.loads(json.dumps(alarm.details)) == alarm.details
    assert alarm.remedy, kind
    # What logging and the journal themselves write; a member of that name would fail, or be lost.
    taken = {"name", "args", "message", "module", "service", "schema", "alarm", "what", "remedy"}
    assert not taken & set(alarm.details)


def test_long_names() -> None:
    """The longest names leave room in the sentence for what was done."""
    caller = {**user("c" * 64), "arn": f"arn:aws:iam::{ACCOUNT}:user/{'p' * 500}/{'c' * 64}"}
    (alarm,) = seen(happened("iam", "DeleteLoginProfile", caller, UserName="u" * 5000)).alarms
    assert len(alarm.what) < 300
    assert alarm.what.endswith("without MFA: DeleteLoginProfile")


@pytest.mark.parametrize("odd", [[], {}, 1, None])
def test_odd_word_on_mfa(odd: Any) -> None:
    """Whatever stands where a session says whether it has MFA, other than true, is none."""
    caller = {**user(mfa=True), "sessionContext": {"attributes": {"mfaAuthenticated": odd}}}
    (alarm,) = seen(happened("iam", "DeleteUser", caller, UserName="alice")).alarms
    assert alarm.kind == "write-without-mfa"


def test_the_audit_document_lists_the_alarms() -> None:
    """docs/audit.md has a row for each kind of alarm, and stars those muted for who deploys."""
    text = (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    raised = {
        *MUTED_FOR_TRUSTED,
        AlarmKind.ROOT_MFA_DEACTIVATED,
        AlarmKind.SELF_EXEMPTION,
        AlarmKind.DEVICE_BY_ACCESS_KEY,
        AlarmKind.DENIED_AT_GUARD,
        AlarmKind.WRITE_WITHOUT_MFA,
    }
    for kind in raised:
        star = r" \*" if kind in MUTED_FOR_TRUSTED else ""
        assert f"\n| `{kind}`{star} |" in text
