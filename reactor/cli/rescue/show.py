"""Facts and steps for people, and as a JSON document for scripts. Times are UTC."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from reactor.cli import output
from reactor.cli.rescue.advice import Advice
from reactor.cli.rescue.steps import Step, Who
from reactor.model import Verdict
from reactor.users.rescue import DEVICES_PER_USER, AccessKey, AccountSummary, Facts, kind_of


def put(name: str, verdict: Verdict, advice: Advice, facts: Facts | None = None) -> None:
    """Print what stands in the way, the facts as far as there are any, and the steps."""
    output.put_item("", f"{advice.summary}.")
    output.put("")
    rows = [("Verdict", [_verdict(verdict)]), *(_rows(facts) if facts else ())]
    # Line by line: a foreign name must not begin a line of its own.
    output.put_facts((what, "\n".join(map(output.clean, lines))) for what, lines in rows)
    for case, steps in groupby(advice.steps, key=lambda step: step.case):
        output.put_heading(f"{case[:1].upper()}{case[1:]}:" if case else "What to do:")
        for number, step in enumerate(steps, 1):
            who = "you" if step.who is Who.ADMINISTRATOR else name
            output.put_item(f"  {number}. ", f"{who}: {step.what}")
            for line in step.commands:
                output.put_command(line)
    if any(step.who is Who.ADMINISTRATOR for step in advice.steps):
        output.put("\nyou: an administrator, in a session with MFA")


def document(
    name: str,
    verdict: Verdict,
    advice: Advice,
    *,
    facts: Facts | None = None,
    root: AccountSummary | None = None,
) -> dict[str, object]:
    """Return the same as JSON types; `facts` is null of what is no user."""
    return {
        "user": name,
        "verdict": verdict.compliance.value,
        "rule": verdict.rule,
        "reasons": list(verdict.reasons),
        "situation": advice.situation.value,
        "summary": advice.summary,
        "facts": _facts(facts) if facts else _root_facts(root) if root else None,
        "steps": [_step(each) for each in advice.steps],
    }


def _verdict(verdict: Verdict) -> str:
    return f"{verdict.compliance} ({verdict.rule}): {'; '.join(verdict.reasons)}"


def _rows(facts: Facts) -> Iterable[tuple[str, list[str]]]:
    groups, policies = facts.user.groups, len(facts.user.policies)
    yield "Guard", [_guard(facts)]
    yield "Password", [_password(facts)]
    yield "Devices", list(_devices(facts)) or ["none"]
    if facts.orphans:
        yield "Leftover", [f"{serial}, assigned to nobody" for serial in facts.orphans]
    yield "Keys", [_key(each) for each in facts.keys] or ["none"]
    listed = f": {', '.join(groups)}" if groups else ""
    yield "Groups", [f"{len(groups)} of {facts.account.groups_per_user}{listed}"]
    yield "Policies", [f"{policies} of {facts.account.policies_per_user} attached"]


def _guard(facts: Facts) -> str:
    user = facts.user
    ways = ["attached to the user"] if user.guarded_directly else []
    ways += [f"through its group {group}" for group in user.guarded_through]
    name = user.guard.arn if user.guard.given else user.guard.name
    if not ways:
        return f"{name}, which it does not carry"
    return f"{name}, {' and '.join(ways)}" + ("" if facts.guarded else f", but {_standing(facts)}")


def _standing(facts: Facts) -> str:
    return f"the policy there is {facts.user.guard_standing}"


def _password(facts: Facts) -> str:
    if facts.password is None:
        return "none"
    used = facts.password_used_at
    last = f"last used {_minute(used)}" if used else "never used"
    due = "; a new one must be set at the next sign-in" if facts.password.must_change else ""
    return f"made {_day(facts.password.made_at)}, {last}{due}"


def _devices(facts: Facts) -> Iterable[str]:
    for each in facts.devices:
        yield f"{kind_of(each.serial)} {each.serial}, since {_day(each.enabled_at)}"
    if not facts.has_room_for_a_device:
        yield f"{DEVICES_PER_USER}, as many as there may be"


def _key(key: AccessKey) -> str:
    used = key.used
    last = f"used {_minute(used.at)}: {used.service}, {used.region}" if used else "never used"
    return f"{key.id} {'active' if key.active else 'inactive'}, {last}"


def _facts(facts: Facts) -> dict[str, object]:
    user, password = facts.user, facts.password
    return {
        "arn": user.arn,
        "guard": {
            "arn": user.guard.arn,
            "standing": user.guard_standing.value,
            "binds": facts.guarded,
            "attached": user.guarded_directly,
            "groups": list(user.guarded_through),
        },
        "password": {
            "since": _iso(password.made_at),
            "must_change": password.must_change,
            "last_used": _iso(facts.password_used_at),
        }
        if password
        else None,
        "devices": [
            {
                "serial": each.serial,
                "kind": kind_of(each.serial).name.lower(),
                "since": _iso(each.enabled_at),
            }
            for each in facts.devices
        ],
        "leftover_devices": list(facts.orphans),
        "keys": [_key_document(each) for each in facts.keys],
        "groups": list(user.groups),
        "policies": sorted(user.policies),
        "quotas": {
            "devices": DEVICES_PER_USER,
            "groups": facts.account.groups_per_user,
            "policies": facts.account.policies_per_user,
        },
    }


def _key_document(key: AccessKey) -> dict[str, object]:
    used = key.used
    return {
        "id": key.id,
        "active": key.active,
        "since": _iso(key.made_at),
        "last_used": {"at": _iso(used.at), "service": used.service, "region": used.region}
        if used
        else None,
    }


def _root_facts(account: AccountSummary) -> dict[str, object]:
    return {"mfa": account.root_has_mfa, "password": account.root_has_password}


def _step(step: Step) -> dict[str, object]:
    return {
        "case": step.case,
        "who": step.who.value,
        "what": step.what,
        "commands": list(step.commands),
    }


def _day(at: datetime) -> str:
    return f"{at:%Y-%m-%d}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
