"""The settings that make a guard's document, in each combination."""

from __future__ import annotations

import itertools
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reactor.guard.document import guard_document
from reactor.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT = "123456789012"
HOURS = 12
EVERYTHING = os.environ.get("PROOF") == "all"  # as make prove sets it
CHOICES = {
    "ENROL": ("console", "anywhere"),
    "PASSWORD_CHANGE": ("true", "false"),
    "SESSION_HOURS": ("", str(HOURS)),
    "SELF_DETACH": ("false", "true"),
    "SELF_SERVICE": ("enrol", "credentials"),
}


@dataclass(frozen=True, slots=True)
class Combination:
    """A guard as an operator may have it: its settings, and where it is.

    `exempting` are tags that exempt by these settings, key and value; `harmless` some that do not.
    """

    name: str
    settings: Settings
    partition: str = "aws"
    exempting: tuple[tuple[str, str], ...] = (("userType", "Service"), ("USERTYPE", "sERVICE"))
    harmless: tuple[tuple[str, str], ...] = (("userType", "Services"), ("team", "Service"))

    @property
    def scene(self) -> tuple[object, ...]:
        """What the same questions can be asked of: all but what the options change."""
        return self.partition, self.settings.guard_policy, self.exempting, self.harmless

    @property
    def document(self) -> dict[str, Any]:
        """What the generator makes of it."""
        return guard_document(self.partition, ACCOUNT, self.settings)


def _combinations() -> Iterator[Combination]:
    for chosen in itertools.product(*CHOICES.values()):
        texts = dict(zip(CHOICES, chosen, strict=True))
        name = ", ".join(f"{setting} {text or 'empty'}" for setting, text in texts.items())
        yield Combination(name, _settings(**{f"GUARD_{each}": texts[each] for each in texts}))


def _settings(**texts: str) -> Settings:
    return Settings.from_environment({f"REACTOR_{name}": text for name, text in texts.items()})


COMBINATIONS = tuple(_combinations())
DEFAULT = COMBINATIONS[0]
# The same questions where names, tags or the partition are others.
VARIATIONS = (
    Combination(
        "another name, tags of two keys, in China",
        _settings(GUARD_POLICY="Wache", EXEMPT_TAGS="userType:Service,Team:robots,team:Batch jobs"),
        "aws-cn",
        exempting=(("usertype", "service"), ("team", "Robots"), ("TEAM", "batch JOBS")),
        harmless=(("userType", "robots"), ("team", "Service"), ("team", "Batch")),
    ),
    Combination(
        "no tag exempts, in GovCloud",
        _settings(EXEMPT_TAGS="", GUARD_SESSION_HOURS=str(HOURS), GUARD_SELF_DETACH="true"),
        "aws-us-gov",
        exempting=(),
        harmless=(("userType", "Service"),),
    ),
)
GUARDS = (*COMBINATIONS, *VARIATIONS)
