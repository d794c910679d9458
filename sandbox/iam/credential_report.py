"""The account's credential report: made at most every four hours, a moment after it is asked for.

Columns, words and order are those of a published report of a real account (its dates end in Z;
older ones in +00:00), and the rest is AWS's documentation. That a report which is being made again
is not there meanwhile is our guess.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from moto.core.utils import utcnow
from moto.iam.exceptions import IAMException

from sandbox.iam.passwords import password_changed
from sandbox.iam.root import RootUser

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from moto.iam.models import AccessKey, SigningCertificate, User

LIFETIME = dt.timedelta(hours=4)
MAKING = dt.timedelta(seconds=0.5)  # AWS takes a second or two
NONE, UNKNOWN, NEVER_TOLD = "N/A", "no_information", "not_supported"
_KEY = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS = (
    *("user", "arn", "user_creation_time", "password_enabled", "password_last_used"),
    *("password_last_changed", "password_next_rotation", "mfa_active"),
    *(f"access_key_1_{column}" for column in _KEY),
    *(f"access_key_2_{column}" for column in _KEY),
    *("cert_1_active", "cert_1_last_rotated", "cert_2_active", "cert_2_last_rotated"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What was said of the account when it was asked for, and since when it can be had."""

    content: str
    ready: dt.datetime


class CredentialReports(RootUser):
    """Keeps one report."""

    __module__ = "moto.iam.models"
    _report: Report | None = None

    def generate_credential_report(self) -> dict[str, str]:
        """The members of GenerateCredentialReport's answer."""
        now = utcnow()
        if self._report is None or now >= self._report.ready + LIFETIME:
            first = self._report is None
            self._report = Report(_csv(_rows(self)), now + MAKING)
            said = "No report exists. Starting a new report generation task"
            return {"State": "STARTED", **({"Description": said} if first else {})}
        return {"State": "COMPLETE" if now >= self._report.ready else "INPROGRESS"}

    def read_credential_report(self) -> Report:
        """Raises IAMException, with AWS's codes, for one that is not there."""
        now = utcnow()
        if self._report is None:
            raise IAMException("ReportNotPresent", "Unknown")
        if now < self._report.ready:
            raise IAMException("ReportInProgress", "Unknown")
        if now >= self._report.ready + LIFETIME:
            raise IAMException("ReportExpired", "Unknown")
        return self._report

    def age_credential_report(self, hours: float) -> None:
        """Makes the report look so much older. Raises ValueError when there is none."""
        if self._report is None:
            raise ValueError("there is no credential report")
        self._report = replace(self._report, ready=self._report.ready - dt.timedelta(hours=hours))


def _csv(rows: Iterator[Sequence[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerows([COLUMNS, *rows])
    return text.getvalue().removesuffix("\n")


def _rows(backend: CredentialReports) -> Iterator[Sequence[str]]:
    """Root's first, then the users' by name."""
    yield _root(backend)
    policy = backend.account_password_policy
    maximum_age = policy.max_password_age if policy is not None else None
    for user in sorted(backend.users.values(), key=lambda user: user.name.lower()):
        yield [
            user.name,
            user.arn,
            _date(user.create_date),
            *_password(user, maximum_age),
            _flag(user.mfa_devices),
            *_keys(user.access_keys),
            *_certificates(list(user.signing_certificates.values())),
        ]


def _root(backend: CredentialReports) -> Sequence[str]:
    root, since = backend.root, _date(backend.root_since)
    password = ("true", UNKNOWN, since) if root.password else ("false", NONE, NONE)
    first_key = ("true", since) if root.access_keys else ("false", NONE)
    arn = f"arn:{backend.partition}:iam::{backend.account_id}:root"
    return [
        *("<root_account>", arn, since, *password, NEVER_TOLD, _flag(root.mfa)),
        *(*first_key, NONE, NONE, NONE),
        *_keys([])[len(_KEY) :],
        *_certificates([]),
    ]


def _password(user: User, maximum_age_days: int | None) -> Sequence[str]:
    """Enabled, last used, last changed, next rotation."""
    if not user.password:
        return "false", NONE, NONE, NONE
    used = _date(user.password_last_used) if user.password_last_used else UNKNOWN
    changed = password_changed(user)
    next_rotation = (
        _date(changed + dt.timedelta(days=maximum_age_days)) if maximum_age_days else NONE
    )
    return "true", used, _date(changed), next_rotation


def _keys(keys: Sequence[AccessKey]) -> list[str]:
    """Both keys, in the order of their ids: which is the first does not tell which is older."""
    columns: list[str] = []
    for key in sorted(keys, key=lambda key: key.access_key_id):
        columns += [_flag(key.status == "Active"), _date(key.create_date)]
        used = key.last_used
        columns += [_date(used.timestamp), used.region, used.service] if used else [NONE] * 3
    for _ in range(2 - len(keys)):
        columns += ["false", NONE, NONE, NONE, NONE]
    return columns


def _certificates(certificates: Sequence[SigningCertificate]) -> list[str]:
    """Both, those that are not active first."""
    columns: list[str] = []
    for each in sorted(certificates, key=lambda c: (c.status == "Active", c.upload_date)):
        columns += [_flag(each.status == "Active"), _date(each.upload_date)]
    return columns + ["false", NONE] * (2 - len(certificates))


def _flag(value: Any) -> str:
    return "true" if value else "false"


def _date(moment: dt.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
