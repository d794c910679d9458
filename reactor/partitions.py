"""AWS partitions: where IAM's events surface, and ARNs that are right in each of them."""

from reactor.errors import WrongRegion

# IAM is global: CloudTrail delivers its events in one region a partition.
# aws: AWS docs; aws-cn: observed by aws-samples/scp-alternative-solution 14;
# aws-us-gov: from the service endpoint's signing scope, not confirmed on a real account.
IAM_EVENT_REGION = {
    "aws": "us-east-1",
    "aws-cn": "cn-north-1",
    "aws-us-gov": "us-gov-west-1",
}


def partition_of(region: str) -> str:
    """Return the partition of a region name, `aws` for all that is neither China nor GovCloud."""
    if region.startswith("cn-"):
        return "aws-cn"
    if region.startswith("us-gov-"):
        return "aws-us-gov"
    return "aws"


def require_iam_event_region(region: str) -> None:
    """Refuse a region in which no IAM event ever arrives.

    Raises WrongRegion with the region to deploy to.
    """
    right = IAM_EVENT_REGION[partition_of(region)]
    if region != right:
        raise WrongRegion(
            f"mfa-reactor cannot run in {region}: IAM events arrive in {right} only."
            f" Deploy it there: AWS_DEFAULT_REGION={right} chalice deploy --stage STAGE"
        )


def policy_arn(partition: str, account: str, name: str) -> str:
    """Return the ARN of the customer-managed policy `name` (path `/`)."""
    return f"arn:{partition}:iam::{account}:policy/{name}"
