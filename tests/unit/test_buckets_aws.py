"""reactor.aws.buckets beside an account: botocore's stubs answer; every call names the owner."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.account import AwsSession
from reactor.aws.buckets import AwsBuckets
from reactor.buckets.ports import Bucket, Refused
from reactor.buckets.state import Acl, Block
from reactor.errors import ReactorError
from tests.fakes.account import ACCOUNT
from tests.fakes.buckets import HOME, LOGS, NAMED, OWN, OWNER, PARTNER, PUBLIC

SHOP = Bucket("shop", "eu-west-1")
ASKED = {"Bucket": "shop", "ExpectedBucketOwner": ACCOUNT}
BLOCK = {"IgnorePublicAcls": True, "RestrictPublicBuckets": False, "BlockPublicAcls": True}


class Stubbed:
    """An AwsSession whose clients give the answers put into them, in order."""

    def __init__(self) -> None:
        session = boto3.Session("x", "x", region_name="us-east-1")
        self.client: Any = session.client("s3")
        self.s3_control: Any = session.client("s3control")
        self.stubber = Stubber(self.client)
        self.control = Stubber(self.s3_control)
        self.regions: list[str] = []
        self.buckets = AwsBuckets(self, ACCOUNT, HOME)  # type: ignore[arg-type]

    def s3(self, region: str) -> Any:
        """Return the one client, and note for which region it was asked."""
        self.regions.append(region)
        return self.client

    def answers(self, operation: str, answer: dict[str, Any], asked: Any = None) -> None:
        """Answer the next call."""
        self.stubber.add_response(operation, answer, ASKED if asked is None else asked)

    def refuses(self, operation: str, code: str, **more: str) -> None:
        """Refuse the next call."""
        self.stubber.add_client_error(operation, code, service_error_meta=more)


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """S3; all that was put into it must be asked for."""
    made = Stubbed()
    with made.stubber, made.control:
        yield made
        made.stubber.assert_no_pending_responses()


def wire(*grants: Any) -> list[dict[str, Any]]:
    """Return grants as S3 writes them; it tells no display names since 2025."""
    return [
        {
            "Grantee": {"Type": "Group", "URI": each.grantee}
            if each.to_group
            else {"Type": "CanonicalUser", "ID": each.grantee},
            "Permission": each.permission,
        }
        for each in grants
    ]


READS: dict[str, tuple[str, dict[str, Any], object]] = {
    "acl": (
        "get_bucket_acl",
        {"Owner": {"ID": OWNER}, "Grants": wire(OWN, PUBLIC)},
        Acl(OWNER, (OWN, PUBLIC)),
    ),
    "ownership": (
        "get_bucket_ownership_controls",
        {"OwnershipControls": {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}},
        "ObjectWriter",
    ),
    "block": (
        "get_public_access_block",
        {"PublicAccessBlockConfiguration": BLOCK},
        Block(ignores_acls=True),
    ),
    "tags": ("get_bucket_tagging", {"TagSet": [{"Key": "a", "Value": "b"}]}, (("a", "b"),)),
    "policy_is_public": ("get_bucket_policy_status", {"PolicyStatus": {"IsPublic": True}}, True),
}
NOTHING: dict[str, tuple[str, object, tuple[str, ...]]] = {
    "acl": ("get_bucket_acl", None, ()),
    "ownership": ("get_bucket_ownership_controls", "", ("OwnershipControlsNotFoundError",)),
    "block": ("get_public_access_block", Block(), ("NoSuchPublicAccessBlockConfiguration",)),
    "tags": ("get_bucket_tagging", (), ("NoSuchTagSet",)),
    "policy_is_public": ("get_bucket_policy_status", False, ("NoSuchBucketPolicy",)),
}


@pytest.mark.parametrize("read", READS)
def test_reads_ask_for_a_bucket_of_this_account_in_its_region(stubbed: Stubbed, read: str) -> None:
    """With ExpectedBucketOwner, which S3 refuses for another's bucket of that name."""
    operation, answer, expected = READS[read]
    stubbed.answers(operation, answer)
    assert getattr(stubbed.buckets, read)(SHOP) == expected
    assert stubbed.regions == ["eu-west-1"]


@pytest.mark.parametrize("read", NOTHING)
def test_what_is_not_there_is_no_error(stubbed: Stubbed, read: str) -> None:
    """By exactly the codes that S3 has for it, and for a bucket that is gone."""
    operation, expected, codes = NOTHING[read]
    for code in ("NoSuchBucket", *codes):
        stubbed.refuses(operation, code)
        assert getattr(stubbed.buckets, read)(SHOP) == expected


@pytest.mark.parametrize("read", READS)
@pytest.mark.parametrize("code", ["AccessDenied", "NoSuchKey", "SlowDown", "PermanentRedirect"])
def test_every_other_error_is_raised(stubbed: Stubbed, read: str, code: str) -> None:
    """A refusal is no answer."""
    stubbed.refuses(READS[read][0], code)
    with pytest.raises(ReactorError, match=code):
        getattr(stubbed.buckets, read)(SHOP)


@pytest.mark.parametrize(
    ("code", "refused"),
    [
        pytest.param("AccessDenied", True, id="another account's, or denied to us"),
        pytest.param("PermanentRedirect", True, id="in another region"),
        pytest.param("AuthorizationHeaderMalformed", True, id="signed for another region"),
        pytest.param("SlowDown", False, id="throttled"),
        pytest.param("InternalError", False, id="S3's own"),
        pytest.param("RequestTimeout", False, id="too slow"),
    ],
)
def test_what_may_be_another_accounts_is_told_apart(
    stubbed: Stubbed, code: str, *, refused: bool
) -> None:
    """From whatever else goes wrong, after which nobody is asked whose the bucket is."""
    stubbed.refuses("get_bucket_acl", code)
    with pytest.raises(ReactorError, match=code) as raised:
        stubbed.buckets.acl(SHOP)
    assert isinstance(raised.value, Refused) is refused
    assert raised.value.remedy


def test_an_answer_that_is_not_understood_is_an_error(stubbed: Stubbed) -> None:
    """A grantee of a kind that S3 does not document is taken for nobody's."""
    grants = [{"Grantee": {"Type": "AmazonCustomerByEmail"}, "Permission": "READ"}]
    stubbed.answers("get_bucket_acl", {"Owner": {"ID": OWNER}, "Grants": grants})
    with pytest.raises(ReactorError, match="not understood"):
        stubbed.buckets.acl(SHOP)


class TestAccount:
    """What is asked of the whole account."""

    def test_its_block(self, stubbed: Stubbed) -> None:
        """By the account's id; none is all off."""
        asked = {"AccountId": ACCOUNT}
        answer = {"PublicAccessBlockConfiguration": BLOCK}
        stubbed.control.add_response("get_public_access_block", answer, asked)
        assert stubbed.buckets.account_block() == Block(ignores_acls=True)
        none = "NoSuchPublicAccessBlockConfiguration"
        stubbed.control.add_client_error("get_public_access_block", none)
        assert stubbed.buckets.account_block() == Block()
        stubbed.control.add_client_error("get_public_access_block", "AccessDenied")
        with pytest.raises(ReactorError, match="s3:GetAccountPublicAccessBlock"):
            stubbed.buckets.account_block()

    def test_its_buckets_come_in_pages_with_their_regions(self, stubbed: Stubbed) -> None:
        """All of them, wherever they are."""
        first = {"Buckets": [{"Name": "a", "BucketRegion": "eu-west-1"}], "ContinuationToken": "t"}
        stubbed.answers("list_buckets", first, {"MaxBuckets": 1000})
        more = {"MaxBuckets": 1000, "ContinuationToken": "t"}
        stubbed.answers("list_buckets", {"Buckets": [{"Name": "b"}]}, more)
        assert list(stubbed.buckets.buckets()) == [Bucket("a", "eu-west-1"), Bucket("b")]

    def test_a_bucket_is_found_by_its_whole_name(self, stubbed: Stubbed) -> None:
        """S3 finds by the beginning of a name."""
        asked = {"MaxBuckets": 1000, "Prefix": "shop"}
        found = {"Buckets": [{"Name": "shop-2"}, {"Name": "shop", "BucketRegion": "eu-west-1"}]}
        stubbed.answers("list_buckets", found, asked)
        assert stubbed.buckets.find("shop") == SHOP
        stubbed.answers("list_buckets", {"Buckets": [{"Name": "shop-2"}]}, asked)
        assert stubbed.buckets.find("shop") is None


class TestSetPrivate:
    """The one write."""

    def test_the_canned_acl_where_nobody_else_was_granted_anything(self, stubbed: Stubbed) -> None:
        """It says what the bucket's ACL is to be, whatever it was."""
        stubbed.answers("put_bucket_acl", {}, {**ASKED, "ACL": "private"})
        assert stubbed.buckets.set_private(SHOP, Acl(OWNER, (OWN,)))

    def test_the_grants_of_others_are_written_back(self, stubbed: Stubbed) -> None:
        """With the owner's, and by id: display names are nobody's business."""
        policy = {"Owner": {"ID": OWNER}, "Grants": wire(OWN, NAMED, LOGS)}
        stubbed.answers("put_bucket_acl", {}, {**ASKED, "AccessControlPolicy": policy})
        assert stubbed.buckets.set_private(SHOP, Acl(OWNER, (OWN, NAMED, LOGS)))

    def test_a_grantee_that_is_no_more_is_left_out(self, stubbed: Stubbed) -> None:
        """S3 refuses the whole ACL because of it, and the bucket would stay public."""
        gone = {"ArgumentName": "CanonicalUser/ID", "ArgumentValue": PARTNER}
        stubbed.refuses("put_bucket_acl", "InvalidArgument", **gone)
        policy = {"Owner": {"ID": OWNER}, "Grants": wire(OWN, LOGS)}
        stubbed.answers("put_bucket_acl", {}, {**ASKED, "AccessControlPolicy": policy})
        assert stubbed.buckets.set_private(SHOP, Acl(OWNER, (OWN, NAMED, LOGS)))

    @pytest.mark.parametrize("code", ["NoSuchBucket", "AccessControlListNotSupported"])
    def test_there_may_be_nothing_to_set(self, stubbed: Stubbed, code: str) -> None:
        """The bucket is gone, or its ACLs are disabled."""
        stubbed.refuses("put_bucket_acl", code)
        assert not stubbed.buckets.set_private(SHOP, Acl(OWNER, (OWN,)))

    @pytest.mark.parametrize("code", ["AccessDenied", "InvalidArgument", "OperationAborted"])
    def test_what_s3_refuses_is_raised(self, stubbed: Stubbed, code: str) -> None:
        """And no grant is dropped for it."""
        stubbed.refuses("put_bucket_acl", code, ArgumentValue="something else")
        with pytest.raises(ReactorError, match=code):
            stubbed.buckets.set_private(SHOP, Acl(OWNER, (OWN, NAMED)))


class TestClients:
    """The S3 clients of a session, one a region."""

    def test_each_region_has_one(self) -> None:
        """Made once."""
        session = AwsSession("us-east-1")
        client = session.s3("eu-west-1")
        assert client.meta.region_name == "eu-west-1"
        assert session.s3("eu-west-1") is client

    @pytest.mark.parametrize("region", ["", "xx-nowhere-9", "evil.example.com"])
    def test_what_is_no_region_is_asked_at_home(self, region: str) -> None:
        """A notice may have anything for a region, and must not choose whom we talk to."""
        session = AwsSession("us-east-1")
        assert session.s3(region).meta.region_name == "us-east-1"
        assert session.s3(region) is session.s3("us-east-1")
