"""The credential report of one account (reactor.users.ports.CredentialReports).

It is asked for until it is there: GenerateCredentialReport answers at once, with COMPLETE when
there is one that is less than four hours old, else IAM makes one, which takes seconds.
"""

import time
from collections.abc import Callable
from datetime import UTC
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.users.credentials import CredentialReport, parse_report

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

SHORT_WAIT_SECONDS = 10
_PAUSE_SECONDS = 1
# Between the two calls the report may have become too old, or a new one may have been begun.
_NOT_THERE = frozenset({"ReportNotPresent", "ReportExpired", "ReportInProgress"})


class AwsCredentialReport:
    """reactor.users.ports.CredentialReports on AWS."""

    def __init__(
        self,
        client: "IAMClient",
        *,
        wait_seconds: int = SHORT_WAIT_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._pauses = wait_seconds // _PAUSE_SECONDS
        self._sleep = sleep

    def credential_report(self) -> CredentialReport | None:
        """Return the report, None when IAM has not made it in the time that we wait.

        Raises ReactorError when it cannot be had or understood.
        """
        for left in range(self._pauses, -1, -1):
            report = self._newest() if self._is_complete() else None
            if report is not None:
                return report
            if left:
                self._sleep(_PAUSE_SECONDS)
        return None

    def _is_complete(self) -> bool:
        with asking("iam:GenerateCredentialReport"):
            return self._client.generate_credential_report()["State"] == "COMPLETE"

    def _newest(self) -> CredentialReport | None:
        with asking("iam:GetCredentialReport"):
            try:
                answer = self._client.get_credential_report()
            except ClientError as error:
                if code_of(error) not in _NOT_THERE:
                    raise
                return None
            content, made_at = answer["Content"], answer["GeneratedTime"].astimezone(UTC)
        return parse_report(content, made_at)
