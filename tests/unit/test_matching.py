"""reactor.triggers.matching: what a pattern matches, as EventBridge's user guide has it."""

from typing import Any

import pytest

from reactor.triggers.matching import matches

ABSENT: dict[str, Any] = {}


def matches_member(choices: Any, event: dict[str, Any]) -> bool:
    """Match the member `x` of an event."""
    return matches({"x": choices}, event)


@pytest.mark.parametrize(
    ("choices", "event", "expected"),
    [
        pytest.param(["a"], {"x": "a"}, True, id="a value is matched exactly"),
        pytest.param(["a"], {"x": "A"}, False, id="by its case, too"),
        pytest.param(["a"], {"x": "ab"}, False, id="as a whole"),
        pytest.param(["a"], ABSENT, False, id="a missing member is not matched"),
        pytest.param(["a"], {"x": None}, False, id="nor is null"),
        pytest.param([None], {"x": None}, True, id="unless null is asked for"),
        pytest.param(["a", "b"], {"x": "b"}, True, id="any of the choices will do"),
        pytest.param(["a"], {"x": ["b", "a"]}, True, id="any element of a list will do"),
        pytest.param(["a"], {"x": []}, False, id="an empty list has none"),
        pytest.param(["a"], {"x": {"a": "a"}}, False, id="an object is no value"),
        pytest.param([True], {"x": 1}, False, id="a truth is not a number"),
        pytest.param([True], {"x": True}, True, id="a truth is a truth"),
        pytest.param([{"exists": True}], {"x": "a"}, True, id="a member exists"),
        pytest.param([{"exists": True}], {"x": False}, True, id="though it is false"),
        pytest.param([{"exists": True}], {"x": None}, True, id="though it is null"),
        pytest.param([{"exists": True}], ABSENT, False, id="a missing member does not exist"),
        pytest.param([{"exists": True}], {"x": {"y": 1}}, False, id="only leaves exist"),
        pytest.param([{"exists": False}], ABSENT, True, id="a missing member is missed"),
        pytest.param([{"exists": False}], {"x": ""}, False, id="an empty text is not missed"),
        pytest.param([{"prefix": "ab"}], {"x": "abc"}, True, id="a beginning"),
        pytest.param([{"prefix": "ab"}], {"x": "cab"}, False, id="no beginning"),
        pytest.param([{"suffix": "bc"}], {"x": "abc"}, True, id="an end"),
        pytest.param([{"suffix": "bc"}], {"x": "abcd"}, False, id="no end"),
        pytest.param([{"suffix": "bc"}], {"x": 5}, False, id="a number has no end"),
        pytest.param([{"suffix": "bc"}], {"x": ["a", "abc"]}, True, id="the end of an element"),
        pytest.param([{"suffix": "bc"}], ABSENT, False, id="nothing has no end"),
        pytest.param([{"equals-ignore-case": "Ab"}], {"x": "aB"}, True, id="another case"),
        pytest.param([{"equals-ignore-case": "Ab"}], {"x": "aBc"}, False, id="another word"),
        pytest.param([{"anything-but": "a"}], {"x": "b"}, True, id="something else"),
        pytest.param([{"anything-but": "a"}], {"x": "a"}, False, id="the thing itself"),
        pytest.param([{"anything-but": ["a", "b"]}], {"x": "b"}, False, id="one of the things"),
        pytest.param([{"anything-but": "a"}], ABSENT, False, id="nothing is not something else"),
        pytest.param([{"anything-but": {"suffix": "a"}}], {"x": "b"}, True, id="another end"),
        pytest.param([{"anything-but": {"suffix": "a"}}], {"x": "ba"}, False, id="that end"),
        pytest.param([{"anything-but": {"suffix": "a"}}], {"x": 5}, True, id="no text at all"),
        pytest.param([{"anything-but": {"suffix": "a"}}], ABSENT, False, id="not even null"),
        pytest.param([{"anything-but": {"prefix": "a"}}], {"x": "ba"}, True, id="another start"),
    ],
)
def test_choices(choices: list[Any], event: dict[str, Any], expected: bool) -> None:
    """A member matches when one of its choices does."""
    assert matches_member(choices, event) is expected


EITHER = {"$or": [{"x": ["a"]}, {"y": ["b"]}]}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        pytest.param({"x": ["a"], "y": ["b"]}, {"x": "a", "y": "b"}, True, id="all members match"),
        pytest.param({"x": ["a"], "y": ["b"]}, {"x": "a"}, False, id="one does not"),
        pytest.param({"x": {"y": ["a"]}}, {"x": {"y": "a"}}, True, id="a member's member"),
        pytest.param({"x": {"y": ["a"]}}, {"x": "y"}, False, id="a text has no members"),
        pytest.param({"x": {"y": [{"exists": False}]}}, {"x": None}, True, id="nor has null"),
        pytest.param({"x": {"y": [{"exists": False}]}}, {}, True, id="nor what is missing"),
        pytest.param(EITHER, {"x": "a"}, True, id="the first branch"),
        pytest.param(EITHER, {"y": "b"}, True, id="the second branch"),
        pytest.param(EITHER, {"x": "b", "y": "a"}, False, id="no branch"),
        pytest.param({"z": ["c"], **EITHER}, {"x": "a", "z": "c"}, True, id="a branch and all"),
        pytest.param({"z": ["c"], **EITHER}, {"x": "a"}, False, id="a branch, and not all"),
        pytest.param({"z": EITHER}, {"z": {"y": "b"}}, True, id="branches further down"),
        pytest.param({"$or": [EITHER, {"z": ["c"]}]}, {"y": "b"}, True, id="branches of branches"),
    ],
)
def test_members_and_branches(
    pattern: dict[str, Any], event: dict[str, Any], expected: bool
) -> None:
    """All members must match, and of `$or` one branch."""
    assert matches(pattern, event) is expected


@pytest.mark.parametrize("payload", [None, [], "text", 3, {"x": "text"}, {"x": None}])
def test_what_is_no_event_does_not_match(payload: object) -> None:
    """Anything may be a payload; what is not an event's shape does not match."""
    assert not matches({"x": {"y": ["a"]}}, payload)


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        pytest.param({"x": "a"}, "holds lists and objects, not 'a'", id="a bare value"),
        pytest.param({"x": [{"cidr": "10.0.0.0/8"}]}, "not a filter", id="another filter"),
        pytest.param({"x": [{"anything-but": {"cidr": ""}}]}, "not a filter", id="inside another"),
    ],
)
def test_pattern_of_another_kind_is_refused(pattern: dict[str, Any], wrong: str) -> None:
    """What is not understood is a mistake of ours, and not taken for no match."""
    with pytest.raises(TypeError, match=wrong):
        matches(pattern, {"x": "a"})
