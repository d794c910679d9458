"""EventBridge's matching of events with patterns, as far as this project's rules use it."""

from collections.abc import Callable
from typing import Any

_ABSENT = object()


def matches(pattern: dict[str, Any], event: object) -> bool:
    """Tell whether EventBridge would match `event` with a pattern of ours.

    Understands exact values, `$or`, and the filters exists, prefix, suffix, equals-ignore-case and
    anything-but (EventBridge user guide, comparison operators). Raises TypeError for any other.
    """
    if "$or" in pattern:
        rest = {key: wanted for key, wanted in pattern.items() if key != "$or"}
        return any(matches(each, event) for each in pattern["$or"]) and matches(rest, event)
    members = event if isinstance(event, dict) else {}
    return all(
        _member_matches(wanted, members.get(key, _ABSENT)) for key, wanted in pattern.items()
    )


def _member_matches(wanted: object, value: object) -> bool:
    if isinstance(wanted, dict):
        return matches(wanted, value)
    if not isinstance(wanted, list):
        raise TypeError(f"an event pattern holds lists and objects, not {wanted!r}")
    return any(_choice_matches(choice, value) for choice in wanted)


def _choice_matches(choice: object, value: object) -> bool:
    if isinstance(choice, dict):
        ((name, operand),) = choice.items()
        if name == "exists":  # looks at leaves only
            return bool(operand) == (value is not _ABSENT and not isinstance(value, dict))
        return value is not _ABSENT and _any_of(value, lambda each: _passes(name, operand, each))
    return _any_of(value, lambda each: type(each) is type(choice) and each == choice)


def _any_of(value: object, test: Callable[[object], bool]) -> bool:
    return any(test(each) for each in value) if isinstance(value, list) else test(value)


def _passes(name: str, operand: Any, value: object) -> bool:  # noqa: ANN401 - a pattern is JSON
    match name:
        case "prefix":
            return isinstance(value, str) and value.startswith(operand)
        case "suffix":
            return isinstance(value, str) and value.endswith(operand)
        case "equals-ignore-case":
            return isinstance(value, str) and value.lower() == operand.lower()
        case "anything-but" if isinstance(operand, dict):
            ((inner, its_operand),) = operand.items()
            return not _passes(inner, its_operand, value)
        case "anything-but":
            return value not in (operand if isinstance(operand, list) else [operand])
        case _:
            raise TypeError(f"not a filter that the rules use: {name}")
