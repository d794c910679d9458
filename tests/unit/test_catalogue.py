"""reactor.triggers.catalogue: its rows, held against AWS's own models and the settings."""

from typing import Any

import botocore.session
import pytest
from botocore.model import OperationModel

from reactor.model import Claim
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import (
    ALWAYS,
    CATALOGUE,
    NEVER,
    PARAMETER_EVENTS,
    Condition,
    Names,
    Row,
    delivered,
)
from tests.fakes.harness import settings

MODELS = {
    service: botocore.session.get_session().get_service_model(service) for service in ("iam", "ssm")
}
DEFAULTS = settings()
PRIVILEGED = {"scope": "privileged", "dangerous_actions": "iam:*"}
# Each condition with settings under which it holds, and some under which it does not.
CONDITIONS = {
    "always": ({}, None),
    "never: no scope looks at what it changes": (None, {}),
    "REACTOR_EXEMPT_TAGS is set": ({"exempt_tags": "team:bots"}, {"exempt_tags": ""}),
    "REACTOR_EXEMPT_GROUPS is set or REACTOR_SCOPE is `privileged`": (
        {"exempt_groups": "bots"},
        {"scope": "console"},
    ),
    "REACTOR_EXEMPT_PARAMETER is set": ({"exempt_parameter": "/mfa/exempt"}, {}),
    "REACTOR_SCOPE is not `everyone`": ({"scope": "without-mfa"}, {"scope": "everyone"}),
    "REACTOR_SCOPE is `console`": ({"scope": "console"}, {"scope": "without-mfa"}),
    "REACTOR_SCOPE is `privileged`": (PRIVILEGED, {"scope": "console"}),
    "REACTOR_LIFT is not `never` or REACTOR_SCOPE is `privileged`": (PRIVILEGED, {"lift": "never"}),
}


def operation(row: Row) -> OperationModel:
    """Return AWS's model of the call whose event a row is about."""
    return MODELS["ssm" if row.event in PARAMETER_EVENTS else "iam"].operation_model(row.event)


def members(row: Row, *, required: bool = False) -> set[str]:
    """Return what the call takes, as CloudTrail writes it."""
    shape: Any = operation(row).input_shape
    names = shape.required_members if required else shape.members
    return {name[0].lower() + name[1:] for name in names}


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda each: each.event)
def test_row_fits_the_call(row: Row) -> None:
    """Each row is about a call that there is, which names its subject as the row says."""
    needed = {
        Names.NEW_USER: {"userName"},
        Names.USER: {"userName"},
        Names.RENAMED_USER: {"userName"},
        Names.SERIAL: {"serialNumber"},
        Names.MEMBERS: {"groupName"},
        Names.RENAMED_MEMBERS: {"groupName"},
        Names.HOLDERS: {"policyArn"},
    }
    assert needed.get(row.names, set()) <= members(row, required=True)
    if row.names is Names.USER_OR_CALLER:
        assert "userName" in members(row)
    if row.names in {Names.RENAMED_USER, Names.RENAMED_MEMBERS}:
        assert {"newUserName", "newGroupName"} & members(row)
    if row.about:
        assert row.about in members(row)


@pytest.mark.parametrize("row", CATALOGUE.values(), ids=lambda each: each.event)
def test_row_is_whole(row: Row) -> None:
    """A row says why it matters; what only the guard makes urgent has a policy's ARN."""
    assert CATALOGUE[row.event] is row
    assert row.why
    assert row.function in {Function.REACT, Function.REVIEW, Function.KEEPER}
    assert not row.of_the_guard or "policyArn" in members(row, required=True)
    if row.failed_with:
        errors = {shape.name for shape in operation(row).error_shapes}
        assert row.failed_with in errors, "CloudTrail writes the exception's class name"


def test_claims() -> None:
    """What stale reads may not show yet is claimed, and nothing else."""
    claims = {row.event: row.claim for row in CATALOGUE.values() if row.claim is not None}
    assert claims == {
        "CreateUser": Claim.USER_CREATED,
        "UpdateUser": Claim.USER_RENAMED,
        "DeleteUser": Claim.DELETION_BLOCKED,
        "DetachUserPolicy": Claim.POLICY_DETACHED,
        "DetachGroupPolicy": Claim.POLICY_DETACHED,
        "DeactivateMFADevice": Claim.DEVICE_REMOVED,
        "DeleteVirtualMFADevice": Claim.DEVICE_REMOVED,
        "RemoveUserFromGroup": Claim.GROUP_LEFT,
        "CreateLoginProfile": Claim.PASSWORD_MADE,
        "UpdateGroup": Claim.GROUP_RENAMED,
        "CreateAccessKey": Claim.CREDENTIAL_MADE,
        "UpdateAccessKey": Claim.CREDENTIAL_MADE,
        "CreateServiceSpecificCredential": Claim.CREDENTIAL_MADE,
        "UpdateServiceSpecificCredential": Claim.CREDENTIAL_MADE,
        "UploadSSHPublicKey": Claim.CREDENTIAL_MADE,
        "UpdateSSHPublicKey": Claim.CREDENTIAL_MADE,
        "UploadSigningCertificate": Claim.CREDENTIAL_MADE,
        "UpdateSigningCertificate": Claim.CREDENTIAL_MADE,
        "AddUserToGroup": Claim.PERMISSIONS_GIVEN,
        "AttachGroupPolicy": Claim.PERMISSIONS_GIVEN,
        "AttachUserPolicy": Claim.PERMISSIONS_GIVEN,
        "CreatePolicyVersion": Claim.PERMISSIONS_CHANGED,
        "DeleteGroupPolicy": Claim.PERMISSIONS_CHANGED,
        "DeleteUserPolicy": Claim.PERMISSIONS_CHANGED,
        "PutGroupPolicy": Claim.PERMISSIONS_CHANGED,
        "PutUserPolicy": Claim.PERMISSIONS_CHANGED,
        "SetDefaultPolicyVersion": Claim.PERMISSIONS_CHANGED,
    }


def test_whatever_iam_does_to_users_is_in_it() -> None:
    """A call that changes a user, its groups or policies has a row, or a reason to have none."""
    without = {
        *("DeleteAccessKey", "DeleteSSHPublicKey", "DeleteSigningCertificate"),  # takes away only
        *("DeleteServiceSpecificCredential", "ResetServiceSpecificCredential"),  # keeps its status
        *("CreateGroup",),  # is empty
    }
    reading = ("Get", "List", "Simulate")
    model = MODELS["iam"]
    found = set()
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        named = set() if shape is None else {"UserName", "GroupName"} & set(shape.members)
        if named and not name.startswith(reading):
            found.add(name)
    assert found - set(CATALOGUE) == without


def test_every_condition_is_tried() -> None:
    """The conditions below are the catalogue's."""
    assert {row.matters.words for row in CATALOGUE.values()} == set(CONDITIONS)
    assert (ALWAYS.words, NEVER.words) == tuple(CONDITIONS)[:2]


@pytest.mark.parametrize("words", CONDITIONS)
def test_condition(words: str) -> None:
    """A condition's words are what it asks of the settings."""
    condition = condition_of(words)
    holding, failing = (None if each is None else settings(**each) for each in CONDITIONS[words])
    assert holding is None or condition.holds(holding)
    assert failing is None or not condition.holds(failing)


def condition_of(words: str) -> Condition:
    """Return the condition that goes by these words."""
    return next(row.matters for row in CATALOGUE.values() if row.matters.words == words)


def names(function: Function, under: Settings) -> set[str]:
    """Return the events that a function hears."""
    return {row.event for row in delivered(under, function)}


def test_delivered_by_default() -> None:
    """As the reactor comes, everyone must carry the guard, and tags exempt."""
    assert names(Function.REACT, DEFAULTS) == {
        "CreateLoginProfile",
        "CreateUser",
        "DeactivateMFADevice",
        "DeletePolicy",
        "DeleteUser",
        "DetachGroupPolicy",
        "DetachUserPolicy",
        "RemoveUserFromGroup",
    }
    assert names(Function.KEEPER, DEFAULTS) == {"CreatePolicyVersion", "SetDefaultPolicyVersion"}
    review = names(Function.REVIEW, DEFAULTS)
    assert {"UpdateUser", "TagUser", "UntagUser", "CreateAccessKey", "UpdateGroup"} <= review
    assert not review & {"AddUserToGroup", "AttachUserPolicy", "EnableMFADevice", "PutParameter"}
    assert not names(Function.WATCH, DEFAULTS) | names(Function.SWEEP, DEFAULTS)


def test_what_changes_permissions_is_heard_in_one_scope() -> None:
    """Only where it matters what users may do does `review` hear of it."""
    changing = {
        *("AttachUserPolicy", "PutUserPolicy", "DeleteUserPolicy", "AddUserToGroup"),
        *("AttachGroupPolicy", "PutGroupPolicy", "DeleteGroupPolicy"),
    }
    others = {
        scope: names(Function.REVIEW, settings(scope=scope)) for scope in ("everyone", "console")
    }
    assert changing <= names(Function.REVIEW, settings(**PRIVILEGED))
    assert not any(changing & heard for heard in others.values())
    boundaries = {"PutUserPermissionsBoundary", "DeleteUserPermissionsBoundary"}
    assert not boundaries & names(Function.REVIEW, settings(**PRIVILEGED))
