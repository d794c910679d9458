"""The documents say what the code does, where they quote it."""

import dataclasses
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from reactor.audit import ALARM_SCHEMA, SCHEMA
from reactor.buckets import actions as bucket_actions
from reactor.buckets.events import CATALOGUE as BUCKET_EVENTS
from reactor.cli.impact import Impact
from reactor.guard import actions as guard_actions
from reactor.guard.scp import policy_text, service_control_policy
from reactor.model import AlarmKind, SubjectKind
from reactor.names import Function
from reactor.settings import Settings, variable
from reactor.triggers.catalogue import CATALOGUE
from reactor.triggers.rules import ON_ITS_GROUP, ON_THE_GUARD, compliance_pattern
from reactor.users import actions as user_actions
from reactor.users.breadth import Breadth
from tests.project.commands import section
from tests.project.documents import (
    bucket_events_table,
    events_tables,
    invocations_table,
    notices_table,
    settings_table,
)

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
SCP_LIMIT = 5120  # characters, as the file lies there
AUDIT = (ROOT / "docs" / "audit.md").read_text()
JUDGES = [
    ROOT / "reactor" / name
    for name in (
        "reconcile.py",
        "users/rules.py",
        "guard/keeper.py",
        "guard/group.py",
        "buckets/rules.py",
    )
]
# How the rules' names are written there: first, or after the compliance.
_RULE = re.compile(
    r'(?:_settled|_compliant|_not_visible)\(\s*"([a-z-]+)"|Compliance\.\w+, "([a-z-]+)"'
)
PLACEHOLDER = "YOUR-DEPLOYING-ROLE"
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


def test_the_readmes_table_of_settings_is_the_codes() -> None:
    """Every setting with its default and meaning, in the code's own words."""
    assert settings_table() in README


def test_the_events_tables_are_the_catalogues() -> None:
    """docs/events.md has every row, with its condition and its reason, and nothing besides."""
    text = (ROOT / "docs" / "events.md").read_text()
    assert events_tables() in text
    assert bucket_events_table() in section(text, "`buckets`")
    others = {"`compliance`": notices_table(), "`config`": invocations_table()}
    for heading, table in others.items():
        assert table in section(text, heading)
    expected = len(CATALOGUE) + len(ON_THE_GUARD) + len(ON_ITS_GROUP) + len(BUCKET_EVENTS)
    expected += sum(table.count("\n| `") for table in others.values())
    assert text.count("\n| `") == expected


def test_the_document_on_events_says_what_wakes_each_function() -> None:
    """Each has its heading, and no function is named that there is not."""
    text = (ROOT / "docs" / "events.md").read_text()
    headed = re.findall(r"^## `(\w+)`$", text, re.MULTILINE)
    assert sorted(headed) == sorted(each.value for each in Function)


def test_the_document_on_events_has_what_compliance_is_woken_by() -> None:
    """The event's source and kind, and what a rule must have found, as in the pattern."""
    told = section((ROOT / "docs" / "events.md").read_text(), "`compliance`")
    pattern = compliance_pattern(Settings.from_environment({"REACTOR_CONFIG_RULES": "mfa"}))
    found = pattern["detail"]["newEvaluationResult"]["complianceType"]
    for each in (*pattern["source"], *pattern["detail-type"], *found):
        assert f"`{each}`" in told


def test_the_readme_names_targets_that_exist() -> None:
    """Each `make TARGET` in the documents is in the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in DOCUMENTS:
        named = set(re.findall(r"(?:^    |`)make ([a-z-]+)", document.read_text(), re.MULTILINE))
        assert named <= targets, document.name


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link points to a file of the repository."""
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_links_into_a_page_lead_to_a_heading(document: Path) -> None:
    """Each fragment is a heading's, as GitHub makes them."""
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]+)\)", document.read_text()):
        page = document.parent / target if target else document
        headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
        assert heading in {_fragment(each) for each in headings}, (target, heading)


def _fragment(heading: str) -> str:
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def test_the_document_of_roles_is_the_codes() -> None:
    """docs/roles.md is what `mfa-reactor roles --markdown` prints."""
    ran = subprocess.run(
        [sys.executable, "-m", "reactor", "roles", "--markdown"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ROOT / "docs" / "roles.md").read_text() == ran.stdout


def test_the_service_control_policy_is_the_codes() -> None:
    """infra/scp.json is what the default settings give, for a role whose name is a placeholder."""
    policy = (ROOT / "infra" / "scp.json").read_text()
    assert policy == policy_text("aws", Settings.from_environment({}), [PLACEHOLDER]) + "\n"
    assert len(policy) <= SCP_LIMIT
    assert f"`{PLACEHOLDER}`" in (ROOT / "docs" / "organizations.md").read_text()


def test_the_document_on_organizations_has_every_statement() -> None:
    """docs/organizations.md says of each statement that there can be what it denies."""
    settings = Settings.from_environment(
        {"REACTOR_EXEMPT_NAMES": "a-*", "REACTOR_EXEMPT_GROUPS": "Robots"}
    )
    text = (ROOT / "docs" / "organizations.md").read_text()
    policy = service_control_policy("aws", settings, [PLACEHOLDER])
    sids = [each["Sid"].replace("1", "…") for each in policy["Statement"]]
    assert re.findall(r"^\| `(\w+…?)` \|", text, re.MULTILINE) == sids


@pytest.mark.parametrize("arguments", sorted(set(re.findall(r"`mfa-reactor ([a-z ]+)`", README))))
def test_the_readme_names_commands_that_exist(arguments: str) -> None:
    """Each command of the table has a help text."""
    ran = subprocess.run(  # noqa: S603 - our own command
        [sys.executable, "-m", "reactor", *arguments.split(), "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def test_the_stages_come_observing() -> None:
    """Nobody is locked out by a deployment as it comes."""
    config = (ROOT / ".chalice" / "config.json").read_text()
    assert config.count('"REACTOR_MODE": "observe"') == 2
    assert "enforce" not in config


def test_the_audit_document_has_the_current_schemas() -> None:
    """docs/audit.md describes the schemas that are written."""
    assert f"`{SCHEMA}`" in AUDIT
    assert f"`{ALARM_SCHEMA}`" in AUDIT


def test_the_audit_document_has_every_alarm() -> None:
    """Each kind has its row, and there is no other."""
    text = section(AUDIT, "Alarms: `mfa-reactor/alarm/1`")
    rows = re.findall(r"^\| `([a-z-]+)`(?: \\\*)? \|", text, re.MULTILINE)
    assert rows[0] == "alarm"  # the head
    assert sorted(rows[1:]) == sorted(AlarmKind)


def test_the_audit_document_has_every_action_rule_and_subject() -> None:
    """Whatever a record can say is explained."""
    text = section(AUDIT, "Records: `mfa-reactor/audit/1`")
    named = set(re.findall(r"`([a-z-]+)`", text))
    actions = {
        type_.__dataclass_fields__["name"].default
        for module in (guard_actions, user_actions, bucket_actions)
        for type_ in vars(module).values()
        if dataclasses.is_dataclass(type_) and type_.__module__ == module.__name__
    }
    assert {"attach-guard", "create-group"} <= actions <= named
    assert set(SubjectKind) <= named
    found = [each for path in JUDGES for each in _RULE.findall(path.read_text())]
    rules = {first or second for first, second in found}
    assert "public-by-policy" in rules
    assert (
        {"guarded", "guard-group-drifted", "exempt", "not-read", "just-created"} <= rules <= named
    )


def test_the_threat_model_has_every_setting_of_the_guard() -> None:
    """What each changes for an attacker is said; of the exemptions, all at once."""
    text = section((ROOT / "docs" / "threat-model.md").read_text(), "What each setting changes")
    of_the_guard = {
        variable(each.name) for each in fields(Settings) if each.name.startswith("guard")
    }
    assert of_the_guard
    for name in of_the_guard:
        assert f"`{name}`" in text


def test_the_guide_to_enforcing_has_every_step_and_every_member() -> None:
    """The scale is the code's, the widest first, and so are the members of the impact."""
    guide = (ROOT / "docs" / "enforcing.md").read_text()
    steps = [f"| {each.meaning} |" for each in sorted(Breadth, reverse=True)]
    assert [line for line in guide.splitlines() if line.startswith(tuple(steps))] == [
        line for step in steps for line in guide.splitlines() if line.startswith(step)
    ]
    assert all(guide.count(step) == 1 for step in steps)
    assert {each for each in Impact().document() if f"`{each}`" not in guide} == set()
