"""Policy documents as IAM reads them: what may stand without a list, what a wildcard matches.

And whether a function's own policy lets a service invoke it.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

_INVOKE = "lambda:invokefunction"


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


def lets_invoke(
    document: Mapping[str, Any], function_arn: str, service: str, told: Mapping[str, str]
) -> bool:
    """Tell whether a function's policy allows a service to invoke it.

    `told` is what the service says of itself, by the condition key in lower case.
    """
    return any(_allows(each, function_arn, service, told) for each in statements(document))


def _allows(
    statement: Mapping[str, Any], function_arn: str, service: str, told: Mapping[str, str]
) -> bool:
    principal = statement.get("Principal")
    services = as_list(principal.get("Service")) if isinstance(principal, dict) else [principal]
    if statement.get("Effect") != "Allow" or not {service, "*"} & set(services):
        return False
    actions = [str(each).lower() for each in as_list(statement.get("Action"))]
    return (
        any(matches(each, _INVOKE) for each in actions)
        # Of an alias or a version is another resource, which the caller does not lead to.
        and any(matches(str(each), function_arn) for each in as_list(statement.get("Resource")))
        and _holds(statement.get("Condition", {}), told)
    )


def _holds(condition: Mapping[str, Mapping[str, Any]], told: Mapping[str, str]) -> bool:
    """Tell whether a condition holds; one that is not understood does not."""
    for operator, keys in condition.items():
        for key, values in keys.items():
            value, given = told.get(key.lower()), [str(each) for each in as_list(values)]
            if value is None:
                return False
            if operator in {"ArnLike", "ArnEquals", "StringLike"}:
                if not any(matches(each, value) for each in given):
                    return False
            elif operator != "StringEquals" or value not in given:
                return False
    return True
