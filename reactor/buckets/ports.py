"""What the guardrail asks of S3. reactor.aws answers it; the tests' fake does, too.

Every method reads all pages, and raises ReactorError for whatever is not an answer. A bucket that
is not there is None only where this says so. A bucket's name says nothing about whose it is: each
call is for a bucket of this account, and S3 refuses it for another's (ExpectedBucketOwner).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from reactor.buckets.state import Acl, Block
from reactor.errors import Transient


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket's name and region; empty where S3 does not say, or nobody has asked."""

    name: str
    region: str = ""


class Refused(Transient):
    """S3 does not tell us of a bucket: it is another account's, closed to us, or elsewhere.

    Which of these it is, the list of the account's buckets tells.
    """


class S3(Protocol):
    """S3 of one account."""

    def acl(self, bucket: Bucket) -> Acl | None:
        """Return a bucket's ACL, None when there is no such bucket. Raises Refused, too."""

    def ownership(self, bucket: Bucket) -> str:
        """Return its ObjectOwnership; empty when it has no ownership controls, or is gone."""

    def block(self, bucket: Bucket) -> Block:
        """Return its own public access block; all off when it has none, or is gone."""

    def tags(self, bucket: Bucket) -> tuple[tuple[str, str], ...]:
        """Return its tags; none when it has none, or is gone."""

    def policy_is_public(self, bucket: Bucket) -> bool:
        """Tell whether its policy is public; False when it has none, or is gone."""

    def account_block(self) -> Block:
        """Return the account's public access block; all off when it has none."""

    def find(self, name: str) -> Bucket | None:
        """Return the account's bucket of this name, None when it has none.

        From the list of its buckets, which may lag behind.
        """

    def buckets(self) -> Iterator[Bucket]:
        """Yield the account's buckets, in all regions."""

    def set_private(self, bucket: Bucket, acl: Acl) -> bool:
        """Give a bucket the ACL `private`, with the grants of `acl` where it has more than that.

        None of them may be public. False when there is nothing to set: it is gone, or its ACLs are
        disabled.
        """


# What each read needs, for the roles' policies and the records: S3 names the permission otherwise
# than the operation now and then (service authorization reference).
READS: Mapping[str, str] = {
    "acl": "s3:GetBucketAcl",
    "ownership": "s3:GetBucketOwnershipControls",
    "block": "s3:GetBucketPublicAccessBlock",
    "tags": "s3:GetBucketTagging",
    "policy_is_public": "s3:GetBucketPolicyStatus",
    "account_block": "s3:GetAccountPublicAccessBlock",
    "find": "s3:ListAllMyBuckets",
    "buckets": "s3:ListAllMyBuckets",
}
OF_A_BUCKET = ("acl", "ownership", "block", "tags", "policy_is_public")
