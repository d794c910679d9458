"""What always holds of an account and of each write, in other words than the reactor's.

Reads may be up to `LAG` old, each by another age. So a write is wrong only when no mixture of what
was so within that time could have led to it.
"""

from collections.abc import Iterable
from datetime import timedelta

from reactor.guard.comparison import parse, same_document
from reactor.guard.document import guard_document
from reactor.guard.identity import GROUP_PATH
from reactor.settings import Lift, Scope, Settings, Via
from tests.fakes.account import ACCOUNT, GUARD_ARN, GUARD_GROUP, GUARD_TAGS, IamUser, World

LAG = timedelta(seconds=60)
KINDS = ("password", "keys", "ssh_keys", "service_credentials", "certificates")


def exemptions(world: World, user: IamUser, chosen: Settings) -> frozenset[str]:
    """Return in which of the five ways a user is exempt."""
    listed = (world.exemption_list or "").lower().split(",")
    ways = {
        "tag": chosen.exempt_tags and ("userType", "Service") in user.tags,
        "list": chosen.exempt_parameter and user.name.lower() in listed,
        "name": chosen.exempt_names and user.name.lower().startswith("svc-"),
        "path": chosen.exempt_paths and user.path.startswith("/service/"),
        "group": chosen.exempt_groups and "break-glass" in user.groups,
    }
    return frozenset(way for way, holds in ways.items() if holds)


def in_scope(user: IamUser, chosen: Settings) -> bool:
    """Tell whether a user who is not exempt must carry the guard."""
    if chosen.scope is Scope.EVERYONE:
        return True
    if chosen.scope is Scope.CONSOLE and not user.password:
        return False
    return not user.devices


def active(user: IamUser) -> frozenset[str]:
    """Return of which kinds a user has an active credential."""
    kinds = {kind: getattr(user, kind) for kind in KINDS}
    return frozenset(
        kind for kind, has in kinds.items() if (has if isinstance(has, bool) else any(has))
    )


def only_the_guard_hangs_on(world: World, user: IamUser) -> bool:
    """Tell whether nothing but the guard keeps a user from being deleted."""
    kinds = [getattr(user, kind) for kind in KINDS]
    groups, policies = user.groups - {GUARD_GROUP}, user.policies - {GUARD_ARN}
    others = (groups, policies, user.devices, user.inline, *kinds)
    return _is_ours_on(world, user) and not any(others)


def _is_ours_on(world: World, user: IamUser) -> bool:
    """Tell whether a user carries the guard in one of the ways that are ours to take off."""
    return GUARD_ARN in user.policies or (GUARD_GROUP in user.groups and is_our_group(world))


def is_our_group(world: World) -> bool:
    """Tell whether the group of the guard's name is ours."""
    return world.paths.get(GUARD_GROUP) == GROUP_PATH


def why_not_attach(worlds: list[World], name: str, chosen: Settings) -> str | None:
    """Return why the guard must not be put on a user: it was exempt for all that time."""
    always = _throughout(
        exemptions(world, world.users[name.lower()], chosen) if world.user(name) else frozenset()
        for world in worlds
    )
    return f"put the guard on {name}, exempt by {sorted(always)}" if always else None


def is_stripped(worlds: list[World], name: str) -> bool:
    """Tell whether a user had no active credential of any kind for all that time."""
    users = [world.user(name) for world in worlds]
    return all(user is not None and not active(user) for user in users)


def why_not_detach(worlds: list[World], name: str, chosen: Settings) -> str | None:
    """Return why the guard must not be taken off a user: it had to carry it for all that time."""
    seen = [(world, user) for world in worlds if (user := world.user(name))]
    exempt = any(exemptions(world, user, chosen) for world, user in seen)
    out_of_scope = any(not in_scope(user, chosen) for _, user in seen)
    stripped = not _throughout(active(user) for _, user in seen)
    if exempt and chosen.lift is not Lift.NEVER:
        return None
    if out_of_scope and chosen.lift is Lift.COMPLIANT:
        return None
    # A sweep moves users from one way to the other, and takes off what they have twice.
    if any(
        GUARD_ARN in user.policies and GUARD_GROUP in user.groups and is_our_group(world)
        for world, user in seen
    ):
        return None
    return None if stripped else f"took the guard off {name}, who must carry it"


def disorder(world: World, chosen: Settings) -> list[str]:
    """Return what is not as it must be once a sweep has looked at everybody."""
    found = []
    policy = world.policies.get(GUARD_ARN)
    ours = guard_document("aws", ACCOUNT, chosen)
    if policy is None or policy.tags != GUARD_TAGS:
        found.append("there is no guard")
    elif not same_document(parse(policy.document), ours):
        found.append("the guard's document is not ours")
    if chosen.guard_via is Via.GROUP and GUARD_GROUP not in world.groups:
        found.append("there is no group that carries the guard")
    elif is_our_group(world) and world.groups[GUARD_GROUP] != {GUARD_ARN}:
        found.append("the guard's group does not carry the guard alone")
    for user in world.users.values():
        carried, exempt = _is_ours_on(world, user), exemptions(world, user, chosen)
        if exempt and carried and chosen.lift is not Lift.NEVER:
            found.append(f"{user.name} is exempt and still carries the guard")
        if not exempt and in_scope(user, chosen) and not world.carries(user.name, GUARD_ARN):
            found.append(f"{user.name} does not carry the guard")
        lifted = not exempt and not in_scope(user, chosen) and chosen.lift is Lift.COMPLIANT
        if lifted and carried:
            found.append(f"{user.name} has enrolled and still carries the guard")
    return found


def unguarded(world: World, chosen: Settings) -> list[str]:
    """Return who must carry the guard, can sign in or call, and does not carry it."""
    return [
        user.name
        for user in world.users.values()
        if active(user)
        and in_scope(user, chosen)
        and not exemptions(world, user, chosen)
        and not world.carries(user.name, GUARD_ARN)
    ]


def _throughout(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    """Return what is in all of the sets."""
    first, *others = sets
    return first.intersection(*others)
