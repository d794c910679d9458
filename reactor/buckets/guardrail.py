"""The guardrail of buckets as `reconcile` wants it: observation, judgement and actions together.

S3 takes an ACL as a whole and has no condition for it ("if it still is as I read it"). So the ACL
is read once more just before it is written, and again after: what another has granted to everybody
in between is tried again, and its own event brings us back anyway. What another has granted to a
named account within those milliseconds is lost, as it is to any two who write the same ACL.

That S3's reads of ACLs are strongly consistent, its user guide says where it speaks of objects; a
bucket's configuration is eventually so (data consistency model). So a read that contradicts an
event, or the read before, is tried again, as those of IAM are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from reactor.buckets.actions import SetPrivate
from reactor.buckets.observe import Observer
from reactor.buckets.ports import S3, Bucket
from reactor.buckets.rules import decide
from reactor.buckets.state import BucketState, Grant
from reactor.errors import Transient
from reactor.model import Action, Cause, Decision, Observation, Outcome, OutcomeStatus
from reactor.settings import Settings


@dataclass(frozen=True, slots=True)
class Buckets:
    """The buckets of one account."""

    observer: Observer
    s3: S3
    settings: Settings

    def observe(self, cause: Cause) -> Iterable[Observation[BucketState]]:
        """Read the state of each bucket that the cause concerns."""
        return self.observer.observe(cause)

    def decide(self, state: BucketState, cause: Cause, now: datetime) -> Decision:
        """Judge one bucket."""
        return decide(state, self.settings, cause, now)

    def perform(self, action: Action) -> Outcome:
        """Carry out one action. Raises ReactorError when that fails."""
        if not isinstance(action, SetPrivate):
            raise TypeError(f"not an action of this guardrail: {action!r}")
        bucket = Bucket(action.bucket, action.region)
        before = self.s3.acl(bucket)
        if before is None:
            return Outcome(action, OutcomeStatus.ALREADY, "the bucket is gone")
        if not before.public:
            # Or one of the two reads is stale, and nobody knows which.
            why = "it grants nothing to everybody any more"
            return Outcome(action, OutcomeStatus.ALREADY, why, recheck=True)
        if not self.s3.set_private(bucket, before.kept):
            return Outcome(action, OutcomeStatus.ALREADY, "it is gone, or its ACLs are disabled")
        self._confirm(bucket)
        why = f"took away {_words(before.public)}"
        if not before.kept.is_private:
            why += f"; kept {_words(before.kept.grants)}"
        return Outcome(action, OutcomeStatus.DONE, why)

    def _confirm(self, bucket: Bucket) -> None:
        """Raise Transient when the ACL is public once it was set to private."""
        after = self.s3.acl(bucket)
        if after is not None and after.public:
            raise Transient(
                f"the bucket {bucket.name} was set to private, and its ACL grants"
                f" {_words(after.public)} again",
                remedy="it is tried again; find out who else sets its ACL",
            )


def _words(grants: tuple[Grant, ...]) -> str:
    return ", ".join(map(str, grants))
