"""Whom a resource's own policy lets in: services, each in the name of what makes it call."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LIKE = ("ArnLike", "ArnEquals", "StringLike")  # the same to AWS, but for the last


def lets_invoke(
    statements: Iterable[Mapping[str, Any]],
    service: str,
    *,
    source_arn: str,
    source_account: str | None = None,
) -> bool:
    """Whether some statement lets the service invoke the function for the source.

    Not every service says whose the source is: None.
    """
    told = {"aws:sourcearn": source_arn}
    if source_account is not None:
        told["aws:sourceaccount"] = source_account
    return any(_allows(each, service) and holds(each, told) for each in statements)


def holds(statement: Mapping[str, Any], told: Mapping[str, str]) -> bool:
    """Whether a statement's condition holds; one that is not understood does not.

    `told` are the condition keys that the service gives, in lower case.
    """
    return all(
        key.lower() in told and _matches(operator, told[key.lower()], as_list(wanted))
        for operator, keys in statement.get("Condition", {}).items()
        for key, wanted in keys.items()
    )


def as_list(value: Any) -> list[Any]:
    """What a policy has singly or as a list, as a list."""
    return value if isinstance(value, list) else [value]


def _allows(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and named == service
    )


def _matches(operator: str, value: str, wanted: list[Any]) -> bool:
    if operator in _LIKE:
        return any(fnmatch.fnmatchcase(value, str(each)) for each in wanted)
    return operator == "StringEquals" and value in wanted
