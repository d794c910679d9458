"""The account's IAM: moto's, with our rules in front, and a few of AWS's own policies in it."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, ManagedPolicy
from typing_extensions import override

from sandbox.iam.boundaries import Boundaries
from sandbox.iam.conflicts import Conflicts
from sandbox.iam.credential_report import CredentialReports
from sandbox.iam.mfa import Mfa
from sandbox.iam.names import Names
from sandbox.iam.passwords import Passwords
from sandbox.iam.quotas import Quotas
from sandbox.iam.service_credentials import ServiceCredentials

# All 1,300 would slow every attachment down: moto builds a table of them each time.
_AWS_POLICIES = (
    "AdministratorAccess",
    "AmazonEC2FullAccess",
    "AmazonS3FullAccess",
    "AmazonS3ReadOnlyAccess",
    "AWSLambdaBasicExecutionRole",
    "IAMFullAccess",
    "IAMReadOnlyAccess",
    "IAMUserChangePassword",
    "PowerUserAccess",
    "ReadOnlyAccess",
    "SecurityAudit",
    "ViewOnlyAccess",
)


class StrictIAMBackend(
    Names, Mfa, Quotas, Conflicts, Boundaries, Passwords, ServiceCredentials, CredentialReports
):
    """All rules together.

    The order matters where two have one for the same call: what exists is checked before how much
    of it there may be.
    """

    __module__ = "moto.iam.models"

    @override
    def _init_aws_policies(self) -> list[ManagedPolicy]:
        return [
            AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data)
            for name, data in _aws_policies().items()
        ]


@lru_cache
def _aws_policies() -> dict[str, Any]:
    every: dict[str, Any] = json.loads(aws_managed_policies_data)
    return {name: every[name] for name in _AWS_POLICIES}
