"""Users whom the operator has excused, by each of the five ways, and what a missing list does."""

from collections.abc import Iterator

import pytest

from tests.end_to_end.stage import Stage, staged

PARAMETER = "/mfa-reactor/exempt"


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage with every kind of exemption, which takes the guard off the exempt."""
    settings = {
        "REACTOR_MODE": "enforce",
        "REACTOR_EXEMPT_PARAMETER": PARAMETER,
        "REACTOR_EXEMPT_NAMES": "BedrockAPIKey-*",
        "REACTOR_EXEMPT_PATHS": "/service/",
        "REACTOR_EXEMPT_GROUPS": "break-glass",
        "REACTOR_LIFT": "exempt",
    }
    with staged(settings) as stage:
        write_list(stage, " listed-one ,, Listed-Two ,")
        stage.iam.create_group(GroupName="break-glass")
        stage.new_user("guarded")
        yield stage


def write_list(stage: Stage, value: str) -> None:
    """Write the exemption list."""
    stage.sandbox.client("ssm").put_parameter(
        Name=PARAMETER, Value=value, Type="StringList", Overwrite=True
    )


def test_who_is_not_exempt_is_guarded(stage: Stage) -> None:
    """The exemptions below prove something only beside one who has none."""
    assert stage.is_guarded("guarded")


def test_a_tag_exempts(stage: Stage) -> None:
    """userType:Service, the default; its value compares without case."""
    stage.new_user("tagged", Tags=[{"Key": "userType", "Value": "SERVICE"}])
    assert not stage.is_guarded("tagged")
    record = stage.records_of("tagged")[0]
    assert record["verdict"]["compliance"] == "NOT_APPLICABLE"
    assert record["verdict"]["reasons"] == ["has the tag userType=SERVICE"]


@pytest.mark.parametrize("name", ["listed-one", "LISTED-TWO"])
def test_the_list_exempts(stage: Stage, name: str) -> None:
    """Blanks and empty items in the StringList do no harm; names compare without case."""
    stage.new_user(name)
    assert not stage.is_guarded(name)


def test_a_name_pattern_exempts(stage: Stage) -> None:
    """A Bedrock API key is a user underneath, and no person can enrol for it."""
    stage.new_user("BedrockAPIKey-x1")
    assert not stage.is_guarded("BedrockAPIKey-x1")


def test_a_path_exempts_with_all_below_it(stage: Stage) -> None:
    """/service/ covers /service/ci/, and not /services/."""
    stage.new_user("robot", Path="/service/ci/")
    stage.new_user("no-robot", Path="/services/")
    assert not stage.is_guarded("robot")
    assert stage.is_guarded("no-robot")


def test_a_group_exempts_and_the_guard_is_lifted(stage: Stage) -> None:
    """A user who joins an exempt group loses the guard."""
    stage.new_user("rescuer")
    assert stage.is_guarded("rescuer")
    stage.iam.add_user_to_group(GroupName="break-glass", UserName="rescuer")
    stage.settle()
    assert not stage.is_guarded("rescuer")
    assert stage.records_of("rescuer", "review")[-1]["actions"][0]["action"] == "detach-guard"


def test_without_the_list_nothing_is_changed_and_the_invocation_raises(stage: Stage) -> None:
    """A list that was named and is missing is not "nobody"; it stops the run."""
    stage.sandbox.client("ssm").delete_parameter(Name=PARAMETER)
    try:
        before = len(stage.attempts("react"))
        stage.iam.create_user(UserName="unsure")
        stage.settle()
        assert not stage.is_guarded("unsure")
        assert [each["ok"] for each in stage.attempts("react")[before:]] == [False] * 3
        before = len(stage.attempts("sweep"))
        stage.sweep()
        assert not stage.is_guarded("unsure")
        assert [each["ok"] for each in stage.attempts("sweep")[before:]] == [False] * 3
        error = stage.records_of("unsure")[-1]["errors"][0]
        assert PARAMETER in error["what"]
        assert "exempt import" in error["remedy"]
    finally:
        write_list(stage, "listed-one")
    stage.sweep()
    assert stage.is_guarded("unsure")
