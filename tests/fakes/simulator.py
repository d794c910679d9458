"""A fake of AWS's policy simulator: the part of IAM's policy language that guards are written in.

It knows allow and deny, actions, resources, their negations, policy variables, and the operators
below; whatever else a document has makes it fail. Where AWS's reading of these is not its own, the
tests against the sandbox's oracle (tests/cli/test_guard_check.py) show it.
"""

import fnmatch
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.session

from reactor.errors import ReactorError
from reactor.gathering import Call, Key
from reactor.holes.ports import Context, Refused, Ruling, Simulated, Simulation

_VARIABLE = re.compile(r"\$\{([\w:/]+)\}")
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "Bool": lambda has, wanted: has == wanted.lower(),
    "StringEquals": lambda has, wanted: has == wanted,
    "StringNotEquals": lambda has, wanted: has != wanted,
    "StringEqualsIgnoreCase": lambda has, wanted: has.lower() == wanted.lower(),
    "ArnEquals": fnmatch.fnmatchcase,
    "NumericGreaterThan": lambda has, wanted: int(has) > int(wanted),
    "NotIpAddress": lambda has, wanted: has != wanted,
}


class FakeSimulator:
    """reactor.holes.ports.Simulator, in memory. `asked` has all requests, `error` is raised."""

    def __init__(self) -> None:
        self.asked: list[Simulation] = []
        self.error: ReactorError | None = None
        self.unruled: set[str] = set()  # actions that it neither allows nor denies
        self.unknown: set[str] = set()  # actions that it refuses a request for
        self.dropped: set[str] = set()  # actions that it gives no answer for

    def simulate(self, asked: Simulation) -> tuple[Simulated, ...]:
        """Return one answer for each action and resource."""
        self.asked.append(asked)
        if self.error is not None:
            raise self.error
        if self.unknown & set(asked.actions):
            raise Refused("no such action", remedy="leave it out")
        return tuple(
            Simulated(action, resource, self._ruling(asked, action, resource))
            for action in asked.actions
            if action not in self.dropped
            for resource in asked.resources or ("*",)
        )

    def operations(self, service: str) -> Mapping[str, frozenset[str]]:
        """Return a service's operations as the SDK knows them."""
        return _operations(service)

    def _ruling(self, asked: Simulation, action: str, resource: str) -> Ruling:
        if action in self.unruled:
            return Ruling.NOT_ALLOWED
        effects = {
            statement["Effect"]
            for document in asked.documents
            for statement in _statements(document)
            if _matches(statement, action, resource, asked.context)
        }
        if "Deny" in effects:
            return Ruling.DENIED
        return Ruling.ALLOWED if "Allow" in effects else Ruling.NOT_ALLOWED


def one_by_one(calls: Mapping[Key, Call], /) -> dict[Key, Any | ReactorError]:
    """Make calls one after the other (reactor.users.ports.Gather)."""
    answers: dict[Key, Any | ReactorError] = {}
    for key, call in calls.items():
        try:
            answers[key] = call()
        except ReactorError as error:
            answers[key] = error
    return answers


@functools.cache
def _operations(service: str) -> Mapping[str, frozenset[str]]:
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return {}
    model = session.get_service_model(service)
    shapes = {name: model.operation_model(name).input_shape for name in model.operation_names}
    return {name: frozenset(shape.members if shape else ()) for name, shape in shapes.items()}


@functools.cache
def _statements(document: str) -> list[dict[str, Any]]:
    """Return a document's statements, each with the variables that are in it."""
    statements = _listed(json.loads(document)["Statement"])
    return [{**each, "variables": _VARIABLE.findall(json.dumps(each))} for each in statements]


def _matches(statement: Mapping[str, Any], action: str, resource: str, context: Context) -> bool:
    keys = {key.lower(): value for key, value in context.items()}
    if any(each.lower() not in keys for each in statement["variables"]):
        return False  # a variable without a value makes the statement void (user guide, variables)
    return (
        _element(statement, "Action", lambda each: _like(action.lower(), each.lower()))
        and _element(statement, "Resource", lambda each: _on(resource, each, keys))
        and all(_condition(*each, keys) for each in _conditions(statement))
    )


def _element(statement: Mapping[str, Any], name: str, fits: Callable[[str], bool]) -> bool:
    """Whether a statement is about it; in the form with Not, whether it is not excepted."""
    if name in statement:
        return any(fits(each) for each in _listed(statement[name]))
    return not any(fits(each) for each in _listed(statement[f"Not{name}"]))


def _on(resource: str, pattern: str, keys: Mapping[str, Any]) -> bool:
    return _like(resource, _VARIABLE.sub(lambda found: str(keys[found[1].lower()]), pattern))


def _conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield operator, key.lower(), [str(each) for each in _listed(values)]


def _condition(operator: str, key: str, wanted: list[str], keys: Mapping[str, Any]) -> bool:
    """Whether a condition holds. A key that is absent: only for IfExists, negations and Null."""
    if operator == "Null":
        return wanted == [str(key not in keys).lower()]
    name = operator.removesuffix("IfExists")
    if key not in keys:
        return name != operator or "Not" in name
    value = keys[key]
    has = str(value).lower() if isinstance(value, bool) else str(value)
    every = all if "Not" in name else any
    return every(_OPERATORS[name](has, each) for each in wanted)


def _like(text: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(text, pattern.replace("[", "[[]"))


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
