"""What the sweep may do to look for what no event can bring."""

from collections.abc import Iterable

from reactor.inspection import ports
from reactor.roles.statement import ANY_ACCOUNT, Statement

# By the service that a resource of theirs belongs to.
_INSPECTING = {
    "*": ("InspectAccount", "AWS knows no resource for these"),
    "cloudtrail": ("InspectTrails", f"any trail may be the one that logs; {ANY_ACCOUNT}"),
    "events": ("InspectRules", f"all rules of the stage; {ANY_ACCOUNT}"),
    "lambda": ("InspectFunctions", f"all functions of the stage; {ANY_ACCOUNT}"),
}


def inspecting(stage: str) -> Iterable[Statement]:
    """What looking for what no event can bring needs; the exemption list is read anyway."""
    by_resource: dict[str, list[str]] = {}
    for read in ports.READS:
        if read != "parameter":
            by_resource.setdefault(ports.resource_of(read, stage), []).append(read)
    for resource, reads in by_resource.items():
        service = "*" if resource == "*" else resource.split(":")[2]
        sid, reason = _INSPECTING[service]
        yield Statement(sid, tuple(ports.READS[read] for read in reads), (resource,), reason)
