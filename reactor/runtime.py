"""What Lambda and the command line put together alike: the guardrails of an account."""

import functools
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reactor.aws.account import AwsSession, Home
from reactor.aws.iam import AwsIam
from reactor.aws.parameters import read_list
from reactor.errors import ReactorError
from reactor.guard.document import guard_document
from reactor.guard.identity import Guard
from reactor.guard.keeper import Keeper
from reactor.model import Cause, Subject, SubjectKind, Trigger
from reactor.reconcile import Clock, Executor, Run, enforce, observe_only, reconcile
from reactor.settings import Mode, Settings
from reactor.users.guardrail import Users
from reactor.users.observe import Observer


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def executor_of(mode: Mode) -> Executor:
    """Return what carries plans out in a mode."""
    return enforce if mode is Mode.ENFORCE else observe_only


def users_guardrail(
    settings: Settings,
    session: AwsSession,
    home: Home,
    *,
    keep_guard: Callable[[], None],
    sweep_everyone: Callable[[], None],
) -> Users:
    """Put the MFA guardrail of an account together."""
    iam = AwsIam(session.iam)
    observer = Observer(
        iam=iam,
        exemption_list=lambda: read_list(session.ssm, settings.exempt_parameter),
        gather=session.gather,
        guard=Guard.of(settings, partition=home.partition, account=home.account),
        settings=settings,
    )
    return Users(observer, iam, settings, keep_guard, sweep_everyone)


def keeper(settings: Settings, session: AwsSession, home: Home) -> Keeper:
    """Put the keeper of an account's guard together."""
    guard = Guard.of(settings, partition=home.partition, account=home.account)
    document = guard_document(home.partition, home.account, settings)
    return Keeper(AwsIam(session.iam), guard, home.account, document)


def keep_guard(
    guardrail: Keeper,
    execute: Executor,
    trigger: Trigger,
    *,
    clock: Clock = now,
    **options: Any,  # noqa: ANN401 - as reconcile
) -> Run:
    """Bring the guard into order."""
    subject = Subject(SubjectKind.GUARD, guardrail.account, arn=guardrail.guard.arn)
    return reconcile(Cause(trigger, subject), guardrail, execute=execute, clock=clock, **options)


def once(ask: Callable[[], None]) -> Callable[[], None]:
    """Return a function that asks the first time, and gives the same answer, or error, ever after.

    For one run: a sweep may find the guard missing for many users, and the keeper is asked once.
    """

    @functools.cache
    def answer() -> ReactorError | None:
        try:
            ask()
        except ReactorError as error:
            return error
        return None

    def repeat() -> None:
        error = answer()
        if error is not None:
            raise error

    return repeat
