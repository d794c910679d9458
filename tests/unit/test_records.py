"""reactor.triggers.records: what is believed of a record, and what is not."""

from datetime import UTC, datetime
from typing import Any

import pytest

from reactor.model import USER_NAME
from reactor.triggers.records import (
    GROUP_NAME,
    POLICY_ARN,
    SERIAL,
    Caller,
    caller_of,
    event_of,
    mapping,
    quoted,
    text,
    time_of,
)

NOBODY = Caller(None, None, None, None, None, None, by_long_term_key=False, with_mfa=False)
USER_ARN = "arn:aws:iam::123456789012:user/carol"
ROOT_ARN = "arn:aws:iam::123456789012:root"
SESSION_ARN = "arn:aws:sts::123456789012:assumed-role/admin/session"
ROLE_ARN = "arn:aws:iam::123456789012:role/path/admin"
ISSUER = {"type": "Role", "userName": "admin", "arn": ROLE_ARN}


def identity(kind: object, **members: Any) -> dict[str, Any]:
    """Return a record with a caller."""
    return {"userIdentity": {"type": kind, "accountId": "123456789012", **members}}


@pytest.mark.parametrize(
    ("detail", "caller"),
    [
        pytest.param(
            identity("IAMUser", userName="carol", arn=USER_ARN, accessKeyId="AKIAEXAMPLE"),
            Caller(
                "IAMUser",
                USER_ARN,
                "123456789012",
                "carol",
                None,
                None,
                by_long_term_key=True,
                with_mfa=False,
            ),
            id="a user with a key",
        ),
        pytest.param(
            identity(
                "IAMUser",
                userName="carol",
                arn=USER_ARN,
                accessKeyId="ASIAEXAMPLE",
                sessionContext={"attributes": {"mfaAuthenticated": "true"}},
            ),
            Caller(
                "IAMUser",
                USER_ARN,
                "123456789012",
                "carol",
                None,
                None,
                by_long_term_key=False,
                with_mfa=True,
            ),
            id="a user's session with MFA",
        ),
        pytest.param(
            identity(
                "AssumedRole",
                arn=SESSION_ARN,
                accessKeyId="ASIAEXAMPLE",
                sessionContext={
                    "sessionIssuer": ISSUER,
                    "attributes": {"mfaAuthenticated": "false"},
                },
            ),
            Caller(
                "AssumedRole",
                SESSION_ARN,
                "123456789012",
                None,
                "admin",
                ROLE_ARN,
                by_long_term_key=False,
                with_mfa=False,
            ),
            id="a role's session",
        ),
        pytest.param(
            identity("Root", userName="our-alias", arn=ROOT_ARN, accessKeyId="AKIAEXAMPLE"),
            Caller(
                "Root",
                ROOT_ARN,
                "123456789012",
                None,
                None,
                None,
                by_long_term_key=True,
                with_mfa=False,
            ),
            id="root, whose account's alias is no user",
        ),
        pytest.param({}, NOBODY, id="no caller at all"),
        pytest.param({"userIdentity": "carol"}, NOBODY, id="a caller that is a text"),
        pytest.param({"userIdentity": ["IAMUser"]}, NOBODY, id="a caller that is a list"),
        pytest.param(
            {
                "userIdentity": {
                    "type": ["IAMUser"],
                    "userName": "carol",
                    "arn": {},
                    "accessKeyId": 7,
                    "sessionContext": {"attributes": {"mfaAuthenticated": ["true"]}},
                }
            },
            NOBODY,
            id="members of wrong types",
        ),
    ],
)
def test_caller(detail: dict[str, Any], caller: Caller) -> None:
    """A user is one by its type, a role by its session's issuer; nothing else is either."""
    assert caller_of(detail) == caller
    assert caller_of(detail).is_root is (caller.kind == "Root")


@pytest.mark.parametrize("kind", ["AssumedRole", "Root", "AWSService", "FederatedUser", None])
def test_only_a_users_name_is_a_user(kind: str | None) -> None:
    """Whatever stands under userName."""
    assert caller_of(identity(kind, userName="carol")).user is None


@pytest.mark.parametrize("kind", ["IAMUser", "Root", "FederatedUser", None])
def test_only_a_roles_issuer_is_a_role(kind: str | None) -> None:
    """A federated user's issuer is the user."""
    assert caller_of(identity(kind, sessionContext={"sessionIssuer": ISSUER})).role is None


@pytest.mark.parametrize("name", ["a b", "", "x" * 129, "carol\n", "cärol", 7, None, ["carol"]])
def test_calling_user_has_a_users_name(name: object) -> None:
    """What cannot be one is none."""
    assert caller_of(identity("IAMUser", userName=name)).user is None


@pytest.mark.parametrize(
    ("mfa", "expected"),
    [("true", True), (True, True), ("false", False), (False, False), (1, False), ({}, False)],
)
def test_mfa(mfa: object, *, expected: bool) -> None:
    """CloudTrail writes a text; a boolean is taken, too."""
    context = {"attributes": {"mfaAuthenticated": mfa}}
    assert caller_of(identity("IAMUser", sessionContext=context)).with_mfa is expected


def test_event() -> None:
    """What the records of ours repeat: the call, when, by whom, from where, in which role."""
    detail = {
        **identity("AssumedRole", arn=SESSION_ARN, sessionContext={"sessionIssuer": ISSUER}),
        "eventID": "event-1",
        "eventName": "TagUser",
        "eventTime": "2026-03-01T12:00:00Z",
        "sourceIPAddress": "203.0.113.7",
    }
    event = event_of(detail)
    assert (event.id, event.name, event.source_address) == ("event-1", "TagUser", "203.0.113.7")
    assert event.time == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert (event.caller, event.caller_role) == (SESSION_ARN, "admin")


@pytest.mark.parametrize(
    ("members", "caller"),
    [
        ({"arn": USER_ARN, "invokedBy": "config.amazonaws.com"}, USER_ARN),
        ({"invokedBy": "config.amazonaws.com"}, "config.amazonaws.com"),
        ({}, "AWSService"),
    ],
)
def test_calls_by_services_have_a_caller(members: dict[str, str], caller: str) -> None:
    """Who has no ARN is called by what it has."""
    assert event_of(identity("AWSService", **members)).caller == caller


def test_empty_record() -> None:
    """A record that says nothing is read as one."""
    event = event_of({})
    assert {event.id, event.name, event.time, event.caller, event.source_address} == {None}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-03-01T12:00:00Z", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T14:00:00+02:00", datetime(2026, 3, 1, 12, tzinfo=UTC)),
        ("2026-03-01T12:00:00", None),
        ("2026-03-01 12:00:00", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
        (1772366400, None),
        ({}, None),
    ],
)
def test_time(value: object, expected: datetime | None) -> None:
    """A time without a zone is not CloudTrail's."""
    assert time_of(value) == expected


@pytest.mark.parametrize(
    ("form", "fits", "does_not"),
    [
        (USER_NAME, ["a", "x" * 128, "a+b=c,d.e@f-g_H1"], ["", "x" * 129, "a b", "a/b", "a\n"]),
        (GROUP_NAME, ["bots"], ["bots/", "böts"]),
        (
            SERIAL,
            ["arn:aws:iam::123456789012:mfa/a/b", "GAKT12345678"],
            ["short", "x" * 257, "GAKT 12345678", "GAKT12345678\n"],
        ),
        (
            POLICY_ARN,
            ["arn:aws:iam::aws:policy/X", "arn:" + "x" * 2044],
            ["arn:x", "policy/MfaReactorGuard", "arn:" + "x" * 2045, "arn:aws:iam::aws:policy/a b"],
        ),
    ],
    ids=["users", "groups", "serials", "policies"],
)
def test_forms(form: Any, fits: list[str], does_not: list[str]) -> None:
    """A name has the form that IAM's API reference gives it, from its first to its last letter."""
    assert [text(each, form) for each in fits] == fits
    assert [text(each, form) for each in [*does_not, None, 7, ["a"]]] == [None] * (
        len(does_not) + 3
    )


def test_foreign_text_is_one_short_line() -> None:
    """Whatever its author meant it to be; what is no text is nothing."""
    assert quoted("a\nb\x00\t c") == "a b\x00 c"
    assert len(quoted("x" * 10_000) or "") == 300
    others: tuple[object, ...] = ("", None, 7, ["a"], {})
    assert [quoted(each) for each in others] == [None] * 5


def test_mapping() -> None:
    """What is no object has no members."""
    assert mapping({"a": 1}) == {"a": 1}
    assert [mapping(each) for each in (None, "a", 7, ["a"], True)] == [{}] * 5
