"""The change that the guardrail plans. It declares the IAM permissions it needs."""

from dataclasses import dataclass, field

from reactor.buckets.state import Grant


@dataclass(frozen=True, slots=True)
class SetPrivate:
    """Take away what a bucket's ACL grants to everybody, and nothing that it grants to others.

    `grants` are those that were seen; what is there when it is done is looked at again.
    """

    bucket: str
    region: str
    grants: tuple[Grant, ...] = ()
    name: str = field(default="set-private", init=False)
    permissions: frozenset[str] = field(default=frozenset({"s3:PutBucketAcl"}), init=False)
    changes: bool = field(default=True, init=False)

    def describe(self) -> dict[str, str]:
        """Return what it is done to, and what it takes away."""
        return {
            "bucket": self.bucket,
            "region": self.region,
            "takes_away": ", ".join(map(str, self.grants)),
        }
