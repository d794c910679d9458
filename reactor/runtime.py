"""What Lambda and the command line put together alike: the guardrails of an account."""

import functools
import threading
from collections.abc import Callable, Container, Hashable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reactor.aws.account import AwsSession, Home
from reactor.aws.iam import Remembered
from reactor.aws.parameters import read_list
from reactor.aws.users import AwsUsers
from reactor.errors import ReactorError
from reactor.gathering import always
from reactor.guard.identity import Guard
from reactor.model import Alarm
from reactor.reconcile import (
    Executor,
    enforce,
    observe_only,
)
from reactor.settings import Mode, Settings, Via
from reactor.users.bulk import Bulk, SoFar
from reactor.users.guardrail import Users
from reactor.users.observe import Observer
from reactor.users.ports import CredentialReports
from reactor.users.reading import Reader
from reactor.users.reports import ReportOnce

if TYPE_CHECKING:
    from reactor.buckets.guardrail import Buckets
    from reactor.guard.keepers import Keepers
    from reactor.users.credentials import CredentialReport
    from reactor.users.policies import Kept
    from reactor.users.ranking import Ranking


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def executor_of(mode: Mode) -> Executor:
    """Return what carries plans out in a mode."""
    return enforce if mode is Mode.ENFORCE else observe_only


@dataclass(frozen=True, slots=True)
class LookAtAll:
    """What a look at everybody has besides: what is known before, how long, and what is shared."""

    known: SoFar = field(default_factory=SoFar)
    has_time: Callable[[], bool] = always
    remembered: Remembered | None = None


def users_guardrail(  # noqa: PLR0913 - its parts; all but the first three by name
    settings: Settings,
    session: AwsSession,
    home: Home,
    *,
    keep_guard: Callable[[bool], None],
    sweep_everyone: Callable[[], None],
    at_all: LookAtAll = LookAtAll(),
    kept: "Kept | None" = None,
) -> Users:
    """Put the MFA guardrail of an account together.

    `kept` is what AWS's own policies say, as far as it was read before.
    """
    iam = AwsUsers(session.iam, at_all.remembered)
    reader = Reader(
        iam=iam,
        exemption_list=lambda: read_list(session.ssm, settings.exempt_parameter),
        guard=Guard.of(settings, partition=home.partition, account=home.account),
        settings=settings,
        kept={} if kept is None else kept,
    )
    bulk = Bulk(reader, session, at_all.known, at_all.has_time)
    return Users(Observer(reader, session, bulk), iam, settings, keep_guard, sweep_everyone)


def buckets_guardrail(
    settings: Settings,
    session: AwsSession,
    home: Home,
    *,
    has_time: Callable[[], bool] = always,
    done: Container[str] = (),
) -> "Buckets":
    """Put the guardrail of an account's buckets together; a look at all leaves out `done`."""
    # Few functions look at buckets, and those that react to users must start at once.
    from reactor.aws.buckets import AwsBuckets  # noqa: PLC0415
    from reactor.buckets.guardrail import Buckets  # noqa: PLC0415
    from reactor.buckets.observe import Observer  # noqa: PLC0415

    s3 = AwsBuckets(session, home.account, home.region)
    return Buckets(Observer(s3, session, home.region, has_time, done), s3, settings)


def report_once(session: AwsSession, *, wait_seconds: int) -> CredentialReports:
    """Return the account's credential report, for one run: it is asked for once, when needed.

    It waits so long for IAM to make one.
    """

    def ask() -> "CredentialReport | None":
        from reactor.aws.credentials import AwsCredentialReport  # noqa: PLC0415 - few sweeps

        return AwsCredentialReport(session.iam, wait_seconds=wait_seconds).credential_report()

    return ReportOnce(ask)


def ranking(users: Users, session: AwsSession, reports: CredentialReports) -> "Ranking":
    """Return what tells whom of the users to change first, and whom to ask first."""
    from reactor.users.ranking import Ranking  # noqa: PLC0415 - only large sweeps

    return Ranking(users.iam, reports, session.gather, users.observer.bulk.groups)


def keepers(  # noqa: PLR0913 - its parts; all but the first three by name
    settings: Settings,
    session: AwsSession,
    home: Home,
    *,
    report: Callable[[Alarm], None],
    with_group: bool = False,
    adopt: bool = False,
    remembered: Remembered | None = None,
) -> "Keepers":
    """Put the keepers of an account's guard together; `report` raises what they have to tell.

    `with_group`: the group must be there whatever REACTOR_GUARD_VIA. `adopt`: what has the names of
    ours and is not ours is made so.
    """
    # Reactions to users ask the keeper's function, and must start at once.
    from reactor.aws.guard import AwsGuard  # noqa: PLC0415
    from reactor.guard.document import guard_document  # noqa: PLC0415
    from reactor.guard.group import GroupKeeper  # noqa: PLC0415
    from reactor.guard.keeper import Keeper  # noqa: PLC0415
    from reactor.guard.keepers import Keepers  # noqa: PLC0415

    iam = AwsGuard(session.iam, remembered)
    guard = Guard.of(settings, partition=home.partition, account=home.account)
    document = guard_document(home.partition, home.account, settings)
    restore, wanted = settings.guard_restore, with_group or settings.guard_via is Via.GROUP
    return Keepers(
        Keeper(iam, session.gather, guard, document, report, restore, adopt),
        GroupKeeper(iam, session.gather, guard, report, wanted, restore, adopt),
        home.account,
    )


def once(ask: Callable[..., None]) -> Callable[..., None]:
    """Return a function that asks the first time, and gives the same answer, or error, ever after.

    For one run: a sweep may find the guard missing for many users, and the keeper is asked once for
    each thing that it can be asked for.
    """
    lock = threading.Lock()

    @functools.cache
    def answer(*asked: Hashable) -> ReactorError | None:
        try:
            ask(*asked)
        except ReactorError as error:
            return error
        return None

    def repeat(*asked: Hashable) -> None:
        with lock:  # plans are carried out at the same time
            error = answer(*asked)
        if error is not None:
            raise error

    return repeat
