"""Whether a function's role may do what it needs, and no more, and for Lambda alone.

For a person's look only.

A role is made by Chalice from the file that `mfa-reactor roles --write` wrote; it drifts when a
deployment was forgotten, or when somebody changed it by hand.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reactor.errors import ReactorError, shorten
from reactor.inspection.facts import Role, Stage
from reactor.inspection.findings import Finding, failed, passed, unread
from reactor.inspection.policies import as_list, matches, statements

_LAMBDA = "lambda.amazonaws.com"
_NAMED = 3  # differences that a finding names


@dataclass(frozen=True, slots=True, order=True)
class _Grant:
    """One action on one resource, as a policy allows it; the condition is JSON text."""

    action: str
    resource: str
    condition: str

    def covers(self, other: "_Grant") -> bool:
        """Tell whether whoever has this one can do what the other allows."""
        return (
            matches(self.action, other.action)
            and matches(self.resource, other.resource)
            and self.condition in {"", other.condition}
        )

    def __str__(self) -> str:
        return f"{self.action} on {shorten(self.resource, 100)}"


def role(
    stage: Stage, function: str, wanted: Mapping[str, Any], found: Role | ReactorError | None
) -> Finding:
    """Judge a function's role against the policy that it is deployed with, and who may use it."""
    check, remedy = f"role-{function}", f"mfa-reactor roles --write; make deploy STAGE={stage.name}"
    if isinstance(found, ReactorError):
        return unread(check, f"the role of {function}", found)
    if found is None:
        return failed(check, f"{function} has no role: it is not deployed", remedy)
    needed = set(_grants(wanted))
    allowed = {grant for document in found.inline.values() for grant in _grants(document)}
    lacking = [each for each in sorted(needed) if not any(has.covers(each) for has in allowed)]
    if lacking:
        return failed(check, f"the role {found.name} lacks {_some(lacking)}", remedy)
    if found.boundary is not None:
        # What it allows is not weighed: ours have none, and it can take away all that they may.
        what = f"the role {found.name} has a permissions boundary: {shorten(found.boundary)}"
        return failed(
            check, what, f"aws iam delete-role-permissions-boundary --role-name {found.name}"
        )
    others = sorted(set(_others(found.trust)))
    if others:
        return failed(
            check,
            f"the role {found.name} can be assumed by others than Lambda: {_some(others)}",
            # A deployment leaves the trust policy of a role that is there as it is.
            f"aws iam update-assume-role-policy --role-name {found.name} with {_LAMBDA} as the only"
            " principal; see in CloudTrail who has assumed it",
        )
    strange = [statement for each in found.inline.values() for statement in _strange(each)]
    if strange:
        what = f"the role {found.name} has statements that are not ours: {_some(strange)}"
        return failed(check, what, f"take them out, then: {remedy}")
    if found.attached:
        what = f"the role {found.name} has policies attached: {_some(sorted(found.attached))}"
        return failed(check, what, "detach them: the function needs its own policy only")
    beyond = [each for each in sorted(allowed) if not any(may.covers(each) for may in needed)]
    if beyond:
        return failed(
            check, f"the role {found.name} may do more than it needs: {_some(beyond)}", remedy
        )
    return passed(check, f"the role {found.name} may do what it needs, and no more")


def _others(trust: Mapping[str, Any]) -> Iterator[str]:
    """Yield whom a trust policy lets in besides Lambda, whatever its conditions."""
    for statement in statements(trust):
        if statement.get("Effect") != "Allow":
            continue
        # Without a principal it says who is not meant, which is nearly everybody who is.
        principal = statement.get("Principal", "*")
        kinds = principal if isinstance(principal, dict) else {"AWS": principal}
        for kind, named in kinds.items():
            for each in as_list(named):
                if (kind, each) != ("Service", _LAMBDA):
                    yield str(each)


def _some(things: list[Any]) -> str:
    rest = len(things) - _NAMED
    named = ", ".join(shorten(each, 160) for each in things[:_NAMED])
    return f"{named} and {rest} more" if rest > 0 else named


def _grants(document: Mapping[str, Any]) -> Iterator[_Grant]:
    for statement in statements(document):
        if _is_plain(statement):
            condition = statement.get("Condition")
            text = json.dumps(condition, sort_keys=True) if condition else ""
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield _Grant(_lower(action), str(resource), text)


def _lower(action: object) -> str:
    """Return an action as IAM compares it: without regard to case."""
    return str(action).lower()


def _strange(document: Mapping[str, Any]) -> Iterator[str]:
    """Yield the statements that deny, or say what they mean by what they do not mean."""
    for statement in statements(document):
        if not _is_plain(statement):
            yield json.dumps(statement, sort_keys=True)


def _is_plain(statement: Mapping[str, Any]) -> bool:
    return statement.get("Effect") == "Allow" and {"Action", "Resource"} <= set(statement)
