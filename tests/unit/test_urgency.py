"""reactor.users.urgency: whom to mend first."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reactor.guard.identity import Guard
from reactor.users.breadth import Breadth
from reactor.users.credentials import CredentialReport, Credentials
from reactor.users.ports import GroupDetail
from reactor.users.state import Presence, UserState
from reactor.users.urgency import Urgency, keys, rank
from tests.fakes.account import GUARD_ARN

MADE = datetime(2026, 11, 26, 9, 10, tzinfo=UTC)
ADMIN, READER, WRITER = (
    {"Statement": {"Effect": "Allow", "Action": action, "Resource": "*"}}
    for action in ("*", "s3:Get*", "s3:PutObject")
)
P = "arn:aws:iam::123456789012:policy/"
DOCUMENTS = {f"{P}admin": ADMIN, f"{P}reader": READER}


def group(*policies: str, inline: Mapping[str, object] | None = None) -> GroupDetail:
    """A group, by what it carries."""
    return GroupDetail("group", frozenset(policies), inline or {})


def user(name: str, *policies: str, **members: Any) -> UserState:
    """A user, by what it carries."""
    guard = Guard(GUARD_ARN, given=False)
    arn = f"arn:aws:iam::123456789012:user/{name}"
    held = frozenset(policies)
    return UserState(name, Presence.EXISTS, guard, arn=arn, policies=held, **members)


def having(**users: tuple[bool, int]) -> CredentialReport:
    """A report: of each user, whether it has a password, and its active keys."""
    return CredentialReport(
        MADE,
        {
            user(name).arn: Credentials(password, None, False, keys, None)
            for name, (password, keys) in users.items()
        },
    )


def order(
    *candidates: UserState,
    groups: Mapping[str, GroupDetail] | None = None,
    report: CredentialReport | None = None,
) -> list[str]:
    """The names in their order, whichever way round they were given."""
    found = [name for name, _ in rank(candidates, groups or {}, DOCUMENTS, report)]
    numbers = keys(candidates, groups or {}, DOCUMENTS, report)
    by_number = sorted(zip(numbers, candidates, strict=True), key=lambda each: -each[0])
    assert found == [each.name for _, each in by_number]
    assert found == [name for name, _ in rank(candidates[::-1], groups or {}, DOCUMENTS, report)]
    return found


@pytest.mark.parametrize(
    ("first", "second", "report"),
    [
        pytest.param(
            user("b", f"{P}admin"),
            user("a", f"{P}reader"),
            having(a=(True, 2), b=(False, 0)),
            id="who may do more, whatever its credentials",
        ),
        pytest.param(
            user("b", f"{P}reader"),
            user("a", f"{P}reader"),
            having(a=(False, 2), b=(True, 0)),
            id="of equals, who has a password",
        ),
        pytest.param(
            user("b", f"{P}reader"),
            user("a", f"{P}reader"),
            having(a=(True, 1), b=(True, 2)),
            id="then who has more keys",
        ),
        pytest.param(user("a"), user("b"), None, id="then by name"),
        pytest.param(user("a"), user("B"), None, id="by name, in any case"),
        pytest.param(
            user("b", inline={"x": ADMIN}),
            user("a", inline={"x": READER, "y": WRITER}),
            None,
            id="inline policies",
        ),
        pytest.param(
            user("b", groups=("admins",)),
            user("a", groups=("readers",)),
            None,
            id="groups' policies",
        ),
        pytest.param(
            user("b", groups=("inliners",)), user("a", f"{P}reader"), None, id="groups' inline ones"
        ),
        pytest.param(
            user("b", groups=("new",)),
            user("a", groups=("readers",)),
            None,
            id="a group that is not known may carry more than reading",
        ),
        pytest.param(
            user("b", f"{P}new"),
            user("a", f"{P}reader"),
            None,
            id="and so may a policy that is not known",
        ),
        pytest.param(
            user("b"),
            user("a"),
            having(a=(True, 1)),
            id="who is not in the report may have anything",
        ),
    ],
)
def test_who_comes_first(
    first: UserState, second: UserState, report: CredentialReport | None
) -> None:
    """Allowed to do most, then a password, then active keys."""
    groups = {
        "admins": group(f"{P}admin"),
        "readers": group(f"{P}reader"),
        "inliners": group(inline={"x": WRITER}),
    }
    assert order(first, second, groups=groups, report=report) == [first.name, second.name]


def test_a_namesake_in_the_report_does_not_count() -> None:
    """It was made after the report, and what is there was another's."""
    young = user("young", created_at=MADE + timedelta(minutes=1))
    (found,) = rank([young], {}, {}, having(young=(False, 0)))
    assert found == ("young", Urgency(Breadth.NOTHING, password=True, active_keys=2))
    assert found[1].describe() == "allowed nothing; its credentials are not known"


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ((True, 0), "administrator; a password, no active key"),
        ((False, 1), "administrator; no password, 1 active key"),
        ((True, 2), "administrator; a password, 2 active keys"),
    ],
)
def test_why(credentials: tuple[bool, int], words: str) -> None:
    """An auditor can be told why somebody came first."""
    ranked = rank([user("a", f"{P}admin")], {}, DOCUMENTS, having(a=credentials))
    assert [urgency.describe() for _, urgency in ranked] == [words]


def test_each_document_is_read_once() -> None:
    """However many users carry it: an account has thousands."""

    class Counted(dict[str, object]):
        read = 0

        def __getitem__(self, arn: str) -> object:
            self.read += 1
            return super().__getitem__(arn)

    documents = Counted(DOCUMENTS)
    groups = {"readers": group(f"{P}reader")}
    many = [user(f"user-{n}", f"{P}admin", groups=("readers",)) for n in range(50)]
    assert len(rank(many, groups, documents, None)) == 50
    assert documents.read == 2


def test_nobody() -> None:
    """No candidates, no order."""
    assert rank([], {}, DOCUMENTS, None) == []
