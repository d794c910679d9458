"""reactor.holes: what is asked of the simulator, and what its answers come to."""

import itertools
from typing import Any

import pytest

from reactor.errors import Permanent, Transient
from reactor.guard.document import guard_document
from reactor.guard.identity import Guard
from reactor.holes.asking import ADMINISTRATOR, AT_ONCE
from reactor.holes.check import find_holes
from reactor.holes.policy import Policy
from reactor.holes.ports import Refused, Simulation
from reactor.holes.questions import Case
from reactor.holes.report import Hole, Report
from reactor.holes.severity import Severity
from reactor.settings import Settings
from tests.fakes.account import ACCOUNT, DEFAULTS
from tests.fakes.simulator import FakeSimulator, one_by_one

IAM = f"arn:aws:iam::{ACCOUNT}"
NO_MFA = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
EVERYWHERE = ("key", "service", "federation", "console")
NOT_CONSOLE = ("key", "service", "federation")


def but(*actions: str, **members: Any) -> dict[str, Any]:
    """Return the denial, without MFA, of everything but some actions."""
    return {
        "Effect": "Deny",
        "NotAction": list(actions) or "iam:NoSuchThing",
        "Resource": "*",
        "Condition": NO_MFA,
        **members,
    }


def judge(
    *statements: dict[str, Any], simulator: FakeSimulator | None = None, **given: Any
) -> Report:
    """Judge a document of statements; `given` is what the case has besides."""
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return check(document, simulator or FakeSimulator(), **given)


def check(
    document: object, simulator: FakeSimulator, settings: Settings = DEFAULTS, **given: Any
) -> Report:
    """Judge a document."""
    case = Case(
        policy=Policy.of(document),
        guard=Guard.of(settings, partition="aws", account=ACCOUNT),
        settings=settings,
        partition="aws",
        account=ACCOUNT,
        **given,
    )
    return find_holes(case, simulator, one_by_one)


def open_ones(report: Report) -> set[tuple[str, str, tuple[str, ...]]]:
    """Return the holes without their severity."""
    return {(each.action, each.whom, each.sessions) for each in report.holes}


def test_nothing_denied_is_everything_open() -> None:
    """Who may do everything may do it without MFA."""
    report = judge({"Effect": "Allow", "Action": "*", "Resource": "*"})
    assert ("iam:CreateAccessKey", "another user", EVERYWHERE) in open_ones(report)
    assert ("secretsmanager:GetSecretValue", "any", EVERYWHERE) in open_ones(report)
    assert report.fails(Severity.CRITICAL)
    assert report.holes[0].severity is Severity.CRITICAL


def test_everything_denied_is_no_hole() -> None:
    """Not even enrolment must be possible: that is the operator's choice."""
    report = judge({"Effect": "Deny", "Action": "*", "Resource": "*"})
    assert (report.holes, report.judged, report.fails(Severity.LOW)) == ((), True, False)
    assert report.asked > 1000


@pytest.mark.parametrize(
    ("action", "holes"),
    [
        pytest.param("sts:GetSessionToken", set(), id="what cannot be denied with effect"),
        pytest.param("sts:GetCallerIdentity", set(), id="what cannot be denied"),
        pytest.param("iam:ListVirtualMFADevices", set(), id="a read of all devices"),
        pytest.param(
            "iam:GetUser", {("iam:GetUser", "another user", EVERYWHERE)}, id="a read of oneself"
        ),
        pytest.param("iam:ChangePassword", set(), id="one's own password, which takes the old one"),
        pytest.param(
            "iam:CreateVirtualMFADevice",
            {("iam:CreateVirtualMFADevice", "a device", NOT_CONSOLE)},
            id="a new device is for the console",
        ),
        pytest.param(
            "iam:EnableMFADevice",
            {
                ("iam:EnableMFADevice", "itself", NOT_CONSOLE),
                ("iam:EnableMFADevice", "another user", EVERYWHERE),
            },
            id="to enrol is for the console, and for oneself",
        ),
        pytest.param(
            "iam:DeactivateMFADevice",
            {
                ("iam:DeactivateMFADevice", "itself", EVERYWHERE),
                ("iam:DeactivateMFADevice", "another user", EVERYWHERE),
            },
            id="to take a device off is for nobody",
        ),
        pytest.param(
            "iam:listusers", {("iam:ListUsers", "any", EVERYWHERE)}, id="names in other case"
        ),
        pytest.param(
            "iam:Delete*Policy*",
            {
                *(
                    (f"iam:Delete{each}", on, EVERYWHERE)
                    for each, on in (
                        ("Policy", "the guard"),
                        ("Policy", "another policy"),
                        ("PolicyVersion", "the guard"),
                        ("PolicyVersion", "another policy"),
                        ("GroupPolicy", "the guard's group"),
                        ("GroupPolicy", "another group"),
                        ("UserPolicy", "itself"),
                        ("UserPolicy", "another user"),
                        ("RolePolicy", "any role"),
                        ("AccountPasswordPolicy", "any"),
                    )
                )
            },
            id="a pattern, on all that it is about",
        ),
        pytest.param("sts:AssumeRoleWithSAML", set(), id="what takes no credentials"),
    ],
)
def test_what_one_exception_opens(action: str, holes: set[Any]) -> None:
    """Of a guard that denies all but one action: what enrolment needs is no hole."""
    assert open_ones(judge(but(action))) == holes


@pytest.mark.parametrize(
    ("condition", "sessions"),
    [
        pytest.param(NO_MFA, (), id="BoolIfExists holds in all"),
        pytest.param(
            {"Bool": {"aws:MultiFactorAuthPresent": "false"}},
            ("key",),
            id="Bool lets keys through",
        ),
        pytest.param(
            {"Null": {"aws:MultiFactorAuthPresent": "true"}},
            ("service", "federation", "console"),
            id="Null holds for keys alone",
        ),
        pytest.param({"Null": {"aws:MultiFactorAuthAge": "true"}}, (), id="no age, no MFA"),
        pytest.param(
            {"NumericGreaterThan": {"aws:MultiFactorAuthAge": "3600"}},
            EVERYWHERE,
            id="too old is not none",
        ),
        pytest.param(
            {**NO_MFA, "Bool": {"aws:ViaAWSService": "false"}},
            ("service",),
            id="services that act for somebody are left out",
        ),
        pytest.param(
            {**NO_MFA, "StringEquals": {"aws:PrincipalType": "User"}},
            ("federation",),
            id="federation tokens are left out",
        ),
    ],
)
def test_sessions(condition: dict[str, Any], sessions: tuple[str, ...]) -> None:
    """A denial under a condition holds in the sessions whose keys meet it."""
    holes = open_ones(judge(but(Condition=condition)))
    found = {hole for hole in holes if hole[:2] == ("iam:CreateAccessKey", "another user")}
    assert found == ({("iam:CreateAccessKey", "another user", sessions)} if sessions else set())


@pytest.mark.parametrize(
    ("oneself", "whom"),
    [
        pytest.param([f"{IAM}:user/${{aws:username}}"], None, id="only users at the root are it"),
        pytest.param(
            [f"{IAM}:user/${{aws:username}}*"],
            f"another user ({IAM}:user/${{aws:username}}*; below a path of its name; whose name"
            " begins with its own)",
            id="a star after the name",
        ),
        pytest.param(
            [f"{IAM}:user/${{aws:username}}/*"],
            f"another user ({IAM}:user/${{aws:username}}/*; below a path of its name)",
            id="a star below the name",
        ),
        pytest.param(
            [f"{IAM}:user/*/*"],
            f"another user ({IAM}:user/*/*; below a path; below a path of its name)",
            id="below a path",
        ),
        pytest.param([f"{IAM}:user/*"], "another user", id="everybody"),
        pytest.param([f"{IAM}:user/x-*"], f"another user ({IAM}:user/x-*)", id="some, by name"),
        pytest.param([f"{IAM}:user/*/${{aws:username}}"], None, id="only users below paths are it"),
    ],
)
def test_others_who_pass_for_oneself(oneself: list[str], whom: str | None) -> None:
    """Each way in which a pattern for oneself fits others, too; of those it names, each is said."""
    others = {"Effect": "Deny", "Action": "iam:EnableMFADevice", "NotResource": oneself}
    report = judge(but("iam:EnableMFADevice"), {**others, "Condition": NO_MFA})
    found = {hole for hole in open_ones(report) if "console" in hole[2]}
    assert {whom for _, whom, _ in found} == ({whom} if whom else set())


def test_of_users_below_a_path_it_is_said_where_only_they_are_concerned() -> None:
    """A key that enrols its own device, of users below a path alone."""
    others = {
        "Effect": "Deny",
        "Action": "iam:EnableMFADevice",
        "NotResource": f"{IAM}:user/*/${{aws:username}}",
    }
    report = judge(but("iam:EnableMFADevice"), others)
    # The federated user is nobody: the statement with its name does not count for it.
    assert open_ones(report) == {
        ("iam:EnableMFADevice", "itself (below a path)", ("key", "service")),
        ("iam:EnableMFADevice", "itself", ("federation",)),
        ("iam:EnableMFADevice", "another user", ("federation",)),
    }


def guards() -> list[Any]:
    """Return settings for each combination of the document's options."""
    options = {
        "REACTOR_GUARD_ENROL": ("console", "anywhere"),
        "REACTOR_GUARD_PASSWORD_CHANGE": ("true", "false"),
        "REACTOR_GUARD_SESSION_HOURS": ("", "1", "36"),
        "REACTOR_GUARD_SELF_DETACH": ("false", "true"),
        "REACTOR_GUARD_SELF_SERVICE": ("enrol", "credentials"),
    }
    return [
        pytest.param(dict(zip(options, values, strict=True)), id=" ".join(values))
        for values in itertools.product(*options.values())
    ]


@pytest.mark.parametrize("environment", guards())
def test_our_own_guard_has_no_hole(environment: dict[str, str]) -> None:
    """In every combination of its options, judged by them."""
    settings = Settings.from_environment(environment)
    report = check(
        guard_document("aws", ACCOUNT, settings),
        FakeSimulator(),
        settings,
        hours=settings.guard_session_hours,
    )
    assert (report.holes, report.judged) == ((), True)


@pytest.mark.parametrize(
    ("theirs", "ours", "holes"),
    [
        pytest.param(
            {"REACTOR_GUARD_ENROL": "anywhere"},
            {},
            {
                ("iam:CreateVirtualMFADevice", "a device", ("key",)),
                ("iam:EnableMFADevice", "itself", ("key",)),
                ("iam:ResyncMFADevice", "itself", ("key",)),
            },
            id="keys enrol, and should not",
        ),
        pytest.param(
            {},
            {"REACTOR_GUARD_PASSWORD_CHANGE": "false"},
            {("iam:ChangePassword", "itself", ("key", "console"))},
            id="the password is changed, and should not be",
        ),
    ],
)
def test_the_settings_say_what_is_expected(
    theirs: dict[str, str], ours: dict[str, str], holes: set[Any]
) -> None:
    """A guard that was made of wider settings has the holes that they make."""
    document = guard_document("aws", ACCOUNT, Settings.from_environment(theirs))
    report = check(document, FakeSimulator(), Settings.from_environment(ours))
    assert open_ones(report) == holes


def test_anywhere_is_for_the_users_own_calls() -> None:
    """No service enrols for a key, and no federation token, whatever the operator wants."""
    settings = Settings.from_environment({"REACTOR_GUARD_ENROL": "anywhere"})
    statement = but("iam:CreateVirtualMFADevice")
    report = check({"Statement": statement}, FakeSimulator(), settings, hours=1)
    found = {hole for hole in open_ones(report) if hole[0] == "iam:CreateVirtualMFADevice"}
    assert found == {("iam:CreateVirtualMFADevice", "a device", ("service", "federation"))}


def test_old_mfa_is_a_session_of_its_own_when_asked() -> None:
    """A guard without a limit leaves everything open to it."""
    document = guard_document("aws", ACCOUNT, DEFAULTS)
    report = check(document, FakeSimulator(), hours=12)
    assert {each.sessions for each in report.holes} == {("old-mfa",)}
    assert ("iam:CreateAccessKey", "itself", ("old-mfa",)) in open_ones(report)
    # With MFA, however old, it is the tampering that is denied.
    assert not [each for each in report.holes if (each.action, each.whom) == (
        "iam:CreatePolicyVersion", "the guard"
    )]  # fmt: skip
    assert report.sessions[-1].words == "MFA older than 12 h"


BY_ADDRESS = but(Condition={**NO_MFA, "NotIpAddress": {"aws:SourceIp": "192.0.2.1"}})


def test_what_an_unknown_key_decides_is_not_judged() -> None:
    """It is denied as long as the address is another: from that one all is open."""
    report = judge(BY_ADDRESS)
    assert (report.holes, report.judged, report.keys) == ((), False, ("aws:SourceIp",))
    first = report.unjudged[0]
    assert (first.severity, first.sessions) == (Severity.CRITICAL, EVERYWHERE)
    assert report.fails(Severity.CRITICAL)


@pytest.mark.parametrize(
    ("address", "holes"),
    [
        pytest.param("192.0.2.1", True, id="the one that is let through"),
        pytest.param("198.51.100.1", False, id="another"),
    ],
)
def test_a_key_whose_value_is_given_is_known(address: str, holes: bool) -> None:
    """Then it is judged for that value."""
    report = judge(BY_ADDRESS, context={"aws:SourceIp": address})
    assert (bool(report.holes), report.judged) == (holes, True)


def test_an_unknown_key_is_no_matter_where_something_else_denies() -> None:
    """As in our own guard, whose denials of tampering ask for the policy and the tags given."""
    report = judge(BY_ADDRESS, but())
    assert (report.holes, report.judged) == ((), True)


def test_what_a_permission_depends_on_is_no_matter() -> None:
    """It is judged as an administrator's: nothing needs the document's own permissions."""
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    report = judge(but(), {**allow, "Condition": {"StringEquals": {"aws:SourceVpc": "x"}}})
    assert (report.holes, report.judged) == ((), True)


@pytest.mark.parametrize(
    ("excepted", "found", "unasked"),
    [
        pytest.param("support:DescribeSeverityLevels", "low", (), id="a name"),
        pytest.param("support:Add*", "high", (), id="a pattern"),
        pytest.param("s3:ListAllMyBuckets", "low", (), id="a permission that is no operation"),
        pytest.param("no-such-service:DoThis", "high", (), id="a name of an unknown service"),
        pytest.param(
            "no-such-service:*",
            None,
            ("no-such-service:*",),
            id="a pattern of an unknown service",
        ),
        pytest.param("support:NoSuch*", None, ("support:NoSuch*",), id="a pattern of nothing"),
    ],
)
def test_what_a_document_leaves_out_is_asked_about(
    excepted: str, found: str | None, unasked: tuple[str, ...]
) -> None:
    """Whatever the list of actions has: the document's own exceptions are its likeliest holes."""
    report = judge(but(excepted))
    assert {each.severity.value for each in report.holes} == ({found} if found else set())
    assert report.unasked == unasked
    assert report.fails(Severity.LOW)
    assert report.fails(Severity.CRITICAL) is bool(unasked)


def test_resources_outside_iam_that_are_left_out_are_said_and_not_asked() -> None:
    """What actions they take is not known here."""
    report = judge(but(), but(NotResource=["arn:aws:s3:::public/*"]))
    assert (report.holes, report.unasked) == ((), ("arn:aws:s3:::public/*",))


def test_what_the_simulator_does_not_rule_is_not_judged() -> None:
    """An administrator is allowed or denied: neither means that it does not know the action."""
    simulator = FakeSimulator()
    simulator.unruled = {"iam:PassRole"}
    report = judge(but(), simulator=simulator)
    assert report.holes == ()
    assert report.unruled == (Hole(Severity.CRITICAL, "iam:PassRole", "any role", EVERYWHERE),)
    assert report.fails(Severity.CRITICAL)


def test_a_name_that_the_simulator_refuses_is_not_judged_and_the_others_are() -> None:
    """The request is parted until it is known which name is at fault."""
    simulator = FakeSimulator()
    simulator.unknown = {"sts:AssumeRoot", "iam:GetUser"}
    report = judge(but("iam:GetUser", "iam:ListUsers"), simulator=simulator)
    assert open_ones(report) == {("iam:ListUsers", "any", EVERYWHERE)}
    assert {each.action for each in report.unruled} == {"sts:AssumeRoot", "iam:GetUser"}


def test_a_document_that_the_simulator_refuses_is_an_error() -> None:
    """It is found out first, once for each session, and not for each name."""
    simulator = FakeSimulator()
    simulator.error = Refused("no", remedy="mend it")
    with pytest.raises(Permanent, match="no"):
        judge(but(), simulator=simulator)
    assert len(simulator.asked) == len(EVERYWHERE)


def test_an_error_is_never_taken_for_an_answer() -> None:
    """Neither is an answer that is missing."""
    simulator = FakeSimulator()
    simulator.error = Transient("throttled", remedy="wait")
    with pytest.raises(Transient, match="throttled"):
        judge(but(), simulator=simulator)
    simulator.error, simulator.dropped = None, {"iam:PassRole"}
    with pytest.raises(Transient, match=r"gave no answer for iam:PassRole on .*:role/any"):
        judge(but(), simulator=simulator)


def asked() -> list[Simulation]:
    """Return all requests about a document."""
    simulator = FakeSimulator()
    judge(but(), simulator=simulator)
    return simulator.asked


def test_it_is_asked_as_an_administrator_in_requests_of_bounded_size() -> None:
    """With an allow-all before the document."""
    requests = asked()
    assert {each.documents[0] for each in requests} == {ADMINISTRATOR}
    assert all(len(each.documents) == 2 for each in requests)
    assert all(len(each.actions) * max(1, len(each.resources)) <= AT_ONCE for each in requests)
    assert len(requests) < 100


def test_sessions_are_told_apart_by_their_keys() -> None:
    """Each with the keys, and without the keys, that such requests have at AWS."""
    mfa, via, who = "aws:MultiFactorAuthPresent", "aws:ViaAWSService", "aws:PrincipalType"
    seen = {
        (each.caller is None, *(each.context.get(key) for key in (mfa, via, who, "aws:username")))
        for each in asked()
    }
    assert seen == {
        (False, None, False, "User", "someone"),
        (False, False, True, "User", "someone"),
        (True, False, False, "FederatedUser", None),
        (False, False, False, "User", "someone"),
    }


def test_requests_that_attach_policies_carry_the_guards_arn() -> None:
    """Only they: the key is absent from all others."""
    with_policy = {
        action for each in asked() if "iam:PolicyARN" in each.context for action in each.actions
    }
    assert with_policy == {
        f"iam:{verb}{what}Policy"
        for verb in ("Attach", "Detach")
        for what in ("User", "Group", "Role")
    }
