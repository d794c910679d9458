"""Where everything is put together: settings, AWS, guardrails, audit trail.

`FunctionReactor` serves the Lambda functions; `users_guardrail` and `keeper` serve it and the
command line alike.
"""

import functools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from reactor.audit import Journal
from reactor.aws.account import AwsSession, Home
from reactor.aws.functions import ask_keeper
from reactor.aws.iam import AwsIam
from reactor.aws.parameters import read_list
from reactor.errors import ReactorError, SettingError, WrongRegion
from reactor.guard.identity import Guard
from reactor.guard.keeper import Keeper
from reactor.model import Cause, OutcomeStatus, Subject, SubjectKind, Trigger, TriggerKind
from reactor.partitions import require_iam_event_region
from reactor.reconcile import Executor, Guardrail, Run, enforce, observe_only, reconcile
from reactor.settings import Mode, Settings
from reactor.triggers import cloudtrail
from reactor.users.guardrail import Users
from reactor.users.observe import Observer

KEEPER_FUNCTION = "keeper"  # the last part of the keeper's function name, see app.py


class LambdaContext(Protocol):
    """What we use of the context that Lambda passes to a handler."""

    invoked_function_arn: str
    function_name: str
    aws_request_id: str


def now() -> datetime:
    """Return the time, UTC."""
    return datetime.now(UTC)


def start_or_exit(project: Path, environment: Mapping[str, str] = os.environ) -> "FunctionReactor":
    """Start, or end the process with one line on standard error that says why not.

    `project` is the directory that is deployed from; in Lambda it is not looked at.
    """
    try:
        reactor = start(environment)
        if not _in_lambda(environment):
            _refuse_stale_roles(project / ".chalice")
    except (SettingError, WrongRegion) as error:
        # A traceback would bury the one line that helps.
        raise SystemExit(f"mfa-reactor: {error}") from None
    except ReactorError as error:
        raise SystemExit(f"mfa-reactor: {error}; {error.remedy}") from None
    return reactor


def start(environment: Mapping[str, str]) -> "FunctionReactor":
    """Read the settings and connect, in Lambda or where it is deployed from.

    Raises SettingError or WrongRegion, each one line, when it must not run as it is set up.
    """
    settings = Settings.from_environment(environment)
    session = AwsSession(environment.get("AWS_REGION"))
    if session.region is not None:
        require_iam_event_region(session.region)
    if _in_lambda(environment):
        # Made now, while Lambda gives the start a full processor, not with the first event.
        _ = session.iam
    return FunctionReactor(settings, session, Journal(settings.mode, environment))


def _in_lambda(environment: Mapping[str, str]) -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in environment


def _refuse_stale_roles(directory: Path) -> None:
    if not (directory / "config.json").exists():
        return
    from reactor.roles import stale_files  # noqa: PLC0415 - no part of a start in Lambda

    stale = stale_files(directory)
    if stale:
        raise SettingError(
            f"{', '.join(stale)} in {directory} do not fit the settings in config.json:"
            " run mfa-reactor roles --write, look at what it changed, and deploy again"
        )


def executor_of(mode: Mode) -> Executor:
    """Return what carries plans out in a mode."""
    return enforce if mode is Mode.ENFORCE else observe_only


def users_guardrail(
    settings: Settings, session: AwsSession, home: Home, keep_guard: Callable[[], None]
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
    return Users(observer, iam, settings, keep_guard)


def keeper(settings: Settings, session: AwsSession, home: Home) -> Keeper:
    """Put the keeper of an account's guard together."""
    guard = Guard.of(settings, partition=home.partition, account=home.account)
    return Keeper(AwsIam(session.iam), guard, home.partition, home.account)


def keep_guard(guardrail: Keeper, execute: Executor, trigger: Trigger, **options: Any) -> Run:  # noqa: ANN401 - as reconcile
    """Bring the guard into order."""
    subject = Subject(SubjectKind.GUARD, guardrail.account, arn=guardrail.guard.arn)
    return reconcile(Cause(trigger, subject), guardrail, execute=execute, clock=now, **options)


@dataclass(frozen=True, slots=True)
class FunctionReactor:
    """The reactor inside a Lambda function: one method a trigger."""

    settings: Settings
    session: AwsSession
    journal: Journal

    def react(self, payload: object, context: LambdaContext) -> None:
        """Handle an EventBridge delivery of an IAM event.

        Raises Unsettled when a subject must be tried again; Lambda then does.
        """
        home = Home.of_function(context.invoked_function_arn)
        self.journal.begin(context.aws_request_id)
        reading = cloudtrail.parse(payload, account=home.account, received_at=now())
        if reading.ignored is not None:
            self.journal.ignored(reading, now())
            return
        guardrail = self._users(home, context)
        for cause in reading.causes:
            self._settle(cause, guardrail)

    def sweep(self, context: LambdaContext) -> None:
        """Look at every user. Raises Unsettled as `react` does."""
        home = Home.of_function(context.invoked_function_arn)
        self.journal.begin(context.aws_request_id)
        trigger = Trigger(TriggerKind.SCHEDULE, now())
        cause = Cause(trigger, Subject(SubjectKind.EVERY_USER, home.account))
        self._settle(cause, self._users(home, context))

    def keep(self, payload: object, context: LambdaContext) -> dict[str, object]:
        """Bring the guard into order, and say whether it is. Raises Unsettled as `react` does.

        Of the payload only `asked_by` is read, and only for the record.
        """
        home = Home.of_function(context.invoked_function_arn)
        asked_by = payload.get("asked_by") if isinstance(payload, dict) else None
        self.journal.begin(context.aws_request_id, asked_by=asked_by)
        trigger = Trigger(TriggerKind.REACTOR, now())
        execute = executor_of(self.settings.mode)
        guardrail = keeper(self.settings, self.session, home)
        run = keep_guard(guardrail, execute, trigger, record=self.journal.settled)
        self.journal.permanent_failures(run)
        self.journal.flush()
        run.raise_unsettled()
        skipped = any(
            outcome.status is OutcomeStatus.SKIPPED
            for each in run.settled
            for outcome in each.outcomes
        )
        errors = [str(error) for each in run.settled for error in each.errors]
        return {"in_order": not errors and not skipped, "errors": errors}

    def _users(self, home: Home, context: LambdaContext) -> Users:
        def ask() -> None:
            function = keeper_function(context.function_name)
            ask_keeper(self.session.functions, function, asked_by=context.aws_request_id)

        return users_guardrail(self.settings, self.session, home, once(ask))

    def _settle(self, cause: Cause, guardrail: Guardrail) -> None:
        # In observe mode nothing is changed, so nobody waits.
        enforcing = self.settings.mode is Mode.ENFORCE
        brake = self.settings.max_remediations if enforcing else 0
        try:
            run = reconcile(
                cause,
                guardrail,
                execute=executor_of(self.settings.mode),
                clock=now,
                brake=brake,
                record=self.journal.settled,
            )
            self.journal.held_back(run, brake)
            self.journal.permanent_failures(run)
        finally:
            self.journal.flush()
        run.raise_unsettled()


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


def keeper_function(own_function: str) -> str:
    """Return the keeper's function name beside our own: Chalice names them APP-STAGE-FUNCTION."""
    return f"{own_function.rpartition('-')[0]}-{KEEPER_FUNCTION}"
