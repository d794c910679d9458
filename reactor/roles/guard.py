"""What the keeper may do, and where the guard and its group are."""

from collections.abc import Iterable

from reactor.guard import group, keeper
from reactor.guard.identity import GROUP_PATH
from reactor.roles.statement import ANY_ACCOUNT, Statement
from reactor.settings import Mode, Restore, Settings


def keeping(settings: Settings) -> Iterable[Statement]:
    """What bringing the guard and its group into order needs."""
    guard = guard_arn(settings)
    yield Statement("ReadGuard", keepers_reads(settings), (guard,), ANY_ACCOUNT)
    yield read_guard_group(settings, *group.READS.values())
    if settings.mode is Mode.ENFORCE:
        yield from _writing(settings, guard)


def keepers_reads(settings: Settings) -> tuple[str, ...]:
    """Return the actions that looking at the guard as the keeper does takes."""
    return (keeper.READS["policy"],) if settings.guard_is_given else tuple(keeper.READS.values())


def _writing(settings: Settings, guard: str) -> Iterable[Statement]:
    """What making and restoring the guard and its group take; a given guard is never written."""
    restores = settings.guard_restore is Restore.ALWAYS
    if not settings.guard_is_given:
        writes = keeper.MAKES | (keeper.RESTORES if restores else frozenset())
        yield Statement("WriteGuard", tuple(writes), (guard,), ANY_ACCOUNT)
    here = (guard_group(settings),)
    writes = group.MAKES | (group.MENDS if restores else frozenset())
    yield Statement("WriteGuardGroup", tuple(writes), here, ANY_ACCOUNT)
    yield Statement(
        "AttachGuardToGroup",
        tuple(group.ATTACHES),
        here,
        f"no other policy; {ANY_ACCOUNT}",
        {"ArnLike": {"iam:PolicyARN": guard}},
    )


def read_guard_group(settings: Settings, *actions: str) -> Statement:
    """Return what lets read the group of the guard's name, whosever it is."""
    # One that is not ours has another path, and one that is missing has none.
    name = settings.guard_name
    resources = (f"arn:*:iam::*:group/{name}", f"arn:*:iam::*:group/*/{name}")
    return Statement(
        "ReadGuardGroup", actions, resources, f"its path tells whose it is; {ANY_ACCOUNT}"
    )


def guard_group(settings: Settings) -> str:
    """Return the ARN of the guard's group, in any partition and account."""
    return f"arn:*:iam::*:group{GROUP_PATH}{settings.guard_name}"


def guard_arn(settings: Settings) -> str:
    """Return the ARN of the guard; unless it is given, in any partition and account."""
    if settings.guard_is_given:
        return settings.guard_policy
    return f"arn:*:iam::*:policy/{settings.guard_policy}"
