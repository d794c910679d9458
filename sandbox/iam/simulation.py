"""SimulateCustomPolicy: what AWS's own policy simulator would say, said by the oracle.

The form of the answers is that of the API reference. The texts of errors are our guess, and so is
what several resources come to as a whole: the severest decision on one of them. On `*` a statement
bears only if it names every resource.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.iam.exceptions import IAMException, InvalidInput, ValidationError

from sandbox.iam.paging import item_limit
from sandbox.iam.statements import context_keys, parse, positions
from sandbox.oracle import Decision, Judgement, Oracle, OracleError, Request, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_NOT_PLAYED = (
    "OrderedOrganizationPolicyInputList",
    "ResourceHandlingOption",
    "ResourceOwner",
    "ResourcePolicy",
)
_LONGEST_DOCUMENT = 131_072  # characters (API reference)
_ACTION = re.compile(r"[A-Za-z0-9-]+:[A-Za-z0-9]+")
_ARN = re.compile(r"arn:(?:[^:]*:){4}.+")
_CALLER = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(?:user|group|role)/.+")
_SEVEREST_FIRST = (Decision.EXPLICIT_DENY, Decision.IMPLICIT_DENY, Decision.ALLOWED)


@dataclass(frozen=True, slots=True)
class _Answers:
    """What every result is made with."""

    places: list[list[dict[str, Any]]]  # of each policy, of each of its statements
    missing: list[str]


def simulate_custom_policy(
    oracle: Oracle, parameters: Mapping[str, Any], *, partition: str, account: str
) -> dict[str, Any]:
    """The members of the answer.

    Raises InvalidInput or ValidationError for what AWS refuses, IAMException(PolicyEvaluation) when
    the oracle fails, NotImplementedError for what the oracle is not asked.
    """
    for name in _NOT_PLAYED:
        if parameters.get(name):
            raise NotImplementedError(f"its {name}")
    try:
        return _simulate(oracle, parameters, f"arn:{partition}:iam::{account}:user/simulated")
    except OracleError as error:
        raise IAMException("PolicyEvaluation", str(error)) from error


def _simulate(oracle: Oracle, parameters: Mapping[str, Any], caller: str) -> dict[str, Any]:
    texts = parameters["PolicyInputList"]
    policies = _documents(oracle, texts, "PolicyInputList")
    boundary = "PermissionsBoundaryPolicyInputList"
    boundaries = _documents(oracle, parameters.get(boundary) or [], boundary)
    if len(boundaries) > 1:
        raise InvalidInput("There can be one permissions boundary only.")
    resources = _checked("resource ARN", parameters.get("ResourceArns") or ["*"], _ARN, "*")
    (caller,) = _checked("caller ARN", [parameters.get("CallerArn") or caller], _CALLER)
    actions = _checked("action name", parameters["ActionNames"], _ACTION)
    context = _context(parameters.get("ContextEntries") or [])
    first = _place(parameters.get("Marker"))
    page = actions[first : first + item_limit(parameters.get("MaxItems"))]
    requests = [Request(action, resource) for action in page for resource in resources]
    judged = iter(oracle.judge(requests, policies, boundaries, Session(caller, context)))
    answers = _Answers(
        [positions(text) for text in texts], _missing([*policies, *boundaries], context)
    )
    results = [
        _result(action, resources, [next(judged) for _ in resources], answers) for action in page
    ]
    after = first + len(page)
    more = after < len(actions)
    answer = {"EvaluationResults": results, "IsTruncated": more}
    return {**answer, "Marker": _marker(after)} if more else answer


def _documents(oracle: Oracle, texts: Sequence[str], member: str) -> list[dict[str, Any]]:
    documents = []
    for number, text in enumerate(texts, 1):
        if not 1 <= len(text) <= _LONGEST_DOCUMENT:
            raise ValidationError(
                f"1 validation error detected: Value at '{member}.member.{number}' failed to "
                f"satisfy constraint: Member must have length between 1 and {_LONGEST_DOCUMENT}"
            )
        try:
            documents.append(parse(text))
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"{member}.{number} is no policy: {error}") from error
    for number, problems in enumerate(oracle.problems(documents), 1):
        if problems:
            raise InvalidInput(f"{member}.{number} is no valid policy: {'; '.join(problems)}")
    return documents


def _checked(
    what: str, given: Sequence[str], form: re.Pattern[str], also: str | None = None
) -> Sequence[str]:
    for each in given:
        if each != also and not form.fullmatch(each):
            raise InvalidInput(f"Invalid {what}: {each}")
    return given


def _context(entries: Sequence[Mapping[str, Any]]) -> dict[str, str | list[str]]:
    """The values by key; a key of several values has a list, as its type says."""
    context: dict[str, str | list[str]] = {}
    for entry in entries:
        key, values = entry.get("ContextKeyName"), entry.get("ContextKeyValues") or []
        of_several = str(entry.get("ContextKeyType")).endswith("List")
        if not key or not values or (len(values) > 1 and not of_several):
            raise InvalidInput(f"Invalid context entry: {key}")
        context[key] = values if of_several else values[0]
    return context


def _missing(policies: Sequence[Mapping[str, Any]], context: Mapping[str, Any]) -> list[str]:
    """The context keys that the policies use and no entry gives, each once."""
    given = {key.lower() for key in context}
    used = {key.lower(): key for policy in policies for key in context_keys(policy)}
    return sorted(key for name, key in used.items() if name not in given)


def _result(
    action: str,
    resources: Sequence[str],
    judged: Sequence[Judgement | None],
    answers: _Answers,
) -> dict[str, Any]:
    """An action's result: as a whole, and for each resource that was named."""
    known = [each for each in judged if each is not None]
    if not known:
        raise InvalidInput(f"Invalid action name: {action}")
    severest = min((each.decision for each in known), key=_SEVEREST_FIRST.index)
    deciding = [each for each in known if each.decision is severest]
    within = [each.within_boundary for each in known if each.within_boundary is not None]
    result = {
        "EvalActionName": action,
        "EvalResourceName": _template(resources[0], known[0].templates),
        "EvalDecision": severest.value,
        "MatchedStatements": list(_matched(deciding, answers)),
        "MissingContextValues": answers.missing,
        **_boundary_detail(all(within) if within else None),
    }
    if list(resources) == ["*"]:
        return result
    specific = [
        {
            "EvalResourceName": resource,
            "EvalResourceDecision": judgement.decision.value,
            "MatchedStatements": list(_matched([judgement], answers)),
            "MissingContextValues": answers.missing,
            **_boundary_detail(judgement.within_boundary),
        }
        for resource, judgement in zip(resources, known, strict=True)
    ]
    return {**result, "ResourceSpecificResults": specific}


def _matched(judged: Sequence[Judgement], answers: _Answers) -> Iterator[dict[str, Any]]:
    """The statements that made the decisions, each once, in the words of recorded answers."""
    for policy, statement in sorted({each for one in judged for each in one.matched}):
        yield {
            "SourcePolicyId": f"PolicyInputList.{policy + 1}",
            "SourcePolicyType": "IAM Policy",
            **answers.places[policy][statement],
        }


def _boundary_detail(within: bool | None) -> dict[str, Any]:
    if within is None:
        return {}
    return {"PermissionsBoundaryDecisionDetail": {"AllowedByPermissionsBoundary": within}}


def _template(resource: str, templates: Sequence[str]) -> str:
    """The form that a resource's ARN has; `*` where none is named, or none has a form."""
    for template in templates if resource != "*" else ():
        literals = re.split(r"\$\{\w+\}", template)
        if re.fullmatch(".*".join(map(re.escape, literals)), resource):
            return template
    return "*"


def _marker(place: int) -> str:
    return base64.urlsafe_b64encode(str(place).encode()).decode()


def _place(marker: str | None) -> int:
    try:
        return int(base64.urlsafe_b64decode(marker)) if marker else 0
    except ValueError as error:
        raise InvalidInput(f"Invalid Marker: {marker}") from error
