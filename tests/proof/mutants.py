"""Documents from which one thing was taken: a statement, a condition, an entry of a list."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactor.guard.document import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

Statement = dict[str, Any]
_LISTS = ("Action", "NotAction", "Resource", "NotResource")


@dataclass(frozen=True, slots=True)
class Mutant:
    """A document with one thing less. `origin` is the same for the same loss of the same statement.

    That statement may stand in several documents, beside others.
    """

    sid: str
    loss: str
    origin: str
    document: dict[str, Any]


def mutants(document: dict[str, Any]) -> Iterator[Mutant]:
    """Return every document that lacks one thing of this one.

    The only entry of a list is not taken by itself: what is left would be no policy.
    """
    statements = document["Statement"]
    for place, statement in enumerate(statements):
        for loss, left in _losses(statement):
            rest = [*statements[:place], *left, *statements[place + 1 :]]
            origin = canonical([statement, loss])
            yield Mutant(statement["Sid"], loss, origin, {**document, "Statement": rest})


def _losses(statement: Statement) -> Iterator[tuple[str, list[Statement]]]:
    yield "the whole statement", []
    for member in _LISTS:
        for entry, others in _one_less(statement.get(member)):
            yield f"{entry} of {member}", [{**statement, member: others}]
    condition = statement.get("Condition", {})
    for operator, keys in condition.items():
        yield operator, [_with_condition(statement, _without(condition, operator))]
        for key, values in keys.items():
            if len(keys) > 1:
                left = {**condition, operator: _without(keys, key)}
                yield f"{key} of {operator}", [_with_condition(statement, left)]
            for value, others in _one_less(values):
                left = {**condition, operator: {**keys, key: others}}
                yield f"{value} of {key}", [_with_condition(statement, left)]


def _one_less(entries: object) -> Iterator[tuple[str, list[str]]]:
    if isinstance(entries, list) and len(entries) > 1:
        for entry in entries:
            yield entry, [each for each in entries if each != entry]


def _without(members: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != name}


def _with_condition(statement: Statement, condition: dict[str, Any]) -> Statement:
    return {**_without(statement, "Condition"), **({"Condition": condition} if condition else {})}
