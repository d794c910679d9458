"""reactor.triggers.cloudtrail on events as this project's sandbox writes them, and worse ones."""

import copy
import datetime as dt
from typing import Any

import pytest

from reactor.model import Cause, Claim, Hint, Subject, SubjectKind, TriggerKind
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS, Names
from reactor.triggers.cloudtrail import Reading, envelope_of, parse
from sandbox.callers import Caller
from sandbox.cloudtrail import record
from sandbox.wire import Call
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.harness import settings

LIST = "/mfa/exempt"
# Every row that can matter does so under these.
ALL = settings(scope="console", lift="compliant", exempt_groups="bots", exempt_parameter=LIST)
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Another"
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
        service="ssm" if action in PARAMETER_EVENTS else "iam",
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


def failed(action: str, code: str, **parameters: Any) -> dict[str, Any]:
    """Return the event of a call that failed with a code on the wire."""
    return event(action, result={"Error": {"Code": code, "Message": "no"}}, **parameters)


def read(payload: object, account: str | None = ACCOUNT, under: Settings = ALL) -> Reading:
    """Parse what arrived two seconds after the call."""
    received_at = START + dt.timedelta(seconds=2)
    return parse(payload, account=account, received_at=received_at, settings=under)


def only_cause(payload: object) -> Cause:
    """Return the one cause of an event that concerns somebody."""
    reading = read(payload)
    assert reading.ignored is None
    (cause,) = reading.causes
    return cause


def user(name: str) -> Subject:
    """Return a user of our account."""
    return Subject(SubjectKind.USER, ACCOUNT, name=name)


def group(name: str) -> Subject:
    """Return the members of a group of our account."""
    return Subject(SubjectKind.GROUP_MEMBERS, ACCOUNT, name=name)


def holders(arn: str) -> Subject:
    """Return whoever a policy is attached to."""
    return Subject(SubjectKind.POLICY_HOLDERS, ACCOUNT, arn=arn)


EVERY_USER = Subject(SubjectKind.EVERY_USER, ACCOUNT)
THE_ROOT = Subject(SubjectKind.ROOT, ACCOUNT)
DEVICE = Subject(SubjectKind.MFA_SERIAL, ACCOUNT, serial=SERIAL)
CREATED = Hint(Claim.USER_CREATED, START, "alice")
DETACHED = Hint(Claim.POLICY_DETACHED, START, GUARD_ARN)
REMOVED = Hint(Claim.DEVICE_REMOVED, START, SERIAL)


def made(name: str, claim: Claim = Claim.CREDENTIAL_MADE) -> Hint:
    """Return the claim that a user got a credential."""
    return Hint(claim, START, name)


SUBJECTS = [
    pytest.param(
        event("CreateUser", UserName="alice", Path="/team/"),
        user("alice"),
        (CREATED,),
        id="a user is created",
    ),
    pytest.param(
        event("UpdateUser", UserName="old", NewUserName="alice"),
        user("alice"),
        (Hint(Claim.USER_RENAMED, START, "alice"),),
        id="a user is renamed",
    ),
    pytest.param(
        event("UpdateUser", UserName="alice", NewPath="/team/"),
        user("alice"),
        (),
        id="a user is moved",
    ),
    pytest.param(
        failed("DeleteUser", "DeleteConflict", UserName="alice"),
        user("alice"),
        (Hint(Claim.DELETION_BLOCKED, START, "alice"),),
        id="a user cannot be deleted",
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
    pytest.param(
        event("RemoveUserFromGroup", UserName="alice", GroupName="bots"),
        user("alice"),
        (Hint(Claim.GROUP_LEFT, START, "bots"),),
        id="a user leaves a group",
    ),
    pytest.param(
        event("DetachGroupPolicy", GroupName="staff", PolicyArn=GUARD_ARN),
        group("staff"),
        (DETACHED,),
        id="a policy is detached from a group",
    ),
    pytest.param(
        event("DeletePolicy", PolicyArn=GUARD_ARN),
        EVERY_USER,
        (),
        id="the guard is deleted, and hangs on nobody any more",
    ),
    pytest.param(
        event("CreateLoginProfile", UserName="alice", Password="secret"),
        user("alice"),
        (made("alice", Claim.PASSWORD_MADE),),
        id="a password",
    ),
    pytest.param(
        event("CreateLoginProfile", USER, Password="secret"),
        user("carol"),
        (made("carol", Claim.PASSWORD_MADE),),
        id="a user's own password, whose record has no request at all",
    ),
    pytest.param(
        event(
            "CreateAccessKey",
            result={"AccessKey": {"UserName": "alice", "AccessKeyId": "AKIA", "Status": "Active"}},
        ),
        user("alice"),
        (made("alice"),),
        id="a key whose owner only the answer names",
    ),
    pytest.param(
        event(
            "CreateAccessKey",
            ROOT,
            result={"AccessKey": {"UserName": "Root", "AccessKeyId": "AKIA", "Status": "Active"}},
        ),
        THE_ROOT,
        (),
        id="root's own key, whose answer names it as if it were a user",
    ),
    pytest.param(
        event("UpdateAccessKey", UserName="alice", AccessKeyId="AKIA", Status="Active"),
        user("alice"),
        (made("alice"),),
        id="a key is switched on",
    ),
    pytest.param(
        event("UpdateAccessKey", UserName="alice", AccessKeyId="AKIA", Status="Inactive"),
        user("alice"),
        (),
        id="a key is switched off",
    ),
    pytest.param(
        event("EnableMFADevice", ROOT, UserName="AWS ROOT USER", SerialNumber=ROOT_SERIAL),
        THE_ROOT,
        (),
        id="root enrols",
    ),
    pytest.param(event("TagUser", UserName="alice", Tags=[]), user("alice"), (), id="a tag"),
    pytest.param(
        event("AddUserToGroup", UserName="alice", GroupName="bots"),
        user("alice"),
        (Hint(Claim.PERMISSIONS_GIVEN, START, "bots"),),
        id="a user joins a group",
    ),
    pytest.param(
        event("UpdateGroup", GroupName="old", NewGroupName="bots"),
        group("bots"),
        (Hint(Claim.GROUP_RENAMED, START, "bots"),),
        id="a group is renamed",
    ),
    pytest.param(
        event("UpdateGroup", GroupName="bots", NewPath="/a/"), group("bots"), (), id="or moved"
    ),
    pytest.param(
        event("AttachUserPolicy", UserName="alice", PolicyArn=GUARD_ARN),
        user("alice"),
        (Hint(Claim.PERMISSIONS_GIVEN, START, GUARD_ARN),),
        id="a policy is attached",
    ),
    pytest.param(
        event("CreatePolicyVersion", PolicyArn=GUARD_ARN, PolicyDocument="{}", SetAsDefault=True),
        holders(GUARD_ARN),
        (Hint(Claim.PERMISSIONS_CHANGED, START, GUARD_ARN),),
        id="a policy says something else",
    ),
    pytest.param(
        event("CreatePolicyVersion", PolicyArn=GUARD_ARN, PolicyDocument="{}"),
        holders(GUARD_ARN),
        (),
        id="a version that is not the default",
    ),
    pytest.param(
        event("SetDefaultPolicyVersion", PolicyArn=GUARD_ARN, VersionId="v1"),
        holders(GUARD_ARN),
        (Hint(Claim.PERMISSIONS_CHANGED, START, GUARD_ARN),),
        id="another version of the guard",
    ),
    pytest.param(
        event("PutParameter", Name=LIST, Value="alice", Type="StringList"),
        EVERY_USER,
        (),
        id="the exemption list is written",
    ),
    pytest.param(
        event("DeleteParameters", Names=["/another", LIST]),
        EVERY_USER,
        (),
        id="the exemption list is deleted with others",
    ),
]


@pytest.mark.parametrize(("payload", "subject", "hints"), SUBJECTS)
def test_subject_and_hints(
    payload: dict[str, Any], subject: Subject, hints: tuple[Hint, ...]
) -> None:
    """Each event says whom it is about and what it claims, and wakes somebody."""
    cause = only_cause(payload)
    assert (cause.subject, cause.hints) == (subject, hints)
    assert read(payload).matched


def test_no_way_of_naming_a_subject_is_left_out() -> None:
    """The table above has an event for each."""
    payloads: list[Any] = [each.values[0] for each in SUBJECTS]
    named = {CATALOGUE[payload["detail"]["eventName"]].names for payload in payloads}
    assert named == set(Names) - {Names.NOBODY}


@pytest.mark.parametrize(
    ("payload", "subject"),
    [
        pytest.param(
            event("PutUserPolicy", UserName="alice", PolicyName="p", PolicyDocument="{}"),
            user("alice"),
            id="an inline policy",
        ),
        pytest.param(
            event("DeletePolicy", PolicyArn=POLICY_ARN),
            holders(POLICY_ARN),
            id="another policy than the guard is deleted",
        ),
        pytest.param(event("DeleteGroup", GroupName="bots"), group("bots"), id="a group"),
    ],
)
def test_what_changes_no_verdict_is_read_and_not_heard(
    payload: dict[str, Any], subject: Subject
) -> None:
    """The parser knows whom it concerns, and no rule delivers it."""
    reading = read(payload)
    assert [cause.subject for cause in reading.causes] == [subject]
    assert (reading.heard_by, reading.matched) == ((), False)


@pytest.mark.parametrize(
    ("payload", "under", "heard_by"),
    [
        pytest.param(
            event("DetachUserPolicy", UserName="alice", PolicyArn=GUARD_ARN),
            ALL,
            (Function.REACT,),
            id="the guard is detached",
        ),
        pytest.param(
            event("DetachUserPolicy", UserName="alice", PolicyArn=POLICY_ARN),
            ALL,
            (Function.REVIEW,),
            id="another policy is detached",
        ),
        pytest.param(
            event("DeletePolicy", PolicyArn=GUARD_ARN),
            ALL,
            (Function.REACT, Function.KEEPER),
            id="the guard is deleted",
        ),
        pytest.param(
            event("UntagUser", UserName="alice", TagKeys=["userType"]),
            ALL,
            (Function.REVIEW,),
            id="a tag that may exempt",
        ),
        pytest.param(
            event("UntagUser", UserName="alice", TagKeys=["userType"]),
            settings(exempt_tags=""),
            (),
            id="a tag, when none exempts",
        ),
    ],
)
def test_heard_by(payload: dict[str, Any], under: Settings, heard_by: tuple[Function, ...]) -> None:
    """A reading says which functions' rules would deliver the event, under the settings."""
    reading = read(payload, under=under)
    assert reading.heard_by == heard_by
    assert reading.matched is bool(heard_by)


def test_guard_is_the_settings() -> None:
    """Only when the guard is deleted is everybody looked at; which one it is, the settings say."""
    payload = event("DeletePolicy", PolicyArn=POLICY_ARN)
    (cause,) = read(payload, under=settings(guard_policy="Another")).causes
    assert cause.subject == EVERY_USER


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
# The members by which requests name whom they concern.
NAMING = ("userName", "newUserName", "groupName", "newGroupName", "serialNumber", "policyArn")


NAMED_BY_REQUEST = {
    row.event: row.failed_with or ...
    for row in CATALOGUE.values()
    if row.names not in {Names.NOBODY, Names.EVERYONE, Names.USER_OR_CALLER}
}


@pytest.mark.parametrize("name", NAMED_BY_REQUEST)
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
        pytest.param(dict.fromkeys(NAMING), id="of null members"),
        pytest.param(dict.fromkeys(NAMING, 7), id="of wrong types"),
        pytest.param({key: {"x": 1} for key in NAMING}, id="of objects"),
        pytest.param(dict.fromkeys(NAMING, "a b c d e"), id="of impossible names"),
        pytest.param(dict.fromkeys(NAMING, "arn:" + "x" * 2048), id="of endless names"),
        pytest.param(
            {
                **dict.fromkeys(NAMING, "alice\n"),
                "serialNumber": f"{SERIAL}\n",
                "policyArn": f"{POLICY_ARN}\n",
            },
            id="of lines",
        ),
    ],
)
def test_event_without_a_name_concerns_everyone(name: str, request_parameters: object) -> None:
    """Leaving the name out is a way to hide, so that such an event starts a look at every user."""
    code = NAMED_BY_REQUEST[name]
    payload = changed(CREATE, eventName=name, errorCode=code, requestParameters=request_parameters)
    cause = only_cause(payload)
    assert (cause.subject, cause.hints) == (EVERY_USER, ())


@pytest.mark.parametrize(
    "name", [row.event for row in CATALOGUE.values() if row.names is Names.USER_OR_CALLER]
)
@pytest.mark.parametrize(
    "request_parameters",
    [
        pytest.param(TOO_LARGE, id="too large"),
        pytest.param(TOO_LARGE | {"omitted": "true"}, id="too large, in a string"),
        pytest.param("text", id="a text"),
        pytest.param([{"userName": "alice"}], id="a list"),
        pytest.param({"userName": None}, id="a null name"),
        pytest.param({"userName": "a b"}, id="an impossible name"),
        pytest.param({"userName": ["alice"]}, id="a list of names"),
    ],
)
@pytest.mark.parametrize("caller", [USER, ROOT], ids=["by a user", "by root"])
def test_caller_stands_in_only_for_a_name_that_was_not_given(
    name: str, request_parameters: object, caller: Caller
) -> None:
    """A name that was lost or cannot be read may be anybody's."""
    payload = changed(event(name, caller), requestParameters=request_parameters)
    cause = only_cause(payload)
    assert (cause.subject, cause.hints) == (EVERY_USER, ())


@pytest.mark.parametrize(
    "name", [row.event for row in CATALOGUE.values() if row.names is Names.USER_OR_CALLER]
)
@pytest.mark.parametrize(
    ("caller", "subject"),
    [(USER, user("carol")), (ROOT, THE_ROOT), (ROLE, EVERY_USER)],
    ids=["a user", "root", "a role, which IAM refuses"],
)
def test_call_without_a_name_is_about_the_caller(
    name: str, caller: Caller, subject: Subject
) -> None:
    """Where the call may leave the name out."""
    assert only_cause(event(name, caller, SerialNumber=SERIAL)).subject == subject


def test_deactivation_that_lost_its_request_is_nobodys_own() -> None:
    """A deactivation says which device: where that is gone, the name may be gone with it."""
    payload = changed(
        event("DeactivateMFADevice", USER, SerialNumber=SERIAL), requestParameters=None
    )
    assert only_cause(payload).subject == EVERY_USER


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
            changed(CREATE, eventSource=["iam.amazonaws.com"]),
            "an event of another service: ['iam.amazonaws.com']",
            id="a list for an event source",
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
            event("DeleteUser", UserName="alice"),
            "the user is deleted: nobody is left to look at",
            id="a user who is gone",
        ),
        pytest.param(
            failed("DeleteUser", "NoSuchEntity", UserName="alice"),
            "the call failed: NoSuchEntityException",
            id="a user who was not there",
        ),
        pytest.param(
            failed("UpdateUser", "Throttling", UserName="alice"),
            "the call failed: ThrottlingException",
            id="a throttled call",
        ),
        pytest.param(
            event("CreateVirtualMFADevice", VirtualMFADeviceName="alice"),
            "the device belongs to nobody yet",
            id="a device of nobody's",
        ),
        pytest.param(
            event("PutParameter", Name="/another", Value="x"),
            f"another parameter than the exemption list ({LIST}): /another",
            id="another parameter",
        ),
        pytest.param(
            event("DeleteParameters", Names=["/another"]),
            f"another parameter than the exemption list ({LIST}): ['/another']",
            id="other parameters",
        ),
        pytest.param(
            changed(event("PutParameter", Name=LIST), eventSource="iam.amazonaws.com"),
            "not an event that can weaken MFA: PutParameter",
            id="IAM has no parameters",
        ),
        pytest.param(
            changed(CREATE, eventSource="ssm.amazonaws.com"),
            "not an event that can weaken MFA: CreateUser",
            id="the parameter store has no users",
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


def test_without_a_list_no_parameter_concerns_anybody() -> None:
    """The parameter store is nobody's business then."""
    reading = read(event("PutParameter", Name=LIST, Value="x"), under=settings())
    why = f"another parameter than the exemption list (none is named): {LIST}"
    assert (reading.causes, reading.ignored, reading.heard_by) == ((), why, ())


@pytest.mark.parametrize(
    "request_parameters", [None, {}, {"name": None}, {"name": [LIST]}, {"names": [7]}], ids=str
)
def test_parameter_without_a_name_may_be_the_list(request_parameters: object) -> None:
    """As with users: what cannot be read concerns everybody."""
    payload = changed(event("PutParameter", Name=LIST), requestParameters=request_parameters)
    assert only_cause(payload).subject == EVERY_USER


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
