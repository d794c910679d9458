"""The patterns of the EventBridge rules, made from the catalogue for a stage's settings.

A rule delivers only what can change a verdict under the settings, so that the rest costs nothing.
source is matched because only AWS itself can put events with an `aws.` source on a bus, eventSource
because other services have events of the same names. Failed calls changed
nothing: their records have an errorCode and are left out, but for the failed deletion of a user.

A pattern may have 2,048 characters (EventBridge quotas) under any settings. So names that settings
give are matched by their ends, and the parser compares them whole.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from reactor.errors import SettingError
from reactor.names import Function
from reactor.settings import Settings
from reactor.triggers.catalogue import (
    CATALOGUE,
    IAM_EVENT_SOURCE,
    PARAMETER_EVENT_SOURCE,
    PARAMETER_EVENTS,
    Row,
    delivered,
)
from reactor.triggers.compliance import COMPLIANCE_DETAIL_TYPE, CONFIG_EVENT_SOURCE

CLOUDTRAIL_DETAIL_TYPE = "AWS API Call via CloudTrail"

PATTERN_LIMIT = 2048  # characters (EventBridge quotas)
# How AWS Config names rules by itself (API reference, ConfigRule); a name may look so, too.
_RULE_ID = re.compile(r"config-rule-[a-z0-9]+", re.ASCII)

Pattern = dict[str, Any]
_SUCCEEDED: Pattern = {"errorCode": [{"exists": False}]}
# What else can be done to the guard, and to its group, and why the keeper looks then. Of most of
# these, the catalogue has whom else they concern.
ON_THE_GUARD = {
    "DeletePolicy": "it is made anew",
    "TagPolicy": "the tag by which it is ours may have another value",
    "UntagPolicy": "the tag by which it is ours may be gone",
}
ON_ITS_GROUP = {
    "AttachGroupPolicy": "another policy would be everybody's in it",
    "DeleteGroup": "it is made anew where it is the regular way to carry the guard",
    "DetachGroupPolicy": "its members are without the guard",
    "PutGroupPolicy": "an inline policy would be everybody's in it",
    "UpdateGroup": "it has another name or path, and is not ours any more",
}
_END = 128  # characters of a name that are matched


def react_pattern(settings: Settings) -> Pattern:
    """Return what wakes `react`: what takes the guard or a device off, and new users."""
    rows = delivered(settings, Function.REACT)
    succeeding = [row for row in rows if not row.failed_with]
    return _one_of(
        _iam([row for row in succeeding if not row.of_the_guard]),
        _iam([row for row in succeeding if row.of_the_guard], _on_the_guard(settings)),
        *(_iam([row], {"errorCode": [row.failed_with]}) for row in rows if row.failed_with),
    )


def review_pattern(settings: Settings) -> Pattern:
    """Return what wakes `review`: what merely might matter, and whatever hides its parameters."""
    rows = delivered(settings, Function.REVIEW)
    parameters = [row for row in rows if row.event in PARAMETER_EVENTS]
    # What is done to other policies than the guard is no hurry.
    other_policies = [
        row for row in CATALOGUE.values() if row.of_the_guard and row.of_others.holds(settings)
    ]
    other = {"anything-but": {"suffix": _suffix(settings)[-_END:]}}
    return _one_of(
        _iam([row for row in rows if row not in parameters]),
        _iam(other_policies, {"requestParameters": {"policyArn": [other]}}),
        # CloudTrail leaves out what is too large, which is a way to hide (see Names).
        _iam([], {"requestParameters": {"omitted": [{"exists": True}]}}),
        *([_parameters(parameters, settings.exempt_parameter)] if parameters else []),
    )


def keeper_pattern(settings: Settings) -> Pattern:
    """Return what wakes the `keeper`: what is done to the guard's document or tag, or its group."""
    names = [row.event for row in delivered(settings, Function.KEEPER)]
    return _one_of(
        _detail(
            IAM_EVENT_SOURCE,
            {"eventName": sorted([*names, *ON_THE_GUARD])},
            _on_the_guard(settings),
        ),
        _detail(
            IAM_EVENT_SOURCE,
            {"eventName": sorted(ON_ITS_GROUP)},
            {"requestParameters": {"groupName": [{"equals-ignore-case": settings.guard_name}]}},
        ),
    )


def compliance_pattern(settings: Settings) -> Pattern:
    """Return what wakes `compliance`: what the rules of AWS Config that settings name find amiss.

    An event has a rule's name, and its id at the end of an ARN only. What needs no look is left
    out; that a rule could not tell is reason to look.
    """
    by_name = {"configRuleName": sorted(settings.config_rules)}
    ids = sorted(each for each in settings.config_rules if _RULE_ID.fullmatch(each))
    by_id = {"configRuleARN": [{"suffix": f"/{each}"} for each in ids]}
    return {
        "source": [CONFIG_EVENT_SOURCE],
        "detail-type": [COMPLIANCE_DETAIL_TYPE],
        "detail": {
            "messageType": ["ComplianceChangeNotification"],
            "newEvaluationResult": {"complianceType": ["INSUFFICIENT_DATA", "NON_COMPLIANT"]},
            **({"$or": [by_name, by_id]} if ids else by_name),
        },
    }


def require_room_for_rules(settings: Settings) -> None:
    """Raise SettingError when a rule's pattern cannot hold all names that settings give."""
    size = len(json.dumps(compliance_pattern(settings)))
    if size > PATTERN_LIMIT:
        raise SettingError(
            f"REACTOR_CONFIG_RULES is too long: the pattern of the rule that listens would have"
            f" {size:,} characters, and EventBridge takes {PATTERN_LIMIT:,}; name fewer, or have"
            " one stage for some and another for the others"
        )


def pattern_of(function: Function, settings: Settings) -> Pattern | None:
    """Return the pattern of a function that re-evaluates on events; None for the others."""
    makers = {
        Function.REACT: react_pattern,
        Function.REVIEW: review_pattern,
        Function.KEEPER: keeper_pattern,
    }
    if settings.config_rules:
        makers[Function.COMPLIANCE] = compliance_pattern
    make = makers.get(function)
    return None if make is None else make(settings)


def is_the_guard(policy_arn: str, settings: Settings) -> bool:
    """Tell whether an ARN is the guard's, in whatever account."""
    return policy_arn.endswith(_suffix(settings))


def _suffix(settings: Settings) -> str:
    if settings.guard_is_given:
        return settings.guard_policy
    return f":policy/{settings.guard_policy}"


def _on_the_guard(settings: Settings) -> Pattern:
    """Match the guard's ARN, or none: then it may have been left out.

    In two branches, because no documentation says that `exists` goes with others in one list.
    """
    choices = ({"suffix": _suffix(settings)[-_END:]}, {"exists": False})
    return {"$or": [{"requestParameters": {"policyArn": [each]}} for each in choices]}


def _iam(rows: Iterable[Row], *filters: Pattern) -> Pattern:
    names = sorted(row.event for row in rows)
    named = [{"eventName": names}] if names else []
    return _detail(IAM_EVENT_SOURCE, *named, *filters)


def _parameters(rows: Iterable[Row], parameter: str) -> Pattern:
    names = sorted(row.event for row in rows)
    # Its name or its ARN. Of DeleteParameters, whose names are a list, any that fits will do.
    forms = [{"suffix": parameter.removeprefix("/")[-_END:]}]
    wanted = {"$or": [{"requestParameters": {key: forms}} for key in ("name", "names")]}
    return _detail(PARAMETER_EVENT_SOURCE, {"eventName": names}, wanted)


def _detail(event_source: str, *filters: Pattern) -> Pattern:
    detail: Pattern = {"eventSource": [event_source], **_SUCCEEDED}
    for each in filters:
        detail |= each
    return {"source": [f"aws.{event_source.partition('.')[0]}"], "detail": detail}


def _one_of(*patterns: Pattern) -> Pattern:
    common: Pattern = {"detail-type": [CLOUDTRAIL_DETAIL_TYPE]}
    if len(patterns) == 1:
        return {**common, **patterns[0]}
    return {**common, "$or": list(patterns)}
