"""The service control policy, simulated: what it denies, to whom, and that each part is needed."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from reactor.guard.scp import service_control_policy
from reactor.names import Function, function_name
from reactor.settings import Settings
from sandbox.oracle import Decision, Request, Session
from tests.proof.combinations import EVERYTHING
from tests.proof.linter import findings
from tests.proof.mutants import Mutant, mutants
from tests.proof.questions import ADMINISTRATOR as ALLOW_ALL
from tests.proof.scp_cases import (
    ACCOUNT,
    CASES,
    CLOSED_READS,
    IAM,
    MADE_OF,
    OPEN_WRITES,
    REGION,
    ROLES,
    VARIABLES,
    Case,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sandbox.oracle import Action, Oracle, Prepared, ResourceType

    Templates = dict[re.Pattern[str], list[tuple[Action, ResourceType | None]]]

COMMITTED = Path(__file__).parents[2] / "infra" / "scp.json"
POLICY = service_control_policy("aws", Settings.from_environment(VARIABLES), ROLES)


def role_session(role: str) -> Session:
    """Return a session of an administrator who has assumed a role, given by its path and name."""
    name = role.rpartition("/")[2]
    return Session(
        f"arn:aws:sts::{ACCOUNT}:assumed-role/{name}/session",
        {"aws:PrincipalArn": f"{IAM}:role/{role}"},
    )


ADMINISTRATOR = role_session("Administrator")
BOUND = {
    "a role": ADMINISTRATOR,
    "a user": Session(f"{IAM}:user/admin", {"aws:PrincipalArn": f"{IAM}:user/admin"}),
    "root": Session(f"{IAM}:root", {"aws:PrincipalArn": f"{IAM}:root"}),
    "a user called as a named role": Session(
        f"{IAM}:user/Deployer", {"aws:PrincipalArn": f"{IAM}:user/Deployer"}
    ),
    "a role whose name is longer than a named one's": role_session("Deployer2"),
    "a role of our name in a path": role_session("ci/mfa-reactor-prod-react"),
    "a role of a named one's name in another path": role_session("crews/red/Ops_1"),
    "somebody of whom the key is not known": Session(f"{IAM}:user/admin"),
}
LET_THROUGH = {
    "a role of the reactor": role_session(function_name("prod", Function.REACT)),
    "a named role": role_session("Deployer"),
    "a named role in a path": role_session("ci/Deployer"),
    "a role named by a pattern": role_session("teams/red/Ops_0123456789abcdef"),
}
# Who must notice that somebody is let through no more: one for each pattern.
NOTICED_BY = {
    f"arn:aws:iam::*:role/{pattern} of aws:PrincipalArn": session
    for pattern, session in zip(
        ("mfa-reactor-*", "Deployer", "*/Deployer", "teams/*/Ops_*"),
        LET_THROUGH.values(),
        strict=True,
    )
} | {"ArnNotLike": LET_THROUGH["a named role"]}
OUR_ROLES = {each: role_session(function_name("dev", each)) for each in Function}


@dataclass(frozen=True, slots=True)
class Bench:
    """The oracle, with the requests of every case."""

    oracle: Oracle
    prepared: Prepared
    cases: tuple[Case, ...]  # of each request

    def requests(self, case: Case) -> list[Request]:
        """Return the requests of a case."""
        pairs = zip(self.cases, self.prepared.requests, strict=True)
        return [request for of, request in pairs if of is case]

    def denied(self, policy: dict[str, Any], session: Session) -> list[tuple[Case, Request]]:
        """Return which requests an administrator in this session is denied under a policy."""
        levels = [[ALLOW_ALL], [ALLOW_ALL, policy]]
        decisions = self.oracle.decide(self.prepared, [ALLOW_ALL], session, scps=levels)
        return [
            (case, request)
            for case, request, decision in zip(
                self.cases, self.prepared.requests, decisions, strict=True
            )
            if decision is Decision.EXPLICIT_DENY
        ]


@pytest.fixture(scope="module")
def bench(oracle: Oracle, actions: tuple[Action, ...]) -> Bench:
    """All actions on all resources of the cases."""
    return bench_of(CASES, oracle, actions)


@pytest.fixture(scope="module")
def denied(bench: Bench) -> list[tuple[Case, Request]]:
    """What the policy denies to an administrator who is not named."""
    return bench.denied(POLICY, ADMINISTRATOR)


def bench_of(cases: Iterable[Case], oracle: Oracle, actions: Iterable[Action]) -> Bench:
    """Return the oracle with all that can be asked about the resources of some cases."""
    by_resource = by_template(actions)
    asked = [
        (case, request)
        for case in cases
        for resource in case.resources
        for request in requests_about(resource, case, by_resource)
    ]
    prepared = oracle.prepare(request for _, request in asked)
    return Bench(oracle, prepared, tuple(case for case, _ in asked))


def by_template(actions: Iterable[Action]) -> Templates:
    """Return all actions by a pattern of the ARNs that they can be done to."""
    found: Templates = {}
    for action in actions:
        for kind in action.resource_types:
            found.setdefault(pattern_of(kind.arn), []).append((action, kind))
        if action.wildcard_only:
            found.setdefault(pattern_of("*"), []).append((action, None))
    return found


def requests_about(resource: str, case: Case, templates: Templates) -> Iterable[Request]:
    """Return a request for each action that can be done to a resource, in the case's context."""
    found = {}
    for template, known in templates.items():
        if template.fullmatch(resource):
            for action, kind in known:
                keys = (*action.condition_keys, *(kind.condition_keys if kind else ()))
                if all(knows(keys, key) for key in case.context):
                    name = kind.name if kind else None
                    found[action.name] = Request(action.name, resource, name, case.context)
    return found.values()


@functools.cache
def pattern_of(template: str) -> re.Pattern[str]:
    """Return a pattern of the ARNs that a template with placeholders describes."""
    parts = re.split(r"(\$\{[^}]*\})", template)
    return re.compile("".join("[^:]+" if "$" in each else re.escape(each) for each in parts))


def knows(keys: Iterable[str], key: str) -> bool:
    """Tell whether a key is among those documented, which write `${TagKey}` for a tag's key."""
    family = key.partition("/")[0]
    return any(each.partition("/")[0] == family for each in keys)


def test_it_is_valid(oracle: Oracle, tmp_path: Path) -> None:
    """To the simulator, as a service control policy, and to the linter; so is infra/scp.json."""
    policies = [POLICY, json.loads(COMMITTED.read_text())]
    assert oracle.problems(policies, kind="scp") == [[], []]
    assert findings(policies, tmp_path) == ""


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_is_denied(case: Case, bench: Bench, denied: list[tuple[Case, Request]]) -> None:
    """On each resource of the case these actions, and no other that AWS documents."""
    for resource in case.resources:
        assert resource in {each.resource for each in bench.requests(case)}
        there = {each.action for of, each in denied if of is case and each.resource == resource}
        assert there == case.denied


@pytest.mark.parametrize("session", BOUND.values(), ids=BOUND)
def test_who_is_bound(session: Session, bench: Bench, denied: list[tuple[Case, Request]]) -> None:
    """Everybody who is not named, alike."""
    assert bench.denied(POLICY, session) == denied


@pytest.mark.parametrize(
    "session", [*LET_THROUGH.values(), *OUR_ROLES.values()], ids=[*LET_THROUGH, *OUR_ROLES]
)
def test_who_is_let_through(session: Session, bench: Bench) -> None:
    """To the named roles and to the reactor's own nothing is denied."""
    assert bench.denied(POLICY, session) == []


def test_reading_stays_open(bench: Bench, actions: tuple[Action, ...]) -> None:
    """What the reactor is made of is closed to what AWS classes as writing, but for two actions."""
    levels = {each.name: each.access_level for each in actions}
    for case in MADE_OF:
        asked = {each.action for each in bench.requests(case)}
        writes = {each for each in asked if not {"Read", "List"} & set(levels[each].split(", "))}
        assert case.denied == (writes - OPEN_WRITES) | (asked & CLOSED_READS)


def test_all_else_stays_open(oracle: Oracle, actions: tuple[Action, ...]) -> None:
    """On no resource that is not ours an action is denied: with PROOF=all, any that AWS has."""
    services = {arn.split(":")[2] for case in CASES for arn in case.resources if arn != "*"}
    asked = [each for each in actions if EVERYTHING or each.service in {"sts", *services}]
    prepared = oracle.prepare(request for each in asked for request in requests_elsewhere(each))
    decisions = oracle.decide(
        prepared, [ALLOW_ALL], ADMINISTRATOR, scps=[[ALLOW_ALL], [ALLOW_ALL, POLICY]]
    )
    pairs = zip(prepared.requests, decisions, strict=True)
    assert [request for request, decision in pairs if decision is Decision.EXPLICIT_DENY] == []
    assert len(prepared.requests) > (20_000 if EVERYTHING else 1_000)


def requests_elsewhere(action: Action) -> Iterator[Request]:
    """Yield a request for an action on each type of resource that it knows."""
    names = {"Partition": "aws", "Region": REGION, "Account": ACCOUNT}
    for kind in action.resource_types:
        resource = re.sub(r"\$\{(\w+)\}", lambda each: names.get(each[1], "app"), kind.arn)
        yield Request(action.name, resource, kind.name)
    if action.wildcard_only:
        yield Request(action.name)


@pytest.fixture(scope="module")
def closed(oracle: Oracle, actions: tuple[Action, ...]) -> Bench:
    """What the policy is about, without what merely looks like it: that is asked with context."""
    return bench_of([each for each in CASES if each.denied or each.context], oracle, actions)


@pytest.fixture(scope="module")
def denied_there(closed: Bench) -> list[tuple[Case, Request]]:
    """What the whole policy denies of that."""
    return closed.denied(POLICY, ADMINISTRATOR)


@pytest.mark.parametrize(
    "mutant", tuple(mutants(POLICY)), ids=lambda each: f"{each.sid}: {each.loss}"
)
def test_every_part_is_needed(
    mutant: Mutant, closed: Bench, denied_there: list[tuple[Case, Request]]
) -> None:
    """Without it something is open to those who are bound, or closed to those who are not."""
    session = NOTICED_BY.get(mutant.loss)
    if session is None:
        assert closed.denied(mutant.document, ADMINISTRATOR) != denied_there
    else:
        assert closed.denied(mutant.document, session)
