"""What is done to groups, policies, the guard and the exemption list, with the events of it."""

from typing import Any

from tests.fakes.account import GUARD_ARN, GUARD_TAGS, Account
from tests.fakes.events import ROLE, Envelope
from tests.fakes.tools import Tools


class Admin(Tools):
    """Calls of an administrator on what is no user's own. `parameter` is the list's name."""

    def __init__(self, account: Account, identity: Any = ROLE, parameter: str = "") -> None:
        super().__init__(account, identity)
        self._parameter = parameter

    def attach_to_group(self, group: str, arn: str) -> Envelope:
        """Do AttachGroupPolicy."""
        self._account.put_group(group, *self._account.world.groups[group], arn)
        return self._event("AttachGroupPolicy", groupName=group, policyArn=arn)

    def detach_from_group(self, group: str, arn: str) -> Envelope:
        """Do DetachGroupPolicy."""
        self._account.put_group(group, *(self._account.world.groups[group] - {arn}))
        return self._event("DetachGroupPolicy", groupName=group, policyArn=arn)

    def rename_group(self, group: str, to: str) -> Envelope:
        """Do UpdateGroup."""
        self._account.rename_group(group, to)
        return self._event("UpdateGroup", groupName=group, newGroupName=to)

    def delete_policy(self, arn: str = GUARD_ARN) -> list[Envelope]:
        """Do all that IAM asks for before DeletePolicy, and that; return the events in order."""
        events = [
            self.detach_policy(user.name, arn)
            for user in self._account.world.users.values()
            if arn in user.policies
        ]
        events += [
            self.detach_from_group(group, arn)
            for group, policies in self._account.world.groups.items()
            if arn in policies
        ]
        self._account.remove_policy(arn)
        return [*events, self._event("DeletePolicy", policyArn=arn)]

    def make_version(self, document: str, arn: str = GUARD_ARN) -> list[Envelope]:
        """Do CreatePolicyVersion as the default, after DeletePolicyVersion where it must be."""
        policy, events = self._account.world.policies[arn], []
        if len(policy.versions) == 5:
            old = next(each for each in policy.versions if each != policy.default)
            self._account.remove_version(old, arn)
            events.append(self._event("DeletePolicyVersion", policyArn=arn, versionId=old))
        self._account.put_version(document, arn)
        request: dict[str, Any] = {"policyArn": arn, "policyDocument": document}
        return [*events, self._event("CreatePolicyVersion", **request, setAsDefault=True)]

    def choose_version(self, arn: str = GUARD_ARN) -> Envelope:
        """Do SetDefaultPolicyVersion, to the oldest version."""
        version = next(iter(self._account.world.policies[arn].versions))
        self._account.choose_version(version, arn)
        return self._event("SetDefaultPolicyVersion", policyArn=arn, versionId=version)

    def untag_policy(self, arn: str = GUARD_ARN) -> Envelope:
        """Do UntagPolicy: the guard is not known for ours any more."""
        self._account.tag_policy(arn, {})
        return self._event("UntagPolicy", policyArn=arn, tagKeys=list(GUARD_TAGS))

    def tag_policy(self, arn: str = GUARD_ARN) -> Envelope:
        """Do TagPolicy: it is ours again."""
        self._account.tag_policy(arn, GUARD_TAGS)
        tags = [{"key": key, "value": value} for key, value in GUARD_TAGS.items()]
        return self._event("TagPolicy", policyArn=arn, tags=tags)

    def write_list(self, text: str) -> Envelope:
        """Do PutParameter."""
        self._account.put_list(text)
        return self._event("PutParameter", service="ssm", name=self._parameter, value=text)

    def delete_list(self) -> Envelope:
        """Do DeleteParameter."""
        self._account.put_list(None)
        return self._event("DeleteParameter", service="ssm", name=self._parameter)
