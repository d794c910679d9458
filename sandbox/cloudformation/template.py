"""A template's text, taken apart: YAML with its short forms, or JSON."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import yaml  # type: ignore[import-untyped]

from sandbox.wire import Refusal


@dataclass(frozen=True, slots=True)
class Template:
    """What a template declares. `text` is what it was read from."""

    text: str
    document: dict[str, Any]

    def section(self, name: str) -> dict[str, Any]:
        """Parameters, Conditions, Mappings, Resources or Outputs; {} when there is none."""
        section: dict[str, Any] = self.document.get(name) or {}
        return section

    def resolved(self, given: dict[str, str]) -> dict[str, str]:
        """Every parameter's value, given or by default. Raises Refusal(ValidationError)."""
        declared = self.section("Parameters")
        if unknown := sorted(set(given) - set(declared)):
            raise invalid(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
        defaults = {n: str(d["Default"]) for n, d in declared.items() if "Default" in d}
        values = {**defaults, **given}
        if missing := sorted(set(declared) - set(values)):
            raise invalid(f"Parameters: [{', '.join(missing)}] must have values")
        for name, value in values.items():
            _check(name, value, declared[name])
        return values


def parse(text: str) -> Template:
    """Raises Refusal(ValidationError) for what is no template."""
    try:
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader with short forms
    except yaml.YAMLError as error:
        raise invalid(f"Template format error: YAML not well-formed. ({error})") from error
    if not isinstance(document, dict) or not document.get("Resources"):
        raise invalid("Template format error: At least one Resources member must be defined.")
    if "Transform" in document:
        message = "The sandbox does not play transforms."
        raise Refusal("NotImplementedInSandbox", message, 501)
    return Template(text, document)


def invalid(message: str) -> Refusal:
    """CloudFormation's one error for all that is wrong with a request."""
    return Refusal("ValidationError", message, 400)


def _check(name: str, value: str, declared: dict[str, Any]) -> None:
    allowed = [str(each) for each in declared.get("AllowedValues", [])]
    pattern = declared.get("AllowedPattern")
    if allowed and value not in allowed:
        raise invalid(f"Parameter '{name}' must be one of AllowedValues")
    if pattern and not re.fullmatch(pattern, value):
        raise invalid(f"Parameter '{name}' must match pattern {pattern}")


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # yaml is published without types
    """Short forms are calls of functions, and a date is a text."""


def _short_form(loader: Any, suffix: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short_form)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if not tag.endswith(":timestamp")]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
