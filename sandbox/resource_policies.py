"""Whom a function's own policy lets in: services, each in the name of what makes it call."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LIKE = ("ArnLike", "ArnEquals", "StringLike")  # the same to AWS, but for the last


def lets_invoke(
    statements: Iterable[Mapping[str, Any]], service: str, *, source_arn: str, source_account: str
) -> bool:
    """Whether some statement lets the service invoke the function for the source."""
    told = {"aws:sourcearn": source_arn, "aws:sourceaccount": source_account}
    return any(_allows(each, service) and _holds(each, told) for each in statements)


def _allows(statement: Mapping[str, Any], service: str) -> bool:
    principal = statement.get("Principal", {})
    named = principal.get("Service") if isinstance(principal, dict) else principal
    return (
        statement.get("Effect") == "Allow"
        and statement.get("Action") in ("lambda:InvokeFunction", "lambda:*")
        and named == service
    )


def _holds(statement: Mapping[str, Any], told: Mapping[str, str]) -> bool:
    """Whether its condition holds; one that is not understood does not."""
    for operator, keys in statement.get("Condition", {}).items():
        for key, wanted in keys.items():
            value = told.get(key.lower())
            if value is None:
                return False
            if operator in _LIKE:
                if not fnmatch.fnmatchcase(value, str(wanted)):
                    return False
            elif operator != "StringEquals" or value != wanted:
                return False
    return True
