"""The parser takes anything: no payload makes it fail, and it makes nobody up."""

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.model import Subject, SubjectKind
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS, Names
from reactor.triggers.cloudtrail import Reading, envelope_of, parse
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import ROLE, Envelope, event
from tests.fakes.harness import settings
from tests.unit.recorded import delivered, recorded

LIST = "/mfa/exempt"
# Every row that can matter does so under these.
ALL = settings(scope="console", lift="compliant", exempt_groups="bots", exempt_parameter=LIST)
SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
OTHER_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Another"
TOO_LARGE = {"reason": "requestParameters too large", "omitted": True, "originalSize": 123456}
REQUEST = {
    "userName": "alice",
    "groupName": "staff",
    "policyArn": GUARD_ARN,
    "serialNumber": SERIAL,
    "name": LIST,
}
ANSWER = {"accessKey": {"userName": "bob", "status": "Active"}}
CALLER = {"type": "IAMUser", "userName": "carol", "arn": f"arn:aws:iam::{ACCOUNT}:user/carol"}
ROOT = {"type": "Root", "userName": "our-alias", "arn": f"arn:aws:iam::{ACCOUNT}:root"}


def happened(name: str, request: Any, identity: Any = CALLER, response: Any = None) -> Envelope:
    """Return a row's event as it is when it is listened to; `request` may be anything."""
    service = "ssm" if name in PARAMETER_EVENTS else "iam"
    payload = event(name, None, identity=identity, response=response, service=service)
    payload["detail"]["requestParameters"] = request
    if CATALOGUE[name].failed_with:
        payload["detail"]["errorCode"] = CATALOGUE[name].failed_with
    return payload


OWN = [
    happened(name, request, identity, response)
    for name in CATALOGUE
    for request, identity, response in (
        (REQUEST, CALLER, None),
        (None, CALLER, ANSWER),
        ({**REQUEST, "newUserName": "dave", "newGroupName": "robots"}, ROLE, None),
        (TOO_LARGE, ROOT, None),
    )
]
THEIRS = [delivered(each) for _, each in sorted(recorded().items())]
TEXTS = st.sampled_from(
    (
        *("alice", "carol", "AWS ROOT USER", "a b", "", "Inactive", "IAMUser", "Root"),
        *(SERIAL, GUARD_ARN, OTHER_ARN, LIST, "2026-03-01T12:00Z", "AccessDenied"),
        *(*CATALOGUE, "requestParameters", "userName", "omitted", "names"),
    )
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.text(), inner),
    max_leaves=6,
)
Path = tuple[str | int, ...]


def paths(node: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the path of every member of a document."""
    items: Any = ()
    if isinstance(node, dict):
        items = node.items()
    elif isinstance(node, list):
        items = enumerate(node)
    for key, value in items:
        yield (*path, key)
        yield from paths(value, (*path, key))


def leaves(node: Any) -> Iterator[str]:
    """Yield every text that a document holds as a value."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from leaves(value)
    elif isinstance(node, list):
        for value in node:
            yield from leaves(value)


@st.composite
def mutated(draw: st.DrawFn, originals: list[dict[str, Any]]) -> Any:
    """Draw an event with up to four members replaced or left out."""
    changed = copy.deepcopy(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(0, 4))):
        found = list(paths(changed))
        if not found:
            break
        *parents, last = draw(st.sampled_from(found))
        holder: Any = changed
        for parent in parents:
            holder = holder[parent]
        if draw(st.booleans()):
            holder[last] = draw(JSON)
        else:
            del holder[last]
    return changed


def read(payload: Any, account: str | None) -> Reading:
    """Parse a payload."""
    received_at = START + timedelta(seconds=1)
    return parse(payload, account=account, received_at=received_at, settings=ALL)


def check(payload: Any, account: str | None) -> None:
    """Hold a reading to what any reading must be."""
    before = copy.deepcopy(payload)
    reading = read(payload, account)
    assert payload == before, "parsing changed the payload"
    assert (reading.ignored is None) == bool(reading.causes)
    named = set(leaves(payload))
    for cause in reading.causes:
        subject = cause.subject
        check_subject(subject, payload)
        assert account is None or subject.account == account
        assert cause.caller_user is None or cause.caller_user in named
        assert all(hint.about in named for hint in cause.hints)
    if reading.ignored is not None:
        assert len(reading.ignored) < 250
        assert "\n" not in reading.ignored


def check_subject(subject: Subject, payload: Any) -> None:
    """Hold a subject to be one that the event names, where it may name one."""
    detail = payload["detail"]
    request = detail.get("requestParameters")
    told = request if isinstance(request, dict) else {}
    # Nobody is named but by the request, by the answer, or by having called.
    here = {each for each in told.values() if isinstance(each, str)}
    answered = set(leaves(detail.get("responseElements")))
    match subject.kind:
        case SubjectKind.USER if subject.name not in here | answered:
            # The caller, of whom the call may be only if it names nobody else.
            assert subject.name == detail["userIdentity"]["userName"]
            assert detail["userIdentity"]["type"] == "IAMUser"
            assert CATALOGUE[detail["eventName"]].names is Names.USER_OR_CALLER
            assert request is None or not {"userName", "omitted"} & request.keys()
        case SubjectKind.GROUP_MEMBERS:
            assert subject.name in here
        case SubjectKind.POLICY_HOLDERS:
            assert subject.arn in here
        case SubjectKind.MFA_SERIAL:
            assert subject.serial in here
        case SubjectKind.ROOT:
            by_root = detail["userIdentity"].get("type") == "Root"
            assert told.get("userName") == "AWS ROOT USER" or (by_root and "userName" not in told)


@given(payload=mutated(OWN), account=st.sampled_from((ACCOUNT, None)))
def test_own_events_mutated(payload: Any, account: str | None) -> None:
    """However an event is bent, it is read, and names nobody whom it does not name."""
    check(payload, account)


@given(payload=mutated(THEIRS or OWN), account=st.none())
def test_published_events_mutated(payload: Any, account: None) -> None:
    """The same for real records, where they are at hand."""
    check(payload, account)


@given(payload=JSON, account=st.sampled_from((ACCOUNT, None)))
def test_any_payload(payload: Any, account: str | None) -> None:
    """Any JSON document may arrive."""
    check(payload, account)


@given(detail=st.dictionaries(st.sampled_from(tuple(OWN[0]["detail"])), JSON))
def test_any_record_can_be_wrapped(detail: dict[str, Any]) -> None:
    """Whatever a bare record holds, it can be wrapped, read, and written as JSON."""
    wrapped = envelope_of(detail)
    assert json.loads(json.dumps(wrapped)) == wrapped
    check(wrapped, None)


REQUESTS = st.dictionaries(TEXTS | st.sampled_from(tuple(REQUEST)), JSON) | JSON
ABOUT_USERS_AND_POLICIES = [
    name for name, row in CATALOGUE.items() if row.names not in {Names.NOBODY, Names.EVERYONE}
]


@given(
    name=st.sampled_from(ABOUT_USERS_AND_POLICIES),
    request=REQUESTS,
    identity=st.sampled_from((CALLER, ROOT, ROLE)),
)
def test_every_event_concerns_somebody(name: str, request: Any, identity: Any) -> None:
    """Whatever stands in a catalogue event's request, somebody is looked at, or everybody."""
    payload = happened(name, request, identity)
    (cause,) = read(payload, ACCOUNT).causes
    check_subject(cause.subject, payload)


@given(
    name=st.sampled_from(ABOUT_USERS_AND_POLICIES),
    omitted=st.sampled_from((True, "true")),
    identity=st.sampled_from((CALLER, ROOT, ROLE)),
    rest=st.dictionaries(st.sampled_from(("reason", "originalSize", "x")), JSON),
)
def test_what_was_left_out_concerns_everybody(
    name: str, omitted: object, identity: Any, rest: dict[str, Any]
) -> None:
    """Whoever called: to make a request too large must never narrow whom it concerns."""
    payload = happened(name, {**rest, "omitted": omitted}, identity)
    reading = read(payload, ACCOUNT)
    (cause,) = reading.causes
    assert cause.subject.kind is SubjectKind.EVERY_USER
    # IAM's failures are not listened to, but for one, whose request is a name.
    assert reading.matched or CATALOGUE[name].failed_with


@given(request=REQUESTS)
def test_devices_of_nobody_concern_nobody(request: Any) -> None:
    """And of parameters, only the list, or what may be the list."""
    assert read(happened("CreateVirtualMFADevice", request), ACCOUNT).causes == ()
    for name in PARAMETER_EVENTS:
        payload = happened(name, request)
        for cause in read(payload, ACCOUNT).causes:
            assert cause.subject.kind is SubjectKind.EVERY_USER
        check(payload, ACCOUNT)
