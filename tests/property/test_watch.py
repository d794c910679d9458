"""The watch takes anything, and its rule delivers whatever it would raise an alarm for."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.errors import FOREIGN_TEXT_LIMIT
from reactor.guard.identity import Guard
from reactor.settings import Settings
from reactor.watch.patterns import watch_pattern
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.calls import ADMIN, denied, function, happened, role, root, seen, user
from tests.property.test_parser import JSON, mutated
from tests.unit.recorded import delivered, recorded
from tests.unit.test_watch_changes import CHANGES
from tests.unit.test_watch_patterns import LIMIT, wakes

SERIAL = f"arn:aws:iam::{ACCOUNT}:mfa/alice"
IDENTITIES = (
    *(ADMIN, role("deployer"), function("keeper"), function("react")),
    *(user(), user(mfa=False), user(mfa=True), root(mfa=False), root(mfa=True)),
)
ACTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("CreateUser", {"UserName": "alice"}),
    ("TagUser", {"UserName": "carol", "Tags": [{"Key": "userType", "Value": "Service"}]}),
    ("AddUserToGroup", {"UserName": "carol", "GroupName": "Robots"}),
    ("UpdateGroup", {"GroupName": "people", "NewGroupName": "Robots"}),
    ("UpdateUser", {"UserName": "carol", "NewUserName": "svc-carol"}),
    ("EnableMFADevice", {"UserName": "alice", "SerialNumber": SERIAL}),
    ("CreateVirtualMFADevice", {"VirtualMFADeviceName": "carol"}),
    ("DeactivateMFADevice", {"UserName": "AWS ROOT USER", "SerialNumber": SERIAL}),
    ("PutUserPolicy", {"UserName": "x", "PolicyDocument": " " * 120_000}),
)
OWN = [
    *(payload for _, payload in CHANGES),
    *(happened("iam", action, by, **request) for action, request in ACTIONS for by in IDENTITIES),
    *(
        denied(action, resource, "", by)
        for action, resource in (
            ("SetDefaultPolicyVersion", f"policy {GUARD_ARN} version v2"),
            ("DeletePolicyVersion", f"policy {GUARD_ARN} version v2"),
            ("CreatePolicy", "policy MfaReactorGuard"),
            ("DetachUserPolicy", "user alice"),
            ("DetachGroupPolicy", "group people"),
        )
        for by in IDENTITIES
    ),
]
THEIRS = [delivered(each) for _, each in sorted(recorded().items())]


def check(payload: Any, account: str = ACCOUNT) -> None:
    """Hold a sighting to what any sighting must be."""
    before = copy.deepcopy(payload)
    sighting = seen(payload, account=account)
    assert payload == before, "looking changed the payload"
    assert (sighting.ignored is None) == bool(sighting.alarms)
    for alarm in sighting.alarms:
        assert json.loads(json.dumps(alarm.details)) == alarm.details
        assert len(alarm.what) <= FOREIGN_TEXT_LIMIT, "would be cut short"
        assert "\n" not in alarm.what
    if sighting.alarms:
        assert wakes(payload), "an alarm for what the rule does not deliver"
    if sighting.ignored is not None:
        assert len(sighting.ignored) < 200
        assert "\n" not in sighting.ignored


@given(payload=mutated(OWN))
def test_own_events_mutated(payload: Any) -> None:
    """However an event is bent, it is looked at, and what is an alarm would be delivered."""
    check(payload)


@given(payload=mutated(THEIRS or OWN))
def test_published_events_mutated(payload: Any) -> None:
    """The same for real records, where they are at hand."""
    account = payload.get("account") if isinstance(payload, dict) else None
    check(payload, account if isinstance(account, str) else ACCOUNT)


@given(payload=JSON)
def test_any_payload(payload: Any) -> None:
    """Any JSON document may arrive."""
    check(payload)


@given(
    payload=st.sampled_from(OWN),
    request=st.dictionaries(
        st.sampled_from(("userName", "policyArn", "name", "names", "tags", "roleName", "rule")),
        JSON,
    )
    | JSON,
    identity=st.sampled_from(IDENTITIES) | JSON,
)
def test_any_request_by_anybody(payload: Any, request: Any, identity: Any) -> None:
    """Whatever a request and an identity are made of, they are looked at."""
    members = {"requestParameters": request, "userIdentity": identity}
    check({**payload, "detail": {**payload["detail"], **members}})


NAMES = st.from_regex(r"[A-Za-z0-9_+=,.@-]{1,128}", fullmatch=True)
PATHS = st.from_regex(r"[A-Za-z0-9_./-]{0,500}", fullmatch=True)


@given(guard=NAMES, path=PATHS, is_given=st.booleans(), parameter=PATHS)
def test_any_settings(guard: str, *, path: str, is_given: bool, parameter: str) -> None:
    """Under any settings the pattern fits into a rule, and delivers the guard's and the list's."""
    arn = f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{path.strip('/')}/{guard}"
    settings = Settings.from_environment(
        {
            "REACTOR_GUARD_POLICY": arn if is_given else guard,
            "REACTOR_EXEMPT_PARAMETER": parameter,
        }
    )
    assert len(json.dumps(watch_pattern(settings))) <= LIMIT
    named = Guard.of(settings, partition="aws-us-gov", account=ACCOUNT)
    touched = [happened("iam", "DeletePolicy", PolicyArn=named.arn)]
    if parameter:
        touched.append(happened("ssm", "DeleteParameter", Name=parameter))
        touched.append(happened("ssm", "DeleteParameters", Names=["/x", parameter]))
    for payload in touched:
        assert len(seen(payload, settings=settings, guard=named).alarms) == 1
        assert wakes(payload, settings)
