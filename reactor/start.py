"""The start: settings read, roles compared, connected; or refused in one line.

It happens where it is deployed from, so that a wrong setting stops the deployment, and in Lambda.
"""

import gc
import os
from collections.abc import Mapping
from pathlib import Path

from reactor.audit import Journal
from reactor.aws.account import AwsSession
from reactor.errors import ReactorError, SettingError, WrongRegion
from reactor.guard.document import require_room
from reactor.handlers.functions import FunctionReactor
from reactor.partitions import require_iam_event_region
from reactor.settings import Settings
from reactor.triggers.rules import require_room_for_rules


def start_or_exit(project: Path, environment: Mapping[str, str] = os.environ) -> FunctionReactor:
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


def start(environment: Mapping[str, str]) -> FunctionReactor:
    """Read the settings and connect, in Lambda or where it is deployed from.

    Raises SettingError or WrongRegion, each one line, when it must not run as it is set up.
    """
    settings = Settings.from_environment(environment)
    require_room(settings)
    require_room_for_rules(settings)
    session = AwsSession(environment.get("AWS_REGION"))
    if session.region is not None:
        require_iam_event_region(session.region)
        _require_topic_in(session.region, settings.notice_topic)
    if _in_lambda(environment):
        # Made now, while Lambda gives the start a full processor, not with the first event.
        _ = session.iam
        # What is there now stays: the collector need not walk it each time that a sweep makes
        # thousands of objects, which is a third of what a decision costs (benches/deciding.py).
        gc.freeze()
    journal = Journal(settings.mode, environment)
    return FunctionReactor(settings, session, journal)


def _require_topic_in(region: str, topic: str) -> None:
    """Refuse a topic that no message of ours would reach (SNS's API reference, Publish)."""
    where = topic.split(":")[3] if topic else region
    if where != region:
        raise SettingError(
            f"REACTOR_NOTICE_TOPIC is in {where}: SNS takes messages in a topic's region only, and"
            f" mfa-reactor is in {region}; name a topic there"
        )


def _in_lambda(environment: Mapping[str, str]) -> bool:
    return "AWS_LAMBDA_FUNCTION_NAME" in environment


def _refuse_stale_roles(directory: Path) -> None:
    if not (directory / "config.json").exists():
        return
    from reactor.roles.files import stale_files  # noqa: PLC0415 - no part of a start in Lambda

    stale = stale_files(directory)
    if stale:
        raise SettingError(
            f"{', '.join(stale)} in {directory} do not fit the settings in config.json:"
            " run mfa-reactor roles --write, look at what it changed, and deploy again"
        )
