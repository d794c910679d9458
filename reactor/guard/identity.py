"""Which policy is the guard, and whether what stands in the account is ours.

A guard is ours only by its tag. A policy of the same name without the tag is somebody else's: to
attach it to everybody would put an unknown document on every user.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from reactor.errors import Permanent
from reactor.partitions import policy_arn
from reactor.settings import Settings

TAG_KEY = "mfa-reactor"
TAG_VALUE = "guard"
# Groups take no tags: the group that carries the guard is ours by its path.
GROUP_PATH = "/mfa-reactor/"


class Standing(StrEnum):
    """What stands in the guard's place, or in its group's."""

    OURS = "ours"
    GIVEN = "kept by someone else, as configured"
    MISSING = "missing"
    FOREIGN = "not ours"


@dataclass(frozen=True, slots=True)
class Guard:
    """The guard of an account: its exact ARN, and whether someone else keeps it."""

    arn: str
    given: bool

    @classmethod
    def of(cls, settings: Settings, *, partition: str, account: str) -> "Guard":
        """Return the guard that the settings name for an account."""
        if settings.guard_is_given:
            return cls(settings.guard_policy, given=True)
        return cls(policy_arn(partition, account, settings.guard_policy), given=False)

    @property
    def name(self) -> str:
        """The policy's name, without its path."""
        return self.arn.rpartition("/")[2]

    @property
    def group(self) -> str:
        """The name of the group that carries the guard for its members."""
        return self.name

    def standing(self, tags: Mapping[str, str] | None) -> Standing:
        """Judge the policy that was read at the ARN: its tags, or None when there is none."""
        if tags is None:
            return Standing.MISSING
        if self.given:
            return Standing.GIVEN
        return Standing.OURS if tags.get(TAG_KEY) == TAG_VALUE else Standing.FOREIGN

    def group_standing(self, path: str | None) -> Standing:
        """Judge the group of the guard's name: by its path, or None when there is none."""
        if path is None:
            return Standing.MISSING
        return Standing.OURS if path == GROUP_PATH else Standing.FOREIGN

    def group_refusal(self) -> Permanent:
        """Return why nobody is put into a group of the guard's name that is not ours."""
        return Permanent(
            f"the group {self.group} is not ours: its path is not {GROUP_PATH}",
            remedy="rename it, or give the guard another name (REACTOR_GUARD_POLICY); if it should"
            " carry the guard and nothing else, adopt it: mfa-reactor guard apply --adopt. Until"
            " then the guard is attached to users themselves",
        )

    def refusal(self, standing: Standing) -> Permanent | None:
        """Return why this guard cannot be put on anybody, if so."""
        if standing is Standing.FOREIGN:
            return Permanent(
                f"the policy {self.arn} is not ours: it lacks the tag {TAG_KEY}={TAG_VALUE}",
                remedy="give the guard another name (REACTOR_GUARD_POLICY), or, if this policy is"
                " to be the guard, adopt it, which replaces its document: mfa-reactor guard apply"
                " --adopt (mfa-reactor guard diff shows what changes)",
            )
        if standing is Standing.MISSING and self.given:
            return Permanent(
                f"there is no policy {self.arn}, which REACTOR_GUARD_POLICY names",
                remedy="create it, or name a guard that mfa-reactor may keep itself",
            )
        return None
