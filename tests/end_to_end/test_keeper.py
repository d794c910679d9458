"""The keeper, deployed: whatever is written into the guard, it says what it should again."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reactor.guard.document import guard_document
from tests.end_to_end.stage import Stage, staged
from tests.fakes.account import DEFAULTS

IN_ORDER = {"in_order": True, "errors": [], "permanent": False}
OPEN: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage whose first sweep has had the guard created."""
    with staged({"REACTOR_MODE": "enforce"}) as stage:
        stage.new_user("kay")
        stage.sweep()
        yield stage


def ours(stage: Stage) -> dict[str, Any]:
    """Return the document that the guard should have."""
    return guard_document("aws", stage.sandbox.account, DEFAULTS)


def versions(stage: Stage) -> dict[str, bool]:
    """Return the guard's versions, and of each whether it is the default."""
    found = stage.iam.list_policy_versions(PolicyArn=stage.guard)["Versions"]
    return {each["VersionId"]: each["IsDefaultVersion"] for each in found}


def document(stage: Stage) -> object:
    """Return the document of the guard's default version."""
    (default,) = [each for each, holds in versions(stage).items() if holds]
    answer = stage.iam.get_policy_version(PolicyArn=stage.guard, VersionId=default)
    return answer["PolicyVersion"]["Document"]


def write(stage: Stage, document: object, *, default: bool = True, indent: int = 0) -> None:
    """Write a version of the guard as the account's administrator."""
    text = json.dumps(document, indent=indent)
    stage.iam.create_policy_version(
        PolicyArn=stage.guard, PolicyDocument=text, SetAsDefault=default
    )
    stage.settle()


def unheard(stage: Stage, event: str = "CreatePolicyVersion") -> None:
    """Let the next event of a name be lost, so that only asking wakes the keeper."""
    stage.sandbox.control.lose_next_event(event)


def clear(stage: Stage) -> None:
    """Delete all versions of the guard but the default, which no event tells anybody of."""
    for version, holds in versions(stage).items():
        if not holds:
            stage.iam.delete_policy_version(PolicyArn=stage.guard, VersionId=version)
    stage.settle()


def ask(stage: Stage) -> dict[str, Any]:
    """Ask the keeper, as the other functions do; return its record once it is done."""
    before = runs(stage)
    assert stage.invoke("keeper", {}) == (IN_ORDER, None)
    stage.settle()
    (record,) = (each for each in new_records(stage, before) if "verdict" in each)
    return record


def runs(stage: Stage) -> set[str]:
    """Return the keeper's runs so far."""
    return {each["run"] for each in stage.records("keeper")}


def new_records(stage: Stage, before: set[str]) -> list[dict[str, Any]]:
    """Return the keeper's records of all other runs."""
    return [each for each in stage.records("keeper") if each["run"] not in before]


def actions(record: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was changed, and what became of it; that the drift was told goes before."""
    did = [(each["action"], each["outcome"]) for each in record["actions"]]
    return [each for each in did if each != ("report-drift", "done")]


def test_a_tampered_guard_is_restored_when_the_keeper_is_asked(stage: Stage) -> None:
    """Our document is the default again; what it replaced is in the record."""
    clear(stage)
    unheard(stage)
    write(stage, OPEN)
    assert document(stage) == OPEN
    record = ask(stage)
    assert record["verdict"]["rule"] == "guard-drifted"
    assert record["read"]["facts"]["document"] == OPEN
    assert actions(record) == [("restore-document", "done")]
    assert document(stage) == ours(stage)
    assert ask(stage)["verdict"]["rule"] == "guard-in-place"


def test_a_tampered_guard_is_restored_by_the_event(stage: Stage) -> None:
    """Nobody need ask; and the keeper's own event wakes it to nothing more."""
    clear(stage)
    before = runs(stage)
    write(stage, OPEN)
    assert document(stage) == ours(stage)
    assert len(versions(stage)) == 3
    told = new_records(stage, before)
    assert {each["trigger"]["event"]["name"] for each in told} == {"CreatePolicyVersion"}
    (restored,) = (each for each in told if "verdict" in each)
    (ignored,) = (each for each in told if "ignored" in each)
    assert actions(restored) == [("restore-document", "done")]
    assert "the document that it should have" in ignored["ignored"]


def test_other_tags_of_the_guard_are_ignored(stage: Stage) -> None:
    """A tag for costs is no reason to look, and none to ask for another look by an error."""
    before, tries = runs(stage), len(stage.attempts("keeper"))
    stage.iam.tag_policy(PolicyArn=stage.guard, Tags=[{"Key": "team", "Value": "it"}])
    stage.settle()  # or both run at once, and end in any order
    stage.iam.untag_policy(PolicyArn=stage.guard, TagKeys=["team"])
    stage.settle()
    told = new_records(stage, before)
    assert [each["trigger"]["event"]["name"] for each in told] == ["TagPolicy", "UntagPolicy"]
    assert {each["ignored"] for each in told} == {"it leaves the guard the tag by which it is ours"}
    assert len(stage.attempts("keeper")) == tries + 2


def test_a_guard_with_five_versions_is_restored(stage: Stage) -> None:
    """The oldest makes room, but never the default, even where that is older."""
    clear(stage)
    unheard(stage)
    write(stage, OPEN)
    oldest = next(each for each, holds in versions(stage).items() if holds)
    clear(stage)
    for _ in range(4):
        unheard(stage)
        write(stage, OPEN, default=False)
    next_oldest = f"v{int(oldest[1:]) + 1}"
    assert {oldest, next_oldest} < set(versions(stage))
    assert actions(ask(stage)) == [("make-room", "done"), ("restore-document", "done")]
    assert document(stage) == ours(stage)
    assert len(versions(stage)) == 5
    assert oldest in versions(stage)
    assert next_oldest not in versions(stage)


def test_a_guard_written_otherwise_is_left_alone(stage: Stage) -> None:
    """White space and order are no change: nothing is written over what somebody laid out."""
    clear(stage)
    unheard(stage)
    statements = ours(stage)["Statement"]
    write(stage, {"Statement": statements[::-1], "Version": "2012-10-17"}, indent=4)
    before = versions(stage)
    assert ask(stage)["verdict"]["rule"] == "guard-in-place"
    assert versions(stage) == before


def test_a_guard_that_lost_our_tag_is_left_alone(stage: Stage) -> None:
    """Without the tag it is somebody else's: refused, until it is adopted again."""
    clear(stage)
    unheard(stage, "UntagPolicy")
    stage.iam.untag_policy(PolicyArn=stage.guard, TagKeys=["mfa-reactor"])
    unheard(stage)
    write(stage, OPEN)
    answer, error = stage.invoke("keeper", {})
    assert (answer["in_order"], error) == (False, None)
    assert document(stage) == OPEN
    stage.iam.tag_policy(PolicyArn=stage.guard, Tags=[{"Key": "mfa-reactor", "Value": "guard"}])
    stage.settle()
    assert document(stage) == ours(stage)
