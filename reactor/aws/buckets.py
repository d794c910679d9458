"""The buckets of one account, as their guardrail asks for them (reactor.buckets.ports.S3)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.buckets.ports import Bucket, Refused
from reactor.buckets.state import Acl, Block, Grant
from reactor.errors import Transient

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import GrantTypeDef
    from mypy_boto3_s3control import S3ControlClient

    from reactor.aws.account import AwsSession

_GONE = "NoSuchBucket"
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"
_ACLS_DISABLED = "AccessControlListNotSupported"
# For another account's bucket (ExpectedBucketOwner), or where we may not; and for one in another
# region, where the client has not found out which (S3 API reference, error responses).
_REFUSALS = {"AccessDenied", "PermanentRedirect", "AuthorizationHeaderMalformed"}
_PAGE = 1000  # buckets of a list; S3 gives up to 10,000


class AwsBuckets:
    """reactor.buckets.ports.S3 on AWS. `region` is where the account's buckets are listed."""

    def __init__(self, session: "AwsSession", account: str, region: str) -> None:
        self._session = session
        self._account = account
        self._region = region

    def acl(self, bucket: Bucket) -> Acl | None:
        """Return a bucket's ACL, None when there is no such bucket. Raises Refused, too."""
        with _telling_refusals(), asking("s3:GetBucketAcl"):
            answer = _unless(self._client(bucket).get_bucket_acl, self._of(bucket), _GONE)
            if answer is None:
                return None
            return Acl(answer["Owner"]["ID"], tuple(_grant(each) for each in answer["Grants"]))

    def ownership(self, bucket: Bucket) -> str:
        """Return its ObjectOwnership; empty when it has no ownership controls, or is gone."""
        with asking("s3:GetBucketOwnershipControls"):
            ask = self._client(bucket).get_bucket_ownership_controls
            answer = _unless(ask, self._of(bucket), _GONE, "OwnershipControlsNotFoundError")
            if answer is None:
                return ""
            (rule,) = answer["OwnershipControls"]["Rules"]
            return str(rule["ObjectOwnership"])

    def block(self, bucket: Bucket) -> Block:
        """Return its own public access block; all off when it has none, or is gone."""
        with asking("s3:GetBucketPublicAccessBlock"):
            ask = self._client(bucket).get_public_access_block
            return _block(_unless(ask, self._of(bucket), _GONE, _NO_BLOCK))

    def tags(self, bucket: Bucket) -> tuple[tuple[str, str], ...]:
        """Return its tags; none when it has none, or is gone."""
        with asking("s3:GetBucketTagging"):
            ask = self._client(bucket).get_bucket_tagging
            answer = _unless(ask, self._of(bucket), _GONE, "NoSuchTagSet")
            found = [] if answer is None else answer["TagSet"]
            return tuple((each["Key"], each["Value"]) for each in found)

    def policy_is_public(self, bucket: Bucket) -> bool:
        """Tell whether its policy is public; False when it has none, or is gone."""
        with asking("s3:GetBucketPolicyStatus"):
            ask = self._client(bucket).get_bucket_policy_status
            answer = _unless(ask, self._of(bucket), _GONE, "NoSuchBucketPolicy")
            return answer is not None and bool(answer["PolicyStatus"]["IsPublic"])

    def account_block(self) -> Block:
        """Return the account's public access block; all off when it has none."""
        with asking("s3:GetAccountPublicAccessBlock"):
            client: S3ControlClient = self._session.s3_control
            ask = {"AccountId": self._account}
            return _block(_unless(client.get_public_access_block, ask, _NO_BLOCK))

    def find(self, name: str) -> Bucket | None:
        """Return the account's bucket of this name, None when it has none."""
        return next((each for each in self._list(Prefix=name) if each.name == name), None)

    def buckets(self) -> Iterator[Bucket]:
        """Yield the account's buckets, in all regions."""
        return self._list()

    def set_private(self, bucket: Bucket, acl: Acl) -> bool:
        """Give a bucket the ACL `private`, with the grants of `acl` where it has more than that.

        A grant to an account that is no more makes S3 refuse the whole ACL; it is worth nothing,
        and left out.
        """
        while True:
            try:
                return self._put_acl(bucket, acl)
            except _NoSuchGrantee as error:
                others = tuple(each for each in acl.grants if each.grantee != error.grantee)
                acl = Acl(acl.owner, others)

    def _put_acl(self, bucket: Bucket, acl: Acl) -> bool:
        asked: dict[str, Any] = {"ACL": "private"}
        if not acl.is_private:
            grants = [_wire(each) for each in acl.grants]
            asked = {"AccessControlPolicy": {"Owner": {"ID": acl.owner}, "Grants": grants}}
        with asking("s3:PutBucketAcl"):
            try:
                self._client(bucket).put_bucket_acl(**self._of(bucket), **asked)
            except ClientError as error:
                grantee = error.response["Error"].get("ArgumentValue")
                known = any(each.grantee == grantee for each in acl.grants)
                if code_of(error) == "InvalidArgument" and known and grantee != acl.owner:
                    raise _NoSuchGrantee(str(grantee)) from error
                if code_of(error) not in {_GONE, _ACLS_DISABLED}:
                    raise
                return False
        return True

    def _list(self, **only: Any) -> Iterator[Bucket]:  # noqa: ANN401 - boto3's
        with asking("s3:ListAllMyBuckets"):
            paginator = self._session.s3(self._region).get_paginator("list_buckets")
            for page in paginator.paginate(**only, PaginationConfig={"PageSize": _PAGE}):
                for each in page.get("Buckets", []):
                    yield Bucket(each["Name"], each.get("BucketRegion", ""))

    def _client(self, bucket: Bucket) -> "S3Client":
        return self._session.s3(bucket.region or self._region)

    def _of(self, bucket: Bucket) -> dict[str, Any]:
        return {"Bucket": bucket.name, "ExpectedBucketOwner": self._account}


class _NoSuchGrantee(Exception):  # noqa: N818 - an answer, which travels as an exception
    """S3 refused an ACL because of a grantee that it does not know."""

    def __init__(self, grantee: str) -> None:
        super().__init__(grantee)
        self.grantee = grantee


@contextmanager
def _telling_refusals() -> Iterator[None]:
    """Raise as Refused what S3 answers for a bucket that is not ours to see, or elsewhere."""
    try:
        yield
    except Transient as error:
        cause = error.__cause__
        if isinstance(cause, ClientError) and code_of(cause) in _REFUSALS:
            raise Refused(str(error), remedy=error.remedy) from cause
        raise


def _unless(
    ask: Callable[..., Any],
    asked: dict[str, Any],
    *missing: str,
) -> Any:  # noqa: ANN401 - boto3's
    """Return what S3 answers, None where it is an error of these codes: nothing is there."""
    try:
        return ask(**asked)
    except ClientError as error:
        if code_of(error) not in missing:
            raise
        return None


def _grant(each: Any) -> Grant:  # noqa: ANN401 - boto3's
    grantee = each["Grantee"]
    to_group = grantee["Type"] == "Group"
    return Grant(grantee["URI" if to_group else "ID"], each["Permission"], to_group)


def _wire(grant: Grant) -> "GrantTypeDef":
    permission: Any = grant.permission  # as S3 gave it
    if grant.to_group:
        return {"Grantee": {"Type": "Group", "URI": grant.grantee}, "Permission": permission}
    return {"Grantee": {"Type": "CanonicalUser", "ID": grant.grantee}, "Permission": permission}


def _block(answer: Any) -> Block:  # noqa: ANN401 - boto3's
    if answer is None:
        return Block()
    found = answer["PublicAccessBlockConfiguration"]
    return Block(bool(found.get("IgnorePublicAcls")), bool(found.get("RestrictPublicBuckets")))
