"""The roles' policies: one a function, made from what its reads and actions declare.

`.chalice/policy-STAGE-FUNCTION.json` are they, written by `mfa-reactor roles --write` from
each stage's settings; a deployment with others is refused. In observe mode no role can change
anything, so that a stage that was told to observe can be trusted to.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reactor.buckets import ports as buckets
from reactor.buckets.actions import SetPrivate
from reactor.compliance import ports as compliance
from reactor.errors import SettingError
from reactor.functions import functions_of
from reactor.guard import group, keeper
from reactor.guard.identity import GROUP_PATH
from reactor.inspection import ports as inspection
from reactor.names import APP, Function, failed_queue, function_name, log_group, notifications
from reactor.settings import PREFIX, Lift, Mode, Restore, Scope, Settings, Via
from reactor.triggers.config import LISTS_BELOW
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

_BUCKETS = ("arn:*:s3:::*",)
_USERS = ("arn:*:iam::*:user/*",)
_GROUPS = ("arn:*:iam::*:group/*",)
_POLICIES = ("arn:*:iam::*:policy/*",)  # AWS's own, too: their account is "aws"
_ANY_ACCOUNT = "the account is not known when the file is made; a role acts in its own only"
# A queue's or a function's own policy may let roles of other accounts in, and somebody else's may
# have our name. SQS and Lambda are not among the services whose calls lack this key (IAM user
# guide, global condition keys). IfExists: whether Lambda, which tries sqs:SendMessage out when a
# destination is set, brings the key along is not documented.
_OWN_ACCOUNT = {"StringEqualsIfExists": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}}
_KEPT_TO_OWN = (
    "the account is not known when the file is made; the condition keeps it to the role's"
)
_ANY_BUCKET = f"any bucket may be the one; {_KEPT_TO_OWN}"
_ASKING = frozenset({"lambda:InvokeFunction"})
# By the service that a resource of theirs belongs to.
_INSPECTING = {
    "*": ("InspectAccount", "AWS knows no resource for these"),
    "cloudtrail": ("InspectTrails", f"any trail may be the one that logs; {_ANY_ACCOUNT}"),
    "events": ("InspectRules", f"all rules of the stage; {_ANY_ACCOUNT}"),
    "lambda": ("InspectFunctions", f"all functions of the stage; {_ANY_ACCOUNT}"),
}


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of a role's policy. `reason` says why its wildcards are there."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    reason: str
    condition: Mapping[str, Any] | None = None

    def document(self) -> dict[str, Any]:
        """Return it as IAM reads it."""
        statement: dict[str, Any] = {
            "Sid": self.sid,
            "Effect": "Allow",
            "Action": sorted(self.actions),
            "Resource": sorted(self.resources),
        }
        if self.condition is not None:
            statement["Condition"] = self.condition
        return statement


def statements(function: str, stage: str, settings: Settings) -> tuple[Statement, ...]:
    """Return what a function of a stage may do under the stage's settings."""
    powers = _powers(function, stage, settings)
    if settings.tells and function != Function.NOTIFY:
        powers = (*powers, _invoke("AskNotify", _ASKING, stage, Function.NOTIFY))
    return (*powers, *_running(function, stage))


def _powers(function: str, stage: str, settings: Settings) -> Iterable[Statement]:
    """Return what its own work takes."""
    powers: Iterable[Statement]
    match function:
        case Function.REACT:
            powers = _reacting(stage, settings, detaches=True)
        case Function.REVIEW:
            powers = _reviewing(stage, settings)
        case Function.WATCH:
            powers = ()
        case Function.SWEEP:
            powers = _sweeping(stage, settings)
        case Function.KEEPER:
            powers = _keeping(settings)
        case Function.BUCKETS:
            powers = _buckets(settings)
        case Function.CONFIG:
            powers = _evaluating(settings)
        case Function.COMPLIANCE:
            powers = _complying(stage, settings)
        case Function.NOTIFY:
            powers = _telling(settings)
        case _:
            raise ValueError(f"no function {function!r}, there are {', '.join(Function)}")
    return powers


def policy(function: str, stage: str, settings: Settings) -> dict[str, Any]:
    """Return the policy document of a function's role."""
    return {
        "Version": "2012-10-17",
        "Statement": [each.document() for each in statements(function, stage, settings)],
    }


def policy_files(config: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield name and content of each policy file that a `.chalice/config.json` calls for.

    Raises SettingError when a stage's settings are wrong; the line names the stage.
    """
    for stage, function in _functions(config):
        document = policy(function, stage, settings_of(config, stage, function))
        yield f"policy-{stage}-{function}.json", json.dumps(document, indent=2) + "\n"


def settings_of(config: Mapping[str, Any], stage: str, function: str) -> Settings:
    """Return the settings that a function of a stage gets from a `.chalice/config.json`.

    Raises SettingError when they are wrong; the line names the stage.
    """
    try:
        return Settings.from_environment(variables_of(config, stage, function))
    except SettingError as error:
        raise SettingError(f"stage {stage}: {error}") from None


def variables_of(config: Mapping[str, Any], stage: str, function: str) -> dict[str, str]:
    """Return a function's REACTOR_ variables, merged in Chalice's order."""
    entries = config["stages"][stage]
    own = (entries.get("lambda_functions") or {}).get(function) or {}
    merged: dict[str, Any] = {}
    for level in (config, entries, own):
        merged |= level.get("environment_variables") or {}
    return {name: str(value) for name, value in merged.items() if name.startswith(PREFIX)}


def stale_files(directory: Path) -> list[str]:
    """Return the policy files in a `.chalice` directory that do not fit its config.json."""
    config = json.loads((directory / "config.json").read_text())
    _refuse_other_files(config)
    wanted = dict(policy_files(config))
    return [name for name, text in wanted.items() if _content(directory / name) != text]


def write_files(directory: Path) -> list[str]:
    """Write the policy files that do not fit; return their names."""
    wanted = dict(policy_files(json.loads((directory / "config.json").read_text())))
    stale = stale_files(directory)
    for name in stale:
        (directory / name).write_text(wanted[name])
    return stale


def _functions(config: Mapping[str, Any]) -> Iterator[tuple[str, Function]]:
    """Yield the functions of each stage."""
    for stage in config["stages"]:
        for function in functions_of(settings_of(config, stage, "")):
            yield stage, function


def _refuse_other_files(config: Mapping[str, Any]) -> None:
    """Refuse a stage whose functions take another policy than the one made for them."""
    for stage, function in _functions(config):
        own = (config["stages"][stage].get("lambda_functions") or {}).get(function) or {}
        wanted = f"policy-{stage}-{function}.json"
        if own.get("iam_policy_file") != wanted:
            raise SettingError(
                f"stage {stage}: in .chalice/config.json, lambda_functions.{function} has"
                f" iam_policy_file {own.get('iam_policy_file')!r}: it takes {wanted!r}"
            )


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _reacting(stage: str, settings: Settings, *, detaches: bool) -> Iterable[Statement]:
    """What reading one user at a time needs, and finding whom an event leads to."""
    yield from _read_one_by_one(settings, "device_owner", "account_pages")
    yield _find_members()
    # In observe mode, too: whom an event concerns must be known to be recorded.
    yield _invoke("AskSweep", SweepEveryone().permissions, stage, Function.SWEEP)
    yield from _judging(stage, settings, detaches=detaches)


def _reviewing(stage: str, settings: Settings) -> Iterable[Statement]:
    """What reacting needs, and finding whom another policy than the guard reaches."""
    if settings.scope is Scope.PRIVILEGED:
        yield Statement(
            "FindHolders",
            _reads("holders_of"),
            _POLICIES,
            f"any policy may be made to allow something dangerous; {_ANY_ACCOUNT}",
        )
    yield from _reacting(stage, settings, detaches=settings.lift is not Lift.NEVER)


def _sweeping(stage: str, settings: Settings) -> Iterable[Statement]:
    """What reading everybody in bulk needs, and asking what that leaves open."""
    reads = scope_reads(settings)
    if reads:
        yield _read_users(*reads)
    if settings.scope is Scope.PRIVILEGED:
        yield _read_policies()
    bulk = ["account_pages", *(["virtual_devices"] if reads else [])]
    if reads or (settings.mode is Mode.ENFORCE and settings.max_remediations):
        bulk += ports.REPORT_READS  # they rank whom to ask and to change first
    yield _read_in_bulk(*bulk)
    # What does not fit into one invocation of it goes on in another.
    yield _invoke("AskSweep", SweepEveryone().permissions, stage, Function.SWEEP)
    yield from _inspecting(stage)
    lifts = settings.lift is not Lift.NEVER
    yield from _judging(stage, settings, detaches=lifts, sweeps=True)


def _complying(stage: str, settings: Settings) -> Iterable[Statement]:
    """What judging and mending what notices name needs, and working off their queue."""
    more = ("virtual_devices",) if scope_reads(settings) else ()
    yield from _read_one_by_one(settings, "names_by_id", "account_pages", *more)
    yield from _judging(stage, settings, detaches=settings.lift is not Lift.NEVER)
    if settings.buckets:
        yield from _buckets(settings)
    # Lambda works the queue off with the function's role (developer guide, SQS).
    takes = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    own = (f"arn:*:sqs:*:*:{notifications(stage)}",)
    yield Statement("TakeNotices", takes, own, _KEPT_TO_OWN, _OWN_ACCOUNT)
    if settings.notification_queues:
        others = settings.notification_queues
        yield Statement("TakeNoticesOfOthers", takes, others, "none: REACTOR_NOTIFICATION_QUEUES")
    yield Statement(
        "SeeWhatIsHeeded",
        ("lambda:ListEventSourceMappings",),
        ("*",),
        "Lambda knows no resource for this one",
    )


def _evaluating(settings: Settings) -> Iterable[Statement]:
    """What evaluating needs by any rule, whose parameters may name another scope; it only reads."""
    rules = [
        replace(settings, scope=scope, lift=Lift.NEVER, dangerous_actions=("*",)) for scope in Scope
    ]
    scoped = (read for each in rules for read in scope_reads(each))
    reads = ("user", "attached_policies", "groups_of", *ports.USERS_POLICY_READS)
    yield _read_users(*reads, *scoped)
    yield _read_in_bulk("names_by_id", "account_pages", "virtual_devices", "managed_documents")
    yield from _read_policies_one_by_one()
    yield _find_members()
    yield Statement(
        "FindHolders",
        _reads("holders_of", "groups_with"),
        ("arn:*:iam::*:policy/*",),
        f"any policy may have changed; {_ANY_ACCOUNT}",
    )
    yield Statement("ReadGuard", _reads("policy"), (_guard_arn(settings),), _ANY_ACCOUNT)
    yield _read_guard_group(settings, *_reads("group_path"))
    lists = {_parameter_arn(f"{LISTS_BELOW}*")}
    if settings.exempt_parameter:
        lists.add(_parameter_arn(settings.exempt_parameter))
    yield Statement(
        "ReadExemptions",
        _reads("exemption_list"),
        tuple(lists),
        f"a rule may have an exemption list of its own, below {LISTS_BELOW}; {_ANY_ACCOUNT}",
    )
    yield Statement(
        "ReadResults",
        (compliance.READS["evaluated"],),
        ("arn:*:config:*:*:config-rule/*",),
        f"rules have random ids; {_ANY_ACCOUNT}",
    )
    yield Statement(
        "ReportToConfig",
        (*compliance.REPORTS, compliance.READS["latest"]),
        ("*",),
        "AWS Config knows no resource for these; it takes results only with the token that it gave",
    )


def _inspecting(stage: str) -> Iterable[Statement]:
    """What looking for what no event can bring needs; the exemption list is read anyway."""
    by_resource: dict[str, list[str]] = {}
    for read in inspection.READS:
        if read != "parameter":
            by_resource.setdefault(inspection.resource_of(read, stage), []).append(read)
    for resource, reads in by_resource.items():
        service = "*" if resource == "*" else resource.split(":")[2]
        sid, reason = _INSPECTING[service]
        yield Statement(sid, tuple(inspection.READS[read] for read in reads), (resource,), reason)


def _read_one_by_one(settings: Settings, *bulk: str) -> Iterable[Statement]:
    """What reading one user at a time needs, and what is read in bulk besides."""
    reads = ["user", "attached_policies", "groups_of", *ports.CREDENTIAL_READS]
    if settings.scope is Scope.PRIVILEGED:
        reads += ports.USERS_POLICY_READS
        bulk += ("managed_documents",)
        yield from _read_policies_one_by_one()
    yield _read_users(*reads, *scope_reads(settings))
    yield _read_in_bulk(*bulk)


def _read_users(*reads: str) -> Statement:
    return Statement(
        "ReadUsers", _reads(*reads), _USERS, f"any user may be the one; {_ANY_ACCOUNT}"
    )


def _read_policies() -> Statement:
    return Statement(
        "ReadPolicies",
        _reads(*ports.POLICY_READS),
        _POLICIES,
        f"any policy may allow something dangerous, AWS's own, too; {_ANY_ACCOUNT}",
    )


def _read_policies_one_by_one() -> Iterable[Statement]:
    """What it takes to tell what somebody may do, where groups are not read in bulk."""
    yield _read_policies()
    yield Statement(
        "ReadGroups",
        _reads(*ports.GROUPS_POLICY_READS),
        _GROUPS,
        f"any group may let its members do something dangerous; {_ANY_ACCOUNT}",
    )


def _find_members() -> Statement:
    return Statement(
        "FindMembers",
        _reads("members_of"),
        _GROUPS,
        f"any group's policies may be changed; {_ANY_ACCOUNT}",
    )


def _read_in_bulk(*reads: str) -> Statement:
    return Statement("ReadInBulk", _reads(*reads), ("*",), "IAM knows no resource for these")


def _judging(
    stage: str, settings: Settings, *, detaches: bool, sweeps: bool = False
) -> Iterable[Statement]:
    """What every judgement of users needs, and carrying it out; `sweeps`: of all of them."""
    guard = _guard_arn(settings)
    of_guard, of_group = set(_reads("groups_with", "policy")), set(_reads("group_path"))
    if sweeps and settings.mode is Mode.ENFORCE:
        # It looks at the guard as the keeper does, and asks that only if something is wrong.
        of_guard.update(_keepers_reads(settings))
        of_group.update(group.READS.values())
    yield Statement("ReadGuard", tuple(of_guard), (guard,), _ANY_ACCOUNT)
    yield _read_guard_group(settings, *of_group)
    if settings.exempt_parameter:
        parameter = _parameter_arn(settings.exempt_parameter)
        yield Statement("ReadExemptions", _reads("exemption_list"), (parameter,), _ANY_ACCOUNT)
    if settings.mode is Mode.ENFORCE:
        yield from _enforcing(stage, settings, guard, detaches=detaches, moves=sweeps)


def _enforcing(
    stage: str, settings: Settings, guard: str, *, detaches: bool, moves: bool
) -> Iterable[Statement]:
    """What putting the guard on takes, either way; and taking it off, or moving it, where it may.

    `detaches`: where REACTOR_LIFT says so, and from whoever is being deleted.
    """
    directly = set(AttachGuard("", "").permissions)
    if detaches or (moves and settings.guard_via is Via.GROUP):
        directly |= DetachGuard("", "").permissions
    yield Statement(
        "SwitchGuard",
        tuple(directly),
        _USERS,
        f"any user may need the guard, but no other policy; {_ANY_ACCOUNT}",
        {"ArnLike": {"iam:PolicyARN": guard}},
    )
    through_group = set(JoinGuardGroup("", "").permissions)
    if detaches or (moves and settings.guard_via is Via.USER):
        through_group |= LeaveGuardGroup("", "").permissions
    yield Statement(
        "SwitchGuardGroup", tuple(through_group), (_guard_group(settings),), _ANY_ACCOUNT
    )
    yield _invoke("AskKeeper", KeepGuard("").permissions, stage, Function.KEEPER)


def _invoke(sid: str, actions: Iterable[str], stage: str, function: str) -> Statement:
    arn = f"arn:*:lambda:*:*:function:{function_name(stage, function)}"
    return Statement(sid, tuple(actions), (arn,), _KEPT_TO_OWN, _OWN_ACCOUNT)


def _keeping(settings: Settings) -> Iterable[Statement]:
    guard = _guard_arn(settings)
    yield Statement("ReadGuard", _keepers_reads(settings), (guard,), _ANY_ACCOUNT)
    yield _read_guard_group(settings, *group.READS.values())
    if settings.mode is Mode.ENFORCE:
        yield from _writing(settings, guard)


def _telling(settings: Settings) -> Iterable[Statement]:
    """What the channels take that the settings name, and no more."""
    if settings.slack_webhook:
        yield _read_webhook(settings.slack_webhook)
    if settings.sends_notices:
        yield Statement(
            "NameAccount", ("iam:ListAccountAliases",), ("*",), "IAM knows no resource for this"
        )
    if settings.notice_topic:
        yield Statement("Publish", ("sns:Publish",), (settings.notice_topic,), "there are none")
    if settings.notice_bus:
        bus = f"arn:*:events:*:*:event-bus/{settings.notice_bus}"
        # A bus's own policy may let roles of other accounts in.
        source = {"StringEquals": {"events:source": APP}}
        yield Statement(
            "PutEvents", ("events:PutEvents",), (bus,), _KEPT_TO_OWN, {**source, **_OWN_ACCOUNT}
        )
    if settings.security_hub:
        yield from _finding()


def _finding() -> Iterable[Statement]:
    """What Security Hub takes: our product's findings, and of their workflow only its end."""
    yield Statement(
        "BringFindings",
        ("securityhub:BatchImportFindings",),
        ("arn:*:securityhub:*:*:product/*/default",),
        f"the product of an account's own findings; {_ANY_ACCOUNT}",
    )
    hub = ("arn:*:securityhub:*:*:hub/default",)
    yield Statement("ReadFindings", ("securityhub:GetFindings",), hub, _ANY_ACCOUNT)
    resolved = {"StringEquals": {"securityhub:ASFFSyntaxPath/Workflow.Status": "RESOLVED"}}
    yield Statement(
        "ResolveFindings", ("securityhub:BatchUpdateFindings",), hub, _ANY_ACCOUNT, resolved
    )


def _read_webhook(reference: str) -> Statement:
    store, _, name = reference.partition(":")
    if store == "ssm":
        arn = f"arn:*:ssm:*:*:parameter/{name.removeprefix('/')}"
        action = "ssm:GetParameter"
    else:
        # Secrets Manager puts a hyphen and six random characters behind the name.
        arn = f"arn:*:secretsmanager:*:*:secret:{name}-??????"
        action = "secretsmanager:GetSecretValue"
    given = name.startswith("arn:")
    return Statement(
        "ReadWebhook",
        (action,),
        (name,) if given else (arn,),
        _ANY_ACCOUNT if store == "ssm" else f"six random characters end it; {_ANY_ACCOUNT}",
    )


def _keepers_reads(settings: Settings) -> tuple[str, ...]:
    return (keeper.READS["policy"],) if settings.guard_is_given else tuple(keeper.READS.values())


def _writing(settings: Settings, guard: str) -> Iterable[Statement]:
    """What making and restoring the guard and its group take; a given guard is never written."""
    restores = settings.guard_restore is Restore.ALWAYS
    if not settings.guard_is_given:
        writes = keeper.MAKES | (keeper.RESTORES if restores else frozenset())
        yield Statement("WriteGuard", tuple(writes), (guard,), _ANY_ACCOUNT)
    here = (_guard_group(settings),)
    writes = group.MAKES | (group.MENDS if restores else frozenset())
    yield Statement("WriteGuardGroup", tuple(writes), here, _ANY_ACCOUNT)
    yield Statement(
        "AttachGuardToGroup",
        tuple(group.ATTACHES),
        here,
        f"no other policy; {_ANY_ACCOUNT}",
        {"ArnLike": {"iam:PolicyARN": guard}},
    )


def _buckets(settings: Settings) -> Iterable[Statement]:
    """What judging buckets needs, and setting them to private; of IAM nothing."""
    of_a_bucket = tuple(buckets.READS[each] for each in buckets.OF_A_BUCKET)
    yield Statement("ReadBuckets", of_a_bucket, _BUCKETS, _ANY_BUCKET, _OWN_ACCOUNT)
    of_all = {buckets.READS[each] for each in ("account_block", "find", "buckets")}
    yield Statement("ReadAllBuckets", tuple(of_all), ("*",), "S3 knows no resource for these")
    if settings.mode is Mode.ENFORCE:
        yield Statement(
            "SetBucketsPrivate",
            tuple(SetPrivate("", "").permissions),
            _BUCKETS,
            _ANY_BUCKET,
            _OWN_ACCOUNT,
        )


def _running(function: str, stage: str) -> Iterable[Statement]:
    """What any function needs to be seen at work. Chalice adds nothing to a policy from a file."""
    log = f"arn:*:logs:*:*:log-group:{log_group(stage, function)}"
    yield Statement(
        "WriteLog",
        # CreateLogGroup, so that the audit trail goes on when somebody deletes the group.
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        (log, f"{log}:*"),
        f"streams have random names; {_ANY_ACCOUNT}",
    )
    # Lambda sends what failed for good with the function's role (developer guide, destinations).
    yield Statement(
        "HandOverFailures",
        ("sqs:SendMessage",),
        (f"arn:*:sqs:*:*:{failed_queue(stage)}",),
        _KEPT_TO_OWN,
        _OWN_ACCOUNT,
    )
    yield Statement(
        "WriteTraces",
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        ("*",),
        "X-Ray knows no resource for these two",
    )


def _reads(*names: str) -> tuple[str, ...]:
    operations = {**ports.READS, **ports.REPORT_READS}
    return tuple(dict.fromkeys(operations[name] for name in names))


def _read_guard_group(settings: Settings, *actions: str) -> Statement:
    # One that is not ours has another path, and one that is missing has none.
    name = settings.guard_name
    resources = (f"arn:*:iam::*:group/{name}", f"arn:*:iam::*:group/*/{name}")
    return Statement(
        "ReadGuardGroup", actions, resources, f"its path tells whose it is; {_ANY_ACCOUNT}"
    )


def _parameter_arn(name: str) -> str:
    return f"arn:*:ssm:*:*:parameter/{name.removeprefix('/')}"


def _guard_group(settings: Settings) -> str:
    return f"arn:*:iam::*:group{GROUP_PATH}{settings.guard_name}"


def _guard_arn(settings: Settings) -> str:
    if settings.guard_is_given:
        return settings.guard_policy
    return f"arn:*:iam::*:policy/{settings.guard_policy}"
