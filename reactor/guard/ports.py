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
        """Return the ids of the versions that are not the default, in any order."""

    def create_policy(self, name: str, document: str, tags: Mapping[str, str]) -> bool:
        """Create a customer-managed policy; False when there is one of that name."""

    def create_version(self, policy_arn: str, document: str) -> bool:
        """Create a version and make it the default; False when there are as many as may be."""

    def delete_version(self, policy_arn: str, version: str) -> bool:
        """Delete a version; False when there is none. It is an error when it is the default."""
