"""reactor.guardrails: which of AWS Config's resources lead to whom."""

import pytest

from reactor.guardrails import GUARDRAILS, evaluated, of_type, wanted
from reactor.model import Resource, Subject, SubjectKind
from tests.fakes.account import ACCOUNT
from tests.fakes.harness import settings

ARN = f"arn:aws:iam::{ACCOUNT}:user/staff/alice"
POLICY_ARN = f"arn:aws:iam::{ACCOUNT}:policy/payroll"


def subject_of(resource: Resource) -> Subject | None:
    """Return whom a resource leads to."""
    row = of_type(resource.type, wanted(settings()))
    assert row is not None
    return row.subjects[resource.type](resource, ACCOUNT)


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        pytest.param(Resource("AWS::IAM::User", "AIDA1", "alice", ARN), "alice", id="its name"),
        pytest.param(Resource("AWS::IAM::User", "AIDA1", None, ARN), "alice", id="its ARN's end"),
        pytest.param(Resource("AWS::IAM::User", "AIDA1"), None, id="its id alone"),
        pytest.param(
            Resource("AWS::IAM::User", "AIDA1", "a b"), None, id="no name that users have"
        ),
    ],
)
def test_a_user_is_found_by_its_id(resource: Resource, name: str | None) -> None:
    """The name that came with it is a lead."""
    assert subject_of(resource) == Subject(SubjectKind.USER, ACCOUNT, name=name, id="AIDA1")


def test_a_policy_leads_to_its_holders() -> None:
    """By its ARN: IAM knows it by no id."""
    found = subject_of(Resource("AWS::IAM::Policy", "ANPA1", "payroll", POLICY_ARN))
    assert found == Subject(SubjectKind.POLICY_HOLDERS, ACCOUNT, arn=POLICY_ARN)
    assert subject_of(Resource("AWS::IAM::Policy", "ANPA1", "payroll")) is None


@pytest.mark.parametrize("resource_type", ["AWS::EC2::Instance", "AWS::IAM::Role", ""])
def test_what_no_row_knows_is_not_ours(resource_type: str) -> None:
    """Whoever asks says so in its own way."""
    assert of_type(resource_type, wanted(settings())) is None


def test_each_row_leads_to_what_it_judges() -> None:
    """And no type leads to two guardrails."""
    types = [each for row in GUARDRAILS for each in row.subjects]
    assert len(types) == len(set(types))
    assert all(row.resource_type in row.subjects for row in GUARDRAILS)


def test_many_buckets_are_one_subject_by_their_names() -> None:
    """Which are the ids that AWS Config has for them."""
    row = of_type("AWS::S3::Bucket", wanted(settings(buckets="true")))
    assert row is not None
    assert row.together is not None
    named = [Subject(SubjectKind.BUCKET, ACCOUNT, name=each, region="us-east-1") for each in "ab"]
    assert row.together(named) == Subject(
        SubjectKind.SEVERAL_BUCKETS, ACCOUNT, ids=frozenset({"a", "b"})
    )


def test_the_users_are_always_wanted() -> None:
    """Under the default settings they are all there is."""
    assert [row.resource_type for row in wanted(settings())] == ["AWS::IAM::User"]


def test_aws_config_is_told_of_users_alone() -> None:
    """For buckets it has rules of its own, though they are looked after as well."""
    chosen = settings(buckets="true")
    assert [row.resource_type for row in wanted(chosen)] == ["AWS::IAM::User", "AWS::S3::Bucket"]
    assert [row.resource_type for row in evaluated(chosen)] == ["AWS::IAM::User"]
