"""The partitions, and where in each IAM's events arrive."""

from __future__ import annotations

from moto.utilities.utils import get_partition

# IAM is global, but its CloudTrail records reach EventBridge in one region of the partition only.
IAM_REGION = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

# Launched before 20 March 2019. All others of the partition aws must be opted into; what SNS sends
# from there to elsewhere comes from sns.REGION.amazonaws.com (its guide, cross-region delivery).
_ENABLED_BY_DEFAULT = frozenset(
    f"{place}-{number}"
    for place, numbers in {
        "ap-northeast": (1, 2, 3),
        "ap-south": (1,),
        "ap-southeast": (1, 2),
        "ca-central": (1,),
        "eu-central": (1,),
        "eu-north": (1,),
        "eu-west": (1, 2, 3),
        "sa-east": (1,),
        "us-east": (1, 2),
        "us-west": (1, 2),
    }.items()
    for number in numbers
)


def is_opt_in(region: str) -> bool:
    """Whether an account has to ask for the region."""
    return get_partition(region) == "aws" and region not in _ENABLED_BY_DEFAULT


def record_region(service: str, region: str) -> str:
    """The region that a call's record names, and whose rules see it."""
    return IAM_REGION[get_partition(region)] if service == "iam" else region
