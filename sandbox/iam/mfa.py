"""Enabling an MFA device: it must exist, be nobody's, and show two codes of six digits.

A passkey is enrolled in the console, by no call that is documented; the control does it here.
"""

from __future__ import annotations

import re
import secrets

from moto.iam.exceptions import EntityAlreadyExists, IAMException, NoSuchEntity
from moto.iam.models import IAMBackend, MFADevice, User
from moto.utilities.utils import get_partition
from typing_extensions import override

from sandbox.iam.quotas import MFA_DEVICES_PER_USER, check_quota

_CODE = re.compile(r"\d{6}", re.ASCII)


class Mfa(IAMBackend):
    """Gives devices to users, and knows whose they are."""

    __module__ = "moto.iam.models"

    @override
    def enable_mfa_device(
        self,
        user_name: str,
        serial_number: str,
        authentication_code_1: str,
        authentication_code_2: str,
    ) -> None:
        user = self.get_user(user_name)
        self._check_free(serial_number)
        self._check_codes(authentication_code_1, authentication_code_2)
        super().enable_mfa_device(
            user.name, serial_number, authentication_code_1, authentication_code_2
        )

    def enrol_passkey(self, user_name: str, name: str) -> str:
        """Give the user a passkey or security key, as the console does; returns its serial."""
        user = self.get_user(user_name)
        check_quota(user.mfa_devices, MFA_DEVICES_PER_USER, "MFADevicesPerUser")
        partition = get_partition(self.region_name)
        serial = f"u2f/user/{user.name}/{name}-{secrets.token_hex(13).upper()}"
        arn = f"arn:{partition}:iam::{self.account_id}:{serial}"
        user.enable_mfa_device(arn, "", "")
        return arn

    def find_mfa_device(self, serial_number: str) -> tuple[User, MFADevice]:
        """Raises NoSuchEntity for a device that no user has."""
        for user in self.users.values():
            if device := user.mfa_devices.get(serial_number):
                return user, device
        raise NoSuchEntity(f"MFA Device with serial number {serial_number} does not exist.")

    def _check_free(self, serial_number: str) -> None:
        # A hardware token is known to AWS by its maker; only virtual devices have to be created.
        virtual = serial_number.startswith("arn:")
        if virtual and serial_number not in self.virtual_mfa_devices:
            raise NoSuchEntity(
                f"VirtualMFADevice with serial number {serial_number} doesn't exist."
            )
        if any(serial_number in user.mfa_devices for user in self.users.values()):
            raise EntityAlreadyExists("MFADevice entity at the same path and name already exists.")

    def _check_codes(self, *codes: str) -> None:
        if not all(_CODE.fullmatch(code or "") for code in codes):
            raise IAMException(
                "InvalidAuthenticationCode", "Authentication code for device is not valid"
            )
