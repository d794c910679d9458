"""reactor.guard.document: the document as text.

What it does to requests is proven in tests/proof.
"""

from __future__ import annotations

import itertools
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from reactor.errors import SettingError
from reactor.guard.document import canonical, guard_document, require_room
from tests.fakes.account import ACCOUNT, DEFAULTS
from tests.fakes.harness import settings

if TYPE_CHECKING:
    from reactor.settings import Settings

PARTITIONS = ("aws", "aws-cn", "aws-us-gov")
LIMIT = 6_144  # characters of a managed policy without white space


def statements(chosen: Settings, partition: str = "aws") -> list[dict[str, Any]]:
    """Return the guard's statements."""
    return list(guard_document(partition, ACCOUNT, chosen)["Statement"])


def exempting(tags: str) -> dict[str, dict[str, list[str]]]:
    """Return, by Sid, the tags that a user may not give itself where these exempt."""
    return {
        each["Sid"]: each["Condition"]["StringEqualsIgnoreCase"]
        for each in statements(settings(exempt_tags=tags))
        if each["Sid"].startswith("DenyExemptingOneself")
    }


@pytest.mark.parametrize("partition", PARTITIONS)
def test_arns_are_at_home(partition: str) -> None:
    """In each partition and account the ARNs are its own."""
    text = canonical(guard_document(partition, ACCOUNT, DEFAULTS))
    assert set(re.findall(r"arn:([a-z-]+):iam::(\d+):", text)) == {(partition, ACCOUNT)}
    assert text.count("arn:") == text.count(f"arn:{partition}:iam::{ACCOUNT}:")


def test_the_guard_is_named_as_it_is_set() -> None:
    """Another name is that of the policy and of its group; the group's path stays."""
    text = canonical(guard_document("aws", ACCOUNT, settings(guard_policy="Wache")))
    assert f"arn:aws:iam::{ACCOUNT}:policy/Wache" in text
    assert f"arn:aws:iam::{ACCOUNT}:group/mfa-reactor/Wache" in text
    assert "MfaReactorGuard" not in text


@pytest.mark.parametrize(
    "options",
    list(itertools.product(("console", "anywhere"), ("", "12"), ("false", "true"))),
    ids="-".join,
)
def test_sids_are_valid_and_unique(options: tuple[str, str, str]) -> None:
    """IAM takes letters and digits only, and each Sid once."""
    chosen = settings(
        guard_enrol=options[0],
        guard_session_hours=options[1],
        guard_self_detach=options[2],
        exempt_tags="a:b,c:d",
    )
    sids = [each["Sid"] for each in statements(chosen)]
    assert len(set(sids)) == len(sids)
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


def test_denials_come_first() -> None:
    """Who reads it sees what is denied, then what is allowed; to IAM the order is all the same."""
    effects = [each["Effect"] for each in statements(DEFAULTS)]
    assert effects == sorted(effects, key=["Deny", "Allow"].index)


def test_nothing_is_allowed_on_a_condition_or_by_a_pattern() -> None:
    """What the guard allows is named, action by action; what bounds it are the denials."""
    chosen = settings(guard_self_service="credentials")
    allowed = [each for each in statements(chosen) if each["Effect"] == "Allow"]
    assert all("Condition" not in each for each in allowed)
    assert all("*" not in action for each in allowed for action in each["Action"])


def test_exempting_tags_are_grouped_by_their_key() -> None:
    """A statement for each key, in whatever case it was written, with all its values."""
    assert exempting("userType:Service,Team:robots,USERTYPE:Bot,team:Batch jobs") == {
        "DenyExemptingOneself1": {"aws:RequestTag/usertype": ["Service", "Bot"]},
        "DenyExemptingOneself2": {"aws:RequestTag/team": ["robots", "Batch jobs"]},
    }


def test_keys_that_only_unicode_folds_are_two() -> None:
    """How AWS compares them is not documented: each is denied as it is written."""
    keys = {key for each in exempting("kind:x,\N{KELVIN SIGN}ind:x").values() for key in each}
    assert keys == {"aws:RequestTag/kind", "aws:RequestTag/\N{KELVIN SIGN}ind"}


def test_without_exempting_tags_tags_are_free() -> None:
    """Where no tag exempts, none is denied."""
    assert exempting("") == {}
    assert "TagUser" not in canonical(guard_document("aws", ACCOUNT, settings(exempt_tags="")))


def test_room_for_tags_is_asked_for() -> None:
    """As many tags as fit are taken; with more the setting is refused in one line."""
    length = len(canonical(guard_document("aws-us-gov", ACCOUNT, settings(exempt_tags="k:v"))))
    fitting = settings(exempt_tags="k:" + ",k:".join(_values(LIMIT - length)))
    require_room(fitting)
    assert len(canonical(guard_document("aws-us-gov", ACCOUNT, fitting))) <= LIMIT
    with pytest.raises(SettingError) as caught:
        require_room(settings(exempt_tags="k:" + ",k:".join(_values(LIMIT - length + 260))))
    assert re.fullmatch(
        r"REACTOR_EXEMPT_TAGS has \d+ tags, and the guard, .* would have \d+ characters: .*",
        str(caught.value),
    )


def test_a_given_guard_needs_no_room() -> None:
    """Someone else's policy is not made of the tags."""
    given = f"arn:aws:iam::{ACCOUNT}:policy/Theirs"
    tags = ",".join(f"k:{value}" for value in _values(2 * LIMIT))
    require_room(settings(guard_policy=given, exempt_tags=tags))


def test_stored_text_is_always_the_same() -> None:
    """The same document is the same text, without white space, whatever order it was made in."""
    assert (
        canonical({"b": 1, "a": [2, 1]})
        == canonical({"a": [2, 1], "b": 1})
        == ('{"a":[2,1],"b":1}')
    )
    document = guard_document("aws", ACCOUNT, DEFAULTS)
    assert json.loads(canonical(document)) == document
    assert not re.search(r"\s", canonical(document))


def _values(characters: int) -> list[str]:
    """Return as many values as fill so many characters of a document, and no more."""
    each = 256 + len('"",')
    return [f"{number:0256d}" for number in range(characters // each)]
