"""From an invocation by AWS Config, for a custom rule, to what the rule wants evaluated.

`invokingEvent` and `ruleParameters` are JSON inside of strings. A change brings the resource's
configuration item, or a summary of it where that is too large; a schedule brings no item, and wants
everything evaluated. Of an item no more is read than which resource it is of: what is so, AWS is
asked. Sources: AWS Config developer guide, "Example Events for AWS Config Rules"; published
invocations, in the tests.
"""

import difflib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from reactor.errors import Permanent, shorten
from reactor.model import Resource
from reactor.settings import Scope, Settings
from reactor.triggers.records import RESOURCE_ID, mapping, text, time_of

# The parameters that a rule may have, and the settings that they stand in place of for it.
PARAMETERS: Mapping[str, str] = {
    "scope": "scope",
    "dangerousActions": "dangerous_actions",
    "onlyCustom": "only_custom_policies",
    "only_custom": "only_custom_policies",
    "whitelistParameter": "exempt_parameter",
}
# ConfigRuleName of PutConfigRule, any text that is not blank; and how much of it
# GetComplianceDetailsByConfigRule takes (API reference).
_LONGEST_RULE, _LONGEST_READ = 128, 64
MEND_THE_RULE = (
    "mend the rule's InputParameters (docs/config.md has them), deploy it, and have it evaluate:"
    " aws configservice start-config-rules-evaluation"
)
# Below it every parameter may be a rule's exemption list: the function's role can read them.
LISTS_BELOW = "/mfa-reactor/"

_TYPE = re.compile(r"[A-Za-z0-9:]{1,196}", re.ASCII)
_TEXT = re.compile(r"[!-~]{1,2048}", re.ASCII)
# An item of these says that there is nothing to evaluate any more (API reference,
# ConfigurationItem); of a resource that is not recorded, AWS Config wants no result.
_OVER = {
    "ResourceDeleted": "it is deleted",
    "ResourceDeletedNotRecorded": "it is deleted",
    "ResourceNotRecorded": "AWS Config does not record it",
}


class Kind(StrEnum):
    """What a rule can be invoked for, in AWS Config's words."""

    CHANGE = "ConfigurationItemChangeNotification"
    OVERSIZED = "OversizedConfigurationItemChangeNotification"
    SCHEDULE = "ScheduledNotification"


# The member with what has changed.
_ITEM = {Kind.CHANGE: "configurationItem", Kind.OVERSIZED: "configurationItemSummary"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What an invocation asks for.

    `resource` is what has changed, None when everything is to be evaluated; `over` is why it is not
    to be evaluated any more. `at` (UTC) orders the results: when the item was captured, or the
    notification made. `overrides` are settings' texts by field, `called` the parameters that they
    come from.
    """

    rule: str
    kind: Kind
    token: str
    at: datetime
    overrides: Mapping[str, str]
    called: Mapping[str, str]
    resource: Resource | None = None
    over: str | None = None

    def describe(self) -> dict[str, object]:
        """Return it for the record; its token is nobody's business."""
        return {
            "rule": self.rule,
            "notification": self.kind.value,
            "resource": None if self.resource is None else self.resource.describe(),
            "settings": dict(self.overrides),
        }


def parse(payload: object, *, account: str) -> Asked:
    """Read one invocation, in the account we are in (12 digits).

    Raises Permanent for whatever is not one, with what is wrong and what to do; and nothing else,
    whatever the payload holds.
    """
    said = mapping(payload)
    event = _object(said.get("invokingEvent"), "invokingEvent")
    token = said.get("resultToken")
    if not isinstance(token, str) or not token:
        raise _no_invocation("it has no resultToken, without which AWS Config takes no result")
    kind = _kind(event)
    item = mapping(event.get(_ITEM[kind])) if kind in _ITEM else None
    _refuse_foreign((said.get("accountId"), *_accounts(event, item)), account)
    rule = _rule(said.get("configRuleName"))
    overrides, called = _overrides(said.get("ruleParameters"), rule)
    over = None if item is None else _why_over(item, said.get("eventLeftScope"))
    resource = None if item is None else _resource(item)
    return Asked(rule, kind, token, _time(event, item), overrides, called, resource, over)


def of_rule(stage: Settings, asked: Asked) -> Settings:
    """Return a stage's settings with a rule's in place of theirs.

    Raises SettingError, or Permanent for parameters that contradict each other, or an exemption
    list that cannot be read.
    """
    # A rule only reports, and this takes away what contradicts another scope.
    overrides = {"lift": "never", **asked.overrides}
    _refuse_nobody_privileged(stage, asked, overrides)
    settings = stage.with_overrides(overrides, asked.called)
    own, wanted = stage.exempt_parameter, settings.exempt_parameter
    if wanted and wanted != own and not wanted.startswith(LISTS_BELOW):
        raise Permanent(
            f"the rule {asked.rule} has whitelistParameter {shorten(wanted, 80)!r}: it takes a"
            f" parameter below {LISTS_BELOW}" + (f", or {own}" if own else ""),
            remedy=f"move the list below {LISTS_BELOW} (mfa-reactor exempt import FILE --parameter"
            f" {LISTS_BELOW}NAME): the function may read no other",
        )
    return settings


def _refuse_nobody_privileged(stage: Settings, asked: Asked, overrides: Mapping[str, str]) -> None:
    """Refuse what the settings refuse as a whole, in words of the rule and not of variables."""
    if overrides.get("scope", stage.scope) != Scope.PRIVILEGED:
        return
    unscoped = stage.with_overrides({**overrides, "scope": Scope.EVERYONE}, asked.called)
    if not unscoped.dangerous_actions:
        raise Permanent(
            f"the parameters of the rule {asked.rule} contradict each other: in the scope"
            " privileged, and without dangerousActions, nobody would be privileged",
            remedy="give the rule dangerousActions, such as iam:*,sts:AssumeRole, or another scope;"
            f" {MEND_THE_RULE}",
        )


def _rule(value: object) -> str:
    """Read a rule's name: any text that can be printed, whoever named it so."""
    named = isinstance(value, str) and value.isprintable() and value.strip()
    if not isinstance(value, str) or not named or len(value) > _LONGEST_RULE:
        raise _no_invocation("it names no rule")
    if len(value) > _LONGEST_READ:
        raise Permanent(
            f"the rule {shorten(value, 80)} has a name of {len(value)} characters: of one that is"
            f" longer than {_LONGEST_READ} AWS Config does not tell whom it has results for, so"
            " that who is gone would stay in them",
            remedy=f"give the rule a name of {_LONGEST_READ} characters at most: make another, and"
            " delete this one (docs/config.md)",
        )
    return value


def _object(value: object, member: str) -> Mapping[str, object]:
    """Read the JSON object that stands in a string."""
    if not isinstance(value, str):
        raise _no_invocation(f"{member} is not the JSON text that it should be")
    try:
        parsed = json.loads(value)
    except (ValueError, RecursionError):
        raise _no_invocation(f"{member} is no JSON: {shorten(value, 80)}") from None
    if not isinstance(parsed, dict):
        raise _no_invocation(f"{member} is JSON, but no object: {shorten(value, 80)}")
    return parsed


def _kind(event: Mapping[str, object]) -> Kind:
    named = event.get("messageType")
    try:
        return Kind(str(named))
    except ValueError:
        raise Permanent(
            f"AWS Config wants an evaluation for {shorten(named, 80)}, which this function does not"
            f" answer; it answers {', '.join(Kind)}",
            remedy="leave that message type out of the rule's SourceDetails"
            " (infra/config-rule.yaml has those that it takes)",
        ) from None


def _accounts(
    event: Mapping[str, object], item: Mapping[str, object] | None
) -> tuple[object, object]:
    return event.get("awsAccountId"), mapping(item).get("awsAccountId")


def _refuse_foreign(accounts: Iterable[object], account: str) -> None:
    """Refuse an invocation for another account: of its resources, ours can tell nothing.

    An organization's rule runs in one account for all of them.
    """
    for theirs in accounts:
        if theirs is not None and theirs != account:
            raise Permanent(
                f"the evaluation of another account is wanted: {shorten(theirs, 80)}",
                remedy="set a rule up in each account, with a function of its own",
            )


def _time(event: Mapping[str, object], item: Mapping[str, object] | None) -> datetime:
    """Return when the item was captured, or the notification made."""
    captured = time_of(mapping(item).get("configurationItemCaptureTime"))
    at = captured or time_of(event.get("notificationCreationTime"))
    if at is None:
        raise _no_invocation("it has no time by which its results could be ordered")
    return at


def _overrides(value: object, rule: str) -> tuple[dict[str, str], dict[str, str]]:
    """Return a rule's parameters as texts of settings, by field, and what each is called."""
    # A rule without parameters has an empty object, in published invocations; or leaves it out.
    given = {} if value is None or value == "" else _object(value, "ruleParameters")
    overrides: dict[str, str] = {}
    called: dict[str, str] = {}
    for name, wanted in given.items():
        setting = PARAMETERS.get(name)
        if setting is None:
            raise _wrong_parameter(rule, _unknown(name))
        if not isinstance(wanted, str):
            raise _wrong_parameter(rule, f"{name} is {shorten(wanted, 80)}: it takes a text")
        if setting in overrides:
            raise _wrong_parameter(rule, f"{name} and {called[setting]} are the same")
        overrides[setting], called[setting] = wanted, f"the parameter {name} of the rule {rule}"
    return overrides, called


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, PARAMETERS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(PARAMETERS)}"
    return f"{shorten(name, 80)} is not a parameter: {hint}"


def _wrong_parameter(rule: str, what: str) -> Permanent:
    return Permanent(
        f"a parameter of the rule {rule} is wrong: {what}",
        remedy=MEND_THE_RULE,
    )


def _no_invocation(why: str) -> Permanent:
    return Permanent(
        f"this is no invocation by AWS Config: {why}",
        remedy="nothing, if somebody tried the function out; else see who invokes it: only AWS"
        " Config has to (docs/config.md)",
    )


def _resource(item: Mapping[str, object]) -> Resource:
    kind, unique_id = (
        text(item.get("resourceType"), _TYPE),
        text(item.get("resourceId"), RESOURCE_ID),
    )
    if kind is None or unique_id is None:
        raise _no_invocation("its configuration item does not say of which resource it is")
    return Resource(
        kind,
        unique_id,
        text(item.get("resourceName"), _TEXT),
        text(item.get("ARN"), _TEXT),
        text(item.get("awsRegion"), _TEXT),
        time_of(item.get("resourceCreationTime")),
    )


def _why_over(item: Mapping[str, object], left_scope: object) -> str | None:
    """Return why a resource is not to be evaluated any more."""
    over = _OVER.get(str(item.get("configurationItemStatus")))
    return over or ("it has left the rule's scope" if left_scope is True else None)
