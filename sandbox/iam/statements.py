"""A policy's text: where its statements stand in it, and the context keys that they use."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BLANKS = re.compile(r"[ \t\n\r]*")
# ${aws:username}, also with a default; not ${*}, ${?} and ${$}, which stand for the character.
_VARIABLE = re.compile(r"\$\{\s*([^*?$,}\s]+)\s*(?:,[^}]*)?\}")


def parse(text: str) -> dict[str, Any]:
    """The policy that a text is. Raises ValueError for one that is no JSON object, or unclear."""
    document = json.loads(text, object_pairs_hook=_each_once)
    if not isinstance(document, dict):
        raise ValueError("it is no JSON object")  # noqa: TRY004 - as what json.loads raises
    return document


def statements(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy: a single one needs no list."""
    found = document.get("Statement", [])
    return found if isinstance(found, list) else [found]


def positions(text: str) -> list[dict[str, Any]]:
    """Where each statement begins and ends, as MatchedStatements has it.

    Line and column are those that follow the opening, and the closing, brace: so they are in the
    answers that AWS's documentation shows.
    """
    return [
        {"StartPosition": _position(text, start + 1), "EndPosition": _position(text, end)}
        for start, end in _spans(text)
    ]


def context_keys(document: Mapping[str, Any]) -> Iterator[str]:
    """The keys of its conditions, and of the variables in its resources and conditions."""
    for statement in statements(document):
        conditions = statement.get("Condition") or {}
        for keys in conditions.values():
            yield from keys
        said = [statement.get("Resource"), statement.get("NotResource"), conditions]
        yield from _VARIABLE.findall(json.dumps(said))


def _spans(text: str) -> Iterator[tuple[int, int]]:
    """The offsets of each statement's first character, and of the one after its last."""
    decode = json.JSONDecoder().raw_decode
    at = _next(text, _next(text, 0) + 1)
    while text[at] != "}":
        name, at = decode(text, at)
        at = _next(text, _next(text, at) + 1)
        if name == "Statement":
            yield from _items(text, at)
        _, at = decode(text, at)
        at = _next(text, at)
        at = _next(text, at + 1) if text[at] == "," else at


def _items(text: str, at: int) -> Iterator[tuple[int, int]]:
    decode = json.JSONDecoder().raw_decode
    if text[at] != "[":
        yield at, decode(text, at)[1]
        return
    at = _next(text, at + 1)
    while text[at] != "]":
        _, end = decode(text, at)
        yield at, end
        at = _next(text, end)
        at = _next(text, at + 1) if text[at] == "," else at


def _next(text: str, at: int) -> int:
    """The offset of the next character that is no blank."""
    found = _BLANKS.match(text, at)
    return found.end() if found else at


def _position(text: str, offset: int) -> dict[str, int]:
    return {
        "Line": text.count("\n", 0, offset) + 1,
        "Column": offset - text.rfind("\n", 0, offset),
    }


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is there twice")
    return members
