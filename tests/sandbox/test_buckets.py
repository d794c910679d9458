"""S3 in the sandbox is as strict as AWS: buckets as they are made since April 2023."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from sandbox import Sandbox

ACCOUNT = "123456789012"
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": False, "BlockPublicPolicy": False}


def code(call: Callable[..., Any], **arguments: Any) -> str | None:
    """Return the code with which S3 refuses a call, None when it does not."""
    try:
        call(**arguments)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return None


@pytest.fixture
def s3(sandbox: Sandbox) -> Any:
    """S3, as the administrator."""
    return sandbox.client("s3")


@pytest.fixture
def bucket(s3: Any, name: Callable[[str], str]) -> str:
    """A new bucket's name."""
    made = name("bucket")
    s3.create_bucket(Bucket=made)
    return made


def enable_acls(s3: Any, bucket: str) -> None:
    """Have a bucket's ACLs count."""
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls=rules)


def unblock(s3: Any, bucket: str) -> None:
    """Take off what blocks public access to it."""
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=OPEN)


def test_a_new_bucket_is_shut(s3: Any, bucket: str) -> None:
    """Its ACLs are disabled and public access is blocked in all four ways."""
    rules = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert rules == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert list(block.values()) == [True] * 4


def test_it_takes_no_acl(s3: Any, bucket: str) -> None:
    """Not even a private one, while they are disabled."""
    for acl in ("public-read", "private"):
        refused = code(s3.put_bucket_acl, Bucket=bucket, ACL=acl)
        assert refused == "AccessControlListNotSupported"


def test_a_bucket_is_not_made_public(s3: Any, name: Callable[[str], str]) -> None:
    """Neither with ACLs disabled, nor with them enabled, for public access is blocked."""
    new = {"Bucket": name("bucket"), "ACL": "public-read"}
    assert code(s3.create_bucket, **new) == "InvalidBucketAclWithObjectOwnership"
    refused = code(s3.create_bucket, **new, ObjectOwnership="ObjectWriter")
    assert refused == "InvalidBucketAclWithBlockPublicAccessError"
    assert code(s3.head_bucket, Bucket=new["Bucket"]) == "404"


@pytest.mark.parametrize(
    "acl",
    [
        {"ACL": "public-read"},
        {"ACL": "authenticated-read"},
        {"GrantRead": f'uri="{EVERYBODY}"'},
        {
            "AccessControlPolicy": {
                "Owner": {"ID": "0a" * 32},
                "Grants": [
                    {"Grantee": {"Type": "Group", "URI": EVERYBODY}, "Permission": "READ_ACP"}
                ],
            }
        },
    ],
    ids=["canned", "canned for any account", "by a header", "as XML"],
)
def test_a_block_refuses_public_acls(s3: Any, bucket: str, acl: dict[str, Any]) -> None:
    """In whatever way they are given; without the block they are taken, and told."""
    enable_acls(s3, bucket)
    assert code(s3.put_bucket_acl, Bucket=bucket, **acl) == "AccessDenied"
    unblock(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, **acl)
    uris = [each["Grantee"].get("URI") for each in s3.get_bucket_acl(Bucket=bucket)["Grants"]]
    assert any("/groups/global/" in uri for uri in uris if uri)


def test_the_accounts_block_holds_for_every_bucket(sandbox: Sandbox, s3: Any, bucket: str) -> None:
    """It is asked at a host that begins with the account."""
    control = sandbox.client("s3control")
    enable_acls(s3, bucket)
    unblock(s3, bucket)
    control.put_public_access_block(
        AccountId=ACCOUNT, PublicAccessBlockConfiguration={"BlockPublicAcls": True}
    )
    try:
        assert code(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") == "AccessDenied"
    finally:
        control.delete_public_access_block(AccountId=ACCOUNT)
    refused = code(control.get_public_access_block, AccountId=ACCOUNT)
    assert refused == "NoSuchPublicAccessBlockConfiguration"
    assert code(s3.put_bucket_acl, Bucket=bucket, ACL="public-read") is None


def test_acls_are_not_disabled_while_they_grant_to_others(s3: Any, bucket: str) -> None:
    """They must be taken back first."""
    enable_acls(s3, bucket)
    unblock(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    disable = {"Bucket": bucket, "OwnershipControls": rules}
    refused = code(s3.put_bucket_ownership_controls, **disable)
    assert refused == "InvalidBucketAclWithObjectOwnership"
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert code(s3.put_bucket_ownership_controls, **disable) is None


def test_a_block_refuses_public_policies(s3: Any, bucket: str) -> None:
    """And without it the policy's status says that it is public."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement = {**allow, "Resource": f"arn:aws:s3:::{bucket}/*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert code(s3.get_bucket_policy_status, Bucket=bucket) == "NoSuchBucketPolicy"
    assert code(s3.put_bucket_policy, Bucket=bucket, Policy=policy) == "AccessDenied"
    unblock(s3, bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.get_bucket_policy_status(Bucket=bucket)["PolicyStatus"] == {"IsPublic": True}


def test_another_owner_is_refused(s3: Any, bucket: str) -> None:
    """Whoever says whose bucket it expects is told when it is not."""
    assert code(s3.get_bucket_acl, Bucket=bucket, ExpectedBucketOwner=ACCOUNT) is None
    refused = code(s3.get_bucket_acl, Bucket=bucket, ExpectedBucketOwner="999999999999")
    assert refused == "AccessDenied"


def test_a_bucket_elsewhere_redirects(
    sandbox: Sandbox, s3: Any, name: Callable[[str], str]
) -> None:
    """boto3 follows to the bucket's own region."""
    made = name("bucket")
    where = {"LocationConstraint": "eu-west-1"}
    sandbox.client("s3", "eu-west-1").create_bucket(Bucket=made, CreateBucketConfiguration=where)
    sandbox.control.clear_calls()
    assert s3.get_bucket_acl(Bucket=made)["Grants"]
    calls = [
        (each["region"], each["status"])
        for each in sandbox.control.calls()
        if each["action"] == "GetBucketAcl"
    ]
    assert calls == [("us-east-1", 301), ("eu-west-1", 200)]


def test_each_grantee_and_permission_is_a_grant(s3: Any, bucket: str) -> None:
    """As S3 lists them."""
    enable_acls(s3, bucket)
    unblock(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    permissions = [each["Permission"] for each in s3.get_bucket_acl(Bucket=bucket)["Grants"]]
    assert permissions == ["FULL_CONTROL", "READ", "WRITE"]


def written(sandbox: Sandbox, bucket: str) -> list[dict[str, Any]]:
    """Return the records of what was done to a bucket."""
    return [
        each
        for each in sandbox.control.records()
        if (each["requestParameters"] or {}).get("bucketName") == bucket
    ]


def test_records_are_written_as_s3_has_them(sandbox: Sandbox, s3: Any, bucket: str) -> None:
    """Names of their own, the request as it was sent, the bucket among the resources."""
    enable_acls(s3, bucket)
    unblock(s3, bucket)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    s3.delete_public_access_block(Bucket=bucket)
    found = written(sandbox, bucket)
    assert [each["eventName"] for each in found] == [
        "CreateBucket",
        "PutBucketOwnershipControls",
        "PutBucketPublicAccessBlock",
        "PutBucketAcl",
        "DeleteBucketPublicAccessBlock",
    ]
    assert {each["eventSource"] for each in found} == {"s3.amazonaws.com"}
    block = found[2]["requestParameters"]
    # panther-labs/panther has such a record among its tests.
    assert block["PublicAccessBlockConfiguration"] == {
        "xmlns": "http://s3.amazonaws.com/doc/2006-03-01/",
        **OPEN,
    }
    acl = found[3]
    assert acl["requestParameters"]["x-amz-acl"] == "public-read"
    assert acl["responseElements"] is None
    arn = f"arn:aws:s3:::{bucket}"
    assert acl["resources"] == [{"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": arn}]


def test_a_refused_call_is_written_with_its_request(sandbox: Sandbox, s3: Any, bucket: str) -> None:
    """Unlike those of IAM."""
    enable_acls(s3, bucket)
    code(s3.put_bucket_acl, Bucket=bucket, ACL="public-read")
    refused = written(sandbox, bucket)[-1]
    assert refused["errorCode"] == "AccessDenied"
    assert refused["requestParameters"]["bucketName"] == bucket


def test_objects_leave_no_record(sandbox: Sandbox, s3: Any, bucket: str) -> None:
    """They are data events, which no trail here logs; and an object need be no XML."""
    before = len(sandbox.control.records())
    s3.put_object(Bucket=bucket, Key="picture", Body=b"\xff\x00<no xml")
    assert s3.get_object(Bucket=bucket, Key="picture")["Body"].read() == b"\xff\x00<no xml"
    assert len(sandbox.control.records()) == before
