"""Policy documents that others may have written: read with suspicion, compared by what they say.

One document can be written in many ways: with white space, with its keys in any order, a single
value with or without brackets, actions, resources and statements in any order (IAM user guide,
grammar of the policy language). None of these is a difference. Everything else is, even an action's
name in other case: to restore the guard once too often does no harm, to overlook a change might.
"""

import json
from collections.abc import Iterable
from typing import Any

from reactor.errors import shorten
from reactor.guard.document import canonical

# Raw characters of a document, white space counted (IAM API reference, CreatePolicyVersion).
TEXT_LIMIT = 131_072
# Characters of a document that a record repeats; without white space it has 6,144 at most.
RECORD_LIMIT = 10_000

_IN_ANY_ORDER = frozenset({"Statement", "Action", "NotAction", "Resource", "NotResource"})


def parse(text: str) -> object:
    """Return the JSON value that a text is, or the text itself where it is none.

    A member named twice is none: readers of JSON disagree on which of the two counts. (IAM refuses
    such a document: user guide, troubleshooting policies.)
    """
    if len(text) > TEXT_LIMIT:
        return text
    try:
        return json.loads(text, object_pairs_hook=_each_once)
    except (ValueError, RecursionError):
        return text


def same_document(one: object, other: object) -> bool:
    """Tell whether two documents, each a JSON value, are the same one."""
    try:
        return canonical(_normal(one)) == canonical(_normal(other))
    except RecursionError:
        return False  # nested deeper than any policy


def for_record(document: object) -> object:
    """Return a document for a record: the JSON value, or text cut short when it is none.

    So is one of more than RECORD_LIMIT characters, which only white space inside strings, or text
    that is not ASCII, can make.
    """
    if isinstance(document, str):
        return shorten(document)
    try:
        text = json.dumps(document, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        return "a document that is no JSON"
    return document if len(text) <= RECORD_LIMIT else shorten(text, RECORD_LIMIT)


def _normal(value: object, member: str = "") -> object:
    """Return a value in the one form that all its ways of writing have."""
    if member in _IN_ANY_ORDER:
        items = value if isinstance(value, list) else [value]
        return sorted(canonical(_normal(each)) for each in items)
    if isinstance(value, dict):
        return {name: _normal(each, name) for name, each in value.items()}
    if isinstance(value, list):
        items = [_normal(each) for each in value]
        return items[0] if len(items) == 1 else items
    return value


def _each_once(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise ValueError(f"{shorten(name, 80)} is there twice")
        members[name] = value
    return members


def laid_out(document: object) -> object:
    """Return a document in one form, for people to compare: each list whole, and in order."""
    if isinstance(document, list):
        return [laid_out(each) for each in document]
    if not isinstance(document, dict):
        return document
    members: dict[str, object] = {}
    for name, value in document.items():
        if name in _IN_ANY_ORDER:
            items = value if isinstance(value, list) else [value]
            members[name] = sorted((laid_out(each) for each in items), key=_by_sid)
        else:
            members[name] = laid_out(value)
    return members


def _by_sid(item: object) -> str:
    """Return what to sort a statement by, so that those of one Sid stand beside each other."""
    sid = item.get("Sid", "") if isinstance(item, dict) else ""
    return f"{sid} {canonical(item)}"
