"""S3's buckets as AWS has them since April 2023: strict where moto is lax.

A new bucket has its ACLs disabled and all of Block Public Access on. What those refuse is refused
before moto sees it, and so is a call for another owner's bucket, or in another region than the
bucket's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from moto.s3.models import (
    FakeAcl,
    FakeBucket,
    FakeGrant,
    PublicAccessBlock,
    S3Backend,
    s3_backends,
)
from moto.s3.utils import bucket_policy_is_public
from moto.s3control.models import s3control_backends
from typing_extensions import override

from sandbox.wire import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.callers import Caller
    from sandbox.wire import Call

_ENFORCED = "BucketOwnerEnforced"
_PUBLIC_CANNED = {"public-read", "public-read-write", "authenticated-read"}
_GRANT_HEADERS = ("GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP")


class StrictS3Backend(S3Backend):
    """A new bucket is as safe as AWS makes it."""

    __module__ = "moto.s3.models"

    @override
    def create_bucket(self, *arguments: Any, **named: Any) -> FakeBucket:
        bucket = super().create_bucket(*arguments, **named)
        ownership: Any = _ENFORCED  # moto's annotation says a dict, and it keeps the word
        bucket.ownership_rule = ownership
        bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
        return bucket

    @override
    def put_bucket_acl(self, bucket_name: str, acl: FakeAcl | None) -> None:
        # moto answers with the first grantee and permission of each grant only.
        grants = [
            FakeGrant([grantee], [permission])
            for grant in (acl.grants if acl else [])
            for grantee in grant.grantees
            for permission in grant.permissions
        ]
        super().put_bucket_acl(bucket_name, FakeAcl(grants))


def refuse_as_s3_does(call: Call, caller: Caller) -> None:
    """Raises Refusal for what S3 refuses and moto does not. The caller holds the account's lock."""
    if call.service != "s3" or call.action in {"", "ListBuckets"}:
        return
    if call.action == "CreateBucket":
        _new_bucket(call)
        return
    bucket = _backend(caller).buckets.get(str(call.parameters.get("Bucket")))
    if bucket is None:
        return
    if call.parameters.get("ExpectedBucketOwner", caller.account) != caller.account:
        raise _denied()
    if call.region != bucket.region_name:
        raise _elsewhere(bucket)
    check = _CHECKS.get(call.action)
    if check is not None:
        check(call, bucket, caller)


def _new_bucket(call: Call) -> None:
    if not _has_acl(call):
        return
    if call.parameters.get("ObjectOwnership", _ENFORCED) == _ENFORCED:
        raise _acl_against_ownership()
    if _is_public(call):
        message = "Bucket cannot have public ACLs set with BlockPublicAccess enabled"
        raise Refusal("InvalidBucketAclWithBlockPublicAccessError", message)


def _acl(call: Call, bucket: FakeBucket, caller: Caller) -> None:
    if str(bucket.ownership_rule) == _ENFORCED:
        raise Refusal("AccessControlListNotSupported", "The bucket does not allow ACLs")
    if _is_public(call) and any(each.block_public_acls for each in _blocks(bucket, caller)):
        raise _denied()


def _ownership(call: Call, bucket: FakeBucket, _: Caller) -> None:
    rules = (call.parameters.get("OwnershipControls") or {}).get("Rules") or [{}]
    if rules[0].get("ObjectOwnership") == _ENFORCED and _grants_to_others(bucket):
        raise _acl_against_ownership()


def _policy(call: Call, bucket: FakeBucket, caller: Caller) -> None:
    blocked = any(each.block_public_policy for each in _blocks(bucket, caller))
    if blocked and bucket_policy_is_public(str(call.parameters.get("Policy"))):
        raise _denied()


_CHECKS = {
    "PutBucketAcl": _acl,
    "PutBucketOwnershipControls": _ownership,
    "PutBucketPolicy": _policy,
}


def _blocks(bucket: FakeBucket, caller: Caller) -> Iterator[_Block]:
    """The bucket's block and the account's."""
    account = s3control_backends[caller.account][caller.partition].public_access_block
    for each in (bucket.public_access_block, account):
        if each is not None:
            yield _Block(each)


class _Block:
    """What a block says, whether moto keeps it as text or as booleans."""

    def __init__(self, block: Any) -> None:
        self.block_public_acls = str(block.block_public_acls).lower() == "true"
        self.block_public_policy = str(block.block_public_policy).lower() == "true"


def _has_acl(call: Call) -> bool:
    return any(call.parameters.get(each) for each in ("ACL", *_GRANT_HEADERS))


def _is_public(call: Call) -> bool:
    """Whether an ACL, however it is given, grants something to everybody."""
    given = call.parameters
    if given.get("ACL") in _PUBLIC_CANNED:
        return True
    if any("/groups/global/" in str(given.get(each, "")) for each in _GRANT_HEADERS):
        return True
    grants = (given.get("AccessControlPolicy") or {}).get("Grants") or []
    return any(
        "/groups/global/" in str((each.get("Grantee") or {}).get("URI", "")) for each in grants
    )


def _grants_to_others(bucket: FakeBucket) -> bool:
    grants = bucket.acl.grants if bucket.acl else []
    grantees = {grantee.id or grantee.uri for grant in grants for grantee in grant.grantees}
    return len(grantees) > 1


def _backend(caller: Caller) -> S3Backend:
    return s3_backends[caller.account][caller.partition]


def _denied() -> Refusal:
    return Refusal("AccessDenied", "Access Denied", 403)


def _acl_against_ownership() -> Refusal:
    message = "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"
    return Refusal("InvalidBucketAclWithObjectOwnership", message)


def _elsewhere(bucket: FakeBucket) -> Refusal:
    message = "The bucket is in this region: " + bucket.region_name
    headers = (("x-amz-bucket-region", bucket.region_name),)
    return Refusal("PermanentRedirect", message, 301, headers)
