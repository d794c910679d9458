"""reactor.guard.scp: the service control policy's statements, roles, form and length.

What it does to real requests is simulated in tests/proof; here its text is held still.
"""

import json
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import pytest

from reactor.errors import SettingError
from reactor.guard.scp import LIMIT, policy_text, service_control_policy
from reactor.settings import Settings

ROLE = "Deployer"
BY_NAME = ["arn:aws:iam::*:role/Deployer", "arn:aws:iam::*:role/*/Deployer"]
OUR_ROLES = "arn:aws:iam::*:role/mfa-reactor-*"
SEIZING = {"iam:CreateRole", "iam:PassRole", "iam:UpdateAssumeRolePolicy"}
EVERY_EXEMPTION = {
    "REACTOR_EXEMPT_TAGS": "userType:Service,team:robots,UserType:Bot",
    "REACTOR_EXEMPT_PARAMETER": "/mfa-reactor/exempt",
    "REACTOR_EXEMPT_NAMES": "BedrockAPIKey-*",
    "REACTOR_EXEMPT_PATHS": "/service/",
    "REACTOR_EXEMPT_GROUPS": "Robots",
}


def statements(
    roles: tuple[str, ...] = (ROLE,),
    partition: str = "aws",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, dict[str, Any]]:
    """Return the policy's statements by their Sids."""
    settings = Settings.from_environment(variables)
    document = service_control_policy(partition, settings, roles)
    return {each["Sid"]: each for each in document["Statement"]}


def let_through(statement: dict[str, Any]) -> list[str]:
    """Return the principals that a statement does not bind."""
    return list(statement["Condition"]["ArnNotLike"]["aws:PrincipalArn"])


@pytest.mark.parametrize(
    ("variables", "exemptions"),
    [
        pytest.param({}, ["KeepExemptTag1"], id="the default tag"),
        pytest.param({"REACTOR_EXEMPT_TAGS": ""}, [], id="no exemptions"),
        pytest.param(
            EVERY_EXEMPTION,
            ["KeepExemptTag1", "KeepExemptTag2", "KeepExemptNames", "KeepExemptGroups"],
            id="every kind of exemption",
        ),
    ],
)
def test_statements(variables: dict[str, str], exemptions: list[str]) -> None:
    """The reactor, its ways in and the guard always; exemptions as far as the settings have any."""
    assert list(statements(variables=variables)) == [
        "KeepTheReactor",
        "KeepOtherEventsOut",
        "KeepTheNamedRoles",
        "KeepTheGuardOn",
        *exemptions,
    ]


def test_what_the_reactor_is_made_of() -> None:
    """All that any stage has, whatever its name; the guard and its group, whatever their path."""
    assert statements()["KeepTheReactor"]["Resource"] == [
        "arn:aws:iam::*:role/mfa-reactor-*",
        "arn:aws:lambda:*:*:function:mfa-reactor-*",
        "arn:aws:events:*:*:rule/mfa-reactor-*",
        "arn:aws:logs:*:*:log-group:/aws/lambda/mfa-reactor-*",
        "arn:aws:sqs:*:*:mfa-reactor-*",
        "arn:aws:sns:*:*:mfa-reactor-*",
        "arn:aws:cloudwatch:*:*:alarm:mfa-reactor-*",
        "arn:aws:cloudformation:*:*:stack/mfa-reactor-*",
        "arn:aws:iam::*:group/MfaReactorGuard",
        "arn:aws:iam::*:group/*/MfaReactorGuard",
        "arn:aws:iam::*:policy/MfaReactorGuard",
        "arn:aws:iam::*:policy/*/MfaReactorGuard",
    ]


def test_the_exemption_list() -> None:
    """A list that the settings name is closed to writing, and open to reading."""
    kept = statements(variables={"REACTOR_EXEMPT_PARAMETER": "/mfa-reactor/exempt"})[
        "KeepTheReactor"
    ]
    assert "arn:aws:ssm:*:*:parameter/mfa-reactor/exempt" in kept["Resource"]
    assert {"ssm:Get*", "ssm:List*"} <= set(kept["NotAction"])
    assert not [each for each in statements()["KeepTheReactor"]["NotAction"] if "ssm" in each]


def test_a_guard_kept_by_someone_else() -> None:
    """It is not taken off, and edited by whoever keeps it."""
    given = "arn:aws:iam::123456789012:policy/team/Guard"
    found = statements(variables={"REACTOR_GUARD_POLICY": given})
    assert found["KeepTheGuardOn"]["Condition"]["ArnLike"] == {"iam:PolicyARN": given}
    assert not [each for each in found["KeepTheReactor"]["Resource"] if ":policy/" in each]


def test_exempting_tags() -> None:
    """One statement a key: conditions on two would both have to hold. Keys compare without case."""
    found = statements(variables=EVERY_EXEMPTION)
    assert [
        found[sid]["Condition"]["StringEqualsIgnoreCase"]
        for sid in ("KeepExemptTag1", "KeepExemptTag2")
    ] == [
        {"aws:RequestTag/usertype": ["Service", "Bot"]},
        {"aws:RequestTag/team": ["robots"]},
    ]


def test_exempting_names() -> None:
    """A name may have any path; of a path, all below it is exempt."""
    found = statements(variables=EVERY_EXEMPTION)
    assert found["KeepExemptNames"]["Resource"] == [
        "arn:aws:iam::*:user/BedrockAPIKey-*",
        "arn:aws:iam::*:user/*/BedrockAPIKey-*",
        "arn:aws:iam::*:user/service/*",
    ]
    assert found["KeepExemptGroups"]["Resource"] == [
        "arn:aws:iam::*:group/Robots",
        "arn:aws:iam::*:group/*/Robots",
    ]


def test_a_wildcard_first_has_every_path() -> None:
    """Since it stands for slashes, too, a second form would only take room."""
    names = statements(variables={"REACTOR_EXEMPT_NAMES": "*-bot"})["KeepExemptNames"]
    assert names["Resource"] == ["arn:aws:iam::*:user/*-bot"]


def test_a_path_is_meant_as_written() -> None:
    """IAM's paths may have characters that a policy would read as wildcards and variables."""
    paths = statements(variables={"REACTOR_EXEMPT_PATHS": "/a?/${aws:username}/"})[
        "KeepExemptNames"
    ]
    assert paths["Resource"] == ["arn:aws:iam::*:user/a${?}/${$}{aws:username}/*"]


@pytest.mark.parametrize(
    ("role", "arns"),
    [
        pytest.param(ROLE, BY_NAME, id="a name, in any path"),
        pytest.param(
            "AWSReservedSSO_Ops_*",
            [
                "arn:aws:iam::*:role/AWSReservedSSO_Ops_*",
                "arn:aws:iam::*:role/*/AWSReservedSSO_Ops_*",
            ],
            id="a name that ends in what varies",
        ),
        pytest.param("*-deploy", ["arn:aws:iam::*:role/*-deploy"], id="a name that begins so"),
        pytest.param(
            "arn:aws:iam::123456789012:role/ci/Deployer",
            ["arn:aws:iam::123456789012:role/ci/Deployer"],
            id="an ARN",
        ),
        pytest.param(
            "arn:aws:iam::*:role/aws-reserved/*/AWSReservedSSO_Ops_*",
            ["arn:aws:iam::*:role/aws-reserved/*/AWSReservedSSO_Ops_*"],
            id="an ARN in every account",
        ),
    ],
)
def test_a_named_role(role: str, arns: list[str]) -> None:
    """It is let through by each statement, and nobody else gets at it or makes it."""
    found = statements(roles=(role,))
    assert found["KeepTheNamedRoles"]["Resource"] == arns
    assert {tuple(let_through(each)) for each in found.values()} == {(OUR_ROLES, *arns)}


def test_trusted_roles_are_named() -> None:
    """Those that may deploy without an alarm, first; a role named twice counts once."""
    found = statements(roles=(ROLE, "Other"), variables={"REACTOR_TRUSTED_ROLES": "Other"})
    assert let_through(found["KeepTheReactor"]) == [
        OUR_ROLES,
        "arn:aws:iam::*:role/Other",
        "arn:aws:iam::*:role/*/Other",
        *BY_NAME,
    ]


def test_whatever_is_let_through_cannot_be_made() -> None:
    """Else anybody makes a role that each statement lets through."""
    found = statements(
        roles=(ROLE, "*-deploy", "arn:aws:iam::*:role/ci/*x"), variables=EVERY_EXEMPTION
    )
    everything, named = found["KeepTheReactor"], found["KeepTheNamedRoles"]
    closed = [*everything["Resource"], *named["Resource"]]
    assert set(let_through(everything)) <= set(closed)
    assert set(named["Action"]) == SEIZING
    assert not SEIZING & set(everything["NotAction"])


@pytest.mark.parametrize(
    "role",
    [
        pytest.param("", id="nothing"),
        pytest.param("*", id="every role"),
        pytest.param("?*", id="every role again"),
        pytest.param("arn:aws:iam::*:role/*", id="every role, as an ARN"),
        pytest.param("arn:aws:iam::*:role/ci/*", id="every role of a path"),
        pytest.param("a role", id="no name"),
        pytest.param("${aws:username}", id="a variable"),
        pytest.param("ci/Deployer", id="a path without the rest"),
        pytest.param("arn:aws:iam::1:role/X", id="no account"),
        pytest.param("arn:aws-cn:iam::*:role/X", id="another partition"),
        pytest.param("arn:aws:iam::*:user/X", id="a user"),
        pytest.param("arn:aws:sts::123456789012:assumed-role/X/session", id="a session"),
    ],
)
def test_what_names_no_role_is_refused(role: str) -> None:
    """So is what would let every role through."""
    with pytest.raises(SettingError, match="names no role"):
        statements(roles=(ROLE, role))


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_it_is_at_home(partition: str) -> None:
    """In each partition its ARNs are its own."""
    text = json.dumps(statements(partition=partition, variables=EVERY_EXEMPTION))
    assert set(re.findall(r"arn:([a-z-]+):", text)) == {partition}


def test_it_keeps_to_what_every_organization_takes() -> None:
    """It only denies, with wildcards at the end of actions, and without the later elements."""
    for each in statements(variables=EVERY_EXEMPTION).values():
        assert each["Effect"] == "Deny"
        assert re.fullmatch(r"[A-Za-z0-9]+", each["Sid"])
        assert set(each) <= {"Sid", "Effect", "Action", "NotAction", "Resource", "Condition"}
        for action in [*each.get("Action", ()), *each.get("NotAction", ())]:
            assert re.fullmatch(r"[a-z]+:[A-Za-z]+\*?", action), action


def test_the_text_is_the_policy() -> None:
    """An element a line, all of it ASCII: then bytes and characters are the same number."""
    settings = Settings.from_environment({"REACTOR_EXEMPT_TAGS": "Ämter:Größe"})
    text = policy_text("aws", settings, [ROLE])
    assert json.loads(text) == service_control_policy("aws", settings, [ROLE])
    assert text.isascii()
    lines = text.splitlines()
    assert len(lines) == 2 + 5 * len(statements())
    assert not [line for line in lines if line != line.rstrip()]


def test_the_longest_policy() -> None:
    """With the end of its last line it may have 5,120 characters, and not one more."""
    left = LIMIT - len(policy_text("aws", _with_a_path(1), [ROLE]) + "\n")
    longest = policy_text("aws", _with_a_path(1 + left), [ROLE])
    assert len(longest + "\n") == LIMIT == 5120
    with pytest.raises(SettingError, match="5,121 characters"):
        policy_text("aws", _with_a_path(2 + left), [ROLE])


def _with_a_path(length: int) -> Settings:
    return Settings.from_environment({"REACTOR_EXEMPT_PATHS": f"/{'p' * length}/"})


@pytest.mark.parametrize(
    ("name", "items"),
    [
        ("REACTOR_EXEMPT_TAGS", [f"key{number}:value" for number in range(9)]),
        ("REACTOR_EXEMPT_NAMES", [f"service-{number}-*" for number in range(60)]),
        ("REACTOR_EXEMPT_PATHS", [f"/service/{number}/" for number in range(90)]),
        ("REACTOR_EXEMPT_GROUPS", [f"Robots{number}" for number in range(60)]),
        ("the named roles", [f"Deployer{number}" for number in range(20)]),
    ],
)
def test_one_too_long_says_what_to_shorten(name: str, items: list[str]) -> None:
    """The error names the longest list first, with what it takes."""
    variables = {name: ",".join(items)} if name.startswith("REACTOR") else {}
    roles = [ROLE] if variables else items
    with pytest.raises(SettingError) as refused:
        policy_text("aws", Settings.from_environment(variables), roles)
    assert re.search(rf"takes 5,120: [^(]*\({name} \d,\d{{3}}", str(refused.value))
    assert "\n" not in str(refused.value)
