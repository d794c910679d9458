"""What IAM's credential report says: who has a password, keys and MFA, and when each was last used.

The report is only a hint. IAM makes a new one every four hours at most, and a credential made
meanwhile is not in it. So whoever shows it to people shows its time, and nothing is decided by it.

Source of the columns, and of the words that stand in place of an answer: IAM user guide, Generate
credential reports. A user's id is not in it. Its name may have been another's when the report was
made, so a user younger than the report has nothing in it. Nor has one whose row has words that are
not known: what is odd about one user must not hide all others.
"""

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from reactor.errors import Permanent, shorten

_KEYS = (1, 2)  # what the report knows of a user's keys; a user has two at most
_NEEDED = (
    "arn",
    "password_enabled",
    "password_last_used",
    "mfa_active",
    *(f"access_key_{key}_{what}" for key in _KEYS for what in ("active", "last_used_date")),
)
# The guide's words, in place of a date or of a yes or no: there is none, or nothing is known.
_NOTHING = frozenset({"n/a", "no_information", "not_supported", ""})

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What one user had when the report was made. Times are UTC, None is never or not known."""

    password: bool
    password_used_at: datetime | None
    mfa: bool
    active_keys: int
    key_used_at: datetime | None  # the last use of a key that is active


@dataclass(frozen=True, slots=True)
class CredentialReport:
    """What everybody had when the report was made; root's is none of the users'.

    `unread` says of each row that could not be read what was odd about it.
    """

    made_at: datetime  # UTC
    by_arn: Mapping[str, Credentials]
    root: Credentials | None = None
    unread: tuple[str, ...] = ()

    def of(self, arn: str, created_at: datetime | None = None) -> Credentials | None:
        """Return what a user had; None when the report does not know this user."""
        if created_at is not None and created_at > self.made_at:
            return None  # it knows at most another one, of the same name
        return self.by_arn.get(arn)


class _OddRowError(Exception):
    """A row is not understood."""


def parse_report(content: bytes, made_at: datetime) -> CredentialReport:
    """Read the CSV that GetCredentialReport gives. Raises Permanent when it is not one.

    A row that is not understood is left out.
    """
    by_arn, unread = dict[str, Credentials](), list[str]()
    for row in _rows(content):
        try:
            arn, has = _word(row, "arn"), _credentials(row)
        except _OddRowError as error:
            unread.append(str(error))
        else:
            by_arn[arn] = has
    roots = [arn for arn in by_arn if arn.endswith(":root")]
    root = [by_arn.pop(arn) for arn in roots]
    return CredentialReport(made_at, by_arn, root[0] if root else None, tuple(unread))


def _rows(content: bytes) -> Iterator[Row]:
    """Yield the rows. Raises Permanent where they cannot be told from one another."""
    try:
        rows = csv.DictReader(io.StringIO(content.decode(), newline=""), strict=True)
        missing = [each for each in _NEEDED if each not in (rows.fieldnames or ())]
        if missing:
            raise _not_understood(f"it has no column {', '.join(missing)}")
        yield from rows
    except (csv.Error, UnicodeDecodeError) as error:
        raise _not_understood(shorten(error)) from error


def _credentials(row: Row) -> Credentials:
    active = [key for key in _KEYS if _truth(row, f"access_key_{key}_active")]
    used = [_time(row, f"access_key_{key}_last_used_date") for key in active]
    return Credentials(
        password=_truth(row, "password_enabled"),
        password_used_at=_time(row, "password_last_used"),
        mfa=_truth(row, "mfa_active"),
        active_keys=len(active),
        key_used_at=max((each for each in used if each is not None), default=None),
    )


def _truth(row: Row, column: str) -> bool:
    word = _word(row, column).lower()
    if word not in {"true", "false", *_NOTHING}:
        raise _odd(row, column)
    return word == "true"


def _time(row: Row, column: str) -> datetime | None:
    word = _word(row, column).lower()
    if word in _NOTHING:
        return None
    try:
        time = datetime.fromisoformat(word.upper())
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # no time, or one that in UTC is out of the calendar
        raise _odd(row, column) from None


def _word(row: Row, column: str) -> str:
    # csv gives None for what a line that is cut short lacks, whatever the type says.
    text: str | None = row[column]
    if text is None:
        raise _odd(row, column)
    return text.strip()


def _odd(row: Row, column: str) -> _OddRowError:
    whom = shorten(row["arn"] or "a user without ARN", 200)
    return _OddRowError(f"{column} of {whom} is {shorten(repr(row[column]), 80)}")


def _not_understood(what: str) -> Permanent:
    return Permanent(
        f"the credential report was not understood: {what}",
        remedy="look at it with `aws iam get-credential-report`, and report this as a bug; what it"
        " tells is a hint, so that users are judged and changed without it",
    )
