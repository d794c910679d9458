"""The judgement: which buckets are public by their ACL, and what follows. Pure.

A ladder of guard returns, each with its why; the first rung that holds decides. What a bucket
policy makes public is told and left alone: it was written on purpose, by whoever knows what for.
"""

from datetime import datetime, timedelta

from reactor.buckets.actions import SetPrivate
from reactor.buckets.state import BucketState, Grant, Presence, danger_of, known
from reactor.errors import Permanent, Transient
from reactor.model import RECHECK_LIFETIME, Cause, Claim, Compliance, Decision, Verdict
from reactor.settings import Settings

# What is not found this soon after it was made is not visible yet; later it is gone again.
VISIBILITY_LAG = timedelta(seconds=60)
_PRIVATE = "its ACL grants nothing to everybody"
_BY_POLICY = "it is public by its bucket policy"


def decide(bucket: BucketState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    """Judge a bucket, or what stands in its place, and plan what would bring it into order."""
    match bucket.presence:
        case Presence.NONE:
            return _settled("nobody", "the account has no buckets")
        case Presence.GONE | Presence.FOREIGN:
            return _absent(bucket, cause, now)
        case Presence.EXISTS:
            return _judge(bucket, settings, cause, now)


def _absent(bucket: BucketState, cause: Cause, now: datetime) -> Decision:
    if _claims(cause, Claim.BUCKET_CREATED, bucket.name, now, VISIBILITY_LAG):
        unseen = Transient(
            f"the bucket {bucket.name} was made just now, and S3 does not show it yet",
            remedy="nothing: Lambda tries again in a minute",
        )
        verdict = Verdict(Compliance.INSUFFICIENT_DATA, "just-created", (str(unseen),))
        return Decision(verdict, error=unseen)
    if bucket.presence is Presence.FOREIGN:
        return _not_listed(bucket, cause, now)
    return _settled("gone", "there is no such bucket")


def _not_listed(bucket: BucketState, cause: Cause, now: datetime) -> Decision:
    """Judge a bucket that S3 refuses; a young event may be about one that is not listed yet."""
    if not any(_claims(cause, each, bucket.name, now, RECHECK_LIFETIME) for each in Claim):
        return _settled("not-ours", "this account has no such bucket")
    unseen = Transient(
        f"S3 refuses the bucket {bucket.name}, and the list of buckets may not show it yet",
        remedy="nothing: Lambda tries again in a minute",
    )
    verdict = Verdict(Compliance.INSUFFICIENT_DATA, "not-listed", (str(unseen),))
    return Decision(verdict, error=unseen)


def _judge(bucket: BucketState, settings: Settings, cause: Cause, now: datetime) -> Decision:
    public = known(bucket.acl, "its ACL").public
    opened = not public and _claims(cause, Claim.ACL_OPENED, bucket.name, now, RECHECK_LIFETIME)
    exemption = _exemption(bucket, settings)
    if exemption:
        retagged = _claims(cause, Claim.BUCKET_RETAGGED, bucket.name, now, RECHECK_LIFETIME)
        return _settled("exempt", exemption, recheck=retagged)
    if bucket.acls_are_disabled:
        return _without_acls(bucket, cause, now)
    if public and not bucket.public_acls_are_ignored:
        return _public(bucket, public)
    if bucket.is_public_by_policy:
        verdict = Verdict(Compliance.NON_COMPLIANT, "public-by-policy", (_BY_POLICY,))
        return Decision(verdict, error=_by_policy(bucket), recheck=opened)
    if public:
        reason = f"its ACL grants {_words(public)}, and public ACLs are ignored"
        return _compliant("ignored", reason, recheck=_block_is_contradicted(bucket, cause, now))
    return _compliant("private", _PRIVATE, recheck=opened)


def _exemption(bucket: BucketState, settings: Settings) -> str:
    for tag in settings.bucket_exempt_tags:
        for key, value in known(bucket.tags, "its tags"):
            if tag.covers(key, value):
                return f"has the tag {key}={value}"
    return ""


def _without_acls(bucket: BucketState, cause: Cause, now: datetime) -> Decision:
    """Judge a bucket whose ACLs are disabled; an event may say that they were enabled just now."""
    error = _by_policy(bucket) if bucket.is_public_by_policy else None
    reasons = ("its ACLs are disabled", *([_BY_POLICY] if error else []))
    verdict = Verdict(Compliance.NOT_APPLICABLE, "acls-disabled", reasons)
    recheck = _claims(cause, Claim.ACLS_ENABLED, bucket.name, now, RECHECK_LIFETIME)
    return Decision(verdict, error=error, recheck=recheck)


def _public(bucket: BucketState, public: tuple[Grant, ...]) -> Decision:
    by_policy = bucket.is_public_by_policy
    reasons = (f"its ACL grants {_words(public)}", *([_BY_POLICY] if by_policy else []))
    return Decision(
        Verdict(Compliance.NON_COMPLIANT, "public-acl", reasons),
        (SetPrivate(bucket.name, bucket.region, public),),
        danger=danger_of(public),
        error=_by_policy(bucket) if by_policy else None,
    )


def _block_is_contradicted(bucket: BucketState, cause: Cause, now: datetime) -> bool:
    """Whether a block is read to ignore public ACLs that a young event says does so no more."""
    blocks = ((bucket.name, bucket.block), (cause.subject.account, bucket.account_block))
    return any(
        block is not None
        and block.ignores_acls
        and _claims(cause, Claim.BLOCK_LIFTED, about, now, RECHECK_LIFETIME)
        for about, block in blocks
    )


def _claims(cause: Cause, claim: Claim, about: str, now: datetime, lifetime: timedelta) -> bool:
    """Tell whether a young event claims this; one that names no bucket may be about any."""
    return any(
        hint.claim is claim and hint.about in {about, ""} and hint.is_young(now, lifetime)
        for hint in cause.hints
    )


def _by_policy(bucket: BucketState) -> Permanent:
    return Permanent(
        f"the bucket {bucket.name} is public by its bucket policy, which is left alone",
        remedy="see whether that is meant: mend its policy, block public access, or exempt it by a"
        " tag (REACTOR_BUCKET_EXEMPT_TAGS)",
    )


def _words(grants: tuple[Grant, ...]) -> str:
    return ", ".join(map(str, grants))


def _compliant(rule: str, reason: str, *, recheck: bool = False) -> Decision:
    return Decision(Verdict(Compliance.COMPLIANT, rule, (reason,)), recheck=recheck)


def _settled(rule: str, reason: str, *, recheck: bool = False) -> Decision:
    return Decision(Verdict(Compliance.NOT_APPLICABLE, rule, (reason,)), recheck=recheck)
