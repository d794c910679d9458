"""What the documents tell people to type, the AWS CLI takes."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from moto.events.models import EventPattern

from reactor.names import Function
from reactor.settings import Settings
from reactor.watch.patterns import rule_patterns
from tests.project.commands import code

ROOT = Path(__file__).parents[2]
UNVERIFIED = (ROOT / "docs" / "unverified.md").read_text()
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
# Of the CLI itself, and no operation of a service (user guide, and the commands' own help).
OF_THE_CLI = {"configure mfa-login", "cloudformation deploy"}
FOR_ALL = {"max-items", "no-cli-pager", "output", "profile", "query", "region"}
# Options that the CLI has in the place of a member, or besides.
OWN = {
    ("iam", "create-virtual-mfa-device"): {"bootstrap-method", "outfile"},
    ("lambda", "create-function"): {"zip-file"},
    ("lambda", "update-function-code"): {"zip-file"},
}
SERVICES = {"configservice": "config", "s3api": "s3"}
# What docs/unverified.md calls commands by, once it has said what it means.
SHORT = {
    r"\bas_(?:key|session) ": "aws ",
    r"\bask (?=--)": "aws iam simulate-custom-policy ",
}
_ASKED = re.compile(r"^ +event (\w+) (\w+) '(.*?)'((?:; test_pattern \w+)+)$", re.MULTILINE)
_QUOTED = re.compile(r"'[^']*'")
_SUBSTITUTED = re.compile(r"[$<]\(([^()]*)\)")
_COMMAND = re.compile(r"\baws ([a-z0-9]+) ([a-z][a-z0-9-]+)(.*)")


def typed(text: str) -> Iterator[tuple[str, str, set[str]]]:
    """Yield service, operation and options of each command of the AWS CLI in a page."""
    bare = _QUOTED.sub("VALUE", code(text).replace("\\\n", " "))
    for short, whole in SHORT.items():
        bare = re.sub(short, whole, bare)
    # A command within another: first that one, then it is a value.
    while inner := _SUBSTITUTED.search(bare):
        bare = f"{bare[: inner.start()]}VALUE{bare[inner.end() :]}\n{inner[1]}"
    for part in re.split(r"\n|;|\||&&", bare):
        for service, operation, rest in _COMMAND.findall(part):
            yield service, operation, set(re.findall(r"(?<= )--([a-z0-9-]+)", rest))


def options_of(service: str, operation: str) -> set[str] | None:
    """Return what an operation takes, None where there is no such operation."""
    model = botocore.session.get_session().get_service_model(SERVICES.get(service, service))
    names = {xform_name(each, "-"): each for each in model.operation_names}
    if operation not in names:
        return None
    shape = model.operation_model(names[operation]).input_shape
    members = {} if shape is None else shape.members
    flags = {
        f"no-{xform_name(name, '-')}"
        for name, member in members.items()
        if member.type_name == "boolean"
    }
    return {xform_name(name, "-") for name in members} | flags


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_each_command_is_one_of_the_aws_cli(document: Path) -> None:
    """Services, operations and options are those of AWS's own models."""
    for service, operation, options in typed(document.read_text()):
        command = f"aws {service} {operation}"
        if f"{service} {operation}" in OF_THE_CLI or operation == "wait":
            continue
        known = options_of(service, operation)
        assert known is not None, command
        unknown = options - known - FOR_ALL - OWN.get((service, operation), set())
        assert not unknown, command


def test_many_are_found() -> None:
    """The page on what is unverified is full of them, within loops and substitutions as well."""
    found = {each[:2] for each in typed(UNVERIFIED)}
    assert {("iam", "create-access-key"), ("events", "test-event-pattern")} <= found
    assert {
        ("sts", "assume-role"),
        ("lambda", "invoke"),
        ("iam", "simulate-custom-policy"),
    } <= found
    assert len(found) > 50


def test_the_events_that_eventbridge_is_asked_about_match() -> None:
    """By the sandbox's matcher, whose word EventBridge is to confirm: each by each pattern."""
    patterns = rule_patterns(Settings.from_environment({"REACTOR_EXEMPT_PARAMETER": "/probe"}))
    asked = _ASKED.findall(UNVERIFIED)
    assert len(asked) == UNVERIFIED.count("\n      event ")
    for service, name, request, functions in asked:
        envelope: Any = {
            "detail-type": "AWS API Call via CloudTrail",
            "source": f"aws.{service}",
            "detail": {
                "eventSource": f"{service}.amazonaws.com",
                "managementEvent": True,
                "eventName": name,
                "requestParameters": json.loads(request),
            },
        }
        for function in re.findall(r"test_pattern (\w+)", functions):
            pattern = EventPattern.load(json.dumps(patterns[Function(function)]))
            assert pattern.matches_event(envelope), (name, function)
