"""Which actions are asked about, and of what kind the resources are that they are asked on.

All of IAM and STS, as the SDK knows their operations; what an attacker does in other services; and
whatever else the document itself leaves out of its denials by name. Source of what is no operation,
no permission, or about something else than its parameters say: the service authorization reference.
"""

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass

from reactor.holes.policy import Policy
from reactor.holes.ports import Simulator
from reactor.holes.severity import NAMED

ANY = "*"  # the kind of what is asked on any resource
ONESELF = "oneself"  # the kind of what has no other object than its caller

_ALL_OF = ("iam", "sts")
# Operations without a permission of that name, and two that take nobody's credentials.
_NO_PERMISSION = {
    "iam:AcquireRole",
    "iam:UpdateDelegationRequest",
    "sts:AssumeRoleWithSAML",
    "sts:AssumeRoleWithWebIdentity",
}
_NO_OPERATION = {
    "iam:DeleteCloudFrontPublicKey": ANY,
    "iam:GetAccountEmailAddress": ANY,
    "iam:GetAccountName": ANY,
    "iam:GetCloudFrontPublicKey": ANY,
    "iam:ListCloudFrontPublicKeys": ANY,
    "iam:ListSTSRegionalEndpointsStatus": ANY,
    "iam:PassRole": "role",
    "iam:SetSTSRegionalEndpointStatus": ANY,
    "iam:UpdateAccountEmailAddress": ANY,
    "iam:UpdateAccountName": ANY,
    "iam:UpdateCloudFrontPublicKey": ANY,
    "iam:UploadCloudFrontPublicKey": ANY,
    "sts:GetServiceBearerToken": ANY,
    "sts:SetContext": "role",
    "sts:SetSourceIdentity": "role",
    "sts:TagGetWebIdentityToken": ANY,
    "sts:TagSession": "role",
}
# What an operation is about, by the first of these parameters that it takes.
_KIND_OF_PARAMETER = {
    "GroupName": "group",
    "InstanceProfileName": "instance-profile",
    "RoleName": "role",
    "UserName": "user",
    "PolicyArn": "policy",
    "SerialNumber": "mfa",
    "SAMLProviderArn": "saml-provider",
    "OpenIDConnectProviderArn": "oidc-provider",
    "ServerCertificateName": "server-certificate",
    "RoleArn": "role",
}
_KINDS = {
    "iam:ChangePassword": ONESELF,
    "iam:CreateOpenIDConnectProvider": "oidc-provider",
    "iam:CreatePolicy": "policy",
    "iam:CreateSAMLProvider": "saml-provider",
    "iam:CreateServiceLinkedRole": "role",
    "iam:CreateVirtualMFADevice": "mfa",
    "iam:GetAccessKeyLastUsed": "user",
    "iam:GetServiceLinkedRoleDeletionStatus": "role",
    "sts:AssumeRole": "role",
    "sts:GetSessionToken": ANY,
}


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Actions by the kind of their resources.

    `about_policies` are those whose requests carry the key iam:PolicyARN; `unresolved` are patterns
    of actions that the document leaves out, and no list of their service's actions is known for.
    """

    kinds: Mapping[str, tuple[str, ...]]
    about_policies: frozenset[str]
    unresolved: tuple[str, ...]


def catalogue(policy: Policy, simulator: Simulator) -> Catalogue:
    """Return which actions to ask about. Raises ReactorError as `simulator` does."""
    operations = {
        f"{service}:{name}": parameters
        for service in _ALL_OF
        for name, parameters in simulator.operations(service).items()
    }
    excepted = {each: _resolve(each, simulator) for each in policy.excepted_actions}
    extra = (action for found in excepted.values() for action in found or ())
    kinds = {
        **dict.fromkeys((*NAMED, *extra), ANY),
        **{action: _kind(action, parameters) for action, parameters in operations.items()},
        **_NO_OPERATION,
    }
    return Catalogue(
        _grouped({each: kinds[each] for each in sorted(kinds.keys() - _NO_PERMISSION)}),
        frozenset(
            action
            for action, parameters in operations.items()
            if "PolicyArn" in parameters and kinds[action] != "policy"
        ),
        tuple(pattern for pattern, found in excepted.items() if found is None),
    )


def _grouped(kinds: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the actions of each kind, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for action, kind in kinds.items():
        found[kind] = (*found.get(kind, ()), action)
    return found


def _kind(action: str, parameters: frozenset[str]) -> str:
    named = (kind for name, kind in _KIND_OF_PARAMETER.items() if name in parameters)
    return _KINDS.get(action) or next(named, ANY)


def _resolve(pattern: str, simulator: Simulator) -> tuple[str, ...] | None:
    """Return the actions of other services that a pattern stands for, None when it cannot be told.

    A name that is no operation may be a permission all the same, as s3:ListAllMyBuckets is.
    """
    service, _, name = pattern.partition(":")
    service = service.lower()
    if service in _ALL_OF or not name or ANY in service:
        return ()  # all there is of them is asked about anyway
    known = {each for each in NAMED if each.startswith(f"{service}:")}
    known |= {f"{service}:{each}" for each in simulator.operations(service)}
    found = [each for each in known if fnmatch.fnmatchcase(each.lower(), pattern.lower())]
    if not found and not set(name) & {"*", "?"}:
        return (f"{service}:{name}",)
    return tuple(found) or None
