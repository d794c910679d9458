"""A service control policy that keeps the reactor as it was deployed, in AWS Organizations.

The guard binds those who carry it. Roles, the root user and exempt users do not, and an
administrator among them can take everything apart. Where an organization attaches this policy, only
the roles can that it names, and the reactor's own, which its functions work with:

- What the reactor is made of can be read by all, and is changed, invoked, assumed and passed by
  those roles only. The statement says what stays open, so that actions which AWS adds are closed.
- Nobody else takes the guard off a user or a group, or gives an exemption: a tag, or a name, path
  or group that exempts. Putting the guard on stays open.
- Nobody else makes a role that the policy would let through, or gets at one that is there: whatever
  pattern lets a role through is closed to CreateRole and the like in the same document.

It keeps to what every organization takes: wildcards at the end of an action only, no NotResource
(Organizations user guide, SCP syntax, before all of IAM's policy language was taken). The ARNs and
condition keys of each action are those of the service authorization reference. Case counts in ARNs,
so a name that exempts in any case is closed only as it is written. What the policy does to real
requests is proven in tests/proof, action by action.
"""

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from reactor.errors import SettingError, shorten
from reactor.guard.document import Statement, deny, exempting_tags
from reactor.guard.identity import Guard
from reactor.names import APP
from reactor.settings import Settings, variable

LIMIT = 5_120  # characters of a service control policy, white space counted (user guide, quotas)

_OURS = f"{APP}-*"  # all stages' functions, and all that has a name like theirs
# What a stage is made of, after the partition. The audit trail is in the log groups.
_THINGS = (
    f"iam::*:role/{_OURS}",
    f"lambda:*:*:function:{_OURS}",  # with its versions and aliases
    f"events:*:*:rule/{_OURS}",
    f"logs:*:*:log-group:/aws/lambda/{_OURS}",
    f"sqs:*:*:{_OURS}",
    f"sns:*:*:{_OURS}",
    f"cloudwatch:*:*:alarm:{_OURS}",
    f"cloudformation:*:*:stack/{_OURS}",
)
# What stays open to everybody, by service: what AWS classes as reading and listing, but for
# sqs:ReceiveMessage, which hides what it reads; and to put somebody into the guard's group.
_OPEN = {
    "cloudformation": ("Describe*", "Detect*", "Get*", "List*"),
    "cloudwatch": ("Describe*", "List*"),
    "events": ("Describe*", "List*"),
    "iam": ("AddUserToGroup", "Generate*", "Get*", "List*", "Simulate*"),
    "lambda": ("Get*", "List*"),
    "logs": ("Describe*", "Filter*", "Get*", "List*", "StartLiveTail", "StartQuery", "Unmask"),
    "sns": ("Get*", "List*"),
    "sqs": ("Get*", "List*"),
    "ssm": ("Get*", "List*"),
}
# A mapping has no name of ours; the function that it feeds is told by lambda:FunctionArn.
_FEED = {"lambda:CreateEventSourceMapping", "lambda:UpdateEventSourceMapping"}
_SEIZE_ROLE = {"iam:CreateRole", "iam:PassRole", "iam:UpdateAssumeRolePolicy"}
_DETACH = {"iam:DetachGroupPolicy", "iam:DetachUserPolicy"}
_TAG_USER = {"iam:CreateUser", "iam:TagUser"}
# A change of name or path needs permission on the old ARN and on the new one (API reference,
# UpdateUser, UpdateGroup).
_NAME_USER = {"iam:CreateUser", "iam:UpdateUser"}
_FILL_GROUP = {"iam:AddUserToGroup", "iam:CreateGroup", "iam:UpdateGroup"}
_ROLE_NAME = r"[\w+=,.@*?-]+"
# What can make the policy too long, and what it is without.
_LISTS: tuple[tuple[str, Any], ...] = (
    ("exempt_tags", ()),
    ("exempt_names", ()),
    ("exempt_paths", ()),
    ("exempt_groups", ()),
    ("exempt_parameter", ""),
)


def service_control_policy(
    partition: str, settings: Settings, roles: Sequence[str]
) -> dict[str, Any]:
    """Return the policy that lets only `roles` and REACTOR_TRUSTED_ROLES change the reactor.

    A role is a name or an ARN; * and ? stand for what varies in it.

    Raises SettingError when one of them is neither, or would let every role through.
    """
    named = [
        arn
        for role in dict.fromkeys((*settings.trusted_roles, *roles))
        for arn in _role_arns(partition, role)
    ]
    # In a role's sessions the key is the role's ARN. A negated operator holds without the key, too.
    others = {"ArnNotLike": {"aws:PrincipalArn": [f"arn:{partition}:iam::*:role/{_OURS}", *named]}}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {**each, "Condition": {**each.get("Condition", {}), **others}}
            for each in _denials(partition, settings, named)
        ],
    }


def policy_text(partition: str, settings: Settings, roles: Sequence[str]) -> str:
    """Return the policy as text to be stored, an element a line, without the last line's end.

    Raises SettingError when it is longer than AWS Organizations takes, or a role is wrong.
    """
    text = _text(service_control_policy(partition, settings, roles))
    if len(text) + 1 <= LIMIT:
        return text
    shares = sorted(_shares(partition, settings, roles), reverse=True)
    what = ", ".join(f"{name} {size:,}" for size, name in shares if size)
    raise SettingError(
        f"the service control policy would have {len(text) + 1:,} characters, and AWS Organizations"
        f" takes {LIMIT:,}: drop or shorten some of what makes it long ({what}); a role's ARN takes"
        " half the room of its name"
    )


def _denials(partition: str, settings: Settings, named: list[str]) -> Iterable[Statement]:
    """Yield what nobody may do, the exception still left out."""
    guard = Guard.of(settings, partition=partition, account="*")
    ours = [*_things(partition, settings), *_things_of_the_guard(partition, guard)]
    services = {arn.split(":")[2] for arn in ours}
    reading = {f"{service}:{each}" for service in services for each in _OPEN[service]}
    yield deny("KeepTheReactor", None, but=reading, at=ours)
    fed = {"ArnLike": {"lambda:FunctionArn": f"arn:{partition}:lambda:*:*:function:{_OURS}"}}
    yield deny("KeepOtherEventsOut", fed, _FEED)
    if named:
        yield deny("KeepTheNamedRoles", None, _SEIZE_ROLE, at=named)
    yield deny("KeepTheGuardOn", {"ArnLike": {"iam:PolicyARN": guard.arn}}, _DETACH)
    for number, given in enumerate(exempting_tags(settings), 1):
        yield deny(f"KeepExemptTag{number}", given, _TAG_USER)
    yield from _exempting_names(partition, settings)


def _things(partition: str, settings: Settings) -> Iterable[str]:
    """Yield what a stage is made of, and the exemption list."""
    yield from (f"arn:{partition}:{thing}" for thing in _THINGS)
    if settings.exempt_parameter:
        yield f"arn:{partition}:ssm:*:*:parameter/{settings.exempt_parameter.removeprefix('/')}"


def _things_of_the_guard(partition: str, guard: Guard) -> Iterable[str]:
    """Yield the guard and its group, in any path: a name is there once, whatever its path."""
    kinds = [("group", guard.group)]
    if not guard.given:  # what someone else keeps, someone else may change
        kinds.append(("policy", guard.name))
    for kind, name in kinds:
        yield from _in_any_path(f"arn:{partition}:iam::*", kind, name)


def _exempting_names(partition: str, settings: Settings) -> Iterable[Statement]:
    iam = f"arn:{partition}:iam::*"
    users = [arn for name in settings.exempt_names for arn in _in_any_path(iam, "user", name)]
    users += [f"{iam}:user{_literal(path)}*" for path in settings.exempt_paths]
    if users:
        yield deny("KeepExemptNames", None, _NAME_USER, at=users)
    groups = [arn for name in settings.exempt_groups for arn in _in_any_path(iam, "group", name)]
    if groups:
        yield deny("KeepExemptGroups", None, _FILL_GROUP, at=groups)


def _in_any_path(iam: str, kind: str, name: str) -> tuple[str, ...]:
    alone = f"{iam}:{kind}/{name}"
    # A wildcard stands for slashes, too.
    return (alone,) if name.startswith("*") else (alone, f"{iam}:{kind}/*/{name}")


def _literal(path: str) -> str:
    """Return a path in which nothing is read as a wildcard or a variable (policy variables)."""
    return re.sub(r"[*?$]", r"${\g<0>}", path)


def _role_arns(partition: str, role: str) -> tuple[str, ...]:
    """Return the ARNs of a role: one given by its name may have any path."""
    path = r"(?:[\w+=,.@*?/-]*/)?"
    arn = rf"arn:{partition}:iam::(?:[0-9]{{12}}|\*):role/{path}{_ROLE_NAME}"
    known = re.fullmatch(rf"{_ROLE_NAME}|{arn}", role, re.ASCII)
    if known is None or not role.rpartition("/")[2].strip("*?"):
        raise SettingError(
            f"{shorten(role, 80)!r} names no role: it takes a role's name, or its ARN in partition"
            f" {partition}; * and ? in it stand for what varies, but not for the whole name"
        )
    if role.startswith("arn:"):
        return (role,)
    return _in_any_path(f"arn:{partition}:iam::*", "role", role)


def _text(document: dict[str, Any]) -> str:
    statements = (
        "{" + ",\n ".join(f'"{name}":{json.dumps(value)}' for name, value in each.items()) + "}"
        for each in document["Statement"]
    )
    return f'{{"Version":"{document["Version"]}","Statement":[\n' + ",\n".join(statements) + "\n]}"


def _shares(partition: str, settings: Settings, roles: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Yield how many characters each list makes, and what it is called."""
    whole = len(_text(service_control_policy(partition, settings, roles)))
    for field, nothing in _LISTS:
        less = replace(settings, **{field: nothing})
        yield whole - len(_text(service_control_policy(partition, less, roles))), variable(field)
    less = replace(settings, trusted_roles=())
    yield whole - len(_text(service_control_policy(partition, less, ()))), "the named roles"
