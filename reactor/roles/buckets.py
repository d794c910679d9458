"""What the guardrail of public buckets may do."""

from collections.abc import Iterable

from reactor.buckets import ports as buckets
from reactor.buckets.actions import SetPrivate
from reactor.roles.statement import KEPT_TO_OWN, OWN_ACCOUNT, Statement
from reactor.settings import Mode, Settings

_BUCKETS = ("arn:*:s3:::*",)
_ANY_BUCKET = f"any bucket may be the one; {KEPT_TO_OWN}"


def setting_private(settings: Settings) -> Iterable[Statement]:
    """What judging buckets needs, and setting them to private; of IAM nothing."""
    of_a_bucket = tuple(buckets.READS[each] for each in buckets.OF_A_BUCKET)
    yield Statement("ReadBuckets", of_a_bucket, _BUCKETS, _ANY_BUCKET, OWN_ACCOUNT)
    of_all = {buckets.READS[each] for each in ("account_block", "find", "buckets")}
    yield Statement("ReadAllBuckets", tuple(of_all), ("*",), "S3 knows no resource for these")
    if settings.mode is Mode.ENFORCE:
        yield Statement(
            "SetBucketsPrivate",
            tuple(SetPrivate("", "").permissions),
            _BUCKETS,
            _ANY_BUCKET,
            OWN_ACCOUNT,
        )
