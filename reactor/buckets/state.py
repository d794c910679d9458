"""What the guardrail knows of a bucket, read once and frozen.

None means "not read", never "none": a rule that touches such a member has a bug, and says so.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from reactor.buckets.resources import BUCKET_TYPE
from reactor.model import Resource
from reactor.partitions import partition_of

Known = TypeVar("Known")

# Predefined groups whose members may be anybody (S3 user guide, ACL overview). The third is AWS
# itself.
LOG_DELIVERY = "http://acs.amazonaws.com/groups/s3/LogDelivery"
_EVERYBODY = ("/groups/global/AllUsers", "/groups/global/AuthenticatedUsers")
OWNER_ENFORCED = "BucketOwnerEnforced"  # the ObjectOwnership under which ACLs are disabled
_CHANGES = frozenset({"WRITE", "WRITE_ACP", "FULL_CONTROL"})


class Presence(StrEnum):
    """Whether there is such a bucket, or what stands in a bucket's place."""

    EXISTS = "exists"
    GONE = "gone"
    FOREIGN = "foreign"  # there may be one, but it is none of this account's
    NONE = "none"  # the account has no buckets


@dataclass(frozen=True, slots=True)
class Grant:
    """One grant of an ACL. `grantee` is an account's canonical id or a group's URI."""

    grantee: str
    permission: str
    to_group: bool = False

    @property
    def is_public(self) -> bool:
        """Whether it grants to everybody, or to whoever has any AWS account."""
        return self.to_group and self.grantee.endswith(_EVERYBODY)

    def __str__(self) -> str:
        """Return it in plain words: `READ to AllUsers`."""
        to = self.grantee.rpartition("/")[2] if self.to_group else self.grantee
        return f"{self.permission} to {to}"


@dataclass(frozen=True, slots=True)
class Acl:
    """A bucket's access control list: its owner's canonical id, and its grants in order."""

    owner: str
    grants: tuple[Grant, ...]

    @property
    def public(self) -> tuple[Grant, ...]:
        """The grants to everybody."""
        return tuple(each for each in self.grants if each.is_public)

    @property
    def kept(self) -> "Acl":
        """The ACL without them: what was granted to the owner, named accounts, log delivery."""
        return Acl(self.owner, tuple(each for each in self.grants if not each.is_public))

    @property
    def is_private(self) -> bool:
        """Whether it says no more than the canned ACL `private`."""
        return all(each.grantee == self.owner for each in self.grants)


@dataclass(frozen=True, slots=True)
class Block:
    """What of Block Public Access matters here; where nothing is configured, both are off."""

    ignores_acls: bool = False  # IgnorePublicAcls: grants to everybody have no effect
    restricts_policy: bool = False  # RestrictPublicBuckets: nor does a public policy, outside


@dataclass(frozen=True, slots=True)
class BucketState:
    """One bucket, as S3 shows it now; one that exists was asked for all of it."""

    name: str
    presence: Presence
    region: str = ""
    acl: Acl | None = None
    ownership: str | None = None  # ObjectOwnership; empty where there are no ownership controls
    block: Block | None = None  # the bucket's own
    account_block: Block | None = None
    tags: tuple[tuple[str, str], ...] | None = None
    policy_is_public: bool | None = None

    @property
    def acls_are_disabled(self) -> bool:
        """Whether ACLs count for nothing, as in buckets made since April 2023 by default."""
        return known(self.ownership, "its ownership controls") == OWNER_ENFORCED

    @property
    def public_acls_are_ignored(self) -> bool:
        """Whether the bucket's block, or the account's, makes grants to everybody harmless."""
        return any(each.ignores_acls for each in self._blocks())

    @property
    def is_public_by_policy(self) -> bool:
        """Whether the bucket policy is public, and no block restricts what it grants."""
        restricted = any(each.restricts_policy for each in self._blocks())
        return known(self.policy_is_public, "whether its policy is public") and not restricted

    def _blocks(self) -> tuple[Block, Block]:
        return (
            known(self.block, "the bucket's public access block"),
            known(self.account_block, "the account's public access block"),
        )

    def resource(self) -> Resource | None:
        """Return the bucket as AWS Config and Security Hub know it; by its name even when gone."""
        if self.presence not in {Presence.EXISTS, Presence.GONE}:
            return None
        arn = f"arn:{partition_of(self.region)}:s3:::{self.name}"
        return Resource(BUCKET_TYPE, self.name, arn=arn, region=self.region or None)

    def facts(self) -> dict[str, object]:
        """Return what was read, for the record; what was not read is left out."""
        facts: dict[str, object] = {"presence": self.presence.value}
        if self.acl is not None:
            facts["grants"] = [str(each) for each in self.acl.grants]
        if self.ownership is not None:
            facts["ownership"] = self.ownership
        for name, block in (("block", self.block), ("account_block", self.account_block)):
            if block is not None:
                facts[name] = {
                    "IgnorePublicAcls": block.ignores_acls,
                    "RestrictPublicBuckets": block.restricts_policy,
                }
        if self.tags is not None:
            facts["tags"] = dict(self.tags)
        if self.policy_is_public is not None:
            facts["policy_is_public"] = self.policy_is_public
        return facts


def danger_of(grants: tuple[Grant, ...]) -> int:
    """Rank what is granted to everybody: to change is worse than to read."""
    return 2 if any(each.permission in _CHANGES for each in grants) else 1


def known(value: Known | None, what: str) -> Known:
    """Return a member that the rules need; raise LookupError if it was not read (a bug)."""
    if value is None:
        raise LookupError(f"{what} was not read, and no rule may take that for an answer")
    return value
