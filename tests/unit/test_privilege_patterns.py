"""reactor.users.privileges.patterns: whether some action matches some patterns and not others."""

import time

import pytest

from reactor.users.privileges.patterns import MOST_STEPS, may_exist, overlap


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        pytest.param("*", "iam:createuser", True, id="everything, and an action"),
        pytest.param("*", "*", True, id="everything twice"),
        pytest.param("s3:*", "s3:getobject", True, id="a service, and an action of it"),
        pytest.param("s3:*", "iam:createuser", False, id="a service, and another's action"),
        pytest.param("s3:*", "s3:???object", True, id="a service, and some of its actions"),
        pytest.param("s3:get*", "s3:???object", True, id="GetObject is in both"),
        pytest.param("s3:get*", "s3:????object", True, id="and so would GetXObject be"),
        pytest.param("s3:delete*", "s3:???object", False, id="too long for the question marks"),
        pytest.param("s3:get*", "s3:put*", False, id="other beginnings"),
        pytest.param("s3:*acl", "s3:*policy", False, id="other ends"),
        pytest.param("s3:*acl", "s3:*y", False, id="other ends of other lengths"),
        pytest.param("s3:*bucket*", "s3:*acl*", True, id="in the midst"),
        pytest.param("s3:getobject", "s3:getobject", True, id="an action twice"),
        pytest.param("s3:getobject", "s3:getobjectacl", False, id="an action that begins so"),
        pytest.param("s3:get?", "s3:get", False, id="a question mark is one character"),
        pytest.param("s3:get*", "s3:get", True, id="a star is none, too"),
        pytest.param("s*", "s3:getobject", True, id="a service cut short"),
        pytest.param("*:getobject", "s3:*", True, id="any service's"),
        pytest.param("s3", "*", False, id="no action has no colon"),
        pytest.param("s3:", "*", False, id="nor an empty name"),
        pytest.param("a:b:c", "*", False, id="nor two colons"),
        pytest.param("?:*:*", "*", False, id="nor patterns with two"),
        pytest.param("s3:[a]*", "s3:a", False, id="brackets mean nothing"),
    ],
)
def test_overlap(one: str, other: str, *, expected: bool) -> None:
    """Two patterns overlap if some action could match both; whichever way round."""
    assert overlap(one, other) is expected
    assert overlap(other, one) is expected


@pytest.mark.parametrize(
    ("wanted", "unwanted", "expected"),
    [
        pytest.param((("*",),), (), True, id="anything"),
        pytest.param((("*",),), ("*",), False, id="anything but everything"),
        pytest.param((("iam:*",),), ("iam:*",), False, id="a service but itself"),
        pytest.param((("iam:*",),), ("iam:get*",), True, id="a service but some of it"),
        pytest.param((("iam:get*",),), ("iam:*",), False, id="some of it but the service"),
        pytest.param((("*",),), ("iam:*", "s3:*"), True, id="there are other services"),
        pytest.param((("a:?",),), ("a:a", "a:b"), True, id="there are other letters"),
        pytest.param((("a:b*",),), ("a:b", "a:b?*"), False, id="covered by two together"),
        pytest.param((("a:b*",),), ("a:b", "a:b??*"), True, id="a gap between two"),
        pytest.param((("a:*",),), ("a:?", "a:*??"), False, id="short ones and long ones"),
        pytest.param((("a:*", "b:*"),), ("a:*",), True, id="one of two is left"),
        pytest.param((("a:*", "b:*"), ("c:*",)), (), False, id="none of two"),
        pytest.param(((),), (), False, id="one of none"),
    ],
)
def test_may_exist(
    wanted: tuple[tuple[str, ...], ...], unwanted: tuple[str, ...], *, expected: bool
) -> None:
    """Each of `wanted` has one that matches, and none of `unwanted` does."""
    assert may_exist(wanted, unwanted) is expected


def test_what_is_too_hard_to_tell_may_be() -> None:
    """A pattern made to be hard is given up in good time, on the safe side."""
    hard = (("a:*x" + "?" * 60,), ("a:*y" + "?" * 60,), ("a:*" + "z?" * 30,))
    began = time.process_time()
    assert may_exist(hard, ("a:*" + "z?" * 30 + "*",))
    assert time.process_time() - began < 2
    assert MOST_STEPS < 10_000
