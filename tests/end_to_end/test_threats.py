"""What docs/threat-model.md says of an administrator whom nothing is denied, besides the ten ways.

Not all of it is mended, and not all is an alarm: what is not must be known, too.
"""

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from reactor.functions import functions_of
from reactor.guard.document import guard_document
from reactor.settings import Settings
from tests.end_to_end.stage import Stage, staged
from tests.end_to_end.test_tampering import NAME, OPEN, carries, document

SETTINGS = {"REACTOR_MODE": "enforce", "REACTOR_GUARD_VIA": "group"}
FUNCTIONS = functions_of(Settings.from_environment(SETTINGS))


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage whose users carry the guard through its group; each test leaves both in order."""
    with staged(SETTINGS) as stage:
        stage.sweep()
        yield stage


def alarms(stage: Stage) -> list[str]:
    """Return the kinds of all alarms so far, sorted."""
    records = [each for function in FUNCTIONS for each in stage.records(function)]
    return sorted(each["alarm"] for each in records if "alarm" in each)


def raised(stage: Stage, before: list[str]) -> set[str]:
    """Return the kinds of which there are more alarms than before."""
    now = alarms(stage)
    return {kind for kind in now if now.count(kind) > before.count(kind)}


def rules(stage: Stage, function: str) -> list[str]:
    """Return the rules by which a function has decided so far."""
    return [each["verdict"]["rule"] for each in stage.records(function) if "verdict" in each]


def adopt(stage: Stage) -> None:
    """Do what the alarms about something that is not ours any more say."""
    assert stage.command("guard", "apply", "--adopt", "--yes").status == 0
    stage.settle()


def test_with_another_document_and_no_tag_the_guard_is_nobodys(stage: Stage) -> None:
    """Neither restored nor put on anybody, with two alarms; until an operator adopts it."""
    ours = guard_document("aws", stage.sandbox.account, Settings.from_environment(SETTINGS))
    before = alarms(stage)
    stage.sandbox.control.lose_next_event("CreatePolicyVersion")  # before the keeper has looked
    stage.iam.create_policy_version(
        PolicyArn=stage.guard, PolicyDocument=json.dumps(OPEN), SetAsDefault=True
    )
    stage.iam.untag_policy(PolicyArn=stage.guard, TagKeys=["mfa-reactor"])
    stage.settle()
    assert raised(stage, before) == {"guard-changed", "permanent-failure"}
    user = stage.new_user("untagged")
    stage.sweep()
    assert document(stage) == OPEN
    assert not carries(stage, user)
    adopt(stage)
    stage.sweep()
    assert document(stage) == ours
    assert carries(stage, user)


def test_its_group_renamed_carries_it_still(stage: Stage) -> None:
    """Another is made, with an alarm; who is in the old one is guarded all the time."""
    user = stage.new_user("renamed")
    before = alarms(stage)
    stage.iam.update_group(GroupName=NAME, NewGroupName="elsewhere")
    stage.settle()
    assert "guard-group-missing" in rules(stage, "keeper")
    assert raised(stage, before) == {"guard-drifted"}
    assert carries(stage, user)
    later = stage.new_user("later")
    groups = stage.iam.list_groups_for_user(UserName=later)["Groups"]
    assert [each["GroupName"] for each in groups] == [NAME]


def test_its_group_moved_is_not_ours(stage: Stage) -> None:
    """Its members keep the guard, others get it themselves, and an alarm says what to do."""
    user = stage.new_user("moved")
    before = alarms(stage)
    stage.iam.update_group(GroupName=NAME, NewPath="/elsewhere/")
    stage.settle()
    assert "permanent-failure" in raised(stage, before)
    assert carries(stage, user)
    later = stage.new_user("after-the-move")
    assert stage.is_guarded(later)
    adopt(stage)


def test_taken_off_another_group_its_members_get_it_themselves(stage: Stage) -> None:
    """In the regular way; and whoever takes it off a group raises an alarm."""
    user = stage.new_user("crewman")
    stage.iam.create_group(GroupName="crew")
    stage.iam.attach_group_policy(GroupName="crew", PolicyArn=stage.guard)
    stage.iam.add_user_to_group(GroupName="crew", UserName=user)
    stage.sandbox.control.lose_next_event("RemoveUserFromGroup")
    stage.iam.remove_user_from_group(GroupName=NAME, UserName=user)
    before = alarms(stage)
    stage.iam.detach_group_policy(GroupName="crew", PolicyArn=stage.guard)
    stage.settle()
    assert raised(stage, before) == {"guard-changed"}
    assert carries(stage, user)


def test_who_exempts_another_is_only_recorded(stage: Stage) -> None:
    """An exemption is the operator's: of another user, by a tag or from the beginning."""
    tag = {"Key": "userType", "Value": "Service"}
    stage.new_user("excused")
    before = alarms(stage)
    stage.iam.tag_user(UserName="excused", Tags=[tag])
    stage.new_user("born-exempt", Tags=[tag])
    assert raised(stage, before) == set()
    assert stage.records_of("excused", "review")[-1]["verdict"]["rule"] == "exempt"
    assert stage.records_of("born-exempt")[-1]["verdict"]["rule"] == "exempt"
    assert not carries(stage, "born-exempt")


def test_our_role_given_to_another_function_is_not_seen(stage: Stage) -> None:
    """The watch knows our functions by their names: what such a one does is seen, not its birth."""
    role = stage.iam.get_role(RoleName="mfa-reactor-prod-keeper")["Role"]["Arn"]
    before = alarms(stage)
    stage.functions.create_function(
        FunctionName="innocent",
        Runtime="python3.12",
        Role=role,
        Handler="code.handler",
        Code={"ZipFile": bundle("def handler(event, context): ...")},
    )
    stage.settle()
    assert raised(stage, before) == set()
    stage.functions.delete_function(FunctionName="innocent")


def bundle(source: str) -> Any:
    """Return a function's code, packed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("code.py", source)
    return packed.getvalue()
