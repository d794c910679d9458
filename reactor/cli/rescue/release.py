"""Excusing a user, taking the guard off, and finding what else is in its way."""

import json
import re
import shlex

from reactor.cli.rescue.person import Person
from reactor.cli.rescue.steps import Steps, command, you
from reactor.settings import TagMatch

_SHORTHAND = re.compile(r"[\w./+@:-]+", re.ASCII)  # what needs no JSON on the AWS CLI


def exempt(person: Person) -> Steps:
    """Excuse the user, in the first way that the settings have for it, and free it."""
    how = _ways_to_exempt(person)
    what = "exempt it"
    if not how:
        what += ": set REACTOR_EXEMPT_TAGS, _GROUPS or _PARAMETER first, which name no way now"
    return (you(what, *how), *take_off(person))


def take_off(person: Person) -> Steps:
    """Take the guard off a user who is exempt; the reactor does not put it back on."""
    carrier, commands = person.facts.user, list[str]()
    if carrier.guarded_directly:
        commands = [person.iam("detach-user-policy", policy_arn=carrier.guard.arn)]
    commands += [
        person.iam("remove-user-from-group", group_name=group) for group in carrier.guarded_through
    ]
    more = [group for group in carrier.guarded_through if group != carrier.guard.group]
    what = "take the guard off"
    # The guard denies it to its own holders (reactor.guard.document).
    what += "" if carrier.guard.given else ", in a role's session: users who carry it may not"
    what += f"; what else {', '.join(more)} gives it goes, too" if more else ""
    return (you(what, *commands),)


def look_for_denials(person: Person) -> Steps:
    """See what else refuses the user's calls."""
    look = command(
        "aws cloudtrail lookup-events",
        lookup_attributes=f"AttributeKey=Username,AttributeValue={person.name}",
        max_results="20",
        query="Events[].CloudTrailEvent",
    )
    return (you("see what AWS refused, and why (errorMessage), in the region where it was", look),)


def read_given_guard(person: Person) -> Steps:
    """See what a guard that someone else keeps opens before MFA."""
    guard = person.facts.user.guard
    if not guard.given:
        return ()
    query = "Policy.DefaultVersionId"
    version = command("aws iam get-policy", policy_arn=guard.arn, query=query)
    show = command("aws iam get-policy-version", policy_arn=guard.arn, version_id="VERSION")
    return (you("see what the guard opens before MFA: someone else keeps it", version, show),)


def _ways_to_exempt(person: Person) -> tuple[str, ...]:
    settings = person.settings
    for tag in settings.exempt_tags:
        return (person.iam("tag-user", tags=_tag_argument(tag)),)
    for group in settings.exempt_groups:
        return (person.iam("add-user-to-group", group_name=group),)
    # In the list, a comma would be the end of the name.
    if settings.exempt_parameter and "," not in person.name:
        listed = f"--parameter {settings.exempt_parameter}"
        return (
            f"mfa-reactor exempt list {listed} > exempt.txt",
            f"printf '%s\\n' {shlex.quote(person.name)} >> exempt.txt",
            f"mfa-reactor exempt import exempt.txt {listed}",
        )
    return ()


def _tag_argument(tag: TagMatch) -> str:
    if _SHORTHAND.fullmatch(tag.key) and _SHORTHAND.fullmatch(tag.value):
        return f"Key={tag.key},Value={tag.value}"
    return json.dumps([{"Key": tag.key, "Value": tag.value}])
