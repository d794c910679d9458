"""reactor.triggers.cloudtrail on events as this project's sandbox writes them, and worse ones."""

import copy
import datetime as dt
from typing import Any

import pytest

from reactor.model import Cause, Claim, Hint, Subject, SubjectKind, TriggerKind
from reactor.triggers.cloudtrail import Reading, envelope_of, parse
from sandbox.callers import Caller
from sandbox.cloudtrail import record
from sandbox.wire import Call
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
ROOT_SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/root-account-mfa-device"
USER = Caller(
    "IAMUser",
    ACCOUNT,
    "aws",
    "AKIAEXAMPLE",
    "AIDAEXAMPLE",
    f"arn:aws:iam::{ACCOUNT}:user/admins/carol",
    user_name="carol",
)
ROOT = Caller("Root", ACCOUNT, "aws", "ASIAEXAMPLE", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
ROLE = Caller(
    "AssumedRole",
    ACCOUNT,
    "aws",
    "ASIAEXAMPLE",
    "AROAEXAMPLE:session",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/session",
)


def event(
    action: str, caller: Caller = ROLE, result: Any = None, **parameters: Any
) -> dict[str, Any]:
    """Return the event of a call as the sandbox's CloudTrail writes it and EventBridge wraps it."""
    call = Call(
        service="iam",
        region="us-east-1",
        action=action,
        access_key_id=caller.access_key_id,
        user_agent="aws-cli/2",
        source_ip="203.0.113.7",
        path="/",
        parameters=parameters,
    )
    written = record(call, caller, result=result or {}, request_id="request", at=START)
    return envelope_of(written)


def read(payload: object, account: str | None = ACCOUNT) -> Reading:
    """Parse what arrived two seconds after the call."""
    return parse(payload, account=account, received_at=START + dt.timedelta(seconds=2))


def only_cause(payload: object) -> Cause:
    """Return the one cause of an event that concerns somebody."""
    reading = read(payload)
    assert reading.ignored is None
    (cause,) = reading.causes
    return cause


def user(name: str) -> Subject:
    """Return a user of our account."""
    return Subject(SubjectKind.USER, ACCOUNT, name=name)


EVERY_USER = Subject(SubjectKind.EVERY_USER, ACCOUNT)
THE_ROOT = Subject(SubjectKind.ROOT, ACCOUNT)
DEVICE = Subject(SubjectKind.MFA_SERIAL, ACCOUNT, serial=SERIAL)
CREATED = Hint(Claim.USER_CREATED, START, "alice")
DETACHED = Hint(Claim.POLICY_DETACHED, START, GUARD_ARN)
REMOVED = Hint(Claim.DEVICE_REMOVED, START, SERIAL)


@pytest.mark.parametrize(
    ("payload", "subject", "hints"),
    [
        pytest.param(
            event("CreateUser", UserName="alice", Path="/team/"),
            user("alice"),
            (CREATED,),
            id="a user is created",
        ),
        pytest.param(
            event("DetachUserPolicy", UserName="alice", PolicyArn=GUARD_ARN),
            user("alice"),
            (DETACHED,),
            id="a policy is detached",
        ),
        pytest.param(
            event("DeactivateMFADevice", UserName="alice", SerialNumber=SERIAL),
            user("alice"),
            (REMOVED,),
            id="a device is deactivated",
        ),
        pytest.param(
            event("DeactivateMFADevice", USER, SerialNumber=SERIAL),
            user("carol"),
            (REMOVED,),
            id="a user deactivates its own device without saying its name",
        ),
        pytest.param(
            event("DeactivateMFADevice", ROLE, SerialNumber=SERIAL),
            EVERY_USER,
            (REMOVED,),
            id="a role deactivates a device without saying whose, which IAM refuses",
        ),
        pytest.param(
            event("DeactivateMFADevice", ROOT, SerialNumber=ROOT_SERIAL),
            THE_ROOT,
            (Hint(Claim.DEVICE_REMOVED, START, ROOT_SERIAL),),
            id="root deactivates its own device",
        ),
        pytest.param(
            event("DeactivateMFADevice", ROOT, UserName="AWS ROOT USER", SerialNumber=ROOT_SERIAL),
            THE_ROOT,
            (Hint(Claim.DEVICE_REMOVED, START, ROOT_SERIAL),),
            id="root's device is deactivated, in CloudTrail's words",
        ),
        pytest.param(
            event("DeleteVirtualMFADevice", SerialNumber=SERIAL),
            DEVICE,
            (REMOVED,),
            id="a virtual device is deleted",
        ),
    ],
)
def test_subject_and_hints(
    payload: dict[str, Any], subject: Subject, hints: tuple[Hint, ...]
) -> None:
    """Each event says whom it is about and what it claims."""
    cause = only_cause(payload)
    assert (cause.subject, cause.hints) == (subject, hints)
    assert read(payload).matched


def test_trigger_tells_who_caused_it() -> None:
    """The record's part: what woke us, which call, when, by whom, from where."""
    payload = event("DetachUserPolicy", USER, UserName="alice", PolicyArn=GUARD_ARN)
    trigger = read(payload).trigger
    assert trigger.kind is TriggerKind.IAM_EVENT
    assert trigger.received_at == START + dt.timedelta(seconds=2)
    assert trigger.event is not None
    assert trigger.event.id == payload["detail"]["eventID"]
    assert (trigger.event.name, trigger.event.time) == ("DetachUserPolicy", START)
    assert (trigger.event.caller, trigger.event.source_address) == (USER.arn, "203.0.113.7")


@pytest.mark.parametrize(
    ("caller", "name"),
    [
        pytest.param(USER, "carol", id="a user"),
        pytest.param(ROLE, None, id="a role is not a user"),
        pytest.param(ROOT, None, id="root is not a user"),
    ],
)
def test_calling_user(caller: Caller, name: str | None) -> None:
    """The calling user is a lead to a device's owner, where it is a user."""
    assert only_cause(event("DeleteVirtualMFADevice", caller, SerialNumber=SERIAL)).caller_user == (
        name
    )


def test_role_is_never_taken_for_a_user() -> None:
    """The role's name under sessionIssuer, and root's account alias, are not users' names."""
    payload = event("DeleteVirtualMFADevice", SerialNumber=SERIAL)
    payload["detail"]["userIdentity"]["sessionContext"] = {"sessionIssuer": {"userName": "admin"}}
    assert only_cause(payload).caller_user is None
    payload["detail"]["userIdentity"] |= {"type": "Root", "userName": "our-alias"}
    assert only_cause(payload).caller_user is None


def changed(payload: dict[str, Any], **detail: Any) -> dict[str, Any]:
    """Return an event with members of its detail replaced; `...` leaves one out."""
    other = copy.deepcopy(payload)
    other["detail"].update(detail)
    other["detail"] = {key: value for key, value in other["detail"].items() if value is not ...}
    return other


CREATE = event("CreateUser", UserName="alice")
TOO_LARGE = {"reason": "requestParameters too large", "omitted": True, "originalSize": 123456}


@pytest.mark.parametrize("name", ["CreateUser", "DetachUserPolicy", "DeleteVirtualMFADevice"])
@pytest.mark.parametrize(
    "request_parameters",
    [
        pytest.param(None, id="null"),
        pytest.param(..., id="left out"),
        pytest.param({}, id="empty"),
        pytest.param(TOO_LARGE, id="too large"),
        pytest.param(TOO_LARGE | {"omitted": "true"}, id="too large, in a string"),
        pytest.param("text", id="a text"),
        pytest.param([{"userName": "alice"}], id="a list"),
        pytest.param({"userName": None, "serialNumber": None}, id="of null members"),
        pytest.param({"userName": {"x": 1}, "serialNumber": 7}, id="of wrong types"),
        pytest.param({"userName": "a b", "serialNumber": "a b c d e"}, id="of impossible names"),
        pytest.param({"userName": "x" * 129, "serialNumber": "x" * 257}, id="of endless names"),
        pytest.param({"userName": "alice\n", "serialNumber": SERIAL + "\n"}, id="of lines"),
    ],
)
def test_event_without_a_name_concerns_everyone(name: str, request_parameters: object) -> None:
    """Leaving the name out is a way to hide, so that such an event starts a look at every user."""
    payload = changed(CREATE, eventName=name, requestParameters=request_parameters)
    cause = only_cause(payload)
    assert (cause.subject, cause.hints) == (EVERY_USER, ())


@pytest.mark.parametrize(
    "request_parameters",
    [
        pytest.param(None, id="null"),
        pytest.param(TOO_LARGE, id="too large"),
        pytest.param({"serialNumber": SERIAL, "userName": None}, id="with a null name"),
        pytest.param({"serialNumber": SERIAL, "userName": "a b"}, id="with an impossible name"),
    ],
)
def test_deactivation_by_a_user_is_its_own_only_if_no_name_was_given(
    request_parameters: object,
) -> None:
    """The caller stands in for a name that was left out, not for one that cannot be read."""
    payload = event("DeactivateMFADevice", USER, SerialNumber=SERIAL)
    cause = only_cause(changed(payload, requestParameters=request_parameters))
    assert cause.subject == EVERY_USER


def test_name_in_the_response() -> None:
    """A created user whose request was omitted is named by the response."""
    payload = changed(
        CREATE, requestParameters=TOO_LARGE, responseElements={"user": {"userName": "alice"}}
    )
    cause = only_cause(payload)
    assert cause.subject == user("alice")
    assert [(each.claim, each.about) for each in cause.hints] == [(Claim.USER_CREATED, "alice")]


@pytest.mark.parametrize(
    "time",
    [
        None,
        ...,
        "",
        "yesterday",
        "2026-03-01T12:00:00",
        1772366400,
        {},
        "0001-01-01T00:00:00+14:00",
    ],
)
def test_event_without_a_time_gives_no_hint(time: object) -> None:
    """A claim whose age is not known outweighs nothing; the user is looked at all the same."""
    cause = only_cause(changed(CREATE, eventTime=time))
    assert (cause.subject, cause.hints) == (user("alice"), ())


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        pytest.param(None, "malformed: the payload is a NoneType, not an object", id="nothing"),
        pytest.param([CREATE], "malformed: the payload is a list, not an object", id="a list"),
        pytest.param({}, "malformed: the event has no detail", id="an empty object"),
        pytest.param(
            {**CREATE, "detail": None}, "malformed: the event has no detail", id="a null detail"
        ),
        pytest.param(
            {**CREATE, "detail": "text"}, "malformed: the event has no detail", id="a text detail"
        ),
        pytest.param(
            changed(CREATE, eventSource="transfer.amazonaws.com"),
            "an event of another service: transfer.amazonaws.com",
            id="another service's CreateUser",
        ),
        pytest.param(
            changed(CREATE, eventSource=...),
            "an event of another service: None",
            id="no event source",
        ),
        pytest.param(
            event("CreateGroup", GroupName="x"),
            "not an event that can weaken MFA: CreateGroup",
            id="another call",
        ),
        pytest.param(
            changed(CREATE, eventName=["CreateUser"]),
            "not an event that can weaken MFA: ['CreateUser']",
            id="a list for a name",
        ),
        pytest.param(
            changed(CREATE, errorCode="AccessDenied", requestParameters=None),
            "the call failed: AccessDenied",
            id="a refused call",
        ),
        pytest.param(
            event(
                "CreateUser",
                result={"Error": {"Code": "EntityAlreadyExists", "Message": "there is one"}},
                UserName="alice",
            ),
            "the call failed: EntityAlreadyExistsException",
            id="a failed call, in CloudTrail's words",
        ),
        pytest.param(
            {**CREATE, "account": "999999999999"},
            "an event of another account: 999999999999",
            id="another account's envelope",
        ),
        pytest.param(
            changed(CREATE, recipientAccountId="999999999999"),
            "an event of another account: 999999999999",
            id="our envelope round another account's record",
        ),
        pytest.param(
            {**CREATE, "account": None},
            "malformed: the event names no account",
            id="an envelope without an account",
        ),
        pytest.param(
            {**CREATE, "account": int(ACCOUNT)},
            f"an event of another account: {ACCOUNT}",
            id="an account that is a number",
        ),
    ],
)
def test_ignored(payload: object, why: str) -> None:
    """What concerns nobody gives no cause but the reason why."""
    reading = read(payload)
    assert (reading.causes, reading.ignored) == ((), why)


def test_foreign_text_is_cut_short() -> None:
    """An endless name in an event does not become an endless line in the log."""
    reading = read(changed(CREATE, eventSource="x" * 10_000, eventID="y" * 10_000))
    assert len(str(reading.ignored)) < 120
    assert reading.trigger.event is not None
    assert len(str(reading.trigger.event.id)) == 300


def test_old_record_without_recipient() -> None:
    """A record without recipientAccountId belongs to the envelope's account."""
    assert only_cause(changed(CREATE, recipientAccountId=...)).subject == user("alice")


def test_offline_reading_takes_the_events_own_account() -> None:
    """Without an account of ours, the event's is taken: the envelope's, else the record's."""
    for payload, account in (
        ({**CREATE, "account": "999999999999"}, "999999999999"),
        ({**CREATE, "account": None}, ACCOUNT),
    ):
        (cause,) = read(payload, account=None).causes
        assert cause.subject.account == account


def test_event_from_another_rule_is_read_but_not_matched() -> None:
    """An IAM event in a strange envelope is acted on, and said not to be one our rule delivers."""
    reading = read({**CREATE, "source": "custom"})
    assert (reading.matched, len(reading.causes)) == (False, 1)


def test_envelope_of_a_bare_record() -> None:
    """A bare record is wrapped as EventBridge would, its account from where it is."""
    detail = changed(CREATE, recipientAccountId=...)["detail"]
    wrapped = envelope_of(detail)
    assert (wrapped["source"], wrapped["account"]) == ("aws.iam", ACCOUNT)
    assert (wrapped["time"], wrapped["region"]) == ("2026-03-01T12:00:00Z", "us-east-1")
    assert wrapped["detail"] == detail
    assert envelope_of({})["account"] is None
