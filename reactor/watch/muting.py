"""Whose changes raise no alarm: our own functions', in what is their task, and those who deploy."""

from reactor.guard.document import guard_document
from reactor.guard.events import creates_our_guard, gives_our_document, gives_our_mark
from reactor.guard.identity import Guard
from reactor.model import Alarm, AlarmKind
from reactor.names import Function, function_name
from reactor.settings import Settings
from reactor.triggers.records import Caller
from reactor.watch.calls import Call

# What deploying changes. Abuse is nobody's task, so it is never muted.
MUTED_FOR_TRUSTED = frozenset(
    {
        AlarmKind.EXEMPTIONS_CHANGED,
        AlarmKind.GUARD_CHANGED,
        AlarmKind.REACTOR_CHANGED,
        AlarmKind.TRAIL_CHANGED,
    }
)


def why_muted(  # noqa: PLR0913 - what it is about; all but the first two by name
    alarm: Alarm, call: Call, *, guard: Guard, account: str, stage: str, settings: Settings
) -> str | None:
    """Return why an alarm is not raised; None when it is."""
    caller = call.caller
    ours = _function_of(caller, account, stage)
    # The guard is the keeper's task. Another function of ours that changes it was taken over, and
    # so was the keeper when it does what it never does.
    if alarm.kind is AlarmKind.GUARD_CHANGED and ours is Function.KEEPER:
        return (
            "the guard's own keeper"
            if _is_the_keepers_work(call, guard, account, settings)
            else None
        )
    # A function whose role cannot do its task fails, and that is reported with its remedy.
    if alarm.kind is AlarmKind.DENIED_AT_GUARD and ours is not None:
        return f"our own function {ours}"
    trusted = _trusted_role(caller, account, settings)
    if alarm.kind in MUTED_FOR_TRUSTED and trusted is not None:
        return f"by the trusted role {trusted}"
    return None


def _is_the_keepers_work(call: Call, guard: Guard, account: str, settings: Settings) -> bool:
    """Tell whether a change of the guard is one that the keeper makes (guard/actions.py).

    Its role is as good as an administrator's, so each other use of it is somebody else's.
    """
    if guard.given:
        return False
    document = guard_document(guard.arn.split(":")[1], account, settings)
    return (
        creates_our_guard(call.record, guard, document)
        or gives_our_document(call.record, guard, document)
        or gives_our_mark(call.record, guard)
    )


def _function_of(caller: Caller, account: str, stage: str) -> Function | None:
    """Return which function of this stage a call came from, by its role; None if from none."""
    for function in Function:
        if _is_named(caller, function_name(stage, function), account):
            return function
    return None


def _trusted_role(caller: Caller, account: str, settings: Settings) -> str | None:
    for role in settings.trusted_roles:
        if role == caller.role_arn or _is_named(caller, role, account):
            return role
    return None


def _is_named(caller: Caller, role: str, account: str) -> bool:
    """Tell whether a caller is a session of the role of this name, in this account.

    Another account can have a role of the same name.
    """
    if caller.role != role or caller.role_arn is None:
        return False
    return caller.role_arn.partition(":iam::")[2].startswith(f"{account}:role/")
