"""How policy documents are read that others have written: members, words and patterns. Pure.

They are foreign: with one value or a list, names in any case, and anything else that JSON can be.
"""

import fnmatch
from collections.abc import Iterable


def members(value: object) -> dict[str, object]:
    """Return a JSON object's members, their names in lower case; none of what is no object."""
    if not isinstance(value, dict):
        return {}
    return {str(name).lower(): each for name, each in value.items()}


def listed(value: object) -> list[object]:
    """Return the items of a list, or the one value that stands in the place of a list."""
    return value if isinstance(value, list) else [value]


def words(value: object) -> tuple[str, ...]:
    """Return the texts among one value or many, in lower case."""
    return tuple(each.strip().lower() for each in listed(value) if isinstance(each, str))


def is_wild(pattern: str) -> bool:
    """Tell whether a pattern matches whatever there is."""
    return "*" in pattern and not pattern.strip("*?")


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern with `*` and `?` matches a text; both are compared as they are."""
    # Brackets mean nothing to IAM, but to fnmatch.
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def any_matches(patterns: Iterable[str], text: str) -> bool:
    """Tell whether one of some patterns matches a text."""
    return any(matches(each, text) for each in patterns)
