"""The guard and its group in one account, as their keepers ask for them."""

from collections.abc import Mapping

from botocore.exceptions import ClientError

from reactor.aws.errors import asking, code_of
from reactor.aws.iam import AwsIam, was_there


class AwsGuard(AwsIam):
    """reactor.guard.ports.Keeping on AWS."""

    def create_group(self, group: str, path: str) -> bool:
        """Create a group; False when there is one of that name."""
        with asking("iam:CreateGroup"):
            try:
                self._client.create_group(GroupName=group, Path=path)
            except ClientError as error:
                if code_of(error) != "EntityAlreadyExists":
                    raise
                return False
        return True

    def move_group(self, group: str, path: str) -> None:
        """Give a group another path."""
        with asking("iam:UpdateGroup"):
            self._client.update_group(GroupName=group, NewPath=path)

    def attach_to_group(self, group: str, policy_arn: str) -> None:
        """Attach a managed policy to a group."""
        with asking("iam:AttachGroupPolicy"):
            self._client.attach_group_policy(GroupName=group, PolicyArn=policy_arn)

    def detach_from_group(self, group: str, policy_arn: str) -> bool:
        """Detach a managed policy from a group; False when it was not attached."""
        with asking("iam:DetachGroupPolicy"):
            return was_there(
                lambda: self._client.detach_group_policy(GroupName=group, PolicyArn=policy_arn)
            )

    def delete_from_group(self, group: str, policy: str) -> bool:
        """Delete an inline policy of a group; False when there is none of that name."""
        with asking("iam:DeleteGroupPolicy"):
            return was_there(
                lambda: self._client.delete_group_policy(GroupName=group, PolicyName=policy)
            )

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Create a managed policy; False when there is one of that name."""
        with asking("iam:CreatePolicy"):
            try:
                self._client.create_policy(
                    PolicyName=name,
                    PolicyDocument=document,
                    Description="Denies what is done without MFA. Kept by mfa-reactor.",
                    Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
                )
            except ClientError as error:
                if code_of(error) != "EntityAlreadyExists":
                    raise
                return False
        return True

    def other_versions(self, policy_arn: str) -> tuple[str, ...]:
        """Return the ids of a policy's versions that are not the default; none without a policy."""
        pages = self._pages_if_there("list_policy_versions", PolicyArn=policy_arn)
        return tuple(
            each["VersionId"]
            for page in pages
            for each in page["Versions"]
            if not each["IsDefaultVersion"]
        )

    def create_version(self, policy_arn: str, document: str) -> bool:
        """Create a policy's new default version; False when there are as many as may be."""
        with asking("iam:CreatePolicyVersion"):
            try:
                self._client.create_policy_version(
                    PolicyArn=policy_arn, PolicyDocument=document, SetAsDefault=True
                )
            except ClientError as error:
                if code_of(error) != "LimitExceeded":
                    raise
                return False
        return True

    def delete_version(self, policy_arn: str, version: str) -> bool:
        """Delete a version of a policy; False when there is none."""
        with asking("iam:DeletePolicyVersion"):
            return was_there(
                lambda: self._client.delete_policy_version(PolicyArn=policy_arn, VersionId=version)
            )

    def tag_policy(self, policy_arn: str, tags: Mapping[str, str]) -> None:
        """Give a policy these tags besides its others."""
        with asking("iam:TagPolicy"):
            self._client.tag_policy(
                PolicyArn=policy_arn,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
