"""The parser takes anything: no payload makes it fail, and it makes nobody up."""

import copy
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.model import SubjectKind
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS, Names
from reactor.triggers.cloudtrail import Reading, envelope_of, parse
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.clock import START
from tests.fakes.events import event
from tests.fakes.harness import settings
from tests.unit.recorded import delivered, recorded

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
LIST = "/mfa/exempt"
SETTINGS = settings(scope="console", exempt_parameter=LIST)
REQUEST = {
    "userName": "alice",
    "policyArn": GUARD_ARN,
    "serialNumber": SERIAL,
    "groupName": "staff",
    "name": LIST,
}
CALLER = {"type": "IAMUser", "userName": "carol", "arn": f"arn:aws:iam::{ACCOUNT}:user/carol"}
OWN = [
    event(name, REQUEST, identity=CALLER, service="ssm" if name in PARAMETER_EVENTS else "iam")
    for name in CATALOGUE
]
THEIRS = [delivered(each) for _, each in sorted(recorded().items())]
TEXTS = st.sampled_from(
    ("alice", "AWS ROOT USER", "a b", "", SERIAL, GUARD_ARN, "IAMUser", "Root", "2026-03-01T12:00Z")
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
    at = START + timedelta(seconds=1)
    return parse(payload, account=account, received_at=at, settings=SETTINGS)


def check(payload: Any, account: str | None) -> None:
    """Hold a reading to what any reading must be."""
    before = copy.deepcopy(payload)
    reading = read(payload, account)
    assert payload == before, "parsing changed the payload"
    assert (reading.ignored is None) == bool(reading.causes)
    named = set(leaves(payload))
    for cause in reading.causes:
        subject = cause.subject
        if subject.kind in {SubjectKind.USER, SubjectKind.GROUP_MEMBERS}:
            assert subject.name in named
        if subject.kind is SubjectKind.POLICY_HOLDERS:
            assert subject.arn in named
        if subject.kind is SubjectKind.MFA_SERIAL:
            assert subject.serial in named
        assert account is None or subject.account == account
        assert cause.caller_user is None or cause.caller_user in named
        assert all(hint.about in named for hint in cause.hints)
    if reading.ignored is not None:
        assert len(reading.ignored) < 200
        assert "\n" not in reading.ignored


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


@given(request=st.dictionaries(TEXTS | st.sampled_from(tuple(REQUEST)), JSON) | JSON)
def test_every_matched_event_concerns_somebody(request: Any) -> None:
    """Whatever stands in the request of IAM's events, somebody is looked at, or everybody."""
    for row in CATALOGUE.values():
        if row.event in PARAMETER_EVENTS or row.names is Names.NOBODY:
            continue
        payload = event(row.event, {})
        payload["detail"]["requestParameters"] = request
        if row.failed_with:
            payload["detail"]["errorCode"] = row.failed_with
        (cause,) = read(payload, ACCOUNT).causes
        assert cause.subject.kind in SubjectKind
