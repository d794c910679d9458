"""What an action is asked on. To forget whose it is, is the hole of most guards."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reactor.guard.identity import GROUP_PATH, Guard
from reactor.holes.catalogue import ANY, ONESELF
from reactor.holes.sessions import Caller

ITSELF = "itself"
PATHS = ("/", "/a/path/")  # of the simulated callers
_NAME = "someone"
_OTHERS = {
    "user": "another user",
    "group": "another group",
    "policy": "another policy",
    "mfa": "a device",
}
_PERSONAL = {ONESELF, "user", "mfa"}
_IAM_RESOURCE = re.compile(r"arn:[^:]+:iam:[^:]*:[^:]*:([a-z-]+)/(.+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Target:
    """A resource. `only` sets it apart from others of its kind.

    A hole on the plain one (`only` is empty) says it all; on none but the odd ones, it says which.
    """

    arn: str
    whom: str
    only: str = ""


def callers(partition: str, account: str) -> tuple[Caller, ...]:
    """Return the simulated users: one as most are, one below a path."""
    return tuple(Caller(_NAME, path, f"arn:{partition}:iam::{account}") for path in PATHS)


def matters(caller: Caller, kind: str) -> bool:
    """Whether a kind is worth asking about for a caller: a path decides on personal ones only."""
    return caller.path == PATHS[0] or kind in _PERSONAL


def targets(kind: str, caller: Caller, guard: Guard, excepted: Iterable[str]) -> tuple[Target, ...]:
    """Return the resources of a kind: the usual ones, and those that denials leave out by name."""
    found = {each.arn: each for each in _usual(kind, caller, guard)}
    for pattern in excepted:
        arn = _instance(pattern, kind, caller)
        if arn is not None:
            found.setdefault(arn, Target(arn, _other(kind), pattern))
    return tuple(found.values())


def _usual(kind: str, caller: Caller, guard: Guard) -> Iterator[Target]:
    iam, name, other = caller.iam, caller.name, _other(kind)
    if kind == ANY:
        yield Target(ANY, "any")
    elif kind == "user":
        yield _oneself(caller)
        yield Target(f"{iam}:user/another", other)
        yield Target(f"{iam}:user/a/path/another", other, "below a path")
        yield Target(f"{iam}:user/{name}/another", other, "below a path of its name")
        yield Target(f"{iam}:user/{name}-else", other, "whose name begins with its own")
    elif kind == ONESELF:
        yield _oneself(caller)
    elif kind == "group":
        yield Target(f"{iam}:group{GROUP_PATH}{guard.group}", "the guard's group")
        yield Target(f"{iam}:group/another", other)
    elif kind == "policy":
        yield Target(guard.arn, "the guard")
        yield Target(f"{iam}:policy/another", other)
    elif kind == "mfa":
        yield Target(f"{iam}:mfa/another", other)
        yield Target(f"{iam}:mfa/{name}", other, "named as its user")
    else:
        yield Target(f"{iam}:{kind}/any", other)


def _other(kind: str) -> str:
    return _OTHERS.get(kind, f"any {kind}")


def _oneself(caller: Caller) -> Target:
    return Target(caller.arn, ITSELF, "" if caller.path == PATHS[0] else "below a path")


def _instance(pattern: str, kind: str, caller: Caller) -> str | None:
    """Return an ARN of a kind that a pattern matches, None when it is another kind's.

    A user of one's own name is oneself, whatever its path: names are unique in an account. What
    other variables stand for is not known.
    """
    matched = _IAM_RESOURCE.fullmatch(pattern)
    if matched is None or matched[1] != kind:
        return None
    name = matched[2].replace("${aws:username}", caller.name)
    name = name.replace("*", "any").replace("?", "x")
    of_oneself = kind == "user" and name.rpartition("/")[2] == caller.name
    if of_oneself or "${" in name:
        return None
    return f"{caller.iam}:{kind}/{name}"
