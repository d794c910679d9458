"""What is asked: each action on what it can be done to, in the words of the tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.oracle import Request
from tests.proof.combinations import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.oracle import Action, ResourceType
    from sandbox.oracle.words import Context
    from tests.proof.combinations import Combination

# On what.
ANYTHING = "anything"
ONESELF, ANOTHER_USER = "oneself", "another user"
THE_GUARD, ANOTHER_POLICY = "the guard", "another policy"
ITS_GROUP, ANOTHER_GROUP = "the guard's group", "another group"
# With what: THE_GUARD or ANOTHER_POLICY is what is attached or detached.
NOTHING = "-"
EXEMPTING, ANOTHER_TAG = "an exempting tag", "another tag"

_USERS = {
    "alice": ONESELF,
    "team/ops/alice": ONESELF,  # as it is where the user has a path
    "bob": ANOTHER_USER,
    "alice/bob": ANOTHER_USER,  # below a path that is called as oneself
    "team/malice": ANOTHER_USER,  # whose name ends as one's own
}
_POLICIES = {
    "{guard}": THE_GUARD,
    "Other": ANOTHER_POLICY,
    "team/{guard}": ANOTHER_POLICY,
}
_GROUPS = {
    "mfa-reactor/{guard}": ITS_GROUP,
    "{guard}": ANOTHER_GROUP,
    "mfa-reactor/Other": ANOTHER_GROUP,
}
_NAMED = {"user": _USERS, "policy": _POLICIES, "group": _GROUPS}
_TAGGING_USERS = {"iam:TagUser", "iam:CreateUser"}


@dataclass(frozen=True, slots=True)
class Case:
    """One request: what the oracle is asked, and what the tables call it."""

    request: Request
    on: str = ANYTHING
    given: str = NOTHING

    def __str__(self) -> str:
        given = "" if self.given == NOTHING else f" with {self.given}"
        return f"{self.request.action} on {self.on} ({self.request.resource}){given}"


def quick(actions: Iterable[Action], combination: Combination) -> tuple[Case, ...]:
    """All of IAM and STS, and an action of every other service."""
    seen = set[str]()
    chosen = []
    for action in actions:
        if action.service in {"iam", "sts"} or action.service not in seen:
            chosen.append(action)
            seen.add(action.service)
    return thorough(chosen, combination)


def thorough(actions: Iterable[Action], combination: Combination) -> tuple[Case, ...]:
    """Every action that AWS documents."""
    return tuple(case for action in actions for case in _cases(action, combination))


def _cases(action: Action, combination: Combination) -> Iterator[Case]:
    if action.wildcard_only:
        yield Case(Request(action.name))
        return
    kinds = action.resource_types if action.service in {"iam", "sts"} else action.resource_types[:1]
    for kind in kinds:
        for arn, on in _resources(action, kind, combination):
            for context, given in _contexts(action, combination):
                yield Case(Request(action.name, arn, kind.name, context), on, given)


def _resources(
    action: Action, kind: ResourceType, combination: Combination
) -> Iterator[tuple[str, str]]:
    """Some resources of a type: those that the guard tells apart, or one of it."""
    if action.service != "iam" or kind.name not in _NAMED:
        yield _filled(kind.arn, combination.partition), ANYTHING
        return
    iam = f"arn:{combination.partition}:iam::{ACCOUNT}:{kind.name}/"
    for name, on in _NAMED[kind.name].items():
        yield iam + name.format(guard=combination.settings.guard_policy), on


def _filled(template: str, partition: str) -> str:
    known = {"Partition": partition, "Account": ACCOUNT, "Region": "us-east-1"}
    filled = re.sub(r"\$\{(\w+)\}", lambda name: known.get(name[1], "some"), template)
    return filled.replace("*", "some")


def _contexts(action: Action, combination: Combination) -> Iterator[tuple[Context, str]]:
    """What a request has of its own, as far as the guard looks at it."""
    if "iam:PolicyARN" in action.condition_keys:
        policies = f"arn:{combination.partition}:iam::{ACCOUNT}:policy/"
        for name, given in _POLICIES.items():
            policy = policies + name.format(guard=combination.settings.guard_policy)
            yield {"iam:PolicyARN": policy}, given
        return
    if action.name not in _TAGGING_USERS:
        yield {}, NOTHING
        return
    tags = [(tag, EXEMPTING) for tag in combination.exempting]
    tags += [(tag, ANOTHER_TAG) for tag in combination.harmless]
    for (key, value), given in tags:
        yield {f"aws:RequestTag/{key}": value, "aws:TagKeys": [key]}, given
