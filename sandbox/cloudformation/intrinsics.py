"""A template's functions, evaluated with a stack's parameters and what it has made so far."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.cloudformation.template import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sandbox.cloudformation.template import Template

_NO_VALUE = object()
_VARIABLE = re.compile(r"\$\{(!?)([^}]+)\}")


@dataclass(frozen=True, slots=True)
class Made:
    """A resource that there is: what Ref gives of it, and what GetAtt does."""

    physical_id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Evaluator:
    """Knows the values of one stack; `made` grows while its resources are."""

    def __init__(
        self, template: Template, parameters: Mapping[str, str], pseudo: Mapping[str, Any]
    ) -> None:
        self.made: dict[str, Made] = {}
        self._template = template
        self._values: dict[str, Any] = {**pseudo, "AWS::NoValue": _NO_VALUE}
        for name, declared in template.section("Parameters").items():
            listed = declared["Type"].startswith(("List<", "CommaDelimitedList"))
            self._values[name] = parameters[name].split(",") if listed else parameters[name]

    def evaluate(self, value: Any) -> Any:
        """The value without functions; what is no value is left out."""
        if isinstance(value, list):
            items = [self.evaluate(item) for item in value]
            return [item for item in items if item is not _NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            [(name, argument)] = value.items()
            if function := self._functions().get(name):
                return function(argument)
        members = {name: self.evaluate(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member is not _NO_VALUE}

    def holds(self, condition: str | None) -> bool:
        """Whether a condition of the template holds; None always does."""
        if condition is None:
            return True
        return bool(self.evaluate(self._template.section("Conditions")[condition]))

    def _functions(self) -> dict[str, Callable[[Any], Any]]:
        return {
            "Condition": self._condition,
            "Fn::And": lambda all_of: all(self.evaluate(each) for each in all_of),
            "Fn::Equals": lambda two: str(self.evaluate(two[0])) == str(self.evaluate(two[1])),
            "Fn::FindInMap": self._find_in_map,
            "Fn::GetAtt": self._get_attribute,
            "Fn::If": lambda three: self.evaluate(three[1 if self.holds(three[0]) else 2]),
            "Fn::Join": lambda two: two[0].join(map(str, self.evaluate(two[1]))),
            "Fn::Not": lambda one: not self.evaluate(one[0]),
            "Fn::Or": lambda any_of: any(self.evaluate(each) for each in any_of),
            "Fn::Select": lambda two: self.evaluate(two[1])[int(self.evaluate(two[0]))],
            "Fn::Split": lambda two: self.evaluate(two[1]).split(two[0]),
            "Fn::Sub": self._substitute,
            "Fn::ToJsonString": lambda one: json.dumps(self.evaluate(one)),
            "Ref": self._refer,
        }

    def _condition(self, name: Any) -> Any:
        if name in self._template.section("Conditions"):
            return self.holds(name)
        return {"Condition": self.evaluate(name)}  # a policy statement's only member, say

    def _refer(self, name: str) -> Any:
        if name in self._values:
            return self._values[name]
        if name not in self.made:
            raise _unresolved(name)
        return self.made[name].physical_id

    def _get_attribute(self, path: Any) -> Any:
        name, attribute = path.split(".", 1) if isinstance(path, str) else path
        if name not in self.made:
            raise _unresolved(name)
        if attribute not in self.made[name].attributes:
            raise invalid(f"Template error: resource {name} does not support attribute {attribute}")
        return self.made[name].attributes[attribute]

    def _find_in_map(self, path: list[Any]) -> Any:
        name, first, second = (self.evaluate(each) for each in path)
        return self._template.section("Mappings")[name][first][second]

    def _substitute(self, argument: Any) -> str:
        text, own = argument if isinstance(argument, list) else (argument, {})
        values = {name: self.evaluate(value) for name, value in own.items()}

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in values:
                return str(values[name])
            return str(self._get_attribute(name) if "." in name else self._refer(name))

        return _VARIABLE.sub(value, text)


def references(value: Any) -> Iterator[str]:
    """The names that a value refers to: resources and parameters."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for name, argument in value.items():
        if name == "Ref":
            yield argument
        elif name == "Fn::GetAtt":
            yield argument.split(".")[0] if isinstance(argument, str) else argument[0]
        elif name == "Fn::Sub":
            text = argument[0] if isinstance(argument, list) else argument
            yield from (found.split(".")[0] for _, found in _VARIABLE.findall(text))
        yield from references(argument)


def _unresolved(name: str) -> Exception:
    return invalid(
        f"Template format error: Unresolved resource dependencies [{name}] in the Resources "
        "block of the template"
    )
