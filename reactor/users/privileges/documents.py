"""Policy documents, as far as they allow actions, and deny actions for good. Pure.

Both are read so that a user is rather taken for more dangerous than it is. What is allowed counts
on whatever resource, under whatever condition. A denial counts only where it always holds: without
a condition, on all resources, of actions that are named in IAM's own grammar. What cannot be read
is taken for what allows everything: IAM itself refuses such documents, so it is we who do not
understand, and an error would come back with each sweep until somebody rewrites the policy.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from reactor.errors import shorten
from reactor.users.grammar import listed, members
from reactor.users.privileges.patterns import Patterns

# What certainly takes an action away: all of them, or patterns of those of one service. Whether IAM
# takes a wildcard in a service's name, or for the colon, is not documented.
_CERTAIN = re.compile(r"\*|[a-z0-9-]+:[^\s:]+", re.IGNORECASE | re.ASCII)
_SHOWN = 64  # characters of a Sid, or of a pattern, in a reason


@dataclass(frozen=True, slots=True)
class Statement:
    """What one statement is about: actions that some patterns match, or all `but` these.

    `label` is its Sid, or its number; empty: it cannot be read.
    """

    label: str
    patterns: Patterns
    but: bool = False


_UNREADABLE = Statement("", ("*",))


@dataclass(frozen=True, slots=True)
class Document:
    """What a policy allows, and what it denies for good. Two that say the same are equal."""

    allows: tuple[Statement, ...] = ()
    denies: tuple[Statement, ...] = ()
    _hash: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Once: what is found of a document is remembered by it.
        object.__setattr__(self, "_hash", hash((self.allows, self.denies)))

    def __hash__(self) -> int:
        return self._hash


def read(document: object) -> Document:
    """Read a document: a JSON value, or text where it is none. It may be anything."""
    said = members(document)
    if "statement" not in said or len(said) != len(_keys(document)):
        return Document((_UNREADABLE,))
    allows, denies = list[Statement](), list[Statement]()
    for number, each in enumerate(listed(said["statement"]), 1):
        said = members(each)
        if len(said) != len(_keys(each)) or said.get("effect") not in ("Allow", "Deny"):
            allows.append(_UNREADABLE)
        elif said["effect"] == "Deny":
            denies += _denied(number, said)
        else:
            allows.append(_allowed(number, said))
    return Document(tuple(allows), tuple(denies))


def _keys(value: object) -> list[object]:
    """Return the names of an object's members as they are: two may differ by case only."""
    return list(value) if isinstance(value, dict) else []


def _allowed(number: int, said: dict[str, object]) -> Statement:
    actions, but = _actions(said)
    if actions is None:
        return _UNREADABLE
    if but:
        actions = tuple(filter(_CERTAIN.fullmatch, actions))
    return Statement(_label(number, said), actions, but)


def _denied(number: int, said: dict[str, object]) -> Iterator[Statement]:
    """Yield what a statement denies for good, if it does."""
    actions, but = _actions(said)
    everywhere = any(each == "*" for each in listed(said.get("resource")))
    always = everywhere and "notresource" not in said and said.get("condition", {}) == {}
    if not always or not actions:
        return
    if not but:
        actions = tuple(filter(_CERTAIN.fullmatch, actions))
    yield Statement(_label(number, said), actions, but)


def _actions(said: dict[str, object]) -> tuple[Patterns | None, bool]:
    """Return a statement's patterns, and whether it is about all but these; None: not readable."""
    but = "notaction" in said
    given = listed(said.get("notaction" if but else "action"))
    texts = tuple(each for each in given if isinstance(each, str))
    readable = len(texts) == len(given) and not (but and "action" in said)
    return texts if readable else None, but


def _label(number: int, said: dict[str, object]) -> str:
    sid = said.get("sid")
    return f"statement {shorten(sid, _SHOWN) if isinstance(sid, str) and sid else number}"
