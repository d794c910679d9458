"""What the keeper asks of AWS. reactor.aws answers it; the tests' fake of IAM does, too.

Every method raises ReactorError for whatever is not an answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ManagedPolicy:
    """A managed policy as GetPolicy shows it: its tags, and the id of its default version."""

    tags: Mapping[str, str]
    default: str


@dataclass(frozen=True, slots=True)
class PolicyVersion:
    """A version as GetPolicyVersion shows it.

    `made_at` is UTC, in whole seconds; `document` is a JSON value, or its text where it is none.
    """

    id: str
    made_at: datetime
    document: object


class Policies(Protocol):
    """Managed policies of one account."""

    def policy(self, policy_arn: str) -> ManagedPolicy | None:
        """Return a managed policy, or None when there is none."""

    def policy_version(self, policy_arn: str, version: str) -> PolicyVersion:
        """Return a version; it is an error when there is none."""

    def other_versions(self, policy_arn: str) -> tuple[str, ...]:
        """Return the ids of the versions that are not the default, in any order.

        None of them when there is no such policy.
        """

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Create a customer-managed policy; False when there is one of that name."""

    def tag_policy(self, policy_arn: str, tags: Mapping[str, str]) -> None:
        """Give a policy these tags besides its others."""

    def create_version(self, policy_arn: str, document: str) -> bool:
        """Create a version and make it the default; False when there are as many as may be."""

    def delete_version(self, policy_arn: str, version: str) -> bool:
        """Delete a version; False when there is none. It is an error when it is the default."""


class Groups(Protocol):
    """Groups of one account."""

    def group_path(self, group: str) -> str | None:
        """Return a group's path, or None when there is no such group."""

    def policies_of_group(self, group: str) -> frozenset[str]:
        """Return the ARNs of the managed policies of a group; none when there is no such group."""

    def inline_policies_of_group(self, group: str) -> tuple[str, ...]:
        """Return the names of a group's inline policies; none when there is no such group."""

    def create_group(self, group: str, path: str) -> bool:
        """Create a group; False when there is one of that name."""

    def move_group(self, group: str, path: str) -> None:
        """Give a group another path."""

    def attach_to_group(self, group: str, policy_arn: str) -> None:
        """Attach a managed policy to a group; nothing happens when it is attached already."""

    def detach_from_group(self, group: str, policy_arn: str) -> bool:
        """Detach a managed policy from a group; False when it was not attached."""

    def delete_from_group(self, group: str, policy: str) -> bool:
        """Delete an inline policy of a group; False when there is none of that name."""


class Keeping(Policies, Groups, Protocol):
    """Both, as one account's IAM answers them."""
