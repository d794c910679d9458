"""reactor.users.credentials: a CSV that others wrote, read with suspicion."""

from datetime import UTC, datetime, timedelta

import pytest

from reactor.errors import Permanent
from reactor.users.credentials import CredentialReport, Credentials, parse_report

MADE = datetime(2026, 11, 26, 9, 10, tzinfo=UTC)
ALICE = "arn:aws:iam::123456789012:user/staff/alice"
BOB = "arn:aws:iam::123456789012:user/bob"
COLUMNS = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(
        f"access_key_{key}_{what}"
        for key in (1, 2)
        for what in (
            "active",
            "last_rotated",
            "last_used_date",
            "last_used_region",
            "last_used_service",
        )
    ),
    *(f"cert_{number}_{what}" for number in (1, 2) for what in ("active", "last_rotated")),
)
NOBODY = Credentials(
    password=False, password_used_at=None, mfa=False, active_keys=0, key_used_at=None
)


def line(user: str = "alice", arn: str = ALICE, **cells: str) -> dict[str, str]:
    """A user's row, of one who has nothing but what is given."""
    has_none = dict.fromkeys(COLUMNS, "N/A")
    for column in COLUMNS:
        if column.endswith(("_active", "_enabled")):
            has_none[column] = "FALSE"
    return {**has_none, "user": user, "arn": arn, "user_creation_time": "2026-01-01Z", **cells}


def report(*rows: dict[str, str]) -> CredentialReport:
    """What is read of a report with these rows, in the first's order of columns."""
    header = list(rows[0])
    lines = [",".join(header), *(",".join(row[each] for each in header) for row in rows)]
    return parse_report("\n".join(lines).encode(), MADE)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        pytest.param({}, NOBODY, id="no credential at all"),
        pytest.param(
            {"password_enabled": "TRUE", "password_last_used": "no_information"},
            Credentials(True, None, False, 0, None),
            id="a password that was never used",
        ),
        pytest.param(
            {"password_enabled": "true", "password_last_used": "2026-11-20T08:00:00+00:00"},
            Credentials(True, datetime(2026, 11, 20, 8, tzinfo=UTC), False, 0, None),
            id="a password, in the words of older reports",
        ),
        pytest.param(
            {"password_enabled": "TRUE", "password_last_used": "2026-11-20T08:00:00Z"},
            Credentials(True, datetime(2026, 11, 20, 8, tzinfo=UTC), False, 0, None),
            id="a time with Z",
        ),
        pytest.param(
            {"password_enabled": "TRUE", "password_last_used": "2026-11-20T08:00:00"},
            Credentials(True, datetime(2026, 11, 20, 8, tzinfo=UTC), False, 0, None),
            id="a time without a zone is UTC",
        ),
        pytest.param({"mfa_active": "TRUE"}, Credentials(False, None, True, 0, None), id="MFA"),
        pytest.param(
            {
                "access_key_1_active": "TRUE",
                "access_key_1_last_used_date": "2026-11-25T09:00:00Z",
                "access_key_2_active": "TRUE",
                "access_key_2_last_used_date": "2026-11-26T09:00:00Z",
            },
            Credentials(False, None, False, 2, datetime(2026, 11, 26, 9, tzinfo=UTC)),
            id="of two keys, the later use",
        ),
        pytest.param(
            {
                "access_key_1_active": "FALSE",
                "access_key_1_last_used_date": "2026-11-26T09:00:00Z",
                "access_key_2_active": "TRUE",
            },
            Credentials(False, None, False, 1, None),
            id="the use of a key that is inactive does not count",
        ),
        pytest.param(
            {"password_enabled": "not_supported", "mfa_active": "N/A"},
            NOBODY,
            id="words in the place of a yes or no",
        ),
    ],
)
def test_what_a_user_has(cells: dict[str, str], expected: Credentials) -> None:
    """Each column, in each of its words."""
    assert report(line(**cells)).of(ALICE) == expected


def test_root_is_none_of_the_users() -> None:
    """Root has a row like a user's; it is told by its ARN."""
    arn = "arn:aws:iam::123456789012:root"
    root = line("<root_account>", arn, password_enabled="not_supported", mfa_active="TRUE")
    read = report(root, line())
    assert read.root == Credentials(False, None, True, 0, None)
    assert (read.of(arn), set(read.by_arn)) == (None, {ALICE})


def test_without_users() -> None:
    """An account may have none, and the report then has its header and root, or less."""
    read = parse_report(",".join(COLUMNS).encode(), MADE)
    assert (read.by_arn, read.root, read.made_at) == ({}, None, MADE)


def test_the_header_decides() -> None:
    """Columns may come in any order, and new ones are nothing to us."""
    row = line(mfa_active="TRUE", additional_credentials_info="2, iam:ListAccessKeys")
    shuffled = {column: row[column].replace(",", ";") for column in sorted(row, reverse=True)}
    assert report(shuffled).of(ALICE) == Credentials(False, None, True, 0, None)


def test_quotes_and_commas_belong_to_their_cell() -> None:
    """It is CSV: user names may have commas, and a cell may be in quotes."""
    arn = "arn:aws:iam::123456789012:user/a,b"
    read = report(line('"a,b"', f'"{arn}"', mfa_active='"TRUE"'))
    assert read.of(arn) == Credentials(False, None, True, 0, None)


def test_a_user_younger_than_the_report_is_not_in_it() -> None:
    """What is there under its ARN was another user of that name."""
    read = report(line(mfa_active="TRUE"))
    assert read.of(ALICE, MADE - timedelta(days=1)) is not None
    assert read.of(ALICE, MADE + timedelta(seconds=1)) is None
    assert read.of(ALICE.replace("alice", "bob")) is None


@pytest.mark.parametrize(
    ("content", "what"),
    [
        pytest.param(b"", "no column arn, password_enabled", id="nothing"),
        pytest.param(
            ",".join(each for each in COLUMNS if each != "mfa_active").encode(),
            "no column mfa_active",
            id="a column is missing",
        ),
        pytest.param(b"\xff\xfe", "can't decode", id="no UTF-8"),
        pytest.param(
            f'{",".join(COLUMNS)}\nalice,"{ALICE}'.encode(), "unexpected end", id="an open quote"
        ),
    ],
)
def test_what_is_no_report(content: bytes, what: str) -> None:
    """It is refused as a whole, with the reason and a remedy: its rows cannot be told apart."""
    with pytest.raises(Permanent, match=what) as caught:
        parse_report(content, MADE)
    assert "hint" in caught.value.remedy


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({"password_enabled": "maybe"}, id="neither yes nor no"),
        pytest.param({"password_last_used": "yesterday"}, id="no time"),
        pytest.param(
            {"access_key_1_active": "TRUE", "access_key_1_last_used_date": "26/11/2026"},
            id="a time in another form",
        ),
        pytest.param({"password_last_used": "0001-01-01T00:00:00+14:00"}, id="before all time"),
        pytest.param({"password_last_used": "9999-12-31T23:59:59-12:00"}, id="after all time"),
    ],
)
def test_a_word_that_is_not_known(cells: dict[str, str]) -> None:
    """It is not taken for no: its user is not known, and all others are; what it is, is said."""
    column, word = list(cells.items())[-1]
    read = report(line(**cells), line("bob", BOB, mfa_active="TRUE"))
    assert read.by_arn == {BOB: Credentials(False, None, True, 0, None)}
    assert read.of(ALICE) is None
    assert read.unread == (f"{column} of {ALICE} is '{word}'",)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (f"alice,{ALICE},2026-01-01", f"access_key_1_active of {ALICE} is None"),
        ("alice", "arn of a user without ARN is None"),
    ],
    ids=["in the middle", "before the ARN"],
)
def test_a_line_that_is_cut_short(row: str, why: str) -> None:
    """It is left out, wherever it ends; the lines after it are read."""
    bob = line("bob", BOB, mfa_active="TRUE")
    lines = (",".join(COLUMNS), row, ",".join(bob[each] for each in COLUMNS))
    read = parse_report("\n".join(lines).encode(), MADE)
    assert (set(read.by_arn), read.unread) == ({BOB}, (why,))


def test_roots_row_is_odd() -> None:
    """Nothing is known of root then, and the users' are read."""
    arn = "arn:aws:iam::123456789012:root"
    read = report(line("<root_account>", arn, mfa_active="perhaps"), line())
    assert (read.root, set(read.by_arn), len(read.unread)) == (None, {ALICE}, 1)
