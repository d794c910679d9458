"""Public buckets in the deployed stage: from the call that opens one to the record of the rest."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from reactor.buckets.events import LOOK_AT_ALL
from reactor.names import Function, notifications, rule_name
from sandbox import Sandbox
from tests.end_to_end.stage import PROJECT, Stage, deploy_into, staged
from tests.project.commands import blocks

READ_RULE, WRITE_RULE = "s3-bucket-public-read-prohibited", "s3-bucket-public-write-prohibited"
GUIDE = (PROJECT / "docs" / "buckets.md").read_text()
NOTICES = (PROJECT / "docs" / "notifications.md").read_text()
# What people are told to type for a queue.
QUEUE_ALONE, *_ = re.findall(r"^    (aws cloudformation deploy .*)$", NOTICES, re.MULTILINE)

ON = {"REACTOR_MODE": "enforce", "REACTOR_BUCKETS": "true"}
BUCKET = "AWS::S3::Bucket"
EVERYBODY = "http://acs.amazonaws.com/groups/global/AllUsers"
LOGS = "http://acs.amazonaws.com/groups/s3/LogDelivery"
PARTNER = "ab" * 32
OPEN = {"BlockPublicAcls": False, "IgnorePublicAcls": False}
IGNORED = {"BlockPublicAcls": False, "IgnorePublicAcls": True}


class Hands:
    """What a person does with buckets, and sees of them."""

    def __init__(self, sandbox: Sandbox, region: str = "us-east-1") -> None:
        self.s3 = sandbox.client("s3", region)
        self.account = sandbox.client("s3control")
        self.region = region
        self.id = sandbox.account

    def bucket(self, name: str, block: dict[str, bool] | None = None, **tags: str) -> str:
        """Make a bucket whose ACLs count, with public access blocked as told, or not at all."""
        where = {"LocationConstraint": self.region}
        given = {} if self.region == "us-east-1" else {"CreateBucketConfiguration": where}
        self.s3.create_bucket(Bucket=name, ObjectOwnership="ObjectWriter", **given)
        if tags:
            pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
            self.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": pairs})
        self.block(name, block or OPEN)
        return name

    def block(self, name: str, block: dict[str, bool]) -> None:
        """Block public access to it so far."""
        self.s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)

    def block_account(self, block: dict[str, bool] | None) -> None:
        """Block public access to all buckets so far, or take that off."""
        if block is None:
            self.account.delete_public_access_block(AccountId=self.id)
        else:
            self.account.put_public_access_block(
                AccountId=self.id, PublicAccessBlockConfiguration=block
            )

    def open(self, name: str, acl: str = "public-read") -> None:
        """Open it to everybody."""
        self.s3.put_bucket_acl(Bucket=name, ACL=acl)

    def open_by_policy(self, name: str) -> dict[str, Any]:
        """Let everybody read its objects; return the policy that does."""
        statement = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
        document = {
            "Version": "2012-10-17",
            "Statement": [{**statement, "Resource": f"arn:aws:s3:::{name}/*"}],
        }
        self.s3.put_bucket_policy(Bucket=name, Policy=json.dumps(document))
        return document

    def grants(self, name: str) -> list[tuple[str, str]]:
        """Return its grants, but for its owner's."""
        acl = self.s3.get_bucket_acl(Bucket=name)
        found = [
            (each["Grantee"].get("URI") or each["Grantee"]["ID"], each["Permission"])
            for each in acl["Grants"]
        ]
        return [each for each in found if each[0] != acl["Owner"]["ID"]]


def records(stage: Stage, bucket: str) -> list[dict[str, Any]]:
    """Return the audit records about a bucket."""
    return stage.records_of(bucket, "buckets")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stage that sets public buckets to private, websites excepted."""
    settings = {**ON, "REACTOR_BUCKET_EXEMPT_TAGS": "purpose:website"}
    with staged(settings) as stage:
        yield stage


@pytest.fixture
def hands(stage: Stage) -> Hands:
    """A person's hands."""
    return Hands(stage.sandbox)


class TestAclIsSet:
    """PutBucketAcl and its kin."""

    @pytest.mark.parametrize("acl", ["public-read", "public-read-write", "authenticated-read"])
    def test_a_bucket_that_is_opened_is_private_a_moment_later(
        self, stage: Stage, hands: Hands, acl: str
    ) -> None:
        """By one invocation, and the record says what was taken away, from whom, and why."""
        name = hands.bucket(f"opened-{acl}")
        stage.settle()
        hands.open(name, acl)
        stage.settle()
        assert hands.grants(name) == []
        (mended,) = [each for each in records(stage, name) if each["actions"]]
        assert mended["verdict"]["rule"] == "public-acl"
        assert mended["trigger"]["event"]["name"] == "PutBucketAcl"
        (action,) = mended["actions"]
        assert (action["action"], action["outcome"]) == ("set-private", "done")
        assert action["on"]["bucket"] == name
        assert "Users" in action["on"]["takes_away"]
        assert action["why"].startswith("took away READ to ")

    def test_our_own_write_is_looked_at_once_and_ends_it(self, stage: Stage, hands: Hands) -> None:
        """The event of PutBucketAcl by the reactor finds all in order, and fights nobody."""
        name = hands.bucket("once")
        stage.settle()
        hands.open(name)
        stage.settle()
        own = [
            each
            for each in records(stage, name)
            if each["trigger"]["event"]["caller"].endswith("mfa-reactor-prod-buckets")
        ]
        assert [(each["verdict"]["rule"], each["actions"]) for each in own] == [("private", [])]

    def test_what_others_were_granted_is_kept(self, stage: Stage, hands: Hands) -> None:
        """A partner's account and log delivery are granted as before."""
        name = hands.bucket("shared")
        owner = hands.s3.get_bucket_acl(Bucket=name)["Owner"]["ID"]
        stage.settle()
        grants = (
            ({"Type": "CanonicalUser", "ID": owner}, "FULL_CONTROL"),
            ({"Type": "CanonicalUser", "ID": PARTNER}, "READ"),
            ({"Type": "Group", "URI": EVERYBODY}, "READ"),
            ({"Type": "Group", "URI": LOGS}, "WRITE"),
        )
        policy = {
            "Owner": {"ID": owner},
            "Grants": [{"Grantee": to, "Permission": what} for to, what in grants],
        }
        hands.s3.put_bucket_acl(Bucket=name, AccessControlPolicy=policy)
        stage.settle()
        assert sorted(hands.grants(name)) == [(PARTNER, "READ"), (LOGS, "WRITE")]
        (mended,) = [each for each in records(stage, name) if each["actions"]]
        assert mended["actions"][0]["why"] == (
            f"took away READ to AllUsers; kept FULL_CONTROL to {owner}, READ to {PARTNER},"
            " WRITE to LogDelivery"
        )

    def test_a_websites_bucket_stays_as_it_is(self, stage: Stage, hands: Hands) -> None:
        """Its tag exempts it, and the record says so."""
        name = hands.bucket("website", Purpose="website")
        hands.open(name)
        stage.settle()
        assert hands.grants(name) == [(EVERYBODY, "READ")]
        assert records(stage, name)[-1]["verdict"] == {
            "compliance": "NOT_APPLICABLE",
            "rule": "exempt",
            "reasons": ["has the tag Purpose=website"],
        }

    def test_a_bucket_of_another_region_is_left_to_the_reactor_there(
        self, stage: Stage, hands: Hands
    ) -> None:
        """Its events arrive in its own region; AWS Config's notices and a look at all find it."""
        abroad = Hands(stage.sandbox, "eu-west-1")
        name = abroad.bucket("abroad")
        abroad.open(name)
        stage.settle()
        assert records(stage, name) == []
        assert hands.s3.get_bucket_acl(Bucket=name)  # the client is redirected
        answer = stage.invoke("buckets", LOOK_AT_ALL)
        assert answer == (None, None)
        assert abroad.grants(name) == []


class TestOtherWays:
    """What opens a bucket without a change of its ACL."""

    def test_a_new_bucket_can_not_be_public_but_is_looked_at(
        self, stage: Stage, hands: Hands
    ) -> None:
        """S3 refuses a public ACL in CreateBucket since 2023; whatever it is by now counts."""
        with pytest.raises(hands.s3.exceptions.ClientError, match="InvalidBucketAcl"):
            hands.s3.create_bucket(
                Bucket="new", ACL="public-read", ObjectOwnership="BucketOwnerPreferred"
            )
        hands.s3.create_bucket(Bucket="new")
        stage.settle()
        (seen,) = records(stage, "new")
        assert seen["trigger"]["event"]["name"] == "CreateBucket"
        assert seen["verdict"]["rule"] == "acls-disabled"

    def test_a_late_event_of_its_creation_finds_it_public(self, stage: Stage, hands: Hands) -> None:
        """As in us-east-1, where making one's own bucket again succeeds and may set its ACL."""
        name = hands.bucket("made-again")
        stage.settle()
        stage.sandbox.control.lose_next_event("PutBucketAcl")
        hands.open(name)
        stage.settle()
        assert hands.grants(name) == [(EVERYBODY, "READ")]
        hands.s3.create_bucket(Bucket=name, ACL="private", ObjectOwnership="ObjectWriter")
        hands.open(name)
        stage.settle()
        assert hands.grants(name) == []

    def test_public_acls_that_are_ignored_no_more(self, stage: Stage, hands: Hands) -> None:
        """DeletePublicAccessBlock is logged under another name, and is heard."""
        name = hands.bucket("unblocked", IGNORED)
        hands.open(name)
        stage.settle()
        assert hands.grants(name) == [(EVERYBODY, "READ")]
        assert records(stage, name)[-1]["verdict"]["rule"] == "ignored"
        hands.s3.delete_public_access_block(Bucket=name)
        stage.settle()
        assert hands.grants(name) == []
        by = [each["trigger"]["event"]["name"] for each in records(stage, name) if each["actions"]]
        assert by == ["DeleteBucketPublicAccessBlock"]

    def test_a_block_that_is_set_to_nothing(self, stage: Stage, hands: Hands) -> None:
        """As good as deleted."""
        name = hands.bucket("loosened", IGNORED)
        hands.open(name)
        hands.block(name, OPEN)
        stage.settle()
        assert hands.grants(name) == []

    @pytest.mark.parametrize("emptied", [True, False], ids=["all its tags", "that one"])
    def test_a_website_that_is_none_any_more(
        self, stage: Stage, hands: Hands, *, emptied: bool
    ) -> None:
        """Its tag was taken off, and what it was allowed to be it may be no longer."""
        name = hands.bucket(f"closed-{emptied}".lower(), Purpose="website")
        hands.open(name)
        stage.settle()
        assert hands.grants(name) == [(EVERYBODY, "READ")]
        if emptied:
            hands.s3.delete_bucket_tagging(Bucket=name)
        else:
            others = [{"Key": "team", "Value": "web"}]
            hands.s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": others})
        stage.settle()
        assert hands.grants(name) == []

    def test_the_accounts_block_is_lifted(self, stage: Stage, hands: Hands) -> None:
        """All buckets that it kept shut are set to private."""
        hands.block_account(IGNORED)
        names = [hands.bucket(f"below-{number}") for number in range(3)]
        for name in names:
            hands.open(name)
        stage.settle()
        assert [hands.grants(name) for name in names] == [[(EVERYBODY, "READ")]] * 3
        hands.block_account(None)
        stage.settle()
        assert [hands.grants(name) for name in names] == [[]] * 3

    def test_public_by_policy_is_told_and_left(self, stage: Stage, hands: Hands) -> None:
        """The verdict is NON_COMPLIANT, an alarm says it, and the policy is as it was."""
        name = hands.bucket("by-policy", {**OPEN, "BlockPublicPolicy": False})
        document = hands.open_by_policy(name)
        hands.open(name, "private")
        stage.settle()
        assert json.loads(hands.s3.get_bucket_policy(Bucket=name)["Policy"]) == document
        assert records(stage, name)[-1]["verdict"] == {
            "compliance": "NON_COMPLIANT",
            "rule": "public-by-policy",
            "reasons": ["it is public by its bucket policy"],
        }
        alarms = [each for each in stage.records("buckets") if each.get("alarm")]
        assert f"the bucket {name} is public by its bucket policy, which is left alone" in [
            each["what"] for each in alarms
        ]


def test_a_forged_event_opens_nothing(stage: Stage, hands: Hands) -> None:
    """Whoever may invoke the function can have it look at a bucket, and no more."""
    name = hands.bucket("forged-about")
    stage.settle()
    stage.sandbox.control.invoke_event(
        {
            "version": "0",
            "id": "forged",
            "detail-type": "AWS API Call via CloudTrail",
            "source": "aws.s3",
            "account": "999999999999",
            "region": "us-east-1",
            "detail": {
                "eventSource": "s3.amazonaws.com",
                "eventName": "PutBucketAcl",
                "recipientAccountId": "999999999999",
                "requestParameters": {"bucketName": name},
            },
        }
    )
    stage.settle()
    ignored = [each["ignored"] for each in stage.records("buckets") if "ignored" in each]
    assert "an event of another account: 999999999999" in ignored


def test_the_brake_holds_for_a_look_at_all() -> None:
    """It changes so many, the worst first; an alarm tells of the rest, and another look goes on."""
    with staged({**ON, "REACTOR_MAX_REMEDIATIONS": "2"}) as stage:
        hands = Hands(stage.sandbox)
        hands.block_account(IGNORED)
        names = [hands.bucket(f"many-{number}") for number in range(4)]
        for name in names:
            hands.open(name)
        hands.open("many-3", "public-read-write")
        stage.settle()  # what is done to each by itself is no look at all
        hands.block_account(OPEN)
        stage.settle()
        left = {name for name in names if hands.grants(name)}
        assert len(left) == 2
        assert "many-3" not in left
        (alarm,) = [each for each in stage.records("buckets") if each.get("alarm") == "brake"]
        assert alarm["what"] == "2 buckets wait because of the brake"
        assert "told to look at every bucket" in alarm["remedy"]
        assert set(alarm["sample"]) == left
        ran = stage.shell("\n".join(each for each in blocks(GUIDE) if "invoke" in each))
        assert ran.returncode == 0, ran.stderr
        assert not any(hands.grants(name) for name in names)


def test_rules_of_aws_config_find_what_no_event_brought() -> None:
    """By its name from EventBridge, and from another region, which only the notice says, by a list.

    Another rule's finding is nobody's business, and what S3 says is in order stays as it is.
    """
    rules = {"REACTOR_CONFIG_RULES": f"{READ_RULE},{WRITE_RULE}"}
    with staged({**ON, **rules}) as stage:
        here, abroad = Hands(stage.sandbox), Hands(stage.sandbox, "eu-west-1")
        connected = stage.shell(QUEUE_ALONE)
        assert connected.returncode == 0, connected.stdout + connected.stderr
        names = [here.bucket("found"), abroad.bucket("elsewhere"), abroad.bucket("left")]
        here.bucket("private")
        stage.settle()
        stage.sandbox.control.lose_next_event("PutBucketAcl")
        here.open("found")
        for name in names[1:]:  # whose events arrive in their own region, where nobody listens
            abroad.open(name)
        stage.settle()
        assert all(here.grants(name) == [(EVERYBODY, "READ")] for name in names)

        for name in ("found", "private"):
            stage.sandbox.control.compliance_change(READ_RULE, BUCKET, name, "NON_COMPLIANT")
        items = [
            {"configRuleName": rule, "resourceType": BUCKET, "resourceId": name, "region": region}
            for rule, name, region in (
                (WRITE_RULE, "elsewhere", "eu-west-1"),
                ("another-rule", "left", "eu-west-1"),
            )
        ]
        sqs = stage.sandbox.client("sqs")
        queue = sqs.get_queue_url(QueueName=notifications("prod"))["QueueUrl"]
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(items))
        stage.settle()

        assert [here.grants(name) for name in names] == [[], [], [(EVERYBODY, "READ")]]
        found = {
            name: stage.records_of(name, "compliance")
            for name in ("found", "elsewhere", "private", "left")
        }
        assert [len(some) for some in found.values()] == [1, 1, 1, 0]
        assert [each["action"] for each in found["found"][0]["actions"]] == ["set-private"]
        (mended,) = found["elsewhere"]
        assert (mended["subject"]["region"], mended["trigger"]["rule"]) == ("eu-west-1", WRITE_RULE)
        assert mended["trigger"]["message"]
        (private,) = found["private"]
        assert (private["verdict"]["rule"], private["actions"]) == ("private", [])


def test_observe_mode_records_and_cannot_write() -> None:
    """The record has the plan; the role could not carry it out."""
    with staged({"REACTOR_BUCKETS": "true"}) as stage:
        hands = Hands(stage.sandbox)
        hands.bucket("watched")
        stage.settle()
        hands.open("watched")
        stage.settle()
        assert hands.grants("watched") == [(EVERYBODY, "READ")]
        (planned,) = [each for each in records(stage, "watched") if each["actions"]]
        (action,) = planned["actions"]
        assert (action["outcome"], action["why"]) == ("skipped", "observe mode")
        assert action["on"]["takes_away"] == "READ to AllUsers"
        role = stage.iam.get_role_policy(
            RoleName="mfa-reactor-prod-buckets", PolicyName="mfa-reactor-prod-buckets"
        )
        assert "Put" not in json.dumps(role["PolicyDocument"]).replace("PutLogEvents", "").replace(
            "PutTraceSegments", ""
        ).replace("PutTelemetryRecords", "")


def test_off_by_default() -> None:
    """Without REACTOR_BUCKETS there is no such function, no rule, and nobody looks."""
    with Sandbox.start() as sandbox:
        deployment = deploy_into(sandbox, {"REACTOR_MODE": "enforce"})
        hands = Hands(sandbox)
        hands.open(hands.bucket("nobodys"))
        Stage(sandbox, deployment).settle()
        assert hands.grants("nobodys") == [(EVERYBODY, "READ")]
        assert rule_name("prod", Function.BUCKETS) not in deployment.rules
        functions = sandbox.client("lambda").list_functions()["Functions"]
        assert "mfa-reactor-prod-buckets" not in [each["FunctionName"] for each in functions]
