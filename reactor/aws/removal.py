"""What it takes to take the guard out of an account again: an operator's doing, never Lambda's."""

from reactor.aws.errors import asking
from reactor.aws.guard import AwsGuard
from reactor.aws.iam import was_there
from reactor.aws.users import AwsUsers


class AwsRemoval(AwsUsers, AwsGuard):
    """reactor.cli.release.Holding on AWS."""

    def roles_with(self, policy_arn: str) -> tuple[str, ...]:
        """Return the names of the roles that carry a policy; the reactor gives it to none."""
        pages = self._pages_if_there("list_entities_for_policy", PolicyArn=policy_arn)
        return tuple(each["RoleName"] for page in pages for each in page["PolicyRoles"])

    def delete_group(self, group: str) -> bool:
        """Delete a group; False when there is none. It is an error while anything is in it."""
        with asking("iam:DeleteGroup"):
            return was_there(lambda: self._client.delete_group(GroupName=group))

    def delete_policy(self, policy_arn: str) -> bool:
        """Delete a policy and its versions; False when there is none, an error while attached."""
        for version in self.other_versions(policy_arn):
            self.delete_version(policy_arn, version)
        with asking("iam:DeletePolicy"):
            return was_there(lambda: self._client.delete_policy(PolicyArn=policy_arn))
