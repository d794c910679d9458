"""Virtual devices that are left over: made for a user, never enabled, and in the way of the next.

Such a device stays in the account, assigned to nobody, and makes the next enrolment under its name
fail with EntityAlreadyExists (IAM user guide, enabling virtual devices). Whose it was is nowhere
written: it is taken for a user's by its name alone, which is what enrolment proposes.
"""

import functools
from collections.abc import Callable, Iterable

from reactor.errors import Permanent
from reactor.gathering import Gather
from reactor.users.rescue import Reads, VirtualDevice, gathered


def clear_orphans(
    reads: Reads, gather: Gather, user: str, consent: Callable[[tuple[str, ...]], None]
) -> tuple[str, ...]:
    """Delete the virtual devices that are named for a user and assigned to nobody.

    `consent` is asked with their serials. What is unassigned is looked up again after that, for
    the answer may take its time, and IAM itself refuses to delete a device that somebody has.
    Raises Permanent where there is nothing to delete, or no longer.
    """
    answers = gathered(
        gather,
        {
            assigned: functools.partial(reads.virtual_devices, assigned=assigned)
            for assigned in (True, False)
        },
    )
    serials = orphans_of(user, unassigned=answers[False], assigned=answers[True])
    consent(serials)
    still = {each.serial for each in reads.virtual_devices(assigned=False)}
    for serial in serials:
        if serial not in still:
            raise Permanent(
                f"{serial} is not unassigned any more, and is left alone",
                remedy=f"look again: mfa-reactor user {user}",
            )
        reads.delete_virtual_device(serial)
    return serials


def orphans_of(
    user: str, *, unassigned: Iterable[VirtualDevice], assigned: Iterable[VirtualDevice]
) -> tuple[str, ...]:
    """Return the serials of the unassigned devices named for a user.

    Raises Permanent, with the reason, when there is none.
    """
    found = tuple(each.serial for each in unassigned if each.would_be(user))
    if found:
        return found
    for each in assigned:
        if each.would_be(user):
            raise Permanent(
                f"{each.serial} is assigned to {each.owner}: a device in use is not left over",
                remedy="when it is lost, its owner's next steps say how to deactivate it",
            )
    raise Permanent(
        f"there is no unassigned virtual device mfa/{user}",
        remedy="nothing is in the way of a new device of that name; where another name is taken,"
        " choose one that is not",
    )
