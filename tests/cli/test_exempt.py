"""`mfa-reactor exempt`: the exemption list, from a file to SSM and back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sandbox import Sandbox
    from tests.cli.command import CommandLine


ARN = "arn:aws:iam::123456789012:user/teams/ops/Carol"


@pytest.fixture
def parameter(name: Callable[[str], str]) -> str:
    """A parameter's name that no other test has."""
    return f"/mfa/{name('exempt')}"


@pytest.fixture
def here(command: CommandLine, parameter: str, tmp_path: Path) -> CommandLine:
    """The command in a directory for files, with the test's own parameter set."""
    environment = {**command.environment, "REACTOR_EXEMPT_PARAMETER": parameter}
    return replace(command, environment=environment, directory=tmp_path)


def stored(sandbox: Sandbox, parameter: str) -> Any:
    """The parameter where the deployed reactor reads it."""
    return sandbox.client("ssm", "us-east-1").get_parameter(Name=parameter)["Parameter"]


def store(sandbox: Sandbox, parameter: str, *entries: str) -> None:
    """Put a list there."""
    ssm = sandbox.client("ssm", "us-east-1")
    ssm.put_parameter(Name=parameter, Value=",".join(entries), Type="StringList")


def long_list(characters: int) -> str:
    """A file of names whose list has just over so many characters."""
    return "\n".join(f"service-user-{number:06}" for number in range(characters // 20 + 1))


def test_a_file_goes_to_the_list_and_comes_back(
    here: CommandLine, parameter: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """Comments and blanks are dropped, each entry kept once, in order, as written."""
    text = f"# robots\nBuild-Bot\n\n  deploy.bot , backup@host # three\nbuild-bot\n{ARN}\n"
    (tmp_path / "exempt.txt").write_text(text)
    ran = here("exempt", "import", "exempt.txt", "--yes")
    assert (ran.status, ran.stderr) == (0, "")
    assert stored(sandbox, parameter)["Type"] == "StringList"
    assert stored(sandbox, parameter)["Value"] == f"Build-Bot,deploy.bot,backup@host,{ARN}"
    listed = here("exempt", "list")
    assert listed.stdout.splitlines() == ["Build-Bot", "deploy.bot", "backup@host", ARN]
    (tmp_path / "exempt.txt").write_text(listed.stdout)
    assert "has the same 4 entries" in here("exempt", "import", "exempt.txt").stdout


def test_who_is_on_the_list_is_exempt(
    here: CommandLine, new_user: Callable[..., str], parameter: str
) -> None:
    """What was imported is what check reads."""
    user = new_user()
    assert here("exempt", "import", "-", "--yes", stdin=user.upper()).status == 0
    ran = here("check", user, COLUMNS="160")
    assert ran.status == 0
    assert f"is on the exemption list {parameter}" in ran.stdout


def test_the_difference_is_shown_and_without_a_terminal_nothing_is_written(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """Entries are the same without regard to case."""
    store(sandbox, parameter, "alice", "bob")
    ran = here("exempt", "import", "-", stdin="ALICE\ncarol\n")
    assert ran.status == 2
    assert ran.stdout.splitlines() == [
        "1 exempted",
        "  + carol",
        "1 no longer exempt",
        "  - bob",
    ]
    assert "--yes" in ran.error_line
    assert stored(sandbox, parameter)["Value"] == "alice,bob"


@pytest.mark.parametrize(
    ("answer", "status"),
    (
        pytest.param("y\n", 0, id="yes"),
        pytest.param("n\n", 1, id="no"),
        pytest.param("\n", 1, id="no answer is no"),
    ),
)
def test_on_a_terminal_it_asks(
    here: CommandLine, sandbox: Sandbox, tmp_path: Path, answer: str, status: int
) -> None:
    """Only yes writes."""
    parameter = here.environment["REACTOR_EXEMPT_PARAMETER"]
    store(sandbox, parameter, "alice")
    (tmp_path / "exempt.txt").write_text("carol\n")
    ran = here.on_terminal("exempt", "import", "exempt.txt", answer=answer)
    assert ran.status == status
    assert f"Write 1 entry to {parameter}" in ran.stderr
    assert stored(sandbox, parameter)["Value"] == ("alice" if status else "carol")


def test_each_bad_entry_is_named_with_its_line_and_nothing_is_written(
    here: CommandLine, parameter: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    """A list with one slip in it is not written in part."""
    bad = "alice\n[red]bob smith\narn:aws:iam::1234:user/x\narn:aws:iam::123456789012:role/x\n"
    (tmp_path / "exempt.txt").write_text(bad)
    ran = here("exempt", "import", "exempt.txt", "--yes")
    assert (ran.status, ran.stdout) == (2, "")
    assert [
        line.partition(": ")[2].partition(" is no ")[0] for line in ran.stderr.splitlines()
    ] == [
        "exempt.txt: line 2: '[red]bob smith'",
        "exempt.txt: line 3: 'arn:aws:iam::1234:user/x'",
        "exempt.txt: line 4: 'arn:aws:iam::123456789012:role/x'",
    ]
    ssm = sandbox.client("ssm", "us-east-1")
    with pytest.raises(ssm.exceptions.ParameterNotFound):
        ssm.get_parameter(Name=parameter)


def test_a_file_without_entries_is_refused_with_what_it_would_do(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """It would put the guard on everybody whom the list excuses."""
    store(sandbox, parameter, "alice", "bob")
    ran = here("exempt", "import", "-", stdin="# nobody\n")
    assert ran.status == 2
    assert "the 2 users whom it excuses now must carry the guard" in ran.error_line
    assert stored(sandbox, parameter)["Value"] == "alice,bob"


def test_with_yes_the_list_is_emptied_and_still_exists(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """SSM has no empty value: what is written is read as no entry."""
    store(sandbox, parameter, "alice")
    assert here("exempt", "import", "-", "--yes", stdin="").status == 0
    listed = here("exempt", "list")
    assert (listed.status, listed.stdout) == (0, "")


def test_a_list_that_a_standard_parameter_cannot_take_is_refused(here: CommandLine) -> None:
    """4,096 characters is SSM's limit; --advanced has twice that, and costs."""
    ran = here("exempt", "import", "-", "--yes", stdin=long_list(4096))
    assert (ran.status, ran.stdout) == (2, "")
    assert "a standard parameter takes 4,096: --advanced" in ran.error_line


def test_advanced_takes_twice_as_much_and_stays_so(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """A parameter that is advanced already needs no word."""
    assert here("exempt", "import", "-", "--yes", "--advanced", stdin=long_list(4096)).status == 0
    assert here("exempt", "import", "-", "--yes", stdin=long_list(5000)).status == 0
    described = sandbox.client("ssm", "us-east-1").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": [parameter]}]
    )
    assert described["Parameters"][0]["Tier"] == "Advanced"
    ran = here("exempt", "import", "-", "--yes", stdin=long_list(8192))
    assert ran.status == 2
    assert "SSM takes 8,192 at the most" in ran.error_line


def test_a_list_that_fits_stays_standard_with_advanced(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """--advanced permits; it does not spend without need."""
    here("exempt", "import", "-", "--yes", "--advanced", stdin="alice")
    described = sandbox.client("ssm", "us-east-1").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": [parameter]}]
    )
    assert described["Parameters"][0].get("Tier", "Standard") == "Standard"


def test_it_is_written_where_the_deployed_reactor_reads_it(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """Whatever region is configured, IAM's events and so the reactor are in us-east-1."""
    ran = here(
        "exempt",
        "import",
        "-",
        "--yes",
        stdin="alice",
        AWS_REGION="eu-west-1",
        AWS_DEFAULT_REGION="eu-west-1",
    )
    assert ran.status == 0
    assert "us-east-1" in ran.stdout
    assert stored(sandbox, parameter)["Value"] == "alice"


def test_a_parameter_of_another_type_is_left_alone(
    here: CommandLine, parameter: str, sandbox: Sandbox
) -> None:
    """It may hold something else altogether."""
    ssm = sandbox.client("ssm", "us-east-1")
    ssm.put_parameter(Name=parameter, Value="mine", Type="String")
    ran = here("exempt", "import", "-", "--yes", stdin="alice")
    assert ran.status == 1
    assert "is a String, not a StringList" in ran.error_line
    assert stored(sandbox, parameter)["Value"] == "mine"


def test_a_list_that_does_not_exist_cannot_be_listed(here: CommandLine) -> None:
    """Missing is not empty."""
    ran = here("exempt", "list")
    assert (ran.status, ran.stdout) == (1, "")
    assert "does not exist" in ran.error_line


def test_the_option_outweighs_the_setting(
    here: CommandLine, name: Callable[[str], str], sandbox: Sandbox
) -> None:
    """--parameter names another list."""
    other = f"/mfa/{name('other')}"
    assert here("exempt", "import", "-", "--parameter", other, "--yes", stdin="bob").status == 0
    assert stored(sandbox, other)["Value"] == "bob"


def test_without_a_parameter_there_is_no_list_to_read_or_write(outsider: CommandLine) -> None:
    """It says how to name one."""
    for arguments in (("list",), ("import", "-")):
        ran = outsider("exempt", *arguments)
        assert ran.status == 2
        assert "--parameter" in ran.error_line


def test_a_name_that_no_parameter_can_have_is_wrong_use(outsider: CommandLine) -> None:
    """The settings' own check."""
    ran = outsider("exempt", "list", "--parameter", "no such name")
    assert ran.status == 2
    assert "'no such name'" in ran.error_line


def test_a_file_that_is_not_there_is_wrong_use(here: CommandLine) -> None:
    """The line names it."""
    ran = here("exempt", "import", "none.txt", "--yes")
    assert ran.status == 2
    assert "none.txt: No such file or directory" in ran.error_line
