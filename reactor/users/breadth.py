"""How much a policy allows, on a scale of few steps, so that an order by it can be explained. Pure.

Only allowances count, and a condition makes none narrower, because what it compares is not known
here. Denials, boundaries and service control policies are left aside. So another policy never makes
it less, and it is an order and no judgement: what IAM would answer is not asked.

Documents are foreign: written by others, with one value or a list, in any case. What is none is
taken for one that writes something.

Which actions lead to other identities: the public lists of privilege escalations in AWS, as far as
IAM, STS and Identity Center go. To run code under a role that is already there, which they have
too, is what the whole services can, and counts as that.
"""

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum

from reactor.users.grammar import any_matches, is_wild, listed, matches, members, words


class Breadth(IntEnum):
    """How much a policy allows, the least first."""

    NOTHING = 0  # it only denies
    READS = 1  # it reads, lists and describes
    WRITES = 2  # it changes something
    SERVICES = 3  # it may do all that a service does, on all of its resources
    ESCALATES = 4  # it may write permissions, or become somebody else: anybody there is
    ADMINISTRATOR = 5  # it may do everything, on everything

    @property
    def meaning(self) -> str:
        """What a person reads."""
        return _MEANINGS[self]


_MEANINGS = {
    Breadth.NOTHING: "allowed nothing",
    Breadth.READS: "allowed to read",
    Breadth.WRITES: "allowed to write",
    Breadth.SERVICES: "allowed whole services",
    Breadth.ESCALATES: "allowed to give itself more",
    Breadth.ADMINISTRATOR: "administrator",
}
NOT_KNOWN = Breadth.WRITES  # of a policy whose document is not known, or not one

# Names of IAM's actions, with spaces between. Who may write what somebody is allowed, may write
# what it is allowed itself.
_WRITE_PERMISSIONS = (
    "AttachGroupPolicy AttachRolePolicy AttachUserPolicy CreatePolicyVersion"
    " DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary DeleteUserPolicy"
    " DetachUserPolicy PutGroupPolicy PutRolePermissionsBoundary PutRolePolicy"
    " PutUserPermissionsBoundary PutUserPolicy SetDefaultPolicyVersion"
)
# On oneself these are self-service; on anybody, they make one somebody else.
_TAKE_IDENTITIES = (
    "AddUserToGroup CreateAccessKey CreateLoginProfile CreateOpenIDConnectProvider"
    " CreateSAMLProvider CreateServiceSpecificCredential PassRole ResetServiceSpecificCredential"
    " UpdateAssumeRolePolicy UpdateLoginProfile UpdateSAMLProvider UploadSigningCertificate"
)
IAM_PERMISSIONS = frozenset(f"iam:{name}".lower() for name in _WRITE_PERMISSIONS.split())
PERMISSIONS = IAM_PERMISSIONS | {
    "sso:attachmanagedpolicytopermissionset",
    "sso:createaccountassignment",
    "sso:putinlinepolicytopermissionset",
}
IDENTITIES = frozenset(f"iam:{name}".lower() for name in _TAKE_IDENTITIES.split()) | {
    "sts:assumerole",
    "sts:assumeroot",
}
_READING = (
    "batchget", "decrypt", "describe", "download", "filter", "get", "head", "list", "lookup",
    "query", "read", "receive", "retrieve", "scan", "search", "select", "simulate", "view",
)  # fmt: skip
_KINDS = ("group", "policy", "role", "user")  # of IAM's resources, those that permissions hang on

# AWS's own policies, by the end of their name. What AWS calls reading is taken for reading: it has
# actions like logs:StartQuery, which no verb tells.
_OF_AWS = re.compile(r"arn:[^:]+:iam::aws:policy/(?:.*/)?([^/]+)", re.ASCII)
_CALLED_READING = ("ReadOnlyAccess", "ReadOnly", "ViewOnlyAccess", "SecurityAudit")
_BY_NAME = {
    "AdministratorAccess": Breadth.ADMINISTRATOR,
    "IAMFullAccess": Breadth.ESCALATES,
    "PowerUserAccess": Breadth.ESCALATES,
}


def breadth_of_managed(arn: str, documents: Mapping[str, object]) -> Breadth:
    """Return how much a managed policy allows; NOT_KNOWN where neither document nor name tell."""
    of_aws = _OF_AWS.fullmatch(arn)
    name = of_aws[1] if of_aws else ""
    if name.endswith(_CALLED_READING):
        return Breadth.READS
    if arn in documents:
        return breadth(documents[arn])
    by_its_end = Breadth.SERVICES if name.endswith("FullAccess") else NOT_KNOWN
    return _BY_NAME.get(name, by_its_end)


def breadth(document: object) -> Breadth:
    """Return how much a policy document, a JSON value, allows; NOT_KNOWN if it is none."""
    found = members(document)
    if "statement" not in found:
        return NOT_KNOWN
    statements = listed(found["statement"])
    return max(map(_of_statement, statements), default=Breadth.NOTHING)


@dataclass(frozen=True, slots=True)
class _Reach:
    """What a statement's resources come to."""

    everything: bool = False
    a_service: bool = False  # all that some service has
    identities: bool = False  # some user, group, role or policy
    anybody: bool = False  # every one of such


_ALL = _Reach(everything=True, a_service=True, identities=True, anybody=True)


def _of_statement(statement: object) -> Breadth:
    said = members(statement)
    if not said:
        return NOT_KNOWN
    if str(said.get("effect")).lower() != "allow":
        return Breadth.NOTHING
    reaches = [_ALL]  # of NotResource, and of none at all, which IAM does not take
    if "resource" in said:
        reaches = [_reach(each) for each in words(said["resource"])]
    if "notaction" in said:
        but = words(said["notaction"])
        found = [_of_all_but(but, reach) for reach in reaches]
    else:
        actions = words(said.get("action"))
        found = [_of_action(each, reach) for each in actions for reach in _distinct(reaches)]
    return max(found, default=Breadth.NOTHING)


def _of_action(action: str, reach: _Reach) -> Breadth:
    service, _, name = action.partition(":")
    whole = is_wild(name or service)
    if whole and is_wild(service) and reach.everything:
        return Breadth.ADMINISTRATOR
    permissions, identities = _escalations(action)
    if (permissions and reach.identities) or (identities and reach.anybody):
        return Breadth.ESCALATES
    if whole:
        return Breadth.SERVICES if reach.a_service else Breadth.WRITES
    return Breadth.READS if name.startswith(_READING) else Breadth.WRITES


def _of_all_but(but: tuple[str, ...], reach: _Reach) -> Breadth:
    """Return what NotAction comes to: by what it leaves."""
    if any(is_wild(each.replace(":", "")) for each in but):
        return Breadth.NOTHING
    if _leaves(IAM_PERMISSIONS, but) and reach.everything:
        return Breadth.ADMINISTRATOR
    permissions = reach.identities and _leaves(PERMISSIONS, but)
    if permissions or (reach.anybody and _leaves(IDENTITIES, but)):
        return Breadth.ESCALATES
    return Breadth.SERVICES if reach.a_service else Breadth.WRITES


@functools.lru_cache(maxsize=10_000)
def _escalations(action: str) -> tuple[bool, bool]:
    """Tell whether an action, a pattern, is one of PERMISSIONS, and whether one of IDENTITIES."""
    if "*" not in action and "?" not in action:
        return action in PERMISSIONS, action in IDENTITIES
    pattern = action if ":" in action else f"{action}:*"
    return (
        any(matches(pattern, each) for each in PERMISSIONS),
        any(matches(pattern, each) for each in IDENTITIES),
    )


def _reach(resource: str) -> _Reach:
    if is_wild(resource):
        return _ALL
    parts = resource.split(":", 5)
    if len(parts) < 6 and resource.endswith("*"):  # noqa: PLR2004 - an ARN's parts
        parts += ["*"] * (6 - len(parts))  # an ARN cut short is all below it
    if len(parts) < 6:  # noqa: PLR2004
        return _Reach()
    service, name = parts[2], parts[5]
    all_of_it = is_wild(name)
    kind = name.partition("/")[0]
    identities = matches(service, "iam") and any(matches(kind, each) for each in _KINDS)
    return _Reach(
        everything=all_of_it and is_wild(service),
        a_service=all_of_it,
        identities=identities,
        anybody=identities and is_wild(name.rpartition("/")[2]),
    )


def _distinct(reaches: Iterable[_Reach]) -> tuple[_Reach, ...]:
    return tuple(dict.fromkeys(reaches))


def _leaves(actions: Iterable[str], but: tuple[str, ...]) -> bool:
    """Tell whether NotAction leaves one of some actions."""
    return any(not any_matches(but, action) for action in actions)
