"""Notices that say again what was just told: the events of a new user come all at once.

Each is reacted to by itself, at the same time as the others, and each may find the guard missing
and attach it, which IAM takes as often as it is asked.
"""

from reactor.model import SubjectKind
from reactor.notify.kept import Kept
from reactor.notify.notices import Notice, NoticeKind
from reactor.triggers.records import time_of

# What makes a new user. None of it takes the guard, or a device, off anybody: who does that is
# always told of.
_MAKES_A_USER = frozenset(
    [
        "CreateUser",
        "CreateLoginProfile",
        "CreateAccessKey",
        "PutUserPolicy",
        "AttachUserPolicy",
        "AddUserToGroup",
    ]
)


def is_repeat(notice: Notice, kept: Kept) -> bool:
    """Tell whether a notice says no more than one did that was told in the last minutes.

    That one is of another invocation, which attached the guard to the same user after what this
    one is about was done, by the same caller. What is not readable is no repeat. The first is
    remembered, so that its own further tries are none.
    """
    name = notice.subject.get("name")
    of_a_user = notice.subject.get("kind") == SubjectKind.USER.value and name
    if notice.kind is not NoticeKind.REMEDIATED or not of_a_user:
        return False
    if notice.event not in _MAKES_A_USER:
        return False
    told = kept.get(f"guarded {name} {notice.caller}", lambda: f"{notice.at} {notice.run}")
    at, _, run = told.partition(" ")
    happened, guarded = time_of(notice.event_time), time_of(at)
    if happened is None or guarded is None or run == notice.run:
        return False
    return happened <= guarded
