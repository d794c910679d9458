"""The words that settings take, and the tags that they name."""

import string
from dataclasses import dataclass
from enum import StrEnum

_LOWER = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


class Mode(StrEnum):
    """Whether plans are carried out."""

    OBSERVE = "observe"
    ENFORCE = "enforce"


class Scope(StrEnum):
    """Who must carry the guard."""

    EVERYONE = "everyone"
    WITHOUT_MFA = "without-mfa"
    CONSOLE = "console"
    PRIVILEGED = "privileged"


class Via(StrEnum):
    """The regular way for a user to carry the guard."""

    USER = "user"
    GROUP = "group"


class Enrol(StrEnum):
    """Where a device may be enrolled without MFA."""

    CONSOLE = "console"
    ANYWHERE = "anywhere"


class SelfService(StrEnum):
    """What the guard allows its holders to do to themselves."""

    ENROL = "enrol"
    CREDENTIALS = "credentials"


class Restore(StrEnum):
    """What the keeper does about a guard that somebody has changed."""

    ALWAYS = "always"
    ALARM = "alarm"


class Lift(StrEnum):
    """When the guard is taken off again."""

    NEVER = "never"
    EXEMPT = "exempt"
    COMPLIANT = "compliant"


@dataclass(frozen=True, slots=True)
class TagMatch:
    """A tag that exempts its user. Key and value compare without regard to case.

    For users, IAM itself takes keys that differ by case for one (user guide, tagging).
    """

    key: str
    value: str

    def covers(self, key: str, value: str) -> bool:
        """Tell whether a user's tag is this one."""
        if len(key) != len(self.key) or len(value) != len(self.value):
            return False  # most tags are not it, and a sweep compares all of everybody's
        return (without_case(key), without_case(value)) == (
            without_case(self.key),
            without_case(self.value),
        )


def without_case(text: str) -> str:
    """Return what of a tag's key or value compares: all but the case of ASCII letters.

    The guard keeps its holders from giving themselves a tag that AWS takes for an exempting one
    (StringEqualsIgnoreCase). How AWS compares the letters that only Unicode folds into others, such
    as the long s, is not documented: what must be equal there must be no wider here.
    """
    return text.translate(_LOWER)
