"""reactor.partitions: where IAM's events arrive."""

import pytest

from reactor.errors import WrongRegion
from reactor.partitions import partition_of, policy_arn, require_iam_event_region


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("us-east-1", "aws"),
        ("eu-central-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("cn-northwest-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-gov-east-1", "aws-us-gov"),
    ],
)
def test_partition(region: str, partition: str) -> None:
    """A region's name tells its partition."""
    assert partition_of(region) == partition


@pytest.mark.parametrize("region", ["us-east-1", "cn-north-1", "us-gov-west-1"])
def test_right_region(region: str) -> None:
    """IAM events arrive here."""
    require_iam_event_region(region)


@pytest.mark.parametrize(
    ("region", "right"),
    [
        ("eu-central-1", "us-east-1"),
        ("us-west-2", "us-east-1"),
        ("cn-northwest-1", "cn-north-1"),
        ("us-gov-east-1", "us-gov-west-1"),
    ],
)
def test_wrong_region(region: str, right: str) -> None:
    """Elsewhere the start is refused in one line that can be pasted."""
    with pytest.raises(WrongRegion) as caught:
        require_iam_event_region(region)
    assert str(caught.value) == (
        f"mfa-reactor cannot run in {region}: IAM events arrive in {right} only."
        f" Deploy it there: AWS_DEFAULT_REGION={right} chalice deploy --stage STAGE"
    )


def test_policy_arn() -> None:
    """A policy's ARN is its partition's."""
    assert policy_arn("aws-cn", "123456789012", "Guard") == (
        "arn:aws-cn:iam::123456789012:policy/Guard"
    )
