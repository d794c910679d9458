"""The user whom the steps help: the facts, the settings, and what follows from both."""

from dataclasses import dataclass, replace

from reactor.cli.rescue.steps import command
from reactor.settings import SelfService, Settings
from reactor.users.rescue import Facts

CHANGE_PASSWORD = "IAMUserChangePassword"  # noqa: S105 - AWS's policy for it
AWS_LOGIN = "SignInLocalDevelopmentAccess"  # AWS's policy with what `aws login` needs, and no more

# The host of aws is documented; those of the other partitions are unconfirmed.
_SIGN_IN = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}


@dataclass(frozen=True, slots=True)
class Person:
    """One user under the settings."""

    facts: Facts
    settings: Settings

    @property
    def name(self) -> str:
        """The user's name."""
        return self.facts.name

    @property
    def can_come_in(self) -> bool:
        """Whether it has a password or an active key."""
        return self.facts.password is not None or bool(self.facts.active_keys)

    @property
    def must_change_password(self) -> bool:
        """Whether it is asked for a new password at the next sign-in."""
        return self.facts.password is not None and self.facts.password.must_change

    @property
    def cannot_change_password(self) -> bool:
        """Whether it is asked for a new password, and the guard lets it set none before MFA."""
        kept = not self.settings.guard_password_change and not self.facts.devices
        return kept and self.must_change_password

    @property
    def may_change_password(self) -> bool:
        """Whether it is known to be allowed iam:ChangePassword, before MFA, too."""
        by_guard = self.settings.guard_self_service is SelfService.CREDENTIALS
        by_policy = self.policy_of_aws(CHANGE_PASSWORD) in self.facts.user.policies
        return self.settings.guard_password_change and (by_guard or by_policy)

    @property
    def device_name(self) -> str:
        """A name for a new device: its own, unless another user's device has that.

        A leftover device of that name, or a lost one of its own, is deleted first.
        """
        owners = {each.owner.lower() for each in self.facts.namesakes if each.owner is not None}
        return f"{self.name}-2" if owners - {self.name.lower()} else self.name

    @property
    def device_serial(self) -> str:
        """The serial of a new device of that name."""
        partition, account = self._where
        return f"arn:{partition}:iam::{account}:mfa/{self.device_name}"

    @property
    def sign_in_address(self) -> str:
        """Where users of this account sign in to the console."""
        partition, account = self._where
        return f"https://{account}.{_SIGN_IN[partition]}/console"

    @property
    def _where(self) -> tuple[str, str]:
        _, partition, _, _, account, *_ = self.facts.user.arn.split(":")
        return partition, account

    def policy_of_aws(self, name: str) -> str:
        """Return the ARN of a policy that AWS keeps."""
        partition, _ = self._where
        return f"arn:{partition}:iam::aws:policy/{name}"

    def iam(self, operation: str, **options: str | bool) -> str:
        """Return the command for an operation on this user."""
        return command(f"aws iam {operation}", user_name=self.name, **options)

    def without_devices(self) -> "Person":
        """Return the same user, with all its devices gone."""
        return replace(self, facts=replace(self.facts, devices=()))
