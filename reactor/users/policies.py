"""What reaches a user: the policies of itself and of its groups, with what they say.

Of a few users that is asked for one by one: first the user's and its groups' policies, then what
its groups' managed ones say. Of everybody it comes with the account's pages, and what managed
policies say in a few pages more. AWS's own policies are the same for everybody and change every few
months: each is read once, and kept as long as whoever keeps it is there.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain

from reactor.errors import ReactorError, Transient
from reactor.gathering import Call, Calling, answer_of, settled
from reactor.users.ports import (
    GROUPS_POLICY_READS,
    POLICY_READS,
    USERS_POLICY_READS,
    GroupDetail,
    Iam,
)
from reactor.users.privileges.documents import Document, read
from reactor.users.privileges.powers import Policy, is_of_aws
from reactor.users.state import UserState

# The reads behind the answers, for the records.
ONE_BY_ONE = (*USERS_POLICY_READS, *GROUPS_POLICY_READS, *POLICY_READS)
IN_BULK = ("managed_documents", *POLICY_READS)

Kept = dict[str, Document]  # what AWS's own policies say, by their ARNs
Documents = dict[str, Document | ReactorError]  # the same of any managed policies
Groups = Mapping[str, GroupDetail | ReactorError]  # by name
Inline = Mapping[str, object] | ReactorError  # what a user's inline policies say, by their names
Powers = tuple[Policy, ...] | ReactorError  # what reaches a user, or why that is not known


@dataclass(frozen=True, slots=True)
class Policies:
    """Reads what reaches users of one account. `kept` is what was read before, and grows."""

    iam: Iam
    calls: Calling
    kept: Kept

    def one_by_one(self, states: Sequence[UserState]) -> list[Powers]:
        """Return what reaches each of some users, in their order."""
        names = [each.name for each in states]
        in_groups = sorted({group for each in states for group in each.groups})
        guards = _guards(states)
        of_users = {arn for each in states for arn in each.policies} - guards
        answers = self.calls.gather(
            {
                **{("user", each): partial(self._inline_of_user, each) for each in names},
                **{("group", each): partial(self._group, each) for each in in_groups},
                **self._asking(of_users),
            }
        )
        groups = {each: answers["group", each] for each in in_groups}
        of_groups = {arn for each in groups.values() for arn in _attached(each)}
        answers |= self.calls.gather(self._asking(of_groups - of_users - guards))
        said = {name: each for (what, name), each in answers.items() if what == "policy"}
        inline = [answers["user", each] for each in names]
        return _reaching(states, inline, groups, self._keep(said))

    def in_bulk(
        self, states: Sequence[UserState], groups: Mapping[str, GroupDetail]
    ) -> list[Powers]:
        """Return what reaches each of the users that bulk data showed, in their order."""
        through = {group for each in states for group in each.groups} & groups.keys()
        wanted = {arn for each in states for arn in each.policies}
        wanted.update(arn for each in through for arn in groups[each].policies)
        documents = settled(partial(self._listed, wanted - _guards(states)))
        if isinstance(documents, ReactorError):
            return [documents] * len(states)
        return _reaching(states, [each.inline for each in states], groups, documents)

    def _inline_of_user(self, user: str) -> dict[str, object]:
        names = self.iam.inline_policies_of_user(user)
        return {each: self.iam.inline_policy_of_user(user, each) for each in names}

    def _group(self, group: str) -> GroupDetail:
        names = self.iam.inline_policies_of_group(group)
        inline = {each: self.iam.inline_policy_of_group(group, each) for each in names}
        return GroupDetail(group, self.iam.policies_of_group(group), inline)

    def _asking(self, arns: Iterable[str]) -> dict[tuple[str, str], Call]:
        """Return the calls that ask what policies say, but those that are kept."""
        wanted = sorted(set(arns) - self.kept.keys())
        return {("policy", each): partial(self._document, each) for each in wanted}

    def _document(self, arn: str) -> Document:
        policy = self.iam.policy(arn)
        if policy is None:
            raise Transient(
                f"the policy {arn} is attached, and IAM does not show it",
                remedy="nothing: it is tried again; it was made or deleted just now",
            )
        return read(self.iam.policy_version(arn, policy.default).document)

    def _listed(self, wanted: set[str]) -> Documents:
        """Return what policies say: as listed with the account's, or else asked one by one."""
        left, said = wanted - self.kept.keys(), Documents()
        if left:
            listed = self.iam.managed_documents(of_aws=any(map(is_of_aws, left)))
            said.update((arn, read(document)) for arn, document in listed if arn in left)
        for (_, arn), answer in self.calls.stream(self._asking(left - said.keys()).items()):
            said[arn] = answer
        return self._keep(said)

    def _keep(self, said: Documents) -> Documents:
        """Return what policies say, with all that is kept; keep what AWS's own say."""
        self.kept.update(
            (arn, each)
            for arn, each in said.items()
            if is_of_aws(arn) and not isinstance(each, ReactorError)
        )
        return {**self.kept, **said}


def _reaching(
    states: Sequence[UserState], inline: Iterable[Inline], groups: Groups, documents: Documents
) -> list[Powers]:
    """Put together what reaches users: their policies, and those of their groups."""
    guards = _guards(states)
    through = cache(lambda group: tuple(_through(group, groups, documents, guards)))

    def of(state: UserState, own: Inline) -> tuple[Policy, ...]:
        policies = [*_carried(state.policies - guards, answer_of(own), documents)]
        return tuple(chain(policies, *map(through, state.groups)))

    return [settled(partial(of, *each)) for each in zip(states, inline, strict=True)]


def _guards(states: Iterable[UserState]) -> set[str]:
    """Return the guard's ARN: what the guard allows comes and goes with it, and counts for nothing.

    A policy that only has its name counts as any other.
    """
    return {each.guard.arn for each in states if each.guard_is_usable}


def _through(
    group: str, groups: Groups, documents: Documents, guards: set[str]
) -> Iterator[Policy]:
    if group not in groups:
        raise Transient(
            f"what the group {group} carries is not known yet",
            remedy="nothing: it was made just now, and the next sweep looks at it",
        )
    detail = answer_of(groups[group])
    yield from _carried(detail.policies - guards, detail.inline, documents, group)


def _carried(
    arns: Iterable[str], inline: Mapping[str, object], documents: Documents, group: str = ""
) -> Iterator[Policy]:
    for arn in arns:
        yield Policy(arn.rpartition("/")[2], answer_of(documents[arn]), arn, group)
    for name, document in inline.items():
        yield Policy(name, read(document), group=group)


def _attached(group: GroupDetail | ReactorError) -> frozenset[str]:
    return frozenset() if isinstance(group, ReactorError) else group.policies
