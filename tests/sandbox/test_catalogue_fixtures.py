"""Each event of the catalogue, from a call that was really made to what the parser makes of it."""

from __future__ import annotations

import contextlib
import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from reactor.model import Hint, Subject, SubjectKind
from reactor.names import Function
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS
from reactor.triggers.cloudtrail import Reading, envelope_of, parse
from reactor.triggers.rules import pattern_of
from tests.sandbox.catalogue_calls import CALLS, Scene
from tests.sandbox.listening import listener_arn, listening
from tests.sandbox.reenact import Reenactment
from tests.sandbox.support import CODES, GUARD, PASSWORD, certificate, refused, without_retries

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox import Deployment, Sandbox

Record = dict[str, Any]
_numbers = itertools.count(1)
# Above what CloudTrail writes, below what IAM takes: white space does not count.
PADDED = GUARD + " " * 120_000


@pytest.fixture
def scene(sandbox: Sandbox) -> Scene:
    """A scene of the test's own."""
    return Scene(sandbox, next(_numbers))


@pytest.fixture
def last(sandbox: Sandbox) -> Callable[[str], Record]:
    """The last record of an event."""

    def find(event: str) -> Record:
        return next(
            each for each in reversed(sandbox.control.records()) if each["eventName"] == event
        )

    return find


def read(record: Record, scene: Scene) -> Reading:
    """Parse a record as the function does that gets it."""
    return parse(
        envelope_of(record),
        account=record["recipientAccountId"],
        received_at=datetime.now(UTC),
        settings=scene.settings,
    )


def subject_of(record: Record, scene: Scene) -> Subject:
    """Return the one whom a record concerns, by a claim or not."""
    (cause,) = read(record, scene).causes
    return cause.subject


def test_every_row_has_a_call() -> None:
    """A row without a fixture of our own would be one that nobody has tried."""
    assert set(CALLS) == set(CATALOGUE)


@pytest.mark.parametrize("event", CATALOGUE)
def test_call(scene: Scene, last: Callable[[str], Record], event: str) -> None:
    """The record says whom it concerns and what it claims, and the right function hears it.

    The same from another service wakes nobody.
    """
    expected = CALLS[event](scene)
    record = last(event)
    for source in ("transfer.amazonaws.com", "sso-directory.amazonaws.com"):
        decoy = read({**record, "eventSource": source}, scene)
        assert (decoy.causes, decoy.heard_by) == ((), ())
    reading = read(record, scene)
    assert reading.heard_by == expected.heard_by
    if expected.kind is None:
        assert reading.causes == ()
        return
    (cause,) = reading.causes
    subject = cause.subject
    assert subject.kind is expected.kind
    assert (subject.name or subject.serial or subject.arn) == expected.who
    assert subject.account == record["recipientAccountId"]
    at = datetime.fromisoformat(record["eventTime"])
    about = expected.about or expected.who or ""
    assert cause.hints == (() if expected.claim is None else (Hint(expected.claim, at, about),))
    assert cause.caller_user is None, "the sandbox's administrator is a role"


def _own_key(iam: Any, _: str) -> str:
    iam.create_access_key()
    return "CreateAccessKey"


def _own_key_switched(iam: Any, _: str) -> str:
    key = iam.create_access_key()["AccessKey"]["AccessKeyId"]
    iam.update_access_key(AccessKeyId=key, Status="Inactive")
    return "UpdateAccessKey"


def _own_password(iam: Any, _: str) -> str:
    iam.create_login_profile(Password=PASSWORD)
    return "CreateLoginProfile"


def _own_password_deleted(iam: Any, _: str) -> str:
    iam.create_login_profile(Password=PASSWORD)
    iam.delete_login_profile()
    return "DeleteLoginProfile"


def _own_certificate(iam: Any, _: str) -> str:
    iam.upload_signing_certificate(CertificateBody=certificate())
    return "UploadSigningCertificate"


def _own_device(iam: Any, user: str) -> str:
    made = iam.create_virtual_mfa_device(VirtualMFADeviceName=user)
    serial = made["VirtualMFADevice"]["SerialNumber"]
    iam.enable_mfa_device(UserName=user, SerialNumber=serial, **CODES)
    iam.deactivate_mfa_device(SerialNumber=serial)
    return "DeactivateMFADevice"


@pytest.mark.parametrize(
    "call",
    (
        _own_key,
        _own_key_switched,
        _own_password,
        _own_password_deleted,
        _own_certificate,
        _own_device,
    ),
)
def test_call_without_a_name_is_about_its_caller(
    sandbox: Sandbox, scene: Scene, last: Callable[[str], Record], call: Callable[[Any, str], str]
) -> None:
    """Who leaves the name out means itself."""
    event = call(sandbox.client_for_user(scene.new_user()), scene.user)
    record = last(event)
    assert "userName" not in (record["requestParameters"] or {})
    assert subject_of(record, scene) == Subject(SubjectKind.USER, sandbox.account, name=scene.user)
    (cause,) = read(record, scene).causes
    assert cause.caller_user == scene.user


def test_call_by_root_about_a_user(
    sandbox: Sandbox, scene: Scene, last: Callable[[str], Record]
) -> None:
    """Root calls in nobody's name."""
    sandbox.root_client().create_access_key(UserName=scene.new_user())
    (cause,) = read(last("CreateAccessKey"), scene).causes
    assert (cause.subject.kind, cause.subject.name) == (SubjectKind.USER, scene.user)
    assert cause.caller_user is None


def test_user_who_is_deleted_concerns_nobody(scene: Scene, last: Callable[[str], Record]) -> None:
    """Nor does one who was not there."""
    scene.iam.delete_user(UserName=scene.new_user())
    assert str(read(last("DeleteUser"), scene).ignored).startswith("the user is deleted")
    with refused("NoSuchEntity"):
        scene.iam.delete_user(UserName=scene.user)
    reading = read(last("DeleteUser"), scene)
    assert (reading.heard_by, reading.ignored) == ((), "the call failed: NoSuchEntityException")


def test_policy_too_large_for_a_record(scene: Scene, last: Callable[[str], Record]) -> None:
    """Its record names nobody, so that everybody is looked at, by the review as well."""
    scene.iam.create_policy_version(PolicyArn=scene.new_guard(), PolicyDocument=PADDED)
    record = last("CreatePolicyVersion")
    assert record["requestParameters"]["reason"] == "requestParameters too large"
    assert read(record, scene).heard_by == (Function.REVIEW, Function.KEEPER)
    assert subject_of(record, scene).kind is SubjectKind.EVERY_USER

    scene.iam.put_user_policy(UserName=scene.new_user(), PolicyName="p", PolicyDocument=PADDED)
    record = last("PutUserPolicy")
    assert read(record, scene).heard_by == (Function.REVIEW,)
    assert subject_of(record, scene).kind is SubjectKind.EVERY_USER


def test_throttled_call_concerns_nobody(
    sandbox: Sandbox, scene: Scene, last: Callable[[str], Record]
) -> None:
    """It was not made, and its record has no request."""
    iam = without_retries(sandbox, "iam")
    scene.new_user()
    sandbox.control.set_throttle(0.001, 0, ["UpdateUser"])
    try:
        with refused("Throttling"):
            iam.update_user(UserName=scene.user, NewUserName=scene.renamed)
    finally:
        sandbox.control.set_throttle(None, operations=["UpdateUser"])
    record = last("UpdateUser")
    assert record["requestParameters"] is None
    reading = read(record, scene)
    assert (reading.heard_by, reading.ignored) == ((), "the call failed: ThrottlingException")


@pytest.mark.parametrize("event", sorted(set(CATALOGUE) - PARAMETER_EVENTS))
def test_denied_call_concerns_nobody(sandbox: Sandbox, scene: Scene, event: str) -> None:
    """Whoever tries."""
    record = Reenactment(sandbox, {"eventName": event, "requestParameters": None}).run_denied()
    reading = read(record, scene)
    assert (reading.heard_by, reading.ignored) == ((), "the call failed: AccessDenied")


# Whom they wake does not hang on names that only their own scene's settings know.
SAMPLES = ("CreateUser", "DeactivateMFADevice", "DeleteUser", "TagUser", "PutUserPolicy")


def test_eventbridge_takes_the_rules_and_wakes_as_they_say(
    sandbox: Sandbox, deployment: Deployment, last: Callable[[str], Record]
) -> None:
    """With a function behind each rule, records wake it once for each that hears them."""
    assert deployment.rules
    number = itertools.count(1_000)
    expected = {event: CALLS[event](Scene(sandbox, next(number))) for event in SAMPLES}
    under = Scene(sandbox, next(number)).settings
    patterns = {each: pattern_of(each, under) for each in Function}
    with contextlib.ExitStack() as rules:
        for function, pattern in patterns.items():
            if pattern is not None:
                rules.enter_context(listening(sandbox, f"fixture-{function}", pattern))

        def wakes(envelope: Record) -> int:
            return sandbox.control.invoke_event(envelope).count(listener_arn(sandbox))

        for event in SAMPLES:
            record = last(event)
            assert wakes(envelope_of(record)) == len(expected[event].heard_by), event
            assert not wakes({**envelope_of(record), "source": "custom"})
            assert not wakes(envelope_of({**record, "eventSource": "transfer.amazonaws.com"}))
