"""Policy documents as IAM reads them: what may stand without a list, what a wildcard matches."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any


def statements(document: Mapping[str, Any]) -> list[Any]:
    """Return a policy's statements; a single one may stand by itself."""
    return as_list(document.get("Statement", []))


def as_list(value: Any) -> list[Any]:  # noqa: ANN401 - a policy's
    """Return a member's values; a single one may stand by itself."""
    return value if isinstance(value, list) else [value]


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern of a policy matches a text. Case counts."""
    # IAM knows * and ?, and no sets in brackets.
    return fnmatchcase(text, pattern.replace("[", "[[]"))
