"""Buckets as AWS Config's resources. AWS Config knows a bucket by its name, in its region."""

import re
from collections.abc import Sequence

from reactor.model import Resource, Subject, SubjectKind
from reactor.reconcile import Settled

BUCKET_TYPE = "AWS::S3::Bucket"
# Names that S3 has ever given (user guide, bucket naming rules): in us-east-1, before 2018, up to
# 255 characters, capitals and underscores.
BUCKET_NAME = re.compile(r"[A-Za-z0-9._-]{3,255}", re.ASCII)


def bucket_of(resource: Resource, account: str) -> Subject | None:
    """Return the bucket that a resource is; None where its id is no bucket's name."""
    if BUCKET_NAME.fullmatch(resource.id) is None:
        return None
    return Subject(SubjectKind.BUCKET, account, name=resource.id, region=resource.region)


def together(buckets: Sequence[Subject]) -> Subject:
    """Return one subject that stands for some buckets, at least one, of the same account.

    Their regions are left out: the list of the account's buckets tells them.
    """
    names = frozenset(each.name for each in buckets if each.name is not None)
    return Subject(SubjectKind.SEVERAL_BUCKETS, buckets[0].account, ids=names)


def id_of(settled: Settled) -> str | None:
    """Return the name of a settled bucket; None of what stands for many."""
    subject = settled.observation.subject
    return subject.name if subject.kind is SubjectKind.BUCKET else None
