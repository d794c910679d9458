"""reactor.triggers.rules: who hears which event, under which settings."""

from typing import Any

import pytest

from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS, Row
from reactor.triggers.matching import matches
from reactor.triggers.rules import ON_ITS_GROUP, is_the_guard, keeper_pattern, pattern_of
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.events import Envelope, event
from tests.fakes.harness import settings

REACT, REVIEW, KEEPER = Function.REACT, Function.REVIEW, Function.KEEPER
LIST = "/mfa/exempt"
# Every row that can matter does so under these.
ALL = settings(scope="console", lift="compliant", exempt_groups="bots", exempt_parameter=LIST)
DEFAULTS = settings()
OTHER_ARN = f"arn:aws:iam::{ACCOUNT}:policy/Another"
TOO_LARGE = {"reason": "requestParameters too large", "omitted": True, "originalSize": 123456}


def happened(name: str, request: Any = None, **detail: Any) -> Envelope:
    """Return an event of IAM's or of the parameter store's; `detail` has further members."""
    payload = event(name, None, service="ssm" if name in PARAMETER_EVENTS else "iam")
    payload["detail"] |= {"requestParameters": request, **detail}
    return payload


def heard_by(payload: Envelope, under: Settings = ALL) -> set[Function]:
    """Return the functions that hear an event."""
    patterns = {each: pattern_of(each, under) for each in Function}
    return {each for each, pattern in patterns.items() if pattern and matches(pattern, payload)}


def request(row: Row, policy: str = OTHER_ARN) -> dict[str, Any]:
    """Return ordinary parameters of a row's call."""
    if row.event == "DeleteParameters":
        return {"names": ["/another", LIST]}
    return {"userName": "alice", "groupName": "bots", "policyArn": policy, "name": LIST}


def test_pattern() -> None:
    """A pattern as EventBridge gets it: the keeper's."""
    detail = {
        "eventSource": ["iam.amazonaws.com"],
        "errorCode": [{"exists": False}],
        "eventName": [
            "CreatePolicyVersion",
            "DeletePolicy",
            "SetDefaultPolicyVersion",
            "TagPolicy",
            "UntagPolicy",
        ],
        "$or": [
            {"requestParameters": {"policyArn": [{"suffix": ":policy/MfaReactorGuard"}]}},
            {"requestParameters": {"policyArn": [{"exists": False}]}},
        ],
    }
    on_its_group = {
        "eventSource": ["iam.amazonaws.com"],
        "errorCode": [{"exists": False}],
        "eventName": [
            "AttachGroupPolicy",
            "DeleteGroup",
            "DetachGroupPolicy",
            "PutGroupPolicy",
            "UpdateGroup",
        ],
        "requestParameters": {"groupName": [{"equals-ignore-case": "MfaReactorGuard"}]},
    }
    assert keeper_pattern(DEFAULTS) == {
        "detail-type": ["AWS API Call via CloudTrail"],
        "$or": [
            {"source": ["aws.iam"], "detail": detail},
            {"source": ["aws.iam"], "detail": on_its_group},
        ],
    }


@pytest.mark.parametrize("by_arn", [False, True], ids=["by its name", "by its ARN"])
@pytest.mark.parametrize("name", sorted(ON_ITS_GROUP))
def test_events_about_the_guards_group(name: str, *, by_arn: bool) -> None:
    """The keeper hears what is done to it, in whatever case it is named, and to no other."""
    under = settings(guard_policy=GUARD_ARN) if by_arn else DEFAULTS
    for group in ("MfaReactorGuard", "mfareactorguard"):
        parameters = {"groupName": group, "policyArn": OTHER_ARN}
        assert KEEPER in heard_by(happened(name, parameters), under)
    for group in ("MfaReactorGuard2", "NotMfaReactorGuard"):
        parameters = {"groupName": group, "policyArn": OTHER_ARN}
        assert KEEPER not in heard_by(happened(name, parameters), under)


def test_only_three_functions_have_one() -> None:
    """The watch's pattern is its own; the sweep has a schedule."""
    assert {each for each in Function if pattern_of(each, ALL)} == {REACT, REVIEW, KEEPER}


PLAIN = [row for row in CATALOGUE.values() if not row.of_the_guard]


@pytest.mark.parametrize("row", PLAIN, ids=lambda each: each.event)
def test_row_is_delivered_to_its_function_while_its_condition_holds(row: Row) -> None:
    """And to nobody else, and to nobody while it does not."""
    error = {"errorCode": row.failed_with} if row.failed_with else {}
    payload = happened(row.event, request(row), **error)
    for under in (DEFAULTS, ALL, settings(exempt_tags=""), settings(scope="without-mfa")):
        expected = {row.function} if row.matters.holds(under) else set()
        assert heard_by(payload, under) == expected


# Event: who hears it of the guard, and of other policies.
ABOUT_POLICIES: dict[str, tuple[set[Function], set[Function]]] = {
    "DetachUserPolicy": ({REACT}, {REVIEW}),
    "DetachGroupPolicy": ({REACT}, {REVIEW}),
    "DeletePolicy": ({REACT, KEEPER}, set()),
    "CreatePolicyVersion": ({KEEPER}, set()),
    "SetDefaultPolicyVersion": ({KEEPER}, set()),
    "TagPolicy": ({KEEPER}, set()),
    "UntagPolicy": ({KEEPER}, set()),
    "DeletePolicyVersion": (set(), set()),
    "CreatePolicy": (set(), set()),
    "AttachGroupPolicy": (set(), set()),
}


@pytest.mark.parametrize("name", ABOUT_POLICIES)
@pytest.mark.parametrize("by_arn", [False, True], ids=["by its name", "by its ARN"])
def test_events_about_policies(name: str, *, by_arn: bool) -> None:
    """The guard's go where it is urgent, other policies' to the review or to nobody."""
    under = settings(guard_policy=GUARD_ARN) if by_arn else DEFAULTS
    guards, others = ABOUT_POLICIES[name]
    assert heard_by(happened(name, {"policyArn": GUARD_ARN}), under) == guards
    for arn in (OTHER_ARN, f"{GUARD_ARN}2", "arn:aws:iam::aws:policy/ReadOnlyAccess"):
        assert heard_by(happened(name, {"policyArn": arn}), under) == others


@pytest.mark.parametrize("name", ["CreatePolicyVersion", "SetDefaultPolicyVersion"])
def test_what_other_policies_say_matters_in_one_scope(name: str) -> None:
    """In scope `privileged` the review hears of new versions; the guard's stay the keeper's."""
    under = settings(scope="privileged", dangerous_actions="iam:*")
    assert heard_by(happened(name, {"policyArn": GUARD_ARN}), under) == {KEEPER}
    assert heard_by(happened(name, {"policyArn": OTHER_ARN}), under) == {REVIEW}


def test_every_row_about_the_guard_is_tried() -> None:
    """The table above has them all."""
    assert {row.event for row in CATALOGUE.values() if row.of_the_guard} <= set(ABOUT_POLICIES)


@pytest.mark.parametrize("lost", [None, {}, {"userName": "alice"}], ids=str)
def test_policy_without_an_arn_may_be_the_guard(lost: object) -> None:
    """What should say which policy, and does not, is urgent."""
    assert heard_by(happened("DetachUserPolicy", lost)) == {REACT}
    assert heard_by(happened("CreatePolicyVersion", lost)) == {KEEPER}


@pytest.mark.parametrize("omitted", [True, "true"])
def test_what_is_too_large_is_heard_by_the_review(omitted: object) -> None:
    """Whatever the event; and by whoever hears that event anyway."""
    payload = TOO_LARGE | {"omitted": omitted}
    assert heard_by(happened("PutUserPolicy", payload)) == {REVIEW}
    assert heard_by(happened("CreateRole", payload)) == {REVIEW}
    assert heard_by(happened("CreateUser", payload)) == {REACT, REVIEW}
    assert heard_by(happened("CreatePolicyVersion", payload)) == {KEEPER, REVIEW}
    assert not heard_by(happened("PutUserPolicy", payload, errorCode="MalformedPolicyDocument"))


@pytest.mark.parametrize("name", [*CATALOGUE, "TagPolicy"])
@pytest.mark.parametrize("code", ["AccessDenied", "ThrottlingException", "NoSuchEntityException"])
def test_failed_calls_are_not_heard(name: str, code: str) -> None:
    """They changed nothing."""
    for parameters in (None, {"userName": "alice", "policyArn": GUARD_ARN, "name": LIST}):
        assert not heard_by(happened(name, parameters, errorCode=code))


def test_deletion_that_failed_is_heard_and_the_others_are_not() -> None:
    """Only what still hangs on a user leaves somebody to look at."""
    assert not heard_by(happened("DeleteUser", {"userName": "alice"}))
    blocked = happened("DeleteUser", {"userName": "alice"}, errorCode="DeleteConflictException")
    assert heard_by(blocked) == {REACT}
    # The same failure of another call is none that is listened to.
    assert not heard_by(
        happened("DeletePolicy", {"policyArn": GUARD_ARN}, errorCode="DeleteConflictException")
    )


@pytest.mark.parametrize("name", [*CATALOGUE, "TagPolicy"])
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param({"source": "custom"}, id="put on the bus by somebody"),
        pytest.param({"source": "aws.iamx"}, id="a source that begins alike"),
        pytest.param({"detail-type": "AWS Service Event via CloudTrail"}, id="no call"),
        pytest.param({"eventSource": "transfer.amazonaws.com"}, id="another service's record"),
        pytest.param({"eventSource": "sso-directory.amazonaws.com"}, id="the directory's record"),
        pytest.param({"source": "aws.transfer"}, id="another service's event"),
    ],
)
def test_decoys_and_forged_sources_are_not_heard(name: str, forged: dict[str, str]) -> None:
    """An event of the same name from elsewhere wakes nobody."""
    for parameters in (
        {"userName": "alice", "policyArn": GUARD_ARN, "name": LIST, "names": [LIST]},
        TOO_LARGE,
    ):
        payload = happened(name, parameters)
        for key, value in forged.items():
            (payload if key in payload else payload["detail"])[key] = value
        assert not heard_by(payload)


def test_each_service_speaks_for_itself() -> None:
    """IAM's events in the parameter store's envelope, or the other way round, are forged."""
    for name in ("CreateUser", "PutParameter"):
        payload = happened(name, {"name": LIST})
        swapped = {"aws.iam": "aws.ssm", "aws.ssm": "aws.iam"}[payload["source"]]
        assert heard_by(payload)
        assert not heard_by({**payload, "source": swapped})


@pytest.mark.parametrize(
    ("parameter", "parameters", "heard"),
    [
        pytest.param(LIST, {"name": LIST}, True, id="its name"),
        pytest.param(
            LIST, {"name": f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter{LIST}"}, True, id="its ARN"
        ),
        pytest.param("exempt", {"name": "exempt"}, True, id="a name without a path"),
        pytest.param(LIST, {"names": ["/a", LIST]}, True, id="among others"),
        pytest.param(LIST, {"names": ["/a", "/b"]}, False, id="not among others"),
        pytest.param(LIST, {"name": "/mfa/exempt2"}, False, id="another name"),
        pytest.param(LIST, {"name": "/mfa"}, False, id="its path"),
        pytest.param(LIST, {}, False, id="no name"),
        pytest.param("/" + "x" * 1010, {"name": "/" + "x" * 1010}, True, id="the longest name"),
    ],
)
def test_exemption_list(parameter: str, parameters: dict[str, Any], *, heard: bool) -> None:
    """Of the parameter store, only what is done to the list is heard."""
    under = settings(exempt_parameter=parameter)
    for name in PARAMETER_EVENTS:
        assert heard_by(happened(name, parameters), under) == ({REVIEW} if heard else set())


@pytest.mark.parametrize(
    ("guard", "arn", "is_it"),
    [
        ("MfaReactorGuard", GUARD_ARN, True),
        ("MfaReactorGuard", "arn:aws-cn:iam::999999999999:policy/MfaReactorGuard", True),
        ("MfaReactorGuard", f"arn:aws:iam::{ACCOUNT}:policy/path/MfaReactorGuard", False),
        ("MfaReactorGuard", f"arn:aws:iam::{ACCOUNT}:policy/NoMfaReactorGuard", False),
        (GUARD_ARN, GUARD_ARN, True),
        (GUARD_ARN, "arn:aws:iam::999999999999:policy/MfaReactorGuard", False),
        ("x" * 128, f"arn:aws:iam::{ACCOUNT}:policy/{'x' * 128}", True),
        # The pattern hears this one, too: it looks at the end.
        ("x" * 128, f"arn:aws:iam::{ACCOUNT}:policy/y/{'x' * 128}", False),
    ],
)
def test_guard_is_told_by_its_whole_name(guard: str, arn: str, *, is_it: bool) -> None:
    """A policy elsewhere, or with more to its name, is another."""
    assert is_the_guard(arn, settings(guard_policy=guard)) is is_it
