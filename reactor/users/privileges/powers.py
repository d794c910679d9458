"""Whether the policies of a user, taken together, allow it a dangerous action, and by which. Pure.

A statement allows a dangerous action if some action matches both its pattern and the dangerous one.
What any policy of the user denies for good is taken away, whoever wrote it and however it comes.
"""

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reactor.errors import shorten
from reactor.users.privileges.documents import Document, Statement
from reactor.users.privileges.patterns import Patterns, may_exist, overlap

_OF_AWS = re.compile(r"arn:[^:]+:iam::aws:policy/.+", re.ASCII)
_SHOWN = 64  # characters of a name, or of a pattern, in a reason
_SOME = 3  # patterns of a NotAction that a reason repeats


def is_of_aws(arn: str) -> bool:
    """Tell whether a managed policy is one of AWS's own, which are the same in every account."""
    return _OF_AWS.fullmatch(arn) is not None


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy that reaches a user: attached (`arn`) or inline, to itself or through a group."""

    name: str
    document: Document
    arn: str = ""
    group: str = ""

    @property
    def place(self) -> tuple[bool, str, bool, str, str]:
        """Where it stands among others: the user's own first, attached ones first."""
        return bool(self.group), self.group, not self.arn, self.name, self.arn

    def describe(self) -> str:
        """Return what a person reads."""
        how = "attached" if self.arn else "inline"
        how = f"through group {shorten(self.group, _SHOWN)}" if self.group else how
        return f"policy {shorten(self.name, _SHOWN)} ({how})"


@dataclass(frozen=True, slots=True)
class Grant:
    """What allows a dangerous action: the policy, its statement, and the pattern in it."""

    dangerous: str
    policy: Policy
    statement: Statement
    pattern: str  # empty: it is about all but some

    def describe(self) -> str:
        """Return it as a reason."""
        policy = self.policy.describe()
        if not self.statement.label:
            return f"may do anything, for all that is known: {policy} cannot be read"
        but = self.statement.patterns
        pattern = shorten(self.pattern, _SHOWN) or "all but " + ", ".join(
            [shorten(each, _SHOWN) for each in but[:_SOME]] + ["…"] * (len(but) > _SOME)
        )
        return f"may do {self.dangerous}: {policy}, {self.statement.label}, allows {pattern}"


def danger_of(
    policies: Iterable[Policy], dangerous: Patterns, *, only_custom: bool = False
) -> Grant | None:
    """Return the first grant of a dangerous action, None where there is none.

    `dangerous` are patterns of actions. `only_custom`: not what AWS's own policies allow.
    """
    carried = sorted(policies, key=lambda each: each.place)
    denied = tuple(statement for each in carried for statement in each.document.denies)
    for policy in carried:
        if only_custom and is_of_aws(policy.arn):
            continue
        for statement, pattern, action in _allowed(policy.document, dangerous):
            if not denied or _is_left(statement, pattern, action, denied):
                return Grant(action, policy, statement, pattern)
    return None


@functools.lru_cache(maxsize=4096)
def _allowed(document: Document, dangerous: Patterns) -> tuple[tuple[Statement, str, str], ...]:
    """Return what a document allows by itself: statement, its pattern, and a dangerous one."""
    return tuple(_matching(document, dangerous))


def _matching(document: Document, dangerous: Patterns) -> Iterator[tuple[Statement, str, str]]:
    for statement in document.allows:
        for pattern in ("",) if statement.but else statement.patterns:
            for action in dangerous:
                if _meets(statement, pattern, action):
                    yield statement, pattern, action


def _meets(statement: Statement, pattern: str, action: str) -> bool:
    if statement.but:
        return _is_left(statement, pattern, action, ())
    return overlap(pattern.lower(), action.lower())


@functools.lru_cache(maxsize=4096)
def _is_left(
    statement: Statement, pattern: str, action: str, denied: tuple[Statement, ...]
) -> bool:
    """Tell whether a dangerous action may be left of what a statement allows, after denials."""
    within = [action.lower(), *([] if statement.but else [pattern.lower()])]
    wanted: list[Patterns] = [(each,) for each in within]
    taken = list(_lower(statement.patterns)) if statement.but else []
    for each in denied:
        if each.but:
            wanted.append(_lower(each.patterns))
        else:
            taken += _lower(each.patterns)
    # What has nothing to do with it would only be carried along.
    near = dict.fromkeys(each for each in taken if all(overlap(each, one) for one in within))
    return may_exist(tuple(wanted), tuple(near))


def _lower(patterns: Patterns) -> Patterns:
    return tuple(each.lower() for each in patterns)
