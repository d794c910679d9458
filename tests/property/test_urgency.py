"""The order in which users are mended: another policy never makes one wait longer."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from reactor.guard.identity import Guard
from reactor.users.breadth import Breadth, breadth
from reactor.users.state import Presence, UserState
from reactor.users.urgency import rank
from tests.fakes.account import GUARD_ARN

PATTERNS = st.sampled_from(
    [
        "*",
        "s3:*",
        "s3:GetObject",
        "iam:*",
        "iam:PutUserPolicy",
        "IAM:Create?ccessKey",
        "sts:Assume*",
    ]
)
RESOURCES = st.sampled_from(
    ["*", "arn:aws:s3:::*", "arn:aws:s3:::b/*", "arn:aws:iam::1:user/*", "arn:aws:iam::1:role/app"]
)
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


def one_or_more(words: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """A word, or a list of them, as IAM takes both."""
    return words | st.lists(words, max_size=3)


STATEMENTS = st.fixed_dictionaries(
    {"Effect": st.sampled_from(["Allow", "Deny"])},
    optional={
        "Action": one_or_more(PATTERNS),
        "NotAction": one_or_more(PATTERNS),
        "Resource": one_or_more(RESOURCES),
        "NotResource": one_or_more(RESOURCES),
        "Condition": st.just({"Bool": {"aws:MultiFactorAuthPresent": "true"}}),
    },
)
DOCUMENTS = (
    st.fixed_dictionaries({"Statement": st.lists(STATEMENTS, max_size=3) | STATEMENTS})
    | ODD
    | st.fixed_dictionaries({"Statement": ODD})
)
USERS = st.lists(st.lists(DOCUMENTS, max_size=3), min_size=1, max_size=5)


def named(documents: list[object]) -> dict[str, object]:
    """Return documents as policies of some names."""
    return {str(number): each for number, each in enumerate(documents)}


def carrying(inline: list[list[object]]) -> list[UserState]:
    """Users who carry these documents."""
    guard = Guard(GUARD_ARN, given=False)
    return [
        UserState(f"user-{n}", Presence.EXISTS, guard, arn=f"arn:{n}", inline=named(own))
        for n, own in enumerate(inline)
    ]


@given(DOCUMENTS)
def test_any_document_has_its_breadth(document: object) -> None:
    """Whatever it is, it is a step of the scale, and the same each time."""
    assert isinstance(breadth(document), Breadth)
    assert breadth(document) is breadth(document)


@given(USERS, st.data(), DOCUMENTS)
def test_another_policy_never_ranks_lower(
    inline: list[list[object]], data: st.DataObject, more: object
) -> None:
    """Of two accounts that differ in one policy more, its holder is not later in the second."""
    users = carrying(inline)
    chosen = data.draw(st.integers(0, len(users) - 1))
    wider = [
        replace(each, inline={**each.inline, "more": more}) if n == chosen else each
        for n, each in enumerate(users)
    ]
    before, after = (
        [name for name, _ in rank(some, {}, {}, None)].index(f"user-{chosen}")
        for some in (users, wider)
    )
    assert after <= before


@given(USERS, st.randoms())
def test_the_order_of_the_input_does_not_matter(inline: list[list[object]], random: Any) -> None:
    """The same users are in the same order however they came."""
    users = carrying(inline)
    shuffled = random.sample(users, len(users))
    assert rank(users, {}, {}, None) == rank(shuffled, {}, {}, None)
