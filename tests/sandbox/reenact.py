"""Makes the call of a published CloudTrail record again, in the sandbox.

First the state that the call needs (a user to be changed, a device to be enabled), under names of
its own; then the call, with the record's parameters and with what a record leaves out.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

from botocore import xform_name
from botocore.model import ListShape, Shape, StructureShape

from tests.sandbox.support import CODES, GUARD, PASSWORD, enable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox import Sandbox

_numbers = itertools.count(1)
_NAMES = {"userName", "groupName", "newUserName", "virtualMFADeviceName", "roleName"}
_TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "lambda.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
)


class Reenactment:
    """One record's call. `run` makes it and returns our record of it."""

    def __init__(self, sandbox: Sandbox, record: Mapping[str, Any]) -> None:
        self._sandbox = sandbox
        self._iam = sandbox.client("iam")
        self._event = str(record["eventName"])
        self._fails = "errorCode" in record
        self._number = next(_numbers)
        self._parameters: dict[str, Any] = {
            key: f"{value}-again-{self._number}"[-64:] if key in _NAMES else value
            for key, value in (record["requestParameters"] or {}).items()
        }
        self._caller = self._iam
        self._secret: dict[str, Any] = {}

    def run(self) -> dict[str, Any]:
        """Raises KeyError for an event that nobody has taught it."""
        build = _STATE[self._event]
        if build is not None and not self._fails:
            build(self)
        elif "userName" in self._parameters and self._event != "CreateUser":
            self._user()
        return self._call(self._caller, _members(self._iam, self._event, self._parameters))

    def run_denied(self) -> dict[str, Any]:
        """The same call by a role that may do nothing."""
        role = self._iam.create_role(
            RoleName=f"powerless-{self._number}", AssumeRolePolicyDocument=_TRUST
        )["Role"]["Arn"]
        made = self._sandbox.client("sts").assume_role(RoleArn=role, RoleSessionName="session")
        keys = made["Credentials"]
        session = {
            "access_key_id": keys["AccessKeyId"],
            "secret_access_key": keys["SecretAccessKey"],
            "session_token": keys["SessionToken"],
        }
        client = self._sandbox.client("iam", credentials=session)
        model = client.meta.service_model.operation_model(self._event).input_shape
        return self._call(client, _anything(model))

    def _call(self, client: Any, arguments: dict[str, Any]) -> dict[str, Any]:
        method = getattr(client, xform_name(self._event))
        try:
            answer = method(**{**arguments, **self._secret})
        except client.exceptions.ClientError as error:
            answer = error.response
        request_id = answer["ResponseMetadata"]["RequestId"]
        records = self._sandbox.control.records()
        return next(record for record in records if record["requestID"] == request_id)

    def _user(self) -> str:
        self._iam.create_user(UserName=self._parameters["userName"])
        return str(self._parameters["userName"])

    def _user_and_group(self) -> None:
        self._user()
        self._iam.create_group(GroupName=self._parameters["groupName"])

    def _member(self) -> None:
        self._user_and_group()
        self._iam.add_user_to_group(
            UserName=self._parameters["userName"], GroupName=self._parameters["groupName"]
        )

    def _attached(self) -> None:
        self._iam.attach_user_policy(UserName=self._user(), PolicyArn=self._parameters["policyArn"])

    def _key(self) -> None:
        made = self._iam.create_access_key(UserName=self._user())["AccessKey"]
        self._parameters["accessKeyId"] = made["AccessKeyId"]

    def _about_to_have_a_password(self) -> None:
        self._user()
        self._secret = {"Password": PASSWORD}

    def _password(self) -> None:
        self._iam.create_login_profile(UserName=self._user(), Password=PASSWORD)

    def _new_password(self) -> None:
        self._password()
        if "passwordResetRequired" not in self._parameters:
            self._secret = {"Password": PASSWORD + "2"}

    def _own_password(self) -> None:
        self._parameters["userName"] = f"changer-{self._number}"
        self._password()
        self._caller = self._sandbox.client_for_user(self._parameters.pop("userName"))
        self._secret = {"OldPassword": PASSWORD, "NewPassword": PASSWORD + "2"}

    def _group_policy(self) -> None:
        group = self._parameters["groupName"]
        self._iam.create_group(GroupName=group)
        self._iam.put_group_policy(
            GroupName=group, PolicyName=self._parameters["policyName"], PolicyDocument=GUARD
        )

    def _policy(self) -> None:
        name = self._parameters["policyArn"].rsplit("/", 1)[1]
        made = self._iam.create_policy(PolicyName=name, PolicyDocument=GUARD)
        self._parameters["policyArn"] = made["Policy"]["Arn"]

    def _policy_document(self) -> None:
        try:
            json.loads(self._parameters["policyDocument"])
        except ValueError:  # mangled by its publisher
            self._parameters["policyDocument"] = GUARD

    def _device(self) -> None:
        made = self._iam.create_virtual_mfa_device(VirtualMFADeviceName=f"device-{self._number}")
        self._parameters["serialNumber"] = made["VirtualMFADevice"]["SerialNumber"]

    def _user_and_device(self) -> None:
        self._user()
        self._device()
        self._secret = dict(CODES)

    def _enabled_device(self) -> None:
        self._user()
        self._device()
        enable(self._iam, self._parameters["userName"], self._parameters["serialNumber"])

    def _role(self) -> None:
        self._iam.create_role(
            RoleName=self._parameters["roleName"], AssumeRolePolicyDocument=_TRUST
        )


# What must be there before the call; None: nothing.
_STATE: dict[str, Callable[[Reenactment], object] | None] = {
    "AddUserToGroup": Reenactment._user_and_group,
    "AttachUserPolicy": Reenactment._user,
    "ChangePassword": Reenactment._own_password,
    "CreateAccessKey": Reenactment._user,
    "CreateLoginProfile": Reenactment._about_to_have_a_password,
    "CreatePolicy": Reenactment._policy_document,
    "CreateUser": None,
    "CreateVirtualMFADevice": None,
    "DeactivateMFADevice": Reenactment._enabled_device,
    "DeleteAccessKey": Reenactment._key,
    "DeleteGroupPolicy": Reenactment._group_policy,
    "DeleteLoginProfile": Reenactment._password,
    "DeletePolicy": Reenactment._policy,
    "DeleteUser": Reenactment._user,
    "DeleteVirtualMFADevice": Reenactment._device,
    "DetachUserPolicy": Reenactment._attached,
    "EnableMFADevice": Reenactment._user_and_device,
    "PutUserPolicy": Reenactment._user,
    "RemoveUserFromGroup": Reenactment._member,
    "TagRole": Reenactment._role,
    "UpdateAccountPasswordPolicy": None,
    "UpdateLoginProfile": Reenactment._new_password,
    "UpdateUser": Reenactment._user,
}


def _members(client: Any, event: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The record's parameters under the names that the API has for them."""
    shape = client.meta.service_model.operation_model(event).input_shape
    members: dict[str, Any] = _renamed(parameters, shape)
    return members


def _renamed(value: Any, shape: Shape) -> Any:
    if isinstance(shape, StructureShape):
        names = {member[0].lower() + member[1:]: member for member in shape.members}
        return {
            names[key]: _renamed(each, shape.members[names[key]]) for key, each in value.items()
        }
    if isinstance(shape, ListShape):
        return [_renamed(each, shape.member) for each in value]
    return value


def _anything(shape: Shape) -> Any:
    """A value that a client lets through; the call is denied before anybody looks at it."""
    if isinstance(shape, ListShape):
        return [_anything(shape.member)]
    if isinstance(shape, StructureShape):
        return {name: _anything(shape.members[name]) for name in shape.required_members}
    if shape.type_name == "boolean":
        return True
    if enum := shape.metadata.get("enum"):
        return enum[0]
    return "x" * max(20, shape.metadata.get("min", 1))
