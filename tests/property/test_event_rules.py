"""Under any settings: the rules fit EventBridge's quota, and match as EventBridge does."""

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from moto.events.models import EventPattern

from reactor.names import Function
from reactor.settings import Scope, Settings
from reactor.triggers.catalogue import CATALOGUE, PARAMETER_EVENTS
from reactor.triggers.matching import matches
from reactor.triggers.rules import pattern_of
from tests.fakes.account import ACCOUNT, GUARD_ARN
from tests.fakes.events import event
from tests.unit.recorded import delivered, recorded

PATTERN_LIMIT = 2048  # characters, EventBridge's default quota
LONGEST_POLICY_NAME = 128
LONGEST_PATH = 512
LONGEST_PARAMETER = 1011
LIST = "/mfa/exempt"

NAMES = st.text("aZ0+=,.@_-", min_size=1, max_size=LONGEST_POLICY_NAME)
PATHS = st.text("aZ0/", max_size=LONGEST_PATH - 2).map(lambda inner: f"{inner}/" if inner else "")
POLICIES = st.one_of(
    st.just("MfaReactorGuard"),
    st.just(GUARD_ARN),
    st.just("g" * LONGEST_POLICY_NAME),
    st.just(
        f"arn:aws-us-gov:iam::{ACCOUNT}:policy/{'p' * (LONGEST_PATH - 2)}/"
        f"{'g' * LONGEST_POLICY_NAME}"
    ),
    NAMES,
    st.builds(f"arn:aws-cn:iam::{ACCOUNT}:policy/{{}}{{}}".format, PATHS, NAMES),
)
PARAMETERS = st.one_of(
    st.just(""),
    st.just(LIST),
    st.just("/" + "p" * (LONGEST_PARAMETER - 1)),
    st.text("aZ0/._-", max_size=LONGEST_PARAMETER),
)


@st.composite
def any_settings(draw: st.DrawFn) -> Settings:
    """Draw valid settings, as an environment gives them."""
    scope = draw(st.sampled_from(("everyone", "without-mfa", "console", "privileged")))
    lifts = ("never", "exempt") if scope == "everyone" else ("never", "exempt", "compliant")
    return Settings.from_environment(
        {
            "REACTOR_SCOPE": scope,
            "REACTOR_DANGEROUS_ACTIONS": "iam:*",
            "REACTOR_LIFT": draw(st.sampled_from(lifts)),
            "REACTOR_GUARD_POLICY": draw(POLICIES),
            "REACTOR_EXEMPT_TAGS": draw(st.sampled_from(("", "team:bots"))),
            "REACTOR_EXEMPT_GROUPS": draw(st.sampled_from(("", "bots"))),
            "REACTOR_EXEMPT_PARAMETER": draw(PARAMETERS),
        }
    )


def patterns(settings: Settings) -> dict[Function, dict[str, Any]]:
    """Return the patterns of the functions that have one."""
    found = {each: pattern_of(each, settings) for each in Function}
    return {each: pattern for each, pattern in found.items() if pattern is not None}


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an event as AWS might deliver it, or as somebody might forge it."""
    name = draw(st.sampled_from((*CATALOGUE, "CreatePolicy", "CreateRole", "TagPolicy", "GetUser")))
    service = "ssm" if name in PARAMETER_EVENTS else "iam"
    payload = event(name, None)
    payload["source"] = draw(st.sampled_from((f"aws.{service}", "aws.iam", "custom")))
    detail = payload["detail"]
    detail["eventSource"] = f"{draw(st.sampled_from((service, service, 'transfer')))}.amazonaws.com"
    arns = (GUARD_ARN, f"{GUARD_ARN}2", f"arn:aws:iam::aws:policy/path/{'g' * 128}", None)
    request = {
        "userName": draw(st.sampled_from(("alice", None))),
        "policyArn": draw(st.sampled_from(arns)),
        "name": draw(st.sampled_from((LIST, "/other", None))),
        "names": draw(st.sampled_from(([LIST, "/other"], [], None))),
        "omitted": draw(st.sampled_from((None, None, None, True, "true"))),
    }
    request = {key: value for key, value in request.items() if value is not None}
    detail["requestParameters"] = request or None
    code = draw(st.sampled_from((None, None, "AccessDenied", "DeleteConflictException")))
    if code is not None:
        detail["errorCode"] = code
    return payload


# `exists` looks at leaves only; moto takes an object without members for one, we do not.
ODD_VALUES = st.sampled_from(
    (
        *(None, "", "CreateUser", "createuser", "AccessDenied", GUARD_ARN, LIST, 0, 7, False),
        *([], [None], ["CreateUser"], [GUARD_ARN, "x"], [LIST, 7]),
        *({"eventName": "CreateUser"}, {"name": LIST}),
    )
)
MEMBERS = (
    *("source", "detail-type", "detail", "detail.eventSource", "detail.eventName"),
    *("detail.errorCode", "detail.requestParameters", "detail.requestParameters.policyArn"),
    *("detail.requestParameters.name", "detail.requestParameters.names"),
    "detail.requestParameters.omitted",
)
PUBLISHED = [delivered(each) for _, each in sorted(recorded().items())]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """Draw an event, or a published record, with up to two members changed or left out."""
    originals = events() | st.sampled_from(PUBLISHED) if PUBLISHED else events()
    payload = copy.deepcopy(draw(originals))
    for _ in range(draw(st.integers(0, 2))):
        *parents, last = draw(st.sampled_from(MEMBERS)).split(".")
        holder: Any = payload
        for parent in parents:
            holder = holder.get(parent) if isinstance(holder, dict) else None
        if not isinstance(holder, dict):
            continue
        if draw(st.booleans()):
            holder[last] = draw(ODD_VALUES)
        else:
            holder.pop(last, None)
            # What is left may be an object without members.
            if not holder and parents:
                holder["x"] = "y"
    return payload


@given(settings=any_settings())
def test_patterns_fit_the_quota(settings: Settings) -> None:
    """However long the names are that the settings give."""
    for function, pattern in patterns(settings).items():
        assert len(json.dumps(pattern)) <= PATTERN_LIMIT, function


def branches(node: Any) -> list[Any]:
    """Return the lists of branches in a pattern."""
    if isinstance(node, dict):
        own = [node["$or"]] if "$or" in node else []
        return own + [each for value in node.values() for each in branches(value)]
    return [each for value in node for each in branches(value)] if isinstance(node, list) else []


@given(settings=any_settings())
def test_patterns_are_ones_that_eventbridge_takes(settings: Settings) -> None:
    """`$or` has two branches or more, no list is empty, and moto accepts them."""
    for pattern in patterns(settings).values():
        assert EventPattern.load(json.dumps(pattern)).get_pattern() == pattern
        assert all(len(each) > 1 for each in branches(pattern))
        assert "[]" not in json.dumps(pattern)


@given(settings=any_settings(), payload=mutated())
def test_agrees_with_motos_matcher(settings: Settings, payload: dict[str, Any]) -> None:
    """On events like AWS's, and on bent ones, moto's EventBridge says what we say."""
    for function, pattern in patterns(settings).items():
        theirs: Any = EventPattern(json.dumps(pattern), pattern)
        assert matches(pattern, payload) == theirs.matches_event(payload), function


@given(settings=any_settings(), payload=events())
def test_no_event_is_both_urgent_and_not(settings: Settings, payload: dict[str, Any]) -> None:
    """React and review never hear the same event, unless its parameters were left out."""
    found = patterns(settings)
    both = all(matches(found[each], payload) for each in (Function.REACT, Function.REVIEW))
    omitted = "omitted" in (payload["detail"]["requestParameters"] or {})
    assert not both or omitted


@given(settings=any_settings(), payload=events())
def test_detachments_are_always_heard(settings: Settings, payload: dict[str, Any]) -> None:
    """Wherever the line between urgent and not runs, none falls between.

    Nor does what other policies say, where that matters.
    """
    detail = payload["detail"]
    genuine = payload["source"] == "aws.iam" and detail["eventSource"] == "iam.amazonaws.com"
    if not genuine or "errorCode" in detail:
        return
    new_versions = {"CreatePolicyVersion", "SetDefaultPolicyVersion"}
    wide = new_versions if settings.scope is Scope.PRIVILEGED else set()
    if detail["eventName"] in {"DetachUserPolicy", "DetachGroupPolicy"} | wide:
        assert any(matches(pattern, payload) for pattern in patterns(settings).values())
