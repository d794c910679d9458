"""What it takes to bring a tampered guard back into order in an account of 1,000 users.

In the sandbox, with 50 ms added to every AWS call and warm functions, from the end of the call that
tampers to the end of the one that mends: the calls of the reactor's functions until then, and the
longest chain of them of which each began after the one before had ended. Three ways to tamper:

- Another document becomes the default version, which holds for everybody at once.
- The guard is detached from the group that carries it for everybody.
- It is deleted, after it was taken off every user by calls whose events are lost.
"""

import json
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from benches.reaction import longest_chain
from reactor.guard.document import canonical, guard_document
from reactor.guard.identity import GROUP_PATH, TAG_KEY, TAG_VALUE
from reactor.roles.files import write_files
from reactor.settings import Settings
from sandbox import Sandbox, deploy

USERS = 1_000
LATENCY_MS = 50
STAGE = "prod"
_ROLES = f"mfa-reactor-{STAGE}-"
SETTINGS = {"REACTOR_MODE": "enforce", "REACTOR_MAX_REMEDIATIONS": "0"}
GUARD = Settings.from_environment({}).guard_name
SETTLED_AFTER_SECONDS = 900
OPEN = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


Tampering = Callable[[Sandbox, str], float]  # with the guard's ARN; returns when it was done


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a restoration took, the call that mends with it."""

    milliseconds: float
    calls: int
    writes: int
    sequential_round_trips: int


def run() -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    measured = {}
    with Sandbox.start() as sandbox:
        arn = _furnish(sandbox, through_group=False)
        _deploy(sandbox, {})
        _warm_up(sandbox, arn, _another_document)
        measured["another document"] = _measure(
            sandbox, arn, _another_document, "CreatePolicyVersion"
        )
        measured["deleted, off every user"] = _measure(
            sandbox, arn, _delete, "AttachUserPolicy", times=USERS
        )
    with Sandbox.start() as sandbox:
        arn = _furnish(sandbox, through_group=True)
        _deploy(sandbox, {"REACTOR_GUARD_VIA": "group"})
        _warm_up(sandbox, arn, _detach_from_group)
        measured["detached from its group"] = _measure(
            sandbox, arn, _detach_from_group, "AttachGroupPolicy"
        )
    return _figures(measured), _table(measured)


def make_guard(sandbox: Sandbox) -> str:
    """Make the guard as the keeper leaves it; return its ARN."""
    document = guard_document("aws", sandbox.account, Settings.from_environment({}))
    made = sandbox.client("iam").create_policy(
        PolicyName=GUARD,
        PolicyDocument=canonical(document),
        Tags=[{"Key": TAG_KEY, "Value": TAG_VALUE}],
    )
    return str(made["Policy"]["Arn"])


def _furnish(sandbox: Sandbox, *, through_group: bool) -> str:
    """Make an account in order: the guard, and users who carry it. Return the guard's ARN."""
    iam, arn = sandbox.client("iam"), make_guard(sandbox)
    if through_group:
        iam.create_group(GroupName=GUARD, Path=GROUP_PATH)
        iam.attach_group_policy(GroupName=GUARD, PolicyArn=arn)

    def create(name: str) -> None:
        iam.create_user(UserName=name)
        if through_group:
            iam.add_user_to_group(GroupName=GUARD, UserName=name)
        else:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)

    _each(create, (f"user-{number}" for number in range(USERS)))
    return arn


def _deploy(sandbox: Sandbox, settings: dict[str, str]) -> None:
    deploy(
        sandbox,
        project=Path(__file__).parents[1],
        stage=STAGE,
        settings={**SETTINGS, **settings},
        before_deploy=_write_roles,
    )


def _write_roles(project: Path) -> None:
    write_files(project / ".chalice")


def _warm_up(sandbox: Sandbox, arn: str, tamper: Tampering) -> None:
    """Tamper once before, so that no cold start is measured."""
    tamper(sandbox, arn)
    sandbox.control.settle(SETTLED_AFTER_SECONDS)


def _measure(
    sandbox: Sandbox,
    arn: str,
    tamper: Callable[[Sandbox, str], float],
    mending: str,
    times: int = 1,
) -> Restoration:
    """Measure until the call that mends was made so often."""
    sandbox.control.set_latency(LATENCY_MS)
    sandbox.control.clear_calls()
    began = tamper(sandbox, arn)
    sandbox.control.settle(SETTLED_AFTER_SECONDS)
    sandbox.control.set_latency(0)
    ours = [each for each in sandbox.control.calls() if _ROLES in (each["caller"] or "")]
    mended = sorted(each["ended"] for each in ours if each["action"] == mending)[times - 1]
    until = [
        each for each in ours if each["service"] in {"iam", "lambda"} and each["started"] < mended
    ]
    writes = [each for each in until if not each["action"].startswith(("Get", "List"))]
    return Restoration(
        (mended - began) * 1000,
        len(until),
        len(writes),
        longest_chain([each for each in until if each["ended"] <= mended]),
    )


def _another_document(sandbox: Sandbox, arn: str) -> float:
    sandbox.client("iam").create_policy_version(
        PolicyArn=arn, PolicyDocument=json.dumps(OPEN), SetAsDefault=True
    )
    return _last_call(sandbox, "CreatePolicyVersion")


def _detach_from_group(sandbox: Sandbox, arn: str) -> float:
    sandbox.client("iam").detach_group_policy(GroupName=GUARD, PolicyArn=arn)
    return _last_call(sandbox, "DetachGroupPolicy")


def _delete(sandbox: Sandbox, arn: str) -> float:
    iam, control = sandbox.client("iam"), sandbox.control
    control.set_latency(0)

    def detach(name: str) -> None:
        iam.detach_user_policy(UserName=name, PolicyArn=arn)

    for number in range(USERS):
        control.lose_next_event("DetachUserPolicy")
        detach(f"user-{number}")
    for each in iam.list_policy_versions(PolicyArn=arn)["Versions"]:
        if not each["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=arn, VersionId=each["VersionId"])
    control.set_latency(LATENCY_MS)
    control.clear_calls()
    iam.delete_policy(PolicyArn=arn)
    return _last_call(sandbox, "DeletePolicy")


def _last_call(sandbox: Sandbox, action: str) -> float:
    """Return when the last call of a name ended."""
    ended = [each["ended"] for each in sandbox.control.calls() if each["action"] == action]
    return float(max(ended))


def _each(call: Callable[[str], None], names: Iterable[str]) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(call, names))


def _figures(measured: dict[str, Restoration]) -> dict[str, Any]:
    return {
        "users": USERS,
        "latency_milliseconds": LATENCY_MS,
        "restorations": {name: asdict(each) for name, each in measured.items()},
    }


def _table(measured: dict[str, Restoration]) -> Table:
    table = Table(title=f"a tampered guard restored, {USERS:,} users, {LATENCY_MS} ms a call")
    for heading in ("tampering", "seconds", "calls", "writes", "round trips"):
        table.add_column(heading, justify="left" if heading == "tampering" else "right")
    for name, each in measured.items():
        table.add_row(
            name,
            f"{each.milliseconds / 1000:.2f}",
            str(each.calls),
            str(each.writes),
            str(each.sequential_round_trips),
        )
    return table
