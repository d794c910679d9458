"""The roles' policies: one a function, made from what its reads and actions declare.

`.chalice/policy-STAGE-FUNCTION.json` are they, written by `mfa-reactor roles --write` from
each stage's settings; a deployment with others is refused. In observe mode no role can change
anything, so that a stage that was told to observe can be trusted to.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reactor.errors import SettingError
from reactor.guard import keeper
from reactor.guard.identity import Guard
from reactor.settings import Lift, Mode, Settings
from reactor.users import ports
from reactor.users.actions import AttachGuard, CreateGuard, DetachGuard

APP = "mfa-reactor"
FUNCTIONS = ("react", "sweep", "keeper")

# Reads that are about one user, and can be limited to users.
_USER_READS = (
    "user",
    "attached_policies",
    "groups_of",
    "devices_of",
    *ports.CREDENTIAL_READS,
)
_ANY_ACCOUNT = "the account is not known when the file is made; a role acts in its own only"


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
    operations = _keeping(settings) if function == "keeper" else _reacting(stage, settings)
    return (*operations, *_running(function, stage))


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
    for stage, entries in config["stages"].items():
        try:
            settings = Settings.from_environment(entries.get("environment_variables", {}))
        except SettingError as error:
            raise SettingError(f"stage {stage}: {error}") from None
        for function in FUNCTIONS:
            document = policy(function, stage, settings)
            yield f"policy-{stage}-{function}.json", json.dumps(document, indent=2) + "\n"


def stale_files(directory: Path) -> list[str]:
    """Return the policy files in a `.chalice` directory that do not fit its config.json."""
    config = json.loads((directory / "config.json").read_text())
    wanted = dict(policy_files(config))
    return [name for name, text in wanted.items() if _content(directory / name) != text]


def write_files(directory: Path) -> list[str]:
    """Write the policy files that do not fit; return their names."""
    wanted = dict(policy_files(json.loads((directory / "config.json").read_text())))
    stale = stale_files(directory)
    for name in stale:
        (directory / name).write_text(wanted[name])
    return stale


def _content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _reacting(stage: str, settings: Settings) -> Iterable[Statement]:
    """What looking at users, and putting them into order, needs."""
    users = ("arn:*:iam::*:user/*",)
    guard = _guard_arn(settings)
    yield Statement(
        "ReadUsers", _reads(*_USER_READS), users, f"any user may be the one; {_ANY_ACCOUNT}"
    )
    yield Statement("ReadGuard", _reads("groups_with", "policy_tags"), (guard,), _ANY_ACCOUNT)
    yield Statement(
        "ReadInBulk",
        _reads("device_owner", "every_user"),
        ("*",),
        "IAM knows no resource for these two",
    )
    if settings.exempt_parameter:
        parameter = f"arn:*:ssm:*:*:parameter/{settings.exempt_parameter.removeprefix('/')}"
        yield Statement("ReadExemptions", _reads("exemption_list"), (parameter,), _ANY_ACCOUNT)
    if settings.mode is Mode.ENFORCE:
        yield from _enforcing(stage, settings, users, guard)


def _enforcing(
    stage: str, settings: Settings, users: tuple[str, ...], guard: str
) -> Iterable[Statement]:
    actions = set(AttachGuard("", "").permissions)
    if settings.lift is not Lift.NEVER:
        actions |= DetachGuard("", "").permissions
    yield Statement(
        "SwitchGuard",
        tuple(actions),
        users,
        f"any user may need the guard, but no other policy; {_ANY_ACCOUNT}",
        {"ArnLike": {"iam:PolicyARN": guard}},
    )
    if not settings.guard_is_given:
        yield Statement(
            "AskKeeper",
            tuple(CreateGuard("").permissions),
            (f"arn:*:lambda:*:*:function:{APP}-{stage}-keeper",),
            _ANY_ACCOUNT,
        )


def _keeping(settings: Settings) -> Iterable[Statement]:
    guard = _guard_arn(settings)
    yield Statement("ReadGuard", tuple(keeper.READS.values()), (guard,), _ANY_ACCOUNT)
    if settings.mode is Mode.ENFORCE and not settings.guard_is_given:
        create = keeper.CreatePolicy(Guard("", given=False), "")
        yield Statement("CreateGuard", tuple(create.permissions), (guard,), _ANY_ACCOUNT)


def _running(function: str, stage: str) -> Iterable[Statement]:
    """What any function needs to be seen at work. Chalice adds nothing to a policy from a file."""
    group = f"arn:*:logs:*:*:log-group:/aws/lambda/{APP}-{stage}-{function}"
    yield Statement(
        "WriteLog",
        # CreateLogGroup, so that the audit trail goes on when somebody deletes the group.
        ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
        (group, f"{group}:*"),
        f"streams have random names; {_ANY_ACCOUNT}",
    )
    yield Statement(
        "WriteTraces",
        ("xray:PutTraceSegments", "xray:PutTelemetryRecords"),
        ("*",),
        "X-Ray knows no resource for these two",
    )


def _reads(*names: str) -> tuple[str, ...]:
    return tuple(ports.READS[name] for name in names)


def _guard_arn(settings: Settings) -> str:
    if settings.guard_is_given:
        return settings.guard_policy
    return f"arn:*:iam::*:policy/{settings.guard_policy}"
