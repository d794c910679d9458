"""reactor.users.exemptions: whom the operator has excused, and how the list is read.

That each of the five ways exempts, the ladder's tests say; here are their edges.
"""

from typing import Any

import pytest

from reactor.guard.identity import Guard
from reactor.users.exemptions import exemption_of, list_entries, parse_list
from reactor.users.state import Presence, UserState
from tests.fakes.account import GUARD_ARN
from tests.fakes.harness import settings


def reason(members: dict[str, Any], **chosen: str) -> str | None:
    """Return why a user with these members is exempt under these settings."""
    state = {"arn": "arn:aws:iam::123456789012:user/team/Alice", "path": "/team/", **members}
    user = UserState("Alice", Presence.EXISTS, Guard(GUARD_ARN, given=False), **state)
    exemption = exemption_of(user, settings(**chosen))
    return None if exemption is None else exemption.reason


@pytest.mark.parametrize(
    ("members", "chosen"),
    [
        pytest.param({"tags": (("userTypes", "Service"),)}, {}, id="the tag's key with more"),
        pytest.param({"tags": (("userType", "Services"),)}, {}, id="the tag's value with more"),
        pytest.param({"tags": (("userType", "ſervice"),)}, {}, id="the tag's value with a long s"),
        pytest.param(
            {"tags": (("\N{KELVIN SIGN}ind", "x"),)},
            {"exempt_tags": "kind:x"},
            id="the tag's key with the Kelvin sign",
        ),
        pytest.param(
            {"tags": (("userType", "Service"),)}, {"exempt_tags": ""}, id="a tag while none exempts"
        ),
        pytest.param({}, {"exempt_names": "lice"}, id="a part of the name"),
        pytest.param({}, {"exempt_paths": "/tea/"}, id="a part of the path"),
        pytest.param({}, {"exempt_paths": "/team/x/"}, id="a path below the user's"),
        pytest.param(
            {"path": "/x/team/"}, {"exempt_paths": "/team/"}, id="the path inside another"
        ),
        pytest.param({"groups": ("Ops",)}, {"exempt_groups": "ops"}, id="a group in another case"),
        pytest.param({"listed_exempt": frozenset({"alic"})}, {}, id="a part of the name, listed"),
        pytest.param(
            {"listed_exempt": frozenset({"arn:aws:iam::999999999999:user/team/alice"})},
            {},
            id="the same name in another account, listed",
        ),
    ],
)
def test_near_misses_do_not_exempt(members: dict[str, Any], chosen: dict[str, str]) -> None:
    """What only resembles an exemption is none."""
    assert reason(members, **chosen) is None


@pytest.mark.parametrize(
    ("members", "chosen", "says"),
    [
        pytest.param({"tags": (("userType", "sErViCe"),)}, {}, "has the tag userType=sErViCe"),
        pytest.param(
            {"tags": (("a", "b"), ("c", "d"))},
            {"exempt_tags": "x:y,c:d"},
            "has the tag c=d",
        ),
        pytest.param({}, {"exempt_names": "bob,ALI??"}, "its name matches ALI??"),
        pytest.param({}, {"exempt_paths": "/team/"}, "its path /team/ is below /team/"),
    ],
)
def test_reasons(members: dict[str, Any], chosen: dict[str, str], says: str) -> None:
    """The reason quotes what matched, as the user or the setting has it."""
    assert reason(members, **chosen) == says


def test_first_match_is_named() -> None:
    """A user exempt in several ways is exempt by the first: tag, list, name, path, group."""
    members = {
        "tags": (("userType", "Service"),),
        "listed_exempt": frozenset({"alice"}),
        "groups": ("ops",),
    }
    chosen = {
        "exempt_parameter": "/list",
        "exempt_names": "ali*",
        "exempt_paths": "/team/",
        "exempt_groups": "ops",
    }
    found = [reason(members, **chosen)]
    for member, setting in (
        ("tags", None),
        ("listed_exempt", "exempt_parameter"),
        (None, "exempt_names"),
        (None, "exempt_paths"),
    ):
        members.pop(str(member), None)
        chosen.pop(str(setting), None)
        found.append(reason(members, **chosen))
    assert found == [
        "has the tag userType=Service",
        "is on the exemption list /list",
        "its name matches ali*",
        "its path /team/ is below /team/",
        "is a member of the group ops",
    ]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param("", (), id="nothing"),
        pytest.param(" , ,\n,", (), id="nothing but separators"),
        pytest.param("alice,bob", ("alice", "bob"), id="commas"),
        pytest.param("alice\nbob\r\ncarol", ("alice", "bob", "carol"), id="lines"),
        pytest.param(" alice ,\n\tbob ", ("alice", "bob"), id="blanks and both separators"),
        pytest.param("# all of them\nalice # left\nbob", ("alice", "bob"), id="comments"),
        pytest.param("#alice,bob\ncarol", ("carol",), id="a comment goes to the line's end"),
        pytest.param("Alice,ALICE,alice", ("Alice",), id="each once, as first written"),
        pytest.param(
            "arn:aws:iam::123456789012:user/x/Bob",
            ("arn:aws:iam::123456789012:user/x/Bob",),
            id="an ARN",
        ),
    ],
)
def test_list(text: str, entries: tuple[str, ...]) -> None:
    """Commas and lines separate; blanks, empty entries and comments are nothing."""
    assert list_entries(text) == entries


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param("", set(), id="nothing"),
        pytest.param("alice,Bob", {"alice", "bob"}, id="commas"),
        pytest.param(" alice ,, bob , ", {"alice", "bob"}, id="blanks and empty items"),
        pytest.param("alice # nightly,bob", {"alice", "bob"}, id="a comment ends its own item"),
        pytest.param("# service users,alice", {"alice"}, id="a comment first"),
        pytest.param("#nobody", set(), id="a comment alone"),
        pytest.param("alice\nbob", {"alice", "bob"}, id="lines"),
    ],
)
def test_parameter(text: str, entries: set[str]) -> None:
    """The StringList has one line: a comment in it must not take the entries after it along."""
    assert parse_list(text) == entries
