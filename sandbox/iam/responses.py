"""The door of IAM: who is meant when no user is named, pages, and calls that moto lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, cast

from moto.core.exceptions import ServiceException
from moto.core.responses import ActionResult, EmptyResult
from moto.core.serialize import never_return, url_encode
from moto.iam.exceptions import ValidationError
from moto.iam.models import iam_backends
from moto.iam.responses import IamResponse
from typing_extensions import override

from sandbox.iam import paging
from sandbox.iam.listings import managed_policies, virtual_devices
from sandbox.iam.passwords import login_profile
from sandbox.iam.simulation import simulate_custom_policy
from sandbox.oracle import Oracle

if TYPE_CHECKING:
    from moto.core.common_types import TYPE_RESPONSE

    from sandbox.callers import Caller, Callers
    from sandbox.iam.backend import StrictIAMBackend

# Without a UserName these mean the user who calls.
_MEANS_THE_CALLER = {
    "ChangePassword",
    "CreateAccessKey",
    "CreateLoginProfile",
    "CreateServiceSpecificCredential",
    "DeactivateMFADevice",
    "DeleteAccessKey",
    "DeleteLoginProfile",
    "DeleteServiceSpecificCredential",
    "DeleteSigningCertificate",
    "GetLoginProfile",
    "GetUser",
    "ListAccessKeys",
    "ListMFADevices",
    "ListSSHPublicKeys",
    "ListServiceSpecificCredentials",
    "ListSigningCertificates",
    "UpdateAccessKey",
    "UpdateLoginProfile",
    "UpdateServiceSpecificCredential",
    "UpdateSigningCertificate",
    "UploadSigningCertificate",
}
_DETAILS = "GetAccountAuthorizationDetailsResponse"
_ALL_OF_IT = 10**9
# IAM's dates are whole seconds; with moto's microseconds no two things happen at the same time.
_FRACTION = re.compile(r"(?<=>)(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\.\d+Z(?=<)")


class StrictIamResponse(IamResponse):
    """moto's dispatch of an IAM call, with our rules before and after."""

    callers: ClassVar[Callers]  # one account a process, as everything in moto
    oracle: ClassVar[Oracle] = Oracle()
    page_size: ClassVar[paging.PageSize] = paging.PageSize()
    RESPONSE_KEY_PATH_TO_TRANSFORMER = {  # noqa: RUF012 - moto declares it so
        **IamResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER,
        "ListUsersResponse.Users.User.PermissionsBoundary": never_return,
        f"{_DETAILS}.RoleDetailList.RoleDetail.AssumeRolePolicyDocument": url_encode,
    }

    @override
    @property
    def backend(self) -> StrictIAMBackend:
        return cast("StrictIAMBackend", iam_backends[self.current_account][self.partition])

    @override
    def call_action(self) -> TYPE_RESPONSE:
        action = self._get_action()
        try:
            if action in _MEANS_THE_CALLER and not self.params.get("UserName"):
                self.params["UserName"] = self._calling_user()
            self._page_ourselves(action)
            status, headers, body = super().call_action()
        except ServiceException as error:  # moto answers only those that its own methods raise
            return self.serialized(ActionResult(error))
        return status, headers, _FRACTION.sub(r"\1Z", str(body))

    @override
    def serialized(self, action_result: ActionResult) -> TYPE_RESPONSE:
        action = self._get_action()
        result = action_result.result
        if action in paging.LISTS and isinstance(result, dict):
            page = paging.page(action, result, *self._page, self.page_size)
            action_result = ActionResult(page)
        return super().serialized(action_result)

    def _page_ourselves(self, action: str) -> None:
        """Keep moto from paging in its own ways: take all from it, cut the page afterwards."""
        if action in paging.LISTS:
            self._page = (self.params.pop("MaxItems", None), self.params.pop("Marker", None))
            self.params["MaxItems"] = _ALL_OF_IT

    def _caller(self) -> Caller:
        return self.callers.identify(self.get_access_key(), self.region)

    def _calling_user(self) -> str:
        caller = self._caller()
        if caller.user_name is None:
            raise ValidationError("Must specify userName when calling with non-User credentials")
        return caller.user_name

    # Calls that moto lacks, or answers with what it was asked.

    @override
    def create_user(self) -> ActionResult:
        boundary = self._get_param("PermissionsBoundary")
        if boundary:
            self.backend.get_policy(boundary)
        created = super().create_user()
        if boundary:
            self.backend.put_user_permissions_boundary(self._get_param("UserName"), boundary)
        return created

    def put_user_permissions_boundary(self) -> ActionResult:
        """PutUserPermissionsBoundary."""
        self.backend.put_user_permissions_boundary(
            self._get_param("UserName"), self._get_param("PermissionsBoundary")
        )
        return EmptyResult()

    def delete_user_permissions_boundary(self) -> ActionResult:
        """DeleteUserPermissionsBoundary."""
        self.backend.delete_user_permissions_boundary(self._get_param("UserName"))
        return EmptyResult()

    @override
    def create_login_profile(self) -> ActionResult:
        user = self.backend.create_login_profile(
            self._get_param("UserName"),
            self._get_param("Password"),
            self._get_param("PasswordResetRequired", False),
        )
        return ActionResult({"LoginProfile": login_profile(user)})

    @override
    def get_login_profile(self) -> ActionResult:
        user = self.backend.get_login_profile(self._get_param("UserName"))
        return ActionResult({"LoginProfile": login_profile(user)})

    def change_password(self) -> ActionResult:
        """ChangePassword: the caller's own."""
        self.backend.change_password(
            self._get_param("UserName"),
            self._get_param("OldPassword"),
            self._get_param("NewPassword"),
        )
        return EmptyResult()

    @override
    def list_mfa_devices(self) -> ActionResult:
        user = self.backend.get_user(self._get_param("UserName"))
        devices = [
            {
                "UserName": user.name,
                "SerialNumber": device.serial_number,
                "EnableDate": device.enable_date,
            }
            for device in user.mfa_devices.values()
        ]
        return ActionResult({"MFADevices": devices})

    def get_mfa_device(self) -> ActionResult:
        """GetMFADevice."""
        user, device = self.backend.find_mfa_device(self._get_param("SerialNumber"))
        return ActionResult(
            {
                "UserName": user.name,
                "SerialNumber": device.serial_number,
                "EnableDate": device.enable_date,
            }
        )

    def resync_mfa_device(self) -> ActionResult:
        """ResyncMFADevice: changes nothing here, no clock is off."""
        user = self.backend.get_user(self._get_param("UserName"))
        holder, _ = self.backend.find_mfa_device(self._get_param("SerialNumber"))
        if holder is not user:
            raise ValidationError("The MFA device is not associated with the user.")
        return EmptyResult()

    def create_service_specific_credential(self) -> ActionResult:
        """CreateServiceSpecificCredential."""
        credential = self.backend.create_service_specific_credential(
            self._get_param("UserName"), self._get_param("ServiceName")
        )
        return ActionResult({"ServiceSpecificCredential": credential})

    def list_service_specific_credentials(self) -> ActionResult:
        """ListServiceSpecificCredentials."""
        credentials = self.backend.list_service_specific_credentials(
            self._get_param("UserName"), self._get_param("ServiceName")
        )
        return ActionResult({"ServiceSpecificCredentials": credentials})

    def update_service_specific_credential(self) -> ActionResult:
        """UpdateServiceSpecificCredential."""
        self.backend.update_service_specific_credential(
            self._get_param("UserName"),
            self._get_param("ServiceSpecificCredentialId"),
            self._get_param("Status"),
        )
        return EmptyResult()

    def delete_service_specific_credential(self) -> ActionResult:
        """DeleteServiceSpecificCredential."""
        self.backend.delete_service_specific_credential(
            self._get_param("UserName"), self._get_param("ServiceSpecificCredentialId")
        )
        return EmptyResult()

    def simulate_custom_policy(self) -> ActionResult:
        """SimulateCustomPolicy, through the oracle, or not at all."""
        if not self.oracle.is_installed():
            raise NotImplementedError("it asks the oracle, which `make oracle` installs")
        result = simulate_custom_policy(
            self.oracle, self.params, partition=self.partition, account=self.current_account
        )
        return ActionResult(result)

    @override
    def get_account_summary(self) -> ActionResult:
        summary = self.backend.get_account_summary().summary_map
        return ActionResult({"SummaryMap": {**summary, **self.backend.root.summary()}})

    @override
    def get_account_authorization_details(self) -> ActionResult:
        filters = self._get_param("Filter", [])
        policies = list(managed_policies(self.backend, filters))
        details = self.backend.get_account_authorization_details(filters)
        return ActionResult(
            {
                "UserDetailList": details["users"],
                "GroupDetailList": details["groups"],
                "RoleDetailList": details["roles"],
                "Policies": policies,
            }
        )

    @override
    def list_virtual_mfa_devices(self) -> ActionResult:
        devices = virtual_devices(self.backend, self._get_param("AssignmentStatus", "Any"))
        return ActionResult({"VirtualMFADevices": list(devices)})

    @override
    def generate_credential_report(self) -> ActionResult:
        return ActionResult(self.backend.generate_credential_report())

    @override
    def get_credential_report(self) -> ActionResult:
        report = self.backend.read_credential_report()
        members = {"Content": report.content, "ReportFormat": "text/csv"}
        return ActionResult({**members, "GeneratedTime": report.ready})

    @override
    def list_entities_for_policy(self) -> ActionResult:
        self.backend.get_policy(self._get_param("PolicyArn"))  # raises when there is none
        return super().list_entities_for_policy()
