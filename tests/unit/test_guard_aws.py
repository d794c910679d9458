"""reactor.aws.guard as the keeper uses it, without an account: botocore's stubs answer."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.stub import Stubber

from reactor.aws.guard import AwsGuard
from reactor.errors import Permanent, ReactorError, Throttled, Transient
from reactor.guard.ports import ManagedPolicy, PolicyVersion
from tests.fakes.account import GUARD_ARN, GUARD_DOCUMENT

MADE = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)


class Stubbed:
    """AwsGuard on a client that gives the answers put into it, in order."""

    def __init__(self) -> None:
        client = boto3.client("iam", "us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
        self.stubber = Stubber(client)
        self.iam = AwsGuard(client)

    def answers(self, method: str, answer: dict[str, Any], **arguments: Any) -> None:
        """Answer the next call, which must be this one."""
        self.stubber.add_response(method, answer, arguments)

    def fails(self, method: str, code: str) -> None:
        """Refuse the next call, which must be of this method."""
        self.stubber.add_client_error(method, code, "words")


@pytest.fixture
def stubbed() -> Iterator[Stubbed]:
    """AWS; all that was put into it must be asked for."""
    made = Stubbed()
    with made.stubber:
        yield made
        made.stubber.assert_no_pending_responses()


def test_policy(stubbed: Stubbed) -> None:
    """GetPolicy gives tags and default version; a policy without tags has no such member."""
    for tags in ([{"Key": "mfa-reactor", "Value": "guard"}], None):
        policy = {"Arn": GUARD_ARN, "DefaultVersionId": "v3"} | (
            {} if tags is None else {"Tags": tags}
        )
        stubbed.answers("get_policy", {"Policy": policy}, PolicyArn=GUARD_ARN)
    assert stubbed.iam.policy(GUARD_ARN) == ManagedPolicy({"mfa-reactor": "guard"}, "v3")
    assert stubbed.iam.policy(GUARD_ARN) == ManagedPolicy({}, "v3")


def test_missing_policy(stubbed: Stubbed) -> None:
    """No policy is an answer."""
    stubbed.fails("get_policy", "NoSuchEntity")
    assert stubbed.iam.policy(GUARD_ARN) is None


@pytest.mark.parametrize(
    ("sent", "document"),
    [
        pytest.param(quote(GUARD_DOCUMENT), json.loads(GUARD_DOCUMENT), id="as IAM sends it"),
        pytest.param(GUARD_DOCUMENT, json.loads(GUARD_DOCUMENT), id="not encoded"),
        pytest.param(quote("no JSON"), "no JSON", id="no JSON"),
        pytest.param(quote('"[]"'), [], id="JSON as text"),
    ],
)
def test_policy_version(stubbed: Stubbed, sent: str, document: object) -> None:
    """GetPolicyVersion gives the document as a value, or as text where it is none."""
    version = {"VersionId": "v2", "CreateDate": MADE, "Document": sent}
    answer = {"PolicyVersion": version}
    stubbed.answers("get_policy_version", answer, PolicyArn=GUARD_ARN, VersionId="v2")
    assert stubbed.iam.policy_version(GUARD_ARN, "v2") == PolicyVersion("v2", MADE, document)


def test_other_versions(stubbed: Stubbed) -> None:
    """ListPolicyVersions, on all its pages, gives those that are not the default."""
    first = [("v6", False), ("v5", True)]
    pages: list[tuple[list[tuple[str, bool]], dict[str, Any]]] = [
        (first, {"IsTruncated": True, "Marker": "more"}),
        ([("v2", False)], {"IsTruncated": False}),
    ]
    for versions, rest in pages:
        shown = [{"VersionId": each, "IsDefaultVersion": default} for each, default in versions]
        arguments = {"PolicyArn": GUARD_ARN, "MaxItems": 1000}
        if versions is not first:
            arguments["Marker"] = "more"
        stubbed.answers("list_policy_versions", {"Versions": shown, **rest}, **arguments)
    assert stubbed.iam.other_versions(GUARD_ARN) == ("v6", "v2")


def test_writes(stubbed: Stubbed) -> None:
    """A version is made the default as it is created, and deleted by its id."""
    created = {"PolicyVersion": {"VersionId": "v3"}}
    arguments = {"PolicyArn": GUARD_ARN, "PolicyDocument": "{}", "SetAsDefault": True}
    stubbed.answers("create_policy_version", created, **arguments)
    stubbed.answers("delete_policy_version", {}, PolicyArn=GUARD_ARN, VersionId="v1")
    assert stubbed.iam.create_version(GUARD_ARN, "{}") is True
    assert stubbed.iam.delete_version(GUARD_ARN, "v1") is True


def test_refusals_that_are_answers(stubbed: Stubbed) -> None:
    """No room for a version, and no version to delete, are no errors."""
    stubbed.fails("create_policy_version", "LimitExceeded")
    stubbed.fails("delete_policy_version", "NoSuchEntity")
    assert stubbed.iam.create_version(GUARD_ARN, "{}") is False
    assert stubbed.iam.delete_version(GUARD_ARN, "v1") is False


CALLS: dict[str, Callable[[AwsGuard], object]] = {
    "get_policy": lambda iam: iam.policy(GUARD_ARN),
    "get_policy_version": lambda iam: iam.policy_version(GUARD_ARN, "v1"),
    "list_policy_versions": lambda iam: iam.other_versions(GUARD_ARN),
    "create_policy_version": lambda iam: iam.create_version(GUARD_ARN, "{}"),
    "delete_policy_version": lambda iam: iam.delete_version(GUARD_ARN, "v1"),
}


@pytest.mark.parametrize(
    ("method", "code", "kind"),
    [
        *((method, "ThrottlingException", Throttled) for method in CALLS),
        *((method, "AccessDenied", Transient) for method in CALLS),
        ("get_policy_version", "NoSuchEntity", Transient),
        ("create_policy_version", "NoSuchEntity", Transient),
        ("create_policy_version", "MalformedPolicyDocument", Permanent),
        ("delete_policy_version", "DeleteConflict", Transient),
    ],
)
def test_errors(stubbed: Stubbed, method: str, code: str, kind: type[ReactorError]) -> None:
    """What is no answer is an error, and only a mistake of ours is one for good."""
    stubbed.fails(method, code)
    with pytest.raises(ReactorError, match=code) as caught:
        CALLS[method](stubbed.iam)
    assert type(caught.value) is kind


def test_an_answer_that_is_not_understood(stubbed: Stubbed) -> None:
    """A version without a document is no version with an empty one."""
    answer = {"PolicyVersion": {"VersionId": "v2", "CreateDate": MADE}}
    stubbed.answers("get_policy_version", answer, PolicyArn=GUARD_ARN, VersionId="v2")
    with pytest.raises(Transient, match="not understood"):
        stubbed.iam.policy_version(GUARD_ARN, "v2")
