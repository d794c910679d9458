"""reactor.roles: each function's policy is what its reads and actions need, and no more."""

import json
from pathlib import Path
from typing import Any

import pytest

from reactor.buckets import ports as buckets
from reactor.buckets.actions import SetPrivate
from reactor.errors import SettingError
from reactor.evaluations import ports as evaluations
from reactor.functions import functions_of
from reactor.guard import group, keeper
from reactor.inspection import ports as inspection
from reactor.names import Function
from reactor.roles.files import policy_files, stale_files, variables_of, write_files
from reactor.roles.policies import policy, statements
from reactor.roles.statement import OWN_ACCOUNT
from reactor.settings import Scope, Settings
from reactor.users import ports
from reactor.users.actions import (
    AttachGuard,
    DetachGuard,
    JoinGuardGroup,
    KeepGuard,
    LeaveGuardGroup,
    SweepEveryone,
)
from reactor.users.reading import scope_reads
from tests.fakes.harness import settings

ROOT = Path(__file__).parents[2]
GIVEN_ARN = "arn:aws:iam::123456789012:policy/team/Guard"
TAKING = {"sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"}
TOPIC = "arn:aws:sns:us-east-1:123456789012:mfa"
PARAMETER_ARN = "arn:aws:ssm:us-east-1:123456789012:parameter/mfa/slack"
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:slack-AbCdEf"
RUNNING = {
    "sqs:SendMessage",
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
    "xray:PutTraceSegments",
    "xray:PutTelemetryRecords",
}
REPORTING = {"config:PutEvaluations", "config:GetResourceConfigHistory"}
CREDENTIALS = {
    "iam:GetLoginProfile",
    "iam:ListAccessKeys",
    "iam:ListSSHPublicKeys",
    "iam:ListServiceSpecificCredentials",
    "iam:ListSigningCertificates",
}
IN_BULK = {"iam:GetAccountAuthorizationDetails", "iam:GetPolicy", "iam:ListEntitiesForPolicy"}
ONE_BY_ONE = {
    "iam:GetUser",
    "iam:ListAttachedUserPolicies",
    "iam:ListGroupsForUser",
    "iam:ListVirtualMFADevices",
    *CREDENTIALS,
}
INSPECTING = {
    "cloudtrail:DescribeTrails",
    "cloudtrail:GetEventSelectors",
    "cloudtrail:GetTrailStatus",
    "events:DescribeRule",
    "events:ListTargetsByRule",
    "iam:GetAccountSummary",
    "lambda:GetFunctionConcurrency",
    "lambda:GetFunctionEventInvokeConfig",
}
ON_EVENTS = IN_BULK | ONE_BY_ONE | {"iam:GetGroup", "lambda:InvokeFunction"}  # asks the sweep
READING = {
    "react": ON_EVENTS,
    "review": ON_EVENTS,
    "sweep": IN_BULK | INSPECTING | {"iam:GetGroup", "lambda:InvokeFunction"},  # asks itself
}
REPORT_READS = {"iam:GenerateCredentialReport", "iam:GetCredentialReport"}
GROUP_READS = {"iam:GetGroup", "iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies"}
GUARD_READS = {"iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"}
MAKING = {"iam:CreatePolicy", "iam:TagPolicy"}
MAKING_THE_GROUP = {"iam:CreateGroup", "iam:AttachGroupPolicy"}
RESTORING = {"iam:CreatePolicyVersion", "iam:DeletePolicyVersion"}
MENDING_THE_GROUP = {"iam:DetachGroupPolicy", "iam:DeleteGroupPolicy"}
SWITCHING = {"iam:AttachUserPolicy", "iam:AddUserToGroup", "lambda:InvokeFunction"}
OFF = {"iam:DetachUserPolicy", "iam:RemoveUserFromGroup"}
PRIVILEGED = {"scope": "privileged", "dangerous_actions": "iam:*"}
VIA_GROUP = {"guard_via": "group"}
EXEMPT_LIST = {"exempt_parameter": "/mfa/exempt"}
GIVEN = {"guard_policy": GIVEN_ARN}
# Every combination that changes what a role may do.
MANY = [
    {"mode": mode, "lift": lift, **guard, **exempt}
    for mode in ("observe", "enforce")
    for lift in ("never", "exempt")
    for guard in ({}, {"guard_policy": "Other"}, GIVEN)
    for exempt in ({}, EXEMPT_LIST)
]


def actions(document: dict[str, Any]) -> set[str]:
    """Return every action that a policy allows."""
    return {action for each in document["Statement"] for action in each["Action"]}


def granted(function: str, **chosen: str) -> set[str]:
    """Return what a function may do besides running."""
    return actions(policy(function, "dev", settings(**chosen))) - RUNNING


def label(chosen: dict[str, str]) -> str:
    """Return a name for a combination of settings."""
    return ", ".join(f"{name} {text}" for name, text in chosen.items())


@pytest.mark.parametrize("function", READING)
@pytest.mark.parametrize(
    ("chosen", "more"),
    [
        pytest.param({"mode": "observe"}, set(), id="observe: reads only"),
        pytest.param(
            {"mode": "observe", "lift": "exempt", **EXEMPT_LIST},
            {"ssm:GetParameter"},
            id="observe with a list: one more read",
        ),
        pytest.param({}, SWITCHING, id="enforce: put the guard on, either way, ask the keeper"),
        pytest.param(VIA_GROUP, SWITCHING, id="through a group: the same"),
        pytest.param({"lift": "exempt"}, SWITCHING | OFF, id="lift: take it off, too"),
        pytest.param(GIVEN, SWITCHING, id="given guard: the keeper keeps its group"),
    ],
)
def test_reacting_functions(function: str, chosen: dict[str, str], more: set[str]) -> None:
    """What events and the schedule reach may read, switch this guard, and ask the keeper.

    `react` may take the guard off whatever REACTOR_LIFT says: from whoever is being deleted. The
    `sweep` may take it off where it has put it on the regular way.
    """
    if more >= SWITCHING and function == "react":
        more = more | OFF
    if more >= SWITCHING and function == "sweep":
        irregular = "iam:DetachUserPolicy" if chosen == VIA_GROUP else "iam:RemoveUserFromGroup"
        looks = {"iam:GetPolicy"} if chosen == GIVEN else GUARD_READS
        more = more | {irregular} | looks | GROUP_READS | REPORT_READS
    assert granted(function, **chosen) == READING[function] | more


@pytest.mark.parametrize("function", READING)
@pytest.mark.parametrize(
    ("scope", "more"),
    [
        pytest.param("everyone", set(), id="everyone: nothing more"),
        pytest.param("without-mfa", {"iam:ListMFADevices"}, id="without-mfa: devices"),
        pytest.param(
            "console", {"iam:ListMFADevices", "iam:GetLoginProfile"}, id="console: password, too"
        ),
    ],
)
def test_scope_needs_its_reads(function: str, scope: str, more: set[str]) -> None:
    """A function may read what its settings make it read, and nothing beyond."""
    if more and function == "sweep":
        more = more | {"iam:ListVirtualMFADevices"} | REPORT_READS
    assert granted(function, mode="observe", scope=scope) == READING[function] | more


@pytest.mark.parametrize("function", READING)
def test_what_users_may_do_is_read_in_one_scope(function: str) -> None:
    """In scope `privileged`, devices and policies: a sweep has users' and groups' in its pages."""
    own = {"iam:ListUserPolicies", "iam:GetUserPolicy"}
    of_groups = {"iam:ListAttachedGroupPolicies", "iam:ListGroupPolicies", "iam:GetGroupPolicy"}
    more = own | of_groups
    if function == "sweep":
        more = {"iam:ListVirtualMFADevices"} | REPORT_READS
    more |= {"iam:ListMFADevices", "iam:GetPolicy", "iam:GetPolicyVersion"}
    assert granted(function, mode="observe", **PRIVILEGED) == READING[function] | more


@pytest.mark.parametrize(
    ("chosen", "more"),
    [
        pytest.param(
            {},
            MAKING | MAKING_THE_GROUP | RESTORING | MENDING_THE_GROUP,
            id="enforce: makes and restores the guard, and its group",
        ),
        pytest.param({"mode": "observe"}, set(), id="observe: reads only"),
        pytest.param(
            {"guard_restore": "alarm"}, MAKING | MAKING_THE_GROUP, id="alarm: restores nothing"
        ),
    ],
)
def test_keeper(chosen: dict[str, str], more: set[str]) -> None:
    """The keeper alone writes policies, when there is one to write."""
    assert granted("keeper", **chosen) == GUARD_READS | GROUP_READS | more


def test_keeper_of_a_given_guard() -> None:
    """It never writes a guard that someone else keeps, but the group that carries it."""
    may = granted("keeper", **GIVEN)
    assert may == {"iam:GetPolicy"} | GROUP_READS | MAKING_THE_GROUP | MENDING_THE_GROUP


@pytest.mark.parametrize("chosen", [*MANY, PRIVILEGED, {"scope": "console"}], ids=label)
def test_who_takes_notices_has_the_powers_of_review(chosen: dict[str, str]) -> None:
    """And those to work off its queue: it can do to users what an event can, and no more."""
    of_review = granted("review", **chosen)
    # It finds no members, and no owners of devices; and it asks for no sweep, in either mode.
    of_events = {"iam:ListVirtualMFADevices", "lambda:InvokeFunction"}
    of_notices = {"iam:ListUsers", "lambda:ListEventSourceMappings", *TAKING}
    found = granted("compliance", **chosen)
    assert of_review - of_events <= found
    assert found <= of_review | of_notices


def test_the_queues_of_others_are_named_in_the_role() -> None:
    """Each by its ARN, beside the stage's own."""
    arn = "arn:aws:sqs:us-east-1:123456789012:theirs"
    chosen = settings(config_rules="mfa", notification_queues=arn)
    found = {each.sid: each for each in statements("compliance", "prod", chosen)}
    assert found["TakeNoticesOfOthers"].resources == (arn,)
    assert found["TakeNotices"].resources == ("arn:*:sqs:*:*:mfa-reactor-prod-notifications",)


@pytest.mark.parametrize("chosen", MANY, ids=label)
def test_watch(chosen: dict[str, str]) -> None:
    """The watch raises alarms: it may write its log, and nothing else."""
    assert granted("watch", **chosen) == set()


BUCKET_READS = {
    "s3:GetAccountPublicAccessBlock",
    "s3:GetBucketAcl",
    "s3:GetBucketOwnershipControls",
    "s3:GetBucketPolicyStatus",
    "s3:GetBucketPublicAccessBlock",
    "s3:GetBucketTagging",
    "s3:ListAllMyBuckets",
}


@pytest.mark.parametrize("chosen", MANY, ids=label)
def test_buckets(chosen: dict[str, str]) -> None:
    """It may read what makes a bucket public, set its ACL when it enforces, and nothing of IAM."""
    sets = {"s3:PutBucketAcl"} if chosen["mode"] == "enforce" else set()
    assert granted("buckets", **chosen) == BUCKET_READS | sets


def test_buckets_of_other_accounts_are_out_of_reach() -> None:
    """Their owners may let our role in; the condition keeps it at home."""
    for each in statements("buckets", "dev", settings()):
        if any(resource.startswith("arn:*:s3:") for resource in each.resources):
            own = {"StringEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
            assert each.condition == own


def test_a_rule_of_aws_config_looks_at_no_buckets() -> None:
    """AWS Config has rules of its own for them: wanting them gives the function no more power."""
    assert granted("config", buckets="true") == granted("config")


@pytest.mark.parametrize("chosen", MANY, ids=label)
def test_who_takes_notices_has_the_powers_of_buckets_where_they_are_wanted(
    chosen: dict[str, str],
) -> None:
    """A notice of a public bucket is acted on as an event of it is."""
    more = granted("compliance", **chosen, buckets="true") - granted("compliance", **chosen)
    assert more == granted("buckets", **chosen)


def test_roles_are_what_actions_and_reads_declare() -> None:
    """All permissions of all roles are those that reads and actions declare, none left out."""
    declared = (
        AttachGuard("", "").permissions,
        DetachGuard("", "").permissions,
        JoinGuardGroup("", "").permissions,
        LeaveGuardGroup("", "").permissions,
        KeepGuard("").permissions,
        SweepEveryone().permissions,
        keeper.MAKES | keeper.RESTORES | group.MAKES | group.ATTACHES | group.MENDS,
        frozenset(group.READS.values()),
        frozenset(inspection.READS.values()),
        frozenset(ports.READS.values()) | frozenset(ports.REPORT_READS.values()),
        frozenset(keeper.READS.values()),
        frozenset(evaluations.READS.values()) | evaluations.REPORTS,
        TAKING | {"lambda:ListEventSourceMappings"},
        frozenset(buckets.READS.values()) | SetPrivate("", "").permissions,
    )
    everything = set[str]().union(
        *(
            granted(function, lift="exempt", **EXEMPT_LIST, **scope)
            for function in Function
            for scope in (PRIVILEGED, {"scope": "console"})
        )
    )
    assert everything == set[str]().union(*declared)


# By what name, and again what a channel left over.
TELLING = {"iam:ListAccountAliases", "lambda:InvokeFunction"}
CHANNELS: list[tuple[dict[str, str], set[str]]] = [
    ({"slack_webhook": "ssm:/mfa/slack"}, {*TELLING, "ssm:GetParameter"}),
    (
        {"slack_webhook": "secretsmanager:slack"},
        {*TELLING, "secretsmanager:GetSecretValue"},
    ),
    ({"notice_topic": TOPIC}, {*TELLING, "sns:Publish"}),
    ({"notice_bus": "default"}, {*TELLING, "events:PutEvents"}),
    (
        {"security_hub": "true"},
        {
            "securityhub:BatchImportFindings",
            "securityhub:BatchUpdateFindings",
            "securityhub:GetFindings",
        },
    ),
]


@pytest.mark.parametrize(("channel", "needed"), CHANNELS, ids=lambda each: str(sorted(each)))
def test_notify_may_reach_the_channels_that_are_set(
    channel: dict[str, str], needed: set[str]
) -> None:
    """And nothing else; the other functions may do nothing more than invoke it."""
    assert granted("notify", **channel) == needed
    for function in (each for each in Function if each is not Function.NOTIFY):
        more = granted(function, **channel) - granted(function)
        assert more <= {"lambda:InvokeFunction"}
        (asking,) = [
            each
            for each in statements(function, "dev", settings(**channel))
            if each.sid == "AskNotify"
        ]
        assert asking.resources == ("arn:*:lambda:*:*:function:mfa-reactor-dev-notify",)


def test_notify_may_invoke_itself_alone() -> None:
    """It hands on what a channel left over; findings alone Lambda's own tries bring again."""
    (handing_on,) = [
        each
        for each in statements("notify", "dev", settings(notice_topic=TOPIC))
        if "lambda:InvokeFunction" in each.actions
    ]
    assert handing_on.resources == ("arn:*:lambda:*:*:function:mfa-reactor-dev-notify",)
    assert handing_on.condition == OWN_ACCOUNT


def test_without_a_channel_nobody_may_invoke_notify() -> None:
    """Nothing of it is in the roles of whoever has not turned it on."""
    for function in functions_of(settings()):
        assert "notify" not in json.dumps(policy(function, "dev", settings())).lower()


@pytest.mark.parametrize(
    ("reference", "resource"),
    [
        ("ssm:/mfa/slack", "arn:*:ssm:*:*:parameter/mfa/slack"),
        ("ssm:slack", "arn:*:ssm:*:*:parameter/slack"),
        (f"ssm:{PARAMETER_ARN}", PARAMETER_ARN),
        ("secretsmanager:slack", "arn:*:secretsmanager:*:*:secret:slack-??????"),
        (f"secretsmanager:{SECRET_ARN}", SECRET_ARN),
    ],
)
def test_one_secret_can_be_read(reference: str, resource: str) -> None:
    """The one that the setting names: no other of the account's."""
    (found,) = [
        each
        for each in statements("notify", "dev", settings(slack_webhook=reference))
        if each.sid == "ReadWebhook"
    ]
    assert found.resources == (resource,)


def test_events_are_put_as_ours_and_findings_only_resolved() -> None:
    """Whoever takes the role over can neither play AWS on the bus nor hide findings."""
    chosen = settings(notice_bus="team", security_hub="true")
    conditions = {
        each.sid: each.condition for each in statements("notify", "dev", chosen) if each.condition
    }
    assert conditions["PutEvents"]["StringEquals"] == {"events:source": "mfa-reactor"}
    assert conditions["ResolveFindings"] == {
        "StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": "RESOLVED"}
    }


@pytest.mark.parametrize("chosen", [*MANY, *(each for each, _ in CHANNELS)], ids=label)
@pytest.mark.parametrize("function", Function)
def test_small_powers(function: str, chosen: dict[str, str]) -> None:
    """Each statement has its own Sid, names its actions, and a reason where it has a wildcard."""
    found = statements(function, "dev", settings(**chosen))
    assert len({each.sid for each in found}) == len(found)
    for each in found:
        assert each.sid.isalnum()
        assert all("*" not in action for action in each.actions)
        if any("*" in resource for resource in each.resources):
            assert each.reason
        if each.resources == ("*",):
            known = {
                *("InspectAccount", "NameAccount", "ReadAllBuckets", "ReadInBulk"),
                *("ReportToConfig", "SeeWhatIsHeeded", "WriteTraces"),
            }
            assert each.sid in known


@pytest.mark.parametrize("chosen", [each for each in MANY if each["mode"] == "observe"], ids=label)
@pytest.mark.parametrize("function", Function)
def test_observe_mode_cannot_change_anything(function: str, chosen: dict[str, str]) -> None:
    """A stage told to observe holds reads only, so that it can be trusted to.

    But for asking the sweep, which observes, too, for telling AWS Config, and for taking notices
    out of the queue that brings them.
    """
    for each in statements(function, "dev", settings(**chosen)):
        if each.sid == "ReportToConfig":
            assert set(each.actions) == REPORTING
            continue
        if each.sid == "TakeNotices":
            assert set(each.actions) == TAKING
            continue
        if each.sid == "AskSweep":
            assert each.resources == ("arn:*:lambda:*:*:function:mfa-reactor-dev-sweep",)
            continue
        for action in set(each.actions) - RUNNING:
            assert action.partition(":")[2].startswith(("Get", "List", "Describe"))


@pytest.mark.parametrize("chosen", MANY, ids=label)
@pytest.mark.parametrize("function", Function)
def test_nobody_may_do_more(function: str, chosen: dict[str, str]) -> None:
    """No role can put inline policies or pass roles, and only the keeper can touch documents."""
    refused = {
        "iam:PutUserPolicy",
        "iam:PutGroupPolicy",
        "iam:SetDefaultPolicyVersion",
        "iam:PassRole",
    }
    documents = MAKING | RESTORING | MAKING_THE_GROUP | MENDING_THE_GROUP
    assert not granted(function, **chosen) & refused
    assert function == "keeper" or not granted(function, **chosen) & documents


@pytest.mark.parametrize(
    ("chosen", "arn"),
    [
        pytest.param({}, "arn:*:iam::*:policy/MfaReactorGuard", id="the default"),
        pytest.param({"guard_policy": "Own"}, "arn:*:iam::*:policy/Own", id="another name"),
        pytest.param(GIVEN, GIVEN_ARN, id="a given guard"),
    ],
)
def test_guard_is_named_in_the_roles(chosen: dict[str, str], arn: str) -> None:
    """Attaching and detaching are limited to this guard, reading and creating as well."""
    reacting = {each.sid: each for each in statements("react", "dev", settings(**chosen))}
    assert reacting["SwitchGuard"].condition == {"ArnLike": {"iam:PolicyARN": arn}}
    assert reacting["SwitchGuard"].resources == ("arn:*:iam::*:user/*",)
    assert reacting["ReadGuard"].resources == (arn,)
    keeping = {each.sid: each for each in statements("keeper", "dev", settings(**chosen))}
    assert all(keeping[sid].resources == (arn,) for sid in keeping if sid.endswith("Guard"))
    its_group = f"arn:*:iam::*:group/mfa-reactor/{arn.rpartition('/')[2]}"
    assert reacting["SwitchGuardGroup"].resources == (its_group,)
    for sid in ("WriteGuardGroup", "AttachGuardToGroup"):
        assert keeping[sid].resources == (its_group,)
    assert keeping["AttachGuardToGroup"].condition == {"ArnLike": {"iam:PolicyARN": arn}}


@pytest.mark.parametrize("name", ["/mfa/exempt", "mfa-exempt"])
def test_parameter_is_named_in_the_roles(name: str) -> None:
    """Only the exemption list can be read; SSM's ARNs have one slash, with a path or without."""
    found = {each.sid: each for each in statements("react", "dev", settings(exempt_parameter=name))}
    assert found["ReadExemptions"].resources == (f"arn:*:ssm:*:*:parameter/{name.lstrip('/')}",)


def test_stage_is_named_in_the_roles() -> None:
    """A function writes its own log and asks its own stage's keeper."""
    found = {each.sid: each for each in statements("react", "prod", settings())}
    group = "arn:*:logs:*:*:log-group:/aws/lambda/mfa-reactor-prod-react"
    assert found["WriteLog"].resources == (group, f"{group}:*")
    assert found["AskKeeper"].resources == ("arn:*:lambda:*:*:function:mfa-reactor-prod-keeper",)


@pytest.mark.parametrize("function", Function)
def test_what_has_a_policy_of_its_own_must_be_in_the_roles_account(function: str) -> None:
    """Another account's queue or function of the name could let our roles in; they do not go."""
    own = {"StringEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
    found = {
        each.sid: each.condition
        for each in statements(function, "prod", settings())
        if any(action.startswith(("sqs:", "lambda:Invoke")) for action in each.actions)
    }
    expected = {
        "react": {"AskSweep", "AskKeeper"},
        "review": {"AskSweep", "AskKeeper"},
        "sweep": {"AskSweep", "AskKeeper"},
        "compliance": {"AskKeeper", "TakeNotices"},
    }
    assert found == dict.fromkeys({"HandOverFailures"} | expected.get(function, set()), own)


@pytest.mark.parametrize("chosen", MANY, ids=label)
def test_who_only_reports_can_change_nothing(chosen: dict[str, str]) -> None:
    """The function `config` has the same powers in both modes: to read, and to tell AWS Config."""
    found = granted("config", **chosen) - RUNNING - REPORTING
    assert all(each.partition(":")[2].startswith(("Get", "List")) for each in found)
    assert found == granted("config", **{**chosen, "mode": "observe"}) - RUNNING - REPORTING


@pytest.mark.parametrize("scope", Scope)
def test_a_rule_may_name_another_scope(scope: Scope) -> None:
    """The function `config` may read what every scope needs, whatever the stage's own."""
    needed = {
        ports.READS[each] for each in scope_reads(settings(scope=scope, dangerous_actions="iam:*"))
    }
    assert needed <= granted("config")


def test_a_rule_may_ask_what_a_users_groups_let_it_do() -> None:
    """Of a single user no bulk data tells it: the role can read as `react` does in that scope."""
    needed = {ports.READS[each] for each in (*ports.USERS_POLICY_READS, *ports.GROUPS_POLICY_READS)}
    assert needed <= granted("config")
    assert needed <= granted("react", **PRIVILEGED)


@pytest.mark.parametrize(
    ("chosen", "lists"),
    [
        pytest.param({}, {"mfa-reactor/*"}, id="none of the stage's own"),
        pytest.param(EXEMPT_LIST, {"mfa-reactor/*", "mfa/exempt"}, id="and the stage's own"),
    ],
)
def test_a_rule_may_have_a_list_of_its_own(chosen: dict[str, str], lists: set[str]) -> None:
    """Below a path that is ours; no other parameter of the account can be read."""
    found = {each.sid: each for each in statements("config", "dev", settings(**chosen))}
    expected = {f"arn:*:ssm:*:*:parameter/{each}" for each in lists}
    assert set(found["ReadExemptions"].resources) == expected


@pytest.mark.parametrize("function", [each for each in Function if each is not Function.CONFIG])
def test_whose_holders_can_be_listed(function: str) -> None:
    """In one scope an event of `review` leads to any policy's holders; else to the guard's only."""

    def listing(**chosen: str) -> list[tuple[str, ...]]:
        return [
            each.resources
            for each in statements(function, "prod", settings(**chosen))
            if "iam:ListEntitiesForPolicy" in each.actions
        ]

    guards = ("arn:*:iam::*:policy/MfaReactorGuard",)
    assert listing() in ([], [guards])
    anybodys = [("arn:*:iam::*:policy/*",)] if function == "review" else []
    assert listing(**PRIVILEGED) == anybodys + listing()


def test_files_of_this_project_fit() -> None:
    """The policy files in .chalice are those that config.json calls for."""
    assert stale_files(ROOT / ".chalice") == []


def test_every_function_has_its_own_file() -> None:
    """Each stage gives each function a policy of its own, and nothing is generated by Chalice."""
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    assert config["autogen_policy"] is False
    for stage, entries in config["stages"].items():
        files = {
            name: function["iam_policy_file"]
            for name, function in entries["lambda_functions"].items()
        }
        assert files == {name: f"policy-{stage}-{name}.json" for name in Function}


def config_of(**variables: str) -> dict[str, Any]:
    """Return a config.json with one stage."""
    functions = {each: {"iam_policy_file": f"policy-dev-{each}.json"} for each in Function}
    return {"stages": {"dev": {"environment_variables": variables, "lambda_functions": functions}}}


def test_variables_of_a_function() -> None:
    """A function's own variables win over its stage's, and those over the project's."""
    config = {
        "environment_variables": {
            "REACTOR_MODE": "observe",
            "OTHER": "x",
            "REACTOR_LIFT": "exempt",
        },
        "stages": {
            "dev": {
                "environment_variables": {"REACTOR_MODE": "enforce", "REACTOR_SCOPE": "console"},
                "lambda_functions": {
                    "sweep": {"environment_variables": {"REACTOR_SCOPE": "everyone"}}
                },
            }
        },
    }
    common = {"REACTOR_MODE": "enforce", "REACTOR_LIFT": "exempt"}
    assert variables_of(config, "dev", "react") == {**common, "REACTOR_SCOPE": "console"}
    assert variables_of(config, "dev", "sweep") == {**common, "REACTOR_SCOPE": "everyone"}


def test_files_are_written_once(tmp_path: Path) -> None:
    """Changed settings make files stale, by name; writing them makes them fit."""
    (tmp_path / "config.json").write_text(json.dumps(config_of()))
    names = [f"policy-dev-{function}.json" for function in functions_of(settings())]
    assert write_files(tmp_path) == names
    assert write_files(tmp_path) == []
    (tmp_path / "config.json").write_text(json.dumps(config_of(REACTOR_MODE="enforce")))
    the_same = ("policy-dev-watch.json", "policy-dev-config.json")  # neither can change anything
    assert stale_files(tmp_path) == [name for name in names if name not in the_same]
    (tmp_path / "config.json").write_text(json.dumps(config_of(REACTOR_EXEMPT_PARAMETER="/x")))
    assert stale_files(tmp_path) == [
        f"policy-dev-{function}.json" for function in ("react", "review", "sweep", "config")
    ]
    (tmp_path / "config.json").write_text(json.dumps(config_of(REACTOR_NOTICE_BUS="default")))
    assert stale_files(tmp_path) == [
        f"policy-dev-{function}.json" for function in functions_of(settings(notice_bus="default"))
    ]


def test_another_stages_file_is_refused(tmp_path: Path) -> None:
    """An observing stage that was copied must not run with the enforcing one's roles."""
    config = config_of()
    config["stages"]["dev"]["lambda_functions"]["react"]["iam_policy_file"] = (
        "policy-prod-react.json"
    )
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(SettingError, match=r"stage dev: .*takes 'policy-dev-react\.json'"):
        stale_files(tmp_path)


def test_files_are_policies() -> None:
    """A file is a policy document that ends in a line."""
    for _, text in policy_files(config_of(REACTOR_MODE="enforce")):
        assert text.endswith("}\n")
        assert json.loads(text)["Version"] == "2012-10-17"


def test_wrong_settings_name_the_stage() -> None:
    """The line that refuses a setting says in which stage it stands."""
    with pytest.raises(SettingError, match=r"^stage dev: REACTOR_MODE is 'on': it takes one of"):
        list(policy_files(config_of(REACTOR_MODE="on")))


def test_statement_as_iam_reads_it() -> None:
    """A statement is written with sorted members, and a condition only where there is one."""
    (found,) = [
        each
        for each in policy("react", "dev", Settings.from_environment({}))["Statement"]
        if each["Sid"] == "ReadGuard"
    ]
    assert found == {
        "Sid": "ReadGuard",
        "Effect": "Allow",
        "Action": ["iam:GetPolicy", "iam:ListEntitiesForPolicy"],
        "Resource": ["arn:*:iam::*:policy/MfaReactorGuard"],
    }
