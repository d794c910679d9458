"""What a call wants of a stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.cloudformation.stacks import Wanted
from sandbox.cloudformation.template import parse
from sandbox.wire import Refusal

if TYPE_CHECKING:
    from sandbox.wire import Call


def read_text(call: Call) -> str:
    """The template in the call."""
    if "TemplateBody" not in call.parameters:
        message = "The sandbox plays a TemplateBody, no TemplateURL."
        raise Refusal("NotImplementedInSandbox", message, 501)
    return str(call.parameters["TemplateBody"])


def read_wanted(call: Call, before: Wanted | None) -> Wanted:
    """The template, parameters and tags, those of before where the call says so."""
    previous = before is not None and call.parameters.get("UsePreviousTemplate")
    template = before.template if before is not None and previous else parse(read_text(call))
    given = {}
    for parameter in call.parameters.get("Parameters", []):
        name = parameter["ParameterKey"]
        if not parameter.get("UsePreviousValue"):
            given[name] = str(parameter["ParameterValue"])
        elif before is not None and name in before.parameters:
            given[name] = before.parameters[name]
    tags = tuple((tag["Key"], tag["Value"]) for tag in call.parameters.get("Tags", []))
    return Wanted(template, template.resolved(given), tags)
