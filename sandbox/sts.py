"""Sessions: moto hands out the same constants to everybody, here each is somebody's.

MFA counts only with a device of the caller's that shows codes, and a code.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar

from moto.core.responses import ActionResult
from moto.iam.exceptions import IAMException, NotFoundException
from moto.iam.models import iam_backends
from moto.sts.responses import TokenResponse
from typing_extensions import override

if TYPE_CHECKING:
    from sandbox.callers import Callers

_HOUR_SECONDS = 3600
_CODE = re.compile(r"\d{6}", re.ASCII)
_FAILED = "MultiFactorAuthentication failed"  # and on, as seen (aws-cli 6325, aws-ssm-copy 22)


class StrictTokenResponse(TokenResponse):
    """moto's STS, for the callers of this account."""

    callers: ClassVar[Callers]

    @override
    def get_caller_identity(self) -> ActionResult:
        caller = self.callers.identify(self.get_access_key(), self.region)
        return ActionResult(
            {"UserId": caller.principal_id, "Account": caller.account, "Arn": caller.arn}
        )

    @override
    def get_session_token(self) -> ActionResult:
        caller = self.callers.identify(self.get_access_key(), self.region)
        if caller.user_name is None or caller.session is not None:
            raise IAMException(
                "AccessDenied", "Cannot call GetSessionToken with session credentials"
            )
        mfa = bool(self._get_param("SerialNumber"))
        if mfa:
            self._check_code(caller.user_name)
        credentials = self.callers.open_user_session(
            caller.partition, caller.user_name, mfa=mfa, console=False
        )
        seconds = self._get_int_param("DurationSeconds", 12 * _HOUR_SECONDS)
        token = self.backend.get_session_token(duration=seconds)
        return ActionResult(
            {
                "Credentials": {
                    "AccessKeyId": credentials.access_key_id,
                    "SecretAccessKey": credentials.secret_access_key,
                    "SessionToken": credentials.session_token,
                    "Expiration": token.expiration,
                }
            }
        )

    def _check_code(self, user_name: str) -> None:
        user = iam_backends[self.current_account][self.partition].get_user(user_name)
        serial = self._get_param("SerialNumber")
        if serial not in user.mfa_devices or ":u2f/" in serial:
            raise IAMException(
                "AccessDenied",
                f"{_FAILED}, unable to validate MFA code.  Please verify your MFA serial number is"
                " valid and associated with this user.",
            )
        if not _CODE.fullmatch(self._get_param("TokenCode") or ""):
            raise IAMException("AccessDenied", f"{_FAILED} with invalid MFA one time pass code. ")

    @override
    def assume_role(self) -> ActionResult:
        role_arn = self._get_param("RoleArn")
        caller = self.callers.identify(self.get_access_key(), self.region)
        try:
            iam_backends[self.current_account][self.partition].get_role_by_arn(role_arn)
        except NotFoundException as error:  # AWS does not tell whether a role exists
            raise IAMException(
                "AccessDenied",
                f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: "
                f"{role_arn}",
            ) from error
        return super().assume_role()
