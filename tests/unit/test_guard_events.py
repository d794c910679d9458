"""reactor.guard.events: which record says, beyond doubt, that the guard has our document."""

import json
from typing import Any

import pytest

from reactor.guard.document import canonical, guard_document
from reactor.guard.events import creates_our_guard, gives_our_document, leaves_our_mark
from reactor.guard.identity import Guard
from tests.fakes.account import ACCOUNT, DEFAULTS, GUARD_ARN
from tests.fakes.events import event

OURS = guard_document("aws", ACCOUNT, DEFAULTS)
GUARD = Guard(GUARD_ARN, given=False)
ODD: list[Any] = [
    None,
    "",
    "x",
    0,
    1,
    -1.5,
    True,
    False,
    [],
    {},
    [[]],
    ["x"],
    {"x": {}},
    "[" * 9999,
]
Detail = dict[str, Any]


def restoration(**request: Any) -> Detail:
    """Return the record of a restoration, with these members of its request instead."""
    return dict(
        event(
            "CreatePolicyVersion",
            {
                "policyArn": GUARD_ARN,
                "policyDocument": canonical(OURS),
                "setAsDefault": True,
                **request,
            },
            response={"policyVersion": {"versionId": "v2", "isDefaultVersion": True}},
        )["detail"]
    )


def gives(detail: Detail) -> bool:
    """Ask about the guard of the account."""
    return gives_our_document(detail, GUARD, OURS)


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(restoration(), id="as the keeper makes it"),
        pytest.param(
            restoration(policyDocument=json.dumps(OURS, indent=2)),
            id="written otherwise",
        ),
        pytest.param(restoration(setAsDefault="true"), id="a boolean as text"),
        pytest.param({**restoration(), "errorCode": None}, id="an error that is null"),
        pytest.param({**restoration(), "responseElements": None}, id="no response"),
    ],
)
def test_restored(detail: Detail) -> None:
    """A call that gave the guard our document needs no look, whoever made it."""
    assert gives(detail) is True


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(restoration(policyDocument="{}"), id="another document"),
        pytest.param(
            restoration(policyDocument=canonical(guard_document("aws", "999999999999", DEFAULTS))),
            id="another account's document",
        ),
        pytest.param(
            restoration(policyDocument=canonical(guard_document("aws-cn", ACCOUNT, DEFAULTS))),
            id="another partition's document",
        ),
        pytest.param(
            restoration(policyDocument=OURS),
            id="not written as text",
        ),
        pytest.param(
            restoration(policyDocument=canonical(OURS)[:-1] + ',"Version":"x"}'),
            id="a member twice",
        ),
        pytest.param(
            restoration(policyDocument=restoration()["requestParameters"]["policyDocument"] + "]"),
            id="no JSON",
        ),
        pytest.param(restoration(policyDocument="[" * 100_000), id="nested without end"),
        pytest.param(
            restoration(policyDocument=canonical(OURS).ljust(10_000_000)),
            id="huge",
        ),
        pytest.param(restoration(setAsDefault=False), id="not made the default"),
        pytest.param(restoration(policyArn=GUARD_ARN + "2"), id="another policy"),
        pytest.param(restoration(policyArn=GUARD_ARN.upper()), id="in other case"),
        pytest.param({**restoration(), "errorCode": "LimitExceededException"}, id="failed"),
        pytest.param({**restoration(), "errorCode": ""}, id="perhaps failed"),
        pytest.param({**restoration(), "errorMessage": "no"}, id="failed without a code"),
        pytest.param({**restoration(), "eventName": "CreatePolicy"}, id="another call"),
        pytest.param({**restoration(), "eventName": "SetDefaultPolicyVersion"}, id="no document"),
        pytest.param({**restoration(), "eventSource": "ssm.amazonaws.com"}, id="another service"),
        pytest.param(
            {
                **restoration(),
                "requestParameters": {
                    "reason": "requestParameters too large",
                    "omitted": True,
                    "originalSize": 131072,
                },
            },
            id="too large for CloudTrail",
        ),
        pytest.param({}, id="empty"),
    ],
)
def test_not_restored(detail: Detail) -> None:
    """Anything else is looked at."""
    assert gives(detail) is False


MEMBERS = ["eventSource", "eventName", "errorCode", "errorMessage", "requestParameters"]
REQUEST_MEMBERS = ["policyArn", "policyDocument", "setAsDefault"]
# Null is how a record says that there was no error; true, that the version holds.
MEANT = {("errorCode", None), ("errorMessage", None), ("setAsDefault", True)}


def _without(members: Detail, name: str) -> Detail:
    return {each: value for each, value in members.items() if each != name}


def _mutations() -> list[Any]:
    """Return a restoration's record with every member missing, or of another type."""
    whole = restoration()
    request = whole["requestParameters"]
    found = [
        *((f"no {name}", _without(whole, name)) for name in MEMBERS if name in whole),
        *(
            (f"no {name}", {**whole, "requestParameters": _without(request, name)})
            for name in REQUEST_MEMBERS
        ),
    ]
    for number, odd in enumerate(ODD):
        for name in (*MEMBERS, *REQUEST_MEMBERS):
            if any(name == meant and odd is value for meant, value in MEANT):
                continue
            changed = {**whole, name: odd} if name in MEMBERS else restoration(**{name: odd})
            found.append((f"{name} odd {number}", changed))
    return [pytest.param(detail, id=name) for name, detail in found]


@pytest.mark.parametrize("detail", _mutations())
def test_mutated(detail: Detail) -> None:
    """A record of another shape is no restoration, and no crash."""
    assert gives(detail) is False


def creation(**request: Any) -> Detail:
    """Return the record of a creation by the keeper, with these members of its request instead."""
    return dict(
        event(
            "CreatePolicy",
            {
                "policyName": GUARD.name,
                "policyDocument": canonical(OURS),
                "description": "any",
                "tags": [{"key": "mfa-reactor", "value": "guard"}],
                **request,
            },
        )["detail"]
    )


def creates(detail: Detail) -> bool:
    """Ask about the guard of the account."""
    return creates_our_guard(detail, GUARD, OURS)


def test_created() -> None:
    """What the keeper does when there is no guard."""
    assert creates(creation())
    assert creates(creation(path="/"))


@pytest.mark.parametrize(
    "detail",
    [
        pytest.param(creation(policyName=GUARD.name.upper()), id="in other case"),
        pytest.param(creation(policyName="Other"), id="another policy"),
        pytest.param(creation(path="/team/"), id="below a path"),
        pytest.param(creation(policyDocument="{}"), id="another document"),
        pytest.param(creation(tags=None), id="without our tag"),
        pytest.param(creation(tags=[{"key": "mfa-reactor", "value": "x"}]), id="another value"),
        pytest.param({**creation(), "errorCode": "EntityAlreadyExistsException"}, id="failed"),
        pytest.param({**creation(), "requestParameters": None}, id="nothing told"),
        pytest.param({**creation(), "eventName": "CreatePolicyVersion"}, id="another call"),
        pytest.param({**creation(), "eventSource": "ssm.amazonaws.com"}, id="another service"),
        pytest.param(restoration(), id="a restoration"),
        *(
            pytest.param(creation(**{name: odd}), id=f"{name} odd {number}")
            for number, odd in enumerate(ODD)
            for name in ("policyName", "policyDocument", "tags")
        ),
    ],
)
def test_not_created(detail: Detail) -> None:
    """Anything else is not the keeper's work."""
    assert creates(detail) is False


def tagged(*keys: Any) -> Detail:
    """Return the record of tags that were given to the guard."""
    tags = [{"key": key, "value": "any"} for key in keys]
    return dict(event("TagPolicy", {"policyArn": GUARD_ARN, "tags": tags})["detail"])


def untagged(*keys: Any) -> Detail:
    """Return the record of tags that were taken off the guard."""
    return dict(event("UntagPolicy", {"policyArn": GUARD_ARN, "tagKeys": [*keys]})["detail"])


ODD_KEYS: list[Any] = [None, 1, [], {}]


@pytest.mark.parametrize("changed", [tagged, untagged])
def test_other_tags(changed: Any) -> None:
    """Tags for costs and the like do not make the guard anybody else's."""
    assert leaves_our_mark(changed("team"))
    assert leaves_our_mark(changed("team", "mfa-reactor-2", "cost"))


@pytest.mark.parametrize("changed", [tagged, untagged])
@pytest.mark.parametrize("key", ["mfa-reactor", "MFA-Reactor"])
def test_our_tag(changed: Any, key: str) -> None:
    """Ours among them is looked at, in whatever case it is written."""
    assert not leaves_our_mark(changed(key))
    assert not leaves_our_mark(changed("team", key))


@pytest.mark.parametrize(
    "detail",
    [
        *(pytest.param(tagged("team", odd), id=f"key odd {odd}") for odd in ODD_KEYS),
        *(pytest.param(untagged("team", odd), id=f"key odd {odd}") for odd in ODD_KEYS),
        *(
            pytest.param(
                {**changed("team"), "requestParameters": {"policyArn": GUARD_ARN, member: odd}},
                id=f"{member} odd {number}",
            )
            for changed, member in ((tagged, "tags"), (untagged, "tagKeys"))
            for number, odd in enumerate(ODD)
            if odd not in ([], ["x"])
        ),
        pytest.param({**tagged("team"), "requestParameters": {"omitted": True}}, id="too large"),
        pytest.param({**tagged("team"), "requestParameters": None}, id="nothing told"),
        pytest.param({**tagged("team"), "eventName": "UntagPolicy"}, id="tags, taken off"),
        pytest.param({**untagged("team"), "eventName": "TagPolicy"}, id="keys, given"),
        pytest.param({**tagged("team"), "eventName": "DeletePolicy"}, id="another call"),
        pytest.param({**tagged("team"), "eventSource": "ssm.amazonaws.com"}, id="another service"),
        pytest.param(restoration(), id="a restoration"),
        pytest.param({}, id="empty"),
    ],
)
def test_tags_that_are_not_told(detail: Detail) -> None:
    """Anything else is looked at."""
    assert not leaves_our_mark(detail)
