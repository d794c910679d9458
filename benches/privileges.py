"""What scope `privileged` costs a sweep of our own time: 1,000 users with 10 policies each, judged.

In process, without a network, as in `deciding`: from the bulk data to the verdicts. Nobody has a
device that bulk data shows, so that everybody's policies are read. Each run is of new documents
with new names of actions, as in an environment that has seen none of them.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from rich.table import Table

from benches.answers import ACCOUNT, Client, answers
from benches.cells import Cells
from benches.deciding import EVERYBODY, HOME
from reactor.aws.account import AwsSession
from reactor.guard.identity import Guard
from reactor.reconcile import observe_only, reconcile
from reactor.runtime import now, users_guardrail
from reactor.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

USERS, POLICIES, STATEMENTS, ACTIONS = 1000, 10, 3, 5
SHARED = 200  # managed policies among all
RUNS = 5
LIMIT_SECONDS = 1.0
SETTINGS = Settings.from_environment(
    {
        "REACTOR_SCOPE": "privileged",
        "REACTOR_DANGEROUS_ACTIONS": "iam:*,sts:AssumeRole,ec2:Terminate*,s3:PutBucketPolicy,"
        "kms:ScheduleKeyDeletion,organizations:*",
    }
)
_SERVICES = ("s3", "ec2", "kms", "iam", "dynamodb", "logs", "sqs")
Document = dict[str, Any]


def _document(seed: int, *, mighty: bool = False, denies: bool = False) -> Document:
    """Return a document of some statements, by its seed; harmless, unless it is told otherwise."""
    statements: list[Document] = [
        {
            "Effect": "Allow",
            "Action": [
                f"{_SERVICES[(seed + number) % 3]}:Get{seed % 977}X{each}*"
                for each in range(ACTIONS)
            ],
            "Resource": "*",
        }
        for number in range(STATEMENTS)
    ]
    if mighty:
        statements.append({"Effect": "Allow", "Action": ["iam:Put*", "s3:*"], "Resource": "*"})
    if denies:
        denied = ["iam:*", "s3:PutBucket*", "organizations:*"]
        statements.append({"Effect": "Deny", "Action": denied, "Resource": "*"})
    return {"Version": "2012-10-17", "Statement": statements}


class _Account(Client):
    """An account whose users' and policies' documents are these."""

    def __init__(self, users: list[Document], policies: list[Document]) -> None:
        super().__init__(answers(_GUARD, 0, guarded=False))
        self._users, self._policies = users, policies

    def get_paginator(self, operation: str) -> SimpleNamespace:
        """Return what gives all pages of an operation."""
        if operation != "get_account_authorization_details":
            return super().get_paginator(operation)
        return SimpleNamespace(paginate=self._details)

    def _details(self, Filter: list[str], **_: object) -> Iterator[Document]:  # noqa: N803 - AWS's
        if "User" in Filter:
            yield {"UserDetailList": self._users, "GroupDetailList": []}
        else:
            yield {"Policies": self._policies}


_GUARD = Guard.of(SETTINGS, partition=HOME.partition, account=HOME.account)


def _user(number: int, attached: list[str], inline: list[Document]) -> Document:
    name = f"user-{number:05}"
    return {
        "UserName": name,
        "UserId": f"AIDA{number:016}",
        "Path": "/",
        "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}",
        "CreateDate": datetime(2025, 1, 1, tzinfo=UTC),
        "AttachedManagedPolicies": [{"PolicyName": "-", "PolicyArn": each} for each in attached],
        "UserPolicyList": [
            {"PolicyName": f"own-{place}", "PolicyDocument": each}
            for place, each in enumerate(inline)
        ],
    }


def _managed(run: int, **kind: bool) -> _Account:
    """Users who share managed policies."""
    arns = [f"arn:aws:iam::{ACCOUNT}:policy/policy-{each}" for each in range(SHARED)]
    policies = [
        {
            "Arn": arn,
            "PolicyVersionList": [
                {
                    "VersionId": "v1",
                    "IsDefaultVersion": True,
                    "Document": _document(run * SHARED + place, **kind),
                }
            ],
        }
        for place, arn in enumerate(arns)
    ]
    users = [
        _user(number, [arns[(number * 7 + each * 11) % SHARED] for each in range(POLICIES)], [])
        for number in range(USERS)
    ]
    return _Account(users, policies)


def _inline(run: int) -> _Account:
    """Users each of whose policies is its own: ten thousand documents."""
    first = run * USERS * POLICIES
    users = [
        _user(
            number,
            [],
            [_document(first + number * POLICIES + each) for each in range(POLICIES)],
        )
        for number in range(USERS)
    ]
    return _Account(users, [])


CASES: Mapping[str, Callable[[int], _Account]] = {
    "managed policies, 200 among all": _managed,
    "the same, each with denials": lambda run: _managed(run, mighty=True, denies=True),
    "inline policies, 10 of each user's own": _inline,
}


def run() -> tuple[dict[str, Any], Table]:
    """Measure, and return the figures and a table of them."""
    seconds = {
        name: min(_seconds(account(number)) for number in range(RUNS))
        for name, account in CASES.items()
    }
    figures = {
        "users": USERS,
        "policies": POLICIES,
        "runs": RUNS,
        "limit_seconds": LIMIT_SECONDS,
        "seconds": seconds,
    }
    return figures, cells_of(figures).rich()


def _seconds(account: _Account) -> float:
    session = AwsSession(HOME.region)
    session.iam = cast("IAMClient", account)
    guardrail = users_guardrail(
        SETTINGS, session, HOME, keep_guard=lambda _: None, sweep_everyone=lambda: None
    )
    began = time.process_time()
    settled = reconcile(EVERYBODY, guardrail, execute=observe_only, clock=now).settled
    took = time.process_time() - began
    if len(settled) != USERS or any(each.failed for each in settled):
        raise RuntimeError("not everybody was judged")
    return took


def cells_of(figures: Mapping[str, Any]) -> Cells:
    """Return the table; what takes longer than it may is told in red."""
    limit = figures["limit_seconds"]
    rows = [(name, f"{each:.2f}") for name, each in figures["seconds"].items()]
    bad = {place for place, each in enumerate(figures["seconds"].values()) if each >= limit}
    title = f"seconds to judge {figures['users']} users; it must be less than {limit}"
    return Cells(title, ("10 policies a user", "seconds"), rows, frozenset(bad))
