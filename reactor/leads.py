"""Whom it leads to when AWS Config asks about something, or one of its rules has found something.

Pure, so that the functions and `mfa-reactor explain` tell alike.
"""

from dataclasses import dataclass

from reactor.guardrails import Row, evaluated, of_type, wanted
from reactor.model import Resource, Subject
from reactor.settings import Settings
from reactor.triggers.compliance import Item, rule_of, why_not_looked_at
from reactor.triggers.config import Asked


@dataclass(frozen=True, slots=True)
class Lead:
    """What a notice wants looked at: by which guardrail, and on which rule's word."""

    rule: str
    row: Row
    subject: Subject


@dataclass(frozen=True, slots=True)
class Nowhere:
    """Why nothing is looked at, and on which rule's word; None where it is no rule of ours."""

    rule: str | None
    why: str


def of_notice(item: Item, settings: Settings, account: str) -> Lead | Nowhere:
    """Return what an item of a notice leads to, in the account that we are in (12 digits)."""
    rule = rule_of(item, settings.config_rules)
    why = why_not_looked_at(item, rules=settings.config_rules, account=account)
    if why is not None or rule is None:
        return Nowhere(rule, why or "it is another rule's")
    row = of_type(item.resource_type, wanted(settings))
    if row is None:
        return Nowhere(rule, not_ours(item.resource_type))
    resource = Resource(item.resource_type, item.resource_id, region=item.region)
    subject = row.subjects[item.resource_type](resource, account)
    if subject is None:
        why = f"its id alone does not lead to anything of type {item.resource_type}"
        return Nowhere(rule, why)
    return Lead(rule, row, subject)


def of_invocation(asked: Asked, settings: Settings, account: str) -> tuple[Subject, ...] | Nowhere:
    """Return whom an invocation by AWS Config leads to, as far as it says so itself.

    `settings` are the rule's own, in the account that we are in (12 digits).
    """
    if asked.resource is None:
        kinds = [row.everything for row in evaluated(settings) if row.everything is not None]
        return tuple(Subject(kind, account) for kind in kinds)
    row = of_type(asked.resource.type, evaluated(settings))
    if row is None or asked.over is not None:
        return Nowhere(asked.rule, asked.over or not_ours(asked.resource.type))
    subject = row.subjects[asked.resource.type](asked.resource, account)
    if subject is None:
        which = f"which {asked.resource.type} {asked.resource.id} is"
        return Nowhere(asked.rule, f"it does not say {which}, and AWS Config is asked")
    return (subject,)


def not_ours(resource_type: str) -> str:
    """Return why nothing of this type is looked at."""
    return f"mfa-reactor looks after no resources of type {resource_type}"
