"""What the functions may do that judge users, and put the guard on them."""

from collections.abc import Iterable
from dataclasses import replace

from reactor.evaluations import ports as evaluations
from reactor.guard import group
from reactor.names import Function, notifications
from reactor.roles.buckets import setting_private
from reactor.roles.guard import guard_arn, guard_group, keepers_reads, read_guard_group
from reactor.roles.inspection import inspecting
from reactor.roles.statement import (
    ANY_ACCOUNT,
    KEPT_TO_OWN,
    OWN_ACCOUNT,
    Statement,
    invoke,
    parameter_arn,
)
from reactor.settings import Lift, Mode, Scope, Settings, Via
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

_USERS = ("arn:*:iam::*:user/*",)
_GROUPS = ("arn:*:iam::*:group/*",)
_POLICIES = ("arn:*:iam::*:policy/*",)  # AWS's own, too: their account is "aws"


def reacting(stage: str, settings: Settings, *, detaches: bool) -> Iterable[Statement]:
    """What reading one user at a time needs, and finding whom an event leads to."""
    yield from _read_one_by_one(settings, "device_owner", "account_pages")
    yield _find_members()
    # In observe mode, too: whom an event concerns must be known to be recorded.
    yield invoke("AskSweep", SweepEveryone().permissions, stage, Function.SWEEP)
    yield from _judging(stage, settings, detaches=detaches)


def reviewing(stage: str, settings: Settings) -> Iterable[Statement]:
    """What reacting needs, and finding whom another policy than the guard reaches."""
    if settings.scope is Scope.PRIVILEGED:
        yield Statement(
            "FindHolders",
            _reads("holders_of"),
            _POLICIES,
            f"any policy may be made to allow something dangerous; {ANY_ACCOUNT}",
        )
    yield from reacting(stage, settings, detaches=settings.lift is not Lift.NEVER)


def sweeping(stage: str, settings: Settings) -> Iterable[Statement]:
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
    yield invoke("AskSweep", SweepEveryone().permissions, stage, Function.SWEEP)
    yield from inspecting(stage)
    lifts = settings.lift is not Lift.NEVER
    yield from _judging(stage, settings, detaches=lifts, sweeps=True)


def complying(stage: str, settings: Settings) -> Iterable[Statement]:
    """What judging and mending what notices name needs, and working off their queue."""
    more = ("virtual_devices",) if scope_reads(settings) else ()
    yield from _read_one_by_one(settings, "names_by_id", "account_pages", *more)
    yield from _judging(stage, settings, detaches=settings.lift is not Lift.NEVER)
    if settings.buckets:
        yield from setting_private(settings)
    # Lambda works the queue off with the function's role (developer guide, SQS).
    takes = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")
    own = (f"arn:*:sqs:*:*:{notifications(stage)}",)
    yield Statement("TakeNotices", takes, own, KEPT_TO_OWN, OWN_ACCOUNT)
    if settings.notification_queues:
        others = settings.notification_queues
        yield Statement("TakeNoticesOfOthers", takes, others, "none: REACTOR_NOTIFICATION_QUEUES")
    yield Statement(
        "SeeWhatIsHeeded",
        ("lambda:ListEventSourceMappings",),
        ("*",),
        "Lambda knows no resource for this one",
    )


def evaluating(settings: Settings) -> Iterable[Statement]:
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
        f"any policy may have changed; {ANY_ACCOUNT}",
    )
    yield Statement("ReadGuard", _reads("policy"), (guard_arn(settings),), ANY_ACCOUNT)
    yield read_guard_group(settings, *_reads("group_path"))
    lists = {parameter_arn(f"{LISTS_BELOW}*")}
    if settings.exempt_parameter:
        lists.add(parameter_arn(settings.exempt_parameter))
    yield Statement(
        "ReadExemptions",
        _reads("exemption_list"),
        tuple(lists),
        f"a rule may have an exemption list of its own, below {LISTS_BELOW}; {ANY_ACCOUNT}",
    )
    yield Statement(
        "ReadResults",
        (evaluations.READS["evaluated"],),
        ("arn:*:config:*:*:config-rule/*",),
        f"rules have random ids; {ANY_ACCOUNT}",
    )
    yield Statement(
        "ReportToConfig",
        (*evaluations.REPORTS, evaluations.READS["latest"]),
        ("*",),
        "AWS Config knows no resource for these; it takes results only with the token that it gave",
    )


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
    return Statement("ReadUsers", _reads(*reads), _USERS, f"any user may be the one; {ANY_ACCOUNT}")


def _read_policies() -> Statement:
    return Statement(
        "ReadPolicies",
        _reads(*ports.POLICY_READS),
        _POLICIES,
        f"any policy may allow something dangerous, AWS's own, too; {ANY_ACCOUNT}",
    )


def _read_policies_one_by_one() -> Iterable[Statement]:
    """What it takes to tell what somebody may do, where groups are not read in bulk."""
    yield _read_policies()
    yield Statement(
        "ReadGroups",
        _reads(*ports.GROUPS_POLICY_READS),
        _GROUPS,
        f"any group may let its members do something dangerous; {ANY_ACCOUNT}",
    )


def _find_members() -> Statement:
    return Statement(
        "FindMembers",
        _reads("members_of"),
        _GROUPS,
        f"any group's policies may be changed; {ANY_ACCOUNT}",
    )


def _read_in_bulk(*reads: str) -> Statement:
    return Statement("ReadInBulk", _reads(*reads), ("*",), "IAM knows no resource for these")


def _judging(
    stage: str, settings: Settings, *, detaches: bool, sweeps: bool = False
) -> Iterable[Statement]:
    """What every judgement of users needs, and carrying it out; `sweeps`: of all of them."""
    guard = guard_arn(settings)
    of_guard, of_group = set(_reads("groups_with", "policy")), set(_reads("group_path"))
    if sweeps and settings.mode is Mode.ENFORCE:
        # It looks at the guard as the keeper does, and asks that only if something is wrong.
        of_guard.update(keepers_reads(settings))
        of_group.update(group.READS.values())
    yield Statement("ReadGuard", tuple(of_guard), (guard,), ANY_ACCOUNT)
    yield read_guard_group(settings, *of_group)
    if settings.exempt_parameter:
        parameter = parameter_arn(settings.exempt_parameter)
        yield Statement("ReadExemptions", _reads("exemption_list"), (parameter,), ANY_ACCOUNT)
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
        f"any user may need the guard, but no other policy; {ANY_ACCOUNT}",
        {"ArnLike": {"iam:PolicyARN": guard}},
    )
    through_group = set(JoinGuardGroup("", "").permissions)
    if detaches or (moves and settings.guard_via is Via.USER):
        through_group |= LeaveGuardGroup("", "").permissions
    yield Statement("SwitchGuardGroup", tuple(through_group), (guard_group(settings),), ANY_ACCOUNT)
    yield invoke("AskKeeper", KeepGuard("").permissions, stage, Function.KEEPER)


def _reads(*names: str) -> tuple[str, ...]:
    operations = {**ports.READS, **ports.REPORT_READS}
    return tuple(dict.fromkeys(operations[name] for name in names))
