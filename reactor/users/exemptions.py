"""Users whom the operator has excused, and why.

Five ways, first match named: a tag, the exemption list, a name pattern, a path, a group. User names
are unique without regard to case, so names compare without it; group names are compared exactly.
"""

from dataclasses import dataclass

from reactor.settings import Settings
from reactor.users.state import UserState


@dataclass(frozen=True, slots=True)
class Exemption:
    """Why a user is exempt, in plain words."""

    reason: str


def exemption_of(user: UserState, settings: Settings) -> Exemption | None:
    """Return the first exemption that covers a user, or None."""
    for tag in settings.exempt_tags:
        for key, value in user.tags:
            if tag.covers(key, value):
                return Exemption(f"has the tag {key}={value}")
    if {user.name.lower(), user.arn.lower()} & user.listed_exempt:
        return Exemption(f"is on the exemption list {settings.exempt_parameter}")
    pattern = settings.exempts_name(user.name)
    if pattern is not None:
        return Exemption(f"its name matches {pattern}")
    for path in settings.exempt_paths:
        if user.path.startswith(path):
            return Exemption(f"its path {user.path} is below {path}")
    for group in settings.exempt_groups:
        if group in user.groups:
            return Exemption(f"is a member of the group {group}")
    return None


def parse_list(text: str) -> frozenset[str]:
    """Read the exemption list as it stands in the StringList: entries with commas between.

    Blanks around an entry, empty entries, and all from a `#` to the next comma are ignored. Entries
    come back in lower case.
    """
    items = text.replace("\n", ",").split(",")
    entries = (item.partition("#")[0].strip().lower() for item in items)
    return frozenset(entry for entry in entries if entry)


def list_entries(text: str) -> tuple[str, ...]:
    """Return the entries of a file as written, in order, each once (without regard to case).

    One a line, or several with commas between; all from a `#` to the end of its line is ignored.
    """
    found: dict[str, str] = {}
    for line in text.splitlines():
        for item in line.partition("#")[0].split(","):
            entry = item.strip()
            if entry:
                found.setdefault(entry.lower(), entry)
    return tuple(found.values())
