"""The partitions, and where in each IAM's events arrive."""

from __future__ import annotations

from moto.utilities.utils import get_partition

# IAM is global, but its CloudTrail records reach EventBridge in one region of the partition only.
IAM_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}


def record_region(service: str, region: str) -> str:
    """The region that a call's record names, and whose rules see it."""
    return IAM_REGION[get_partition(region)] if service == "iam" else region
